//! The account while the emulator runs, and the file that keeps it for the next time.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Options;
use crate::account::{Account, DEFAULT};

pub struct State {
    account: Account,
    file: Option<PathBuf>,
}

impl State {
    /// What the file has, if there is one, else what the options say.
    pub fn new(options: &Options, now_s: i64) -> io::Result<State> {
        let saved = match &options.state {
            Some(path) => read(path)?,
            None => None,
        };
        let text = saved.as_deref().or(options.devices.as_deref()).unwrap_or(DEFAULT);
        Ok(State { account: parse(text, now_s)?, file: options.state.clone() })
    }

    /// Has another account from now on.
    pub fn replace(&mut self, text: &str, now_s: i64) -> io::Result<()> {
        self.account = parse(text, now_s)?;
        self.save()
    }

    pub fn account(&mut self) -> &mut Account {
        &mut self.account
    }

    pub fn to_json(&self) -> Value {
        self.account.to_json()
    }

    /// Whoever reads the file, or finds it after a crash, has all of it: the old state or the new one.
    pub fn save(&self) -> io::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let mut unfinished = OsString::from(path);
        unfinished.push(".new");
        fs::write(&unfinished, self.to_json().to_string())?;
        fs::rename(unfinished, path)
    }
}

fn parse(text: &str, now_s: i64) -> io::Result<Account> {
    Account::from_json(text, now_s).map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))
}

/// `None` if there is no such file yet.
fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
    }
}
