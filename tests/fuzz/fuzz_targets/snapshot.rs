//! Files of a watch's last answer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trro::fuzzing::snapshot_file(data));
