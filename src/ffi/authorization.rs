//! Whether a device is authorized to run. Uses `authorization`, `limiter`, `listing`, `sys`, `error`.

use std::ffi::{CStr, c_char};
use std::mem::size_of;

use super::actions::TRRO_ABSENT;
use super::arguments::{Input, input, number, refuse, required_line};
use super::bindings::trro_device;
use super::client::trro_client;
use super::error::{TRRO_STATUS_INVALID_ARGUMENT, TRRO_STATUS_OK, trro_error, trro_status};
use super::{on_client, put};
use crate::authorization::{Facts, Finding, REQUEST_ID_WORDS, Reason, Verdict, judge};
use crate::error::Error;
use crate::limiter::Asking;
use crate::listing;
use crate::sys::since_boot_ms;

/// Whether a device may run. New verdicts may come: take one that you do not know for TRRO_VERDICT_UNKNOWN.
///
/// No document says by which values the vendor's field SDK lets a device start; the verdict follows its error codes, and is
/// TRRO_VERDICT_UNKNOWN where the service's documents are silent or its answer contradicts itself. Then TRRO_start is to be
/// asked, not refused: it checks by itself.
pub type trro_verdict = i32;

/// Nothing can be said; trro_authorization.reason tells why.
pub const TRRO_VERDICT_UNKNOWN: trro_verdict = 0;
/// Enough licenses are bound, and they last.
pub const TRRO_VERDICT_AUTHORIZED: trro_verdict = 1;
/// The project has no device with exactly this id.
pub const TRRO_VERDICT_NOT_FOUND: trro_verdict = 2;
/// No license is bound to the device.
pub const TRRO_VERDICT_NOT_BOUND: trro_verdict = 3;
/// Fewer licenses are bound than it wants to send streams. That the two are compared follows from the vendor's error texts.
pub const TRRO_VERDICT_NOT_ENOUGH: trro_verdict = 4;
/// The licenses have expired: at the second of their expiry they are no longer good.
pub const TRRO_VERDICT_EXPIRED: trro_verdict = 5;
/// monthly_remain_time is 0 or less. That it decides follows from the vendor's error texts.
pub const TRRO_VERDICT_NO_DURATION: trro_verdict = 6;

/// Why a verdict is what it is. 1 to 6 are those of the verdicts with the same numbers; with 0, and from 7 on, the verdict is
/// TRRO_VERDICT_UNKNOWN. New reasons may come.
pub type trro_reason = i32;

/// Unknown: there is no answer. The service has not been asked yet, or could not be.
pub const TRRO_REASON_NOT_ASKED: trro_reason = 0;
/// As TRRO_VERDICT_AUTHORIZED.
pub const TRRO_REASON_AUTHORIZED: trro_reason = 1;
/// As TRRO_VERDICT_NOT_FOUND.
pub const TRRO_REASON_NOT_FOUND: trro_reason = 2;
/// As TRRO_VERDICT_NOT_BOUND.
pub const TRRO_REASON_NOT_BOUND: trro_reason = 3;
/// As TRRO_VERDICT_NOT_ENOUGH.
pub const TRRO_REASON_NOT_ENOUGH: trro_reason = 4;
/// As TRRO_VERDICT_EXPIRED.
pub const TRRO_REASON_EXPIRED: trro_reason = 5;
/// As TRRO_VERDICT_NO_DURATION.
pub const TRRO_REASON_NO_DURATION: trro_reason = 6;
/// Unknown: the service lists the id more than once, with different licenses, expiries or times.
pub const TRRO_REASON_ROWS_DIFFER: trro_reason = 7;
/// Unknown: the service did not say how many licenses are bound.
pub const TRRO_REASON_COUNT_UNKNOWN: trro_reason = 8;
/// Unknown: expire_time_s has passed, and remain_days is above 0. A published sample of the service's is such a row.
pub const TRRO_REASON_EXPIRY_CONTRADICTS: trro_reason = 9;
/// Unknown: the service said neither when the licenses expire nor that days remain.
pub const TRRO_REASON_EXPIRY_UNKNOWN: trro_reason = 10;
/// Unknown: the last answer is older than trro_watch_config.max_stale_s.
pub const TRRO_REASON_TOO_OLD: trro_reason = 11;
/// Unknown: the last known answer is from a file, and the clock is behind the moment at which it came.
pub const TRRO_REASON_AGE_UNKNOWN: trro_reason = 12;
/// Unknown: the device was not found in a list that changed while it was read, three times.
pub const TRRO_REASON_LIST_CHANGED: trro_reason = 13;
/// Unknown: by its row the device may run, and by available_license_count not, or the other way round.
pub const TRRO_REASON_AVAILABLE_DIFFERS: trro_reason = 14;

const _: () = {
    assert!(Verdict::Unknown as i32 == TRRO_VERDICT_UNKNOWN);
    assert!(Verdict::Authorized as i32 == TRRO_VERDICT_AUTHORIZED);
    assert!(Verdict::NotFound as i32 == TRRO_VERDICT_NOT_FOUND);
    assert!(Verdict::NotBound as i32 == TRRO_VERDICT_NOT_BOUND);
    assert!(Verdict::NotEnough as i32 == TRRO_VERDICT_NOT_ENOUGH);
    assert!(Verdict::Expired as i32 == TRRO_VERDICT_EXPIRED);
    assert!(Verdict::NoDuration as i32 == TRRO_VERDICT_NO_DURATION);
    assert!(Reason::NotAsked as i32 == TRRO_REASON_NOT_ASKED);
    assert!(Reason::Authorized as i32 == TRRO_REASON_AUTHORIZED);
    assert!(Reason::NotFound as i32 == TRRO_REASON_NOT_FOUND);
    assert!(Reason::NotBound as i32 == TRRO_REASON_NOT_BOUND);
    assert!(Reason::NotEnough as i32 == TRRO_REASON_NOT_ENOUGH);
    assert!(Reason::Expired as i32 == TRRO_REASON_EXPIRED);
    assert!(Reason::NoDuration as i32 == TRRO_REASON_NO_DURATION);
    assert!(Reason::RowsDiffer as i32 == TRRO_REASON_ROWS_DIFFER);
    assert!(Reason::CountUnknown as i32 == TRRO_REASON_COUNT_UNKNOWN);
    assert!(Reason::ExpiryContradicts as i32 == TRRO_REASON_EXPIRY_CONTRADICTS);
    assert!(Reason::ExpiryUnknown as i32 == TRRO_REASON_EXPIRY_UNKNOWN);
    assert!(Reason::TooOld as i32 == TRRO_REASON_TOO_OLD);
    assert!(Reason::AgeUnknown as i32 == TRRO_REASON_AGE_UNKNOWN);
    assert!(Reason::ListChanged as i32 == TRRO_REASON_LIST_CHANGED);
    assert!(Reason::AvailableDiffers as i32 == TRRO_REASON_AVAILABLE_DIFFERS);
};

/// There is no answer yet.
pub const TRRO_SOURCE_NONE: i32 = 0;
/// The service answered this program.
pub const TRRO_SOURCE_SERVICE: i32 = 1;
/// The last known answer, from a file that an earlier run of the program left.
pub const TRRO_SOURCE_SNAPSHOT: i32 = 2;

/// Whether a device may run, and by what. The caller owns it; every function that takes one writes all of it, so that it
/// needs no initialising. A number that is not known is TRRO_ABSENT.
///
/// 256 bytes, for ever.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_authorization {
    /// TRRO_VERDICT_...
    pub verdict: trro_verdict,
    /// What TRRO_start of the vendor's field SDK is expected to return, to be passed to its getErrorMsg: 1 for
    /// TRRO_VERDICT_AUTHORIZED, -0x02000101 for NOT_FOUND and NOT_BOUND, -0x02000102 for NOT_ENOUGH, -0x02000103 for EXPIRED,
    /// -0x02000104 for NO_DURATION; 0 for UNKNOWN.
    pub sdk_code: i32,
    /// Where the answer is from: TRRO_SOURCE_...
    pub source: i32,
    /// How many streams were asked for.
    pub streams: i32,
    /// As in trro_device; TRRO_ABSENT also where the service has no row of the device.
    pub license_count: i64,
    /// How many of the bound licenses are usable (AvailableCount of GetDeviceLicense), if trro_authorization_query.ask_available says
    /// that this is asked for as well; else, and where the service does not say, TRRO_ABSENT.
    pub available_license_count: i64,
    /// As in trro_device, at the moment of the answer.
    pub remain_days: i64,
    /// As in trro_device.
    pub expire_time_s: i64,
    /// As in trro_device, at the moment of the answer.
    pub monthly_remain_time: i64,
    /// As in trro_device.
    pub limited_time_minutes: i64,
    /// From now to expire_time_s; negative after it.
    pub seconds_left: i64,
    /// When the service answered, by its clock, in seconds since 1970.
    pub answered_at_s: i64,
    /// The same moment by CLOCK_BOOTTIME.
    pub answered_boottime_ms: i64,
    /// How long ago that was.
    pub age_ms: i64,
    /// The service's id of the request, or "". Always terminated.
    pub request_id: [c_char; 64],
    /// TRRO_REASON_...; trro_authorization_sentence() puts it in words.
    pub reason: trro_reason,
    /// Always 0.
    pub reserved: [u8; 92],
}

const _: () = assert!(size_of::<trro_authorization>() == 256);

/// Whose authorization to ask for. Initialise it with TRRO_AUTHORIZATION_QUERY_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_authorization_query {
    /// sizeof(trro_authorization_query), by TRRO_AUTHORIZATION_QUERY_INIT.
    pub struct_size: usize,
    /// The project; required, since ids are unique only inside of one.
    pub project_id: *const c_char,
    /// The device; required. A row counts if its id is exactly this.
    pub device_id: *const c_char,
    /// How many streams the device is to send (device_streams in the vendor's config.json), 1 to 2147483647; 0: 1.
    pub streams: u32,
    /// For the call, all its pages together: 1 to 600000 ms; 0: the client's.
    pub deadline_ms: u32,
    /// 1: ask GetDeviceLicense as well, which counts the bound licenses that are usable: one more request, which the key has to be allowed
    /// (trro:GetDeviceLicense), and if it fails the call fails. If it
    /// disagrees with the device's row, the verdict is TRRO_VERDICT_UNKNOWN and the reason TRRO_REASON_AVAILABLE_DIFFERS. Cannot be
    /// used with a watch. 0: do not.
    pub ask_available: u32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), begins with the size, and made of integers and pointers.
unsafe impl Input for trro_authorization_query {
    const INIT: &'static str = "TRRO_AUTHORIZATION_QUERY_INIT";
    const FIRST_SIZE: usize = size_of::<trro_authorization_query>();
}

const _: () = assert!(
    std::mem::offset_of!(trro_authorization_query, reserved) + size_of::<u32>()
        == size_of::<trro_authorization_query>()
);

/// Asks whether one device is authorized to run, at this moment: what TRRO_start of the vendor's field SDK is expected to say.
/// Devices are read page by page until one has exactly the id.
///
/// @param client         Must not be NULL.
/// @param query          Whose authorization; must not be NULL. Copied.
/// @param authorization  Where the answer goes; must not be NULL. After a failure its verdict is TRRO_VERDICT_UNKNOWN and
///                       its source TRRO_SOURCE_NONE.
/// @param error          What went wrong; may be NULL. That a device is not authorized, or not listed, is no failure; that the
///                       service refuses the ids by an error is: TRRO_STATUS_NOT_FOUND.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_NO_CREDENTIALS; TRRO_STATUS_AUTH_REJECTED;
///         TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED; TRRO_STATUS_REQUEST_REJECTED;
///         TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED; TRRO_STATUS_CONNECT_FAILED;
///         TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED; TRRO_STATUS_BAD_RESPONSE;
///         TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any number at the same time on one client.
/// @par Blocking
/// Until the answer is there, and no longer than deadline_ms.
/// @par Action
/// GetDevices, and GetDeviceLicense if it is to be asked, version 2022-03-25; they change nothing; 20 requests a second each:
/// https://www.tencentcloud.com/document/api/1252/68116 and https://www.tencentcloud.com/document/api/1252/68117
/// @par Example
/// c-examples/field_device.c asks before it starts to stream.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_check_authorization(
    client: *const trro_client,
    query: *const trro_authorization_query,
    authorization: *mut trro_authorization,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(authorization, unknown(Reason::NotAsked));
        on_client(client, error, |client| {
            let query = core_query(query, "query")?;
            if authorization.is_null() {
                return Err(Error::invalid_argument("authorization", "is NULL"));
            }
            let deadline = client.deadline(query.deadline_ms).map_err(|error| error.inside("query->"))?;
            let Query { project_id, device_id, streams, .. } = query;
            let checked = listing::check(client, project_id, device_id, streams, deadline, Asking::Foreground)?;
            let (finding, available, attempts) = match query.asks_available {
                true => listing::compare(client, (project_id, device_id), checked, deadline)?,
                false => (checked.0, None, checked.1),
            };
            let found = found(&finding, finding.reason, TRRO_SOURCE_SERVICE, since_boot_ms());
            let available_license_count = available.unwrap_or(TRRO_ABSENT);
            put(authorization, trro_authorization { available_license_count, ..found });
            Ok(attempts)
        })
    }
}

/// A query that has been checked.
pub(super) struct Query<'a> {
    pub project_id: &'a str,
    pub device_id: &'a str,
    pub streams: u32,
    pub deadline_ms: Option<u32>,
    pub asks_available: bool,
}

/// The strings live as long as those of the C struct.
pub(super) unsafe fn core_query<'a>(
    query: *const trro_authorization_query,
    argument: &str,
) -> Result<Query<'a>, Error> {
    // SAFETY: the struct and its strings are as the header says.
    unsafe {
        let query = input(query, argument)?;
        Ok(Query {
            project_id: required_line(query.project_id, &format!("{argument}->project_id"))?,
            device_id: required_line(query.device_id, &format!("{argument}->device_id"))?,
            streams: streams(query.streams, &format!("{argument}->streams"))?,
            deadline_ms: number(query.deadline_ms),
            asks_available: asks_available(&query, argument)?,
        })
    }
}

/// Whether GetDeviceLicense is to be asked as well.
pub(super) fn asks_available(query: &trro_authorization_query, argument: &str) -> Result<bool, Error> {
    refuse(query.reserved != 0, &format!("{argument}->reserved"))?;
    match query.ask_available {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::invalid_argument(&format!("{argument}->ask_available"), "is neither 0 nor 1")),
    }
}

/// How many streams a device is to send; 0: 1.
pub(super) fn streams(given: u32, argument: &str) -> Result<u32, Error> {
    match i32::try_from(given) {
        Ok(_) => Ok(given.max(1)),
        Err(_) => Err(Error::invalid_argument(argument, "is above 2147483647")),
    }
}

/// What C gets to see where nothing is known.
#[inline(always)]
pub(super) fn unknown(reason: Reason) -> trro_authorization {
    trro_authorization {
        verdict: reason.verdict() as trro_verdict,
        sdk_code: reason.verdict().sdk_code(),
        source: TRRO_SOURCE_NONE,
        streams: 0,
        license_count: TRRO_ABSENT,
        available_license_count: TRRO_ABSENT,
        remain_days: TRRO_ABSENT,
        expire_time_s: TRRO_ABSENT,
        monthly_remain_time: TRRO_ABSENT,
        limited_time_minutes: TRRO_ABSENT,
        seconds_left: TRRO_ABSENT,
        answered_at_s: TRRO_ABSENT,
        answered_boottime_ms: TRRO_ABSENT,
        age_ms: TRRO_ABSENT,
        request_id: [0; 64],
        reason: reason as trro_reason,
        reserved: [0; 92],
    }
}

/// What C gets to see of a finding, at that moment since boot.
#[inline(always)]
pub(super) fn found(finding: &Finding, reason: Reason, source: i32, since_boot_ms: i64) -> trro_authorization {
    let Finding { facts, .. } = finding;
    let age_is_known = !matches!(reason, Reason::AgeUnknown);
    let left_s = |expiry: i64| expiry.saturating_sub(finding.service_time_s(since_boot_ms));
    let absent = |fact: Option<i64>| fact.unwrap_or(TRRO_ABSENT);
    trro_authorization {
        verdict: reason.verdict() as trro_verdict,
        sdk_code: reason.verdict().sdk_code(),
        source,
        streams: finding.streams as i32,
        license_count: absent(facts.license_count),
        remain_days: absent(facts.remain_days),
        expire_time_s: absent(facts.expire_time_s),
        monthly_remain_time: absent(facts.monthly_remain_time),
        limited_time_minutes: absent(finding.limited_time_minutes),
        seconds_left: absent(facts.expire_time_s.filter(|_| age_is_known).map(left_s)),
        answered_at_s: finding.answered_at_s,
        answered_boottime_ms: if age_is_known { finding.answered_boottime_ms } else { TRRO_ABSENT },
        age_ms: if age_is_known { finding.age_ms(since_boot_ms) } else { TRRO_ABSENT },
        // SAFETY: any bytes are a value of either, and both are 64.
        request_id: unsafe {
            std::mem::transmute::<[u64; REQUEST_ID_WORDS], [c_char; 64]>(*finding.request_id.words())
        },
        reason: reason as trro_reason,
        ..unknown(Reason::NotAsked)
    }
}

/// The verdict on a row of trro_get_devices() or trro_for_each_device(), by the rules of trro_check_authorization(). That the
/// service lists the id once only is for the caller to know.
///
/// @param device   The row; must not be NULL.
/// @param streams  How many streams the device is to send; 0: 1.
/// @param now_s    The time, in seconds since 1970: time(NULL), and after a call of trro_client_clock_offset_ms() that does not
///                 give TRRO_ABSENT, a thousandth of its milliseconds more.
/// @param verdict  Where the verdict goes; must not be NULL. TRRO_VERDICT_UNKNOWN after a failure.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT.
/// @par Threads
/// Any; safe in a signal handler.
/// @par Blocking
/// Never.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_device_verdict(
    device: *const trro_device,
    streams: u32,
    now_s: i64,
    verdict: *mut trro_verdict,
) -> trro_status {
    // No panic boundary, which is not for a signal handler: nothing in here can panic.
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(verdict, TRRO_VERDICT_UNKNOWN);
        if device.is_null() || verdict.is_null() {
            return TRRO_STATUS_INVALID_ARGUMENT;
        }
        let device = device.read_unaligned();
        let fact = |number: i64| (number != TRRO_ABSENT).then_some(number);
        let facts = Facts {
            license_count: fact(device.license_count),
            remain_days: fact(device.remain_days),
            expire_time_s: fact(device.expire_time_s),
            monthly_remain_time: fact(device.monthly_remain_time),
        };
        put(verdict, judge(&[facts], streams.max(1), now_s).verdict() as trro_verdict);
    }
    TRRO_STATUS_OK
}

/// The name of every verdict, at its number.
const NAMES: [&CStr; 7] = [
    c"TRRO_VERDICT_UNKNOWN",
    c"TRRO_VERDICT_AUTHORIZED",
    c"TRRO_VERDICT_NOT_FOUND",
    c"TRRO_VERDICT_NOT_BOUND",
    c"TRRO_VERDICT_NOT_ENOUGH",
    c"TRRO_VERDICT_EXPIRED",
    c"TRRO_VERDICT_NO_DURATION",
];

/// The name of a verdict.
///
/// @param verdict  Any number.
/// @return A static string, such as "TRRO_VERDICT_EXPIRED"; "TRRO_VERDICT_UNKNOWN" also for a number that is no verdict.
///         Never NULL.
/// @par Threads
/// Any; safe in a signal handler.
/// @par Blocking
/// Never.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn trro_verdict_name(verdict: trro_verdict) -> *const c_char {
    let name = usize::try_from(verdict).ok().and_then(|number| NAMES.get(number));
    name.unwrap_or(&NAMES[0]).as_ptr()
}

/// An authorization in words, for people: "the licenses of the device have expired".
///
/// @param authorization  May be NULL, which is as if nobody had been asked.
/// @return A static string in English, without a full stop. Never NULL.
/// @par Threads
/// Any; safe in a signal handler.
/// @par Blocking
/// Never.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_authorization_sentence(authorization: *const trro_authorization) -> *const c_char {
    let reason = match authorization.is_null() {
        true => TRRO_REASON_NOT_ASKED,
        // SAFETY: not NULL, and what C passes is as the header says.
        false => unsafe { (&raw const (*authorization).reason).read_unaligned() },
    };
    let known = Reason::ALL.into_iter().find(|known| *known as trro_reason == reason);
    known.map_or(c"nothing is known", Reason::sentence).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_sentence_and_an_unknown_one_too() {
        let sentence = |reason| {
            let authorization = trro_authorization { reason, ..unknown(Reason::NotAsked) };
            unsafe { CStr::from_ptr(trro_authorization_sentence(&authorization)) }
        };
        for reason in Reason::ALL {
            assert_eq!(sentence(reason as trro_reason), reason.sentence());
        }
        for number in [-1, 15, i32::MIN, i32::MAX] {
            assert_eq!(sentence(number), c"nothing is known");
        }
    }

    #[test]
    fn an_unknown_verdict_is_unknown() {
        for verdict in [i32::MIN, -1, 0, 7, i32::MAX] {
            assert_eq!(unsafe { CStr::from_ptr(trro_verdict_name(verdict)) }, c"TRRO_VERDICT_UNKNOWN");
        }
    }
}
