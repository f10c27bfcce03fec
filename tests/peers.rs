//! The official Python SDK of the service against the emulator: the proof that the emulator checks what the service checks,
//! since the SDK knows nothing of either of us.
//!
//! Needs `pip install tencentcloud-sdk-python-intl-en` for the Python that `TRRO_TEST_PYTHON` names (default: python3).

mod support;

use std::env;
use std::process::Command;

use emulator::{Emulator, Options, SECRET_ID, SECRET_KEY};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const PROJECT: &str = "m82k5408n675phvb";

type Test = fn() -> Result<(), Failed>;

fn main() {
    let tests: [(&str, Test); 5] = [
        ("gets_its_devices", gets_its_devices),
        ("gets_what_the_library_gets", gets_what_the_library_gets),
        ("is_refused_with_a_wrong_key", is_refused_with_a_wrong_key),
        ("is_refused_with_an_unknown_key", is_refused_with_an_unknown_key),
        ("is_refused_with_a_wrong_clock", is_refused_with_a_wrong_clock),
    ];
    let trials = tests.map(|(name, test)| {
        Trial::ignorable_test(format!("python::{name}"), move || {
            if python().args(["-c", "import tencentcloud.trro"]).output().is_ok_and(|output| output.status.success()) {
                test().map(|()| libtest_mimic::Completion::Completed)
            } else {
                support::missing("the Python package tencentcloud-sdk-python-intl-en is not installed")
            }
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit();
}

fn python() -> Command {
    Command::new(env::var_os("TRRO_TEST_PYTHON").unwrap_or_else(|| "python3".into()))
}

/// What the SDK gets of an emulator.
fn get(emulator: &Emulator, secret_id: &str, secret_key: &str, filters: &[&str]) -> Result<Value, Failed> {
    let url = emulator.url();
    let address = url.strip_prefix("http://").ok_or("plain HTTP expected")?;
    let mut script = python();
    script.arg(support::root().join("tests/peers/get_devices.py")).args([address, secret_id, secret_key]).args(filters);
    Ok(serde_json::from_str(&support::run(&mut script)?)?)
}

fn gets_its_devices() -> Result<(), Failed> {
    let emulator = Emulator::start(Options { region_required: true, ..Options::default() })?;
    let page = get(&emulator, SECRET_ID, SECRET_KEY, &[])?;
    assert_eq!(page["TotalCount"], 62);
    assert_eq!(page["Devices"].as_array().map(Vec::len), Some(62));
    let page = get(&emulator, SECRET_ID, SECRET_KEY, &[PROJECT, "field_sample"])?;
    assert_eq!(page["Devices"][0]["DeviceName"], "the published sample");
    assert_eq!(page["Devices"][0]["ExpireTime"], "167840945");
    assert!(page["RequestId"].is_string());
    Ok(())
}

fn gets_what_the_library_gets() -> Result<(), Failed> {
    use trro::api::get_devices::GetDevices;
    use trro::client::Client;
    use trro::config::Config;
    use trro::credentials::Credentials;

    let emulator = Emulator::start(Options::default())?;
    let page = get(&emulator, SECRET_ID, SECRET_KEY, &[PROJECT])?;
    let url = emulator.url();
    let credentials = Some(Credentials::new(SECRET_ID, SECRET_KEY, None)?);
    let client = Client::new(Config { credentials, endpoint: Some(&url), ..Config::default() })?;
    let request = GetDevices { page_num: 1, page_size: 100, project_id: Some(PROJECT), device_id: None };
    let answer = client.call(&request, None)?;
    let ours = client.decode::<GetDevices<'_>>(&answer)?;
    let theirs = page["Devices"].as_array().ok_or("no devices")?;
    assert_eq!(ours.devices.len(), theirs.len());
    for (ours, theirs) in ours.devices.iter().zip(theirs) {
        assert_eq!(&*ours.device_id, theirs["DeviceId"].as_str().unwrap_or_default());
        assert_eq!(&*ours.device_name, theirs["DeviceName"].as_str().unwrap_or_default());
        assert_eq!(ours.license_count.0, theirs["LicenseCount"].as_i64());
        assert_eq!(ours.remain_day.0, theirs["RemainDay"].as_i64());
        assert_eq!(ours.monthly_remain_time.0, theirs["MonthlyRemainTime"].as_i64());
        assert_eq!(ours.limited_time.0, theirs["LimitedTime"].as_i64());
        assert_eq!(ours.expire_time.0, number_or_text(&theirs["ExpireTime"]));
        assert_eq!(ours.duration.0, number_or_text(&theirs["Duration"]));
        let license_ids: Vec<_> = theirs["LicenseIds"].as_array().into_iter().flatten().map(Value::as_str).collect();
        assert_eq!(ours.license_ids.iter().map(|id| Some(&**id)).collect::<Vec<_>>(), license_ids);
    }
    Ok(())
}

fn number_or_text(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn is_refused_with_a_wrong_key() -> Result<(), Failed> {
    let emulator = Emulator::start(Options::default())?;
    let refusal = get(&emulator, SECRET_ID, "wrong", &[])?;
    assert_eq!(refusal["error"], "AuthFailure.SignatureFailure");
    Ok(())
}

fn is_refused_with_an_unknown_key() -> Result<(), Failed> {
    let emulator = Emulator::start(Options::default())?;
    let refusal = get(&emulator, "AKIDUNKNOWN", SECRET_KEY, &[])?;
    assert_eq!(refusal["error"], "AuthFailure.SecretIdNotFound");
    Ok(())
}

fn is_refused_with_a_wrong_clock() -> Result<(), Failed> {
    let emulator = Emulator::start(Options { clock_offset_s: 301, ..Options::default() })?;
    let refusal = get(&emulator, SECRET_ID, SECRET_KEY, &[])?;
    assert_eq!(refusal["error"], "AuthFailure.SignatureExpire");
    Ok(())
}
