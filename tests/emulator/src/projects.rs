//! The projects, and the actions that deal with them.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::Account;
use crate::devices::Device;
use crate::moment::Moment;
use crate::scramble::scramble;
use crate::service::{Call, Outcome, answer};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Project {
    pub project_id: String,
    #[serde(default)]
    pub project_name: String,
    #[serde(default)]
    pub project_description: String,
    #[serde(default = "black")]
    pub policy_mode: String,
    pub modify_time: Option<Moment>,
    pub devices: Vec<Device>,
}

/// The mode of a project that is made without one.
fn black() -> String {
    "black".to_owned()
}

impl Project {
    fn info(&self) -> Value {
        json!({
            "ProjectName": self.project_name,
            "ProjectDescription": self.project_description,
            "PolicyMode": self.policy_mode,
            "ModifyTime": self.modify_time.map(Moment::iso_8601),
        })
    }

    fn row(&self) -> Value {
        let mut row = self.info();
        row["ProjectId"] = json!(self.project_id);
        row
    }
}

pub fn create_project(account: &mut Account, call: &Call<'_>) -> Outcome {
    let parameters = &call.parameters;
    let project_id = new_id(account);
    account.projects.push(Project {
        project_id: project_id.clone(),
        project_name: parameters.required("ProjectName").to_owned(),
        project_description: parameters.text("ProjectDescription").unwrap_or_default().to_owned(),
        policy_mode: parameters.text("PolicyMode").map_or_else(black, str::to_owned),
        modify_time: Some(Moment(call.now_s)),
        devices: Vec::new(),
    });
    answer(json!({ "ProjectId": project_id }))
}

/// What is sent is changed, be it to nothing.
pub fn modify_project(account: &mut Account, call: &Call<'_>) -> Outcome {
    let parameters = &call.parameters;
    let project = account.project_mut(parameters.required("ProjectId"))?;
    for (field, name) in [
        (&mut project.project_name, "ProjectName"),
        (&mut project.project_description, "ProjectDescription"),
        (&mut project.policy_mode, "PolicyMode"),
    ] {
        if let Some(text) = parameters.text(name) {
            text.clone_into(field);
        }
    }
    project.modify_time = Some(Moment(call.now_s));
    answer(json!({}))
}

/// All that is in it goes with it, but for the licenses, which are free then. No document says so, or otherwise.
pub fn delete_project(account: &mut Account, call: &Call<'_>) -> Outcome {
    let project_id = call.parameters.required("ProjectId");
    account.project(project_id)?;
    account.projects.retain(|project| project.project_id != project_id);
    account.sessions.retain(|session| session.project_id != project_id);
    account.policies.retain(|policy| policy.project_id != project_id);
    let licenses = account.licenses.iter_mut();
    licenses.filter(|license| license.project_id.as_deref() == Some(project_id)).for_each(|license| license.free());
    answer(json!({}))
}

pub fn describe_project_info(account: &mut Account, call: &Call<'_>) -> Outcome {
    answer(account.project(call.parameters.required("ProjectId"))?.info())
}

pub fn describe_project_list(account: &mut Account, call: &Call<'_>) -> Outcome {
    let rows = call.parameters.page(account.projects.iter().map(Project::row));
    answer(json!({"Total": account.projects.len(), "Num": rows.len(), "Projects": rows}))
}

/// 16 lower-case letters and digits, which no project has, and none has had: they come of the time.
fn new_id(account: &Account) -> String {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut seed = elapsed.as_nanos() as u64;
    loop {
        let id = id_of(seed);
        if account.project(&id).is_err() {
            return id;
        }
        seed += 1;
    }
}

fn id_of(seed: u64) -> String {
    const CHARACTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = u128::from(scramble(seed)) << 64 | u128::from(scramble(!seed));
    let mut id = String::new();
    for _ in 0..16 {
        id.push(char::from(CHARACTERS[(random % 36) as usize]));
        random /= 36;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_looks_like_the_published_ones() {
        for seed in 0..1000 {
            let id = id_of(seed);
            assert_eq!(id.len(), 16);
            assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
            assert_ne!(id, id_of(seed + 1));
        }
    }
}
