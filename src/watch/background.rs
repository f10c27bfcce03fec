//! The one thread of a client that asks for all its watches. Uses `client`, `cancel`, `sys`, `error`.
//!
//! It is there as long as there are watches. Signals are blocked in it, and what it waits for ends when a watch ends.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Next, Watched};
use crate::cancel::{Interrupt, no_descriptor};
use crate::client::Client;
use crate::error::{Error, Status};
use crate::sys::{self, Event, Readiness, since_boot_ms, wait_for_any};
use std::os::fd::AsFd;

/// Calls, TLS and callbacks of the program run in it.
const STACK_BYTES: usize = 1024 * 1024;
/// The system does not count a suspend into a wait, so none is longer: what was missed is made up for soon after.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Where the thread cannot be woken it looks by itself, as often as the end of a watch may take.
const PAUSE_WITHOUT_WAKE: Duration = Duration::from_millis(50);
/// After a fault of the library.
const PAUSE_AFTER_PANIC_MS: i64 = 60_000;

thread_local! {
    /// Whom this thread works for: the address of its `Background`, or 0. Who asks `std::thread::current()` in a thread of the
    /// program's leaves an allocation there, in the main thread for ever.
    static WORKS_FOR: Cell<usize> = const { Cell::new(0) };
}

/// Asks for the watches of one client.
pub struct Background {
    client: Arc<Client>,
    state: Mutex<State>,
    has_finished: Condvar,
}

#[derive(Default)]
struct State {
    watched: Vec<Entry>,
    /// Those that threads are working for. It can be two: while the last watch ends, the thread of the next may have begun.
    current: Vec<Arc<Watched>>,
    thread: Option<Thread>,
}

struct Entry {
    watched: Arc<Watched>,
    next: Next,
}

/// A thread; it ends when another takes its place in the state, or none.
struct Thread {
    handle: JoinHandle<()>,
    signals: Arc<Signals>,
}

/// How the thread is spoken to.
struct Signals {
    /// There is something else to do.
    wake: Event,
    /// What it does is to end.
    interrupt: Arc<Interrupt>,
}

/// What the thread does next.
enum Task {
    /// With the moment at which what is known of another watch turns.
    Work(Arc<Watched>, i64),
    WaitUntil(i64),
    End,
}

impl Background {
    /// No thread is made before there is something to watch.
    pub fn new(client: Arc<Client>) -> Background {
        Background { client, state: Mutex::default(), has_finished: Condvar::new() }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn add(self: &Arc<Self>, watched: &Arc<Watched>) -> Result<(), Error> {
        self.client.check_process()?;
        let mut state = self.lock();
        if state.thread.is_none() {
            state.thread = Some(self.start()?);
        }
        state.watched.push(Entry { watched: Arc::clone(watched), next: Next { next_ms: 0, turn_ms: i64::MAX } });
        state.wake();
        Ok(())
    }

    fn start(self: &Arc<Self>) -> Result<Thread, Error> {
        let wake = Event::new().map_err(|error| no_descriptor(&error))?;
        let signals = Arc::new(Signals { wake, interrupt: Arc::new(Interrupt::new()?) });
        let (background, own_signals) = (Arc::downgrade(self), Arc::clone(&signals));
        let handle =
            sys::spawn("trro-watch", STACK_BYTES, move || run(&background, &own_signals)).map_err(|error| {
                let message = format!("cannot start the thread that watches: {error}");
                Error::new(Status::ConnectFailed, message).with_os_error(&error)
            })?;
        Ok(Thread { handle, signals })
    }

    /// Afterwards nobody works for it. With the last one the thread ends.
    pub(super) fn remove(&self, watched: &Arc<Watched>) {
        if self.client.check_process().is_err() {
            self.forget_in_child(watched);
            return;
        }
        let mut state = self.lock();
        state.watched.retain(|entry| !Arc::ptr_eq(&entry.watched, watched));
        let thread = if state.watched.is_empty() { state.thread.take() } else { None };
        if state.is_working_for(watched) {
            if let Some(thread) = thread.as_ref().or(state.thread.as_ref()) {
                thread.signals.interrupt.set();
            }
        }
        while state.is_working_for(watched) {
            state = self.has_finished.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        if let Some(thread) = thread {
            // One that cannot be woken, since the program has closed what is not its own, ends by itself later.
            if thread.signals.wake.set() {
                // It has not panicked, and if it had there would be nothing left to mend.
                let _ = thread.handle.join();
            }
        }
    }

    /// A forked child has no such thread, and perhaps a lock that the thread had taken.
    fn forget_in_child(&self, watched: &Arc<Watched>) {
        if let Ok(mut state) = self.state.try_lock() {
            state.watched.retain(|entry| !Arc::ptr_eq(&entry.watched, watched));
        }
    }

    /// Whether the calling thread is the one that asks.
    pub fn is_this_thread(&self) -> bool {
        self.client.check_process().is_ok() && WORKS_FOR.get() == std::ptr::from_ref(self).addr()
    }

    /// What is due first; for the thread with these signals.
    fn next_task(&self, signals: &Arc<Signals>) -> Task {
        let mut state = self.lock();
        let is_its_turn = state.thread.as_ref().is_some_and(|thread| Arc::ptr_eq(&thread.signals, signals));
        let now_ms = since_boot_ms();
        // What turns by itself comes before what is to be asked for, which may take long.
        let turning = state.watched.iter().find(|entry| entry.next.turn_ms <= now_ms);
        let first = turning.or_else(|| state.watched.iter().min_by_key(|entry| entry.next.next_ms));
        match first {
            Some(first) if is_its_turn && first.next.next_ms <= now_ms => {
                let watched = Arc::clone(&first.watched);
                let others = state.watched.iter().filter(|entry| !Arc::ptr_eq(&entry.watched, &watched));
                let others_turn_ms = others.map(|entry| entry.next.turn_ms).min().unwrap_or(i64::MAX);
                state.current.push(Arc::clone(&watched));
                Task::Work(watched, others_turn_ms)
            }
            Some(first) if is_its_turn => Task::WaitUntil(first.next.next_ms),
            _ => Task::End,
        }
    }

    fn work(&self, watched: &Arc<Watched>, others_turn_ms: i64, signals: &Signals) {
        let go_on = || !signals.interrupt.is_set();
        let worked = catch_unwind(AssertUnwindSafe(|| watched.work(&self.client, others_turn_ms, &go_on)));
        let next = worked.unwrap_or_else(|payload| {
            // Dropping what was thrown may throw again.
            std::mem::forget(payload);
            self.client.reset();
            Next { next_ms: since_boot_ms() + PAUSE_AFTER_PANIC_MS, turn_ms: i64::MAX }
        });
        let mut state = self.lock();
        state.current.retain(|current| !Arc::ptr_eq(current, watched));
        signals.interrupt.clear();
        if let Some(entry) = state.watched.iter_mut().find(|entry| Arc::ptr_eq(&entry.watched, watched)) {
            entry.next = next;
        }
        drop(state);
        self.has_finished.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.signals.wake.set();
        }
    }

    fn is_working_for(&self, watched: &Arc<Watched>) -> bool {
        self.current.iter().any(|current| Arc::ptr_eq(current, watched))
    }
}

/// While it waits it holds nothing but its signals: in a forked child all else can then be given up.
fn run(background: &Weak<Background>, signals: &Arc<Signals>) {
    signals.interrupt.adopt();
    WORKS_FOR.set(background.as_ptr().addr());
    loop {
        let Some(background) = background.upgrade() else { return };
        match background.next_task(signals) {
            Task::Work(watched, others_turn_ms) => background.work(&watched, others_turn_ms, signals),
            Task::End => return,
            Task::WaitUntil(moment_ms) => {
                drop(background);
                let left_ms = moment_ms.saturating_sub(since_boot_ms());
                let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
                let until = Instant::now() + left.min(LONGEST_WAIT);
                // Whatever it ends with, the next look at the clock decides.
                let waited = wait_for_any(&[(signals.wake.as_fd(), Readiness::Readable)], until);
                let was_woken = signals.wake.take();
                // The program has closed what is not its own: nobody can wake this thread any more.
                if !was_woken && !matches!(waited, Ok(None)) {
                    let _ = wait_for_any(&[], Instant::now() + PAUSE_WITHOUT_WAKE);
                }
            }
        }
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Background").finish_non_exhaustive()
    }
}
