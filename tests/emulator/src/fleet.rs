//! The devices of the emulated account.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Every license state, in two projects.
pub const DEFAULT: &str = include_str!("../devices.json");

/// The projects of an account. A device is the row that GetDevices answers with, whatever its fields are, but for moments:
/// `{"InDays": 1.5}` becomes the moment that long after the emulator was started, as a string of seconds since 1970, and
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
    /// As of the moment at which the emulator was started, by its own clock; so a row stays what it is.
    pub fn from_json(text: &str, started_at_s: i64) -> Result<Fleet, serde_json::Error> {
        Ok(Fleet { started_at_s, ..serde_json::from_str(text)? })
    }

    /// The rows of the devices that match, in the order of the file.
    pub fn find(&self, project_id: Option<&str>, device_id: Option<&str>) -> Vec<Value> {
        let projects =
            self.projects.iter().filter(|project| project_id.is_none_or(|project_id| project.project_id == project_id));
        projects
            .flat_map(|project| &project.devices)
            .filter(|device| device_id.is_none_or(|id| device.get("DeviceId").is_some_and(|value| value == id)))
            .map(|device| row(device, self.started_at_s))
            .collect()
    }
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
        let rows = fleet.find(None, None);
        assert!((55..=70).contains(&rows.len()), "{} devices", rows.len());
        assert_eq!(fleet.projects.len(), 2);
        let twice = fleet.find(Some("m82k5408n675phvb"), Some("dev1"));
        assert_eq!(twice.len(), 2);
        assert_ne!(twice[0]["DeviceName"], twice[1]["DeviceName"]);
        assert!(rows.iter().any(|row| row["DeviceName"].as_str().is_some_and(|name| !name.is_ascii())));
        assert!(rows.iter().any(|row| row["LicenseCount"] == 0));
        assert!(rows.iter().any(|row| row["ExpireTime"].is_number()));
        assert!(rows.iter().any(|row| row.get("MonthlyRemainTime").is_none()));
        assert!(rows.iter().any(|row| row["MonthlyRemainTime"] == 0));
    }

    #[test]
    fn a_moment_is_counted_from_the_start_of_the_emulator() {
        assert_eq!(moment(&json!({"InDays": 1.5}), 1000), Some(json!("130600")));
        assert_eq!(moment(&json!({"InDays": -1, "AsNumber": true}), 100_000), Some(json!(13_600)));
        assert_eq!(moment(&json!("86400"), 0), None);
    }
}
