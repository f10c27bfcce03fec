//! The last known answer about a device, in a file: after a crash or a power cut the old one or the new one, never
//! another. Uses `authorization`, `sys`, `error`.
//!
//! The file is a head line, and everything that is known as JSON:
//!
//! ```text
//! trro-snapshot 1 sha256 <SHA-256 of the rest of the file, in lower-case hexadecimal>
//! {
//!   "version": 1,
//! ```
//!
//! With a key of the caller's the word is `hmac-sha256`, and so is the digest. A file with the other word is refused,
//! or whoever can write the file could do without the key.
//!
//! What SHA-256 finds out: a damaged file, and with the fields below it the file of another device. What only the key
//! does: a file that somebody made up. What neither does: an old file of the same device put back in its place, and
//! somebody who can read the key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::authorization::{Facts, Finding, Reason, RequestId, judge};
use crate::error::{Error, Status, printable, shown};
use crate::sys;

/// With which a caller protects the file from whoever does not have it.
pub type Key = [u8; 32];

const NAME: &str = "trro-snapshot";
const VERSION: u32 = 1;
const SHA_256: &str = "sha256";
const HMAC_SHA_256: &str = "hmac-sha256";
/// A file has less than 1 KiB, and some more where ids are long.
const MAX_BYTES: usize = 64 << 10;
/// What the name of the file is followed by while it is being written.
const UNFINISHED: &str = ".new";
/// How often the unfinished file may be finished by others between opening and locking it.
const MOST_OPENINGS: u32 = 10;

/// What an answer is about. An answer about anything else is not for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whose<'a> {
    /// The URL of the service.
    pub endpoint: &'a str,
    /// The project, in which ids of devices are unique.
    pub project_id: &'a str,
    /// The device.
    pub device_id: &'a str,
}

/// What is kept of a [`Finding`]: all but its time since boot, which means nothing to another boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// As in [`Whose`].
    pub endpoint: String,
    /// As in [`Whose`].
    pub project_id: String,
    /// As in [`Whose`].
    pub device_id: String,
    /// As in [`Finding`], for so many streams.
    #[serde(with = "StoredReason")]
    pub reason: Reason,
    /// As in [`Finding`].
    pub streams: u32,
    /// As in [`Finding`].
    #[serde(with = "StoredFacts")]
    pub facts: Facts,
    /// As in [`Finding`].
    #[serde(deserialize_with = "required")]
    pub limited_time_minutes: Option<i64>,
    /// As in [`Finding`].
    pub answered_at_s: i64,
    /// As in [`Finding`].
    #[serde(serialize_with = "store_request_id", deserialize_with = "stored_request_id")]
    pub request_id: RequestId,
}

/// The JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<C> {
    version: u32,
    answer: C,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Facts", deny_unknown_fields)]
struct StoredFacts {
    #[serde(deserialize_with = "required")]
    license_count: Option<i64>,
    #[serde(deserialize_with = "required")]
    remain_days: Option<i64>,
    #[serde(deserialize_with = "required")]
    expire_time_s: Option<i64>,
    #[serde(deserialize_with = "required")]
    monthly_remain_time: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reason", rename_all = "snake_case")]
enum StoredReason {
    NotAsked,
    Authorized,
    NotFound,
    NotBound,
    NotEnough,
    Expired,
    NoDuration,
    RowsDiffer,
    CountUnknown,
    ExpiryContradicts,
    ExpiryUnknown,
    TooOld,
    AgeUnknown,
    ListChanged,
    AvailableDiffers,
}

/// A number or null; a field that is not there is neither.
fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Option::deserialize(deserializer)
}

fn store_request_id<S: serde::Serializer>(request_id: &RequestId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&request_id.text())
}

fn stored_request_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RequestId, D::Error> {
    String::deserialize(deserializer).map(|text| RequestId::new(&text))
}

impl Content {
    /// What is to be kept of an answer.
    pub fn new(whose: &Whose<'_>, finding: &Finding) -> Content {
        let Finding {
            reason,
            streams,
            facts,
            limited_time_minutes,
            answered_at_s,
            answered_boottime_ms: _,
            request_id,
        } = *finding;
        Content {
            endpoint: whose.endpoint.to_owned(),
            project_id: whose.project_id.to_owned(),
            device_id: whose.device_id.to_owned(),
            reason,
            streams,
            facts,
            limited_time_minutes,
            answered_at_s,
            request_id,
        }
    }

    /// The answer as it is to be read from now on, for so many streams: as old as the system clock says it is. Where
    /// that clock is behind it nothing can be said, and why not is the error. That it is too old is for whoever reads
    /// it to say, then and later.
    pub fn recalled(&self, streams: u32, system_time_s: i64, since_boot_ms: i64) -> Result<Finding, Reason> {
        if system_time_s < self.answered_at_s {
            return Err(Reason::AgeUnknown);
        }
        let age_ms = system_time_s.saturating_sub(self.answered_at_s).saturating_mul(1000);
        Ok(Finding {
            reason: self.reason_for(streams),
            streams,
            facts: self.facts,
            limited_time_minutes: self.limited_time_minutes,
            answered_at_s: self.answered_at_s,
            answered_boottime_ms: since_boot_ms.saturating_sub(age_ms),
            request_id: self.request_id,
        })
    }

    /// The configuration may have changed since: the same row is judged for as many streams as are wanted now.
    fn reason_for(&self, streams: u32) -> Reason {
        match self.reason {
            // There is no row, or not only one.
            Reason::NotFound | Reason::RowsDiffer => self.reason,
            _ if streams == self.streams => self.reason,
            _ => judge(&[self.facts], streams, self.answered_at_s),
        }
    }

    fn check(&self, whose: &Whose<'_>) -> Result<(), String> {
        let fields = [
            ("endpoint", &self.endpoint, whose.endpoint),
            ("project", &self.project_id, whose.project_id),
            ("device", &self.device_id, whose.device_id),
        ];
        match fields.into_iter().find(|(_, is, wanted)| is != wanted) {
            Some((field, is, wanted)) => {
                Err(format!("is of the {field} {}, not of {}", printable(is), printable(wanted)))
            }
            None => Ok(()),
        }
    }
}

/// Puts the answer in the place of what is in the file. Whatever happens meanwhile, the file is the old one or the new
/// one: a file beside it, its name with `.new`, is written to the disk first. A crash may leave that one; the next to
/// write takes it. It is locked, so that two who write cannot mix: the second fails, with nothing lost, since the first
/// knows as much.
pub fn write(path: &Path, content: &Content, key: Option<&Key>) -> Result<(), Error> {
    let text = text_of(content, key).map_err(|fault| failed(path, fault))?;
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(failed(path, NOT_A_FILE));
    }
    let cannot = |what: &'static str| {
        move |error: io::Error| failed(path, format!("cannot be {what}: {error}")).with_os_error(&error)
    };
    let place = Place::of(path).ok_or_else(|| failed(path, "has no name"))?;
    // Before anything changes, since without it nothing can be made to last.
    let folder = File::open(&place.folder).map_err(cannot("written, since its folder cannot be opened"))?;
    let unfinished = place.open_unfinished().map_err(cannot("written"))?;
    let mut file = unfinished.ok_or_else(|| failed(path, "is being written by another"))?;
    let finished = fill(&mut file, text.as_bytes()).and_then(|()| fs::rename(&place.unfinished, path));
    if let Err(error) = finished {
        // Nobody else touches it while this one has the lock.
        let _ = fs::remove_file(&place.unfinished);
        return Err(cannot("written")(error));
    }
    folder.sync_all().map_err(cannot("made to last, though it is written"))
}

/// The answer in the file, or `None` without a file. A file that is damaged, made up or about something else is an
/// error.
pub fn read(path: &Path, whose: &Whose<'_>, key: Option<&Key>) -> Result<Option<Content>, Error> {
    let cannot_be_read = |error: io::Error| failed(path, format!("cannot be read: {error}")).with_os_error(&error);
    // Non-blocking, or opening a FIFO would wait for somebody to write to it.
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => return Ok(None),
        Err(error) => return Err(cannot_be_read(error)),
    };
    if !file.metadata().map_err(cannot_be_read)?.is_file() {
        return Err(failed(path, NOT_A_FILE));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(cannot_be_read)?;
    let content = parse(&bytes, key).map_err(|fault| failed(path, fault))?;
    content.check(whose).map_err(|fault| failed(path, fault))?;
    Ok(Some(content))
}

const NOT_A_FILE: &str = "is not a regular file";

fn failed(path: &Path, fault: impl AsRef<str>) -> Error {
    Error::new(Status::InvalidArgument, format!("the snapshot file {} {}", shown(path), fault.as_ref()))
}

/// Where a file is written.
struct Place {
    folder: PathBuf,
    unfinished: PathBuf,
}

impl Place {
    fn of(path: &Path) -> Option<Place> {
        let mut name = path.file_name()?.to_owned();
        name.push(UNFINISHED);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(Place { folder: folder.to_owned(), unfinished: path.with_file_name(name) })
    }

    /// The unfinished file, locked and empty; `None` if another writes it.
    fn open_unfinished(&self) -> io::Result<Option<File>> {
        for _ in 0..MOST_OPENINGS {
            // It is emptied once it is locked: another may be writing it.
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW)
                .open(&self.unfinished)?;
            let file = File::from(sys::beyond_standard_streams(file.into())?);
            if !sys::lock(&file)? {
                return Ok(None);
            }
            if self.is_unfinished(&file)? {
                file.set_permissions(fs::Permissions::from_mode(0o600))?;
                file.set_len(0)?;
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// Whether another has not finished or removed it before it was locked. Then it would be the file itself by now.
    fn is_unfinished(&self, file: &File) -> io::Result<bool> {
        let opened = file.metadata()?;
        if !opened.is_file() || opened.nlink() > 1 {
            // Not of this library's making: emptying it could destroy what somebody has under another name.
            return Err(io::Error::other(format!("{} is in the way", self.unfinished.display())));
        }
        match fs::symlink_metadata(&self.unfinished) {
            Ok(there) => Ok((there.dev(), there.ino()) == (opened.dev(), opened.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn fill(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// What is written to a file.
pub(crate) fn text_of(content: &Content, key: Option<&Key>) -> Result<String, String> {
    let stored = Stored { version: VERSION, answer: content };
    let json = serde_json::to_string_pretty(&stored).map_err(|error| format!("cannot be made: {error}"))? + "\n";
    let (algorithm, digest) = match key {
        None => (SHA_256, hex::encode(Sha256::digest(&json))),
        Some(key) => (HMAC_SHA_256, hex::encode(keyed(key, json.as_bytes())?.finalize().into_bytes())),
    };
    let text = format!("{NAME} {VERSION} {algorithm} {digest}\n{json}");
    // It could not be read again.
    if text.len() > MAX_BYTES { Err(format!("would have more than {MAX_BYTES} bytes")) } else { Ok(text) }
}

/// What a file with these bytes says.
pub(crate) fn parse(bytes: &[u8], key: Option<&Key>) -> Result<Content, String> {
    const OTHER: &str = "is not a snapshot of this library, or is damaged";
    if bytes.len() > MAX_BYTES {
        return Err(format!("has more than {MAX_BYTES} bytes"));
    }
    let head_bytes = bytes.iter().position(|byte| *byte == b'\n').ok_or(OTHER)?;
    let (head, json) = (&bytes[..head_bytes], &bytes[head_bytes + 1..]);
    let head = std::str::from_utf8(head).map_err(|_| OTHER)?;
    let words: Vec<&str> = head.split(' ').collect();
    let [NAME, version, algorithm, digest] = words[..] else { return Err(OTHER.to_owned()) };
    if version != VERSION.to_string() {
        return Err(format!("has version {}, and only {VERSION} is known", printable(version)));
    }
    match (algorithm, key) {
        (SHA_256, None) | (HMAC_SHA_256, Some(_)) => {}
        (SHA_256, Some(_)) => return Err("was written without a key, and one is given".to_owned()),
        (HMAC_SHA_256, None) => return Err("was written with a key, and none is given".to_owned()),
        _ => return Err(OTHER.to_owned()),
    }
    verify(digest, json, key)?;
    let stored: Stored<Content> = serde_json::from_slice(json)
        .map_err(|error| format!("has an unknown form: {}", printable(&error.to_string())))?;
    match stored.version {
        VERSION => Ok(stored.answer),
        other => Err(format!("has version {other}, and only {VERSION} is known")),
    }
}

fn verify(digest: &str, json: &[u8], key: Option<&Key>) -> Result<(), String> {
    let fault = match key {
        None => "is damaged: its digest is another",
        Some(_) => "is damaged, or was written with another key",
    };
    let bytes = hex::decode(digest).map_err(|_| fault)?;
    // Upper case means the same, and was not written here.
    let is_as_written = hex::encode(&bytes) == digest;
    let is_right = match key {
        None => bytes == Sha256::digest(json)[..],
        Some(key) => keyed(key, json)?.verify_slice(&bytes).is_ok(),
    };
    if is_as_written && is_right { Ok(()) } else { Err(fault.to_owned()) }
}

fn keyed(key: &Key, json: &[u8]) -> Result<Hmac<Sha256>, String> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| "cannot be made with this key")?;
    hmac.update(json);
    Ok(hmac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERED_S: i64 = 1_800_000_000;
    const FACTS: Facts = Facts {
        license_count: Some(2),
        remain_days: Some(0),
        expire_time_s: Some(ANSWERED_S + 1000),
        monthly_remain_time: None,
    };

    fn content(reason: Reason) -> Content {
        let finding = Finding {
            reason,
            streams: 2,
            facts: FACTS,
            limited_time_minutes: Some(5),
            answered_at_s: ANSWERED_S,
            answered_boottime_ms: 77,
            request_id: RequestId::new("id"),
        };
        Content::new(&Whose { endpoint: "https://x/", project_id: "project", device_id: "device" }, &finding)
    }

    #[test]
    fn a_recalled_answer_is_as_old_as_the_system_clock_says_also_if_it_is_older_than_the_boot() {
        for (age_s, since_boot) in [(0, 50), (30, 50), (50, 50), (1_000_000, 50), (0, 0), (i64::MAX - ANSWERED_S, 0)] {
            let since_boot = since_boot * 1000;
            let finding = content(Reason::Authorized).recalled(2, ANSWERED_S + age_s, since_boot).unwrap();
            assert_eq!(finding.age_ms(since_boot), age_s.saturating_mul(1000));
            assert_eq!(finding.age_ms(since_boot + 9000), (age_s.saturating_mul(1000)).saturating_add(9000));
            let expected = if age_s < 1000 { Reason::Authorized } else { Reason::Expired };
            assert_eq!(finding.reason_at(since_boot), expected, "{age_s}");
        }
    }

    #[test]
    fn a_recalled_answer_is_else_the_one_that_was_found() {
        let finding = content(Reason::NotEnough).recalled(2, ANSWERED_S, 0).unwrap();
        let expected = Finding {
            reason: Reason::NotEnough,
            streams: 2,
            facts: FACTS,
            limited_time_minutes: Some(5),
            answered_at_s: ANSWERED_S,
            answered_boottime_ms: 0,
            request_id: RequestId::new("id"),
        };
        assert_eq!(finding, expected);
    }

    #[test]
    fn with_a_clock_that_is_behind_the_answer_nothing_is_known() {
        for system_time_s in [ANSWERED_S - 1, 0, -1, i64::MIN] {
            let recalled = content(Reason::Authorized).recalled(2, system_time_s, 50_000);
            assert_eq!(recalled, Err(Reason::AgeUnknown), "{system_time_s}");
        }
    }

    #[test]
    fn no_time_overflows() {
        let extremes = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX];
        for answered_at_s in extremes {
            for system_time_s in extremes {
                for since_boot in [0, i64::MAX] {
                    let content = Content { answered_at_s, ..content(Reason::Authorized) };
                    if let Ok(finding) = content.recalled(1, system_time_s, since_boot) {
                        assert!(finding.age_ms(since_boot) >= 0);
                        finding.reason_at(since_boot);
                    }
                }
            }
        }
    }

    #[test]
    fn for_other_streams_than_were_asked_for_the_row_is_judged_again() {
        for (reason, streams, expected) in [
            (Reason::Authorized, 1, Reason::Authorized),
            (Reason::Authorized, 3, Reason::NotEnough),
            (Reason::NotEnough, 2, Reason::NotEnough),
            (Reason::NotEnough, 1, Reason::Authorized),
            (Reason::NotFound, 1, Reason::NotFound),
            (Reason::RowsDiffer, 1, Reason::RowsDiffer),
        ] {
            let finding = content(reason).recalled(streams, ANSWERED_S, 0).unwrap();
            assert_eq!((finding.reason, finding.streams), (expected, streams), "{reason:?} for {streams}");
        }
    }
}
