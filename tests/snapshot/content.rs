//! What is written, and comes back.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use fastrand::Rng;
use trro::authorization::{Facts, Reason, RequestId};
use trro::snapshot::{self, Content, Key, Whose};

use crate::child::{self, WHOSE, new, old};

pub const KEY: Key = *b"0123456789abcdef0123456789abcdef";

fn whose(content: &Content) -> Whose<'_> {
    Whose { endpoint: &content.endpoint, project_id: &content.project_id, device_id: &content.device_id }
}

#[track_caller]
fn comes_back(path: &Path, content: &Content) {
    for key in [None, Some(&KEY)] {
        snapshot::write(path, content, key).unwrap();
        assert_eq!(snapshot::read(path, &whose(content), key).unwrap().as_ref(), Some(content));
    }
}

pub fn every_field_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    for present in 0..32 {
        let fact = |bit: u32, value: i64| (present & (1 << bit) != 0).then_some(value);
        let facts = Facts {
            license_count: fact(0, i64::MIN),
            remain_days: fact(1, -1),
            expire_time_s: fact(2, 0),
            monthly_remain_time: fact(3, i64::MAX),
        };
        comes_back(&folder.path().join("answer"), &Content { facts, limited_time_minutes: fact(4, 1), ..old() });
    }
}

pub fn every_reason_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    for reason in Reason::ALL {
        comes_back(&folder.path().join("answer"), &Content { reason, ..old() });
    }
}

fn text(random: &mut Rng) -> String {
    (0..random.usize(0..60))
        .map(|_| if random.bool() { random.char('\u{1}'..='\u{7f}') } else { random.char(..) })
        .collect()
}

fn fact(random: &mut Rng) -> Option<i64> {
    random.bool().then(|| random.i64(..))
}

fn random_content(random: &mut Rng) -> Content {
    Content {
        endpoint: text(random),
        project_id: text(random),
        device_id: text(random),
        reason: Reason::ALL[random.usize(..Reason::ALL.len())],
        streams: random.u32(..),
        facts: Facts {
            license_count: fact(random),
            remain_days: fact(random),
            expire_time_s: fact(random),
            monthly_remain_time: fact(random),
        },
        limited_time_minutes: fact(random),
        answered_at_s: random.i64(..),
        request_id: RequestId::new(&text(random).replace('\0', "")),
    }
}

pub fn random_content_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Rng::with_seed(4);
    for _ in 0..500 {
        comes_back(&folder.path().join("answer"), &random_content(&mut random));
    }
}

/// The digests are those of `sha256sum` and of `openssl dgst -hmac`, not of this library.
pub fn the_file_is_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer");
    for (key, expected) in [(None, include_str!("sha256.txt")), (Some(&KEY), include_str!("hmac-sha256.txt"))] {
        snapshot::write(&path, &old(), key).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}

pub fn without_a_file_there_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer");
    assert_eq!(snapshot::read(&path, &WHOSE, None).unwrap(), None);
    fs::write(&path, "").unwrap();
    assert_eq!(snapshot::read(&path.join("answer"), &WHOSE, None).unwrap(), None);
}

pub fn the_file_of_another_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer");
    snapshot::write(&path, &old(), None).unwrap();
    for (whose, fault) in [
        (Whose { device_id: "truck-8", ..WHOSE }, "is of the device truck-7, not of truck-8"),
        (Whose { project_id: "x", ..WHOSE }, "is of the project project-1, not of x"),
        (
            Whose { endpoint: "https://x/", ..WHOSE },
            "is of the endpoint https://trro.intl.tencentcloudapi.com/, not of https://x/",
        ),
    ] {
        let error = snapshot::read(&path, &whose, None).unwrap_err();
        assert_eq!(error.message, format!("the snapshot file {} {fault}", path.display()));
    }
}

pub fn only_the_owner_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer");
    for left_over in [None, Some(0o666), Some(0o400)] {
        if let Some(mode) = left_over {
            let unfinished = folder.path().join("answer.new");
            fs::write(&unfinished, "").unwrap();
            fs::set_permissions(&unfinished, Permissions::from_mode(mode)).unwrap();
        }
        // Without the rights of root, a left-over file that is read-only cannot be opened.
        if let Err(error) = snapshot::write(&path, &old(), None) {
            assert_eq!((error.os_error, left_over), (libc::EACCES, Some(0o400)));
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
}

pub fn too_much_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answer");
    snapshot::write(&path, &old(), None).unwrap();
    let error = snapshot::write(&path, &Content { device_id: "x".repeat(65_536), ..new() }, None).unwrap_err();
    assert!(error.message.ends_with("/answer would have more than 65536 bytes"), "{error}");
    assert_eq!(child::read(&path), old());
}

pub fn a_path_without_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let status = child::command("once", Path::new("answer")).current_dir(&folder).status().unwrap();
    assert!(status.success());
    assert_eq!(child::read(&folder.path().join("answer")), new());
}

pub fn what_is_no_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [file, directory, fifo, link] = ["file", "directory", "fifo", "link"].map(|name| folder.path().join(name));
    snapshot::write(&file, &old(), None).unwrap();
    fs::create_dir(&directory).unwrap();
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    symlink(&file, &link).unwrap();
    for path in [&directory, &fifo, &link] {
        let error = snapshot::write(path, &new(), None).unwrap_err();
        assert!(error.message.ends_with("is not a regular file"), "{error}");
        let error = snapshot::read(path, &WHOSE, None).unwrap_err();
        assert!(error.message.ends_with("is not a regular file") || error.os_error == libc::ELOOP, "{error}");
    }
    assert!(directory.is_dir() && link.is_symlink());
    assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    assert_eq!(child::read(&file), old());
}

pub fn what_is_in_the_way_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [path, unfinished, treasure] = ["answer", "answer.new", "treasure"].map(|name| folder.path().join(name));
    snapshot::write(&path, &old(), None).unwrap();
    fs::write(&treasure, "gold").unwrap();
    let refused = || {
        snapshot::write(&path, &new(), None).unwrap_err();
        fs::remove_file(&unfinished).unwrap();
        assert_eq!((child::read(&path), fs::read_to_string(&treasure).unwrap()), (old(), "gold".to_owned()));
    };
    symlink(&treasure, &unfinished).unwrap();
    refused();
    fs::hard_link(&treasure, &unfinished).unwrap();
    refused();
    assert!(Command::new("mkfifo").arg(&unfinished).status().unwrap().success());
    refused();
}
