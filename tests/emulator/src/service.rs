//! What the service does with a request: checks it in full, then carries it out.

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::description::{self, Action};
use crate::http::Request;
use crate::parameters::Parameters;
use crate::{Options, Shared, devices, licenses, lock, permissions, projects, sessions, signature};

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

/// An answer of these fields.
pub fn answer(fields: Value) -> Outcome {
    Ok(fields.as_object().cloned().unwrap_or_default())
}

/// The body of an answer.
pub fn envelope(outcome: Outcome, request_id: &str) -> Value {
    let mut response = outcome.unwrap_or_else(|refusal| {
        let error = json!({"Code": refusal.code, "Message": refusal.message});
        Map::from_iter([("Error".to_owned(), error)])
    });
    response.insert("RequestId".to_owned(), json!(request_id));
    json!({ "Response": response })
}

/// A request that is in order.
pub struct Call<'a> {
    pub parameters: Parameters<'a>,
    pub options: &'a Options,
    /// The service's time.
    pub now_s: i64,
    /// What GetDeviceLicense is to answer, whatever the device has.
    pub available_licenses: Option<i64>,
}

/// Carries an action out. What is refused has changed nothing.
type Perform = fn(&mut Account, &Call<'_>) -> Outcome;

fn perform(action: &str) -> Option<Perform> {
    Some(match action {
        "GetDevices" => devices::get_devices,
        "CreateDevice" => devices::create_device,
        "ModifyDevice" => devices::modify_device,
        "BatchDeleteDevices" => devices::batch_delete_devices,
        "DescribeDeviceInfo" => devices::describe_device_info,
        "GetLicenses" => licenses::get_licenses,
        "GetLicenseStat" => licenses::get_license_stat,
        "GetDeviceLicense" => licenses::get_device_license,
        "BoundLicenses" => licenses::bound_licenses,
        "CreateProject" => projects::create_project,
        "ModifyProject" => projects::modify_project,
        "DeleteProject" => projects::delete_project,
        "DescribeProjectList" => projects::describe_project_list,
        "DescribeProjectInfo" => projects::describe_project_info,
        "DescribeDeviceSessionList" => sessions::describe_device_session_list,
        "DescribeRecentSessionList" => sessions::describe_recent_session_list,
        "DescribeSessionStatistics" => sessions::describe_session_statistics,
        "DescribeSessionStatisticsByInterval" => sessions::describe_session_statistics_by_interval,
        "ModifyPolicy" => permissions::modify_policy,
        "BatchDeletePolicy" => permissions::batch_delete_policy,
        _ => return None,
    })
}

/// Checks and carries out a request at the service's time `now_s`.
pub fn carry_out(shared: &Shared, request: &Request, now_s: i64) -> Outcome {
    let action = admitted(shared, request, now_s)?;
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| Refusal::new("InvalidParameter", "The body of the request is not JSON."))?;
    let Value::Object(values) = body else {
        return Err(Refusal::new("InvalidParameter", "The body of the request is not a JSON object."));
    };
    let call = Call {
        parameters: Parameters::checked(action, &values, &shared.options)?,
        options: &shared.options,
        now_s,
        available_licenses: *lock(&shared.available_licenses),
    };
    let perform = perform(action.name).ok_or_else(|| no_action(action.name))?;
    let mut state = lock(&shared.state);
    let outcome = perform(state.account(), &call)?;
    if action.changes {
        let not_saved = |error| Refusal::new("InternalError", format!("The emulator cannot save its state: {error}"));
        state.save().map_err(not_saved)?;
    }
    Ok(outcome)
}

/// The action that is asked for, if nothing speaks against the request but what it asks for.
fn admitted(shared: &Shared, request: &Request, now_s: i64) -> Result<&'static Action, Refusal> {
    if request.method != "POST" {
        return Err(Refusal::new("UnsupportedProtocol", "The emulator takes POST requests only."));
    }
    let name = request.required_header("X-TC-Action")?;
    let version = request.required_header("X-TC-Version")?;
    signature::authenticate(request, now_s, &lock(&shared.token))?;
    if version != VERSION {
        return Err(Refusal::new("NoSuchVersion", format!("The API version `{version}` does not exist.")));
    }
    let action = description::action(name).ok_or_else(|| no_action(name))?;
    if !shared.throttle.admits(action.name, limit(shared, action)) {
        return Err(throttled(shared, request));
    }
    if shared.options.region_required && request.header("X-TC-Region").is_none() {
        return Err(Refusal::missing("Region"));
    }
    Ok(action)
}

fn no_action(name: &str) -> Refusal {
    Refusal::new("InvalidAction", format!("The API `{name}` does not exist."))
}

/// How many requests of the action are taken in a second; 0: any number.
fn limit(shared: &Shared, action: &Action) -> u32 {
    match shared.options.requests_per_s {
        Options::AS_DOCUMENTED => action.requests_per_s,
        limit => limit,
    }
}

pub fn throttled(shared: &Shared, request: &Request) -> Refusal {
    let name = request.header("X-TC-Action").unwrap_or_default();
    let limit = description::action(name).map_or(0, |action| limit(shared, action));
    let message = format!("Your current request times in a second exceed the frequency limit `{limit}` of `{name}`.");
    Refusal::new("RequestLimitExceeded", message)
}

impl Request {
    pub(crate) fn required_header(&self, name: &str) -> Result<&str, Refusal> {
        self.header(name).ok_or_else(|| Refusal::missing(name.strip_prefix("X-TC-").unwrap_or(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_carried_out() {
        assert!(description::actions().all(|action| perform(action.name).is_some()));
    }
}
