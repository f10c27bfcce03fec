//! What was measured: figures by setting and client, a value a round. Uses `clients`.

use std::collections::BTreeMap;

use crate::clients::{Client, Setting};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    Cpu,
    WallMedian,
    WallLate,
    ServerCpu,
    FirstCall,
    Instructions,
    Allocations,
    AllocatedBytes,
    SystemCalls,
    Writes,
    ColdPackets,
    ColdBytes,
    ColdRoundTrips,
    WarmPackets,
    WarmBytes,
    PeakMemory,
    LoadedFiles,
    LoadedBytes,
}

impl Figure {
    pub const ALL: [Figure; 18] = [
        Figure::Cpu,
        Figure::WallMedian,
        Figure::WallLate,
        Figure::ServerCpu,
        Figure::FirstCall,
        Figure::Instructions,
        Figure::Allocations,
        Figure::AllocatedBytes,
        Figure::SystemCalls,
        Figure::Writes,
        Figure::ColdPackets,
        Figure::ColdBytes,
        Figure::ColdRoundTrips,
        Figure::WarmPackets,
        Figure::WarmBytes,
        Figure::PeakMemory,
        Figure::LoadedFiles,
        Figure::LoadedBytes,
    ];

    /// What it is, the unit that it is shown in, how many of what is measured make one, and the decimals.
    pub fn shown(self) -> (&'static str, &'static str, f64, usize) {
        match self {
            Figure::Cpu => ("CPU of a warm call", "µs", 1e3, 1),
            Figure::WallMedian => ("wall time of a warm call, median", "µs", 1e3, 1),
            Figure::WallLate => ("wall time of a warm call, 99th percentile", "µs", 1e3, 1),
            Figure::ServerCpu => ("CPU of the server for an answer", "µs", 1e3, 1),
            Figure::FirstCall => ("a process with one call, from its start to its end", "ms", 1e6, 2),
            Figure::Instructions => ("instructions of a warm call", "thousand", 1e3, 1),
            Figure::Allocations => ("heap allocations of a warm call", "", 1.0, 1),
            Figure::AllocatedBytes => ("bytes allocated by a warm call", "kB", 1e3, 1),
            Figure::SystemCalls => ("system calls of a warm call", "", 1.0, 2),
            Figure::Writes => ("of these, writes", "", 1.0, 2),
            Figure::ColdPackets => ("packets of a process with one call", "", 1.0, 1),
            Figure::ColdBytes => ("bytes on the wire of a process with one call", "kB", 1e3, 2),
            Figure::ColdRoundTrips => ("round trips until the first answer is there", "", 1.0, 1),
            Figure::WarmPackets => ("packets of a warm call", "", 1.0, 2),
            Figure::WarmBytes => ("bytes on the wire of a warm call", "kB", 1e3, 2),
            Figure::PeakMemory => ("peak memory after 1 000 calls", "MB", 1e3, 2),
            Figure::LoadedFiles => ("files that are loaded", "", 1.0, 0),
            Figure::LoadedBytes => ("size of the files that are loaded", "MB", 1e6, 2),
        }
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub struct Results {
    values: BTreeMap<(Figure, Setting, Client), Vec<f64>>,
    /// What was not measured, and why.
    pub missing: BTreeMap<&'static str, String>,
}

impl Results {
    pub fn add(&mut self, figure: Figure, setting: Setting, client: Client, value: f64) {
        self.values.entry((figure, setting, client)).or_default().push(value);
    }

    /// The median over the rounds.
    pub fn value(&self, figure: Figure, setting: Setting, client: Client) -> Option<f64> {
        self.values.get(&(figure, setting, client)).map(|values| median(values.clone()))
    }

    /// The median of the ratios of the rounds.
    pub fn ratio(&self, figure: Figure, setting: Setting, client: Client, other: Client) -> Option<f64> {
        let values = self.values.get(&(figure, setting, client))?;
        let others = self.values.get(&(figure, setting, other))?;
        Some(median(values.iter().zip(others).map(|(value, other)| value / other).collect()))
    }

    /// Where something was measured of the figure.
    pub fn settings(&self, figure: Figure) -> Vec<Setting> {
        let mut settings: Vec<Setting> =
            self.values.keys().filter(|(known, ..)| *known == figure).map(|(_, setting, _)| *setting).collect();
        settings.dedup();
        settings
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// Nanoseconds in microseconds.
pub fn micro(ns: f64) -> f64 {
    ns / 1e3
}
