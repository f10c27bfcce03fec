//! field_device with the stub of the vendor's SDK: when it starts, when it stops, and what it goes by without the service.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use emulator::{Emulator, Options};
use libtest_mimic::{Failed, Trial};

use crate::{Product, service, support};

const NOT_AUTHORIZED: Option<i32> = Some(1);
const INTERRUPTED: Option<i32> = Some(4);
/// Long enough for a machine under load; what is waited for takes less than a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// The check's own deadline is 10 s.
const SOONER_THAN_THE_DEADLINE: Duration = Duration::from_secs(8);

pub fn trials(product: &Arc<Product>) -> Vec<Trial> {
    let test = |name: &str, check: fn(&Product) -> Result<(), Failed>| {
        let product = Arc::clone(product);
        Trial::test(format!("field_device::{name}"), move || check(&product))
    };
    vec![
        test("starts_again_only_after_a_timeout", starts_again_only_after_a_timeout),
        test("stops_when_the_licenses_expire", stops_when_the_licenses_expire),
        test("starts_by_the_last_known_answer_without_a_service", starts_by_the_last_known_answer),
        test("is_only_warned_by_a_last_known_refusal", is_only_warned_by_a_last_known_refusal),
        test("starts_no_video_if_it_is_interrupted_while_it_asks", starts_no_video_if_interrupted_while_it_asks),
        test("does_not_start_again_after_an_interrupt", does_not_start_again_after_an_interrupt),
    ]
}

/// The vendor's sample calls TRRO_start three times.
fn starts_again_only_after_a_timeout(product: &Product) -> Result<(), Failed> {
    for (timeouts, expected) in [(0, 0), (2, 0), (3, 3)] {
        let mut program = Command::new(product.programs.join("field_device"));
        program.args(["enough.json", "1"]).current_dir(&product.programs);
        program.env("VENDOR_STUB_TIMEOUTS", timeouts.to_string());
        let _emulator = service(product, Options::default(), &mut program, "starts")?;
        let output = program.output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let repeats = printed.matches("once more").count();
        if output.status.code() != Some(expected) || repeats != timeouts.min(2) {
            return Err(format!("{timeouts} timeouts: {}, {printed}", output.status).into());
        }
    }
    Ok(())
}

/// A config.json of the device "soon", and devices of which it is one, with a license for so many seconds.
fn expiring_in(product: &Product, config_name: &str, seconds: u64) -> Result<Options, Failed> {
    let config = r#"{"projectid": "p", "device_id": "soon", "device_streams": 1}"#;
    fs::write(product.programs.join(config_name), config)?;
    let expiry = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + seconds;
    let devices = format!(
        r#"{{"Projects": [{{"ProjectId": "p", "Devices": [{{"DeviceId": "soon", "DeviceName": "", "LicenseCount": 1, "RemainDay": 0,
            "ExpireTime": "{expiry}", "Duration": "1", "LicenseIds": []}}]}}]}}"#
    );
    Ok(Options { devices: Some(devices), ..Options::default() })
}

/// It would drive for a minute.
fn stops_when_the_licenses_expire(product: &Product) -> Result<(), Failed> {
    let mut program = Command::new(product.programs.join("field_device"));
    program.args(["soon.json", "60"]).current_dir(&product.programs);
    let _emulator = service(product, expiring_in(product, "soon.json", 5)?, &mut program, "soon")?;
    let output = program.output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let parts = ["before the start: the device is authorized", "TRRO_start:", "WARNING", "expired", "TRRO_stop:"];
    let places: Vec<_> = parts.iter().map(|part| printed.find(part)).collect();
    let is_right = output.status.code() == NOT_AUTHORIZED && places.iter().all(Option::is_some);
    if is_right && places[1] < places[3] && places[3] < places[4] { Ok(()) } else { Err(printed.into()) }
}

/// Runs it twice with one snapshot; the second time the service refuses every request. What the second run did.
fn without_a_service(
    product: &Product,
    config: &str,
    options: Options,
    name: &str,
    expected_first: Option<i32>,
) -> Result<Output, Failed> {
    let snapshot = product.folder.join(format!("{name}.snapshot"));
    let _ = fs::remove_file(&snapshot);
    let mut program = Command::new(product.programs.join("field_device"));
    program.current_dir(&product.programs).env("TRRO_SNAPSHOT", &snapshot);
    let seconds = if expected_first == NOT_AUTHORIZED { "60" } else { "2" };
    let emulator = service(product, options, program.args([config, seconds]), name)?;
    let first = program.output()?;
    if first.status.code() != expected_first || !snapshot.exists() {
        return Err(format!("{}: {}", first.status, String::from_utf8_lossy(&first.stdout)).into());
    }
    emulator.misbehave_always(Some("error:InvalidParameterValue".parse()?));
    Ok(program.output()?)
}

fn starts_by_the_last_known_answer(product: &Product) -> Result<(), Failed> {
    let output = without_a_service(product, "enough.json", Options::default(), "last-known", Some(0))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("before the start: the device is authorized"), "{printed}");
    assert!(printed.contains("that was the answer"), "{printed}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.lines().any(|line| line.starts_with("libtrro: ")), "the log is not on stderr: {said}");
    Ok(())
}

fn is_only_warned_by_a_last_known_refusal(product: &Product) -> Result<(), Failed> {
    let output = without_a_service(
        product,
        "refused.json",
        expiring_in(product, "refused.json", 5)?,
        "last-refusal",
        NOT_AUTHORIZED,
    )?;
    let printed = String::from_utf8_lossy(&output.stdout);
    for part in ["before the start: the licenses of the device have expired", "last known answer only", "TRRO_start:"] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    assert!(output.status.success(), "{printed}");
    Ok(())
}

fn spawn(program: &mut Command) -> Result<Child, Failed> {
    Ok(program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?)
}

fn terminate(child: &Child) -> Result<(), Failed> {
    // The shell's own, which is everywhere.
    support::run(Command::new("sh").args(["-c", "kill -TERM $0", &child.id().to_string()])).map(drop)
}

fn wait_for_a_request(emulator: &Emulator) -> Result<(), Failed> {
    let begin = Instant::now();
    while emulator.statistics().requests.is_empty() {
        if begin.elapsed() > PATIENCE {
            return Err("nothing was asked".into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn starts_no_video_if_interrupted_while_it_asks(product: &Product) -> Result<(), Failed> {
    let mut program = Command::new(product.programs.join("field_device"));
    program.args(["enough.json", "60"]).current_dir(&product.programs);
    let emulator = service(product, Options::default(), &mut program, "terminated")?;
    emulator.misbehave_always(Some("stall-head".parse()?));
    let child = spawn(&mut program)?;
    wait_for_a_request(&emulator)?;
    let begin = Instant::now();
    terminate(&child)?;
    let output = child.wait_with_output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!((output.status.code(), printed.as_ref()), (INTERRUPTED, ""));
    assert!(begin.elapsed() < SOONER_THAN_THE_DEADLINE, "the check was not cancelled: {:?}", begin.elapsed());
    Ok(())
}

fn does_not_start_again_after_an_interrupt(product: &Product) -> Result<(), Failed> {
    let mut program = Command::new(product.programs.join("field_device"));
    program.args(["enough.json", "60"]).current_dir(&product.programs).env("VENDOR_STUB_TIMEOUTS", "1");
    let _emulator = service(product, Options::default(), &mut program, "terminated-start")?;
    let mut child = spawn(&mut program)?;
    let mut printed = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines().map_while(Result::ok);
    if !printed.any(|line| line.contains("once more")) {
        return Err("it did not start".into());
    }
    terminate(&child)?;
    let rest: Vec<String> = printed.collect();
    assert_eq!((child.wait()?.code(), rest), (INTERRUPTED, Vec::new()));
    Ok(())
}
