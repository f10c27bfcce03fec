//! Any strings in a configuration.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trro::fuzzing::config(data));
