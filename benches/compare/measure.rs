//! The passes that measure, each of one or several figures. Uses `clients`, `relay`, `results`, `service`, and of
//! the tests `support`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

use crate::clients::{Calls, Client, Clients, Ran, Setting, Site};
use crate::relay::{DELAY, Relay};
use crate::results::{Figure, Results};
use crate::service::{Counters, Service};
use crate::support::find_tool;

/// Calls whose cost is counted, and as many again: the difference is that of a warm call.
const COUNTED_CALLS: usize = 50;
/// Until caches, tables and the other side are warm.
const WARM_UP: usize = 200;
const TIMED_CALLS: usize = 1000;
/// Of IPv4 and of TCP with its timestamps, each packet.
const HEADER_BYTES: f64 = 52.0;
/// System calls that send.
const WRITES: [&str; 6] = ["write", "writev", "send", "sendto", "sendmsg", "sendmmsg"];

/// What is to be measured.
pub struct Plan {
    pub clients: Vec<Client>,
    pub settings: Vec<Setting>,
    pub rounds: usize,
}

/// One round of one pass, for one client in one setting.
type Pass = fn(&Bench<'_>, Client, Setting, &mut Results) -> Result<(), Failed>;

/// What passes work with.
pub struct Bench<'b> {
    pub clients: &'b Clients,
    pub service: &'b Service,
}

/// The passes by their names, and whether they give the same in every round.
pub const PASSES: [(&str, Pass, bool); 8] = [
    ("cpu", time_warm_calls, false),
    ("first", time_first_call, false),
    ("instructions", count_instructions, true),
    ("allocations", count_allocations, true),
    ("calls", count_system_calls, true),
    ("packets", count_packets, true),
    ("round-trips", count_round_trips, true),
    ("memory", look_at_memory, true),
];

impl Bench<'_> {
    /// The rounds of one pass: in each of them every client runs in every setting.
    pub fn run(&self, plan: &Plan, name: &'static str, results: &mut Results) -> Result<(), Failed> {
        let Some((_, pass, repeats)) = PASSES.iter().find(|(known, ..)| *known == name) else {
            return Err(format!("nothing is called {name}").into());
        };
        for round in 0..if *repeats { 1 } else { plan.rounds } {
            eprintln!("{name}: round {}", round + 1);
            for setting in &plan.settings {
                for client in &plan.clients {
                    pass(self, *client, *setting, results)?;
                }
            }
        }
        Ok(())
    }

    fn ran(&self, client: Client, setting: Setting, calls: Calls) -> Result<Ran, Failed> {
        self.ran_below(None, client, setting, calls)
    }

    fn ran_below(&self, tool: Option<Command>, client: Client, setting: Setting, calls: Calls) -> Result<Ran, Failed> {
        let url = self.service.url(setting.tls);
        self.clients.run(tool, client, &Site { url: &url, ca_file: &self.service.ca_file }, setting, calls)
    }

    /// Counts the instructions of what it runs; where it says how many.
    pub fn callgrind(&self) -> Result<(Command, PathBuf), Failed> {
        let log = self.clients.file("callgrind.log");
        let mut tool = Command::new(find_tool("valgrind").ok_or("valgrind is not installed")?);
        tool.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        tool.arg(format!("--log-file={}", log.display()));
        Ok((tool, log))
    }

    /// What a warm call adds to what `count` counts of a run.
    fn difference(&self, mut count: impl FnMut(Calls) -> Result<Vec<f64>, Failed>) -> Result<Vec<f64>, Failed> {
        let (less, more) = (count(Calls::quiet(COUNTED_CALLS))?, count(Calls::quiet(2 * COUNTED_CALLS))?);
        Ok(more.iter().zip(less).map(|(more, less)| (more - less) / COUNTED_CALLS as f64).collect())
    }
}

fn time_warm_calls(bench: &Bench<'_>, client: Client, setting: Setting, results: &mut Results) -> Result<(), Failed> {
    let before = bench.service.counters()?;
    let calls = Calls { warm_up: WARM_UP, measured: TIMED_CALLS, is_quiet: false };
    let ran = bench.ran(client, setting, calls)?;
    let after = bench.service.counters()?;
    for (figure, key) in
        [(Figure::Cpu, "cpu_ns"), (Figure::WallMedian, "wall_p50_ns"), (Figure::WallLate, "wall_p99_ns")]
    {
        results.add(figure, setting, client, value(&ran.figures, key)?);
    }
    let answers = increase(&before, &after, "answers")?;
    results.add(Figure::ServerCpu, setting, client, increase(&before, &after, "cpu_ns")? / answers);
    Ok(())
}

fn time_first_call(bench: &Bench<'_>, client: Client, setting: Setting, results: &mut Results) -> Result<(), Failed> {
    let ran = bench.ran(client, setting, Calls::quiet(0))?;
    results.add(Figure::FirstCall, setting, client, ran.lived.as_nanos() as f64);
    Ok(())
}

fn count_instructions(
    bench: &Bench<'_>,
    client: Client,
    setting: Setting,
    results: &mut Results,
) -> Result<(), Failed> {
    if find_tool("valgrind").is_none() {
        results.missing.insert("instructions", "valgrind is not installed".to_owned());
        return Ok(());
    }
    let counted = bench.difference(|calls| {
        let (tool, log) = bench.callgrind()?;
        bench.ran_below(Some(tool), client, setting, calls)?;
        Ok(vec![collected(&log)?])
    })?;
    results.add(Figure::Instructions, setting, client, counted[0]);
    Ok(())
}

/// What callgrind has counted.
pub fn collected(log: &Path) -> Result<f64, Failed> {
    let log = fs::read_to_string(log)?;
    let total = log.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    total.ok_or_else(|| "callgrind has counted nothing".into())
}

fn count_allocations(bench: &Bench<'_>, client: Client, setting: Setting, results: &mut Results) -> Result<(), Failed> {
    let counted = bench.difference(|calls| {
        let mut tool = Command::new("/usr/bin/env");
        tool.arg(format!("LD_PRELOAD={}", bench.clients.file("count_allocations.so").display()));
        let ran = bench.ran_below(Some(tool), client, setting, calls)?;
        Ok(vec![value(&ran.counted, "allocations")?, value(&ran.counted, "allocated_bytes")?])
    })?;
    results.add(Figure::Allocations, setting, client, counted[0]);
    results.add(Figure::AllocatedBytes, setting, client, counted[1]);
    Ok(())
}

fn count_system_calls(
    bench: &Bench<'_>,
    client: Client,
    setting: Setting,
    results: &mut Results,
) -> Result<(), Failed> {
    let Some(strace) = find_tool("strace") else {
        results.missing.insert("calls", "strace is not installed".to_owned());
        return Ok(());
    };
    let counted = bench.difference(|calls| {
        let table = bench.clients.file("strace.log");
        let mut tool = Command::new(&strace);
        tool.args(["-f", "-c", "-U", "name,calls", "-o"]).arg(&table);
        bench.ran_below(Some(tool), client, setting, calls)?;
        Ok(sum_of_calls(&fs::read_to_string(table)?))
    })?;
    results.add(Figure::SystemCalls, setting, client, counted[0]);
    results.add(Figure::Writes, setting, client, counted[1]);
    Ok(())
}

/// All calls of strace's table, and those that send.
fn sum_of_calls(table: &str) -> Vec<f64> {
    let (mut all, mut writes) = (0.0, 0.0);
    for line in table.lines() {
        let mut columns = line.split_whitespace();
        let (Some(name), Some(Ok(calls))) = (columns.next(), columns.next().map(str::parse::<f64>)) else { continue };
        if name == "total" {
            continue;
        }
        all += calls;
        if WRITES.contains(&name) {
            writes += calls;
        }
    }
    vec![all, writes]
}

fn count_packets(bench: &Bench<'_>, client: Client, setting: Setting, results: &mut Results) -> Result<(), Failed> {
    let count = |calls: usize| -> Result<[f64; 2], Failed> {
        let before = bench.service.counters()?;
        bench.ran(client, setting, Calls::quiet(calls))?;
        let after = bench.service.counters()?;
        let packets = increase(&before, &after, "packets_in")? + increase(&before, &after, "packets_out")?;
        let bytes = increase(&before, &after, "bytes_in")? + increase(&before, &after, "bytes_out")?;
        Ok([packets, bytes + HEADER_BYTES * packets])
    };
    let (cold, less, more) = (count(0)?, count(COUNTED_CALLS)?, count(2 * COUNTED_CALLS)?);
    results.add(Figure::ColdPackets, setting, client, cold[0]);
    results.add(Figure::ColdBytes, setting, client, cold[1]);
    results.add(Figure::WarmPackets, setting, client, (more[0] - less[0]) / COUNTED_CALLS as f64);
    results.add(Figure::WarmBytes, setting, client, (more[1] - less[1]) / COUNTED_CALLS as f64);
    Ok(())
}

/// By how much longer the first call takes over a slow road. The handshake of TCP is not relayed, and is one.
fn count_round_trips(bench: &Bench<'_>, client: Client, setting: Setting, results: &mut Results) -> Result<(), Failed> {
    let calls = Calls { warm_up: 0, measured: 0, is_quiet: false };
    let fast = value(&bench.ran(client, setting, calls)?.figures, "first_call_wall_ns")?;
    let relay = Relay::start(bench.service.port(setting.tls))?;
    let url = Service::url_at(setting.tls, relay.port);
    let site = Site { url: &url, ca_file: &bench.service.ca_file };
    let slow = bench.clients.run(None, client, &site, setting, calls)?;
    let slow = value(&slow.figures, "first_call_wall_ns")?;
    results.add(Figure::ColdRoundTrips, setting, client, 1.0 + (slow - fast) / (2.0 * DELAY.as_nanos() as f64));
    Ok(())
}

fn look_at_memory(bench: &Bench<'_>, client: Client, setting: Setting, results: &mut Results) -> Result<(), Failed> {
    let ran = bench.ran(client, setting, Calls { warm_up: 0, measured: TIMED_CALLS, is_quiet: false })?;
    for (figure, key) in [
        (Figure::PeakMemory, "peak_memory_kib"),
        (Figure::LoadedFiles, "loaded_files"),
        (Figure::LoadedBytes, "loaded_bytes"),
    ] {
        let factor = if figure == Figure::PeakMemory { 1.024 } else { 1.0 };
        results.add(figure, setting, client, factor * value(&ran.figures, key)?);
    }
    Ok(())
}

fn value(figures: &Counters, key: &str) -> Result<f64, Failed> {
    figures.get(key).map(|value| *value as f64).ok_or_else(|| format!("no {key} was said").into())
}

fn increase(before: &Counters, after: &Counters, key: &str) -> Result<f64, Failed> {
    Ok(value(after, key)? - value(before, key)?)
}
