//! A client that is known by a certificate.

use std::fs;
use std::process::Command;

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
    a_pipe_that_nobody_writes_to_is_refused_at_once,
    half_a_pair_is_named,
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

fn a_pipe_that_nobody_writes_to_is_refused_at_once() {
    let (certificate, key) = files(&service(false));
    let pipe = file("");
    fs::remove_file(&pipe).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = call_with(Config { ca_file: Some(&pipe), ..service(false).config() }).unwrap_err();
    assert!(error.message.starts_with("ca_file "), "{error}");
    for message in [
        error.message,
        is_refused(Some(&pipe), Some(&key), "client_cert_file"),
        is_refused(Some(&certificate), Some(&pipe), "client_key_file"),
    ] {
        assert!(message.contains("not a regular file"), "{message}");
    }
}

fn half_a_pair_is_named() {
    let (certificate, key) = files(&service(false));
    is_refused(Some(&certificate), None, "client_cert_file");
    is_refused(None, Some(&key), "client_key_file");
}
