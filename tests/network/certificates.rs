//! A client that is known by a certificate.

use std::fs::File;
use std::process::Command;
use std::time::{Duration, Instant};

use emulator::Options;
use trro::config::Config;
use trro::error::{Error, Status};

use crate::{Service, call_with, file};

tests![
    a_client_with_a_certificate_is_let_in,
    a_client_without_a_certificate_is_told_so,
    a_client_with_a_certificate_of_another_authority_is_told_so,
    a_key_of_another_certificate_is_named,
    a_file_that_is_missing_is_named,
    a_file_without_a_certificate_or_a_key_is_named,
    half_a_pair_is_named,
    what_is_no_file_or_too_large_is_named_at_once,
];

fn service(tls_1_2_only: bool) -> Service {
    Service::named("localhost", Options { client_authority: true, tls_1_2_only, ..Options::default() })
}

/// The files of a certificate that a service lets in, and its key.
fn files(service: &Service) -> (String, String) {
    let (certificate, key) = service.emulator.client_certificate();
    (file(&certificate), file(&key))
}

fn a_client_with_a_certificate_is_let_in() {
    for tls_1_2_only in [false, true] {
        let service = service(tls_1_2_only);
        let (certificate, key) = files(&service);
        let config = Config { client_cert_file: Some(&certificate), client_key_file: Some(&key), ..service.config() };
        assert_eq!(call_with(config), Ok(10), "TLS 1.2 only: {tls_1_2_only}");
    }
}

/// Trying again does not help, and the message says what to do.
fn is_told(service: &Service, result: Result<usize, Error>) {
    let error = result.unwrap_err();
    assert_eq!((error.status, error.retryable, error.attempts), (Status::TlsFailed, false, 1), "{error}");
    assert!(error.message.contains("client_cert_file"), "{error}");
    assert!(service.requests().is_empty());
}

fn a_client_without_a_certificate_is_told_so() {
    for tls_1_2_only in [false, true] {
        let service = service(tls_1_2_only);
        is_told(&service, call_with(Config { max_attempts: Some(3), ..service.config() }));
    }
}

fn a_client_with_a_certificate_of_another_authority_is_told_so() {
    for tls_1_2_only in [false, true] {
        let (service, other) = (service(tls_1_2_only), service(false));
        let (certificate, key) = files(&other);
        let config = Config { client_cert_file: Some(&certificate), client_key_file: Some(&key), ..service.config() };
        is_told(&service, call_with(Config { max_attempts: Some(3), ..config }));
    }
}

/// A client with these files cannot be made, and the message begins with the field.
fn is_refused(certificate: Option<&str>, key: Option<&str>, field: &str) -> String {
    let service = service(false);
    let config = Config { client_cert_file: certificate, client_key_file: key, ..service.config() };
    let error = call_with(config).unwrap_err();
    assert_eq!((error.status, error.attempts), (Status::InvalidArgument, 0), "{error}");
    assert!(error.message.starts_with(&format!("{field} ")), "{error}");
    error.message
}

fn a_key_of_another_certificate_is_named() {
    let ((certificate, _), (_, key)) = (files(&service(false)), files(&service(false)));
    let message = is_refused(Some(&certificate), Some(&key), "client_key_file");
    assert!(message.contains(&key) && message.contains("client_cert_file"), "{message}");
}

fn a_file_that_is_missing_is_named() {
    let (certificate, key) = files(&service(false));
    let missing = "/nonexistent/file.pem";
    assert!(is_refused(Some(missing), Some(&key), "client_cert_file").contains(missing));
    assert!(is_refused(Some(&certificate), Some(missing), "client_key_file").contains(missing));
}

fn a_file_without_a_certificate_or_a_key_is_named() {
    let (certificate, key) = files(&service(false));
    assert!(is_refused(Some(&key), Some(&key), "client_cert_file").contains("no certificate"));
    assert!(
        is_refused(Some(&certificate), Some(&certificate), "client_key_file").contains("no unencrypted private key")
    );
}

fn half_a_pair_is_named() {
    let (certificate, key) = files(&service(false));
    is_refused(Some(&certificate), None, "client_cert_file");
    is_refused(None, Some(&key), "client_key_file");
}

/// Neither waited for nor read into memory.
fn what_is_no_file_or_too_large_is_named_at_once() {
    const GIGABYTE: u64 = 1 << 30;
    let (certificate, key) = files(&service(false));
    let (large, fifo) = (file(""), file("") + ".fifo");
    File::options().write(true).open(&large).unwrap().set_len(64 * GIGABYTE).unwrap();
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let start = Instant::now();
    for (path, why) in [
        (large.as_str(), "more than 4194304 bytes"),
        (&fifo, "not a regular file"),
        ("/", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("/proc/self/mem", "cannot be read"),
    ] {
        assert!(is_refused(Some(path), Some(&key), "client_cert_file").contains(why), "{path}");
        assert!(is_refused(Some(&certificate), Some(path), "client_key_file").contains(why), "{path}");
        let service = service(false);
        let error = call_with(Config { ca_file: Some(path), ..service.config() }).unwrap_err();
        assert_eq!(error.status, Status::InvalidArgument, "{error}");
        assert!(error.message.starts_with("ca_file ") && error.message.contains(why), "{error}");
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    std::fs::remove_file(&fifo).unwrap();
}
