//! The devices, and the actions that deal with them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::moment::Moment;
use crate::permissions::forget_empty;
use crate::service::{Call, Outcome, Refusal, answer};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Device {
    /// What is not in its row.
    #[serde(rename = "Info", default)]
    pub info: Info,
    /// As GetDevices answers with it.
    #[serde(flatten)]
    pub row: Map<String, Value>,
}

/// What DescribeDeviceInfo tells of a device, and its password, which no action tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Info {
    pub device_type: String,
    pub device_status: String,
    pub last_report_time: Option<Moment>,
    pub modify_time: Option<Moment>,
    pub device_token: String,
}

impl Default for Info {
    fn default() -> Info {
        Info {
            device_type: FIELD.to_owned(),
            device_status: "offline".to_owned(),
            last_report_time: None,
            modify_time: None,
            device_token: String::new(),
        }
    }
}

pub const FIELD: &str = "field";
pub const REMOTE: &str = "remote";

impl Device {
    /// Empty if its row has none.
    pub fn id(&self) -> &str {
        self.row.get("DeviceId").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn is_a(&self, device_type: &str) -> bool {
        self.info.device_type == device_type
    }
}

/// Every device is listed, be it without a license or remote; no document says so, or otherwise.
pub fn get_devices(account: &mut Account, call: &Call<'_>) -> Outcome {
    let (project_id, device_id) = (call.parameters.text("ProjectId"), call.parameters.text("DeviceId"));
    let matches = |device: &Device, wanted: &str| {
        if call.options.fuzzy_filter { device.id().contains(wanted) } else { device.id() == wanted }
    };
    let projects = account.projects.iter().filter(|project| project_id.is_none_or(|id| project.project_id == id));
    let found = projects
        .flat_map(|project| &project.devices)
        .filter(|device| device_id.is_none_or(|wanted| matches(device, wanted)));
    let found: Vec<&Device> = found.collect();
    let total_count = found.len();
    let rows = call.parameters.page(found.into_iter().map(|device| &device.row));
    answer(json!({"Devices": rows, "TotalCount": total_count}))
}

/// Which code the service has for an id that there is already is documented nowhere.
pub fn create_device(account: &mut Account, call: &Call<'_>) -> Outcome {
    let parameters = &call.parameters;
    let project = account.project_mut(parameters.required("ProjectId"))?;
    let device_id = parameters.required("DeviceId");
    if project.device(device_id).is_ok() {
        let message =
            format!("The value `{device_id}` of the parameter `DeviceId` is that of a device that exists already.");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let info = Info {
        device_type: parameters.required("DeviceType").to_owned(),
        device_token: parameters.required("DeviceToken").to_owned(),
        modify_time: Some(Moment(call.now_s)),
        ..Info::default()
    };
    project.devices.push(Device { info, row: new_row(device_id, parameters.required("DeviceName")) });
    answer(json!({}))
}

/// Of a device without a license.
fn new_row(device_id: &str, device_name: &str) -> Map<String, Value> {
    Map::from_iter([
        ("DeviceId".to_owned(), json!(device_id)),
        ("DeviceName".to_owned(), json!(device_name)),
        ("LicenseCount".to_owned(), json!(0)),
        ("RemainDay".to_owned(), json!(0)),
        ("ExpireTime".to_owned(), json!("")),
        ("Duration".to_owned(), json!("0")),
        ("LicenseIds".to_owned(), json!([])),
    ])
}

pub fn modify_device(account: &mut Account, call: &Call<'_>) -> Outcome {
    let parameters = &call.parameters;
    let project = account.project_mut(parameters.required("ProjectId"))?;
    let device = project.device_mut(parameters.required("DeviceId"))?;
    if let Some(name) = parameters.text("DeviceName") {
        device.row.insert("DeviceName".to_owned(), json!(name));
    }
    if let Some(token) = parameters.text("DeviceToken") {
        token.clone_into(&mut device.info.device_token);
    }
    device.info.modify_time = Some(Moment(call.now_s));
    answer(json!({}))
}

/// What there is not is what fails; the rest is deleted. Their licenses are free then, and their sessions are still listed.
pub fn batch_delete_devices(account: &mut Account, call: &Call<'_>) -> Outcome {
    let project_id = call.parameters.required("ProjectId");
    account.project(project_id)?;
    let mut failed = Vec::new();
    for device_id in call.parameters.texts("DeviceIds") {
        if !delete(account, project_id, device_id) {
            failed.push(device_id);
        }
    }
    answer(json!({ "FailedDeviceIds": failed }))
}

/// Whether there was one.
fn delete(account: &mut Account, project_id: &str, device_id: &str) -> bool {
    let Ok(project) = account.project_mut(project_id) else { return false };
    let devices = project.devices.len();
    project.devices.retain(|device| device.id() != device_id);
    if project.devices.len() == devices {
        return false;
    }
    let licenses = account.licenses.iter_mut();
    licenses.filter(|license| license.is_of(project_id, device_id)).for_each(|license| license.free());
    account.policies.retain(|policy| !policy.is_of(project_id, device_id));
    let policies = account.policies.iter_mut().filter(|policy| policy.project_id == project_id);
    policies.for_each(|policy| policy.field_device_ids.retain(|id| id != device_id));
    forget_empty(account);
    true
}

pub fn describe_device_info(account: &mut Account, call: &Call<'_>) -> Outcome {
    let project = account.project(call.parameters.required("ProjectId"))?;
    let device = project.device(call.parameters.required("DeviceId"))?;
    answer(json!({
        "DeviceName": device.row.get("DeviceName"),
        "DeviceType": device.info.device_type,
        "DeviceStatus": device.info.device_status,
        // What a device has that has never reported anything is documented nowhere.
        "LastReportTime": device.info.last_report_time.map_or(String::new(), Moment::iso_8601),
        "ModifyTime": device.info.modify_time.map(Moment::iso_8601),
    }))
}
