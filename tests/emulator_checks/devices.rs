//! The devices that the emulator has: others at run time, a fleet that was generated, and which of them an id matches.

use emulator::{Emulator, Options, generated_devices};
use serde_json::Value;

use crate::{Request, emulator, exchange, host, request};

const ONE: &str = r#"{"Projects": [{"ProjectId": "p", "Devices": [{"DeviceId": "only"}]}]}"#;

fn rows(emulator: &Emulator, body: &'static str) -> (usize, i64) {
    let answer = Request { body, ..request() }.answer(emulator);
    let rows = answer["Response"]["Devices"].as_array().map(Vec::len).unwrap();
    (rows, answer["Response"]["TotalCount"].as_i64().unwrap())
}

fn ids(emulator: &Emulator, body: &'static str) -> Vec<String> {
    let answer = Request { body, ..request() }.answer(emulator);
    let rows = answer["Response"]["Devices"].as_array().unwrap().clone();
    rows.iter().map(|row| row["DeviceId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn it_can_be_given_other_devices_while_it_runs() {
    let emulator = emulator();
    emulator.set_devices(ONE).unwrap();
    assert_eq!(ids(&emulator, r#"{"PageNum":1,"PageSize":5}"#), ["only"]);
}

#[test]
fn what_is_no_fleet_is_refused_and_changes_nothing() {
    let emulator = emulator();
    emulator.set_devices(r#"{"Projects": 7}"#).unwrap_err();
    assert_eq!(rows(&emulator, r#"{"PageNum":1,"PageSize":5}"#), (5, 62));
}

#[test]
fn it_is_given_other_devices_over_its_own_port() {
    let emulator = emulator();
    let tell = |body: &str| -> Value {
        let request = format!("POST /_emulator/devices HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        exchange(&host(&emulator), &request)
    };
    assert!(tell("not JSON")["error"].is_string());
    assert!(tell(ONE)["error"].is_null());
    assert_eq!(rows(&emulator, r#"{"PageNum":1,"PageSize":5}"#), (1, 1));
}

#[test]
fn a_generated_fleet_has_so_many_devices_in_order() {
    let devices = Some(generated_devices("p", 250));
    let emulator = Emulator::start(Options { devices, requests_per_s: 0, ..Options::default() }).unwrap();
    assert_eq!(rows(&emulator, r#"{"PageNum":1,"PageSize":100,"ProjectId":"p"}"#), (100, 250));
    let last = ids(&emulator, r#"{"PageNum":3,"PageSize":100}"#);
    assert_eq!((last.len(), last[0].as_str(), last[49].as_str()), (50, "vehicle_00200", "vehicle_00249"));
}

#[test]
fn an_id_matches_exactly_unless_the_filter_is_fuzzy() {
    const BODY: &str = r#"{"PageNum":1,"PageSize":20,"DeviceId":"field_ok"}"#;
    assert_eq!(rows(&emulator(), BODY), (0, 0));
    let fuzzy = Emulator::start(Options { fuzzy_filter: true, ..Options::default() }).unwrap();
    assert_eq!(ids(&fuzzy, BODY), ["field_ok_1", "field_ok_4"]);
}
