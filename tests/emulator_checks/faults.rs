//! Each fault is what its name says.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;

use emulator::{Emulator, Fault};

use crate::{emulator, exchange_text, header, host, json, now_s, read_to_the_end, read_until_silence, request, sent};

/// An emulator that misbehaves, and a connection on which it was sent a request.
fn faced_with(fault: &str) -> (Emulator, TcpStream) {
    let emulator = emulator();
    emulator.misbehave_always(Some(fault.parse().unwrap()));
    let host = host(&emulator);
    let stream = sent(&host, &request().text(&host));
    (emulator, stream)
}

/// The answer to a request at which it misbehaves.
fn answer_with(fault: &str) -> String {
    let emulator = emulator();
    emulator.misbehave_once(fault.parse().unwrap());
    let host = host(&emulator);
    exchange_text(&host, &request().text(&host))
}

/// The connection was open until now, and ends with this side of it.
fn ends_with_the_client(emulator: &Emulator, stream: TcpStream) {
    assert_eq!(emulator.statistics().closed, 0);
    drop(stream);
    crate::wait_until(|| emulator.statistics().closed == 1);
}

fn is_sound(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ") && json(answer)["Response"]["TotalCount"] == 62
}

fn error_code(answer: &str) -> String {
    json(answer)["Response"]["Error"]["Code"].as_str().unwrap().to_owned()
}

#[test]
fn stall_head_answers_nothing_until_the_client_closes() {
    let (emulator, stream) = faced_with("stall-head");
    assert_eq!(read_until_silence(&stream), "");
    assert_eq!(emulator.statistics().requests.len(), 1);
    ends_with_the_client(&emulator, stream);
}

#[test]
fn stall_body_answers_half_of_the_body_until_the_client_closes() {
    let (emulator, stream) = faced_with("stall-body");
    let answer = read_until_silence(&stream);
    let announced: usize = header(&answer, "Content-Length").unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(body.len(), announced - announced / 2);
    ends_with_the_client(&emulator, stream);
}

#[test]
fn a_stalled_connection_outlives_the_limit_for_idle_ones() {
    let options = emulator::Options { idle_close_ms: 20, ..emulator::Options::default() };
    let emulator = Emulator::start(options).unwrap();
    emulator.misbehave_once(Fault::StallHead);
    let host = host(&emulator);
    let stream = sent(&host, &request().text(&host));
    assert_eq!(read_until_silence(&stream), "");
    ends_with_the_client(&emulator, stream);
}

#[test]
fn an_emulator_that_is_dropped_ends_a_stalled_connection() {
    let (emulator, stream) = faced_with("stall-head");
    crate::wait_until(|| emulator.statistics().requests.len() == 1);
    drop(emulator);
    assert_eq!(read_to_the_end(stream), "");
}

#[test]
fn hang_up_closes_in_order_without_a_byte() {
    let (emulator, stream) = faced_with("hang-up");
    assert_eq!(read_to_the_end(stream), "");
    assert_eq!(emulator.statistics().requests.len(), 1);
}

#[test]
fn reset_does_not_close_in_order() {
    let (_emulator, mut stream) = faced_with("reset");
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// The first 8 MiB of what comes.
fn beginning(stream: &TcpStream) -> String {
    const LENGTH: u64 = 8 << 20;
    let text = read_to_the_end(stream.take(LENGTH));
    assert_eq!(text.len() as u64, LENGTH);
    text
}

#[test]
fn endless_body_goes_on_until_the_client_closes() {
    let (emulator, stream) = faced_with("endless-body");
    let answer = beginning(&stream);
    assert!(answer.starts_with("HTTP/1.1 200 "));
    assert_eq!(header(&answer, "Transfer-Encoding"), Some("chunked"));
    assert_eq!(header(&answer, "Content-Length"), None);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(body.starts_with("18\r\n{\"Response\":{\"Padding\":\"\r\n4000\r\nxxx"), "{}", &body[..40]);
    ends_with_the_client(&emulator, stream);
}

#[test]
fn endless_head_goes_on_until_the_client_closes() {
    let (emulator, stream) = faced_with("endless-head");
    let answer = beginning(&stream);
    assert!(answer.starts_with("HTTP/1.1 200 "));
    assert!(!answer.contains("\r\n\r\n"));
    ends_with_the_client(&emulator, stream);
}

#[test]
fn throttled_for_tells_when_to_come_back() {
    let answer = answer_with("throttled-for:7");
    assert_eq!(error_code(&answer), "RequestLimitExceeded");
    assert_eq!(header(&answer, "Retry-After"), Some("7"));
}

#[test]
fn unavailable_for_tells_when_to_come_back() {
    let answer = answer_with("unavailable-for:7");
    assert!(answer.starts_with("HTTP/1.1 503 "));
    assert_eq!(header(&answer, "Content-Type"), Some("text/html"));
    assert_eq!(header(&answer, "Retry-After"), Some("7"));
}

#[test]
fn an_aged_answer_is_sound() {
    let answer = answer_with("aged:3600");
    assert!(is_sound(&answer), "{answer}");
    assert_eq!(header(&answer, "Age"), Some("3600"));
}

#[test]
fn an_answer_without_a_date_is_sound() {
    let answer = answer_with("no-date");
    assert!(is_sound(&answer), "{answer}");
    assert_eq!(header(&answer, "Date"), None);
}

#[test]
fn an_answer_with_another_date_is_sound() {
    let answer = answer_with(&format!("date:{}", -now_s()));
    assert!(is_sound(&answer), "{answer}");
    let date = header(&answer, "Date").unwrap();
    assert!(date.starts_with("Thu, 01 Jan 1970 00:00:"), "{date}");
    assert_eq!(answer.matches("Date: ").count(), 1);
}

#[test]
fn wrong_clock_no_date_leaves_its_time_in_the_message_only() {
    let before_s = now_s() + 4000;
    let answer = answer_with("wrong-clock-no-date:4000");
    let after_s = now_s() + 4000;
    assert_eq!(error_code(&answer), "AuthFailure.SignatureExpire");
    assert_eq!(header(&answer, "Date"), None);
    let answer = json(&answer);
    let message = answer["Response"]["Error"]["Message"].as_str().unwrap();
    assert!((before_s..=after_s).any(|at_s| message.contains(&format!("server time {at_s} "))), "{message}");
}

#[test]
fn sometimes_misbehaves_at_the_same_requests_in_every_run() {
    let run = || {
        let emulator = emulator();
        emulator.misbehave_always(Some(Fault::Sometimes(10)));
        let host = host(&emulator);
        let text = request().text(&host);
        let is_answered_soundly = |_| {
            let mut answer = String::new();
            sent_and_ended(&host, &text).read_to_string(&mut answer).is_ok()
                && header_is_whole(&answer)
                && answer.ends_with('}')
                && is_sound(&answer)
        };
        (0..200).map(is_answered_soundly).collect::<Vec<bool>>()
    };
    let first = run();
    let faulty = first.iter().filter(|sound| !**sound).count();
    assert!((10..=30).contains(&faulty), "{faulty}");
    assert_eq!(first, run());
}

fn sent_and_ended(host: &str, text: &str) -> TcpStream {
    let stream = sent(host, text);
    // A connection that was reset already cannot be ended.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    stream
}

fn header_is_whole(answer: &str) -> bool {
    answer.contains("\r\n\r\n")
}

#[test]
fn a_fault_that_needs_a_number_says_so() {
    for name in [
        "gzip-too-large",
        "throttled-for",
        "unavailable-for:x",
        "aged:-1",
        "date",
        "wrong-clock-no-date:",
        "sometimes:many",
    ] {
        let message = name.parse::<Fault>().unwrap_err();
        assert!(message.starts_with(&format!("{name}: ")), "{message}");
    }
}

#[test]
fn gzip_too_large_is_many_bytes_in_few() {
    let (_emulator, mut stream) = faced_with("gzip-too-large:1000000");
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.len() < 10_000, "{}", answer.len());
    assert!(String::from_utf8_lossy(&answer).contains("\r\nContent-Encoding: gzip\r\n"));
    // By RFC 1952 the last of it is the length of the plain data.
    let length = u32::from_le_bytes(*answer.last_chunk().unwrap());
    assert_eq!(length as usize, 1_000_000 + r#"{"Response":{"RequestId":"padded","Padding":""}}"#.len());
}

/// An emulator that misbehaves at the request to make a project, the connection, and how many projects it has at the end.
fn makes_a_project_with(fault: &str, read: impl FnOnce(&Emulator, TcpStream)) -> usize {
    let emulator = emulator();
    emulator.misbehave_once(fault.parse().unwrap());
    let host = host(&emulator);
    let request = crate::Request { action: "CreateProject", body: r#"{"ProjectName":"new"}"#, ..request() };
    let stream = sent(&host, &request.text(&host));
    read(&emulator, stream);
    crate::calls::state(&emulator)["Projects"].as_array().unwrap().len()
}

#[test]
fn carry_out_and_hang_up_does_both() {
    assert_eq!(makes_a_project_with("carry-out-and-hang-up", |_, stream| assert_eq!(read_to_the_end(stream), "")), 3);
}

#[test]
fn carry_out_and_stall_does_both() {
    let stalls = |emulator: &Emulator, stream: TcpStream| {
        assert_eq!(read_until_silence(&stream), "");
        ends_with_the_client(emulator, stream);
    };
    assert_eq!(makes_a_project_with("carry-out-and-stall", stalls), 3);
}

#[test]
fn what_breaks_off_before_the_answer_is_not_carried_out() {
    assert_eq!(makes_a_project_with("hang-up", |_, stream| assert_eq!(read_to_the_end(stream), "")), 2);
    let reads = |_: &Emulator, mut stream: TcpStream| drop(stream.read(&mut [0]));
    assert_eq!(makes_a_project_with("reset", reads), 2);
    assert_eq!(makes_a_project_with("error:InternalError", reads), 2);
}

#[test]
fn an_answer_that_is_cut_off_is_one_to_what_was_carried_out() {
    assert_eq!(makes_a_project_with("cut-off", |_, stream| drop(read_to_the_end(stream))), 3);
}

#[test]
fn a_wrong_type_is_in_the_answer_to_any_action() {
    let devices = answer_with("wrong-type");
    assert_eq!(json(&devices)["Response"]["Devices"][0]["LicenseIds"], serde_json::json!([7]));
    let emulator = emulator();
    emulator.misbehave_once(Fault::WrongType);
    let request = crate::Request { action: "GetLicenseStat", body: "{}", ..request() };
    assert_eq!(request.answer(&emulator)["Response"]["RequestId"], 7);
}

#[test]
fn throttled_names_the_action() {
    let emulator = emulator();
    emulator.misbehave_once(Fault::Throttled);
    let request = crate::Request { action: "CreateDevice", body: "{}", ..request() };
    let answer = request.answer(&emulator);
    assert!(answer["Response"]["Error"]["Message"].as_str().unwrap().contains("`CreateDevice`"), "{answer}");
}
