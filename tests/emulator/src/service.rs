//! What the service does with a request: checks it in full, then carries it out.

use serde_json::{Map, Value, json};

use crate::http::Request;
use crate::{Shared, lock, signature};

const VERSION: &str = "2022-03-25";

/// An error of the service.
#[derive(Debug, Clone)]
pub struct Refusal {
    code: String,
    message: String,
}

impl Refusal {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal { code: code.into(), message: message.into() }
    }

    pub fn missing(parameter: &str) -> Refusal {
        Refusal::new("MissingParameter", format!("The request is missing a required parameter `{parameter}`."))
    }
}

/// The answer's `Response`, without the request id.
pub type Outcome = Result<Map<String, Value>, Refusal>;

/// The body of an answer.
pub fn envelope(outcome: Outcome, request_id: &str) -> Value {
    let mut response = outcome.unwrap_or_else(|refusal| {
        let error = json!({"Code": refusal.code, "Message": refusal.message});
        Map::from_iter([("Error".to_owned(), error)])
    });
    response.insert("RequestId".to_owned(), json!(request_id));
    json!({ "Response": response })
}

/// Checks and carries out a request at the service's time `now_s`.
pub fn carry_out(shared: &Shared, request: &Request, now_s: i64) -> Outcome {
    if request.method != "POST" {
        return Err(Refusal::new("UnsupportedProtocol", "The emulator takes POST requests only."));
    }
    let action = request.required_header("X-TC-Action")?;
    let version = request.required_header("X-TC-Version")?;
    signature::authenticate(request, now_s, &lock(&shared.token))?;
    if version != VERSION {
        return Err(Refusal::new("NoSuchVersion", format!("The API version `{version}` does not exist.")));
    }
    let perform = match action {
        "GetDevices" => get_devices,
        _ => return Err(Refusal::new("InvalidAction", format!("The API `{action}` does not exist."))),
    };
    if !shared.throttle.admits(action) {
        return Err(throttled(shared, action));
    }
    if shared.options.region_required && request.header("X-TC-Region").is_none() {
        return Err(Refusal::missing("Region"));
    }
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| Refusal::new("InvalidParameter", "The body of the request is not JSON."))?;
    let Value::Object(parameters) = body else {
        return Err(Refusal::new("InvalidParameter", "The body of the request is not a JSON object."));
    };
    perform(shared, &parameters)
}

pub fn throttled(shared: &Shared, action: &str) -> Refusal {
    let limit = shared.options.requests_per_s;
    let message = format!("Your current request times in a second exceed the frequency limit `{limit}` of `{action}`.");
    Refusal::new("RequestLimitExceeded", message)
}

fn get_devices(shared: &Shared, parameters: &Map<String, Value>) -> Outcome {
    if let Some(name) =
        parameters.keys().find(|name| !["PageNum", "PageSize", "ProjectId", "DeviceId"].contains(&name.as_str()))
    {
        return Err(Refusal::new("UnknownParameter", format!("The parameter `{name}` is not recognized.")));
    }
    let page_num = positive(parameters, "PageNum", i64::MAX)?;
    let largest = shared.options.max_page_size;
    let page_size = if shared.options.page_size_is_clamped {
        positive(parameters, "PageSize", i64::MAX)?.min(largest)
    } else {
        positive(parameters, "PageSize", largest)?
    };
    let (project_id, device_id) = (text(parameters, "ProjectId")?, text(parameters, "DeviceId")?);
    let found = lock(&shared.fleet).find(project_id, device_id, shared.options.fuzzy_filter);
    let total_count = found.len();
    let skipped = usize::try_from((page_num - 1).saturating_mul(page_size)).unwrap_or(usize::MAX);
    let taken = usize::try_from(page_size).unwrap_or(usize::MAX);
    let rows: Vec<Value> = found.into_iter().skip(skipped).take(taken).collect();
    Ok(Map::from_iter([("Devices".to_owned(), json!(rows)), ("TotalCount".to_owned(), json!(total_count))]))
}

fn positive(parameters: &Map<String, Value>, name: &str, largest: i64) -> Result<i64, Refusal> {
    let value = parameters.get(name).ok_or_else(|| Refusal::missing(name))?;
    let number = value
        .as_i64()
        .ok_or_else(|| Refusal::new("InvalidParameter", format!("The parameter `{name}` is not an integer.")))?;
    if !(1..=largest).contains(&number) {
        let message = format!("The value `{number}` of the parameter `{name}` is not in the range 1 to {largest}.");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    Ok(number)
}

fn text<'a>(parameters: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::new("InvalidParameter", format!("The parameter `{name}` is not a string."))),
    }
}

impl Request {
    pub(crate) fn required_header(&self, name: &str) -> Result<&str, Refusal> {
        self.header(name).ok_or_else(|| Refusal::missing(name.strip_prefix("X-TC-").unwrap_or(name)))
    }
}
