//! The TRRO service's side of the wire, so that everything runs without an account: it checks what the service checks
//! (signature, clock, rate, parameters, action and version) and answers as the service does, HTTP 200 with the error in the
//! body. It can be told to misbehave. What is emulated is what the service documents; where a document is silent the
//! choice is an [option](Options).
//!
//! It shares no code with the library, which would agree with any mistake of its own.

mod certificate;
mod control;
mod fault;
mod fleet;
mod http;
mod service;
mod signature;
mod throttle;

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::SystemTime;

pub use fault::Fault;
pub use http::Request;

use certificate::Certificate;
use fleet::Fleet;
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
    /// Refuse a request without X-TC-Region; the service's documents differ.
    pub region_required: bool,
    /// Requests a second for each action; 0: no limit. The service documents 20.
    pub requests_per_s: u32,
    /// The largest PageSize; the service documents none.
    pub max_page_size: i64,
    /// Take a larger PageSize for the largest, instead of refusing it.
    pub page_size_is_clamped: bool,
    /// How far the service's clock is ahead of this machine's.
    pub clock_offset_s: i64,
    /// The host that the certificate is for.
    pub certificate_host: String,
    /// The devices as JSON; `None`: a set of about 60 with every license state.
    pub devices: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            tls: false,
            region_required: false,
            requests_per_s: 20,
            max_page_size: 100,
            page_size_is_clamped: false,
            clock_offset_s: 0,
            certificate_host: "localhost".to_owned(),
            devices: None,
        }
    }
}

impl Options {
    fn now_s(&self) -> i64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        i64::try_from(now).unwrap_or(0) + self.clock_offset_s
    }
}

/// What the emulator has seen so far.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    /// Connections accepted.
    pub connections: usize,
    /// Of these, closed by now.
    pub closed: usize,
    /// Requests to the service, in order.
    pub requests: Vec<Request>,
}

/// A running emulator on a port of its own on the loopback; it ends when dropped.
pub struct Emulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

pub(crate) struct Shared {
    options: Options,
    fleet: Fleet,
    throttle: Throttle,
    certificate: Option<Certificate>,
    faults: Mutex<fault::Faults>,
    statistics: Mutex<Statistics>,
    open: Mutex<Vec<Weak<TcpStream>>>,
    stopped: AtomicBool,
}

impl Emulator {
    /// Starts one on a free port.
    pub fn start(options: Options) -> io::Result<Emulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            fleet: Fleet::from_json(options.devices.as_deref().unwrap_or(fleet::DEFAULT), options.now_s())
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?,
            throttle: Throttle::new(options.requests_per_s),
            certificate: if options.tls {
                Some(Certificate::new(&options.certificate_host, options.clock_offset_s)?)
            } else {
                None
            },
            faults: Mutex::default(),
            statistics: Mutex::default(),
            open: Mutex::default(),
            stopped: AtomicBool::new(false),
            options,
        });
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.accept(&listener)
        });
        Ok(Emulator { shared, address, acceptor: Some(acceptor) })
    }

    /// `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        let port = self.address.port();
        if self.shared.options.tls { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") }
    }

    /// The certificate to trust, in PEM form; empty without TLS.
    pub fn ca_pem(&self) -> &str {
        self.shared.certificate.as_ref().map_or("", |certificate| &certificate.pem)
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
    pub fn run(mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        for connection in lock(&self.shared.open).iter().filter_map(Weak::upgrade) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    /// The service's time.
    pub(crate) fn now_s(&self) -> i64 {
        self.options.now_s()
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let _ = stream.set_nodelay(true);
            let stream = Arc::new(stream);
            lock(&self.statistics).connections += 1;
            let mut open = lock(&self.open);
            open.retain(|connection| connection.strong_count() > 0);
            open.push(Arc::downgrade(&stream));
            drop(open);
            let shared = Arc::clone(self);
            std::thread::spawn(move || {
                // A client that goes away, or that a fault made go away, is no concern of the emulator's.
                let _ = http::serve(&shared, stream);
                lock(&shared.statistics).closed += 1;
            });
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
