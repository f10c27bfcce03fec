//! Which field devices are listed for a remote device, as those that it may not or may connect to, and the actions that change
//! it. No action of the international service tells it: `/_emulator/state` does.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::account::{Account, no_device};
use crate::devices::{FIELD, REMOTE};
use crate::moment::Moment;
use crate::service::{Call, Outcome, answer};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    pub project_id: String,
    pub remote_device_id: String,
    pub policy_mode: String,
    pub field_device_ids: Vec<String>,
    pub modify_time: Option<Moment>,
}

impl Policy {
    pub fn is_of(&self, project_id: &str, remote_device_id: &str) -> bool {
        self.project_id == project_id && self.remote_device_id == remote_device_id
    }

    /// What is listed already stays listed once.
    fn add(&mut self, field_device_ids: &[&str]) {
        for id in field_device_ids {
            if !self.field_device_ids.iter().any(|listed| listed == id) {
                self.field_device_ids.push((*id).to_owned());
            }
        }
    }

    /// Gives those that are not listed.
    fn remove<'a>(&mut self, field_device_ids: &[&'a str]) -> Vec<&'a str> {
        let is_missing = |id: &&&str| !self.field_device_ids.iter().any(|listed| listed == **id);
        let missing = field_device_ids.iter().filter(is_missing).copied().collect();
        self.field_device_ids.retain(|listed| !field_device_ids.contains(&listed.as_str()));
        missing
    }
}

/// What is no field device of the project cannot be added, and what is not listed cannot be removed; the rest is.
pub fn modify_policy(account: &mut Account, call: &Call<'_>) -> Outcome {
    let parameters = &call.parameters;
    let (project_id, remote_device_id) = (parameters.required("ProjectId"), parameters.required("RemoteDeviceId"));
    let project = account.project(project_id)?;
    if !project.device(remote_device_id)?.is_a(REMOTE) {
        return Err(no_device(remote_device_id));
    }
    let is_field_device = |id: &&str| project.device(id).is_ok_and(|device| device.is_a(FIELD));
    let wanted = parameters.texts("FieldDeviceIds");
    let (there, missing): (Vec<&str>, Vec<&str>) = wanted.iter().copied().partition(is_field_device);
    let policy = policy_mut(account, project_id, remote_device_id, parameters.required("PolicyMode"));
    policy.modify_time = Some(Moment(call.now_s));
    let (failed_inserts, failed_deletes) = match parameters.required("ModifyMode") {
        "remove" => (Vec::new(), policy.remove(&wanted)),
        mode => {
            if mode == "set" {
                policy.field_device_ids.clear();
            }
            policy.add(&there);
            (missing, Vec::new())
        }
    };
    forget_empty(account);
    answer(json!({"FailedInsertIds": failed_inserts, "FailedDeleteIds": failed_deletes}))
}

/// An empty one if there is none yet.
fn policy_mut<'a>(account: &'a mut Account, project_id: &str, remote_device_id: &str, mode: &str) -> &'a mut Policy {
    let policies = &mut account.policies;
    let found =
        policies.iter().position(|policy| policy.is_of(project_id, remote_device_id) && policy.policy_mode == mode);
    let place = found.unwrap_or_else(|| {
        policies.push(Policy {
            project_id: project_id.to_owned(),
            remote_device_id: remote_device_id.to_owned(),
            policy_mode: mode.to_owned(),
            field_device_ids: Vec::new(),
            modify_time: None,
        });
        policies.len() - 1
    });
    &mut policies[place]
}

/// A remote device for which nothing is listed any more is as one for which nothing ever was.
pub fn forget_empty(account: &mut Account) {
    account.policies.retain(|policy| !policy.field_device_ids.is_empty());
}

/// Remote devices for which nothing is listed are those that fail.
pub fn batch_delete_policy(account: &mut Account, call: &Call<'_>) -> Outcome {
    let parameters = &call.parameters;
    let (project_id, mode) = (parameters.required("ProjectId"), parameters.required("PolicyMode"));
    account.project(project_id)?;
    let mut failed = Vec::new();
    for id in parameters.texts("RemoteDeviceIds") {
        let policies = account.policies.len();
        account.policies.retain(|policy| !(policy.is_of(project_id, id) && policy.policy_mode == mode));
        if account.policies.len() == policies {
            failed.push(id);
        }
    }
    answer(json!({ "FailedRemoteDeviceIds": failed }))
}
