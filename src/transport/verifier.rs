//! When certificates are checked: by the service's time where it is known, and safely where it is not. Uses `clock`.
//!
//! rustls checks a certificate at the time that it is told. A machine that was just switched on may tell it 1970, so until
//! the service's time is proven in this process the chain is checked at T, the latest of: the system clock, the release of
//! this library, and the first moment at which every certificate of the chain is valid. Then the first answer must show that T
//! was not needed: its `Date` must lie inside the validity of the whole chain, or it is not believed. Nor is a later one that
//! contradicts what is known and lies outside: with that for its time the client could never connect again. What is checked
//! besides the time (names, signatures, authorities) is rustls's own, as it always is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::clock::{Clock, Sample};

/// No clock that is right says less. `SOURCE_DATE_EPOCH` at build time, else when this version was written.
pub const RELEASED_AT_S: u64 = match option_env!("SOURCE_DATE_EPOCH") {
    Some(digits) => seconds(digits),
    None => 1_795_478_400, // 2026-11-24
};

/// How many different chains are taken before the time is known. A service has one or two.
const MOST_CHAINS: usize = 16;

const fn seconds(digits: &str) -> u64 {
    let (digits, mut value, mut index) = (digits.as_bytes(), 0u64, 0);
    while index < digits.len() {
        assert!(digits[index].is_ascii_digit(), "SOURCE_DATE_EPOCH is not a number of seconds");
        value = value * 10 + (digits[index] - b'0') as u64;
        index += 1;
    }
    value
}

/// What a peer showed.
#[derive(Debug, PartialEq, Eq)]
struct Chain {
    end_entity: CertificateDer<'static>,
    intermediates: Vec<CertificateDer<'static>>,
    name: ServerName<'static>,
}

/// What the peers showed in full handshakes.
#[derive(Debug, Default)]
struct Shown {
    /// While the time is not known, every one; afterwards the last.
    chains: Vec<Chain>,
    /// Whether one of them was taken without knowing the time, and no answer has told it since.
    is_unproven: bool,
}

/// rustls's verifier, told another time.
#[derive(Debug)]
pub struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    clock: Arc<Clock>,
    shown: Mutex<Shown>,
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
        Ok(Verifier { inner, clock, shown: Mutex::default() })
    }

    /// Whether an answer that says so of the time, or nothing, may be believed. Whoever was taken without knowing the time must
    /// be valid by the service's time where that is known by now, else by the answer's, else (an answer that says no time
    /// proves none) as without any of this: by the system clock.
    pub fn believe(&self, sample: Option<&Sample>) -> Result<(), Error> {
        let mut shown = self.shown();
        let now = self.clock.now();
        if shown.is_unproven {
            let said = sample.filter(|_| !now.is_proven).map(Sample::service_time_s);
            self.verify_all_at(&shown.chains, said.unwrap_or(now.s))?;
        }
        if let Some(sample) = sample.filter(|sample| self.clock.is_contradicted_by(sample)) {
            self.verify_all_at(&shown.chains, sample.service_time_s())?;
        }
        if now.is_proven || sample.is_some() {
            shown.is_unproven = false;
        }
        Ok(())
    }

    fn verify_all_at(&self, chains: &[Chain], at_s: i64) -> Result<(), Error> {
        chains.iter().try_for_each(|chain| self.verify(chain, unix_time(at_s)).map(drop))
    }

    fn verify(&self, chain: &Chain, at: UnixTime) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(&chain.end_entity, &chain.intermediates, &chain.name, &[], at)
    }

    fn take_proven(&self, chain: Chain, now_s: i64) -> Result<ServerCertVerified, Error> {
        let verified = self.verify(&chain, unix_time(now_s))?;
        let mut shown = self.shown();
        if !shown.is_unproven {
            shown.chains = vec![chain];
        }
        Ok(verified)
    }

    fn take_unproven(&self, chain: Chain, system_time_s: i64) -> Result<ServerCertVerified, Error> {
        let verified = self.verify_at_earliest(&chain, system_time_s)?;
        let mut shown = self.shown();
        if !shown.chains.contains(&chain) {
            if shown.chains.len() == MOST_CHAINS {
                return Err(Error::General("too many different certificates before the time is known".into()));
            }
            shown.chains.push(chain);
        }
        shown.is_unproven = true;
        Ok(verified)
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At the system clock or the release, whichever is later, and if that is too early for the chain when its last
    /// certificate becomes valid. Each error names one certificate that is not valid yet, so no chain needs more rounds than
    /// it has certificates.
    fn verify_at_earliest(&self, chain: &Chain, system_time_s: i64) -> Result<ServerCertVerified, Error> {
        let mut at = unix_time(system_time_s).max(UnixTime::since_unix_epoch(Duration::from_secs(RELEASED_AT_S)));
        for _ in 0..=chain.intermediates.len() {
            match self.verify(chain, at) {
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => {
                    at = at.max(not_before);
                }
                result => return result,
            }
        }
        self.verify(chain, at)
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
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = Chain {
            end_entity: end_entity.clone().into_owned(),
            intermediates: intermediates.iter().map(|certificate| certificate.clone().into_owned()).collect(),
            name: name.to_owned(),
        };
        let now = self.clock.now();
        if now.is_proven { self.take_proven(chain, now.s) } else { self.take_unproven(chain, now.s) }
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
