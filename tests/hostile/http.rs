//! Answers whose HTTP is hostile. Uses `answers`, `case`, `server`.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::answers::sound;
use crate::case::{Case, Expected, OK_ROW};
use crate::server::Answer;

/// For what never ends: long enough to begin, short enough to wait for.
const SHORT_MS: u32 = 400;

/// An answer as it should be.
pub fn ok(body: &[u8]) -> Vec<u8> {
    with_head("HTTP/1.1 200 OK\r\nContent-Type: application/json", body)
}

/// These lines, and the right length.
fn with_head(lines: &str, body: &[u8]) -> Vec<u8> {
    raw(&format!("{lines}\r\nContent-Length: {}", body.len()), body)
}

/// Exactly these lines.
fn raw(lines: &str, body: &[u8]) -> Vec<u8> {
    [lines.as_bytes(), b"\r\n\r\n", body].concat()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", body)
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn is_sound() -> Expected {
    Expected::Line(OK_ROW.to_owned())
}

fn bytes(name: &str, bytes: Vec<u8>, expected: Expected) -> Case {
    Case::new(name, Answer::Bytes(bytes), expected)
}

pub fn cases() -> Vec<Case> {
    [lengths(), chunks(), heads(), statuses(), compressions(), endings(), stalls()].into_iter().flatten().collect()
}

fn lengths() -> Vec<Case> {
    let sound = sound();
    let length = sound.len();
    let with = |lines: String| raw(&format!("HTTP/1.1 200 OK\r\n{lines}"), sound.as_bytes());
    let (bad, broken) = (|| Expected::Status("BAD_RESPONSE"), || Expected::Status("CONNECT_FAILED"));
    let longer = with(format!("Content-Length: {}", length + 1));
    let shorter = with(format!("Content-Length: {}", length - 1));
    let two = format!("Content-Length: {length}\r\nContent-Length: {}", length - 1);
    vec![
        bytes("length::longer_than_the_body", longer, broken()),
        bytes("length::shorter_than_the_body", shorter, bad()),
        bytes("length::two_that_differ", with(two), bad()),
        bytes("length::two_in_one_that_differ", with(format!("Content-Length: {length}, 1")), bad()),
        bytes("length::zero", with("Content-Length: 0".to_owned()), bad()),
        bytes("length::negative", with("Content-Length: -1".to_owned()), bad()),
        bytes("length::with_a_plus", with(format!("Content-Length: +{length}")), bad()),
        bytes("length::in_hexadecimal", with(format!("Content-Length: {length:#x}")), bad()),
        bytes("length::a_fraction", with(format!("Content-Length: {length}.0")), bad()),
        bytes("length::no_number", with("Content-Length: many".to_owned()), bad()),
        bytes("length::empty", with("Content-Length:".to_owned()), bad()),
        bytes("length::two_to_the_64", with("Content-Length: 18446744073709551616".to_owned()), bad()),
        bytes("length::two_to_the_64_less_one", with("Content-Length: 18446744073709551615".to_owned()), broken()),
        bytes("length::a_gigabyte", with("Content-Length: 1073741824".to_owned()), broken()),
        bytes("length::a_thousand_digits", with(format!("Content-Length: {}", "9".repeat(1000))), bad()),
        bytes("length::none_and_the_end::is_sound", with("Connection: close".to_owned()), is_sound()),
    ]
}

fn chunks() -> Vec<Case> {
    let sound = sound();
    let (body, length) = (sound.as_str(), sound.len());
    let bad = || Expected::Status("BAD_RESPONSE");
    let of = |text: String| chunked(text.as_bytes());
    let in_ones: String = body.bytes().map(|byte| format!("1\r\n{}\r\n", byte as char)).collect();
    let packed_and_chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked";
    let in_one_chunk = |bytes: &[u8]| {
        let (size, end) = (format!("{:x}\r\n", bytes.len()), b"\r\n0\r\n\r\n");
        [size.as_bytes(), bytes, end].concat()
    };
    let both = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: {length}");
    vec![
        bytes("chunks::one::is_sound", of(format!("{length:x}\r\n{body}\r\n0\r\n\r\n")), is_sound()),
        bytes("chunks::of_one_byte::is_sound", of(format!("{in_ones}0\r\n\r\n")), is_sound()),
        bytes("chunks::with_an_extension::is_sound", of(format!("{length:x};a=b\r\n{body}\r\n0\r\n\r\n")), is_sound()),
        bytes("chunks::size_is_no_number", of(format!("zz\r\n{body}\r\n0\r\n\r\n")), bad()),
        bytes("chunks::size_is_negative", of(format!("-1\r\n{body}\r\n0\r\n\r\n")), bad()),
        bytes("chunks::size_is_empty", of(format!("\r\n{body}\r\n0\r\n\r\n")), bad()),
        bytes("chunks::size_with_a_prefix", of(format!("0x{length:x}\r\n{body}\r\n0\r\n\r\n")), bad()),
        bytes("chunks::of_packed_data", raw(packed_and_chunked, &in_one_chunk(&gzipped(body.as_bytes()))), bad()),
        bytes("chunks::with_a_trailer::is_sound", of(format!("{length:x}\r\n{body}\r\n0\r\nX: y\r\n\r\n")), is_sound()),
        Case::new(
            "chunks::trailers_without_end",
            Answer::Endless(chunked(format!("{length:x}\r\n{body}\r\n0\r\n").as_bytes()), b"X: y\r\n".repeat(600)),
            Expected::Status("TIMEOUT"),
        )
        .with_deadline_ms(SHORT_MS),
        bytes("chunks::size_overflows", of(format!("fffffffffffffffff\r\n{body}\r\n0\r\n\r\n")), bad()),
        bytes("chunks::size_is_too_small", of(format!("1\r\n{body}\r\n0\r\n\r\n")), bad()),
        bytes(
            "chunks::size_is_the_most_there_is",
            of(format!("ffffffffffffffff\r\n{body}")),
            Expected::Status("CONNECT_FAILED"),
        ),
        bytes(
            "chunks::the_last_is_missing",
            of(format!("{length:x}\r\n{body}\r\n")),
            Expected::Status("CONNECT_FAILED"),
        ),
        bytes("chunks::end_inside", of(format!("{:x}\r\n{body}", length + 9)), Expected::Status("CONNECT_FAILED")),
        bytes("chunks::an_endless_size", of("0".repeat(1_000_000)), Expected::Status("BAD_RESPONSE")),
        bytes("chunks::an_endless_extension", of(format!("1;{}", "x".repeat(1_000_000))), bad()),
        bytes("chunks::and_a_length", raw(&both, format!("{length:x}\r\n{body}\r\n0\r\n\r\n").as_bytes()), is_sound()),
        Case::new(
            "chunks::that_never_end",
            Answer::Endless(chunked(b""), b"1000\r\n".iter().copied().chain([b'x'; 4096]).chain(*b"\r\n").collect()),
            bad(),
        ),
    ]
}

fn heads() -> Vec<Case> {
    let sound = sound();
    let with = |line: &str| with_head(line, sound.as_bytes());
    let bad = || Expected::Status("BAD_RESPONSE");
    let many: String = (0..1000).map(|number| format!("\r\nX-{number}: x")).collect();
    let head = "HTTP/1.1 200 OK";
    let (no_day, last_year) = ("Fri, 31 Feb 2027 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT");
    let lines_of_unix = format!("HTTP/1.1 200 OK\nContent-Length: {}\n\n{sound}", sound.len()).into_bytes();
    let close = format!("HTTP/1.0 200 OK\r\n\r\n{sound}").into_bytes();
    vec![
        bytes("head::http_1_0_and_the_end::is_sound", close, is_sound()),
        bytes("head::no_reason::is_sound", with("HTTP/1.1 200"), is_sound()),
        bytes("head::type_of_a_web_page::is_sound", with(&format!("{head}\r\nContent-Type: text/html")), is_sound()),
        bytes("head::lines_end_without_a_carriage_return::is_sound", lines_of_unix, is_sound()),
        bytes("head::a_value_beyond_ascii::is_sound", with(&format!("{head}\r\nX: \u{e9}")), is_sound()),
        bytes("head::a_date_that_is_none::is_sound", with(&format!("{head}\r\nDate: yesterday")), is_sound()),
        bytes("head::a_date_without_such_a_day::is_sound", with(&format!("{head}\r\nDate: {no_day}")), is_sound()),
        bytes("head::a_date_of_the_last_year::is_sound", with(&format!("{head}\r\nDate: {last_year}")), is_sound()),
        bytes("head::two_dates::is_sound", with(&format!("{head}\r\nDate: {last_year}\r\nDate: {no_day}")), is_sound()),
        bytes("head::offers_another_protocol::is_sound", with(&format!("{head}\r\nUpgrade: h2c")), is_sound()),
        bytes("head::a_folded_line", with(&format!("{head}\r\nX: a\r\n b")), bad()),
        bytes("head::status_below_100", with("HTTP/1.1 099 Low"), bad()),
        bytes("head::http_2", with("HTTP/2 200"), bad()),
        bytes("head::http_3_1", with("HTTP/3.1 200 OK"), bad()),
        bytes("head::another_protocol", with("ICY 200 OK"), bad()),
        bytes("head::of_another_service", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), bad()),
        bytes("head::status_of_two_digits", with("HTTP/1.1 20 OK"), bad()),
        bytes("head::status_of_four_digits", with("HTTP/1.1 2000 OK"), bad()),
        bytes("head::status_with_a_sign", with("HTTP/1.1 +20 OK"), bad()),
        bytes("head::no_status", with("HTTP/1.1"), bad()),
        bytes("head::no_head", sound.clone().into_bytes(), bad()),
        bytes("head::zeros", vec![0; 4096], bad()),
        bytes("head::alert_of_tls", vec![0x15, 3, 1, 0, 2, 2, 40], bad()),
        bytes("head::a_name_with_a_blank", with(&format!("{head}\r\nContent Type: x")), bad()),
        bytes("head::a_name_with_a_nul", with(&format!("{head}\r\nX\0Y: x")), bad()),
        bytes("head::a_value_with_a_nul", with(&format!("{head}\r\nX: a\0b")), bad()),
        bytes("head::a_line_without_a_colon", with(&format!("{head}\r\nnothing")), bad()),
        bytes("head::a_thousand_lines", with(&format!("{head}{many}")), bad()),
        bytes("head::a_line_of_a_megabyte", with(&format!("{head}\r\nX: {}", "x".repeat(1 << 20))), bad()),
        bytes("head::a_reason_of_a_megabyte", with(&format!("{head} {}", "x".repeat(1 << 20))), bad()),
        Case::new("head::lines_without_end", Answer::Endless(head.into(), b"\r\nX-Again: x".to_vec()), bad()),
        Case::new(
            "head::a_line_without_end",
            Answer::Endless(format!("{head}\r\nX: ").into(), vec![b'x'; 4096]),
            bad(),
        ),
    ]
}

fn statuses() -> Vec<Case> {
    let sound = sound();
    let mut cases = Vec::new();
    for (status, expected) in [
        (201, "BAD_RESPONSE"),
        (206, "BAD_RESPONSE"),
        (300, "BAD_RESPONSE"),
        (301, "BAD_RESPONSE"),
        (302, "BAD_RESPONSE"),
        (303, "BAD_RESPONSE"),
        (307, "BAD_RESPONSE"),
        (308, "BAD_RESPONSE"),
        (400, "BAD_RESPONSE"),
        (401, "BAD_RESPONSE"),
        (403, "BAD_RESPONSE"),
        (404, "BAD_RESPONSE"),
        (407, "BAD_RESPONSE"),
        (429, "THROTTLED"),
        (500, "SERVICE_FAILED"),
        (502, "SERVICE_FAILED"),
        (503, "SERVICE_FAILED"),
        (599, "SERVICE_FAILED"),
        (600, "BAD_RESPONSE"),
        (999, "BAD_RESPONSE"),
    ] {
        let head = format!("HTTP/1.1 {status} Whatever\r\nLocation: http://127.0.0.1:1/");
        cases.push(bytes(
            &format!("status::{status}_with_a_sound_body"),
            with_head(&head, sound.as_bytes()),
            Expected::Status(expected),
        ));
        cases.push(bytes(
            &format!("status::{status}_with_a_web_page"),
            with_head(&head, b"<html><body>no</body></html>"),
            Expected::Status(expected),
        ));
    }
    for (name, wait) in [
        ("of_two_to_the_64_less_one_seconds", "18446744073709551615"),
        ("of_two_to_the_64_seconds", "18446744073709551616"),
        ("until_the_last_year", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("until_before_1970", "Wed, 31 Dec 1969 23:59:59 GMT"),
        ("of_less_than_nothing", "-1"),
        ("of_a_fraction", "0.5"),
    ] {
        let head = format!("HTTP/1.1 503 Busy\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: {wait}");
        let expected = Expected::Status("SERVICE_FAILED");
        cases.push(bytes(&format!("status::503_and_a_wait_{name}"), with_head(&head, b"busy"), expected));
    }
    let after = |status: &str, times: usize| [status.repeat(times).into_bytes(), ok(sound.as_bytes())].concat();
    let bad = || Expected::Status("BAD_RESPONSE");
    cases.extend([
        bytes("status::100_and_then_200::is_sound", after("HTTP/1.1 100 Continue\r\n\r\n", 1), is_sound()),
        bytes("status::101", after("HTTP/1.1 101 Switching Protocols\r\n\r\n", 1), bad()),
        bytes("status::204", b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), bad()),
        bytes("status::204_with_a_sound_body", with_head("HTTP/1.1 204 No Content", sound.as_bytes()), bad()),
        bytes("status::304_with_a_sound_body", with_head("HTTP/1.1 304 Not Modified", sound.as_bytes()), bad()),
        bytes("status::102_with_a_body", after("HTTP/1.1 102 Processing\r\nContent-Length: 2\r\n\r\n{}", 1), bad()),
        bytes(
            "status::102_twice_and_then_200::is_sound",
            after("HTTP/1.1 102 Processing\r\nX: y\r\n\r\n", 2),
            is_sound(),
        ),
        bytes("status::304", b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec(), bad()),
        Case::new(
            "status::100_without_end",
            Answer::Endless(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
            Expected::Status("TIMEOUT"),
        )
        .with_deadline_ms(SHORT_MS),
        Case::new(
            "status::103_without_end",
            Answer::Endless(Vec::new(), b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()),
            Expected::Status("TIMEOUT"),
        )
        .with_deadline_ms(SHORT_MS),
    ]);
    cases
}

fn compressions() -> Vec<Case> {
    /// The begin of a file whose name follows.
    const NAMED: &[u8] = &[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    let sound = sound();
    let with =
        |encoding: &str, body: &[u8]| with_head(&format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}"), body);
    let packed = gzipped(sound.as_bytes());
    let bad = || Expected::Status("BAD_RESPONSE");
    // Data that ends too early reads like a connection that does.
    let ends_early = || Expected::Status("CONNECT_FAILED");
    let mut wrong_sum = packed.clone();
    let at = wrong_sum.len() - 5;
    wrong_sum[at] ^= 1;
    let mut wrong_inside = packed.clone();
    wrong_inside[20] ^= 0xff;
    let bomb = gzipped(&vec![b' '; 100_000_000]);
    let twice = gzipped(&packed);
    let (first, second) = sound.as_bytes().split_at(20);
    let in_two_parts = [gzipped(first), gzipped(second)].concat();
    vec![
        bytes("gzip::sound::is_sound", with("gzip", &packed), is_sound()),
        bytes("gzip::bomb", with("gzip", &bomb), bad()),
        bytes("gzip::bomb_of_brackets", with("gzip", &gzipped(&vec![b'['; 50_000_000])), bad()),
        bytes("gzip::packed_twice", with("gzip", &twice), bad()),
        bytes("gzip::packed_twice_and_said_so", with("gzip, gzip", &twice), bad()),
        bytes("gzip::in_two_parts::is_sound", with("gzip", &in_two_parts), is_sound()),
        bytes("gzip::something_behind_it", with("gzip", &[&packed[..], b"x"].concat()), ends_early()),
        bytes("gzip::a_name_of_a_megabyte", with("gzip", &[NAMED, &[b'x'; 1 << 20]].concat()), bad()),
        Case::new(
            "gzip::nothing_packed_without_end",
            Answer::Endless(raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip", b""), gzipped(b"").repeat(200)),
            Expected::Status("TIMEOUT"),
        )
        .with_deadline_ms(SHORT_MS),
        bytes("gzip::not_packed", with("gzip", sound.as_bytes()), bad()),
        bytes("gzip::nothing", with("gzip", b""), ends_early()),
        bytes("gzip::wrong_checksum", with("gzip", &wrong_sum), bad()),
        bytes("gzip::wrong_inside", with("gzip", &wrong_inside), bad()),
        bytes("gzip::cut_off", with("gzip", &packed[..packed.len() / 2]), ends_early()),
        bytes("gzip::without_its_end", with("gzip", &packed[..packed.len() - 8]), ends_early()),
        bytes("gzip::garbage", with("gzip", &[0x1f, 0x8b, 8, 0xff, 0xff, 0xff]), ends_early()),
        bytes("gzip::not_announced", with_head("HTTP/1.1 200 OK", &packed), bad()),
        bytes("gzip::another_compression", with("br", &packed), bad()),
        bytes("gzip::another_compression_that_is_none::is_sound", with("utf-8", sound.as_bytes()), is_sound()),
    ]
}

fn endings() -> Vec<Case> {
    let sound = sound();
    let whole = ok(sound.as_bytes());
    let broken = || Expected::Status("CONNECT_FAILED");
    let mut cases = vec![
        Case::new("end::at_every_byte", Answer::Cut(whole.clone()), {
            // A head that is cut off is not one; and the body is as long as it says.
            Expected::LastLine(OK_ROW.to_owned(), &["CONNECT_FAILED", "BAD_RESPONSE"])
        })
        .with_calls(whole.len() + 1),
        Case::new("end::json_cut_at_every_byte", Answer::CutBody(sound.clone().into_bytes()), {
            Expected::LastLine(OK_ROW.to_owned(), &["BAD_RESPONSE"])
        })
        .with_calls(sound.len() + 1),
        Case::new("end::reset_before_a_byte", Answer::Reset(Vec::new()), broken()),
        Case::new("end::reset_inside_the_head", Answer::Reset(whole[..20].to_vec()), broken()),
        Case::new("end::reset_inside_the_body", Answer::Reset(whole[..whole.len() - 20].to_vec()), broken()),
        Case::new(
            "end::something_behind_the_answer::is_sound",
            Answer::Bytes([whole.clone(), whole.clone()].concat()),
            is_sound(),
        ),
        Case::new("end::held_open_behind_the_answer::is_sound", Answer::Held(whole), is_sound()),
    ];
    for read in [0, 1, 10, 100] {
        cases.push(Case::new(format!("end::after_{read}_bytes_of_the_request"), Answer::Unread(read), broken()));
    }
    cases
}

fn stalls() -> Vec<Case> {
    let sound = sound();
    let whole = ok(sound.as_bytes());
    let head = whole.len() - sound.len();
    let late =
        |name: &str, answer: Answer| Case::new(name, answer, Expected::Status("TIMEOUT")).with_deadline_ms(SHORT_MS);
    let announced = |length: usize| raw(&format!("HTTP/1.1 200 OK\r\nContent-Length: {length}"), b"{");
    vec![
        late("stall::before_a_byte", Answer::Held(Vec::new())),
        late("stall::inside_the_head", Answer::Held(whole[..head / 2].to_vec())),
        late("stall::behind_the_head", Answer::Held(whole[..head].to_vec())),
        late("stall::inside_the_body", Answer::Held(whole[..whole.len() - 1].to_vec())),
        late("stall::inside_the_size_of_a_chunk", Answer::Held(chunked(b"1"))),
        late("stall::inside_a_chunk", Answer::Held(chunked(b"10\r\n{"))),
        late("stall::a_body_of_a_megabyte_that_does_not_come", Answer::Held(announced(1 << 20))),
        late("stall::drip_from_the_first_byte", Answer::Drip(whole.clone(), Duration::from_millis(20))),
        late("stall::drip_of_blanks", Answer::Drip([&whole[..head], &[b' '; 200]].concat(), Duration::from_millis(20))),
        Case::new("stall::a_body_without_end", Answer::Endless(raw("HTTP/1.1 200 OK", b"{"), vec![b' '; 65536]), {
            Expected::Status("BAD_RESPONSE")
        }),
        Case::new("stall::brackets_without_end", Answer::Endless(raw("HTTP/1.1 200 OK", b""), vec![b'['; 65536]), {
            Expected::Status("BAD_RESPONSE")
        }),
    ]
}
