//! A peer that stalls at any of the steps: the diagnosis ends at its deadline, there, and when it is cancelled.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use emulator::{Fault, Options, Proxy, ProxyFault, ProxyOptions, ProxyProtocol};
use socket2::{Domain, Socket, Type};
use trro::client::Client;
use trro::config::Config;
use trro::diagnosis::{Diagnosis, Step, diagnose};
use trro::error::Status;
use trro::listing::Flow;

use super::{NO_DEVICE, assert_fails, config, diagnosed, emulator, look};

/// Room for the noise of a busy machine around a deadline.
const NOISE: Duration = Duration::from_millis(1500);

/// That the diagnosis ends at its deadline, there.
fn assert_ends_in_time(config: Config<'_>, at: Step) {
    let (client, time) = (Client::new(config).unwrap(), Duration::from_millis(300));
    let start = Instant::now();
    let steps = look(&client, &NO_DEVICE, time).unwrap();
    let took = start.elapsed();
    assert_fails(&steps, at, Status::Timeout, &[]);
    assert!(took >= time && took < time + NOISE, "{took:?}");
}

/// That the diagnosis ends when it is cancelled, after the step before that one.
fn assert_can_be_cancelled(config: Config<'_>, at: Step) {
    let client = Client::new(config).unwrap();
    let mut seen = Vec::new();
    let before = Step::ALL[Step::ALL.iter().position(|step| *step == at).unwrap() - 1];
    std::thread::scope(|scope| {
        let mut visit = |diagnosis: &Diagnosis| {
            seen.push(diagnosis.step);
            if diagnosis.step == before {
                scope.spawn(|| {
                    // So that the next step has begun to wait. It ends as well if it begins cancelled.
                    std::thread::sleep(Duration::from_millis(50));
                    client.cancel();
                });
            }
            Flow::GoOn
        };
        let start = Instant::now();
        let error = diagnose(&client, &NO_DEVICE, start + Duration::from_secs(60), &mut visit).unwrap_err();
        assert_eq!(error.status, Status::Cancelled);
        assert!(start.elapsed() < Duration::from_secs(30));
    });
    assert_eq!(seen.last(), Some(&before));
    client.resume().unwrap();
}

/// A listener whose queue is full, so that connections to it hang; with the sockets that fill it.
fn full() -> (Vec<Socket>, String) {
    let new = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let listener = new();
    listener.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut sockets = vec![listener];
    for _ in 0..4 {
        let socket = new();
        socket.set_nonblocking(true).unwrap();
        let _ = socket.connect(&address);
        sockets.push(socket);
    }
    (sockets, format!("http://{}", address.as_socket().unwrap()))
}

#[test]
fn a_connect_that_hangs_ends_at_the_deadline_and_when_cancelled() {
    let (_sockets, url) = full();
    assert_ends_in_time(config(&url), Step::Connect);
    assert_can_be_cancelled(Config { connect_timeout_ms: Some(60_000), ..config(&url) }, Step::Connect);
}

#[test]
fn a_proxy_that_stalls_ends_at_the_deadline_and_when_cancelled() {
    for protocol in [ProxyProtocol::Http, ProxyProtocol::Socks5] {
        let fault = Some(ProxyFault::Stall);
        let proxy = Proxy::start(ProxyOptions { protocol, fault, ..ProxyOptions::default() }).unwrap();
        let url = proxy.url();
        let config =
            || Config { proxy: Some(&url), connect_timeout_ms: Some(60_000), ..config("https://trro.invalid") };
        assert_ends_in_time(config(), Step::Connect);
        assert_can_be_cancelled(config(), Step::Connect);
    }
}

#[test]
fn a_handshake_that_stalls_ends_at_the_deadline_and_when_cancelled() {
    let emulator = emulator(Options { tls: true, stall_handshake: true, ..Options::default() });
    let url = emulator.url();
    let config = || Config { connect_timeout_ms: Some(60_000), ..config(&url) };
    assert_ends_in_time(config(), Step::Tls);
    assert_can_be_cancelled(config(), Step::Tls);
}

#[test]
fn a_handshake_has_what_the_connect_left_of_its_timeout() {
    let emulator = emulator(Options { tls: true, stall_handshake: true, ..Options::default() });
    let url = emulator.url();
    let config = Config { connect_timeout_ms: Some(200), ..config(&url) };
    let start = Instant::now();
    assert_fails(&diagnosed(config, &NO_DEVICE), Step::Tls, Status::Timeout, &[]);
    assert!(start.elapsed() < Duration::from_millis(200) + NOISE);
}

#[test]
fn an_answer_that_does_not_come_ends_at_the_deadline_and_when_cancelled() {
    let emulator = emulator(Options::default());
    emulator.misbehave_always(Some(Fault::StallHead));
    assert_ends_in_time(config(&emulator.url()), Step::Answer);
    assert_can_be_cancelled(config(&emulator.url()), Step::Answer);
}

#[test]
fn a_client_that_is_cancelled_looks_at_nothing() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::new(config(&url)).unwrap();
    client.cancel();
    let mut visit = |diagnosis: &Diagnosis| panic!("{diagnosis:?}");
    let error = diagnose(&client, &NO_DEVICE, Instant::now() + Duration::from_secs(60), &mut visit).unwrap_err();
    assert_eq!(error.status, Status::Cancelled);
}
