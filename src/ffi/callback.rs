//! Calls from the library into the program. Uses `listing`.
//!
//! A callback that calls the client which calls it would wait for itself, so a thread knows whose callbacks it is in.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::listing::Flow;

/// A callback that a thread is in, and the one around it.
struct Running {
    of: u64,
    around: *const Running,
}

thread_local! {
    // With nothing to destroy it outlives the thread's other variables, and can be used in `atexit` and the like.
    static INNERMOST: Cell<*const Running> = const { Cell::new(ptr::null()) };
}

/// Tells a client from every other, also of those that have gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity(u64);

impl Identity {
    pub fn new() -> Identity {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Identity(LAST.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs a callback of this client.
    pub fn run<T>(self, callback: impl FnOnce() -> T) -> T {
        struct Restore(*const Running);
        impl Drop for Restore {
            fn drop(&mut self) {
                INNERMOST.set(self.0);
            }
        }
        let running = Running { of: self.0, around: INNERMOST.get() };
        let _restore = Restore(running.around);
        INNERMOST.set(&running);
        callback()
    }

    /// Runs a callback of this client that stops with any value but 0.
    pub fn visit(self, callback: impl FnOnce() -> c_int) -> Flow {
        match self.run(callback) {
            0 => Flow::GoOn,
            _ => Flow::Stop,
        }
    }

    /// Whether this thread is inside of a callback of this client.
    pub fn is_running(self) -> bool {
        let mut next = INNERMOST.get();
        // SAFETY: each is a variable of a `run` of this thread that has not returned yet.
        while let Some(running) = unsafe { next.as_ref() } {
            if running.of == self.0 {
                return true;
            }
            next = running.around;
        }
        false
    }
}

/// What the program wants to get back with each call.
#[derive(Clone, Copy)]
pub struct UserData(pub *mut c_void);

// SAFETY: it is handed back as it came, and never looked into. The header says from which threads.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub fn get(self) -> *mut c_void {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_knows_whose_callbacks_it_is_in() {
        let (first, second) = (Identity::new(), Identity::new());
        assert!(!first.is_running());
        first.run(|| {
            second.run(|| assert!(first.is_running() && second.is_running()));
            assert!(first.is_running() && !second.is_running());
            std::thread::scope(|scope| {
                scope.spawn(|| assert!(!first.is_running()));
            });
        });
        assert!(!first.is_running());
    }
}
