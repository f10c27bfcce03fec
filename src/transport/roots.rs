//! The authorities that may vouch for the service. Uses `tls`, `error`.
//!
//! There is no way to accept a certificate that none of them vouches for.

use std::path::Path;

use rustls::RootCertStore;

use super::tls::certificates;
use crate::error::Error;

/// Mozilla's list.
#[cfg(feature = "built-in-roots")]
pub fn built_in() -> Result<RootCertStore, Error> {
    Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

/// None.
#[cfg(not(feature = "built-in-roots"))]
pub fn built_in() -> Result<RootCertStore, Error> {
    Err(Error::left_out("ca_file is not given", "built-in authorities", "built-in-roots"))
}

/// The authorities of a PEM file, instead of the built-in ones.
pub fn from_file(path: &Path) -> Result<RootCertStore, Error> {
    let bad = |what: String| Error::invalid_argument("ca_file", what);
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca_file", path)? {
        roots
            .add(certificate)
            .map_err(|error| bad(format!("has a certificate that cannot be used: {}: {error}", path.display())))?;
    }
    Ok(roots)
}

/// Nobody: for a service that does not have to prove who it is, since it is on this machine.
pub fn none() -> RootCertStore {
    RootCertStore::empty()
}
