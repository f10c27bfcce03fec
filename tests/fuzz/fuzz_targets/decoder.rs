//! Answers of every action: the quick decoder reads what it accepts as the other one does.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trro::fuzzing::decoder(data));
