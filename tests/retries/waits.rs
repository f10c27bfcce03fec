//! The waits between attempts: what the service asks for is waited for, and what would end after the deadline is not
//! begun.

use std::time::{Duration, Instant};

use emulator::{Emulator, Fault, Options};
use trro::client::Client;
use trro::config::Config;
use trro::error::{Error, Status};

use crate::{AT_ONCE, call, client, client_with, emulator, requests};

/// Longer than the waits without `Retry-After`: of a client of one device, at most 2 s after a throttled answer, and
/// less than a second after any other.
const ASKED_FOR_S: u64 = 3;
const ASKED_FOR: Duration = Duration::from_secs(ASKED_FOR_S);
/// Longer than any deadline of these tests.
const FOR_EVER_S: u64 = 3600;

fn timed(client: &Client) -> (Result<u32, Error>, Duration) {
    let start = Instant::now();
    (call(client), start.elapsed())
}

#[test]
fn what_a_failing_service_asks_for_is_waited_for() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::UnavailableFor(ASKED_FOR_S));
    let (outcome, elapsed) = timed(&client(&emulator));
    assert_eq!(outcome, Ok(2));
    assert!(elapsed >= ASKED_FOR, "{elapsed:?}");
}

#[test]
fn what_a_throttling_service_asks_for_is_waited_for() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::ThrottledFor(ASKED_FOR_S));
    let (outcome, elapsed) = timed(&client(&emulator));
    assert_eq!(outcome, Ok(2));
    assert!(elapsed >= ASKED_FOR, "{elapsed:?}");
}

#[test]
fn each_wait_that_is_asked_for_is_waited_for() {
    let emulator = emulator(Options::default());
    for _ in 0..2 {
        emulator.misbehave_once(Fault::UnavailableFor(1));
    }
    let (outcome, elapsed) = timed(&client(&emulator));
    assert_eq!(outcome, Ok(3));
    assert!(elapsed >= Duration::from_secs(2), "{elapsed:?}");
}

/// The call ends with what the first attempt came to, and with the wait that the service asked for.
fn assert_given_up_at_once(emulator: &Emulator, client: &Client, status: Status, retry_after_s: u64) -> Error {
    let (outcome, elapsed) = timed(client);
    let error = outcome.unwrap_err();
    assert_eq!((error.status, error.attempts), (status, 1), "{error}");
    assert_eq!(error.retry_after, Some(Duration::from_secs(retry_after_s)), "{error}");
    assert_eq!(requests(emulator), 1);
    assert!(error.retryable, "{error}");
    assert!(elapsed < AT_ONCE, "{elapsed:?}");
    error
}

#[test]
fn a_failing_service_that_asks_for_more_than_the_deadline_leaves_is_given_up_at_once() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::UnavailableFor(FOR_EVER_S));
    let error = assert_given_up_at_once(&emulator, &client(&emulator), Status::ServiceFailed, FOR_EVER_S);
    assert_eq!(error.http_status, 503);
}

#[test]
fn a_throttling_service_that_asks_for_more_than_the_deadline_leaves_is_given_up_at_once() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::ThrottledFor(FOR_EVER_S));
    let error = assert_given_up_at_once(&emulator, &client(&emulator), Status::Throttled, FOR_EVER_S);
    assert_eq!((error.code.as_str(), error.http_status), ("RequestLimitExceeded", 200));
    assert_eq!(error.request_id, "00000000-0000-4000-8000-000000000001");
}

#[test]
fn a_wait_that_no_clock_can_hold_is_given_up_at_once() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::UnavailableFor(u64::MAX));
    assert_given_up_at_once(&emulator, &client(&emulator), Status::ServiceFailed, u64::MAX);
}

#[test]
fn what_the_service_asks_for_is_told_also_by_the_last_attempt() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::HangUp);
    emulator.misbehave_once(Fault::UnavailableFor(7));
    let client = client_with(&emulator, |config| Config { max_attempts: Some(2), ..config });
    let error = call(&client).unwrap_err();
    assert_eq!((error.attempts, error.retry_after), (2, Some(Duration::from_secs(7))), "{error}");
}

#[test]
fn what_an_earlier_attempt_asked_for_is_not_told_with_the_last_error() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::UnavailableFor(1));
    emulator.misbehave_once(Fault::CutOff);
    let client = client_with(&emulator, |config| Config { max_attempts: Some(2), ..config });
    let error = call(&client).unwrap_err();
    assert_eq!((error.status, error.attempts, error.retry_after), (Status::ConnectFailed, 2, None), "{error}");
}

#[test]
fn each_attempt_is_signed_at_its_own_time() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::UnavailableFor(ASKED_FOR_S));
    assert_eq!(call(&client(&emulator)), Ok(2));
    let requests = emulator.statistics().requests;
    let timestamp_s = |index: usize| requests[index].header("X-TC-Timestamp").unwrap().parse::<u64>().unwrap();
    // The service's time, by which the second is signed, is known to the second.
    assert!(timestamp_s(1) >= timestamp_s(0) + ASKED_FOR_S - 1, "{} and {}", timestamp_s(0), timestamp_s(1));
    assert_ne!(requests[0].header("Authorization"), requests[1].header("Authorization"));
    assert_eq!(requests[0].body, requests[1].body);
}

/// Beyond five minutes the service refuses what was signed before.
#[test]
fn an_attempt_after_a_step_of_the_services_clock_is_signed_by_its_new_time() {
    let emulator = emulator(Options { clock_offset_s: 3000, ..Options::default() });
    let client = client_with(&emulator, |config| Config { max_attempts: Some(2), ..config });
    // The answer has a Date, and no opinion of the signature.
    emulator.misbehave_once(Fault::Status(503));
    assert_eq!(call(&client), Ok(2));
}
