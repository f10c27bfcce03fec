//! Whether a failed request is sent again, and after how long. Pure: what is random is handed in. Uses `error`.
//!
//! Sent again is what may succeed unchanged within seconds: the service was not reached, failed inside, or had too many
//! requests. The wait is random between nothing and a window that doubles with every attempt ("full jitter"), so that
//! clients that failed together do not come back together. What the service said in `Retry-After` comes on top. What may have changed
//! something is not sent again.

use std::time::Duration;

use crate::error::{Error, Status};

/// How often a request is sent at most, where the caller says nothing.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 4;

/// The window of the first wait.
const FIRST_WINDOW: Duration = Duration::from_millis(250);
/// The same after a throttled answer: the service counts by the second.
const FIRST_WINDOW_THROTTLED: Duration = Duration::from_secs(1);
const LONGEST_WINDOW: Duration = Duration::from_secs(8);

/// How stubborn a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How often a request is sent at most; 1 turns retries off.
    pub max_attempts: u32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { max_attempts: DEFAULT_MAX_ATTEMPTS }
    }
}

impl Policy {
    /// How long to wait before the next attempt, after `attempts` of them (at least one) of which the last ended in
    /// `error`; `None`: the error is final. `random` is uniform in 0 to 1.
    pub fn wait_after(&self, attempts: u32, error: &Error, random: f64) -> Option<Duration> {
        if attempts >= self.max_attempts || error.outcome_unknown || !is_worth_another_attempt(error) {
            return None;
        }
        let asked_for = error.retry_after.unwrap_or_default();
        Some(asked_for.saturating_add(part(window(attempts, error.status), random)))
    }
}

/// `random` of `whole`, for a `random` in 0 to 1.
pub(crate) fn part(whole: Duration, random: f64) -> Duration {
    Duration::try_from_secs_f64(whole.as_secs_f64() * random).map_or(whole, |part| part.min(whole))
}

fn is_worth_another_attempt(error: &Error) -> bool {
    match error.status {
        Status::ConnectFailed | Status::ResolveFailed | Status::Timeout | Status::Throttled => true,
        // The other codes of this status (`FailedOperation`, `ResourceInUse`, ...) do not pass within seconds. Without a
        // code it is a 5xx of something on the way.
        Status::ServiceFailed => {
            matches!(error.code.split('.').next(), Some("" | "InternalError" | "ServiceUnavailable"))
        }
        // A proxy that cannot be reached passes; one that wants a password does not.
        Status::ProxyFailed => error.retryable,
        _ => false,
    }
}

fn window(attempts: u32, status: Status) -> Duration {
    let first = if status == Status::Throttled { FIRST_WINDOW_THROTTLED } else { FIRST_WINDOW };
    first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(LONGEST_WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { max_attempts: 100 };

    fn error(status: Status, code: &str) -> Error {
        Error { code: code.to_owned(), ..Error::new(status, "") }
    }

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn what_may_succeed_unchanged_within_seconds_is_sent_again_and_nothing_else() {
        use Status::*;
        let table = [
            (ConnectFailed, "", true),
            (ResolveFailed, "", true),
            (Timeout, "", true),
            (Throttled, "RequestLimitExceeded", true),
            (Throttled, "RequestLimitExceeded.UinLimitExceeded", true),
            (ServiceFailed, "", true),
            (ServiceFailed, "InternalError", true),
            (ServiceFailed, "InternalError.DbError", true),
            (ServiceFailed, "ServiceUnavailable", true),
            (ServiceFailed, "ServiceUnavailable.Busy", true),
            (ServiceFailed, "InternalErrors", false),
            (ServiceFailed, "FailedOperation", false),
            (ServiceFailed, "ResourceInUse", false),
            (ServiceFailed, "ResourceInsufficient", false),
            (ServiceFailed, "ResourceUnavailable", false),
            (InvalidArgument, "", false),
            (BufferTooSmall, "", false),
            (NoCredentials, "", false),
            (AuthRejected, "AuthFailure.SignatureFailure", false),
            (PermissionDenied, "UnauthorizedOperation", false),
            (ClockSkew, "AuthFailure.SignatureExpire", false),
            (RequestRejected, "InvalidParameter", false),
            (NotFound, "ResourceNotFound", false),
            (TlsFailed, "", false),
            (Cancelled, "", false),
            (BadResponse, "", false),
            (Internal, "", false),
            (ProxyFailed, "", false),
            (CredentialsFailed, "", false),
        ];
        for (status, code, is_sent_again) in table {
            let wait = POLICY.wait_after(1, &error(status, code), 0.5);
            assert_eq!(wait.is_some(), is_sent_again, "{status:?} {code}");
        }
    }

    #[test]
    fn a_proxy_that_may_answer_later_is_tried_again() {
        let failed = Error { retryable: true, ..error(Status::ProxyFailed, "") };
        assert!(POLICY.wait_after(1, &failed, 0.5).is_some());
    }

    #[test]
    fn the_window_doubles_up_to_eight_seconds() {
        let table = [
            (Status::ConnectFailed, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]),
            (Status::Throttled, [1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0]),
        ];
        for (status, windows) in table {
            for (attempts, window) in (1..).zip(windows) {
                for random in [0.0, 0.25, 1.0] {
                    let wait = POLICY.wait_after(attempts, &error(status, ""), random);
                    assert_eq!(wait, Some(seconds(window * random)), "{status:?}, {attempts}, {random}");
                }
            }
        }
    }

    #[test]
    fn the_attempt_that_is_the_last_one_allowed_is_final() {
        let failed = error(Status::ConnectFailed, "");
        for max_attempts in 1..6 {
            let policy = Policy { max_attempts };
            let waits = (1..8).filter(|attempts| policy.wait_after(*attempts, &failed, 0.5).is_some()).count();
            assert_eq!(waits, max_attempts as usize - 1);
        }
    }

    #[test]
    fn four_attempts_are_the_default() {
        assert_eq!(Policy::default().max_attempts, 4);
    }

    #[test]
    fn what_the_service_asks_for_is_waited_and_the_jitter_on_top() {
        let asked = Error { retry_after: Some(seconds(3.0)), ..error(Status::Throttled, "") };
        assert_eq!(POLICY.wait_after(1, &asked, 0.0), Some(seconds(3.0)));
        assert_eq!(POLICY.wait_after(1, &asked, 0.5), Some(seconds(3.5)));
    }

    #[test]
    fn a_retry_after_does_not_make_an_error_worth_another_attempt() {
        let refused = Error { retry_after: Some(seconds(3.0)), ..error(Status::RequestRejected, "") };
        assert_eq!(POLICY.wait_after(1, &refused, 0.5), None);
    }

    #[test]
    fn absurd_values_neither_overflow_nor_shorten_the_wait() {
        let stubborn = Policy { max_attempts: u32::MAX };
        let endless = Duration::from_secs(1_000_000_000_000_000_000);
        for asked_for in [endless, Duration::MAX] {
            let asked = Error { retry_after: Some(asked_for), ..error(Status::Throttled, "") };
            for attempts in [0, 1, 33, u32::MAX - 1] {
                for random in [0.0, 1.0, -1.0, 2.0, f64::NAN, f64::INFINITY] {
                    let wait = stubborn.wait_after(attempts, &asked, random).unwrap();
                    assert!(wait >= asked_for, "{attempts}, {random}: {wait:?}");
                    assert!(wait <= asked_for.saturating_add(LONGEST_WINDOW), "{attempts}, {random}: {wait:?}");
                }
            }
        }
    }
}
