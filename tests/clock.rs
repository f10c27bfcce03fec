//! Clocks that are wrong, certificates, and keys for one day: `tests/c/clock.c` is the machine, whose system clock the test
//! sets; the emulator is the service, over TLS, with a clock of its own.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use emulator::{Emulator, Fault, Options};
use libtest_mimic::{Arguments, Failed, Trial};

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;
const YEAR_S: i64 = 365 * DAY_S;
/// How far off the learned offset may be: a second that `Date` leaves open, and the noise of a busy machine.
const NEAR_S: i64 = 3;

type Outcome = Result<(), Failed>;
type Scenario = fn(&Path) -> Outcome;

/// The system clocks of the issue: a name, and what it says when it is right to say `now_s`.
const SYSTEM_CLOCKS: [(&str, fn(i64) -> i64); 5] = [
    ("right", |now_s| now_s),
    ("in_1970", |_| HOUR_S),
    ("in_2015", |_| 1_430_000_000),
    ("two_hours_behind", |now_s| now_s - 2 * HOUR_S),
    ("two_hours_ahead", |now_s| now_s + 2 * HOUR_S),
];

const SCENARIOS: [(&str, Scenario); 20] = [
    ("certificate::expired_before_the_release", an_expired_certificate_is_refused),
    ("certificate::of_an_intermediate_that_is_not_valid_yet_at_the_release", an_intermediate_later_than_the_release),
    ("certificate::ten_years_ahead", ten_years_ahead_the_clock_is_named),
    ("certificate::a_date_after_it_is_not_believed", a_date_after_the_certificate_is_not_believed),
    ("certificate::a_date_before_it_is_not_believed", a_date_before_the_certificate_is_not_believed),
    ("certificate::a_refusal_dated_outside_it_is_not_believed", a_refusal_dated_outside_is_not_believed),
    ("certificate::a_known_time_is_not_given_up_for_a_date_outside_it", a_known_time_stays),
    ("date::none_with_a_right_clock", without_a_date_a_right_clock_does),
    ("date::none_with_a_wrong_clock", without_a_date_the_message_heals),
    ("date::none_in_1970", without_a_date_1970_is_not_believed),
    ("date::from_a_cache", a_date_from_a_cache_is_no_sample),
    ("step::of_the_system_clock", a_step_of_the_system_clock_changes_nothing),
    ("step::of_the_services_clock", a_step_of_the_services_clock_is_followed),
    ("one_attempt::a_wrong_clock_is_reported_and_healed", one_attempt_is_one_attempt),
    ("log::a_correction_is_told", a_correction_is_told),
    ("day_key::of_today", a_day_key_signs_on_its_day),
    ("day_key::in_1970", a_day_key_signs_in_1970),
    ("day_key::of_another_day", a_day_key_of_another_day_is_refused_here),
    ("day_key::after_midnight", a_day_key_signs_after_midnight),
    ("day_key::has_the_wire_bytes_of_the_secret_key", a_day_key_has_the_same_wire_bytes),
];

fn main() {
    let arguments = Arguments::from_args();
    let binary = support::scratch("clock").join("clock");
    let source = support::root().join("tests/c/clock.c");
    let flags = ["-O1"];
    if let Err(failure) = support::compile(&source, &binary, &support::built_library(), &flags) {
        let compiles = Trial::test("compiles", move || Err(failure));
        libtest_mimic::run(&arguments, vec![compiles]).exit();
    }
    let binary: Arc<PathBuf> = Arc::new(binary);
    let mut trials = Vec::new();
    for (clock, says) in SYSTEM_CLOCKS {
        for (chain, intermediate) in [("alone", false), ("with_an_intermediate", true)] {
            let binary = Arc::clone(&binary);
            let name = format!("heals::{clock}::certificate_{chain}");
            trials.push(Trial::test(name, move || heals(&binary, says, intermediate, 0)));
        }
    }
    for (clock, says) in &SYSTEM_CLOCKS[..2] {
        let (binary, says) = (Arc::clone(&binary), *says);
        let name = format!("heals::{clock}::certificate_two_years_after_the_release");
        trials.push(Trial::test(name, move || heals(&binary, says, true, 2 * YEAR_S)));
    }
    trials.extend(SCENARIOS.map(|(name, scenario)| {
        let binary = Arc::clone(&binary);
        Trial::test(name, move || scenario(&binary))
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// Seconds since 1970, by the clock of the machine on which the test runs.
fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// `YYYY-MM-DD`.
fn date(at_s: i64) -> String {
    let moment = UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(at_s).unwrap());
    let date = httpdate::fmt_http_date(moment);
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = month.iter().position(|name| *name == &date[8..11]).unwrap() + 1;
    format!("{}-{month:02}-{}", &date[12..16], &date[5..7])
}

/// The service and the machine that asks it.
struct Pair {
    service: Emulator,
    program: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    log: Vec<String>,
}

/// What a call came to.
#[derive(Debug)]
struct Called {
    status: String,
    attempts: usize,
    message: String,
    /// How many requests the service saw.
    requests: usize,
    log: Vec<String>,
}

impl Pair {
    fn new(binary: &Path, options: Options) -> Pair {
        let service = Emulator::start(Options { tls: true, requests_per_s: 0, ..options }).unwrap();
        let ca_file = binary.with_file_name(format!("{}.pem", service.url().replace([':', '/'], "-")));
        std::fs::write(&ca_file, service.ca_pem()).unwrap();
        let mut program = Command::new(binary)
            .env("TRRO_ENDPOINT", service.url())
            .env("TRRO_CA_FILE", ca_file)
            .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
            .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY)
            .env_remove("TENCENTCLOUD_TOKEN")
            .env_remove("TENCENTCLOUD_REGION")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (program.stdin.take(), BufReader::new(program.stdout.take().unwrap()));
        Pair { service, program, input, output, log: Vec::new() }
    }

    /// With a client whose requests are sent up to four times, on a machine whose clock says `system_time_s` now.
    fn with_system_time(binary: &Path, options: Options, system_time_s: i64) -> Pair {
        let mut pair = Pair::new(binary, options);
        pair.set_system_time(system_time_s);
        pair.ask("new 4");
        pair
    }

    fn set_system_time(&mut self, system_time_s: i64) {
        self.ask(&format!("shift {}", system_time_s - now_s()));
    }

    /// The last line of the answer to a command.
    fn ask(&mut self, command: &str) -> String {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the program ended at: {command}");
            match line.trim_end().strip_prefix("= ") {
                Some(answer) => return answer.to_owned(),
                None => self.log.push(line),
            }
        }
    }

    fn requests(&self) -> usize {
        self.service.statistics().requests.len()
    }

    fn call(&mut self) -> Called {
        let before = self.requests();
        self.log.clear();
        let answer = self.ask("call");
        let mut words = answer.splitn(3, ' ');
        Called {
            status: words.next().unwrap().to_owned(),
            attempts: words.next().unwrap().parse().unwrap(),
            message: words.next().unwrap_or_default().to_owned(),
            requests: self.requests() - before,
            log: std::mem::take(&mut self.log),
        }
    }

    fn offset_ms(&mut self) -> Option<i64> {
        let answer = self.ask("offset");
        (answer != "absent").then(|| answer.parse().unwrap())
    }

    /// The client knows by how much the service's clock is ahead of the system clock.
    #[track_caller]
    fn check_offset(&mut self, expected_s: i64) {
        let offset_ms = self.offset_ms().expect("an offset");
        assert!((offset_ms - expected_s * 1000).abs() <= NEAR_S * 1000, "{offset_ms} ms, not {expected_s} s");
    }

    fn timestamp_of_last_request(&self) -> i64 {
        let requests = self.service.statistics().requests;
        requests.last().unwrap().header("X-TC-Timestamp").unwrap().parse().unwrap()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // The program ends with its input.
        drop(self.input.take());
        let status = self.program.wait();
        if !std::thread::panicking() {
            assert!(status.unwrap().success());
        }
    }
}

impl Called {
    /// It succeeded, and sent exactly so many requests.
    #[track_caller]
    fn succeeded_with(&self, requests: usize) {
        assert_eq!(
            (self.status.as_str(), self.requests, self.attempts),
            ("TRRO_STATUS_OK", requests, requests),
            "{self:?}"
        );
    }

    #[track_caller]
    fn failed_with(&self, status: &str, requests: usize) {
        assert_eq!((self.status.as_str(), self.requests), (status, requests), "{self:?}");
    }

    /// It was refused because of the time, and the message says so.
    #[track_caller]
    fn failed_at_the_clock(&self, requests: usize) {
        self.failed_with("TRRO_STATUS_TLS_FAILED", requests);
        assert!(self.message.contains("clock"), "{self:?}");
    }

    /// So many warnings say that the system clock is two hours behind.
    #[track_caller]
    fn told_of_two_hours(&self, times: usize) {
        let told: Vec<_> = self.log.iter().filter(|line| line.contains("system clock")).collect();
        let offset_s = |line: &str| line.split_once('+')?.1.split(' ').next()?.parse::<i64>().ok();
        let is_right = |line: &str| offset_s(line).is_some_and(|offset_s| (offset_s - 2 * HOUR_S).abs() <= NEAR_S);
        assert!(
            told.len() == times && told.iter().all(|line| line.starts_with("log 2 ") && is_right(line)),
            "{self:?}"
        );
    }
}

/// The first call succeeds, with one request more than on a machine whose clock is right, and the second with one.
fn heals(binary: &Path, says: fn(i64) -> i64, intermediate: bool, service_offset_s: i64) -> Outcome {
    let options = Options { intermediate, clock_offset_s: service_offset_s, ..Options::default() };
    let system_time_s = says(now_s());
    let skew_s = now_s() + service_offset_s - system_time_s;
    let mut pair = Pair::with_system_time(binary, options, system_time_s);
    assert_eq!(pair.offset_ms(), None);
    pair.call().succeeded_with(if skew_s.abs() <= NEAR_S { 1 } else { 2 });
    pair.check_offset(skew_s);
    pair.call().succeeded_with(1);
    pair.check_offset(skew_s);
    assert_eq!(pair.service.statistics().connections, 1);
    Ok(())
}

fn an_expired_certificate_is_refused(binary: &Path) -> Outcome {
    const IN_2020: i64 = 1_590_000_000;
    for system_time_s in [IN_2020, HOUR_S] {
        let options = Options { clock_offset_s: IN_2020 - now_s(), ..Options::default() };
        let mut pair = Pair::with_system_time(binary, options, system_time_s);
        pair.call().failed_at_the_clock(0);
        assert_eq!(pair.offset_ms(), None);
    }
    Ok(())
}

/// The certificate was valid from two days before the intermediate's on; T is the latest of all.
fn an_intermediate_later_than_the_release(binary: &Path) -> Outcome {
    let options =
        Options { intermediate: true, certificate_days: (400, 400), clock_offset_s: YEAR_S, ..Options::default() };
    let mut pair = Pair::with_system_time(binary, options, HOUR_S);
    pair.call().succeeded_with(2);
    Ok(())
}

fn ten_years_ahead_the_clock_is_named(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s() + 10 * YEAR_S);
    pair.call().failed_at_the_clock(0);
    assert_eq!(pair.offset_ms(), None);
    // As soon as somebody sets the clock it works.
    pair.set_system_time(now_s());
    pair.call().succeeded_with(1);
    Ok(())
}

fn a_date_after_the_certificate_is_not_believed(binary: &Path) -> Outcome {
    a_date_outside_is_not_believed(binary, 91 * DAY_S)
}

fn a_date_before_the_certificate_is_not_believed(binary: &Path) -> Outcome {
    a_date_outside_is_not_believed(binary, -2 * DAY_S)
}

/// The system clock is right, so that only the `Date` can be at fault. An answer with it is refused, and the connection that
/// it came by is not used again.
fn a_date_outside_is_not_believed(binary: &Path, ahead_s: i64) -> Outcome {
    for system_time_s in [now_s(), now_s() - 2 * HOUR_S] {
        let mut pair = Pair::with_system_time(binary, Options::default(), system_time_s);
        pair.service.misbehave_always(Some(Fault::Date(ahead_s)));
        for calls in 1..=2 {
            pair.call().failed_at_the_clock(1);
            assert_eq!(pair.offset_ms(), None);
            let statistics = pair.service.statistics();
            assert_eq!((statistics.connections, statistics.resumed), (calls, 0));
        }
        pair.service.misbehave_always(None);
        let called = pair.call();
        called.succeeded_with(if system_time_s < now_s() - HOUR_S { 2 } else { 1 });
        assert_eq!(pair.service.statistics().connections, 3);
    }
    Ok(())
}

/// The service's clock is outside of its own certificate, and it refuses the time of the request by it.
fn a_refusal_dated_outside_is_not_believed(binary: &Path) -> Outcome {
    for ahead_s in [91 * DAY_S, -2 * DAY_S] {
        let mut pair = Pair::with_system_time(binary, Options::default(), HOUR_S);
        pair.service.set_clock_offset_s(ahead_s);
        for _ in 0..2 {
            pair.call().failed_at_the_clock(1);
            assert_eq!(pair.offset_ms(), None);
        }
        pair.service.set_clock_offset_s(0);
        pair.call().succeeded_with(2);
        pair.check_offset(now_s() - HOUR_S);
    }
    Ok(())
}

/// A single wrong `Date` must not make every certificate of the service look expired from then on.
fn a_known_time_stays(binary: &Path) -> Outcome {
    for ahead_s in [10 * YEAR_S, -10 * YEAR_S] {
        let mut pair = Pair::with_system_time(binary, Options::default(), now_s());
        pair.call().succeeded_with(1);
        pair.service.misbehave_once(Fault::Date(ahead_s));
        pair.call().failed_at_the_clock(1);
        pair.check_offset(0);
        pair.call().succeeded_with(1);
        pair.check_offset(0);
    }
    Ok(())
}

fn without_a_date_a_right_clock_does(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s());
    pair.service.misbehave_always(Some(Fault::NoDate));
    for _ in 0..2 {
        pair.call().succeeded_with(1);
        assert_eq!(pair.offset_ms(), None);
    }
    assert_eq!(pair.service.statistics().connections, 1);
    Ok(())
}

fn without_a_date_the_message_heals(binary: &Path) -> Outcome {
    for system_time_s in [HOUR_S, now_s() - 2 * HOUR_S, now_s() + 2 * HOUR_S] {
        let mut pair = Pair::with_system_time(binary, Options::default(), system_time_s);
        for _ in 0..3 {
            pair.service.misbehave_once(Fault::WrongClockNoDate(0));
        }
        pair.call().succeeded_with(2);
        pair.check_offset(now_s() - system_time_s);
        pair.call().succeeded_with(1);
    }
    Ok(())
}

/// The key of that day makes the request acceptable although the clock is not.
fn without_a_date_1970_is_not_believed(binary: &Path) -> Outcome {
    let options = Options { clock_offset_s: to_time_of_day(60), ..Options::default() };
    let today = date(now_s() + options.clock_offset_s);
    let mut pair = Pair::with_system_time(binary, options, HOUR_S);
    pair.ask(&format!("new 4 {today}"));
    pair.service.misbehave_once(Fault::NoDate);
    pair.call().failed_at_the_clock(1);
    assert_eq!(pair.offset_ms(), None);
    pair.call().succeeded_with(1);
    assert_eq!(pair.service.statistics().connections, 2);
    Ok(())
}

fn a_date_from_a_cache_is_no_sample(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s());
    pair.service.misbehave_once(Fault::Aged(100));
    pair.call().succeeded_with(1);
    assert_eq!(pair.offset_ms(), None);
    pair.call().succeeded_with(1);
    pair.check_offset(0);
    Ok(())
}

fn a_step_of_the_system_clock_changes_nothing(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), HOUR_S);
    pair.call().succeeded_with(2);
    for system_time_s in [now_s(), now_s() + 10 * YEAR_S, 1_430_000_000, HOUR_S] {
        pair.set_system_time(system_time_s);
        pair.check_offset(now_s() - system_time_s);
        pair.call().succeeded_with(1);
        assert!((pair.timestamp_of_last_request() - now_s()).abs() <= NEAR_S);
        // Over a new connection too.
        pair.service.misbehave_once(Fault::CloseAfterAnswer);
        pair.call().succeeded_with(1);
    }
    Ok(())
}

fn a_step_of_the_services_clock_is_followed(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s());
    pair.call().succeeded_with(1);
    for (offset_s, requests) in [(100, 1), (2 * HOUR_S, 2), (0, 2)] {
        pair.service.set_clock_offset_s(offset_s);
        pair.call().succeeded_with(requests);
        pair.check_offset(offset_s);
        pair.call().succeeded_with(1);
    }
    Ok(())
}

fn one_attempt_is_one_attempt(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), HOUR_S);
    pair.ask("new 1");
    let called = pair.call();
    called.failed_with("TRRO_STATUS_CLOCK_SKEW", 1);
    assert!(called.attempts == 1 && called.message.contains("clock"), "{called:?}");
    pair.check_offset(now_s() - HOUR_S);
    pair.call().succeeded_with(1);
    Ok(())
}

fn a_correction_is_told(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s() - 2 * HOUR_S);
    pair.call().told_of_two_hours(1);
    pair.call().told_of_two_hours(0);
    // A key of the day makes the first request acceptable.
    let (mut pair, _) = with_day_key(binary, 60, 0, |now_s| now_s - 2 * HOUR_S);
    let called = pair.call();
    called.succeeded_with(1);
    called.told_of_two_hours(1);
    pair.call().told_of_two_hours(0);
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s() - 60);
    pair.call().told_of_two_hours(0);
    Ok(())
}

/// By how much the emulator's clock has to be ahead for it to be that time of this day.
fn to_time_of_day(time_of_day_s: i64) -> i64 {
    time_of_day_s - now_s().rem_euclid(DAY_S)
}

const NOON: i64 = 12 * HOUR_S;

/// A machine that has the key of the day `days` from the service's today, while there it is `time_of_day_s`.
fn with_day_key(binary: &Path, time_of_day_s: i64, days: i64, system_time_s: fn(i64) -> i64) -> (Pair, i64) {
    let clock_offset_s = to_time_of_day(time_of_day_s);
    let service_time_s = now_s() + clock_offset_s;
    let options = Options { clock_offset_s, ..Options::default() };
    let mut pair = Pair::new(binary, options);
    pair.set_system_time(system_time_s(service_time_s));
    pair.ask(&format!("new 4 {}", date(service_time_s + days * DAY_S)));
    (pair, service_time_s)
}

fn a_day_key_signs_on_its_day(binary: &Path) -> Outcome {
    let (mut pair, service_time_s) = with_day_key(binary, NOON, 0, |now_s| now_s);
    pair.call().succeeded_with(1);
    assert!((pair.timestamp_of_last_request() - service_time_s).abs() <= NEAR_S);
    pair.call().succeeded_with(1);
    Ok(())
}

fn a_day_key_signs_in_1970(binary: &Path) -> Outcome {
    let (mut pair, service_time_s) = with_day_key(binary, NOON, 0, |_| HOUR_S);
    pair.call().succeeded_with(2);
    pair.check_offset(service_time_s - HOUR_S);
    pair.call().succeeded_with(1);
    Ok(())
}

fn a_day_key_of_another_day_is_refused_here(binary: &Path) -> Outcome {
    for days in [-1, 1] {
        let (mut pair, service_time_s) = with_day_key(binary, NOON, days, |now_s| now_s);
        // Before the time is proven, one request tells it.
        for requests in [1, 0] {
            let called = pair.call();
            called.failed_with("TRRO_STATUS_NO_CREDENTIALS", requests);
            assert_eq!(called.attempts, requests);
            for named in [date(service_time_s), date(service_time_s + days * DAY_S)] {
                assert!(called.message.contains(&named), "{called:?}");
            }
        }
    }
    Ok(())
}

fn a_day_key_signs_after_midnight(binary: &Path) -> Outcome {
    const BEFORE_MIDNIGHT: i64 = DAY_S - 60;
    let (mut pair, service_time_s) = with_day_key(binary, BEFORE_MIDNIGHT, 0, |now_s| now_s);
    let midnight_s = service_time_s + 60;
    pair.call().succeeded_with(1);
    // Each answer tells the time by which the next request is signed, or is not.
    pair.service.set_clock_offset_s(midnight_s + 220 - now_s());
    pair.call().succeeded_with(1);
    pair.call().succeeded_with(1);
    assert_eq!(pair.timestamp_of_last_request(), midnight_s - 1);
    pair.service.set_clock_offset_s(midnight_s + 241 - now_s());
    pair.call().succeeded_with(1);
    assert_eq!(pair.timestamp_of_last_request(), midnight_s - 1);
    let called = pair.call();
    called.failed_with("TRRO_STATUS_NO_CREDENTIALS", 0);
    assert!(called.message.contains(&date(midnight_s)) && called.message.contains(&date(midnight_s - 1)), "{called:?}");
    Ok(())
}

/// Two requests of the same second: all headers are the same.
fn a_day_key_has_the_same_wire_bytes(binary: &Path) -> Outcome {
    let (mut pair, _) = with_day_key(binary, NOON, 0, |now_s| now_s);
    for _ in 0..100 {
        let today = date(now_s() + to_time_of_day(NOON));
        pair.ask(&format!("new 4 {today}"));
        pair.call().succeeded_with(1);
        pair.ask("new 4");
        pair.call().succeeded_with(1);
        let requests = pair.service.statistics().requests;
        let [.., with_day_key, with_secret_key] = &requests[..] else { panic!("two requests") };
        if with_day_key.header("X-TC-Timestamp") == with_secret_key.header("X-TC-Timestamp") {
            assert_eq!(with_day_key, with_secret_key);
            return Ok(());
        }
    }
    Err("no two requests were signed in the same second".into())
}
