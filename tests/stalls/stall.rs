//! The stalls that a call may meet, in the order of its stages.

use std::any::Any;
use std::fs;
use std::path::{Path, PathBuf};

use emulator::{Emulator, Options, Proxy, ProxyFault, ProxyOptions, ProxyProtocol};
use libtest_mimic::Failed;

use crate::peers;

/// What one stall needs to be met by a call.
pub struct Prepared {
    pub variables: Vec<(&'static str, String)>,
    /// How a call with a short deadline ends.
    pub end: End,
    /// The program runs in namespaces of its own, with the loopback for a name server.
    pub is_isolated: bool,
    /// Lives as long as the stall.
    _peer: Box<dyn Any>,
}

/// How a call with a short deadline ends.
#[derive(Clone, Copy)]
pub enum End {
    /// At the deadline, after so many attempts.
    AtDeadline { status: &'static str, attempts: u32 },
    /// Before the deadline, with what the last attempt came to.
    Early(&'static str),
    /// Before the deadline and without an attempt: its turn comes later.
    NotItsTurn,
}

impl Prepared {
    fn new(endpoint: impl Into<String>, peer: impl Any) -> Prepared {
        Prepared {
            variables: vec![("TRRO_ENDPOINT", endpoint.into())],
            end: End::AtDeadline { status: "TIMEOUT", attempts: 1 },
            is_isolated: false,
            _peer: Box::new(peer),
        }
    }

    fn with(mut self, variable: &'static str, value: impl ToString) -> Prepared {
        self.variables.push((variable, value.to_string()));
        self
    }

    fn ending(self, end: End) -> Prepared {
        Prepared { end, ..self }
    }
}

/// Makes the peer that stalls, and what the program is to know of it. The folder is for its files.
pub type Prepare = fn(&Path) -> Result<Prepared, Failed>;

/// Each by its name.
pub const STALLS: [(&str, Prepare); 27] = [
    ("the name server does not answer", |_| {
        let prepared = Prepared::new("https://trro.example", ()).with("TEST_SILENT_NAME_SERVER", 1);
        Ok(Prepared { is_isolated: true, ..prepared })
    }),
    ("the metadata service cannot be looked up", |folder| {
        let prepared = Prepared::new("https://trro.example", ()).with("TEST_SILENT_NAME_SERVER", 1);
        // No other source of credentials is there.
        let prepared = prepared.with("TENCENTCLOUD_SECRET_ID", "").with("TENCENTCLOUD_SECRET_KEY", "");
        let prepared = prepared.with("HOME", folder.display()).with("TEST_CVM_ROLE", "vehicle");
        Ok(Prepared { is_isolated: true, ..prepared }
            .ending(End::AtDeadline { status: "CREDENTIALS_FAILED", attempts: 0 }))
    }),
    ("the connect hangs", |_| {
        let (sockets, port) = peers::full()?;
        Ok(Prepared::new(format!("http://127.0.0.1:{port}"), sockets))
    }),
    ("the HTTP proxy stalls", |_| behind_proxy(ProxyProtocol::Http, ProxyFault::Stall)),
    ("the HTTP proxy drips", |_| behind_proxy(ProxyProtocol::Http, ProxyFault::DripConnect)),
    ("the SOCKS5 proxy stalls", |_| behind_proxy(ProxyProtocol::Socks5, ProxyFault::Stall)),
    ("the SOCKS5 proxy drips", |_| behind_proxy(ProxyProtocol::Socks5, ProxyFault::DripConnect)),
    ("the TLS handshake stalls", |_| {
        let emulator = Emulator::start(Options { tls: true, stall_handshake: true, ..Options::default() })?;
        Ok(Prepared::new(emulator.url(), emulator))
    }),
    ("the request is not read", |_| {
        let (listener, port) = peers::deaf()?;
        Ok(Prepared::new(format!("http://127.0.0.1:{port}"), listener).with("TEST_PROJECT_ID_BYTES", 300_000))
    }),
    ("the request is not read, TLS", |folder| {
        let emulator = Emulator::start(Options { tls: true, ..Options::default() })?;
        let port = emulator.url().rsplit(':').next().unwrap_or_default().parse()?;
        let endpoint = format!("https://localhost:{}", peers::deaf_after_handshake(port)?);
        let ca_file = ca_file(folder, &emulator)?;
        let prepared = Prepared::new(endpoint, emulator).with("TRRO_CA_FILE", ca_file.display());
        Ok(prepared.with("TEST_PROJECT_ID_BYTES", 300_000))
    }),
    ("no answer comes", |_| misbehaving("stall-head")),
    ("no answer comes, TLS", |folder| {
        let emulator = Emulator::start(Options { tls: true, requests_per_s: 0, ..Options::default() })?;
        emulator.misbehave_always(Some("stall-head".parse()?));
        let ca_file = ca_file(folder, &emulator)?;
        Ok(Prepared::new(emulator.url(), emulator).with("TRRO_CA_FILE", ca_file.display()))
    }),
    ("no answer comes over a kept connection", |_| {
        let emulator = Emulator::start(Options { requests_per_s: 0, ..Options::default() })?;
        emulator.misbehave_once("gzip".parse()?);
        emulator.misbehave_always(Some("stall-head".parse()?));
        Ok(Prepared::new(emulator.url(), emulator).with("TEST_CALLS_BEFORE", 1))
    }),
    ("the answer drips", |_| misbehaving("drip:20")),
    ("the head drips without end", |_| answering(peers::drip_head)),
    ("interim answers without end", |_| never_waiting(peers::repeat_interim)),
    ("the body stalls", |_| misbehaving("stall-body")),
    ("the body drips", |_| answering(peers::drip_body)),
    ("the body has no end", |_| never_waiting(peers::repeat_body)),
    ("the compressed body comes to nothing", |_| never_waiting(peers::repeat_nothing)),
    ("the trailers drip", |_| answering(peers::drip_trailers)),
    ("the body of a redirect drips", |_| answering(peers::drip_redirect)),
    ("the service is unavailable for 5 s", |_| {
        Ok(misbehaving("unavailable-for:5")?.with("TEST_MAX_ATTEMPTS", 4).ending(End::Early("SERVICE_FAILED")))
    }),
    ("the service has an internal error again and again", |_| {
        let prepared = misbehaving("error:InternalError")?;
        Ok(prepared.with("TEST_MAX_ATTEMPTS", 100).ending(End::Early("SERVICE_FAILED")))
    }),
    ("the connect is refused again and again", |_| {
        let (socket, port) = peers::refusing()?;
        let prepared = Prepared::new(format!("http://127.0.0.1:{port}"), socket);
        Ok(prepared.with("TEST_MAX_ATTEMPTS", 100).ending(End::Early("CONNECT_FAILED")))
    }),
    ("other calls of the client come first", |_| {
        let emulator = Emulator::start(Options { requests_per_s: 0, ..Options::default() })?;
        let prepared = Prepared::new(emulator.url(), emulator).with("TEST_CALLS_BEFORE", 1);
        Ok(prepared.with("TEST_MAX_REQUESTS_PER_S", 1).ending(End::NotItsTurn))
    }),
    ("another thread asks for credentials", |_| {
        let prepared = Prepared::new("http://127.0.0.1", ()).with("TEST_HOLD_CREDENTIALS", 1);
        Ok(prepared.ending(End::AtDeadline { status: "TIMEOUT", attempts: 0 }))
    }),
];

fn ca_file(folder: &Path, emulator: &Emulator) -> Result<PathBuf, Failed> {
    let path = folder.join("ca.pem");
    fs::write(&path, emulator.ca_pem())?;
    Ok(path)
}

fn behind_proxy(protocol: ProxyProtocol, fault: ProxyFault) -> Result<Prepared, Failed> {
    let emulator = Emulator::start(Options { tls: true, stall_handshake: true, ..Options::default() })?;
    let proxy = Proxy::start(ProxyOptions { protocol, fault: Some(fault), ..ProxyOptions::default() })?;
    // The loopback is never reached through a proxy, and this one takes every name for the loopback's.
    let endpoint = emulator.url().replace("localhost", "trro.invalid");
    let url = proxy.url();
    Ok(Prepared::new(endpoint, (emulator, proxy)).with("TEST_PROXY", url))
}

fn misbehaving(fault: &str) -> Result<Prepared, Failed> {
    let emulator = Emulator::start(Options { requests_per_s: 0, ..Options::default() })?;
    emulator.misbehave_always(Some(fault.parse()?));
    Ok(Prepared::new(emulator.url(), emulator))
}

fn answering(answer: peers::Answer) -> Result<Prepared, Failed> {
    Ok(Prepared::new(peers::start(answer)?, ()))
}

fn never_waiting(answer: peers::Answer) -> Result<Prepared, Failed> {
    Ok(answering(answer)?.with("TEST_NEVER_WAITS", 1).with("TEST_MAX_RESPONSE_BYTES", u32::MAX))
}
