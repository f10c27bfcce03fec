//! Calls of any action, with what is sent as JSON.

use emulator::Emulator;
use serde_json::{Value, json};

use crate::{Request, request};

/// One of the default projects, and the other.
pub const MINE: &str = "m82k5408n675phvb";
pub const PORT: &str = "q7d2x9w4k1z8r5tn";

/// A password for devices.
pub const TOKEN: &str = "abcd1234ABCD5678";

/// The answer's `Response`, whatever it is.
pub fn call(emulator: &Emulator, action: &'static str, parameters: &Value) -> Value {
    let answer = Request { action, body: parameters.to_string().leak(), ..request() }.answer(emulator);
    assert!(answer["Response"]["RequestId"].is_string());
    answer["Response"].clone()
}

/// The code of the error that the emulator answers with; empty for none.
pub fn code(emulator: &Emulator, action: &'static str, parameters: &Value) -> String {
    call(emulator, action, parameters)["Error"]["Code"].as_str().unwrap_or_default().to_owned()
}

/// The answer, without the id of the request. It must not be an error.
pub fn done(emulator: &Emulator, action: &'static str, parameters: &Value) -> Value {
    let mut answer = call(emulator, action, parameters);
    assert!(answer.get("Error").is_none(), "{action} {parameters}: {answer}");
    answer.as_object_mut().unwrap().remove("RequestId");
    answer
}

/// The id of a new project.
pub fn new_project(emulator: &Emulator) -> String {
    let project = done(emulator, "CreateProject", &json!({"ProjectName": "new"}));
    project["ProjectId"].as_str().unwrap().to_owned()
}

/// Makes a device of the project.
pub fn create(emulator: &Emulator, project: &str, device_id: &str, device_type: &str) {
    let device = json!({
        "ProjectId": project, "DeviceId": device_id, "DeviceName": "new", "DeviceType": device_type, "DeviceToken": TOKEN,
    });
    assert_eq!(done(emulator, "CreateDevice", &device), json!({}));
}

/// What the emulator knows of its account.
pub fn state(emulator: &Emulator) -> Value {
    serde_json::from_str(&emulator.state()).unwrap()
}
