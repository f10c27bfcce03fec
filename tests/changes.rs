//! Requests that change something: when they are sent again, over which connection they go, and when nobody can say what became of them.

#[path = "retries/relay.rs"]
mod relay;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use emulator::{Emulator, Fault, Options, SECRET_ID, SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN};
use relay::{Relay, Treatment};
use trro::api::{BatchDeleteDevices, DescribeProjectList, ModifyProject};
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;
use trro::error::{Error, Status};

const PROJECT: &str = "m82k5408n675phvb";
/// What the service documents.
const DOCUMENTED_CODES: &str = include_str!("service-codes.txt");

fn emulator(options: Options) -> Emulator {
    Emulator::start(Options { requests_per_s: 0, ..options }).unwrap()
}

fn config<'a>(endpoint: &'a str, ca_file: Option<&'a str>) -> Config<'a> {
    Config {
        credentials: Some(Credentials::new(SECRET_ID, SECRET_KEY, None).unwrap()),
        endpoint: Some(endpoint),
        ca_file,
        // More than the waits of four attempts, on a busy machine too.
        deadline_ms: Some(60_000),
        max_requests_per_s: Some(UNLIMITED),
        // Else a client that is refused at its first contact waits about a minute, for the sake of a thousand others.
        fleet_size: 1,
        ..Config::default()
    }
}

fn client(emulator: &Emulator) -> Client {
    let (url, ca_file) = (emulator.url(), ca_file(emulator));
    let ca_file = url.starts_with("https").then_some(ca_file.as_str());
    Client::new(config(&url, ca_file)).unwrap()
}

/// A file with the emulator's certificate: its path.
fn ca_file(emulator: &Emulator) -> String {
    let port = emulator.url().rsplit_once(':').unwrap().1.to_owned();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("changes-{port}.pem"));
    std::fs::write(&path, emulator.ca_pem()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// How many attempts it took.
fn change(client: &Client) -> Result<u32, Error> {
    change_within(client, None)
}

fn change_within(client: &Client, deadline_ms: Option<u32>) -> Result<u32, Error> {
    let request =
        ModifyProject { project_id: Some(PROJECT), project_name: Some("renamed"), ..ModifyProject::default() };
    let answer = client.call(&request, deadline_ms)?;
    client.decode::<ModifyProject<'_>>(&answer)?;
    Ok(answer.attempts)
}

fn read(client: &Client) {
    assert_eq!(client.call(&DescribeProjectList::default(), None).unwrap().attempts, 1);
}

/// How many requests the emulator has seen.
fn requests(emulator: &Emulator) -> usize {
    emulator.statistics().requests.len()
}

fn connections(emulator: &Emulator) -> usize {
    emulator.statistics().connections
}

#[test]
fn what_may_have_been_carried_out_is_not_sent_again() {
    let faults = [
        "hang-up",
        "reset",
        "carry-out-and-hang-up",
        "cut-off",
        "wrong-length",
        "not-json",
        "redirect",
        "status:429",
        "status:500",
        "status:503",
        "unavailable-for:1",
        "error:InternalError",
        "error:FailedOperation",
        "error:ServiceUnavailable",
        "error:ResourceInUse",
        "error:SomethingThatNobodyKnows",
        "answer:{}",
    ];
    for fault in faults {
        for tls in [false, true] {
            let emulator = emulator(Options { tls, ..Options::default() });
            let client = client(&emulator);
            // Over a kept connection, too.
            for calls in 1..=2 {
                emulator.misbehave_once(fault.parse().unwrap());
                let error = change(&client).expect_err(fault);
                assert!(error.outcome_unknown, "{fault}, tls: {tls}: {error}");
                assert_eq!((error.attempts, requests(&emulator)), (1, 2 * calls - 1), "{fault}, tls: {tls}: {error}");
                assert_eq!(change(&client), Ok(1), "{fault}, tls: {tls}");
            }
        }
    }
}

#[test]
fn a_deadline_that_passes_while_the_service_works_leaves_the_outcome_unknown() {
    for fault in ["stall-head", "stall-body", "carry-out-and-stall"] {
        let emulator = emulator(Options::default());
        let client = client(&emulator);
        emulator.misbehave_once(fault.parse().unwrap());
        let error = change_within(&client, Some(300)).expect_err(fault);
        assert_eq!((error.status, error.outcome_unknown), (Status::Timeout, true), "{fault}: {error}");
        assert_eq!(requests(&emulator), 1, "{fault}");
    }
}

#[test]
fn a_cancellation_while_the_service_works_leaves_the_outcome_unknown() {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    emulator.misbehave_once(Fault::CarryOutAndStall);
    let error = std::thread::scope(|scope| {
        let call = scope.spawn(|| change(&client).unwrap_err());
        while requests(&emulator) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        client.cancel();
        call.join().unwrap()
    });
    assert_eq!((error.status, error.outcome_unknown), (Status::Cancelled, true), "{error}");
}

#[test]
fn an_answer_that_cannot_be_read_was_carried_out() {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    emulator.misbehave_once(Fault::Answer(r#"{"Response":{"FailedDeviceIds":7,"RequestId":"r"}}"#.to_owned()));
    let request = BatchDeleteDevices { project_id: Some(PROJECT), device_ids: &["no_such_device"] };
    let answer = client.call(&request, None).unwrap();
    let error = client.decode::<BatchDeleteDevices<'_>>(&answer).unwrap_err();
    assert_eq!((error.status, error.outcome_unknown), (Status::BadResponse, true), "{error}");
}

/// Of the documented codes, those of a failure inside leave it open; by every other the service refuses.
#[test]
fn a_refusal_leaves_nothing_open() {
    for code in DOCUMENTED_CODES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let emulator = emulator(Options::default());
        let client = client(&emulator);
        // The service is throttled only once it is known.
        assert_eq!(change(&client), Ok(1));
        emulator.misbehave_once(Fault::Error(code.to_owned()));
        match change(&client) {
            Ok(attempts) => {
                assert_eq!(attempts, 2, "{code}");
                // The answer tells the time as well.
                let passes = code.starts_with("RequestLimitExceeded") || code == "AuthFailure.SignatureExpire";
                assert!(passes, "{code} was sent again");
            }
            Err(error) => {
                let is_failure = error.status == Status::ServiceFailed;
                assert_eq!((error.attempts, error.outcome_unknown), (1, is_failure), "{code}: {error}");
            }
        }
    }
}

#[test]
fn a_wrong_clock_is_healed_and_the_change_sent_once_more() {
    let emulator = emulator(Options { clock_offset_s: 7200, ..Options::default() });
    let client = client(&emulator);
    assert_eq!((change(&client), requests(&emulator)), (Ok(2), 2));
}

#[test]
fn a_token_that_is_refused_is_renewed_and_the_change_sent_once_more() {
    let emulator = emulator(Options::default());
    let url = emulator.url();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let ask = move || {
        let token =
            if counter.fetch_add(1, Ordering::Relaxed) == 0 { "anOlderTokenAnOlderTokenAnOlderToken" } else { TOKEN };
        Credentials::new(TEMPORARY_SECRET_ID, SECRET_KEY, Some(token))
    };
    let config = Config { credentials: None, credentials_fn: Some(Box::new(ask)), ..config(&url, None) };
    let client = Client::new(config).unwrap();
    assert_eq!((change(&client), requests(&emulator)), (Ok(2), 2));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn what_has_not_left_is_sent_again() {
    for treatment in [Treatment::Close, Treatment::Reset, Treatment::CloseInHandshake] {
        let emulator = emulator(Options { tls: true, ..Options::default() });
        let relay = Relay::bind(&emulator, vec![treatment.clone(), treatment]);
        relay.listen();
        let (url, ca_file) = (relay.url(), ca_file(&emulator));
        let client = Client::new(config(&url, Some(&ca_file))).unwrap();
        assert_eq!((change(&client), requests(&emulator)), (Ok(3), 1));
    }
}

#[test]
fn what_never_leaves_changes_nothing() {
    let emulator = emulator(Options::default());
    let relay = Relay::bind(&emulator, Vec::new());
    let url = relay.url();
    let client = Client::new(config(&url, None)).unwrap();
    let error = change(&client).unwrap_err();
    assert_eq!((error.status, error.attempts, error.outcome_unknown), (Status::ConnectFailed, 4, false), "{error}");
}

#[test]
fn a_deadline_that_passes_before_the_request_leaves_changes_nothing() {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let relay = Relay::bind(&emulator, vec![Treatment::Stall]);
    relay.listen();
    let (url, ca_file) = (relay.url(), ca_file(&emulator));
    let client = Client::new(config(&url, Some(&ca_file))).unwrap();
    let error = change_within(&client, Some(300)).unwrap_err();
    assert_eq!((error.status, error.outcome_unknown), (Status::Timeout, false), "{error}");
}

#[test]
fn a_cancellation_before_the_request_leaves_changes_nothing() {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let barrier = Arc::new(Barrier::new(2));
    let relay = Relay::bind(&emulator, vec![Treatment::Hold(Arc::clone(&barrier))]);
    relay.listen();
    let (url, ca_file) = (relay.url(), ca_file(&emulator));
    let client = Client::new(config(&url, Some(&ca_file))).unwrap();
    let error = std::thread::scope(|scope| {
        let call = scope.spawn(|| change(&client).unwrap_err());
        barrier.wait();
        client.cancel();
        let error = call.join().unwrap();
        barrier.wait();
        error
    });
    assert_eq!((error.status, error.outcome_unknown), (Status::Cancelled, false), "{error}");
    assert_eq!(requests(&emulator), 0);
}

#[test]
fn a_connection_that_was_used_just_now_carries_a_change() {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    read(&client);
    let start = Instant::now();
    assert_eq!(change(&client), Ok(1));
    // On a machine that took longer there may be another.
    assert!(connections(&emulator) == 1 || start.elapsed() > Duration::from_millis(900));
}

#[test]
fn a_connection_that_was_idle_for_over_a_second_carries_no_change() {
    for tls in [false, true] {
        let emulator = emulator(Options { tls, ..Options::default() });
        let client = client(&emulator);
        read(&client);
        // The wait is what is tested.
        std::thread::sleep(Duration::from_millis(1100));
        read(&client);
        assert_eq!(connections(&emulator), 1, "tls: {tls}");
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!(change(&client), Ok(1), "tls: {tls}");
        assert_eq!(connections(&emulator), 2, "tls: {tls}");
    }
}

/// The connection is made, and then the request waits for its turn: one of its own for each would not come.
#[test]
fn a_change_that_waits_for_its_turn_leaves_by_a_fresh_connection_and_takes_one_turn() {
    let emulator = emulator(Options::default());
    let url = emulator.url();
    let client = Client::new(Config { max_requests_per_s: Some(1), ..config(&url, None) }).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(change(&client), Ok(1)));
        }
    });
    assert_eq!(requests(&emulator), 3);
    let received_at = emulator.statistics().received_at;
    let apart: Vec<Duration> = received_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(apart.iter().all(|apart| *apart > Duration::from_millis(900)), "{apart:?}");
}
