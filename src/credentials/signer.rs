//! Signs requests, deriving the key of a day once. Uses `sign`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::sign::{self, Key};

use super::{Credentials, Secret};

/// Signs for one service. The key of the day is derived once, which is most of the cost of a signature, and wiped when
/// the next day's or that of other credentials replaces it.
#[derive(Debug)]
pub struct Signer {
    service: &'static str,
    day: Mutex<Option<Day>>,
}

struct Day {
    /// Whose key it is. As long as this is kept no other credentials can get their address, and their secret is wiped all
    /// the same.
    credentials: Weak<Credentials>,
    date: String,
    key: Arc<Key>,
}

impl Day {
    fn is_of(&self, credentials: &Arc<Credentials>, date: &str) -> bool {
        self.credentials.as_ptr() == Arc::as_ptr(credentials) && self.date == date
    }
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
    /// Signs requests to `service`.
    pub fn new(service: &'static str) -> Signer {
        Signer { service, day: Mutex::new(None) }
    }

    /// Signs a request to be sent at that moment, which [`super::signing_moment`] gives: on another day than its own the
    /// key of a day makes a signature that the service refuses.
    pub fn sign(&self, credentials: &Arc<Credentials>, request: &sign::Request<'_>, timestamp_s: i64) -> Signed {
        let date = sign::utc_date(timestamp_s);
        let scope = sign::credential_scope(&date, self.service);
        let string_to_sign = sign::string_to_sign(timestamp_s, &scope, &request.canonical_request());
        let signature = sign::signature(&self.signing_key(credentials, date), &string_to_sign);
        let authorization = sign::authorization(&credentials.secret_id, &scope, request.signed_headers(), &signature);
        Signed { authorization, signature }
    }

    /// Forgets the key of the day.
    pub fn clear(&self) {
        *self.day.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn signing_key(&self, credentials: &Arc<Credentials>, date: String) -> Arc<Key> {
        let secret_key = match &credentials.secret {
            Secret::SecretKey(secret_key) => secret_key,
            Secret::DayKey { key, .. } => return Arc::clone(key),
        };
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        match &*day {
            Some(day) if day.is_of(credentials, &date) => Arc::clone(&day.key),
            _ => {
                let key = Arc::new(sign::signing_key(secret_key, &date, self.service));
                *day = Some(Day { credentials: Arc::downgrade(credentials), date, key: Arc::clone(&key) });
                key
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(secret_key: &str) -> Arc<Credentials> {
        Arc::new(Credentials::new("AKIDEXAMPLE", secret_key, Some("t0ken")).unwrap())
    }

    #[test]
    fn debug_shows_no_secret() {
        let signer = Signer::new("trro");
        signer.signing_key(&credentials("s3cretkey"), "2019-02-25".to_owned());
        let shown = format!("{signer:?}");
        assert!(shown.contains("2019-02-25") && shown.contains(".."), "{shown}");
        assert!(!shown.contains("s3cretkey") && !shown.contains("t0ken"), "{shown}");
    }

    #[test]
    fn the_key_is_that_of_its_day_and_derived_once() {
        let (signer, credentials) = (Signer::new("trro"), credentials("s3cretkey"));
        let key_of = |date: &str| signer.signing_key(&credentials, date.to_owned());
        let monday = key_of("2019-02-25");
        assert!(Arc::ptr_eq(&monday, &key_of("2019-02-25")));
        let tuesday = key_of("2019-02-26");
        assert_eq!(tuesday.as_bytes(), sign::signing_key("s3cretkey", "2019-02-26", "trro").as_bytes());
        signer.clear();
        assert!(!Arc::ptr_eq(&tuesday, &key_of("2019-02-26")));
    }

    #[test]
    fn other_credentials_have_a_key_of_their_own() {
        let signer = Signer::new("trro");
        for secret_key in ["s3cretkey", "another", "a third", "a fourth"].map(|name| name.replace(' ', "-")) {
            // Each is dropped before the next is made, which may then be where it was.
            let key = signer.signing_key(&credentials(&secret_key), "2019-02-25".to_owned());
            assert_eq!(key.as_bytes(), sign::signing_key(&secret_key, "2019-02-25", "trro").as_bytes());
        }
    }

    #[test]
    fn the_key_kept_for_the_day_does_not_keep_the_credentials() {
        let (signer, credentials) = (Signer::new("trro"), credentials("s3cretkey"));
        signer.signing_key(&credentials, "2019-02-25".to_owned());
        assert!(Arc::into_inner(credentials).is_some());
    }

    #[test]
    fn a_day_key_signs_without_a_derivation() {
        let signer = Signer::new("trro");
        let day_key = Arc::new(Credentials::with_day_key("AKIDEXAMPLE", &[7; 32], "2019-02-25", None).unwrap());
        assert_eq!(signer.signing_key(&day_key, "2019-02-25".to_owned()).as_bytes(), &[7; 32]);
        assert!(signer.day.lock().unwrap().is_none());
    }

    #[test]
    fn a_day_key_and_its_secret_key_give_the_wire_bytes_of_the_vectors() {
        for (context, body, authorization) in [
            (
                include_str!("../../tests/signing/d-trro-two-headers/context.json"),
                include_str!("../../tests/signing/d-trro-two-headers/body.txt"),
                include_str!("../../tests/signing/d-trro-two-headers/authorization.txt"),
            ),
            (
                include_str!("../../tests/signing/e-trro-three-headers/context.json"),
                include_str!("../../tests/signing/e-trro-three-headers/body.txt"),
                include_str!("../../tests/signing/e-trro-three-headers/authorization.txt"),
            ),
        ] {
            let context: serde_json::Value = serde_json::from_str(context).unwrap();
            let text = |name: &str| context[name].as_str().unwrap();
            let request = sign::Request {
                method: text("method"),
                query: text("query"),
                content_type: text("content_type"),
                host: text("host"),
                action: context["action"].as_str(),
                body: body.trim_end().as_bytes(),
            };
            let timestamp_s = context["timestamp"].as_i64().unwrap();
            let (secret_id, secret_key) = (text("secret_id"), text("secret_key"));
            let date = sign::utc_date(timestamp_s);
            let day_key = super::super::derive_signing_key(secret_key, &date).unwrap();
            for credentials in [
                Credentials::new(secret_id, secret_key, None).unwrap(),
                Credentials::with_day_key(secret_id, day_key.as_bytes(), &date, None).unwrap(),
            ] {
                let signed = Signer::new("trro").sign(&Arc::new(credentials), &request, timestamp_s);
                assert_eq!(signed.authorization, authorization.trim_end());
                assert!(signed.authorization.ends_with(&signed.signature));
            }
        }
    }
}
