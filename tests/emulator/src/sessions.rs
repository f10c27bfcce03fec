//! The sessions, and the actions that tell of them. All of them are in the file: no action makes one.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::account::Account;
use crate::moment::{DAY_S, HOUR_S, Moment};
use crate::service::{Call, Outcome, Refusal, answer};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Session {
    pub project_id: String,
    pub session_id: String,
    pub remote_device_id: String,
    pub field_device_id: String,
    #[serde(default)]
    pub resolution: String,
    #[serde(default)]
    pub quality: String,
    pub start_time: Moment,
    /// It is still going on if that is to come.
    pub end_time: Moment,
}

impl Session {
    fn begins_s(&self) -> i64 {
        self.start_time.0
    }

    /// When it ended, or, if it is still going on, now.
    fn latest_s(&self, now_s: i64) -> i64 {
        self.end_time.0.min(now_s)
    }

    fn row(&self) -> Value {
        json!({
            "SessionId": self.session_id,
            "RemoteDeviceId": self.remote_device_id,
            "FieldDeviceId": self.field_device_id,
            "Resolution": self.resolution,
            "StartTime": self.begins_s(),
        })
    }

    fn ended_row(&self) -> Value {
        let mut row = self.row();
        row["EndTime"] = json!(self.end_time.0);
        row["Quality"] = json!(self.quality);
        row
    }

    fn recent_row(&self, now_s: i64) -> Value {
        let mut row = self.row();
        row["LatestUpdateTime"] = json!(self.latest_s(now_s));
        row
    }
}

/// What DescribeRecentSessionList goes back at most.
const RECENT_S: i64 = 2 * HOUR_S;

/// The sessions of the project, the device and the time that are asked for. Those count that were going on at any moment of
/// that time: the documents do not say more than "start time" and "end time".
struct Asked<'a> {
    project_id: &'a str,
    device_id: Option<&'a str>,
    from_s: i64,
    until_s: i64,
    now_s: i64,
}

impl<'a> Asked<'a> {
    fn of(account: &Account, call: &Call<'a>) -> Result<Asked<'a>, Refusal> {
        let parameters = &call.parameters;
        let project_id = parameters.required("ProjectId");
        account.project(project_id)?;
        let from_s = parameters.number("StartTime").unwrap_or(0);
        let until_s = parameters.number("EndTime").unwrap_or(call.now_s);
        if until_s < from_s {
            let message = format!("The `EndTime` {until_s} is before the `StartTime` {from_s}.");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        Ok(Asked { project_id, device_id: parameters.text("DeviceId"), from_s, until_s, now_s: call.now_s })
    }

    /// As far as it is recent: what is out of range is put at the end of it.
    fn recent(self) -> Asked<'a> {
        let oldest_s = self.now_s - RECENT_S;
        let clamped = |at_s: i64| at_s.clamp(oldest_s, self.now_s);
        Asked { from_s: clamped(self.from_s), until_s: clamped(self.until_s), ..self }
    }

    /// In the order in which they began, the latest first.
    fn sessions<'s>(&self, account: &'s Account) -> Vec<&'s Session> {
        let is_asked_for = |session: &&Session| {
            session.project_id == self.project_id
                && self.device_id.is_none_or(|id| session.remote_device_id == id || session.field_device_id == id)
                && session.begins_s() <= self.until_s.min(self.now_s)
                && session.latest_s(self.now_s) >= self.from_s
        };
        let mut sessions: Vec<&Session> = account.sessions.iter().filter(is_asked_for).collect();
        sessions.sort_by_key(|session| -session.begins_s());
        sessions
    }
}

/// A session that is still going on is among the recent ones only: its quality is not known yet.
pub fn describe_device_session_list(account: &mut Account, call: &Call<'_>) -> Outcome {
    let mut sessions = Asked::of(account, call)?.sessions(account);
    sessions.retain(|session| session.end_time.0 <= call.now_s);
    let rows = call.parameters.page(sessions.iter().map(|session| session.ended_row()));
    answer(json!({"Total": sessions.len(), "Num": rows.len(), "DeviceSessionList": rows}))
}

pub fn describe_recent_session_list(account: &mut Account, call: &Call<'_>) -> Outcome {
    let sessions = Asked::of(account, call)?.recent().sessions(account);
    let rows = call.parameters.page(sessions.iter().map(|session| session.recent_row(call.now_s)));
    answer(json!({"Total": sessions.len(), "Num": rows.len(), "RecentSessionList": rows}))
}

pub fn describe_session_statistics(account: &mut Account, call: &Call<'_>) -> Outcome {
    answer(statistics(&Asked::of(account, call)?.sessions(account), call.now_s))
}

/// A session is of the interval in which it begins. Intervals without a session are left out, as in the published sample.
pub fn describe_session_statistics_by_interval(account: &mut Account, call: &Call<'_>) -> Outcome {
    let unit = call.parameters.required("StatisticInterval");
    let mut intervals: BTreeMap<(i64, i64), Vec<&Session>> = BTreeMap::new();
    for session in Asked::of(account, call)?.sessions(account) {
        intervals.entry(interval(unit, session.begins_s())).or_default().push(session);
    }
    let row = |((begin_s, end_s), sessions): (&(i64, i64), &Vec<&Session>)| {
        let mut row = statistics(sessions, call.now_s);
        row["StartTime"] = json!(begin_s);
        row["EndTime"] = json!(end_s);
        row
    };
    answer(json!({ "SessionStatistics": intervals.iter().map(row).collect::<Vec<_>>() }))
}

/// Of no session at all, 0 in a hundred were not bad.
fn statistics(sessions: &[&Session], now_s: i64) -> Value {
    let different = |id: fn(&Session) -> &str| sessions.iter().map(|session| id(session)).collect::<HashSet<_>>().len();
    let duration_s: i64 = sessions.iter().map(|session| session.latest_s(now_s) - session.begins_s()).sum();
    let not_bad = sessions.iter().filter(|session| session.quality != "bad").count();
    json!({
        "SessionNum": sessions.len(),
        "TotalDuration": duration_s / 60,
        "ActiveFieldDeviceNum": different(|session| &session.field_device_id),
        "ActiveRemoteDeviceNum": different(|session| &session.remote_device_id),
        "NotBadSessionRatio": (100 * not_bad).checked_div(sessions.len()).unwrap_or(0),
    })
}

/// The hour, day or month (UTC) in which a moment is, and where the next begins.
fn interval(unit: &str, at_s: i64) -> (i64, i64) {
    let of_length = |length_s: i64| (at_s - at_s.rem_euclid(length_s), at_s - at_s.rem_euclid(length_s) + length_s);
    match unit {
        "hour" => of_length(HOUR_S),
        "day" => of_length(DAY_S),
        _ => month(at_s).unwrap_or((0, 0)),
    }
}

/// `None` for moments that no calendar has.
fn month(at_s: i64) -> Option<(i64, i64)> {
    let date = OffsetDateTime::from_unix_timestamp(at_s).ok()?.date();
    let (year, month) = (date.year(), date.month());
    let next_year = if month.next() == time::Month::January { year + 1 } else { year };
    let begin_s =
        |year, month| Some(Date::from_calendar_date(year, month, 1).ok()?.midnight().assume_utc().unix_timestamp());
    Some((begin_s(year, month)?, begin_s(next_year, month.next())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_begins_and_ends_with_the_hour_the_day_and_the_month() {
        // 2023-12-14T22:13:20Z.
        let at_s = 1_702_592_000;
        assert_eq!(interval("hour", at_s), (1_702_591_200, 1_702_594_800));
        assert_eq!(interval("day", at_s), (1_702_512_000, 1_702_598_400));
        assert_eq!(interval("month", at_s), (1_701_388_800, 1_704_067_200));
    }
}
