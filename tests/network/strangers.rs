//! Men in the middle, each with a certificate that proves nothing: none gets a byte of a request, nor is believed.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use trro::error::{Error, Status};

use crate::middle::{Middle, config, contains, sound_answer};
use crate::{call_with, file};

tests![
    whoever_has_a_sound_certificate_sees_the_request_and_is_believed,
    a_self_signed_certificate_proves_nothing,
    a_certificate_of_another_authority_proves_nothing,
    a_certificate_of_another_authority_of_the_same_name_proves_nothing,
    a_certificate_of_another_host_proves_nothing,
    a_certificate_that_has_the_host_for_its_common_name_only_proves_nothing,
    an_expired_certificate_proves_nothing,
    an_expired_authority_between_proves_nothing,
    a_certificate_of_clients_only_proves_nothing,
    a_certificate_of_an_authority_is_none_of_a_service,
    a_certificate_that_was_signed_by_a_service_proves_nothing,
    a_certificate_beyond_the_names_of_its_authority_proves_nothing,
    a_certificate_of_an_authority_that_may_have_none_below_it_proves_nothing,
    a_certificate_with_another_key_proves_nothing,
    whoever_is_not_valid_yet_is_not_believed,
];

/// A certificate and the key to it.
pub struct Certified {
    parameters: CertificateParams,
    key: KeyPair,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Certified {
    fn self_signed(parameters: CertificateParams) -> Certified {
        let key = KeyPair::generate().unwrap();
        let made = parameters.self_signed(&key).unwrap();
        Certified { parameters, key, certificate: made.der().clone(), pem: made.pem() }
    }

    fn signs(&self, parameters: CertificateParams) -> Certified {
        let key = KeyPair::generate().unwrap();
        let made = parameters.signed_by(&key, &Issuer::from_params(&self.parameters, &self.key)).unwrap();
        Certified { parameters, key, certificate: made.der().clone(), pem: made.pem() }
    }

    /// What a client that is to believe in it is given.
    pub fn ca_file(&self) -> String {
        file(&self.pem)
    }
}

fn leaf(host: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new([host.to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, host);
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2100, 1, 1);
    parameters
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = leaf(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters
}

/// The one that the client believes in.
pub fn root() -> Certified {
    Certified::self_signed(authority("root.example"))
}

/// A server that shows these certificates, the first of which it has the key of, or says so.
fn shows(chain: &[&Certified], key: &KeyPair, version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let chain = chain.iter().map(|certified| certified.certificate.clone()).collect();
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let resolver = Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)));
    Arc::new(config.with_no_client_auth().with_cert_resolver(resolver))
}

/// A service for this host that a client which believes in `root` believes.
pub fn sound(root: &Certified, host: &str, version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let leaf = root.signs(leaf(host));
    shows(&[&leaf], &leaf.key, version)
}

/// What a call to this man at `localhost` comes to; he answers whoever asks.
fn call_to(config_of_man: Arc<ServerConfig>, root: &Certified) -> (Middle, Result<usize, Error>) {
    let man = Middle::start(move |tap| tap.speak_tls(&config_of_man, &sound_answer(), true));
    let (endpoint, ca_file) = (format!("https://localhost:{}", man.port), root.ca_file());
    let called = call_with(config(&endpoint, Some(&ca_file)));
    (man, called)
}

/// In both versions; what may be better after a while, when a clock is right, is not tried again in the same call.
#[track_caller]
fn prove_nothing(root: &Certified, chain: &[&Certified], key: &KeyPair, why: &str) {
    for version in [&TLS12, &TLS13] {
        let (man, called) = call_to(shows(chain, key, version), root);
        let error = called.unwrap_err();
        assert_eq!((error.status, error.attempts), (Status::TlsFailed, 1), "{error}");
        assert!(error.message.contains(why), "{error}");
        man.has_seen_nothing(1);
    }
}

#[track_caller]
fn proves_nothing(root: &Certified, chain: &[&Certified], why: &str) {
    prove_nothing(root, chain, &chain[0].key, why);
}

/// So that the other tests would see what they look for.
fn whoever_has_a_sound_certificate_sees_the_request_and_is_believed() {
    for version in [&TLS12, &TLS13] {
        let root = root();
        let (man, called) = call_to(sound(&root, "localhost", version), &root);
        assert_eq!(called, Ok(0));
        let came = man.next();
        for text in [emulator::TEMPORARY_SECRET_ID, emulator::TOKEN, "TC3-", "X-TC-", "GetDevices"] {
            assert!(contains(&came.decrypted, text), "{text}");
            assert!(!contains(&came.raw, text), "{text}");
        }
        assert!(!contains(&came.decrypted, emulator::SECRET_KEY));
    }
}

fn a_self_signed_certificate_proves_nothing() {
    proves_nothing(&root(), &[&Certified::self_signed(leaf("localhost"))], "UnknownIssuer");
}

fn a_certificate_of_another_authority_proves_nothing() {
    let other = Certified::self_signed(authority("other.example"));
    proves_nothing(&root(), &[&other.signs(leaf("localhost")), &other], "UnknownIssuer");
}

fn a_certificate_of_another_authority_of_the_same_name_proves_nothing() {
    proves_nothing(&root(), &[&root().signs(leaf("localhost"))], "BadSignature");
}

fn a_certificate_of_another_host_proves_nothing() {
    let root = root();
    proves_nothing(&root, &[&root.signs(leaf("elsewhere.example"))], "does the endpoint name the right host?");
}

fn a_certificate_that_has_the_host_for_its_common_name_only_proves_nothing() {
    let root = root();
    let mut parameters = leaf("localhost");
    parameters.subject_alt_names.clear();
    proves_nothing(&root, &[&root.signs(parameters)], "does the endpoint name the right host?");
}

fn expired(mut parameters: CertificateParams) -> CertificateParams {
    parameters.not_after = date_time_ymd(2021, 1, 1);
    parameters
}

fn an_expired_certificate_proves_nothing() {
    let root = root();
    proves_nothing(&root, &[&root.signs(expired(leaf("localhost")))], "expired");
}

fn an_expired_authority_between_proves_nothing() {
    let root = root();
    let between = root.signs(expired(authority("between.example")));
    proves_nothing(&root, &[&between.signs(leaf("localhost")), &between], "expired");
}

fn a_certificate_of_clients_only_proves_nothing() {
    let root = root();
    let mut parameters = leaf("localhost");
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    proves_nothing(&root, &[&root.signs(parameters)], "extended key usage");
}

fn a_certificate_of_an_authority_is_none_of_a_service() {
    let root = root();
    proves_nothing(&root, &[&root.signs(authority("localhost"))], "CaUsedAsEndEntity");
}

fn a_certificate_that_was_signed_by_a_service_proves_nothing() {
    let root = root();
    let service = root.signs(leaf("elsewhere.example"));
    proves_nothing(&root, &[&service.signs(leaf("localhost")), &service], "EndEntityUsedAsCa");
}

fn a_certificate_beyond_the_names_of_its_authority_proves_nothing() {
    let root = root();
    let mut parameters = authority("between.example");
    let permitted_subtrees = vec![GeneralSubtree::DnsName("elsewhere.example".to_owned())];
    parameters.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    let between = root.signs(parameters);
    proves_nothing(&root, &[&between.signs(leaf("localhost")), &between], "NameConstraintViolation");
}

fn a_certificate_of_an_authority_that_may_have_none_below_it_proves_nothing() {
    let root = root();
    let mut parameters = authority("between.example");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let between = root.signs(parameters);
    let below = between.signs(authority("below.example"));
    proves_nothing(&root, &[&below.signs(leaf("localhost")), &below, &between], "PathLenConstraintViolated");
}

fn a_certificate_with_another_key_proves_nothing() {
    let root = root();
    let leaf = root.signs(leaf("localhost"));
    prove_nothing(&root, &[&leaf], &KeyPair::generate().unwrap(), "BadSignature");
}

/// What is known of the time may have fallen behind, so the answer has to show that it has not: who has the key of such a
/// certificate sees the request, in which the secret key is not, and is not believed as long as it is not valid.
fn whoever_is_not_valid_yet_is_not_believed() {
    for version in [&TLS12, &TLS13] {
        let root = root();
        let mut parameters = leaf("localhost");
        parameters.not_before = date_time_ymd(2090, 1, 1);
        let leaf = root.signs(parameters);
        let (man, called) = call_to(shows(&[&leaf], &leaf.key, version), &root);
        let error = called.unwrap_err();
        assert_eq!(error.status, Status::TlsFailed, "{error}");
        assert!(error.message.contains("clock"), "{error}");
        for _ in 0..error.attempts {
            let came = man.next();
            assert!(!contains(&came.decrypted, emulator::SECRET_KEY) && !contains(&came.raw, emulator::SECRET_KEY));
        }
    }
}
