//! Connections that are closed while nobody uses them: they are replaced at once, and nobody is told.

use std::time::Duration;

use emulator::{Emulator, Fault, Options};
use trro::client::Client;
use trro::config::Config;
use trro::error::Status;

use crate::{call, client, client_with, emulator, requests};

/// A client that repeats nothing.
fn client_of_one_attempt(emulator: &Emulator) -> Client {
    client_with(emulator, |config| Config { max_attempts: Some(1), ..config })
}

#[test]
fn a_connection_that_the_service_closes_while_idle_is_replaced_and_not_counted() {
    for tls in [false, true] {
        let emulator = emulator(Options { tls, idle_close_ms: 100, ..Options::default() });
        let client = client_of_one_attempt(&emulator);
        for calls in 1..=3 {
            assert_eq!(call(&client), Ok(1), "tls: {tls}");
            while emulator.statistics().closed < calls {
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!((emulator.statistics().connections, requests(&emulator)), (calls, calls), "tls: {tls}");
        }
    }
}

/// The request is on its way when the other side closes: nobody can know whether it was read.
#[test]
fn a_kept_connection_that_ends_without_a_byte_of_an_answer_is_replaced_and_not_counted() {
    for fault in [Fault::HangUp, Fault::Reset] {
        for tls in [false, true] {
            let emulator = emulator(Options { tls, ..Options::default() });
            let client = client_of_one_attempt(&emulator);
            assert_eq!(call(&client), Ok(1));
            emulator.misbehave_once(fault.clone());
            assert_eq!(call(&client), Ok(1), "{fault:?}, tls: {tls}");
            assert_eq!((emulator.statistics().connections, requests(&emulator)), (2, 3), "{fault:?}, tls: {tls}");
        }
    }
}

/// Three threads at once have the client make and keep three connections.
fn keep_three_connections(emulator: &Emulator, client: &Client) {
    for _ in 0..3 {
        emulator.misbehave_once(Fault::Late(Duration::from_millis(500)));
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(call(client), Ok(1)));
        }
    });
    assert_eq!(emulator.statistics().connections, 3);
}

#[test]
fn every_kept_connection_is_replaced_in_one_call_if_need_be() {
    for tls in [false, true] {
        let emulator = emulator(Options { tls, ..Options::default() });
        let client = client_of_one_attempt(&emulator);
        keep_three_connections(&emulator, &client);
        for _ in 0..3 {
            emulator.misbehave_once(Fault::HangUp);
        }
        assert_eq!(call(&client), Ok(1), "tls: {tls}");
        assert_eq!((emulator.statistics().connections, requests(&emulator)), (4, 7), "tls: {tls}");
    }
}

#[test]
fn a_new_connection_that_ends_without_a_byte_of_an_answer_is_counted() {
    for fault in [Fault::HangUp, Fault::Reset] {
        for tls in [false, true] {
            let emulator = emulator(Options { tls, ..Options::default() });
            let client = client_of_one_attempt(&emulator);
            emulator.misbehave_once(fault.clone());
            let error = call(&client).unwrap_err();
            assert_eq!((error.status, error.attempts), (Status::ConnectFailed, 1), "{fault:?}, tls: {tls}: {error}");
            assert_eq!(requests(&emulator), 1, "{fault:?}, tls: {tls}");
        }
    }
}

#[test]
fn the_connection_that_replaces_an_idle_one_is_counted_if_it_ends_as_well() {
    for tls in [false, true] {
        let emulator = emulator(Options { tls, ..Options::default() });
        let client = client(&emulator);
        assert_eq!(call(&client), Ok(1));
        for _ in 0..2 {
            emulator.misbehave_once(Fault::HangUp);
        }
        assert_eq!(call(&client), Ok(2), "tls: {tls}");
        assert_eq!((emulator.statistics().connections, requests(&emulator)), (3, 4), "tls: {tls}");
    }
}

#[test]
fn a_kept_connection_that_breaks_within_the_answer_is_counted() {
    for fault in [Fault::CutOff, Fault::WrongLength] {
        for tls in [false, true] {
            let emulator = emulator(Options { tls, ..Options::default() });
            let client = client(&emulator);
            assert_eq!(call(&client), Ok(1));
            emulator.misbehave_once(fault.clone());
            assert_eq!(call(&client), Ok(2), "{fault:?}, tls: {tls}");
            assert_eq!(requests(&emulator), 3, "{fault:?}, tls: {tls}");
        }
    }
}
