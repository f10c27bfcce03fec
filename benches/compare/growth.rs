//! How libtrro's cost grows with the devices of a page, the threads on one client, and the calls on one connection. Uses `clients`,
//! `results`, `service`.

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
#[derive(Default)]
pub struct Growth {
    pub devices: Vec<Point>,
    pub threads: Vec<Point>,
    pub calls: Vec<Point>,
}

/// Each figure is the median of the rounds; the longest run, of which there is one a protocol, is its own.
pub fn grow(clients: &Clients, service: &Service, rounds: usize) -> Result<Growth, Failed> {
    let mut growth = Growth::default();
    for tls in [false, true] {
        for devices in DEVICES {
            eprintln!("growth: {devices} devices");
            growth.devices.push(point(clients, service, tls, devices, (devices, 1, CALLS_OF_DEVICES), rounds)?);
        }
        for threads in THREADS {
            eprintln!("growth: {threads} threads");
            let run = (DEVICES_OF_OTHERS, threads, CALLS_OF_THREADS);
            growth.threads.push(point(clients, service, tls, threads, run, rounds)?);
        }
        eprintln!("growth: {MOST_CALLS} calls");
        let (figures, connections) = run(clients, service, tls, (DEVICES_OF_OTHERS, 0, MOST_CALLS))?;
        for at in CHECKPOINTS {
            let cpu_ns = value(&figures, &format!("cpu_ns_at_{at}"))?;
            let memory_kib = value(&figures, &format!("resident_kib_at_{at}"))?;
            growth.calls.push(Point { tls, at, cpu_ns, memory_kib, connections });
        }
    }
    Ok(growth)
}

/// Devices, threads, calls.
type Run = (usize, usize, usize);

fn point(
    clients: &Clients,
    service: &Service,
    tls: bool,
    at: usize,
    what: Run,
    rounds: usize,
) -> Result<Point, Failed> {
    let mut values = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..rounds {
        let (figures, connections) = run(clients, service, tls, what)?;
        values[0].push(value(&figures, "cpu_ns")?);
        values[1].push(value(&figures, "peak_memory_kib")?);
        values[2].push(connections);
    }
    let [cpu_ns, memory_kib, connections] = values.map(median);
    Ok(Point { tls, at, cpu_ns, memory_kib, connections })
}

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

fn megabytes(point: &Point) -> f64 {
    1.024e-3 * point.memory_kib
}
