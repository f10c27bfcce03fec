//! What happens to the process that writes.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;
use trro::snapshot;

use crate::child::{self, Writer, new, old};
use crate::disk::calls_of_a_write;
use crate::support::{Outcome, with_tool};

const KILLS: u32 = 120;

/// A file with the old content in a folder of its own.
pub fn with_old(test: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer");
    snapshot::write(&path, &old(), None).unwrap();
    test(&path);
}

pub fn killed_at_any_moment() {
    with_old(|path| {
        let mut random = Rng::with_seed(23);
        for _ in 0..KILLS {
            let writer = Writer::start(path);
            sleep(Duration::from_micros(random.u64(..5000)));
            drop(writer);
            let content = child::read(path);
            assert!(content == old() || content == new(), "{content:?}");
        }
        // What the last one left is in nobody's way.
        snapshot::write(path, &new(), None).unwrap();
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    });
}

pub fn two_processes_do_not_mix() {
    with_old(|path| {
        let mut writers = [Writer::start(path), Writer::start(path), Writer::start(path)];
        let (mut olds, mut news) = (0, 0);
        while olds < 2000 || news < 2000 {
            let content = child::read(path);
            olds += u32::from(content == old());
            news += u32::from(content == new());
            assert!(content == old() || content == new(), "{content:?}");
            assert!(writers.iter_mut().all(Writer::is_alive), "one has failed");
        }
    });
}

/// Between any two system calls, which is wherever the outside could see a difference.
pub fn killed_before_every_system_call() -> Outcome {
    with_tool("strace", |strace| {
        let (mut olds, mut news) = (0, 0);
        for call in calls_of_a_write(strace)? {
            with_old(|path| {
                let kill = format!("inject={}:signal=KILL:when={}", call.name, call.nth);
                let mut command = child::once_under(strace, &["-qq", "-o", "/dev/null", "-e", &kill], path);
                let status = command.status().unwrap();
                assert_eq!(status.signal(), Some(libc::SIGKILL), "{call:?}: {status}");
                let content = child::read(path);
                olds += u32::from(content == old());
                news += u32::from(content == new());
                assert!(content == old() || content == new(), "{call:?}: {content:?}");
                snapshot::write(path, &new(), None).unwrap();
            });
        }
        assert!(olds > 5 && news > 0, "{olds} {news}");
        Ok(())
    })
}

/// What a process has opened to lock it may by then have become the file itself, which must never be emptied.
pub fn what_another_has_finished_is_not_emptied() -> Outcome {
    with_tool("strace", |strace| {
        with_old(|path| {
            let unfinished = path.with_file_name("answer.new");
            let late = "inject=flock:delay_enter=1000000:when=1";
            let mut command = child::once_under(strace, &["-qq", "-o", "/dev/null", "-e", late], path);
            let mut child = command.spawn().unwrap();
            while !unfinished.exists() {
                assert!(child.try_wait().unwrap().is_none());
                sleep(Duration::from_millis(1));
            }
            snapshot::write(path, &old(), None).unwrap();
            assert!(child.wait().unwrap().success(), "it did not begin anew");
            assert_eq!(child::read(path), new());
        });
        Ok(())
    })
}
