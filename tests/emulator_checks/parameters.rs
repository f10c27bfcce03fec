//! What each action refuses of its parameters. The table is written from the documents by hand, and not made of the description
//! that the emulator has its own checks from.

use emulator::Emulator;
use serde_json::{Value, json};

use crate::calls::{MINE, TOKEN, code};
use crate::emulator;

/// What may be sent with an action.
struct Action {
    name: &'static str,
    /// Every parameter that it has, with a value that it takes.
    sound: Value,
    required: &'static [&'static str],
    /// Values that are out of what it takes.
    out_of_range: Vec<(&'static str, Value)>,
}

fn action(
    name: &'static str,
    required: &'static [&'static str],
    sound: Value,
    out_of_range: Vec<(&'static str, Value)>,
) -> Action {
    Action { name, sound, required, out_of_range }
}

/// Out of what the number of a page may be, and its size where there is no other one.
fn pages(number: &'static str) -> Vec<(&'static str, Value)> {
    vec![(number, json!(0)), (number, json!(-1)), ("PageSize", json!(0)), ("PageSize", json!(101))]
}

fn too_long(length: usize) -> Value {
    json!("字".repeat(length))
}

fn license_actions() -> Vec<Action> {
    let device = json!({"ProjectId": MINE, "DeviceId": "dev1"});
    let mut page = device.clone();
    page["PageNum"] = json!(1);
    page["PageSize"] = json!(10);
    let mut page_in_state = page.clone();
    page_in_state["Status"] = json!(0);
    let states = [("Status", json!(-1)), ("Status", json!(4))];
    let licenses = [&pages("PageNum")[..], &states].concat();
    vec![
        action(
            "GetDevices",
            &["PageNum", "PageSize"],
            page,
            [pages("PageNum"), vec![("DeviceId", json!(""))]].concat(),
        ),
        action("GetLicenses", &["PageNum", "PageSize"], page_in_state, licenses),
        action("GetLicenseStat", &[], json!({}), vec![]),
        action("GetDeviceLicense", &["ProjectId", "DeviceId"], device.clone(), vec![("DeviceId", json!(""))]),
        action(
            "BoundLicenses",
            &["Count", "ProjectId", "DeviceId"],
            json!({"Count": 1, "ProjectId": MINE, "DeviceId": "dev1"}),
            vec![("Count", json!(0))],
        ),
    ]
}

fn project_actions() -> Vec<Action> {
    let project =
        json!({"ProjectName": "字".repeat(24), "ProjectDescription": "字".repeat(120), "PolicyMode": "white"});
    let mut with_id = project.clone();
    with_id["ProjectId"] = json!(MINE);
    let limits = vec![
        ("ProjectName", json!("")),
        ("ProjectName", too_long(25)),
        ("ProjectDescription", too_long(121)),
        ("PolicyMode", json!("grey")),
        ("PolicyMode", json!("")),
    ];
    vec![
        action("CreateProject", &["ProjectName"], project, limits.clone()),
        action("ModifyProject", &["ProjectId"], with_id, limits),
        action("DescribeProjectInfo", &["ProjectId"], json!({"ProjectId": MINE}), vec![("ProjectId", json!(""))]),
        action("DescribeProjectList", &[], json!({"PageNumber": 1, "PageSize": 10}), pages("PageNumber")),
        action("DeleteProject", &["ProjectId"], json!({"ProjectId": MINE}), vec![("ProjectId", json!(""))]),
    ]
}

fn device_actions() -> Vec<Action> {
    let names = vec![
        ("DeviceName", json!("")),
        ("DeviceName", too_long(24)),
        ("DeviceName", json!("a b")),
        ("DeviceName", json!("a-b")),
        ("DeviceToken", json!(TOKEN[1..])),
        ("DeviceToken", json!(format!("{TOKEN}9"))),
        ("DeviceToken", json!(TOKEN.replace('a', "_"))),
    ];
    let new = vec![
        ("DeviceId", json!("")),
        ("DeviceId", json!("a".repeat(33))),
        ("DeviceId", json!("Vehicle")),
        ("DeviceId", json!("vehicle-1")),
        ("DeviceType", json!("lorry")),
    ];
    let device = json!({"ProjectId": MINE, "DeviceId": "new_1", "DeviceName": "字".repeat(23), "DeviceToken": TOKEN});
    let mut with_type = device.clone();
    with_type["DeviceType"] = json!("field");
    vec![
        action(
            "CreateDevice",
            &["ProjectId", "DeviceId", "DeviceName", "DeviceType", "DeviceToken"],
            with_type,
            [&names[..], &new].concat(),
        ),
        action("ModifyDevice", &["ProjectId", "DeviceId"], device, names),
        action(
            "DescribeDeviceInfo",
            &["ProjectId", "DeviceId"],
            json!({"ProjectId": MINE, "DeviceId": "new_1"}),
            vec![("DeviceId", json!(""))],
        ),
        action(
            "BatchDeleteDevices",
            &["ProjectId", "DeviceIds"],
            json!({"ProjectId": MINE, "DeviceIds": ["new_1"]}),
            vec![("DeviceIds", json!([])), ("DeviceIds", json!(["a", ""]))],
        ),
    ]
}

fn session_actions() -> Vec<Action> {
    let times = json!({"ProjectId": MINE, "DeviceId": "dev1", "StartTime": 1, "EndTime": 2});
    let mut page = times.clone();
    page["PageNumber"] = json!(1);
    page["PageSize"] = json!(10);
    let mut intervals = times.clone();
    intervals["StatisticInterval"] = json!("month");
    let limits = vec![("StartTime", json!(-1)), ("EndTime", json!(-1)), ("StartTime", json!(3))];
    let paged = [limits.clone(), pages("PageNumber")].concat();
    let words = vec![("StatisticInterval", json!("week"))];
    let page_is_required = &["ProjectId", "PageNumber", "PageSize"];
    vec![
        action("DescribeDeviceSessionList", page_is_required, page.clone(), paged.clone()),
        action("DescribeRecentSessionList", page_is_required, page, paged),
        action("DescribeSessionStatistics", &["ProjectId"], times, limits.clone()),
        action(
            "DescribeSessionStatisticsByInterval",
            &["ProjectId", "StatisticInterval"],
            intervals,
            [limits, words].concat(),
        ),
    ]
}

fn permission_actions() -> Vec<Action> {
    let policy = json!({
        "ProjectId": "q7d2x9w4k1z8r5tn", "RemoteDeviceId": "cockpit_a", "FieldDeviceIds": ["port_01"], "PolicyMode": "black",
        "ModifyMode": "add",
    });
    let devices = json!({"ProjectId": MINE, "RemoteDeviceIds": ["cockpit_a"], "PolicyMode": "black"});
    vec![
        action(
            "ModifyPolicy",
            &["ProjectId", "RemoteDeviceId", "FieldDeviceIds", "PolicyMode", "ModifyMode"],
            policy,
            vec![("FieldDeviceIds", json!([])), ("PolicyMode", json!("grey")), ("ModifyMode", json!("replace"))],
        ),
        action(
            "BatchDeletePolicy",
            &["ProjectId", "RemoteDeviceIds", "PolicyMode"],
            devices,
            vec![("RemoteDeviceIds", json!([])), ("PolicyMode", json!("grey"))],
        ),
    ]
}

/// All of them, in an order in which each can be carried out after those before it.
fn actions() -> Vec<Action> {
    [device_actions(), session_actions(), permission_actions(), license_actions(), project_actions()]
        .into_iter()
        .flatten()
        .collect()
}

impl Action {
    fn with(&self, name: &str, value: Value) -> Value {
        let mut parameters = self.sound.clone();
        parameters[name] = value;
        parameters
    }

    fn without(&self, name: &str) -> Value {
        let mut parameters = self.sound.clone();
        parameters.as_object_mut().unwrap().remove(name);
        parameters
    }

    fn refuses(&self, emulator: &Emulator, parameters: &Value, expected: &str) {
        assert_eq!(code(emulator, self.name, parameters), expected, "{} {parameters}", self.name);
    }
}

#[test]
fn the_table_has_every_action() {
    assert_eq!(actions().len(), 19 + 1);
}

#[test]
fn what_is_sound_is_carried_out() {
    let emulator = emulator();
    for action in actions() {
        action.refuses(&emulator, &action.sound, "");
    }
}

#[test]
fn what_is_required_has_to_be_there() {
    let emulator = emulator();
    for action in actions() {
        for name in action.required {
            action.refuses(&emulator, &action.without(name), "MissingParameter");
            action.refuses(&emulator, &action.with(name, Value::Null), "MissingParameter");
        }
    }
}

#[test]
fn what_is_not_required_need_not_be_there() {
    for action in actions() {
        // One that makes, deletes or finds what another has made or deleted would get in the way.
        let emulator = emulator();
        let only_required = action.required.iter().map(|name| ((*name).to_owned(), action.sound[name].clone()));
        let parameters = Value::Object(only_required.collect());
        let code = code(&emulator, action.name, &parameters);
        let is_looked_for = ["ModifyDevice", "DescribeDeviceInfo"].contains(&action.name);
        assert_eq!(code, if is_looked_for { "ResourceNotFound" } else { "" }, "{}", action.name);
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let emulator = emulator();
    for action in actions() {
        action.refuses(&emulator, &action.with("Extra", json!(1)), "UnknownParameter");
        action.refuses(&emulator, &action.with("projectId", json!("p")), "UnknownParameter");
    }
}

#[test]
fn what_is_of_another_type_is_refused() {
    let emulator = emulator();
    for action in actions() {
        for (name, value) in action.sound.as_object().unwrap() {
            let others = match value {
                Value::String(_) => [json!(1), json!(["a"]), json!({})],
                Value::Number(_) => [json!("1"), json!(1.5), json!([1])],
                _ => [json!("a"), json!([1]), json!({})],
            };
            for other in others {
                action.refuses(&emulator, &action.with(name, other), "InvalidParameter");
            }
        }
    }
}

#[test]
fn what_is_out_of_range_is_refused() {
    let emulator = emulator();
    for action in actions() {
        for (name, value) in &action.out_of_range {
            action.refuses(&emulator, &action.with(name, value.clone()), "InvalidParameterValue");
        }
    }
}

#[test]
fn a_page_that_is_larger_than_the_largest_is_cut_if_it_is_told_so() {
    let options = emulator::Options { max_page_size: 1, page_size_is_clamped: true, ..emulator::Options::default() };
    let emulator = Emulator::start(options).unwrap();
    let projects = crate::calls::done(&emulator, "DescribeProjectList", &json!({"PageSize": 101}));
    assert_eq!((&projects["Num"], &projects["Total"]), (&json!(1), &json!(2)));
}

#[test]
fn the_list_of_projects_has_a_page_where_none_is_asked_for() {
    let emulator = emulator();
    for _ in 0..9 {
        crate::calls::new_project(&emulator);
    }
    let projects = crate::calls::done(&emulator, "DescribeProjectList", &json!({}));
    assert_eq!((&projects["Num"], &projects["Total"]), (&json!(10), &json!(11)));
}
