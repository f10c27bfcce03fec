//! What happens to the disk.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use libtest_mimic::Failed;
use trro::snapshot;

use crate::child::{self, new, old};
use crate::crash::with_old;
use crate::support::{self, Outcome, missing, with_tool};

/// One of the system calls that a write makes.
#[derive(Debug)]
pub struct Call {
    pub name: String,
    /// Among those of this name, from 1.
    pub nth: usize,
    /// As strace has it.
    pub line: String,
}

/// Every system call that has to do with a descriptor or a file when the old one is replaced, from the first that names
/// it on.
pub fn calls_of_a_write(strace: &Path) -> Result<Vec<Call>, Failed> {
    let folder = tempfile::tempdir().unwrap();
    let (path, log) = (folder.path().join("answer"), folder.path().join("log"));
    snapshot::write(&path, &old(), None).unwrap();
    let arguments = ["-qq", "-y", "-e", "trace=%file,%desc", "-o", log.to_str().unwrap()];
    support::run(&mut child::once_under(strace, &arguments, &path))?;
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut calls = Vec::new();
    for line in fs::read_to_string(&log).unwrap().lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        let nth = counts.entry(name.to_owned()).or_default();
        *nth += 1;
        let is_of_the_write = line.contains(path.to_str().unwrap()) && name != "execve";
        if is_of_the_write || !calls.is_empty() {
            calls.push(Call { name: name.to_owned(), nth: *nth, line: line.to_owned() });
        }
    }
    assert!(calls.len() > 8, "{calls:?}");
    Ok(calls)
}

/// What the process has said of its failure.
fn failure(output: &Output, path: &Path) -> (i32, String) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (os_error, message) = said.trim_end().split_once(' ').unwrap_or_else(|| panic!("{output:?}"));
    assert!(message.starts_with(&format!("the snapshot file {} ", path.display())), "{message}");
    (os_error.parse().unwrap(), message.to_owned())
}

pub fn an_error_of_any_system_call() -> Outcome {
    with_tool("strace", |strace| {
        let mut failures = 0;
        for call in calls_of_a_write(strace)? {
            with_old(|path| {
                let fail = format!("inject={}:error=EIO:when={}", call.name, call.nth);
                let mut command = child::once_under(strace, &["-qq", "-o", "/dev/null", "-e", &fail], path);
                let output = command.output().unwrap();
                // The first look at the file may fail, since opening it comes later; nobody asks what closing says.
                let is_without_effect = call.name == "close" || output.status.success();
                let is_at_the_end = call.name == "fsync" && !call.line.contains("answer");
                let expected = if is_without_effect || is_at_the_end { new() } else { old() };
                assert_eq!(child::read(path), expected, "{call:?}");
                if !is_without_effect {
                    failures += 1;
                    assert_eq!(failure(&output, path).0, libc::EIO, "{call:?}");
                }
                assert!(output.status.code().is_some_and(|code| code <= 1), "{call:?}: {output:?}");
            });
        }
        assert!(failures > 8, "{failures}");
        Ok(())
    })
}

pub fn it_is_on_the_disk_before_its_name() -> Outcome {
    with_tool("strace", |strace| {
        let calls = calls_of_a_write(strace)?;
        let steps: Vec<&str> = calls
            .iter()
            .filter_map(|call| match call.name.as_str() {
                "write" => Some("write"),
                "fsync" if call.line.contains("/answer.new>") => Some("flush the file"),
                "fsync" => Some("flush the folder"),
                name if name.starts_with("rename") => Some("rename"),
                _ => None,
            })
            .collect();
        assert_eq!(steps, ["write", "flush the file", "rename", "flush the folder"], "{calls:?}");
        Ok(())
    })
}

pub fn it_is_opened_for_nobody_else() -> Outcome {
    with_tool("strace", |strace| {
        let calls = calls_of_a_write(strace)?;
        let created: Vec<&Call> = calls.iter().filter(|call| call.line.contains("O_CREAT")).collect();
        assert_eq!(created.len(), 1, "{calls:?}");
        for part in ["/answer.new\"", "O_NOFOLLOW", "O_CLOEXEC", ", 0600)"] {
            assert!(created[0].line.contains(part), "{part}: {created:?}");
        }
        Ok(())
    })
}

pub fn a_limit_leaves_the_old_one() {
    with_old(|path| {
        let output = child::command("small", path).output().unwrap();
        assert_eq!(failure(&output, path).0, libc::EFBIG);
        assert_eq!(child::read(path), old());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "the unfinished file is still there");
    });
}

/// On a file system of its own with 8 KiB, after `preparation` in its root; what the process has said, and the file
/// then.
fn on_a_disk(preparation: &str, expected: i32) -> Outcome {
    let mounted = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--user", "--mount", "sh", "-ec"]);
        command.arg(format!("mount -t tmpfs -o size=8k trro \"$(dirname \"$1\")\"; {script}")).arg("sh");
        command
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer");
    if !mounted("true").arg(&path).output().is_ok_and(|output| output.status.success()) {
        return missing("file systems cannot be mounted in a namespace");
    }
    with_old(|good| {
        let script = format!(
            "cp \"$2\" \"$1\"; cd \"$(dirname \"$1\")\"; {preparation}; cd /; \"$3\" || true; cmp \"$1\" \"$2\"; \
             ls \"$(dirname \"$1\")\" | grep -v zeros >&2"
        );
        let mut command = mounted(&script);
        command.arg(&path).arg(good).arg(std::env::current_exe().unwrap());
        child::with_work(&mut command, "once", &path);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(failure(&output, &path).0, expected);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "answer\n");
    });
    Ok(libtest_mimic::Completion::Completed)
}

pub fn on_a_full_disk_the_old_one_stays() -> Outcome {
    on_a_disk("dd if=/dev/zero of=zeros bs=1k 2>/dev/null || true", libc::ENOSPC)
}

pub fn on_a_read_only_disk_the_old_one_stays() -> Outcome {
    on_a_disk("mount -o remount,ro \"$PWD\"", libc::EROFS)
}
