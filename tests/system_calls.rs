//! The system calls that docs/system-calls.md names for a filter of seccomp: strace sees no other between the first call of the library
//! and the last, over HTTP and TLS, and where qemu emulates another machine, neither does qemu.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use emulator::{Emulator, Options};
use libtest_mimic::{Arguments, Failed, Trial};
use socket2::{Domain, Socket, Type};

fn main() {
    let arguments = Arguments::from_args();
    let library = support::built_library();
    let trials = [("http", false), ("https", true)].map(|(protocol, tls)| {
        let library = library.clone();
        Trial::ignorable_test(format!("no_call_is_made_that_is_not_named::{protocol}"), move || match support::runner()
            .first()
            .filter(|runner| runner.contains("qemu"))
        {
            Some(qemu) => support::with_tool(qemu, |_| no_call_is_made_that_is_not_named(&library, None, tls)),
            // A loader of another libc may run it, too.
            None => {
                support::with_tool("strace", |strace| no_call_is_made_that_is_not_named(&library, Some(strace), tls))
            }
        })
    });
    libtest_mimic::run(&arguments, trials.into()).exit();
}

fn no_call_is_made_that_is_not_named(library: &Path, strace: Option<&Path>, tls: bool) -> Result<(), Failed> {
    let folder = support::scratch(&format!("system-calls-{tls}"));
    let (binary, record) = (folder.join("system_calls"), folder.join("record"));
    support::compile(&support::root().join("tests/c/system_calls.c"), &binary, library, &[""; 0])?;
    let emulator = Emulator::start(Options { requests_per_s: 0, tls, ..Options::default() })?;
    emulator.misbehave_once("error:InternalError".parse()?);
    // A port that is taken, and on which nobody listens.
    let taken = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    taken.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let closed = taken.local_addr()?.as_socket().ok_or("an address of the loopback")?;

    let mut program = match strace {
        Some(strace) => {
            let mut command = Command::new(strace);
            let program = support::program(&binary);
            command.args(["-f", "-qq", "--signal=none", "-o"]).arg(&record);
            command.arg(program.get_program()).args(program.get_args());
            command
        }
        None => {
            let mut command = support::program(&binary);
            command.env("QEMU_STRACE", "1").env("QEMU_LOG_FILENAME", &record);
            command
        }
    };
    let certificate = folder.join("authority.pem");
    fs::write(&certificate, emulator.ca_pem())?;
    if tls {
        program.env("TRRO_CA_FILE", &certificate);
    }
    program
        .env("HOME", &folder)
        .env("TRRO_ENDPOINT", emulator.url())
        .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY)
        .env("TEST_CLOSED_ENDPOINT", format!("http://{closed}"));
    support::run(&mut program)?;

    let record = fs::read_to_string(record)?;
    let seen = calls_between_the_marks(&record)?;
    let named = named()?;
    let missing: Vec<_> = seen.difference(&named).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not in docs/system-calls.md: {missing:?}").into()) }
}

/// Each of `PROCESS NAME(ARGUMENTS) = RESULT`, with what strace and qemu do to a call that another thread interrupts.
fn calls_between_the_marks(record: &str) -> Result<BTreeSet<String>, Failed> {
    // qemu does not show what is written.
    let parts: Vec<&str> = record.split("write(-1,").collect();
    let [_, between, _] = parts[..] else { return Err(format!("{} marks were seen", parts.len() - 1).into()) };
    let names = between.lines().skip(1).filter_map(|line| {
        let (before, _) = line.split_once('(')?;
        let name = before.rsplit(' ').next()?;
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (!name.is_empty() && is_name(name)).then(|| name.to_owned())
    });
    let names: BTreeSet<String> = names.collect();
    // Fewer, and it is no record of calls over a network.
    if names.len() < 10 { Err(format!("only {names:?} were seen").into()) } else { Ok(names) }
}

/// The first column of the tables.
fn named() -> Result<BTreeSet<String>, Failed> {
    let text = fs::read_to_string(support::root().join("docs/system-calls.md"))?;
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    Ok(cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect())
}
