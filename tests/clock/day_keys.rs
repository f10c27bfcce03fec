//! Keys for one day, on machines with right and wrong clocks.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use emulator::{Fault, Options};

use crate::Outcome;
use crate::pair::{DAY_S, HOUR_S, NEAR_S, Pair, now_s};

const NOON: i64 = 12 * HOUR_S;

/// `YYYY-MM-DD`.
pub fn date(at_s: i64) -> String {
    let moment = UNIX_EPOCH + Duration::from_secs(u64::try_from(at_s).unwrap());
    let date = httpdate::fmt_http_date(moment);
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = month.iter().position(|name| *name == &date[8..11]).unwrap() + 1;
    format!("{}-{month:02}-{}", &date[12..16], &date[5..7])
}

/// By how much the emulator's clock has to be ahead for it to be that time of this day.
pub fn to_time_of_day(time_of_day_s: i64) -> i64 {
    time_of_day_s - now_s().rem_euclid(DAY_S)
}

/// A machine that has the key of the day `days` from the service's today, while there it is `time_of_day_s`.
pub fn with_day_key(binary: &Path, time_of_day_s: i64, days: i64, system_time_s: fn(i64) -> i64) -> (Pair, i64) {
    let clock_offset_s = to_time_of_day(time_of_day_s);
    let service_time_s = now_s() + clock_offset_s;
    let options = Options { clock_offset_s, ..Options::default() };
    let mut pair = Pair::new(binary, options);
    pair.set_system_time(system_time_s(service_time_s));
    pair.ask(&format!("new 4 {}", date(service_time_s + days * DAY_S)));
    (pair, service_time_s)
}

pub fn signs_on_its_day(binary: &Path) -> Outcome {
    let (mut pair, service_time_s) = with_day_key(binary, NOON, 0, |now_s| now_s);
    pair.call().succeeded_with(1);
    assert!((pair.timestamp_of_last_request() - service_time_s).abs() <= NEAR_S);
    pair.call().succeeded_with(1);
    Ok(())
}

pub fn signs_in_1970(binary: &Path) -> Outcome {
    let (mut pair, service_time_s) = with_day_key(binary, NOON, 0, |_| HOUR_S);
    pair.call().succeeded_with(2);
    pair.check_offset(service_time_s - HOUR_S);
    pair.call().succeeded_with(1);
    Ok(())
}

pub fn of_another_day_nothing_is_sent(binary: &Path) -> Outcome {
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

pub fn signs_after_midnight(binary: &Path) -> Outcome {
    const BEFORE_S: i64 = 20;
    let (mut pair, service_time_s) = with_day_key(binary, DAY_S - BEFORE_S, 0, |now_s| now_s);
    let midnight_s = service_time_s + BEFORE_S;
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
pub fn has_the_wire_bytes_of_the_secret_key(binary: &Path) -> Outcome {
    let (mut pair, service_time_s) = with_day_key(binary, NOON, 0, |now_s| now_s);
    for _ in 0..100 {
        pair.ask(&format!("new 4 {}", date(service_time_s)));
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

/// In 1970 the day of the key is not over; a source that is asked at each attempt would be a request more each time.
pub fn is_asked_for_once(binary: &Path) -> Outcome {
    let (mut pair, service_time_s) = with_day_key(binary, NOON, 0, |_| HOUR_S);
    pair.ask(&format!("ask 4 {}", date(service_time_s)));
    for _ in 0..2 {
        pair.service.misbehave_once(Fault::HangUp);
    }
    let called = pair.call();
    // Two are hung up on, and one is refused for its time.
    called.succeeded_with(4);
    assert_eq!(called.log.iter().filter(|line| line.starts_with("asked")).count(), 1, "{called:?}");
    Ok(())
}
