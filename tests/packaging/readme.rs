//! What the README says of building programs and of the tool, done as it stands there.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::{Installed, service, support, target_folder};

/// By which the tool says that it does not understand its arguments.
const USAGE: Option<i32> = Some(2);

pub fn trials(installed: &Arc<Installed>) -> Vec<Trial> {
    let installed = Arc::clone(installed);
    vec![
        Trial::test("readme::a_program_is_linked_with_what_cargo_has_built", a_program_is_linked),
        Trial::test("readme::the_tool_understands_its_commands", move || the_tool_understands(&installed)),
    ]
}

/// The lines of the README that begin like this, without what is said of them.
fn commands(beginning: &str) -> Result<Vec<String>, Failed> {
    let readme = fs::read_to_string(support::root().join("README.md"))?;
    let lines = readme.lines().filter(|line| line.starts_with(beginning));
    let commands: Vec<_> = lines.map(|line| line.split("    #").next().unwrap_or(line).to_owned()).collect();
    if commands.is_empty() { Err(format!("the README has no {beginning}").into()) } else { Ok(commands) }
}

/// Shared, then static; the program finds no key and says so, which the library in it does.
fn a_program_is_linked() -> Result<(), Failed> {
    let folder = support::scratch("packaging-readme");
    fs::create_dir_all(folder.join("target"))?;
    symlink(support::root().join("include"), folder.join("include"))?;
    symlink(target_folder().join("release"), folder.join("target/release"))?;
    fs::copy(support::root().join("c-examples/shortest.c"), folder.join("program.c"))?;
    let shell = |command: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(&folder).env_clear();
        shell.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &folder);
        shell
    };
    let links = commands("cc program.c -I include")?;
    assert_eq!(links.len(), 2, "{links:?}");
    for (link, run) in links.iter().zip([commands("ln -sf libtrro.so")?.remove(0), "./program".to_owned()]) {
        support::run(&mut shell(link))?;
        let output = shell(&run).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(1) || !said.starts_with("TRRO_STATUS_NO_CREDENTIALS: ") {
            return Err(format!("{link}; {run}: {}, {said}", output.status).into());
        }
    }
    Ok(())
}

fn the_tool_understands(installed: &Installed) -> Result<(), Failed> {
    let folder = support::scratch("packaging-tool");
    fs::write(folder.join("config.json"), r#"{"projectid": "m82k5408n675phvb", "device_id": "field_ok_4"}"#)?;
    let tool = installed.prefix.join("bin/trro-status");
    for command in commands("trro-status ")? {
        let mut program = Command::new(&tool);
        program.args(command.split_whitespace().skip(1)).current_dir(&folder).stdout(Stdio::piped());
        let _emulator = service(installed, &mut program, "readme")?;
        let mut child = program.spawn()?;
        if command.starts_with("trro-status watch") {
            // It goes on for ever, after it has said how things are.
            let mut line = String::new();
            BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
            assert!(!line.is_empty(), "{command} says nothing");
            child.kill()?;
        }
        assert_ne!(child.wait()?.code(), USAGE, "{command}");
    }
    Ok(())
}
