//! What is there instead of client certificates in a build without them. Uses `error`.

use std::path::Path;
use std::sync::Arc;

use rustls::sign::CertifiedKey;

use crate::error::Error;

/// None is taken.
pub fn from_files(_: &Path, _: &Path) -> Result<Arc<CertifiedKey>, Error> {
    Err(Error::left_out("client_cert_file is given", "client certificates", "client-certificates"))
}
