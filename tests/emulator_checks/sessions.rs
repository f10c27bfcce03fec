//! What the actions tell of sessions.

use emulator::{Emulator, Options};
use serde_json::{Value, json};

use crate::calls::{PORT, done};
use crate::{emulator, now_s};

/// 2023-12-14T22:13:20Z: an hour that began 800 s before it.
const START_S: i64 = 1_702_592_000;
const HOUR_S: i64 = 3_600;

/// Three sessions in two hours of that day, and one in the month before.
fn emulator_with_old_sessions() -> Emulator {
    let session = |id: &str, field: &str, quality: &str, begins_s: i64, lasts_s: i64| {
        json!({
            "ProjectId": "p", "SessionId": id, "RemoteDeviceId": "cockpit", "FieldDeviceId": field, "Quality": quality,
            "StartTime": begins_s, "EndTime": begins_s + lasts_s,
        })
    };
    let account = json!({"Projects": [{"ProjectId": "p", "Devices": []}], "Sessions": [
        session("first", "v1", "good", START_S, 600),
        session("second", "v1", "bad", START_S + 700, 659),
        session("third", "v2", "normal", START_S + HOUR_S, 3_600),
        session("early", "v3", "good", START_S - 30 * 24 * HOUR_S, 60),
    ]});
    let options = Options { devices: Some(account.to_string()), requests_per_s: 0, ..Options::default() };
    Emulator::start(options).unwrap()
}

/// The ids of the sessions that are listed with these parameters.
fn listed(emulator: &Emulator, more: &Value) -> Vec<String> {
    let mut parameters = json!({"ProjectId": "p", "PageNumber": 1, "PageSize": 10});
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let page = done(emulator, "DescribeDeviceSessionList", &parameters);
    let rows = page["DeviceSessionList"].as_array().unwrap();
    assert_eq!(page["Num"], rows.len());
    rows.iter().map(|row| row["SessionId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_latest_session_is_listed_first() {
    let emulator = emulator_with_old_sessions();
    assert_eq!(listed(&emulator, &json!({})), ["third", "second", "first", "early"]);
    assert_eq!(listed(&emulator, &json!({"PageNumber": 2, "PageSize": 3})), ["early"]);
}

#[test]
fn sessions_are_asked_for_by_either_device() {
    let emulator = emulator_with_old_sessions();
    assert_eq!(listed(&emulator, &json!({"DeviceId": "v1"})), ["second", "first"]);
    assert_eq!(listed(&emulator, &json!({"DeviceId": "cockpit"})).len(), 4);
    assert_eq!(listed(&emulator, &json!({"DeviceId": "nosuch"})), Vec::<String>::new());
}

#[test]
fn sessions_are_asked_for_by_the_time_in_which_they_went_on() {
    let emulator = emulator_with_old_sessions();
    let window = |from_s: i64, until_s: i64| listed(&emulator, &json!({"StartTime": from_s, "EndTime": until_s}));
    assert_eq!(window(START_S, START_S + 699), ["first"]);
    assert_eq!(window(START_S + 600, START_S + 700), ["second", "first"]);
    assert_eq!(window(START_S + 601, START_S + 699), Vec::<String>::new());
    assert_eq!(window(0, START_S - 1), ["early"]);
}

#[test]
fn a_session_is_told_of_as_in_the_published_sample() {
    let emulator = emulator();
    let page = json!({"ProjectId": PORT, "PageNumber": 1, "PageSize": 100});
    let ended = done(&emulator, "DescribeDeviceSessionList", &page);
    let names = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&ended["DeviceSessionList"][0]),
        ["EndTime", "FieldDeviceId", "Quality", "RemoteDeviceId", "Resolution", "SessionId", "StartTime"]
    );
    let recent = done(&emulator, "DescribeRecentSessionList", &page);
    assert_eq!(
        names(&recent["RecentSessionList"][0]),
        ["FieldDeviceId", "LatestUpdateTime", "RemoteDeviceId", "Resolution", "SessionId", "StartTime"]
    );
}

#[test]
fn a_session_that_goes_on_is_recent_and_has_not_ended() {
    let emulator = emulator();
    let page = json!({"ProjectId": PORT, "PageNumber": 1, "PageSize": 100});
    let ended = done(&emulator, "DescribeDeviceSessionList", &page);
    let recent = done(&emulator, "DescribeRecentSessionList", &page);
    assert_eq!((&ended["Total"], &recent["Total"]), (&json!(6), &json!(3)));
    let going_on = &recent["RecentSessionList"][0];
    assert!(now_s() - going_on["LatestUpdateTime"].as_i64().unwrap() < 10);
    let ended = ended["DeviceSessionList"].as_array().unwrap();
    assert!(ended.iter().all(|session| session["SessionId"] != going_on["SessionId"]));
    // One that began three hours ago is recent because of when it ended.
    assert_eq!(recent["RecentSessionList"][2]["StartTime"], ended[1]["StartTime"]);
}

#[test]
fn what_is_recent_is_within_the_last_two_hours_whatever_is_asked_for() {
    let emulator = emulator();
    let total = |start_s: i64, end_s: i64| {
        let page = json!({"ProjectId": PORT, "PageNumber": 1, "PageSize": 100, "StartTime": start_s, "EndTime": end_s});
        done(&emulator, "DescribeRecentSessionList", &page)["Total"].clone()
    };
    assert_eq!(total(1, now_s() + 1_000_000), 3);
    assert_eq!(total(now_s() - HOUR_S / 2, now_s()), 1);
    assert_eq!(
        done(
            &emulator_with_old_sessions(),
            "DescribeRecentSessionList",
            &json!({"ProjectId": "p", "PageNumber": 1,
        "PageSize": 1})
        )["Total"],
        0
    );
}

#[test]
fn sessions_are_counted() {
    let emulator = emulator_with_old_sessions();
    let counted = |more: Value| {
        let mut parameters = json!({"ProjectId": "p"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        done(&emulator, "DescribeSessionStatistics", &parameters)
    };
    let statistics = |sessions: i64, minutes: i64, field: i64, remote: i64, percent: i64| {
        json!({
            "SessionNum": sessions, "TotalDuration": minutes, "ActiveFieldDeviceNum": field, "ActiveRemoteDeviceNum": remote,
            "NotBadSessionRatio": percent,
        })
    };
    assert_eq!(counted(json!({})), statistics(4, 81, 3, 1, 75));
    assert_eq!(counted(json!({"StartTime": START_S})), statistics(3, 80, 2, 1, 66));
    assert_eq!(counted(json!({"DeviceId": "v1"})), statistics(2, 20, 1, 1, 50));
    assert_eq!(counted(json!({"DeviceId": "nosuch"})), statistics(0, 0, 0, 0, 0));
}

#[test]
fn sessions_are_counted_in_the_interval_in_which_they_begin() {
    let emulator = emulator_with_old_sessions();
    let intervals = |interval: &str| -> Vec<(i64, i64, i64)> {
        let parameters = json!({"ProjectId": "p", "StatisticInterval": interval});
        let answer = done(&emulator, "DescribeSessionStatisticsByInterval", &parameters);
        let rows = answer["SessionStatistics"].as_array().unwrap().iter();
        let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
        rows.map(|row| (number(row, "StartTime"), number(row, "EndTime"), number(row, "SessionNum"))).collect()
    };
    let hour_s = START_S - 800;
    let early_s = hour_s - 30 * 24 * HOUR_S;
    let hours =
        [(early_s, early_s + HOUR_S, 1), (hour_s, hour_s + HOUR_S, 2), (hour_s + HOUR_S, hour_s + 2 * HOUR_S, 1)];
    assert_eq!(intervals("hour"), hours);
    let day_s = hour_s - 22 * HOUR_S;
    assert_eq!(intervals("day")[1], (day_s, day_s + 24 * HOUR_S, 3));
    // November and December of 2023.
    assert_eq!(intervals("month"), [(1_698_796_800, 1_701_388_800, 1), (1_701_388_800, 1_704_067_200, 3)]);
}
