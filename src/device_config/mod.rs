//! The config.json of the vendor's field SDK: whose device it is, and how many streams it sends. Uses `error`.
//!
//! `left_out` is there instead in a build without the feature `device-config`.
//!
//! The file holds the device's password too. What is not asked for is skipped without being copied, and no value of the
//! file is in a message.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::error::{Error, Status, shown};

const MAX_BYTES: u64 = 1 << 20;
/// What C counts streams in is 32 bits wide, and signed in `trro_authorization`.
const MOST_STREAMS: u64 = i32::MAX as u64;

/// What the file says of the device.
#[derive(Debug, PartialEq, Eq)]
pub struct DeviceConfig {
    /// Its project.
    pub project_id: String,
    /// The device.
    pub device_id: String,
    /// How many streams it is to send.
    pub streams: u32,
}

/// Reads the file; an error names it, and what is wrong with it.
pub fn read(path: &Path) -> Result<DeviceConfig, Error> {
    let named = |fault: &str| Error::new(Status::InvalidArgument, format!("{} {fault}", shown(path)));
    let unreadable = |error: io::Error| named(&format!("cannot be read: {error}")).with_os_error(&error);
    // Non-blocking, or opening a FIFO would wait for somebody to write to it.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(named("is not a regular file"));
    }
    let too_large = || named(&format!("has more than the {MAX_BYTES} bytes that are read"));
    if metadata.len() > MAX_BYTES {
        return Err(too_large());
    }
    // Made in its final size, and a byte more, by which a file is found out that grows meanwhile.
    let mut text = Zeroizing::new(Vec::with_capacity(metadata.len() as usize + 1));
    file.take(metadata.len() + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > metadata.len() {
        return Err(named("changed while it was read"));
    }
    parse(&text).map_err(|fault| named(&fault))
}

/// The members that count; others are for the vendor's SDK.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    projectid: Option<&'a RawValue>,
    #[serde(borrow)]
    device_id: Option<&'a RawValue>,
    #[serde(borrow)]
    device_streams: Option<&'a RawValue>,
}

/// What the text says, or what is wrong with it ("has no projectid").
fn parse(text: &[u8]) -> Result<DeviceConfig, String> {
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err("begins with a byte order mark, which is not JSON: save it without".to_owned());
    }
    // An array would be taken for an object whose names are left out.
    if text.trim_ascii_start().first().is_some_and(|first| *first == b'[') {
        return Err("is not a JSON object".to_owned());
    }
    let members: Members = serde_json::from_slice(text).map_err(|error| not_json(text, &error))?;
    Ok(DeviceConfig {
        project_id: id("projectid", members.projectid)?,
        device_id: id("device_id", members.device_id)?,
        streams: streams("device_streams", members.device_streams)?,
    })
}

/// The parser's own words are not used: some of them quote what is in the file.
fn not_json(text: &[u8], error: &serde_json::Error) -> String {
    let line = error.line();
    match error.classify() {
        Category::Data if error.to_string().starts_with("duplicate field") => {
            format!("gives a name twice, the second time in line {line}")
        }
        Category::Data => "is not a JSON object".to_owned(),
        Category::Eof => format!("is not JSON: it ends in the middle, in line {line}"),
        _ if has_comment(text, line) => {
            format!(
                "is not JSON: line {line} has a comment; the vendor's samples come with // comments, which must be removed"
            )
        }
        _ => format!("is not JSON: line {line} is wrong"),
    }
}

/// Whether `//` or `/*` is in that line outside of a string; in JSON no string goes on in another line.
fn has_comment(text: &[u8], line: usize) -> bool {
    let Some(line) = text.split(|byte| *byte == b'\n').nth(line.saturating_sub(1)) else {
        return false;
    };
    let mut is_inside = false;
    let mut bytes = line.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if is_inside => drop(bytes.next()),
            b'"' => is_inside = !is_inside,
            b'/' if !is_inside && matches!(bytes.peek(), Some(b'/' | b'*')) => return true,
            _ => {}
        }
    }
    false
}

fn id(name: &str, value: Option<&RawValue>) -> Result<String, String> {
    let Some(value) = value else { return Err(format!("has no {name}")) };
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) if text.is_empty() => Err(format!("has an empty {name}")),
        Ok(text) if text.contains(char::is_control) => Err(format!("has a control character in its {name}")),
        Ok(text) => Ok(text),
        Err(_) => Err(format!("has a {name} that is not a string")),
    }
}

fn streams(name: &str, value: Option<&RawValue>) -> Result<u32, String> {
    let Some(value) = value else { return Err(format!("has no {name}")) };
    match serde_json::from_str(value.get()) {
        Ok(streams @ 1..=MOST_STREAMS) => Ok(streams as u32),
        _ => Err(format!("has a {name} that is not a number from 1 to {MOST_STREAMS}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const PASSWORD: &str = "0123456789abcdef";

    /// A file as the vendor's guide describes it, with these three members.
    fn file(members: &str) -> String {
        format!(
            "{{\n  {members}\n  \"password\": \"{PASSWORD}\",\n  \"cloud_mode\": \"public\",\n  \
             \"server_ip\": \"http://127.0.0.1\",\n  \
             \"streams_config\": [{{\"fps\": 30, \"device_id\": 1, \"camera\": \"\\\"//\"}}]\n}}\n"
        )
    }

    fn fault(text: &str) -> String {
        let fault = parse(text.as_bytes()).unwrap_err();
        assert!(!fault.contains(&PASSWORD[..8]), "{fault}");
        fault
    }

    #[test]
    fn the_three_members_are_read_and_others_are_skipped() {
        let text = file(r#""projectid": "p1", "device_id": "车 1", "device_streams": 4, "device_name": "","#);
        let expected = DeviceConfig { project_id: "p1".into(), device_id: "车 1".into(), streams: 4 };
        assert_eq!(parse(text.as_bytes()), Ok(expected));
    }

    /// The vendor's SDK is not known to care for the encoding of a name.
    #[test]
    fn what_is_skipped_may_be_in_another_encoding() {
        let mut text = br#"{"projectid": "p1", "device_id": "d", "device_streams": 1, "device_name": ""#.to_vec();
        text.extend(b"\xbf\xf3\xbf\xa8\"}");
        assert!(parse(&text).is_ok());
    }

    #[test]
    fn a_member_that_is_missing_or_null_or_empty_is_named() {
        let whole = r#""projectid": "p", "device_id": "d", "device_streams": 1,"#;
        assert!(parse(file(whole).as_bytes()).is_ok());
        for (given, changed, expected) in [
            (r#""projectid": "p","#, "", "has no projectid"),
            (r#""projectid": "p","#, r#""projectid": null,"#, "has no projectid"),
            (r#""projectid": "p","#, r#""projectid": "","#, "has an empty projectid"),
            (r#""projectid": "p","#, r#""projectid": 1,"#, "has a projectid that is not a string"),
            (r#""projectid": "p","#, r#""projectid": "a\u0000b","#, "has a control character in its projectid"),
            (r#""device_id": "d","#, "", "has no device_id"),
            (r#""device_id": "d","#, r#""device_id": "","#, "has an empty device_id"),
            (r#""device_streams": 1,"#, "", "has no device_streams"),
            (r#""device_streams": 1,"#, r#""device_streams": null,"#, "has no device_streams"),
        ] {
            assert_eq!(fault(&file(&whole.replace(given, changed))), expected);
        }
    }

    #[test]
    fn a_number_of_streams_that_is_none_is_refused() {
        for streams in ["0", "-1", "1.5", "\"2\"", "[1]", "2147483648", "99999999999999999999"] {
            let text = file(&format!(r#""projectid": "p", "device_id": "d", "device_streams": {streams},"#));
            assert_eq!(fault(&text), "has a device_streams that is not a number from 1 to 2147483647", "{streams}");
        }
    }

    #[test]
    fn a_comment_is_named_with_its_line() {
        for comment in ["// which project", "/* which project */"] {
            let text = file(&format!("\"projectid\": \"p\", {comment}\n"));
            let fault = fault(&text);
            assert!(fault.contains("line 2 has a comment") && fault.contains("must be removed"), "{fault}");
        }
    }

    #[test]
    fn other_faults_are_named_with_their_line_and_without_what_stands_there() {
        assert_eq!(fault(&file("\"projectid\": \"p\"")), "is not JSON: line 3 is wrong");
        assert_eq!(fault(&file("\"a\": \"//\" \"b\": 1,")), "is not JSON: line 2 is wrong");
        assert_eq!(fault(&file("")[..30]), "is not JSON: it ends in the middle, in line 3");
        assert_eq!(fault(""), "is not JSON: it ends in the middle, in line 1");
        assert_eq!(fault(&format!("\"{PASSWORD}\"")), "is not a JSON object");
        assert_eq!(fault(&format!(" [\"{PASSWORD}\"]")), "is not a JSON object");
        assert_eq!(
            fault(&file("\"device_id\": \"a\",\n\"device_id\": \"b\",")),
            "gives a name twice, the second time in line 3"
        );
        assert!(fault("\u{feff}{}").contains("byte order mark"));
    }

    #[test]
    fn a_file_that_is_none_or_too_large_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let missing = read(&folder.path().join("missing.json")).unwrap_err();
        assert_eq!((missing.status, missing.os_error), (Status::InvalidArgument, libc::ENOENT));
        assert!(missing.message.contains("missing.json cannot be read"), "{missing}");

        assert!(read(folder.path()).unwrap_err().message.ends_with("is not a regular file"));

        let path = folder.path().join("config.json");
        let whole = r#"{"projectid": "p", "device_id": "d", "device_streams": 1}"#;
        let padded = |bytes: u64| format!("{whole}{}", " ".repeat(bytes as usize - whole.len()));
        fs::write(&path, padded(MAX_BYTES)).unwrap();
        assert!(read(&path).is_ok());
        fs::write(&path, padded(MAX_BYTES + 1)).unwrap();
        assert!(read(&path).unwrap_err().message.contains("has more than the 1048576 bytes"));
    }
}
