//! Answers whose JSON is hostile. Uses `case`, `http`, `server`.

use crate::case::{Case, Expected, FULL_ROW, OK_ROW};
use crate::http::ok;
use crate::server::Answer;

/// The fields of a device, each with what is sound in it and how it is shown.
const FIELDS: [(&str, &str, &str, Kind); 9] = [
    ("DeviceId", r#""d""#, "id", Kind::Text),
    ("DeviceName", r#""n""#, "name", Kind::Text),
    ("LicenseCount", "1", "count", Kind::Number),
    ("RemainDay", "2", "days", Kind::Number),
    ("ExpireTime", r#""3""#, "expiry", Kind::NumberOrText),
    ("Duration", r#""4""#, "duration", Kind::NumberOrText),
    ("MonthlyRemainTime", "5", "monthly", Kind::Number),
    ("LimitedTime", "6", "limit", Kind::Number),
    ("LicenseIds", r#"["l"]"#, "ids", Kind::List),
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    NumberOrText,
    List,
}

impl Kind {
    /// What is sound JSON and wrong in such a field.
    fn wrong(self) -> &'static [&'static str] {
        match self {
            Kind::Text => &["1", "true", "[]", "{}", "1.5"],
            Kind::Number => &[r#""1""#, r#""""#, "true", "[]", "{}", "1.5"],
            Kind::NumberOrText => {
                &[r#""one""#, r#"" 1""#, r#""1 ""#, r#""1.0""#, r#""0x1""#, "false", "[]", "{}", "0.5"]
            }
            Kind::List => &[r#""l""#, "1", "true", "{}", "[1]", "[null]", "[[]]", "[{}]", r#"["l",null]"#],
        }
    }
}

/// The answer with these rows.
fn answer(rows: &str) -> String {
    format!(r#"{{"Response":{{"TotalCount":1,"Devices":{rows},"RequestId":"r"}}}}"#)
}

/// A row with another value in one field, or without the field.
fn row_with(field: &str, value: Option<&str>) -> String {
    let fields = FIELDS.iter().filter_map(|(name, sound, ..)| {
        let value = if *name == field { value? } else { sound };
        Some(format!(r#""{name}":{value}"#))
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// The row that is sound.
pub fn sound() -> String {
    answer(&format!("[{}]", row_with("", None)))
}

fn json(name: impl Into<String>, body: impl Into<Vec<u8>>, expected: Expected) -> Case {
    Case::new(name, Answer::Bytes(ok(&body.into())), expected)
}

fn refused(name: impl Into<String>, body: impl Into<Vec<u8>>) -> Case {
    json(name, body, Expected::Status("BAD_RESPONSE"))
}

/// The sound row with one value in place of another, as it is shown.
fn shown(name: &str, value: &str) -> Expected {
    let shown = OK_ROW.split(' ').map(|word| match word.split_once('=') {
        Some((key, _)) if key == name => format!("{key}={value}"),
        _ => word.to_owned(),
    });
    Expected::Line(shown.collect::<Vec<_>>().join(" "))
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![json("sound", sound(), Expected::Line(OK_ROW.to_owned()))];
    for (field, _, key, kind) in FIELDS {
        for wrong in kind.wrong() {
            let body = answer(&format!("[{}]", row_with(field, Some(wrong))));
            cases.push(refused(format!("type::{field}::{wrong}"), body));
        }
        let absent = if kind == Kind::List {
            "0"
        } else if kind == Kind::Text {
            ""
        } else {
            "absent"
        };
        for (how, value) in [("missing", None), ("null", Some("null"))] {
            let body = answer(&format!("[{}]", row_with(field, value)));
            cases.push(json(format!("{how}::{field}"), body, shown(key, absent)));
        }
        let twice = row_with(field, None).replacen('{', &format!(r#"{{"{field}":null,"{field}":null,"#), 1);
        cases.push(refused(format!("twice::{field}"), answer(&format!("[{twice}]"))));
    }
    cases.extend(numbers());
    cases.extend(strings());
    cases.extend(structures());
    cases.extend(depths());
    cases
}

fn numbers() -> Vec<Case> {
    let digits = "9".repeat(1_000_000);
    let wrong = [
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "1e400",
        "-1e400",
        "1e3",
        "1E3",
        "1e-3",
        "-0",
        "-0.0",
        "01",
        "+1",
        ".5",
        "1.",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "-",
        "--1",
        "1-1",
        "1 1",
        r#""9223372036854775808""#,
        r#""-9223372036854775808""#,
        r#""+1""#,
        r#""1e3""#,
        r#""-""#,
        r#""\u0661""#,
        r#""1\u0000""#,
        &digits,
    ];
    let mut cases: Vec<Case> = wrong
        .iter()
        .map(|wrong| {
            let name = if wrong.len() > 100 { "a_million_digits" } else { wrong };
            refused(format!("number::{name}"), answer(&format!("[{}]", row_with("ExpireTime", Some(wrong)))))
        })
        .collect();
    let digits = format!("\"{digits}\"");
    cases.push(refused(
        "number::a_million_digits_in_a_string",
        answer(&format!("[{}]", row_with("ExpireTime", Some(&digits)))),
    ));
    for (sound, value) in [
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775807", "-9223372036854775807"),
        ("0", "0"),
        (r#""-5""#, "-5"),
        (r#""""#, "absent"),
        (r#""\u0031\u0032""#, "12"),
    ] {
        let body = answer(&format!("[{}]", row_with("ExpireTime", Some(sound))));
        cases.push(json(format!("number::{sound}::is_sound"), body, shown("expiry", value)));
    }
    cases
}

fn strings() -> Vec<Case> {
    let named = |value: &[u8]| {
        let body = answer(&format!("[{}]", row_with("DeviceName", Some("\"@\""))));
        let at = body.find('@').unwrap();
        [&body.as_bytes()[..at], value, &body.as_bytes()[at + 1..]].concat()
    };
    let wrong: [(&str, &[u8]); 26] = [
        ("lone_high_surrogate", br"\ud800"),
        ("lone_low_surrogate", br"\udc00"),
        ("two_high_surrogates", br"\ud800\ud800"),
        ("surrogates_the_wrong_way_round", br"\udc00\ud800"),
        ("high_surrogate_and_a_letter", br"\ud800a"),
        ("high_surrogate_and_another_escape", br"\ud800\n"),
        ("nul_escape", br"\u0000"),
        ("nul_escape_inside", br"before\u0000after"),
        ("raw_nul", b"\0"),
        ("raw_control_character", b"\x01"),
        ("raw_newline", b"\n"),
        ("raw_tab", b"\t"),
        ("raw_unit_separator", b"\x1f"),
        ("byte_ff", b"\xff"),
        ("byte_80", b"\x80"),
        ("overlong_nul", b"\xc0\x80"),
        ("overlong_slash", b"\xe0\x80\xaf"),
        ("surrogate_in_utf_8", b"\xed\xa0\x80"),
        ("beyond_unicode", b"\xf4\x90\x80\x80"),
        ("cut_off_sequence", b"\xe9\x9b"),
        ("unknown_escape", br"\x41"),
        ("escape_of_an_apostrophe", br"\'"),
        ("short_unicode_escape", br"\u12"),
        ("unicode_escape_with_a_letter", br"\u12g4"),
        ("quote_inside", b"\""),
        ("backslash_before_the_end", b"\\"),
    ];
    let mut cases: Vec<Case> =
        wrong.iter().map(|(name, value)| refused(format!("string::{name}"), named(value))).collect();
    let sound: [(&str, &[u8], &str); 6] = [
        ("pair_of_surrogates", br"\ud83d\ude00", "\u{1f600}"),
        ("four_bytes_of_utf_8", "\u{1f600}".as_bytes(), "\u{1f600}"),
        ("the_last_character", "\u{10ffff}".as_bytes(), "\u{10ffff}"),
        ("noncharacter", br"\uffff", "\u{ffff}"),
        ("escaped_quote", br#"\"\\\/"#, "\"\\/"),
        ("delete", b"\x7f", "\x7f"),
    ];
    for (name, value, text) in sound {
        cases.push(json(format!("string::{name}::is_sound"), named(value), shown("name", text)));
    }
    let large = format!("\"{}\"", "x".repeat(4_000_000));
    cases.push(json(
        "string::four_megabytes",
        answer(&format!("[{}]", row_with("DeviceName", Some(&large)))),
        Expected::Status("BUFFER_TOO_SMALL"),
    ));
    cases
}

fn structures() -> Vec<Case> {
    let sound = sound();
    let rows = |rows: &str| answer(rows);
    let row = row_with("", None);
    let mut cases = Vec::new();
    for (name, body) in [
        ("nothing", String::new()),
        ("blanks", " \r\n\t ".to_owned()),
        ("null", "null".to_owned()),
        ("a_list", "[]".to_owned()),
        ("a_number", "1".to_owned()),
        ("a_string", r#""x""#.to_owned()),
        ("an_empty_object", "{}".to_owned()),
        ("response_is_null", r#"{"Response":null}"#.to_owned()),
        ("response_is_a_list", r#"{"Response":[]}"#.to_owned()),
        ("response_is_a_string", r#"{"Response":"x"}"#.to_owned()),
        ("response_in_lower_case", sound.replace("Response", "response")),
        ("response_twice", format!(r#"{{"Response":{{}},{}"#, &sound[1..])),
        ("devices_is_an_object", rows("{}")),
        ("devices_is_a_string", rows(r#""x""#)),
        ("devices_is_a_number", rows("1")),
        ("devices_has_null", rows("[null]")),
        ("devices_has_null_behind_a_row", rows(&format!("[{row},null]"))),
        ("devices_has_a_number", rows("[1]")),
        ("devices_has_a_list", rows("[[]]")),
        ("devices_twice", sound.replacen("\"Devices\"", r#""Devices":[],"Devices""#, 1)),
        ("total_is_a_string", sound.replace("\"TotalCount\":1", r#""TotalCount":"1""#)),
        ("total_is_a_fraction", sound.replace("\"TotalCount\":1", r#""TotalCount":1.5"#)),
        ("total_twice", sound.replace("\"TotalCount\":1", r#""TotalCount":1,"TotalCount":1"#)),
        ("request_id_is_a_number", sound.replace("\"r\"", "1")),
        ("request_id_twice", sound.replace("\"RequestId\"", r#""RequestId":"q","RequestId""#)),
        ("request_id_is_missing", sound.replace(",\"RequestId\":\"r\"", "")),
        ("request_id_is_null", sound.replace("\"r\"", "null")),
        ("request_id_is_empty", sound.replace("\"r\"", "\"\"")),
        ("response_is_empty", r#"{"Response":{}}"#.to_owned()),
        ("error_is_null_and_nothing_else_there", r#"{"Response":{"Error":null}}"#.to_owned()),
        ("error_is_a_number", r#"{"Response":{"Error":1}}"#.to_owned()),
        ("error_is_a_list", r#"{"Response":{"Error":[]}}"#.to_owned()),
        ("error_code_is_a_number", r#"{"Response":{"Error":{"Code":1,"Message":"m"}}}"#.to_owned()),
        ("error_twice", r#"{"Response":{"Error":{"Code":"a"},"Error":{"Code":"b"}}}"#.to_owned()),
        ("something_behind_it", format!("{sound}x")),
        ("a_second_answer_behind_it", format!("{sound}{sound}")),
        ("a_bracket_too_many", format!("{sound}}}")),
        ("a_nul_behind_it", format!("{sound}\0")),
        ("a_byte_order_mark_before_it", format!("\u{feff}{sound}")),
        ("a_guard_before_it", format!(")]}}',\n{sound}")),
        ("a_comma_at_the_end_of_a_list", sound.replace(r#"["l"]"#, r#"["l",]"#)),
        ("a_comma_at_the_end_of_an_object", sound.replace("}]", ",}]")),
        ("a_comma_too_many", sound.replace(",\"Devices\"", ",,\"Devices\"")),
        ("no_comma", sound.replace(",\"Devices\"", "\"Devices\"")),
        ("no_colon", sound.replace("\"Devices\":", "\"Devices\"")),
        ("a_name_without_quotes", sound.replace("\"Devices\"", "Devices")),
        ("apostrophes", sound.replace('"', "'")),
        ("a_comment", sound.replacen('{', "{/* */", 1)),
        ("a_word_for_null", sound.replace("\"r\"", "nul")),
        ("another_word", sound.replace("\"r\"", "undefined")),
        ("a_vertical_tab_for_a_blank", sound.replacen('{', "{\x0b", 1)),
        ("a_no_break_space_for_a_blank", sound.replacen('{', "{\u{a0}", 1)),
        ("crossed_brackets", sound.replace("}]", "]}")),
        ("html", "<!DOCTYPE html><html><body>login</body></html>".to_owned()),
    ] {
        cases.push(refused(format!("structure::{name}"), body));
    }
    for (name, body) in [
        ("blanks_everywhere", sound.replace(',', " ,\r\n\t").replace(':', " : ")),
        ("unknown_fields", sound.replacen("{\"D", r#"{"New":{"a":[1.5,true,null,"\u0000"]},"New":1e400,"D"#, 1)),
        ("error_is_null", sound.replacen("\"TotalCount\"", r#""Error":null,"TotalCount""#, 1)),
        ("names_with_escapes", sound.replace("\"Devices\"", r#""Devic\u0065s""#)),
        ("total_that_does_not_fit", sound.replace("\"TotalCount\":1", r#""TotalCount":-7"#)),
    ] {
        cases.push(json(format!("structure::{name}::is_sound"), body, Expected::Line(OK_ROW.to_owned())));
    }
    for (name, code, status) in [
        ("an_error_beside_rows", "UnauthorizedOperation", "PERMISSION_DENIED"),
        ("an_error_nobody_knows", "Something.New", "REQUEST_REJECTED"),
        ("an_error_without_a_name", "", "BAD_RESPONSE"),
    ] {
        let error = format!(r#""Error":{{"Code":"{code}","Message":"m"}},"TotalCount""#);
        let body = sound.replacen("\"TotalCount\"", &error, 1);
        cases.push(json(format!("structure::{name}"), body, Expected::Status(status)));
    }
    let full = format!("[{}]", vec![row; 500].join(","));
    cases.push(json("structure::five_hundred_rows::is_sound", answer(&full), Expected::Line(FULL_ROW.to_owned())));
    cases
}

fn depths() -> Vec<Case> {
    let mut cases = Vec::new();
    // What nobody asked for is passed over without a stack, however deep it is.
    for (name, open, close, times, is_sound) in [
        ("lists", "[", "]", 1_000_000, true),
        ("objects", r#"{"a":"#, "}", 600_000, true),
        ("lists_that_never_close", "[", "", 4_000_000, false),
        ("lists_beyond_what_is_taken", "[", "", 5_000_000, false),
        ("objects_that_never_close", r#"{"a":"#, "", 800_000, false),
        ("closing_brackets", "]", "", 4_000_000, false),
        ("two_hundred_lists", "[", "]", 200, true),
    ] {
        let deep = format!("{}1{}", open.repeat(times), close.repeat(times));
        cases.push(refused(format!("depth::{name}"), deep.clone()));
        let inside = answer(&format!("[{}]", row_with("LicenseIds", Some(&deep))));
        cases.push(refused(format!("depth::{name}_for_ids"), inside.clone()));
        cases.push(refused(format!("depth::{name}_for_ids_on_a_small_stack"), inside).on_a_small_stack());
        let unknown = sound().replacen('{', &format!(r#"{{"New":{deep},"#), 1);
        let expected = match is_sound {
            true => Expected::Line(OK_ROW.to_owned()),
            false => Expected::Status("BAD_RESPONSE"),
        };
        cases.push(json(format!("depth::{name}_where_nothing_is_known"), unknown, expected).on_a_small_stack());
    }
    cases
}
