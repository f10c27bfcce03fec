//! When a request may be sent, for the sake of the other devices of the account. Pure: the time (since boot) and what is
//! random (uniform in 0 to 1) are handed in. Uses `retry`.
//!
//! 1. No second, wherever it begins, has more than `max_requests_per_s` turns.
//! 2. A client has a rate, at first the maximum. Below the maximum, turns are at least 1/rate apart. An answer doubles the
//!    rate, or adds a tenth of the maximum if that is less.
//! 3. A throttled answer halves the rate, to 1/s at most, and the next turn is random within 1/rate from then (the spread).
//!    What was sent before the refusal and is refused after it says nothing new.
//! 4. A client that is refused before it was ever answered takes it for a fleet that boots together. Its spread is the
//!    time in which the account can answer n devices, and a quarter more: 1.25 n/20 s; not told n, it assumes 1000.
//!    Refused again inside of this spread, it only draws again in what is left.
//! 5. Told of a fleet of more than 20, it draws its very first turn in that spread, without waiting for a refusal.
//! 6. No spread is longer than 64 s for who waits in the foreground, an hour in the background, or that of rule 4.

mod lanes;

use std::time::Duration;

use crate::retry::part;
pub use lanes::Lanes;

/// What a client sends at most, where the caller says nothing.
pub const DEFAULT_MAX_REQUESTS_PER_S: u32 = 5;
/// What the service answers a whole account.
pub const ACCOUNT_REQUESTS_PER_S: u32 = 20;

const SECOND: Duration = Duration::from_secs(1);
/// What a client assumes that is not told the size of its fleet: as many as can be answered in about a minute.
const ASSUMED_FLEET_SIZE: u32 = 1000;
/// The quarter more: requests come at random times, and fuller seconds of the service would too often be overfull.
const SPREAD_PER_FAIR_SHARE: f64 = 1.25;
const LONGEST_SPREAD_FOREGROUND: Duration = Duration::from_secs(64);
const LONGEST_SPREAD_BACKGROUND: Duration = Duration::from_secs(3600);
/// Who is refused near the end of a fleet's spread draws in no less than this part of it, or all those would meet again
/// there.
const LEAST_PART_OF_SPREAD: u32 = 16;
/// What an answer adds to the rate at most.
const LARGEST_STEP_OF_MAXIMUM: f64 = 0.1;

/// Who waits for the answer, which is how far a refused client slows down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// A person or a program; it is let try again within 64 s, or the time that its fleet needs.
    Foreground,
    /// Nobody in particular; it is let try again within an hour, or the time that its fleet needs.
    Background,
}

/// Gives the requests of one client their turns.
#[derive(Debug)]
pub struct Limiter {
    /// `None`: any number of requests may be sent in a second.
    lanes: Option<Lanes>,
    max_rate: f64,
    /// Requests a second.
    rate: f64,
    /// Rule 4.
    fleet_spread: Duration,
    /// When that of this client ends, once it has begun.
    fleet_spread_end: Option<Duration>,
    is_told_of_a_fleet: bool,
    was_answered: bool,
    /// The turn that was drawn last, for who waits in the background: none of theirs is before it.
    drawn: Duration,
    /// The same for who waits in the foreground.
    drawn_foreground: Duration,
    /// The last turn that was given since one was drawn.
    last_given: Option<Duration>,
}

impl Limiter {
    /// `max_requests_per_s`: `None` for any number. `fleet_size`: 0 for not known.
    pub fn new(max_requests_per_s: Option<u32>, fleet_size: u32) -> Limiter {
        let max_requests_per_s = max_requests_per_s.map(|most| most.max(1));
        let max_rate = f64::from(max_requests_per_s.unwrap_or(ACCOUNT_REQUESTS_PER_S));
        Limiter {
            lanes: max_requests_per_s.map(|most| Lanes::new(most as usize)),
            max_rate,
            rate: max_rate,
            fleet_spread: fleet_spread(if fleet_size == 0 { ASSUMED_FLEET_SIZE } else { fleet_size }),
            fleet_spread_end: None,
            is_told_of_a_fleet: fleet_size > ACCOUNT_REQUESTS_PER_S,
            was_answered: false,
            drawn: Duration::ZERO,
            drawn_foreground: Duration::ZERO,
            last_given: None,
        }
    }

    /// When a request may be sent, at the earliest `now` (which may lie ahead, for a request that has to wait anyway).
    /// If that is after `latest`, nothing is reserved, and the turn is the error; so a `latest` of zero only asks.
    pub fn turn(&mut self, now: Duration, latest: Duration, asking: Asking, random: f64) -> Result<Duration, Duration> {
        if self.is_told_of_a_fleet && self.fleet_spread_end.is_none() {
            self.fleet_spread_end = Some(now.saturating_add(self.fleet_spread));
            self.draw(now, self.fleet_spread, random);
        }
        let drawn = match asking {
            Asking::Foreground => self.drawn_foreground,
            Asking::Background => self.drawn,
        };
        let earliest = now.max(drawn).max(self.after_the_last_given(asking));
        let lane = self.lanes.as_ref().map(|lanes| lanes.choose(earliest));
        let turn = lane.map_or(earliest, |lane| lane.turn);
        if turn > latest {
            return Err(turn);
        }
        if let (Some(lanes), Some(lane)) = (&mut self.lanes, lane) {
            lanes.take(lane);
        }
        self.last_given = Some(turn);
        Ok(turn)
    }

    /// A throttled answer came. Turns that were given already stay as they are.
    pub fn refused(&mut self, now: Duration, asking: Asking, random: f64) {
        // No request has been sent since the refusal before this one.
        let is_of_before = now < self.drawn.min(self.drawn_foreground) || self.last_given.is_none();
        if is_of_before {
            return;
        }
        if let Some(left) = self.left_of_fleet_spread(now) {
            self.draw(now, left, random);
            return;
        }
        self.slow_down(asking);
        let mut spread = seconds(self.rate.recip());
        if !self.was_answered {
            spread = spread.max(self.fleet_spread);
            self.fleet_spread_end.get_or_insert(now.saturating_add(spread));
        }
        self.draw(now, spread, random);
    }

    /// Any other answer of the service came.
    pub fn answered(&mut self) {
        self.was_answered = true;
        self.rate = (self.rate + self.rate.min(self.max_rate * LARGEST_STEP_OF_MAXIMUM)).min(self.max_rate);
    }

    /// Whether the service has refused requests, and not answered enough of them since.
    pub fn has_slowed_down(&self) -> bool {
        self.rate < self.max_rate
    }

    /// Nothing for a client that was answered, and if the spread has not begun or is over, also for those who were refused
    /// near its end.
    fn left_of_fleet_spread(&self, now: Duration) -> Option<Duration> {
        let least = (self.fleet_spread / LEAST_PART_OF_SPREAD).max(SECOND);
        let end = self.fleet_spread_end.filter(|end| !self.was_answered && now < end.saturating_add(least))?;
        Some(end.saturating_sub(now).max(least))
    }

    fn slow_down(&mut self, asking: Asking) {
        let slowest = self.longest_spread(asking).as_secs_f64().recip();
        self.rate = (self.rate / 2.0).min(1.0).max(slowest);
    }

    fn longest_spread(&self, asking: Asking) -> Duration {
        let longest = match asking {
            Asking::Foreground => LONGEST_SPREAD_FOREGROUND,
            Asking::Background => LONGEST_SPREAD_BACKGROUND,
        };
        longest.max(self.fleet_spread)
    }

    /// Whoever was refused: who waits in the foreground is not held up for longer than its own refusals would.
    fn draw(&mut self, now: Duration, spread: Duration, random: f64) {
        self.drawn = now.saturating_add(part(spread, random));
        self.drawn_foreground = now.saturating_add(part(spread.min(self.longest_spread(Asking::Foreground)), random));
        self.last_given = None;
    }

    fn after_the_last_given(&self, asking: Asking) -> Duration {
        match self.last_given {
            Some(last) if self.rate < self.max_rate => {
                last.saturating_add(seconds(self.rate.recip()).min(self.longest_spread(asking)))
            }
            _ => Duration::ZERO,
        }
    }
}

/// The time in which the account can answer a whole fleet, and a quarter more; a second at least.
fn fleet_spread(size: u32) -> Duration {
    seconds(SPREAD_PER_FAIR_SHARE * f64::from(size) / f64::from(ACCOUNT_REQUESTS_PER_S)).max(SECOND)
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Asking::{Background, Foreground};

    /// Some time after boot.
    const START: Duration = Duration::from_secs(1000);
    const NEVER: Duration = Duration::MAX;
    /// Not a turn's deadline, but a way to ask for the turn without taking it.
    const ONLY_ASK: Duration = Duration::ZERO;

    fn limiter(fleet_size: u32) -> Limiter {
        Limiter::new(Some(DEFAULT_MAX_REQUESTS_PER_S), fleet_size)
    }

    /// A client that has asked once, at `START`, and was answered.
    fn answered() -> Limiter {
        let mut limiter = limiter(0);
        limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
        limiter.answered();
        limiter
    }

    /// Takes the next turn, is refused then, and gives the time of the refusal and how long the spread after it is.
    fn refuse(limiter: &mut Limiter, now: Duration, asking: Asking) -> (Duration, Duration) {
        let at = limiter.turn(now, NEVER, asking, 0.5).unwrap();
        limiter.refused(at, asking, 1.0);
        (at, limiter.turn(at, ONLY_ASK, asking, 0.5).unwrap_err() - at)
    }

    fn gaps(limiter: &mut Limiter, now: Duration, count: usize) -> Vec<f64> {
        let turns: Vec<Duration> = (0..=count).map(|_| limiter.turn(now, NEVER, Foreground, 0.5).unwrap()).collect();
        turns.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect()
    }

    fn assert_close(left: Duration, right: f64) {
        assert!((left.as_secs_f64() - right).abs() < 1e-6, "{left:?} is not {right} s");
    }

    #[test]
    fn no_second_has_more_turns_than_the_maximum_whatever_happens() {
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let most = random.u32(1..30);
            let mut limiter = Limiter::new(Some(most), if random.bool() { 0 } else { random.u32(0..200) });
            let (mut now, mut turns) = (START, Vec::new());
            for _ in 0..2000 {
                now += Duration::from_millis(random.u64(0..2000 / u64::from(most)));
                let wait = if random.u32(0..10) == 0 { SECOND.mul_f64(8.0 * random.f64()) } else { Duration::ZERO };
                let earliest = now + wait;
                turns.extend(limiter.turn(earliest, earliest + SECOND * 10, Foreground, random.f64()));
                match random.u32(0..20) {
                    0 => limiter.refused(now, Foreground, random.f64()),
                    1..15 => limiter.answered(),
                    _ => {}
                }
            }
            turns.sort();
            assert!(turns.len() > 30, "seed {seed}");
            let crowded = turns.windows(most as usize + 1).find(|window| window[most as usize] - window[0] < SECOND);
            assert_eq!(crowded, None, "seed {seed}, at most {most} a second");
        }
    }

    #[test]
    fn a_turn_after_the_latest_reserves_nothing() {
        let mut limiter = Limiter::new(Some(1), 0);
        limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
        for _ in 0..3 {
            assert_eq!(limiter.turn(START, START + SECOND / 2, Foreground, 0.5), Err(START + SECOND));
        }
        assert_eq!(limiter.turn(START, START + SECOND, Foreground, 0.5), Ok(START + SECOND));
    }

    #[test]
    fn refusals_in_the_background_hold_the_foreground_up_no_longer_than_its_own() {
        let mut limiter = answered();
        let mut now = START;
        for _ in 0..20 {
            now = refuse(&mut limiter, now, Background).0;
        }
        assert!(limiter.turn(now, ONLY_ASK, Background, 0.5).unwrap_err() - now > SECOND * 1000);
        let first = limiter.turn(now, NEVER, Foreground, 0.5).unwrap();
        assert!(first - now <= LONGEST_SPREAD_FOREGROUND, "{:?}", first - now);
        let second = limiter.turn(first, NEVER, Foreground, 0.5).unwrap();
        assert!(second - first <= LONGEST_SPREAD_FOREGROUND, "{:?}", second - first);
    }

    #[test]
    fn without_a_maximum_any_number_of_turns_is_given_at_once() {
        let mut limiter = Limiter::new(None, 0);
        assert!((0..1000).all(|_| limiter.turn(START, NEVER, Foreground, 0.5) == Ok(START)));
    }

    #[test]
    fn without_a_maximum_a_refused_client_slows_down_all_the_same() {
        let mut limiter = Limiter::new(None, 0);
        limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
        limiter.answered();
        refuse(&mut limiter, START, Foreground);
        assert_eq!(gaps(&mut limiter, START, 2), [1.0, 1.0]);
    }

    #[test]
    fn a_refusal_leaves_a_rate_of_one_a_second_and_answers_restore_it_by_tenths_of_the_maximum() {
        let mut limiter = answered();
        refuse(&mut limiter, START, Foreground);
        let mut now = START + SECOND * 100;
        for rate in [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5] {
            let gap = gaps(&mut limiter, now, 1)[0];
            assert!((gap - 1.0 / rate).abs() < 1e-6, "{gap} at {rate}");
            limiter.answered();
            now += SECOND * 100;
        }
        assert_eq!(gaps(&mut limiter, now, 4), [0.0; 4]);
    }

    #[test]
    fn answers_double_a_rate_that_is_far_from_the_maximum() {
        let mut limiter = answered();
        for _ in 0..5 {
            refuse(&mut limiter, START, Foreground);
        }
        let mut now = START + SECOND * 1000;
        for spacing in [16.0, 8.0, 4.0, 2.0, 1.0] {
            assert_eq!(gaps(&mut limiter, now, 1), [spacing]);
            limiter.answered();
            now += SECOND * 1000;
        }
    }

    #[test]
    fn the_turn_after_a_refusal_is_uniform_in_the_spread() {
        for (random, after) in [(0.0, 0.0), (0.25, 0.25), (0.5, 0.5), (0.999, 0.999)] {
            let mut limiter = answered();
            let at = limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
            limiter.refused(at, Foreground, random);
            assert_close(limiter.turn(at, NEVER, Foreground, 0.5).unwrap() - at, after);
        }
    }

    #[test]
    fn each_further_refusal_doubles_the_spread_up_to_what_the_asking_allows() {
        let table = [
            (Foreground, [1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 64, 64, 64, 64]),
            (Background, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]),
        ];
        for (asking, spreads) in table {
            let (mut limiter, mut now) = (answered(), START);
            for expected in spreads {
                let (at, spread) = refuse(&mut limiter, now, asking);
                assert_close(spread, f64::from(expected));
                now = at;
            }
        }
    }

    #[test]
    fn requests_that_were_refused_together_count_once() {
        let mut limiter = answered();
        for _ in 0..4 {
            limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
        }
        limiter.refused(START, Foreground, 0.5);
        limiter.refused(START, Foreground, 0.5);
        // Another thread is given the turn that was drawn, and waits for it.
        limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
        limiter.refused(START, Foreground, 0.5);
        assert_eq!(gaps(&mut limiter, START + SECOND * 10, 1), [1.0]);
    }

    #[test]
    fn a_first_contact_that_is_refused_is_spread_over_what_the_fleet_needs() {
        for (fleet_size, expected) in [(0, 62.5), (1, 1.0), (10, 1.0), (20, 1.25)] {
            let (_, spread) = refuse(&mut limiter(fleet_size), START, Foreground);
            assert_close(spread, expected);
        }
    }

    #[test]
    fn refused_again_inside_of_the_fleets_spread_a_client_draws_in_what_is_left_of_it() {
        // When it is refused again, and how long the spread is then: at least a sixteenth, until a sixteenth after the end.
        for (again_s, left_s) in [(10.0, 52.5), (50.0, 12.5), (60.0, 3.90625), (62.5, 3.90625), (66.4, 3.90625)] {
            let mut limiter = limiter(0);
            limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
            limiter.refused(START, Foreground, 0.1);
            let (_, spread) = refuse(&mut limiter, START + seconds(again_s), Foreground);
            assert_close(spread, left_s);
        }
    }

    #[test]
    fn refused_after_the_fleets_spread_a_client_begins_another() {
        let mut limiter = limiter(0);
        refuse(&mut limiter, START, Foreground);
        let (_, spread) = refuse(&mut limiter, START + SECOND * 67, Foreground);
        assert_close(spread, 62.5);
    }

    #[test]
    fn a_client_that_was_answered_after_its_fleet_booted_is_not_held_up() {
        let mut limiter = limiter(0);
        let (at, _) = refuse(&mut limiter, START, Foreground);
        let turn = limiter.turn(at, NEVER, Foreground, 0.5).unwrap();
        limiter.answered();
        assert_close(limiter.turn(turn, NEVER, Foreground, 0.5).unwrap() - turn, 1.0 / 1.5);
    }

    #[test]
    fn a_client_that_was_answered_does_not_draw_in_the_fleets_spread_again() {
        let mut limiter = limiter(0);
        let (at, _) = refuse(&mut limiter, START, Foreground);
        limiter.answered();
        let (_, spread) = refuse(&mut limiter, at + SECOND * 2, Foreground);
        assert_close(spread, 4.0 / 3.0);
    }

    #[test]
    fn a_client_that_was_answered_slows_down_to_the_share_of_a_large_fleet() {
        let mut limiter = limiter(100_000);
        let mut now = limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
        limiter.answered();
        let mut spread = Duration::ZERO;
        for _ in 0..20 {
            (now, spread) = refuse(&mut limiter, now, Foreground);
        }
        assert_close(spread, 6250.0);
    }

    #[test]
    fn told_of_a_fleet_the_first_turn_is_spread_and_stays_where_it_was_drawn() {
        for (fleet_size, spread_s) in [(21, 1.3125), (1000, 62.5), (100_000, 6250.0)] {
            let mut limiter = limiter(fleet_size);
            let turn = limiter.turn(START, ONLY_ASK, Foreground, 0.75).unwrap_err();
            assert_close(turn - START, 0.75 * spread_s);
            for (now, random) in [(START, 0.0), (START + SECOND / 2, 1.0), (turn, 0.5)] {
                assert_eq!(limiter.turn(now, ONLY_ASK, Foreground, random), Err(turn));
            }
            assert_eq!(limiter.turn(turn, NEVER, Foreground, 0.1), Ok(turn));
        }
    }

    #[test]
    fn not_told_of_a_fleet_or_of_a_small_one_the_first_turn_is_now() {
        for fleet_size in [0, 1, 20] {
            assert_eq!(limiter(fleet_size).turn(START, NEVER, Foreground, 0.75), Ok(START), "{fleet_size}");
        }
    }

    #[test]
    fn told_of_a_fleet_a_client_that_was_answered_has_its_whole_rate() {
        let mut limiter = limiter(1000);
        let turn = limiter.turn(START, NEVER, Foreground, 0.5).unwrap();
        limiter.answered();
        assert_eq!(gaps(&mut limiter, turn + SECOND, 4), [0.0; 4]);
    }

    #[test]
    fn told_of_a_fleet_a_client_that_is_refused_draws_in_what_is_left_of_its_first_spread() {
        let mut limiter = limiter(100_000);
        limiter.turn(START, ONLY_ASK, Foreground, 0.2).unwrap_err();
        let (_, spread) = refuse(&mut limiter, START, Foreground);
        assert_close(spread, 5000.0);
    }

    #[test]
    fn however_often_it_is_refused_a_client_is_let_try_again_in_the_time_promised() {
        let table =
            [(0, Foreground, 64), (0, Background, 3600), (100_000, Foreground, 6250), (100_000, Background, 6250)];
        for (fleet_size, asking, most_s) in table {
            let mut random = fastrand::Rng::with_seed(u64::from(fleet_size));
            let mut limiter = limiter(fleet_size);
            let mut now = limiter.turn(START, NEVER, Foreground, random.f64()).unwrap();
            for _ in 0..10_000 {
                limiter.refused(now, asking, random.f64());
                let turn = limiter.turn(now, NEVER, Foreground, random.f64()).unwrap();
                assert!(turn - now <= Duration::from_secs(most_s), "{fleet_size}, {asking:?}: {:?}", turn - now);
                now = turn + SECOND / 20;
            }
        }
    }

    #[test]
    fn absurd_values_neither_overflow_nor_bring_a_turn_forward() {
        for (most, fleet_size) in [(Some(0), 0), (Some(u32::MAX), u32::MAX), (None, u32::MAX), (Some(1), 1)] {
            for random in [0.0, 1.0, -1.0, 2.0, f64::NAN, f64::INFINITY] {
                for now in [Duration::ZERO, START, Duration::MAX - SECOND, Duration::MAX] {
                    let mut limiter = Limiter::new(most, fleet_size);
                    for _ in 0..3 {
                        assert!(
                            limiter.turn(now, NEVER, Foreground, random).unwrap() >= now,
                            "{most:?} {fleet_size} {random}"
                        );
                        limiter.refused(now, Background, random);
                        limiter.answered();
                    }
                }
            }
        }
    }
}
