//! A call looked at step by step. Uses `diagnosis`, `error`.

use std::ffi::{CString, c_char, c_int, c_void};
use std::time::Duration;

use super::actions::TRRO_ABSENT;
use super::arguments::{input, line, number};
use super::authorization::{asks_available, streams, trro_authorization_query};
use super::callback::UserData;
use super::client::trro_client;
use super::error::{TRRO_STATUS_OK, trro_error, trro_status};
use super::on_client;
use crate::diagnosis::{Diagnosis, Outcome, Step, Subject, check_built_in, diagnose};
use crate::error::Error;

/// A step of a call, in the order in which they are taken; TRRO_STEP_ANSWER comes before TRRO_STEP_CLOCK. New steps may come.
pub type trro_step = i32;

/// The name of the endpoint, or of the proxy, to addresses; asked for anew, whatever is remembered.
pub const TRRO_STEP_RESOLVE: trro_step = 0;
/// The way there that the system would take, and whether config->network_interface can be used.
pub const TRRO_STEP_ROUTE: trro_step = 1;
/// TCP, and through the proxy to the service.
pub const TRRO_STEP_CONNECT: trro_step = 2;
/// Who the service is: protocol and certificate.
pub const TRRO_STEP_TLS: trro_step = 3;
/// By how much the system clock is off.
pub const TRRO_STEP_CLOCK: trro_step = 4;
/// What the credentials look like, and whether the service knows them.
pub const TRRO_STEP_CREDENTIALS: trro_step = 5;
/// Whether the service agrees with the signature.
pub const TRRO_STEP_SIGNATURE: trro_step = 6;
/// Whether the credentials may list devices.
pub const TRRO_STEP_PERMISSION: trro_step = 7;
/// Whether the client and the account may send requests.
pub const TRRO_STEP_RATE_LIMIT: trro_step = 8;
/// Whether the device of the query is authorized to run.
pub const TRRO_STEP_LICENSE: trro_step = 9;
/// Whether a request is answered, and by the service.
pub const TRRO_STEP_ANSWER: trro_step = 10;

const _: () = {
    assert!(Step::Resolve as i32 == TRRO_STEP_RESOLVE);
    assert!(Step::Route as i32 == TRRO_STEP_ROUTE);
    assert!(Step::Connect as i32 == TRRO_STEP_CONNECT);
    assert!(Step::Tls as i32 == TRRO_STEP_TLS);
    assert!(Step::Clock as i32 == TRRO_STEP_CLOCK);
    assert!(Step::Credentials as i32 == TRRO_STEP_CREDENTIALS);
    assert!(Step::Signature as i32 == TRRO_STEP_SIGNATURE);
    assert!(Step::Permission as i32 == TRRO_STEP_PERMISSION);
    assert!(Step::RateLimit as i32 == TRRO_STEP_RATE_LIMIT);
    assert!(Step::License as i32 == TRRO_STEP_LICENSE);
    assert!(Step::Answer as i32 == TRRO_STEP_ANSWER);
};

/// What was seen of one step. Laid out by the library, and valid with its texts until the callback returns; new fields may come
/// at the end. Texts are in English, on one line, never NULL, and hold no secret; a secret id does not show beyond AKID or IKID.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_diagnosis {
    /// TRRO_STEP_...
    pub step: trro_step,
    /// What is wrong at this step. TRRO_STATUS_OK: nothing, or nothing is known (see was_reached). A device that may not run is
    /// TRRO_STATUS_NOT_FOUND or TRRO_STATUS_PERMISSION_DENIED at TRRO_STEP_LICENSE.
    pub status: trro_status,
    /// How long it took; TRRO_ABSENT for a step that takes no time of its own.
    pub elapsed_ms: i64,
    /// "resolve", "route", "connect", "TLS", "answer", "clock", "credentials", "signature", "permission", "rate limit",
    /// "license".
    pub name: *const c_char,
    /// What was seen: "2 addresses: 192.0.2.1, 192.0.2.2".
    pub finding: *const c_char,
    /// What to do; "" if nothing. Also where nothing is wrong yet: a clock that only the library gets along with.
    pub advice: *const c_char,
    /// 1: the step was looked at. 0: nothing is known of it, since another step failed.
    pub was_reached: i32,
}

/// Takes one step, valid until the function returns. Return 0 to go on, and anything else to stop.
///
/// It is called by the thread that called trro_client_diagnose(), as soon as the step is known. A call on the same client from
/// inside returns TRRO_STATUS_INVALID_ARGUMENT. It must return: no longjmp(), no C++ exception.
pub type trro_diagnosis_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, diagnosis: *const trro_diagnosis) -> c_int>;

/// Looks at a call step by step, to tell people which one fails and what to do about it: opens a connection for the purpose, and
/// sends one request over the client's own (more, if it is repeated or the device is on a later page). Every step is given once,
/// also those that were not reached. Feature "diagnosis".
///
/// @param client     Must not be NULL.
/// @param query      What to ask for; must not be NULL. Copied. Unlike elsewhere, project_id and device_id may be NULL; without
///                   device_id, TRRO_STEP_LICENSE is left out. deadline_ms is for everything together.
/// @param visit      Called for every step; must not be NULL.
/// @param user_data  Handed to visit.
/// @param error      What went wrong; may be NULL. That a step fails is no failure; attempts is that of the request.
/// @return TRRO_STATUS_OK, whatever the steps came to, and also if visit has stopped it; TRRO_STATUS_INVALID_ARGUMENT;
///         TRRO_STATUS_CANCELLED, after which no further step is given; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any number at the same time on one client.
/// @par Blocking
/// Until the last step is known, and no longer than deadline_ms and what visit takes, which counts towards it.
/// @par Action
/// GetDevices, version 2022-03-25; it changes nothing; 20 requests a second:
/// https://www.tencentcloud.com/document/api/1252/68116
/// @par Example
/// `trro-status doctor` (c-examples/trro-status) prints every step.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_diagnose(
    client: *const trro_client,
    query: *const trro_authorization_query,
    visit: trro_diagnosis_fn,
    user_data: *mut c_void,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        let user_data = UserData(user_data);
        on_client(client, error, |core| {
            check_built_in()?;
            let (subject, deadline_ms) = subject(query)?;
            let visit = visit.ok_or_else(|| Error::invalid_argument("visit", "is NULL"))?;
            let deadline = core.deadline(deadline_ms).map_err(|error| error.inside("query->"))?;
            let mut give = |diagnosis: &Diagnosis| {
                let texts = Texts::new(diagnosis);
                let diagnosis = texts.lay_out(diagnosis);
                (*client).identity().visit(|| visit(user_data.get(), &diagnosis))
            };
            diagnose(core, &subject, deadline, &mut give)
        })
    }
}

/// What to ask for, and within which time.
unsafe fn subject<'a>(query: *const trro_authorization_query) -> Result<(Subject<'a>, Option<u32>), Error> {
    // SAFETY: the struct and its strings are as the header says.
    unsafe {
        let query = input(query, "query")?;
        let subject = Subject {
            project_id: line(query.project_id, "query->project_id")?,
            device_id: line(query.device_id, "query->device_id")?,
            streams: streams(query.streams, "query->streams")?,
            asks_available: asks_available(&query, "query")?,
        };
        if subject.device_id.is_some() && subject.project_id.is_none() {
            return Err(Error::invalid_argument("query->project_id", "is NULL, and query->device_id is not"));
        }
        Ok((subject, number(query.deadline_ms)))
    }
}

/// The texts of a step as C has them.
struct Texts {
    name: CString,
    finding: CString,
    advice: CString,
}

impl Texts {
    fn new(diagnosis: &Diagnosis) -> Texts {
        // They are printable, so that there is no NUL in them.
        let text = |text: &str| CString::new(text).unwrap_or_default();
        Texts { name: text(diagnosis.step.name()), finding: text(&diagnosis.finding), advice: text(&diagnosis.advice) }
    }

    fn lay_out(&self, diagnosis: &Diagnosis) -> trro_diagnosis {
        trro_diagnosis {
            step: diagnosis.step as trro_step,
            status: match diagnosis.outcome {
                Outcome::Failed(status) => status as trro_status,
                Outcome::Fine | Outcome::NotReached => TRRO_STATUS_OK,
            },
            elapsed_ms: diagnosis.elapsed.map_or(TRRO_ABSENT, milliseconds),
            name: self.name.as_ptr(),
            finding: self.finding.as_ptr(),
            advice: self.advice.as_ptr(),
            was_reached: (diagnosis.outcome != Outcome::NotReached).into(),
        }
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
