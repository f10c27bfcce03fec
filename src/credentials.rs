//! What signs a request, and where it comes from. Uses `sign`, `sys`, `error`.
//!
//! Nothing in here implements `Display`, and `Debug` shows the secret id only.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::error::{Error, Status};
use crate::sign::{self, Key};
use crate::sys::environment_variable;

const SECRET_ID_VARIABLE: &str = "TENCENTCLOUD_SECRET_ID";
const SECRET_KEY_VARIABLE: &str = "TENCENTCLOUD_SECRET_KEY";
const TOKEN_VARIABLE: &str = "TENCENTCLOUD_TOKEN";

/// A key pair, with the token that belongs to it if the pair is temporary. Wiped when dropped.
pub struct Credentials {
    secret_id: String,
    secret_key: Zeroizing<String>,
    token: Option<Zeroizing<String>>,
}

impl Credentials {
    /// Checks that each part can be sent as it is. The error names the part (`secret_id`, `secret_key`, `token`), never
    /// its content.
    pub fn new(secret_id: &str, secret_key: &str, token: Option<&str>) -> Result<Credentials, Error> {
        check_part("secret_id", secret_id)?;
        check_part("secret_key", secret_key)?;
        token.map_or(Ok(()), |token| check_part("token", token))?;
        Ok(Credentials {
            secret_id: secret_id.to_owned(),
            secret_key: Zeroizing::new(secret_key.to_owned()),
            token: token.map(|token| Zeroizing::new(token.to_owned())),
        })
    }

    /// From `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY` and, if it is set, `TENCENTCLOUD_TOKEN`. One of the
    /// pair without the other is an error, since using another source then would surprise.
    pub fn from_environment() -> Result<Credentials, Error> {
        let secret_id = secret_variable(SECRET_ID_VARIABLE)?;
        let secret_key = secret_variable(SECRET_KEY_VARIABLE)?;
        let token = secret_variable(TOKEN_VARIABLE)?;
        match (secret_id, secret_key) {
            (Some(secret_id), Some(secret_key)) => {
                Credentials::new(&secret_id, &secret_key, token.as_ref().map(|token| token.as_str()))
            }
            (Some(_), None) => Err(incomplete(SECRET_ID_VARIABLE, SECRET_KEY_VARIABLE)),
            (None, Some(_)) => Err(incomplete(SECRET_KEY_VARIABLE, SECRET_ID_VARIABLE)),
            (None, None) => Err(Error::new(
                Status::NoCredentials,
                format!(
                    "no credentials: none are given, and {SECRET_ID_VARIABLE} and {SECRET_KEY_VARIABLE} are not set"
                ),
            )),
        }
    }

    /// Removes the secrets from an error, in case the other side sent one back.
    fn redact(&self, error: &mut Error) {
        error.redact(&self.secret_key);
        if let Some(token) = &self.token {
            error.redact(token);
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

/// Signs for one service. The key of the day is derived once, which is most of the cost of a signature, and wiped when
/// the next day's replaces it.
#[derive(Debug)]
pub struct Signer {
    credentials: Credentials,
    service: &'static str,
    day: Mutex<Option<Day>>,
}

struct Day {
    date: String,
    key: Arc<Key>,
}

impl fmt::Debug for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Day").field("date", &self.date).finish_non_exhaustive()
    }
}

/// A signed request.
pub struct Signed {
    /// The value of the `Authorization` header.
    pub authorization: String,
    /// The signature in it.
    pub signature: String,
}

impl Signer {
    /// Signs requests to `service` with `credentials`.
    pub fn new(credentials: Credentials, service: &'static str) -> Signer {
        Signer { credentials, service, day: Mutex::new(None) }
    }

    /// Signs a request to be sent at that moment.
    pub fn sign(&self, request: &sign::Request<'_>, timestamp_s: i64) -> Signed {
        let date = sign::utc_date(timestamp_s);
        let scope = sign::credential_scope(&date, self.service);
        let string_to_sign = sign::string_to_sign(timestamp_s, &scope, &request.canonical_request());
        let signature = sign::signature(&self.signing_key(date), &string_to_sign);
        let authorization =
            sign::authorization(&self.credentials.secret_id, &scope, request.signed_headers(), &signature);
        Signed { authorization, signature }
    }

    /// The session token of a temporary pair. A secret.
    pub fn token(&self) -> Option<&str> {
        self.credentials.token.as_ref().map(|token| token.as_str())
    }

    /// The error without the secrets, in case the other side sent one back.
    pub fn redacted(&self, mut error: Error) -> Error {
        self.credentials.redact(&mut error);
        error
    }

    /// Forgets the key of the day.
    pub fn clear(&self) {
        *self.day.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn signing_key(&self, date: String) -> Arc<Key> {
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        match &*day {
            Some(day) if day.date == date => Arc::clone(&day.key),
            _ => {
                let key = Arc::new(sign::signing_key(&self.credentials.secret_key, &date, self.service));
                *day = Some(Day { date, key: Arc::clone(&key) });
                key
            }
        }
    }
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

fn incomplete(set: &str, missing: &str) -> Error {
    Error::new(Status::CredentialsFailed, format!("{set} is set and {missing} is not"))
}

fn secret_variable(name: &str) -> Result<Option<Zeroizing<String>>, Error> {
    let failed = |fault: &str| Error::new(Status::CredentialsFailed, format!("the environment's {name} {fault}"));
    match environment_variable(name).map(|value| value.into_string().map(Zeroizing::new)) {
        None => Ok(None),
        Some(Err(_)) => Err(failed("is not UTF-8")),
        Some(Ok(value)) => match fault_of(&value) {
            Some(fault) => Err(failed(fault)),
            None => Ok(Some(value)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(Credentials::new("AKIDEXAMPLE", "s3cretkey", Some("t0ken")).unwrap(), "trro")
    }

    #[test]
    fn debug_shows_no_secret() {
        let signer = signer();
        signer.signing_key("2019-02-25".to_owned());
        let shown = format!("{signer:?}");
        assert!(shown.contains("AKIDEXAMPLE") && shown.contains("2019-02-25"), "{shown}");
        assert!(!shown.contains("s3cretkey") && !shown.contains("t0ken"), "{shown}");
        assert!(shown.matches("..").count() >= 2, "{shown}");
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
    fn the_key_is_that_of_its_day_and_derived_once() {
        let signer = signer();
        let monday = signer.signing_key("2019-02-25".to_owned());
        assert!(Arc::ptr_eq(&monday, &signer.signing_key("2019-02-25".to_owned())));
        let tuesday = signer.signing_key("2019-02-26".to_owned());
        assert_eq!(tuesday.as_bytes(), sign::signing_key("s3cretkey", "2019-02-26", "trro").as_bytes());
        signer.clear();
        assert!(!Arc::ptr_eq(&tuesday, &signer.signing_key("2019-02-26".to_owned())));
    }
}
