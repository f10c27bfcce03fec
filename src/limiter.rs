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

use std::time::Duration;

use crate::retry::part;

/// What a client sends at most, where the caller says nothing.
pub const DEFAULT_MAX_REQUESTS_PER_S: u32 = 5;
/// What the service answers a whole account.
pub const ACCOUNT_REQUESTS_PER_S: u32 = 20;

const SECOND: Duration = Duration::from_secs(1);
/// The fleet that a client assumes which is not told of one: as large as it may be for a spread of about a minute.
const ASSUMED_FLEET_SIZE: u32 = 1000;
/// Requests that come at random times overfill some of the service's seconds, if they fill them by more than this.
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
    /// The turn that was drawn last: none is before it.
    drawn: Duration,
    /// The last turn that was given since one was drawn.
    last_given: Option<Duration>,
}

impl Limiter {
    /// `max_requests_per_s`: `None` for any number. `fleet_size`: 0 for not known.
    pub fn new(max_requests_per_s: Option<u32>, fleet_size: u32) -> Limiter {
        let max_requests_per_s = max_requests_per_s.map(|most| most.max(1));
        let max_rate = f64::from(max_requests_per_s.unwrap_or(ACCOUNT_REQUESTS_PER_S));
        Limiter {
            lanes: max_requests_per_s.map(|most| Lanes { most: most as usize, free_from: Vec::new() }),
            max_rate,
            rate: max_rate,
            fleet_spread: fleet_spread(if fleet_size == 0 { ASSUMED_FLEET_SIZE } else { fleet_size }),
            fleet_spread_end: None,
            is_told_of_a_fleet: fleet_size > ACCOUNT_REQUESTS_PER_S,
            was_answered: false,
            drawn: Duration::ZERO,
            last_given: None,
        }
    }

    /// When a request may be sent, at the earliest `now` (which may lie ahead, for a request that has to wait anyway).
    /// If that is after `latest`, nothing is reserved, and the turn is the error.
    pub fn turn(&mut self, now: Duration, latest: Duration, random: f64) -> Result<Duration, Duration> {
        if self.is_told_of_a_fleet && self.fleet_spread_end.is_none() {
            self.begin_fleet_spread(now, random);
        }
        let earliest = now.max(self.drawn).max(self.after_the_last_given());
        let lane = self.lanes.as_ref().map(|lanes| lanes.choose(earliest));
        let turn = lane.map_or(earliest, |lane| lane.turn);
        if turn > latest {
            return Err(turn);
        }
        if let (Some(lanes), Some(lane)) = (&mut self.lanes, lane) {
            lanes.take(lane);
        }
        self.last_given = self.last_given.max(Some(turn));
        Ok(turn)
    }

    /// A throttled answer came. What it says holds for turns that are given from now on.
    pub fn refused(&mut self, now: Duration, asking: Asking, random: f64) {
        if now < self.drawn {
            return;
        }
        if let (false, Some(left)) = (self.was_answered, self.left_of_fleet_spread(now)) {
            self.draw(now, left, random);
            return;
        }
        self.slow_down(asking);
        if !self.was_answered && self.fleet_spread_end.is_none() {
            self.begin_fleet_spread(now, random);
            return;
        }
        let spread = seconds(self.rate.recip());
        self.draw(now, if self.was_answered { spread } else { spread.max(self.fleet_spread) }, random);
    }

    /// Any other answer of the service came.
    pub fn answered(&mut self, _now: Duration) {
        self.was_answered = true;
        self.rate = (self.rate + self.rate.min(self.max_rate * LARGEST_STEP_OF_MAXIMUM)).min(self.max_rate);
    }

    fn begin_fleet_spread(&mut self, now: Duration, random: f64) {
        self.fleet_spread_end = Some(now.saturating_add(self.fleet_spread));
        self.draw(now, self.fleet_spread, random);
    }

    /// Nothing if it has not begun, or is over also for those who were refused near its end.
    fn left_of_fleet_spread(&self, now: Duration) -> Option<Duration> {
        let least = (self.fleet_spread / LEAST_PART_OF_SPREAD).max(SECOND);
        let end = self.fleet_spread_end.filter(|end| now < end.saturating_add(least))?;
        Some(end.saturating_sub(now).max(least))
    }

    fn slow_down(&mut self, asking: Asking) {
        let longest = match asking {
            Asking::Foreground => LONGEST_SPREAD_FOREGROUND,
            Asking::Background => LONGEST_SPREAD_BACKGROUND,
        };
        let slowest = longest.max(self.fleet_spread).as_secs_f64().recip();
        self.rate = (self.rate / 2.0).min(1.0).max(slowest);
    }

    fn draw(&mut self, now: Duration, spread: Duration, random: f64) {
        self.drawn = now.saturating_add(part(spread, random));
        self.last_given = None;
    }

    fn after_the_last_given(&self) -> Duration {
        match self.last_given {
            Some(last) if self.rate < self.max_rate => last.saturating_add(seconds(self.rate.recip())),
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

/// A request occupies a lane for a second, so that no second has more requests than there are lanes. A request that is
/// to be sent later takes one lane, and leaves the others to those that come meanwhile.
#[derive(Debug)]
struct Lanes {
    most: usize,
    free_from: Vec<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Lane {
    index: usize,
    turn: Duration,
}

impl Lanes {
    /// Of the lanes that are free at `earliest` the one that became so last, else a new one, else the next that will be.
    fn choose(&self, earliest: Duration) -> Lane {
        let lanes = || self.free_from.iter().copied().enumerate();
        let free = lanes().filter(|(_, from)| *from <= earliest).max_by_key(|(_, from)| *from);
        if let Some((index, _)) = free {
            return Lane { index, turn: earliest };
        }
        let next = if self.free_from.len() < self.most { None } else { lanes().min_by_key(|(_, from)| *from) };
        next.map_or(Lane { index: self.free_from.len(), turn: earliest }, |(index, turn)| Lane { index, turn })
    }

    fn take(&mut self, lane: Lane) {
        let free_from = lane.turn.saturating_add(SECOND);
        match self.free_from.get_mut(lane.index) {
            Some(lane) => *lane = free_from,
            None => self.free_from.push(free_from),
        }
    }
}
