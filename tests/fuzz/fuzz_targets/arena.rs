//! Answers and buffers of any size: nothing is written beyond them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trro::fuzzing::arena(data));
