//! Certificates of the emulator's own: the one that it serves, and those of its clients.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::TLS12;
use rustls::{RootCertStore, ServerConfig};
use time::{Duration, OffsetDateTime};

use crate::Options;

type Made<T> = Result<T, Box<dyn Error + Send + Sync>>;

pub struct Certificate {
    /// What a client is to trust.
    pub pem: String,
    pub config: Arc<ServerConfig>,
    /// The certificate and the key of a client, if one is required.
    pub client: Option<(String, String)>,
}

impl Certificate {
    /// As of the emulator's time `now_s`.
    pub fn new(options: &Options, now_s: i64) -> io::Result<Certificate> {
        Certificate::make(options, now_s).map_err(io::Error::other)
    }

    fn make(options: &Options, now_s: i64) -> Made<Certificate> {
        let now = OffsetDateTime::from_unix_timestamp(now_s)?;
        let chain = if options.intermediate { Chain::issued(options, now)? } else { Chain::self_signed(options, now)? };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = if options.client_authority { Some(Client::make(&provider)?) } else { None };
        let versions = if options.tls_1_2_only { &[&TLS12] } else { rustls::DEFAULT_VERSIONS };
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions)?;
        let (config, client) = match client {
            None => (config.with_no_client_auth(), None),
            Some(client) => {
                (config.with_client_cert_verifier(client.verifier), Some((client.certificate_pem, client.key_pem)))
            }
        };
        let config = config.with_single_cert(chain.certificates, chain.key)?;
        Ok(Certificate { pem: chain.root_pem, config: Arc::new(config), client })
    }
}

/// What the emulator serves.
struct Chain {
    root_pem: String,
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Chain {
    fn self_signed(options: &Options, now: OffsetDateTime) -> Made<Chain> {
        let key = KeyPair::generate()?;
        let certificate = leaf(options, now)?.self_signed(&key)?;
        Ok(Chain {
            root_pem: certificate.pem(),
            certificates: vec![certificate.der().clone()],
            key: PrivateKeyDer::try_from(key.serialize_der())?,
        })
    }

    fn issued(options: &Options, now: OffsetDateTime) -> Made<Chain> {
        let root_key = KeyPair::generate()?;
        let root_parameters = authority("emulator root");
        let root = root_parameters.self_signed(&root_key)?;
        let intermediate_key = KeyPair::generate()?;
        let mut intermediate_parameters = authority("emulator intermediate");
        intermediate_parameters.not_before = now - Duration::days(2);
        intermediate_parameters.not_after = now + Duration::days(98);
        let intermediate =
            intermediate_parameters.signed_by(&intermediate_key, &Issuer::new(root_parameters, root_key))?;
        let key = KeyPair::generate()?;
        let certificate =
            leaf(options, now)?.signed_by(&key, &Issuer::new(intermediate_parameters, intermediate_key))?;
        Ok(Chain {
            root_pem: root.pem(),
            certificates: vec![certificate.der().clone(), intermediate.der().clone()],
            key: PrivateKeyDer::try_from(key.serialize_der())?,
        })
    }
}

fn leaf(options: &Options, now: OffsetDateTime) -> Made<CertificateParams> {
    let (before, after) = options.certificate_days;
    let mut parameters = CertificateParams::new([options.certificate_host.clone()])?;
    parameters.not_before = now - Duration::days(before);
    parameters.not_after = now + Duration::days(after);
    Ok(parameters)
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters
}

/// A client that the emulator lets in.
struct Client {
    certificate_pem: String,
    key_pem: String,
    /// Lets in whom the authority of that client has certified.
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Client {
    fn make(provider: &Arc<CryptoProvider>) -> Made<Client> {
        let authority_key = KeyPair::generate()?;
        let parameters = authority("emulator client authority");
        let root = parameters.self_signed(&authority_key)?;
        let key = KeyPair::generate()?;
        let mut client = CertificateParams::default();
        client.distinguished_name.push(DnType::CommonName, "emulator client");
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = client.signed_by(&key, &Issuer::new(parameters, authority_key))?;
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()?;
        Ok(Client { certificate_pem: certificate.pem(), key_pem: key.serialize_pem(), verifier })
    }
}
