//! No more requests leave in a second than may, whatever each of them has waited for before. Uses `limiter`, `cancel`, `sys`, `error`.
//!
//! A call has its turn before the name is looked up and the connection made. What waits there, in a dead spot or for a slow name
//! server, would leave in one moment when the wait is over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::cancel::Cancel;
use crate::error::{Error, Status};
use crate::limiter::Lanes;
use crate::sys::since_boot;

/// What every request passes as it leaves.
#[derive(Debug)]
pub struct Gate {
    lanes: Mutex<Lanes>,
    cancel: Arc<Cancel>,
}

impl Gate {
    /// Lets so many requests through in any second.
    pub fn new(requests_per_s: u32, cancel: Arc<Cancel>) -> Gate {
        Gate { lanes: Mutex::new(Lanes::new(requests_per_s as usize)), cancel }
    }

    /// Waits until one more may leave. If that would be after the deadline, it does not wait.
    pub fn pass(&self, deadline: Instant) -> Result<(), Error> {
        let (now, start) = (since_boot(), Instant::now());
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            let lane = lanes.choose(now);
            if lane.turn.saturating_sub(now) > deadline.saturating_duration_since(start) {
                let message = "not sent: by max_requests_per_s its turn comes after the deadline";
                let retry_after = Some(lane.turn.saturating_sub(now));
                return Err(Error { retry_after, ..Error::new(Status::Throttled, message) });
            }
            lanes.take(lane);
            lane
        };
        match lane.turn.saturating_sub(now) {
            wait if wait.is_zero() => Ok(()),
            wait => self.cancel.sleep_until(start + wait),
        }
    }
}
