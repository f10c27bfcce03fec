//! The service's time, learned from its answers: offset, and what proves it. Uses `sys`.
//!
//! The system clock is read, never set. What is known is a pair: the `Date` of an answer, and the time since boot in the middle of sending and receiving. A step
//! of the system clock or a suspend does not bend it. Its uncertainty is half the round trip and the second that `Date`
//! leaves open, and grows by what a clock drifts. Another sample replaces the pair if it is tighter, or if the two cannot
//! both be true.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sys::since_boot;

/// A clock that is worse is broken: 100 parts in a million.
const DRIFT_DIVISOR: u32 = 10_000;
/// A sample that is worse does not heal the clock: the service allows 300 s.
const MOST_UNCERTAIN: Duration = Duration::from_secs(60);

/// How long what an answer said of the time can keep a request from being sent.
const CONFIRMED_FOR: Duration = Duration::from_secs(60);

/// What one answer says of the service's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Since 1970.
    service_time: Duration,
    /// Since boot.
    at: Duration,
    uncertainty: Duration,
}

/// The current time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Seconds since 1970.
    pub s: i64,
    /// Whether it is the service's, and not just the system's.
    pub is_proven: bool,
    /// Whether an answer has said so lately. A known time can be wrong, by one wrong answer or on a machine whose clock since boot
    /// stands still while it is suspended; what forbids to ask keeps that from being noticed, so it must not last.
    pub is_confirmed: bool,
}

/// What becomes of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// It says no more than what is known.
    Nothing,
    /// It is the first.
    First,
    /// It is tighter than what was known.
    Tighter,
    /// It contradicts what was known.
    Contradiction,
}

/// The service's time.
#[derive(Debug, Default)]
pub struct Clock {
    known: Mutex<Option<Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    pair: Sample,
    /// Since boot: when an answer last said something of the time.
    confirmed_at: Duration,
}

impl Sample {
    /// From an answer that says `service_time_s`, to a request sent and received at these moments since boot.
    pub fn new(service_time_s: i64, sent: Duration, received: Duration) -> Sample {
        let half_round_trip = received.saturating_sub(sent) / 2;
        Sample {
            service_time: Duration::from_secs(u64::try_from(service_time_s).unwrap_or(0)),
            at: sent + half_round_trip,
            uncertainty: half_round_trip + Duration::from_secs(1),
        }
    }

    /// Seconds since 1970.
    pub fn service_time_s(&self) -> i64 {
        whole_seconds(self.service_time)
    }

    /// Whether a refused request may be signed anew with it.
    pub fn heals(&self) -> bool {
        self.uncertainty < MOST_UNCERTAIN
    }

    fn service_time_at(&self, since_boot: Duration) -> Duration {
        if since_boot >= self.at {
            self.service_time.saturating_add(since_boot - self.at)
        } else {
            self.service_time.saturating_sub(self.at - since_boot)
        }
    }

    fn uncertainty_at(&self, since_boot: Duration) -> Duration {
        self.uncertainty.saturating_add(since_boot.saturating_sub(self.at) / DRIFT_DIVISOR)
    }

    /// What is to be thought of `self` when `known` was known before.
    fn compared_with(&self, known: &Sample) -> Learned {
        let (known_time, known_uncertainty) = (known.service_time_at(self.at), known.uncertainty_at(self.at));
        if known_time.abs_diff(self.service_time) > known_uncertainty.saturating_add(self.uncertainty) {
            Learned::Contradiction
        } else if self.uncertainty < known_uncertainty {
            Learned::Tighter
        } else {
            Learned::Nothing
        }
    }
}

impl Clock {
    /// Takes a sample if it says more than what is known.
    pub fn learn(&self, sample: Sample) -> Learned {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let learned = known.as_ref().map_or(Learned::First, |known| sample.compared_with(&known.pair));
        let pair = match *known {
            Some(Known { pair, .. }) if learned == Learned::Nothing => pair,
            _ => sample,
        };
        *known = Some(Known { pair, confirmed_at: since_boot() });
        learned
    }

    /// Whether what is known cannot be true if the sample is.
    pub fn is_contradicted_by(&self, sample: &Sample) -> bool {
        self.known().is_some_and(|known| sample.compared_with(&known.pair) == Learned::Contradiction)
    }

    /// Takes a sample whatever is known: the service has refused what was known.
    pub fn correct(&self, sample: Sample) {
        let known = Known { pair: sample, confirmed_at: since_boot() };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// The service's time if it is known, else that of the system clock.
    pub fn now(&self) -> Now {
        self.at(since_boot())
    }

    /// The same for a moment since boot that is not long ago.
    pub fn at(&self, moment: Duration) -> Now {
        match self.known() {
            Some(Known { pair, confirmed_at }) => Now {
                s: whole_seconds(pair.service_time_at(moment)),
                is_proven: true,
                is_confirmed: moment.saturating_sub(confirmed_at) < CONFIRMED_FOR,
            },
            None => {
                let ago = since_boot().saturating_sub(moment);
                let s = whole_seconds(system_time().saturating_sub(ago));
                Now { s, is_proven: false, is_confirmed: false }
            }
        }
    }

    /// The service's time minus the system clock, at this moment; `None` while nothing was learned.
    pub fn offset_ms(&self) -> Option<i64> {
        let service_time = self.known()?.pair.service_time_at(since_boot());
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Some(milliseconds(service_time) - milliseconds(system_time()))
    }

    fn known(&self) -> Option<Known> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Since 1970 by the system clock; 0 on a clock before 1970.
fn system_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn whole_seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_700_000_000;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_sample_is_of_the_middle_of_the_exchange() {
        let sample = Sample::new(NOON, s(100), s(104));
        assert_eq!((sample.at, sample.uncertainty), (s(102), s(3)));
        assert_eq!(whole_seconds(sample.service_time_at(s(112))), NOON + 10);
        assert_eq!(whole_seconds(sample.service_time_at(s(92))), NOON - 10);
    }

    #[test]
    fn a_tighter_sample_replaces_and_a_looser_one_does_not() {
        let clock = Clock::default();
        assert_eq!(clock.learn(Sample::new(NOON, s(100), s(104))), Learned::First);
        assert_eq!(clock.learn(Sample::new(NOON + 3, s(105), s(105))), Learned::Tighter);
        assert_eq!(clock.learn(Sample::new(NOON + 8, s(108), s(112))), Learned::Nothing);
    }

    #[test]
    fn a_sample_that_contradicts_replaces_however_loose_it_is() {
        let clock = Clock::default();
        clock.learn(Sample::new(NOON, s(100), s(100)));
        // Uncertain by 1 and by 6 seconds.
        assert_eq!(clock.learn(Sample::new(NOON + 15 + 7, s(110), s(120))), Learned::Nothing);
        assert_eq!(clock.learn(Sample::new(NOON + 15 + 8, s(110), s(120))), Learned::Contradiction);
    }

    #[test]
    fn a_sample_is_no_contradiction_as_long_as_both_can_be_true() {
        let clock = Clock::default();
        clock.learn(Sample::new(NOON, s(100), s(100)));
        let known = clock.known().unwrap().pair;
        let later = |by: Duration| {
            let sample = Sample::new(NOON, s(109), s(111));
            Sample { service_time: known.service_time_at(sample.at) + by, ..sample }
        };
        // By 1 and by 2 seconds, and by what a clock drifts in 10 s.
        let uncertain = s(3) + Duration::from_millis(1);
        assert_eq!(later(uncertain).compared_with(&known), Learned::Nothing);
        assert_eq!(later(uncertain + Duration::from_nanos(1)).compared_with(&known), Learned::Contradiction);
    }

    #[test]
    fn a_sample_that_is_as_uncertain_as_what_is_known_says_nothing() {
        let sample = Sample::new(NOON, s(100), s(104));
        assert_eq!(sample.compared_with(&sample), Learned::Nothing);
    }

    #[test]
    fn what_is_known_grows_uncertain_with_time() {
        let clock = Clock::default();
        clock.learn(Sample::new(NOON, s(0), s(0)));
        // After a day the drift may be 8.6 s, so that a sample of 6 s is tighter.
        assert_eq!(clock.learn(Sample::new(NOON + 86_400, s(86_395), s(86_405))), Learned::Tighter);
    }

    #[test]
    fn only_a_sample_of_less_than_a_minute_heals() {
        assert!(Sample::new(NOON, s(0), s(117)).heals());
        assert!(!Sample::new(NOON, s(0), s(118)).heals());
    }

    #[test]
    fn before_anything_is_learned_it_is_the_system_clock() {
        let clock = Clock::default();
        let now = clock.now();
        assert!(!now.is_proven && now.s.abs_diff(whole_seconds(system_time())) <= 1);
        assert_eq!(clock.offset_ms(), None);
    }

    #[test]
    fn afterwards_it_is_the_services_time() {
        let clock = Clock::default();
        let boot = since_boot();
        clock.correct(Sample::new(NOON, boot, boot));
        let now = clock.now();
        assert!(now.is_proven && (NOON..=NOON + 60).contains(&now.s));
        let offset_s = clock.offset_ms().unwrap() / 1000;
        assert!((offset_s - (NOON - whole_seconds(system_time()))).abs() <= 60);
    }

    #[test]
    fn what_is_known_is_confirmed_for_a_minute_by_every_answer_that_says_a_time() {
        let clock = Clock::default();
        let boot = since_boot();
        assert!(!clock.now().is_confirmed);
        clock.learn(Sample::new(NOON, boot, boot));
        let confirmed_at = clock.known().unwrap().confirmed_at;
        assert!(clock.at(confirmed_at + CONFIRMED_FOR - Duration::from_nanos(1)).is_confirmed);
        assert!(!clock.at(confirmed_at + CONFIRMED_FOR).is_confirmed);
        clock.known.lock().unwrap().as_mut().unwrap().confirmed_at = Duration::ZERO;
        assert!(!clock.at(boot + s(60)).is_confirmed && clock.at(boot + s(60)).is_proven);
        assert_eq!(clock.learn(Sample::new(NOON, boot, boot + s(30))), Learned::Nothing);
        assert!(clock.now().is_confirmed);
    }

    #[test]
    fn no_time_is_too_large() {
        let far = Sample::new(i64::MAX, Duration::MAX / 2, Duration::MAX / 2);
        let clock = Clock::default();
        clock.learn(far);
        assert!(clock.now().s > 0 && clock.offset_ms().is_some());
        clock.learn(Sample::new(-1, Duration::MAX, Duration::MAX));
    }
}
