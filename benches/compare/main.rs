//! libtrro against what a good C developer writes by hand, and against the floor of the machine. Uses everything in its folder.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `clients` | the clients, built and run |
//! | `rows` | the devices that they ask for |
//! | `server`, `service` | the server, from inside and from outside |
//! | `relay` | a slow road to it |
//! | `measure` | the passes that measure the clients |
//! | `in_process` | signing and decoding, measured in this process |
//! | `growth` | how libtrro's cost grows |
//! | `creep` | instructions against those recorded |
//! | `results` | what was measured |
//! | `report`, `plot` | tables and plots of it |
//! | `machine`, `document` | where it was measured, and where that is written |
//! | `system` | system calls |

mod clients;
mod creep;
mod document;
mod growth;
mod in_process;
mod machine;
mod measure;
mod plot;
mod relay;
mod report;
mod results;
mod rows;
mod server;
mod service;
#[path = "../../tests/support/mod.rs"]
mod support;
mod system;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::prelude::*;
use libtest_mimic::{Completion, Failed};

use clients::{Client, Clients, Setting};
use document::Document;
use measure::{Bench, PASSES, Plan};
use results::Results;
use service::Service;
use support::root;

const HELP: &str = "\
cargo bench --bench compare -- [OPTION...] [PASS...]

Measures libtrro against a client written by hand in C and against the floor of the machine.

  --quick            three rounds
  --rounds N         so many rounds of what differs from round to round (default 15; of growth a third)
  --client NAME      only trro, handwritten, tuned or floor; may be repeated
  --devices N        only so many devices instead of 2, 20 and 100; may be repeated
  --http, --https    only that
  --library FILE     this libtrro.so instead of one that is built as it ships
  --write            write what was measured into docs/performance.md and its plots
  --help

Passes: cpu (and wall time) first instructions allocations calls packets round-trips memory sign decode growth creep
Without one: all but growth and creep. Creep compares with the instructions that are recorded, and with --write records them.
";

/// The passes that do not run the clients.
const IN_PROCESS: [&str; 2] = ["sign", "decode"];
const GROWTH: &str = "growth";
const CREEP: &str = "creep";
/// Two runs at the same time would take each other's.
const TIMED: [&str; 5] = ["cpu", "first", "sign", "decode", GROWTH];

struct Options {
    passes: Vec<&'static str>,
    clients: Vec<Client>,
    devices: Vec<usize>,
    protocols: Vec<bool>,
    rounds: usize,
    library: Option<PathBuf>,
    is_written: bool,
}

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let result = match &words[..] {
        [word, ca_file] if word == "serve" => server::serve(Path::new(ca_file)),
        [word, work, times] if word == "count" => in_process::work(work, times),
        _ => options().and_then(|options| options.map_or(Ok(()), compare)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.message().unwrap_or("it failed"));
            ExitCode::FAILURE
        }
    }
}

/// `None`: help was asked for.
fn options() -> Result<Option<Options>, Failed> {
    let mut options = Options {
        passes: Vec::new(),
        clients: Vec::new(),
        devices: Vec::new(),
        protocols: Vec::new(),
        rounds: 15,
        library: None,
        is_written: false,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            // Cargo's own.
            Long("bench") => {}
            Long("quick") => options.rounds = 3,
            Long("rounds") => options.rounds = arguments.value()?.parse::<usize>()?.max(1),
            Long("client") => options.clients.push(client(&arguments.value()?.string()?)?),
            Long("devices") => options.devices.push(arguments.value()?.parse()?),
            Long("http") => options.protocols.push(false),
            Long("https") => options.protocols.push(true),
            Long("library") => options.library = Some(arguments.value()?.into()),
            Long("write") => options.is_written = true,
            Long("help") => {
                print!("{HELP}");
                return Ok(None);
            }
            Value(name) => {
                let known = all_passes().chain([GROWTH, CREEP]).find(|known| name == *known);
                options.passes.push(known.ok_or_else(|| format!("there is no pass {name:?}"))?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.passes.is_empty() {
        options.passes = all_passes().collect();
    }
    if options.clients.is_empty() {
        options.clients = Client::ALL.to_vec();
    }
    if options.devices.is_empty() {
        options.devices = vec![2, 20, 100];
    }
    if options.protocols.is_empty() {
        options.protocols = vec![false, true];
    }
    Ok(Some(options))
}

fn client(name: &str) -> Result<Client, Failed> {
    let known = Client::ALL.into_iter().find(|client| client.name() == name);
    known.ok_or_else(|| format!("there is no client {name}").into())
}

fn all_passes() -> impl Iterator<Item = &'static str> {
    PASSES.iter().map(|(name, ..)| *name).chain(IN_PROCESS)
}

fn compare(mut options: Options) -> Result<(), Failed> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let _turn = match options.passes.iter().any(|pass| TIMED.contains(pass)) {
        true => Some(system::wait_for_turn(&target.join("compare.lock"))?),
        false => None,
    };
    // Of its own: another run may be counting what need not be timed.
    let folder = tempfile::tempdir_in(target)?;
    let folder = folder.path();
    let core = system::last_core();
    let clients = Clients::build(folder, options.library.take(), core)?;
    clients.verify()?;
    let service = Service::start(core, folder.join("server.pem"))?;
    if options.passes.iter().any(|pass| ![GROWTH, CREEP].contains(pass)) {
        compare_clients(&options, &clients, &service)?;
    }
    if options.passes.contains(&CREEP) {
        look_for_creep(&options, &Bench { clients: &clients, service: &service })?;
    }
    if options.passes.contains(&GROWTH) {
        let growth = growth::grow(&clients, &service, (options.rounds / 3).max(1))?;
        let tables = growth::tables(&growth);
        println!("{tables}");
        if options.is_written {
            let mut document = Document::read(root().join("docs/performance.md"))?;
            document.replace("growth", &tables)?;
            document.write()?;
            fs::write(root().join("docs/performance-growth.svg"), plot::growth(&growth))?;
        }
    }
    Ok(())
}

fn look_for_creep(options: &Options, bench: &Bench<'_>) -> Result<(), Failed> {
    if options.is_written {
        return creep::write(bench);
    }
    if let Completion::Ignored { reason } = creep::compare(bench)? {
        println!("Not compared: {}.", reason.unwrap_or_default());
    }
    Ok(())
}

fn compare_clients(options: &Options, clients: &Clients, service: &Service) -> Result<(), Failed> {
    let settings = options.protocols.iter().flat_map(|tls| options.devices.iter().map(|devices| (*tls, *devices)));
    let plan = Plan {
        clients: options.clients.iter().copied().filter(|client| clients.has(*client)).collect(),
        settings: settings.map(|(tls, devices)| Setting { tls, devices }).collect(),
        rounds: options.rounds,
    };
    let is_whole = all_passes().all(|pass| options.passes.contains(&pass))
        && (plan.settings.len(), plan.clients.len()) == (6, Client::ALL.len());
    if options.is_written && !is_whole {
        return Err("only what is measured as a whole can be written".into());
    }
    let (bench, mut results, mut compared) = (Bench { clients, service }, Results::default(), Vec::new());
    for (client, reason) in &clients.missing {
        results.missing.insert(client.name(), reason.clone());
    }
    for pass in &options.passes {
        match *pass {
            GROWTH | CREEP => {}
            name if IN_PROCESS.contains(&name) && !clients.has(Client::Handwritten) => {
                results.missing.insert(name, "there is nothing to compare it with".to_owned());
            }
            "sign" => compared.push(in_process::sign(clients, options.rounds)?),
            "decode" => compared.push(in_process::decode(clients, service, options.rounds)?),
            name => bench.run(&plan, name, &mut results)?,
        }
    }
    let (mut table, in_process) = (report::table(&results), report::in_process(&compared));
    for (what, reason) in &results.missing {
        table += &format!("\nNot measured: {what}, since {reason}.\n");
    }
    let bars = report::bars(&results, &compared, fs::metadata(&clients.library)?.len());
    println!("{table}\n{in_process}\n{bars}");
    if options.is_written {
        let mut document = Document::read(root().join("docs/performance.md"))?;
        document.replace("machine", &machine::machine(options.rounds))?;
        document.replace("bars", &bars)?;
        document.replace("figures", &table)?;
        document.replace("in one process", &in_process)?;
        document.write()?;
        fs::write(root().join("docs/performance.svg"), plot::comparison(&results))?;
    }
    Ok(())
}
