//! TLS: the handshake, and what its failures mean. Uses `connect`, `crypto`, `verifier`, `clock`, `sys`, `error`.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore,
};
use zeroize::Zeroizing;

use super::connect::{UntilDeadline, is_deadline};
use super::crypto::{self, provider};
use super::verifier::Verifier;
use crate::clock::{Clock, Sample};
use crate::error::{Error, Status, shown};
use crate::sys;

/// Of a file of certificates; all authorities that there are take a tenth of it.
const MAX_BYTES: u64 = 4 << 20;

/// How often it is looked whether the machine has random numbers by now: nobody tells.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Whom to believe, who we are, and what is left of earlier sessions.
pub struct Tls {
    roots: Arc<RootCertStore>,
    identity: Option<Arc<CertifiedKey>>,
    clock: Arc<Clock>,
    made: Mutex<Option<Made>>,
    generation: AtomicU64,
}

/// Made at the first connection: a client of a plain HTTP endpoint never needs it.
#[derive(Clone)]
struct Made {
    config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
}

/// The certificates of a PEM file; at least one.
pub fn certificates(field: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bad = |what: String| Error::invalid_argument(field, what);
    let certificates = CertificateDer::pem_slice_iter(&read(field, path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| bad(format!("has a certificate that cannot be used: {}: {error}", path.display())))?;
    if certificates.is_empty() {
        return Err(bad(format!("has no certificate in PEM form: {}", path.display())));
    }
    Ok(certificates)
}

/// What is there now: a pipe would make its reader wait, a device may never end, and a file without end would take all memory.
pub fn read(field: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let read = || {
        let refused = |fault: String| Err(io::Error::new(io::ErrorKind::InvalidInput, fault));
        // Non-blocking, or opening a FIFO would wait for somebody to write to it.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return refused("not a regular file".to_owned());
        }
        // In its final size, and a byte more: a buffer that grows leaves copies of a key behind.
        let mut content = Zeroizing::new(Vec::with_capacity(metadata.len().min(MAX_BYTES) as usize + 1));
        file.take(MAX_BYTES + 1).read_to_end(&mut content)?;
        if content.len() as u64 > MAX_BYTES {
            return refused(format!("more than {MAX_BYTES} bytes"));
        }
        Ok(content)
    };
    read().map_err(|error| {
        let failed = match error.raw_os_error() {
            // The argument is right, and the next try may succeed.
            Some(libc::EMFILE | libc::ENFILE) => {
                Error::new(Status::ConnectFailed, format!("no descriptor to read {field} with: {error}"))
            }
            _ => Error::invalid_argument(field, format!("cannot be read: {}: {error}", shown(path))),
        };
        failed.with_os_error(&error)
    })
}

impl Tls {
    pub fn new(roots: RootCertStore, identity: Option<Arc<CertifiedKey>>, clock: Arc<Clock>) -> Tls {
        Tls { roots: Arc::new(roots), identity, clock, made: Mutex::new(None), generation: AtomicU64::new(0) }
    }

    /// Which peers those are that are taken at this moment; they are others after a [reset](Tls::reset).
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Whether an answer of the peers of `generation` that says so of the time, or nothing, may be believed.
    pub fn believe(&self, generation: u64, sample: Option<&Sample>) -> Result<(), Error> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // What is to be checked about a peer of before is forgotten, at the latest by now.
        if generation != self.generation() {
            let message = "no secure connection: all were dropped, since another answer cannot be believed; \
                           are the clocks of this machine and of the service right?";
            return Err(Error { retryable: true, ..Error::new(Status::TlsFailed, message) });
        }
        match made {
            Some(made) => made.verifier.believe(sample).map_err(|error| explain(&error)),
            None => Ok(()),
        }
    }

    /// Forgets every session, and whose certificates were taken.
    pub fn reset(&self) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::SeqCst);
        *made = None;
    }

    /// Proves that the other side is `name` and agrees on keys.
    pub fn handshake(
        &self,
        name: &ServerName<'static>,
        stream: &mut UntilDeadline<'_>,
    ) -> Result<ClientConnection, Error> {
        wait_for_random_numbers(stream)?;
        let made = self.made()?;
        let mut session = ClientConnection::new(made.config, name.clone()).map_err(|error| explain(&error))?;
        // A request is in memory as a whole before it is sent, whatever its length.
        session.set_buffer_limit(None);
        while session.is_handshaking() {
            session.complete_io(stream).map_err(|error| match tls_error(&error) {
                Some(error) => explain(error),
                None if is_deadline(&error) => Error::new(Status::Timeout, "the TLS handshake did not end in time"),
                None => {
                    Error::new(Status::ConnectFailed, format!("the connection broke in the TLS handshake: {error}"))
                        .with_os_error(&error)
                }
            })?;
        }
        if session.handshake_kind() != Some(HandshakeKind::Resumed) {
            let shown = session.peer_certificates().unwrap_or_default();
            made.verifier.take(name, shown).map_err(|error| explain(&error))?;
        }
        Ok(session)
    }

    /// Until when the certificate of that session is valid, in seconds since 1970; `None`: for ever, as far as can be seen.
    pub fn valid_until_s(&self, name: &ServerName<'static>, session: &ClientConnection) -> Option<u64> {
        let made = self.made().ok()?;
        made.verifier.valid_until_s(session.peer_certificates()?, name)
    }

    fn made(&self) -> Result<Made, Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*made {
            return Ok(made.clone());
        }
        let new = self.make().map_err(|error| explain(&error))?;
        *made = Some(new.clone());
        Ok(new)
    }

    fn make(&self) -> Result<Made, rustls::Error> {
        let provider = Arc::new(provider());
        let verifier = Arc::new(Verifier::new(Arc::clone(&self.roots), &provider, Arc::clone(&self.clock))?);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<_>);
        let config = match &self.identity {
            Some(identity) => {
                config.with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(Arc::clone(identity))))
            }
            None => config.with_no_client_auth(),
        };
        Ok(Made { config: Arc::new(config), verifier })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").field("roots", &self.roots.len()).finish_non_exhaustive()
    }
}

/// As long as there are none yet, on a machine that was just switched on.
fn wait_for_random_numbers(stream: &UntilDeadline<'_>) -> Result<(), Error> {
    while !sys::has_random_numbers() {
        let now = Instant::now();
        if now >= stream.deadline {
            return Err(Error::new(
                Status::Timeout,
                "this machine has not gathered the random numbers yet that TLS needs",
            ));
        }
        stream.cancel.sleep_until(stream.deadline.min(now + LOOK_AGAIN))?;
    }
    Ok(())
}

/// The protocol of a session in words, and whether it resumed an earlier one.
pub fn kind(session: &ClientConnection) -> &'static str {
    let is_1_3 = session.protocol_version() == Some(ProtocolVersion::TLSv1_3);
    let is_resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
    match (is_1_3, is_resumed) {
        (true, true) => "TLS 1.3, resumed",
        (true, false) => "TLS 1.3",
        (false, true) => "TLS 1.2, resumed",
        (false, false) => "TLS 1.2",
    }
}

/// The TLS failure inside an I/O error, if that is what it is.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The refusal of the other side, if that is what an I/O error before the first answer is: in TLS 1.3 it says after the
/// handshake what it thinks of our certificate.
pub fn refusal(error: &io::Error) -> Option<Error> {
    tls_error(error).filter(|error| matches!(error, rustls::Error::AlertReceived(_))).map(explain)
}

/// A TLS failure in words, with what to do about the usual ones.
fn explain(error: &rustls::Error) -> Error {
    use AlertDescription::{
        AccessDenied, BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked, CertificateUnknown,
        DecryptError, HandshakeFailure, UnknownCA, UnsupportedCertificate,
    };
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    let (advice, retryable) = match error {
        // A machine without a clock of its own learns the time a little after it was started.
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => ("; are the clocks of this machine and of the service right?", true),
        rustls::Error::InvalidCertificate(UnknownIssuer) => ("; a private authority is named by ca_file", false),
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            ("; does the endpoint name the right host?", false)
        }
        rustls::Error::AlertReceived(
            AccessDenied
            | BadCertificate
            | CertificateExpired
            | CertificateRequired
            | CertificateRevoked
            | CertificateUnknown
            | DecryptError
            | UnknownCA
            | UnsupportedCertificate,
        ) => ("; is client_cert_file the certificate that the other side wants?", false),
        rustls::Error::AlertReceived(HandshakeFailure) => (crypto::ADVICE_IF_NOTHING_IN_COMMON, false),
        rustls::Error::InvalidMessage(_) => ("; does the other side speak TLS on this port?", false),
        _ => ("", false),
    };
    let message = format!("no secure connection: {error}{advice}");
    Error { retryable, ..Error::new(Status::TlsFailed, message) }
}
