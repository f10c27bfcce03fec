//! What is left of a secret in the memory of a process, wherever the library had it from: tests/c/wiped.c looks for it.

use std::env;
use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use emulator::{Metadata, MetadataOptions, Options, SECRET_ID, SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN};
use libtest_mimic::{Completion, Failed, Trial};
use sha2::block_api::compress256;
use trro::credentials::derive_signing_key;
use trro::sign::utc_date;

use crate::support::{self, Outcome};
use crate::{Product, service};

/// Set for this program where it is to serve a role in namespaces of its own: the program that has the role, and its key.
const PROGRAM_WITH_ROLE: &str = "TEST_PROGRAM_WITH_ROLE";
/// The test in which the metadata service writes the secrets with escapes.
const ROLE_WITH_ESCAPES: &str = "role_with_escapes";

/// Where the library has its credentials from.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    /// What tests/c/wiped.c is told.
    source: &'static str,
    has_token: bool,
    /// A variable of the environment that names the file, or the folder of the file `tencentcloud`.
    file: Option<&'static str>,
    is_watched: bool,
}

const GIVEN: Way = Way { name: "given", source: "given", has_token: false, file: None, is_watched: false };

const WAYS: [Way; 12] = [
    GIVEN,
    Way { name: "given_with_token", has_token: true, ..GIVEN },
    Way { name: "given_and_watched", has_token: true, is_watched: true, ..GIVEN },
    Way { name: "function", source: "function", has_token: true, ..GIVEN },
    Way { name: "function_and_watched", source: "function", has_token: true, is_watched: true, ..GIVEN },
    Way { name: "day_key", source: "day-key", ..GIVEN },
    Way { name: "day_key_with_token_and_watched", source: "day-key", has_token: true, is_watched: true, ..GIVEN },
    Way { name: "function_with_day_key", source: "function-with-day-key", has_token: true, ..GIVEN },
    Way { name: "file", source: "found", file: Some("TENCENTCLOUD_CREDENTIALS_FILE"), ..GIVEN },
    Way {
        name: "file_with_token",
        source: "found",
        has_token: true,
        file: Some("TENCENTCLOUD_CREDENTIALS_FILE"),
        ..GIVEN
    },
    Way { name: "environment", source: "environment", has_token: true, ..GIVEN },
    Way { name: "file_of_systemd", source: "found", has_token: true, file: Some("CREDENTIALS_DIRECTORY"), ..GIVEN },
];

pub fn trials(product: &Arc<Product>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for protocol in ["http", "https"] {
        for way in WAYS {
            let product = Arc::clone(product);
            let name = format!("wiped::nothing_of_a_secret_is_left_in_memory_after_free::{}::{protocol}", way.name);
            trials.push(Trial::test(name, move || nothing_is_left(&product, way, protocol == "https")));
        }
    }
    for name in ["role", ROLE_WITH_ESCAPES] {
        let product = Arc::clone(product);
        let full_name = format!("wiped::nothing_of_a_secret_is_left_in_memory_after_free::{name}");
        trials.push(Trial::ignorable_test(full_name, move || nothing_is_left_of_a_role(&product, name)));
    }
    trials
}

/// The key is given on stdin: what is in the environment stays in memory.
fn command(product: &Product, way: Way, name: &str) -> Result<Command, Failed> {
    let program = product.programs.join(format!("wiped-{name}"));
    support::compile(&support::root().join("tests/c/wiped.c"), &program, &product.folder, &["-O1"])?;
    let mut command = Command::new(&program);
    command.args([way.source, if way.is_watched { "watched" } else { "alone" }]);
    let secrets = product.programs.join(format!("secrets-{name}"));
    let [inner, outer] = states_of_the_day_key();
    fs::write(&secrets, format!("{SECRET_KEY}\n{}\n{inner}\n{outer}\n", if way.has_token { TOKEN } else { "" }))?;
    command.stdin(fs::File::open(&secrets)?);
    Ok(command)
}

/// What HMAC keeps of the key of today, as it is in memory: SHA-256 after the first block, inside and outside (RFC 2104).
fn states_of_the_day_key() -> [String; 2] {
    const AT_FIRST: [u32; 8] =
        [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs().try_into().unwrap_or(0));
    let key = derive_signing_key(SECRET_KEY, &utc_date(now_s)).unwrap();
    [0x36, 0x5c].map(|pad| {
        let mut block = [pad; 64];
        block.iter_mut().zip(key.as_bytes()).for_each(|(byte, of_key)| *byte ^= of_key);
        let mut state = AT_FIRST;
        compress256(&mut state, &[block]);
        state.iter().flat_map(|word| word.to_ne_bytes()).map(|byte| format!("{byte:02x}")).collect()
    })
}

fn nothing_is_left(product: &Product, way: Way, tls: bool) -> Result<(), Failed> {
    let name = format!("{}-{tls}", way.name);
    let mut command = command(product, way, &name)?;
    let _emulator = service(product, Options { tls, ..Options::default() }, &mut command, &format!("wiped-{name}"))?;
    let secret_id = if way.has_token { TEMPORARY_SECRET_ID } else { SECRET_ID };
    command.env("TEST_SECRET_ID", secret_id);
    command.env_remove("TENCENTCLOUD_SECRET_ID").env_remove("TENCENTCLOUD_SECRET_KEY");
    if let Some(variable) = way.file {
        let folder = support::scratch(&format!("wiped-file-{name}"));
        let file = folder.join("tencentcloud");
        let token = if way.has_token { format!("token = {TOKEN}\n") } else { String::new() };
        fs::write(&file, format!("[default]\nsecret_id = {secret_id}\nsecret_key = {SECRET_KEY}\n{token}"))?;
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        command.env(variable, if variable == "CREDENTIALS_DIRECTORY" { folder } else { file });
    }
    support::run(&mut command).map(drop)
}

/// The metadata service has a name and a port that cannot be chosen, so all of it runs in namespaces.
fn nothing_is_left_of_a_role(product: &Product, name: &str) -> Outcome {
    if support::find_tool("ip").is_none() {
        return support::missing("ip is not installed");
    }
    let folder = support::scratch(&format!("wiped-{name}"));
    let Some(mut child) = support::isolated(&env::current_exe()?, &folder)? else {
        return support::missing("namespaces with another /etc/resolv.conf cannot be made");
    };
    let way = Way { source: "role", has_token: true, ..GIVEN };
    let program = command(product, way, name)?.get_program().to_owned();
    let secrets = product.programs.join(format!("secrets-{name}"));
    support::run(child.env(PROGRAM_WITH_ROLE, &program).env("TEST_SECRETS", secrets))?;
    Ok(Completion::Completed)
}

/// Whether this process is the child of that test.
pub fn is_child() -> bool {
    env::var_os(PROGRAM_WITH_ROLE).is_some()
}

/// In the child: both services, and the program.
pub fn serve_role() {
    let run =
        |program: &str, arguments: &[&str]| assert!(Command::new(program).args(arguments).status().unwrap().success());
    run("ip", &["link", "set", "lo", "up"]);
    let program = PathBuf::from(env::var_os(PROGRAM_WITH_ROLE).unwrap());
    let hosts = program.with_extension("hosts");
    fs::write(&hosts, "127.0.0.1 localhost metadata.tencentyun.com\n").unwrap();
    run("mount", &["--bind", hosts.to_str().unwrap(), "/etc/hosts"]);
    let has_escapes = program.ends_with(format!("wiped-{ROLE_WITH_ESCAPES}"));
    let metadata = Metadata::start(MetadataOptions { has_escapes, ..MetadataOptions::default() }).unwrap();
    lead(TcpListener::bind((Ipv4Addr::LOCALHOST, 80)).unwrap(), metadata.url());
    let emulator = emulator::Emulator::start(Options { requests_per_s: 0, ..Options::default() }).unwrap();
    let mut command = Command::new(program);
    command.args(["role", "alone"]).env("TRRO_ENDPOINT", emulator.url());
    command.stdin(fs::File::open(env::var_os("TEST_SECRETS").unwrap()).unwrap());
    // A home without credentials.
    command.env("HOME", Path::new("/nonexistent"));
    let left = support::run(&mut command);
    assert!(left.is_ok(), "{}", left.unwrap_err().message().unwrap_or_default());
    assert!(metadata.requests() > 0);
}

/// From a port of the system's to one of the emulator's.
fn lead(listener: TcpListener, url: String) {
    let address = url.strip_prefix("http://").unwrap().to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&address).unwrap());
            let [from_client, to_server] = [client.try_clone().unwrap(), server.try_clone().unwrap()];
            std::thread::spawn(move || copy(from_client, to_server));
            std::thread::spawn(move || copy(server, client));
        }
    });
}

/// A side that goes away takes the other along.
fn copy(mut source: TcpStream, mut destination: TcpStream) {
    let _ = io::copy(&mut source, &mut destination);
    let _ = destination.shutdown(Shutdown::Write);
}
