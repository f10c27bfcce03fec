//! The handles that are alive, in a debug build; nothing in a release build. Uses nothing.
//!
//! A handle that was freed, or is of another kind, is known by its address alone: what is there is not read. There is no lock,
//! because handles are looked up in signal handlers, and in a child after fork() that another thread's lock would stop.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// The live handles of one kind.
#[cfg(not(debug_assertions))]
pub struct Live;

/// The release build has no list, and takes every address for a handle.
#[cfg(not(debug_assertions))]
impl Live {
    /// No handle is alive.
    pub const fn new() -> Live {
        Live
    }

    /// A handle was made.
    #[inline(always)]
    pub fn enter<T>(&self, _handle: *const T) {}

    /// Whether it is alive.
    #[inline(always)]
    pub fn has<T>(&self, _handle: *const T) -> bool {
        true
    }

    /// Whether it was alive; it is no more.
    #[inline(always)]
    pub fn remove<T>(&self, _handle: *const T) -> bool {
        true
    }
}

/// How many handles a piece of the list has room for.
#[cfg(debug_assertions)]
const SLOTS: usize = 64;

/// The live handles of one kind: addresses, 0 where there is none, in pieces that are never given back.
#[cfg(debug_assertions)]
pub struct Live {
    addresses: [AtomicUsize; SLOTS],
    next: AtomicPtr<Live>,
}

#[cfg(debug_assertions)]
impl Live {
    /// No handle is alive.
    pub const fn new() -> Live {
        Live { addresses: [const { AtomicUsize::new(0) }; SLOTS], next: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// A handle was made.
    pub fn enter<T>(&self, handle: *const T) {
        let mut piece = self;
        while !piece.replace(0, handle.addr()) {
            piece = piece.next().unwrap_or_else(|| piece.grow());
        }
    }

    /// Whether it is alive.
    pub fn has<T>(&self, handle: *const T) -> bool {
        self.pieces().any(|piece| piece.addresses.iter().any(|slot| slot.load(Ordering::Acquire) == handle.addr()))
    }

    /// Whether it was alive; it is no more. Of two threads that end the same handle, one is told yes.
    pub fn remove<T>(&self, handle: *const T) -> bool {
        self.pieces().any(|piece| piece.replace(handle.addr(), 0))
    }

    /// Puts one address in the place of another, once; whether that was there.
    fn replace(&self, old: usize, new: usize) -> bool {
        let replaced =
            |slot: &AtomicUsize| slot.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        self.addresses.iter().any(replaced)
    }

    fn pieces(&self) -> impl Iterator<Item = &Live> {
        std::iter::successors(Some(self), |piece| piece.next())
    }

    fn next(&self) -> Option<&Live> {
        // SAFETY: NULL, or what `grow` has put there and nobody takes away.
        unsafe { self.next.load(Ordering::Acquire).as_ref() }
    }

    /// The piece behind this one, which this thread or another has made.
    fn grow(&self) -> &Live {
        let made = Box::into_raw(Box::new(Live::new()));
        let none = std::ptr::null_mut();
        match self.next.compare_exchange(none, made, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: made above, and never freed from here on.
            Ok(_) => unsafe { &*made },
            Err(others) => {
                // SAFETY: made above, and seen by nobody else.
                drop(unsafe { Box::from_raw(made) });
                // SAFETY: not NULL, or it would have been replaced; what `grow` has put there is never freed.
                unsafe { &*others }
            }
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    fn more_handles_than_a_piece_has_room_for_are_known_until_they_end() {
        let live = Live::new();
        let memory = [0_u8; 3 * SLOTS + 1];
        let handles: Vec<*const u8> = memory.iter().map(|byte| &raw const *byte).collect();
        handles.iter().for_each(|handle| live.enter(*handle));
        for handle in handles {
            assert!(live.has(handle) && live.remove(handle));
            assert!(!live.has(handle) && !live.remove(handle));
        }
    }

    #[test]
    fn a_place_is_used_again() {
        let live = Live::new();
        for _ in 0..10 * SLOTS {
            live.enter(&raw const live);
            assert!(live.remove(&raw const live));
        }
        assert_eq!(live.pieces().count(), 1);
    }

    #[test]
    fn of_many_threads_that_end_a_handle_one_is_told_that_it_was_alive() {
        let live = Live::new();
        let memory = [0_u8; 10 * SLOTS];
        std::thread::scope(|scope| {
            for part in memory.chunks(SLOTS) {
                scope.spawn(|| part.iter().for_each(|byte| live.enter(&raw const *byte)));
            }
        });
        let ended: usize = std::thread::scope(|scope| {
            let end_all = || memory.iter().filter(|byte| live.remove(&raw const **byte)).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(end_all)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(ended, memory.len());
    }
}
