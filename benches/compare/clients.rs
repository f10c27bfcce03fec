//! The clients that are compared: builds them, and runs them in every way that something is counted. Uses `service`, `system`, and of
//! the tests `support`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use emulator::{Emulator, Options};
use libtest_mimic::Failed;

use crate::rows::account;
use crate::service::{Counters, key_values};
use crate::support::{SONAME, STRICT, c_compiler, root, run};
use crate::system;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    Trro,
    /// As a good C developer writes it.
    Handwritten,
    /// The same with every trick that is known to us.
    Tuned,
    Floor,
}

impl Client {
    pub const ALL: [Client; 4] = [Client::Trro, Client::Handwritten, Client::Tuned, Client::Floor];

    pub fn name(self) -> &'static str {
        match self {
            Client::Trro => "trro",
            Client::Handwritten => "handwritten",
            Client::Tuned => "tuned",
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

/// Whom a client is to ask.
pub struct Site<'s> {
    pub url: &'s str,
    pub ca_file: &'s Path,
}

impl Site<'_> {
    /// The words by which a program of the benchmark knows it.
    fn words(&self) -> [&OsStr; 2] {
        let ca_file = if self.url.starts_with("https:") { self.ca_file.as_os_str() } else { OsStr::new("-") };
        [OsStr::new(self.url), ca_file]
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
    /// The libtrro.so that is measured.
    pub library: PathBuf,
    core: usize,
    /// Those that could not be built, and why.
    pub missing: Vec<(Client, String)>,
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
        let trro = ["-L", &folder.to_string_lossy(), "-ltrro", &rpath].map(str::to_owned);
        let compile = |name: &str, sources: &[&str], linking: &[String]| compile(&folder.join(name), sources, linking);
        compile("trro", &["clients/main.c", "clients/trro.c"], &trro)?;
        compile("growth", &["clients/growth.c"], &[&trro[..], &["-pthread".to_owned()]].concat())?;
        compile("decode_trro.so", &["clients/decode_trro.c"], &[&trro[..], &shared()].concat())?;
        // The compiler is not to know what malloc() does.
        let counter = [&shared()[..], &["-fno-builtin".to_owned()]].concat();
        compile("count_allocations.so", &["clients/count_allocations.c"], &counter)?;
        let mut missing = Vec::new();
        match linking(&["libcurl", "libcrypto", "libcjson"]) {
            Ok(flags) => {
                let peer = ["clients/main.c", "peer/handwritten.c", "peer/sign.c", "peer/decode.c"];
                compile("handwritten", &peer, &flags)?;
                let tuned = ["clients/main.c", "peer/handwritten.c", "peer/sign_tuned.c", "peer/decode_tuned.c"];
                compile("tuned", &tuned, &flags)?;
                let peer = ["clients/sign_openssl.c", "peer/sign_tuned.c", "peer/decode.c"];
                compile("peer.so", &peer, &[flags, shared().to_vec()].concat())?;
            }
            Err(reason) => {
                missing.extend([(Client::Handwritten, reason.clone()), (Client::Tuned, reason)]);
            }
        }
        match linking(&["libssl", "libcrypto"]) {
            Ok(flags) => compile("floor", &["clients/main.c", "clients/floor.c"], &flags)?,
            Err(reason) => missing.push((Client::Floor, reason)),
        }
        Ok(Clients { folder: folder.to_owned(), library, core, missing })
    }

    /// Each of them that signs is held to what the service checks, by the emulator.
    pub fn verify(&self) -> Result<(), Failed> {
        for tls in [false, true] {
            let options = Options { tls, requests_per_s: 0, devices: Some(account(20)), ..Options::default() };
            let emulator = Emulator::start(options)?;
            let ca_file = self.folder.join("emulator.pem");
            fs::write(&ca_file, emulator.ca_pem())?;
            let site = Site { url: &emulator.url(), ca_file: &ca_file };
            let signing = [Client::Trro, Client::Handwritten, Client::Tuned].into_iter();
            for (client, requests) in signing.filter(|client| self.has(*client)).zip([3, 6, 9]) {
                self.run(None, client, &site, Setting { tls, devices: 20 }, Calls::quiet(2))?;
                assert_eq!(emulator.statistics().requests.len(), requests, "{client:?}");
            }
        }
        Ok(())
    }

    pub fn has(&self, client: Client) -> bool {
        self.missing.iter().all(|(missing, _)| *missing != client)
    }

    /// Runs a client on the server's core, below a tool if one is given.
    pub fn run(
        &self,
        tool: Option<Command>,
        client: Client,
        site: &Site<'_>,
        setting: Setting,
        calls: Calls,
    ) -> Result<Ran, Failed> {
        let program = self.folder.join(client.name());
        let mut command = match tool {
            Some(mut tool) => {
                tool.arg(program);
                tool
            }
            None => Command::new(program),
        };
        command.args(site.words());
        command.args([setting.devices, calls.warm_up, calls.measured].map(|number| number.to_string()));
        if calls.is_quiet {
            command.arg("quiet");
        }
        self.finish(command)
    }

    /// Runs the program that shows how libtrro's cost grows.
    pub fn run_growth(&self, site: &Site<'_>, devices: usize, threads: usize, calls: usize) -> Result<Ran, Failed> {
        let mut command = Command::new(self.folder.join("growth"));
        command.args(site.words()).args([devices, threads, calls].map(|number| number.to_string()));
        self.finish(command)
    }

    /// In an environment with nothing else in it, such as a proxy.
    fn finish(&self, mut command: Command) -> Result<Ran, Failed> {
        command.env_clear();
        command.env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY);
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

    /// A file that was built, or is to be written.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn shared() -> [String; 2] {
    ["-shared", "-fPIC"].map(str::to_owned)
}

/// How to link with Debian's packages; what is missing, if something is.
fn linking(packages: &[&str]) -> Result<Vec<String>, String> {
    let output = Command::new("pkg-config").args(["--libs"]).args(packages).output();
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect())
        }
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned()),
        Err(_) => Err("pkg-config is not installed".to_owned()),
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
