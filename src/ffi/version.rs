//! Which version the library is. Uses nothing.

use std::ffi::c_char;

/// The version of the library that the program runs with, such as "0.1.0". The macros TRRO_VERSION_MAJOR, _MINOR and
/// _PATCH are those of the header that it was compiled with.
///
/// @return A static string; never NULL.
/// @par Threads
/// Any.
/// @par Blocking
/// Never.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn trro_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
