//! How all devices are listed: page by page, each row once, whatever happens to the list on the way.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use emulator::{Emulator, Options, Request, SECRET_ID, SECRET_KEY, generated_devices};
use serde_json::{Value, json};
use trro::api::Device;
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;
use trro::error::{Error, Status};
use trro::limiter::Asking;
use trro::listing::{Flow, Query, Walked, for_each};

/// Room for the noise of a busy machine around a deadline.
const NOISE: Duration = Duration::from_millis(1500);
const LONG: Duration = Duration::from_secs(60);

fn emulator(options: Options) -> Emulator {
    Emulator::start(Options { requests_per_s: 0, ..options }).unwrap()
}

/// One with so many devices.
fn emulator_with(devices: usize) -> Emulator {
    emulator(Options { devices: Some(generated_devices("p", devices)), ..Options::default() })
}

fn client_at(emulator: &Emulator, max_requests_per_s: Option<u32>) -> Client {
    let url = emulator.url();
    let credentials = Some(Credentials::new(SECRET_ID, SECRET_KEY, None).unwrap());
    let endpoint = Some(url.as_str());
    Client::new(Config { credentials, endpoint, max_attempts: Some(1), max_requests_per_s, ..Config::default() })
        .unwrap()
}

/// What a walk came to: the ids in the order in which they were given.
struct Walk {
    ids: Vec<String>,
    end: Result<Walked, Error>,
}

impl Walk {
    fn is_each_once(&self, expected: &[String]) -> bool {
        let different: BTreeSet<&String> = self.ids.iter().collect();
        different.len() == self.ids.len() && different == expected.iter().collect()
    }

    fn walked(&self) -> Walked {
        *self.end.as_ref().unwrap()
    }
}

fn walk_within(client: &Client, page_size: i64, time: Duration, visit: &mut dyn FnMut(&Device<'_>) -> Flow) -> Walk {
    let deadline = Instant::now() + time;
    let query = Query { project_id: None, device_id: None, page_size, deadline, asking: Asking::Foreground };
    let mut ids = Vec::new();
    let end = for_each(client, &query, &mut |device| {
        ids.push(device.device_id.to_string());
        visit(device)
    });
    Walk { ids, end }
}

/// Lists all, and has `visit` look at each.
fn walk_with(emulator: &Emulator, page_size: i64, visit: &mut dyn FnMut(&Device<'_>) -> Flow) -> Walk {
    walk_within(&client_at(emulator, Some(UNLIMITED)), page_size, LONG, visit)
}

fn walk(emulator: &Emulator, page_size: i64) -> Walk {
    walk_with(emulator, page_size, &mut |_| Flow::GoOn)
}

/// The ids of the generated devices with these numbers.
fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("vehicle_{number:05}")).collect()
}

/// A fleet of the generated devices with these numbers, in this order.
fn fleet(numbers: impl IntoIterator<Item = usize>) -> String {
    let devices: Vec<Value> =
        ids(numbers).into_iter().map(|id| json!({"DeviceId": id, "DeviceName": "", "LicenseCount": 1})).collect();
    json!({"Projects": [{"ProjectId": "p", "Devices": devices}]}).to_string()
}

fn number_of(request: &Request, field: &str) -> i64 {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body[field].as_i64().unwrap()
}

/// A field of every request, in order.
fn sent(emulator: &Emulator, field: &str) -> Vec<i64> {
    emulator.statistics().requests.iter().map(|request| number_of(request, field)).collect()
}

/// How often a walk began.
fn beginnings(emulator: &Emulator) -> usize {
    sent(emulator, "PageNum").iter().filter(|number| **number == 1).count()
}

#[test]
fn every_device_of_many_pages_is_given_once_in_the_services_order() {
    let emulator = emulator_with(250);
    let walk = walk(&emulator, 20);
    assert_eq!(walk.ids, ids(0..250));
    assert_eq!(walk.walked(), Walked { changed: false, attempts: 13 });
    assert_eq!(sent(&emulator, "PageNum"), (1..=13).collect::<Vec<_>>());
}

#[test]
fn a_page_size_that_is_refused_is_halved() {
    let emulator = emulator(Options { max_page_size: 12, ..Options::default() });
    let walk = walk(&emulator, 100);
    assert_eq!(walk.ids.len(), 62);
    assert_eq!(sent(&emulator, "PageSize"), [100, 50, 25, 12, 12, 12, 12, 12, 12]);
    assert_eq!(walk.walked().attempts, 9);
}

#[test]
fn it_is_halved_down_to_ten_and_no_further() {
    for page_size in [100, 15] {
        let emulator = emulator(Options { max_page_size: 9, ..Options::default() });
        let error = walk(&emulator, page_size).end.unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::RequestRejected, "InvalidParameterValue"));
        let sizes = sent(&emulator, "PageSize");
        assert_eq!(sizes, if page_size == 100 { vec![100, 50, 25, 12, 10] } else { vec![15, 10] });
        assert_eq!(error.attempts as usize, sizes.len());
    }
}

#[test]
fn a_page_size_below_ten_is_taken_as_it_is() {
    let emulator = emulator_with(20);
    assert_eq!(walk(&emulator, 7).ids, ids(0..20));
    assert_eq!(sent(&emulator, "PageSize"), [7, 7, 7]);
}

#[test]
fn a_value_that_is_refused_after_the_first_page_is_an_error() {
    let emulator = emulator_with(250);
    emulator.misbehave_once("late:0".parse().unwrap());
    emulator.misbehave_once("error:InvalidParameterValue".parse().unwrap());
    let walk = walk(&emulator, 100);
    assert_eq!((walk.ids.len(), walk.end.unwrap_err().attempts), (100, 2));
}

#[test]
fn a_service_that_gives_less_than_a_page_is_read_to_the_end() {
    let devices = Some(generated_devices("p", 100));
    let emulator = emulator(Options { devices, max_page_size: 7, page_size_is_clamped: true, ..Options::default() });
    let walk = walk(&emulator, 100);
    assert_eq!(walk.ids, ids(0..100));
    assert_eq!(walk.walked(), Walked { changed: false, attempts: 15 });
}

/// Lists 30 devices in pages of 10; the list becomes another when so many have been given. What is given must be those that
/// were in the list all the time and those that came, each once, however the walk has to be repeated.
fn walk_while_it_becomes(numbers: Vec<usize>, after: usize) -> (Emulator, Walk) {
    let emulator = emulator(Options { devices: Some(fleet(0..30)), ..Options::default() });
    let mut given = 0;
    let walk = walk_with(&emulator, 10, &mut |_| {
        given += 1;
        if given == after {
            emulator.set_devices(&fleet(numbers.iter().copied())).unwrap();
        }
        Flow::GoOn
    });
    (emulator, walk)
}

#[test]
fn a_device_that_is_inserted_on_the_way_is_given_too() {
    let mut numbers: Vec<usize> = (0..30).collect();
    numbers.insert(0, 77);
    let (emulator, walk) = walk_while_it_becomes(numbers, 15);
    assert!(walk.is_each_once(&ids((0..30).chain([77]))), "{:?}", walk.ids);
    assert!(!walk.walked().changed);
    assert_eq!(beginnings(&emulator), 2);
}

#[test]
fn a_device_that_is_removed_on_the_way_hides_no_other() {
    let (emulator, walk) = walk_while_it_becomes((0..30).filter(|number| *number != 3).collect(), 15);
    assert!(walk.is_each_once(&ids(0..30)), "{:?}", walk.ids);
    assert!(!walk.walked().changed);
    assert_eq!(beginnings(&emulator), 2);
}

#[test]
fn devices_that_change_places_on_the_way_are_each_given_once() {
    let (emulator, walk) = walk_while_it_becomes((0..30).rev().collect(), 15);
    assert!(walk.is_each_once(&ids(0..30)), "{:?}", walk.ids);
    assert!(!walk.walked().changed);
    assert_eq!(beginnings(&emulator), 2);
}

#[test]
fn one_device_for_another_with_the_same_total_is_seen_by_what_moves() {
    let mut numbers: Vec<usize> = (0..29).collect();
    numbers.insert(0, 77);
    let (emulator, walk) = walk_while_it_becomes(numbers, 15);
    assert!(walk.is_each_once(&ids((0..29).chain([77]))), "{:?}", walk.ids);
    assert_eq!(beginnings(&emulator), 2);
}

#[test]
fn a_list_that_changes_again_and_again_is_walked_three_times_and_said_to_have_changed() {
    let emulator = emulator(Options { devices: Some(fleet(0..30)), ..Options::default() });
    let mut devices = 30;
    let walk = walk_with(&emulator, 10, &mut |_| {
        devices += 1;
        emulator.set_devices(&fleet((0..devices).rev())).unwrap();
        Flow::GoOn
    });
    assert_eq!(beginnings(&emulator), 3);
    assert!(walk.walked().changed);
    assert!(ids(0..30).iter().all(|id| walk.ids.iter().filter(|given| *given == id).count() <= 1));
}

#[test]
fn a_change_after_the_last_page_is_none() {
    let (emulator, walk) = walk_while_it_becomes((0..99).collect(), 30);
    assert_eq!((walk.ids, beginnings(&emulator)), (ids(0..30), 1));
}

#[test]
fn a_row_is_given_once_however_often_it_is_listed() {
    let numbers = (0..20).chain([0, 5, 5]).chain(20..30);
    let emulator = emulator(Options { devices: Some(fleet(numbers)), ..Options::default() });
    let walk = walk(&emulator, 50);
    assert_eq!(walk.ids, ids(0..30));
    assert!(!walk.walked().changed);
}

#[test]
fn rows_of_one_id_that_differ_are_each_given() {
    let row = |license: &str| json!({"DeviceId": "d", "DeviceName": "n", "LicenseCount": 1, "LicenseIds": [license]});
    let devices = json!({"Projects": [{"ProjectId": "p", "Devices": [row("a"), row("b"), row("a")]}]});
    let emulator = emulator(Options { devices: Some(devices.to_string()), ..Options::default() });
    assert_eq!(walk(&emulator, 50).ids, ["d", "d"]);
}

#[test]
fn a_visitor_that_has_seen_enough_stops_it() {
    let emulator = emulator_with(250);
    let mut left = 23;
    let walk = walk_with(&emulator, 20, &mut |_| {
        left -= 1;
        if left == 0 { Flow::Stop } else { Flow::GoOn }
    });
    assert_eq!((walk.ids.as_slice(), walk.walked().attempts), (ids(0..23).as_slice(), 2));
    assert_eq!(emulator.statistics().requests.len(), 2);
}

#[test]
fn an_error_on_the_way_has_the_attempts_of_all_pages() {
    let emulator = emulator(Options { max_page_size: 50, ..Options::default() });
    for fault in ["late:0", "late:0", "error:InternalError"] {
        emulator.misbehave_once(fault.parse().unwrap());
    }
    let walk = walk(&emulator, 100);
    let error = walk.end.unwrap_err();
    assert_eq!((walk.ids.len(), error.status, error.attempts), (50, Status::ServiceFailed, 3));
}

#[test]
fn an_answer_on_the_way_that_is_none_has_the_attempts_of_all_pages() {
    let emulator = emulator_with(250);
    for fault in ["late:0", "wrong-type"] {
        emulator.misbehave_once(fault.parse().unwrap());
    }
    let walk = walk(&emulator, 100);
    let error = walk.end.unwrap_err();
    assert_eq!((walk.ids.len(), error.status, error.attempts), (100, Status::BadResponse, 2));
}

#[test]
fn the_deadline_is_one_for_all_pages() {
    const DEADLINE: Duration = Duration::from_secs(1);
    let emulator = emulator_with(2000);
    emulator.misbehave_always(Some("late:100".parse().unwrap()));
    let start = Instant::now();
    let walk = walk_within(&client_at(&emulator, Some(UNLIMITED)), 20, DEADLINE, &mut |_| Flow::GoOn);
    let took = start.elapsed();
    assert_eq!(walk.end.unwrap_err().status, Status::Timeout);
    assert!((DEADLINE..DEADLINE + NOISE).contains(&took), "{took:?}");
    assert!((20..=180).contains(&walk.ids.len()), "{}", walk.ids.len());
}

#[test]
fn pages_keep_to_the_clients_rate() {
    let emulator = emulator_with(120);
    let start = Instant::now();
    let walk = walk_within(&client_at(&emulator, None), 10, LONG, &mut |_| Flow::GoOn);
    assert_eq!((walk.ids.len(), walk.walked().attempts), (120, 12));
    // Five in any second: the eleventh and the twelfth page come in the third.
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
}
