//! The last known answer in a file: the old or the new one after whatever happens to the process and to the file, never another.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use tempfile::TempDir;
use trro::authorization::{Facts, Finding, Reason, RequestId};
use trro::error::{Error, Status};
use trro::snapshot::{KEY_BYTES, Snapshot, recalled};

const NOW_S: i64 = 1_800_000_000;
/// With this argument the program writes two answers in turns to the path that follows, until it is killed.
const WRITER: &str = "--write-for-ever";

const TESTS: [(&str, fn()); 14] = [
    ("what_is_written_is_read", what_is_written_is_read),
    ("no_file_is_no_answer", no_file_is_no_answer),
    ("a_file_with_any_byte_changed_is_refused", a_file_with_any_byte_changed_is_refused),
    ("a_file_cut_off_at_any_byte_is_refused", a_file_cut_off_at_any_byte_is_refused),
    ("a_power_cut_at_any_byte_of_the_new_file_leaves_the_old_one", a_power_cut_leaves_the_old_one),
    ("a_process_killed_at_any_moment_leaves_the_old_or_the_new_one", a_killed_process_leaves_one_of_both),
    ("what_is_of_another_is_refused", what_is_of_another_is_refused),
    ("with_a_key_nothing_else_is_taken", with_a_key_nothing_else_is_taken),
    ("what_a_newer_version_says_is_refused", what_a_newer_version_says_is_refused),
    ("what_is_no_file_is_refused_and_not_waited_for", what_is_no_file_is_refused),
    ("what_cannot_be_written_is_told_and_leaves_the_old_one", what_cannot_be_written_is_told),
    ("nobody_else_may_read_it_and_nothing_is_left_beside", nobody_else_may_read_it),
    ("two_writers_do_not_mix", two_writers_do_not_mix),
    ("its_age_is_what_the_clock_says", its_age_is_what_the_clock_says),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, path] = &arguments[..] {
        if mode == WRITER {
            write_for_ever(path);
        }
    }
    let trials = TESTS.map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit();
}

fn finding(number: i64) -> Finding {
    Finding {
        reason: Reason::Authorized,
        streams: 4,
        facts: Facts {
            license_count: Some(number),
            remain_days: None,
            expire_time_s: Some(NOW_S + number),
            monthly_remain_time: Some(-number),
        },
        limited_time_minutes: Some(number),
        answered_at_s: NOW_S,
        answered_boottime_ms: 0,
        request_id: RequestId::new("00000000-0000-4000-8000-000000000001"),
    }
}

fn snapshot(path: &Path) -> Snapshot {
    with_key(path, None)
}

fn with_key(path: &Path, key: Option<&[u8; KEY_BYTES]>) -> Snapshot {
    Snapshot::new(path.to_str().unwrap(), key, "trro.example", "m82k5408n675phvb", "车_1", 4)
}

/// A folder with a file in it that holds the answer of that number.
fn kept(number: i64) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("last answer");
    snapshot(&path).write(&finding(number)).unwrap();
    (folder, path)
}

#[track_caller]
fn refused(read: Result<Option<Finding>, Error>, fault: &str) {
    let error = read.unwrap_err();
    assert_eq!(error.status, Status::InvalidArgument);
    assert!(error.message.starts_with("snapshot_path ") && error.message.contains(fault), "{error}");
}

fn what_is_written_is_read() {
    let (_folder, path) = kept(1);
    let mut random = fastrand::Rng::with_seed(3);
    for round in 0..200 {
        let mut number = || if random.bool() { None } else { Some(random.i64(..)) };
        let facts = Facts {
            license_count: number(),
            remain_days: number(),
            expire_time_s: number(),
            monthly_remain_time: number(),
        };
        let limited_time_minutes = number();
        let written = Finding {
            reason: Reason::ALL[round % Reason::ALL.len()],
            facts,
            limited_time_minutes,
            answered_at_s: random.i64(..),
            request_id: RequestId::new(["", "r-1", "\"车\\\n"][round % 3]),
            ..finding(1)
        };
        let key = [7; KEY_BYTES];
        let snapshot = with_key(&path, (round % 2 == 0).then_some(&key));
        snapshot.write(&written).unwrap();
        assert_eq!(snapshot.read().unwrap(), Some(written));
    }
}

fn no_file_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(snapshot(&folder.path().join("none")).read().unwrap(), None);
}

fn a_file_with_any_byte_changed_is_refused() {
    let (_folder, path) = kept(1);
    let good = fs::read(&path).unwrap();
    for index in 0..good.len() {
        for change in [1, 0x20, 0x80] {
            let mut bad = good.clone();
            bad[index] ^= change;
            fs::write(&path, bad).unwrap();
            assert!(snapshot(&path).read().is_err(), "byte {index} with {change}");
        }
    }
    fs::write(&path, [&good[..], b"x"].concat()).unwrap();
    assert!(snapshot(&path).read().is_err());
}

fn a_file_cut_off_at_any_byte_is_refused() {
    let (_folder, path) = kept(1);
    let good = fs::read(&path).unwrap();
    for length in 0..good.len() {
        fs::write(&path, &good[..length]).unwrap();
        assert!(snapshot(&path).read().is_err(), "{length} bytes");
    }
}

/// What is written beside is what the next one begins as; the file itself is not touched before it is whole.
fn a_power_cut_leaves_the_old_one() {
    let (_folder, path) = kept(1);
    let (_other_folder, other) = kept(2);
    let new = fs::read(&other).unwrap();
    for length in 0..=new.len() {
        let mut beside = path.clone().into_os_string();
        beside.push(".1-0.tmp");
        fs::write(beside, &new[..length]).unwrap();
        assert_eq!(snapshot(&path).read().unwrap(), Some(finding(1)));
    }
    snapshot(&path).write(&finding(2)).unwrap();
    assert_eq!(snapshot(&path).read().unwrap(), Some(finding(2)));
}

fn write_for_ever(path: &str) -> ! {
    let snapshot = snapshot(Path::new(path));
    println!("ready");
    std::io::stdout().flush().unwrap();
    loop {
        for number in [1, 2] {
            snapshot.write(&finding(number)).unwrap();
        }
    }
}

fn a_killed_process_leaves_one_of_both() {
    use std::io::{BufRead, BufReader};
    let (_folder, path) = kept(1);
    let mut random = fastrand::Rng::with_seed(4);
    let mut seen = [0; 3];
    for _ in 0..150 {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .arg(WRITER)
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(writer.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let until = Instant::now() + Duration::from_micros(random.u64(..5000));
        while Instant::now() < until {
            assert!(snapshot(&path).read().unwrap().is_some());
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let found = snapshot(&path).read().unwrap().unwrap();
        let number = usize::try_from(found.facts.license_count.unwrap()).unwrap();
        assert_eq!(found, finding(number as i64));
        seen[number] += 1;
    }
    assert!(seen[0] == 0 && seen[1] > 0 && seen[2] > 0, "{seen:?}");
}

fn what_is_of_another_is_refused() {
    let (_folder, path) = kept(1);
    let path = path.to_str().unwrap();
    for other in [
        Snapshot::new(path, None, "trro.example:8443", "m82k5408n675phvb", "车_1", 4),
        Snapshot::new(path, None, "trro.example", "another", "车_1", 4),
        Snapshot::new(path, None, "trro.example", "m82k5408n675phvb", "车_2", 4),
        Snapshot::new(path, None, "trro.example", "m82k5408n675phvb", "车_1", 5),
    ] {
        refused(other.read(), "another device");
    }
}

fn with_a_key_nothing_else_is_taken() {
    let (_folder, path) = kept(1);
    let (key, other_key) = ([7; KEY_BYTES], [8; KEY_BYTES]);
    refused(with_key(&path, Some(&key)).read(), "without a key");
    with_key(&path, Some(&key)).write(&finding(1)).unwrap();
    refused(snapshot(&path).read(), "with a key");
    refused(with_key(&path, Some(&other_key)).read(), "digest");
    // Made up by somebody without the key.
    let text = fs::read_to_string(&path).unwrap();
    let made_up = text.replace("\"license_count\":1", "\"license_count\":9");
    assert_ne!(made_up, text);
    fs::write(&path, made_up).unwrap();
    refused(with_key(&path, Some(&key)).read(), "digest");
}

fn what_a_newer_version_says_is_refused() {
    use sha2::{Digest, Sha256};
    let (_folder, path) = kept(1);
    let text = fs::read_to_string(&path).unwrap();
    let (_, json) = text.split_once('\n').unwrap();
    let json = json.trim_end();
    let rewrite = |json: &str| {
        let digest = hex::encode(Sha256::digest(json));
        fs::write(&path, format!("trro-snapshot 1 sha256 {digest}\n{json}\n")).unwrap();
        snapshot(&path).read()
    };
    assert_eq!(rewrite(json).unwrap(), Some(finding(1)));
    refused(rewrite(&json.replace("\"reason\":1", "\"reason\":99")), "reason");
    refused(rewrite(&json.replace("\"reason\":1", "\"reason\":1,\"new\":1")), "does not know");
    refused(rewrite("[]"), "does not know");
    refused(rewrite(""), "does not know");
    fs::write(&path, text.replacen("trro-snapshot 1", "trro-snapshot 2", 1)).unwrap();
    refused(snapshot(&path).read(), "version");
}

fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for path in [folder.path(), &fifo, Path::new("/dev/zero")] {
        refused(snapshot(path).read(), "not a regular file");
    }
    let large = folder.path().join("large");
    fs::write(&large, vec![b'x'; 10 << 20]).unwrap();
    assert!(snapshot(&large).read().is_err());
    fs::write(&large, [0xff; 100]).unwrap();
    assert!(snapshot(&large).read().is_err());
}

fn what_cannot_be_written_is_told() {
    let (folder, path) = kept(1);
    refused(snapshot(&folder.path().join("no/such/folder")).write(&finding(2)).map(|()| None), "cannot be written");
    // In the way of the new file stands a folder with something in it.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("inside")).unwrap();
    refused(snapshot(&taken).write(&finding(2)).map(|()| None), "cannot be written");
    assert_eq!(snapshot(&path).read().unwrap(), Some(finding(1)));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

fn nobody_else_may_read_it() {
    let (folder, path) = kept(1);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    snapshot(&path).write(&finding(2)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // A link is replaced and not followed.
    let (elsewhere, link) = (folder.path().join("elsewhere"), folder.path().join("link"));
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, &link).unwrap();
    snapshot(&link).write(&finding(1)).unwrap();
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
}

fn two_writers_do_not_mix() {
    let (_folder, path) = kept(1);
    std::thread::scope(|scope| {
        for number in [1, 2] {
            let path = &path;
            scope.spawn(move || (0..200).for_each(|_| snapshot(path).write(&finding(number)).unwrap()));
        }
        for _ in 0..1000 {
            let found = snapshot(&path).read().unwrap().unwrap();
            assert!(found == finding(1) || found == finding(2));
        }
    });
}

fn its_age_is_what_the_clock_says() {
    const BOOT_MS: i64 = 60_000;
    let kept = finding(100);
    let young = recalled(&kept, NOW_S + 30, BOOT_MS);
    assert_eq!((young.reason_at(BOOT_MS), young.age_ms(BOOT_MS)), (Reason::Authorized, 30_000));
    assert_eq!(young.reason_at(BOOT_MS + 69_999), Reason::Authorized);
    assert_eq!(young.reason_at(BOOT_MS + 70_000), Reason::Expired);
    // From before this boot.
    let old = recalled(&kept, NOW_S + 99, BOOT_MS);
    assert_eq!((old.answered_boottime_ms, old.age_ms(BOOT_MS)), (-39_000, 99_000));
    assert_eq!(recalled(&kept, NOW_S, BOOT_MS).reason_at(BOOT_MS), Reason::Authorized);
    for behind in [NOW_S - 1, 0, i64::MIN] {
        assert_eq!(recalled(&kept, behind, BOOT_MS).reason_at(BOOT_MS + 1_000_000), Reason::AgeUnknown);
    }
    recalled(&kept, i64::MAX, BOOT_MS).reason_at(BOOT_MS);
}
