//! The licenses, and the actions that deal with them but for GetDevices.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::Account;
use crate::devices::Device;
use crate::moment::{Moment, seconds};
use crate::service::{Call, Outcome, Refusal, answer};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct License {
    pub license_id: String,
    #[serde(default)]
    pub status: Status,
    /// `None`: it never expires.
    pub expire_time: Option<Moment>,
    #[serde(default)]
    pub duration: i64,
    /// What is left of the month; `None`: any time.
    pub monthly_remain_time: Option<i64>,
    /// Of the device that it is bound to.
    pub project_id: Option<String>,
    pub device_id: Option<String>,
}

/// As the service numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum Status {
    #[default]
    Unbound = 0,
    Bound = 1,
    Suspended = 2,
    Refunded = 3,
}

impl From<Status> for i64 {
    fn from(status: Status) -> i64 {
        status as i64
    }
}

impl TryFrom<i64> for Status {
    type Error = String;

    fn try_from(number: i64) -> Result<Status, String> {
        let all = [Status::Unbound, Status::Bound, Status::Suspended, Status::Refunded];
        all.into_iter().find(|status| i64::from(*status) == number).ok_or_else(|| format!("{number} is no status"))
    }
}

impl License {
    pub fn is_of(&self, project_id: &str, device_id: &str) -> bool {
        self.project_id.as_deref() == Some(project_id) && self.device_id.as_deref() == Some(device_id)
    }

    /// Unbinds it. One that is suspended or refunded stays it.
    pub fn free(&mut self) {
        (self.project_id, self.device_id) = (None, None);
        if self.status == Status::Bound {
            self.status = Status::Unbound;
        }
    }

    fn has_expired(&self, now_s: i64) -> bool {
        self.expire_time.is_some_and(|moment| moment.0 <= now_s)
    }

    fn month_is_used_up(&self) -> bool {
        self.monthly_remain_time.is_some_and(|left| left <= 0)
    }

    /// Whether its device may run by it. This is the emulator's choice: no document says what makes a license usable.
    fn is_usable(&self, now_s: i64) -> bool {
        self.status == Status::Bound && !self.has_expired(now_s) && !self.month_is_used_up()
    }
}

/// The licenses that the row of a device speaks of: as many as it counts, else as it names. Those without a name in the row get
/// one that is the same each time the row is read: `unnamed` is how many the device has had so far.
pub fn of_row(project_id: &str, device: &Device, unnamed: &mut usize) -> Vec<License> {
    let named: Vec<&str> = device
        .row
        .get("LicenseIds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let number = |name: &str| device.row.get(name).and_then(seconds);
    let count = number("LicenseCount").map_or(named.len(), |count| usize::try_from(count).unwrap_or(0));
    let mut licenses = Vec::new();
    for index in 0..count {
        let license_id = match named.get(index) {
            Some(id) => (*id).to_owned(),
            None => {
                *unnamed += 1;
                format!("trro-{project_id}-{}-{unnamed}", device.id())
            }
        };
        licenses.push(License {
            license_id,
            status: Status::Bound,
            expire_time: number("ExpireTime").map(Moment),
            duration: number("Duration").unwrap_or(0),
            monthly_remain_time: number("MonthlyRemainTime"),
            project_id: Some(project_id.to_owned()),
            device_id: Some(device.id().to_owned()),
        });
    }
    licenses
}

/// Licenses of one status, expiry and duration are of a kind, in the order in which the first of each comes.
pub fn get_licenses(account: &mut Account, call: &Call<'_>) -> Outcome {
    let parameters = &call.parameters;
    let (project_id, device_id) = (parameters.text("ProjectId"), parameters.text("DeviceId"));
    let status = parameters.number("Status");
    let found = account.licenses.iter().filter(|license| {
        project_id.is_none_or(|id| license.project_id.as_deref() == Some(id))
            && device_id.is_none_or(|id| license.device_id.as_deref() == Some(id))
            && status.is_none_or(|status| i64::from(license.status) == status)
    });
    let kinds = by_kind(found);
    let total_count = kinds.len();
    let rows: Vec<Value> = parameters.page(kinds).iter().map(|kind| row(kind, call.now_s)).collect();
    answer(json!({"Licenses": rows, "TotalCount": total_count}))
}

fn by_kind<'a>(licenses: impl Iterator<Item = &'a License>) -> Vec<Vec<&'a License>> {
    let mut kinds: Vec<Vec<&License>> = Vec::new();
    let mut places = HashMap::new();
    for license in licenses {
        let place = *places.entry((license.status, license.expire_time, license.duration)).or_insert(kinds.len());
        match kinds.get_mut(place) {
            Some(kind) => kind.push(license),
            None => kinds.push(vec![license]),
        }
    }
    kinds
}

fn row(kind: &[&License], now_s: i64) -> Value {
    let first = kind[0];
    json!({
        "Count": kind.len(),
        "Status": i64::from(first.status),
        "ExpireTime": expire_time(first),
        "Duration": first.duration.to_string(),
        "RemainDay": remain_day(first, now_s),
        "LicenseIds": kind.iter().map(|license| &license.license_id).collect::<Vec<_>>(),
    })
}

fn expire_time(license: &License) -> String {
    license.expire_time.map_or(String::new(), |moment| moment.0.to_string())
}

fn remain_day(license: &License, now_s: i64) -> i64 {
    license.expire_time.map_or(0, |moment| moment.days_from(now_s))
}

/// In the published sample the valid ones are the bound and the free ones together, and the expired ones are beside them. So
/// it is here. Suspended and refunded ones are nowhere in it.
pub fn get_license_stat(account: &mut Account, call: &Call<'_>) -> Outcome {
    let count =
        |is_counted: &dyn Fn(&License) -> bool| account.licenses.iter().filter(|license| is_counted(license)).count();
    let has_expired = |license: &License| license.has_expired(call.now_s);
    let bound = count(&|license| license.status == Status::Bound && !has_expired(license));
    let unbound = count(&|license| license.status == Status::Unbound && !has_expired(license));
    answer(json!({
        "Valid": bound + unbound,
        "Bound": bound,
        "UnBound": unbound,
        "Expire": count(&|license| matches!(license.status, Status::Bound | Status::Unbound) && has_expired(license)),
        "MonthlyExpire": count(&|license| {
            license.status == Status::Bound && !has_expired(license) && license.month_is_used_up()
        }),
    }))
}

pub fn get_device_license(account: &mut Account, call: &Call<'_>) -> Outcome {
    let (project_id, device_id) = (call.parameters.required("ProjectId"), call.parameters.required("DeviceId"));
    account.project(project_id)?.device(device_id)?;
    let bound = account.licenses.iter().filter(|license| license.is_of(project_id, device_id));
    let usable = bound.filter(|license| license.is_usable(call.now_s)).count();
    answer(json!({ "AvailableCount": call.available_licenses.map_or_else(|| json!(usable), |count| json!(count)) }))
}

/// Binds the free licenses that expire first.
pub fn bound_licenses(account: &mut Account, call: &Call<'_>) -> Outcome {
    let (project_id, device_id) = (call.parameters.required("ProjectId"), call.parameters.required("DeviceId"));
    account.project(project_id)?.device(device_id)?;
    let mut free: Vec<&mut License> = account
        .licenses
        .iter_mut()
        .filter(|license| license.status == Status::Unbound && !license.has_expired(call.now_s))
        .collect();
    let wanted = usize::try_from(call.parameters.number("Count").unwrap_or(1)).unwrap_or(usize::MAX);
    if wanted > free.len() {
        let message = format!("There are {} free licenses, and {wanted} are wanted.", free.len());
        return Err(Refusal::new("OperationDenied.LicensesNotEnoughError", message));
    }
    free.sort_by_key(|license| license.expire_time.map_or(i64::MAX, |moment| moment.0));
    let mut monthly_remain_time = 0;
    for license in free.into_iter().take(wanted) {
        license.status = Status::Bound;
        (license.project_id, license.device_id) = (Some(project_id.to_owned()), Some(device_id.to_owned()));
        monthly_remain_time += license.monthly_remain_time.unwrap_or(0);
    }
    show_licenses(account, project_id, device_id, monthly_remain_time, call.now_s)?;
    answer(json!({}))
}

/// Has the first row of the device show all licenses that it has now, of which `added` is what is left of the month of those
/// that are new. Of several licenses a row shows the expiry that comes first: no document says which one it is.
fn show_licenses(
    account: &mut Account,
    project_id: &str,
    device_id: &str,
    added: i64,
    now_s: i64,
) -> Result<(), Refusal> {
    let mut bound: Vec<&License> = account
        .licenses
        .iter()
        .filter(|license| license.status == Status::Bound && license.is_of(project_id, device_id))
        .collect();
    bound.sort_by_key(|license| license.expire_time.map_or(i64::MAX, |moment| moment.0));
    let Some(first) = bound.first() else { return Ok(()) };
    let shown = [
        ("LicenseCount", json!(bound.len())),
        ("RemainDay", json!(remain_day(first, now_s))),
        ("ExpireTime", json!(expire_time(first))),
        ("Duration", json!(first.duration.to_string())),
        ("LicenseIds", bound.iter().map(|license| license.license_id.as_str()).collect()),
    ];
    let row = &mut account.project_mut(project_id)?.device_mut(device_id)?.row;
    let left = row.get("MonthlyRemainTime").and_then(Value::as_i64).unwrap_or(0);
    row.extend(shown.into_iter().map(|(name, value)| (name.to_owned(), value)));
    row.insert("MonthlyRemainTime".to_owned(), json!(left + added));
    row.entry("LimitedTime").or_insert(json!(MONTH_MINUTES));
    Ok(())
}

/// What a license has a month, by the service's price list.
const MONTH_MINUTES: i64 = 60_000;
