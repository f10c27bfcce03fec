//! Every device, one callback each. Uses `api`, `limiter`, `listing`, `error`.

use std::convert::Infallible;
use std::ffi::{c_char, c_int, c_void};
use std::mem::size_of;

use super::arena::Arena;
use super::arguments::{Input, input, line, refuse};
use super::bindings::trro_device;
use super::callback::UserData;
use super::client::trro_client;
use super::error::{trro_error, trro_status};
use super::layout::{Laid, Object, lay_out};
use super::{on_client, put};
use crate::api::Device;
use crate::api::sink::Show;
use crate::error::Error;
use crate::limiter::Asking;
use crate::listing::{DEFAULT_PAGE_SIZE, Query, for_each};

/// A walk over all devices takes as many pages as it takes, at the rate that the client may ask at.
const DEFAULT_DEADLINE_MS: u32 = 600_000;

/// Which devices to go through. Initialise it with TRRO_DEVICE_FILTER_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_device_filter {
    /// sizeof(trro_device_filter), by TRRO_DEVICE_FILTER_INIT.
    pub struct_size: usize,
    /// Only devices of this project; NULL: of all. A row does not say which project it is of.
    pub project_id: *const c_char,
    /// Only devices with this id, as the service compares ids, which is documented nowhere; NULL: all.
    pub device_id: *const c_char,
    /// Rows a page, 1 to 10000; 0: 100. If the service refuses it (InvalidParameterValue), it is halved, down to 10.
    pub page_size: i64,
    /// For the whole walk: 1 to 600000 ms; 0: 600000. At 5 requests a second a page takes 200 ms.
    pub deadline_ms: u32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), begins with the size, and made of integers and pointers.
unsafe impl Input for trro_device_filter {
    const INIT: &'static str = "TRRO_DEVICE_FILTER_INIT";
    const FIRST_SIZE: usize = size_of::<trro_device_filter>();
}

const _: () =
    assert!(std::mem::offset_of!(trro_device_filter, reserved) + size_of::<u32>() == size_of::<trro_device_filter>());

/// Takes one device, valid until the function returns. Return 0 to go on, and anything else to stop.
///
/// It is called by the thread that called trro_for_each_device(). See CALLBACKS in the guide of trro.h.
pub type trro_device_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, device: *const trro_device) -> c_int>;

/// Goes through every device, page by page, at the rate that the client may ask at. Rows come in the service's order, which is
/// documented nowhere. Ids repeat; a row that is the same in all fields is given once.
///
/// If the list changes on the way (TotalCount, or rows that have moved to another page), the walk begins again for the rows that
/// have not been given yet, at most twice. A row that was given may be gone or have changed since. That one device went and
/// another came between the same two pages cannot be seen: then the one that moved to an earlier page is missing.
///
/// @param client     Must not be NULL.
/// @param filter     Which devices; must not be NULL. Copied.
/// @param visit      Called for every device; must not be NULL.
/// @param user_data  Handed to visit.
/// @param changed    May be NULL. 1: the list changed in each of the three walks, so that a device may be missing; else 0.
/// @param error      What went wrong; may be NULL. attempts is that of all pages together.
/// @return TRRO_STATUS_OK, also if visit has stopped it, which its own user_data has to tell; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_NO_CREDENTIALS;
///         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
///         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
///         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
///         TRRO_STATUS_BAD_RESPONSE, also for more than 1000000 rows; TRRO_STATUS_PROXY_FAILED;
///         TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL. After a failure some devices may have been given.
/// @par Threads
/// Any number at the same time on one client.
/// @par Blocking
/// Until the last page is there, and no longer than deadline_ms and what visit takes.
/// @par Action
/// GetDevices, version 2022-03-25; it changes nothing; 20 requests a second:
/// https://www.tencentcloud.com/document/api/1252/68116
/// @par Example
/// c-examples/remote_device.c lists what a cockpit can take over.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_for_each_device(
    client: *const trro_client,
    filter: *const trro_device_filter,
    visit: trro_device_fn,
    user_data: *mut c_void,
    changed: *mut c_int,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(changed, 0);
        let user_data = UserData(user_data);
        on_client(client, error, |core| {
            let filter = input(filter, "filter")?;
            let visit = visit.ok_or_else(|| Error::invalid_argument("visit", "is NULL"))?;
            refuse(filter.reserved != 0, "filter->reserved")?;
            let deadline_ms = if filter.deadline_ms == 0 { DEFAULT_DEADLINE_MS } else { filter.deadline_ms };
            let query = Query {
                project_id: line(filter.project_id, "filter->project_id")?,
                device_id: line(filter.device_id, "filter->device_id")?,
                page_size: if filter.page_size == 0 { DEFAULT_PAGE_SIZE } else { filter.page_size },
                deadline: core.deadline(Some(deadline_ms)).map_err(|error| error.inside("filter->"))?,
                asking: Asking::Foreground,
            };
            let mut row = Row::default();
            let mut give = |device: &Device<'_>| {
                let device = row.lay_out(device);
                (*client).identity().visit(|| visit(user_data.get(), device))
            };
            let walked = for_each(core, &query, &mut give).map_err(|error| error.inside("filter->"))?;
            put(changed, walked.changed.into());
            Ok(walked.attempts)
        })
    }
}

/// Room for one device, used again for the next.
#[derive(Default)]
struct Row(Vec<u64>);

impl Row {
    fn lay_out(&mut self, device: &Device<'_>) -> *const trro_device {
        loop {
            let size = self.0.len() * size_of::<u64>();
            // SAFETY: the bytes are the vector's, and nothing is kept of them when it changes.
            let mut arena = unsafe { Arena::new(self.0.as_mut_ptr().cast(), size) };
            let shown = |object: &mut Object<'_>| {
                device.show(object);
                Ok::<(), Infallible>(())
            };
            let Ok((laid_out, ())) = lay_out(&mut arena, trro_device::LAYOUT, shown);
            match arena.finish() {
                Ok(_) => return laid_out.cast(),
                Err(needed) => self.0.resize(needed.div_ceil(size_of::<u64>()), 0),
            }
        }
    }
}
