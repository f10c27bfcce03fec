//! A request to an action: what is sent is checked by the action's description, and written as JSON. Uses `error`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use super::describe::{LONGEST_ID_BYTES, Rule, Set, Text};
use super::sink::Shape;
use crate::error::{Error, Status, printable};

/// The service takes no larger request (that is documented of requests that are signed as ours are).
const LARGEST_BODY_BYTES: usize = 10 << 20;
/// No action has a name this long.
const LONGEST_NAME_BYTES: usize = 64;

/// An action of the API, as it is described.
#[derive(Debug)]
pub struct Action {
    /// Its name, sent as `X-TC-Action`.
    pub name: &'static str,
    /// Whether it changes anything. What only reads may be sent again.
    pub changes: bool,
    /// What may be sent with it.
    pub parameters: &'static [Parameter],
    /// What it answers with.
    pub response: &'static Shape,
}

/// What may be sent with an action.
#[derive(Debug)]
pub struct Parameter {
    /// As the service calls it.
    pub name: &'static str,
    /// As we call it.
    pub field: &'static str,
    /// What it has to be like.
    pub rule: Rule,
    /// Whether nobody may see it.
    pub is_secret: bool,
}

/// The value of a parameter.
#[derive(Debug)]
pub enum Value<'a> {
    /// A string, if one is given.
    Text(Option<&'a str>),
    /// Strings.
    Texts(Vec<&'a str>),
    /// A number; 0 if none is given.
    Number(i64),
}

/// A request that may be sent. It cannot be formatted, since it may hold the password of a device.
pub struct Request {
    action: Cow<'static, str>,
    changes: bool,
    ids: usize,
    body: Zeroizing<String>,
    secrets: Vec<Zeroizing<String>>,
}

impl Request {
    /// Of what the description of the action allows. The error names the parameter.
    pub fn new(action: &'static Action, values: &[Value<'_>]) -> Result<Request, Error> {
        for (parameter, value) in action.parameters.iter().zip(values) {
            check(parameter, value)?;
        }
        let body = encode(action, values)?;
        let secrets = action.parameters.iter().zip(values).filter_map(|(parameter, value)| match value {
            Value::Text(Some(secret)) if parameter.is_secret => Some(Zeroizing::new((*secret).to_owned())),
            _ => None,
        });
        let ids = values.iter().map(|value| if let Value::Texts(texts) = value { texts.len() } else { 0 }).sum();
        let secrets = secrets.collect();
        Ok(Request { action: action.name.into(), changes: action.changes, ids, body, secrets })
    }

    /// Of JSON that somebody else has written, to an action that may be any.
    pub fn of_json(action: &str, changes: bool, json: &str) -> Result<Request, Error> {
        let is_name = !action.is_empty() && action.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_name || action.len() > LONGEST_NAME_BYTES {
            let fault = format!("has to be 1 to {LONGEST_NAME_BYTES} letters and digits, as GetDevices");
            return Err(Error::invalid_argument("action", fault));
        }
        let parameters: Parameters = serde_json::from_str(json).map_err(|error| {
            // What serde says of a value quotes it, and it may be a secret.
            let fault = match error.is_data() {
                true => "has to be a JSON object, such as {}".to_owned(),
                false => format!("is not JSON: {}", printable(&error.to_string())),
            };
            Error::invalid_argument("json", fault)
        })?;
        let body = Zeroizing::new(json.to_owned());
        let Parameters { elements: ids, secrets } = parameters;
        Request { action: action.to_owned().into(), changes, ids, body, secrets }.if_not_too_large("json")
    }

    /// If it is no larger than the service takes; `name` is the argument that it came of.
    pub fn if_not_too_large(self, name: &str) -> Result<Request, Error> {
        match self.body.len() {
            ..=LARGEST_BODY_BYTES => Ok(self),
            _ => Err(Error::invalid_argument(name, "is larger than the 10 MiB that the service takes")),
        }
    }

    /// The name of the action.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The same, if the action is one that is described.
    pub fn described_action(&self) -> Option<&'static str> {
        match self.action {
            Cow::Borrowed(name) => Some(name),
            Cow::Owned(_) => None,
        }
    }

    /// Whether it changes anything.
    pub fn changes(&self) -> bool {
        self.changes
    }

    /// How many elements the lists of the request have together.
    pub fn ids(&self) -> usize {
        self.ids
    }

    /// What is sent.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Takes what nobody may see out of an error.
    pub fn redact(&self, error: &mut Error) {
        for secret in &self.secrets {
            error.redact(secret);
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Request").field("action", &self.action).finish_non_exhaustive()
    }
}

fn check(parameter: &Parameter, value: &Value<'_>) -> Result<(), Error> {
    let is_good = match (&parameter.rule, value) {
        (Rule::Text { is_required, .. }, Value::Text(None)) => {
            return match is_required {
                true => Err(Error::invalid_argument(parameter.field, "is required")),
                false => Ok(()),
            };
        }
        (Rule::Text { text, .. }, Value::Text(Some(given))) => allows(text, given),
        (Rule::Texts, Value::Texts(given)) => {
            !given.is_empty() && given.iter().all(|text| (1..=LONGEST_ID_BYTES).contains(&text.len()))
        }
        (Rule::Number { least, most, .. }, Value::Number(number)) => *number == 0 || (*least..=*most).contains(number),
        _ => false,
    };
    if is_good {
        return Ok(());
    }
    Err(Error::invalid_argument(parameter.field, format_args!("has to be {}", parameter.rule.sentence())))
}

fn allows(text: &Text, given: &str) -> bool {
    match text {
        Text::Any => !given.is_empty(),
        Text::Of { least, most, set } => {
            (*least..=*most).contains(&given.chars().count()) && given.chars().all(|character| is_in(*set, character))
        }
        Text::OneOf(words) => words.contains(&given),
    }
}

fn is_in(set: Set, character: char) -> bool {
    match set {
        Set::All => true,
        Set::LowerCase => matches!(character, 'a'..='z' | '0'..='9' | '_'),
        Set::Name => character.is_ascii_alphanumeric() || character == '_' || !character.is_ascii(),
        Set::Alphanumeric => character.is_ascii_alphanumeric(),
    }
}

fn encode(action: &Action, values: &[Value<'_>]) -> Result<Zeroizing<String>, Error> {
    let text = |text: &str| 6 * text.len() + 4;
    let room = action.parameters.iter().zip(values).map(|(parameter, value)| match value {
        Value::Text(given) => parameter.name.len() + text(given.unwrap_or_default()),
        Value::Texts(given) => parameter.name.len() + given.iter().map(|given| text(given)).sum::<usize>() + 4,
        Value::Number(_) => parameter.name.len() + 24,
    });
    // With room for all of it: a vector that grows leaves copies of a password behind.
    let mut body = Zeroizing::new(Vec::with_capacity(2 + room.sum::<usize>() + 4 * values.len()));
    let internal = |error: String| Error::new(Status::Internal, format!("cannot encode {}: {error}", action.name));
    serde_json::to_writer(&mut *body, &Body { action, values }).map_err(|error| internal(error.to_string()))?;
    String::from_utf8(std::mem::take(&mut *body)).map(Zeroizing::new).map_err(|error| internal(error.to_string()))
}

struct Body<'b> {
    action: &'b Action,
    values: &'b [Value<'b>],
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (parameter, value) in self.action.parameters.iter().zip(self.values) {
            match value {
                Value::Text(None) => {}
                Value::Text(Some(text)) => map.serialize_entry(parameter.name, text)?,
                Value::Texts(texts) => map.serialize_entry(parameter.name, texts)?,
                Value::Number(number) => {
                    if let Some(number) = sent(&parameter.rule, *number) {
                        map.serialize_entry(parameter.name, &number)?;
                    }
                }
            }
        }
        map.end()
    }
}

/// The number that is sent, if one is.
fn sent(rule: &Rule, number: i64) -> Option<i64> {
    match rule {
        Rule::Number { default, .. } if number == 0 => *default,
        Rule::Number { sent_less, .. } => Some(number - sent_less),
        _ => Some(number),
    }
}

/// What there is to know of the parameters in somebody else's JSON.
#[derive(Debug)]
struct Parameters {
    elements: usize,
    secrets: Vec<Zeroizing<String>>,
}

/// What the service documents as a secret: the password of a device, and (for China only) the keys of projects and callbacks.
const SECRETS: [&str; 3] = ["DeviceToken", "Key", "SignKey"];

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Parameters, D::Error> {
        struct ParametersVisitor;
        impl<'de> Visitor<'de> for ParametersVisitor {
            type Value = Parameters;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Parameters, A::Error> {
                let mut known = Parameters { elements: 0, secrets: Vec::new() };
                while let Some(name) = fields.next_key::<String>()? {
                    match fields.next_value()? {
                        Given::Elements(elements) => known.elements += elements,
                        Given::Text(text) if SECRETS.contains(&name.as_str()) => known.secrets.push(text),
                        _ => {}
                    }
                }
                Ok(known)
            }
        }
        deserializer.deserialize_map(ParametersVisitor)
    }
}

/// The value of a parameter in somebody else's JSON.
enum Given {
    Text(Zeroizing<String>),
    /// So many.
    Elements(usize),
    Other,
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Given, D::Error> {
        struct GivenVisitor;
        impl<'de> Visitor<'de> for GivenVisitor {
            type Value = Given;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Given, E> {
                Ok(Given::Text(Zeroizing::new(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Given, A::Error> {
                let mut count = 0;
                while elements.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Given::Elements(count))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Given, A::Error> {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Given::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Given, E> {
                Ok(Given::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Given, E> {
                Ok(Given::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Given, E> {
                Ok(Given::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Given, E> {
                Ok(Given::Other)
            }

            fn visit_unit<E>(self) -> Result<Given, E> {
                Ok(Given::Other)
            }
        }
        deserializer.deserialize_any(GivenVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{
        BatchDeleteDevices, CreateDevice, CreateProject, DescribeProjectList, GetDevices, GetLicenseStat, GetLicenses,
        ModifyProject, TypedRequest,
    };

    fn body(request: &impl TypedRequest) -> String {
        request.prepare().unwrap_or_else(|error| panic!("{error}")).body().to_owned()
    }

    fn refusal(request: &impl TypedRequest) -> String {
        let error = request.prepare().unwrap_err();
        assert_eq!(error.status, Status::InvalidArgument);
        error.message
    }

    const DEVICE: CreateDevice<'static> = CreateDevice {
        project_id: Some("m82k5408n675phvb"),
        device_id: Some("truck_7"),
        device_name: Some("矿卡_7"),
        device_type: Some("field"),
        device_token: Some("0123456789abcdEF"),
    };

    #[test]
    fn the_request_is_the_documented_one() {
        let mut request =
            GetDevices { page_num: 1, page_size: 10, project_id: Some("m82k5408n675phvb"), device_id: Some("dev1") };
        let all = r#"{"PageNum":1,"PageSize":10,"ProjectId":"m82k5408n675phvb","DeviceId":"dev1"}"#;
        assert_eq!(body(&request), all);
        (request.project_id, request.device_id) = (None, None);
        assert_eq!(body(&request), r#"{"PageNum":1,"PageSize":10}"#);
        assert_eq!(body(&GetLicenseStat {}), "{}");
    }

    #[test]
    fn what_is_not_given_is_the_default_or_not_sent() {
        assert_eq!(body(&GetDevices::default()), r#"{"PageNum":1,"PageSize":20}"#);
        assert_eq!(body(&DescribeProjectList::default()), r#"{"PageNumber":1,"PageSize":10}"#);
        let modify = ModifyProject { project_id: Some("p"), ..ModifyProject::default() };
        assert_eq!(body(&modify), r#"{"ProjectId":"p"}"#);
    }

    #[test]
    fn a_filter_is_sent_as_it_is_meant() {
        let licenses = |status_filter| GetLicenses { status_filter, ..GetLicenses::default() };
        assert_eq!(body(&licenses(0)), r#"{"PageNum":1,"PageSize":20}"#);
        assert_eq!(body(&licenses(100)), r#"{"PageNum":1,"PageSize":20,"Status":0}"#);
        assert_eq!(body(&licenses(103)), r#"{"PageNum":1,"PageSize":20,"Status":3}"#);
        for state in [-1, 1, 3, 99, 104] {
            assert_eq!(refusal(&licenses(state)), "status_filter has to be 100 to 103");
        }
    }

    #[test]
    fn what_is_required_and_not_given_is_named() {
        assert_eq!(refusal(&CreateDevice { device_id: None, ..DEVICE }), "device_id is required");
        let nobody = BatchDeleteDevices { project_id: Some("p"), device_ids: &[] };
        assert!(refusal(&nobody).starts_with("device_ids has to be at least one string"));
        let nothing = BatchDeleteDevices { project_id: Some("p"), device_ids: &["a", ""] };
        assert!(refusal(&nothing).starts_with("device_ids has to be at least one string"));
    }

    #[test]
    fn documented_limits_hold_at_their_ends() {
        let of_length = |character: char, length: usize| character.to_string().repeat(length);
        for (length, is_good) in [(1, true), (24, true), (25, false), (0, false)] {
            let (chinese, latin) = (of_length('车', length), of_length('a', length));
            for name in [chinese, latin] {
                let project = CreateProject { project_name: Some(&name), ..CreateProject::default() };
                assert_eq!(project.prepare().is_ok(), is_good, "{length}");
            }
        }
        for (length, is_good) in [(0, true), (120, true), (121, false)] {
            let description = of_length('x', length);
            let project = CreateProject {
                project_name: Some("p"),
                project_description: Some(&description),
                policy_mode: Some("white"),
            };
            assert_eq!(project.prepare().is_ok(), is_good, "{length}");
        }
        for (device_id, is_good) in
            [("a_0", true), (&*of_length('z', 32), true), (&*of_length('z', 33), false), ("A", false), ("a-b", false)]
        {
            let device = CreateDevice { device_id: Some(device_id), ..DEVICE };
            assert_eq!(device.prepare().is_ok(), is_good, "{device_id}");
        }
        for (token, is_good) in [
            ("0123456789abcdEF", true),
            ("0123456789abcdE", false),
            ("0123456789abcdEF0", false),
            ("0123456789abcd_F", false),
        ] {
            let device = CreateDevice { device_token: Some(token), ..DEVICE };
            assert_eq!(device.prepare().is_ok(), is_good, "{token}");
        }
        for (name, is_good) in [("车_1A", true), (&*of_length('a', 24), false), ("a b", false), ("a-b", false)] {
            let device = CreateDevice { device_name: Some(name), ..DEVICE };
            assert_eq!(device.prepare().is_ok(), is_good, "{name}");
        }
        let robot = CreateDevice { device_type: Some("robot"), ..DEVICE };
        assert_eq!(refusal(&robot), "device_type has to be \"field\" or \"remote\"");
    }

    #[test]
    fn a_secret_shows_nowhere() {
        let token = "tooShort12345";
        let device = CreateDevice { device_token: Some(token), ..DEVICE };
        assert_eq!(refusal(&device), "device_token has to be 16 characters of A to Z, a to z and 0 to 9");
        let request = DEVICE.prepare().unwrap();
        assert!(!format!("{request:?}").contains("0123456789abcdEF"));
        let json = r#"{"DeviceToken":"0123456789abcdEF","Key":"keykeykey","Other":[{"Key":1}],"N":null}"#;
        for (request, secret) in [
            (&request, "0123456789abcdEF"),
            (&Request::of_json("CreateDevice", true, json).unwrap(), "0123456789abcdEF"),
            (&Request::of_json("ModifyProjectSecMode", true, json).unwrap(), "keykeykey"),
        ] {
            let mut error = Error::new(Status::RequestRejected, format!("bad {secret}!"));
            request.redact(&mut error);
            assert_eq!(error.message, "bad ***!");
        }
    }

    #[test]
    fn json_of_others_is_sent_as_it_stands() {
        let json = r#" {"DeviceIds": ["a", "b"], "More": [1, [2, 3]], "Text": "\u8f66", "No": null} "#;
        let request = Request::of_json("BatchDeleteDevices", true, json).unwrap();
        assert_eq!((request.body(), request.action(), request.changes()), (json, "BatchDeleteDevices", true));
        assert_eq!(request.ids(), 4);
    }

    #[test]
    fn what_is_no_json_object_is_refused_and_not_repeated() {
        for json in ["", "7", "[]", "\"secret\"", "null", "{", "{\"a\":}", "{} {}", "{\"Token\":secret}"] {
            let error = Request::of_json("GetDevices", false, json).unwrap_err();
            assert_eq!(error.status, Status::InvalidArgument);
            assert!(error.message.starts_with("json ") && !error.message.contains("secret"), "{json}: {error}");
        }
        let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
        assert!(Request::of_json("GetDevices", false, &deep).is_err());
    }

    #[test]
    fn what_is_no_name_of_an_action_is_refused() {
        for action in ["", "Get Devices", "GetDevices\r\nX: y", "Gerät", &*"x".repeat(65)] {
            let error = Request::of_json(action, false, "{}").unwrap_err();
            assert!(error.message.starts_with("action "), "{error}");
        }
        assert!(Request::of_json(&"x".repeat(64), false, "{}").is_ok());
    }

    #[test]
    fn what_is_larger_than_the_service_takes_is_not_sent() {
        let json = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
        assert!(Request::of_json("Any", true, &json(LARGEST_BODY_BYTES)).is_ok());
        let error = Request::of_json("Any", true, &json(LARGEST_BODY_BYTES + 1)).unwrap_err();
        assert!(error.message.contains("10 MiB"), "{error}");
    }
}
