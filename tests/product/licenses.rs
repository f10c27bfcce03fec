//! The example of a fleet's licenses: that it prints what the service says.

use std::process::Command;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use emulator::Options;
use libtest_mimic::{Failed, Trial};

use crate::{Product, service, support};

pub fn trials(product: &Arc<Product>) -> Vec<Trial> {
    let test = |name: &str, check: fn(&Product) -> Result<(), Failed>| {
        let product = Arc::clone(product);
        Trial::test(format!("licenses::{name}"), move || check(&product))
    };
    vec![
        test("prints_what_stops_next", prints_what_stops_next),
        test("reads_every_page", reads_every_page),
        test("refuses_what_is_no_number", refuses_what_is_no_number),
    ]
}

/// Two licenses that expire within 30 days are bound, three are free; "later", "never" and "stopped" are not among them.
const ACCOUNT: &str = r#"{"Projects": [
    {"ProjectId": "p", "Devices": [
        {"DeviceId": "later", "DeviceName": "", "LicenseCount": 2, "ExpireTime": {"InDays": 90.5}, "LicenseIds": ["l1", "l2"]},
        {"DeviceId": "spare", "DeviceName": "", "LicenseCount": 0, "ExpireTime": "", "LicenseIds": []},
        {"DeviceId": "soon", "DeviceName": "", "LicenseCount": 2, "ExpireTime": {"InDays": 29.5}, "LicenseIds": ["s1", "s2"]},
        {"DeviceId": "never", "DeviceName": "", "LicenseCount": 1, "ExpireTime": null, "LicenseIds": ["n1"]},
        {"DeviceId": "stopped", "DeviceName": "", "LicenseCount": 1, "ExpireTime": {"InDays": -2.5}, "LicenseIds": ["e1"]}]},
    {"ProjectId": "q", "Devices": [
        {"DeviceId": "other", "DeviceName": "", "LicenseCount": 1, "ExpireTime": {"InDays": 60.5}, "LicenseIds": ["o1"]}]}],
    "Licenses": [
        {"LicenseId": "f1", "ExpireTime": {"InDays": 3.5}}, {"LicenseId": "f2", "ExpireTime": {"InDays": 3.5}},
        {"LicenseId": "f3", "ExpireTime": {"InDays": 20.5}}, {"LicenseId": "f4", "ExpireTime": {"InDays": 31.5}},
        {"LicenseId": "f5", "Status": 2, "ExpireTime": {"InDays": 3.5}}]}"#;

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn prints_what_stops_next(product: &Product) -> Result<(), Failed> {
    let path = product.programs.join("licenses");
    let options = Options { devices: Some(ACCOUNT.to_owned()), ..Options::default() };
    let mut program = Command::new(&path);
    let _emulator = service(product, options, &mut program, "licenses")?;
    let printed = support::run(program.arg("3"))?;
    let lines: Vec<Vec<&str>> = printed.lines().map(words).collect();
    // Valid, bound, free, expired, used up.
    assert_eq!(lines[2], ["10", "6", "4", "1", "0"], "{printed}");
    assert_eq!((&lines[6][..], lines[7].join(" ")), (&["2", "3"][..], "of 1 more the expiry is not known".to_owned()));
    let devices = ["! stopped 0", "soon 29", "other 60"];
    for (line, device) in lines[11..14].iter().zip(devices) {
        assert!(line.join(" ").starts_with(device), "{printed}");
    }
    assert!(lines[11].ends_with(&["1", "<-", "EXPIRED"]) && lines[12].ends_with(&["2"]), "{printed}");
    assert_eq!(lines.len(), 15, "{printed}");
    assert!(
        printed.ends_with("3 of 6 devices; 1 others have no license, and of 1 the expiry is not known\n"),
        "{printed}"
    );
    let printed = support::run(program.arg("p"))?;
    assert!(printed.contains("From here on of project p only") && !printed.contains("other "), "{printed}");
    Ok(())
}

/// 250 licenses of as many kinds, of which 30 expire within 30 days.
fn reads_every_page(product: &Product) -> Result<(), Failed> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let license = |day: u64| format!(r#"{{"LicenseId": "{day}", "ExpireTime": {}}}"#, now_s + day * 86_400 + 43_200);
    let licenses: Vec<String> = (0..250).rev().map(license).collect();
    let account = format!(r#"{{"Projects": [], "Licenses": [{}]}}"#, licenses.join(","));
    let mut program = Command::new(product.programs.join("licenses"));
    let options = Options { devices: Some(account), ..Options::default() };
    let _emulator = service(product, options, &mut program, "license-pages")?;
    let printed = support::run(&mut program)?;
    let soon = printed.lines().nth(6).map(words);
    if soon == Some(vec!["0", "30"]) { Ok(()) } else { Err(printed.into()) }
}

fn refuses_what_is_no_number(product: &Product) -> Result<(), Failed> {
    for arguments in [&["0"][..], &["m82k5408n675phvb"], &["3x"], &["3", "p", "surplus"]] {
        let output = Command::new(product.programs.join("licenses")).args(arguments).output()?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    Ok(())
}
