//! Where credentials come from if the program gives none. Uses `sys`, `error`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::{Error, Status, printable};
use crate::sys::environment_variable;

use super::{Credentials, fault_of, file};

const SECRET_ID_VARIABLE: &str = "TENCENTCLOUD_SECRET_ID";
const SECRET_KEY_VARIABLE: &str = "TENCENTCLOUD_SECRET_KEY";
const TOKEN_VARIABLE: &str = "TENCENTCLOUD_TOKEN";
/// Set by systemd for a service with `LoadCredential=` or `SetCredential=`.
const SERVICE_FOLDER_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
const SERVICE_FILE: &str = "tencentcloud";
const FILE_VARIABLE: &str = "TENCENTCLOUD_CREDENTIALS_FILE";
const HOME_VARIABLE: &str = "HOME";
const FILE_IN_HOME: &str = ".tencentcloud/credentials";
const SYSTEM_FILE: &str = "/etc/tencentcloud/credentials";

/// Credentials, and where they were.
#[derive(Debug)]
pub struct Found {
    /// What signs.
    pub credentials: Credentials,
    /// For people: "the environment", or the path of a file.
    pub source: String,
}

/// Credentials from the first source that is there: the environment (`TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY`,
/// `TENCENTCLOUD_TOKEN`); the file `tencentcloud` in `$CREDENTIALS_DIRECTORY`; the file that
/// `TENCENTCLOUD_CREDENTIALS_FILE` names or, if it names none, `~/.tencentcloud/credentials` or
/// `/etc/tencentcloud/credentials`. One that is there and cannot be used is an error, since using the next would surprise.
/// In a program with more rights than its user (setuid) the environment counts as empty.
pub fn find() -> Result<Option<Found>, Error> {
    find_in(&Places { variable: &environment_variable, system_file: Path::new(SYSTEM_FILE) })
}

/// What to say when nothing was found and there is nowhere else to look.
pub fn none_found() -> Error {
    let message = format!(
        "no credentials: none are given, {SECRET_ID_VARIABLE} and {SECRET_KEY_VARIABLE} are not set, \
         and there is no file ~/{FILE_IN_HOME} or {SYSTEM_FILE}"
    );
    Error::new(Status::NoCredentials, message)
}

struct Places<'a> {
    variable: &'a dyn Fn(&str) -> Option<OsString>,
    system_file: &'a Path,
}

fn find_in(places: &Places<'_>) -> Result<Option<Found>, Error> {
    if let Some(credentials) = in_variables(places)? {
        return Ok(Some(Found { credentials, source: "the environment".to_owned() }));
    }
    let variable = places.variable;
    if let Some(folder) = variable(SERVICE_FOLDER_VARIABLE) {
        if let Some(found) = in_file(&Path::new(&folder).join(SERVICE_FILE))? {
            return Ok(Some(found));
        }
    }
    if let Some(named) = variable(FILE_VARIABLE).map(PathBuf::from) {
        let missing = || file::failed(&named, format!("does not exist, and {FILE_VARIABLE} names it"));
        return in_file(&named)?.ok_or_else(missing).map(Some);
    }
    if let Some(home) = variable(HOME_VARIABLE) {
        if let Some(found) = in_file(&Path::new(&home).join(FILE_IN_HOME))? {
            return Ok(Some(found));
        }
    }
    in_file(places.system_file)
}

fn in_file(path: &Path) -> Result<Option<Found>, Error> {
    let credentials = file::read(path)?;
    Ok(credentials.map(|credentials| Found { credentials, source: printable(&path.to_string_lossy()) }))
}

fn in_variables(places: &Places<'_>) -> Result<Option<Credentials>, Error> {
    let secret_id = secret_variable(places, SECRET_ID_VARIABLE)?;
    let secret_key = secret_variable(places, SECRET_KEY_VARIABLE)?;
    let token = secret_variable(places, TOKEN_VARIABLE)?;
    match (secret_id, secret_key) {
        (Some(secret_id), Some(secret_key)) => {
            Credentials::new(&secret_id, &secret_key, token.as_ref().map(|token| token.as_str())).map(Some)
        }
        (Some(_), None) => Err(incomplete(SECRET_ID_VARIABLE, SECRET_KEY_VARIABLE)),
        (None, Some(_)) => Err(incomplete(SECRET_KEY_VARIABLE, SECRET_ID_VARIABLE)),
        (None, None) => Ok(None),
    }
}

fn incomplete(set: &str, missing: &str) -> Error {
    Error::new(Status::CredentialsFailed, format!("{set} is set and {missing} is not"))
}

fn secret_variable(places: &Places<'_>, name: &str) -> Result<Option<Zeroizing<String>>, Error> {
    let failed = |fault: &str| Error::new(Status::CredentialsFailed, format!("the environment's {name} {fault}"));
    match (places.variable)(name).map(|value| value.into_string().map(Zeroizing::new)) {
        None => Ok(None),
        Some(Err(_)) => Err(failed("is not UTF-8")),
        Some(Ok(value)) => match fault_of(&value) {
            Some(fault) => Err(failed(fault)),
            None => Ok(Some(value)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::PermissionsExt;
    use tempfile::TempDir;

    /// A machine of its own: an environment, and a folder that holds all its files.
    struct Machine {
        folder: TempDir,
        variables: Vec<(&'static str, OsString)>,
    }

    impl Machine {
        fn new() -> Machine {
            Machine { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn with_variable(mut self, name: &'static str, value: impl Into<OsString>) -> Machine {
            self.variables.push((name, value.into()));
            self
        }

        /// A variable that names something in the folder.
        fn with_path(self, name: &'static str, path: &str) -> Machine {
            let path = self.path(path);
            self.with_variable(name, path)
        }

        fn with_text(self, name: &str, text: &str) -> Machine {
            let path = self.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            self
        }

        /// A file with credentials whose secret id is `secret_id`.
        fn with_file(self, name: &str, secret_id: &str) -> Machine {
            self.with_text(name, &format!("[default]\nsecret_id = {secret_id}\nsecret_key = s3cretkey\n"))
        }

        /// Every source there is.
        fn with_everything() -> Machine {
            Machine::new()
                .with_variable(SECRET_ID_VARIABLE, "of-environment")
                .with_variable(SECRET_KEY_VARIABLE, "s3cretkey")
                .with_path(SERVICE_FOLDER_VARIABLE, "service")
                .with_path(FILE_VARIABLE, "named")
                .with_path(HOME_VARIABLE, "home")
                .with_file("service/tencentcloud", "of-service")
                .with_file("named", "of-named-file")
                .with_file("home/.tencentcloud/credentials", "of-home")
                .with_file("system", "of-system")
        }

        fn without(mut self, name: &str) -> Machine {
            self.variables.retain(|(variable, _)| *variable != name);
            self
        }

        fn find(&self) -> Result<Option<Found>, Error> {
            let variable = |name: &str| {
                self.variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.clone())
            };
            find_in(&Places { variable: &variable, system_file: &self.path("system") })
        }

        #[track_caller]
        fn finds(self, secret_id: &str, source: &str) -> Machine {
            let found = self.find().unwrap().unwrap();
            assert_eq!(found.credentials.secret_id, secret_id);
            assert!(found.source.ends_with(source), "{}", found.source);
            self
        }

        #[track_caller]
        fn fails(&self, fault: &str) {
            let error = self.find().unwrap_err();
            assert_eq!(error.status, Status::CredentialsFailed);
            assert!(error.message.contains(fault), "{error}");
        }
    }

    #[test]
    fn the_first_source_that_is_there_counts() {
        let machine = Machine::with_everything().finds("of-environment", "the environment");
        let machine = machine.without(SECRET_ID_VARIABLE).without(SECRET_KEY_VARIABLE);
        let machine = machine.finds("of-service", "/service/tencentcloud").without(SERVICE_FOLDER_VARIABLE);
        let machine = machine.finds("of-named-file", "/named").without(FILE_VARIABLE);
        let machine = machine.finds("of-home", "/home/.tencentcloud/credentials").without(HOME_VARIABLE);
        let machine = machine.finds("of-system", "/system");
        fs::remove_file(machine.path("system")).unwrap();
        assert!(machine.find().unwrap().is_none());
    }

    #[test]
    fn a_file_that_is_not_where_one_may_be_is_skipped() {
        Machine::new()
            .with_path(SERVICE_FOLDER_VARIABLE, "service")
            .with_path(HOME_VARIABLE, "home")
            .with_file("system", "of-system")
            .finds("of-system", "/system");
    }

    #[test]
    fn a_file_that_is_named_has_to_be_there() {
        let machine = Machine::new().with_path(FILE_VARIABLE, "named").with_file("system", "of-system");
        machine.fails("/named does not exist, and TENCENTCLOUD_CREDENTIALS_FILE names it");
    }

    #[test]
    fn a_source_that_cannot_be_used_ends_the_search() {
        for name in ["service/tencentcloud", "named", "home/.tencentcloud/credentials"] {
            let machine = Machine::new().with_path(SERVICE_FOLDER_VARIABLE, "service").with_path(HOME_VARIABLE, "home");
            let machine = if name == "named" { machine.with_path(FILE_VARIABLE, "named") } else { machine };
            let machine = machine.with_text(name, "[default]\n").with_file("system", "of-system");
            machine.fails(&format!("/{name} has no secret_id"));
        }
        Machine::new().with_text("system", "").fails("/system has no section");
    }

    #[test]
    fn half_a_pair_in_the_environment_ends_the_search() {
        let machine = || Machine::new().with_file("system", "of-system");
        let machine_with = |name: &'static str| machine().with_variable(name, "s3cretkey");
        machine_with(SECRET_ID_VARIABLE).fails("TENCENTCLOUD_SECRET_ID is set and TENCENTCLOUD_SECRET_KEY is not");
        machine_with(SECRET_KEY_VARIABLE).fails("TENCENTCLOUD_SECRET_KEY is set and TENCENTCLOUD_SECRET_ID is not");
    }

    #[test]
    fn what_cannot_be_sent_in_the_environment_is_named() {
        let pair = || Machine::new().with_variable(SECRET_ID_VARIABLE, "AKIDEXAMPLE");
        pair().with_variable(SECRET_KEY_VARIABLE, "s3cretkey\n").fails("TENCENTCLOUD_SECRET_KEY begins or ends with");
        let not_text = OsString::from_vec(vec![0xff]);
        pair().with_variable(SECRET_KEY_VARIABLE, not_text).fails("TENCENTCLOUD_SECRET_KEY is not UTF-8");
    }

    #[test]
    fn a_token_is_never_taken_from_another_source_than_its_key() {
        let machine = Machine::new().with_variable(TOKEN_VARIABLE, "t0ken").with_file("system", "of-system");
        assert_eq!(machine.find().unwrap().unwrap().credentials.token(), None);
    }

    #[test]
    fn id_key_and_token_of_the_environment_are_taken_together() {
        let machine = Machine::with_everything().with_variable(TOKEN_VARIABLE, "t0ken");
        let credentials = machine.find().unwrap().unwrap().credentials;
        assert_eq!((credentials.secret_id.as_str(), credentials.token()), ("of-environment", Some("t0ken")));
        assert!(matches!(&credentials.secret, Secret::SecretKey(key) if key.as_str() == "s3cretkey"));
    }

    #[test]
    fn when_nothing_is_found_the_error_says_where_credentials_may_be() {
        let error = none_found();
        assert_eq!(error.status, Status::NoCredentials);
        for place in [SECRET_ID_VARIABLE, SECRET_KEY_VARIABLE, FILE_IN_HOME, SYSTEM_FILE] {
            assert!(error.message.contains(place), "{error}");
        }
    }
}
