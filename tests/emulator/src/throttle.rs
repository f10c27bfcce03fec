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
        let second = self.start.elapsed().as_secs();
        let mut windows = lock(&self.windows);
        let window = windows.entry(action.to_owned()).or_default();
        if window.0 != second {
            *window = (second, 0);
        }
        window.1 += 1;
        self.requests_per_s == 0 || window.1 <= self.requests_per_s
    }
}
