//! What the actions do with projects, devices and permissions.

use serde_json::{Value, json};

use crate::calls::{MINE, PORT, TOKEN, call, code, create, done, new_project, state};
use crate::emulator;
use ::emulator::Emulator;

#[test]
fn a_new_project_is_listed_and_told_of() {
    let emulator = emulator();
    let new = json!({"ProjectName": "闸口", "ProjectDescription": "two gates", "PolicyMode": "white"});
    let project = done(&emulator, "CreateProject", &new)["ProjectId"].as_str().unwrap().to_owned();
    assert_eq!(project.len(), 16);
    assert!(project.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    let mut info = done(&emulator, "DescribeProjectInfo", &json!({"ProjectId": project}));
    let last = done(&emulator, "DescribeProjectList", &json!({"PageNumber": 3, "PageSize": 1}));
    assert_eq!((&last["Total"], &last["Num"]), (&json!(3), &json!(1)));
    info["ProjectId"] = json!(project);
    assert_eq!(last["Projects"], json!([info]));
    for (name, value) in new.as_object().unwrap() {
        assert_eq!(&info[name], value);
    }
}

#[test]
fn a_project_is_black_and_without_a_description_unless_it_is_said() {
    let emulator = emulator();
    let info = done(&emulator, "DescribeProjectInfo", &json!({"ProjectId": new_project(&emulator)}));
    assert_eq!((&info["PolicyMode"], &info["ProjectDescription"]), (&json!("black"), &json!("")));
}

#[test]
fn a_project_is_changed_in_what_is_sent_and_at_a_later_time() {
    let emulator = emulator();
    let project = json!({"ProjectId": new_project(&emulator)});
    let before = done(&emulator, "DescribeProjectInfo", &project);
    emulator.set_clock_offset_s(100);
    let change = json!({"ProjectId": project["ProjectId"], "ProjectName": "newer"});
    assert_eq!(done(&emulator, "ModifyProject", &change), json!({}));
    let after = done(&emulator, "DescribeProjectInfo", &project);
    assert_eq!((&after["ProjectName"], &after["PolicyMode"]), (&json!("newer"), &before["PolicyMode"]));
    assert!(after["ModifyTime"].as_str() > before["ModifyTime"].as_str());
}

#[test]
fn a_project_that_was_deleted_is_gone_with_its_devices() {
    let emulator = emulator();
    let licenses = done(&emulator, "GetLicenseStat", &json!({}));
    assert_eq!(done(&emulator, "DeleteProject", &json!({"ProjectId": PORT})), json!({}));
    assert_eq!(code(&emulator, "DescribeProjectInfo", &json!({"ProjectId": PORT})), "ResourceNotFound");
    assert_eq!(done(&emulator, "DescribeProjectList", &json!({}))["Total"], 1);
    assert_eq!(rows(&emulator, PORT), Vec::<Value>::new());
    let after = done(&emulator, "GetLicenseStat", &json!({}));
    assert_eq!((&after["Valid"], &after["Expire"]), (&licenses["Valid"], &licenses["Expire"]));
    assert!(after["UnBound"].as_i64() > licenses["UnBound"].as_i64());
    let state = state(&emulator);
    for name in ["Sessions", "Policies"] {
        assert!(state[name].as_array().unwrap().iter().all(|row| row["ProjectId"] != PORT));
    }
}

/// Every row of a project.
fn rows(emulator: &Emulator, project: &str) -> Vec<Value> {
    let page = done(emulator, "GetDevices", &json!({"PageNum": 1, "PageSize": 100, "ProjectId": project}));
    page["Devices"].as_array().unwrap().clone()
}

#[test]
fn a_new_device_is_listed_and_told_of() {
    let emulator = emulator();
    let project = new_project(&emulator);
    create(&emulator, &project, "cockpit_1", "remote");
    let row = json!({
        "DeviceId": "cockpit_1", "DeviceName": "new", "LicenseCount": 0, "RemainDay": 0, "ExpireTime": "", "Duration": "0",
        "LicenseIds": [],
    });
    assert_eq!(rows(&emulator, &project), [row]);
    let device = json!({"ProjectId": project, "DeviceId": "cockpit_1"});
    let mut info = done(&emulator, "DescribeDeviceInfo", &device);
    assert!(info["ModifyTime"].as_str().unwrap().ends_with("+08:00"));
    info["ModifyTime"] = json!("");
    assert_eq!(
        info,
        json!({
            "DeviceName": "new", "DeviceType": "remote", "DeviceStatus": "offline", "LastReportTime": "", "ModifyTime": "",
        })
    );
    assert_eq!(done(&emulator, "GetDeviceLicense", &device), json!({"AvailableCount": 0}));
}

#[test]
fn an_id_is_free_in_another_project_only() {
    let emulator = emulator();
    let mut device = json!({
        "ProjectId": MINE, "DeviceId": "dev1", "DeviceName": "new", "DeviceType": "field", "DeviceToken": TOKEN,
    });
    assert_eq!(code(&emulator, "CreateDevice", &device), "InvalidParameterValue");
    device["ProjectId"] = json!(new_project(&emulator));
    assert_eq!(code(&emulator, "CreateDevice", &device), "");
    assert_eq!(code(&emulator, "CreateDevice", &device), "InvalidParameterValue");
}

#[test]
fn a_device_is_changed_in_what_is_sent_and_at_a_later_time() {
    let emulator = emulator();
    let project = new_project(&emulator);
    create(&emulator, &project, "v7", "field");
    let before = done(&emulator, "DescribeDeviceInfo", &json!({"ProjectId": project, "DeviceId": "v7"}));
    emulator.set_clock_offset_s(100);
    let change = json!({"ProjectId": project, "DeviceId": "v7", "DeviceName": "集卡"});
    assert_eq!(done(&emulator, "ModifyDevice", &change), json!({}));
    let after = done(&emulator, "DescribeDeviceInfo", &json!({"ProjectId": project, "DeviceId": "v7"}));
    assert_eq!(after["DeviceName"], "集卡");
    assert!(after["ModifyTime"].as_str() > before["ModifyTime"].as_str());
    assert_eq!(rows(&emulator, &project)[0]["DeviceName"], "集卡");
    assert_eq!(token(&emulator), TOKEN);
    let change = json!({"ProjectId": project, "DeviceId": "v7", "DeviceToken": "0000111122223333"});
    assert_eq!(done(&emulator, "ModifyDevice", &change), json!({}));
    assert_eq!(token(&emulator), "0000111122223333");
}

/// The password of the first device of the third project, which no action tells.
fn token(emulator: &Emulator) -> String {
    state(emulator)["Projects"][2]["Devices"][0]["Info"]["DeviceToken"].as_str().unwrap().to_owned()
}

#[test]
fn no_answer_has_a_password() {
    let emulator = emulator();
    let project = new_project(&emulator);
    create(&emulator, &project, "v7", "field");
    let device = json!({"ProjectId": project, "DeviceId": "v7"});
    let taken = json!({
        "ProjectId": project, "DeviceId": "v7", "DeviceName": "new", "DeviceType": "field", "DeviceToken": TOKEN,
    });
    for (action, parameters) in [
        ("GetDevices", &json!({"PageNum": 1, "PageSize": 10, "ProjectId": project})),
        ("DescribeDeviceInfo", &device),
        ("CreateDevice", &taken),
        ("ModifyDevice", &json!({"ProjectId": project, "DeviceId": "v7", "DeviceToken": format!("{TOKEN}0")})),
    ] {
        assert!(!call(&emulator, action, parameters).to_string().contains(TOKEN), "{action}");
    }
}

#[test]
fn devices_that_were_deleted_are_gone_and_the_others_fail() {
    let emulator = emulator();
    let before = rows(&emulator, PORT).len();
    let deletion = json!({"ProjectId": PORT, "DeviceIds": ["port_01", "port_99", "port_02"]});
    assert_eq!(done(&emulator, "BatchDeleteDevices", &deletion), json!({"FailedDeviceIds": ["port_99"]}));
    assert_eq!(rows(&emulator, PORT).len(), before - 2);
    assert_eq!(
        code(&emulator, "DescribeDeviceInfo", &json!({"ProjectId": PORT, "DeviceId": "port_01"})),
        "ResourceNotFound"
    );
    assert_eq!(done(&emulator, "GetLicenses", &licenses_of("port_01"))["TotalCount"], 0);
    assert_eq!(state(&emulator)["Policies"][0]["FieldDeviceIds"], json!(["port_03", "port_04"]));
}

fn licenses_of(device_id: &str) -> Value {
    json!({"PageNum": 1, "PageSize": 10, "ProjectId": PORT, "DeviceId": device_id})
}

#[test]
fn what_does_not_exist_is_not_found() {
    let emulator = emulator();
    for project in [json!({"ProjectId": "nosuchproject000"}), json!({"ProjectId": MINE, "DeviceId": "nosuch"})] {
        let of = |more: Value| {
            let mut parameters = project.clone();
            parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            parameters
        };
        let device = of(if project.get("DeviceId").is_some() { json!({}) } else { json!({"DeviceId": "dev1"}) });
        for action in ["ModifyDevice", "DescribeDeviceInfo", "GetDeviceLicense"] {
            assert_eq!(code(&emulator, action, &device), "ResourceNotFound", "{action}");
        }
        if project.get("DeviceId").is_none() {
            for (action, more) in [
                ("DescribeProjectInfo", json!({})),
                ("ModifyProject", json!({})),
                ("DeleteProject", json!({})),
                ("DescribeSessionStatistics", json!({})),
                ("BatchDeleteDevices", json!({"DeviceIds": ["dev1"]})),
                ("BatchDeletePolicy", json!({"RemoteDeviceIds": ["dev1"], "PolicyMode": "black"})),
                ("DescribeDeviceSessionList", json!({"PageNumber": 1, "PageSize": 1})),
            ] {
                assert_eq!(code(&emulator, action, &of(more)), "ResourceNotFound", "{action}");
            }
        }
    }
}

/// What is listed for the cockpit of the port in each mode.
fn policies(emulator: &Emulator) -> Vec<(String, Value)> {
    let state = state(emulator);
    let policies = state["Policies"].as_array().unwrap().iter();
    policies
        .map(|policy| (policy["PolicyMode"].as_str().unwrap().to_owned(), policy["FieldDeviceIds"].clone()))
        .collect()
}

fn modify(emulator: &Emulator, policy_mode: &str, modify_mode: &str, field_device_ids: &[&str]) -> (Value, Value) {
    let answer = done(
        emulator,
        "ModifyPolicy",
        &json!({
            "ProjectId": PORT, "RemoteDeviceId": "cockpit_a", "FieldDeviceIds": field_device_ids,
            "PolicyMode": policy_mode, "ModifyMode": modify_mode,
        }),
    );
    (answer["FailedInsertIds"].clone(), answer["FailedDeleteIds"].clone())
}

#[test]
fn field_devices_are_added_to_what_is_listed_removed_from_it_or_all_of_it() {
    let emulator = emulator();
    let white = |ids: Value| ("white".to_owned(), ids);
    assert_eq!(policies(&emulator), [white(json!(["port_01", "port_02", "port_03", "port_04"]))]);
    // Neither what is not there nor what is no field device can be added.
    assert_eq!(
        modify(&emulator, "white", "set", &["port_05", "nosuch", "cockpit_a"]),
        (json!(["nosuch", "cockpit_a"]), json!([]))
    );
    assert_eq!(policies(&emulator), [white(json!(["port_05"]))]);
    assert_eq!(modify(&emulator, "white", "add", &["port_06", "port_05"]), (json!([]), json!([])));
    assert_eq!(policies(&emulator), [white(json!(["port_05", "port_06"]))]);
    assert_eq!(modify(&emulator, "white", "remove", &["port_05", "port_07"]), (json!([]), json!(["port_07"])));
    assert_eq!(policies(&emulator), [white(json!(["port_06"]))]);
    assert_eq!(modify(&emulator, "black", "add", &["port_07"]), (json!([]), json!([])));
    assert_eq!(policies(&emulator), [white(json!(["port_06"])), ("black".to_owned(), json!(["port_07"]))]);
}

#[test]
fn what_is_listed_is_deleted_in_one_mode_and_fails_where_there_is_nothing() {
    let emulator = emulator();
    modify(&emulator, "black", "add", &["port_07"]);
    let deletion = json!({"ProjectId": PORT, "RemoteDeviceIds": ["cockpit_a", "port_01"], "PolicyMode": "white"});
    assert_eq!(done(&emulator, "BatchDeletePolicy", &deletion), json!({"FailedRemoteDeviceIds": ["port_01"]}));
    assert_eq!(policies(&emulator), [("black".to_owned(), json!(["port_07"]))]);
    let failed = json!({"FailedRemoteDeviceIds": ["cockpit_a", "port_01"]});
    assert_eq!(done(&emulator, "BatchDeletePolicy", &deletion), failed);
}

#[test]
fn a_list_belongs_to_a_remote_device() {
    let emulator = emulator();
    for id in ["port_01", "nosuch"] {
        let policy = json!({
            "ProjectId": PORT, "RemoteDeviceId": id, "FieldDeviceIds": ["port_02"], "PolicyMode": "black",
            "ModifyMode": "add",
        });
        assert_eq!(code(&emulator, "ModifyPolicy", &policy), "ResourceNotFound", "{id}");
    }
}
