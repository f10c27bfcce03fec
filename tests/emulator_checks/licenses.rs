//! What the actions tell of licenses, and that they agree with each other.

use std::collections::HashSet;

use emulator::{Emulator, Options};
use serde_json::{Value, json};

use crate::calls::{MINE, PORT, call, code, create, done, new_project};
use crate::{emulator, exchange, host, now_s};

const DAY_S: i64 = 86_400;

/// Every row of licenses, with these parameters.
fn licenses(emulator: &Emulator, more: &Value) -> Vec<Value> {
    let mut rows = Vec::new();
    for page_num in 1.. {
        let mut parameters = json!({"PageNum": page_num, "PageSize": 100});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let page = done(emulator, "GetLicenses", &parameters);
        let page_rows = page["Licenses"].as_array().unwrap();
        rows.extend(page_rows.iter().cloned());
        if page_rows.is_empty() {
            assert_eq!(page["TotalCount"], rows.len());
            break;
        }
    }
    rows
}

fn count(rows: &[Value]) -> i64 {
    rows.iter().map(|row| row["Count"].as_i64().unwrap()).sum()
}

fn has_expired(row: &Value) -> bool {
    row["ExpireTime"].as_str().unwrap().parse::<i64>().unwrap() <= now_s()
}

fn available(emulator: &Emulator, project: &str, device_id: &str) -> Value {
    done(emulator, "GetDeviceLicense", &json!({"ProjectId": project, "DeviceId": device_id}))["AvailableCount"].clone()
}

#[test]
fn licenses_of_one_kind_are_one_row() {
    let rows = licenses(&emulator(), &json!({}));
    let ids: Vec<&str> =
        rows.iter().flat_map(|row| row["LicenseIds"].as_array().unwrap()).map(|id| id.as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    let kinds: HashSet<String> =
        rows.iter().map(|row| format!("{} {} {}", row["Status"], row["ExpireTime"], row["Duration"])).collect();
    assert_eq!(kinds.len(), rows.len());
    for row in &rows {
        assert_eq!(row["Count"], row["LicenseIds"].as_array().unwrap().len());
        let expiry_s: i64 = row["ExpireTime"].as_str().unwrap().parse().unwrap();
        // The day may end between the answer and this line.
        let days = [now_s() - 5, now_s()].map(|now_s| ((expiry_s - now_s) / DAY_S).max(0));
        assert!(days.contains(&row["RemainDay"].as_i64().unwrap()), "{row}");
    }
}

#[test]
fn licenses_are_asked_for_by_status() {
    let emulator = emulator();
    let counts = [0, 1, 2, 3].map(|status| {
        let rows = licenses(&emulator, &json!({"Status": status}));
        assert!(rows.iter().all(|row| row["Status"] == status));
        count(&rows)
    });
    assert_eq!((counts[0], counts[2], counts[3]), (6, 1, 1));
    assert_eq!(counts.iter().sum::<i64>(), count(&licenses(&emulator, &json!({}))));
}

#[test]
fn licenses_are_asked_for_by_project_and_device() {
    let emulator = emulator();
    let of = |filter: Value| count(&licenses(&emulator, &filter));
    assert_eq!(of(json!({"ProjectId": MINE, "DeviceId": "field_ok_4"})), 4);
    // Two rows have this id in one project, and one has it in the other.
    assert_eq!(of(json!({"ProjectId": MINE, "DeviceId": "dev1"})), 3);
    assert_eq!(of(json!({"DeviceId": "dev1"})), 4);
    assert_eq!(of(json!({"ProjectId": MINE})) + of(json!({"ProjectId": PORT})), of(json!({"Status": 1})));
    assert_eq!(of(json!({"ProjectId": "nosuchproject000"})), 0);
}

#[test]
fn the_count_of_all_licenses_is_that_of_the_list() {
    let emulator = emulator();
    let stat = done(&emulator, "GetLicenseStat", &json!({}));
    let (free, bound) = (licenses(&emulator, &json!({"Status": 0})), licenses(&emulator, &json!({"Status": 1})));
    let expired: Vec<Value> = free.iter().chain(&bound).filter(|row| has_expired(row)).cloned().collect();
    assert_eq!(stat["UnBound"], count(&free));
    assert_eq!(stat["Expire"], count(&expired));
    assert_eq!(stat["Bound"], count(&bound) - count(&expired));
    assert_eq!(stat["Valid"].as_i64().unwrap(), count(&free) + count(&bound) - count(&expired));
    // Of field_month_used: that of field_expired is used up as well, but has expired.
    assert_eq!(stat["MonthlyExpire"], 1);
}

#[test]
fn a_license_is_available_unless_it_has_expired_or_its_month_is_used_up() {
    let emulator = emulator();
    for (device_id, expected) in [
        ("field_ok_1", 1),
        ("field_ok_4", 4),
        ("field_many", 16),
        ("field_today", 1),
        ("field_expired", 0),
        ("field_unbound", 0),
        ("field_month_used", 0),
        ("field_month_low", 1),
        ("field_no_month", 1),
        ("field_number", 1),
        ("field_bare", 0),
        ("field_null", 0),
    ] {
        assert_eq!(available(&emulator, MINE, device_id), expected, "{device_id}");
    }
}

#[test]
fn it_can_be_told_what_is_available() {
    let options = Options { available_licenses: Some(7), requests_per_s: 0, ..Options::default() };
    let emulator = Emulator::start(options).unwrap();
    assert_eq!(available(&emulator, MINE, "field_ok_1"), 7);
    emulator.set_available_licenses(Some(0));
    assert_eq!(available(&emulator, MINE, "field_ok_1"), 0);
    let tell = |body: &str| {
        let length = body.len();
        let request = format!("POST /_emulator/available-licenses HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}");
        exchange(&host(&emulator), &request)
    };
    assert_eq!(tell("3"), json!({}));
    assert_eq!(available(&emulator, MINE, "field_ok_1"), 3);
    assert!(tell("many")["error"].is_string());
    assert_eq!(tell(""), json!({}));
    assert_eq!(available(&emulator, MINE, "field_ok_1"), 1);
}

/// A project with one device, "v7".
fn project_with_a_device(emulator: &Emulator) -> String {
    let project = new_project(emulator);
    create(emulator, &project, "v7", "field");
    project
}

fn row(emulator: &Emulator, project: &str) -> Value {
    let page = done(emulator, "GetDevices", &json!({"PageNum": 1, "PageSize": 1, "ProjectId": project}));
    page["Devices"][0].clone()
}

#[test]
fn the_licenses_that_expire_first_are_bound() {
    let emulator = emulator();
    let project = project_with_a_device(&emulator);
    let free = licenses(&emulator, &json!({"Status": 0}));
    let bind = |count: i64| json!({"Count": count, "ProjectId": project, "DeviceId": "v7"});
    assert_eq!(done(&emulator, "BoundLicenses", &bind(2)), json!({}));
    let row = row(&emulator, &project);
    assert_eq!((&row["LicenseCount"], &row["RemainDay"]), (&json!(2), &json!(9)));
    assert_eq!(row["LicenseIds"][0], free[0]["LicenseIds"][0]);
    assert_eq!(row["LicenseIds"][1], free[1]["LicenseIds"][0]);
    assert_eq!((&row["ExpireTime"], &row["Duration"]), (&free[0]["ExpireTime"], &free[0]["Duration"]));
    assert_eq!((&row["MonthlyRemainTime"], &row["LimitedTime"]), (&json!(120_000), &json!(60_000)));
    assert_eq!(available(&emulator, &project, "v7"), 2);
    assert_eq!(count(&licenses(&emulator, &json!({"ProjectId": project}))), 2);
    assert_eq!(count(&licenses(&emulator, &json!({"Status": 0}))), 4);
    // What is not there is not bound in part.
    let refused = call(&emulator, "BoundLicenses", &bind(5));
    assert_eq!(refused["Error"]["Code"], "OperationDenied.LicensesNotEnoughError");
    assert_eq!(available(&emulator, &project, "v7"), 2);
    assert_eq!(code(&emulator, "BoundLicenses", &bind(4)), "");
    assert_eq!(available(&emulator, &project, "v7"), 6);
}

#[test]
fn the_licenses_of_a_device_that_was_deleted_are_free() {
    let emulator = emulator();
    let project = project_with_a_device(&emulator);
    let before = owners(&licenses(&emulator, &json!({})));
    let bind = json!({"Count": 3, "ProjectId": project, "DeviceId": "v7"});
    assert_eq!(code(&emulator, "BoundLicenses", &bind), "");
    assert_ne!(owners(&licenses(&emulator, &json!({}))), before);
    let deletion = json!({"ProjectId": project, "DeviceIds": ["v7"]});
    assert_eq!(code(&emulator, "BatchDeleteDevices", &deletion), "");
    assert_eq!(owners(&licenses(&emulator, &json!({}))), before);
}

/// Which licenses are in which state, without their days, of which one may have passed.
fn owners(rows: &[Value]) -> Vec<(Value, Value)> {
    rows.iter().map(|row| (row["LicenseIds"].clone(), row["Status"].clone())).collect()
}
