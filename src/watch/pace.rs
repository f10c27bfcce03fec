//! When a watch asks next: pure; what is random (uniform in 0 to 1) is handed in. Uses `authorization`, `retry`.
//!
//! It asks once a period, at a phase that follows from the device's id, so that the watches of a fleet that was switched on
//! together do not ask together. It asks sooner before the licenses expire, and when the monthly time runs out at the rate at which
//! it has been used; each time within half of what is left, and not more often than every 30 s. While the service cannot be
//! reached it asks later and later: after 5 s, 10 s, and so on up to four periods, or one period as long as there is no answer
//! yet, but no later than after an hour, and within half of what is left before an expiry.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::authorization::Finding;
use crate::retry::part;

/// It asks no more often than this because something is about to run out.
const SHORTEST_MS: i64 = 30_000;
/// The window of the first wait after a failure.
const FIRST_WINDOW_MS: i64 = 5_000;
/// How many periods the longest wait after failures has.
const MOST_PERIODS: i64 = 4;
/// Whatever the period is, and whatever the service says of how long to wait.
const LONGEST_MS: i64 = 3_600_000;

/// How often one watch asks. Times are milliseconds, moments since boot.
#[derive(Debug)]
pub struct Pace {
    period_ms: i64,
    phase_ms: i64,
    failures: u32,
    /// When an answer came, and the monthly time that it had left.
    monthly: Option<(i64, i64)>,
}

impl Pace {
    /// For the device with this id.
    pub fn new(period_ms: i64, device_id: &str) -> Pace {
        let hash = Sha256::digest(device_id);
        let number = hash.iter().take(6).fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
        Pace { period_ms, phase_ms: number % period_ms, failures: 0, monthly: None }
    }

    /// When to ask after this answer.
    pub fn after_answer(&mut self, now_ms: i64, finding: &Finding, random: f64) -> i64 {
        self.failures = 0;
        let sooner = [self.until_expiry(now_ms, finding), self.until_no_time_is_left(now_ms, finding)];
        let sooner = sooner.into_iter().flatten().min();
        let sooner = sooner.map(|left| now_ms.saturating_add(self.within_half_of(left, random)));
        self.monthly = finding.facts.monthly_remain_time.map(|left| (now_ms, left));
        self.next_of_period(now_ms).min(sooner.unwrap_or(i64::MAX))
    }

    /// When to ask after the service could not be, with what was said of how long to wait.
    pub fn after_failure(
        &mut self,
        now_ms: i64,
        answer: Option<&Finding>,
        retry_after: Option<Duration>,
        random: f64,
    ) -> i64 {
        let periods = if answer.is_some() { MOST_PERIODS } else { 1 };
        let longest = self.period_ms.saturating_mul(periods).min(LONGEST_MS);
        let window = FIRST_WINDOW_MS.saturating_mul(1 << self.failures.min(20)).min(longest);
        self.failures = self.failures.saturating_add(1);
        // Half of it at least: a service that fails at once is not asked at once.
        let wait = window / 2 + milliseconds(part(Duration::from_millis((window / 2).unsigned_abs()), random));
        let wait = wait.max(retry_after.map_or(0, milliseconds)).min(LONGEST_MS);
        let sooner = answer.and_then(|answer| self.until_expiry(now_ms, answer));
        let sooner = sooner.map_or(i64::MAX, |left| self.within_half_of(left, random));
        now_ms.saturating_add(wait.min(sooner))
    }

    /// At a random moment in the second quarter: devices whose licenses expire together would draw together otherwise.
    fn within_half_of(&self, left_ms: i64, random: f64) -> i64 {
        let quarter_ms = left_ms / 4;
        let wait_ms = quarter_ms + milliseconds(part(Duration::from_millis(quarter_ms.unsigned_abs()), random));
        wait_ms.max(SHORTEST_MS.min(self.period_ms))
    }

    /// The first of its moments that is at least half a period away.
    fn next_of_period(&self, now_ms: i64) -> i64 {
        let earliest = now_ms.saturating_add(self.period_ms / 2);
        let past_phase = earliest.saturating_sub(self.phase_ms).rem_euclid(self.period_ms);
        earliest.saturating_add(if past_phase == 0 { 0 } else { self.period_ms - past_phase })
    }

    fn until_expiry(&self, now_ms: i64, finding: &Finding) -> Option<i64> {
        let left_s = finding.facts.expire_time_s?.saturating_sub(finding.service_time_s(now_ms));
        (left_s > 0).then(|| left_s.saturating_mul(1000))
    }

    /// If it goes on as it went since the answer before. Whatever the unit of the monthly time is, it falls out.
    fn until_no_time_is_left(&self, now_ms: i64, finding: &Finding) -> Option<i64> {
        let (before_ms, before) = self.monthly?;
        let left = finding.facts.monthly_remain_time.filter(|left| (1..before).contains(left))?;
        let used = i128::from(before) - i128::from(left);
        let until = i128::from(left) * i128::from(now_ms.saturating_sub(before_ms).max(1)) / used;
        i64::try_from(until).ok()
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::{Facts, Reason};
    use crate::watch::Known;

    const PERIOD: i64 = 300_000;
    const NOW: i64 = 10_000_000;

    fn answered(facts: Facts) -> Finding {
        let nothing = Known::nothing(1).finding;
        Finding {
            reason: Reason::Authorized,
            facts,
            answered_at_s: 1_800_000_000,
            answered_boottime_ms: NOW,
            ..nothing
        }
    }

    fn pace() -> Pace {
        Pace::new(PERIOD, "field_ok_4")
    }

    #[test]
    fn it_asks_once_a_period_at_a_phase_of_its_own() {
        let (mut pace, finding) = (pace(), answered(Facts::default()));
        let first = pace.after_answer(NOW, &finding, 1.0);
        assert!((NOW + PERIOD / 2..=NOW + PERIOD * 3 / 2).contains(&first));
        let mut last = first;
        for _ in 0..10 {
            let next = pace.after_answer(last, &finding, 1.0);
            assert_eq!(next, last + PERIOD);
            last = next;
        }
        // However late the answer came.
        assert_eq!(pace.after_answer(last + 10_000, &finding, 1.0), last + PERIOD);
    }

    #[test]
    fn the_devices_of_a_fleet_ask_at_different_moments() {
        let mut in_tenth = [0; 10];
        for device in 0..1000 {
            let phase = Pace::new(PERIOD, &format!("vehicle_{device}")).phase_ms;
            in_tenth[usize::try_from(phase * 10 / PERIOD).unwrap()] += 1;
        }
        assert!(in_tenth.iter().all(|count| (60..140).contains(count)), "{in_tenth:?}");
    }

    #[test]
    fn before_an_expiry_it_asks_sooner_and_not_more_often_than_every_half_minute() {
        let wait = |left_s: i64| {
            let facts = Facts { expire_time_s: Some(1_800_000_000 + left_s), ..Facts::default() };
            pace().after_answer(NOW, &answered(facts), 1.0) - NOW
        };
        assert_eq!(wait(100), 50_000);
        assert_eq!(wait(61), 30_500);
        assert_eq!(wait(60), 30_000);
        assert_eq!(wait(1), 30_000);
        assert_eq!(wait(86_400), wait(0));
        assert_eq!(wait(-1), wait(0));
        assert_eq!(wait(i64::MAX / 2), wait(0));
    }

    #[test]
    fn it_asks_sooner_when_the_monthly_time_runs_out_at_the_rate_at_which_it_was_used() {
        let monthly = |left| answered(Facts { monthly_remain_time: Some(left), ..Facts::default() });
        let waits = |before, left| {
            let mut pace = pace();
            pace.after_answer(NOW - 100_000, &monthly(before), 1.0);
            pace.after_answer(NOW, &monthly(left), 1.0) - NOW
        };
        let usual = waits(1000, 1000);
        // 10 used in 100 s, and 10 left.
        assert_eq!(waits(20, 10), 50_000);
        assert_eq!(waits(20, 1), 30_000);
        for (before, left) in [(1000, 999), (10, 20), (10, 0), (10, -5), (-5, -6), (i64::MAX, i64::MAX - 1)] {
            assert_eq!(waits(before, left), usual, "{before} {left}");
        }
    }

    #[test]
    fn while_the_service_cannot_be_reached_it_asks_later_and_later() {
        for (answer, longest) in [(Some(answered(Facts::default())), 4 * PERIOD), (None, PERIOD)] {
            let mut pace = pace();
            let windows: Vec<i64> =
                (0..40).map(|_| pace.after_failure(NOW, answer.as_ref(), None, 1.0) - NOW).collect();
            assert_eq!(windows[..4], [5_000, 10_000, 20_000, 40_000]);
            assert!(windows.iter().skip(20).all(|window| *window == longest), "{windows:?}");
            assert_eq!(pace.after_failure(NOW, answer.as_ref(), None, 0.0) - NOW, longest / 2);
            pace.after_answer(NOW, &answered(Facts::default()), 1.0);
            assert_eq!(pace.after_failure(NOW, answer.as_ref(), None, 1.0) - NOW, 5_000);
        }
    }

    #[test]
    fn however_long_its_period_it_comes_back_within_an_hour_and_before_an_expiry() {
        let mut daily = Pace::new(86_400_000, "field_ok_4");
        let failures: Vec<i64> = (0..40).map(|_| daily.after_failure(NOW, None, None, 1.0) - NOW).collect();
        assert_eq!(failures.iter().max(), Some(&LONGEST_MS));
        let expiring = answered(Facts { expire_time_s: Some(1_800_000_000 + 600), ..Facts::default() });
        assert_eq!(daily.after_failure(NOW, Some(&expiring), None, 1.0) - NOW, 300_000);
    }

    #[test]
    fn it_comes_back_no_sooner_than_it_was_told() {
        let wait = |retry_after| pace().after_failure(NOW, None, Some(retry_after), 1.0) - NOW;
        assert_eq!(wait(Duration::from_secs(600)), 600_000);
        assert_eq!(wait(Duration::from_secs(1)), 5_000);
        // Within reason.
        assert_eq!(wait(Duration::MAX), LONGEST_MS);
    }
}
