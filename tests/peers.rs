//! The official SDKs of the service against the emulator: the proof that the emulator checks what the service checks, since the
//! SDKs know nothing of either of us. That for Python calls every action, that for Node GetDevices.
//!
//! Needs `pip install tencentcloud-sdk-python-intl-en` for the Python that `TRRO_TEST_PYTHON` names (default: python3), and
//! `npm install tencentcloud-sdk-nodejs-intl-en` in the folder `node_modules` that `TRRO_TEST_NODE_MODULES` names.

mod support;

use std::env;
use std::process::Command;

use emulator::{Emulator, Options, SECRET_ID, SECRET_KEY};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;

use trro::api::GetDevices;
use trro::client::Client;
use trro::config::Config;
use trro::credentials::Credentials;

const PROJECT: &str = "m82k5408n675phvb";

/// An official SDK, and the program that asks for devices with it.
#[derive(Clone, Copy)]
struct Peer {
    name: &'static str,
    program: fn() -> Command,
    script: &'static str,
    /// What the program ends well with if the SDK is there.
    probe: [&'static str; 2],
    package: &'static str,
}

const PYTHON: Peer = Peer {
    name: "python",
    program: python,
    script: "get_devices.py",
    probe: ["-c", "import tencentcloud.trro"],
    package: "Python package tencentcloud-sdk-python-intl-en",
};

const NODE: Peer = Peer {
    name: "node",
    program: node,
    script: "get_devices.cjs",
    probe: ["-e", "require('tencentcloud-sdk-nodejs-intl-en').trro.v20220325"],
    package: "Node package tencentcloud-sdk-nodejs-intl-en",
};

fn python() -> Command {
    Command::new(env::var_os("TRRO_TEST_PYTHON").unwrap_or_else(|| "python3".into()))
}

fn node() -> Command {
    let mut node = Command::new("node");
    if let Some(modules) = env::var_os("TRRO_TEST_NODE_MODULES") {
        node.env("NODE_PATH", modules);
    }
    // The SDK would go through it.
    node.env_remove("http_proxy");
    node
}

type Test = fn(Peer) -> Result<(), Failed>;

fn main() {
    let tests: [(&str, Test); 5] = [
        ("gets_its_devices", gets_its_devices),
        ("gets_what_the_library_gets", gets_what_the_library_gets),
        ("is_refused_with_a_wrong_key", is_refused_with_a_wrong_key),
        ("is_refused_with_an_unknown_key", is_refused_with_an_unknown_key),
        ("is_refused_with_a_wrong_clock", is_refused_with_a_wrong_clock),
    ];
    let mut trials = vec![trial(PYTHON, "calls_every_action", calls_every_action)];
    for peer in [PYTHON, NODE] {
        trials.extend(tests.map(|(name, test)| trial(peer, name, test)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn trial(peer: Peer, name: &str, test: Test) -> Trial {
    Trial::ignorable_test(format!("{}::{name}", peer.name), move || {
        if (peer.program)().args(peer.probe).output().is_ok_and(|output| output.status.success()) {
            test(peer).map(|()| Completion::Completed)
        } else {
            support::missing(&format!("the {} is not installed", peer.package))
        }
    })
}

/// What a program of the peer prints that is run against an emulator.
fn run(peer: Peer, script: &str, emulator: &Emulator, arguments: &[&str]) -> Result<Value, Failed> {
    let url = emulator.url();
    let address = url.strip_prefix("http://").ok_or("plain HTTP expected")?;
    let mut program = (peer.program)();
    program.arg(support::root().join("tests/peers").join(script)).arg(address).args(arguments);
    Ok(serde_json::from_str(&support::run(&mut program)?)?)
}

/// What the SDK gets of an emulator.
fn get(peer: Peer, emulator: &Emulator, secret_id: &str, secret_key: &str, filters: &[&str]) -> Result<Value, Failed> {
    run(peer, peer.script, emulator, &[&[secret_id, secret_key], filters].concat())
}

/// What each of them does is checked in there.
fn calls_every_action(peer: Peer) -> Result<(), Failed> {
    let emulator = Emulator::start(Options::default())?;
    let called = run(peer, "every_action.py", &emulator, &[SECRET_ID, SECRET_KEY])?;
    assert_eq!(called.as_array().map(Vec::len), Some(19));
    Ok(())
}

fn gets_its_devices(peer: Peer) -> Result<(), Failed> {
    let emulator = Emulator::start(Options { region_required: true, ..Options::default() })?;
    let page = get(peer, &emulator, SECRET_ID, SECRET_KEY, &[])?;
    assert_eq!(page["TotalCount"], 62);
    assert_eq!(page["Devices"].as_array().map(Vec::len), Some(62));
    let page = get(peer, &emulator, SECRET_ID, SECRET_KEY, &[PROJECT, "field_sample"])?;
    assert_eq!(page["Devices"][0]["DeviceName"], "the published sample");
    assert_eq!(page["Devices"][0]["ExpireTime"], "167840945");
    assert!(page["RequestId"].is_string());
    Ok(())
}

fn gets_what_the_library_gets(peer: Peer) -> Result<(), Failed> {
    let emulator = Emulator::start(Options::default())?;
    let page = get(peer, &emulator, SECRET_ID, SECRET_KEY, &[PROJECT])?;
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
        assert_eq!(ours.license_count, theirs["LicenseCount"].as_i64());
        assert_eq!(ours.remain_days, theirs["RemainDay"].as_i64());
        assert_eq!(ours.monthly_remain_time, theirs["MonthlyRemainTime"].as_i64());
        assert_eq!(ours.limited_time_minutes, theirs["LimitedTime"].as_i64());
        assert_eq!(ours.expire_time_s, number_or_text(&theirs["ExpireTime"]));
        assert_eq!(ours.duration_s, number_or_text(&theirs["Duration"]));
        let license_ids: Vec<_> = theirs["LicenseIds"].as_array().into_iter().flatten().map(Value::as_str).collect();
        assert_eq!(ours.license_ids.iter().map(|id| Some(&**id)).collect::<Vec<_>>(), license_ids);
    }
    Ok(())
}

fn number_or_text(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn is_refused_with_a_wrong_key(peer: Peer) -> Result<(), Failed> {
    let emulator = Emulator::start(Options::default())?;
    let refusal = get(peer, &emulator, SECRET_ID, "wrong", &[])?;
    assert_eq!(refusal["error"], "AuthFailure.SignatureFailure");
    Ok(())
}

fn is_refused_with_an_unknown_key(peer: Peer) -> Result<(), Failed> {
    let emulator = Emulator::start(Options::default())?;
    let refusal = get(peer, &emulator, "AKIDUNKNOWN", SECRET_KEY, &[])?;
    assert_eq!(refusal["error"], "AuthFailure.SecretIdNotFound");
    Ok(())
}

fn is_refused_with_a_wrong_clock(peer: Peer) -> Result<(), Failed> {
    let emulator = Emulator::start(Options { clock_offset_s: 301, ..Options::default() })?;
    let refusal = get(peer, &emulator, SECRET_ID, SECRET_KEY, &[])?;
    assert_eq!(refusal["error"], "AuthFailure.SignatureExpire");
    Ok(())
}
