//! Answers that are compressed with gzip, which ureq asks for and decompresses. Uses `error`.

use std::io;

use ureq::http::HeaderMap;

use crate::error::Error;

/// What `Accept-Encoding` says.
pub const ACCEPTED: Option<&str> = Some("gzip");

/// Every answer can be read.
pub fn check(_: &HeaderMap) -> Result<(), Error> {
    Ok(())
}

/// What flate2 finds wrong with the data is invalid; anything else is what the connection told it.
pub fn cause_of(error: ureq::Error) -> ureq::Error {
    match error {
        ureq::Error::Decompress(_, error)
            if !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) =>
        {
            error.into()
        }
        other => other,
    }
}
