//! trro-status watch: what it prints, and when.

use std::io::{BufRead, BufReader};
use std::iter;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::support;
use crate::{PROJECT, Tool, device, next_year, now_s, service, service_with};

/// Long enough for a machine under load; what is waited for takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Hands over the lines of a stream as they come.
fn lines_of(stream: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Interrupts it, and how it ends.
fn interrupt(child: &mut Child) -> Result<Option<i32>, Failed> {
    // The shell's own, which is everywhere.
    support::run(Command::new("sh").args(["-c", "kill -INT $0", &child.id().to_string()]))?;
    Ok(child.wait()?.code())
}

pub fn watch_prints_each_change(tool: &Tool) -> Result<(), Failed> {
    let service = service_with(&[device("soon", "", now_s() + 8), device("later", "", next_year())])?;
    for (id, extra, changes, expected) in [
        ("later", &[][..], &["AUTHORIZED"][..], 0),
        ("soon", &[], &["AUTHORIZED", "EXPIRED"], 1),
        ("soon", &["--json"], &["EXPIRED"], 1),
    ] {
        let mut command = tool.command(&service, &["watch", id, "--project", "p"]);
        let mut child = command.args(extra).stdout(Stdio::piped()).spawn()?;
        let lines = lines_of(child.stdout.take().ok_or("no stdout")?);
        for change in changes {
            // What is known at once, which is mostly nothing, comes before the first change, and may be repeated by it.
            let mut next = iter::from_fn(|| lines.recv_timeout(PATIENCE).ok());
            let line = next.find(|line| line.contains(change)).unwrap_or_default();
            if line.is_empty() || (!extra.is_empty() && serde_json::from_str::<Value>(&line).is_err()) {
                child.kill()?;
                return Err(format!("{line}, not {change}").into());
            }
        }
        assert_eq!(interrupt(&mut child)?, Some(expected), "{id}");
    }
    Ok(())
}

/// Nothing is ever answered, so there is no change.
pub fn watch_prints_at_once_what_is_known(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    service.misbehave_always(Some("stall-head".parse()?));
    for extra in [&[][..], &["--json"]] {
        let mut command = tool.command(&service, &["watch", "field_ok_4", "--project", PROJECT]);
        let mut child = command.args(extra).stdout(Stdio::piped()).spawn()?;
        let line = lines_of(child.stdout.take().ok_or("no stdout")?).recv_timeout(PATIENCE);
        assert_eq!(interrupt(&mut child)?, Some(3));
        let line = line.map_err(|_| "nothing was printed")?;
        assert!(line.contains("UNKNOWN"), "{line}");
        assert!(extra.is_empty() || serde_json::from_str::<Value>(&line).is_ok(), "{line}");
    }
    Ok(())
}

pub fn watch_says_what_goes_wrong(tool: &Tool) -> Result<(), Failed> {
    let service = service()?;
    service.misbehave_always(Some("error:InternalError".parse()?));
    let mut command = tool.command(&service, &["watch", "field_ok_4", "--project", PROJECT]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let said = lines_of(child.stderr.take().ok_or("no stderr")?).recv_timeout(PATIENCE);
    assert_eq!(interrupt(&mut child)?, Some(3));
    let said = said.map_err(|_| "nothing was said")?;
    if said.starts_with("trro-status: ") && said.contains("InternalError") { Ok(()) } else { Err(said.into()) }
}
