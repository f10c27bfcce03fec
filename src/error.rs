//! The one error type: what happened, in a status, the service's own words, and a sentence for people. Uses nothing.

use std::fmt;
use std::path::Path;
use std::time::Duration;

/// What kind of failure it is. The numbers are part of the public interface and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// The caller broke the contract; nothing was sent.
    InvalidArgument = 1,
    /// The caller's buffer has no room for the answer.
    BufferTooSmall = 2,
    /// No source gave credentials.
    NoCredentials = 3,
    /// Unknown key, wrong signature, bad token.
    AuthRejected = 4,
    /// The key is good and may not do this.
    PermissionDenied = 5,
    /// The service refused the time of the request.
    ClockSkew = 6,
    /// Too many requests.
    Throttled = 7,
    /// The service refused a parameter.
    RequestRejected = 8,
    /// What was asked for does not exist.
    NotFound = 9,
    /// The service failed.
    ServiceFailed = 10,
    /// The name of the service did not resolve.
    ResolveFailed = 11,
    /// Refused, unreachable, reset, closed early.
    ConnectFailed = 12,
    /// Certificate, name, or protocol of TLS.
    TlsFailed = 13,
    /// The deadline passed.
    Timeout = 14,
    /// The caller cancelled.
    Cancelled = 15,
    /// Not an answer of this API, or larger than allowed.
    BadResponse = 16,
    /// A fault of this library.
    Internal = 17,
    /// The proxy refused or failed.
    ProxyFailed = 18,
    /// A source of credentials is there and cannot be used.
    CredentialsFailed = 19,
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure it is.
    pub status: Status,
    /// A sentence for people. Never holds a secret.
    pub message: String,
    /// The service's code, such as `AuthFailure.SignatureExpire`, or empty.
    pub code: String,
    /// The service's id of the request, or empty.
    pub request_id: String,
    /// The HTTP status of the answer, 0 without one.
    pub http_status: u16,
    /// `errno` of the failing system call, or 0.
    pub os_error: i32,
    /// How often the call has sent the request, or tried to.
    pub attempts: u32,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// How long to wait before, if that is known.
    pub retry_after: Option<Duration>,
    /// Whether the request may have changed something all the same.
    pub outcome_unknown: bool,
}

impl Error {
    /// An error that says `message`; whether it is worth trying again follows from the status.
    pub fn new(status: Status, message: impl Into<String>) -> Error {
        use Status::*;
        Error {
            status,
            message: message.into(),
            code: String::new(),
            request_id: String::new(),
            http_status: 0,
            os_error: 0,
            attempts: 0,
            retryable: matches!(
                status,
                Throttled | ServiceFailed | ResolveFailed | ConnectFailed | Timeout | ClockSkew
            ),
            retry_after: None,
            outcome_unknown: false,
        }
    }

    /// The caller broke the contract: `name` names an argument or a field, `fault` what is wrong with it ("is empty").
    pub fn invalid_argument(name: &str, fault: impl fmt::Display) -> Error {
        Error::new(Status::InvalidArgument, format!("{name} {fault}"))
    }

    /// What the caller asks for was left out when the library was built: `asked` says by what it is asked for ("proxy is
    /// given"), `what` what there is not, and `feature` what to build with.
    pub fn left_out(asked: &str, what: &str, feature: &str) -> Error {
        let missing = format!("this build of libtrro has no {what} (feature \"{feature}\")");
        let message = if asked.is_empty() { missing } else { [asked, ", and ", &missing].concat() };
        Error::new(Status::InvalidArgument, message)
    }

    /// The same error where the field that it names is part of something larger: `config->` before `endpoint`.
    #[must_use]
    pub fn inside(mut self, whole: &str) -> Error {
        if self.status == Status::InvalidArgument {
            self.message.insert_str(0, whole);
        }
        self
    }

    /// The same error of a request that may have changed something all the same: the same call again is no cure.
    #[must_use]
    pub fn left_open(mut self) -> Error {
        if !self.outcome_unknown {
            self.message.push_str("; it may have been carried out all the same");
        }
        Error { outcome_unknown: true, retryable: false, ..self }
    }

    /// The same error, with the `errno` of the system call that failed.
    #[must_use]
    pub fn with_os_error(mut self, cause: &std::io::Error) -> Error {
        self.os_error = cause.raw_os_error().unwrap_or(0);
        self
    }

    /// Replaces every occurrence of `secret` in the texts, most of which come from the network.
    pub fn redact(&mut self, secret: &str) {
        // No key is that short, and replacing it would spoil the text without hiding anything.
        if secret.len() < 8 {
            return;
        }
        for text in [&mut self.message, &mut self.code, &mut self.request_id] {
            if text.contains(secret) {
                *text = text.replace(secret, "***");
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            write!(formatter, "{}", self.message)
        } else {
            write!(formatter, "{} ({})", self.message, self.code)
        }
    }
}

impl std::error::Error for Error {}

/// Text from outside as it may stand in a message: on one line, and without characters that change what others look
/// like.
pub fn printable(text: &str) -> String {
    let disturbs = |character: char| {
        character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match text.contains(disturbs) {
        true => text.replace(disturbs, " "),
        false => text.to_owned(),
    }
}

/// A path as it may stand in a message: of a long one the end, so that there is room for what is wrong with it.
pub fn shown(path: &Path) -> String {
    const MOST_BYTES: usize = 120;
    let path = printable(&path.to_string_lossy());
    let from = path.len().saturating_sub(MOST_BYTES);
    match (from..path.len()).find(|at| path.is_char_boundary(*at)) {
        Some(at) if from > 0 => ["...", &path[at..]].concat(),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_removes_the_secret_from_every_text() {
        let mut error = Error::new(Status::AuthRejected, "key s3cretkey is unknown, s3cretkey!");
        error.code = "s3cretkey".into();
        error.request_id = "id-s3cretkey".into();
        error.redact("s3cretkey");
        assert_eq!(error.message, "key *** is unknown, ***!");
        assert_eq!(error.code, "***");
        assert_eq!(error.request_id, "id-***");
    }

    #[test]
    fn redact_of_an_empty_secret_changes_nothing() {
        let mut error = Error::new(Status::AuthRejected, "unknown key");
        error.redact("");
        assert_eq!(error.message, "unknown key");
    }

    #[test]
    fn of_a_long_path_the_end_is_shown() {
        assert_eq!(shown(Path::new("/etc/trro.json")), "/etc/trro.json");
        assert_eq!(shown(Path::new("")), "");
        assert_eq!(shown(Path::new(&"a".repeat(120))), "a".repeat(120));
        assert_eq!(shown(Path::new(&format!("/b{}", "a".repeat(120)))), format!("...{}", "a".repeat(120)));
        assert_eq!(shown(Path::new(&format!("车{}", "a".repeat(119)))), format!("...{}", "a".repeat(119)));
    }

    #[test]
    fn printable_keeps_no_control_character() {
        assert_eq!(printable("a\r\nb\u{1b}[31m\u{9b}c\u{2028}\u{202e}d"), "a  b [31m c  d");
    }
}
