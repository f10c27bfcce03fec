//! What signs a request, and where it comes from. Uses `sign`, `sys` and `error`.
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
        if let Some(token) = token {
            check_part("token", token)?;
        }
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
        let (secret_id, secret_key) = match (secret_id, secret_key) {
            (Some(secret_id), Some(secret_key)) => (secret_id, secret_key),
            (None, None) => {
                return Err(Error::new(
                    Status::NoCredentials,
                    format!(
                        "no credentials: neither config->credentials nor {SECRET_ID_VARIABLE} and {SECRET_KEY_VARIABLE} are set"
                    ),
                ));
            }
            (Some(_), None) => return Err(incomplete(SECRET_ID_VARIABLE, SECRET_KEY_VARIABLE)),
            (None, Some(_)) => return Err(incomplete(SECRET_KEY_VARIABLE, SECRET_ID_VARIABLE)),
        };
        let token = secret_variable(TOKEN_VARIABLE)?;
        Credentials::new(&secret_id, &secret_key, token.as_ref().map(|token| token.as_str())).map_err(|mut error| {
            error.status = Status::CredentialsFailed;
            error.message = format!("environment variables TENCENTCLOUD_...: {}", error.message);
            error
        })
    }

    /// The part that names the key; no secret.
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    /// The session token of a temporary pair. A secret.
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.as_str())
    }

    /// Removes the secrets from an error, in case the other side sent one back.
    pub fn redact(&self, error: &mut Error) {
        for secret in [Some(self.secret_key.as_str()), self.token()].into_iter().flatten() {
            error.redact(secret);
        }
    }

    fn signing_key(&self, date: &str, service: &str) -> Key {
        sign::signing_key(&self.secret_key, date, service)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

/// The key that signs on one day, derived once: the derivation is most of the cost of a signature. Wiped when replaced.
#[derive(Default)]
pub struct SigningKeyCache {
    day: Mutex<Option<(String, Arc<Key>)>>,
}

impl SigningKeyCache {
    /// The key of `credentials` for `date` and `service`; both must be the same credentials and service at every call.
    pub fn signing_key(&self, credentials: &Credentials, date: &str, service: &str) -> Arc<Key> {
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        match &*day {
            Some((cached_date, key)) if cached_date == date => Arc::clone(key),
            _ => {
                let key = Arc::new(credentials.signing_key(date, service));
                *day = Some((date.to_owned(), Arc::clone(&key)));
                key
            }
        }
    }

    /// Forgets the key.
    pub fn clear(&self) {
        *self.day.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl fmt::Debug for SigningKeyCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKeyCache").finish_non_exhaustive()
    }
}

fn check_part(name: &str, value: &str) -> Result<(), Error> {
    if value.is_empty() {
        return Err(Error::invalid_argument(name, "is empty"));
    }
    if value.starts_with(char::is_whitespace) || value.ends_with(char::is_whitespace) {
        return Err(Error::invalid_argument(
            name,
            "begins or ends with a blank or a line end, the usual cause of a wrong signature; remove it",
        ));
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid_argument(
            name,
            "holds a blank, a control character or one outside ASCII, which no key has",
        ));
    }
    Ok(())
}

fn incomplete(set: &str, missing: &str) -> Error {
    Error::new(Status::CredentialsFailed, format!("{set} is set and {missing} is not"))
}

fn secret_variable(name: &str) -> Result<Option<Zeroizing<String>>, Error> {
    match environment_variable(name).map(|value| value.into_string()) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(Zeroizing::new(value))),
        Some(Err(_)) => Err(Error::new(Status::CredentialsFailed, format!("{name} is not UTF-8"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let credentials = Credentials::new("AKIDEXAMPLE", "s3cretkey", Some("t0ken")).unwrap();
        assert_eq!(format!("{credentials:?}"), "Credentials { secret_id: \"AKIDEXAMPLE\", .. }");
        let cache = SigningKeyCache::default();
        cache.signing_key(&credentials, "2019-02-25", "trro");
        assert_eq!(format!("{cache:?}"), "SigningKeyCache { .. }");
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
    fn the_cached_key_is_that_of_its_day() {
        let credentials = Credentials::new("AKID", "key", None).unwrap();
        let cache = SigningKeyCache::default();
        let monday = cache.signing_key(&credentials, "2019-02-25", "trro");
        assert!(Arc::ptr_eq(&monday, &cache.signing_key(&credentials, "2019-02-25", "trro")));
        let tuesday = cache.signing_key(&credentials, "2019-02-26", "trro");
        assert_eq!(tuesday.as_bytes(), sign::signing_key("key", "2019-02-26", "trro").as_bytes());
        cache.clear();
        assert!(!Arc::ptr_eq(&tuesday, &cache.signing_key(&credentials, "2019-02-26", "trro")));
    }
}
