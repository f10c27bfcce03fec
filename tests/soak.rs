//! A soak: a client and its watches under load for TRRO_SOAK_S seconds (20), against a service that misbehaves at random and whose clock
//! jumps. The seed is printed; TRRO_SOAK_SEED gives it again. `make -C tests soak` takes half an hour.

mod support;

use std::env;
use std::fs;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use emulator::{Emulator, Fault, Options};
use fastrand::Rng;
use libtest_mimic::{Arguments, Failed, Trial};

const DEFAULT_S: u64 = 20;
/// Between one fault and the next.
const PAUSE: Duration = Duration::from_millis(50);
/// What the service does wrong. Throttling is not among it: a client that slows down makes few calls; nor are bodies of megabytes, which the
/// allocator keeps room for, nor a second answer, which no client can tell from the one that it waits for. Its clock jumps by hours; its
/// certificate is valid for days.
const FAULTS: [&str; 15] = [
    "late:100",
    "drip:1",
    "cut-off",
    "wrong-length",
    "wrong-type",
    "not-json",
    "answer:{\"Response\":{}}",
    "gzip",
    "gzip-cut-off",
    "status:503",
    "redirect",
    "reset",
    "close-after-answer",
    "hang-up",
    "stall-head",
];
const MOST_CLOCK_OFFSET_S: i64 = 20_000;

fn main() {
    let arguments = Arguments::from_args();
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (seconds, seed) =
        (number("TRRO_SOAK_S").unwrap_or(DEFAULT_S), number("TRRO_SOAK_SEED").unwrap_or(fastrand::u64(..1 << 31)));
    println!("soak for {seconds} s, TRRO_SOAK_SEED={seed}");
    libtest_mimic::run(
        &arguments,
        vec![Trial::test("every_call_is_accounted_for_and_nothing_grows", move || soak(seconds, seed))],
    )
    .exit();
}

fn soak(seconds: u64, seed: u64) -> Result<(), Failed> {
    let library = support::library_folder("soak-library", &support::shipped_library()?);
    let folder = support::scratch("soak");
    let (program, ca_file) = (folder.join("soak"), folder.join("ca.pem"));
    support::compile(&support::root().join("tests/c/soak.c"), &program, &library, &["-pthread"])?;
    let emulator = Emulator::start(Options { tls: true, requests_per_s: 0, ..Options::default() })?;
    fs::write(&ca_file, emulator.ca_pem())?;
    let mut command = Command::new(&program);
    command.args([seconds.to_string(), seed.to_string()]);
    command.env_clear().env("TRRO_ENDPOINT", emulator.url()).env("TRRO_CA_FILE", &ca_file);
    command.env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY);
    // What glibc keeps for each thread fills for hours, and counts as in use.
    command.env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");
    let (stop, stopped) = mpsc::channel::<()>();
    let said = thread::scope(|scope| {
        let emulator = &emulator;
        scope.spawn(move || misbehave(emulator, seed, &stopped));
        let said = support::run(&mut command);
        drop(stop);
        said
    })?;
    println!("{said}");
    Ok(())
}

/// A fault, and now and then another time, until it is over.
fn misbehave(emulator: &Emulator, seed: u64, stopped: &mpsc::Receiver<()>) {
    let mut random = Rng::with_seed(seed);
    while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        match FAULTS[random.usize(..FAULTS.len())].parse::<Fault>() {
            Ok(fault) => emulator.misbehave_once(fault),
            Err(message) => panic!("{message}"),
        }
        if random.u8(..) == 0 {
            emulator.set_clock_offset_s(random.i64(-MOST_CLOCK_OFFSET_S..MOST_CLOCK_OFFSET_S));
        }
    }
}
