//! The TRRO API, version 2022-03-25: requests in, typed answers out, no I/O. Uses `error`.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `licenses`, `projects`, `devices`, `sessions`, `permissions` | the actions, described: one file a group, and nothing else of them anywhere |
//! | `describe` | the rules for parameters by which they are described |
//! | `types` | the Rust types that come of the descriptions |
//! | `request` | a request, checked and written as JSON |
//! | `sink` | what an answer looks like, and where its fields go |
//! | `decode` | an answer, read into a Rust value or a buffer |
//! | `plain` | the same, for answers in which nothing is unusual |
//! | `agreement` | whether the two agree, for tests and the fuzzer |
//! | `codes` | error codes, and what they mean |
//! | `mod` | whether the service carried a request out |

#[cfg(any(test, fuzzing))]
pub mod agreement;
pub mod codes;
pub mod decode;
pub mod describe;
pub(crate) mod devices;
#[cfg(test)]
#[path = "../../docs/adding-an-action.rs"]
pub(crate) mod example;
pub(crate) mod licenses;
pub(crate) mod permissions;
mod plain;
pub(crate) mod projects;
pub mod request;
pub(crate) mod sessions;
pub mod sink;
mod types;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Status, printable};
use decode::{Outcome, ServiceError, outcome};
use request::{Action, Request};
use sink::Record;
pub use types::*;

/// The version of the API, sent as `X-TC-Version`.
pub const VERSION: &str = "2022-03-25";
/// The service, as signatures name it, whatever the host is.
pub const SERVICE: &str = "trro";
/// The type of every request body.
pub const CONTENT_TYPE: &str = "application/json";

/// The code by which the service refuses the time of a request.
pub const SIGNATURE_EXPIRED: &str = "AuthFailure.SignatureExpire";
/// The code by which the service refuses a session token.
pub const TOKEN_REFUSED: &str = "AuthFailure.TokenFailure";

/// Of a text of the service's that is for people: more is not shown, and every copy takes memory.
const LONGEST_TEXT_BYTES: usize = 64 * 1024;

/// The request to one action, as a Rust value.
pub trait TypedRequest {
    /// The action.
    const ACTION: &'static Action;
    /// What it answers with, borrowing from the answer's text.
    type Response<'a>: Record<'a>;

    /// The request, checked. The error names the field.
    fn prepare(&self) -> Result<Request, Error>;
}

/// What is known of an action of this name.
pub fn action(name: &str) -> Option<&'static Action> {
    ACTIONS.into_iter().flatten().copied().find(|action| action.name == name)
}

/// Tells whether the service carried the request out, and its id of the request. An answer with an `Error` is an error,
/// whatever the HTTP status.
pub fn judge(http_status: u16, body: &[u8]) -> Result<String, Error> {
    let judged = match outcome(body) {
        Ok(outcome) if http_status == 200 || outcome.error.is_some() => carried_out(&outcome),
        Err(error) if http_status == 200 => Err(error),
        Ok(_) | Err(_) => Err(from_http_status(http_status)),
    };
    judged.map_err(|error| Error { http_status, ..error })
}

/// As [`judge`], of what was found in an answer with HTTP status 200.
pub fn carried_out(outcome: &Outcome<'_>) -> Result<String, Error> {
    let error = match &outcome.error {
        Some(error) => from_service(error, &outcome.request_id),
        // Every answer of the service's has one: what has none is someone else's, and "no devices" from there is not believed.
        None if outcome.request_id.is_empty() => missing("RequestId"),
        None => return Ok(for_people(&outcome.request_id)),
    };
    Err(Error { http_status: 200, ..error })
}

/// The service's time in the message of a request that was refused for its time: "... the server time 1706406788 ...", as
/// it was observed. `None` unless there is exactly one number of ten digits.
pub fn service_time_s(message: &str) -> Option<i64> {
    const DIGITS: usize = 10;
    let mut numbers = message.split(|character: char| !character.is_ascii_digit()).filter(|run| run.len() == DIGITS);
    let number = numbers.next()?.parse().ok()?;
    numbers.next().is_none().then_some(number)
}

/// The JSON of the `Response` of an answer, as the service has sent it.
pub fn response(body: &[u8]) -> Result<&str, Error> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(rename = "Response", borrow)]
        response: &'a RawValue,
    }
    serde_json::from_slice::<Envelope<'_>>(body)
        .map(|envelope| envelope.response.get())
        .map_err(|_| Error::new(Status::BadResponse, "the answer is not an answer of this API: it has no Response"))
}

/// What is cut is cut at a blank: no secret has one, so that none is left in part, which nothing would recognise.
fn for_people(text: &str) -> String {
    let shown = match text.as_bytes().get(..LONGEST_TEXT_BYTES) {
        Some(bytes) => &text[..bytes.iter().rposition(|byte| *byte == b' ').unwrap_or(0)],
        None => text,
    };
    printable(shown)
}

/// What every answer has, and this one has not.
fn missing(field: &str) -> Error {
    Error::new(Status::BadResponse, format!("the answer's Response.{field}: is missing, null or empty"))
}

fn from_service(error: &ServiceError<'_>, request_id: &str) -> Error {
    if error.code.is_empty() {
        return missing("Error.Code");
    }
    let status = codes::status(&error.code);
    let sentence = codes::sentence(status);
    let message = if error.message.is_empty() {
        sentence.to_owned()
    } else {
        format!("{sentence}: {}", for_people(&error.message))
    };
    Error { code: for_people(&error.code), request_id: for_people(request_id), ..Error::new(status, message) }
}

fn from_http_status(http_status: u16) -> Error {
    match http_status {
        500..=599 => Error::new(Status::ServiceFailed, format!("the service failed with HTTP status {http_status}")),
        429 => Error::new(Status::Throttled, "too many requests (HTTP status 429)"),
        300..=399 => Error::new(
            Status::BadResponse,
            format!(
                "the endpoint redirects (HTTP status {http_status}), which is not followed: a signature holds for one host"
            ),
        ),
        _ => Error::new(
            Status::BadResponse,
            format!("HTTP status {http_status} without an answer of this API; is the endpoint right?"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_the_answer_is_an_error_with_http_200() {
        let body = br#"{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"no\nmatch"},"RequestId":"r-1"}}"#;
        let error = judge(200, body).unwrap_err();
        assert_eq!(error.status, Status::AuthRejected);
        assert_eq!(error.code, "AuthFailure.SignatureFailure");
        assert_eq!(error.request_id, "r-1");
        assert!(error.message.ends_with(": no match"), "{error}");
        assert_eq!(error.http_status, 200);
        assert!(!error.retryable);
    }

    #[test]
    fn an_error_in_the_answer_counts_more_than_the_http_status() {
        let body = br#"{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":""},"RequestId":"r"}}"#;
        let error = judge(503, body).unwrap_err();
        assert_eq!((error.status, error.http_status, error.retryable), (Status::Throttled, 503, true));
    }

    #[test]
    fn without_an_answer_the_http_status_decides() {
        for (http_status, status) in [
            (500, Status::ServiceFailed),
            (503, Status::ServiceFailed),
            (429, Status::Throttled),
            (302, Status::BadResponse),
            (307, Status::BadResponse),
            (404, Status::BadResponse),
            (201, Status::BadResponse),
        ] {
            let error = judge(http_status, b"<html>").unwrap_err();
            assert_eq!((error.status, error.http_status), (status, http_status));
        }
    }

    #[test]
    fn what_is_no_answer_of_this_api_is_named() {
        for (body, expected) in [
            (&b"<html></html>"[..], "not JSON"),
            (b"", "not JSON"),
            (b"{\"Response\":{}} x", "not JSON"),
            (b"{\"Response\":{\"Devices\"", "not JSON"),
            (b"\xff\xfe", "not UTF-8"),
            (b"{}", "Response"),
            (b"[]", "the answer"),
            (b"null", "the answer"),
            (b"{\"Response\":null}", "Response"),
            (b"{\"Response\":[1]}", "Response"),
            (b"{\"Response\":{},\"Response\":{}}", "duplicate field"),
            (b"{\"Response\":{\"Error\":\"x\"}}", "Response.Error"),
            (b"{\"Response\":{\"Error\":{}}}", "Response.Error.Code"),
            (b"{\"Response\":{\"Error\":{\"Code\":null}}}", "Response.Error.Code"),
            (b"{\"Response\":{\"Error\":{\"Code\":7}}}", "Response.Error.Code"),
            (b"{\"Response\":{\"RequestId\":7}}", "Response.RequestId"),
            (b"{\"Response\":{}}", "Response.RequestId"),
            (b"{\"Response\":{\"RequestId\":null}}", "Response.RequestId"),
            (b"{\"Response\":{\"RequestId\":\"\",\"Devices\":[]}}", "Response.RequestId"),
        ] {
            let error = judge(200, body).unwrap_err();
            assert_eq!(error.status, Status::BadResponse, "{error}");
            assert!(error.message.contains(expected), "{expected}: {error}");
        }
    }

    #[test]
    fn a_string_of_the_answer_is_not_repeated() {
        let error = judge(200, br#"{"Response":{"Error":"a \"secret\", expected, \u0041"}}"#).unwrap_err();
        assert!(!error.message.contains("secret") && error.message.contains("expected an object"), "{error}");
    }

    #[test]
    fn the_services_time_is_found_in_its_message() {
        let observed = "The deviation between `Timestamp` and the server time 1706406788 is more than 5 minutes.";
        assert_eq!(service_time_s(observed), Some(1_706_406_788));
        assert_eq!(service_time_s("1706406788"), Some(1_706_406_788));
        for silent in ["", "expired", "in 300 s", "17064067881", "1706406788 and 1706406789", "170640678a8"] {
            assert_eq!(service_time_s(silent), None, "{silent}");
        }
    }

    #[test]
    fn a_long_text_of_the_service_is_cut_between_words() {
        let message = |message: &str| {
            let body = format!(r#"{{"Response":{{"Error":{{"Code":"FailedOperation","Message":"{message}"}}}}}}"#);
            judge(200, body.as_bytes()).unwrap_err().message
        };
        let sentence = message("").len();
        assert_eq!(message(&"long ".repeat(20_000)).len(), sentence + ": ".len() + LONGEST_TEXT_BYTES / 5 * 5 - 1);
        assert!(message(&format!("refused {}", "x".repeat(100_000))).ends_with(": refused"));
        assert!(message(&"x".repeat(100_000)).ends_with(": "));
    }

    #[test]
    fn a_deeply_nested_answer_is_refused_and_not_recursed_into() {
        let body = "[".repeat(1_000_000);
        assert_eq!(judge(200, body.as_bytes()).unwrap_err().status, Status::BadResponse);
        let body = format!("{{\"Response\":{{\"Unknown\":{body}");
        assert_eq!(judge(200, body.as_bytes()).unwrap_err().status, Status::BadResponse);
    }
}
