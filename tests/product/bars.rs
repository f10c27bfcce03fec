//! How large the library is, what a read of a watch costs, and what a long list does. The figures are printed.

use std::fs;
use std::process::{Command, Output};
use std::sync::Arc;

use emulator::{Options, generated_devices};
use libtest_mimic::{Completion, Failed, Trial};

use crate::support::{self, Outcome};
use crate::{Product, service};

/// The exit statuses of the programs for what a kernel does not let them find out.
const CANNOT_TELL: i32 = 77;
const NO_SECCOMP: i32 = 78;

/// 2.1 MiB.
const MAX_BYTES: u64 = 21 * (1 << 20) / 10;

const DEVICES: usize = 5_000;
/// What the library promises.
const MOST_ABOVE_IDLE_KIB: i64 = 4 * 1024;
/// 50 pages at 5 in any second: the last of them goes out in the tenth.
const LEAST_MS: i64 = 9_000;
/// Room for the noise of a busy machine.
const MOST_MS: i64 = 20_000;

type Test = fn(&Product) -> Outcome;

/// An error if the programs do not compile.
pub fn trials(product: &Arc<Product>) -> Result<Vec<Trial>, Failed> {
    for program in ["watch_read", "many_devices"] {
        let source = support::root().join(format!("tests/c/{program}.c"));
        support::compile(&source, &product.programs.join(program), &product.folder, &["-O2"])?;
    }
    let tests: [(&str, Test); 5] = [
        ("size_is_below_the_bar", size_is_below_the_bar),
        ("a_read_of_a_watch_allocates_nothing", |product| done(run(product, "allocations")?)),
        ("a_read_of_a_watch_calls_no_kernel", |product| done(run(product, "system-calls")?)),
        ("a_read_of_a_watch_is_measured", a_read_is_measured),
        ("many_devices_are_listed_at_the_clients_rate_in_little_memory", many_devices_are_listed),
    ];
    let trial = |(name, test): (&str, Test)| {
        let product = Arc::clone(product);
        Trial::ignorable_test(name, move || test(&product))
    };
    Ok(tests.into_iter().map(trial).collect())
}

fn size_is_below_the_bar(product: &Product) -> Outcome {
    support::is_within_bar(fs::metadata(&product.library)?.len(), MAX_BYTES)
}

fn run(product: &Product, mode: &str) -> Result<Output, Failed> {
    let mut program = Command::new(product.programs.join("watch_read"));
    program.arg(mode);
    let _emulator = service(product, Options::default(), &mut program, &format!("watch-read-{mode}"))?;
    Ok(program.output()?)
}

fn done(output: Output) -> Outcome {
    match output.status.code() {
        Some(0) => Ok(Completion::Completed),
        Some(CANNOT_TELL) => support::missing("the clock source has no vDSO"),
        Some(NO_SECCOMP) => support::missing("the kernel has no seccomp"),
        _ => Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into()),
    }
}

fn a_read_is_measured(product: &Product) -> Outcome {
    let output = run(product, "speed")?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if let [median, late, clock] = printed.split_whitespace().collect::<Vec<_>>()[..] {
        println!("a read of a watch: {median} ns, 1 in 100 above {late} ns; of that the clock: {clock} ns");
    }
    done(output)
}

fn many_devices_are_listed(product: &Product) -> Outcome {
    let mut program = Command::new(product.programs.join("many_devices"));
    let options = Options { devices: Some(generated_devices("p", DEVICES)), ..Options::default() };
    let emulator = service(product, options, &mut program, "many-devices")?;
    emulator.misbehave_always(Some("late:100".parse()?));
    let output = program.output()?;
    if output.status.code() == Some(CANNOT_TELL) {
        return support::missing("the kernel does not tell how much memory a process had at most");
    }
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<i64> = printed.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [devices, pages, ms, above_idle_kib] = numbers[..] else { return done(output) };
    println!("{devices} devices over round trips of 100 ms: {pages} pages in {ms} ms, {above_idle_kib} KiB above idle");
    if usize::try_from(devices) != Ok(DEVICES) || pages != 50 {
        return Err(printed.into());
    }
    if !(LEAST_MS..=MOST_MS).contains(&ms) || above_idle_kib > MOST_ABOVE_IDLE_KIB {
        return Err(format!("{ms} ms, {above_idle_kib} KiB above idle").into());
    }
    done(output)
}
