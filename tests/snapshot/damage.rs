//! What is done to the file.

use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use trro::error::Error;
use trro::snapshot::{self, Content, Key};

use crate::child::{self, WHOSE, new, old};
use crate::content::KEY;

/// A folder with one good file, and its bytes.
struct Good {
    folder: TempDir,
    path: PathBuf,
    bytes: Vec<u8>,
}

fn good(key: Option<&Key>) -> Good {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer");
    snapshot::write(&path, &old(), key).unwrap();
    let bytes = fs::read(&path).unwrap();
    Good { folder, path, bytes }
}

fn read_bytes(path: &Path, bytes: &[u8], key: Option<&Key>) -> Result<Option<Content>, Error> {
    fs::write(path, bytes).unwrap();
    snapshot::read(path, &WHOSE, key)
}

#[track_caller]
fn refused(path: &Path, bytes: &[u8], key: Option<&Key>) -> String {
    let error = match read_bytes(path, bytes, key) {
        Err(error) => error,
        Ok(content) => panic!("{content:?} from {}", String::from_utf8_lossy(bytes)),
    };
    let named = format!("the snapshot file {} ", path.display());
    error.message.strip_prefix(&named).unwrap_or_else(|| panic!("{error}")).to_owned()
}

pub fn every_flipped_bit_is_found() {
    for key in [None, Some(&KEY)] {
        let Good { folder: _folder, path, mut bytes } = good(key);
        for index in 0..bytes.len() {
            for bit in 0..8 {
                bytes[index] ^= 1 << bit;
                refused(&path, &bytes, key);
                bytes[index] ^= 1 << bit;
            }
        }
        assert_eq!(read_bytes(&path, &bytes, key).unwrap(), Some(old()));
    }
}

pub fn a_cut_file_is_refused() {
    for key in [None, Some(&KEY)] {
        let Good { folder: _folder, path, bytes } = good(key);
        for length in 0..bytes.len() {
            refused(&path, &bytes[..length], key);
        }
    }
}

pub fn a_longer_file_is_refused() {
    let Good { folder: _folder, path, bytes } = good(None);
    for more in [&b" "[..], b"\n", b"\0", &bytes] {
        refused(&path, &[&bytes, more].concat(), None);
    }
}

/// With its right SHA-256.
fn with_digest(json: &str) -> Vec<u8> {
    format!("trro-snapshot 1 sha256 {}\n{json}", hex::encode(Sha256::digest(json))).into_bytes()
}

fn json_of(good: &Good) -> String {
    std::str::from_utf8(&good.bytes).unwrap().split_once('\n').unwrap().1.to_owned()
}

pub fn a_large_file_is_not_read() {
    let good = good(None);
    let padded = |bytes: usize| {
        let json = json_of(&good);
        let blanks = bytes - with_digest(&json).len();
        with_digest(&(json + &" ".repeat(blanks)))
    };
    assert_eq!(read_bytes(&good.path, &padded(65_536), None).unwrap(), Some(old()));
    assert_eq!(refused(&good.path, &padded(65_537), None), "has more than 65536 bytes");
}

pub fn no_bytes_panic() {
    let good = good(None);
    let mut random = Rng::with_seed(11);
    for _ in 0..5000 {
        let length = random.usize(..400);
        let bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
        refused(&good.path, &bytes, None);
        // The digest does not hold back what is wrong with the rest.
        let mut json = json_of(&good).into_bytes();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..json.len());
            json[at] = random.u8(..);
        }
        let head = format!("trro-snapshot 1 sha256 {}\n", hex::encode(Sha256::digest(&json)));
        let _ = read_bytes(&good.path, &[head.as_bytes(), &json].concat(), None);
    }
}

pub fn an_unknown_form_is_refused() {
    let good = good(None);
    let json = json_of(&good);
    let mut forms = vec![String::new(), "null".into(), "{}".into(), "[".repeat(60_000), format!("{json}{json}")];
    for (known, other) in [
        ("{\n", "{\n\"new\": 1,"),
        ("\"answer\": {", "\"answer\": {\"new\": 1,"),
        ("\"facts\": {", "\"facts\": {\"new\": 1,"),
        ("\"version\": 1", "\"version\": 2"),
        ("\"authorized\"", "\"perhaps\""),
        ("\"authorized\"", "1"),
        ("\"streams\": 2", "\"streams\": -2"),
        ("\"remain_days\": 30", "\"remain_days\": 30.5"),
        ("\"remain_days\": 30", "\"remain_days\": \"30\""),
        ("\"remain_days\": 30", "\"remain_days\": 9223372036854775808"),
        ("\"remain_days\": 30", "\"remain_days\": 30, \"remain_days\": 30"),
    ] {
        assert!(json.contains(known), "{known}");
        forms.push(json.replacen(known, other, 1));
    }
    // Another name for a field is a field that is not there, and one that is unknown; without the line only the first.
    for line in json.lines().filter(|line| line.contains(": ") && !line.ends_with('{')) {
        forms
            .push(json.replacen(&format!("{line}\n"), "", 1).replace(",\n  }", "\n  }").replace(",\n    }", "\n    }"));
    }
    assert_eq!(forms.len(), 5 + 11 + 13);
    for form in forms {
        let fault = refused(&good.path, &with_digest(&form), None);
        assert!(fault.starts_with("has an unknown form: ") || fault.starts_with("has version 2"), "{fault}");
    }
    let other_version = std::str::from_utf8(&good.bytes).unwrap().replacen("snapshot 1", "snapshot 2", 1);
    assert_eq!(refused(&good.path, other_version.as_bytes(), None), "has version 2, and only 1 is known");
}

pub fn another_key_is_refused() {
    let good = good(Some(&KEY));
    for index in 0..KEY.len() {
        let mut other = KEY;
        other[index] ^= 1;
        assert_eq!(refused(&good.path, &good.bytes, Some(&other)), "is damaged, or was written with another key");
    }
    assert_eq!(refused(&good.path, &good.bytes, None), "was written with a key, and none is given");
}

pub fn a_digest_without_the_key_is_refused() {
    let good = good(Some(&KEY));
    let json = json_of(&good).replace("\"remain_days\": 30", "\"remain_days\": 99");
    let made_up = with_digest(&json);
    assert!(read_bytes(&good.path, &made_up, None).is_ok());
    assert_eq!(refused(&good.path, &made_up, Some(&KEY)), "was written without a key, and one is given");
    let renamed = String::from_utf8(made_up).unwrap().replacen("sha256", "hmac-sha256", 1);
    assert_eq!(refused(&good.path, renamed.as_bytes(), Some(&KEY)), "is damaged, or was written with another key");
}

/// As a crash in the middle of writing leaves it.
pub fn an_unfinished_file_does_not_disturb() {
    let Good { folder, path, bytes } = good(None);
    snapshot::write(&path, &new(), None).unwrap();
    let unfinished = folder.path().join("answer.new");
    // It may also be longer than what comes into its place.
    let bytes = bytes.repeat(2);
    for length in 0..=bytes.len() {
        fs::write(&unfinished, &bytes[..length]).unwrap();
        assert_eq!(child::read(&path), new());
        // The next to write takes it.
        if length % 50 == 0 || length == bytes.len() {
            snapshot::write(&path, &old(), None).unwrap();
            assert_eq!((child::read(&path), unfinished.exists()), (old(), false));
            snapshot::write(&path, &new(), None).unwrap();
        }
    }
}
