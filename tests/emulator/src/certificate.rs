//! A certificate of the emulator's own, valid from a day before to 90 days after its clock.

use std::io;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use time::{Duration, OffsetDateTime};

pub struct Certificate {
    pub pem: String,
    pub config: Arc<ServerConfig>,
}

impl Certificate {
    pub fn new(host: &str, clock_offset_s: i64) -> io::Result<Certificate> {
        Certificate::make(host, OffsetDateTime::now_utc() + Duration::seconds(clock_offset_s)).map_err(io::Error::other)
    }

    fn make(host: &str, now: OffsetDateTime) -> Result<Certificate, Box<dyn std::error::Error + Send + Sync>> {
        let mut parameters = CertificateParams::new([host.to_owned()])?;
        parameters.not_before = now - Duration::days(1);
        parameters.not_after = now + Duration::days(90);
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der())?)?;
        Ok(Certificate { pem: certificate.pem(), config: Arc::new(config) })
    }
}
