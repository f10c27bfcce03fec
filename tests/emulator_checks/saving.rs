//! The account is kept in a file from one run to the next.

use std::fs;
use std::path::Path;

use emulator::{Emulator, Options};
use serde_json::{Value, json};

use crate::calls::{PORT, code, create, done, new_project, state};
use crate::{exchange, host};

fn emulator_with(file: &Path) -> Emulator {
    Emulator::start(Options { state: Some(file.to_owned()), requests_per_s: 0, ..Options::default() }).unwrap()
}

fn saved(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn what_was_made_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let first = emulator_with(&file);
    let project = new_project(&first);
    create(&first, &project, "v7", "field");
    create(&first, &project, "cockpit", "remote");
    for (action, parameters) in [
        ("BoundLicenses", json!({"Count": 2, "ProjectId": project, "DeviceId": "v7"})),
        (
            "ModifyPolicy",
            json!({
                "ProjectId": project, "RemoteDeviceId": "cockpit", "FieldDeviceIds": ["v7"], "PolicyMode": "black",
                "ModifyMode": "add",
            }),
        ),
        ("BatchDeleteDevices", json!({"ProjectId": PORT, "DeviceIds": ["port_05"]})),
    ] {
        assert_eq!(code(&first, action, &parameters), "", "{action}");
    }
    let before = state(&first);
    drop(first);

    let second = emulator_with(&file);
    assert_eq!(state(&second), before);
    let device = json!({"ProjectId": project, "DeviceId": "v7"});
    assert_eq!(done(&second, "GetDeviceLicense", &device), json!({"AvailableCount": 2}));
    assert_eq!(done(&second, "DescribeDeviceInfo", &device)["DeviceName"], "new");
    assert_eq!(
        code(&second, "DescribeDeviceInfo", &json!({"ProjectId": PORT, "DeviceId": "port_05"})),
        "ResourceNotFound"
    );
    assert_eq!(done(&second, "DescribeProjectList", &json!({}))["Total"], 3);
}

#[test]
fn it_is_saved_after_a_change_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let emulator = emulator_with(&file);
    done(&emulator, "DescribeProjectList", &json!({}));
    assert_eq!(code(&emulator, "CreateProject", &json!({})), "MissingParameter");
    assert!(!file.exists());
    let project = new_project(&emulator);
    assert_eq!(saved(&file), state(&emulator));
    done(&emulator, "DeleteProject", &json!({"ProjectId": project}));
    assert_eq!(saved(&file), state(&emulator));
    // Nothing of how it was written is left.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn other_devices_are_saved_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let emulator = emulator_with(&file);
    emulator.set_devices(r#"{"Projects": [{"ProjectId": "p", "Devices": [{"DeviceId": "only"}]}]}"#).unwrap();
    assert_eq!(saved(&file)["Projects"][0]["Devices"][0]["DeviceId"], "only");
}

#[test]
fn a_file_that_is_no_account_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    fs::write(&file, "{").unwrap();
    assert!(Emulator::start(Options { state: Some(file), ..Options::default() }).is_err());
}

#[test]
fn what_cannot_be_saved_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = emulator_with(&folder.path().join("nosuch/state.json"));
    assert_eq!(code(&emulator, "CreateProject", &json!({"ProjectName": "new"})), "InternalError");
}

#[test]
fn the_state_is_told_over_its_own_port_with_moments_that_stay() {
    let emulator = crate::emulator();
    let told = exchange(&host(&emulator), "GET /_emulator/state HTTP/1.1\r\n\r\n");
    assert_eq!(told, state(&emulator));
    assert!(!told.to_string().contains("InDays"));
    let again = Options { devices: Some(told.to_string()), requests_per_s: 0, ..Options::default() };
    assert_eq!(state(&Emulator::start(again).unwrap()), told);
}
