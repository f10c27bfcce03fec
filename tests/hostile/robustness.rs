//! docs/robustness.md: the cases by group, and what libtrro and the official Python SDK make of them. Written by
//! `TRRO_ROBUSTNESS=update cargo test --test hostile`. Uses `case`, `server`.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use libtest_mimic::Failed;

use crate::case::Case;
use crate::server;
use crate::support;

const BEGIN: &str = "<!-- begin hostile answers -->\n";
const END: &str = "<!-- end of hostile answers -->";

/// What the SDK made of the cases of a group.
#[derive(Default)]
struct Group {
    cases: usize,
    sound: usize,
    /// As it should be.
    right: usize,
    accepted: usize,
    refused: usize,
    threw: usize,
    hung: usize,
    died: usize,
}

/// Runs the SDK against the cases and writes the table.
pub fn update(cases: &[Case]) -> Result<(), Failed> {
    let python = env::var_os("TRRO_TEST_PYTHON").ok_or("TRRO_TEST_PYTHON names no Python with the SDK")?;
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    let mut rest = cases;
    while !rest.is_empty() {
        let mut input = String::new();
        for case in rest {
            writeln!(input, "{} {}", server::serve(case.answer.clone())?, case.calls)?;
        }
        let lines = run(&python, &input)?;
        for (case, line) in rest.iter().zip(&lines) {
            count(groups.entry(group(case)).or_default(), case, line);
        }
        rest = &rest[lines.len()..];
        if let Some((case, others)) = rest.split_first() {
            count(groups.entry(group(case)).or_default(), case, "died");
            rest = others;
        }
    }
    write(&table(&groups))
}

/// A line for each case that was come to the end of.
fn run(python: &std::ffi::OsStr, input: &str) -> Result<Vec<String>, Failed> {
    let script = support::root().join("tests/hostile/sdk.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no stdin")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn group(case: &Case) -> &str {
    case.name.split("::").next().unwrap_or_default()
}

fn count(group: &mut Group, case: &Case, line: &str) {
    println!("{} | {line}", case.name.chars().take(100).collect::<String>());
    group.cases += 1;
    group.sound += usize::from(case.is_sound());
    let field = match (line.split(' ').next().unwrap_or_default(), case.is_sound()) {
        ("answered", true) | ("refused", false) => &mut group.right,
        ("answered", false) => &mut group.accepted,
        ("refused", true) => &mut group.refused,
        ("threw", _) => &mut group.threw,
        ("hung", _) => &mut group.hung,
        _ => &mut group.died,
    };
    *field += 1;
}

fn table(groups: &BTreeMap<&str, Group>) -> String {
    let mut table = String::from(
        "| group | cases | of these sound | libtrro: as expected | Python SDK: as expected | accepts what is wrong | refuses what is sound | \
         throws from its inside | hangs | dies |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut sum = Group::default();
    let mut row = |name: &str, group: &Group| {
        let Group { cases, sound, right, accepted, refused, threw, hung, died } = group;
        let _ = writeln!(
            table,
            "| {name} | {cases} | {sound} | {cases} | {right} | {accepted} | {refused} | {threw} | {hung} | {died} |"
        );
    };
    for (name, group) in groups {
        row(name, group);
        sum.cases += group.cases;
        sum.sound += group.sound;
        sum.right += group.right;
        sum.accepted += group.accepted;
        sum.refused += group.refused;
        sum.threw += group.threw;
        sum.hung += group.hung;
        sum.died += group.died;
    }
    row("**all**", &sum);
    table
}

fn write(table: &str) -> Result<(), Failed> {
    let path = support::root().join("docs/robustness.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("the document has no such table")?;
    let (_, after) = rest.split_once(END).ok_or("the table of the document has no end")?;
    Ok(fs::write(path, format!("{before}{BEGIN}{table}{END}{after}"))?)
}
