//! All of the C code (examples, test programs, benchmarks) through gcc's analyzer and cppcheck, each of which has to find the faults of a
//! broken sample; and so has clippy, by what `src/lib.rs` denies.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::Outcome;

const FOLDERS: [&str; 5] = ["c-examples", "c-examples/trro-status", "tests/c", "benches/clients", "benches/peer"];
const INCLUDES: [&str; 5] = ["include", "c-examples/trro-status", "tests/c", "benches/clients", "benches/peer"];

/// What gcc 12's analyzer reports where nothing is wrong: a file, the report, and why it is none.
const NO_FAULTS: [(&str, &str, &str); 4] = [
    ("devices.c", "-Wanalyzer-malloc-leak", "a copy is kept in a table that the caller frees"),
    ("decode.c", "-Wanalyzer-malloc-leak", "a copy is kept in a page that the caller frees"),
    ("beside.c", "-Wanalyzer-use-of-uninitialized-value", "memcpy() fills it, through a pointer to a function"),
    ("watch.c", "-Wanalyzer-use-of-uninitialized-value", "trro_watch_read() fills it"),
];

/// Freed twice, read where nothing was written, written beyond its end, looked at after it was used.
const BROKEN: &str = "#include <stdlib.h>
int broken(int which);
int broken(int which) {
    int *numbers = malloc(4 * sizeof *numbers), value;
    if (numbers == NULL)
        return which;
    free(numbers);
    if (which)
        free(numbers);
    return value;
}
void beyond(void);
void beyond(void) {
    char text[4];
    text[4] = 'x';
    (void)text;
}
void late(int *number);
void late(int *number) {
    *number = 1;
    if (number == NULL)
        return;
    *number = 2;
}
";

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = sources().into_iter().map(analyzer).collect();
    trials.push(Trial::ignorable_test("gcc_analyzer::catches_a_broken_program", gcc_catches_a_broken_program));
    trials.push(Trial::ignorable_test("cppcheck::finds_nothing", cppcheck_finds_nothing));
    trials.push(Trial::ignorable_test("cppcheck::catches_a_broken_program", cppcheck_catches_a_broken_program));
    trials.push(Trial::ignorable_test("clippy::catches_a_broken_library", clippy_catches_a_broken_library));
    libtest_mimic::run(&arguments, trials).exit();
}

fn sources() -> Vec<PathBuf> {
    let files = FOLDERS.iter().flat_map(|folder| fs::read_dir(support::root().join(folder)).unwrap());
    let mut sources: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    sources.sort();
    sources
}

fn analyzer(source: PathBuf) -> Trial {
    let name = source.strip_prefix(support::root()).unwrap_or(&source).display().to_string();
    Trial::ignorable_test(format!("gcc_analyzer::{name}"), move || {
        with_gcc(|gcc| {
            let reports = analyze(gcc, &source)?;
            let file = source.file_name().unwrap_or_default().to_string_lossy();
            let is_fault = |line: &&String| {
                !NO_FAULTS.iter().any(|(known, report, _)| *known == file && line.contains(&format!("[{report}]")))
            };
            let faults: Vec<&String> = reports.iter().filter(is_fault).collect();
            if faults.is_empty() { Ok(()) } else { Err(format!("{faults:#?}").into()) }
        })
    })
}

/// A gcc with an analyzer of some use: since 12.
fn with_gcc(test: impl FnOnce(&Path) -> Result<(), Failed>) -> Outcome {
    let Some(gcc) = support::find_tool("gcc") else { return support::missing("gcc is not installed") };
    let version = support::run(Command::new(&gcc).arg("-dumpversion"))?;
    match version.trim().split('.').next().and_then(|major| major.parse::<u32>().ok()) {
        Some(12..) => test(&gcc).map(|()| Completion::Completed),
        _ => support::missing("gcc's analyzer is older than that of 12"),
    }
}

/// The warnings and errors, a line each. A header that is not installed is none: its program is not built here either.
fn analyze(gcc: &Path, source: &Path) -> Result<Vec<String>, Failed> {
    let mut command = Command::new(gcc);
    command.args(["-std=gnu11", "-Wall", "-Wextra", "-fanalyzer", "-S", "-o", "/dev/null"]).arg(source);
    for folder in INCLUDES {
        command.arg("-I").arg(support::root().join(folder));
    }
    let output = command.env("LC_ALL", "C").output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if text.contains("No such file or directory") {
        return Ok(Vec::new());
    }
    Ok(text
        .lines()
        .filter(|line| line.contains(" warning: ") || line.contains(" error: "))
        .map(str::to_owned)
        .collect())
}

fn broken(name: &str) -> Result<PathBuf, Failed> {
    let source = support::scratch(name).join("broken.c");
    fs::write(&source, BROKEN)?;
    Ok(source)
}

fn gcc_catches_a_broken_program() -> Outcome {
    with_gcc(|gcc| {
        let reports = analyze(gcc, &broken("analyzer-broken")?)?.join("\n");
        match ["-Wanalyzer-double-free", "-Wanalyzer-use-of-uninitialized-value"]
            .iter()
            .find(|report| !reports.contains(*report))
        {
            Some(report) => Err(format!("{report} was not reported: {reports}").into()),
            None => Ok(()),
        }
    })
}

fn cppcheck(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.args(["--quiet", "--error-exitcode=1", "--enable=warning,portability,performance", "--std=c11"]);
    // A pointer to a pointer, whose size it is that is wanted.
    command.arg("--suppress=pointerSize:*typed_arguments.c");
    for folder in INCLUDES {
        command.arg("-I").arg(support::root().join(folder));
    }
    command
}

fn cppcheck_finds_nothing() -> Outcome {
    support::with_tool("cppcheck", |path| {
        let output = cppcheck(path).args(["c-examples", "tests/c", "benches"]).current_dir(support::root()).output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
        }
    })
}

fn cppcheck_catches_a_broken_program() -> Outcome {
    support::with_tool("cppcheck", |path| {
        let output = cppcheck(path).arg(broken("cppcheck-broken")?).output()?;
        let reports = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            return Err(format!("it ended as if nothing were wrong: {reports}").into());
        }
        let is_missing = |report: &&&str| !reports.contains(&format!("[{report}]"));
        match ["doubleFree", "uninitvar", "arrayIndexOutOfBounds", "nullPointerRedundantCheck"].iter().find(is_missing)
        {
            Some(report) => Err(format!("{report} was not reported: {reports}").into()),
            None => Ok(()),
        }
    })
}

/// What can panic, or is unsafe without a reason, a function a lint.
const BROKEN_LIBRARY: [(&str, &str); 4] = [
    ("unwrap_used", "pub fn f(x: Option<u8>) -> u8 { x.unwrap() }"),
    ("expect_used", "pub fn f(x: Option<u8>) -> u8 { x.expect(\"\") }"),
    ("panic", "pub fn f() { panic!() }"),
    ("undocumented_unsafe_blocks", "pub fn f(x: *const u8) -> u8 { unsafe { *x } }"),
];

/// That it finds nothing in the library is a step of its own, `cargo clippy`.
fn clippy_catches_a_broken_library() -> Outcome {
    support::with_tool("clippy-driver", |clippy| {
        let library = fs::read_to_string(support::root().join("src/lib.rs"))?;
        let start = library.find("#![cfg_attr(\n    not(test),").ok_or("src/lib.rs denies nothing")?;
        let denied = &library[start..start + library[start..].find("\n)]").ok_or("src/lib.rs denies nothing")? + 3];
        let source = support::scratch("clippy-broken").join("broken.rs");
        for (lint, function) in BROKEN_LIBRARY {
            fs::write(&source, format!("{denied}\n{function}\n"))?;
            let mut command = Command::new(clippy);
            command.args(["--crate-type=lib", "--emit=metadata", "-o", "/dev/null"]).arg(&source);
            let output = command.output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() || !said.contains(&format!("#{lint}\n")) {
                return Err(format!("clippy::{lint} was not reported: {said}").into());
            }
        }
        Ok(())
    })
}
