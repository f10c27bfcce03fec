//! Programs that are built against the header of a released version (tests/abi) and run with the library of today: the program of that
//! header's guide, and tests.

use std::fs;
use std::path::{Path, PathBuf};

use emulator::{Emulator, Options};
use libtest_mimic::{Failed, Trial};

use crate::{run, support};

/// Tests of tests/c, each until it needs what an earlier header lacks: then what it was goes into the folder of that version.
const PROGRAMS: [&str; 5] = ["every_symbol", "structs", "available", "typed_answers", "authorization"];

pub fn trials(folder: &Path, library: &Path) -> Vec<Trial> {
    let abi = support::root().join("tests/abi");
    let entries = fs::read_dir(abi).unwrap().map(|entry| entry.unwrap().path());
    let mut trials = Vec::new();
    for version in entries.filter(|path| path.is_dir()) {
        let name = format!("built_with_{}", version.file_name().unwrap_or_default().to_string_lossy());
        let programs = folder.join(&name);
        fs::create_dir_all(&programs).unwrap();
        for program in PROGRAMS {
            match compile(&version, program, &programs, library) {
                Ok(binary) => trials.extend(tests(&format!("{name}::{program}"), binary)),
                Err(failure) => trials.push(Trial::test(format!("{name}::{program}::compiles"), || Err(failure))),
            }
        }
        let library = library.to_owned();
        trials.push(Trial::test(format!("{name}::the_program_of_the_guide_lists_devices"), move || {
            the_program_of_the_guide_lists_devices(&version, &programs, &library)
        }));
    }
    trials
}

/// A test with the header of that version, and with no other.
fn compile(version: &Path, program: &str, programs: &Path, library: &Path) -> Result<PathBuf, Failed> {
    let tests = support::root().join("tests/c");
    let [of_then, of_now] = [version, &tests].map(|folder| folder.join(program).with_extension("c"));
    let source = if of_then.is_file() { of_then } else { of_now };
    let binary = programs.join(program);
    support::compile_with(version, &source, &binary, library, &[Path::new("-I"), &tests])?;
    Ok(binary)
}

fn tests(name: &str, binary: PathBuf) -> Vec<Trial> {
    match support::list(&binary) {
        Ok(tests) => tests
            .into_iter()
            .map(|test| {
                let binary = binary.clone();
                Trial::test(format!("{name}::{}", test.name), move || run(&binary, &test))
            })
            .collect(),
        Err(failure) => vec![Trial::test(format!("{name}::is_listed"), || Err(failure))],
    }
}

fn the_program_of_the_guide_lists_devices(version: &Path, programs: &Path, library: &Path) -> Result<(), Failed> {
    let header = fs::read_to_string(version.join("trro.h"))?;
    let program = header.split("@code\n").nth(1).and_then(|rest| rest.split(" * @endcode").next());
    let program = program.ok_or("the guide has no program")?.lines();
    let code: String = program.map(|line| line.trim_start_matches(" *").to_owned() + "\n").collect();
    let (source, binary) = (programs.join("guide.c"), programs.join("guide"));
    // It asks the service itself, unless it is told to ask another.
    let call = "if (trro_client_new(";
    assert!(code.contains(call), "{code}");
    fs::write(&source, code.replace(call, &format!("config.endpoint = getenv(\"TRRO_ENDPOINT\");\n    {call}")))?;
    support::compile_with(version, &source, &binary, library, &["-include", "stdlib.h"])?;
    let emulator = Emulator::start(Options { requests_per_s: 0, ..Options::default() })?;
    let listed = support::run(
        support::program(&binary)
            .env_clear()
            .env("TRRO_ENDPOINT", emulator.url())
            .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
            .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY),
    )?;
    if listed.contains("license(s)") { Ok(()) } else { Err(format!("listed: {listed}").into()) }
}
