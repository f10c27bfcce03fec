//! What comes from C, checked before anything else looks at it. Uses `error`.

use std::ffi::{CStr, c_char, c_void};
use std::mem::size_of;

use crate::error::Error;

/// No struct will ever be larger; a `struct_size` beyond it was never set.
const LARGEST_STRUCT: usize = 4096;

/// A struct that C fills in, and that begins with its size.
///
/// # Safety
///
/// The struct is `repr(C)`, begins with `struct_size: usize`, and any bytes are a value of it: integers, pointers and
/// optional functions are, `bool` and enums are not.
pub unsafe trait Input: Copy {
    /// The macro that initialises it.
    const INIT: &'static str;
    /// Its size in the first header that had it: no program has a smaller one.
    const FIRST_SIZE: usize;
}

/// What there is to know of an [`Input`].
pub struct InputSize {
    /// The macro that initialises it, in any case.
    pub init: &'static str,
    /// Its size in the first header that had it.
    pub first: usize,
    /// Its size now.
    pub size: usize,
    /// Its alignment.
    pub alignment: usize,
}

/// Copies a struct of an older, the same, or a newer header. What an older one lacks is zero, which is the default;
/// what a newer one has must be zero, since it would be ignored.
pub unsafe fn input<T: Input>(pointer: *const T, argument: &str) -> Result<T, Error> {
    let size = InputSize { init: T::INIT, first: T::FIRST_SIZE, size: size_of::<T>(), alignment: align_of::<T>() };
    // SAFETY: any bytes are a value of T, zeroed ones and those that the caller vouches for.
    unsafe {
        let mut value = std::mem::zeroed::<T>();
        copy_input(pointer.cast(), (&raw mut value).cast(), &size, argument)?;
        Ok(value)
    }
}

/// The same for a struct that is known by its size only, into zeroed memory of that size.
pub unsafe fn copy_input(
    pointer: *const u8,
    memory: *mut u8,
    InputSize { init, first, size, alignment }: &InputSize,
    argument: &str,
) -> Result<(), Error> {
    if pointer.is_null() {
        return Err(Error::invalid_argument(argument, "is NULL"));
    }
    // SAFETY: not NULL, and every input begins with its size. C may keep it at any address.
    let given = unsafe { pointer.cast::<usize>().read_unaligned() };
    if given < *first || given > LARGEST_STRUCT || given % alignment != 0 {
        let which = if given == 0 { "" } else { ", which no header has" };
        return Err(Error::invalid_argument(
            &format!("{argument}->struct_size"),
            format!("is {given}{which}: initialise the struct with {}", init.to_ascii_uppercase()),
        ));
    }
    let known = given.min(*size);
    // SAFETY: the caller has `given` bytes at `pointer`, and no more than `size` are written.
    unsafe { std::ptr::copy_nonoverlapping(pointer, memory, known) };
    for offset in known..given {
        // SAFETY: the caller has `given` bytes at `pointer`.
        if unsafe { pointer.add(offset).read() } != 0 {
            return Err(Error::invalid_argument(
                argument,
                format!(
                    "has a field set at offset {offset} that this version of the library does not know; is libtrro.so older than trro.h?"
                ),
            ));
        }
    }
    Ok(())
}

/// A string; NULL is `None`. It is valid as long as the C function runs.
pub unsafe fn text<'a>(pointer: *const c_char, argument: &str) -> Result<Option<&'a str>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, and the caller vouches for a NUL at its end.
    let text = unsafe { CStr::from_ptr(pointer) };
    match text.to_str() {
        Ok("") => Err(Error::invalid_argument(argument, "is empty")),
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Error::invalid_argument(argument, "is not UTF-8")),
    }
}

/// A string that has to be there.
pub unsafe fn required<'a>(pointer: *const c_char, argument: &str) -> Result<&'a str, Error> {
    // SAFETY: as for `text`.
    unsafe { text(pointer, argument) }?.ok_or_else(|| Error::invalid_argument(argument, "is NULL"))
}

/// A string that goes into a request: one without control characters.
pub unsafe fn line<'a>(pointer: *const c_char, argument: &str) -> Result<Option<&'a str>, Error> {
    // SAFETY: as for `text`.
    match unsafe { text(pointer, argument) }? {
        Some(text) if text.contains(char::is_control) => {
            Err(Error::invalid_argument(argument, "holds a control character"))
        }
        other => Ok(other),
    }
}

/// A string that goes into a request and has to be there.
pub unsafe fn required_line<'a>(pointer: *const c_char, argument: &str) -> Result<&'a str, Error> {
    // SAFETY: as for `text`.
    unsafe { line(pointer, argument) }?.ok_or_else(|| Error::invalid_argument(argument, "is NULL"))
}

/// A buffer may be missing if its size says so.
pub fn check_buffer(buffer: *const c_void, size: usize) -> Result<(), Error> {
    if buffer.is_null() && size != 0 {
        return Err(Error::invalid_argument("buffer", "is NULL, and buffer_size is not 0"));
    }
    Ok(())
}

/// A number; 0 is `None`, the default.
pub fn number(value: u32) -> Option<u32> {
    (value != 0).then_some(value)
}

/// Refuses a field that this version cannot honour, since ignoring it would surprise.
pub fn refuse(is_set: bool, argument: &str) -> Result<(), Error> {
    if is_set {
        return Err(Error::invalid_argument(
            argument,
            concat!("cannot be used in version ", env!("CARGO_PKG_VERSION"), " of libtrro; leave it 0 or NULL"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Grown {
        struct_size: usize,
        first: u64,
        added: u64,
    }

    // SAFETY: repr(C), begins with the size, and made of integers.
    unsafe impl Input for Grown {
        const INIT: &'static str = "GROWN_INIT";
        const FIRST_SIZE: usize = size_of::<usize>() + size_of::<u64>();
    }

    #[test]
    fn a_struct_of_an_older_header_has_the_default_in_what_it_lacks() {
        let older = Grown { struct_size: Grown::FIRST_SIZE, first: 1, added: 0xbad };
        let read = unsafe { input(&older, "grown") }.unwrap();
        assert_eq!((read.first, read.added), (1, 0));
    }

    #[test]
    fn a_struct_smaller_than_the_first_is_refused() {
        for struct_size in [1, size_of::<usize>(), Grown::FIRST_SIZE - 1, Grown::FIRST_SIZE + 1] {
            let grown = Grown { struct_size, first: 0, added: 0 };
            assert!(unsafe { input(&grown, "grown") }.is_err(), "{struct_size}");
        }
    }

    #[test]
    fn a_struct_that_was_not_initialised_gets_a_message_that_names_the_macro() {
        let grown = Grown { struct_size: 0, first: 0, added: 0 };
        let error = unsafe { input(&grown, "grown") }.unwrap_err();
        assert!(error.message.contains("grown->struct_size") && error.message.contains("GROWN_INIT"), "{error}");
    }

    #[test]
    fn a_struct_of_a_newer_header_is_accepted_while_what_is_new_is_zero() {
        #[repr(C)]
        struct Newer {
            grown: Grown,
            newest: u64,
        }
        let mut newer = Newer { grown: Grown { struct_size: size_of::<Newer>(), first: 1, added: 2 }, newest: 0 };
        let read = unsafe { input(&raw const newer.grown, "grown") }.unwrap();
        assert_eq!((read.first, read.added), (1, 2));
        newer.newest = 1 << 40;
        let error = unsafe { input(&raw const newer.grown, "grown") }.unwrap_err();
        assert!(error.message.contains("does not know"), "{error}");
    }
}
