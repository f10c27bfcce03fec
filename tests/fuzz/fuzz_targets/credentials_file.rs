//! Files of Tencent's tools.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trro::fuzzing::credentials_file(data));
