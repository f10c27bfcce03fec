//! GetDevices. Uses `api`, `client`, `error`.

use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr;

use super::arena::Arena;
use super::arguments::{Input, check_buffer, input, line, number, refuse};
use super::client::trro_client;
use super::error::{trro_error, trro_status};
use super::{fetch, on_client, put};
use crate::api::get_devices::{DEFAULT_PAGE_SIZE, Device, Devices, GetDevices};
use crate::error::Error;

/// In place of a number that the service did not send, or sent as null.
pub const TRRO_ABSENT: i64 = i64::MIN;

/// Which devices to ask for. Initialise it with TRRO_GET_DEVICES_REQUEST_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_get_devices_request {
    /// sizeof(trro_get_devices_request), by TRRO_GET_DEVICES_REQUEST_INIT.
    pub struct_size: usize,
    /// The page, from 1; 0: 1. The service's samples begin with 1, and its documents do not say. What comes after the
    /// last page is documented nowhere.
    pub page_num: i64,
    /// Rows a page, 1 to 10000; 0: 20. The service documents no largest one, and may give fewer or refuse; an answer
    /// with more than 10000 rows, or with more licenses in one, is TRRO_STATUS_BAD_RESPONSE.
    pub page_size: i64,
    /// Only devices of this project; NULL: of all. A row does not say which project it is of. A string here may lie in
    /// the buffer that the call fills.
    pub project_id: *const c_char,
    /// Only this device; NULL: all. Whether the service compares exactly is documented nowhere: check the rows. An id
    /// is unique inside one project only.
    pub device_id: *const c_char,
    /// For this call: 1 to 600000 ms; 0: the client's.
    pub deadline_ms: u32,
    /// Must be 0.
    pub reserved: u32,
}

/// A device and its licenses. It lives in the caller's buffer. New fields may come at the end.
///
/// A number that the service did not send, or sent as null or as an empty string, is TRRO_ABSENT; a string is "" and a
/// list is empty.
#[repr(C)]
pub struct trro_device {
    /// Never NULL. Unique inside one project at most: two rows may have the same.
    pub device_id: *const c_char,
    /// Never NULL. UTF-8, as the service sent it: it may hold control characters.
    pub device_name: *const c_char,
    /// Licenses bound to the device (LicenseCount). Whether expired or suspended ones are counted is documented
    /// nowhere.
    pub license_count: i64,
    /// Whole days until the expiry (RemainDay). What it is after the expiry is documented nowhere.
    pub remain_days: i64,
    /// When the licenses expire (ExpireTime), in seconds since 1970, UTC. Which license's, where several are bound, is
    /// documented nowhere.
    pub expire_time_s: i64,
    /// The "service duration" (Duration) in seconds; what it means is documented nowhere.
    pub duration_s: i64,
    /// MonthlyRemainTime: by its name what is left of this month's allowance, by its description the allowance. Its
    /// unit is documented nowhere. The sample has 66000 beside a limited_time_minutes of 60000, so do not compare the
    /// two.
    pub monthly_remain_time: i64,
    /// The month's allowance (LimitedTime), in minutes; whether of a license or of the device is documented nowhere.
    pub limited_time_minutes: i64,
    /// The ids of the licenses (LicenseIds); `license_id_count` of them. Neither it nor an element is NULL.
    pub license_ids: *const *const c_char,
    /// How many there are.
    pub license_id_count: usize,
}

/// One page of devices. It lives in the caller's buffer. New fields may come at the end.
#[repr(C)]
pub struct trro_devices {
    /// TotalCount, or TRRO_ABSENT. Whether of all pages or of this one is documented nowhere; the samples suggest all.
    /// To read all pages, go on until one has no rows: a short page may also be a page_size that the service has cut.
    /// If total_count is more than the rows of the page, it is that of all pages and says where to stop.
    pub total_count: i64,
    /// The service's id of the request. Never NULL.
    pub request_id: *const c_char,
    /// The rows, in the service's order, which is documented nowhere; `device_count` of them. Neither it nor an element
    /// is NULL. An answer without a list of devices has no rows.
    pub devices: *const *const trro_device,
    /// How many rows there are.
    pub device_count: usize,
}

// SAFETY: repr(C), begins with the size, and made of integers and pointers.
unsafe impl Input for trro_get_devices_request {
    const INIT: &'static str = "TRRO_GET_DEVICES_REQUEST_INIT";
    const FIRST_SIZE: usize = size_of::<trro_get_devices_request>();
}

const _: () = assert!(
    std::mem::offset_of!(trro_get_devices_request, reserved) + size_of::<u32>()
        == size_of::<trro_get_devices_request>()
);

/// Asks for devices with their licenses, by which they are authorized to run: a page of them, into the caller's buffer.
///
/// A row alone does not mean that the device is authorized: its license_count, expire_time_s and monthly_remain_time
/// tell. By which values the field SDK lets a device start is documented nowhere, and neither is whether devices
/// without a license, and cockpits, are listed.
///
/// If the buffer is too small, the answer is kept for 10 s: the same call (client, page and filters) with enough room
/// gets it without a second request, and error->attempts is 0. One answer a client is kept, until it is fetched or
/// another takes its place; then the request is sent again and may need more room. So call in a loop, as
/// c-examples/list_devices.c does.
///
/// @param client       Must not be NULL.
/// @param request      Which devices; must not be NULL. Copied.
/// @param buffer       Where the rows go, of any alignment, the caller's. May be NULL only if buffer_size is 0.
/// @param buffer_size  Its size in bytes.
/// @param devices      Where the page begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
///                     NULL; *devices is NULL after a failure.
/// @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
///                     any alignment; else 0.
/// @param error        What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
///         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
///         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
///         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
///         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any number at the same time on one client. Each needs a buffer of its own.
/// @par Blocking
/// Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
/// @par Action
/// GetDevices, version 2022-03-25; it changes nothing; 20 requests a second:
/// https://www.tencentcloud.com/document/api/1252/68116
/// @par Example
/// c-examples/list_devices.c reads all pages; c-examples/shortest.c is the least that is useful.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_get_devices(
    client: *const trro_client,
    request: *const trro_get_devices_request,
    buffer: *mut c_void,
    buffer_size: usize,
    devices: *mut *const trro_devices,
    needed_size: *mut usize,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(devices, ptr::null());
        put(needed_size, 0);
        on_client(client, error, |client| {
            let request = input(request, "request")?;
            let core_request = core_request(&request)?;
            if devices.is_null() {
                return Err(Error::invalid_argument("devices", "is NULL"));
            }
            check_buffer(buffer, buffer_size)?;
            let answer =
                client.call(&core_request, number(request.deadline_ms)).map_err(|error| error.inside("request->"))?;
            fetch::<GetDevices<'_>, _>(client, answer, buffer, buffer_size, devices, needed_size, lay_out)
        })
    }
}

unsafe fn core_request(request: &trro_get_devices_request) -> Result<GetDevices<'_>, Error> {
    refuse(request.reserved != 0, "request->reserved")?;
    // SAFETY: the strings of the request are as the header says.
    unsafe {
        Ok(GetDevices {
            page_num: if request.page_num == 0 { 1 } else { request.page_num },
            page_size: if request.page_size == 0 { DEFAULT_PAGE_SIZE } else { request.page_size },
            project_id: line(request.project_id, "request->project_id")?,
            device_id: line(request.device_id, "request->device_id")?,
        })
    }
}

fn lay_out(page: Devices<'_>, arena: &mut Arena) -> *const trro_devices {
    let slot = arena.reserve::<trro_devices>(1);
    let rows = arena.reserve(page.devices.len());
    for (index, device) in page.devices.iter().enumerate() {
        rows.write(index, lay_out_device(device, arena));
    }
    let request_id = arena.text(&page.request_id);
    slot.write(
        0,
        trro_devices {
            total_count: page.total_count.0.unwrap_or(TRRO_ABSENT),
            request_id,
            devices: rows.as_ptr(),
            device_count: page.devices.len(),
        },
    );
    slot.as_ptr()
}

pub(super) fn lay_out_device(device: &Device<'_>, arena: &mut Arena) -> *const trro_device {
    let slot = arena.reserve::<trro_device>(1);
    let license_ids = arena.reserve(device.license_ids.len());
    for (index, license_id) in device.license_ids.iter().enumerate() {
        license_ids.write(index, arena.text(license_id));
    }
    slot.write(
        0,
        trro_device {
            device_id: arena.text(&device.device_id),
            device_name: arena.text(&device.device_name),
            license_count: device.license_count.0.unwrap_or(TRRO_ABSENT),
            remain_days: device.remain_day.0.unwrap_or(TRRO_ABSENT),
            expire_time_s: device.expire_time.0.unwrap_or(TRRO_ABSENT),
            duration_s: device.duration.0.unwrap_or(TRRO_ABSENT),
            monthly_remain_time: device.monthly_remain_time.0.unwrap_or(TRRO_ABSENT),
            limited_time_minutes: device.limited_time.0.unwrap_or(TRRO_ABSENT),
            license_ids: license_ids.as_ptr(),
            license_id_count: device.license_ids.len(),
        },
    );
    slot.as_ptr()
}
