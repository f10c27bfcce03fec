//! The vendor's config.json in the caller's buffer. Uses `device_config`, `error`.

use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::path::Path;

use super::arena::Arena;
use super::arguments::{check_buffer, required};
use super::authorization::trro_authorization_query;
use super::error::{trro_error, trro_status};
use super::{fallible, put, too_small};
use crate::device_config::{DeviceConfig, read};
use crate::error::Error;

/// Reads projectid, device_id and device_streams from the config.json of the vendor's field SDK, so that a device has one
/// file that says who it is. Nothing else of it is used. The file must be JSON; the vendor's samples come with // comments,
/// which must be removed. Feature "device-config".
///
/// @param path         The file, regular and of at most 1 MiB; must not be NULL.
/// @param buffer       Where the query goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
/// @param buffer_size  Its size in bytes; 1024 are plenty for ids as the service gives them.
/// @param query        Where the query begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
///                     NULL; *query is NULL after a failure. Its deadline_ms is 0: who wants another copies the fields into
///                     a query of TRRO_AUTHORIZATION_QUERY_INIT.
/// @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
///                     any alignment; else 0.
/// @param error        What went wrong; may be NULL. The message names the file and the field, and never holds a value.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT, also for a file that cannot be read, is not JSON or lacks one of the
///         three; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any.
/// @par Blocking
/// Only as long as reading the file takes.
/// @par Example
/// c-examples/field_device.c takes everything from that file.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_load_device_config(
    path: *const c_char,
    buffer: *mut c_void,
    buffer_size: usize,
    query: *mut *const trro_authorization_query,
    needed_size: *mut usize,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(query, std::ptr::null());
        put(needed_size, 0);
        fallible(error, || {
            let path = required(path, "path")?;
            check_buffer(buffer, buffer_size)?;
            if query.is_null() {
                return Err(Error::invalid_argument("query", "is NULL"));
            }
            let config = read(Path::new(path))?;
            let mut arena = Arena::new(buffer, buffer_size);
            let laid_out = lay_out(&config, &mut arena);
            match arena.finish() {
                Ok(used) => {
                    put(needed_size, used);
                    put(query, laid_out);
                    Ok(0)
                }
                Err(needed) => {
                    put(needed_size, needed);
                    Err(too_small(buffer_size, needed))
                }
            }
        })
    }
}

fn lay_out(config: &DeviceConfig, arena: &mut Arena) -> *const trro_authorization_query {
    let slot = arena.reserve(1);
    slot.write(
        0,
        trro_authorization_query {
            struct_size: size_of::<trro_authorization_query>(),
            project_id: arena.text(&config.project_id),
            device_id: arena.text(&config.device_id),
            streams: config.streams,
            deadline_ms: 0,
            ask_available: 0,
            reserved: 0,
        },
    );
    slot.as_ptr()
}
