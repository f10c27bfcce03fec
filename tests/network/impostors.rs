//! Who answers in the service's place without any proof: plain HTTP where TLS belongs, and proxies that know the answer
//! themselves. None is believed, and none sees what belongs to the service.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::version::{TLS12, TLS13};
use trro::client::Client;
use trro::config::Config;
use trro::error::{Error, Status};

use crate::middle::{BODY, Middle, answer, config, contains, sound_answer};
use crate::strangers::{root, sound};
use crate::{NOWHERE, call, call_with};

tests![
    plain_http_in_the_place_of_tls_is_no_answer,
    plain_http_that_does_not_wait_for_the_question_is_no_answer,
    a_proxy_that_does_tls_itself_proves_nothing,
    a_proxy_that_does_tls_itself_proves_nothing_after_the_service_has,
    a_proxy_that_answers_the_question_for_a_tunnel_is_no_service,
    a_proxy_that_answers_right_behind_the_tunnel_is_no_service,
    a_proxy_that_answers_inside_of_the_tunnel_without_tls_is_no_service,
    a_proxy_that_refuses_with_a_sound_answer_is_no_service,
    a_socks_proxy_that_answers_in_the_place_of_tls_is_no_service,
];

/// What a call to this man at `localhost` fails with. The certificate of nobody is needed to fail.
fn failure_at(man: &Middle) -> Error {
    let (endpoint, ca_file) = (format!("https://localhost:{}", man.port), root().ca_file());
    call_with(config(&endpoint, Some(&ca_file))).unwrap_err()
}

/// Answers to a question that he cannot read: as if it were the service's, and as a server of HTTP does.
fn answers_in_plain() -> [Vec<u8>; 2] {
    [sound_answer(), answer("400 Bad Request", "Connection: close\r\n")]
}

fn plain_http_in_the_place_of_tls_is_no_answer() {
    for answer in answers_in_plain() {
        let man = Middle::start(move |tap| {
            let _ = tap.read(&mut [0; 4096])?;
            tap.write_all(&answer)
        });
        let error = failure_at(&man);
        assert_eq!((error.status, error.retryable, error.attempts), (Status::TlsFailed, false, 1), "{error}");
        assert!(error.message.contains("does the other side speak TLS on this port?"), "{error}");
        man.has_seen_nothing(1);
    }
}

fn plain_http_that_does_not_wait_for_the_question_is_no_answer() {
    for answer in answers_in_plain() {
        let man = Middle::start(move |tap| tap.write_all(&answer));
        let error = failure_at(&man);
        assert_eq!((error.status, error.retryable, error.attempts), (Status::TlsFailed, false, 1), "{error}");
        man.has_seen_nothing(1);
    }
}

const USER_AND_PASSWORD: &str = "depot:s3cret";

/// A client of a service that only this proxy leads to, or says so.
fn config_through<'a>(url: &'a str, ca_file: &'a str) -> Config<'a> {
    Config { proxy: Some(url), ..config(ENDPOINT, Some(ca_file)) }
}

const ENDPOINT: &str = "https://trro.invalid";

fn url(scheme: &str, proxy: &Middle) -> String {
    format!("{scheme}://{USER_AND_PASSWORD}@127.0.0.1:{}", proxy.port)
}

/// What a call through this proxy fails with; it fails for good, and the proxy has seen its own password at most.
#[track_caller]
fn is_refused(scheme: &str, proxy: &Middle, status: Status) -> Error {
    let (url, ca_file) = (url(scheme, proxy), root().ca_file());
    let error = call_with(config_through(&url, &ca_file)).unwrap_err();
    assert_eq!((error.status, error.retryable, error.attempts), (status, false, 1), "{error}");
    proxy.has_seen_nothing(1);
    error
}

/// The tunnel stands.
const CONNECTED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

fn a_proxy_that_does_tls_itself_proves_nothing() {
    for version in [&TLS12, &TLS13] {
        // Of an authority of its own, as the proxies have that look into what passes.
        let config = sound(&root(), NOWHERE, version);
        let proxy = Middle::start(move |tap| {
            tap.read_head()?;
            tap.write_all(CONNECTED)?;
            tap.speak_tls(&config, &sound_answer(), true)
        });
        let error = is_refused("http", &proxy, Status::TlsFailed);
        assert!(error.message.contains("BadSignature") || error.message.contains("UnknownIssuer"), "{error}");
    }
}

/// A client that has been at the service already is no less careful: also where a session could be resumed.
fn a_proxy_that_does_tls_itself_proves_nothing_after_the_service_has() {
    for version in [&TLS12, &TLS13] {
        let (trusted, other) = (root(), root());
        let (service, stranger) = (sound(&trusted, NOWHERE, version), sound(&other, NOWHERE, version));
        let turn = AtomicUsize::new(0);
        // Without this, a client that does not see the end at once keeps the connection for its next call.
        let last = answer("200 OK", &format!("Connection: close\r\nContent-Length: {}\r\n", BODY.len()));
        let proxy = Middle::start(move |tap| {
            let is_first = turn.fetch_add(1, Ordering::Relaxed) == 0;
            tap.read_head()?;
            tap.write_all(CONNECTED)?;
            tap.speak_tls(if is_first { &service } else { &stranger }, &last, true)
        });
        let (url, ca_file) = (url("http", &proxy), trusted.ca_file());
        let client = Client::new(config_through(&url, &ca_file)).unwrap();
        assert_eq!(call(&client), Ok(0));
        assert!(contains(&proxy.next().decrypted, "GetDevices"));
        assert_eq!(call(&client).unwrap_err().status, Status::TlsFailed);
        proxy.has_seen_nothing(1);
    }
}

fn a_proxy_that_answers_the_question_for_a_tunnel_is_no_service() {
    let proxy = Middle::start(|tap| {
        tap.read_head()?;
        tap.write_all(&sound_answer())
    });
    let error = is_refused("http", &proxy, Status::ProxyFailed);
    assert!(error.message.contains("sent more than its answer"), "{error}");
}

fn a_proxy_that_answers_right_behind_the_tunnel_is_no_service() {
    let proxy = Middle::start(|tap| {
        tap.read_head()?;
        tap.write_all(&[CONNECTED, &sound_answer()].concat())
    });
    let error = is_refused("http", &proxy, Status::ProxyFailed);
    assert!(error.message.contains("sent more than its answer"), "{error}");
}

fn a_proxy_that_answers_inside_of_the_tunnel_without_tls_is_no_service() {
    let proxy = Middle::start(|tap| {
        tap.read_head()?;
        tap.write_all(CONNECTED)?;
        let _ = tap.read(&mut [0; 4096])?;
        tap.write_all(&sound_answer())
    });
    is_refused("http", &proxy, Status::TlsFailed);
}

fn a_proxy_that_refuses_with_a_sound_answer_is_no_service() {
    let elsewhere = Middle::start(|tap| tap.write_all(&sound_answer()));
    let location = format!("Location: http://127.0.0.1:{}/\r\n", elsewhere.port);
    for status in
        ["407 Proxy Authentication Required", "403 Forbidden", "302 Found", "304 Not Modified", "100 Continue"]
    {
        let answer = answer(status, &format!("{location}Content-Length: {}\r\n", BODY.len()));
        let proxy = Middle::start(move |tap| {
            tap.read_head()?;
            tap.write_all(&answer)
        });
        let error = is_refused("http", &proxy, Status::ProxyFailed);
        assert!(error.message.contains(&format!("HTTP status {}", &status[..3])), "{error}");
    }
    // Nobody went where the proxy said.
    elsewhere.has_seen_nothing(0);
}

fn a_socks_proxy_that_answers_in_the_place_of_tls_is_no_service() {
    let proxy = Middle::start(|tap| {
        // The methods; who we are; where to.
        tap.read_exact(&mut [0; 4])?;
        tap.write_all(&[5, 2])?;
        let mut login = [0; 3 + USER_AND_PASSWORD.len() - 1];
        tap.read_exact(&mut login)?;
        tap.write_all(&[1, 0])?;
        tap.read_exact(&mut [0; 7 + NOWHERE.len()])?;
        let granted = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
        tap.write_all(&[&granted[..], &sound_answer()].concat())
    });
    is_refused("socks5", &proxy, Status::TlsFailed);
}
