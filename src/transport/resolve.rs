//! Names to addresses, within the deadline and remembered. Uses `endpoint`, `sys`, `error`.
//!
//! libc's lookup cannot be interrupted, so it runs in a thread of its own, of which there is at most one a client: callers
//! wait for its result as long as their deadline allows. Only a lookup that libc has not given up yet outlives the client.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::NextTimeout;

use super::through_ureq;
use crate::endpoint::Endpoint;
use crate::error::{Error, Status};
use crate::sys;

/// How long an answer is used without asking again.
const FRESH_FOR: Duration = Duration::from_secs(60);
/// ureq keeps no more of them.
const MAX_ADDRESSES: usize = 16;
/// How long a caller that has an old answer waits for a new one.
const PATIENCE_WITH_OLD_ANSWER: Duration = Duration::from_millis(250);
/// libc's plug-ins (`nsswitch.conf`) need some, and the thread-local variables of the whole program are in it as well.
const LOOKUP_STACK_BYTES: usize = 1024 * 1024;

/// Resolves the one host of an endpoint. Clones share what they have learned.
#[derive(Debug, Clone)]
pub struct Resolver {
    host: String,
    port: u16,
    known: Option<Vec<IpAddr>>,
    lookup: Arc<Lookup>,
    process_id: u32,
}

#[derive(Debug, Default)]
struct Lookup {
    state: Mutex<LookupState>,
    finished: Condvar,
}

#[derive(Debug, Default)]
struct LookupState {
    running: bool,
    lookups_finished: u64,
    failure: Option<Error>,
    addresses: Vec<IpAddr>,
    /// Since boot.
    found_at: Option<Duration>,
    thread: Option<JoinHandle<()>>,
}

impl Resolver {
    pub fn new(endpoint: &Endpoint) -> Resolver {
        Resolver {
            host: endpoint.url.host().unwrap_or_default().to_owned(),
            port: endpoint.port,
            known: endpoint.host.known_addresses(),
            lookup: Arc::default(),
            process_id: std::process::id(),
        }
    }

    /// Waits for a thread that has done its work to end, which it is about to; leaves one that has not to itself. A
    /// forked child has neither the thread nor a use of the lock, which the fork may have caught locked.
    pub fn end(&self) {
        if self.process_id == std::process::id() {
            self.lookup.lock().end_thread();
        }
    }

    fn addresses(&self, timeout: Duration) -> Result<Vec<IpAddr>, Error> {
        match &self.known {
            Some(addresses) => Ok(addresses.clone()),
            None => self.lookup.addresses(&self.host, timeout),
        }
    }
}

impl Lookup {
    fn addresses(self: &Arc<Self>, host: &str, timeout: Duration) -> Result<Vec<IpAddr>, Error> {
        let mut state = self.lock();
        if state.found_at.is_some_and(|found_at| sys::since_boot().saturating_sub(found_at) < FRESH_FOR) {
            return Ok(state.addresses.clone());
        }
        if !state.running {
            state.end_thread();
            match self.start(host) {
                Ok(thread) => {
                    state.running = true;
                    state.thread = Some(thread);
                }
                Err(error) => {
                    let message = format!("cannot start a name lookup: {error}");
                    return state.stale_or(Error::new(Status::ResolveFailed, message).with_os_error(&error));
                }
            }
        }
        let awaited = state.lookups_finished;
        let timeout = if state.addresses.is_empty() { timeout } else { PATIENCE_WITH_OLD_ANSWER.min(timeout / 4) };
        let (mut state, _) = self
            .finished
            .wait_timeout_while(state, timeout, |state| state.lookups_finished == awaited)
            .unwrap_or_else(PoisonError::into_inner);
        if state.lookups_finished == awaited {
            let message = format!("the deadline passed while looking up {host}");
            return state.stale_or(Error::new(Status::Timeout, message));
        }
        state.end_thread();
        match &state.failure {
            None => Ok(state.addresses.clone()),
            Some(failure) => state.stale_or(failure.clone()),
        }
    }

    fn start(self: &Arc<Self>, host: &str) -> io::Result<JoinHandle<()>> {
        let lookup = Arc::clone(self);
        let host = host.to_owned();
        sys::spawn("trro-lookup", LOOKUP_STACK_BYTES, move || {
            // The port plays no part in a lookup.
            let found = (host.as_str(), 0).to_socket_addrs();
            lookup.finish(&host, found.map(|found| found.map(|address| address.ip()).collect()));
        })
    }

    /// The last thing that the thread does with the lock held.
    fn finish(&self, host: &str, found: io::Result<Vec<IpAddr>>) {
        let mut state = self.lock();
        state.failure = match found {
            Ok(addresses) if !addresses.is_empty() => {
                state.addresses = addresses;
                state.found_at = Some(sys::since_boot());
                None
            }
            Ok(_) => Some(Error::new(Status::ResolveFailed, format!("{host} has no address"))),
            Err(error) => {
                Some(Error::new(Status::ResolveFailed, format!("cannot resolve {host}: {error}")).with_os_error(&error))
            }
        };
        state.running = false;
        state.lookups_finished += 1;
        self.finished.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, LookupState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LookupState {
    /// Once it is not running, the thread is about to end, and needs the lock no more.
    fn end_thread(&mut self) {
        if self.running {
            return;
        }
        if let Some(thread) = self.thread.take() {
            // It has not panicked, and if it had there would be nothing left to mend.
            let _ = thread.join();
        }
    }

    /// An old answer is better than none: most addresses stay.
    fn stale_or(&self, error: Error) -> Result<Vec<IpAddr>, Error> {
        if self.addresses.is_empty() { Err(error) } else { Ok(self.addresses.clone()) }
    }
}

impl ureq::unversioned::resolver::Resolver for Resolver {
    fn resolve(&self, _: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.addresses(*timeout.after).map_err(through_ureq)?;
        let mut resolved = self.empty();
        for address in addresses.into_iter().take(MAX_ADDRESSES) {
            resolved.push(SocketAddr::new(address, self.port));
        }
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn loopback() -> Vec<IpAddr> {
        vec![IpAddr::from([127, 0, 0, 1])]
    }

    #[test]
    fn a_name_that_cannot_exist_fails_and_is_named() {
        let lookup = Arc::new(Lookup::default());
        let error = lookup.addresses("no-such-host.invalid", Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.status, Status::ResolveFailed);
        assert!(error.message.contains("no-such-host.invalid"), "{error}");
    }

    #[test]
    fn a_lookup_that_does_not_end_ends_at_the_deadline() {
        let lookup = Arc::new(Lookup::default());
        lookup.lock().running = true;
        let start = Instant::now();
        let error = lookup.addresses("host.example", Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.status, Status::Timeout);
        assert!(start.elapsed() >= Duration::from_millis(50));
    }

    #[test]
    fn every_caller_gets_the_result_of_the_one_lookup() {
        let lookup = Arc::new(Lookup::default());
        lookup.lock().running = true;
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let lookup = Arc::clone(&lookup);
                std::thread::spawn(move || lookup.addresses("host.example", Duration::from_secs(60)))
            })
            .collect();
        lookup.finish("host.example", Ok(loopback()));
        for caller in callers {
            assert_eq!(caller.join().unwrap().unwrap(), loopback());
        }
    }

    #[test]
    fn an_old_answer_is_used_long_before_the_deadline_when_the_next_lookup_hangs() {
        let lookup = Arc::new(Lookup::default());
        lookup.finish("host.example", Ok(loopback()));
        lookup.lock().found_at = None;
        lookup.lock().running = true;
        let start = Instant::now();
        assert_eq!(lookup.addresses("host.example", Duration::from_secs(60)).unwrap(), loopback());
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn an_old_answer_is_used_when_the_next_lookup_fails() {
        let lookup = Arc::new(Lookup::default());
        lookup.finish("no-such-host.invalid", Ok(loopback()));
        lookup.lock().found_at = None;
        assert_eq!(lookup.addresses("no-such-host.invalid", Duration::from_secs(60)).unwrap(), loopback());
    }
}
