//! A fault that has to be found.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trro::fuzzing::broken(data));
