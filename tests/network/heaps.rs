//! A peer that sends more of what TLS allows than anybody needs.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PKCS_ED25519, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use trro::config::Config;
use trro::error::Status;

use crate::call_with;
use crate::middle::{Middle, config, sound_answer};
use crate::strangers::{root, sound};

tests![
    a_maze_of_certificates_takes_no_longer_than_the_deadline,
    a_maze_of_certificates_that_become_valid_one_after_the_other_takes_no_longer_than_the_deadline,
    fifty_tickets_do_not_disturb,
    new_keys_without_end_end_the_connection,
];

const DEADLINE_MS: u32 = 1000;
/// As many as a message of TLS has room for.
const MOST_CERTIFICATES: usize = 200;
/// As many as are looked at.
const FEW_CERTIFICATES: usize = 6;

/// Each could be the issuer of each, and of the one that he has the key of: of the man's own making.
const LIKE_EACH_OTHER: usize = 4;

fn named(mut parameters: CertificateParams, from_year: i32) -> CertificateParams {
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "m");
    parameters.not_before = date_time_ymd(from_year, 1, 1);
    parameters.not_after = date_time_ymd(2400, 1, 1);
    parameters
}

fn authority(from_year: i32) -> CertificateParams {
    let mut parameters = named(CertificateParams::default(), from_year);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ED25519).unwrap()
}

/// A server that shows these beside its own.
fn maze(beside: Vec<CertificateDer<'static>>, version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let leaf_key = key();
    let leaf = named(CertificateParams::new(["localhost".to_owned()]).unwrap(), 2020);
    let leaf = leaf.signed_by(&leaf_key, &Issuer::new(authority(2020), key())).unwrap().der().clone();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let leaf_key = PrivateKeyDer::try_from(leaf_key.serialize_der()).unwrap();
    let leaf_key = provider.key_provider.load_private_key(leaf_key).unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let chain = [leaf].into_iter().chain(beside).collect();
    let resolver = Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, leaf_key)));
    Arc::new(config.with_no_client_auth().with_cert_resolver(resolver))
}

/// It is not believed, and that is found out in time.
#[track_caller]
fn ends_in_time(maze: Arc<ServerConfig>) {
    let man = Middle::start(move |tap| tap.speak_tls(&maze, &sound_answer(), true));
    let (endpoint, ca_file) = (format!("https://localhost:{}", man.port), root().ca_file());
    let start = Instant::now();
    let config = Config { deadline_ms: Some(DEADLINE_MS), ..config(&endpoint, Some(&ca_file)) };
    let error = call_with(config).unwrap_err();
    let took = start.elapsed();
    assert_eq!((error.status, error.attempts), (Status::TlsFailed, 1), "{error}");
    assert!(took < Duration::from_millis(DEADLINE_MS.into()), "{took:?}: {error}");
    man.has_seen_nothing(1);
}

fn cases() -> impl Iterator<Item = (&'static SupportedProtocolVersion, usize)> {
    [&TLS12, &TLS13].into_iter().flat_map(|version| [FEW_CERTIFICATES, MOST_CERTIFICATES].map(|count| (version, count)))
}

fn a_maze_of_certificates_takes_no_longer_than_the_deadline() {
    for (version, count) in cases() {
        let first = Issuer::new(authority(2020), key());
        let beside = (0..count).map(|_| authority(2020).signed_by(&key(), &first).unwrap().der().clone());
        ends_in_time(maze(beside.collect(), version));
    }
}

/// Who does not know the time takes for it what a certificate says, and looks at the chain again.
fn a_maze_of_certificates_that_become_valid_one_after_the_other_takes_no_longer_than_the_deadline() {
    for (version, count) in cases() {
        let first = Issuer::new(authority(2020), key());
        let mut stranger = authority(2020);
        stranger.distinguished_name.push(DnType::CommonName, "x");
        // More than a few that could be each other's issuers would be too many at the first look.
        let other =
            if count > FEW_CERTIFICATES { Issuer::new(stranger, key()) } else { Issuer::new(authority(2020), key()) };
        let beside = (0..count).map(|index| {
            let made = match index {
                0..LIKE_EACH_OTHER => authority(2020).signed_by(&key(), &first),
                _ => authority(2100 + i32::try_from(index).unwrap()).signed_by(&key(), &other),
            };
            made.unwrap().der().clone()
        });
        ends_in_time(maze(beside.collect(), version));
    }
}

fn fifty_tickets_do_not_disturb() {
    let root = root();
    let mut generous = ServerConfig::clone(&sound(&root, "localhost", &TLS13));
    generous.send_tls13_tickets = 50;
    let generous = Arc::new(generous);
    let man = Middle::start(move |tap| tap.speak_tls(&generous, &sound_answer(), true));
    let (endpoint, ca_file) = (format!("https://localhost:{}", man.port), root.ca_file());
    assert_eq!(call_with(config(&endpoint, Some(&ca_file))), Ok(0));
}

fn new_keys_without_end_end_the_connection() {
    let root = root();
    let restless = sound(&root, "localhost", &TLS13);
    let man = Middle::start(move |tap| {
        let mut session = ServerConnection::new(Arc::clone(&restless)).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(tap)?;
        }
        loop {
            session.refresh_traffic_keys().map_err(io::Error::other)?;
            while session.wants_write() {
                session.write_tls(tap)?;
            }
        }
    });
    let (endpoint, ca_file) = (format!("https://localhost:{}", man.port), root.ca_file());
    let config = Config { max_attempts: Some(1), ..config(&endpoint, Some(&ca_file)) };
    let error = call_with(config).unwrap_err();
    assert_eq!(error.status, Status::ConnectFailed, "{error}");
    assert!(error.message.contains("TooManyKeyUpdateRequests"), "{error}");
}
