//! The TRRO service's side of the wire, so that everything runs without an account: it checks what the service checks
//! (signature, clock, rate, parameters, action and version) and answers as the service does, HTTP 200 with the error in the
//! body. It can be told to misbehave. What is emulated is what the service documents; where a document is silent the
//! choice is an [option](Options), or is told where it is made.
//!
//! With it come what stands between a vehicle and the service, a [proxy](Proxy), and what a cloud instance has its
//! credentials from, the [metadata service](Metadata).
//!
//! It has every action of the international service, and keeps what they do: an account of projects, devices, licenses,
//! permissions and sessions.
//!
//! It shares no code with the library, which would agree with any mistake of its own. It does share the description of the
//! actions, which is what the documents say.

mod account;
mod answer;
mod certificate;
mod connection;
mod control;
mod description;
mod devices;
mod fault;
mod http;
mod licenses;
mod listener;
mod metadata;
mod moment;
mod parameters;
mod permissions;
mod projects;
mod proxy;
mod scramble;
mod service;
mod sessions;
mod signature;
mod socks;
mod state;
mod throttle;

use std::io;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

pub use account::generated as generated_devices;
pub use fault::Fault;
pub use http::Request;
pub use metadata::{Metadata, MetadataFault, MetadataOptions};
pub use proxy::{Proxy, ProxyFault, ProxyOptions, ProxyProtocol};

use certificate::Certificate;
use listener::Listener;
use state::State;
use throttle::Throttle;

/// The key that the emulator knows.
pub const SECRET_ID: &str = "AKIDEMULATOREMULATOREMULATOREMULATOR";
/// The secret that belongs to it.
pub const SECRET_KEY: &str = "emulatorSecretKeyEmulatorSecret1";
/// The token that the emulator expects with a key of type "temporary", see [`TEMPORARY_SECRET_ID`].
pub const TOKEN: &str = "emulatorSessionTokenEmulatorSessionToken";
/// A key that is good with [`TOKEN`] only; its secret is [`SECRET_KEY`].
pub const TEMPORARY_SECRET_ID: &str = "AKIDTEMPORARYTEMPORARYTEMPORARYTEMPO";
/// A key that the service knows and that may not call anything; its secret is [`SECRET_KEY`].
pub const POWERLESS_SECRET_ID: &str = "AKIDPOWERLESSPOWERLESSPOWERLESSPOWER";

/// How the emulated service is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Serve HTTPS with a certificate of its own.
    pub tls: bool,
    /// Speak no later TLS than 1.2.
    pub tls_1_2_only: bool,
    /// Refuse a request without X-TC-Region; the service's documents differ.
    pub region_required: bool,
    /// Requests a second for each action; 0: no limit, [`Options::AS_DOCUMENTED`]: what the service documents, 20 of most.
    pub requests_per_s: u32,
    /// The largest PageSize; the service documents none.
    pub max_page_size: i64,
    /// Take a larger PageSize for the largest, instead of refusing it.
    pub page_size_is_clamped: bool,
    /// DeviceId in a request matches every id that it is a part of; the service documents only that it filters.
    pub fuzzy_filter: bool,
    /// How far the service's clock is ahead of this machine's at the start.
    pub clock_offset_s: i64,
    /// A connection without a request for so long is closed; 0: never. The service is believed to do it after 60 s.
    pub idle_close_ms: u64,
    /// Accept a connection, read what comes, and never answer the TLS handshake.
    pub stall_handshake: bool,
    /// Require of the client a certificate of the emulator's own authority, see [`Emulator::client_certificate`].
    pub client_authority: bool,
    /// The host that the certificate is for.
    pub certificate_host: String,
    /// The days before and after the emulator's clock at the start from and until which the certificate is valid.
    pub certificate_days: (i64, i64),
    /// Serve a chain: the certificate, and an intermediate authority's, valid from 2 days before the emulator's clock at the
    /// start for 100 days. [`Emulator::ca_pem`] is then the root.
    pub intermediate: bool,
    /// The devices, and what else the account has, as JSON; `None`: a set of about 60 devices with every license state.
    pub devices: Option<String>,
    /// A file that has the account as the emulator last left it, and that it is saved to after each change; while there is none,
    /// [`Options::devices`] is what it begins with.
    pub state: Option<PathBuf>,
    /// What GetDeviceLicense answers, whatever the device has, so that it disagrees with GetDevices.
    pub available_licenses: Option<i64>,
}

impl Options {
    /// For [`Options::requests_per_s`]: of each action what the service documents.
    pub const AS_DOCUMENTED: u32 = u32::MAX;
}

impl Default for Options {
    fn default() -> Options {
        Options {
            tls: false,
            tls_1_2_only: false,
            region_required: false,
            requests_per_s: Options::AS_DOCUMENTED,
            max_page_size: 100,
            page_size_is_clamped: false,
            fuzzy_filter: false,
            clock_offset_s: 0,
            idle_close_ms: 60_000,
            stall_handshake: false,
            client_authority: false,
            certificate_host: "localhost".to_owned(),
            certificate_days: (1, 90),
            intermediate: false,
            devices: None,
            state: None,
            available_licenses: None,
        }
    }
}

/// What the emulator has seen so far.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    /// Connections accepted.
    pub connections: usize,
    /// Of these, closed by now.
    pub closed: usize,
    /// TLS handshakes that resumed an earlier session.
    pub resumed: usize,
    /// Answers that have left to the last byte, what a fault adds to them included.
    pub answered: usize,
    /// Requests to the service, in order.
    pub requests: Vec<Request>,
    /// When each of them was there.
    pub received_at: Vec<Instant>,
}

/// A running emulator on a port of its own on the loopback; it ends when dropped.
pub struct Emulator {
    shared: Arc<Shared>,
    listener: Listener,
}

pub(crate) struct Shared {
    options: Options,
    clock_offset_s: AtomicI64,
    token: Mutex<String>,
    state: Mutex<State>,
    available_licenses: Mutex<Option<i64>>,
    throttle: Throttle,
    certificate: Option<Certificate>,
    faults: Mutex<fault::Faults>,
    statistics: Mutex<Statistics>,
}

impl Emulator {
    /// Starts one on a free port.
    pub fn start(options: Options) -> io::Result<Emulator> {
        let now_s = now_s() + options.clock_offset_s;
        let shared = Arc::new(Shared {
            clock_offset_s: AtomicI64::new(options.clock_offset_s),
            token: Mutex::new(TOKEN.to_owned()),
            state: Mutex::new(State::new(&options, now_s)?),
            available_licenses: Mutex::new(options.available_licenses),
            throttle: Throttle::new(),
            certificate: if options.tls { Some(Certificate::new(&options, now_s)?) } else { None },
            faults: Mutex::default(),
            statistics: Mutex::default(),
            options,
        });
        let listener = Listener::start({
            let shared = Arc::clone(&shared);
            move |stream| shared.serve(stream)
        })?;
        Ok(Emulator { shared, listener })
    }

    /// `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        let port = self.listener.port();
        if self.shared.options.tls { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") }
    }

    /// The certificate to trust, in PEM form; empty without TLS.
    pub fn ca_pem(&self) -> &str {
        self.shared.certificate.as_ref().map_or("", |certificate| &certificate.pem)
    }

    /// A certificate of [`Options::client_authority`] and its key, in PEM form; empty without that.
    pub fn client_certificate(&self) -> (String, String) {
        self.shared.certificate.as_ref().and_then(|certificate| certificate.client.clone()).unwrap_or_default()
    }

    /// Moves the clock, and not what was made by it before: the certificate and the devices.
    pub fn set_clock_offset_s(&self, clock_offset_s: i64) {
        self.shared.clock_offset_s.store(clock_offset_s, Ordering::Relaxed);
    }

    /// Has these devices from now on, as [`Options::devices`]. Requests that are answered already saw the others.
    pub fn set_devices(&self, json: &str) -> io::Result<()> {
        self.shared.set_devices(json)
    }

    /// The account as JSON, in the form of [`Options::devices`], with all that the emulator knows of it: also the passwords of
    /// the devices, and the permissions, which no action tells.
    pub fn state(&self) -> String {
        lock(&self.shared.state).to_json().to_string()
    }

    /// What GetDeviceLicense answers from now on, as [`Options::available_licenses`].
    pub fn set_available_licenses(&self, count: Option<i64>) {
        *lock(&self.shared.available_licenses) = count;
    }

    /// The only token that [`TEMPORARY_SECRET_ID`] is good with from now on.
    pub fn set_token(&self, token: &str) {
        token.clone_into(&mut lock(&self.shared.token));
    }

    /// Misbehaves once, at the next request that no fault is waiting for yet.
    pub fn misbehave_once(&self, fault: Fault) {
        lock(&self.shared.faults).once(fault);
    }

    /// Misbehaves at every request until told otherwise; `None`: behaves.
    pub fn misbehave_always(&self, fault: Option<Fault>) {
        lock(&self.shared.faults).always(fault);
    }

    /// What it has seen so far.
    pub fn statistics(&self) -> Statistics {
        lock(&self.shared.statistics).clone()
    }

    /// Waits for ever.
    pub fn run(self) {
        self.listener.run();
    }
}

impl Shared {
    /// The service's time.
    pub(crate) fn now_s(&self) -> i64 {
        now_s() + self.clock_offset_s.load(Ordering::Relaxed)
    }

    pub(crate) fn set_devices(&self, json: &str) -> io::Result<()> {
        lock(&self.state).replace(json, self.now_s())
    }

    fn serve(&self, stream: Arc<TcpStream>) {
        lock(&self.statistics).connections += 1;
        // A client that goes away, or that a fault made go away, is no concern of the emulator's.
        let _ = connection::serve(self, stream);
        lock(&self.statistics).closed += 1;
    }
}

/// This machine's time.
fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    i64::try_from(now).unwrap_or(0)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
