//! How much memory a client takes, and how much more at most, whatever the service sends. The figures are printed as a
//! table.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use emulator::{Fault, Options};
use libtest_mimic::{Completion, Failed, Trial};

use crate::support::{self, Outcome};
use crate::{Product, service};

/// What the library promises.
const MOST_ABOVE_IDLE_KIB: i64 = 8 * 1024;
/// The program's exit status for a kernel that does not tell the most.
const CANNOT_TELL: i32 = 77;

/// What the service sends instead of an answer of the usual size.
struct Case {
    name: &'static str,
    fault: fn() -> Result<Fault, String>,
    status: &'static str,
    /// Whether the promise covers it. What is decoded, and not only refused for its size, costs more.
    is_covered: bool,
}

const CASES: [Case; 8] = [
    Case { name: "a body without an end", fault: || "endless-body".parse(), status: "BAD_RESPONSE", is_covered: true },
    Case { name: "a head without an end", fault: || "endless-head".parse(), status: "BAD_RESPONSE", is_covered: true },
    Case { name: "a body of 32 MB", fault: || "too-large:32000000".parse(), status: "BAD_RESPONSE", is_covered: true },
    Case {
        name: "a body of 32 MB, in 31 kB of gzip",
        fault: || "gzip-too-large:32000000".parse(),
        status: "BAD_RESPONSE",
        is_covered: true,
    },
    Case {
        name: "a refusal with a message of 4 MB",
        fault: || Ok(Fault::Answer(refusal())),
        status: "REQUEST_REJECTED",
        is_covered: true,
    },
    Case {
        name: "a refusal with a message of 4 MB, escaped",
        fault: || Ok(Fault::Answer(refusal().replacen('x', r"\u0078", 1))),
        status: "REQUEST_REJECTED",
        is_covered: false,
    },
    Case {
        name: "a text of 4 MB where none belongs",
        fault: || Ok(Fault::Answer(format!(r#"{{"Response":{{"Error":"{}"}}}}"#, "x".repeat(4_190_000)))),
        status: "BAD_RESPONSE",
        is_covered: false,
    },
    Case {
        name: "an answer of 4 MB with as many licenses as can be",
        fault: || Ok(Fault::Answer(many_licenses())),
        status: "BUFFER_TOO_SMALL",
        is_covered: false,
    },
];

/// In KiB.
#[derive(Clone, Copy)]
pub struct Figures {
    before: i64,
    idle: i64,
    most: i64,
}

/// By the number of the case, without and with TLS.
pub type Table = Arc<Mutex<[[Option<Figures>; 2]; CASES.len()]>>;

/// The trials, and where they put what they measure; an error if the program does not compile.
pub fn trials(product: &Arc<Product>) -> Result<(Vec<Trial>, Table), Failed> {
    let source = support::root().join("tests/c/memory.c");
    support::compile(&source, &product.programs.join("memory"), &product.folder, &[""; 0])?;
    let table = Table::default();
    let mut trials = Vec::new();
    for (index, case) in CASES.iter().enumerate() {
        for tls in [false, true] {
            let (product, table) = (Arc::clone(product), Arc::clone(&table));
            let protocol = if tls { "https" } else { "http" };
            let name = format!("memory::{protocol}::{}", case.name.replace([' ', ','], "_"));
            trials.push(Trial::ignorable_test(name, move || run(&product, index, tls, &table)));
        }
    }
    Ok((trials, table))
}

fn run(product: &Product, index: usize, tls: bool, table: &Table) -> Outcome {
    let case = &CASES[index];
    let mut program = Command::new(product.programs.join("memory"));
    program.env("TEST_EXPECTED_STATUS", format!("TRRO_STATUS_{}", case.status));
    let options = Options { tls, ..Options::default() };
    let emulator = service(product, options, &mut program, &format!("memory-{index}-{tls}"))?;
    // The first call is answered as it should be.
    emulator.misbehave_once(Fault::Late(std::time::Duration::ZERO));
    emulator.misbehave_always(Some((case.fault)()?));
    let output = program.output()?;
    if output.status.code() == Some(CANNOT_TELL) {
        return support::missing("the kernel does not tell how much memory a process had at most");
    }
    if !output.status.success() {
        return Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    let printed = String::from_utf8(output.stdout)?;
    let numbers = printed.split_whitespace().map(str::parse).collect::<Result<Vec<i64>, _>>()?;
    let [before, idle, most, threads] = numbers[..] else { return Err(printed.into()) };
    let figures = Figures { before, idle, most };
    table.lock().unwrap_or_else(PoisonError::into_inner)[index][usize::from(tls)] = Some(figures);
    if threads != 1 {
        return Err(format!("{threads} threads").into());
    }
    let above_kib = most - idle;
    if above_kib > MOST_ABOVE_IDLE_KIB && case.is_covered {
        return Err(format!("{above_kib} KiB above the {idle} KiB of the idle client").into());
    }
    Ok(Completion::Completed)
}

fn refusal() -> String {
    let message = "x".repeat(4_190_000);
    format!(r#"{{"Response":{{"Error":{{"Code":"InvalidParameter","Message":"{message}"}},"RequestId":"r"}}}}"#)
}

/// Lists of 10000, which is the longest that is taken, of the shortest that there is.
fn many_licenses() -> String {
    let row = format!(r#"{{"LicenseIds":[{}]}}"#, vec![r#""""#; 10_000].join(","));
    format!(r#"{{"Response":{{"Devices":[{}],"RequestId":"r"}}}}"#, vec![row; 139].join(","))
}

/// In MiB: what the client itself takes, and what it takes more at most.
pub fn print(table: &Table) {
    let table = table.lock().unwrap_or_else(PoisonError::into_inner);
    if table.iter().flatten().all(Option::is_none) {
        return;
    }
    println!("| the service sends | idle client | above it | idle client, TLS | above it, TLS |");
    println!("| --- | --- | --- | --- | --- |");
    for (case, figures) in CASES.iter().zip(table.iter()) {
        println!("| {} | {} | {} |", case.name, cells(figures[0]), cells(figures[1]));
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures of a few digits")]
fn cells(figures: Option<Figures>) -> String {
    let Some(Figures { before, idle, most }) = figures else { return "not measured | not measured".to_owned() };
    let mib = |kib: i64| kib as f64 / 1024.0;
    format!("{:.1} MiB | {:.1} MiB", mib(idle - before), mib(most - idle))
}
