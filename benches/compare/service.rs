//! The server of the benchmark, from outside: starts it, and asks it for its counters. Uses `system`.

use std::collections::HashMap;
use std::env;
use std::io::{BufRead, BufReader, read_to_string};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;

use crate::system;

/// As the server says them.
pub type Counters = HashMap<String, u64>;

/// The running server; it ends when dropped.
pub struct Service {
    process: Child,
    http: u16,
    https: u16,
    counters: u16,
    pub ca_file: PathBuf,
}

impl Service {
    /// Starts it on one core.
    pub fn start(core: usize, ca_file: PathBuf) -> Result<Service, Failed> {
        let mut command = Command::new(env::current_exe()?);
        command.arg("serve").arg(&ca_file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = system::pin(&mut command, core).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("the server has no stdout")?).lines();
        let mut port = || -> Result<u16, Failed> {
            let line = lines.next().ok_or("the server has ended")??;
            Ok(line.rsplit(' ').next().unwrap_or_default().parse()?)
        };
        let (http, https, counters) = (port()?, port()?, port()?);
        Ok(Service { process, http, https, counters, ca_file })
    }

    pub fn url(&self, tls: bool) -> String {
        Service::url_at(tls, self.port(tls))
    }

    pub fn port(&self, tls: bool) -> u16 {
        if tls { self.https } else { self.http }
    }

    /// The name is that of its certificate.
    pub fn url_at(tls: bool, port: u16) -> String {
        if tls { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") }
    }

    /// What it has counted, once every connection is closed.
    pub fn counters(&self) -> Result<Counters, Failed> {
        loop {
            let counters = key_values(&read_to_string(TcpStream::connect((Ipv4Addr::LOCALHOST, self.counters))?)?);
            if counters.get("open") == Some(&0) {
                return Ok(counters);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Lines of `key value`; others are passed over.
pub fn key_values(text: &str) -> Counters {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(key, value)| Some((key.to_owned(), value.parse().ok()?)))
        .collect()
}
