//! The stream of a real service, cut at each byte, changed at each byte, and brought byte by byte: it comes to the right answer
//! or to a named error, and never to a part of an answer, or to another one.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use emulator::Options;
use rustls::version::{TLS12, TLS13};
use trro::api::{Devices, GetDevices};
use trro::client::Client;
use trro::config::Config;
use trro::error::{Error, Status};

use crate::middle::{self, BODY, Middle, answer};
use crate::strangers::{root, sound};
use crate::{Service, call_with};

tests![
    a_stream_of_tls_1_3_that_ends_at_any_byte_is_an_answer_only_if_all_of_it_has_come,
    a_stream_of_tls_1_2_that_ends_at_any_byte_is_an_answer_only_if_all_of_it_has_come,
    a_stream_of_tls_1_3_with_any_byte_changed_is_never_another_answer,
    a_stream_of_tls_1_2_with_any_byte_changed_is_never_another_answer,
    a_stream_that_comes_byte_by_byte_is_the_right_answer,
    a_body_that_ends_with_the_connection_is_whole_only_if_tls_says_the_end,
    a_body_that_ends_with_a_reset_is_not_whole,
    a_body_of_the_announced_length_is_whole_whatever_ends_the_connection,
];

/// Calls at a time: they wait for each other more than they compute.
const THREADS: usize = 4;
/// A call with a changed length waits for bytes that nobody sends.
const DEADLINE_OF_CHANGES_MS: u32 = 400;

/// What becomes of the service's stream on its way to the client.
#[derive(Debug, Clone, Copy)]
enum Way {
    Whole,
    /// A write for each byte.
    ByteByByte,
    /// It ends before the byte at this place.
    CutAt(usize),
    /// One bit of the byte at this place is the other way round.
    ChangedAt(usize),
}

/// One call through a relay, and how much of the service's stream had come to the client by its end.
struct Outcome {
    called: Result<String, Error>,
    passed: Vec<u8>,
    took: Duration,
}

/// Sends on what comes of the service, until it or the way ends.
fn deliver(mut service: &TcpStream, mut client: &TcpStream, way: Way, passed: &Mutex<Vec<u8>>) -> io::Result<()> {
    let mut chunk = [0; 4096];
    loop {
        let length = service.read(&mut chunk)?;
        let before = passed.lock().unwrap_or_else(PoisonError::into_inner).len();
        let (mut bytes, mut is_over) = (&mut chunk[..length], length == 0);
        match way {
            Way::CutAt(place) if before + length >= place => (bytes, is_over) = (&mut bytes[..place - before], true),
            Way::ChangedAt(place) if (before..before + length).contains(&place) => {
                bytes[place - before] ^= 1 << (place % 8);
            }
            _ => {}
        }
        // Before they can be seen: what the client has seen has passed.
        passed.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        let piece = if matches!(way, Way::ByteByByte) { 1 } else { bytes.len().max(1) };
        bytes.chunks(piece).try_for_each(|piece| client.write_all(piece))?;
        if is_over {
            return Ok(());
        }
    }
}

/// One connection. Only the way to the client is ended: a reset would take along what the client has not read yet.
fn relay(listener: &TcpListener, port: u16, way: Way, passed: &Mutex<Vec<u8>>) -> io::Result<()> {
    let (client, _) = listener.accept()?;
    let service = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_nodelay(true)?;
    service.set_nodelay(true)?;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = io::copy(&mut &client, &mut &service);
            service.shutdown(Shutdown::Both)
        });
        let _ = deliver(&service, &client, way, passed);
        client.shutdown(Shutdown::Write)
    })
}

fn call_through(service: &Service, listener: &TcpListener, way: Way, deadline_ms: u32) -> Outcome {
    let passed = Mutex::default();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let config = Config { endpoint: Some(&endpoint), deadline_ms: Some(deadline_ms), ..service.config() };
    std::thread::scope(|scope| {
        scope.spawn(|| relay(listener, service.port, way, &passed));
        let start = Instant::now();
        let called = Client::new(config).and_then(|client| devices(&client));
        let passed = passed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Outcome { called, passed, took: start.elapsed() }
    })
}

/// What the service has said, without what is another one each time.
fn devices(client: &Client) -> Result<String, Error> {
    let answer = client.call(&GetDevices { page_num: 1, page_size: 1, project_id: None, device_id: None }, None)?;
    let page: Devices<'_> = client.decode::<GetDevices<'_>>(&answer)?;
    Ok(format!("{:?} of {:?}", page.devices, page.total_count))
}

/// Where each of the whole records of TLS begins that a stream begins with.
fn records(stream: &[u8]) -> Vec<usize> {
    let (mut records, mut rest) = (Vec::new(), stream);
    while let [_, _, _, high, low, body @ ..] = rest {
        let Some(next) = body.get(usize::from(u16::from_be_bytes([*high, *low]))..) else { break };
        records.push(stream.len() - rest.len());
        rest = next;
    }
    records
}

fn service(tls_1_2_only: bool) -> Service {
    Service::named("localhost", Options { tls_1_2_only, ..Options::default() })
}

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// What is to be, with the whole stream of a call.
fn sound_call(service: &Service) -> (String, Vec<u8>) {
    let outcome = call_through(service, &listener(), Way::Whole, 20_000);
    (outcome.called.unwrap(), outcome.passed)
}

/// A call for each place, and what has to be so of each.
fn at_each_place(
    service: &Service,
    places: usize,
    way: fn(usize) -> Way,
    deadline_ms: u32,
    check: impl Fn(usize, &Outcome) + Sync,
) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let listener = listener();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= places {
                        break;
                    }
                    check(place, &call_through(service, &listener, way(place), deadline_ms));
                }
            });
        }
    });
}

/// A connection that ends is noticed as that, and not at the deadline.
fn ends_at_any_byte(tls_1_2_only: bool) {
    let service = service(tls_1_2_only);
    let (right, whole) = sound_call(&service);
    let whole_records = records(&whole).len();
    let answered = AtomicUsize::new(0);
    // A signature can be a few bytes longer or shorter.
    at_each_place(&service, whole.len() + 8, Way::CutAt, 20_000, |place, outcome| {
        if records(&outcome.passed).len() >= whole_records {
            assert_eq!(outcome.called.as_ref(), Ok(&right), "cut at {place} of {}", whole.len());
            answered.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let error = outcome.called.as_ref().expect_err("only a part of the answer has come");
        assert_eq!(error.status, Status::ConnectFailed, "cut at {place} of {}: {error}", whole.len());
        assert!(error.retryable && outcome.took < Duration::from_secs(10), "cut at {place}: {error}");
    });
    let answered = answered.into_inner();
    assert!((1..=16).contains(&answered), "{answered} calls of {} were answered", whole.len() + 8);
}

fn a_stream_of_tls_1_3_that_ends_at_any_byte_is_an_answer_only_if_all_of_it_has_come() {
    ends_at_any_byte(false);
}

fn a_stream_of_tls_1_2_that_ends_at_any_byte_is_an_answer_only_if_all_of_it_has_come() {
    ends_at_any_byte(true);
}

/// What nobody minds is the version in the head of a record: that of the session counts.
fn with_any_byte_changed(tls_1_2_only: bool) {
    let service = service(tls_1_2_only);
    let (right, whole) = sound_call(&service);
    at_each_place(&service, whole.len(), Way::ChangedAt, DEADLINE_OF_CHANGES_MS, |place, outcome| {
        match &outcome.called {
            Ok(devices) => {
                let is_of_a_version = |record: &usize| (record + 1..record + 3).contains(&place);
                // A stream is a few bytes shorter if its signature is.
                let is_behind_it = place >= outcome.passed.len();
                let is_harmless = is_behind_it || records(&outcome.passed).iter().any(is_of_a_version);
                assert!(is_harmless, "changed at {place} of {}: answered", outcome.passed.len());
                assert_eq!(*devices, right, "changed at {place}");
            }
            Err(error) => assert!(
                matches!(error.status, Status::TlsFailed | Status::ConnectFailed | Status::Timeout),
                "changed at {place}: {error}"
            ),
        }
    });
}

fn a_stream_of_tls_1_3_with_any_byte_changed_is_never_another_answer() {
    with_any_byte_changed(false);
}

fn a_stream_of_tls_1_2_with_any_byte_changed_is_never_another_answer() {
    with_any_byte_changed(true);
}

fn a_stream_that_comes_byte_by_byte_is_the_right_answer() {
    for tls_1_2_only in [false, true] {
        let service = service(tls_1_2_only);
        let (right, _) = sound_call(&service);
        assert_eq!(call_through(&service, &listener(), Way::ByteByByte, 20_000).called, Ok(right));
    }
}

/// What a call comes to whose answer is followed by the end of the connection, with or without TLS's word for it.
fn called_with_end(answer: &[u8], says_the_end: bool) -> Vec<Result<usize, Error>> {
    let outcomes = [&TLS12, &TLS13].map(|version| {
        let root = root();
        let (config, answer) = (sound(&root, "localhost", version), answer.to_owned());
        let service = Middle::start(move |tap| tap.speak_tls(&config, &answer, says_the_end));
        let (endpoint, ca_file) = (format!("https://localhost:{}", service.port), root.ca_file());
        call_with(Config { max_attempts: Some(1), ..middle::config(&endpoint, Some(&ca_file)) })
    });
    outcomes.into()
}

/// It is JSON to its end, so that nothing else could tell that more belongs to it.
fn a_body_that_ends_with_the_connection_is_whole_only_if_tls_says_the_end() {
    let until_the_end = answer("200 OK", "Connection: close\r\n");
    for called in called_with_end(&until_the_end, true) {
        assert_eq!(called, Ok(0));
    }
    for called in called_with_end(&until_the_end, false) {
        let error = called.unwrap_err();
        assert_eq!((error.status, error.retryable), (Status::ConnectFailed, true), "{error}");
    }
}

/// Also where no TLS could tell.
fn a_body_that_ends_with_a_reset_is_not_whole() {
    let service = Middle::start(|tap| {
        tap.read_head()?;
        tap.write_all(&answer("200 OK", "Connection: close\r\n"))?;
        socket2::SockRef::from(&tap.stream).set_linger(Some(Duration::ZERO))?;
        // Nothing more is waited for.
        Err(io::ErrorKind::ConnectionReset.into())
    });
    let endpoint = format!("http://127.0.0.1:{}", service.port);
    let error = call_with(Config { max_attempts: Some(1), ..middle::config(&endpoint, None) }).unwrap_err();
    assert_eq!((error.status, error.os_error), (Status::ConnectFailed, libc::ECONNRESET), "{error}");
}

fn a_body_of_the_announced_length_is_whole_whatever_ends_the_connection() {
    let announced = answer("200 OK", &format!("Content-Length: {}\r\n", BODY.len()));
    for says_the_end in [true, false] {
        for called in called_with_end(&announced, says_the_end) {
            assert_eq!(called, Ok(0));
        }
    }
}
