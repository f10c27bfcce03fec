//! The account that the emulated service has, and how it is written as JSON. All of its parts are public here: each belongs to
//! the actions that deal with it, in files of their own.
//!
//! ```text
//! {"Projects": [{"ProjectId": "...", "ProjectName": "...", "ProjectDescription": "...", "PolicyMode": "black",
//!                "ModifyTime": ...,
//!                "Devices": [{..., "Info": {"DeviceType": "remote", "DeviceStatus": "ready", "LastReportTime": ...,
//!                                           "ModifyTime": ..., "DeviceToken": "..."}}]}],
//!  "Licenses": [{"LicenseId": "...", "Status": 0, "ExpireTime": ..., "Duration": 31536000, "MonthlyRemainTime": 60000,
//!                "ProjectId": "...", "DeviceId": "..."}],
//!  "Sessions": [{"ProjectId": "...", "SessionId": "...", "RemoteDeviceId": "...", "FieldDeviceId": "...",
//!                "Resolution": "1920*1080", "Quality": "good", "StartTime": ..., "EndTime": ...}],
//!  "Policies": [{"ProjectId": "...", "RemoteDeviceId": "...", "PolicyMode": "black", "FieldDeviceIds": ["..."],
//!                "ModifyTime": ...}]}
//! ```
//!
//! Only `Projects`, and in there `ProjectId` and `Devices`, have to be there. A device but for its `Info` is the row that
//! GetDevices answers with, whatever its fields are; its licenses need not stand among the `Licenses`. Moments are as
//! [`moment`](crate::moment) has them.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::devices::Device;
use crate::licenses::{self, License};
use crate::moment::{Moment, resolve};
use crate::permissions::Policy;
use crate::projects::Project;
use crate::service::Refusal;
use crate::sessions::Session;

/// Every license state, in two projects.
pub const DEFAULT: &str = include_str!("../devices.json");

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Account {
    pub projects: Vec<Project>,
    #[serde(default)]
    pub licenses: Vec<License>,
    #[serde(default)]
    pub sessions: Vec<Session>,
    #[serde(default)]
    pub policies: Vec<Policy>,
}

impl Account {
    /// As of the moment at which the emulator got it, by its own clock; so a row stays what it is.
    pub fn from_json(text: &str, now_s: i64) -> Result<Account, serde_json::Error> {
        let mut value: Value = serde_json::from_str(text)?;
        resolve(&mut value, now_s);
        let mut account: Account = serde_json::from_value(value)?;
        account.date(Moment(now_s));
        account.add_licenses_of_rows();
        Ok(account)
    }

    /// All of it, with moments that stay what they are.
    pub fn to_json(&self) -> Value {
        json!(self)
    }

    pub fn project(&self, project_id: &str) -> Result<&Project, Refusal> {
        let found = self.projects.iter().find(|project| project.project_id == project_id);
        found.ok_or_else(|| no_project(project_id))
    }

    pub fn project_mut(&mut self, project_id: &str) -> Result<&mut Project, Refusal> {
        let found = self.projects.iter_mut().find(|project| project.project_id == project_id);
        found.ok_or_else(|| no_project(project_id))
    }

    /// What was never changed was last changed when the emulator got it.
    fn date(&mut self, moment: Moment) {
        for project in &mut self.projects {
            project.modify_time.get_or_insert(moment);
            for device in &mut project.devices {
                device.info.modify_time.get_or_insert(moment);
            }
        }
        for policy in &mut self.policies {
            policy.modify_time.get_or_insert(moment);
        }
    }

    fn add_licenses_of_rows(&mut self) {
        let mut known: HashSet<String> = self.licenses.iter().map(|license| license.license_id.clone()).collect();
        for project in &self.projects {
            let mut unnamed: HashMap<&str, usize> = HashMap::new();
            for device in &project.devices {
                let unnamed = unnamed.entry(device.id()).or_default();
                let bound = licenses::of_row(&project.project_id, device, unnamed);
                self.licenses.extend(bound.into_iter().filter(|license| known.insert(license.license_id.clone())));
            }
        }
    }
}

/// Which code the service has for what does not exist is documented nowhere: its lists have this one.
fn no_project(project_id: &str) -> Refusal {
    Refusal::new("ResourceNotFound", format!("The project `{project_id}` does not exist."))
}

impl Project {
    pub fn device(&self, device_id: &str) -> Result<&Device, Refusal> {
        self.devices.iter().find(|device| device.id() == device_id).ok_or_else(|| no_device(device_id))
    }

    pub fn device_mut(&mut self, device_id: &str) -> Result<&mut Device, Refusal> {
        self.devices.iter_mut().find(|device| device.id() == device_id).ok_or_else(|| no_device(device_id))
    }
}

pub fn no_device(device_id: &str) -> Refusal {
    Refusal::new("ResourceNotFound", format!("The device `{device_id}` does not exist."))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licenses::Status;

    const NOW_S: i64 = 1_700_000_000;

    fn default_account() -> Account {
        Account::from_json(DEFAULT, NOW_S).unwrap()
    }

    #[test]
    fn the_default_account_has_what_its_users_count_on() {
        let account = default_account();
        assert_eq!(account.projects.len(), 2);
        let rows: Vec<_> =
            account.projects.iter().flat_map(|project| &project.devices).map(|device| &device.row).collect();
        assert!((55..=70).contains(&rows.len()), "{} devices", rows.len());
        let devices = account.project("m82k5408n675phvb").unwrap().devices.iter();
        let twice: Vec<_> = devices.filter(|device| device.id() == "dev1").collect();
        assert_eq!(twice.len(), 2);
        assert_ne!(twice[0].row["DeviceName"], twice[1].row["DeviceName"]);
        assert!(rows.iter().any(|row| row["DeviceName"].as_str().is_some_and(|name| !name.is_ascii())));
        assert!(rows.iter().any(|row| row.get("LicenseCount").is_some_and(|count| count == 0)));
        assert!(rows.iter().any(|row| row.get("ExpireTime").is_some_and(Value::is_number)));
        assert!(rows.iter().any(|row| row.get("MonthlyRemainTime").is_none()));
        assert!(rows.iter().any(|row| row.get("MonthlyRemainTime").is_some_and(|left| left == 0)));
        assert!(rows.iter().all(|row| row.get("Info").is_none()));
    }

    #[test]
    fn the_default_account_has_licenses_in_every_state() {
        let account = default_account();
        let of = |status| account.licenses.iter().filter(|license| license.status == status).count();
        assert_eq!((of(Status::Unbound), of(Status::Suspended), of(Status::Refunded)), (6, 1, 1));
        let count = |device: &Device| device.row.get("LicenseCount").and_then(Value::as_u64).unwrap_or(0);
        let shown: u64 = account.projects.iter().flat_map(|project| &project.devices).map(count).sum();
        assert_eq!(of(Status::Bound) as u64, shown);
    }

    #[test]
    fn the_default_account_has_sessions_of_every_quality() {
        let sessions = default_account().sessions;
        assert_eq!(sessions.len(), 12);
        for quality in ["good", "normal", "bad"] {
            assert!(sessions.iter().any(|session| session.quality == quality));
        }
    }

    #[test]
    fn an_account_is_the_same_after_it_was_saved() {
        let saved = default_account().to_json();
        let again = Account::from_json(&saved.to_string(), NOW_S + 1000).unwrap();
        assert_eq!(again.to_json(), saved);
    }

    #[test]
    fn licenses_that_a_row_counts_and_does_not_name_are_there() {
        let text = r#"{"Projects": [{"ProjectId": "p", "Devices": [{"DeviceId": "v7", "LicenseCount": 2}, {"DeviceId": "v7",
            "LicenseCount": 2, "LicenseIds": ["a"]}]}]}"#;
        let account = Account::from_json(text, NOW_S).unwrap();
        let ids: Vec<_> = account.licenses.iter().map(|license| license.license_id.as_str()).collect();
        assert_eq!(ids, ["trro-p-v7-1", "trro-p-v7-2", "a", "trro-p-v7-3"]);
    }
}
