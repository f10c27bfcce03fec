//! Calls from the library into the program. Uses nothing.
//!
//! A callback that calls the client which calls it would wait for itself, so a thread knows whose callbacks it is in.

use std::cell::RefCell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static RUNNING: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
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
        struct Running;
        impl Drop for Running {
            fn drop(&mut self) {
                RUNNING.with_borrow_mut(Vec::pop);
            }
        }
        RUNNING.with_borrow_mut(|running| running.push(self.0));
        let _running = Running;
        callback()
    }

    /// Whether this thread is inside of a callback of this client.
    pub fn is_running(self) -> bool {
        RUNNING.with_borrow(|running| running.contains(&self.0))
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
