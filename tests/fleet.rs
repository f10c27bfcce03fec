//! What a fleet does to the service and the service to a fleet: the bars, and `docs/fleet.md` and `docs/fleet.svg`, which
//! are held to what the simulation gives. `TRRO_DOCS=update` rewrites them.

#[path = "fleet/plot.rs"]
mod plot;
#[path = "fleet/simulation.rs"]
mod simulation;

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use plot::Row;
use simulation::{Outcome, Scenario, simulate};
use trro::limiter::{ACCOUNT_REQUESTS_PER_S, Asking};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A fleet that boots within one second, and the number of seeds that it is played with.
struct Boot {
    devices: u32,
    is_told: bool,
    answers_wanted: u32,
    seeds: u64,
}

/// The worst of every seed, and the answers of the first one.
#[derive(Debug, Default)]
struct Worst {
    requests: u32,
    waste: f64,
    /// The last answer, from the first boot.
    last_s: f64,
    /// The longest wait of a device, from its own boot.
    longest_s: f64,
    /// The shortest time in which the account can answer as much.
    ideal_s: f64,
    /// How long each device of the first seed waited, in units of `ideal_s`, in order.
    waits: Vec<f64>,
}

const fn boot(devices: u32, is_told: bool, answers_wanted: u32, seeds: u64) -> Boot {
    Boot { devices, is_told, answers_wanted, seeds }
}

const TEN: Boot = boot(10, false, 1, 20);
const THOUSAND: Boot = boot(1000, false, 1, 20);
const HUNDRED_THOUSAND: Boot = boot(100_000, true, 1, 3);

/// The rows that the bars are for are played once for all tests.
static BARS: LazyLock<[Worst; 3]> = LazyLock::new(|| [TEN, THOUSAND, HUNDRED_THOUSAND].map(|boot| boot.worst()));

impl Boot {
    fn worst(&self) -> Worst {
        let mut worst = Worst { ideal_s: self.ideal_s(), ..Worst::default() };
        for seed in 0..self.seeds {
            let outcome = simulate(self.scenario(), seed);
            assert_eq!(outcome.answers.len(), (self.devices * self.answers_wanted) as usize);
            worst.add(&outcome);
        }
        worst
    }

    fn scenario(&self) -> Scenario {
        Scenario {
            devices: self.devices,
            fleet_size: if self.is_told { self.devices } else { 0 },
            asking: Asking::Foreground,
            begin_within: Duration::from_secs(1),
            ask_every: Duration::ZERO,
            answers_wanted: self.answers_wanted,
            until: Duration::MAX,
        }
    }

    fn ideal_s(&self) -> f64 {
        f64::from(self.devices * self.answers_wanted) / f64::from(ACCOUNT_REQUESTS_PER_S)
    }
}

impl Worst {
    fn add(&mut self, outcome: &Outcome) {
        let waits = sorted_s(outcome.answers.iter().map(|answer| answer.after));
        let last = outcome.answers.iter().map(|answer| answer.at.as_secs_f64()).fold(0.0, f64::max);
        self.requests = self.requests.max(outcome.requests);
        self.waste = self.waste.max(waste(outcome));
        self.last_s = self.last_s.max(last);
        self.longest_s = self.longest_s.max(waits[waits.len() - 1]);
        if self.waits.is_empty() {
            self.waits = waits.iter().map(|wait| wait / self.ideal_s).collect();
        }
    }
}

/// A fleet that has been running, each device asking once a minute, for an hour.
fn running(devices: u32, asking: Asking) -> Outcome {
    let scenario = Scenario {
        devices,
        fleet_size: 0,
        asking,
        begin_within: MINUTE,
        ask_every: MINUTE,
        answers_wanted: u32::MAX,
        until: HOUR,
    };
    simulate(scenario, 0)
}

/// The share of the requests that brought no answer.
fn waste(outcome: &Outcome) -> f64 {
    f64::from(outcome.refused) / f64::from(outcome.requests)
}

fn sorted_s(times: impl Iterator<Item = Duration>) -> Vec<f64> {
    let mut times: Vec<f64> = times.map(|time| time.as_secs_f64()).collect();
    times.sort_by(f64::total_cmp);
    times
}

#[test]
fn at_least_two_of_five_requests_of_a_booting_fleet_bring_an_answer() {
    for worst in BARS.iter() {
        assert!(worst.waste <= 0.6, "{} devices: {}", worst.waits.len(), worst.waste);
    }
}

#[test]
fn the_last_device_of_a_booting_fleet_waits_at_most_one_and_a_half_times_as_long_as_it_must() {
    let [ten, thousand, hundred_thousand] = &*BARS;
    // The second in which the devices boot is twice as long as what ten of them must wait.
    assert!(ten.longest_s <= 1.5 * ten.ideal_s, "{}", ten.longest_s);
    for worst in [thousand, hundred_thousand] {
        assert!(worst.last_s <= 1.5 * worst.ideal_s, "{} devices: {}", worst.waits.len(), worst.last_s);
    }
}

#[test]
fn devices_of_a_running_fleet_that_are_refused_now_and_then_have_their_answer_within_the_deadline() {
    let outcome = running(1000, Asking::Foreground);
    let waits = sorted_s(outcome.answers.iter().map(|answer| answer.after));
    assert!(waste(&outcome) > 0.0);
    assert!(waste(&outcome) <= 0.1, "{}", waste(&outcome));
    assert!(waits[waits.len() * 99 / 100] <= 10.0);
}

#[test]
fn a_fleet_that_wants_twice_what_the_account_allows_gets_all_of_that_and_wastes_little_in_the_background() {
    let outcome = running(2400, Asking::Background);
    let answers_per_s = outcome.answers.len() as f64 / HOUR.as_secs_f64();
    assert!(answers_per_s > 0.98 * f64::from(ACCOUNT_REQUESTS_PER_S), "{answers_per_s}");
    assert!(waste(&outcome) <= 0.6, "{}", waste(&outcome));
}

#[test]
fn the_document_and_the_plot_are_what_the_simulation_gives() {
    let [ten, thousand, hundred_thousand] = &*BARS;
    let names = ["N = 10", "N = 1000", "N = 100000, told"];
    let rows = names.iter().zip([ten, thousand, hundred_thousand]);
    let rows: Vec<Row> =
        rows.map(|(name, worst)| Row { name: (*name).to_owned(), answers: worst.waits.clone() }).collect();
    hold("docs/fleet.svg", &plot::plot(&rows));
    hold("docs/fleet.md", &document());
}

/// Rewrites a file of the documents, or fails if it is not `text`.
fn hold(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("TRRO_DOCS").is_some_and(|value| value == "update") {
        fs::write(&file, text).unwrap();
    }
    let is_same = fs::read_to_string(&file).is_ok_and(|written| written == text);
    assert!(is_same, "{path} is not what the simulation gives; TRRO_DOCS=update cargo test --test fleet rewrites it");
}

fn document() -> String {
    include_str!("fleet/fleet.md.in")
        .replace("{boots}", &boots())
        .replace("{repeated}", &repeated_boots())
        .replace("{running}", &running_fleets())
}

fn boots() -> String {
    let [ten, thousand, hundred_thousand] = &*BARS;
    let mut rows = row(&TEN, ten, true);
    for boot in [boot(100, false, 1, 20), boot(300, false, 1, 20)] {
        rows += &row(&boot, &boot.worst(), false);
    }
    rows += &row(&THOUSAND, thousand, true);
    for boot in [
        boot(3000, false, 1, 3),
        boot(10_000, false, 1, 1),
        boot(100, true, 1, 20),
        boot(1000, true, 1, 20),
        boot(10_000, true, 1, 3),
    ] {
        rows += &row(&boot, &boot.worst(), false);
    }
    rows + &row(&HUNDRED_THOUSAND, hundred_thousand, true)
}

fn repeated_boots() -> String {
    let boots = [boot(10, false, 3, 20), boot(100, false, 3, 20), boot(1000, false, 3, 3), boot(1000, true, 3, 3)];
    boots.iter().map(|boot| row(boot, &boot.worst(), false)).collect()
}

fn row(boot: &Boot, worst: &Worst, has_a_bar: bool) -> String {
    let mark = if has_a_bar { "**" } else { "" };
    format!(
        "| {mark}{}{mark} | {} | {} | {} | {:.1} % | {:.1} ({:.2}) | {:.1} ({:.2}) | {:.1} |\n",
        boot.devices,
        if boot.is_told { "yes" } else { "no" },
        boot.seeds,
        worst.requests,
        100.0 * (1.0 - worst.waste),
        worst.last_s,
        worst.last_s / worst.ideal_s,
        worst.longest_s,
        worst.longest_s / worst.ideal_s,
        worst.ideal_s,
    )
}

fn running_fleets() -> String {
    let mut rows = String::new();
    for (devices, asking) in [
        (500, Asking::Foreground),
        (1000, Asking::Foreground),
        (1200, Asking::Foreground),
        (1200, Asking::Background),
        (2400, Asking::Foreground),
        (2400, Asking::Background),
    ] {
        let outcome = running(devices, asking);
        let waits = sorted_s(outcome.answers.iter().map(|answer| answer.after));
        writeln!(
            rows,
            "| {devices} | {:.1} | {} | {:.1} | {:.1} % | {:.1} | {:.1} | {:.0} |",
            f64::from(devices) / MINUTE.as_secs_f64(),
            if asking == Asking::Foreground { "foreground" } else { "background" },
            outcome.answers.len() as f64 / HOUR.as_secs_f64(),
            100.0 * (1.0 - waste(&outcome)),
            waits[waits.len() / 2],
            waits[waits.len() * 99 / 100],
            waits[waits.len() - 1],
        )
        .unwrap();
    }
    rows
}
