//! Moments: as a file has them, and as the service says them.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

pub const DAY_S: i64 = 86_400;
pub const HOUR_S: i64 = 3_600;

/// Seconds since 1970, in a file as a number or as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Moment(pub i64);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let value = Value::deserialize(deserializer)?;
        seconds(&value).map(Moment).ok_or_else(|| serde::de::Error::custom(format!("{value} is no moment")))
    }
}

impl Moment {
    /// As the service says it: ISO 8601, by the time of China.
    pub fn iso_8601(self) -> String {
        let Ok(there) = OffsetDateTime::from_unix_timestamp(self.0.saturating_add(8 * HOUR_S)) else {
            return String::new();
        };
        let (hour, minute, second) = there.to_hms();
        format!("{}T{hour:02}:{minute:02}:{second:02}+08:00", there.date())
    }

    /// How many whole days there are until then; 0 afterwards.
    pub fn days_from(self, now_s: i64) -> i64 {
        ((self.0 - now_s) / DAY_S).max(0)
    }
}

/// A whole number, written as one or as a string.
pub fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Puts moments in place of what is counted from `start_s`: `{"InDays": 1.5}` becomes a string of seconds since 1970,
/// `{"InDays": 1.5, "AsNumber": true}` a number, and `InHours` is the same in hours.
pub fn resolve(value: &mut Value, start_s: i64) {
    if let Some(moment) = counted(value, start_s) {
        *value = moment;
        return;
    }
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| resolve(element, start_s)),
        Value::Object(fields) => fields.values_mut().for_each(|field| resolve(field, start_s)),
        _ => {}
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "days of a test fleet")]
fn counted(value: &Value, start_s: i64) -> Option<Value> {
    let in_units = |unit: &str, length_s: i64| Some(value.get(unit)?.as_f64()? * length_s as f64);
    let after_s = in_units("InDays", DAY_S).or_else(|| in_units("InHours", HOUR_S))?;
    let at_s = start_s + after_s as i64;
    Some(if value.get("AsNumber") == Some(&Value::Bool(true)) { json!(at_s) } else { json!(at_s.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_counted_from_when_the_emulator_got_it() {
        assert_eq!(counted(&json!({"InDays": 1.5}), 1000), Some(json!("130600")));
        assert_eq!(counted(&json!({"InDays": -1, "AsNumber": true}), 100_000), Some(json!(13_600)));
        assert_eq!(counted(&json!({"InHours": 1.5}), 0), Some(json!("5400")));
        assert_eq!(counted(&json!("86400"), 0), None);
    }

    #[test]
    fn a_moment_is_found_wherever_it_is() {
        let mut value = json!({"A": [{"B": {"InHours": 1}}], "C": 7});
        resolve(&mut value, 1);
        assert_eq!(value, json!({"A": [{"B": "3601"}], "C": 7}));
    }

    #[test]
    fn a_moment_is_said_as_in_the_published_sample() {
        assert_eq!(Moment(1_647_910_800).iso_8601(), "2022-03-22T09:00:00+08:00");
    }

    #[test]
    fn days_are_whole_ones_and_none_after_the_moment() {
        assert_eq!([0, DAY_S - 1, DAY_S, DAY_S + 1].map(|now_s| Moment(2 * DAY_S).days_from(now_s)), [2, 1, 1, 0]);
        assert_eq!(Moment(5).days_from(DAY_S * 9), 0);
    }
}
