//! Compressed answers, and their size.

use emulator::{Fault, Options};
use trro::config::Config;
use trro::error::{Error, Status};

use crate::{Service, call_with};

tests![
    compression_is_asked_for,
    a_compressed_answer_is_read,
    an_answer_that_grows_beyond_the_limit_is_a_bad_response,
    the_limit_is_of_the_decompressed_bytes,
];

fn service(fault: Fault) -> Service {
    let service = Service::named("localhost", Options::default());
    service.emulator.misbehave_always(Some(fault));
    service
}

fn compression_is_asked_for() {
    let service = service(Fault::Gzip);
    assert_eq!(call_with(service.config()), Ok(10));
    assert_eq!(service.requests()[0].header("Accept-Encoding"), Some("gzip"));
}

fn a_compressed_answer_is_read() {
    assert_eq!(call_with(service(Fault::Gzip).config()), Ok(10));
}

/// What comes of an answer with so many bytes of padding, and no device, that meets such a limit.
fn outcome(padding_bytes: usize, max_response_bytes: u32) -> Result<usize, Error> {
    let service = service(Fault::GzipTooLarge(padding_bytes));
    call_with(Config { max_response_bytes: Some(max_response_bytes), ..service.config() })
}

fn is_too_large(padding_bytes: usize, max_response_bytes: u32) {
    let error = outcome(padding_bytes, max_response_bytes).unwrap_err();
    assert_eq!((error.status, error.retryable), (Status::BadResponse, false), "{error}");
    assert!(error.message.contains(&format!("max_response_bytes ({max_response_bytes} bytes)")), "{error}");
}

fn an_answer_that_grows_beyond_the_limit_is_a_bad_response() {
    // Some 10 KB on the wire.
    is_too_large(10_000_000, 1_000_000);
}

fn the_limit_is_of_the_decompressed_bytes() {
    const PADDING: usize = 100_000;
    let whole = u32::try_from(PADDING + r#"{"Response":{"RequestId":"padded","Padding":""}}"#.len()).unwrap();
    is_too_large(PADDING, whole - 1);
    assert_eq!(outcome(PADDING, whole), Ok(0));
}
