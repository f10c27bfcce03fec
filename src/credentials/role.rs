//! The role of a CVM instance: where the instance metadata service has its credentials, and what it answers. No I/O.
//! Uses `error`.
//!
//! Source: `cvm_role_provider.go` of the official Go SDK and `credential.py` of the Python one, which agree; for the
//! characters of a role's name, "CreateRole" in the documents of the CAM API.

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::error::{Error, Status, printable};

use super::{Credentials, fault_of};

/// The host of the instance metadata service, which is reached by HTTP on port 80, inside an instance only.
pub const METADATA_HOST: &str = "metadata.tencentyun.com";
const ROLES_PATH: &str = "/latest/meta-data/cam/security-credentials/";
const MAX_ROLE_CHARACTERS: usize = 128;
const EXPECTED: &str =
    "a JSON object with the strings Code, TmpSecretId, TmpSecretKey and Token and the whole number ExpiredTime";

/// The path of a role's credentials on [`METADATA_HOST`]. The error names `cvm_role`.
pub fn role_path(role: &str) -> Result<String, Error> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_".contains(&byte);
    if role.is_empty() || role.len() > MAX_ROLE_CHARACTERS || !role.bytes().all(is_allowed) {
        let fault = format!("is not the name of a role: 1 to {MAX_ROLE_CHARACTERS} letters, digits and +=,.@-_");
        return Err(Error::invalid_argument("cvm_role", fault));
    }
    Ok(format!("{ROLES_PATH}{role}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    code: Option<String>,
    tmp_secret_id: Option<String>,
    /// As they stand there: serde_json would take the escapes out of them in room of its own, which nobody wipes.
    #[serde(borrow)]
    tmp_secret_key: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    /// Seconds since 1970.
    expired_time: Option<i64>,
}

/// The credentials in the answer to a request for [`role_path`]. They are in `body` too, which its owner wipes. An error
/// names the role, and holds nothing of the answer but its `Code`.
pub fn decode_role(role: &str, http_status: u16, body: &[u8]) -> Result<Credentials, Error> {
    let failed = |fault: String| {
        let role = printable(role);
        let message = format!("the instance metadata service gave no credentials for the role {role}: {fault}");
        Error::new(Status::CredentialsFailed, message)
    };
    if http_status == 404 {
        return Err(failed("no role of that name is bound to this instance (HTTP status 404)".to_owned()));
    }
    if http_status != 200 {
        return Err(failed(format!("HTTP status {http_status}, and 200 was expected")));
    }
    // What serde_json says may quote a secret.
    let answer: Answer = serde_json::from_slice(body).map_err(|_| failed(unexpected()))?;
    answer.credentials().map_err(failed)
}

impl Answer<'_> {
    fn credentials(&self) -> Result<Credentials, String> {
        let (secret_key, token) = (text(self.tmp_secret_key)?, text(self.token)?);
        match self.code.as_deref() {
            Some("Success") => {}
            Some(code) => return Err(format!("its Code is {}, and Success was expected", printable(code))),
            None => return Err("the answer has no Code".to_owned()),
        }
        let secret_id = part("TmpSecretId", self.tmp_secret_id.as_deref())?;
        let secret_key = part("TmpSecretKey", secret_key.as_ref().map(|key| key.as_str()))?;
        let token = part("Token", token.as_ref().map(|token| token.as_str()))?;
        let expires_at_s = self.expired_time.filter(|time| *time > 0);
        let expires_at_s = expires_at_s.ok_or("the answer has no ExpiredTime, in seconds since 1970")?;
        let credentials = Credentials::new(secret_id, secret_key, Some(token));
        credentials.and_then(|credentials| credentials.expiring(expires_at_s)).map_err(|error| error.message)
    }
}

fn unexpected() -> String {
    format!("it did not answer with {EXPECTED}")
}

/// What a string says, in memory that is wiped.
fn text(value: Option<&RawValue>) -> Result<Option<Zeroizing<String>>, String> {
    let Some(value) = value else { return Ok(None) };
    let inside = value.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.and_then(without_escapes).map(Some).ok_or_else(unexpected)
}

/// `None` where an escape stands for half of a character only, of which no secret has any.
fn without_escapes(mut text: &str) -> Option<Zeroizing<String>> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    while let Some((before, escaped)) = text.split_once('\\') {
        plain.push_str(before);
        let (escape, rest) = escaped.split_at_checked(if escaped.starts_with('u') { 5 } else { 1 })?;
        plain.push_str(&serde_json::from_str::<String>(&["\"\\", escape, "\""].concat()).ok()?);
        text = rest;
    }
    plain.push_str(text);
    Some(plain)
}

fn part<'a>(name: &str, value: Option<&'a str>) -> Result<&'a str, String> {
    let value = value.ok_or_else(|| format!("the answer has no {name}"))?;
    match fault_of(value) {
        Some(fault) => Err(format!("its {name} {fault}")),
        None => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::*;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!({
            "TmpSecretId": "AKIDEXAMPLE",
            "TmpSecretKey": "s3cretkey",
            "ExpiredTime": 1_551_113_065,
            "Expiration": "2019-02-25T16:44:25Z",
            "Token": "t0ken",
            "Code": "Success",
        })
    }

    /// What is wrong, after it was checked that the message names the role and no secret.
    fn fault(http_status: u16, body: &[u8]) -> String {
        let error = decode_role("vehicle", http_status, body).unwrap_err();
        assert_eq!(error.status, Status::CredentialsFailed);
        assert!(!error.message.contains("s3cretkey") && !error.message.contains("t0ken"), "{error}");
        let (whole, fault) = error.message.split_once(": ").unwrap();
        assert_eq!(whole, "the instance metadata service gave no credentials for the role vehicle");
        fault.to_owned()
    }

    fn fault_with(name: &str, value: Value) -> String {
        let mut answer = good();
        answer[name] = value;
        fault(200, answer.to_string().as_bytes())
    }

    #[test]
    fn a_role_gives_its_credentials() {
        let credentials = decode_role("vehicle", 200, good().to_string().as_bytes()).unwrap();
        assert_eq!(credentials.secret_id, "AKIDEXAMPLE");
        assert!(matches!(&credentials.secret, Secret::SecretKey(key) if key.as_str() == "s3cretkey"));
        assert_eq!(credentials.token(), Some("t0ken"));
        assert_eq!(credentials.expires_at_s(), 1_551_113_065);
    }

    #[test]
    fn a_secret_may_be_escaped() {
        for (written, meant) in [
            (r"s3cret\/key", "s3cret/key"),
            (r"\u0073\u0033cret\u002fke\u0079", "s3cret/key"),
            (r#"\"s3cret\\key"#, r#""s3cret\key"#),
        ] {
            let body = good().to_string().replace("s3cretkey", written);
            let credentials = decode_role("vehicle", 200, body.as_bytes()).unwrap();
            assert!(matches!(&credentials.secret, Secret::SecretKey(key) if key.as_str() == meant), "{written}");
        }
    }

    #[test]
    fn a_secret_with_half_a_character_is_refused() {
        for written in [r"s3cretkey\ud83d", r"s3cretkey\ud83d\ude00", r"s3cretkey\u12", r"s3cretkey\x"] {
            let body = good().to_string().replace("s3cretkey", written);
            assert!(fault(200, body.as_bytes()).ends_with(EXPECTED), "{written}");
        }
    }

    #[test]
    fn a_role_that_is_not_bound_is_named() {
        assert_eq!(fault(404, b"Not Found"), "no role of that name is bound to this instance (HTTP status 404)");
    }

    #[test]
    fn another_http_status_is_named() {
        assert_eq!(fault(503, good().to_string().as_bytes()), "HTTP status 503, and 200 was expected");
    }

    #[test]
    fn what_is_not_the_object_is_told_what_was_expected() {
        for body in ["", "vehicle", "[]", "null", "\"s3cretkey\"", "{\"TmpSecretKey\": \"s3cretkey\"", "{} {}"] {
            assert!(fault(200, body.as_bytes()).ends_with(EXPECTED), "{body}");
        }
        for (name, value) in [("TmpSecretKey", json!(1)), ("ExpiredTime", json!("s3cretkey")), ("Token", json!({}))] {
            assert!(fault_with(name, value).ends_with(EXPECTED), "{name}");
        }
    }

    #[test]
    fn another_code_than_success_is_named() {
        assert_eq!(fault_with("Code", json!("Failed\n")), "its Code is Failed , and Success was expected");
    }

    #[test]
    fn a_part_that_is_missing_is_named() {
        for name in ["Code", "TmpSecretId", "TmpSecretKey", "Token", "ExpiredTime"] {
            assert!(fault_with(name, Value::Null).starts_with(&format!("the answer has no {name}")), "{name}");
        }
        assert_eq!(fault(200, b"{}"), "the answer has no Code");
        assert!(fault_with("ExpiredTime", json!(0)).starts_with("the answer has no ExpiredTime"));
    }

    #[test]
    fn a_part_that_cannot_be_sent_is_named() {
        for name in ["TmpSecretId", "TmpSecretKey", "Token"] {
            assert_eq!(fault_with(name, json!("")), format!("its {name} is empty"));
            assert!(fault_with(name, json!("s3cretkey\n")).starts_with(&format!("its {name} begins or ends with")));
        }
    }

    #[test]
    fn a_role_has_its_path() {
        assert_eq!(
            role_path("vehicle_A-1+=,.@").unwrap(),
            "/latest/meta-data/cam/security-credentials/vehicle_A-1+=,.@"
        );
    }

    #[test]
    fn what_is_no_name_of_a_role_is_refused() {
        let long = "r".repeat(129);
        for role in ["", "a/b", "../user-data", "a b", "a\r\nb", "a?b", "a#b", "a%2fb", "r\u{f6}le", &long] {
            let error = role_path(role).unwrap_err();
            assert_eq!(error.status, Status::InvalidArgument);
            assert!(error.message.starts_with("cvm_role "), "{error}");
        }
        assert!(role_path(&long[1..]).is_ok());
    }
}
