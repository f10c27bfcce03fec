//! What is there instead of sources of credentials in a build without them: what the program gives is all there is. Uses `error`.

use crate::error::{Error, Status};

use super::Credentials;

/// Credentials, and where they were.
#[derive(Debug)]
pub struct Found {
    /// What signs.
    pub credentials: Credentials,
    /// For people.
    pub source: String,
}

/// There are none.
pub fn find() -> Result<Option<Found>, Error> {
    Ok(None)
}

/// What to say when the program gives none.
pub fn none_found() -> Error {
    let why = Error::left_out(
        "no credentials: neither credentials nor credentials_fn are given",
        "other source of credentials",
        "credential-sources",
    );
    Error { status: Status::NoCredentials, ..why }
}
