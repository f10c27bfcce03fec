//! What was measured, as tables for people. Uses `clients`, `in_process`, `results`.

use std::fmt::Write;

use crate::clients::{Client, Setting};
use crate::in_process::Comparison;
use crate::results::{Figure, Results};

/// A table in Markdown: a row for each figure and setting, with the ratios of libtrro.
pub fn table(results: &Results) -> String {
    let mut table = String::from(
        "| what | | devices | libtrro | handwritten | floor | libtrro / handwritten | libtrro / floor |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for figure in Figure::ALL {
        for setting in results.settings(figure) {
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
                "| {what}{unit} | {protocol} | {} | {} | {} | {} |",
                setting.devices,
                values.join(" | "),
                ratio(Client::Handwritten),
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
