//! What was measured, as tables for people. Uses `clients`, `in_process`, `results`.

use std::fmt::Write;

use crate::clients::{Client, Setting};
use crate::in_process::Comparison;
use crate::results::{Figure, Results};

const MIB: f64 = 1_048_576.0;

/// A table in Markdown: a row for each figure and setting, with the ratios of libtrro.
pub fn table(results: &Results) -> String {
    let mut table = String::from(
        "| what | | devices | libtrro | handwritten | tuned | floor | libtrro / handwritten | / tuned | / floor |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for figure in Figure::ALL {
        let mut settings = results.settings(figure);
        if matches!(figure, Figure::LoadedFiles | Figure::LoadedBytes) {
            // They are the same in all of them.
            settings.truncate(1);
        }
        for setting in settings {
            let (what, unit, ..) = figure.shown();
            let unit = if unit.is_empty() { String::new() } else { format!(", {unit}") };
            let protocol = if setting.tls { "HTTPS" } else { "HTTP" };
            let values = Client::ALL.map(|client| shown(results, figure, setting, client));
            let ratio = |other| {
                let ratio = results.ratio(figure, setting, Client::Trro, other);
                ratio.filter(|ratio| ratio.is_finite()).map_or(String::new(), |ratio| format!("{ratio:.2}"))
            };
            let _ = writeln!(
                table,
                "| {what}{unit} | {protocol} | {} | {} | {} | {} | {} |",
                setting.devices,
                values.join(" | "),
                ratio(Client::Handwritten),
                ratio(Client::Tuned),
                ratio(Client::Floor),
            );
        }
    }
    table
}

fn shown(results: &Results, figure: Figure, setting: Setting, client: Client) -> String {
    let (_, _, divisor, decimals) = figure.shown();
    let value = results.value(figure, setting, client);
    value.map_or(String::new(), |value| format!("{:.decimals$}", value / divisor))
}

/// What was compared inside of one process, as a table in Markdown.
pub fn in_process(comparisons: &[Comparison]) -> String {
    let mut table = String::from("| what | by | ns | libtrro / it |\n| --- | --- | ---: | ---: |\n");
    for comparison in comparisons {
        for (index, (name, _)) in comparison.sides.iter().enumerate() {
            let (what, value) = (comparison.what, comparison.value(index));
            let ratio = if index == 0 { String::new() } else { format!("{:.2}", comparison.ratio(index)) };
            let _ = writeln!(table, "| {what} | {name} | {value:.0} | {ratio} |");
        }
    }
    table
}

/// What libtrro is held to beside what was measured, as a table in Markdown.
pub fn bars(results: &Results, comparisons: &[Comparison], library_bytes: u64) -> String {
    let mut table = String::from("| what | bar | measured | |\n| --- | ---: | ---: | --- |\n");
    let mut row = |what: &str, bar: f64, measured: Option<f64>, decimals: usize, unit: &str| {
        let holds =
            measured.map_or("not measured", |measured| if measured <= bar { "holds" } else { "**does not hold**" });
        let measured = measured.map_or(String::new(), |measured| format!("{measured:.decimals$}{unit}"));
        let _ = writeln!(table, "| {what} | <= {bar}{unit} | {measured} | {holds} |");
    };
    let at = |tls, devices| Setting { tls, devices };
    let ratio = |figure, setting, other| results.ratio(figure, setting, Client::Trro, other);
    let value = |figure, setting| results.value(figure, setting, Client::Trro);
    for (tls, protocol, bars) in [(false, "HTTP", [0.45, 0.30, 0.20]), (true, "HTTPS", [0.55, 0.40, 0.25])] {
        for (devices, bar) in [2, 20, 100].into_iter().zip(bars) {
            let what = format!("CPU of a warm call, {protocol}, {devices} devices, to handwritten");
            row(&what, bar, ratio(Figure::Cpu, at(tls, devices), Client::Handwritten), 2, "");
        }
    }
    let to_floor = ratio(Figure::Cpu, at(false, 2), Client::Floor);
    row("CPU of a warm call, HTTP, 2 devices, to the floor", 3.0, to_floor, 2, "");
    for (devices, bar) in [(2, 0.45), (20, 0.25), (100, 0.15)] {
        let what = format!("instructions of a warm call, HTTP, {devices} devices, to handwritten");
        row(&what, bar, ratio(Figure::Instructions, at(false, devices), Client::Handwritten), 2, "");
    }
    for devices in [2, 100] {
        let what = format!("heap allocations of a warm call, HTTP, {devices} devices");
        row(&what, 40.0, value(Figure::Allocations, at(false, devices)), 0, "");
    }
    row("system calls of a warm call, HTTP, 2 devices", 4.0, value(Figure::SystemCalls, at(false, 2)), 1, "");
    row("of these, writes", 1.0, value(Figure::Writes, at(false, 2)), 1, "");
    let compared = |what: &str, side: usize| {
        comparisons.iter().find(|comparison| comparison.what.contains(what)).map(|comparison| comparison.ratio(side))
    };
    row("a signature, the day's key kept, to OpenSSL low-level", 1.0, compared("signature", 2), 2, "");
    row("decode and layout, 100 devices, to cJSON into structs", 0.20, compared("decoded", 1), 2, "");
    let memory = value(Figure::PeakMemory, at(true, 100)).map(|kilobytes| kilobytes / 1e3);
    row("peak memory after 1 000 HTTPS calls", 7.0, memory, 2, " MB");
    row("libtrro.so with everything, stripped", 2.1, Some(library_bytes as f64 / MIB), 2, " MiB");
    let first = ratio(Figure::FirstCall, at(true, 2), Client::Handwritten);
    row("a process with one HTTPS call, to handwritten", 0.8, first, 2, "");
    table
}
