//! How one device is looked for when the service answers with more rows than its own: page by page, and again where the list
//! changes on the way.

use std::time::{Duration, Instant};

use emulator::{Emulator, Fault, Options, SECRET_ID, SECRET_KEY};
use serde_json::{Value, json};
use trro::authorization::Reason;
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;
use trro::limiter::Asking;
use trro::listing::check;

const PAGE_SIZE: usize = 20;

/// A device with so many licenses.
fn row(device_id: &str, license_count: i64) -> Value {
    json!({"DeviceId": device_id, "DeviceName": "", "LicenseCount": license_count, "RemainDay": 9})
}

/// Others with an id that has the wanted one in it.
fn others(numbers: std::ops::Range<usize>) -> Vec<Value> {
    numbers.map(|number| row(&format!("v7_{number}"), 0)).collect()
}

/// What a page has of a list of so many rows.
fn page(total: usize, rows: &[Value]) -> Fault {
    Fault::Answer(json!({"Response": {"Devices": rows, "TotalCount": total, "RequestId": "r"}}).to_string())
}

/// The two pages of a search on whose way the first row goes: the wanted one moves from the second page to the first, where
/// nobody looks any more.
fn pages_of_a_list_that_shifts() -> [Fault; 2] {
    [page(PAGE_SIZE + 2, &others(0..PAGE_SIZE)), page(PAGE_SIZE + 1, &others(PAGE_SIZE..PAGE_SIZE + 1))]
}

fn emulator_with(options: Options, faults: impl IntoIterator<Item = Fault>) -> Emulator {
    let emulator = Emulator::start(Options { requests_per_s: 0, fuzzy_filter: true, ..options }).unwrap();
    for fault in faults {
        emulator.misbehave_once(fault);
    }
    emulator
}

/// What a search for the device "v7" with a stream comes to, and with how many requests.
fn search(emulator: &Emulator) -> (Reason, u32) {
    let url = emulator.url();
    let credentials = Some(Credentials::new(SECRET_ID, SECRET_KEY, None).unwrap());
    let (endpoint, max_requests_per_s) = (Some(url.as_str()), Some(UNLIMITED));
    let config = Config { credentials, endpoint, max_attempts: Some(1), max_requests_per_s, ..Config::default() };
    let deadline = Instant::now() + Duration::from_secs(60);
    let client = Client::new(config).unwrap();
    let (finding, attempts) = check(&client, "p", "v7", 1, deadline, Asking::Foreground).unwrap();
    assert_eq!(emulator.statistics().requests.len(), attempts as usize);
    (finding.reason, attempts)
}

#[test]
fn a_device_that_moves_to_a_page_that_was_read_is_looked_for_again() {
    let mut found = others(1..PAGE_SIZE);
    found.push(row("v7", 1));
    let again = page(PAGE_SIZE + 1, &found);
    let after_it = page(PAGE_SIZE + 1, &others(PAGE_SIZE..PAGE_SIZE + 1));
    let emulator =
        emulator_with(Options::default(), pages_of_a_list_that_shifts().into_iter().chain([again, after_it]));
    assert_eq!(search(&emulator), (Reason::Authorized, 4));
}

#[test]
fn a_device_that_is_not_seen_in_a_list_that_changes_each_time_is_not_said_to_be_missing() {
    let emulator = emulator_with(Options::default(), (0..3).flat_map(|_| pages_of_a_list_that_shifts()));
    assert_eq!(search(&emulator), (Reason::ListChanged, 6));
}

#[test]
fn a_device_that_is_in_no_page_of_a_list_that_stays_is_not_found() {
    let pages = [page(PAGE_SIZE + 1, &others(0..PAGE_SIZE)), page(PAGE_SIZE + 1, &others(PAGE_SIZE..PAGE_SIZE + 1))];
    assert_eq!(search(&emulator_with(Options::default(), pages)), (Reason::NotFound, 2));
}

#[test]
fn a_device_that_is_found_in_a_list_that_changes_is_found() {
    let second = [row("v7", 1), row("v7_99", 0)];
    let pages = [page(PAGE_SIZE + 1, &others(0..PAGE_SIZE)), page(PAGE_SIZE + 2, &second)];
    assert_eq!(search(&emulator_with(Options::default(), pages)), (Reason::Authorized, 2));
}

/// The rows of an id are on two pages that are smaller than was asked for.
fn search_over_small_pages(second_count: i64) -> (Reason, u32) {
    let mut rows = others(0..6);
    rows.extend([row("v7", 1), row("v7", second_count)]);
    let devices = Some(json!({"Projects": [{"ProjectId": "p", "Devices": rows}]}).to_string());
    let options = Options { devices, max_page_size: 7, page_size_is_clamped: true, ..Options::default() };
    search(&emulator_with(options, []))
}

#[test]
fn rows_that_differ_on_two_pages_of_a_service_that_gives_less_than_a_page_are_seen_to_differ() {
    assert_eq!(search_over_small_pages(0), (Reason::RowsDiffer, 2));
}

#[test]
fn rows_that_say_the_same_on_two_such_pages_are_one() {
    assert_eq!(search_over_small_pages(1), (Reason::Authorized, 2));
}
