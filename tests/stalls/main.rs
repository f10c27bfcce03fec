//! A call ends at its deadline, and at once when it is cancelled, in whatever stage of it the other side stalls, and so does a
//! watch that asks. The C program `tests/c/stalls.c` is run against each stall; the figures that it measures are printed as a
//! table.

mod peers;
mod stall;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use stall::{End, Prepared, STALLS};

/// As the program has it.
const DEADLINE_US: i64 = 300_000;
/// What the library promises.
const LONGEST_OVERRUN_US: i64 = 100_000;
const LONGEST_CANCEL_US: i64 = 50_000;
/// The program's exit status for a kernel that does not tell what a thread waits for.
const CANNOT_TELL: i32 = 77;

const MODES: [&str; 5] = ["deadline", "cancel", "cancel-many", "signal", "watch"];

/// What one call came to.
struct Round {
    us: i64,
    status: String,
    attempts: u32,
    retry_after_ms: u32,
}

/// What the program came to.
enum Run {
    Ended(Vec<Round>),
    /// Why it cannot run on this machine.
    Impossible(&'static str),
}

/// By how much each round was late, by the number of the stall and of the mode.
type Figures = Mutex<BTreeMap<(usize, usize), Vec<i64>>>;

fn main() {
    let mut arguments = Arguments::from_args();
    // Tests beside each other would measure each other.
    arguments.test_threads.get_or_insert(1);
    let folder = support::scratch("stalls");
    let binary = folder.join("stalls");
    let source = support::root().join("tests/c/stalls.c");
    // What is promised is promised of the library as it ships: without optimisation, sixteen threads compute for too long.
    let compiled = support::shipped_library().and_then(|library| {
        let library = support::library_folder("stalls-library", &library);
        support::compile(&source, &binary, &library, &[""; 0])
    });
    if let Err(failure) = compiled {
        libtest_mimic::run(&arguments, vec![Trial::test("compiles", move || Err(failure))]).exit();
    }
    let figures = Arc::new(Figures::default());
    let mut trials = Vec::new();
    for (stall, (name, prepare)) in STALLS.into_iter().enumerate() {
        for (mode, mode_name) in MODES.into_iter().enumerate() {
            let (binary, folder, figures) = (binary.clone(), folder.clone(), Arc::clone(&figures));
            trials.push(Trial::ignorable_test(format!("{mode_name}::{}", name.replace([' ', ','], "_")), move || {
                let prepared = prepare(&folder)?;
                let rounds = match run(&binary, &folder, mode_name, &prepared)? {
                    Run::Ended(rounds) => rounds,
                    Run::Impossible(reason) => return support::missing(reason),
                };
                let late_us = judge(mode_name, prepared.end, &rounds)?;
                figures.lock().unwrap_or_else(PoisonError::into_inner).insert((stall, mode), late_us);
                Ok(Completion::Completed)
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    print_table(&figures.lock().unwrap_or_else(PoisonError::into_inner));
    conclusion.exit();
}

fn run(binary: &Path, folder: &Path, mode: &str, prepared: &Prepared) -> Result<Run, Failed> {
    let mut program = if prepared.is_isolated {
        match support::isolated(binary, folder)? {
            Some(program) => program,
            None => return Ok(Run::Impossible("namespaces with another /etc/resolv.conf cannot be made")),
        }
    } else {
        Command::new(binary)
    };
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        program.env_remove(variable);
    }
    program
        .arg(mode)
        .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY)
        .env_remove("TENCENTCLOUD_TOKEN")
        .envs(prepared.variables.iter().map(|(name, value)| (name, value)));
    let output = program.output()?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(CANNOT_TELL) {
        return Ok(Run::Impossible("the kernel does not tell what a thread waits for"));
    }
    if !output.status.success() {
        return Err(format!("{}\n{stdout}{stderr}", output.status).into());
    }
    stdout.lines().map(round).collect::<Result<_, _>>().map(Run::Ended)
}

fn round(line: &str) -> Result<Round, Failed> {
    let mut columns = line.split(' ');
    let mut column = || columns.next().ok_or_else(|| Failed::from(format!("{line}: a column is missing")));
    Ok(Round {
        us: column()?.parse()?,
        status: column()?.trim_start_matches("TRRO_STATUS_").to_owned(),
        attempts: column()?.parse()?,
        retry_after_ms: column()?.parse()?,
    })
}

/// By how much each round was late, in microseconds; an error if the best of them is later than promised, or if one did not
/// end as it should.
fn judge(mode: &str, end: End, rounds: &[Round]) -> Result<Vec<i64>, Failed> {
    let (promised, late): (i64, fn(&Round) -> i64) = match (mode, end) {
        ("deadline", End::AtDeadline { .. }) => (LONGEST_OVERRUN_US, |round| round.us - DEADLINE_US),
        // A wait that would pass the deadline is not begun.
        ("deadline", _) => (-1, |round| round.us - DEADLINE_US),
        _ => (LONGEST_CANCEL_US, |round| round.us),
    };
    if mode == "deadline" {
        rounds.iter().try_for_each(|round| check_end(end, round))?;
    }
    let late: Vec<i64> = rounds.iter().map(late).collect();
    match late.iter().min() {
        None => Err("nothing was measured".into()),
        Some(best) if *best > promised => Err(format!("late by {late:?} us, and {promised} us is promised").into()),
        Some(_) => Ok(late),
    }
}

fn check_end(end: End, round: &Round) -> Result<(), Failed> {
    let Round { us, status, attempts, retry_after_ms } = round;
    let is_right = match end {
        End::AtDeadline { status: expected, attempts: so_many } => {
            status == expected && *attempts == so_many && *us >= DEADLINE_US
        }
        End::Early(expected) => status == expected && *attempts > 0,
        End::NotItsTurn => status == "THROTTLED" && *attempts == 0 && *retry_after_ms > 0,
    };
    if is_right {
        return Ok(());
    }
    Err(format!("{status} after {us} us and {attempts} attempts, retry_after_ms {retry_after_ms}").into())
}

/// In milliseconds, the best and the worst of the rounds.
fn print_table(figures: &BTreeMap<(usize, usize), Vec<i64>>) {
    println!(
        "| stall | after the deadline | cancel | cancel, 16 threads | cancel in a signal handler | end of a watch |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (stall, (name, _)) in STALLS.into_iter().enumerate() {
        if !figures.keys().any(|(measured, _)| *measured == stall) {
            continue;
        }
        let cells: Vec<_> = (0..MODES.len())
            .map(|mode| figures.get(&(stall, mode)).map_or_else(String::new, |late_us| cell(late_us)))
            .collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures of a few digits")]
fn cell(late_us: &[i64]) -> String {
    let ms = |us: Option<&i64>| us.map_or(0.0, |us| *us as f64 / 1000.0);
    format!("{:.1} to {:.1} ms", ms(late_us.iter().min()), ms(late_us.iter().max()))
}
