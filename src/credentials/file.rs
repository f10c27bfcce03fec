//! Credentials in an INI file, as the SDKs of the service read it: section `default`, keys `secret_id`, `secret_key` and
//! `token`. Uses `error`.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use ini_core::{Item, Parser};
use zeroize::Zeroizing;

use crate::error::{Error, Status, shown};

use super::Credentials;

const SECTION: &str = "default";
const MAX_BYTES: u64 = 64 << 10;
/// The bits of a mode that let the group write, and everybody else do anything. The group may read.
const OPEN_TO_OTHERS: u32 = 0o027;

/// The credentials in a file; `None` if there is no file. Whatever is wrong with one that is there is an error, which
/// names the file and never holds what is in it.
pub fn read(path: &Path) -> Result<Option<Credentials>, Error> {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(failed(path, format!("cannot be opened: {error}")).with_os_error(&error)),
    };
    let text = read_all(path, file)?;
    let credentials = std::str::from_utf8(&text).map_err(|_| "is not UTF-8".to_owned()).and_then(parse);
    credentials.map(Some).map_err(|fault| failed(path, fault))
}

/// What is wrong with a file of credentials ("is not UTF-8").
pub fn failed(path: &Path, fault: impl AsRef<str>) -> Error {
    Error::new(Status::CredentialsFailed, format!("the credentials file {} {}", shown(path), fault.as_ref()))
}

fn open(path: &Path) -> io::Result<File> {
    // Non-blocking, or opening a FIFO would wait for somebody to write to it.
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR))
}

/// The content, in memory that is wiped.
fn read_all(path: &Path, mut file: File) -> Result<Zeroizing<Vec<u8>>, Error> {
    let unreadable = |error: io::Error| failed(path, format!("cannot be read: {error}")).with_os_error(&error);
    // Of the descriptor, not of the path, which may lead to another file by now.
    let metadata = file.metadata().map_err(unreadable)?;
    check(&metadata).map_err(|fault| failed(path, fault))?;
    // Made in its final size: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(vec![0; metadata.len() as usize]);
    file.read_exact(&mut text).map_err(unreadable)?;
    Ok(text)
}

fn check(metadata: &Metadata) -> Result<(), String> {
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_file() {
        Err("is not a regular file".to_owned())
    } else if mode & OPEN_TO_OTHERS != 0 {
        Err(format!("is open to others, with mode {mode:04o}: take their rights away (chmod 600)"))
    } else if metadata.len() > MAX_BYTES {
        Err(format!("has {} bytes, and more than {MAX_BYTES} are not read", metadata.len()))
    } else {
        Ok(())
    }
}

/// What a file with this text gives.
pub(crate) fn parse(text: &str) -> Result<Credentials, String> {
    let section = section(text)?.ok_or_else(|| format!("has no section [{SECTION}]"))?;
    let missing = |key: &str| format!("has no {key} in its section [{SECTION}]");
    let secret_id = section.secret_id.ok_or_else(|| missing("secret_id"))?;
    let secret_key = section.secret_key.ok_or_else(|| missing("secret_key"))?;
    Credentials::new(secret_id, secret_key, section.token).map_err(|error| format!("cannot be used: {}", error.message))
}

#[derive(Default)]
struct Section<'a> {
    secret_id: Option<&'a str>,
    secret_key: Option<&'a str>,
    token: Option<&'a str>,
}

impl<'a> Section<'a> {
    fn set(&mut self, key: &str, value: &'a str) -> Result<(), String> {
        let field = match key {
            "secret_id" => &mut self.secret_id,
            "secret_key" => &mut self.secret_key,
            "token" => &mut self.token,
            _ => return Ok(()),
        };
        if value.starts_with(['"', '\'']) || value.ends_with(['"', '\'']) {
            // Some readers of this format drop them and some do not.
            return Err(format!("has its {key} in quotes: write it without"));
        }
        match field.replace(value) {
            Some(_) => Err(format!("gives {key} twice")),
            None => Ok(()),
        }
    }
}

/// The section that counts. What is in others, and keys unknown here, are for other programs.
fn section(text: &str) -> Result<Option<Section<'_>>, String> {
    let mut section = None;
    let mut is_inside = false;
    let mut line = 0;
    for item in Parser::new(text).auto_trim(true) {
        // Every item is a line, but for the mark that the parser sets at the end of a section.
        line += u32::from(item != Item::SectionEnd);
        match item {
            Item::Section(name) => {
                is_inside = name == SECTION;
                if is_inside {
                    section.get_or_insert_with(Section::default);
                }
            }
            Item::Property(key, _) if key.starts_with(['#', ';']) => {}
            Item::Property(key, Some(value)) if !key.is_empty() => {
                if let Some(section) = section.as_mut().filter(|_| is_inside) {
                    section.set(key, value)?;
                }
            }
            Item::Property(..) | Item::Error(_) => {
                return Err(format!("is malformed: line {line} is not [section], key = value, or a comment"));
            }
            Item::SectionEnd | Item::Comment(_) | Item::Blank => {}
        }
    }
    Ok(section)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use tempfile::TempDir;

    const GOOD: &str = "[default]\nsecret_id = AKIDEXAMPLE\nsecret_key = s3cretkey\n";

    fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    fn read_with_mode(text: &[u8], mode: u32) -> Result<Option<Credentials>, Error> {
        let folder = folder();
        let path = folder.path().join("credentials");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        read(&path)
    }

    /// The message, after it was checked that it names the file and holds nothing of its content.
    fn fault(text: impl AsRef<[u8]>) -> String {
        let error = read_with_mode(text.as_ref(), 0o600).unwrap_err();
        assert_eq!(error.status, Status::CredentialsFailed);
        assert!(error.message.starts_with("the credentials file /"), "{error}");
        assert!(!error.message.contains("AKIDEXAMPLE") && !error.message.contains("s3cretkey"), "{error}");
        error.message.split_once("/credentials ").unwrap().1.to_owned()
    }

    #[track_caller]
    fn holds(text: &str, secret_key: &str, token: Option<&str>) {
        let credentials = read_with_mode(text.as_bytes(), 0o600).unwrap().unwrap();
        assert_eq!(credentials.secret_id, "AKIDEXAMPLE");
        assert!(matches!(&credentials.secret, super::super::Secret::SecretKey(key) if key.as_str() == secret_key));
        assert_eq!(credentials.token(), token);
    }

    #[test]
    fn a_file_gives_its_credentials() {
        holds(GOOD, "s3cretkey", None);
    }

    #[test]
    fn a_token_is_taken_with_its_key() {
        holds(&format!("{GOOD}token = t0ken\n"), "s3cretkey", Some("t0ken"));
    }

    #[test]
    fn blanks_around_names_and_values_do_not_count() {
        holds("[ default ]\n  secret_id=AKIDEXAMPLE  \n\n\tsecret_key\t=\ts3cretkey\t\n", "s3cretkey", None);
    }

    #[test]
    fn lines_may_end_as_on_windows_and_the_last_one_not_at_all() {
        holds("[default]\r\nsecret_id = AKIDEXAMPLE\r\nsecret_key = s3cretkey", "s3cretkey", None);
    }

    #[test]
    fn comments_are_skipped() {
        let text = "; a = b\n# c = d\n  ; e\n  # f\n#secret_id = x\n;secret_id = y\n";
        holds(&format!("{text}{GOOD}# secret_key = z\n"), "s3cretkey", None);
    }

    #[test]
    fn other_sections_and_keys_are_not_our_business() {
        let text = format!("version = 1\n[other]\nsecret_id = x\n{GOOD}role_arn = y\n[third]\ntoken = z\n");
        holds(&text, "s3cretkey", None);
    }

    #[test]
    fn a_value_may_hold_what_separates_and_what_comments() {
        holds("[default]\nsecret_id = AKIDEXAMPLE\nsecret_key = a=b;c#d+/==\n", "a=b;c#d+/==", None);
    }

    #[test]
    fn the_section_has_to_be_there() {
        for text in
            ["", "secret_id = AKIDEXAMPLE\nsecret_key = s3cretkey\n", "[Default]\n", "[defaults]\nsecret_id = x\n"]
        {
            assert_eq!(fault(text), "has no section [default]");
        }
    }

    #[test]
    fn id_and_key_have_to_be_there() {
        assert_eq!(fault("[default]\nsecret_key = s3cretkey\n"), "has no secret_id in its section [default]");
        assert_eq!(
            fault("[default]\nsecret_id = AKIDEXAMPLE\n[b]\nsecret_key = s3cretkey\n"),
            "has no secret_key in its section [default]"
        );
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        assert_eq!(fault(format!("{GOOD}secret_key = s3cretkey\n")), "gives secret_key twice");
        assert_eq!(fault(format!("{GOOD}[default]\nsecret_id = AKIDEXAMPLE\n")), "gives secret_id twice");
    }

    #[test]
    fn quotes_are_refused() {
        for value in ["\"s3cretkey\"", "'s3cretkey'", "\"s3cretkey"] {
            let text = format!("[default]\nsecret_id = AKIDEXAMPLE\nsecret_key = {value}\n");
            assert_eq!(fault(text), "has its secret_key in quotes: write it without");
        }
    }

    #[test]
    fn a_value_that_cannot_be_sent_is_refused() {
        assert_eq!(fault(format!("{GOOD}token =\n")), "cannot be used: token is empty");
        let text = "[default]\nsecret_id = AKIDEXAMPLE\nsecret_key = s3cretkey # of 2024\n";
        assert!(fault(text).starts_with("cannot be used: secret_key holds a blank"));
    }

    #[test]
    fn a_malformed_line_is_named_by_its_number() {
        for (text, line) in [
            ("[default\n".to_owned(), 1),
            ("[default] ; mine\n".to_owned(), 1),
            (format!("{GOOD}s3cretkey"), 4),
            (format!("\r\n; x\r\n{GOOD}s3cretkey\r\n"), 6),
            (format!("{GOOD}= s3cretkey\n"), 4),
            (format!("[other]\ns3cretkey\n{GOOD}"), 2),
            (format!("\u{feff}{GOOD}"), 1),
        ] {
            assert!(fault(&text).starts_with(&format!("is malformed: line {line} ")), "{text:?}: {}", fault(&text));
        }
    }

    #[test]
    fn what_is_not_text_is_refused() {
        assert_eq!(fault(b"[default]\nsecret_id = \xff\n"), "is not UTF-8");
    }

    #[test]
    fn a_file_of_64_kib_is_read_and_a_larger_one_is_not() {
        let padded = |bytes: usize| format!("{GOOD}{}\n", ";".repeat(bytes - GOOD.len() - 1));
        holds(&padded(65_536), "s3cretkey", None);
        assert_eq!(fault(padded(65_537)), "has 65537 bytes, and more than 65536 are not read");
    }

    #[test]
    fn owner_and_group_may_read_it() {
        for mode in [0o400, 0o440, 0o600, 0o640, 0o700, 0o750] {
            assert!(read_with_mode(GOOD.as_bytes(), mode).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn a_file_that_is_open_to_others_is_refused() {
        for mode in [0o604, 0o602, 0o601, 0o620, 0o660, 0o644, 0o666, 0o777] {
            let error = read_with_mode(GOOD.as_bytes(), mode).unwrap_err();
            assert_eq!(error.status, Status::CredentialsFailed);
            assert!(error.message.contains(&format!("open to others, with mode {mode:04o}")), "{error}");
        }
    }

    #[test]
    fn the_rights_are_those_of_the_file_and_not_of_a_link_to_it() {
        let folder = folder();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, GOOD).unwrap();
        symlink(&file, &link).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert!(read(&link).unwrap().is_some());
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        assert!(read(&link).unwrap_err().message.contains("open to others"));
    }

    #[test]
    fn what_is_not_there_is_no_error() {
        let folder = folder();
        let file = folder.path().join("file");
        assert!(read(&file).unwrap().is_none());
        fs::write(&file, "").unwrap();
        assert!(read(&file.join("credentials")).unwrap().is_none());
    }

    #[test]
    fn a_folder_is_refused() {
        let error = read(folder().path()).unwrap_err();
        assert!(error.message.ends_with("is not a regular file"), "{error}");
    }

    #[test]
    fn a_fifo_that_nobody_writes_to_is_refused_at_once() {
        let folder = folder();
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg("-m600").arg(&fifo).status().unwrap().success());
        let error = read(&fifo).unwrap_err();
        assert!(error.message.ends_with("is not a regular file"), "{error}");
    }

    #[test]
    fn what_cannot_be_opened_is_an_error_with_its_cause() {
        let folder = folder();
        let link = folder.path().join("credentials");
        symlink(&link, &link).unwrap();
        let error = read(&link).unwrap_err();
        assert_eq!((error.status, error.os_error), (Status::CredentialsFailed, libc::ELOOP));
        assert!(error.message.contains("/credentials cannot be opened: "), "{error}");
    }

    #[test]
    fn only_what_is_not_there_counts_as_absent() {
        for (os_error, absent) in
            [(libc::ENOENT, true), (libc::ENOTDIR, true), (libc::EACCES, false), (libc::EIO, false)]
        {
            assert_eq!(is_absent(&io::Error::from_raw_os_error(os_error)), absent, "{os_error}");
        }
    }
}
