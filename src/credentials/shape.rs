//! What can be seen of credentials without asking the service: pure. Uses `clock`, `sign`.

use super::{Credentials, Secret, has_expired};
use crate::clock::Now;
use crate::sign::utc_date;

/// How a secret id begins: of an account of the site for mainland China, and of the international one.
const BEGINNINGS: [&str; 2] = ["AKID", "IKID"];
const USUAL_ID_LENGTH: usize = 36;
const USUAL_KEY_LENGTH: usize = 32;

/// What credentials look like. No part of them is shown but the usual beginning of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// In words.
    pub finding: String,
    /// What looks wrong about them, and what to do; empty if nothing does. The service may take them all the same.
    pub advice: String,
}

/// What the credentials look like at that moment.
pub fn shape(credentials: &Credentials, now: Now) -> Shape {
    let id = &credentials.secret_id;
    let id_beginning = match BEGINNINGS.into_iter().find(|beginning| id.starts_with(beginning)) {
        Some(beginning) => format!("that begins with {beginning}"),
        None => "without the usual beginning".to_owned(),
    };
    let secret = match &credentials.secret {
        Secret::SecretKey(key) => format!("a secret key of {} characters", key.len()),
        Secret::DayKey { date, .. } => format!("a signing key for {date}"),
    };
    let token = credentials.token.as_ref().map_or("no token".to_owned(), |token| {
        let expiry = match credentials.expires_at_s {
            0 => "no expiry is known".to_owned(),
            at_s => format!("until {}", utc_date(at_s)),
        };
        format!("a token of {} characters ({expiry})", token.len())
    });
    let finding = format!("a secret id of {} characters {id_beginning}, {secret}, {token}", id.len());
    Shape { finding, advice: fault(credentials, now).unwrap_or_default() }
}

fn fault(credentials: &Credentials, now: Now) -> Option<String> {
    let id = &credentials.secret_id;
    if has_expired(credentials, now.s) {
        return Some(format!("they expired on {}: get new ones", utc_date(credentials.expires_at_s)));
    }
    if let Some(date) = credentials.signing_date().filter(|date| *date != utc_date(now.s)) {
        return Some(format!("the signing key is for {date}, and today is {}: get a key for today", utc_date(now.s)));
    }
    if !BEGINNINGS.iter().any(|beginning| id.starts_with(beginning)) {
        return Some(
            "a secret id begins with AKID or IKID: is it the id of something else, or the key in its place?".into(),
        );
    }
    // Those of temporary credentials have any length.
    if credentials.token.is_some() {
        return None;
    }
    if id.len() > USUAL_ID_LENGTH {
        return Some(
            "an id this long is one of temporary credentials, which are good with their token only: set it too".into(),
        );
    }
    let is_short = |what: &str, length: usize, usual: usize| {
        format!("the {what} has {length} characters, and {usual} are usual: is it all of it?")
    };
    match &credentials.secret {
        _ if id.len() != USUAL_ID_LENGTH => Some(is_short("secret id", id.len(), USUAL_ID_LENGTH)),
        Secret::SecretKey(key) if key.len() != USUAL_KEY_LENGTH => {
            Some(is_short("secret key", key.len(), USUAL_KEY_LENGTH))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE";
    const KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
    const NOON: Now = Now { s: 1_551_096_000, is_proven: true, is_confirmed: true };

    fn advice(id: &str, key: &str, token: Option<&str>) -> String {
        let shape = shape(&Credentials::new(id, key, token).unwrap(), NOON);
        let shown = format!("{shape:?}");
        for part in [&id[4..], key].into_iter().chain(token) {
            assert!(!shown.contains(part), "{shown}");
        }
        shape.advice
    }

    #[test]
    fn usual_credentials_get_no_advice() {
        assert_eq!(advice(ID, KEY, None), "");
        assert_eq!(advice(&ID.replace("AKID", "IKID"), KEY, None), "");
        assert_eq!(advice(&ID.repeat(2), KEY, Some("a-session-token")), "");
    }

    #[test]
    fn what_is_unusual_is_named_and_not_shown() {
        assert!(advice(KEY, ID, None).contains("the key in its place"));
        assert!(advice(&ID.repeat(2), KEY, None).contains("token"));
        assert!(advice(&ID[..35], KEY, None).contains("the secret id has 35 characters"));
        assert!(advice(ID, &KEY[..31], None).contains("the secret key has 31 characters"));
    }

    #[test]
    fn what_is_over_or_of_another_day_is_named_with_its_day() {
        let temporary = || Credentials::new(ID, KEY, Some("a-session-token")).unwrap();
        assert!(shape(&temporary().expiring(NOON.s).unwrap(), NOON).advice.contains("expired on 2019-02-25"));
        assert_eq!(shape(&temporary().expiring(NOON.s + 1).unwrap(), NOON).advice, "");
        let of_day = |date| shape(&Credentials::with_day_key(ID, &[0; 32], date, None).unwrap(), NOON).advice;
        assert_eq!(of_day("2019-02-25"), "");
        let advice = of_day("2019-02-24");
        assert!(advice.contains("for 2019-02-24") && advice.contains("today is 2019-02-25"), "{advice}");
    }
}
