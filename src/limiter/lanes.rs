//! No more than so many requests in any second. Uses nothing.

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// A request occupies a lane for a second, so that no second has more requests than there are lanes. A request that is
/// to be sent later takes one lane, and leaves the others to those that come meanwhile.
#[derive(Debug)]
pub struct Lanes {
    most: usize,
    free_from: Vec<Duration>,
}

/// A lane, and when it is to be taken.
#[derive(Debug, Clone, Copy)]
pub struct Lane {
    index: usize,
    /// When it is free for the request.
    pub turn: Duration,
}

impl Lanes {
    /// `most` requests a second. A lane is made when it is first used.
    pub fn new(most: usize) -> Lanes {
        Lanes { most, free_from: Vec::new() }
    }

    /// Of the lanes that are free at `earliest` the one that became so last, else a new one, else the next that will be.
    pub fn choose(&self, earliest: Duration) -> Lane {
        let lanes = || self.free_from.iter().copied().enumerate();
        let free = lanes().filter(|(_, from)| *from <= earliest).max_by_key(|(_, from)| *from);
        if let Some((index, _)) = free {
            return Lane { index, turn: earliest };
        }
        let next = if self.free_from.len() < self.most { None } else { lanes().min_by_key(|(_, from)| *from) };
        next.map_or(Lane { index: self.free_from.len(), turn: earliest }, |(index, turn)| Lane { index, turn })
    }

    /// Takes the lane for a second.
    pub fn take(&mut self, lane: Lane) {
        let free_from = lane.turn.saturating_add(SECOND);
        match self.free_from.get_mut(lane.index) {
            Some(lane) => *lane = free_from,
            None => self.free_from.push(free_from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    fn take(lanes: &mut Lanes, earliest: Duration) -> Duration {
        let lane = lanes.choose(earliest);
        lanes.take(lane);
        lane.turn
    }

    #[test]
    fn as_many_requests_as_there_are_lanes_have_their_turn_at_once_and_the_next_a_second_later() {
        for most in [1, 2, 5, 20] {
            let mut lanes = Lanes::new(most as usize);
            for request in 0..3 * most {
                assert_eq!(take(&mut lanes, START), START + SECOND * (request / most));
            }
        }
    }

    #[test]
    fn a_request_that_is_sent_later_holds_up_none_that_comes_meanwhile() {
        let mut lanes = Lanes::new(3);
        take(&mut lanes, START);
        take(&mut lanes, START + SECOND / 2);
        let later = START + SECOND * 8;
        assert_eq!(take(&mut lanes, later), later);
        // Two lanes are left: the one that was taken first, and a new one.
        for meanwhile in [START + SECOND, START + SECOND] {
            assert_eq!(take(&mut lanes, meanwhile), meanwhile);
        }
    }
}
