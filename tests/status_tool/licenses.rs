//! trro-status licenses, and check --available: what they print of the account's licenses.

use std::collections::BTreeSet;

use emulator::{Emulator, Options};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::{PROJECT, Test, Tool, actions, service, service_of};

const OTHER_PROJECT: &str = "q7d2x9w4k1z8r5tn";

pub const TESTS: [(&str, Test); 8] = [
    ("licenses_are_those_of_the_account", licenses_are_those_of_the_account),
    ("licenses_in_the_table_are_those_of_the_json", licenses_in_the_table_are_those_of_the_json),
    ("licenses_of_a_project_stand_below_the_numbers_of_the_account", licenses_of_a_project),
    ("licenses_are_read_page_by_page", licenses_are_read_page_by_page),
    ("a_page_size_that_is_refused_is_halved", a_page_size_that_is_refused_is_halved),
    ("what_the_service_does_not_say_of_licenses_is_null", what_the_service_does_not_say_is_null),
    ("a_deadline_is_for_all_pages", a_deadline_is_for_all_pages),
    ("check_asks_for_usable_licenses_if_it_is_told_to", check_asks_for_usable_licenses),
];

fn as_json(tool: &Tool, service: &Emulator, arguments: &[&str]) -> Result<Value, Failed> {
    let printed = tool.printed(service, &[&["licenses", "--json"], arguments].concat(), 0)?;
    Ok(serde_json::from_str(&printed)?)
}

/// The ids of all rows, in order.
fn ids(read: &Value) -> Vec<&str> {
    let rows = read["licenses"].as_array().into_iter().flatten();
    rows.flat_map(|row| row["license_ids"].as_array().into_iter().flatten()).filter_map(Value::as_str).collect()
}

/// How many licenses of a status there are by the rows.
fn count(read: &Value, status: &str) -> i64 {
    let rows = read["licenses"].as_array().into_iter().flatten();
    rows.filter(|row| row["status_name"] == status).filter_map(|row| row["count"].as_i64()).sum()
}

fn licenses_are_those_of_the_account(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let account: Value = serde_json::from_str(&service.state())?;
    let licenses = account["Licenses"].as_array().ok_or("no licenses")?;
    let read = as_json(tool, &service, &[])?;
    let known: BTreeSet<&str> = licenses.iter().filter_map(|license| license["LicenseId"].as_str()).collect();
    let printed = ids(&read);
    assert_eq!(printed.len(), known.len());
    assert_eq!(printed.into_iter().collect::<BTreeSet<_>>(), known);
    for (number, name) in [(0, "free"), (1, "bound"), (2, "suspended"), (3, "refunded")] {
        let expected = licenses.iter().filter(|license| license["Status"] == number).count();
        assert_eq!(usize::try_from(count(&read, name))?, expected, "{name}");
    }
    let stat = &read["stat"];
    assert_eq!((&stat["unbound"], &read["changed"]), (&json!(6), &json!(false)));
    assert_eq!(stat["valid"].as_i64(), Some(stat["bound"].as_i64().unwrap_or(0) + 6));
    assert_eq!(stat["monthly_expired"], 1);
    Ok(())
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn licenses_in_the_table_are_those_of_the_json(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let read = as_json(tool, &service, &[])?;
    let printed = tool.printed(&service, &["licenses"], 0)?;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines[0], lines[3]), ("Licenses of the account", ""));
    assert_eq!(words(lines[1]), ["VALID", "BOUND", "FREE", "EXPIRED", "MONTH", "USED", "UP"]);
    let numbers =
        ["valid", "bound", "unbound", "expired", "monthly_expired"].map(|name| read["stat"][name].to_string());
    assert_eq!(words(lines[2]), numbers);
    assert_eq!(words(lines[4]), ["STATUS", "LICENSES", "IDS", "EXPIRES", "DAYS"]);
    let rows = read["licenses"].as_array().ok_or("no rows")?;
    assert_eq!(lines.len(), 5 + rows.len() + 1);
    assert_eq!(lines.last(), Some(&format!("{} kinds of licenses", rows.len()).as_str()));
    for (row, line) in rows.iter().zip(&lines[5..]) {
        let line = words(line);
        let ids = row["license_ids"].as_array().map_or(0, Vec::len);
        assert_eq!(line[0], row["status_name"]);
        assert_eq!(line[1..3], [row["count"].to_string(), ids.to_string()]);
        // A moment lies between the two.
        let days = row["remain_days"].as_i64().unwrap_or(-1) - line[4].parse::<i64>()?;
        assert!((0..=1).contains(&days), "{line:?}, not {row}");
    }
    let widths: BTreeSet<usize> = lines[4..lines.len() - 1].iter().map(|line| line.len()).collect();
    assert_eq!(widths.len(), 1, "{printed}");
    Ok(())
}

fn licenses_of_a_project(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let config = tool.config("licenses.json", "field_ok_4", 1)?;
    let of_all = as_json(tool, &service, &[])?;
    let of_project = as_json(tool, &service, &["--project", PROJECT])?;
    let of_other = as_json(tool, &service, &["--project", OTHER_PROJECT])?;
    assert_eq!((&of_project["stat"], &of_other["stat"]), (&of_all["stat"], &of_all["stat"]));
    assert_eq!(count(&of_project, "bound") + count(&of_other, "bound"), count(&of_all, "bound"));
    assert_eq!(count(&of_project, "free"), 0);
    // The file's device is not what is asked for.
    assert_eq!(ids(&as_json(tool, &service, &["--config", &config])?), ids(&of_project));
    let of_device = as_json(tool, &service, &["--project", PROJECT, "--device", "field_ok_4"])?;
    assert_eq!((count(&of_device, "bound"), ids(&of_device).len()), (4, 4));
    // The service has no error for a project that it does not know.
    assert!(ids(&as_json(tool, &service, &["--project", "no_such_project"])?).is_empty());
    let printed = tool.printed(&service, &["licenses", "--project", "no_such_project"], 0)?;
    if printed.ends_with("\n0 kinds of licenses\n") { Ok(()) } else { Err(printed.into()) }
}

/// An account with licenses of so many kinds, each of another expiry, and what the service is told besides.
fn with_kinds(kinds: u32, options: Options) -> Result<Emulator, Failed> {
    let license = |number: u32| json!({ "LicenseId": format!("license-{number:03}"), "ExpireTime": {"InDays": 10.5 + f64::from(number)} });
    service_of(&json!({ "Projects": [], "Licenses": (0..kinds).map(license).collect::<Vec<_>>() }), options)
}

fn are_all(read: &Value, kinds: u32) -> bool {
    (0..kinds).map(|number| format!("license-{number:03}")).eq(ids(read))
}

fn licenses_are_read_page_by_page(tool: &Tool) -> Result<(), Failed> {
    let service = with_kinds(250, Options::default())?;
    let read = as_json(tool, &service, &[])?;
    assert!(are_all(&read, 250), "{read}");
    assert_eq!(actions(&service), ["GetLicenseStat", "GetLicenses", "GetLicenses", "GetLicenses"]);
    // A short page need not be the last.
    let service = with_kinds(25, Options { max_page_size: 7, page_size_is_clamped: true, ..Options::default() })?;
    assert!(are_all(&as_json(tool, &service, &[])?, 25));
    Ok(())
}

fn a_page_size_that_is_refused_is_halved(tool: &Tool) -> Result<(), Failed> {
    let service = with_kinds(60, Options { max_page_size: 30, ..Options::default() })?;
    assert!(are_all(&as_json(tool, &service, &[])?, 60));
    // 100, 50, and 25 three times.
    assert_eq!(actions(&service).len(), 1 + 5);
    let service = with_kinds(60, Options { max_page_size: 9, ..Options::default() })?;
    let output = tool.run(&service, &["licenses"])?;
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.stdout.is_empty() && said.contains("InvalidParameterValue"), "{said}");
    Ok(())
}

fn what_the_service_does_not_say_is_null(tool: &Tool) -> Result<(), Failed> {
    const STAT: &str = r#"answer:{"Response":{"Bound":3,"RequestId":"r"}}"#;
    const ROWS: &str = r#"answer:{"Response":{"Licenses":[{"Status":7},{}],"RequestId":"r"}}"#;
    const NONE: &str = r#"answer:{"Response":{"RequestId":"r"}}"#;
    let service = service()?;
    let mut printed = Vec::new();
    for arguments in [&["licenses"][..], &["licenses", "--json"]] {
        for fault in [STAT, ROWS, NONE] {
            service.misbehave_once(fault.parse()?);
        }
        printed.push(tool.printed(&service, arguments, 0)?);
    }
    let lines: Vec<Vec<&str>> = printed[0].lines().map(words).collect();
    assert_eq!(lines[2], ["-", "3", "-", "-", "-"]);
    assert_eq!((&lines[5][..], &lines[6][..]), (&["7", "-", "0", "-", "-"][..], &["-", "-", "0", "-", "-"][..]));
    let read: Value = serde_json::from_str(&printed[1])?;
    assert_eq!((&read["stat"]["valid"], &read["stat"]["bound"]), (&Value::Null, &json!(3)));
    let row = json!({
        "count": null, "status": 7, "status_name": null, "remain_days": null, "expire_time_s": null, "duration_s": null,
        "license_ids": []
    });
    assert_eq!(read["licenses"][0], row);
    assert_eq!(read["changed"], false);
    Ok(())
}

/// Four answers would take 1.2 s.
fn a_deadline_is_for_all_pages(tool: &Tool) -> Result<(), Failed> {
    let service = with_kinds(250, Options::default())?;
    service.misbehave_always(Some("late:300".parse()?));
    let output = tool.run(&service, &["licenses", "--deadline-ms", "800"])?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(output.stdout.is_empty() && said.contains("TRRO_STATUS_TIMEOUT"), "{said}");
    assert!(as_json(tool, &service, &["--deadline-ms", "600000"]).is_ok_and(|read| are_all(&read, 250)));
    Ok(())
}

fn check_asks_for_usable_licenses(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let check = ["check", "field_ok_4", "--project", PROJECT];
    let usable = |printed: &str| printed.lines().any(|line| words(line)[0] == "usable");
    // Only if it is told to.
    let printed = tool.printed(&service, &check, 0)?;
    let read: Value = serde_json::from_str(&tool.printed(&service, &[&check[..], &["--json"]].concat(), 0)?)?;
    assert!(!usable(&printed) && read.get("available_license_count").is_none(), "{printed}{read}");
    assert!(!actions(&service).contains(&"GetDeviceLicense".to_owned()));
    let available = [&check[..], &["--available"]].concat();
    for (count, verdict, expected) in [(None, "AUTHORIZED", 0), (Some(3), "AUTHORIZED", 0), (Some(0), "UNKNOWN", 3)] {
        service.set_available_licenses(count);
        let printed = tool.printed(&service, &available, expected)?;
        let line = format!("  usable      {}\n", count.unwrap_or(4));
        assert!(printed.starts_with(&format!("field_ok_4: {verdict}: ")) && printed.contains(&line), "{printed}");
        let as_json = tool.printed(&service, &[&available[..], &["--json"]].concat(), expected)?;
        let read: Value = serde_json::from_str(&as_json)?;
        assert_eq!((&read["verdict"], &read["license_count"]), (&json!(verdict), &json!(4)));
        assert_eq!(read["available_license_count"], json!(count.unwrap_or(4)));
    }
    Ok(())
}
