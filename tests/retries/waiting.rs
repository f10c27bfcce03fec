//! A call that waits for long, since the service asked for it, is alone with its wait.

use std::sync::{Mutex, mpsc};
use std::time::Instant;

use emulator::{Emulator, Fault, Options};
use trro::client::Client;
use trro::config::Config;
use trro::error::{Error, Status};
use trro::log::{Level, Log};

use crate::{AT_ONCE, call, call_within, client_with, emulator, requests};

const ASKED_FOR_S: u64 = 300;
const LONG_MS: u32 = 600_000;

/// While one call waits for what the service asked for, `meanwhile` is done; then it is cancelled.
fn while_one_waits(meanwhile: impl FnOnce(&Emulator, &Client)) -> (Emulator, Client) {
    let emulator = emulator(Options::default());
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let sink = move |_: Level, message: &str| {
        if message.starts_with("attempt 1 failed and is repeated") {
            tell.lock().unwrap().send(()).unwrap();
        }
    };
    let log = Log::new(Level::Warning, Box::new(sink));
    let client = client_with(&emulator, |config| Config { log, max_requests_per_s: Some(1), ..config });
    emulator.misbehave_once(Fault::UnavailableFor(ASKED_FOR_S));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| call_within(&client, Some(LONG_MS)));
        told.recv().unwrap();
        // Whatever comes of it, the waiting call must end.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| meanwhile(&emulator, &client)));
        client.cancel();
        let Err(Error { status, attempts, .. }) = waiting.join().unwrap() else { panic!("the call did not wait") };
        assert_eq!((status, attempts), (Status::Cancelled, 1));
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    (emulator, client)
}

fn assert_sent_at_once(emulator: &Emulator, client: &Client) {
    let (before, start) = (requests(emulator), Instant::now());
    assert_eq!(call(client), Ok(1));
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    assert_eq!(requests(emulator), before + 1);
}

#[test]
fn a_long_wait_holds_up_no_other_call() {
    while_one_waits(|emulator, client| {
        for _ in 0..2 {
            assert_sent_at_once(emulator, client);
        }
    });
}

#[test]
fn a_long_wait_that_was_cancelled_leaves_nothing_to_wait_for() {
    let (emulator, client) = while_one_waits(|_, _| ());
    client.resume().unwrap();
    assert_sent_at_once(&emulator, &client);
}
