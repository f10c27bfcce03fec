//! Lays a result out in the caller's buffer. Uses nothing.
//!
//! One pass writes while there is room and goes on counting when there is none, so that what is needed and what is used
//! cannot disagree.

use std::ffi::{c_char, c_void};
use std::mem::size_of;

/// Everything is laid out for this alignment, which is no less than that of any type put into a buffer; so the layout
/// does not depend on where the buffer begins.
const ALIGNMENT: usize = 8;

/// A buffer of the caller's that is being filled.
pub struct Arena {
    /// The first aligned address of the buffer.
    start: *mut u8,
    /// Bytes before `start` that are lost to alignment.
    padding: usize,
    /// Bytes from `start` on.
    room: usize,
    /// Bytes from `start` on that were asked for so far.
    length: usize,
}

/// How much was asked for until then.
#[derive(Clone, Copy)]
pub struct Mark(usize);

/// Room for some values of one type, or none if the buffer is too small.
pub struct Slot<T> {
    pointer: *mut T,
    count: usize,
}

impl Arena {
    /// An empty arena in `size` bytes at `buffer`, which may be NULL if `size` is 0.
    ///
    /// # Safety
    ///
    /// The bytes are the caller's to write, until the result is no longer used.
    pub unsafe fn new(buffer: *mut c_void, size: usize) -> Arena {
        // No object is larger than isize::MAX; a caller that says so means "plenty".
        let size = size.min(isize::MAX as usize);
        let padding = buffer.cast::<u8>().align_offset(ALIGNMENT).min(size);
        Arena { start: buffer.cast::<u8>().wrapping_add(padding), padding, room: size - padding, length: 0 }
    }

    /// How full it is now.
    pub fn mark(&self) -> Mark {
        Mark(self.length)
    }

    /// Forgets what was asked for since then.
    pub fn back_to(&mut self, mark: Mark) {
        self.length = mark.0;
    }

    /// Room for `count` values.
    pub fn reserve<T>(&mut self, count: usize) -> Slot<T> {
        const { assert!(align_of::<T>() <= ALIGNMENT) };
        let offset = self.length.next_multiple_of(align_of::<T>());
        self.length = offset.saturating_add(count.saturating_mul(size_of::<T>()));
        let pointer =
            if self.length <= self.room { self.start.wrapping_add(offset).cast::<T>() } else { std::ptr::null_mut() };
        Slot { pointer, count }
    }

    /// Room for a struct of so many bytes, or NULL.
    pub fn reserve_struct(&mut self, size: usize) -> *mut u8 {
        self.length = self.length.next_multiple_of(ALIGNMENT);
        self.reserve::<u8>(size).pointer
    }

    /// A copy of `text` with a NUL at its end.
    pub fn text(&mut self, text: &str) -> *const c_char {
        let slot = self.reserve::<u8>(text.len() + 1);
        if !slot.pointer.is_null() {
            // SAFETY: the slot has room for the text and one byte more.
            unsafe {
                std::ptr::copy_nonoverlapping(text.as_ptr(), slot.pointer, text.len());
                slot.pointer.add(text.len()).write(0);
            }
        }
        slot.pointer.cast()
    }

    /// Whether everything found room: how many bytes were used of the buffer; else how many are enough, at any
    /// alignment.
    pub fn finish(self) -> Result<usize, usize> {
        if self.length <= self.room {
            Ok(self.padding + self.length)
        } else {
            Err(self.length.saturating_add(ALIGNMENT - 1))
        }
    }
}

impl<T> Slot<T> {
    /// Writes one of the values, if there is room for them.
    pub fn write(&self, index: usize, value: T) {
        assert!(index < self.count);
        if !self.pointer.is_null() {
            // SAFETY: aligned, inside the buffer, and below the count that room was made for.
            unsafe { self.pointer.add(index).write(value) }
        }
    }

    /// The first value; NULL without room.
    pub fn as_ptr(&self) -> *const T {
        self.pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lays out something of every alignment.
    fn fill(arena: &mut Arena) {
        arena.text("ab");
        arena.reserve::<u64>(2).write(1, u64::MAX);
        arena.text("");
        arena.reserve::<u16>(1).write(0, u16::MAX);
        arena.reserve::<u64>(0);
    }

    #[test]
    fn the_needed_size_is_enough_at_every_alignment_and_less_than_the_used_one_never_is() {
        let mut probe = unsafe { Arena::new(std::ptr::null_mut(), 0) };
        fill(&mut probe);
        let needed = probe.finish().unwrap_err();
        for misalignment in 0..16 {
            let mut memory = vec![0u64; needed / 8 + 4];
            let buffer = memory.as_mut_ptr().cast::<u8>().wrapping_add(misalignment).cast();
            let mut arena = unsafe { Arena::new(buffer, needed) };
            fill(&mut arena);
            let used = arena.finish().unwrap();
            assert!(used <= needed);
            for size in 0..used {
                let mut arena = unsafe { Arena::new(buffer, size) };
                fill(&mut arena);
                assert_eq!(arena.finish(), Err(needed), "size {size} at misalignment {misalignment}");
            }
            let mut arena = unsafe { Arena::new(buffer, used) };
            fill(&mut arena);
            assert_eq!(arena.finish(), Ok(used));
        }
    }

    #[test]
    fn nothing_is_written_outside_of_the_buffer() {
        for size in 0..64 {
            let mut memory = [0xa5u8; 128];
            let mut arena = unsafe { Arena::new(memory.as_mut_ptr().wrapping_add(32).cast(), size) };
            fill(&mut arena);
            let _ = arena.finish();
            assert!(memory[..32].iter().chain(&memory[32 + size..]).all(|byte| *byte == 0xa5), "size {size}");
        }
    }

    #[test]
    fn what_is_written_is_there() {
        let mut memory = [0u64; 16];
        let mut arena = unsafe { Arena::new(memory.as_mut_ptr().cast(), size_of_val(&memory)) };
        let slot = arena.reserve::<u64>(2);
        slot.write(0, 7);
        slot.write(1, u64::MAX);
        let text = arena.text("ab");
        assert_eq!(arena.finish(), Ok(16 + 3));
        assert_eq!(unsafe { std::slice::from_raw_parts(slot.as_ptr(), 2) }, [7, u64::MAX]);
        assert_eq!(unsafe { std::ffi::CStr::from_ptr(text) }, c"ab");
    }

    #[test]
    fn what_is_forgotten_is_written_over() {
        let mut memory = [0u64; 2];
        let mut arena = unsafe { Arena::new(memory.as_mut_ptr().cast(), size_of_val(&memory)) };
        arena.text("kept");
        let mark = arena.mark();
        let forgotten = arena.text("forgotten");
        arena.back_to(mark);
        assert_eq!(arena.text("new"), forgotten);
        assert_eq!(arena.finish(), Ok(5 + 4));
    }

    #[test]
    fn a_size_that_nothing_can_have_is_plenty() {
        let mut memory = [0u64; 16];
        let mut arena = unsafe { Arena::new(memory.as_mut_ptr().cast(), usize::MAX) };
        fill(&mut arena);
        assert!(arena.finish().is_ok());
    }
}
