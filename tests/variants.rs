//! What can be left out of the library: the smallest build refuses what it lacks and does the rest, and the README says what each
//! part takes. Built and measured are everything and the smallest; with `TRRO_SIZES=all` every row of the README's table; with
//! `TRRO_README=update` they are written into it.

#[path = "variants/build.rs"]
mod build;
mod support;
#[path = "variants/table.rs"]
mod table;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use build::{Built, VARIANTS};
use emulator::{Emulator, Options};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::Test;

/// 2.1 MiB.
const MOST_BYTES: u64 = 2_202_009;
/// 1.65 MiB, of the smallest build.
const MOST_BYTES_OF_SMALLEST: u64 = 1_730_150;

fn main() {
    let arguments = Arguments::from_args();
    if arguments.list {
        libtest_mimic::run(&arguments, Vec::new()).exit();
    }
    let is_update = env::var("TRRO_README").is_ok_and(|mode| mode == "update");
    let is_all = is_update || env::var("TRRO_SIZES").is_ok_and(|mode| mode == "all");
    let mut trials = Vec::new();
    let mut measured = Vec::new();
    for variant in VARIANTS.iter().filter(|variant| is_all || variant.is_always_built()) {
        match build::build(variant).and_then(|built| Ok((build::measure(&built)?, built))) {
            Ok((figures, built)) => {
                println!("{}: {figures:?}", variant.name);
                let most = if variant.is_smallest() { MOST_BYTES_OF_SMALLEST } else { MOST_BYTES };
                trials.push(Trial::ignorable_test(format!("{}::is_within_its_bar", variant.name), move || {
                    support::is_within_bar(figures.shared, most)
                }));
                let library = built.folder.join("libtrro.so");
                let name = format!("{}::has_the_functions_of_every_build", variant.name);
                trials.push(Trial::ignorable_test(name, move || {
                    support::with_tool("nm", |nm| has_every_function(nm, &library))
                }));
                if variant.is_smallest() {
                    trials.extend(refusals(&built));
                }
                measured.push((variant, figures));
            }
            Err(failure) => trials.push(Trial::test(format!("{}::builds", variant.name), move || Err(failure))),
        }
    }
    if is_update {
        trials.push(Trial::test("readme::is_updated", move || table::update(&measured)));
    } else {
        trials.extend(measured.into_iter().map(|(variant, figures)| {
            let name = format!("{}::is_as_the_readme_says", variant.name);
            Trial::ignorable_test(name, move || table::compare(variant, &figures))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn has_every_function(nm: &Path, library: &Path) -> Result<(), Failed> {
    let table = support::run(Command::new(nm).args(["-D", "--defined-only", "--format=posix"]).arg(library))?;
    let exported: BTreeSet<&str> = table.lines().filter_map(|line| line.split(' ').next()).collect();
    let recorded = fs::read_to_string(support::root().join("tests/abi/symbols.txt"))?;
    let expected: BTreeSet<&str> = recorded.lines().filter(|line| !line.starts_with('#')).collect();
    let different: Vec<_> = exported.symmetric_difference(&expected).collect();
    if different.is_empty() { Ok(()) } else { Err(format!("{different:?}").into()) }
}

/// The tests of a C program that is linked with the smallest build.
fn refusals(built: &Built) -> Vec<Trial> {
    let source = support::root().join("tests/c/left_out.c");
    let binary = built.folder.join("left_out");
    let compiled = support::compile(&source, &binary, &built.folder, &[""; 0]);
    match compiled.and_then(|()| support::list(&binary)) {
        Ok(tests) => {
            let trial = |test: Test| {
                let binary = binary.clone();
                let name = format!("smallest::{}", test.name);
                Trial::ignorable_test(name, move || run(&binary, &test).map(|()| Completion::Completed))
            };
            tests.into_iter().map(trial).collect()
        }
        Err(failure) => vec![Trial::test("smallest::left_out_compiles", move || Err(failure))],
    }
}

fn run(binary: &Path, test: &Test) -> Result<(), Failed> {
    let emulator = Emulator::start(Options { requests_per_s: 0, tls: true, ..Options::default() })?;
    for fault in &test.faults {
        emulator.misbehave_once(fault.parse()?);
    }
    let mut program = Command::new(binary);
    build::environment(&mut program, &emulator, &binary.with_extension(format!("{}.pem", test.name)))?;
    support::run(program.arg(&test.name))?;
    let seen = emulator.statistics().requests.len();
    match test.requests {
        Some(expected) if expected != seen => Err(format!("{seen} requests were sent, not {expected}").into()),
        _ => Ok(()),
    }
}
