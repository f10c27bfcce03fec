//! The service's rate limit: so many requests of one action in each whole second.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use crate::lock;

pub struct Throttle {
    requests_per_s: u32,
    start: Instant,
    windows: Mutex<HashMap<String, (u64, u32)>>,
}

impl Throttle {
    /// No limit if `requests_per_s` is 0.
    pub fn new(requests_per_s: u32) -> Throttle {
        Throttle { requests_per_s, start: Instant::now(), windows: Mutex::default() }
    }

    pub fn admits(&self, action: &str) -> bool {
        self.admits_in_second(action, self.start.elapsed().as_secs())
    }

    fn admits_in_second(&self, action: &str, second: u64) -> bool {
        let mut windows = lock(&self.windows);
        let window = windows.entry(action.to_owned()).or_default();
        if window.0 != second {
            *window = (second, 0);
        }
        window.1 += 1;
        self.requests_per_s == 0 || window.1 <= self.requests_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_own_twenty_requests_in_each_second() {
        let throttle = Throttle::new(20);
        for second in [7, 8] {
            for action in ["GetDevices", "GetLicenses"] {
                let admitted = (0..30).filter(|_| throttle.admits_in_second(action, second)).count();
                assert_eq!(admitted, 20);
            }
        }
    }
}
