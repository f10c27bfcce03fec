//! trro-status projects and sessions: what they print, page by page.

use std::collections::BTreeSet;

use emulator::{Emulator, Options};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::{PROJECT, Test, Tool, actions, columns, next_year, now_s, service, service_of};

const OTHER_PROJECT: &str = "q7d2x9w4k1z8r5tn";

pub const TESTS: [(&str, Test); 10] = [
    ("projects_are_in_columns_also_with_chinese_names", projects_are_in_columns),
    ("projects_as_json_are_what_the_service_sent", projects_as_json_are_what_the_service_sent),
    ("one_project_is_shown_as_in_the_list", one_project_is_shown_as_in_the_list),
    ("projects_are_read_page_by_page", projects_are_read_page_by_page),
    ("sessions_have_a_line_each", sessions_have_a_line_each),
    ("sessions_of_a_device_are_those_with_its_exact_id", sessions_of_a_device),
    ("recent_sessions_are_also_those_that_go_on", recent_sessions_are_also_those_that_go_on),
    ("sessions_are_read_page_by_page", sessions_are_read_page_by_page),
    ("an_unknown_project_is_3", an_unknown_project_is_3),
    ("a_list_that_changes_says_so", a_list_that_changes_says_so),
];

fn read(tool: &Tool, service: &Emulator, arguments: &[&str]) -> Result<Value, Failed> {
    Ok(serde_json::from_str(&tool.printed(service, &[arguments, &["--json"]].concat(), 0)?)?)
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// One field of every row of a list.
fn each<'a>(read: &'a Value, list: &str, field: &str) -> Vec<&'a str> {
    read[list].as_array().into_iter().flatten().filter_map(|row| row[field].as_str()).collect()
}

fn with_projects(projects: &[Value]) -> Result<Emulator, Failed> {
    service_of(&json!({ "Projects": projects }), Options::default())
}

fn projects_are_in_columns(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let printed = tool.printed(&service, &["projects"], 0)?;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(words(lines[0]), ["PROJECT", "NAME", "POLICY", "MODIFIED"]);
    assert!(lines[1].starts_with(&format!("{PROJECT}  矿区 open pit  black   20")), "{printed}");
    assert!(lines[2].starts_with(&format!("{OTHER_PROJECT}  港口 port      white   20")), "{printed}");
    assert_eq!(lines[3], "2 projects");
    // The moment is as the service says it.
    let widths: BTreeSet<usize> = lines[1..3].iter().map(|line| columns(line)).collect();
    assert_eq!(widths.len(), 1, "{printed}");
    Ok(())
}

fn projects_as_json_are_what_the_service_sent(tool: &Tool) -> Result<(), Failed> {
    const NAME: &str = "quote \" backslash \\ tab\t escape \u{1b}[31m 港口";
    let service = with_projects(&[
        json!({ "ProjectId": "p", "ProjectName": NAME, "ProjectDescription": "d", "ModifyTime": 0, "Devices": [] }),
        json!({ "ProjectId": "q", "PolicyMode": "white", "ModifyTime": 0, "Devices": [] }),
    ])?;
    let expected = json!({ "projects": [
        { "project_id": "p", "project_name": NAME, "project_description": "d", "policy_mode": "black",
          "modify_time": "1970-01-01T08:00:00+08:00" },
        { "project_id": "q", "project_name": "", "project_description": "", "policy_mode": "white",
          "modify_time": "1970-01-01T08:00:00+08:00" },
    ], "changed": false });
    assert_eq!(read(tool, &service, &["projects"])?, expected);
    let printed = tool.printed(&service, &["projects"], 0)?;
    assert!(printed.contains("tab? escape ?[31m 港口"), "{printed}");
    assert_eq!(words(printed.lines().nth(2).unwrap_or_default())[..3], ["q", "-", "white"]);
    Ok(())
}

fn one_project_is_shown_as_in_the_list(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let config = tool.config("projects.json", "field_ok_4", 1)?;
    let all = read(tool, &service, &["projects"])?;
    let one = json!({ "projects": [all["projects"][0]], "changed": false });
    assert_eq!(read(tool, &service, &["projects", "--project", PROJECT])?, one);
    assert_eq!(read(tool, &service, &["projects", "--config", &config])?, one);
    let printed = tool.printed(&service, &["projects", "--project", OTHER_PROJECT], 0)?;
    if printed.contains("\nq7d2x9w4k1z8r5tn  ") { Ok(()) } else { Err(printed.into()) }
}

fn projects_are_read_page_by_page(tool: &Tool) -> Result<(), Failed> {
    let projects: Vec<Value> =
        (0..200).map(|number| json!({ "ProjectId": format!("p{number:03}"), "Devices": [] })).collect();
    let service = with_projects(&projects)?;
    let all = read(tool, &service, &["projects"])?;
    assert!((0..200).map(|number| format!("p{number:03}")).eq(each(&all, "projects", "project_id")));
    // What the total counts is documented, so that nothing after the last page is asked for.
    assert_eq!(actions(&service), ["DescribeProjectList"; 2]);
    Ok(())
}

fn session(id: &str, field_device_id: &str, start_time_s: u64, end_time_s: u64) -> Value {
    json!({
        "ProjectId": "p", "SessionId": id, "RemoteDeviceId": "cockpit", "FieldDeviceId": field_device_id,
        "Resolution": "1920*1080", "Quality": "bad", "StartTime": start_time_s, "EndTime": end_time_s
    })
}

fn with_sessions(sessions: &[Value]) -> Result<Emulator, Failed> {
    let projects = [json!({ "ProjectId": "p", "Devices": [] })];
    service_of(&json!({ "Projects": projects, "Sessions": sessions }), Options::default())
}

fn sessions_have_a_line_each(tool: &Tool) -> Result<(), Failed> {
    // 2023-12-14T22:13:20Z.
    let service = with_sessions(&[session("s", "truck", 1_702_592_000, 1_702_592_061)])?;
    let arguments = ["sessions", "--project", "p"];
    let expected = "SESSION  REMOTE   FIELD  RESOLUTION  START (UTC)          END (UTC)            QUALITY\n\
         s        cockpit  truck  1920*1080   2023-12-14 22:13:20  2023-12-14 22:14:21  bad\n\
         1 sessions\n";
    assert_eq!(tool.printed(&service, &arguments, 0)?, expected);
    let expected = json!({ "sessions": [{
        "session_id": "s", "remote_device_id": "cockpit", "field_device_id": "truck", "resolution": "1920*1080",
        "start_time_s": 1_702_592_000, "end_time_s": 1_702_592_061, "quality": "bad"
    }], "changed": false });
    assert_eq!(read(tool, &service, &arguments)?, expected);
    service.misbehave_once(r#"answer:{"Response":{"DeviceSessionList":[{}],"Total":1,"RequestId":"r"}}"#.parse()?);
    let printed = tool.printed(&service, &arguments, 0)?;
    assert_eq!(words(printed.lines().nth(1).unwrap_or_default()), ["-"; 7], "{printed}");
    Ok(())
}

fn sessions_of_a_device(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let config = tool.config("sessions.json", "mine_01", 1)?;
    let ids = |arguments: &[&str]| -> Result<Vec<String>, Failed> {
        let read = read(tool, &service, &[&["sessions"], arguments].concat())?;
        Ok(each(&read, "sessions", "field_device_id").into_iter().map(str::to_owned).collect())
    };
    let of = |device: &str| ids(&["--project", OTHER_PROJECT, "--device", device]);
    assert_eq!(of("port_02")?, ["port_02"; 2]);
    // Remote devices have sessions, too.
    assert_eq!(of("cockpit_a")?.len(), 6);
    assert!(of("port_")?.is_empty());
    assert_eq!(ids(&["--config", &config])?, ["mine_01"; 2]);
    // The service may take an id for a part of others.
    let rows = r#"answer:{"Response":{"DeviceSessionList":[{"FieldDeviceId":"a"},{"FieldDeviceId":"ab"}],"Total":2,"RequestId":"r"}}"#;
    service.misbehave_once(rows.parse()?);
    assert_eq!(of("a")?, ["a"]);
    Ok(())
}

fn recent_sessions_are_also_those_that_go_on(tool: &Tool) -> Result<(), Failed> {
    let begin_s = now_s() - 600;
    let sessions = [
        session("going-on", "truck", begin_s, next_year()),
        session("lately", "truck", begin_s - 60, begin_s),
        session("old", "truck", begin_s - 30_000, begin_s - 20_000),
    ];
    let service = with_sessions(&sessions)?;
    let arguments = ["sessions", "--project", "p", "--recent"];
    let recent = read(tool, &service, &arguments)?;
    assert_eq!(each(&recent, "sessions", "session_id"), ["going-on", "lately"]);
    let expected = json!({
        "session_id": "lately", "remote_device_id": "cockpit", "field_device_id": "truck", "resolution": "1920*1080",
        "start_time_s": begin_s - 60, "latest_update_time_s": begin_s
    });
    assert_eq!(recent["sessions"][1], expected);
    let printed = tool.printed(&service, &arguments, 0)?;
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].ends_with("START (UTC)          LAST UPDATE (UTC)"), "{printed}");
    assert!(lines[1].starts_with("going-on  cockpit  truck  1920*1080   20"), "{printed}");
    assert_eq!(lines[3], "2 recent sessions");
    // One that goes on has no end yet.
    let ended = read(tool, &service, &["sessions", "--project", "p"])?;
    assert_eq!(each(&ended, "sessions", "session_id"), ["lately", "old"]);
    Ok(())
}

fn sessions_are_read_page_by_page(tool: &Tool) -> Result<(), Failed> {
    let end_s = now_s();
    let sessions: Vec<Value> = (0..250)
        .map(|number| session(&format!("s{number:03}"), "truck", end_s - 10 - number, end_s - number))
        .collect();
    let service = with_sessions(&sessions)?;
    for extra in [&[][..], &["--recent"]] {
        let all = read(tool, &service, &[&["sessions", "--project", "p"], extra].concat())?;
        assert!((0..250).map(|number| format!("s{number:03}")).eq(each(&all, "sessions", "session_id")), "{extra:?}");
    }
    let expected = [["DescribeDeviceSessionList"; 3], ["DescribeRecentSessionList"; 3]].concat();
    assert_eq!(actions(&service), expected);
    Ok(())
}

fn an_unknown_project_is_3(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    for arguments in [&["projects"][..], &["sessions"], &["sessions", "--recent"], &["sessions", "--json"]] {
        let output = tool.run(&service, &[arguments, &["--project", "no_such_project"]].concat())?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(output.stdout.is_empty() && said.contains("ResourceNotFound"), "{arguments:?}: {said}");
    }
    Ok(())
}

/// The first page says that there are more rows than the second then has.
fn a_list_that_changes_says_so(tool: &Tool) -> Result<(), Failed> {
    let service = with_projects(&[])?;
    let first = r#"answer:{"Response":{"Projects":[{"ProjectId":"gone"}],"Total":2,"RequestId":"r"}}"#;
    service.misbehave_once(first.parse()?);
    let output = tool.run(&service, &["projects", "--json"])?;
    assert_eq!(output.status.code(), Some(0));
    let read: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((each(&read, "projects", "project_id"), &read["changed"]), (vec!["gone"], &json!(true)));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("trro-status: the list has changed meanwhile"), "{said}");
    Ok(())
}
