//! How many requests really leave in a second, whatever each of them has waited for between its turn and the wire.

use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use emulator::{Emulator, Fault, Options};
use trro::client::Client;
use trro::config::Config;
use trro::error::{Error, Status};

use crate::pace::{SECOND, assert_no_more_than};
use crate::relay::{Relay, Treatment};
use crate::{ca_file, call, call_within, config, emulator, requests};

/// Of a second, so that it does not matter whether a busy machine saw the first requests later than the last ones.
const WINDOW: Duration = Duration::from_millis(500);

/// When the requests came, since then.
fn arrivals(emulator: &Emulator, start: Instant) -> Vec<Duration> {
    let received_at = emulator.statistics().received_at;
    let mut arrivals: Vec<_> = received_at.into_iter().filter_map(|at| at.checked_duration_since(start)).collect();
    arrivals.sort();
    arrivals
}

fn assert_no_burst(most: usize, arrivals: &[Duration]) {
    // A request arrives after it has left, so this holds on a slow machine as well.
    assert_no_more_than(most, arrivals);
    for (first, at) in arrivals.iter().enumerate() {
        let in_window = arrivals[first..].iter().take_while(|other| **other < *at + WINDOW).count();
        assert!(in_window <= most, "{in_window} requests came within {WINDOW:?}: {arrivals:?}");
    }
}

/// Their turns come while none of their connections is made.
#[test]
fn requests_that_waited_for_their_connections_do_not_leave_together() {
    const MOST: usize = 10;
    const THREADS: usize = 3 * MOST;
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let ca_file = ca_file(&emulator);
    let meeting = Arc::new(Barrier::new(THREADS + 1));
    let relay = Relay::bind(&emulator, vec![Treatment::Hold(Arc::clone(&meeting)); THREADS]);
    relay.listen();
    let url = relay.url();
    let client = Client::new(Config {
        ca_file: Some(&ca_file),
        connect_timeout_ms: Some(60_000),
        max_requests_per_s: Some(u32::try_from(MOST).unwrap()),
        ..config(&url)
    });
    let client = client.unwrap();
    let released = std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| assert_eq!(call(&client), Ok(1)));
        }
        // The last ones have their turn after two seconds.
        meeting.wait();
        let released = Instant::now();
        meeting.wait();
        released
    });
    let arrivals = arrivals(&emulator, released);
    assert_eq!(arrivals.len(), THREADS);
    assert_no_burst(MOST, &arrivals);
}

/// What is sent again over another connection is sent twice, and counts twice.
#[test]
fn requests_that_replace_those_on_closed_connections_count_too() {
    const MOST: usize = 3;
    let emulator = emulator(Options::default());
    let meeting = Arc::new(Barrier::new(MOST + 1));
    let relay = Relay::bind(&emulator, vec![Treatment::Hold(Arc::clone(&meeting)); MOST]);
    relay.listen();
    let url = relay.url();
    let client = Client::new(Config {
        max_requests_per_s: Some(u32::try_from(MOST).unwrap()),
        max_attempts: Some(1),
        ..config(&url)
    });
    let client = client.unwrap();
    let together = |meanwhile: &dyn Fn()| {
        let all_are_there = Barrier::new(MOST);
        std::thread::scope(|scope| {
            for _ in 0..MOST {
                scope.spawn(|| {
                    all_are_there.wait();
                    assert_eq!(call(&client), Ok(1));
                });
            }
            meanwhile();
        });
    };
    // Each thread makes a connection of its own, since none gets an answer before all have one, and all are kept.
    together(&|| {
        meeting.wait();
        meeting.wait();
    });
    assert_eq!(emulator.statistics().connections, MOST);
    std::thread::sleep(SECOND);
    (0..MOST).for_each(|_| emulator.misbehave_once(Fault::HangUp));
    let start = Instant::now();
    together(&|| ());
    let arrivals = arrivals(&emulator, start);
    assert_eq!((arrivals.len(), emulator.statistics().connections), (2 * MOST, 2 * MOST));
    assert_no_burst(MOST, &arrivals);
}

const THREADS: usize = 4;

/// Calls of which one may leave in a second, and whose connections are made at the same moment: what each came to, and how long all of them
/// took from then on.
fn called_at_one_gate(deadline_ms: u32, meanwhile: impl Fn(&Client, &Emulator)) -> (Vec<Result<u32, Error>>, Duration) {
    let emulator = emulator(Options { tls: true, ..Options::default() });
    let ca_file = ca_file(&emulator);
    let meeting = Arc::new(Barrier::new(THREADS + 1));
    let relay = Relay::bind(&emulator, vec![Treatment::Hold(Arc::clone(&meeting)); THREADS]);
    relay.listen();
    let url = relay.url();
    let (ca_file, connect_timeout_ms) = (Some(ca_file.as_str()), Some(60_000));
    let config =
        Config { ca_file, connect_timeout_ms, max_requests_per_s: Some(1), max_attempts: Some(1), ..config(&url) };
    let client = Client::new(config).unwrap();
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| call_within(&client, Some(deadline_ms)))).collect();
        // The last one has its turn after three seconds.
        meeting.wait();
        meeting.wait();
        let released = Instant::now();
        meanwhile(&client, &emulator);
        let called = calls.into_iter().map(|call| call.join().unwrap()).collect();
        (called, released.elapsed())
    })
}

#[test]
fn who_would_leave_after_the_deadline_does_not_wait_for_it() {
    let (called, _) = called_at_one_gate(5_000, |_, _| {});
    let refused: Vec<_> = called.iter().filter_map(|called| called.as_ref().err()).collect();
    assert!((1..called.len()).contains(&refused.len()), "{called:?}");
    for error in refused {
        assert_eq!((error.status, error.http_status), (Status::Throttled, 0), "{error}");
    }
}

#[test]
fn who_waits_to_leave_is_cancelled_at_once() {
    let (called, took) = called_at_one_gate(60_000, |client, emulator| {
        while requests(emulator) == 0 || emulator.statistics().connections < THREADS {
            std::thread::yield_now();
        }
        client.cancel();
    });
    assert!(took < SECOND, "{took:?}");
    assert!(called.iter().filter_map(|called| called.as_ref().err()).all(|error| error.status == Status::Cancelled));
    assert!(called.iter().filter(|called| called.is_err()).count() > 1, "{called:?}");
}
