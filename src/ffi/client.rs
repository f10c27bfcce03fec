//! The client. Uses `client`, `watch`, `error`.

use std::ptr;
use std::sync::Arc;

use super::actions::TRRO_ABSENT;
use super::arguments::{input, number};
use super::callback::Identity;
use super::config::{core_config, trro_client_config};
use super::error::{trro_error, trro_status};
use super::handles::Live;
use super::{Handle, OwnedByCaller, fallible, free, into_handle, known, on_client, put};
use crate::client::Client;
use crate::error::Error;
use crate::watch::{Background, Config, Watch};

/// Access to the service: it signs, sends, keeps up to three idle connections for up to 50 s, and remembers the
/// addresses of the service for 60 s. Made by trro_client_new(), ended by trro_client_free().
///
/// Any number of threads may use one client at the same time; where a function takes a `const trro_client *`, calls run
/// side by side. A program needs one client an account.
pub struct trro_client {
    core: Arc<Client>,
    watches: Arc<Background>,
    identity: Identity,
}

impl trro_client {
    pub(super) fn new(core: Client, identity: Identity) -> trro_client {
        let core = Arc::new(core);
        trro_client { watches: Arc::new(Background::new(Arc::clone(&core))), core, identity }
    }

    /// What a call works with; an error if the call comes from inside of a callback of this client.
    pub(super) fn core(&self) -> Result<&Client, Error> {
        if self.identity.is_running() {
            return Err(Error::invalid_argument("client", "is used from inside of one of its own callbacks"));
        }
        Ok(&self.core)
    }

    /// Begins to watch.
    pub(super) fn watch(&self, config: Config<'_>) -> Result<Watch, Error> {
        Watch::start(&self.watches, config)
    }

    /// What tells its callbacks from others.
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }
}

impl Handle for trro_client {
    type Ownership = OwnedByCaller;

    #[inline(always)]
    fn live() -> &'static Live {
        static LIVE: Live = Live::new();
        &LIVE
    }
}

/// Makes a client. No network is touched: a wrong key shows at the first call.
///
/// @param config  How to reach the service. Must not be NULL; copied, with all it points to.
/// @param client  Where the client goes. Must not be NULL; *client is NULL after a failure. End it with trro_client_free().
/// @param error   What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_NO_CREDENTIALS; TRRO_STATUS_CREDENTIALS_FAILED;
///         TRRO_STATUS_CONNECT_FAILED, if no descriptor is left, or if a machine that was just switched on
///         has no random numbers yet for client_key_file; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any. The environment is read: no other thread may change it meanwhile.
/// @par Blocking
/// Only as long as reading the files takes that it names, and those in which credentials are looked for.
/// @par Example
/// The program in the guide of trro.h.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_new(
    config: *const trro_client_config,
    client: *mut *mut trro_client,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(client, ptr::null_mut());
        fallible(error, || {
            if client.is_null() {
                return Err(Error::invalid_argument("client", "is NULL"));
            }
            let config = input(config, "config")?;
            let identity = Identity::new();
            let made = core_config(&config, identity)?.or_environment().and_then(Client::new);
            let made = made.map_err(|error| error.inside("config->"))?;
            put(client, into_handle(trro_client::new(made, identity)));
            Ok(0)
        })
    }
}

/// Ends a client: closes its connections and wipes its keys. What its watches need of it goes with the last of them.
///
/// @param client  May be NULL. No call on it may be running, and none may follow.
/// @par Threads
/// Any. A name lookup that has not ended may go on in a thread of its own until libc gives it up.
/// @par Blocking
/// Never. In a child after fork() it only closes descriptors: the parent's connections live on.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_free(client: *mut trro_client) {
    // SAFETY: what C passes is as the header says.
    unsafe { free(client) }
}

/// Makes a connection ahead of the first call: name lookup, TCP, proxy and TLS are done when it is needed, and the call takes one round
/// trip. Nothing is asked of the service and no credential is sent; nothing is repeated: a failure is what a call would meet now.
/// The connection is used within 50 s, by a call that changes something within 1 s, or dropped. If there is one already, this does
/// nothing.
///
/// @param client       Must not be NULL.
/// @param deadline_ms  For all of it together: 1 to 600000 ms; 0: the client's.
/// @param error        What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_RESOLVE_FAILED; TRRO_STATUS_CONNECT_FAILED;
///         TRRO_STATUS_TLS_FAILED; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any.
/// @par Blocking
/// Until the deadline at the latest.
/// @par Example
/// @code
/// if (trro_client_connect(client, 2000, &error) != TRRO_STATUS_OK)
///     fprintf(stderr, "the service is out of reach for now: %s\n", error.message);
/// @endcode
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_connect(
    client: *const trro_client,
    deadline_ms: u32,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe { on_client(client, error, |client| client.connect(number(deadline_ms)).map(|()| 0)) }
}

/// Ends the calls in progress within 50 ms, whatever they wait for, and makes later ones return TRRO_STATUS_CANCELLED at
/// once, until trro_client_resume(). A function of the program's own (credentials_fn, log_fn, a visitor) is not ended. Watches
/// are not asked for meanwhile; trro_watch_read() goes on with what is known.
///
/// @param client  May be NULL.
/// @par Threads
/// Any, and safe in a signal handler: atomic operations and write(); errno is what it was. Without effect in a
/// child after fork(). trro_client_free() must not have begun.
/// @par Blocking
/// Never; it does not wait for the calls to return.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_cancel(client: *const trro_client) {
    // No panic boundary and no `borrow`: neither is for a signal handler, and nothing in here can panic.
    // SAFETY: what C passes is as the header says.
    if let Some(client) = unsafe { known(client) } {
        client.core.cancel();
    }
}

/// Lets calls begin again after trro_client_cancel(). Without one before it, it does nothing. As long as a cancelled call has not
/// returned it is refused: call it again after that call has returned.
///
/// @param client  Must not be NULL.
/// @param error   What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT, also while a cancelled call, or a cancelled request of a watch, has
///         not returned yet; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any.
/// @par Blocking
/// Never.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_resume(client: *const trro_client, error: *mut trro_error) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe { on_client(client, error, |client| client.resume().map(|()| 0)) }
}

/// By how much the service's time is ahead of the system clock, at this moment, as far as its answers have told. The
/// library uses the service's time for signatures and certificates, and never sets the system clock.
///
/// @param client     Must not be NULL.
/// @param offset_ms  Where the milliseconds go, negative if the system clock is ahead; TRRO_ABSENT while no answer has told the
///                   time. Must not be NULL; 0 after a failure. Right to a second or two.
/// @param error      What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any.
/// @par Blocking
/// Never.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_clock_offset_ms(
    client: *const trro_client,
    offset_ms: *mut i64,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(offset_ms, 0);
        on_client(client, error, |client| {
            if offset_ms.is_null() {
                return Err(Error::invalid_argument("offset_ms", "is NULL"));
            }
            put(offset_ms, client.clock_offset_ms().unwrap_or(TRRO_ABSENT));
            Ok(0)
        })
    }
}
