//! How libtrro's cost grows with the devices of a page, the threads on one client, and the calls on one connection. Uses `clients`,
//! `results`, `service`.

use std::collections::BTreeMap;
use std::fmt::Write;

use libtest_mimic::Failed;

use crate::clients::{Clients, Site};
use crate::results::{median, micro};
use crate::service::{Counters, Service};

const DEVICES: [usize; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const THREADS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// For all threads together, so that each point costs the same.
const CALLS_OF_THREADS: usize = 6400;
const CALLS_OF_DEVICES: usize = 300;
const DEVICES_OF_OTHERS: usize = 20;
const MOST_CALLS: usize = 100_000;
const CHECKPOINTS: [usize; 6] = [1, 10, 100, 1000, 10_000, MOST_CALLS];

/// One point of a curve.
pub struct Point {
    pub tls: bool,
    /// Devices, threads or calls.
    pub at: usize,
    /// Of a call.
    pub cpu_ns: f64,
    pub memory_kib: f64,
    /// That the program has opened.
    pub connections: f64,
}

/// The curves.
pub struct Growth {
    pub devices: Vec<Point>,
    pub threads: Vec<Point>,
    pub calls: Vec<Point>,
}

/// What was measured of each point, a value a round: CPU, memory, connections.
type Values = BTreeMap<(bool, usize), [Vec<f64>; 3]>;

/// Rounds are interleaved: in each of them every point has its turn. A figure is the median of the rounds.
pub fn grow(clients: &Clients, service: &Service, rounds: usize) -> Result<Growth, Failed> {
    let (mut devices, mut threads, mut calls) = (Values::new(), Values::new(), Values::new());
    for round in 0..rounds {
        eprintln!("growth: round {}", round + 1);
        let both = |points: &[usize]| -> Vec<(usize, bool)> {
            points.iter().flat_map(|at| [(*at, false), (*at, true)]).collect()
        };
        for (at, tls) in both(&DEVICES) {
            let (figures, connections) = run(clients, service, tls, (at, 1, CALLS_OF_DEVICES))?;
            add(
                &mut devices,
                (tls, at),
                [value(&figures, "cpu_ns")?, value(&figures, "peak_memory_kib")?, connections],
            );
        }
        for (at, tls) in both(&THREADS) {
            let (figures, connections) = run(clients, service, tls, (DEVICES_OF_OTHERS, at, CALLS_OF_THREADS))?;
            add(
                &mut threads,
                (tls, at),
                [value(&figures, "cpu_ns")?, value(&figures, "peak_memory_kib")?, connections],
            );
        }
        for tls in [false, true] {
            let (figures, connections) = run(clients, service, tls, (DEVICES_OF_OTHERS, 0, MOST_CALLS))?;
            for at in CHECKPOINTS {
                let cpu_ns = value(&figures, &format!("cpu_ns_at_{at}"))?;
                let memory_kib = value(&figures, &format!("resident_kib_at_{at}"))?;
                add(&mut calls, (tls, at), [cpu_ns, memory_kib, connections]);
            }
        }
    }
    Ok(Growth { devices: points(devices), threads: points(threads), calls: points(calls) })
}

fn add(values: &mut Values, at: (bool, usize), measured: [f64; 3]) {
    let known = values.entry(at).or_default();
    known.iter_mut().zip(measured).for_each(|(known, measured)| known.push(measured));
}

fn points(values: Values) -> Vec<Point> {
    let point = |((tls, at), measured): ((bool, usize), [Vec<f64>; 3])| {
        let [cpu_ns, memory_kib, connections] = measured.map(median);
        Point { tls, at, cpu_ns, memory_kib, connections }
    };
    values.into_iter().map(point).collect()
}

/// Devices, threads, calls.
type Run = (usize, usize, usize);

/// What the program says, and how many connections it has made.
fn run(clients: &Clients, service: &Service, tls: bool, what: Run) -> Result<(Counters, f64), Failed> {
    let connections = || -> Result<f64, Failed> { value(&service.counters()?, "connections") };
    let before = connections()?;
    let site = Site { url: &service.url(tls), ca_file: &service.ca_file };
    let ran = clients.run_growth(&site, what.0, what.1, what.2)?;
    Ok((ran.figures, connections()? - before))
}

fn value(figures: &Counters, key: &str) -> Result<f64, Failed> {
    figures.get(key).map(|value| *value as f64).ok_or_else(|| format!("no {key} was said").into())
}

/// The curves as tables in Markdown.
pub fn tables(growth: &Growth) -> String {
    let mut text = String::from(
        "| devices a page | HTTP: CPU of a call, µs | of a device, µs | peak memory, MB | kB a further device | HTTPS: CPU of a call, µs | \
         of a device, µs | peak memory, MB | kB a further device |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for at in DEVICES {
        let _ = write!(text, "| {at} |");
        for tls in [false, true] {
            let of = |at| growth.devices.iter().find(|point| point.tls == tls && point.at == at);
            let (Some(point), Some(first)) = (of(at), of(1)) else { continue };
            // What is less than a few pages of memory is noise.
            let further = match at {
                100.. => format!("{:.2}", 1.024 * (point.memory_kib - first.memory_kib) / (at - 1) as f64),
                _ => String::new(),
            };
            let (call, memory) = (micro(point.cpu_ns), megabytes(point));
            let _ = write!(text, " {call:.1} | {:.2} | {memory:.2} | {further} |", call / at as f64);
        }
        text.push('\n');
    }
    text += "\n| threads | HTTP: CPU of a call, µs | peak memory, MB | connections | HTTPS: CPU of a call, µs | peak memory, MB | \
             connections |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for at in THREADS {
        let _ = write!(text, "| {at} |");
        for point in growth.threads.iter().filter(|point| point.at == at) {
            let _ = write!(text, " {:.1} | {:.2} | {} |", micro(point.cpu_ns), megabytes(point), point.connections);
        }
        text.push('\n');
    }
    text += "\n| calls | HTTP: CPU of a call since the row above, µs | memory, MB | HTTPS: CPU of a call since the row above, µs | memory, \
             MB |\n| ---: | ---: | ---: | ---: | ---: |\n";
    for at in CHECKPOINTS {
        let _ = write!(text, "| {at} |");
        for point in growth.calls.iter().filter(|point| point.at == at) {
            let _ = write!(text, " {:.1} | {:.2} |", micro(point.cpu_ns), megabytes(point));
        }
        text.push('\n');
    }
    text
}

pub fn megabytes(point: &Point) -> f64 {
    1.024e-3 * point.memory_kib
}
