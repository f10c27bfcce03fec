//! Clocks that are wrong, certificates, and keys for one day: `tests/c/clock.c` is the machine, whose system clock the test
//! sets; the emulator is the service, over TLS, with a clock of its own.

mod day_keys;
mod lasting;
mod pair;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use emulator::{Fault, Options};
use libtest_mimic::{Arguments, Failed, Trial};

use day_keys::{date, to_time_of_day, with_day_key};
use pair::{DAY_S, HOUR_S, NEAR_S, Pair, YEAR_S, now_s};

type Outcome = Result<(), Failed>;
type Scenario = fn(&Path) -> Outcome;
type SystemClock = fn(i64) -> i64;

/// The system clocks of the issue: a name, and what it says when it is right to say `now_s`.
const SYSTEM_CLOCKS: [(&str, SystemClock); 5] = [
    ("right", |now_s| now_s),
    ("in_1970", |_| HOUR_S),
    ("in_2015", |_| 1_430_000_000),
    ("two_hours_behind", |now_s| now_s - 2 * HOUR_S),
    ("two_hours_ahead", |now_s| now_s + 2 * HOUR_S),
];

const SCENARIOS: [(&str, Scenario); 26] = [
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
    ("wrong_date::keeps_a_day_key_for_a_minute_only", lasting::keeps_a_day_key_for_a_minute_only),
    ("wrong_date::keeps_an_expiring_key_for_a_minute_only", lasting::keeps_an_expiring_key_for_a_minute_only),
    ("wrong_date::keeps_a_key_whose_source_fails", lasting::keeps_a_key_whose_source_has_failed_for_a_minute_only),
    ("wrong_date::a_key_that_has_expired_stays_expired", lasting::a_key_that_has_expired_is_refused_by_the_service),
    ("boot::a_clock_that_stood_still_keeps_no_day_key", lasting::a_clock_that_stood_still_keeps_no_day_key),
    ("step::of_the_system_clock", a_step_of_the_system_clock_changes_nothing),
    ("step::of_the_services_clock", a_step_of_the_services_clock_is_followed),
    ("one_attempt::a_wrong_clock_is_reported_and_healed", one_attempt_is_one_attempt),
    ("log::a_correction_is_told", a_correction_is_told),
    ("day_key::of_today", day_keys::signs_on_its_day),
    ("day_key::in_1970", day_keys::signs_in_1970),
    ("day_key::of_another_day", day_keys::of_another_day_nothing_is_sent),
    ("day_key::after_midnight", day_keys::signs_after_midnight),
    ("day_key::is_asked_for_once_in_1970", day_keys::is_asked_for_once),
    ("day_key::has_the_wire_bytes_of_the_secret_key", day_keys::has_the_wire_bytes_of_the_secret_key),
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

/// The first call succeeds, with one request more than on a machine whose clock is right, and the second with one.
fn heals(binary: &Path, says: SystemClock, intermediate: bool, service_offset_s: i64) -> Outcome {
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
