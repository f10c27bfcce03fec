//! What trro-status shows on a terminal, which `script` of util-linux makes.

use std::path::Path;
use std::process::{Command, Stdio};

use emulator::Emulator;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::support;
use crate::{ESCAPE, PROJECT, Tool, device, next_year, service, service_with, surroundings};

/// What a terminal gets to see.
fn on_a_terminal(
    tool: &Tool,
    script: &Path,
    service: &Emulator,
    arguments: &str,
    variable: (&str, &str),
) -> Result<String, Failed> {
    let mut command = Command::new(script);
    command.args(["--quiet", "--return", "--command"]).arg(format!("{} {arguments}", tool.binary.display()));
    surroundings(command.arg("/dev/null").stdin(Stdio::null()), service);
    support::run(command.env(variable.0, variable.1))
}

pub fn a_terminal_gets_colours_and_bars(tool: &Tool, script: &Path) -> Result<(), Failed> {
    let service = service()?;
    for arguments in ["devices", &format!("check field_ok_1 --project {PROJECT}")] {
        let shown = on_a_terminal(tool, script, &service, arguments, ("TERM", "xterm"))?;
        assert!(shown.contains("\u{1b}[32mAUTHORIZED\u{1b}[0m"), "{shown}");
        assert!(shown.contains("\u{2588}\u{2591}"), "{shown}");
    }
    let shown = on_a_terminal(tool, script, &service, "licenses", ("TERM", "xterm"))?;
    assert!(shown.contains("\u{1b}[31msuspended\u{1b}[0m") && shown.contains("\u{2588}\u{2591}"), "{shown}");
    let arguments = format!("sessions --project {PROJECT}");
    let shown = on_a_terminal(tool, script, &service, &arguments, ("TERM", "xterm"))?;
    assert!(shown.contains("\u{1b}[32mgood\u{1b}[0m"), "{shown}");
    Ok(())
}

pub fn no_color_makes_a_terminal_plain(tool: &Tool, script: &Path) -> Result<(), Failed> {
    let service = service()?;
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = on_a_terminal(tool, script, &service, "devices", variable)?;
        assert!(shown.contains("AUTHORIZED") && !shown.contains([ESCAPE, '\u{2588}']), "{shown}");
    }
    Ok(())
}

pub fn many_devices_show_progress_on_a_terminal(tool: &Tool, script: &Path) -> Result<(), Failed> {
    let devices: Vec<Value> = (0..250).map(|number| device(&format!("d{number}"), "", next_year())).collect();
    let service = service_with(&devices)?;
    let shown = on_a_terminal(tool, script, &service, "devices", ("TERM", "xterm"))?;
    assert!(shown.contains("\r100 devices ...\r200 devices ...\r\u{1b}[K"), "{}", &shown[..200]);
    assert!(shown.contains("250 devices: 250 authorized"));
    let piped = tool.run(&service, &["devices"])?;
    assert!(piped.stderr.is_empty());
    Ok(())
}
