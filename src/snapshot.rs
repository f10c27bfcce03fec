//! The last known answer of a watch, in a file: for a start without a network. Uses `authorization`, `error`.
//!
//! The file is a line that says what follows and its digest (SHA-256, or HMAC-SHA-256 with a key), and a line of JSON. It protects
//! against corruption and against a file of another device; with a key also against whoever does not have it. It does not
//! protect against who can put back an older file that was good once, or who reads the key.
//!
//! It is replaced as a whole: written beside, flushed, and renamed, so that after a power cut there is the old or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::authorization::{Facts, Finding, Reason, RequestId};
use crate::error::{Error, printable};

/// How many bytes a key has.
pub const KEY_BYTES: usize = 32;

const FORMAT: &str = "trro-snapshot 1";
const MOST_BYTES: u64 = 64 << 10;

/// Where the answer about one device is kept.
pub struct Snapshot {
    path: PathBuf,
    key: Option<Zeroizing<[u8; KEY_BYTES]>>,
    whose: Whose,
}

/// What an answer is about. An answer for other streams is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Whose {
    endpoint: String,
    project_id: String,
    device_id: String,
    streams: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    whose: Whose,
    answered_at_s: i64,
    reason: i32,
    license_count: Option<i64>,
    remain_days: Option<i64>,
    expire_time_s: Option<i64>,
    monthly_remain_time: Option<i64>,
    limited_time_minutes: Option<i64>,
    request_id: String,
}

impl Snapshot {
    /// For the answers of the service at `endpoint` about this device and so many streams.
    pub fn new(
        path: &str,
        key: Option<&[u8; KEY_BYTES]>,
        endpoint: &str,
        project_id: &str,
        device_id: &str,
        streams: u32,
    ) -> Snapshot {
        Snapshot {
            path: PathBuf::from(path),
            key: key.map(|key| Zeroizing::new(*key)),
            whose: Whose {
                endpoint: endpoint.to_owned(),
                project_id: project_id.to_owned(),
                device_id: device_id.to_owned(),
                streams,
            },
        }
    }

    /// The answer that is kept, if there is a file; when it came since boot is not in it. An error says what is wrong with it.
    pub fn read(&self) -> Result<Option<Finding>, Error> {
        let text = match self.text() {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("cannot be read", &error)),
        };
        let content = self.decode(&text).map_err(|fault| self.fault(fault))?;
        if content.whose != self.whose {
            return Err(self.fault("holds the answer of another service, about another device or for other streams"));
        }
        content.finding().map(Some).ok_or_else(|| self.fault("holds a reason that this version does not know"))
    }

    /// Replaces what is kept.
    pub fn write(&self, finding: &Finding) -> Result<(), Error> {
        let json = serde_json::to_string(&Content::of(&self.whose, finding))
            .map_err(|error| self.fault(&error.to_string()))?;
        let (name, digest) = self.digest(&json);
        let text = format!("{FORMAT} {name} {digest}\n{json}\n");
        self.replace(text.as_bytes()).map_err(|error| self.failed("cannot be written", &error))
    }

    fn text(&self) -> io::Result<String> {
        // Non-blocking, or opening a FIFO would wait for somebody to write to it.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut text = String::new();
        file.take(MOST_BYTES).read_to_string(&mut text)?;
        Ok(text)
    }

    fn decode(&self, text: &str) -> Result<Content, &'static str> {
        let (head, json) = text.split_once('\n').ok_or("is damaged: it has no second line")?;
        let json = json.strip_suffix('\n').ok_or("is damaged: it ends too early")?;
        let mut words = head.strip_prefix(FORMAT).ok_or("is no snapshot of this version")?.split(' ').skip(1);
        let (name, digest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is_right = match (&self.key, name) {
            (None, "sha256") => self.digest(json).1 == digest,
            (Some(key), "hmac-sha256") => is_hmac(key, json, digest),
            (None, _) => return Err("was made with a key, and none is given"),
            (Some(_), _) => return Err("was made without a key, and one is given"),
        };
        if !is_right || words.next().is_some() {
            return Err("is damaged, or not made with this key: its digest is wrong");
        }
        serde_json::from_str(json).map_err(|_| "holds what this version does not know")
    }

    fn digest(&self, json: &str) -> (&'static str, String) {
        match &self.key {
            None => ("sha256", hex::encode(Sha256::digest(json))),
            Some(key) => (
                "hmac-sha256",
                hmac(key, json).map_or_else(String::new, |mac| hex::encode(mac.finalize().into_bytes())),
            ),
        }
    }

    fn replace(&self, text: &[u8]) -> io::Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // Of this process and of this moment only, so that no two writers share one.
        let mut beside = self.path.clone().into_os_string();
        beside.push(format!(".{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let beside = PathBuf::from(beside);
        let replaced = write_flushed(&beside, text)
            .and_then(|()| fs::rename(&beside, &self.path))
            .and_then(|()| flush_folder(&self.path));
        if replaced.is_err() {
            // It may not even be there.
            let _ = fs::remove_file(&beside);
        }
        replaced
    }

    fn fault(&self, fault: &str) -> Error {
        let path = printable(&self.path.to_string_lossy());
        Error::invalid_argument("snapshot_path", format_args!("{fault}: {path}"))
    }

    fn failed(&self, what: &str, error: &io::Error) -> Error {
        let path = printable(&self.path.to_string_lossy());
        Error::invalid_argument("snapshot_path", format_args!("{what}: {path}: {error}")).with_os_error(error)
    }
}

impl Content {
    fn of(whose: &Whose, finding: &Finding) -> Content {
        let Finding { reason, facts, limited_time_minutes, answered_at_s, request_id, .. } = *finding;
        Content {
            whose: whose.clone(),
            answered_at_s,
            reason: reason as i32,
            license_count: facts.license_count,
            remain_days: facts.remain_days,
            expire_time_s: facts.expire_time_s,
            monthly_remain_time: facts.monthly_remain_time,
            limited_time_minutes,
            request_id: request_id.text(),
        }
    }

    fn finding(&self) -> Option<Finding> {
        Some(Finding {
            reason: Reason::ALL.into_iter().find(|reason| *reason as i32 == self.reason)?,
            streams: self.whose.streams,
            facts: Facts {
                license_count: self.license_count,
                remain_days: self.remain_days,
                expire_time_s: self.expire_time_s,
                monthly_remain_time: self.monthly_remain_time,
            },
            limited_time_minutes: self.limited_time_minutes,
            answered_at_s: self.answered_at_s,
            answered_boottime_ms: 0,
            request_id: RequestId::new(&self.request_id),
        })
    }
}

/// A finding of an earlier run as it is to be taken at this moment: as old as the clock says. If the clock is behind the moment at
/// which it was answered, its age is unknown, and so is all it says.
pub fn recalled(kept: &Finding, now_s: i64, since_boot_ms: i64) -> Finding {
    let age_s = now_s.saturating_sub(kept.answered_at_s);
    if age_s < 0 {
        return Finding { reason: Reason::AgeUnknown, answered_boottime_ms: since_boot_ms, ..*kept };
    }
    Finding { answered_boottime_ms: since_boot_ms.saturating_sub(age_s.saturating_mul(1000)), ..*kept }
}

fn hmac(key: &Zeroizing<[u8; KEY_BYTES]>, json: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).ok()?;
    mac.update(json.as_bytes());
    Some(mac)
}

fn is_hmac(key: &Zeroizing<[u8; KEY_BYTES]>, json: &str, digest: &str) -> bool {
    hex::decode(digest).is_ok_and(|digest| hmac(key, json).is_some_and(|mac| mac.verify_slice(&digest).is_ok()))
}

fn write_flushed(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Else a power cut may take the renaming back.
fn flush_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
