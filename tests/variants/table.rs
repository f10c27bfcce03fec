//! The table of the README, between two comments.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::{Completion, Failed};

use crate::build::{Figures, Variant};
use crate::support::{self, Outcome};

const BEGIN: &str = "<!-- sizes: TRRO_README=update cargo test --test variants -->\n";
const END: &str = "<!-- end of sizes -->\n";
const HEAD: &str = "\
    | build | `libtrro.so`, bytes | in a static program, bytes | idle client, KiB | more in a call, KiB | stack, KiB |\n\
    | --- | --- | --- | --- | --- | --- |\n";

/// How far off a size may be, in parts of it.
const PARTS_OF_SIZE: u64 = 100;
/// How far off memory may be: what a machine does otherwise shows in it.
const PARTS_OF_MEMORY: u64 = 5;
const SLACK_OF_MEMORY: u64 = 96;

fn readme() -> PathBuf {
    support::root().join("README.md")
}

/// By what the figures are: another compiler makes others.
fn compiler() -> Result<String, Failed> {
    let shown = support::run(Command::new("rustc").arg("-vV"))?;
    let value = |name: &str| shown.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    Ok(format!("Measured with rustc {} for {}.\n", value("release: "), value("host: ")))
}

/// Writes the table anew.
pub fn update(measured: &[(&Variant, Figures)]) -> Result<(), Failed> {
    let text = fs::read_to_string(readme())?;
    let (before, rest) = text.split_once(BEGIN).ok_or("README.md has no place for the sizes")?;
    let (_, after) = rest.split_once(END).ok_or("README.md has no end of the sizes")?;
    let mut table = HEAD.to_owned();
    for (variant, figures) in measured {
        let [shared, in_program, idle, call, stack] = cells(figures);
        let name = variant.name;
        writeln!(table, "| {name} | {} | {} | {idle} | {call} | {stack} |", grouped(shared), grouped(in_program))?;
    }
    fs::write(readme(), format!("{before}{BEGIN}{table}\n{}{END}{after}", compiler()?))?;
    Ok(())
}

/// Whether the table says what was measured.
pub fn compare(variant: &Variant, figures: &Figures) -> Outcome {
    let text = fs::read_to_string(readme())?;
    if !text.contains(&compiler()?) {
        let reason = "the sizes of the README were measured with another compiler, or for another machine";
        return Ok(Completion::ignored_with(reason));
    }
    let row = text.lines().find_map(|line| line.strip_prefix(&format!("| {} | ", variant.name)));
    let row = row.ok_or("the README has no such row")?;
    let said = row.split(['|', ' ']).filter(|cell| !cell.is_empty()).map(|cell| cell.replace(',', "").parse());
    let said = said.collect::<Result<Vec<u64>, _>>()?;
    let measured = cells(figures);
    let is_near = |(index, (said, measured)): (usize, (&u64, &u64))| {
        let slack = if index < 2 { said / PARTS_OF_SIZE } else { said / PARTS_OF_MEMORY + SLACK_OF_MEMORY };
        said.abs_diff(*measured) <= slack
    };
    if said.len() == measured.len() && said.iter().zip(&measured).enumerate().all(is_near) {
        return Ok(Completion::Completed);
    }
    Err(format!("the README says {said:?}, measured is {measured:?}; TRRO_README=update writes it").into())
}

fn cells(figures: &Figures) -> [u64; 5] {
    let Figures { shared, in_program, idle_kib, call_kib, stack } = *figures;
    [shared, in_program, idle_kib, call_kib, stack.div_ceil(1024)]
}

/// In groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
