//! Signs requests, deriving the key of a day once. Uses `sign`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::sign::{self, SigningKey};

use super::{Credentials, Secret};

/// More than what is written for a signature takes, but for names of hosts and keys of unusual length.
const USUAL_LENGTH: usize = 320;

/// Signs for one service. What holds for a day is made once, which is most of the cost of a signature, and wiped when the
/// next day's or that of other credentials replaces it.
#[derive(Debug)]
pub struct Signer {
    service: &'static str,
    day: Mutex<Option<Arc<Day>>>,
}

/// What all signatures of one day have in common.
struct Day {
    /// Whose it is. As long as this is kept no other credentials can get their address, and their secret is wiped all
    /// the same.
    credentials: Weak<Credentials>,
    /// Since 1970.
    number: i64,
    scope: String,
    key: SigningKey,
}

impl Day {
    fn new(service: &str, credentials: &Arc<Credentials>, timestamp_s: i64) -> Day {
        let date = sign::utc_date(timestamp_s);
        let key = match &credentials.secret {
            Secret::SecretKey(secret_key) => SigningKey::new(&sign::signing_key(secret_key, &date, service)),
            Secret::DayKey { key, .. } => SigningKey::new(key),
        };
        Day {
            credentials: Arc::downgrade(credentials),
            number: sign::utc_day(timestamp_s),
            scope: sign::credential_scope(&date, service),
            key,
        }
    }

    fn is_of(&self, credentials: &Arc<Credentials>, timestamp_s: i64) -> bool {
        self.credentials.as_ptr() == Arc::as_ptr(credentials) && self.number == sign::utc_day(timestamp_s)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Day").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// A signed request.
pub struct Signed {
    /// The value of the `Authorization` header.
    pub authorization: String,
    /// That of the `X-TC-Timestamp` header.
    pub timestamp: String,
}

impl Signed {
    /// The signature, which ends the `Authorization` header.
    pub fn signature(&self) -> &str {
        self.authorization.rsplit('=').next().unwrap_or_default()
    }
}

impl Signer {
    /// Signs requests to `service`.
    pub fn new(service: &'static str) -> Signer {
        Signer { service, day: Mutex::new(None) }
    }

    /// Signs a request to be sent at that moment, which [`super::signing_moment`] gives: on another day than its own the
    /// key of a day makes a signature that the service refuses.
    pub fn sign(&self, credentials: &Arc<Credentials>, request: &sign::Request<'_>, timestamp_s: i64) -> Signed {
        let Day { scope, key, .. } = &*self.day(credentials, timestamp_s);
        let timestamp = timestamp_s.to_string();
        // Of all three texts, one after the other.
        let mut buffer = String::with_capacity(USUAL_LENGTH);
        request.write_canonical_request(&mut buffer);
        sign::write_string_to_sign(&timestamp, scope, &mut buffer);
        let signature = sign::signature(key, &buffer);
        let signed_headers = request.signed_headers();
        sign::write_authorization(&credentials.secret_id, scope, signed_headers, &signature, &mut buffer);
        Signed { authorization: buffer, timestamp }
    }

    /// Forgets the key of the day.
    pub fn clear(&self) {
        *self.day.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn day(&self, credentials: &Arc<Credentials>, timestamp_s: i64) -> Arc<Day> {
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        match &*day {
            Some(day) if day.is_of(credentials, timestamp_s) => Arc::clone(day),
            _ => Arc::clone(day.insert(Arc::new(Day::new(self.service, credentials, timestamp_s)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(secret_key: &str) -> Arc<Credentials> {
        Arc::new(Credentials::new("AKIDEXAMPLE", secret_key, Some("t0ken")).unwrap())
    }

    /// The first second of a day, "2019-02-25" or the like.
    fn day(date: &str) -> i64 {
        sign::start_of_day(date).unwrap()
    }

    fn signature_by(key: &SigningKey) -> String {
        sign::signature(key, "a string to sign").to_owned()
    }

    fn signature_of(secret_key: &str, date: &str) -> String {
        signature_by(&SigningKey::new(&sign::signing_key(secret_key, date, "trro")))
    }

    #[test]
    fn debug_shows_no_secret() {
        let signer = Signer::new("trro");
        signer.day(&credentials("s3cretkey"), day("2019-02-25"));
        let shown = format!("{signer:?}");
        assert!(shown.contains("2019-02-25") && shown.contains(".."), "{shown}");
        assert!(!shown.contains("s3cretkey") && !shown.contains("t0ken"), "{shown}");
    }

    #[test]
    fn the_key_is_that_of_its_day_and_derived_once() {
        let (signer, credentials) = (Signer::new("trro"), credentials("s3cretkey"));
        let monday = signer.day(&credentials, day("2019-02-25"));
        assert!(Arc::ptr_eq(&monday, &signer.day(&credentials, day("2019-02-26") - 1)));
        let tuesday = signer.day(&credentials, day("2019-02-26"));
        assert_eq!(signature_by(&tuesday.key), signature_of("s3cretkey", "2019-02-26"));
        assert_eq!(tuesday.scope, "2019-02-26/trro/tc3_request");
        signer.clear();
        assert!(!Arc::ptr_eq(&tuesday, &signer.day(&credentials, day("2019-02-26"))));
    }

    #[test]
    fn other_credentials_have_a_key_of_their_own() {
        let signer = Signer::new("trro");
        for secret_key in ["s3cretkey", "another", "a third", "a fourth"].map(|name| name.replace(' ', "-")) {
            // Each is dropped before the next is made, which may then be where it was.
            let made = signer.day(&credentials(&secret_key), day("2019-02-25"));
            assert_eq!(signature_by(&made.key), signature_of(&secret_key, "2019-02-25"));
        }
    }

    #[test]
    fn the_key_kept_for_the_day_does_not_keep_the_credentials() {
        let (signer, credentials) = (Signer::new("trro"), credentials("s3cretkey"));
        signer.day(&credentials, day("2019-02-25"));
        assert!(Arc::into_inner(credentials).is_some());
    }

    #[test]
    fn a_day_key_signs_without_a_derivation() {
        let day_key = Arc::new(Credentials::with_day_key("AKIDEXAMPLE", &[7; 32], "2019-02-25", None).unwrap());
        let made = Signer::new("trro").day(&day_key, day("2019-02-25"));
        assert_eq!(signature_by(&made.key), signature_by(&SigningKey::new(&sign::Key::from_bytes(&[7; 32]))));
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
                assert_eq!(signed.signature().len(), 64);
                assert!(authorization.trim_end().ends_with(signed.signature()));
            }
        }
    }
}
