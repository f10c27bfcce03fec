//! When certificates are checked: by the service's time where it is known, and safely where it is not. Uses `clock`.
//!
//! rustls checks a certificate at the time that it is told. A machine that was just switched on may tell it 1970, so until
//! the service's time is proven in this process the chain is checked at T, the latest of: the system clock, the release of
//! this library, and the first moment at which every certificate of the chain is valid. Then the first answer must show that T
//! was not needed: its `Date` must lie inside the validity of the whole chain, or it is not believed. What is checked
//! besides the time (names, signatures, authorities) is rustls's own, as it always is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::clock::Clock;

/// No clock that is right says less. `SOURCE_DATE_EPOCH` at build time, else when this version was written.
pub const RELEASED_AT_S: u64 = match option_env!("SOURCE_DATE_EPOCH") {
    Some(digits) => seconds(digits),
    None => 1_795_478_400, // 2026-11-24
};

/// How many different chains are taken before the time is known. A service has one or two.
const MOST_UNPROVEN: usize = 16;

const fn seconds(digits: &str) -> u64 {
    let (digits, mut value, mut index) = (digits.as_bytes(), 0u64, 0);
    while index < digits.len() {
        assert!(digits[index].is_ascii_digit(), "SOURCE_DATE_EPOCH is not a number of seconds");
        value = value * 10 + (digits[index] - b'0') as u64;
        index += 1;
    }
    value
}

/// What a peer showed while the time was not known.
#[derive(Debug, PartialEq, Eq)]
struct Chain {
    end_entity: CertificateDer<'static>,
    intermediates: Vec<CertificateDer<'static>>,
    name: ServerName<'static>,
}

/// rustls's verifier, told another time.
#[derive(Debug)]
pub struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    clock: Arc<Clock>,
    unproven: Mutex<Vec<Chain>>,
}

impl Verifier {
    pub fn new(
        roots: Arc<RootCertStore>,
        provider: &Arc<CryptoProvider>,
        clock: Arc<Clock>,
    ) -> Result<Verifier, Error> {
        let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Verifier { inner, clock, unproven: Mutex::default() })
    }

    /// Whether everyone who was taken without knowing the time may be believed, by the service's time where that is known by
    /// now, else by `date_s`, else (an answer that says no time proves none) as without any of this: by the system clock.
    pub fn believe(&self, date_s: Option<i64>) -> Result<(), Error> {
        let mut unproven = self.unproven.lock().unwrap_or_else(PoisonError::into_inner);
        if unproven.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let at_s = if now.is_proven { now.s } else { date_s.unwrap_or(now.s) };
        for Chain { end_entity, intermediates, name } in unproven.iter() {
            self.inner.verify_server_cert(end_entity, intermediates, name, &[], unix_time(at_s))?;
        }
        if now.is_proven || date_s.is_some() {
            unproven.clear();
        }
        Ok(())
    }

    fn take_unproven(&self, chain: Chain, system_time_s: i64) -> Result<ServerCertVerified, Error> {
        let verified = self.verify_at_earliest(&chain, system_time_s)?;
        let mut unproven = self.unproven.lock().unwrap_or_else(PoisonError::into_inner);
        if !unproven.contains(&chain) {
            if unproven.len() == MOST_UNPROVEN {
                return Err(Error::General("too many different certificates before the time is known".into()));
            }
            unproven.push(chain);
        }
        Ok(verified)
    }

    /// At the system clock or the release, whichever is later, and if that is too early for the chain when its last
    /// certificate becomes valid. Each error names one certificate that is not valid yet, so no chain needs more rounds than
    /// it has certificates.
    fn verify_at_earliest(&self, chain: &Chain, system_time_s: i64) -> Result<ServerCertVerified, Error> {
        let Chain { end_entity, intermediates, name } = chain;
        let mut at = unix_time(system_time_s).max(UnixTime::since_unix_epoch(Duration::from_secs(RELEASED_AT_S)));
        for _ in 0..=intermediates.len() {
            match self.inner.verify_server_cert(end_entity, intermediates, name, &[], at) {
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
                    at = at.max(not_before);
                }
                result => return result,
            }
        }
        self.inner.verify_server_cert(end_entity, intermediates, name, &[], at)
    }
}

fn unix_time(s: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(s).unwrap_or(0)))
}

impl ServerCertVerifier for Verifier {
    /// The time that rustls hands in is the system clock's, and so left aside.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let now = self.clock.now();
        if now.is_proven {
            return self.inner.verify_server_cert(end_entity, intermediates, name, ocsp_response, unix_time(now.s));
        }
        let chain = Chain {
            end_entity: end_entity.clone().into_owned(),
            intermediates: intermediates.iter().map(|certificate| certificate.clone().into_owned()).collect(),
            name: name.to_owned(),
        };
        self.take_unproven(chain, now.s)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
