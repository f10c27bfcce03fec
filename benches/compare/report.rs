//! What was measured, as tables for people. Uses `clients`, `results`.

use std::fmt::Write;

use crate::clients::{Client, Setting};
use crate::results::{Figure, Results};

/// A table in Markdown: a row for each figure and setting, with the ratios of libtrro.
pub fn table(results: &Results, figures: &[Figure]) -> String {
    let mut table = String::from(
        "| what | | devices | libtrro | handwritten | floor | libtrro / handwritten | libtrro / floor |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for figure in figures {
        for setting in results.settings(*figure) {
            let (what, ..) = figure.shown();
            let protocol = if setting.tls { "HTTPS" } else { "HTTP" };
            let values = Client::ALL.map(|client| shown(results, *figure, setting, client));
            let ratio = |other| {
                let ratio = results.ratio(*figure, setting, Client::Trro, other);
                ratio.filter(|ratio| ratio.is_finite()).map_or(String::new(), |ratio| format!("{ratio:.2}"))
            };
            let _ = writeln!(
                table,
                "| {what} | {protocol} | {} | {} | {} | {} |",
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
    let (_, unit, divisor, decimals) = figure.shown();
    let Some(value) = results.value(figure, setting, client) else { return String::new() };
    format!("{:.decimals$} {unit}", value / divisor).trim_end().to_owned()
}
