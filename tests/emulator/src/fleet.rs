//! The devices of the emulated account.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Every license state, in two projects.
pub const DEFAULT: &str = include_str!("../devices.json");

/// The projects of an account. A device is the row that GetDevices answers with, whatever its fields are, but for moments:
/// `{"InDays": 1.5}` becomes the moment that long after the emulator got it, as a string of seconds since 1970, and
/// `{"InDays": 1.5, "AsNumber": true}` as a number.
#[derive(Debug, Deserialize)]
pub struct Fleet {
    #[serde(rename = "Projects")]
    projects: Vec<Project>,
    #[serde(skip)]
    started_at_s: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Project {
    project_id: String,
    devices: Vec<Map<String, Value>>,
}

impl Fleet {
    /// As of the moment at which the emulator got them, by its own clock; so a row stays what it is.
    pub fn from_json(text: &str, started_at_s: i64) -> Result<Fleet, serde_json::Error> {
        Ok(Fleet { started_at_s, ..serde_json::from_str(text)? })
    }

    /// The rows of the devices that match, in the order of the file. With `is_fuzzy` an id matches every id that it is a part of.
    pub fn find(&self, project_id: Option<&str>, device_id: Option<&str>, is_fuzzy: bool) -> Vec<Value> {
        let matches = |row: &Map<String, Value>, wanted: &str| match row.get("DeviceId").and_then(Value::as_str) {
            Some(id) if is_fuzzy => id.contains(wanted),
            Some(id) => id == wanted,
            None => false,
        };
        let projects =
            self.projects.iter().filter(|project| project_id.is_none_or(|project_id| project.project_id == project_id));
        projects
            .flat_map(|project| &project.devices)
            .filter(|device| device_id.is_none_or(|id| matches(device, id)))
            .map(|device| row(device, self.started_at_s))
            .collect()
    }
}

/// So many devices of one project, each with a license, as a fleet that is larger than a page. Their ids are in order.
pub fn generated(project_id: &str, devices: usize) -> String {
    let devices: Vec<Value> = (0..devices)
        .map(|number| {
            json!({
                "DeviceId": format!("vehicle_{number:05}"),
                "DeviceName": format!("集卡 {number:05}"),
                "LicenseCount": 1,
                "RemainDay": 100,
                "ExpireTime": {"InDays": 100.5},
                "Duration": "31536000",
                "LicenseIds": [format!("trro-00000000-0000-4000-8000-{number:012}")],
                "MonthlyRemainTime": 50_000,
                "LimitedTime": 60_000,
            })
        })
        .collect();
    json!({"Projects": [{"ProjectId": project_id, "Devices": devices}]}).to_string()
}

fn row(device: &Map<String, Value>, started_at_s: i64) -> Value {
    device
        .iter()
        .map(|(name, value)| (name.clone(), moment(value, started_at_s).unwrap_or_else(|| value.clone())))
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "days of a test fleet")]
fn moment(value: &Value, started_at_s: i64) -> Option<Value> {
    let at_s = started_at_s + (value.get("InDays")?.as_f64()? * 86_400.0) as i64;
    Some(if value.get("AsNumber") == Some(&Value::Bool(true)) { json!(at_s) } else { json!(at_s.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_fleet_has_what_its_users_count_on() {
        let fleet = Fleet::from_json(DEFAULT, 1_700_000_000).unwrap();
        let rows = fleet.find(None, None, false);
        assert!((55..=70).contains(&rows.len()), "{} devices", rows.len());
        assert_eq!(fleet.projects.len(), 2);
        let twice = fleet.find(Some("m82k5408n675phvb"), Some("dev1"), false);
        assert_eq!(twice.len(), 2);
        assert_ne!(twice[0]["DeviceName"], twice[1]["DeviceName"]);
        assert!(rows.iter().any(|row| row["DeviceName"].as_str().is_some_and(|name| !name.is_ascii())));
        assert!(rows.iter().any(|row| row["LicenseCount"] == 0));
        assert!(rows.iter().any(|row| row["ExpireTime"].is_number()));
        assert!(rows.iter().any(|row| row.get("MonthlyRemainTime").is_none()));
        assert!(rows.iter().any(|row| row["MonthlyRemainTime"] == 0));
    }

    #[test]
    fn a_moment_is_counted_from_when_the_emulator_got_it() {
        assert_eq!(moment(&json!({"InDays": 1.5}), 1000), Some(json!("130600")));
        assert_eq!(moment(&json!({"InDays": -1, "AsNumber": true}), 100_000), Some(json!(13_600)));
        assert_eq!(moment(&json!("86400"), 0), None);
    }
}
