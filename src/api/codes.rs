//! Every error code that the service documents, and what it means for the caller. Uses `error`.
//!
//! Sources: the error lists of the TRRO actions and the common error codes of Tencent Cloud's API documents. No source groups
//! them by what a caller can do; this table does.

use crate::error::Status;

/// Every documented code, in alphabetical order.
pub const CODES: &[(&str, Status)] = &[
    ("ActionOffline", Status::RequestRejected),
    ("AuthFailure.InvalidAuthorization", Status::AuthRejected),
    ("AuthFailure.InvalidSecretId", Status::AuthRejected),
    ("AuthFailure.MFAFailure", Status::AuthRejected),
    ("AuthFailure.SecretIdNotFound", Status::AuthRejected),
    ("AuthFailure.SignatureExpire", Status::ClockSkew),
    ("AuthFailure.SignatureFailure", Status::AuthRejected),
    ("AuthFailure.TokenFailure", Status::AuthRejected),
    ("AuthFailure.UnauthorizedOperation", Status::PermissionDenied),
    ("DryRunOperation", Status::RequestRejected),
    ("FailedOperation", Status::ServiceFailed),
    ("InternalError", Status::ServiceFailed),
    ("InvalidAction", Status::RequestRejected),
    ("InvalidParameter", Status::RequestRejected),
    ("InvalidParameterValue", Status::RequestRejected),
    ("InvalidRequest", Status::RequestRejected),
    ("IpInBlacklist", Status::PermissionDenied),
    ("IpNotInWhitelist", Status::PermissionDenied),
    ("LimitExceeded", Status::RequestRejected),
    ("MissingParameter", Status::RequestRejected),
    ("NoSuchProduct", Status::RequestRejected),
    ("NoSuchVersion", Status::RequestRejected),
    ("OperationDenied", Status::PermissionDenied),
    ("OperationDenied.LicensesNotEnoughError", Status::PermissionDenied),
    ("RequestLimitExceeded", Status::Throttled),
    ("RequestLimitExceeded.GlobalRegionUinLimitExceeded", Status::Throttled),
    ("RequestLimitExceeded.IPLimitExceeded", Status::Throttled),
    ("RequestLimitExceeded.UinLimitExceeded", Status::Throttled),
    ("RequestSizeLimitExceeded", Status::RequestRejected),
    ("ResourceInUse", Status::ServiceFailed),
    ("ResourceInsufficient", Status::ServiceFailed),
    ("ResourceNotFound", Status::NotFound),
    ("ResourceUnavailable", Status::ServiceFailed),
    ("ResponseSizeLimitExceeded", Status::RequestRejected),
    ("ServiceUnavailable", Status::ServiceFailed),
    ("UnauthorizedOperation", Status::PermissionDenied),
    ("UnknownParameter", Status::RequestRejected),
    ("UnsupportedOperation", Status::RequestRejected),
    ("UnsupportedProtocol", Status::RequestRejected),
    ("UnsupportedRegion", Status::RequestRejected),
];

/// What a code means. A sub-code that is not in the table (`InvalidParameterValue.Something`) means what its first part
/// means, an unknown `AuthFailure` is about the credentials, and any other unknown code is a refusal.
pub fn status(code: &str) -> Status {
    let find = |code: &str| CODES.iter().find(|(known, _)| *known == code).map(|(_, status)| *status);
    let group = code.split('.').next().unwrap_or(code);
    let unknown = if group == "AuthFailure" { Status::AuthRejected } else { Status::RequestRejected };
    find(code).or_else(|| find(group)).unwrap_or(unknown)
}

/// Whether the service has refused a request by this code, and has not carried it out. Of a code that is not known, and of one by
/// which the service failed inside, nobody can say.
pub fn is_refusal(code: &str) -> bool {
    let group = code.split('.').next().unwrap_or(code);
    let is_known = group == "AuthFailure" || CODES.iter().any(|(known, _)| *known == code || *known == group);
    is_known && status(code) != Status::ServiceFailed
}

/// Our sentence for what a code means, which stands before the service's own message.
pub fn sentence(status: Status) -> &'static str {
    match status {
        Status::AuthRejected => "the service refused the credentials or the signature",
        Status::PermissionDenied => "the service does not allow this",
        Status::ClockSkew => "the service refused the time of the request; the clock of this machine is wrong",
        Status::Throttled => "the service has had too many requests",
        Status::NotFound => "the service does not know what was asked for",
        Status::ServiceFailed => "the service failed",
        _ => "the service refused the request",
    }
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
        assert_eq!(status("InvalidParameterValue.PageSize"), Status::RequestRejected);
        assert_eq!(status("RequestLimitExceeded.New"), Status::Throttled);
        assert_eq!(status("AuthFailure.New"), Status::AuthRejected);
        assert_eq!(status("ResourceNotFound.Device"), Status::NotFound);
    }

    #[test]
    fn an_unknown_code_is_a_refusal() {
        assert_eq!(status("SomethingNew"), Status::RequestRejected);
        assert_eq!(status(""), Status::RequestRejected);
    }
}
