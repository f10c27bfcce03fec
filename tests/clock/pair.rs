//! The service and the machine that asks it, each with a clock that the test sets.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use emulator::{Emulator, Options};

pub const HOUR_S: i64 = 3600;
pub const DAY_S: i64 = 24 * HOUR_S;
pub const YEAR_S: i64 = 365 * DAY_S;
/// How far off what is learned may be: a second that `Date` leaves open, and the noise of a busy machine.
pub const NEAR_S: i64 = 3;

/// The service and the machine that asks it.
pub struct Pair {
    pub service: Emulator,
    program: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    log: Vec<String>,
}

/// What a call came to.
#[derive(Debug)]
pub struct Called {
    pub status: String,
    pub attempts: usize,
    pub message: String,
    /// How many requests the service saw.
    pub requests: usize,
    pub log: Vec<String>,
}

impl Pair {
    pub fn new(binary: &Path, options: Options) -> Pair {
        let service = Emulator::start(Options { tls: true, requests_per_s: 0, ..options }).unwrap();
        let ca_file = binary.with_file_name(format!("{}.pem", service.url().replace([':', '/'], "-")));
        std::fs::write(&ca_file, service.ca_pem()).unwrap();
        let mut program = Command::new(binary)
            .env("TRRO_ENDPOINT", service.url())
            .env("TRRO_CA_FILE", ca_file)
            .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
            .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY)
            .env_remove("TENCENTCLOUD_TOKEN")
            .env_remove("TENCENTCLOUD_REGION")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (program.stdin.take(), BufReader::new(program.stdout.take().unwrap()));
        Pair { service, program, input, output, log: Vec::new() }
    }

    /// With a client whose requests are sent up to four times, on a machine whose clock says `system_time_s` now.
    pub fn with_system_time(binary: &Path, options: Options, system_time_s: i64) -> Pair {
        let mut pair = Pair::new(binary, options);
        pair.set_system_time(system_time_s);
        pair.ask("new 4");
        pair
    }

    pub fn set_system_time(&mut self, system_time_s: i64) {
        self.ask(&format!("shift {}", system_time_s - now_s()));
    }

    /// The last line of the answer to a command.
    pub fn ask(&mut self, command: &str) -> String {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the program ended at: {command}");
            match line.trim_end().strip_prefix("= ") {
                Some(answer) => return answer.to_owned(),
                None => self.log.push(line),
            }
        }
    }

    pub fn requests(&self) -> usize {
        self.service.statistics().requests.len()
    }

    pub fn call(&mut self) -> Called {
        let before = self.requests();
        self.log.clear();
        let answer = self.ask("call");
        let mut words = answer.splitn(3, ' ');
        Called {
            status: words.next().unwrap().to_owned(),
            attempts: words.next().unwrap().parse().unwrap(),
            message: words.next().unwrap_or_default().to_owned(),
            requests: self.requests() - before,
            log: std::mem::take(&mut self.log),
        }
    }

    pub fn offset_ms(&mut self) -> Option<i64> {
        let answer = self.ask("offset");
        (answer != "absent").then(|| answer.parse().unwrap())
    }

    /// The client knows by how much the service's clock is ahead of the system clock.
    #[track_caller]
    pub fn check_offset(&mut self, expected_s: i64) {
        let offset_ms = self.offset_ms().expect("an offset");
        assert!((offset_ms - expected_s * 1000).abs() <= NEAR_S * 1000, "{offset_ms} ms, not {expected_s} s");
    }

    pub fn timestamp_of_last_request(&self) -> i64 {
        let requests = self.service.statistics().requests;
        requests.last().unwrap().header("X-TC-Timestamp").unwrap().parse().unwrap()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // The program ends with its input.
        drop(self.input.take());
        let status = self.program.wait();
        if !std::thread::panicking() {
            assert!(status.unwrap().success());
        }
    }
}

impl Called {
    /// It succeeded, and sent exactly so many requests.
    #[track_caller]
    pub fn succeeded_with(&self, requests: usize) {
        assert_eq!(
            (self.status.as_str(), self.requests, self.attempts),
            ("TRRO_STATUS_OK", requests, requests),
            "{self:?}"
        );
    }

    #[track_caller]
    pub fn failed_with(&self, status: &str, requests: usize) {
        assert_eq!((self.status.as_str(), self.requests), (status, requests), "{self:?}");
    }

    /// It was refused because of the time, and the message says so.
    #[track_caller]
    pub fn failed_at_the_clock(&self, requests: usize) {
        self.failed_with("TRRO_STATUS_TLS_FAILED", requests);
        assert!(self.message.contains("clock"), "{self:?}");
    }

    /// So many warnings say that the system clock is two hours behind.
    #[track_caller]
    pub fn told_of_two_hours(&self, times: usize) {
        let told: Vec<_> = self.log.iter().filter(|line| line.contains("system clock")).collect();
        let offset_s = |line: &str| line.split_once('+')?.1.split(' ').next()?.parse::<i64>().ok();
        let is_right = |line: &str| offset_s(line).is_some_and(|offset_s| (offset_s - 2 * HOUR_S).abs() <= NEAR_S);
        assert!(
            told.len() == times && told.iter().all(|line| line.starts_with("log 2 ") && is_right(line)),
            "{self:?}"
        );
    }
}

/// Seconds since 1970, by the clock of the machine on which the test runs.
pub fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}
