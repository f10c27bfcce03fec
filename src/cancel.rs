//! Ends what the calls of a client wait for, when the program says so. Uses `sys`, `error`.
//!
//! A flag says that the client is cancelled, and an event wakes who waits. The event stays set as long as the flag is, so
//! that every waiting thread sees it and none takes another's wake-up.

use std::cell::OnceCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use crate::error::{Error, Status};
use crate::sys::{Event, MOST_AWAITED, Process, Readiness, wait_for_any};

/// Of the state of a [`Cancel`]: the flag.
const CANCELLED: usize = 1;
/// Of the state of a [`Cancel`]: one of the calls that are counted above the flag.
const ONE_CALL: usize = 2;

/// Whether the calls of a client are to end.
#[derive(Debug)]
pub struct Cancel {
    /// The flag and the calls in progress. They are one word, so that a call cannot begin, nor the flag be raised, while
    /// [`Cancel::resume`] looks from the one to the other.
    state: AtomicUsize,
    event: Event,
    process: Process,
}

/// Why a wait ended without what it was for.
#[derive(Debug)]
pub enum Ended {
    /// The deadline passed.
    Late,
    /// The program cancelled.
    Cancelled,
    /// The system refused to wait.
    Failed(io::Error),
}

/// A call in progress, for as long as it lives.
#[derive(Debug)]
pub struct Call<'a>(&'a Cancel);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.state.fetch_sub(ONE_CALL, Ordering::SeqCst);
    }
}

impl Cancel {
    /// Takes a descriptor and a little memory of libc's, which is all that can fail.
    pub fn new() -> Result<Cancel, Error> {
        let event = Event::new().map_err(|error| no_descriptor(&error))?;
        let process = Process::this().map_err(|error| no_descriptor(&error))?;
        Ok(Cancel { state: AtomicUsize::new(0), event, process })
    }

    /// Whether it was made in this process, and not before a fork.
    pub fn is_of_this_process(&self) -> bool {
        self.process.is_this()
    }

    /// Ends every call, and every later one until [`Cancel::resume`]. Safe in a signal handler. Without effect in a forked
    /// child, whose event is its parent's.
    pub fn cancel(&self) {
        if self.is_of_this_process() {
            self.state.fetch_or(CANCELLED, Ordering::SeqCst);
            self.event.set();
        }
    }

    /// Lets calls begin again. Refused while one that was cancelled has not returned yet: it might miss that it was.
    pub fn resume(&self) -> Result<(), Error> {
        match self.state.compare_exchange(CANCELLED, 0, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => self.settle(),
            Err(state) if state & CANCELLED == 0 => {}
            Err(_) => return Err(Error::invalid_argument("client", "has a cancelled call that has not returned yet")),
        }
        Ok(())
    }

    /// Whether calls are to end; with a thread of the library's own, whether what it does is to.
    pub fn is_set(&self) -> bool {
        self.state.load(Ordering::SeqCst) & CANCELLED != 0
            || Interrupt::of_this_thread().is_some_and(|own| own.is_set())
    }

    /// Begins a call; an error if it is cancelled already.
    pub fn begin(&self) -> Result<Call<'_>, Error> {
        let one_more = |state| (state & CANCELLED == 0).then_some(state + ONE_CALL);
        match self.state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more) {
            Ok(_) => Ok(Call(self)),
            Err(_) => Err(cancelled()),
        }
    }

    /// Waits until one of the descriptors is ready, and gives its index.
    pub fn wait_for_any(&self, awaited: &[(BorrowedFd<'_>, Readiness)], deadline: Instant) -> Result<usize, Ended> {
        let own = Interrupt::of_this_thread();
        let mut all = [(self.event.as_fd(), Readiness::Readable); MOST_AWAITED];
        if let Some(own) = &own {
            all[1] = (own.event.as_fd(), Readiness::Readable);
        }
        let first = 1 + usize::from(own.is_some());
        let end = first + awaited.len().min(MOST_AWAITED - first);
        all[first..end].copy_from_slice(&awaited[..end - first]);
        loop {
            match wait_for_any(&all[..end], deadline) {
                Ok(None) => return Err(Ended::Late),
                Ok(Some(index)) if index >= first => return Ok(index - first),
                Ok(Some(_)) if self.is_set() => return Err(Ended::Cancelled),
                // The event may be another descriptor by now, that is always ready: the program has closed what is not its own.
                Ok(Some(_)) if Instant::now() >= deadline => return Err(Ended::Late),
                Ok(Some(_)) => self.settle(),
                Err(error) => return Err(Ended::Failed(error)),
            }
        }
    }

    /// Waits for that moment, or until cancelled.
    pub fn sleep_until(&self, moment: Instant) -> Result<(), Error> {
        match self.wait_for_any(&[], moment) {
            Err(Ended::Cancelled) => Err(cancelled()),
            Err(Ended::Failed(error)) => {
                Err(Error::new(Status::Internal, format!("cannot wait: {error}")).with_os_error(&error))
            }
            Err(Ended::Late) | Ok(_) => Ok(()),
        }
    }

    /// The event says what the flag says, also if the flag changes at this moment: whoever takes the event looks at the
    /// flag afterwards, and whoever raises the flag sets the event afterwards.
    fn settle(&self) {
        self.event.take();
        if self.state.load(Ordering::SeqCst) & CANCELLED != 0 {
            self.event.set();
        }
    }
}

/// Ends what one thread of the library's own waits for, on whichever client.
#[derive(Debug)]
pub struct Interrupt {
    is_set: AtomicBool,
    event: Event,
}

thread_local! {
    static OWN: OnceCell<Arc<Interrupt>> = const { OnceCell::new() };
}

#[cfg_attr(not(feature = "watch"), expect(dead_code, reason = "only what watches wait for is ended by it"))]
impl Interrupt {
    /// Takes a descriptor and a little memory of libc's, which is all that can fail.
    pub fn new() -> Result<Interrupt, Error> {
        let event = Event::new().map_err(|error| no_descriptor(&error))?;
        Ok(Interrupt { is_set: AtomicBool::new(false), event })
    }

    /// From now on it is that of the calling thread, which has none yet.
    pub fn adopt(self: &Arc<Self>) {
        OWN.with(|own| {
            own.get_or_init(|| Arc::clone(self));
        });
    }

    fn of_this_thread() -> Option<Arc<Interrupt>> {
        // Where the variable is gone, the thread is about to end, and none of ours.
        OWN.try_with(|own| own.get().cloned()).ok().flatten()
    }

    /// What the thread waits for ends, and does whatever it waits for until [`Interrupt::clear`].
    pub fn set(&self) {
        self.is_set.store(true, Ordering::SeqCst);
        self.event.set();
    }

    /// Not while another thread may set it.
    pub fn clear(&self) {
        self.is_set.store(false, Ordering::SeqCst);
        self.event.take();
    }

    /// Whether what the thread does is to end.
    pub fn is_set(&self) -> bool {
        self.is_set.load(Ordering::SeqCst)
    }
}

/// The error of a call that the program has ended.
pub fn cancelled() -> Error {
    Error::new(Status::Cancelled, "the call was cancelled by trro_client_cancel()")
}

/// There is no descriptor left for what a client needs.
pub fn no_descriptor(error: &io::Error) -> Error {
    Error::new(Status::ConnectFailed, format!("no descriptor for the client: {error}")).with_os_error(error)
}

/// Something that one thread at a time may do, while others wait no longer than they can.
#[derive(Debug)]
pub struct Turn(Event);

/// Having the turn, for as long as it lives.
#[derive(Debug)]
pub struct HavingTurn<'a>(&'a Turn);

impl Drop for HavingTurn<'_> {
    fn drop(&mut self) {
        self.0.0.set();
    }
}

impl Turn {
    /// Takes a descriptor and a little memory of libc's, which is all that can fail.
    pub fn new() -> Result<Turn, Error> {
        Event::with_token().map(Turn).map_err(|error| no_descriptor(&error))
    }

    /// Waits for the turn.
    pub fn take(&self, cancel: &Cancel, deadline: Instant) -> Result<HavingTurn<'_>, Ended> {
        loop {
            if self.0.take() {
                return Ok(HavingTurn(self));
            }
            // What is always ready, and does not give the turn, is no event any more.
            if Instant::now() >= deadline {
                return Err(Ended::Late);
            }
            cancel.wait_for_any(&[(self.0.as_fd(), Readiness::Readable)], deadline)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    fn in_a_minute() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn every_waiting_thread_is_woken() {
        let cancel = Cancel::new().unwrap();
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| cancel.sleep_until(in_a_minute()))).collect();
            cancel.cancel();
            for thread in waiting {
                assert_eq!(thread.join().unwrap().unwrap_err().status, Status::Cancelled);
            }
        });
    }

    #[test]
    fn it_is_sticky_until_resumed() {
        let cancel = Cancel::new().unwrap();
        cancel.cancel();
        for _ in 0..2 {
            assert_eq!(cancel.begin().unwrap_err().status, Status::Cancelled);
            assert!(cancel.sleep_until(in_a_minute()).is_err());
        }
        cancel.resume().unwrap();
        assert!(cancel.begin().is_ok());
        assert!(cancel.sleep_until(Instant::now()).is_ok());
    }

    #[test]
    fn resuming_is_refused_while_a_cancelled_call_runs() {
        let cancel = Cancel::new().unwrap();
        let call = cancel.begin().unwrap();
        cancel.resume().unwrap();
        cancel.cancel();
        assert_eq!(cancel.resume().unwrap_err().status, Status::InvalidArgument);
        assert!(cancel.is_set());
        drop(call);
        cancel.resume().unwrap();
        assert!(!cancel.is_set());
    }

    #[test]
    fn resuming_what_was_not_cancelled_leaves_the_event_to_a_cancellation_in_progress() {
        let cancel = Cancel::new().unwrap();
        cancel.event.set();
        cancel.resume().unwrap();
        assert!(cancel.event.take());
    }

    #[test]
    fn a_call_that_did_not_begin_is_not_waited_for() {
        let cancel = Cancel::new().unwrap();
        cancel.cancel();
        cancel.begin().unwrap_err();
        cancel.resume().unwrap();
    }

    #[test]
    fn an_event_that_outlived_its_flag_wakes_nobody() {
        let cancel = Cancel::new().unwrap();
        cancel.event.set();
        assert!(cancel.sleep_until(Instant::now() + Duration::from_millis(20)).is_ok());
    }

    #[test]
    fn a_turn_is_one_threads_at_a_time_and_waited_for_no_longer_than_the_deadline() {
        let (cancel, turn) = (Cancel::new().unwrap(), Turn::new().unwrap());
        let having = turn.take(&cancel, in_a_minute()).unwrap();
        assert!(matches!(turn.take(&cancel, Instant::now()), Err(Ended::Late)));
        let (tell, told) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _having = turn.take(&cancel, in_a_minute()).unwrap();
                tell.send(()).unwrap();
            });
            drop(having);
            told.recv().unwrap();
        });
        let _having = turn.take(&cancel, in_a_minute()).unwrap();
        cancel.cancel();
        assert!(matches!(turn.take(&cancel, in_a_minute()), Err(Ended::Cancelled)));
    }
}
