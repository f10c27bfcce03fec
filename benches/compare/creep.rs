//! The instructions of a warm call, a signature and a decoded answer against those that are recorded, so that none grows unnoticed. Uses
//! `clients`, `in_process`, `machine`, `measure`, `results`, and of the tests `support`.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use libtest_mimic::{Completion, Failed};

use crate::clients::{Client, Setting};
use crate::machine;
use crate::measure::{Bench, Plan, collected};
use crate::results::{Figure, Results};
use crate::support::{Outcome, find_tool, missing, root};

/// What may come of another order of functions in the library, and is no creep.
const MOST_GROWTH: f64 = 1.03;
const HEAD: &str = "# Instructions, counted by callgrind. `make -C benches record` writes this file; `make -C benches creep` fails where\n\
                    # one of them has grown by more than 3 %.\n";
/// What is counted without a network: a word of the command line, the work, and how often it is done.
const IN_PROCESS: [(&str, &str, usize); 2] =
    [("sign", "a signature, the day's key kept", 1000), ("decode", "an answer with 100 devices, decoded", 50)];

type Counts = BTreeMap<String, f64>;

/// Compares with the record.
pub fn compare(bench: &Bench<'_>) -> Outcome {
    if find_tool("valgrind").is_none() {
        return missing("valgrind is not installed");
    }
    let recorded = fs::read_to_string(record())?;
    if !recorded.contains(&machine::tools()) {
        return Ok(Completion::ignored_with(
            "the recorded counts are those of another compiler, C library or valgrind",
        ));
    }
    let (recorded, counted) = (parse(&recorded)?, count(bench)?);
    let mut grown = String::new();
    for (what, instructions) in &counted {
        let before = recorded.get(what).ok_or_else(|| format!("{what}: not recorded"))?;
        let growth = instructions / before;
        println!("{what}: {instructions:.0}, recorded {before:.0}, {:+.1} %", (growth - 1.0) * 100.0);
        if growth > MOST_GROWTH {
            writeln!(grown, "{what}: {:+.1} %", (growth - 1.0) * 100.0)?;
        }
    }
    match grown.is_empty() {
        true => Ok(Completion::Completed),
        false => Err(format!("{grown}`make -C benches record` records it, if it is on purpose").into()),
    }
}

/// Records what is counted now.
pub fn write(bench: &Bench<'_>) -> Result<(), Failed> {
    let mut text = format!("{HEAD}# {}\n", machine::tools());
    for (what, instructions) in count(bench)? {
        writeln!(text, "{instructions:.0} {what}")?;
    }
    print!("{text}");
    Ok(fs::write(record(), text)?)
}

fn record() -> PathBuf {
    root().join("benches/instructions.txt")
}

fn parse(text: &str) -> Result<Counts, Failed> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let counts = lines.map(|line| {
        let (instructions, what) = line.split_once(' ').ok_or_else(|| format!("{line:?} is no count"))?;
        Ok((what.to_owned(), instructions.parse()?))
    });
    counts.collect()
}

fn count(bench: &Bench<'_>) -> Result<Counts, Failed> {
    let mut counts = Counts::new();
    let settings = [(false, 2), (false, 20), (false, 100), (true, 20)].map(|(tls, devices)| Setting { tls, devices });
    let plan = Plan { clients: vec![Client::Trro], settings: settings.to_vec(), rounds: 1 };
    let mut results = Results::default();
    bench.run(&plan, "instructions", &mut results)?;
    for setting in settings {
        let instructions = results.value(Figure::Instructions, setting, Client::Trro).ok_or("nothing was counted")?;
        let protocol = if setting.tls { "HTTPS" } else { "HTTP" };
        counts.insert(format!("a warm call, {protocol}, {} devices", setting.devices), instructions);
    }
    for (word, what, times) in IN_PROCESS {
        counts.insert(what.to_owned(), count_work(bench, word, times)?);
    }
    Ok(counts)
}

/// This program does the work below callgrind, so often and twice as often.
fn count_work(bench: &Bench<'_>, word: &str, times: usize) -> Result<f64, Failed> {
    let counted = |times: usize| {
        let (mut tool, log) = bench.callgrind()?;
        tool.arg(env::current_exe()?).args(["count", word, &times.to_string()]);
        let output = tool.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        collected(&log)
    };
    let (less, more) = (counted(times)?, counted(2 * times)?);
    Ok((more - less) / times as f64)
}
