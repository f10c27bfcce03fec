//! libtrro against what a good C developer writes by hand, and against the floor of the machine. Uses everything in its folder.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `clients` | the clients, built and run |
//! | `rows` | the devices that they ask for |
//! | `server`, `service` | the server, from inside and from outside |
//! | `measure` | the passes that measure |
//! | `results` | what was measured |
//! | `report` | tables of it |
//! | `system` | system calls |

mod clients;
mod measure;
mod report;
mod results;
mod rows;
mod server;
mod service;
#[path = "../../tests/support/mod.rs"]
mod support;
mod system;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::prelude::*;
use libtest_mimic::Failed;

use clients::{Client, Clients, Setting};
use measure::{Bench, PASSES, Plan};
use results::{Figure, Results};
use service::Service;

const HELP: &str = "\
cargo bench --bench compare -- [OPTION...] [PASS...]

Measures libtrro against a client written by hand in C and against the floor of the machine.

  --quick            few rounds
  --rounds N         so many rounds of what differs from round to round (default 15)
  --client NAME      only trro, handwritten or floor; may be repeated
  --devices N        only so many devices instead of 2, 20 and 100; may be repeated
  --http, --https    only that
  --library FILE     this libtrro.so instead of one that is built as it ships
  --help

Passes (default: all): cpu first instructions allocations calls packets memory
";

struct Options {
    passes: Vec<&'static str>,
    clients: Vec<Client>,
    devices: Vec<usize>,
    protocols: Vec<bool>,
    rounds: usize,
    library: Option<PathBuf>,
}

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let result = match (arguments.next(), arguments.next()) {
        (Some(word), Some(ca_file)) if word == "serve" => server::serve(Path::new(&ca_file)),
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
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            // Cargo's own.
            Long("bench") => {}
            Long("quick") => options.rounds = 3,
            Long("rounds") => options.rounds = arguments.value()?.parse()?,
            Long("client") => options.clients.push(client(&arguments.value()?.string()?)?),
            Long("devices") => options.devices.push(arguments.value()?.parse()?),
            Long("http") => options.protocols.push(false),
            Long("https") => options.protocols.push(true),
            Long("library") => options.library = Some(arguments.value()?.into()),
            Long("help") => {
                print!("{HELP}");
                return Ok(None);
            }
            Value(name) => {
                let known = PASSES.iter().find(|(known, ..)| name == *known);
                options.passes.push(known.ok_or_else(|| format!("there is no pass {name:?}"))?.0);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.passes.is_empty() {
        options.passes = PASSES.map(|(name, ..)| name).to_vec();
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

fn compare(options: Options) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    fs::create_dir_all(&folder)?;
    let core = system::last_core();
    let clients = Clients::build(&folder, options.library, core)?;
    clients.verify()?;
    let service = Service::start(core, folder.join("server.pem"))?;
    let settings = options.protocols.iter().flat_map(|tls| options.devices.iter().map(|devices| (*tls, *devices)));
    let settings = settings.map(|(tls, devices)| Setting { tls, devices }).collect();
    let plan = Plan { clients: options.clients, settings, rounds: options.rounds };
    let bench = Bench { clients: &clients, service: &service };
    let mut results = Results::default();
    for pass in &options.passes {
        bench.run(&plan, pass, &mut results)?;
    }
    println!("{}", report::table(&results, &Figure::ALL));
    for (pass, reason) in &results.missing {
        println!("not measured: {pass}: {reason}");
    }
    Ok(())
}
