//! TC3-HMAC-SHA256 as the service checks it, written from its documents.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::http::Request;
use crate::service::Refusal;
use crate::{POWERLESS_SECRET_ID, SECRET_ID, SECRET_KEY, TEMPORARY_SECRET_ID};

/// The service refuses a request whose time is further from its own.
const MAX_SKEW_S: i64 = 300;

/// Why the request is refused, if it is. `token` is the one that belongs to [`TEMPORARY_SECRET_ID`].
pub fn authenticate(request: &Request, now_s: i64, token: &str) -> Result<(), Refusal> {
    let timestamp = request.required_header("X-TC-Timestamp")?;
    let authorization = request.required_header("Authorization")?;
    let malformed = || {
        Refusal::new(
            "AuthFailure.InvalidAuthorization",
            "The authorization information in the request header is invalid.",
        )
    };
    let parsed = Authorization::parse(authorization).ok_or_else(malformed)?;
    if !parsed.signed_headers.contains(&"content-type") || !parsed.signed_headers.contains(&"host") {
        return Err(malformed());
    }
    let secret_key = match parsed.secret_id {
        SECRET_ID | TEMPORARY_SECRET_ID | POWERLESS_SECRET_ID => SECRET_KEY,
        _ => return Err(Refusal::new("AuthFailure.SecretIdNotFound", "The SecretId is not found.")),
    };
    let timestamp_s: i64 = timestamp.parse().map_err(|_| malformed())?;
    if (timestamp_s - now_s).abs() > MAX_SKEW_S {
        let message = format!(
            "The signature has expired. The deviation between `Timestamp` and the server time {now_s} is more than 5 minutes."
        );
        return Err(Refusal::new("AuthFailure.SignatureExpire", message));
    }
    let mismatch = || Refusal::new("AuthFailure.SignatureFailure", "The provided credentials could not be validated.");
    if parsed.date != utc_date(timestamp_s) || parsed.service != "trro" {
        return Err(mismatch());
    }
    let expected = sign(request, &parsed, secret_key, timestamp).ok_or_else(mismatch)?;
    if expected != parsed.signature {
        return Err(mismatch());
    }
    match (parsed.secret_id, request.header("X-TC-Token")) {
        (TEMPORARY_SECRET_ID, Some(sent)) if sent == token => {}
        (SECRET_ID | POWERLESS_SECRET_ID, None) => {}
        _ => return Err(Refusal::new("AuthFailure.TokenFailure", "The token is incorrect.")),
    }
    if parsed.secret_id == POWERLESS_SECRET_ID {
        return Err(Refusal::new(
            "AuthFailure.UnauthorizedOperation",
            "The request is not authorized by CAM. Please check your CAM policies.",
        ));
    }
    Ok(())
}

struct Authorization<'a> {
    secret_id: &'a str,
    date: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Option<Authorization<'a>> {
        let parameters = header.strip_prefix("TC3-HMAC-SHA256 ")?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for parameter in parameters.split(',') {
            match parameter.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => signed_headers = Some(value),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        let mut scope = credential?.split('/');
        let (secret_id, date, service) = (scope.next()?, scope.next()?, scope.next()?);
        if scope.next()? != "tc3_request" || scope.next().is_some() {
            return None;
        }
        Some(Authorization {
            secret_id,
            date,
            service,
            signed_headers: signed_headers?.split(';').collect(),
            signature: signature?,
        })
    }
}

fn sign(request: &Request, authorization: &Authorization<'_>, secret_key: &str, timestamp: &str) -> Option<String> {
    let mut canonical = format!("{}\n/\n\n", request.method);
    for name in &authorization.signed_headers {
        let value = request.header(name)?.trim();
        let value = if *name == "x-tc-action" { value.to_lowercase() } else { value.to_owned() };
        canonical += &format!("{name}:{value}\n");
    }
    let payload = if request.header("X-TC-Content-SHA256") == Some("UNSIGNED-PAYLOAD") {
        hex::encode(Sha256::digest("UNSIGNED-PAYLOAD"))
    } else {
        hex::encode(Sha256::digest(&request.body))
    };
    canonical += &format!("\n{}\n{payload}", authorization.signed_headers.join(";"));

    let Authorization { date, service, .. } = authorization;
    let to_sign = format!(
        "TC3-HMAC-SHA256\n{timestamp}\n{date}/{service}/tc3_request\n{}",
        hex::encode(Sha256::digest(canonical))
    );
    let mut key = format!("TC3{secret_key}").into_bytes();
    for part in [date, service, "tc3_request", &to_sign] {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        hmac.update(part.as_bytes());
        key = hmac.finalize().into_bytes().to_vec();
    }
    Some(hex::encode(key))
}

fn utc_date(timestamp_s: i64) -> String {
    time::OffsetDateTime::from_unix_timestamp(timestamp_s).map_or(String::new(), |moment| moment.date().to_string())
}
