//! The emulator's certificates, and the sessions that it resumes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use emulator::{Emulator, Fault, Options};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::{host, json, read_until_silence, request, sent, wait_until};

const DAY_S: i64 = 86_400;

fn emulator(options: Options) -> Emulator {
    Emulator::start(Options { tls: true, requests_per_s: 0, ..options }).unwrap()
}

/// A clock that is ahead by so many seconds.
#[derive(Debug)]
struct Ahead(i64);

impl TimeProvider for Ahead {
    fn current_time(&self) -> Option<UnixTime> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Some(UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs().checked_add_signed(self.0).unwrap())))
    }
}

/// A client that trusts the emulator.
struct Client {
    versions: &'static [&'static SupportedProtocolVersion],
    clock_ahead_s: i64,
    /// The certificate and the key, in PEM form.
    certificate: Option<(String, String)>,
}

impl Default for Client {
    fn default() -> Client {
        Client { versions: rustls::ALL_VERSIONS, clock_ahead_s: 0, certificate: None }
    }
}

impl Client {
    fn config(self, emulator: &Emulator) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(emulator.ca_pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_details(provider, Arc::new(Ahead(self.clock_ahead_s)))
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match self.certificate {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
            }
        })
    }

    /// What the handshake and one request come to.
    fn outcome(self, emulator: &Emulator) -> Result<(), String> {
        exchange(emulator, &self.config(emulator)).map_err(|error| error.to_string())
    }
}

/// Sends a request on a connection of its own; the answer must be sound.
fn exchange(emulator: &Emulator, config: &Arc<ClientConfig>) -> io::Result<()> {
    let host = host(emulator);
    let session = ClientConnection::new(Arc::clone(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(session, TcpStream::connect(&host).unwrap());
    stream.write_all(request().text(&host).as_bytes())?;
    stream.conn.send_close_notify();
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert_eq!(json(&answer)["Response"]["TotalCount"], 62);
    Ok(())
}

#[track_caller]
fn is_refused(outcome: Result<(), String>, reason: &str) {
    let message = outcome.expect_err("the handshake succeeded");
    assert!(message.contains(reason), "{message}");
}

fn at(clock_ahead_s: i64) -> Client {
    Client { clock_ahead_s, ..Client::default() }
}

#[test]
fn the_certificate_is_valid_from_a_day_before_the_start_for_90_days_after_it() {
    let emulator = emulator(Options::default());
    is_refused(at(-DAY_S - 60).outcome(&emulator), "not valid yet");
    assert_eq!(at(-DAY_S + 60).outcome(&emulator), Ok(()));
    assert_eq!(at(90 * DAY_S - 60).outcome(&emulator), Ok(()));
    is_refused(at(90 * DAY_S + 60).outcome(&emulator), "expired");
}

#[test]
fn the_validity_of_the_certificate_can_be_set() {
    is_refused(at(0).outcome(&emulator(Options { certificate_days: (-1, 2), ..Options::default() })), "not valid yet");
    is_refused(at(0).outcome(&emulator(Options { certificate_days: (2, -1), ..Options::default() })), "expired");
}

#[test]
fn the_validity_of_the_certificate_is_by_the_emulators_clock() {
    let emulator = emulator(Options { clock_offset_s: -1000 * DAY_S, ..Options::default() });
    is_refused(at(0).outcome(&emulator), "expired");
}

#[test]
fn a_chain_is_believed_by_its_root() {
    assert_eq!(at(0).outcome(&emulator(Options { intermediate: true, ..Options::default() })), Ok(()));
}

#[test]
fn the_intermediate_is_valid_from_2_days_before_the_start_for_100_days() {
    let emulator = emulator(Options { intermediate: true, certificate_days: (1000, 1000), ..Options::default() });
    is_refused(at(-2 * DAY_S - 60).outcome(&emulator), "not valid yet");
    assert_eq!(at(-2 * DAY_S + 60).outcome(&emulator), Ok(()));
    assert_eq!(at(98 * DAY_S - 60).outcome(&emulator), Ok(()));
    is_refused(at(98 * DAY_S + 60).outcome(&emulator), "expired");
}

static TLS_1_2: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
static TLS_1_3: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];

fn resumes(versions: &'static [&'static SupportedProtocolVersion]) {
    let emulator = emulator(Options::default());
    let config = Client { versions, ..Client::default() }.config(&emulator);
    for resumed in 0..3 {
        exchange(&emulator, &config).unwrap();
        assert_eq!(emulator.statistics().resumed, resumed);
    }
}

#[test]
fn sessions_of_tls_1_3_are_resumed() {
    resumes(&TLS_1_3);
}

#[test]
fn sessions_of_tls_1_2_are_resumed() {
    resumes(&TLS_1_2);
}

#[test]
fn without_client_authority_there_is_no_client_certificate() {
    assert_eq!(emulator(Options::default()).client_certificate(), (String::new(), String::new()));
}

#[test]
fn a_client_with_the_right_certificate_is_let_in() {
    let emulator = emulator(Options { client_authority: true, ..Options::default() });
    let client = Client { certificate: Some(emulator.client_certificate()), ..Client::default() };
    assert_eq!(client.outcome(&emulator), Ok(()));
}

#[test]
fn a_client_without_a_certificate_is_refused() {
    let emulator = emulator(Options { client_authority: true, ..Options::default() });
    is_refused(Client::default().outcome(&emulator), "CertificateRequired");
    assert!(emulator.statistics().requests.is_empty());
}

#[test]
fn a_client_with_a_certificate_of_another_authority_is_refused() {
    let options = Options { client_authority: true, ..Options::default() };
    let (emulator, other) = (emulator(options.clone()), emulator(options));
    let client = Client { certificate: Some(other.client_certificate()), ..Client::default() };
    is_refused(client.outcome(&emulator), "received fatal alert");
    assert!(emulator.statistics().requests.is_empty());
}

#[test]
fn a_stalled_handshake_answers_nothing_until_the_client_closes() {
    let emulator = emulator(Options { stall_handshake: true, idle_close_ms: 20, ..Options::default() });
    let stream = sent(&host(&emulator), "hello");
    assert_eq!(read_until_silence(&stream), "");
    assert_eq!(emulator.statistics().closed, 0);
    drop(stream);
    wait_until(|| emulator.statistics().closed == 1);
}

#[test]
fn a_reset_is_one_under_tls_too() {
    let emulator = emulator(Options::default());
    emulator.misbehave_once(Fault::Reset);
    let error = exchange(&emulator, &Client::default().config(&emulator)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn with_tls_1_2_only_no_later_version_is_spoken() {
    let emulator = emulator(Options { tls_1_2_only: true, ..Options::default() });
    assert_eq!(Client::default().outcome(&emulator), Ok(()));
    is_refused(Client { versions: &TLS_1_3, ..Client::default() }.outcome(&emulator), "ProtocolVersion");
}
