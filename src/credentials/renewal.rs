//! When credentials have to be replaced: pure. Uses `sign`.

use crate::sign::utc_date;

use super::Credentials;

/// How long before they expire credentials are replaced: longer than most calls take, so that few begin with credentials
/// that expire on the way.
const BEFORE_EXPIRY_S: i64 = 60;

/// Whether it is time to ask for others: they expire within a minute, or are for another day. Until the time is proven, a clock
/// that says that their day is still to come does not count: it is that of a machine that was just switched on.
pub fn is_due(credentials: &Credentials, now_s: i64, time_is_proven: bool) -> bool {
    let expires_soon = credentials.expires_at_s != 0 && now_s >= credentials.expires_at_s - BEFORE_EXPIRY_S;
    expires_soon || credentials.signing_date().is_some_and(|date| is_for_another_day(date, now_s, time_is_proven))
}

fn is_for_another_day(date: &str, now_s: i64, time_is_proven: bool) -> bool {
    let today = utc_date(now_s);
    // Written so, days are in the order of their letters.
    date < today.as_str() || (time_is_proven && date > today.as_str())
}

/// Whether the service refuses them by now. Whether a key of a day may still sign, [`super::signing_moment`] tells.
pub fn has_expired(credentials: &Credentials, now_s: i64) -> bool {
    credentials.expires_at_s != 0 && now_s >= credentials.expires_at_s
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expiring(at_s: i64) -> Credentials {
        Credentials::new("AKIDEXAMPLE", "s3cretkey", None).unwrap().expiring(at_s).unwrap()
    }

    #[test]
    fn what_never_expires_is_never_due() {
        for now in [i64::MIN, 0, i64::MAX] {
            assert!(!is_due(&expiring(0), now, true) && !has_expired(&expiring(0), now));
        }
    }

    #[test]
    fn credentials_are_due_a_minute_before_they_expire() {
        assert!(!is_due(&expiring(1_000_000), 999_939, true));
        assert!(is_due(&expiring(1_000_000), 999_940, true));
        assert!(is_due(&expiring(1_000_000), i64::MAX, true));
        assert!(!is_due(&expiring(1), i64::MIN, true));
    }

    #[test]
    fn credentials_have_expired_at_the_second_they_name() {
        assert!(!has_expired(&expiring(1_000_000), 999_999));
        assert!(has_expired(&expiring(1_000_000), 1_000_000));
    }

    #[test]
    fn a_day_key_is_due_on_every_other_day() {
        let credentials = Credentials::with_day_key("AKIDEXAMPLE", &[0; 32], "2019-02-25", None).unwrap();
        for (now, due) in [(1_551_052_799, true), (1_551_052_800, false), (1_551_139_199, false), (1_551_139_200, true)]
        {
            assert_eq!(is_due(&credentials, now, true), due, "at {now}");
            assert!(!has_expired(&credentials, now));
        }
    }

    #[test]
    fn without_proven_time_a_day_key_is_due_after_its_day_only() {
        let credentials = Credentials::with_day_key("AKIDEXAMPLE", &[0; 32], "2019-02-25", None).unwrap();
        for (now, due) in [(0, false), (1_551_052_799, false), (1_551_139_199, false), (1_551_139_200, true)] {
            assert_eq!(is_due(&credentials, now, false), due, "at {now}");
        }
    }

    #[test]
    fn a_day_key_is_due_before_it_expires_too() {
        let credentials = Credentials::with_day_key("AKIDEXAMPLE", &[0; 32], "2019-02-25", None).unwrap();
        let credentials = credentials.expiring(1_551_060_000).unwrap();
        assert!(!is_due(&credentials, 1_551_059_939, true) && is_due(&credentials, 1_551_059_940, true));
    }
}
