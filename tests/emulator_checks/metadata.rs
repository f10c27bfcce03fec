//! The metadata service answers what the official SDKs read.

use std::time::{Duration, Instant};

use emulator::{Metadata, MetadataFault, MetadataOptions, SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN};
use serde_json::Value;

use crate::{exchange_text, json, now_s};

const CREDENTIALS: &str = "/latest/meta-data/cam/security-credentials/";

fn metadata(fault: Option<MetadataFault>) -> Metadata {
    Metadata::start(MetadataOptions { role: "driver".to_owned(), fault, ..MetadataOptions::default() }).unwrap()
}

fn get(metadata: &Metadata, path: &str) -> String {
    let url = metadata.url();
    let host = url.strip_prefix("http://").unwrap();
    exchange_text(host, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
}

fn credentials(metadata: &Metadata) -> Value {
    json(&get(metadata, &format!("{CREDENTIALS}driver")))
}

#[test]
fn a_role_has_credentials_with_an_end() {
    let metadata = metadata(None);
    let before_s = now_s() + 7200;
    let mut credentials = credentials(&metadata);
    let expires_at_s = credentials["ExpiredTime"].take().as_i64().unwrap();
    assert!((before_s..=now_s() + 7200).contains(&expires_at_s));
    let expiration = credentials["Expiration"].take();
    assert!(expiration.as_str().is_some_and(|text| text.len() == 20 && text.ends_with('Z')), "{expiration}");
    assert_eq!(
        credentials,
        serde_json::json!({
            "TmpSecretId": TEMPORARY_SECRET_ID,
            "TmpSecretKey": SECRET_KEY,
            "ExpiredTime": null,
            "Expiration": null,
            "Token": TOKEN,
            "Code": "Success",
        })
    );
}

#[test]
fn credentials_can_have_expired() {
    let options = MetadataOptions { role: "driver".to_owned(), lifetime_s: -60, ..MetadataOptions::default() };
    let credentials = credentials(&Metadata::start(options).unwrap());
    assert!(credentials["ExpiredTime"].as_i64().unwrap() <= now_s() - 60);
}

#[test]
fn its_token_can_be_changed_while_it_runs() {
    let metadata = metadata(None);
    metadata.set_token("tomorrow's");
    assert_eq!(credentials(&metadata)["Token"], "tomorrow's");
}

#[test]
fn it_names_its_role() {
    assert!(get(&metadata(None), CREDENTIALS).ends_with("\r\n\r\ndriver"));
}

#[test]
fn it_knows_no_other_role_and_no_other_path() {
    for path in [&format!("{CREDENTIALS}passenger"), "/", "/latest/meta-data/instance-id"] {
        assert!(get(&metadata(None), path).starts_with("HTTP/1.1 404 "), "{path}");
    }
}

#[test]
fn it_counts_its_requests() {
    let metadata = metadata(None);
    assert_eq!(metadata.requests(), 0);
    credentials(&metadata);
    get(&metadata, "/");
    assert_eq!(metadata.requests(), 2);
}

#[test]
fn it_can_answer_late() {
    let start = Instant::now();
    credentials(&metadata(Some(MetadataFault::Late(Duration::from_millis(50)))));
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[test]
fn it_can_fail() {
    let answer = credentials(&metadata(Some(MetadataFault::Failure)));
    assert_eq!(answer, serde_json::json!({"Code": "Failure"}));
}

#[test]
fn it_can_answer_what_is_not_json() {
    let answer = get(&metadata(Some(MetadataFault::Garbage)), &format!("{CREDENTIALS}driver"));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("</html>"), "{answer}");
}
