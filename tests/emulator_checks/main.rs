//! The emulator checks what the service documents. Requests are written by hand, and signed by the library's signer, which
//! the vectors and the official SDK vouch for.

mod account;
mod calls;
mod devices;
mod faults;
mod licenses;
mod metadata;
mod parameters;
mod proxy;
mod saving;
mod sessions;
mod tls;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use emulator::{Emulator, Options, SECRET_ID, SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN};
use serde_json::Value;
use trro::sign::{self, SigningKey};

/// A request that the emulator accepts, to be spoiled.
#[derive(Clone)]
struct Request {
    method: &'static str,
    action: &'static str,
    version: &'static str,
    service: &'static str,
    signs_action: bool,
    timestamp_s: i64,
    body: &'static str,
    /// Sent in place of what was signed.
    sent_body: Option<&'static str>,
    authorization: Option<&'static str>,
    secret_id: &'static str,
    token: Option<&'static str>,
}

fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn request() -> Request {
    Request {
        method: "POST",
        action: "GetDevices",
        version: "2022-03-25",
        service: "trro",
        signs_action: true,
        timestamp_s: now_s(),
        body: r#"{"PageNum":1,"PageSize":5}"#,
        sent_body: None,
        authorization: None,
        secret_id: SECRET_ID,
        token: None,
    }
}

impl Request {
    fn signed(&self, host: &str) -> String {
        if let Some(authorization) = self.authorization {
            return authorization.to_owned();
        }
        let request = sign::Request {
            method: self.method,
            query: "",
            content_type: "application/json",
            host,
            action: self.signs_action.then_some(self.action),
            body: self.body.as_bytes(),
        };
        let date = sign::utc_date(self.timestamp_s);
        let scope = sign::credential_scope(&date, self.service);
        let string_to_sign = sign::string_to_sign(&self.timestamp_s.to_string(), &scope, &request.canonical_request());
        let signature =
            sign::signature(&SigningKey::new(&sign::signing_key(SECRET_KEY, &date, self.service)), &string_to_sign);
        let mut header = String::new();
        sign::write_authorization(self.secret_id, &scope, request.signed_headers(), &signature, &mut header);
        header
    }

    /// The code of the error that the emulator answers with; empty for none.
    fn code(&self, emulator: &Emulator) -> String {
        let answer = self.answer(emulator);
        assert!(answer["Response"]["RequestId"].is_string());
        answer["Response"]["Error"]["Code"].as_str().unwrap_or_default().to_owned()
    }

    fn answer(&self, emulator: &Emulator) -> Value {
        let host = host(emulator);
        exchange(&host, &self.text(&host))
    }

    /// As it is sent.
    fn text(&self, host: &str) -> String {
        let body = self.sent_body.unwrap_or(self.body);
        let token = self.token.map(|token| format!("X-TC-Token: {token}\r\n")).unwrap_or_default();
        format!(
            "{} / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAuthorization: {}\r\nX-TC-Action: {}\r\n\
             X-TC-Version: {}\r\nX-TC-Timestamp: {}\r\n{token}Content-Length: {}\r\n\r\n{body}",
            self.method,
            self.signed(host),
            self.action,
            self.version,
            self.timestamp_s,
            body.len()
        )
    }
}

/// The emulator's host and port.
fn host(emulator: &Emulator) -> String {
    emulator.url().split_once("://").unwrap().1.to_owned()
}

/// A connection on which a request was sent.
fn sent(host: &str, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Sends a request as it is and gives the JSON of the answer, which must have HTTP status 200.
fn exchange(host: &str, request: &str) -> Value {
    let answer = exchange_text(host, request);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    json(&answer)
}

/// Sends a request as it is and gives the answer as it is.
fn exchange_text(host: &str, request: &str) -> String {
    let stream = sent(host, request);
    stream.shutdown(Shutdown::Write).unwrap();
    read_to_the_end(stream)
}

fn read_to_the_end(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// The JSON in the body of an answer.
fn json(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// The value of a header of an answer.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split_once("\r\n\r\n").unwrap().0;
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// What comes until nothing comes any more, on a connection that must stay open.
fn read_until_silence(mut stream: &TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).expect_err("the connection was closed");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    String::from_utf8(bytes).unwrap()
}

/// Waits for what must come to pass.
fn wait_until(came_to_pass: impl Fn() -> bool) {
    let start = Instant::now();
    while !came_to_pass() {
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn emulator() -> Emulator {
    Emulator::start(Options { requests_per_s: 0, ..Options::default() }).unwrap()
}

#[test]
fn a_sound_request_is_answered_with_http_200_and_rows() {
    let answer = request().answer(&emulator());
    assert_eq!(answer["Response"]["Devices"].as_array().map(Vec::len), Some(5));
    assert_eq!(answer["Response"]["TotalCount"], 62);
}

#[test]
fn two_signed_headers_are_enough_as_in_the_official_sdks() {
    assert_eq!(Request { signs_action: false, ..request() }.code(&emulator()), "");
}

#[test]
fn what_the_service_refuses_is_refused() {
    let emulator = emulator();
    let sound = request();
    for (spoiled, code) in [
        (Request { method: "GET", ..sound.clone() }, "UnsupportedProtocol"),
        (Request { version: "2020-01-01", ..sound.clone() }, "NoSuchVersion"),
        (Request { action: "GetDevice", ..sound.clone() }, "InvalidAction"),
        (Request { service: "cvm", ..sound.clone() }, "AuthFailure.SignatureFailure"),
        (Request { sent_body: Some(r#"{"PageNum":2,"PageSize":5}"#), ..sound.clone() }, "AuthFailure.SignatureFailure"),
        (Request { authorization: Some("Bearer x"), ..sound.clone() }, "AuthFailure.InvalidAuthorization"),
        (Request { timestamp_s: sound.timestamp_s - 302, ..sound.clone() }, "AuthFailure.SignatureExpire"),
        (Request { timestamp_s: sound.timestamp_s + 302, ..sound.clone() }, "AuthFailure.SignatureExpire"),
        (Request { body: "{}", ..sound.clone() }, "MissingParameter"),
        (Request { body: r#"{"PageNum":1}"#, ..sound.clone() }, "MissingParameter"),
        (Request { body: r#"{"PageNum":0,"PageSize":5}"#, ..sound.clone() }, "InvalidParameterValue"),
        (Request { body: r#"{"PageNum":1,"PageSize":101}"#, ..sound.clone() }, "InvalidParameterValue"),
        (Request { body: r#"{"PageNum":"1","PageSize":5}"#, ..sound.clone() }, "InvalidParameter"),
        (Request { body: r#"{"PageNum":1,"PageSize":5,"DeviceId":7}"#, ..sound.clone() }, "InvalidParameter"),
        (Request { body: r#"{"PageNum":1,"PageSize":5,"Page":1}"#, ..sound.clone() }, "UnknownParameter"),
        (Request { body: "PageNum=1", ..sound.clone() }, "InvalidParameter"),
    ] {
        assert_eq!(spoiled.code(&emulator), code, "{} {} {}", spoiled.method, spoiled.action, spoiled.body);
    }
}

#[test]
fn a_request_above_the_limit_of_a_second_is_refused() {
    // One a second, so that one of two right after each other is refused unless a second ends between them.
    let emulator = Emulator::start(Options { requests_per_s: 1, ..Options::default() }).unwrap();
    while request().code(&emulator) != "RequestLimitExceeded" {}
}

/// Asks for an action as fast as it can: how many requests were taken from the beginning of a second until one was refused.
fn taken_in_a_second(emulator: &Emulator, action: &'static str) -> u32 {
    let host = host(emulator);
    // What is sent is refused, but counted before that.
    let text = Request { action, body: "{}", ..request() }.text(&host);
    let answered = |_: &u32| {
        let answer = exchange(&host, &text);
        !answer["Response"]["Error"]["Code"].as_str().unwrap_or_default().starts_with("RequestLimitExceeded")
    };
    while answered(&0) {}
    while !answered(&0) {}
    // A second has just begun.
    1 + (0..1000).take_while(answered).map(|_| 1).sum::<u32>()
}

/// A machine that is busy may see a second end between two requests, and so count more.
fn has_limit(emulator: &Emulator, action: &'static str, limit: u32) -> bool {
    (0..5).any(|_| taken_in_a_second(emulator, action) == limit)
}

#[test]
fn each_action_has_the_limit_that_is_documented_for_it() {
    let emulator = Emulator::start(Options::default()).unwrap();
    for (action, limit) in [("GetDevices", 20), ("CreateDevice", 50), ("ModifyDevice", 50), ("DeleteProject", 20)] {
        assert!(has_limit(&emulator, action, limit), "{action}");
    }
}

#[test]
fn a_limit_that_it_is_given_is_that_of_every_action() {
    let emulator = Emulator::start(Options { requests_per_s: 3, ..Options::default() }).unwrap();
    for action in ["GetDevices", "CreateDevice"] {
        assert!(has_limit(&emulator, action, 3), "{action}");
    }
}

#[test]
fn it_is_told_to_misbehave_over_its_own_port() {
    let emulator = emulator();
    let host = host(&emulator);
    let tell = |command: &str, fault: &str| {
        exchange(
            &host,
            &format!("POST /_emulator/{command} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{fault}", fault.len()),
        )
    };
    tell("once", "error:InternalError");
    assert_eq!(request().code(&emulator), "InternalError");
    assert_eq!(request().code(&emulator), "");
    tell("always", "throttled");
    for _ in 0..3 {
        assert_eq!(request().code(&emulator), "RequestLimitExceeded");
    }
    tell("always", "");
    assert_eq!(request().code(&emulator), "");
    assert_eq!(tell("statistics", "")["requests"], 6);
    assert!(tell("once", "no-such-fault")["error"].is_string());
}

#[test]
fn a_temporary_key_is_good_with_the_token_of_the_day_only() {
    let emulator = emulator();
    let with = |token| Request { secret_id: TEMPORARY_SECRET_ID, token, ..request() }.code(&emulator);
    assert_eq!(with(Some(TOKEN)), "");
    assert_eq!(with(None), "AuthFailure.TokenFailure");
    emulator.set_token("tomorrow's");
    assert_eq!(with(Some(TOKEN)), "AuthFailure.TokenFailure");
    assert_eq!(with(Some("tomorrow's")), "");
}

#[test]
fn its_clock_can_be_moved_while_it_runs() {
    let emulator = emulator();
    emulator.set_clock_offset_s(302);
    assert_eq!(request().code(&emulator), "AuthFailure.SignatureExpire");
    emulator.set_clock_offset_s(0);
    assert_eq!(request().code(&emulator), "");
}

#[test]
fn a_connection_without_a_request_is_closed_in_time() {
    let emulator = Emulator::start(Options { idle_close_ms: 50, ..Options::default() }).unwrap();
    let host = host(&emulator);
    // Neither connection is ended by this side.
    assert_eq!(read_to_the_end(TcpStream::connect(&host).unwrap()), "");
    let answer = read_to_the_end(sent(&host, &request().text(&host)));
    assert_eq!(json(&answer)["Response"]["TotalCount"], 62);
}

#[test]
fn a_connection_is_kept_for_ever_if_it_is_told_so() {
    let emulator = Emulator::start(Options { idle_close_ms: 0, ..Options::default() }).unwrap();
    let host = host(&emulator);
    let stream = sent(&host, &request().text(&host));
    assert_eq!(json(&read_until_silence(&stream))["Response"]["TotalCount"], 62);
}
