//! This test program as another process, which writes: once, or until it is killed.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use trro::authorization::{Facts, Reason, RequestId};
use trro::snapshot::{self, Content, Whose};

const WORK: &str = "TRRO_TEST_SNAPSHOT_WORK";
const PATH: &str = "TRRO_TEST_SNAPSHOT_PATH";

/// What every answer in these tests is about.
pub const WHOSE: Whose<'static> =
    Whose { endpoint: "https://trro.intl.tencentcloudapi.com/", project_id: "project-1", device_id: "truck-7" };

pub fn old() -> Content {
    Content {
        endpoint: WHOSE.endpoint.to_owned(),
        project_id: WHOSE.project_id.to_owned(),
        device_id: WHOSE.device_id.to_owned(),
        reason: Reason::Authorized,
        streams: 2,
        facts: Facts {
            license_count: Some(2),
            remain_days: Some(30),
            expire_time_s: Some(1_802_592_000),
            monthly_remain_time: Some(60_000),
        },
        limited_time_minutes: Some(6000),
        answered_at_s: 1_800_000_000,
        request_id: RequestId::new("eac6b301-a322-493a-8e36-83b295459397"),
    }
}

/// Shorter than the old one, so that the end of that would show.
pub fn new() -> Content {
    Content {
        reason: Reason::NotFound,
        facts: Facts::default(),
        limited_time_minutes: None,
        answered_at_s: 1_800_000_300,
        request_id: RequestId::new(""),
        ..old()
    }
}

pub fn read(path: &Path) -> Content {
    snapshot::read(path, &WHOSE, None).unwrap().unwrap()
}

pub fn is_one() -> bool {
    env::var_os(WORK).is_some()
}

pub fn run() {
    let path = PathBuf::from(env::var_os(PATH).unwrap());
    match env::var(WORK).unwrap().as_str() {
        "once" => {
            if let Err(error) = snapshot::write(&path, &new(), None) {
                println!("{} {error}", error.os_error);
                std::process::exit(1);
            }
        }
        "small" => {
            // As a limit of the system does it, without the signal.
            let limit = libc::rlimit { rlim_cur: 100, rlim_max: 100 };
            #[allow(unsafe_code)]
            // SAFETY: a valid struct, and a signal that is ignored.
            unsafe {
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                libc::setrlimit(libc::RLIMIT_FSIZE, &limit);
            }
            let error = snapshot::write(&path, &new(), None).unwrap_err();
            println!("{} {error}", error.os_error);
        }
        _ => for_ever(&path),
    }
}

/// Writes both in turn. Says so once it has begun.
fn for_ever(path: &Path) {
    let both = [old(), new()];
    for round in 0.. {
        if let Err(error) = snapshot::write(path, &both[round % 2], None) {
            assert!(error.message.ends_with("is being written by another"), "{error}");
        }
        if round == 2 {
            println!("begun");
        }
    }
}

/// What another process is to do, with this path.
pub fn with_work(command: &mut Command, work: &str, path: &Path) {
    command.env(WORK, work).env(PATH, path).stdin(Stdio::null());
}

pub fn command(work: &str, path: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    with_work(&mut command, work, path);
    command
}

/// `tool` with these arguments, around a process that writes once.
pub fn once_under<A: AsRef<OsStr>>(tool: &Path, arguments: &[A], path: &Path) -> Command {
    let mut command = Command::new(tool);
    command.args(arguments).arg(env::current_exe().unwrap());
    with_work(&mut command, "once", path);
    command
}

/// A process that writes both in turn, until it is dropped.
pub struct Writer(Child);

impl Writer {
    pub fn start(path: &Path) -> Writer {
        let mut child = command("for ever", path).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "begun\n");
        Writer(child)
    }

    /// Whether it still writes: a failure would have ended it.
    pub fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
