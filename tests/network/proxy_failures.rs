//! Proxies that refuse, break off, or are not there.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use emulator::{Emulator, Options, Proxy, ProxyFault, ProxyProtocol};
use socket2::{Domain, Socket, Type};
use trro::config::Config;
use trro::error::{Error, Status};

use crate::middle::Middle;
use crate::proxies::{PASSWORD, log, proxy, proxy_with_password, shows_no_password};
use crate::{NOWHERE, Service, call_with};

tests![
    another_password_is_refused_for_good,
    no_password_is_refused_for_good,
    a_refusal_is_for_good,
    what_is_no_proxy_is_refused_for_good,
    an_answer_without_end_is_refused_for_good,
    a_proxy_that_takes_no_password_is_refused_for_good,
    a_connection_that_is_closed_may_be_better_later,
    a_proxy_that_is_not_there_may_be_later,
    a_service_that_the_proxy_does_not_reach_may_be_there_later,
    a_proxy_that_stalls_is_named,
    a_proxy_whose_name_does_not_resolve_is_named,
    what_may_be_better_later_is_tried_again,
    what_is_for_good_is_tried_once,
    a_service_behind_the_proxy_that_is_not_believed_is_no_fault_of_the_proxy,
    a_user_that_the_protocol_cannot_carry_is_an_invalid_argument,
];

const PROTOCOLS: [ProxyProtocol; 2] = [ProxyProtocol::Http, ProxyProtocol::Socks5];

/// What a call through the proxy at this URL fails with; neither its message nor the log shows the password.
fn failure(url: &str, max_attempts: u32, deadline_ms: u32) -> Error {
    let service = Service::named(NOWHERE, Options::default());
    let (log, told) = log();
    let config = Config { proxy: Some(url), max_attempts: Some(max_attempts), log, ..service.config() };
    let error = call_with(Config { deadline_ms: Some(deadline_ms), ..config }).unwrap_err();
    assert!(service.requests().is_empty());
    shows_no_password(&format!("{error} {error:?} {}", told()));
    error
}

/// A call through the proxy fails, and the message names it, `HOST:PORT`, and says what it did.
fn fails(url: &str, did: &str, is_retryable: bool) -> Error {
    let error = failure(url, 1, 20_000);
    assert_eq!((error.status, error.retryable, error.attempts), (Status::ProxyFailed, is_retryable, 1), "{error}");
    let authority = url.rsplit_once(['/', '@']).unwrap().1;
    assert!(error.message.starts_with("the ") && error.message.contains(&format!("the proxy {authority} ")), "{error}");
    assert!(error.message.contains(did), "{error}");
    error
}

/// The URL of the proxy with another password, which stands there as it does in the right one.
fn with_another_password(proxy: &Proxy) -> String {
    let url = proxy.url_with_credentials();
    assert!(PASSWORD.starts_with("s3cret"));
    url.replace(":s3cret", ":another-s3cret")
}

fn with_the_password(url: &str) -> String {
    url.replace("://", "://depot:s3cret@")
}

fn another_password_is_refused_for_good() {
    for protocol in PROTOCOLS {
        fails(&with_another_password(&proxy_with_password(protocol)), "refused user and password", false);
    }
}

fn no_password_is_refused_for_good() {
    for protocol in PROTOCOLS {
        fails(&proxy_with_password(protocol).url(), "wants a user and a password", false);
    }
}

fn a_refusal_is_for_good() {
    let proxy_of = |protocol| proxy(protocol, Some(ProxyFault::Refuse));
    fails(&with_the_password(&proxy_of(ProxyProtocol::Http).url()), "(HTTP status 403)", false);
    let error = fails(&proxy_of(ProxyProtocol::Socks5).url(), "does not allow to connect to", false);
    assert!(error.message.contains(NOWHERE), "{error}");
}

fn what_is_no_proxy_is_refused_for_good() {
    for (protocol, did) in
        [(ProxyProtocol::Http, "does not speak HTTP"), (ProxyProtocol::Socks5, "does not speak SOCKS")]
    {
        fails(&with_the_password(&proxy(protocol, Some(ProxyFault::Garbage)).url()), did, false);
    }
    // The service itself, to which a proxy's URL may lead by mistake: it speaks HTTP, and is no proxy.
    let service = Emulator::start(Options::default()).unwrap();
    fails(&service.url(), "sent more than its answer", false);
}

fn an_answer_without_end_is_refused_for_good() {
    for line in ["X: ", "X: x\r\n"] {
        let man = Middle::start(move |tap| {
            tap.read_head()?;
            tap.write_all(b"HTTP/1.1 200 OK\r\n")?;
            let lines = line.repeat(1000);
            loop {
                tap.write_all(lines.as_bytes())?;
            }
        });
        fails(&format!("http://127.0.0.1:{}", man.port), "does not speak HTTP", false);
    }
}

/// SOCKS has a way to say so; to HTTP a password that nobody asked for is none of its business.
fn a_proxy_that_takes_no_password_is_refused_for_good() {
    let url = proxy_that_knows_no_method();
    fails(&with_the_password(&url), "takes no user and password", false);
}

/// A SOCKS proxy that finds no method acceptable: its URL.
fn proxy_that_knows_no_method() -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("socks5://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 4]).unwrap();
        stream.write_all(&[5, 0xFF]).unwrap();
    });
    url
}

fn a_connection_that_is_closed_may_be_better_later() {
    for protocol in PROTOCOLS {
        let proxy = proxy(protocol, Some(ProxyFault::Close));
        fails(&with_the_password(&proxy.url()), "broke", true);
        assert_eq!(proxy.targets().len(), 1);
    }
}

/// A port that is taken, and on which nobody listens.
fn taken_port() -> (Socket, u16) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    (socket, port)
}

fn a_proxy_that_is_not_there_may_be_later() {
    for scheme in ["http", "socks5"] {
        let (_taken, port) = taken_port();
        let error = fails(&format!("{scheme}://depot:s3cret@127.0.0.1:{port}"), "cannot be reached", true);
        assert_eq!(error.os_error, libc::ECONNREFUSED);
    }
}

fn a_service_that_the_proxy_does_not_reach_may_be_there_later() {
    for (protocol, did) in [(ProxyProtocol::Http, "(HTTP status 502)"), (ProxyProtocol::Socks5, "was refused by")] {
        let (_taken, port) = taken_port();
        let service = Service::named(NOWHERE, Options::default());
        let (endpoint, url) = (format!("https://{NOWHERE}:{port}"), proxy_with_password(protocol));
        let url_text = url.url_with_credentials();
        let config = Config { endpoint: Some(&endpoint), proxy: Some(&url_text), ..service.config() };
        let error = call_with(config).unwrap_err();
        assert_eq!((error.status, error.retryable), (Status::ProxyFailed, true), "{error}");
        assert!(error.message.contains(did) && error.message.contains(&format!("{NOWHERE}:{port}")), "{error}");
        shows_no_password(&format!("{error:?}"));
    }
}

fn a_proxy_that_stalls_is_named() {
    for protocol in PROTOCOLS {
        let proxy = proxy(protocol, Some(ProxyFault::Stall));
        let error = failure(&with_the_password(&proxy.url()), 1, 300);
        assert_eq!(error.status, Status::Timeout, "{error}");
        let authority = proxy.url().rsplit_once('/').unwrap().1.to_owned();
        assert!(error.message.contains(&format!("the proxy {authority} ")), "{error}");
    }
}

fn a_proxy_whose_name_does_not_resolve_is_named() {
    let error = failure("http://depot:s3cret@proxy.invalid:3128", 1, 20_000);
    assert_eq!((error.status, error.retryable), (Status::ProxyFailed, true), "{error}");
    assert!(error.message.contains("the proxy proxy.invalid:3128 "), "{error}");
}

fn what_may_be_better_later_is_tried_again() {
    for protocol in PROTOCOLS {
        let proxy = proxy(protocol, Some(ProxyFault::Close));
        let error = failure(&with_the_password(&proxy.url()), 3, 20_000);
        assert_eq!((error.status, error.attempts), (Status::ProxyFailed, 3), "{error}");
        assert_eq!(proxy.targets().len(), 3);
    }
}

fn what_is_for_good_is_tried_once() {
    for protocol in PROTOCOLS {
        let proxy = proxy(protocol, Some(ProxyFault::Refuse));
        let error = failure(&with_the_password(&proxy.url()), 3, 20_000);
        assert_eq!((error.status, error.attempts), (Status::ProxyFailed, 1), "{error}");
        assert_eq!(proxy.targets().len(), 1);
    }
}

fn a_service_behind_the_proxy_that_is_not_believed_is_no_fault_of_the_proxy() {
    let service = Service::named("elsewhere.example", Options::default());
    let (endpoint, proxy) = (format!("https://{NOWHERE}:{}", service.port), proxy(ProxyProtocol::Http, None));
    let url = proxy.url();
    let config = Config { endpoint: Some(&endpoint), proxy: Some(&url), ..service.config() };
    let error = call_with(config).unwrap_err();
    assert_eq!((error.status, error.retryable), (Status::TlsFailed, false), "{error}");
    assert!(service.requests().is_empty());
}

fn a_user_that_the_protocol_cannot_carry_is_an_invalid_argument() {
    let service = Service::named(NOWHERE, Options::default());
    for url in ["http://de%3Apot:s3cret@127.0.0.1:1", "socks5://:s3cret@127.0.0.1:1"] {
        let error = call_with(Config { proxy: Some(url), ..service.config() }).unwrap_err();
        assert_eq!(error.status, Status::InvalidArgument, "{url}: {error}");
        assert!(error.message.starts_with("proxy "), "{error}");
        shows_no_password(&format!("{error:?}"));
    }
}
