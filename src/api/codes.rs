//! Every error code that the service documents, and what it means for the caller. Uses `error`.
//!
//! Sources: the error lists of the TRRO actions and the common error codes of Tencent Cloud's API documents. Which codes
//! are worth another try is a judgement, and errs on the side of not trying.

use crate::error::Status;

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The status that C programs see.
    pub status: Status,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl Meaning {
    /// Our sentence for it, which stands before the service's own message.
    pub fn sentence(self) -> &'static str {
        match self.status {
            Status::AuthRejected => "the service refused the credentials or the signature",
            Status::PermissionDenied => "the credentials may not do this",
            Status::ClockSkew => "the service refused the time of the request; the clock of this machine is wrong",
            Status::Throttled => "the service has had too many requests",
            Status::NotFound => "the service does not know what was asked for",
            Status::ServiceFailed => "the service failed",
            _ => "the service refused the request",
        }
    }
}

const fn never(status: Status) -> Meaning {
    Meaning { status, retryable: false }
}

const fn later(status: Status) -> Meaning {
    Meaning { status, retryable: true }
}

/// Every documented code, in alphabetical order.
pub const CODES: &[(&str, Meaning)] = &[
    ("ActionOffline", never(Status::RequestRejected)),
    ("AuthFailure.InvalidAuthorization", never(Status::AuthRejected)),
    ("AuthFailure.InvalidSecretId", never(Status::AuthRejected)),
    ("AuthFailure.MFAFailure", never(Status::AuthRejected)),
    ("AuthFailure.SecretIdNotFound", never(Status::AuthRejected)),
    ("AuthFailure.SignatureExpire", later(Status::ClockSkew)),
    ("AuthFailure.SignatureFailure", never(Status::AuthRejected)),
    ("AuthFailure.TokenFailure", never(Status::AuthRejected)),
    ("AuthFailure.UnauthorizedOperation", never(Status::PermissionDenied)),
    ("DryRunOperation", never(Status::RequestRejected)),
    ("FailedOperation", later(Status::ServiceFailed)),
    ("InternalError", later(Status::ServiceFailed)),
    ("InvalidAction", never(Status::RequestRejected)),
    ("InvalidParameter", never(Status::RequestRejected)),
    ("InvalidParameterValue", never(Status::RequestRejected)),
    ("InvalidRequest", never(Status::RequestRejected)),
    ("IpInBlacklist", never(Status::PermissionDenied)),
    ("IpNotInWhitelist", never(Status::PermissionDenied)),
    ("LimitExceeded", never(Status::Throttled)),
    ("MissingParameter", never(Status::RequestRejected)),
    ("NoSuchProduct", never(Status::RequestRejected)),
    ("NoSuchVersion", never(Status::RequestRejected)),
    ("OperationDenied", never(Status::PermissionDenied)),
    ("OperationDenied.LicensesNotEnoughError", never(Status::PermissionDenied)),
    ("RequestLimitExceeded", later(Status::Throttled)),
    ("RequestLimitExceeded.GlobalRegionUinLimitExceeded", later(Status::Throttled)),
    ("RequestLimitExceeded.IPLimitExceeded", later(Status::Throttled)),
    ("RequestLimitExceeded.UinLimitExceeded", later(Status::Throttled)),
    ("RequestSizeLimitExceeded", never(Status::RequestRejected)),
    ("ResourceInUse", later(Status::ServiceFailed)),
    ("ResourceInsufficient", later(Status::ServiceFailed)),
    ("ResourceNotFound", never(Status::NotFound)),
    ("ResourceUnavailable", later(Status::ServiceFailed)),
    ("ResponseSizeLimitExceeded", never(Status::RequestRejected)),
    ("ServiceUnavailable", later(Status::ServiceFailed)),
    ("UnauthorizedOperation", never(Status::PermissionDenied)),
    ("UnknownParameter", never(Status::RequestRejected)),
    ("UnsupportedOperation", never(Status::RequestRejected)),
    ("UnsupportedProtocol", never(Status::RequestRejected)),
    ("UnsupportedRegion", never(Status::RequestRejected)),
];

/// The meaning of a code. A sub-code that is not in the table (`InvalidParameterValue.Something`) means what its first
/// part means, an unknown `AuthFailure` is about the credentials, and any other unknown code is a refusal.
pub fn lookup(code: &str) -> Meaning {
    let find = |code: &str| CODES.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning);
    let group = code.split('.').next().unwrap_or(code);
    find(code).or_else(|| find(group)).unwrap_or(if group == "AuthFailure" {
        never(Status::AuthRejected)
    } else {
        never(Status::RequestRejected)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of the documents, one a line.
    const DOCUMENTED: &str = include_str!("../../tests/service-codes.txt");

    #[test]
    fn the_table_is_complete_and_in_order() {
        let documented: Vec<&str> =
            DOCUMENTED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let known: Vec<&str> = CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(known, documented);
    }

    #[test]
    fn a_sub_code_means_what_its_group_means() {
        assert_eq!(lookup("InvalidParameterValue.PageSize").status, Status::RequestRejected);
        assert_eq!(lookup("RequestLimitExceeded.New"), later(Status::Throttled));
        assert_eq!(lookup("AuthFailure.New"), never(Status::AuthRejected));
        assert_eq!(lookup("ResourceNotFound.Device").status, Status::NotFound);
    }

    #[test]
    fn an_unknown_code_is_a_refusal() {
        assert_eq!(lookup("SomethingNew"), never(Status::RequestRejected));
        assert_eq!(lookup(""), never(Status::RequestRejected));
    }
}
