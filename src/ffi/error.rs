//! Statuses and the error struct. Uses `error`.

use std::ffi::{CStr, c_char};
use std::time::Duration;

use super::Attempts;
use crate::error::{Error, Status};

/// What a call came to. 0 is success, errors are positive: `if (trro_f(...))` reads "if it failed". The vendor's field
/// and remote SDKs have it the other way round: 1 is success, 0 or a negative number is a failure.
///
/// Every function that returns a status may return TRRO_STATUS_OK and TRRO_STATUS_INVALID_ARGUMENT, and every one that takes an
/// error TRRO_STATUS_INTERNAL. A function with an action is one that calls the service, but for
/// trro_client_diagnose(), which tells in its steps what fails. Numbers never change; new ones may come.
pub type trro_status = i32;

/// It worked.
/// Returned by: every function that returns a status.
/// What to do: use the outputs.
pub const TRRO_STATUS_OK: trro_status = 0;
/// The caller broke the contract, and nothing was sent. NULL, a bad size or range, text that is not UTF-8, a ca_file or a config.json that cannot
/// be read (its errno is in error->os_error), a client used after fork() or from inside of its own callback, or
/// trro_client_resume() before the cancelled calls have returned. The message names the argument.
/// Returned by: every function that returns a status.
/// What to do: mend the program or its configuration; wait, with trro_client_resume().
pub const TRRO_STATUS_INVALID_ARGUMENT: trro_status = 1;
/// The answer does not fit the buffer; *needed_size says what is enough. An answer of the service is kept for 10 s, one a
/// client: the same call with enough room gets it without a second request, unless another answer has taken its place.
/// Returned by: every function with a buffer.
/// What to do: call again with a buffer of *needed_size bytes, in a loop. A call that changes something was not sent.
pub const TRRO_STATUS_BUFFER_TOO_SMALL: trro_status = 2;
/// No source gave credentials; or those that there are hold no more: they have expired, or are a signing key for another day
/// than the service's. Nothing was sent with them. The message names both days, or the places where a key may be.
/// Returned by: trro_client_new, every function with an action.
/// What to do: set config->credentials, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY; get a key for today.
pub const TRRO_STATUS_NO_CREDENTIALS: trro_status = 3;
/// The service knows no such key, or the signature or the token is wrong.
/// Returned by: every function with an action.
/// What to do: check key and token; the service's own message says which.
pub const TRRO_STATUS_AUTH_REJECTED: trro_status = 4;
/// The key is good and may not do this, or an address rule of the account forbids it. The code in error->code says which.
/// Returned by: every function with an action.
/// What to do: grant the key trro:GetDevices (or the action that was called) in the account's access management.
pub const TRRO_STATUS_PERMISSION_DENIED: trro_status = 5;
/// The service refused the time of the request, more than 5 minutes from its own, and no further attempt was left or its
/// answers do not tell the time. If they do, the next call goes by the service's time.
/// Returned by: every function with an action.
/// What to do: try again; if that does not help, set the clock of the machine (NTP).
pub const TRRO_STATUS_CLOCK_SKEW: trro_status = 6;
/// Too many requests: the service documents 20 a second for each action (50 for two), and not whether that is for an account, a key
/// or a region. With error->attempts 0 the service was not asked: the turn of the call, by max_requests_per_s, by fleet_size
/// or because the service has refused the client lately, would have come after its deadline.
/// Returned by: every function with an action.
/// What to do: wait for error->retry_after_ms, and try again.
pub const TRRO_STATUS_THROTTLED: trro_status = 7;
/// The service refused the request: a parameter, the region, the page size, a quota, or with a code that this version
/// does not know. error->code and the message say which.
/// Returned by: every function with an action.
/// What to do: mend the request; trying again does not help. MissingParameter that names Region: set config->region.
pub const TRRO_STATUS_REQUEST_REJECTED: trro_status = 8;
/// The service says by an error that it does not know what was asked for. Whether GetDevices does so for an unknown
/// project or device, or gives no rows, is documented nowhere: check for both.
/// Returned by: every function with an action.
/// What to do: check the ids.
pub const TRRO_STATUS_NOT_FOUND: trro_status = 9;
/// The service failed: InternalError, ServiceUnavailable and their like, or an HTTP status of 5xx.
/// Returned by: every function with an action.
/// What to do: try again later.
pub const TRRO_STATUS_SERVICE_FAILED: trro_status = 10;
/// The name of the endpoint did not resolve.
/// Returned by: every function with an action, trro_client_connect.
/// What to do: check the network; try again later.
pub const TRRO_STATUS_RESOLVE_FAILED: trro_status = 11;
/// No connection: refused, unreachable, reset, closed before the answer was whole, or no descriptor (EMFILE) or thread left
/// for it. error->os_error has the errno, or 0 if the other side closed.
/// Returned by: trro_client_new, every function with an action, trro_client_connect, trro_watch_new.
/// What to do: check the network; try again later. With EMFILE, ENFILE or EAGAIN: raise the limit, or close what leaks.
pub const TRRO_STATUS_CONNECT_FAILED: trro_status = 12;
/// The other side did not prove to be the service: certificate, name or protocol. No request was sent to it, unless it is its
/// answer that shows that the clock is wrong by which its certificate was taken. Or it did, and refused this client.
/// Returned by: every function with an action, trro_client_connect.
/// What to do: check the clock, the endpoint, ca_file and client_cert_file; the message says which.
pub const TRRO_STATUS_TLS_FAILED: trro_status = 13;
/// deadline_ms or connect_timeout_ms passed; the message says in what.
/// Returned by: every function with an action, trro_client_connect.
/// What to do: try again later, or give it more time.
pub const TRRO_STATUS_TIMEOUT: trro_status = 14;
/// The program called trro_client_cancel().
/// Returned by: every function with an action, trro_client_connect, trro_client_diagnose.
/// What to do: nothing; before the next call, trro_client_resume(). After a call that changes something, see outcome_unknown.
pub const TRRO_STATUS_CANCELLED: trro_status = 15;
/// What came back is not an answer of this API, or larger than max_response_bytes. The message names the field: one of
/// another type than documented, a string with a NUL character, a list of more than 10000, a RequestId that is missing. No row of
/// it is given.
/// Returned by: every function with an action.
/// What to do: check the endpoint, and what stands between (a captive portal, a proxy).
pub const TRRO_STATUS_BAD_RESPONSE: trro_status = 16;
/// A fault of this library. Nothing was written to stderr; the client can still be used.
/// Returned by: every function that takes an error.
/// What to do: report it, with the message.
pub const TRRO_STATUS_INTERNAL: trro_status = 17;
/// The proxy cannot be reached, wants another user or password, refused, or does not speak its protocol. The request was not
/// sent. The message names the proxy, without user and password.
/// Returned by: every function with an action, trro_client_connect.
/// What to do: check the proxy, config->proxy and the environment's HTTPS_PROXY and ALL_PROXY.
pub const TRRO_STATUS_PROXY_FAILED: trro_status = 18;
/// A source of credentials other than config->credentials is there and is incomplete, malformed or open to others, or it
/// failed: credentials_fn, the metadata service. (What is wrong with config->credentials is TRRO_STATUS_INVALID_ARGUMENT.)
/// Returned by: trro_client_new, every function with an action.
/// What to do: mend the source that the message names.
pub const TRRO_STATUS_CREDENTIALS_FAILED: trro_status = 19;

/// The name of every status, at its number.
const NAMES: [&CStr; 20] = [
    c"TRRO_STATUS_OK",
    c"TRRO_STATUS_INVALID_ARGUMENT",
    c"TRRO_STATUS_BUFFER_TOO_SMALL",
    c"TRRO_STATUS_NO_CREDENTIALS",
    c"TRRO_STATUS_AUTH_REJECTED",
    c"TRRO_STATUS_PERMISSION_DENIED",
    c"TRRO_STATUS_CLOCK_SKEW",
    c"TRRO_STATUS_THROTTLED",
    c"TRRO_STATUS_REQUEST_REJECTED",
    c"TRRO_STATUS_NOT_FOUND",
    c"TRRO_STATUS_SERVICE_FAILED",
    c"TRRO_STATUS_RESOLVE_FAILED",
    c"TRRO_STATUS_CONNECT_FAILED",
    c"TRRO_STATUS_TLS_FAILED",
    c"TRRO_STATUS_TIMEOUT",
    c"TRRO_STATUS_CANCELLED",
    c"TRRO_STATUS_BAD_RESPONSE",
    c"TRRO_STATUS_INTERNAL",
    c"TRRO_STATUS_PROXY_FAILED",
    c"TRRO_STATUS_CREDENTIALS_FAILED",
];

/// The name of a status.
///
/// @param status  Any number.
/// @return A static string, such as "TRRO_STATUS_TIMEOUT"; "TRRO_STATUS_UNKNOWN" for a number that is no status. Never
///         NULL.
/// @par Threads
/// Any.
/// @par Blocking
/// Never.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn trro_status_name(status: trro_status) -> *const c_char {
    let name = usize::try_from(status).ok().and_then(|number| NAMES.get(number));
    name.unwrap_or(&c"TRRO_STATUS_UNKNOWN").as_ptr()
}

/// What happened, in full. The caller owns it, and may pass NULL where it is not wanted. Every function that takes one
/// writes all of it, so that it needs no initialising: after a success everything is 0 but `attempts`.
///
/// 512 bytes, for ever.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_error {
    /// What the function returned.
    pub status: trro_status,
    /// 1: the same call may succeed later, without a change to the program or its configuration: the network, the clock
    /// or the load may be another. 0: something has to be mended first, or outcome_unknown is 1.
    pub retryable: i32,
    /// The HTTP status of the answer that the call failed by; 0: there was none. The service answers 200 to failures
    /// too.
    pub http_status: i32,
    /// errno of the system call that failed, or 0.
    pub os_error: i32,
    /// How often the call has sent the request, or tried to. 0: nothing was tried; after a success, the answer was kept from
    /// before. A connection that was closed while it was idle is replaced without being counted.
    pub attempts: u32,
    /// How long to wait before trying again; 0: not known. After TRRO_STATUS_THROTTLED, until the next turn of this client.
    pub retry_after_ms: u32,
    /// 1: a call that changes something may have been carried out all the same: a byte of the request had left, and no answer came by which
    /// the service refuses it (one by which it fails, as InternalError, does not say that). Then retryable is 0: ask the service how
    /// things are, and give it time, before you do it again. Always 0 after calls that change nothing.
    pub outcome_unknown: i32,
    /// The service's error code, "AuthFailure.SignatureExpire", or "". Always terminated.
    pub code: [c_char; 64],
    /// The service's id of the request, which its support asks for, or "". Always terminated.
    pub request_id: [c_char; 64],
    /// A sentence for people; after a colon the service's own message, in the language of the client. UTF-8, one line,
    /// cut where there is no room, always terminated. Never a secret.
    pub message: [c_char; 256],
    /// Always 0.
    pub reserved: [u8; 100],
}

const _: () = assert!(size_of::<trro_error>() == 512);

impl Default for trro_error {
    fn default() -> trro_error {
        trro_error {
            status: TRRO_STATUS_OK,
            retryable: 0,
            http_status: 0,
            os_error: 0,
            attempts: 0,
            retry_after_ms: 0,
            outcome_unknown: 0,
            code: [0; 64],
            request_id: [0; 64],
            message: [0; 256],
            reserved: [0; 100],
        }
    }
}

/// Fills in `output`, which may be NULL, and gives the status.
pub(super) unsafe fn write(output: *mut trro_error, result: &Result<Attempts, Error>) -> trro_status {
    let error = match result {
        Ok(attempts) => trro_error { attempts: *attempts, ..trro_error::default() },
        Err(error) => trro_error {
            status: error.status as trro_status,
            retryable: error.retryable.into(),
            http_status: error.http_status.into(),
            os_error: error.os_error,
            attempts: error.attempts,
            retry_after_ms: error.retry_after.map_or(0, whole_milliseconds),
            outcome_unknown: error.outcome_unknown.into(),
            code: fixed_text(&error.code),
            request_id: fixed_text(&error.request_id),
            message: fixed_text(&error.message),
            ..trro_error::default()
        },
    };
    // SAFETY: the caller of the C function vouches for it.
    unsafe { super::put(output, error) };
    error.status
}

/// At least 1, as 0 is "not known".
fn whole_milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX).max(1)
}

/// As much of `text` as there is room for, cut between characters, and a NUL.
fn fixed_text<const SIZE: usize>(text: &str) -> [c_char; SIZE] {
    let mut length = text.len().min(SIZE - 1);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    let mut fixed = [0; SIZE];
    for (to, from) in fixed.iter_mut().zip(&text.as_bytes()[..length]) {
        *to = *from as c_char;
    }
    fixed
}

// The core's numbers and the header's are the same.
const _: () = {
    assert!(Status::InvalidArgument as i32 == TRRO_STATUS_INVALID_ARGUMENT);
    assert!(Status::BufferTooSmall as i32 == TRRO_STATUS_BUFFER_TOO_SMALL);
    assert!(Status::NoCredentials as i32 == TRRO_STATUS_NO_CREDENTIALS);
    assert!(Status::AuthRejected as i32 == TRRO_STATUS_AUTH_REJECTED);
    assert!(Status::PermissionDenied as i32 == TRRO_STATUS_PERMISSION_DENIED);
    assert!(Status::ClockSkew as i32 == TRRO_STATUS_CLOCK_SKEW);
    assert!(Status::Throttled as i32 == TRRO_STATUS_THROTTLED);
    assert!(Status::RequestRejected as i32 == TRRO_STATUS_REQUEST_REJECTED);
    assert!(Status::NotFound as i32 == TRRO_STATUS_NOT_FOUND);
    assert!(Status::ServiceFailed as i32 == TRRO_STATUS_SERVICE_FAILED);
    assert!(Status::ResolveFailed as i32 == TRRO_STATUS_RESOLVE_FAILED);
    assert!(Status::ConnectFailed as i32 == TRRO_STATUS_CONNECT_FAILED);
    assert!(Status::TlsFailed as i32 == TRRO_STATUS_TLS_FAILED);
    assert!(Status::Timeout as i32 == TRRO_STATUS_TIMEOUT);
    assert!(Status::Cancelled as i32 == TRRO_STATUS_CANCELLED);
    assert!(Status::BadResponse as i32 == TRRO_STATUS_BAD_RESPONSE);
    assert!(Status::Internal as i32 == TRRO_STATUS_INTERNAL);
    assert!(Status::ProxyFailed as i32 == TRRO_STATUS_PROXY_FAILED);
    assert!(Status::CredentialsFailed as i32 == TRRO_STATUS_CREDENTIALS_FAILED);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_status_has_a_name_too() {
        for status in [i32::MIN, -1, 20, i32::MAX] {
            let name = unsafe { CStr::from_ptr(trro_status_name(status)) };
            assert_eq!(name, c"TRRO_STATUS_UNKNOWN");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_terminated() {
        let cut: [c_char; 8] = fixed_text("车车车");
        assert_eq!(unsafe { CStr::from_ptr(cut.as_ptr()) }.to_str(), Ok("车车"));
        let whole: [c_char; 8] = fixed_text("1234567");
        assert_eq!(unsafe { CStr::from_ptr(whole.as_ptr()) }, c"1234567");
    }
}
