//! What several attempts of one call come to: what is sent again and what is not, after how long, and how many requests
//! the service sees of it.

#[path = "retries/gate.rs"]
mod gate;
#[path = "retries/idle.rs"]
mod idle;
#[path = "retries/pace.rs"]
mod pace;
#[path = "retries/relay.rs"]
mod relay;
#[path = "retries/waiting.rs"]
mod waiting;
#[path = "retries/waits.rs"]
mod waits;

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use emulator::{Emulator, Fault, Options, SECRET_ID, SECRET_KEY};
use relay::{Relay, Treatment};
use trro::api::{Devices, GetDevices};
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;
use trro::error::{Error, Status};
use trro::log::{Level, Log};

/// What the service documents.
const DOCUMENTED_CODES: &str = include_str!("service-codes.txt");
/// Of these, what may succeed unchanged within seconds.
const PASSING_CODES: [&str; 6] = [
    "InternalError",
    "ServiceUnavailable",
    "RequestLimitExceeded",
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
    "RequestLimitExceeded.IPLimitExceeded",
    "RequestLimitExceeded.UinLimitExceeded",
];

/// Far from every wait that a test means, and from the deadline.
const AT_ONCE: Duration = Duration::from_secs(10);

fn emulator(options: Options) -> Emulator {
    Emulator::start(Options { requests_per_s: 0, ..options }).unwrap()
}

/// A client with the default attempts, which no limit of its own holds up.
fn config(endpoint: &str) -> Config<'_> {
    Config {
        credentials: Some(Credentials::new(SECRET_ID, SECRET_KEY, None).unwrap()),
        endpoint: Some(endpoint),
        // More than the waits of four attempts, on a busy machine too.
        deadline_ms: Some(60_000),
        max_requests_per_s: Some(UNLIMITED),
        // Else a client that is refused at its first contact waits about a minute, for the sake of a thousand others.
        fleet_size: 1,
        ..Config::default()
    }
}

fn client(emulator: &Emulator) -> Client {
    client_with(emulator, |config| config)
}

/// A client that trusts the emulator, with a configuration that is changed first.
fn client_with(emulator: &Emulator, change: impl FnOnce(Config<'_>) -> Config<'_>) -> Client {
    let (url, ca_file) = (emulator.url(), ca_file(emulator));
    let ca_file = url.starts_with("https").then_some(ca_file.as_str());
    Client::new(change(Config { ca_file, ..config(&url) })).unwrap()
}

/// A file with the emulator's certificate: its path.
fn ca_file(emulator: &Emulator) -> String {
    let port = emulator.url().rsplit_once(':').unwrap().1.to_owned();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("retries-{port}.pem"));
    std::fs::write(&path, emulator.ca_pem()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// How many attempts it took to be answered.
fn call(client: &Client) -> Result<u32, Error> {
    call_within(client, None)
}

fn call_within(client: &Client, deadline_ms: Option<u32>) -> Result<u32, Error> {
    let request = GetDevices { page_num: 1, page_size: 10, project_id: None, device_id: None };
    let answer = client.call(&request, deadline_ms)?;
    let page: Devices<'_> = client.decode::<GetDevices<'_>>(&answer)?;
    assert_eq!(page.devices.len(), 10);
    Ok(answer.attempts)
}

/// How many requests the emulator has seen.
fn requests(emulator: &Emulator) -> usize {
    emulator.statistics().requests.len()
}

/// One fault, and the next attempt succeeds.
fn assert_repeated(fault: &str, tls: bool) {
    let emulator = emulator(Options { tls, ..Options::default() });
    let client = client(&emulator);
    emulator.misbehave_once(fault.parse().unwrap());
    assert_eq!(call(&client), Ok(2), "{fault}, tls: {tls}");
    assert_eq!(requests(&emulator), 2, "{fault}, tls: {tls}");
}

/// The call fails with the first request, and nothing is sent after it.
fn assert_final(fault: &str) -> Error {
    let emulator = emulator(Options::default());
    let client = client(&emulator);
    emulator.misbehave_once(fault.parse().unwrap());
    let error = call(&client).expect_err(fault);
    assert_eq!((error.attempts, requests(&emulator)), (1, 1), "{fault}: {error}");
    error
}

#[test]
fn a_connection_that_breaks_before_the_whole_answer_is_there_is_tried_again() {
    for fault in ["reset", "hang-up", "cut-off", "wrong-length", "gzip-cut-off"] {
        for tls in [false, true] {
            assert_repeated(fault, tls);
        }
    }
}

#[test]
fn a_service_that_fails_inside_is_tried_again() {
    for code in ["InternalError", "InternalError.DbError", "ServiceUnavailable", "ServiceUnavailable.Busy"] {
        assert_repeated(&format!("error:{code}"), false);
    }
}

#[test]
fn a_web_page_with_a_status_from_500_on_is_tried_again() {
    for status in [500, 502, 503, 504, 599] {
        assert_repeated(&format!("status:{status}"), false);
    }
}

#[test]
fn too_many_requests_are_tried_again() {
    let throttling = PASSING_CODES.iter().filter(|code| code.starts_with("RequestLimitExceeded"));
    let codes = throttling.map(|code| format!("error:{code}"));
    let faults: Vec<_> = codes.chain(["throttled".to_owned(), "status:429".to_owned()]).collect();
    // Each waits for a second or so.
    std::thread::scope(|scope| {
        for fault in &faults {
            scope.spawn(move || assert_repeated(fault, false));
        }
    });
}

#[test]
fn a_connect_that_is_refused_is_tried_again_until_somebody_listens() {
    let emulator = emulator(Options::default());
    let relay = Arc::new(Relay::bind(&emulator, Vec::new()));
    let url = relay.url();
    // The first wait begins: from now on somebody listens.
    let listening = Arc::clone(&relay);
    let sink = move |level: Level, message: &str| {
        if level == Level::Warning && message.starts_with("attempt 1 failed") {
            listening.listen();
        }
    };
    let log = Log::new(Level::Warning, Box::new(sink));
    assert_eq!(call(&Client::new(Config { log, ..config(&url) }).unwrap()), Ok(2));
    assert_eq!(requests(&emulator), 1);
}

#[test]
fn a_connect_that_is_refused_every_time_is_tried_as_often_as_configured() {
    let emulator = emulator(Options::default());
    let relay = Relay::bind(&emulator, Vec::new());
    let url = relay.url();
    let error = call(&Client::new(Config { max_attempts: Some(3), ..config(&url) }).unwrap()).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::ConnectFailed, 3), "{error}");
    assert!(error.retryable && error.os_error != 0 && error.http_status == 0, "{error:?}");
}

/// A call over TLS through a relay that treats the first connections so.
fn call_through(treatments: Vec<Treatment>) -> (Result<u32, Error>, usize) {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let ca_file = ca_file(&emulator);
    let relay = Relay::bind(&emulator, treatments);
    relay.listen();
    let url = relay.url();
    let config = Config { ca_file: Some(&ca_file), connect_timeout_ms: Some(2_000), ..config(&url) };
    let outcome = call(&Client::new(config).unwrap());
    (outcome, requests(&emulator))
}

#[test]
fn a_connection_that_breaks_in_the_tls_handshake_is_tried_again() {
    use Treatment::{Close, CloseInHandshake, Reset};
    assert_eq!(call_through(vec![Close, CloseInHandshake, Reset]), (Ok(4), 1));
}

#[test]
fn a_tls_handshake_that_stalls_beyond_its_timeout_is_tried_again() {
    assert_eq!(call_through(vec![Treatment::Stall]), (Ok(2), 1));
}

#[test]
fn every_documented_code_but_those_that_pass_within_seconds_is_final() {
    let documented = DOCUMENTED_CODES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    // A refused time is worth one attempt, of which tests/clock tells.
    let (passing, refused): (Vec<_>, Vec<_>) =
        documented.filter(|code| *code != "AuthFailure.SignatureExpire").partition(|code| PASSING_CODES.contains(code));
    assert_eq!(passing.len(), PASSING_CODES.len());
    assert!(refused.len() > 30);
    for code in refused {
        assert_eq!(assert_final(&format!("error:{code}")).code, code);
    }
}

#[test]
fn a_code_that_nobody_has_documented_is_final() {
    for code in ["SomethingNew", "FailedOperation.Sub", "LimitExceeded.Sub", "InternalErrors", "AuthFailure.New"] {
        assert_final(&format!("error:{code}"));
    }
}

#[test]
fn what_is_not_an_answer_of_the_api_is_final() {
    let too_large = "too-large:5000000";
    for fault in ["not-json", too_large, "redirect", "wrong-type", "status:404", "status:403", "answer:{}"] {
        assert_eq!(assert_final(fault).status, Status::BadResponse, "{fault}");
    }
}

#[test]
fn who_is_not_believed_is_not_asked_again() {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let url = emulator.url();
    let error = call(&Client::new(config(&url)).unwrap()).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::TlsFailed, 1), "{error}");
    let statistics = emulator.statistics();
    assert_eq!((statistics.connections, statistics.requests.len()), (1, 0));
}

#[test]
fn who_does_not_speak_tls_is_not_asked_again() {
    let emulator = emulator(Options::default());
    let url = emulator.url().replace("http://", "https://");
    let error = call(&Client::new(config(&url)).unwrap()).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::TlsFailed, 1), "{error}");
    assert_eq!(emulator.statistics().connections, 1);
}

#[test]
fn a_request_is_sent_as_often_as_configured_and_no_more() {
    for max_attempts in [1, 2, 3, 5] {
        let emulator = emulator(Options::default());
        emulator.misbehave_always(Some("error:InternalError".parse().unwrap()));
        let client = client_with(&emulator, |config| Config { max_attempts: Some(max_attempts), ..config });
        assert_eq!(call(&client).unwrap_err().attempts, max_attempts);
        assert_eq!(requests(&emulator), max_attempts as usize);
    }
}

#[test]
fn a_request_is_sent_four_times_if_nothing_else_is_configured() {
    let emulator = emulator(Options::default());
    emulator.misbehave_always(Some("status:500".parse().unwrap()));
    assert_eq!(call(&client(&emulator)).unwrap_err().attempts, 4);
    assert_eq!(requests(&emulator), 4);
}

#[test]
fn with_one_attempt_nothing_is_repeated_whatever_fails() {
    let faults = ["reset", "hang-up", "cut-off", "error:ServiceUnavailable", "status:503", "throttled"];
    for fault in faults.into_iter().chain(["unavailable-for:0", "error:AuthFailure.SignatureExpire"]) {
        let emulator = emulator(Options::default());
        let client = client_with(&emulator, |config| Config { max_attempts: Some(1), ..config });
        emulator.misbehave_once(fault.parse().unwrap());
        let error = call(&client).expect_err(fault);
        assert_eq!((error.attempts, requests(&emulator)), (1, 1), "{fault}: {error}");
    }
}

#[test]
fn attempts_that_fail_in_different_ways_count_together() {
    let emulator = emulator(Options::default());
    for fault in ["hang-up", "error:InternalError", "status:502"] {
        emulator.misbehave_once(fault.parse().unwrap());
    }
    assert_eq!(call(&client(&emulator)), Ok(4));
    assert_eq!(requests(&emulator), 4);
}

#[test]
fn a_failure_that_is_final_ends_the_call_though_attempts_are_left() {
    let emulator = emulator(Options::default());
    for fault in ["reset", "error:ResourceNotFound"] {
        emulator.misbehave_once(fault.parse().unwrap());
    }
    let error = call(&client(&emulator)).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::NotFound, 2), "{error}");
    assert_eq!(requests(&emulator), 2);
}

#[test]
fn the_error_of_the_last_attempt_is_the_one_that_is_given() {
    let emulator = emulator(Options::default());
    for fault in ["reset", "status:503", "error:InternalError", "error:ServiceUnavailable"] {
        emulator.misbehave_once(fault.parse().unwrap());
    }
    let error = call(&client(&emulator)).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::ServiceFailed, "ServiceUnavailable"), "{error}");
    assert_eq!(error.request_id, "00000000-0000-4000-8000-000000000004");
    assert_eq!((error.http_status, error.os_error, error.attempts), (200, 0, 4));
    assert!(error.retryable && error.retry_after.is_none(), "{error:?}");
}

#[test]
fn nothing_of_an_earlier_attempt_shows_in_the_last_error() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once("error:InternalError".parse().unwrap());
    // The first is on a kept connection, which is replaced and not counted.
    for _ in 0..2 {
        emulator.misbehave_once(Fault::Reset);
    }
    let client = client_with(&emulator, |config| Config { max_attempts: Some(2), ..config });
    let error = call(&client).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::ConnectFailed, 2), "{error}");
    assert_eq!((error.code.as_str(), error.request_id.as_str(), error.http_status), ("", "", 0));
}

#[test]
fn a_refused_time_is_worth_one_attempt_and_no_more() {
    let emulator = emulator(Options::default());
    emulator.misbehave_always(Some("error:AuthFailure.SignatureExpire".parse().unwrap()));
    let error = call(&client(&emulator)).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::ClockSkew, 2), "{error}");
    assert_eq!(requests(&emulator), 2);
}

#[test]
fn each_attempt_that_is_repeated_is_told_to_the_log() {
    let emulator = emulator(Options::default());
    for fault in ["error:InternalError", "status:503"] {
        emulator.misbehave_once(fault.parse().unwrap());
    }
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let sink = move |_: Level, message: &str| tell.lock().unwrap().send(message.to_owned()).unwrap();
    let log = Log::new(Level::Warning, Box::new(sink));
    let client = client_with(&emulator, |config| Config { log, ..config });
    assert_eq!(call(&client), Ok(3));
    let told: Vec<String> = told.try_iter().collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("attempt 1") && told[0].contains("InternalError"), "{told:?}");
    assert!(told[1].contains("attempt 2") && told[1].contains("503"), "{told:?}");
}
