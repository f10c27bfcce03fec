//! What signs a request, and where it comes from. Uses `api`, `cancel`, `clock`,
//! `log`, `sign`, `sys`, `error`.
//!
//! Nothing in here implements `Display`, and `Debug` shows the secret id and a date only.

#[cfg(feature = "credential-sources")]
pub(crate) mod file;
mod keeper;
mod moment;
mod renewal;
#[cfg_attr(not(feature = "credential-sources"), path = "no_role.rs")]
mod role;
mod shape;
mod signer;
#[cfg_attr(not(feature = "credential-sources"), path = "no_sources.rs")]
mod sources;

use std::fmt;

use zeroize::Zeroizing;

use crate::api;
use crate::error::Error;
use crate::sign::{self, Key};

pub use keeper::Keeper;
pub use moment::signing_moment;
pub use renewal::{has_expired, is_due};
pub use role::role_path;
#[cfg(feature = "credential-sources")]
pub use role::{METADATA_HOST, decode_role};
pub use shape::{Shape, shape};
pub use signer::{Signed, Signer};
pub use sources::{Found, find, none_found};

/// A secret id with what signs in its name, and the token that belongs to it if it is temporary. Wiped when dropped.
pub struct Credentials {
    secret_id: String,
    secret: Secret,
    token: Option<Zeroizing<String>>,
    expires_at_s: i64,
}

enum Secret {
    /// Signs on any day, for any service.
    SecretKey(Zeroizing<String>),
    /// Signs on one day in UTC, for one service: what the derivation makes of a secret key.
    DayKey { key: Key, date: String },
}

impl Credentials {
    /// Checks that each part can be sent as it is. The error names the part (`secret_id`, `secret_key`, `token`), never
    /// its content.
    pub fn new(secret_id: &str, secret_key: &str, token: Option<&str>) -> Result<Credentials, Error> {
        check_part("secret_id", secret_id)?;
        check_part("secret_key", secret_key)?;
        Credentials::with_secret(secret_id, Secret::SecretKey(Zeroizing::new(secret_key.to_owned())), token)
    }

    /// With a key that [`derive_signing_key`] made for `date`, instead of the secret key itself. The error names the part
    /// (`secret_id`, `signing_date`, `token`).
    pub fn with_day_key(
        secret_id: &str,
        key: &[u8; 32],
        date: &str,
        token: Option<&str>,
    ) -> Result<Credentials, Error> {
        check_part("secret_id", secret_id)?;
        start_of_day("signing_date", date)?;
        let secret = Secret::DayKey { key: Key::from_bytes(key), date: date.to_owned() };
        Credentials::with_secret(secret_id, secret, token)
    }

    fn with_secret(secret_id: &str, secret: Secret, token: Option<&str>) -> Result<Credentials, Error> {
        token.map_or(Ok(()), |token| check_part("token", token))?;
        Ok(Credentials {
            secret_id: secret_id.to_owned(),
            secret,
            token: token.map(|token| Zeroizing::new(token.to_owned())),
            expires_at_s: 0,
        })
    }

    /// The same credentials, which the service refuses from `at_s` on (seconds since 1970); 0 is never.
    pub fn expiring(self, at_s: i64) -> Result<Credentials, Error> {
        if at_s < 0 {
            return Err(Error::invalid_argument("expires_at_s", "is negative; it is seconds since 1970, 0 for never"));
        }
        Ok(Credentials { expires_at_s: at_s, ..self })
    }

    /// The token of temporary credentials. A secret.
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.as_str())
    }

    /// When the service begins to refuse them, in seconds since 1970; 0 is never.
    pub fn expires_at_s(&self) -> i64 {
        self.expires_at_s
    }

    /// The one day on which they sign; `None` with a secret key, which signs on any.
    pub fn signing_date(&self) -> Option<&str> {
        match &self.secret {
            Secret::SecretKey(_) => None,
            Secret::DayKey { date, .. } => Some(date),
        }
    }

    /// Removes the secrets from an error, in case the other side sent one back.
    pub fn redact(&self, error: &mut Error) {
        if let Secret::SecretKey(secret_key) = &self.secret {
            error.redact(secret_key);
        }
        if let Some(token) = &self.token {
            error.redact(token);
        }
    }

    /// Removes the secret id as well, which [`Credentials::redact`] leaves for who has to tell one from another.
    pub fn redact_id(&self, error: &mut Error) {
        error.redact(&self.secret_id);
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("secret_id", &self.secret_id)
            .field("signing_date", &self.signing_date())
            .finish_non_exhaustive()
    }
}

/// The key that signs requests to TRRO on `date` (`YYYY-MM-DD`, in UTC), for [`Credentials::with_day_key`]. The error
/// names the part (`secret_key`, `date`).
pub fn derive_signing_key(secret_key: &str, date: &str) -> Result<Key, Error> {
    check_part("secret_key", secret_key)?;
    start_of_day("date", date)?;
    Ok(sign::signing_key(secret_key, date, api::SERVICE))
}

fn start_of_day(name: &str, date: &str) -> Result<i64, Error> {
    sign::start_of_day(date)
        .ok_or_else(|| Error::invalid_argument(name, "is not a day of the calendar, written as YYYY-MM-DD"))
}

fn check_part(name: &str, value: &str) -> Result<(), Error> {
    match fault_of(value) {
        Some(fault) => Err(Error::invalid_argument(name, fault)),
        None => Ok(()),
    }
}

/// What keeps a part of the credentials from being sent as it is.
fn fault_of(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        Some("is empty")
    } else if value.starts_with(char::is_whitespace) || value.ends_with(char::is_whitespace) {
        Some("begins or ends with a blank or a line end, the usual cause of a wrong signature; remove it")
    } else if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("holds a blank, a control character or one outside ASCII, which no key has")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn debug_shows_no_secret() {
        let permanent = Credentials::new("AKIDEXAMPLE", "s3cretkey", Some("t0ken")).unwrap();
        let of_a_day = Credentials::with_day_key("AKIDEXAMPLE", &[b'k'; 32], "2019-02-25", Some("t0ken")).unwrap();
        for shown in [format!("{permanent:?}"), format!("{of_a_day:?}")] {
            assert!(shown.contains("AKIDEXAMPLE") && shown.contains(".."), "{shown}");
            assert!(!shown.contains("s3cretkey") && !shown.contains("t0ken") && !shown.contains("107"), "{shown}");
        }
        assert!(format!("{of_a_day:?}").contains("2019-02-25"));
    }

    #[test]
    fn blanks_around_a_part_are_named() {
        for (id, key, token, part) in [
            (" AKID", "key", None, "secret_id"),
            ("AKID", "key\n", None, "secret_key"),
            ("AKID", "\tkey", None, "secret_key"),
            ("AKID", "key", Some("token "), "token"),
        ] {
            let error = Credentials::new(id, key, token).unwrap_err();
            assert_eq!(error.status, Status::InvalidArgument);
            assert!(error.message.starts_with(part) && error.message.contains("blank"), "{error}");
        }
    }

    #[test]
    fn the_parts_beside_a_day_key_are_checked_as_those_beside_a_secret_key() {
        for (id, token, part) in [("AKID ", None, "secret_id"), ("AKID", Some(""), "token")] {
            let error = Credentials::with_day_key(id, &[0; 32], "2019-02-25", token).unwrap_err();
            assert_eq!(error.status, Status::InvalidArgument);
            assert!(error.message.starts_with(part), "{error}");
        }
    }

    #[test]
    fn a_signing_date_is_a_day_of_the_calendar() {
        for date in ["", "2019-2-25", "2019-02-29", "2019-02-25 ", "20190225", "25.02.2019", "2019-13-01"] {
            let error = Credentials::with_day_key("AKID", &[0; 32], date, None).unwrap_err();
            assert_eq!(error.status, Status::InvalidArgument);
            assert!(error.message.starts_with("signing_date ") && error.message.contains("YYYY-MM-DD"), "{error}");
        }
        let leap_day = Credentials::with_day_key("AKID", &[0; 32], "2020-02-29", None).unwrap();
        assert_eq!(leap_day.signing_date(), Some("2020-02-29"));
    }

    #[test]
    fn a_negative_expiry_is_refused() {
        let credentials = || Credentials::new("AKID", "key", None).unwrap();
        let error = credentials().expiring(-1).unwrap_err();
        assert_eq!(error.status, Status::InvalidArgument);
        assert!(error.message.starts_with("expires_at_s"), "{error}");
        assert_eq!(credentials().expiring(0).unwrap().expires_at_s(), 0);
        assert_eq!(credentials().expiring(1_551_113_065).unwrap().expires_at_s(), 1_551_113_065);
    }

    #[test]
    fn redact_removes_key_and_token() {
        let credentials = Credentials::new("AKIDEXAMPLE", "s3cretkey", Some("t0kent0ken")).unwrap();
        let mut error = Error::new(Status::AuthRejected, "s3cretkey and t0kent0ken of AKIDEXAMPLE");
        credentials.redact(&mut error);
        assert_eq!(error.message, "*** and *** of AKIDEXAMPLE");
    }

    #[test]
    fn a_derived_key_is_that_of_the_published_derivation() {
        let key = derive_signing_key("Gu5t9xGARNpq86cd98joQYCN3*******", "2019-02-25").unwrap();
        let expected = include_str!("../../tests/signing/e-trro-three-headers/secret-signing.txt");
        assert_eq!(hex::encode(key.as_bytes()), expected.trim_end());
    }

    #[test]
    fn the_derivation_names_what_is_wrong() {
        for (secret_key, date, part) in [("key ", "2019-02-25", "secret_key "), ("key", "2019-02-30", "date ")] {
            let error = derive_signing_key(secret_key, date).err().unwrap();
            assert_eq!(error.status, Status::InvalidArgument);
            assert!(error.message.starts_with(part), "{error}");
        }
    }
}
