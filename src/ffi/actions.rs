//! Any action, with JSON, and the numbers that actions share. Uses `api`, `client`.

use std::ffi::c_char;
use std::ptr;

use super::arguments::{required, required_line};
use super::call::{Room, carry_out};
use super::client::trro_client;
use super::error::{trro_error, trro_status};
use super::{on_client, put};
use crate::api;
use crate::api::request::Request;

/// In place of a number that the service did not send, or sent as null.
pub const TRRO_ABSENT: i64 = i64::MIN;

/// trro_license.status: bound to no device.
pub const TRRO_LICENSE_STATUS_UNBOUND: i64 = 0;
/// trro_license.status: bound to a device.
pub const TRRO_LICENSE_STATUS_BOUND: i64 = 1;
/// trro_license.status: its service is suspended.
pub const TRRO_LICENSE_STATUS_SUSPENDED: i64 = 2;
/// trro_license.status: refunded.
pub const TRRO_LICENSE_STATUS_REFUNDED: i64 = 3;

/// trro_get_licenses_request.status_filter: every license.
pub const TRRO_LICENSE_FILTER_ALL: i64 = 0;
/// trro_get_licenses_request.status_filter: those that are bound to no device.
pub const TRRO_LICENSE_FILTER_UNBOUND: i64 = 100;
/// trro_get_licenses_request.status_filter: those that are bound to a device.
pub const TRRO_LICENSE_FILTER_BOUND: i64 = 101;
/// trro_get_licenses_request.status_filter: those whose service is suspended.
pub const TRRO_LICENSE_FILTER_SUSPENDED: i64 = 102;
/// trro_get_licenses_request.status_filter: those that were refunded.
pub const TRRO_LICENSE_FILTER_REFUNDED: i64 = 103;

/// Carries out any action of the API, with JSON: for actions that have no function of their own (some are offered on the site for China
/// only), and for programs that have the JSON at hand. Version 2022-03-25 of TRRO is asked always; an action of another product is not
/// found there.
///
/// An action that has a function of its own and changes nothing may be sent again, and if the buffer is too small, its answer is kept for
/// 10 s. Any other counts as changing something, since the library cannot know better: it is sent again only where that is safe, and
/// buffer_size must be at least TRRO_CHANGE_BUFFER_SIZE(n) for n elements in the lists at the first level of the request. An answer that
/// has no room all the same is lost: TRRO_STATUS_BAD_RESPONSE, with error->outcome_unknown 1. So give an action that lists things a buffer
/// as large as its answer can be.
///
/// The parameters are sent as they are: their names are the service's ("PageNum"), no default is put in, and nothing of them is checked
/// before sending. A "DeviceToken", "Key" or "SignKey" at the first level of the JSON
/// shows in no message.
///
/// @param client       Must not be NULL.
/// @param action       The name of the action as the service writes it, such as "DescribeDeviceList": 1 to 64 letters and digits. Must
///                     not be NULL.
/// @param json         The parameters: a JSON object, "{}" for none, of 10 MiB at most. Must not be NULL. It may lie in the buffer.
/// @param buffer       Where the answer goes, the caller's: the JSON of `Response`, as the service sent it, and a NUL. May be NULL only if
///                     buffer_size is 0.
/// @param buffer_size  Its size in bytes.
/// @param length       May be NULL. The length of the JSON, without the NUL; 0 after a failure.
/// @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough; else 0.
/// @param error        What went wrong; may be NULL. An `Error` in the answer of the service is a failure.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
///         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
///         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
///         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
///         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any number at the same time on one client. Each needs a buffer of its own.
/// @par Blocking
/// Until the answer is there, and no longer than the client's deadline_ms.
/// @par Action
/// Any, version 2022-03-25: https://www.tencentcloud.com/document/api/1252/68086 lists those of the international site,
/// https://cloud.tencent.com/document/api/1584 those for China.
/// @par Example
/// @code
/// static char buffer[1024 * 1024];
/// size_t length;
/// if (trro_call(client, "DescribeDeviceList", "{\"ProjectId\": \"m82k5408n675phvb\"}",
///               buffer, sizeof buffer, &length, NULL, &error) == TRRO_STATUS_OK)
///     fwrite(buffer, 1, length, stdout);
/// @endcode
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_call(
    client: *const trro_client,
    action: *const c_char,
    json: *const c_char,
    buffer: *mut c_char,
    buffer_size: usize,
    length: *mut usize,
    needed_size: *mut usize,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(length, 0);
        put(needed_size, 0);
        on_client(client, error, |client| {
            let action = required_line(action, "action")?;
            let changes = api::action(action).is_none_or(|action| action.changes);
            let request = Request::of_json(action, changes, required(json, "json")?)?;
            let room = Room { buffer: buffer.cast(), size: buffer_size, needed_size };
            let copy = |body: &[u8]| {
                let response = api::response(body)?;
                Ok((api::judge(200, body), (response.len(), copy_text(response, buffer, buffer_size))))
            };
            let (copied, attempts) = carry_out(client, request, None, &room, copy)?;
            put(length, copied);
            Ok(attempts)
        })
    }
}

/// Copies a text and a NUL to the start of a buffer, if there is room: how many bytes that takes.
unsafe fn copy_text(text: &str, buffer: *mut c_char, size: usize) -> Result<usize, usize> {
    let needed = text.len() + 1;
    if size < needed {
        return Err(needed);
    }
    // SAFETY: the caller of the C function vouches for the buffer, and it is large enough.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), text.len());
        buffer.add(text.len()).write(0);
    }
    Ok(needed)
}
