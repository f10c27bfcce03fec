//! How many requests a client sends in a second, and how it makes way for others when it is refused.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use emulator::{Emulator, Fault, Options, SECRET_ID, SECRET_KEY};
use trro::client::Client;
use trro::config::Config;
use trro::credentials::Credentials;
use trro::error::{Error, Status};

use crate::{AT_ONCE, call, call_within, client, client_with, emulator, requests};

pub const SECOND: Duration = Duration::from_secs(1);
/// How often a turn is drawn until it is far enough away: one in twenty is not.
const TRIES: u32 = 20;

/// When each of so many calls, of several threads on one client, had ended: in order, since the first began.
fn ends(client: &Client, threads: usize, calls_of_each: usize) -> Vec<Duration> {
    let ends = Mutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..calls_of_each {
                    assert_eq!(call(client), Ok(1));
                    ends.lock().unwrap().push(start.elapsed());
                }
            });
        }
    });
    let mut ends = ends.into_inner().unwrap();
    ends.sort();
    ends
}

/// A call ends after its turn. So, however slow the machine, this holds if no second has more than `most` turns.
pub fn assert_no_more_than(most: usize, ends: &[Duration]) {
    for (before, end) in ends.iter().enumerate() {
        let earliest = SECOND * u32::try_from(before / most).unwrap();
        assert!(*end >= earliest, "call {} ended after {end:?}: {ends:?}", before + 1);
    }
}

#[test]
fn threads_that_share_a_client_share_its_requests_a_second() {
    for (most, threads, calls_of_each) in [(3, 5, 2), (10, 4, 8), (1, 3, 1)] {
        let emulator = emulator(Options::default());
        let client = client_with(&emulator, |config| Config {
            max_requests_per_s: Some(u32::try_from(most).unwrap()),
            ..config
        });
        let ends = ends(&client, threads, calls_of_each);
        assert_no_more_than(most, &ends);
        assert_eq!(requests(&emulator), threads * calls_of_each);
    }
}

#[test]
fn five_requests_a_second_are_sent_if_nothing_else_is_configured() {
    let emulator = emulator(Options::default());
    let client = client_with(&emulator, |config| Config { max_requests_per_s: None, ..config });
    let ends = ends(&client, 1, 11);
    assert_no_more_than(5, &ends);
    assert!(ends[10] < 2 * SECOND + AT_ONCE, "{ends:?}");
}

#[test]
fn repeated_attempts_have_their_turns_as_well() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::HangUp);
    emulator.misbehave_once("error:InternalError".parse().unwrap());
    let client = client_with(&emulator, |config| Config { max_requests_per_s: Some(1), ..config });
    let start = Instant::now();
    assert_eq!(call(&client), Ok(3));
    // The waits of the retries alone are at most 750 ms.
    assert!(start.elapsed() >= 2 * SECOND, "{:?}", start.elapsed());
}

/// Calls that wait for credentials together must not be sent together.
#[test]
fn no_turn_is_saved_up_while_credentials_are_asked_for() {
    const MOST: usize = 2;
    const ASKING: Duration = Duration::from_secs(3);
    let emulator = emulator(Options::default());
    let ask = move || {
        std::thread::sleep(ASKING);
        Credentials::new(SECRET_ID, SECRET_KEY, None)
    };
    let client = client_with(&emulator, |config| Config {
        credentials: None,
        credentials_fn: Some(Box::new(ask)),
        max_requests_per_s: Some(u32::try_from(MOST).unwrap()),
        ..config
    });
    let ends: Vec<_> = ends(&client, 4 * MOST, 1).into_iter().map(|end| end.saturating_sub(ASKING)).collect();
    assert_no_more_than(MOST, &ends);
    assert_eq!(requests(&emulator), 4 * MOST);
}

#[test]
fn without_a_limit_nothing_waits() {
    let emulator = emulator(Options::default());
    let ends = ends(&client(&emulator), 2, 100);
    // With the default it would be 39 s.
    assert!(ends[199] < 2 * AT_ONCE, "{:?}", ends[199]);
}

#[test]
fn a_client_that_was_refused_comes_back_at_one_a_second_and_grows_with_each_answer() {
    let emulator = emulator(Options::default());
    let client =
        client_with(&emulator, |config| Config { max_requests_per_s: Some(5), max_attempts: Some(1), ..config });
    assert_eq!(call(&client), Ok(1));
    emulator.misbehave_once(Fault::Throttled);
    let refused = call(&client).unwrap_err();
    let retry_after = refused.retry_after.unwrap();
    assert!(refused.status == Status::Throttled && retry_after <= SECOND, "{refused:?}");
    // From then on the next call has its turn at once, and those after it not.
    std::thread::sleep(retry_after);
    let start = Instant::now();
    for _ in 0..8 {
        assert_eq!(call(&client), Ok(1));
    }
    // 1/1.5 + 1/2 + 1/2.5 + ... + 1/4.5 s; nothing without the refusal, and 7 s if no answer counted.
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_millis(2657) && elapsed < Duration::from_millis(6500), "{elapsed:?}");
}

/// A client whose first contact was refused, and whose next turn, which is drawn, is more than three seconds away; and
/// how far.
fn long_refused(emulator: &Emulator) -> (Client, Duration) {
    for _ in 0..TRIES {
        let client = client_with(emulator, |config| Config { max_attempts: Some(1), fleet_size: 0, ..config });
        emulator.misbehave_once(Fault::Throttled);
        let refused = call(&client).unwrap_err();
        assert_eq!((refused.status, refused.attempts), (Status::Throttled, 1), "{refused}");
        let retry_after = refused.retry_after.unwrap();
        assert!(retry_after <= Duration::from_millis(62_500), "{refused:?}");
        if retry_after > 3 * SECOND {
            return (client, retry_after);
        }
    }
    panic!("a client that was refused comes back within three seconds, {TRIES} times out of {TRIES}");
}

/// Nothing was sent, at once.
fn assert_not_its_turn(emulator: &Emulator, client: &Client, deadline_ms: u32) -> Error {
    let (before, start) = (requests(emulator), Instant::now());
    let error = call_within(client, Some(deadline_ms)).unwrap_err();
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    assert_eq!((error.status, error.attempts, error.retryable), (Status::Throttled, 0, true), "{error}");
    assert_eq!((error.http_status, error.code.as_str(), error.request_id.as_str()), (0, "", ""), "{error}");
    assert_eq!(requests(emulator), before);
    error
}

#[test]
fn a_client_that_was_refused_says_when_its_turn_is_instead_of_waiting_beyond_the_deadline() {
    let emulator = emulator(Options::default());
    let (client, retry_after) = long_refused(&emulator);
    let error = assert_not_its_turn(&emulator, &client, 500);
    let left = error.retry_after.unwrap();
    assert!(left > Duration::from_millis(500) && left <= retry_after, "{left:?} of {retry_after:?}");
}

#[test]
fn a_throttled_call_whose_next_turn_is_after_the_deadline_gives_the_services_error_at_once() {
    let emulator = emulator(Options::default());
    for _ in 0..TRIES {
        let client = client_with(&emulator, |config| Config { fleet_size: 0, deadline_ms: Some(2_000), ..config });
        let before = requests(&emulator);
        emulator.misbehave_once(Fault::Throttled);
        let start = Instant::now();
        let Err(error) = call(&client) else { continue };
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
        assert_eq!((error.attempts, error.code.as_str()), (1, "RequestLimitExceeded"), "{error}");
        assert!(!error.request_id.is_empty() && error.retry_after.is_some_and(|wait| wait < 63 * SECOND), "{error:?}");
        assert_eq!(requests(&emulator), before + 1);
        return;
    }
    panic!("a client that was refused comes back within its deadline, {TRIES} times out of {TRIES}");
}

#[test]
fn a_device_of_a_large_fleet_says_when_its_first_turn_is_instead_of_waiting_beyond_the_deadline() {
    let emulator = emulator(Options::default());
    let client = client_with(&emulator, |config| Config { fleet_size: 1_000_000, ..config });
    let first = assert_not_its_turn(&emulator, &client, 200).retry_after.unwrap();
    let second = assert_not_its_turn(&emulator, &client, 200).retry_after.unwrap();
    assert!(second <= first && first - second < AT_ONCE, "the turn moved: {first:?}, then {second:?}");
}

/// Ten clients that have their first request ready in the same moment want ten answers each.
#[test]
fn several_clients_share_what_the_service_grants_an_account() {
    const CLIENTS: usize = 10;
    const CALLS: usize = 10;
    let emulator = Emulator::start(Options::default()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let client = client_with(&emulator, |config| Config {
                max_requests_per_s: None,
                max_attempts: Some(20),
                fleet_size: u32::try_from(CLIENTS).unwrap(),
                ..config
            });
            scope.spawn(move || (0..CALLS).for_each(|_| assert!(call(&client).is_ok())));
        }
    });
    let sent = requests(&emulator);
    assert!(sent > CLIENTS * CALLS, "nobody was ever refused, so nothing is shown");
    assert!(sent < 3 * CLIENTS * CALLS, "{sent} requests for {} answers", CLIENTS * CALLS);
}
