//! The service's rate limits: so many requests of one action in each whole second.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use crate::lock;

pub struct Throttle {
    start: Instant,
    windows: Mutex<HashMap<String, (u64, u32)>>,
}

impl Throttle {
    pub fn new() -> Throttle {
        Throttle { start: Instant::now(), windows: Mutex::default() }
    }

    /// No limit if `requests_per_s` is 0.
    pub fn admits(&self, action: &str, requests_per_s: u32) -> bool {
        self.admits_in_second(action, requests_per_s, self.start.elapsed().as_secs())
    }

    fn admits_in_second(&self, action: &str, requests_per_s: u32, second: u64) -> bool {
        let mut windows = lock(&self.windows);
        let window = windows.entry(action.to_owned()).or_default();
        if window.0 != second {
            *window = (second, 0);
        }
        window.1 += 1;
        requests_per_s == 0 || window.1 <= requests_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_own_requests_in_each_second() {
        let throttle = Throttle::new();
        for second in [7, 8] {
            for (action, limit) in [("GetDevices", 20), ("GetLicenses", 20), ("CreateDevice", 50)] {
                let admitted = (0..60).filter(|_| throttle.admits_in_second(action, limit, second)).count();
                assert_eq!(admitted, limit as usize);
            }
        }
    }

    #[test]
    fn without_a_limit_all_are_taken() {
        let throttle = Throttle::new();
        assert!((0..1000).all(|_| throttle.admits_in_second("GetDevices", 0, 7)));
    }
}
