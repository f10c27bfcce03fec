//! What is known of the time and is wrong, by one wrong `Date` or because the clock since boot stood still while the
//! machine was suspended, does not keep a key from being used for long.

use std::path::Path;

use emulator::{Fault, Options};

use crate::Outcome;
use crate::day_keys::{date, to_time_of_day, with_day_key};
use crate::pair::{DAY_S, HOUR_S, Pair, now_s};

const NOON: i64 = 12 * HOUR_S;
/// Just longer than an answer that told the time keeps a request from being sent.
const A_MINUTE_LATER: &str = "boot 61";

/// The clocks are right. From the wrong `Date` on nothing is sent, and a minute later one request, which heals.
fn keeps_it_for_a_minute_only(pair: &mut Pair, refused_with: &str) {
    pair.call().succeeded_with(1);
    pair.service.misbehave_once(Fault::Date(DAY_S));
    pair.call().succeeded_with(1);
    pair.check_offset(DAY_S);
    for _ in 0..2 {
        pair.call().failed_with(refused_with, 0);
    }
    pair.ask(A_MINUTE_LATER);
    pair.call().succeeded_with(2);
    pair.check_offset(0);
    pair.call().succeeded_with(1);
}

pub fn keeps_a_day_key_for_a_minute_only(binary: &Path) -> Outcome {
    let (mut pair, _) = with_day_key(binary, NOON, 0, |now_s| now_s);
    keeps_it_for_a_minute_only(&mut pair, "TRRO_STATUS_NO_CREDENTIALS");
    Ok(())
}

pub fn keeps_an_expiring_key_for_a_minute_only(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s());
    pair.ask(&format!("until 4 {}", now_s() + HOUR_S));
    keeps_it_for_a_minute_only(&mut pair, "TRRO_STATUS_NO_CREDENTIALS");
    Ok(())
}

/// Others cannot be had: the function that gave it gives no more.
pub fn keeps_a_key_whose_source_has_failed_for_a_minute_only(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s());
    pair.ask(&format!("once 4 {}", now_s() + HOUR_S));
    keeps_it_for_a_minute_only(&mut pair, "TRRO_STATUS_CREDENTIALS_FAILED");
    Ok(())
}

/// Who is asked again and again with a key that has really expired sends one request a minute, and no more.
pub fn a_key_that_has_expired_is_refused_by_the_service(binary: &Path) -> Outcome {
    let mut pair = Pair::with_system_time(binary, Options::default(), now_s());
    pair.ask(&format!("until 4 {}", now_s() - HOUR_S));
    pair.service.misbehave_always(Some(Fault::Error("AuthFailure.TokenFailure".to_owned())));
    for boot in [0, 61, 122] {
        pair.ask(&format!("boot {boot}"));
        pair.call().failed_with("TRRO_STATUS_AUTH_REJECTED", 1);
        for _ in 0..2 {
            pair.call().failed_with("TRRO_STATUS_NO_CREDENTIALS", 0);
        }
    }
    Ok(())
}

/// The key is of today. By a clock that stood still since yesterday it would be tomorrow's.
pub fn a_clock_that_stood_still_keeps_no_day_key(binary: &Path) -> Outcome {
    let today_s = now_s() + to_time_of_day(NOON);
    let yesterday = Options { clock_offset_s: today_s - DAY_S - now_s(), ..Options::default() };
    let mut pair = Pair::with_system_time(binary, yesterday, today_s - DAY_S);
    pair.ask(&format!("new 4 {}", date(today_s)));
    pair.call().failed_with("TRRO_STATUS_NO_CREDENTIALS", 1);
    pair.service.set_clock_offset_s(today_s - now_s());
    pair.call().failed_with("TRRO_STATUS_NO_CREDENTIALS", 0);
    pair.ask(A_MINUTE_LATER);
    pair.call().succeeded_with(2);
    Ok(())
}
