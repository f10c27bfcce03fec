//! One address at which one peer comes after another: a stranger before the service, and the service with a new certificate.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

use emulator::{Fault, Options};
use rcgen::KeyPair;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection};
use trro::client::Client;
use trro::config::Config;
use trro::error::{Error, Status};

use crate::{Service, call, file};

tests![
    whoever_shows_the_services_certificate_without_its_key_keeps_nobody_from_the_service,
    a_new_certificate_that_is_not_valid_yet_by_what_is_known_is_taken,
    a_new_certificate_that_is_not_valid_yet_by_its_own_services_time_is_refused,
];

/// Who answers a connection.
#[derive(Clone)]
enum Peer {
    /// The emulator at this port.
    Service(u16),
    /// One of our own, which gets no further than the handshake.
    Stranger(Arc<ServerConfig>),
}

/// An address at which the first connections are answered by `first`, each by another one, and all others by `last`.
fn address(first: Vec<Peer>, last: Peer) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (stream, peer) in listener.incoming().zip(first.into_iter().chain(std::iter::repeat(last))) {
            // Whoever goes away is no concern of ours.
            std::thread::spawn(move || serve(&stream?, peer));
        }
    });
    format!("https://localhost:{port}")
}

fn serve(client: &TcpStream, peer: Peer) -> io::Result<()> {
    match peer {
        Peer::Service(port) => {
            let service = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            std::thread::scope(|scope| {
                scope.spawn(|| pass_on(&service, client));
                pass_on(client, &service)
            })
        }
        Peer::Stranger(config) => {
            let mut session = ServerConnection::new(config).map_err(io::Error::other)?;
            let mut client = client;
            session.complete_io(&mut client).map(drop)
        }
    }
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    io::copy(&mut from, &mut to)?;
    to.shutdown(Shutdown::Write)
}

/// Shows the certificate of the service so many times over, which makes a chain of its own of it, and has another key.
fn stranger(service: &Service, copies: usize) -> Peer {
    let certificate = CertificateDer::from_pem_slice(service.emulator.ca_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(KeyPair::generate().unwrap().serialize_der()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = CertifiedKey::new(vec![certificate; copies], key);
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let resolver = Arc::new(SingleCertAndKey::from(shown));
    Peer::Stranger(Arc::new(config.with_no_client_auth().with_cert_resolver(resolver)))
}

/// Before any answer has told the time, when chains are kept to be checked with it.
fn whoever_shows_the_services_certificate_without_its_key_keeps_nobody_from_the_service() {
    /// More than are kept.
    const STRANGERS: usize = 20;
    let service = Service::named("localhost", Options::default());
    // The service's own chain must not be among them: one that is kept is not kept again.
    let strangers = (2..STRANGERS + 2).map(|copies| stranger(&service, copies)).collect();
    let endpoint = address(strangers, Peer::Service(service.port));
    let client = Client::new(Config { endpoint: Some(&endpoint), ..service.config() }).unwrap();
    for _ in 0..STRANGERS {
        let error = call(&client).unwrap_err();
        assert_eq!((error.status, error.attempts), (Status::TlsFailed, 1), "{error}");
        assert_eq!(service.emulator.statistics().connections, 0);
    }
    assert_eq!(call(&client), Ok(10));
    assert_eq!(service.requests().len(), 1);
}

/// A client that has learned the time from the service, whose next connection leads to `renewed`: what a call comes to.
fn after(renewed: &Service) -> Result<usize, Error> {
    let service = Service::named("localhost", Options::default());
    let endpoint = address(vec![Peer::Service(service.port)], Peer::Service(renewed.port));
    let ca_file = file(&[service.emulator.ca_pem(), renewed.emulator.ca_pem()].concat());
    let client = Client::new(Config {
        endpoint: Some(&endpoint),
        ca_file: Some(&ca_file),
        max_attempts: Some(2),
        ..service.config()
    });
    let client = client.unwrap();
    service.emulator.misbehave_once(Fault::CloseAfterAnswer);
    assert_eq!(call(&client), Ok(10));
    assert!(client.clock_offset_ms().is_some());
    call(&client)
}

/// As when the clock since boot stood still for ten days.
fn a_new_certificate_that_is_not_valid_yet_by_what_is_known_is_taken() {
    const TEN_DAYS_S: i64 = 864_000;
    let renewed = Service::named("localhost", Options { clock_offset_s: TEN_DAYS_S, ..Options::default() });
    assert_eq!(after(&renewed), Ok(10));
    // The first was signed at the time of before.
    assert_eq!(renewed.requests().len(), 2);
}

fn a_new_certificate_that_is_not_valid_yet_by_its_own_services_time_is_refused() {
    let renewed = Service::named("localhost", Options { certificate_days: (-5, 90), ..Options::default() });
    let error = after(&renewed).unwrap_err();
    assert_eq!(error.status, Status::TlsFailed, "{error}");
    assert!(error.message.contains("clock"), "{error}");
}
