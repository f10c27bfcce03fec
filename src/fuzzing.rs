//! What the fuzzer throws any bytes at (tests/fuzz), and the tests every seed: each function panics at a fault. In no library that ships. Uses everything.

use std::ffi::c_void;

use sha2::{Digest, Sha256};

use crate::api::agreement::is_accepted;
use crate::api::decode::decode_into;
use crate::api::{self, ACTIONS, GetDevices, TypedRequest};
use crate::client::Client;
use crate::config::Config;
use crate::credentials::{Credentials, file};
use crate::ffi::arena::Arena;
use crate::ffi::bindings::trro_devices;
use crate::ffi::layout::{Laid, Object, lay_out};
use crate::snapshot;

/// The key of the snapshots among the seeds.
const SNAPSHOT_KEY: snapshot::Key = *b"0123456789abcdef0123456789abcdef";
/// Not what the arena writes.
const UNTOUCHED: u8 = 0xa5;
/// What is around a buffer.
const MARGIN: usize = 64;

/// A target, and the folder of its seeds.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 5] = [
    ("decoder", decoder),
    ("arena", arena),
    ("config", config),
    ("snapshot", snapshot_file),
    ("credentials_file", credentials_file),
];

/// The first byte chooses the action, the rest is the body of its answer: what the quick decoder accepts, the other one reads in the same way.
pub fn decoder(data: &[u8]) {
    let Some((action, body)) = data.split_first() else { return };
    let mut actions = ACTIONS.iter().copied().flatten().cycle();
    let Some(shape) = actions.nth(usize::from(*action)).map(|action| action.response) else { return };
    if let Ok(text) = std::str::from_utf8(body) {
        is_accepted(text, shape);
    }
    let _ = api::decode::decode::<api::Devices<'_>>(body);
    let _ = api::judge(200, body);
    let _ = api::judge(503, body);
}

/// The first three bytes are the size of the buffer and how it is aligned, the rest is the body of an answer: nothing is written around the
/// buffer, and what is needed is enough.
pub fn arena(data: &[u8]) {
    let [low, high, offset, body @ ..] = data else { return };
    let size = usize::from(u16::from_le_bytes([*low, *high]));
    let offset = usize::from(*offset % 8);
    match laid_out(body, size, offset) {
        None => {}
        Some(Ok(used)) => {
            assert!(used <= size);
            assert_eq!(laid_out(body, used, offset), Some(Ok(used)), "what was used is not enough");
        }
        Some(Err(needed)) => {
            assert!(needed > size);
            for offset in 0..8 {
                let used = laid_out(body, needed, offset);
                assert!(matches!(used, Some(Ok(used)) if used <= needed && needed - used < 8), "{needed}: {used:?}");
            }
        }
    }
}

/// Lays an answer out in a buffer that ends with its allocation, so that the sanitizer sees what is written behind it.
fn laid_out(body: &[u8], size: usize, offset: usize) -> Option<Result<usize, usize>> {
    let mut memory = vec![UNTOUCHED; MARGIN + offset + size].into_boxed_slice();
    let (before, buffer) = memory.split_at_mut(MARGIN + offset);
    // SAFETY: the buffer has that size, and is not looked at until the arena is gone.
    #[allow(unsafe_code, reason = "as C calls it")]
    let mut arena = unsafe { Arena::new(buffer.as_mut_ptr().cast::<c_void>(), size) };
    let fill = |object: &mut Object<'_>| decode_into(body, GetDevices::ACTION.response, object);
    let decoded = lay_out(&mut arena, <trro_devices as Laid>::LAYOUT, fill);
    let finished = arena.finish();
    assert!(before.iter().all(|byte| *byte == UNTOUCHED), "the bytes before the buffer were written");
    decoded.ok().map(|_| finished)
}

/// Lines, each of them for one field: a client is made or an error says which field it is that cannot be used, without a secret.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let mut next = || lines.next().filter(|line| !line.is_empty());
    let (secret_id, secret_key, token) = (next(), next(), next());
    let credentials = Credentials::new(secret_id.unwrap_or("AKID"), secret_key.unwrap_or("key"), token);
    let config = Config {
        credentials: match credentials {
            Ok(credentials) => Some(credentials),
            Err(error) => return is_without(&error.message, secret_key),
        },
        endpoint: next(),
        region: next().map(Into::into),
        language: next(),
        proxy: next(),
        no_proxy: next(),
        network_interface: next(),
        user_agent: next(),
        metadata_endpoint: next(),
        cvm_role: next(),
        ..Config::default()
    };
    if let Err(error) = Client::new(config) {
        is_without(&error.message, secret_key);
    }
}

/// A secret that is longer than any word of ours stands in no message.
fn is_without(message: &str, secret: Option<&str>) {
    let is_told = secret.is_some_and(|secret| secret.len() > 16 && message.contains(secret));
    assert!(!is_told, "the secret key is in: {message}");
}

/// The file in which a watch keeps its last answer: what is read can be written and read again. Once as it is, and once with a digest that is
/// right, which no fuzzer would find.
pub fn snapshot_file(data: &[u8]) {
    read_snapshot(data);
    let json = data.iter().position(|byte| *byte == b'\n').map_or(data, |end| &data[end + 1..]);
    let head = format!("trro-snapshot 1 sha256 {}\n", hex::encode(Sha256::digest(json)));
    read_snapshot(&[head.as_bytes(), json].concat());
}

fn read_snapshot(data: &[u8]) {
    for key in [None, Some(&SNAPSHOT_KEY)] {
        let Ok(content) = snapshot::parse(data, key) else { continue };
        for (system_time_s, since_boot_ms) in [(0, 0), (i64::MAX, i64::MAX), (i64::MIN, 0), (1_800_000_000, 1)] {
            let _ = content.recalled(1, system_time_s, since_boot_ms);
        }
        let Ok(text) = snapshot::text_of(&content, key) else { continue };
        assert_eq!(snapshot::parse(text.as_bytes(), key), Ok(content));
    }
}

/// The file that Tencent's tools keep keys in.
pub fn credentials_file(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = file::parse(text).map(|credentials| format!("{credentials:?}"));
    }
}

/// A fault that the fuzzer has to find, which shows that it looks.
pub fn broken(data: &[u8]) {
    assert!(!data.starts_with(b"trro"), "found");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn no_seed_and_nothing_that_was_found_is_a_fault() {
        for (name, target) in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(name);
            let mut seeds = 0;
            for seed in fs::read_dir(&folder).unwrap() {
                target(&fs::read(seed.unwrap().path()).unwrap());
                seeds += 1;
            }
            assert!(seeds > 0, "{name} has no seeds");
        }
    }

    #[test]
    #[should_panic(expected = "found")]
    fn a_fault_is_a_panic() {
        broken(b"trro?");
    }
}
