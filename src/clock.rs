//! The time that requests are signed with: the system clock. Uses nothing.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970 by the system clock; 0 on a clock before 1970.
pub fn now_s() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
}
