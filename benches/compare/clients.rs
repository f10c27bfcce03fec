//! The clients that are compared: builds them, and runs them in every way that something is counted. Uses `service`, `system`, and of
//! the tests `support`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use emulator::{Emulator, Options};
use libtest_mimic::Failed;

use crate::rows::account;
use crate::service::{Counters, Service, key_values};
use crate::support::{SONAME, STRICT, c_compiler, root, run};
use crate::system;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    Trro,
    Handwritten,
    Floor,
}

impl Client {
    pub const ALL: [Client; 3] = [Client::Trro, Client::Handwritten, Client::Floor];

    pub fn name(self) -> &'static str {
        match self {
            Client::Trro => "trro",
            Client::Handwritten => "handwritten",
            Client::Floor => "floor",
        }
    }
}

/// What is asked for, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    pub tls: bool,
    pub devices: usize,
}

/// How often a client is to call, beside its first call.
#[derive(Debug, Clone, Copy)]
pub struct Calls {
    pub warm_up: usize,
    pub measured: usize,
    /// Nothing but the calls.
    pub is_quiet: bool,
}

impl Calls {
    /// For who counts from outside.
    pub fn quiet(measured: usize) -> Calls {
        Calls { warm_up: 0, measured, is_quiet: true }
    }
}

/// What a client has printed, and how long its process has lived.
pub struct Ran {
    pub figures: Counters,
    /// The same of stderr.
    pub counted: Counters,
    pub lived: Duration,
}

/// The clients, built.
pub struct Clients {
    folder: PathBuf,
    core: usize,
}

impl Clients {
    /// Builds them in `folder` with the library, or with one that is built as it ships.
    pub fn build(folder: &Path, library: Option<PathBuf>, core: usize) -> Result<Clients, Failed> {
        let library = match library {
            Some(library) => fs::canonicalize(library)?,
            None => shipped_library()?,
        };
        for name in ["libtrro.so", SONAME] {
            let link = folder.join(name);
            let _ = fs::remove_file(&link);
            symlink(&library, link)?;
        }
        let rpath = format!("-Wl,--enable-new-dtags,-rpath,{}", folder.display());
        let linking = ["-L", &folder.to_string_lossy(), "-ltrro", &rpath].map(str::to_owned);
        compile(&folder.join("trro"), &["clients/main.c", "clients/trro.c"], &linking)?;
        let peer = ["clients/main.c", "peer/handwritten.c", "peer/sign.c", "peer/decode.c"];
        compile(&folder.join("handwritten"), &peer, &["-lcurl", "-lcrypto", "-lcjson"].map(str::to_owned))?;
        let floor = ["clients/main.c", "clients/floor.c"];
        compile(&folder.join("floor"), &floor, &["-lssl", "-lcrypto"].map(str::to_owned))?;
        let counter = ["-shared", "-fPIC", "-fno-builtin"].map(str::to_owned);
        compile(&folder.join("count_allocations.so"), &["clients/count_allocations.c"], &counter)?;
        Ok(Clients { folder: folder.to_owned(), core })
    }

    /// Each of them that signs is held to what the service checks, by the emulator.
    pub fn verify(&self) -> Result<(), Failed> {
        for tls in [false, true] {
            let options = Options { tls, requests_per_s: 0, devices: Some(account(20)), ..Options::default() };
            let emulator = Emulator::start(options)?;
            let ca_file = self.folder.join("emulator.pem");
            fs::write(&ca_file, emulator.ca_pem())?;
            for client in [Client::Trro, Client::Handwritten] {
                let setting = Setting { tls, devices: 20 };
                let mut command = Command::new(self.program(client));
                arguments(&mut command, &emulator.url(), &ca_file, setting, Calls::quiet(2));
                run(&mut command)
                    .map_err(|failure| format!("{}: {}", client.name(), failure.message().unwrap_or_default()))?;
            }
            assert_eq!(emulator.statistics().requests.len(), 6);
        }
        Ok(())
    }

    /// Runs a client on the server's core, below a tool if one is given.
    pub fn run(
        &self,
        tool: Option<Command>,
        client: Client,
        service: &Service,
        setting: Setting,
        calls: Calls,
    ) -> Result<Ran, Failed> {
        let mut command = match tool {
            Some(mut tool) => {
                tool.arg(self.program(client));
                tool
            }
            None => Command::new(self.program(client)),
        };
        arguments(&mut command, &service.url(setting.tls), &service.ca_file, setting, calls);
        system::pin(&mut command, self.core);
        let start = Instant::now();
        let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
        let lived = start.elapsed();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            return Err(format!("{command:?}: {}\n{stdout}{stderr}", output.status).into());
        }
        Ok(Ran { figures: key_values(&stdout), counted: key_values(&stderr), lived })
    }

    /// What counts allocations when it is loaded before a program.
    pub fn allocation_counter(&self) -> PathBuf {
        self.folder.join("count_allocations.so")
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn program(&self, client: Client) -> PathBuf {
        self.folder.join(client.name())
    }
}

/// In an environment with nothing else in it, such as a proxy.
fn arguments(command: &mut Command, url: &str, ca_file: &Path, setting: Setting, calls: Calls) {
    command.env_clear();
    command.env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY);
    command.arg(url);
    if setting.tls {
        command.arg(ca_file)
    } else {
        command.arg("-")
    };
    command.args([setting.devices, calls.warm_up, calls.measured].map(|number| number.to_string()));
    if calls.is_quiet {
        command.arg("quiet");
    }
}

fn compile(output: &Path, sources: &[&str], linking: &[String]) -> Result<(), Failed> {
    let mut compiler = c_compiler();
    compiler.args(STRICT).arg("-O2");
    for folder in ["include", "benches/clients", "benches/peer"] {
        compiler.arg("-I").arg(root().join(folder));
    }
    compiler.args(sources.iter().map(|source| root().join("benches").join(source)));
    run(compiler.arg("-o").arg(output).args(linking)).map(drop)
}

/// In a target folder of its own: the benchmark's own build of the library has the same name, and is not what ships.
fn shipped_library() -> Result<PathBuf, Failed> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?.join("shipped");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target-dir"]).arg(&target);
    run(cargo.current_dir(root()))?;
    Ok(target.join("release/libtrro.so"))
}
