//! Hostile answers: whatever comes, a call ends in time in a right answer or a named error, and takes little memory. Each case is a row of
//! a table: what a sound client makes of it, what libtrro made of it, how long that took, and the most memory that the process had.
//! `tests/c/hostile.c` makes the calls, in a process for each case, with the library as it ships.

mod answers;
mod case;
mod http;
mod robustness;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use case::{Case, Expected};
use libtest_mimic::{Arguments, Failed, Trial};
use server::Answer;

/// Of any process that has got any of it.
const MOST_KIB: u64 = 16 * 1024;
/// For a busy machine.
const NOISE: Duration = Duration::from_secs(5);
/// For a call that does not wait.
const QUICK: Duration = Duration::from_millis(50);
/// What is shown of what came.
const SHOWN: usize = 100;

fn main() {
    let arguments = Arguments::from_args();
    let program = match build() {
        Ok(program) => Arc::new(program),
        Err(failure) => libtest_mimic::run(&arguments, vec![Trial::test("builds", move || Err(failure))]).exit(),
    };
    let mut trials = vec![Trial::test("a_case_that_goes_wrong_is_caught", {
        let program = Arc::clone(&program);
        move || a_case_that_goes_wrong_is_caught(&program)
    })];
    let cases: Vec<Case> = [answers::cases(), http::cases()].into_iter().flatten().collect();
    if env::var("TRRO_ROBUSTNESS").is_ok_and(|mode| mode == "update") {
        let update = Trial::test("robustness::is_updated", move || robustness::update(&cases));
        libtest_mimic::run(&arguments, vec![update]).exit();
    }
    trials.extend(cases.into_iter().map(|case| {
        let program = Arc::clone(&program);
        Trial::test(shortened(&case.name, SHOWN), move || check(&program, &case))
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

fn build() -> Result<PathBuf, Failed> {
    let library = support::library_folder("hostile-library", &support::shipped_library()?);
    let program = support::scratch("hostile").join("hostile");
    support::compile(&support::root().join("tests/c/hostile.c"), &program, &library, &["-pthread"])?;
    Ok(program)
}

fn check(program: &Path, case: &Case) -> Result<(), Failed> {
    let port = server::serve(case.answer.clone())?;
    let start = Instant::now();
    let output = run(program, port, case)?;
    let took = start.elapsed();
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<&str> = text.split_terminator('\n').collect();
    let kib = lines.pop().and_then(|last| last.parse().ok());
    let got = shortened(lines.last().copied().unwrap_or_default(), SHOWN);
    let shown_kib = kib.unwrap_or(0);
    println!(
        "{} | {} | {got} | {} ms | {shown_kib} KiB",
        shortened(&case.name, SHOWN),
        case.expected,
        took.as_millis()
    );
    if !output.status.success() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    judge(case, &lines, kib, took)
}

fn judge(case: &Case, lines: &[&str], kib: Option<u64>, took: Duration) -> Result<(), Failed> {
    if let Some(fault) = case.fault(lines) {
        return Err(format!("expected {}; {}", case.expected, shortened(&fault, 300)).into());
    }
    if kib.is_none_or(|kib| kib > MOST_KIB) {
        return Err(format!("took {kib:?} KiB").into());
    }
    if took > longest(case) { Err(format!("took {took:?}").into()) } else { Ok(()) }
}

fn longest(case: &Case) -> Duration {
    Duration::from_millis(case.deadline_ms.into()) + QUICK * case.calls as u32 + NOISE
}

fn run(program: &Path, port: u16, case: &Case) -> Result<Output, Failed> {
    let mut command = Command::new(program);
    command.args([case.calls.to_string(), case.deadline_ms.to_string(), case.stack_kib.to_string()]);
    command.env_clear().env("TRRO_ENDPOINT", format!("http://127.0.0.1:{port}"));
    command.env("TENCENTCLOUD_SECRET_ID", "AKIDEXAMPLE").env("TENCENTCLOUD_SECRET_KEY", "s3cretKey");
    Ok(command.output()?)
}

/// A table whose rows cannot fail would show nothing.
fn a_case_that_goes_wrong_is_caught(program: &Path) -> Result<(), Failed> {
    let sound = Answer::Bytes(http::ok(answers::sound().as_bytes()));
    for expected in [Expected::Status("BAD_RESPONSE"), Expected::Line("OK devices=0".to_owned())] {
        if check(program, &Case::new("on_purpose", sound.clone(), expected)).is_ok() {
            return Err("a wrong expectation has passed".into());
        }
    }
    let slow = Case::new("on_purpose", sound.clone(), Expected::Status("OK"));
    for (kib, took) in [(Some(MOST_KIB + 1), QUICK), (None, QUICK), (Some(1), longest(&slow) + QUICK)] {
        if judge(&slow, &["OK"], kib, took).is_ok() {
            return Err(format!("{kib:?} KiB and {took:?} have passed").into());
        }
    }
    let crash = Case::new("on_purpose", sound, Expected::Status("OK")).with_calls(0);
    let crash = Case { stack_kib: 0, ..crash };
    if check(program, &crash).is_ok() { Err("a program that failed has passed".into()) } else { Ok(()) }
}

fn shortened(text: &str, length: usize) -> String {
    let shown: String = text.chars().take(length).collect();
    if shown.len() < text.len() { shown + "..." } else { shown }
}
