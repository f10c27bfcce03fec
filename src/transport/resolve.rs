//! Names to addresses, within the deadline and remembered. Uses `exchange`, `cancel`, `endpoint`, `sys`, `error`.
//!
//! libc's lookup cannot be interrupted, so it runs in a thread of its own, of which there is at most one a client: callers
//! wait for its result as long as their deadline allows, or until they are cancelled. Only a lookup that libc has not
//! given up yet outlives the client.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::NextTimeout;

use super::exchange::Exchange;
use super::through_ureq;
use crate::cancel::{Cancel, Ended, cancelled};
use crate::endpoint::Host;
use crate::error::{Error, Status};
use crate::sys::{self, Event, Readiness};

/// How long an answer is used without asking again.
const FRESH_FOR: Duration = Duration::from_secs(60);
/// ureq keeps no more of them.
const MAX_ADDRESSES: usize = 16;
/// How long a caller that has an old answer waits for a new one.
const PATIENCE_WITH_OLD_ANSWER: Duration = Duration::from_millis(250);
/// libc's plug-ins (`nsswitch.conf`) need some, and the thread-local variables of the whole program are in it as well.
const LOOKUP_STACK_BYTES: usize = 1024 * 1024;

/// Resolves the one host that is connected to. Clones share what they have learned.
#[derive(Clone)]
pub struct Resolver {
    host: Host,
    port: u16,
    lookup: Arc<Lookup>,
    cancel: Arc<Cancel>,
}

/// libc's way from a name to addresses, or a test's. Their port plays no part; an address of one link has the link with it.
type LookUp = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

struct Lookup {
    look_up: Box<LookUp>,
    state: Mutex<LookupState>,
}

#[derive(Default)]
struct LookupState {
    /// What the lookup that is running sets when it has finished.
    running: Option<Arc<Event>>,
    /// Of the last lookup, if it failed.
    failure: Option<Error>,
    /// Of the last lookup that succeeded.
    found: Option<Found>,
    thread: Option<JoinHandle<()>>,
}

struct Found {
    addresses: Vec<SocketAddr>,
    /// Since boot.
    at: Duration,
}

impl Resolver {
    pub fn new(host: Host, port: u16, cancel: Arc<Cancel>) -> Resolver {
        Resolver { host, port, lookup: Lookup::new(look_up_in_libc), cancel }
    }

    /// Waits for a thread that has done its work to end, which it is about to; leaves one that has not to itself.
    pub fn end(&self) {
        self.lookup.lock().end_thread();
    }

    /// For a connection of the exchange that this thread is in.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>, Error> {
        let timeout = Exchange::current().time_left();
        self.known_or(|name| self.lookup.addresses(name, timeout, &self.cancel))
    }

    /// What the addresses are at this moment, whatever is remembered.
    pub fn look_up(&self, timeout: Duration) -> Result<Vec<SocketAddr>, Error> {
        self.known_or(|name| self.lookup.look_up(self.lookup.lock(), name, timeout, &self.cancel))
    }

    /// The addresses of a host that needs no lookup, else what `look_up` finds.
    fn known_or(&self, look_up: impl FnOnce(&str) -> Result<Vec<SocketAddr>, Error>) -> Result<Vec<SocketAddr>, Error> {
        let addresses = match &self.host {
            Host::Loopback => vec![(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()],
            Host::Address(address) => vec![(*address, 0).into()],
            Host::Name(name) => look_up(name)?,
        };
        let with_port = |mut address: SocketAddr| {
            address.set_port(self.port);
            address
        };
        Ok(addresses.into_iter().take(MAX_ADDRESSES).map(with_port).collect())
    }
}

fn look_up_in_libc(host: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((host, 0).to_socket_addrs()?.collect())
}

impl Lookup {
    fn new(look_up: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Arc<Lookup> {
        Arc::new(Lookup { look_up: Box::new(look_up), state: Mutex::default() })
    }

    /// The addresses that are remembered, if they are fresh; else those of a lookup, and where that brings nothing in time,
    /// the old ones.
    fn addresses(self: &Arc<Self>, host: &str, timeout: Duration, cancel: &Cancel) -> Result<Vec<SocketAddr>, Error> {
        let state = self.lock();
        let timeout = match &state.found {
            Some(fresh) if fresh.age() < FRESH_FOR => return Ok(fresh.addresses.clone()),
            Some(_) => PATIENCE_WITH_OLD_ANSWER.min(timeout / 4),
            None => timeout,
        };
        match self.look_up(state, host, timeout, cancel) {
            Err(error) if error.status != Status::Cancelled => self.lock().old_or(error),
            result => result,
        }
    }

    /// What the lookup that is running finds, or one that begins now.
    fn look_up<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, LookupState>,
        host: &str,
        timeout: Duration,
        cancel: &Cancel,
    ) -> Result<Vec<SocketAddr>, Error> {
        let failed = |what: &str, error: &io::Error| {
            Error::new(Status::ResolveFailed, format!("cannot {what} a name lookup: {error}")).with_os_error(error)
        };
        let finished = match &state.running {
            Some(finished) => Arc::clone(finished),
            None => self.start(host, &mut state).map_err(|error| failed("start", &error))?,
        };
        drop(state);
        match cancel.wait_for_any(&[(finished.as_fd(), Readiness::Readable)], Instant::now() + timeout) {
            Ok(_) => {}
            Err(Ended::Cancelled) => return Err(cancelled()),
            Err(Ended::Late) => {
                return Err(Error::new(Status::Timeout, format!("the deadline passed while looking up {host}")));
            }
            Err(Ended::Failed(error)) => return Err(failed("wait for", &error)),
        }
        let mut state = self.lock();
        state.end_thread();
        match state.failure.clone() {
            Some(failure) => Err(failure),
            None => Ok(state.found.as_ref().map_or(Vec::new(), |found| found.addresses.clone())),
        }
    }

    fn start(self: &Arc<Self>, host: &str, state: &mut LookupState) -> io::Result<Arc<Event>> {
        // That of a lookup whose callers had all given up.
        state.end_thread();
        let finished = Arc::new(Event::new()?);
        let lookup = Arc::clone(self);
        let host = host.to_owned();
        state.thread = Some(sys::spawn("trro-lookup", LOOKUP_STACK_BYTES, move || {
            let found = (lookup.look_up)(&host);
            lookup.finish(&host, found);
        })?);
        state.running = Some(Arc::clone(&finished));
        Ok(finished)
    }

    /// The last thing that the thread does with the lock held.
    fn finish(&self, host: &str, found: io::Result<Vec<SocketAddr>>) {
        let mut state = self.lock();
        state.failure = match found {
            Ok(addresses) if !addresses.is_empty() => {
                state.found = Some(Found { addresses, at: sys::since_boot() });
                None
            }
            Ok(_) => Some(Error::new(Status::ResolveFailed, format!("{host} has no address"))),
            Err(error) => {
                Some(Error::new(Status::ResolveFailed, format!("cannot resolve {host}: {error}")).with_os_error(&error))
            }
        };
        if let Some(finished) = state.running.take() {
            finished.set();
        }
    }

    fn lock(&self) -> MutexGuard<'_, LookupState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LookupState {
    /// Once it is not running, the thread is about to end, and needs the lock no more.
    fn end_thread(&mut self) {
        if self.running.is_some() {
            return;
        }
        if let Some(thread) = self.thread.take() {
            // It has not panicked, and if it had there would be nothing left to mend.
            let _ = thread.join();
        }
    }

    /// An old answer is better than none: most addresses stay.
    fn old_or(&self, error: Error) -> Result<Vec<SocketAddr>, Error> {
        self.found.as_ref().map(|found| found.addresses.clone()).ok_or(error)
    }
}

impl Found {
    fn age(&self) -> Duration {
        sys::since_boot().saturating_sub(self.at)
    }
}

// ureq asks for it; showing more would take kilobytes in the library.
impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Resolver").finish_non_exhaustive()
    }
}

impl ureq::unversioned::resolver::Resolver for Resolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut resolved = self.empty();
        for address in self.addresses().map_err(through_ureq)? {
            resolved.push(address);
        }
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(60);

    fn loopback() -> Vec<SocketAddr> {
        vec![SocketAddr::from(([127, 0, 0, 1], 0))]
    }

    /// A lookup that ends, each time, when the sender says how.
    fn told() -> (Arc<Lookup>, mpsc::Sender<io::Result<Vec<SocketAddr>>>, Arc<AtomicU32>) {
        let (tell, told) = mpsc::channel();
        let told = Mutex::new(told);
        let lookups = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&lookups);
        let lookup = Lookup::new(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            let told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
        });
        (lookup, tell, lookups)
    }

    fn never() -> Cancel {
        Cancel::new().unwrap()
    }

    fn grow_old(lookup: &Lookup) {
        let mut state = lookup.lock();
        let found = state.found.as_mut().unwrap();
        found.at = found.at.saturating_sub(FRESH_FOR);
    }

    #[test]
    fn a_name_that_cannot_exist_fails_and_is_named() {
        let error = Lookup::new(look_up_in_libc).addresses("no-such-host.invalid", LONG, &never()).unwrap_err();
        assert_eq!(error.status, Status::ResolveFailed);
        assert!(error.message.contains("no-such-host.invalid"), "{error}");
    }

    #[test]
    fn a_lookup_that_does_not_end_ends_at_the_deadline() {
        let (lookup, _tell, _) = told();
        let start = Instant::now();
        let error = lookup.addresses("host.example", Duration::from_millis(50), &never()).unwrap_err();
        assert_eq!(error.status, Status::Timeout);
        assert!(start.elapsed() >= Duration::from_millis(50));
    }

    #[test]
    fn a_lookup_that_does_not_end_can_be_cancelled() {
        let ((lookup, _tell, _), cancel) = (told(), never());
        cancel.cancel();
        let error = lookup.addresses("host.example", LONG, &cancel).unwrap_err();
        assert_eq!(error.status, Status::Cancelled);
    }

    #[test]
    fn every_caller_gets_the_result_of_the_one_lookup() {
        let (lookup, tell, lookups) = told();
        std::thread::scope(|scope| {
            let callers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| lookup.addresses("host.example", LONG, &never()))).collect();
            tell.send(Ok(loopback())).unwrap();
            for caller in callers {
                assert_eq!(caller.join().unwrap().unwrap(), loopback());
            }
        });
        assert_eq!(lookups.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn an_answer_is_used_for_a_minute_without_asking_again() {
        let (lookup, tell, lookups) = told();
        tell.send(Ok(loopback())).unwrap();
        for _ in 0..3 {
            assert_eq!(lookup.addresses("host.example", LONG, &never()).unwrap(), loopback());
        }
        assert_eq!(lookups.load(Ordering::SeqCst), 1);
        grow_old(&lookup);
        let other = SocketAddr::from(([127, 0, 0, 2], 0));
        tell.send(Ok(vec![other])).unwrap();
        assert_eq!(lookup.addresses("host.example", LONG, &never()).unwrap(), [other]);
    }

    #[test]
    fn what_is_looked_up_anew_is_not_what_is_remembered() {
        let (lookup, tell, lookups) = told();
        tell.send(Ok(loopback())).unwrap();
        lookup.addresses("host.example", LONG, &never()).unwrap();
        tell.send(Err(io::ErrorKind::Other.into())).unwrap();
        let error = lookup.look_up(lookup.lock(), "host.example", LONG, &never()).unwrap_err();
        assert_eq!((error.status, lookups.load(Ordering::SeqCst)), (Status::ResolveFailed, 2));
        let error = lookup.look_up(lookup.lock(), "host.example", Duration::from_millis(50), &never()).unwrap_err();
        assert_eq!(error.status, Status::Timeout);
    }

    #[test]
    fn an_old_answer_is_used_when_the_next_lookup_fails() {
        let (lookup, tell, _) = told();
        tell.send(Ok(loopback())).unwrap();
        lookup.addresses("host.example", LONG, &never()).unwrap();
        grow_old(&lookup);
        tell.send(Err(io::ErrorKind::Other.into())).unwrap();
        assert_eq!(lookup.addresses("host.example", LONG, &never()).unwrap(), loopback());
    }

    #[test]
    fn an_old_answer_is_used_long_before_the_deadline_when_the_next_lookup_hangs() {
        let (lookup, tell, _) = told();
        tell.send(Ok(loopback())).unwrap();
        lookup.addresses("host.example", LONG, &never()).unwrap();
        grow_old(&lookup);
        let start = Instant::now();
        assert_eq!(lookup.addresses("host.example", LONG, &never()).unwrap(), loopback());
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn no_signal_handler_of_the_host_program_runs_in_the_thread() {
        let lookup = Lookup::new(|_| {
            let status = std::fs::read_to_string("/proc/thread-self/status")?;
            let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap_or_default();
            let blocked = u64::from_str_radix(blocked.trim(), 16).map_err(io::Error::other)?;
            // Neither SIGKILL and SIGSTOP nor libc's own two can be blocked.
            const NEVER_BLOCKED: u64 = 1 << 8 | 1 << 18 | 1 << 31 | 1 << 32;
            if blocked | NEVER_BLOCKED == u64::MAX { Ok(loopback()) } else { Err(io::ErrorKind::Other.into()) }
        });
        assert_eq!(lookup.addresses("host.example", LONG, &never()).unwrap(), loopback());
    }
}
