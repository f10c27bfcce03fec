//! The quick decoder against the one that knows all of JSON: what it accepts, that reads in the same way. Uses `api`.

use fastrand::Rng;

use super::*;
use crate::api::agreement::{is_accepted, plain};
use crate::api::sink::Shape;
use crate::api::{ACTIONS, GetDevices, TypedRequest};

fn is_page_of_devices_accepted(response: &str) -> bool {
    is_accepted(&format!(r#"{{"Response":{response}}}"#), GetDevices::ACTION.response)
}

/// An answer as the service might write it.
fn answer(shape: &Shape, random: &mut Rng) -> String {
    format!(r#"{{"Response":{}}}"#, object(shape, random))
}

fn object(shape: &Shape, random: &mut Rng) -> String {
    let mut fields: Vec<String> = Vec::new();
    for field in shape.fields {
        if random.u8(..) >= 20 {
            fields.push(format!(r#""{}":{}"#, field.name, value(field.kind, random)));
        }
    }
    if random.u8(..) < 20 {
        fields.push(r#""Later":[{"Much":{"Later":[1,null,"x"]}},-7,[],{}]"#.to_owned());
    }
    if random.u8(..) < 60 {
        random.shuffle(&mut fields);
    }
    format!("{{{}}}", fields.join(if random.bool() { "," } else { " ,\n\t" }))
}

fn value(kind: Kind, random: &mut Rng) -> String {
    if random.u8(..) < 10 {
        return "null".to_owned();
    }
    let number = |random: &mut Rng| (random.i64(..) >> random.u32(4..64)).to_string();
    match kind {
        Kind::Number => number(random),
        Kind::NumberOrText if random.bool() => number(random),
        Kind::NumberOrText => format!("\"{}\"", if random.u8(..) < 30 { String::new() } else { number(random) }),
        Kind::Text => text(random),
        Kind::Texts => list(random, text),
        Kind::Rows(row) => list(random, |random| object(row, random)),
        Kind::Object(shape) => object(shape, random),
    }
}

fn text(random: &mut Rng) -> String {
    const PARTS: [&str; 10] =
        ["trro-1", "矿区", " ", "é", "{[:,]}'", "\u{7f}", "\u{1f69a}", r"\u77ff", r#"\"\\"#, r"\ud83d\ude9a\n"];
    let parts: String = (0..random.usize(..9)).map(|_| PARTS[random.usize(..PARTS.len())]).collect();
    format!("\"{parts}\"")
}

fn list(random: &mut Rng, element: impl Fn(&mut Rng) -> String) -> String {
    let elements: Vec<String> = (0..random.usize(..4)).map(|_| element(random)).collect();
    format!("[{}]", elements.join(","))
}

/// The answer with something in it taken out, put in or doubled.
fn damaged(answer: &str, random: &mut Rng) -> String {
    const PARTS: [&str; 24] = [
        "\"",
        "\\",
        "\\u0000",
        "\\\"",
        "\n",
        "\u{1}",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "true",
        "-",
        "0",
        "-0",
        "1.5",
        "1e3",
        "9999999999999999999",
        "\"Error\":{},",
        "\"Response\":{},",
        " ",
        "/",
    ];
    let mut damaged: Vec<char> = answer.chars().collect();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..=damaged.len());
        let until = (at + random.usize(..3)).min(damaged.len());
        let part = PARTS[random.usize(..PARTS.len())];
        if random.bool() {
            damaged.splice(at..until, part.chars());
        } else {
            damaged.splice(at..until, []);
        }
    }
    damaged.into_iter().collect()
}

#[test]
fn what_the_service_sends_is_accepted_and_read_as_the_other_decoder_reads_it() {
    let mut random = Rng::with_seed(20_220_325);
    for action in ACTIONS.into_iter().flatten() {
        for _ in 0..300 {
            let answer = answer(action.response, &mut random);
            assert!(is_accepted(&answer, action.response), "{answer}");
        }
    }
}

#[test]
fn what_is_damaged_is_never_read_otherwise() {
    let mut random = Rng::with_seed(20_220_325);
    let (mut accepted, mut given_up) = (0, 0);
    for action in ACTIONS.into_iter().flatten() {
        for _ in 0..3_000 {
            let damaged = damaged(&answer(action.response, &mut random), &mut random);
            *if is_accepted(&damaged, action.response) { &mut accepted } else { &mut given_up } += 1;
        }
    }
    assert!(accepted > 1_000 && given_up > 1_000, "{accepted} accepted, {given_up} not");
}

#[test]
fn an_answer_cut_off_anywhere_is_not_accepted() {
    let answer = answer(GetDevices::ACTION.response, &mut Rng::with_seed(1));
    for length in (0..answer.len()).filter(|length| answer.is_char_boundary(*length)) {
        assert!(!is_accepted(&answer[..length], GetDevices::ACTION.response), "{}", &answer[..length]);
    }
}

#[test]
fn what_is_unusual_is_left_to_the_other_decoder() {
    for response in [
        r#"{"Error":{"Code":"InternalError","Message":"m"}}"#,
        r#"{"TotalCount":1.0}"#,
        r#"{"TotalCount":1e2}"#,
        r#"{"TotalCount":-0}"#,
        r#"{"TotalCount":01}"#,
        r#"{"TotalCount":1234567890123456789}"#,
        r#"{"TotalCount":true}"#,
        r#"{"TotalCount":1,"TotalCount":1}"#,
        r#"{"RequestId":"a\u0000c"}"#,
        r#"{"RequestId":"a\x"}"#,
        r#"{"RequestId":"a\ud800"}"#,
        r#"{"RequestId":"a\"}"#,
        r#"{"Request\u0049d":"a"}"#,
        "{\"RequestId\":\"a\tc\"}",
        r#"{"RequestId":7}"#,
        r#"{"Devices":[null]}"#,
        r#"{"Devices":[{}"#,
        r#"{"Devices":{}}"#,
        r#"{"Later":[[[[[[[[1]]]]]]]]}"#,
        r#"{"Later":false}"#,
        r#"{"Later":{"a" 1}}"#,
        "{,}",
        r#"{"TotalCount":1,}"#,
        r#"{"TotalCount":}"#,
        "[]",
        "null",
    ] {
        assert!(!is_page_of_devices_accepted(response), "{response}");
    }
    for envelope in ["", "{}", r#"{"Response":{}} x"#, r#"{"Other":1,"Response":{}}"#, r#"{"Response":{},"Other":1}"#] {
        assert!(!is_accepted(envelope, GetDevices::ACTION.response), "{envelope}");
    }
}

#[test]
fn numbers_are_read_up_to_eighteen_digits_and_longer_ones_left() {
    for (digits, is_read) in [("999999999999999999", true), ("1000000000000000000", false)] {
        for number in [digits.to_owned(), format!("-{digits}")] {
            assert_eq!(is_page_of_devices_accepted(&format!(r#"{{"TotalCount":{number}}}"#)), is_read, "{number}");
            let expiry = format!(r#"{{"Devices":[{{"ExpireTime":"{number}"}}]}}"#);
            assert_eq!(is_page_of_devices_accepted(&expiry), is_read, "{number}");
        }
    }
    assert!(is_page_of_devices_accepted(r#"{"Devices":[{"ExpireTime":"007"},{"ExpireTime":"-0"},{"ExpireTime":""}]}"#));
    for expiry in ["-", "+1", " 1", "1 ", "0x1", "--1", "1-"] {
        assert!(!is_page_of_devices_accepted(&format!(r#"{{"Devices":[{{"ExpireTime":"{expiry}"}}]}}"#)), "{expiry}");
    }
}

#[test]
fn a_string_ends_at_the_first_byte_that_does_not_stand_for_itself() {
    for length in 0..40 {
        for end in ['"', '\\', '\0', '\n', '\u{1f}'] {
            let text = format!(
                "{}{end}\"\\\0{}",
                "é!~\u{7f}".repeat(10).chars().take(length).collect::<String>(),
                "x".repeat(9)
            );
            assert_eq!(plain_length(text.as_bytes()), text.find(end).unwrap(), "{text:?}");
        }
    }
    assert_eq!(plain_length("no end é".as_bytes()), "no end é".len());
}

#[test]
fn a_list_of_more_elements_than_are_taken_is_left() {
    let page =
        |elements: i64| format!(r#"{{"Devices":[{{"LicenseIds":[{}]}}]}}"#, vec!["\"\""; elements as usize].join(","));
    assert!(is_page_of_devices_accepted(&page(MAX_ELEMENTS)));
    assert!(plain(&format!(r#"{{"Response":{}}}"#, page(MAX_ELEMENTS + 1)), GetDevices::ACTION.response).is_none());
}
