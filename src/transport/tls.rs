//! TLS: whom to believe, and the handshake. Uses `connect`, `error`.

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use once_cell::sync::OnceCell;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore};

use super::connect::UntilDeadline;
use crate::error::{Error, Status};

/// The authorities that may vouch for the service. There is no way to accept a certificate that none of them vouches
/// for.
pub struct Roots {
    certificates: Arc<RootCertStore>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Roots {
    /// Mozilla's list, as it was when the library was built.
    pub fn built_in() -> Roots {
        Roots::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }

    /// The certificates of a PEM file, instead of the built-in ones.
    pub fn from_file(path: &Path) -> Result<Roots, Error> {
        let bad = |what: String| Error::invalid_argument("ca_file", what);
        let pem = read_regular_file(path)
            .map_err(|error| bad(format!("cannot be read: {}: {error}", path.display())).with_os_error(&error))?;
        let mut certificates = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            certificate
                .map_err(|error| error.to_string())
                .and_then(|certificate| certificates.add(certificate).map_err(|error| error.to_string()))
                .map_err(|error| bad(format!("has a certificate that cannot be used: {}: {error}", path.display())))?;
        }
        if certificates.is_empty() {
            return Err(bad(format!("has no certificate in PEM form: {}", path.display())));
        }
        Ok(Roots::new(certificates))
    }

    fn new(certificates: RootCertStore) -> Roots {
        Roots { certificates: Arc::new(certificates), config: OnceCell::new() }
    }

    /// Made at the first connection: a client of a plain HTTP endpoint never needs it.
    fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        self.config
            .get_or_try_init(|| {
                let provider = Arc::new(rustls::crypto::ring::default_provider());
                let config = ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()
                    .map_err(|error| explain(&error))?
                    .with_root_certificates(Arc::clone(&self.certificates))
                    .with_no_client_auth();
                Ok(Arc::new(config))
            })
            .cloned()
    }
}

/// A pipe would make its reader wait, and a device may never end.
fn read_regular_file(path: &Path) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    std::fs::read(path)
}

impl fmt::Debug for Roots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Roots({})", self.certificates.len())
    }
}

/// Proves that the other side is `name` and agrees on keys.
pub fn handshake(
    roots: &Roots,
    name: &ServerName<'static>,
    stream: &TcpStream,
    deadline: Instant,
) -> Result<ClientConnection, Error> {
    let mut session = ClientConnection::new(roots.config()?, name.clone()).map_err(|error| explain(&error))?;
    // A request is in memory as a whole before it is sent, whatever its length.
    session.set_buffer_limit(None);
    while session.is_handshaking() {
        session.complete_io(&mut UntilDeadline { stream, deadline }).map_err(|error| {
            if let Some(error) = tls_error(&error) {
                return explain(error);
            }
            match error.kind() {
                io::ErrorKind::TimedOut => Error::new(Status::Timeout, "the TLS handshake did not end in time"),
                _ => Error::new(Status::ConnectFailed, format!("the connection broke in the TLS handshake: {error}"))
                    .with_os_error(&error),
            }
        })?;
    }
    Ok(session)
}

/// The TLS failure inside an I/O error, if that is what it is.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// A TLS failure in words, with what to do about the usual ones.
fn explain(error: &rustls::Error) -> Error {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    let (advice, retryable) = match error {
        // A machine without a clock of its own learns the time a little after it was started.
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => ("; is the clock of this machine right?", true),
        rustls::Error::InvalidCertificate(UnknownIssuer) => ("; a private authority is named by ca_file", false),
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            ("; does the endpoint name the right host?", false)
        }
        rustls::Error::InvalidMessage(_) => ("; does the other side speak TLS on this port?", false),
        _ => ("", false),
    };
    let message = format!("no secure connection: {error}{advice}");
    Error { retryable, ..Error::new(Status::TlsFailed, message) }
}
