//! At which second a request is signed: pure. Uses `sign`, `error`.

use crate::error::{Error, Status};
use crate::sign::{SECONDS_PER_DAY, utc_date};

use super::start_of_day;

/// How long after its day a key still signs, at the last second of that day. The service takes a request of up to five
/// minutes ago; the fifth minute is for the way and for what the time is uncertain by.
const AFTER_THE_DAY_S: i64 = 240;

/// The second at which to sign a request that is sent at `now_s`, with credentials for `signing_date` or for any day.
///
/// A clock that is not proven to be the service's does not speak against the key: the request is signed at the nearest
/// second of the key's day, and at worst refused as expired, which tells the service's time. Once that is proven, a key
/// for another day is no use.
pub fn signing_moment(signing_date: Option<&str>, now_s: i64, time_is_proven: bool) -> Result<i64, Error> {
    let Some(date) = signing_date else { return Ok(now_s) };
    let first = start_of_day("signing_date", date)?;
    let next_day = first + SECONDS_PER_DAY;
    if time_is_proven && !(first..=next_day + AFTER_THE_DAY_S).contains(&now_s) {
        let today = utc_date(now_s);
        let message =
            format!("there is no key for today: the signing key is for {date}, and the service's date is {today}");
        return Err(Error::new(Status::NoCredentials, message));
    }
    Ok(now_s.clamp(first, next_day - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: Option<&str> = Some("2019-02-25");
    const FIRST: i64 = 1_551_052_800;
    const LAST: i64 = 1_551_139_199;

    #[test]
    fn a_secret_key_signs_at_any_time() {
        for now in [i64::MIN, 0, LAST, i64::MAX] {
            for proven in [false, true] {
                assert_eq!(signing_moment(None, now, proven), Ok(now));
            }
        }
    }

    #[test]
    fn a_day_key_signs_now_on_its_day() {
        for now in [FIRST, FIRST + 1, LAST] {
            for proven in [false, true] {
                assert_eq!(signing_moment(DATE, now, proven), Ok(now));
            }
        }
    }

    #[test]
    fn without_proven_time_it_signs_at_the_nearest_second_of_its_day() {
        for (now, moment) in [(i64::MIN, FIRST), (0, FIRST), (FIRST - 1, FIRST), (LAST + 1, LAST), (i64::MAX, LAST)] {
            assert_eq!(signing_moment(DATE, now, false), Ok(moment));
        }
    }

    #[test]
    fn with_proven_time_it_signs_at_the_end_of_its_day_for_four_minutes_more() {
        for now in [LAST + 1, LAST + 2, LAST + 241] {
            assert_eq!(signing_moment(DATE, now, true), Ok(LAST));
        }
        assert_eq!(signing_moment(DATE, LAST + 242, true).unwrap_err().status, Status::NoCredentials);
    }

    #[test]
    fn with_proven_time_on_another_day_both_days_are_named() {
        for (now, today) in [(FIRST - 1, "2019-02-24"), (LAST + 242, "2019-02-26"), (0, "1970-01-01")] {
            let error = signing_moment(DATE, now, true).unwrap_err();
            assert_eq!(error.status, Status::NoCredentials);
            assert!(error.message.contains("2019-02-25") && error.message.contains(today), "{error}");
        }
    }

    #[test]
    fn what_is_no_date_is_named() {
        let error = signing_moment(Some("yesterday"), 0, false).unwrap_err();
        assert_eq!(error.status, Status::InvalidArgument);
        assert!(error.message.starts_with("signing_date"), "{error}");
    }
}
