//! The network as it is: proxies, both address families, one device of several, what TLS there is, compressed answers. The
//! client is the real one, and so is everything that it meets.

/// The tests of a module, each by its name.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub const TESTS: &[(&str, fn() -> $crate::support::Outcome)] =
            &[$((stringify!($name), || $crate::Ending::outcome($name()))),*];
    };
}

mod bodies;
mod certificates;
mod child;
mod cuts;
mod environment;
mod heaps;
mod impostors;
mod isolated;
mod middle;
mod proxies;
mod proxy_failures;
mod strangers;
mod successors;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod ways;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use emulator::{Emulator, Options, Request, SECRET_ID, SECRET_KEY};
use libtest_mimic::{Arguments, Completion, Trial};
use trro::api::{Devices, GetDevices};
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;
use trro::error::Error;

use support::Outcome;

/// A host that is nowhere (RFC 6761): only a proxy leads to it.
const NOWHERE: &str = "trro.invalid";

fn main() {
    if child::is_this() {
        return child::run();
    }
    let arguments = Arguments::from_args();
    support::scratch("network");
    let modules = [
        ("bodies", bodies::TESTS),
        ("certificates", certificates::TESTS),
        ("cuts", cuts::TESTS),
        ("environment", environment::TESTS),
        ("heaps", heaps::TESTS),
        ("impostors", impostors::TESTS),
        ("isolated", isolated::TESTS),
        ("proxies", proxies::TESTS),
        ("proxy_failures", proxy_failures::TESTS),
        ("strangers", strangers::TESTS),
        ("successors", successors::TESTS),
        ("tls", tls::TESTS),
        ("ways", ways::TESTS),
    ];
    let trials = modules.iter().flat_map(|(module, tests)| {
        tests.iter().map(move |(name, test)| Trial::ignorable_test(format!("{module}::{name}"), test))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// How a test ends that does not panic: most have nothing to say.
trait Ending {
    fn outcome(self) -> Outcome;
}

impl Ending for () {
    fn outcome(self) -> Outcome {
        Ok(Completion::Completed)
    }
}

impl Ending for Outcome {
    fn outcome(self) -> Outcome {
        self
    }
}

/// The emulator, and what a client has to know of it.
struct Service {
    emulator: Emulator,
    endpoint: String,
    port: u16,
    ca_file: String,
}

impl Service {
    /// Over TLS, as a host, under which it is reached as the test says.
    fn named(host: &str, options: Options) -> Service {
        let certificate_host = host.trim_matches(['[', ']']).to_owned();
        let options = Options { tls: true, requests_per_s: 0, certificate_host, ..options };
        let emulator = Emulator::start(options).unwrap();
        let port = emulator.url().rsplit_once(':').unwrap().1.parse().unwrap();
        let ca_file = file(emulator.ca_pem());
        Service { emulator, endpoint: format!("https://{host}:{port}"), port, ca_file }
    }

    /// A client of it.
    fn config(&self) -> Config<'_> {
        Config {
            credentials: Some(Credentials::new(SECRET_ID, SECRET_KEY, None).unwrap()),
            endpoint: Some(&self.endpoint),
            ca_file: Some(&self.ca_file),
            // The environment is the business of a module of its own.
            no_proxy: Some(""),
            max_attempts: Some(1),
            max_requests_per_s: Some(UNLIMITED),
            ..Config::default()
        }
    }

    fn requests(&self) -> Vec<Request> {
        self.emulator.statistics().requests
    }
}

/// A file of its own with this in it: its path.
fn file(content: &str) -> String {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let name = format!("network-{}-{}.pem", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("network").join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// How many devices a call brings: 10.
fn call(client: &Client) -> Result<usize, Error> {
    let request = GetDevices { page_num: 1, page_size: 10, project_id: None, device_id: None };
    let answer = client.call(&request, None)?;
    let page: Devices<'_> = client.decode::<GetDevices<'_>>(&answer)?;
    Ok(page.devices.len())
}

/// What one call of a client of its own comes to.
fn call_with(config: Config<'_>) -> Result<usize, Error> {
    call(&Client::new(config)?)
}
