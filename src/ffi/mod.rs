//! The C boundary: the functions and structs of `trro.h`, one file a C object, no logic. Uses everything.
//!
//! With `sys`, the only place with `unsafe`. What goes for every function is in this file: the panic boundary and the
//! ownership of handles. What comes from C is checked in `arguments`, what goes back is laid out in `arena`.
// The comments become those of the C header, in Doxygen's form, which rustdoc takes for links.
#![allow(rustdoc::broken_intra_doc_links, rustdoc::bare_urls)]
// C names, and safety sections that would say in every function what the header's guide says once.
#![allow(non_camel_case_types, clippy::missing_safety_doc)]
#![allow(unsafe_code)]

pub mod actions;
pub(crate) mod arena;
mod arguments;
pub mod authorization;
pub mod bindings;
mod call;
mod callback;
pub mod client;
pub mod config;
pub mod credentials;
pub mod device_config;
pub mod diagnosis;
pub mod error;
mod handles;
pub(crate) mod layout;
pub mod listing;
pub mod version;
pub mod watch;

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::client::Client;
use crate::error::{Error, Status};
use crate::sys::NotCancelled;
use client::trro_client;
use error::{trro_error, trro_status};
use handles::Live;

/// How often a call that succeeded has sent its request; see `trro_error.attempts`.
type Attempts = u32;

/// Runs the body of a function that can fail: stops a panic, fills in `error` in every case, and gives the status.
unsafe fn fallible(error: *mut trro_error, body: impl FnOnce() -> Result<Attempts, Error>) -> trro_status {
    let mut body = Some(body);
    // SAFETY: as here.
    unsafe { run(error, &mut || body.take().map_or_else(|| Err(internal()), |body| body())) }
}

/// One for all functions: in each of them it would make the library larger by kilobytes.
unsafe fn run(error: *mut trro_error, body: &mut dyn FnMut() -> Result<Attempts, Error>) -> trro_status {
    let result = stop_panic(body).unwrap_or_else(|| Err(internal()));
    // SAFETY: the caller of the C function vouches for `error`.
    unsafe { error::write(error, &result) }
}

/// Like [`fallible`], for a call on a client: after a panic, what it may have left half done is dropped.
unsafe fn on_client(
    client: *const trro_client,
    error: *mut trro_error,
    body: impl FnOnce(&Client) -> Result<Attempts, Error>,
) -> trro_status {
    // SAFETY: as here.
    unsafe { on_handle(client, error, |client| body(client.core()?)) }
}

/// The same with the handle, for what more there is to it.
unsafe fn on_handle(
    client: *const trro_client,
    error: *mut trro_error,
    body: impl FnOnce(&trro_client) -> Result<Attempts, Error>,
) -> trro_status {
    let mut body = Some(body);
    let mut once = |client: &trro_client| body.take().map_or_else(|| Err(internal()), |body| body(client));
    // SAFETY: as here.
    unsafe { run_on_handle(client, error, &mut once) }
}

unsafe fn run_on_handle(
    client: *const trro_client,
    error: *mut trro_error,
    body: &mut dyn FnMut(&trro_client) -> Result<Attempts, Error>,
) -> trro_status {
    let mut body = || {
        // SAFETY: the caller of the C function vouches for `client`.
        let client = unsafe { borrow(client, "client") }?;
        let core = client.core()?;
        core.check_process()?;
        stop_panic(|| body(client)).unwrap_or_else(|| {
            stop_panic(|| core.reset());
            Err(internal())
        })
    };
    // SAFETY: the caller of the C function vouches for `error`.
    unsafe { run(error, &mut body) }
}

fn too_small(buffer_size: usize, needed: usize) -> Error {
    let message = format!("buffer is too small: buffer_size is {buffer_size}, {needed} bytes are needed");
    Error::new(Status::BufferTooSmall, message)
}

fn internal() -> Error {
    Error::new(Status::Internal, "a fault of libtrro, please report it; the client can still be used")
}

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs `body`; a panic ends here, silently, and gives `None`. The thread is not cancelled in there.
fn stop_panic<T>(body: impl FnOnce() -> T) -> Option<T> {
    be_silent();
    let _goes_on = NotCancelled::new();
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(body)).map_err(drop_payload);
    DEPTH.set(DEPTH.get() - 1);
    result.ok()
}

/// From now on a panic inside the library writes nothing.
fn be_silent() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(silent_inside(previous));
    });
}

/// Dropping what was thrown may throw again; what that throws is given up.
#[cold]
fn drop_payload(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

type PanicHook = Box<dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync>;

/// A panic inside the library writes nothing: the process, and its stderr, are the caller's. Any other panic of a
/// process that is itself written in Rust goes where it went before.
fn silent_inside(previous: PanicHook) -> PanicHook {
    Box::new(move |info| {
        // The name is asked for last: it is gone when a thread is about to end.
        let is_in_thread_of_ours = || std::thread::current().name().is_some_and(|name| name.starts_with("trro-"));
        if DEPTH.get() == 0 && !is_in_thread_of_ours() {
            previous(info);
        }
    })
}

/// A C type that a handle points to, tied to the one way in which it is owned.
trait Handle: 'static {
    /// [`OwnedByCaller`]; what is shared will say so here, and `free` will not take it.
    type Ownership;
    /// Those that a debug build knows to be alive.
    fn live() -> &'static Live;
}

/// Made by `_new`, ended by `_free`.
struct OwnedByCaller;

fn into_handle<H: Handle<Ownership = OwnedByCaller>>(value: H) -> *mut H {
    let handle = Box::into_raw(Box::new(value));
    H::live().enter(handle);
    handle
}

/// Ends a handle; NULL is nothing.
unsafe fn free<H: Handle<Ownership = OwnedByCaller>>(handle: *mut H) {
    // SAFETY: as here.
    unsafe { end(handle, drop) }
}

/// Ends a handle by what there is to do for it; NULL is nothing, and in a debug build what is no live handle as well.
unsafe fn end<H: Handle<Ownership = OwnedByCaller>>(handle: *mut H, finish: impl FnOnce(H)) {
    if !handle.is_null() && H::live().remove(handle) {
        // SAFETY: not NULL, and the caller vouches that it came from `into_handle` and gives it up.
        stop_panic(|| finish(*unsafe { Box::from_raw(handle) }));
    }
}

/// What a handle points to; `None` for NULL, and in a debug build for what is no live handle. Safe in a signal handler.
#[inline]
unsafe fn known<'a, H: Handle>(handle: *const H) -> Option<&'a H> {
    if handle.is_null() || !H::live().has(handle) {
        return None;
    }
    // SAFETY: not NULL, and the caller vouches that it came from `into_handle` and stays until the call returns.
    Some(unsafe { &*handle })
}

unsafe fn borrow<'a, H: Handle>(handle: *const H, argument: &str) -> Result<&'a H, Error> {
    // SAFETY: as here.
    unsafe { known(handle) }.ok_or_else(|| {
        let is_null = !cfg!(debug_assertions) || handle.is_null();
        let fault = if is_null { "is NULL" } else { "is not a handle of this kind, or was freed" };
        Error::invalid_argument(argument, fault)
    })
}

/// Writes an output; NULL says that it is not wanted. C may keep it at any address.
unsafe fn put<T>(output: *mut T, value: T) {
    if !output.is_null() {
        // SAFETY: not NULL, and the caller vouches for the rest.
        unsafe { output.write_unaligned(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::callback::Identity;
    use super::*;
    use crate::api::GetDevices;
    use crate::config::Config;
    use crate::credentials::Credentials;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_panic_comes_back_as_internal_and_the_client_stays_usable() {
        let server = emulator::Emulator::start(emulator::Options::default()).unwrap();
        let credentials = Credentials::new(emulator::SECRET_ID, emulator::SECRET_KEY, None).unwrap();
        let endpoint = server.url();
        let config = Config { credentials: Some(credentials), endpoint: Some(&endpoint), ..Config::default() };
        let client = into_handle(trro_client::new(Client::new(config).unwrap(), Identity::new()));
        let request = GetDevices { page_num: 1, page_size: 5, project_id: None, device_id: None };
        let mut error = trro_error::default();
        unsafe {
            let status = on_client(client, &mut error, |client| {
                client.keep(client.call(&request, None)?);
                panic!("on purpose");
            });
            assert_eq!((status, error.status), (Status::Internal as i32, Status::Internal as i32));
            assert_ne!(error.message[0], 0);

            let mut attempts = 0;
            let status = on_client(client, &mut error, |client| {
                attempts = client.call(&request, None)?.attempts;
                Ok(attempts)
            });
            assert_eq!(status, 0, "the client is not usable after a panic");
            assert_eq!(attempts, 1, "the answer kept before the panic was still there");
            assert_eq!(server.statistics().connections, 2, "the connection used before the panic was used again");
            free(client);
        }
    }

    /// One after the other: the hook of the process is one for all tests. The count is of panics that reach the hook
    /// which was there before the library's.
    #[test]
    fn only_a_panic_outside_the_library_reaches_the_hook_of_the_process() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        const MARK: &str = "counted";
        let seen = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&seen);
        stop_panic(|| ());
        let before = std::panic::take_hook();
        std::panic::set_hook(silent_inside(Box::new(move |_| {
            let thread = std::thread::current();
            if thread.name() == Some(MARK) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        })));
        let in_marked_thread = |panic: fn()| {
            let _ = std::thread::Builder::new().name(MARK.into()).spawn(panic).unwrap().join();
            seen.swap(0, Ordering::Relaxed)
        };
        let inside = in_marked_thread(|| assert!(stop_panic(|| panic!("inside")).is_none()));
        let when_dropped = in_marked_thread(|| assert!(stop_panic(|| std::panic::panic_any(Bomb)).is_none()));
        let outside = in_marked_thread(|| panic!("outside"));
        std::panic::set_hook(before);
        assert_eq!((inside, when_dropped, outside), (0, 0, 1));
    }
}
