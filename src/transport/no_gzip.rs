//! What is there instead of gzip in a build without it: ureq does not ask for it, and an answer that is compressed all the same
//! is refused. Uses `error`.

use ureq::http::HeaderMap;

use crate::error::{Error, Status};

/// There is no `Accept-Encoding`.
pub const ACCEPTED: Option<&str> = None;

/// What else an answer can be encoded with shows when it is decoded.
pub fn check(headers: &HeaderMap) -> Result<(), Error> {
    let encoding = headers.get("content-encoding").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !encoding.to_ascii_lowercase().contains("gzip") {
        return Ok(());
    }
    let why = Error::left_out("the answer is compressed with gzip, which was not asked for", "gzip", "gzip");
    Err(Error { status: Status::BadResponse, ..why })
}

/// As where there is gzip.
pub fn cause_of(error: ureq::Error) -> ureq::Error {
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderValue;

    #[test]
    fn only_gzip_is_refused() {
        let check = |encoding: Option<&'static str>| {
            let header =
                encoding.map(|encoding| (ureq::http::header::CONTENT_ENCODING, HeaderValue::from_static(encoding)));
            check(&header.into_iter().collect())
        };
        for encoding in [None, Some("identity"), Some("utf-8")] {
            assert!(check(encoding).is_ok(), "{encoding:?}");
        }
        for encoding in ["gzip", "x-gzip", "GZIP"] {
            let error = check(Some(encoding)).unwrap_err();
            assert_eq!(error.status, Status::BadResponse);
            assert!(error.message.ends_with("this build of libtrro has no gzip (feature \"gzip\")"), "{error}");
        }
    }
}
