//! trro-status against the emulator: what people and programs read of it, and how it ends.

mod licenses;
mod lists;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod watch;

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use emulator::{Emulator, Options};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

const PROJECT: &str = "m82k5408n675phvb";
const ESCAPE: char = '\u{1b}';

type Test = fn(&Tool) -> Result<(), Failed>;

struct Tool {
    binary: PathBuf,
    folder: PathBuf,
}

fn main() {
    let arguments = Arguments::from_args();
    let folder = support::scratch("status-tool");
    let binary = folder.join("trro-status");
    if let Err(failure) = support::compile_status(&binary, &support::built_library()) {
        let compiles = Trial::test("compiles", move || Err(failure));
        libtest_mimic::run(&arguments, vec![compiles]).exit();
    }
    let tool = Arc::new(Tool { binary, folder });
    let test = |name: &str, check: Test| {
        let tool = Arc::clone(&tool);
        Trial::test(name, move || check(&tool))
    };
    let with_script = |name: &str, check: fn(&Tool, &Path) -> Result<(), Failed>| {
        let tool = Arc::clone(&tool);
        Trial::ignorable_test(name, move || support::with_tool("script", |script| check(&tool, script)))
    };
    let mut trials = vec![
        test("devices_are_in_columns_also_with_chinese_names", devices_are_in_columns_also_with_chinese_names),
        test("devices_as_json_are_what_the_service_sent", devices_as_json_are_what_the_service_sent),
        test("control_characters_of_a_name_are_shown_as_question_marks", control_characters_are_question_marks),
        test("devices_lists_one_device_by_its_exact_id", devices_lists_one_device_by_its_exact_id),
        test("rows_of_one_id_that_differ_are_unknown_inside_of_a_project", rows_of_one_id_that_differ_are_unknown),
        test("the_exit_status_of_check_is_the_verdict", the_exit_status_of_check_is_the_verdict),
        test("check_says_how_the_licenses_stand", check_says_how_the_licenses_stand),
        test("check_takes_the_vendors_config", check_takes_the_vendors_config),
        test("watch_prints_a_line_on_each_change_until_it_is_interrupted", watch::watch_prints_each_change),
        test("watch_prints_at_once_what_is_known", watch::watch_prints_at_once_what_is_known),
        test("watch_says_what_goes_wrong", watch::watch_says_what_goes_wrong),
        test("doctor_says_of_every_step_what_was_seen", doctor_says_of_every_step_what_was_seen),
        test("doctor_ends_with_the_step_that_fails", doctor_ends_with_the_step_that_fails),
        test("doctor_ends_as_check_does_if_nothing_is_known", doctor_ends_as_check_does_if_nothing_is_known),
        test("an_error_says_when_to_try_again", an_error_says_when_to_try_again),
        test("an_empty_variable_counts_as_not_set", an_empty_variable_counts_as_not_set),
        test("a_service_that_cannot_be_asked_is_3", a_service_that_cannot_be_asked_is_3),
        test("wrong_usage_is_2", wrong_usage_is_2),
        test("a_full_disk_is_no_success", a_full_disk_is_no_success),
        test("what_is_piped_has_no_escape_codes_and_no_bars", what_is_piped_is_plain),
        test("nothing_shows_a_secret", nothing_shows_a_secret),
        test("help_and_manual_name_the_same_options", help_and_manual_name_the_same_options),
        test("version_names_program_and_library", version_names_program_and_library),
        with_script("a_terminal_gets_colours_and_bars", terminal::a_terminal_gets_colours_and_bars),
        with_script("no_color_makes_a_terminal_plain", terminal::no_color_makes_a_terminal_plain),
        with_script("many_devices_show_progress_on_a_terminal", terminal::many_devices_show_progress_on_a_terminal),
        Trial::ignorable_test("the_manual_has_no_fault", || {
            support::with_tool("mandoc", |mandoc| {
                let mut command = Command::new(mandoc);
                let output = command.args(["-T", "lint", "-W", "style"]).arg(manual()).output()?;
                let said = String::from_utf8_lossy(&output.stdout);
                // The pages on the library are not installed where this is tested.
                let mut faults = said.lines().filter(|line| !line.contains("referenced manual not found: Xr trro "));
                faults.next().map_or(Ok(()), |fault| Err(fault.into()))
            })
        }),
    ];
    let of_lists = licenses::TESTS.into_iter().chain(lists::TESTS);
    trials.extend(of_lists.map(|(name, check)| test(name, check)));
    libtest_mimic::run(&arguments, trials).exit();
}

impl Tool {
    /// The tool with these arguments, for that emulator.
    fn command(&self, emulator: &Emulator, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        surroundings(command.args(arguments), emulator);
        command
    }

    fn run(&self, emulator: &Emulator, arguments: &[&str]) -> Result<Output, Failed> {
        Ok(self.command(emulator, arguments).output()?)
    }

    /// What it prints if it ends as expected.
    fn printed(&self, emulator: &Emulator, arguments: &[&str], expected: i32) -> Result<String, Failed> {
        let output = self.run(emulator, arguments)?;
        if output.status.code() != Some(expected) {
            let written = [output.stdout, output.stderr].concat();
            return Err(format!("{arguments:?}: {}\n{}", output.status, String::from_utf8_lossy(&written)).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// A config.json of the vendor's field SDK.
    fn config(&self, name: &str, device: &str, streams: u32) -> Result<String, Failed> {
        let path = self.folder.join(name);
        let config = json!({
            "projectid": PROJECT, "device_id": device, "device_streams": streams, "password": emulator::TOKEN
        });
        fs::write(&path, config.to_string())?;
        Ok(path.display().to_string())
    }
}

fn surroundings(command: &mut Command, emulator: &Emulator) {
    command
        .env("TRRO_ENDPOINT", emulator.url())
        .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY)
        .env("TERM", "xterm")
        .env("LC_ALL", "C.UTF-8");
    for variable in ["TENCENTCLOUD_TOKEN", "TENCENTCLOUD_REGION", "TRRO_CA_FILE", "NO_COLOR"] {
        command.env_remove(variable);
    }
}

fn service() -> Result<Emulator, Failed> {
    Ok(Emulator::start(Options { requests_per_s: 0, ..Options::default() })?)
}

/// An emulator with this account.
fn service_of(account: &Value, options: Options) -> Result<Emulator, Failed> {
    Ok(Emulator::start(Options { requests_per_s: 0, devices: Some(account.to_string()), ..options })?)
}

/// An emulator with these devices in one project, "p".
fn service_with(devices: &[Value]) -> Result<Emulator, Failed> {
    service_of(&json!({ "Projects": [{ "ProjectId": "p", "Devices": devices }] }), Options::default())
}

/// What an emulator was asked for, in order.
fn actions(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.statistics().requests;
    requests.iter().filter_map(|request| request.header("X-TC-Action")).map(str::to_owned).collect()
}

fn device(id: &str, name: &str, expire_time_s: u64) -> Value {
    json!({
        "DeviceId": id, "DeviceName": name, "LicenseCount": 1, "RemainDay": 0,
        "ExpireTime": expire_time_s.to_string(), "Duration": "1", "LicenseIds": []
    })
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn next_year() -> u64 {
    now_s() + 366 * 86_400
}

fn manual() -> PathBuf {
    support::root().join("docs/man/trro-status.1")
}

/// As a terminal has it: two columns for what is not ASCII here.
fn columns(text: &str) -> usize {
    text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum()
}

fn devices_are_in_columns_also_with_chinese_names(tool: &Tool) -> Result<(), Failed> {
    // Without a locale too, as under cron.
    for locale in ["C.UTF-8", "C"] {
        let service = service()?;
        let mut command = tool.command(&service, &["devices", "--project", PROJECT]);
        let printed = support::run(command.env("LC_ALL", locale))?;
        let lines: Vec<&str> = printed.lines().collect();
        let (summary, rows) = lines.split_last().ok_or("nothing was printed")?;
        assert_eq!(*summary, "38 devices: 30 authorized, 3 not, 5 not known", "{printed}");
        assert!(rows.iter().any(|row| row.contains("矿卡一号")), "{printed}");
        let widths: BTreeSet<usize> = rows.iter().map(|row| columns(row)).collect();
        assert_eq!(widths.len(), 1, "rows of {widths:?} columns:\n{printed}");
    }
    Ok(())
}

fn devices_as_json_are_what_the_service_sent(tool: &Tool) -> Result<(), Failed> {
    let name = "quote \" backslash \\ tab\t escape \u{1b}[31m \u{202e} 车\u{7f}";
    let sent = [device("a", name, next_year()), json!({ "DeviceId": "b", "DeviceName": "only a name" })];
    let service = service_with(&sent)?;
    let read: Value = serde_json::from_str(&tool.printed(&service, &["devices", "--json"], 0)?)?;
    let devices = read["devices"].as_array().ok_or("no devices")?;
    assert_eq!((devices.len(), &read["changed"]), (2, &json!(false)));
    assert_eq!(devices[0]["device_name"], name);
    assert_eq!(devices[0]["verdict"], "AUTHORIZED");
    assert_eq!((&devices[0]["license_count"], &devices[0]["remain_days"]), (&json!(1), &json!(0)));
    assert_eq!((&devices[1]["verdict"], &devices[1]["license_count"]), (&json!("UNKNOWN"), &Value::Null));
    assert_eq!(devices[1]["license_ids"], json!([]));
    Ok(())
}

fn control_characters_are_question_marks(tool: &Tool) -> Result<(), Failed> {
    let service = service_with(&[device("a\u{1b}c", "x\t\u{1b}[31m\u{9b}\u{202e}y", next_year())])?;
    for arguments in [&["devices"][..], &["check", "a\u{1b}c", "--project", "p", "--streams", "1"]] {
        let output = tool.run(&service, arguments)?;
        let printed = String::from_utf8(output.stdout)?;
        assert!(!printed.contains([ESCAPE, '\t', '\u{9b}', '\u{202e}']), "{printed:?}");
        assert!(
            arguments[0] == "check" || (printed.contains("a?c ") && printed.contains(" x??[31m??y ")),
            "{printed:?}"
        );
    }
    Ok(())
}

fn devices_lists_one_device_by_its_exact_id(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let config = tool.config("whole-project.json", "field_ok_1", 1)?;
    let ids = |arguments: &[&str]| -> Result<Vec<Value>, Failed> {
        let read: Value = serde_json::from_str(&tool.printed(&service, arguments, 0)?)?;
        let devices = read["devices"].as_array().ok_or("no devices")?;
        Ok(devices.iter().map(|row| row["device_id"].clone()).collect())
    };
    assert_eq!(ids(&["devices", "--json", "--project", PROJECT, "--device", "field_ok_1"])?, ["field_ok_1"]);
    assert_eq!(ids(&["devices", "--json", "--project", PROJECT, "--device", "field_ok"])?.len(), 0);
    // The file names a device; the project is what is listed.
    assert_eq!(ids(&["devices", "--json", "--config", &config])?.len(), 38);
    Ok(())
}

fn rows_of_one_id_that_differ_are_unknown(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let verdicts = |arguments: &[&str]| -> Result<Vec<Value>, Failed> {
        let read: Value = serde_json::from_str(&tool.printed(&service, arguments, 0)?)?;
        let devices = read["devices"].as_array().ok_or("no devices")?;
        Ok(devices.iter().filter(|row| row["device_id"] == "dev1").map(|row| row["verdict"].clone()).collect())
    };
    assert_eq!(verdicts(&["devices", "--json", "--project", PROJECT])?, ["UNKNOWN", "UNKNOWN"]);
    // Of two projects it is no contradiction.
    assert_eq!(verdicts(&["devices", "--json"])?, ["AUTHORIZED"; 3]);
    Ok(())
}

fn the_exit_status_of_check_is_the_verdict(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    for (device, streams, verdict, expected) in [
        ("field_ok_4", "4", "AUTHORIZED", 0),
        ("field_ok_4", "5", "NOT_ENOUGH", 1),
        ("field_expired", "1", "EXPIRED", 1),
        ("field_unbound", "1", "NOT_BOUND", 1),
        ("field_month_used", "1", "NO_DURATION", 1),
        ("no_such_device", "1", "NOT_FOUND", 1),
        ("field_bare", "1", "UNKNOWN", 3),
        ("dev1", "1", "UNKNOWN", 3),
    ] {
        let arguments = ["check", device, "--project", PROJECT, "--streams", streams];
        let printed = tool.printed(&service, &arguments, expected)?;
        assert!(printed.starts_with(&format!("{device}: {verdict}: ")), "{printed}");
        let as_json = tool.printed(&service, &[&arguments[..], &["--json"]].concat(), expected)?;
        let read: Value = serde_json::from_str(&as_json)?;
        assert_eq!((&read["verdict"], &read["device_id"]), (&json!(verdict), &json!(device)));
        assert_eq!(read["streams"].to_string(), streams);
    }
    Ok(())
}

fn check_says_how_the_licenses_stand(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let printed = tool.printed(&service, &["check", "field_ok_1", "--project", PROJECT], 0)?;
    for (name, value) in [("licenses", "1"), ("expires", "in 200 days"), ("month left", "51234"), ("request", "-")] {
        let line = printed.lines().find(|line| line.trim_start().starts_with(name)).ok_or("a line is missing")?;
        assert!(line.contains(value), "{printed}");
    }
    Ok(())
}

fn check_takes_the_vendors_config(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let config = tool.config("config.json", "field_ok_4", 5)?;
    let printed = tool.printed(&service, &["check", "--config", &config], 1)?;
    assert!(printed.starts_with("field_ok_4: NOT_ENOUGH"), "{printed}");
    // The command line comes first.
    tool.printed(&service, &["check", "--config", &config, "--streams", "4"], 0)?;
    let other = tool.printed(&service, &["check", "field_many", "--config", &config], 0)?;
    assert!(other.starts_with("field_many: AUTHORIZED"), "{other}");
    let missing = tool.run(&service, &["check", "--config", "/no/such/config.json"])?;
    assert_eq!(missing.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/no/such/config.json"));
    Ok(())
}

fn doctor_says_of_every_step_what_was_seen(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let arguments = ["doctor", "--project", PROJECT, "--device", "field_ok_4"];
    let printed = tool.printed(&service, &arguments, 0)?;
    let read: Value = serde_json::from_str(&tool.printed(&service, &[&arguments[..], &["--json"]].concat(), 0)?)?;
    let steps = read["steps"].as_array().ok_or("no steps")?;
    let names: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
    for name in ["resolve", "route", "connect", "TLS", "clock", "credentials", "permission", "license"] {
        assert!(names.contains(&name), "{names:?}");
        assert!(printed.lines().any(|line| line.contains(&format!("  {name} "))), "{name} is not in\n{printed}");
    }
    Ok(())
}

fn doctor_ends_with_the_step_that_fails(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let arguments = ["doctor", "--project", PROJECT, "--device", "field_expired"];
    let printed = tool.printed(&service, &arguments, 1)?;
    let fails = |name: &str, printed: &str| {
        printed.lines().any(|line| line.starts_with("FAIL") && line.contains(name)) && printed.contains("-> ")
    };
    assert!(fails("license", &printed), "{printed}");
    let mut command = tool.command(&service, &arguments);
    let output = command.env("TENCENTCLOUD_SECRET_ID", emulator::POWERLESS_SECRET_ID).output()?;
    let printed = String::from_utf8(output.stdout)?;
    assert_eq!(output.status.code(), Some(3), "{printed}");
    assert!(fails("permission", &printed), "{printed}");
    Ok(())
}

fn doctor_ends_as_check_does_if_nothing_is_known(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let printed = tool.printed(&service, &["doctor", "--project", PROJECT, "--device", "field_bare"], 3)?;
    let line = printed.lines().find(|line| line.contains("  license ")).unwrap_or_default();
    if line.starts_with("? ") { Ok(()) } else { Err(printed.into()) }
}

fn an_error_says_when_to_try_again(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    service.misbehave_always(Some("throttled-for:30".parse()?));
    let output = tool.run(&service, &["check", "field_ok_4", "--project", PROJECT, "--deadline-ms", "2000"])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let seconds = said.split("try again in ").nth(1).and_then(|rest| rest.strip_suffix(" s\n"));
    let is_right = seconds.and_then(|text| text.parse::<u32>().ok()).is_some_and(|seconds| seconds >= 1);
    if is_right && !said.contains("later may help") { Ok(()) } else { Err(said.into()) }
}

fn an_empty_variable_counts_as_not_set(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let arguments = ["devices", "--endpoint", &service.url().to_string()];
    support::run(tool.command(&service, &arguments).env("TRRO_ENDPOINT", "").env("TRRO_CA_FILE", "")).map(drop)
}

fn a_service_that_cannot_be_asked_is_3(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    // A port that is taken, and on which nobody listens.
    let taken = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    taken.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let closed = taken.local_addr()?.as_socket().ok_or("an address of the loopback")?;
    let endpoint = format!("http://{closed}");
    for arguments in [
        &["devices"][..],
        &["check", "d", "--project", "p"],
        &["licenses"],
        &["projects"],
        &["sessions", "--project", "p"],
        &["doctor"],
    ] {
        let arguments = [arguments, &["--endpoint", &endpoint, "--deadline-ms", "500"]].concat();
        let output = tool.run(&service, &arguments)?;
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        let said = [output.stderr, output.stdout].concat();
        assert!(String::from_utf8_lossy(&said).contains(&closed.port().to_string()), "{arguments:?}");
    }
    let output = tool.command(&service, &["devices"]).env_remove("TENCENTCLOUD_SECRET_KEY").output()?;
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(service.statistics().requests.len(), 0);
    Ok(())
}

fn wrong_usage_is_2(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    for arguments in [
        &[][..],
        &["no-such-command"],
        &["devices", "surplus"],
        &["devices", "--no-such-option"],
        &["devices", "--project"],
        &["check", "--project", "p"],
        &["check", "device"],
        &["watch", "device"],
        &["check", "device", "surplus", "--project", "p"],
        &["doctor", "--device", "d"],
        &["licenses", "surplus"],
        &["licenses", "--device", "d"],
        &["projects", "surplus"],
        &["sessions"],
        &["sessions", "--device", "d"],
        &["sessions", "surplus", "--project", "p"],
        &["devices", "--recent"],
        &["watch", "device", "--project", "p", "--available"],
        &["check", "device", "--project", "p", "--streams", "0"],
        &["check", "device", "--project", "p", "--streams", "2x"],
        &["check", "device", "--project", "p", "--streams", "-1"],
        &["check", "device", "--project", "p", "--streams", "4294967297"],
        &["devices", "--deadline-ms", "600001"],
        &["devices", "--deadline-ms", ""],
    ] {
        let output = tool.run(&service, arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(service.statistics().requests.len(), 0);
    Ok(())
}

fn a_full_disk_is_no_success(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    for command in ["devices", "licenses", "projects", "sessions"] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full")?;
        let output = tool.command(&service, &[command, "--project", PROJECT]).stdout(full).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(3) && said.contains("stdout"), "{command}: {said}");
    }
    Ok(())
}

fn what_is_piped_is_plain(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    let device = ["--project", PROJECT, "--device", "field_ok_4"];
    for command in ["devices", "check", "licenses", "projects", "sessions", "doctor"] {
        let printed = tool.printed(&service, &[&[command], &device[..]].concat(), 0)?;
        assert!(!printed.contains([ESCAPE, '\u{2588}', '\u{2591}', '\r']), "{printed}");
        assert!(printed.lines().all(|line| line == line.trim_end()), "{printed:?}");
    }
    Ok(())
}

fn nothing_shows_a_secret(tool: &Tool) -> Result<(), Failed> {
    const WRONG: &str = "wrongSecretKeyWrongSecretKeyWron";
    let service = service()?;
    let config = tool.config("secret.json", "field_ok_4", 1)?;
    for fault in ["", "echo"] {
        service.misbehave_always(if fault.is_empty() { None } else { Some(fault.parse()?) });
        for key in [WRONG, emulator::SECRET_KEY] {
            for command in ["devices", "check", "licenses", "projects", "sessions", "doctor"] {
                let mut command = tool.command(&service, &[command, "--config", &config]);
                let output = command.env("TENCENTCLOUD_SECRET_KEY", key).output()?;
                let written = String::from_utf8([output.stdout, output.stderr].concat())?;
                assert!(!written.is_empty());
                for secret in [key, emulator::TOKEN] {
                    assert!(!written.contains(&secret[..12]), "{command:?} shows a secret:\n{written}");
                }
            }
        }
    }
    Ok(())
}

/// The long options that a text names.
fn options_in(text: &str) -> BTreeSet<String> {
    let is_part = |character: char| character.is_ascii_lowercase() || character == '-';
    let names = text.split("--").skip(1).map(|rest| rest.chars().take_while(|next| is_part(*next)).collect());
    names.filter(|name: &String| !name.is_empty()).collect()
}

fn help_and_manual_name_the_same_options(tool: &Tool) -> Result<(), Failed> {
    let help = support::run(Command::new(&tool.binary).arg("--help"))?;
    let manual = fs::read_to_string(manual())?.replace("Fl \\-", "--");
    assert!(options_in(&help).len() >= 13, "{help}");
    assert_eq!(options_in(&help), options_in(&manual));
    for command in ["devices", "check", "watch", "licenses", "projects", "sessions", "doctor"] {
        assert!(help.contains(&format!("trro-status {command}")) && manual.contains(&format!(".It Cm {command}")));
    }
    assert!(help.lines().all(|line| line.len() <= 80), "a terminal of 80 columns breaks lines");
    Ok(())
}

fn version_names_program_and_library(tool: &Tool) -> Result<(), Failed> {
    let version = env!("CARGO_PKG_VERSION");
    let printed = support::run(Command::new(&tool.binary).arg("--version"))?;
    assert_eq!(printed, format!("trro-status {version}, libtrro {version}\n"));
    Ok(())
}
