//! The background watch. Uses `watch`, `snapshot`, `authorization`, `error`.

use std::ffi::{c_char, c_int, c_void};
use std::mem::size_of;
use std::os::fd::AsRawFd;
use std::ptr;

use zeroize::Zeroizing;

use super::arguments::{Input, input, line, number};
use super::authorization::{
    TRRO_SOURCE_NONE, TRRO_SOURCE_SERVICE, TRRO_SOURCE_SNAPSHOT, core_query, found, trro_authorization,
    trro_authorization_query, unknown,
};
use super::callback::UserData;
use super::client::trro_client;
use super::error::{TRRO_STATUS_INVALID_ARGUMENT, TRRO_STATUS_OK, trro_error, trro_status};
use super::handles::Live;
use super::{Handle, OwnedByCaller, end, into_handle, known, on_handle, put};
use crate::authorization::Reason;
use crate::error::Error;
use crate::snapshot::Key;
use crate::watch::{Changed, Config, Source, View, Watch, check_built_in};

/// How many bytes trro_watch_config.snapshot_key has.
pub const TRRO_SNAPSHOT_KEY_SIZE: usize = 32;

const _: () = {
    assert!(TRRO_SNAPSHOT_KEY_SIZE == size_of::<Key>());
    assert!(Source::None as i32 == TRRO_SOURCE_NONE);
    assert!(Source::Service as i32 == TRRO_SOURCE_SERVICE);
    assert!(Source::Snapshot as i32 == TRRO_SOURCE_SNAPSHOT);
};

/// Told when the verdict, its reason or its source has changed. `authorization` is valid until the function returns.
///
/// That is so for the first answer, for one from a file, and for what changes by time alone. It is called from the thread that
/// asks for all watches of the client, one call at a time; signals are blocked there. While it runs, no watch of the client
/// is asked for, and trro_watch_free() waits for it. From inside, trro_watch_read() works. See CALLBACKS at the head of this
/// file.
pub type trro_watch_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, authorization: *const trro_authorization)>;

/// A watch on one device's authorization. Made by trro_watch_new(), ended by trro_watch_free().
///
/// It asks in the background: at once, then once a period at a moment that differs from device to device; sooner before the
/// licenses expire and when the monthly time runs out, later while the service cannot be reached. All watches of a client share
/// one thread, which is there as long as they are.
pub struct trro_watch {
    core: Watch,
}

impl Handle for trro_watch {
    type Ownership = OwnedByCaller;

    #[inline(always)]
    fn live() -> &'static Live {
        static LIVE: Live = Live::new();
        &LIVE
    }
}

/// What to watch, and how. Initialise it with TRRO_WATCH_CONFIG_INIT. Everything is copied by trro_watch_new().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_watch_config {
    /// sizeof(trro_watch_config), by TRRO_WATCH_CONFIG_INIT.
    pub struct_size: usize,
    /// Whose authorization; required. Its deadline_ms is for asking once.
    pub query: *const trro_authorization_query,
    /// A file in which the last answer is kept, for a start without a network; NULL: none. It is read by trro_watch_new(), which
    /// then gives what it says as TRRO_SOURCE_SNAPSHOT until the service has answered: with the age that follows from the clock,
    /// or TRRO_REASON_AGE_UNKNOWN as long as the clock is behind the moment of the answer. It is replaced as a whole, so that
    /// after a power cut there is the old or the new one; written when something has changed, and else 24 times within
    /// max_stale_s. A file of another device, project or endpoint, or one that is damaged, is not used,
    /// and log_fn is told why. Two watches must not share one.
    pub snapshot_path: *const c_char,
    /// TRRO_SNAPSHOT_KEY_SIZE bytes that prove that the file was written by who has them; NULL: it is protected against
    /// corruption only. With a key nobody without it can make up a file; who can write there can still put back an older one.
    pub snapshot_key: *const u8,
    /// Told of changes; NULL: nobody is.
    pub changed_fn: trro_watch_fn,
    /// The user_data of changed_fn.
    pub changed_data: *mut c_void,
    /// How often to ask, 1 to 86400 s; 0: 300.
    pub period_s: u32,
    /// An answer that is older says nothing any more: TRRO_VERDICT_UNKNOWN with TRRO_REASON_TOO_OLD. 1 to 31536000 s; 0: 86400.
    pub max_stale_s: u32,
}

// SAFETY: repr(C), begins with the size, and made of integers, pointers and optional functions.
unsafe impl Input for trro_watch_config {
    const INIT: &'static str = "TRRO_WATCH_CONFIG_INIT";
    const FIRST_SIZE: usize = size_of::<trro_watch_config>();
}

const _: () =
    assert!(std::mem::offset_of!(trro_watch_config, max_stale_s) + size_of::<u32>() == size_of::<trro_watch_config>());

/// Begins to watch a device's authorization. No network is touched by this call; the first answer comes later. Feature "watch".
///
/// Why asking fails is told to log_fn (TRRO_LOG_LEVEL_WARNING), and nowhere else. While the client is cancelled nothing is
/// asked; soon after trro_client_resume() it is again.
///
/// @param client  Must not be NULL. The watch holds on to what it needs of it: trro_client_free() may come before
///                trro_watch_free(), which then alone can end a request.
/// @param config  What to watch; must not be NULL. Copied.
/// @param watch   Where the watch goes. Must not be NULL; *watch is NULL after a failure. End it with trro_watch_free().
/// @param error   What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_CONNECT_FAILED, if no descriptor or no thread is left;
///         TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any. The first watch of a client makes a thread, in which all signals are blocked; credentials_fn and log_fn of the client
/// are then called from it too.
/// @par Blocking
/// Only as long as reading snapshot_path takes.
/// @par Example
/// c-examples/field_device.c watches while it drives.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_watch_new(
    client: *const trro_client,
    config: *const trro_watch_config,
    watch: *mut *mut trro_watch,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(watch, ptr::null_mut());
        on_handle(client, error, |client| {
            check_built_in()?;
            let config = input(config, "config")?;
            let query = core_query(config.query, "config->query")?;
            if query.asks_available {
                return Err(Error::invalid_argument(
                    "config->query->ask_available",
                    "has to be 0: a watch does not ask",
                ));
            }
            if watch.is_null() {
                return Err(Error::invalid_argument("watch", "is NULL"));
            }
            client.core()?.deadline(query.deadline_ms).map_err(|error| error.inside("config->query->"))?;
            let key = match config.snapshot_key.is_null() {
                true => None,
                false => Some(Zeroizing::new(config.snapshot_key.cast::<Key>().read_unaligned())),
            };
            let path = line(config.snapshot_path, "config->snapshot_path")?;
            if path.is_none() && key.is_some() {
                return Err(Error::invalid_argument("config->snapshot_key", "is given without snapshot_path"));
            }
            let core = Config {
                snapshot: path.map(|path| (path, key.as_deref())),
                project_id: query.project_id,
                device_id: query.device_id,
                streams: query.streams,
                deadline_ms: query.deadline_ms,
                period_s: number(config.period_s),
                max_stale_s: number(config.max_stale_s),
                changed: changed_fn(&config, client),
            };
            let core = client.watch(core).map_err(|error| error.inside("config->"))?;
            put(watch, into_handle(trro_watch { core }));
            Ok(0)
        })
    }
}

fn changed_fn(config: &trro_watch_config, client: &trro_client) -> Option<Box<Changed>> {
    let (changed_fn, user_data) = (config.changed_fn?, UserData(config.changed_data));
    let identity = client.identity();
    Some(Box::new(move |view| {
        let authorization = seen(view);
        // SAFETY: the header says what the function may do.
        identity.run(|| unsafe { changed_fn(user_data.get(), &authorization) });
    }))
}

/// What C gets to see.
#[inline(always)]
fn seen(view: &View) -> trro_authorization {
    let View { reason, known, since_boot_ms } = view;
    match known.source {
        Source::None => trro_authorization { streams: known.finding.streams as i32, ..unknown(*reason) },
        source => found(&known.finding, *reason, source as i32, *since_boot_ms),
    }
}

/// What is known now of the device's authorization: the latest answer, and its age. By itself it becomes TRRO_VERDICT_EXPIRED
/// at expire_time_s, and TRRO_VERDICT_UNKNOWN when it is older than max_stale_s; before the first answer it is
/// TRRO_VERDICT_UNKNOWN with TRRO_SOURCE_NONE, unless there is one in snapshot_path.
///
/// @param watch          Must not be NULL.
/// @param authorization  Where it goes; must not be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT, and then the verdict is TRRO_VERDICT_UNKNOWN.
/// @par Threads
/// Any, a signal handler and a control loop too: it takes no lock, allocates nothing, and takes the same few steps whatever the
/// thread that asks does. It must not be left by longjmp() or by ending the thread. It reads CLOCK_BOOTTIME, which needs no system call where the machine's clock source can be read by programs.
/// In a child after fork() it goes on from what was known then.
/// @par Blocking
/// Never.
/// @par Example
/// c-examples/control_loop.c reads it a thousand times a second.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_watch_read(
    watch: *const trro_watch,
    authorization: *mut trro_authorization,
) -> trro_status {
    // No panic boundary and no `borrow`: neither is for a signal handler, and nothing in here can panic.
    // SAFETY: what C passes is as the header says.
    unsafe {
        match known(watch) {
            Some(watch) if !authorization.is_null() => {
                put(authorization, seen(&watch.core.read()));
                TRRO_STATUS_OK
            }
            _ => {
                put(authorization, unknown(Reason::NotAsked));
                TRRO_STATUS_INVALID_ARGUMENT
            }
        }
    }
}

/// A descriptor for poll(): readable when verdict, reason or source has changed, as trro_watch_fn is told. Reading 8 bytes from
/// it clears it; then trro_watch_read() tells what is so now. It is an eventfd: it does not block, so that a read where nothing
/// has changed fails with EAGAIN, and it is closed on exec(). It belongs to the watch: do not close it.
///
/// @param watch  May be NULL.
/// @return The descriptor, valid until trro_watch_free(); -1 for NULL.
/// @par Threads
/// Any.
/// @par Blocking
/// Never.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_watch_fd(watch: *const trro_watch) -> c_int {
    // SAFETY: what C passes is as the header says.
    unsafe { known(watch) }.map_or(-1, |watch| watch.core.event().as_raw_fd())
}

/// Ends a watch, also in the middle of a request. Afterwards its callback is not called any more. With the last watch of a client
/// its thread ends.
///
/// @param watch  May be NULL. It must not be used by another thread, and not afterwards.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT from inside of any callback in the thread of the client's watches
///         (changed_fn, credentials_fn, log_fn): then nothing was ended.
/// @par Threads
/// Any but that in which the callbacks of the client's watches run. Two clients' callbacks that end each other's watches wait for
/// each other for ever.
/// @par Blocking
/// For 50 ms at most, and as long as a callback takes that runs at the moment (changed_fn, credentials_fn or log_fn), or the
/// flushing of snapshot_path to the disk. In a child after fork() it only closes descriptors.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_watch_free(watch: *mut trro_watch) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        match known(watch) {
            None if watch.is_null() => TRRO_STATUS_OK,
            Some(alive) if !alive.core.is_of_this_thread() => {
                end(watch, |watch| watch.core.end());
                TRRO_STATUS_OK
            }
            _ => TRRO_STATUS_INVALID_ARGUMENT,
        }
    }
}
