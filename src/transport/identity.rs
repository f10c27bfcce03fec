//! The certificate by which the service or its gateway knows this client. Uses `crypto`, `tls`, `sys`, `error`.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;

use super::crypto::provider;
use super::tls::{certificates, read};
use crate::error::{Error, Status};
use crate::sys;

/// A certificate with its chain and its key, both in PEM form, by which the service or its gateway knows this client.
pub fn from_files(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, Error> {
    let chain = certificates("client_cert_file", certificate)?;
    let bad = |what: String| Error::invalid_argument("client_key_file", what);
    let pem = read("client_key_file", key)?;
    let secret = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| bad(format!("has no unencrypted private key in PEM form: {}", key.display())))?;
    // One of elliptic curves is mixed with some as it is read, and no deadline would end the wait for them.
    if !sys::has_random_numbers() {
        let message = "this machine has not gathered the random numbers yet that the key of client_key_file needs";
        return Err(Error::new(Status::ConnectFailed, message));
    }
    let signing_key = provider()
        .key_provider
        .load_private_key(secret)
        .map_err(|_| bad(format!("has a private key of a kind that cannot be used: {}", key.display())))?;
    let identity = CertifiedKey::new(chain, signing_key);
    match identity.keys_match() {
        Ok(()) => Ok(Arc::new(identity)),
        Err(_) => Err(bad(format!("does not belong to the certificate of client_cert_file: {}", key.display()))),
    }
}
