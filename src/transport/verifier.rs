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

/// When this version was written: 2026-11-24.
const WRITTEN_AT_S: u64 = 1_795_478_400;
/// Nobody builds a version so long after it was written; a value in milliseconds is not taken for one in seconds.
const LAST_BUILD_S: u64 = WRITTEN_AT_S + 50 * 365 * 86_400;
/// No clock that is right says less. `SOURCE_DATE_EPOCH` at build time, unless it is before this version was written, as in
/// builds that set it to 1980.
pub const RELEASED_AT_S: u64 = match option_env!("SOURCE_DATE_EPOCH") {
    Some(digits) if seconds(digits) > WRITTEN_AT_S => seconds(digits),
    Some(_) => WRITTEN_AT_S,
    None => WRITTEN_AT_S,
};

/// How many certificates a peer may show beside its own: no chain that webpki takes has more, and a service has one or two. It looks for
/// a chain among them in every order, and anybody can show some each of which could be the issuer of each: with as many as TLS has room
/// for that takes minutes, and no deadline ends it.
const MOST_BESIDE: usize = 6;

/// How many different chains are taken before the time is known. A service has one or two.
const MOST_CHAINS: usize = 16;

const fn seconds(digits: &str) -> u64 {
    let (digits, mut value, mut index) = (digits.as_bytes(), 0u64, 0);
    while index < digits.len() {
        assert!(digits[index].is_ascii_digit(), "SOURCE_DATE_EPOCH is not a number of seconds");
        value = value * 10 + (digits[index] - b'0') as u64;
        assert!(value <= LAST_BUILD_S, "SOURCE_DATE_EPOCH is too far ahead to be a number of seconds since 1970");
        index += 1;
    }
    value
}

/// What a peer showed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chain {
    end_entity: CertificateDer<'static>,
    intermediates: Vec<CertificateDer<'static>>,
    name: ServerName<'static>,
}

impl Chain {
    fn new(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>], name: &ServerName<'_>) -> Chain {
        Chain {
            end_entity: end_entity.clone().into_owned(),
            intermediates: intermediates.iter().map(|certificate| certificate.clone().into_owned()).collect(),
            name: name.to_owned(),
        }
    }
}

/// What the peers showed in full handshakes, and proved to have the key of.
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
    /// proves none) as without any of this: by the system clock. Who is not valid yet by what is known is so by an answer that
    /// contradicts it: what is known has fallen behind.
    pub fn believe(&self, sample: Option<&Sample>) -> Result<(), Error> {
        let mut shown = self.shown();
        let now = self.clock.now();
        let contradicting = sample.filter(|sample| self.clock.is_contradicted_by(sample));
        if shown.is_unproven {
            let said = sample.filter(|_| !now.is_proven).map(Sample::service_time_s);
            match self.verify_all_at(&shown.chains, said.unwrap_or(now.s)) {
                Err(error) if is_not_valid_yet(&error) && contradicting.is_some() => {}
                verified => verified?,
            }
        }
        if let Some(sample) = contradicting {
            self.verify_all_at(&shown.chains, sample.service_time_s())?;
        }
        if now.is_proven || sample.is_some() {
            shown.is_unproven = false;
        }
        Ok(())
    }

    /// When the first certificate of what a peer has shown ceases to be valid, in seconds since 1970, as far as an
    /// authority vouches for it; `None`: never.
    pub fn valid_until_s(&self, shown: &[CertificateDer<'_>], name: &ServerName<'static>) -> Option<u64> {
        const FAR_S: i64 = 253_402_300_799; // The end of 9999, beyond which no certificate can name a time.
        let (end_entity, intermediates) = shown.split_first()?;
        match self.inner.verify_server_cert(end_entity, intermediates, name, &[], unix_time(FAR_S)) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                Some(not_after.as_secs())
            }
            _ => None,
        }
    }

    fn verify_all_at(&self, chains: &[Chain], at_s: i64) -> Result<(), Error> {
        chains.iter().try_for_each(|chain| self.verify(chain, unix_time(at_s)).map(drop))
    }

    fn verify(&self, chain: &Chain, at: UnixTime) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(&chain.end_entity, &chain.intermediates, &chain.name, &[], at)
    }

    /// Takes the chain of a peer that has ended a full handshake, and so has proven that it has the key: anybody can show a
    /// chain.
    pub fn take(&self, name: &ServerName<'_>, certificates: &[CertificateDer<'_>]) -> Result<(), Error> {
        let [end_entity, intermediates @ ..] = certificates else { return Err(Error::NoCertificatesPresented) };
        let chain = Chain::new(end_entity, intermediates, name);
        let now = self.clock.now();
        // Another thread may have learned the time since the certificate was verified.
        let is_proven = now.is_proven
            && match self.verify(&chain, unix_time(now.s)) {
                Ok(_) => true,
                Err(error) if is_not_valid_yet(&error) => false,
                Err(error) => return Err(error),
            };
        let mut shown = self.shown();
        if is_proven {
            if !shown.is_unproven {
                shown.chains = vec![chain];
            }
            return Ok(());
        }
        shown.is_unproven = true;
        if !shown.chains.contains(&chain) {
            if shown.chains.len() == MOST_CHAINS {
                // Whoever they were, none of their answers has told the time.
                shown.chains.clear();
            }
            shown.chains.push(chain);
        }
        Ok(())
    }

    /// By the service's time where it is known. What is not valid yet by then is taken as if it were not known: what is known may
    /// have fallen behind, as on a machine whose clock since boot stands still while it is suspended.
    fn verify_now(&self, chain: &Chain) -> Result<ServerCertVerified, Error> {
        let now = self.clock.now();
        if !now.is_proven {
            return self.verify_at_earliest(chain, unix_time(now.s).max(released_at()));
        }
        match self.verify(chain, unix_time(now.s)) {
            Err(error) if is_not_valid_yet(&error) => self.verify_at_earliest(chain, unix_time(now.s)),
            verified => verified,
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At that time, and if that is too early for the chain when its last certificate becomes valid. Each error names one
    /// certificate that is not valid yet, so no chain needs more rounds than it has certificates.
    fn verify_at_earliest(&self, chain: &Chain, earliest: UnixTime) -> Result<ServerCertVerified, Error> {
        let mut at = earliest;
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

fn released_at() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(RELEASED_AT_S))
}

fn is_not_valid_yet(error: &Error) -> bool {
    use CertificateError::{NotValidYet, NotValidYetContext};
    matches!(error, Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }))
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
        let beside = intermediates.len();
        if beside > MOST_BESIDE {
            let message = format!(
                "{beside} certificates are shown beside the service's own, and more than {MOST_BESIDE} are not looked at"
            );
            return Err(Error::General(message));
        }
        self.verify_now(&Chain::new(end_entity, intermediates, name))
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

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    use super::*;

    /// Years from and until which (the first of January) a certificate is valid.
    type Validity = (i32, i32);

    fn start_s(year: i32) -> i64 {
        date_time_ymd(year, 1, 1).unix_timestamp()
    }

    fn sample(year: i32) -> Sample {
        Sample::new(start_s(year), Duration::ZERO, Duration::ZERO)
    }

    fn certificate((from, until): Validity) -> CertificateParams {
        let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters.not_before = date_time_ymd(from, 1, 1);
        parameters.not_after = date_time_ymd(until, 1, 1);
        parameters
    }

    fn authority(validity: Validity) -> CertificateParams {
        let mut parameters = certificate(validity);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters
    }

    /// A verifier that trusts the root of a chain, and that chain.
    fn made(leaf: Validity, intermediate: Option<Validity>) -> (Verifier, Chain) {
        let keys = || KeyPair::generate().unwrap();
        let root_key = keys();
        let root_parameters = authority((2000, 2100));
        let root = root_parameters.self_signed(&root_key).unwrap();
        let mut issuer = Issuer::new(root_parameters, root_key);
        let mut intermediates = Vec::new();
        if let Some(validity) = intermediate {
            let (parameters, key) = (authority(validity), keys());
            intermediates.push(parameters.signed_by(&key, &issuer).unwrap().der().clone());
            issuer = Issuer::new(parameters, key);
        }
        let end_entity = certificate(leaf).signed_by(&keys(), &issuer).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new(Arc::new(roots), &provider, Arc::default()).unwrap();
        (verifier, Chain { end_entity, intermediates, name: ServerName::try_from("localhost").unwrap() })
    }

    /// As after a handshake.
    fn take(verifier: &Verifier, chain: &Chain) -> Result<(), Error> {
        let certificates = [std::slice::from_ref(&chain.end_entity), &chain.intermediates].concat();
        verifier.take(&chain.name, &certificates)
    }

    fn is_about_the_time(error: &Error) -> bool {
        use CertificateError::{ExpiredContext, NotValidYetContext};
        matches!(error, Error::InvalidCertificate(ExpiredContext { .. } | NotValidYetContext { .. }))
    }

    /// Which year it was released in, and the next.
    fn release() -> (i32, i32) {
        let year = (1970..).find(|year| start_s(year + 1) > i64::try_from(RELEASED_AT_S).unwrap()).unwrap();
        (year, year + 1)
    }

    #[test]
    fn the_time_is_the_latest_of_system_clock_release_and_the_begin_of_the_chain() {
        let (release, next) = release();
        let (earlier, later) = (release - 5, release + 10);
        let long = (earlier, later);
        let table = [
            // System clock, certificate, intermediate, whether it is taken.
            (1970, long, None, true),
            (1970, long, Some(long), true),
            (2015, long, Some(long), true),
            (next, long, Some(long), true),
            // Expired before the release.
            (1970, (earlier, release), None, false),
            (earlier, (earlier, release), Some(long), false),
            (1970, long, Some((earlier, release)), false),
            // By the system clock, which is later.
            (later + 1, long, Some(long), false),
            (next + 1, (earlier, next), Some(long), false),
            (next + 1, long, Some((earlier, next)), false),
            // Begins after the release.
            (1970, (release + 2, later), None, true),
            (1970, (release + 2, later), Some(long), true),
            (1970, long, Some((release + 2, later)), true),
            (1970, (release + 2, later), Some((release + 3, later)), true),
            (1970, (release + 3, later), Some((release + 2, later)), true),
            (release + 4, (release + 3, later), Some((release + 2, later)), true),
            // At no moment valid as a whole.
            (1970, (release + 3, later), Some((earlier, release + 2)), false),
            (1970, (earlier, release + 2), Some((release + 3, later)), false),
        ];
        for (system_year, leaf, intermediate, is_taken) in table {
            let (verifier, chain) = made(leaf, intermediate);
            let taken = verifier.verify_at_earliest(&chain, unix_time(start_s(system_year)).max(released_at()));
            assert_eq!(taken.is_ok(), is_taken, "{system_year} {leaf:?} {intermediate:?}: {taken:?}");
            assert!(taken.err().is_none_or(|error| is_about_the_time(&error)));
        }
    }

    #[test]
    fn what_is_wrong_beside_the_time_is_wrong_at_any_time() {
        let (_, chain) = made((2000, 2100), None);
        let (verifier, _) = made((2000, 2100), None);
        let error = verifier.verify_now(&chain).unwrap_err();
        assert!(
            matches!(
                error,
                Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)
            ),
            "{error}"
        );
    }

    #[test]
    fn the_first_time_that_is_told_must_lie_inside_the_whole_chain() {
        let (release, _) = release();
        for (leaf, intermediate) in [((release, release + 4), None), ((2000, 2100), Some((release, release + 4)))] {
            for (said, is_believed) in [(release - 1, false), (release + 1, true), (release + 5, false)] {
                let (verifier, chain) = made(leaf, intermediate);
                take(&verifier, &chain).unwrap();
                let believed = verifier.believe(Some(&sample(said)));
                assert_eq!(believed.is_ok(), is_believed, "{said}: {believed:?}");
                assert!(believed.err().is_none_or(|error| is_about_the_time(&error)));
                assert_eq!(verifier.shown().is_unproven, !is_believed);
            }
        }
    }

    #[test]
    fn an_answer_that_says_no_time_proves_none() {
        let (verifier, chain) = made((2000, 2100), None);
        take(&verifier, &chain).unwrap();
        assert_eq!(verifier.believe(None), Ok(()));
        assert!(verifier.shown().is_unproven);
        let (release, _) = release();
        let (verifier, chain) = made((release + 50, release + 60), None);
        take(&verifier, &chain).unwrap();
        assert!(is_about_the_time(&verifier.believe(None).unwrap_err()));
    }

    #[test]
    fn every_chain_that_was_taken_unproven_is_checked() {
        let (release, _) = release();
        let (verifier, chain) = made((2000, 2100), None);
        let (_, stranger) = made((release, release + 4), None);
        take(&verifier, &chain).unwrap();
        verifier.shown().chains.push(stranger);
        assert!(verifier.believe(Some(&sample(release + 1))).is_err());
    }

    #[test]
    fn where_another_thread_has_proven_the_time_that_counts() {
        let (release, _) = release();
        let (verifier, chain) = made((release, release + 4), None);
        take(&verifier, &chain).unwrap();
        let boot = crate::sys::since_boot();
        verifier.clock.learn(Sample::new(start_s(release + 5), boot, boot));
        assert!(is_about_the_time(&verifier.believe(None).unwrap_err()));
        assert!(verifier.believe(Some(&sample(release + 1))).is_err());
    }

    #[test]
    fn once_it_is_proven_the_services_time_counts_alone() {
        let (release, _) = release();
        for (proven, is_taken) in [(release - 1, true), (release + 1, true), (release + 5, false)] {
            let (verifier, chain) = made((release - 1, release + 4), None);
            let boot = crate::sys::since_boot();
            verifier.clock.learn(Sample::new(start_s(proven) + 1, boot, boot));
            let Chain { end_entity, name, .. } = &chain;
            let taken = verifier.verify_server_cert(end_entity, &[], name, &[], UnixTime::now());
            assert_eq!(taken.is_ok(), is_taken, "{proven}: {taken:?}");
        }
    }

    /// What is known can fall behind, and must not keep the client from a renewed certificate for ever.
    #[test]
    fn a_chain_that_is_not_valid_yet_by_what_is_known_is_believed_with_an_answer_that_contradicts_it_only() {
        let (release, _) = release();
        for (said, is_believed) in [
            (None, false),
            (Some(release - 2), false),
            (Some(release - 1), false),
            (Some(release + 1), true),
            (Some(release + 5), false),
        ] {
            let (verifier, chain) = made((release, release + 4), None);
            let boot = crate::sys::since_boot();
            verifier.clock.learn(Sample::new(start_s(release - 2), boot, boot));
            verifier.verify_now(&chain).unwrap();
            take(&verifier, &chain).unwrap();
            let said = said.map(|year| Sample::new(start_s(year), boot, boot));
            assert_eq!(verifier.believe(said.as_ref()).is_ok(), is_believed, "{said:?}");
        }
    }

    #[test]
    fn a_time_that_contradicts_what_is_known_must_lie_inside_the_chain() {
        let (release, _) = release();
        for (said, is_believed) in
            [(release - 1, false), (release + 1, true), (release + 2, true), (release + 5, false)]
        {
            let (verifier, chain) = made((release, release + 4), None);
            let boot = crate::sys::since_boot();
            verifier.clock.learn(Sample::new(start_s(release + 1), boot, boot));
            take(&verifier, &chain).unwrap();
            let said = Sample::new(start_s(said), boot, boot);
            assert_eq!(verifier.believe(Some(&said)).is_ok(), is_believed, "{said:?}");
        }
    }

    #[test]
    fn a_chain_is_kept_once_and_not_any_number_of_them() {
        let (verifier, chain) = made((2000, 2100), None);
        for _ in 0..2 {
            take(&verifier, &chain).unwrap();
        }
        assert_eq!(verifier.shown().chains.len(), 1);
        verifier.shown().chains = (0..MOST_CHAINS).map(|_| made((2000, 2100), None).1).collect();
        let (_, another) = made((2000, 2100), None);
        take(&verifier, &another).unwrap();
        assert_eq!(verifier.shown().chains, [another]);
    }
}
