//! One fresh connection to the service, opened in stages, each of which can be looked at. Uses `connect`, `connection`,
//! `resolve`, `tls`, `tunnel`, `cancel`, `proxy`, `error`.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::Settings;
use super::connect::UntilDeadline;
use super::connection::connect_first_hop;
use super::resolve::Resolver;
use super::{tls, tunnel};
use crate::cancel::cancelled;
use crate::error::{Error, Status};
use crate::proxy::Proxy;

/// The stages, to be taken in the order in which they stand here. Each has what is left of the deadline.
#[derive(Debug)]
pub struct Probe<'a> {
    settings: &'a Settings,
    resolver: &'a Resolver,
    deadline: Instant,
}

/// The way that the system would take to an address.
#[derive(Debug)]
pub struct Route {
    /// Where it leads: the service, or the proxy before it.
    pub to: SocketAddr,
    /// The address of this machine that it begins at.
    pub from: Result<IpAddr, Error>,
}

/// A connection to the service, through the proxy if there is one.
#[derive(Debug)]
pub struct Connected {
    stream: TcpStream,
    /// Of the service, or of the proxy before it.
    pub peer: Option<SocketAddr>,
    /// Of the time for TCP, proxy and TLS together.
    left: Duration,
}

/// What TLS came to.
#[derive(Debug)]
pub struct Secured {
    /// The protocol, and whether an earlier session was resumed: for people.
    pub kind: &'static str,
    /// Until when the certificate is valid, in seconds since 1970; `None`: not known, or for ever.
    pub valid_until_s: Option<u64>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(settings: &'a Settings, resolver: &'a Resolver, deadline: Instant) -> Probe<'a> {
        Probe { settings, resolver, deadline }
    }

    /// What stands between, if anything does.
    pub fn proxy(&self) -> Option<&'a Proxy> {
        self.settings.proxy.as_ref()
    }

    /// The host of the service.
    pub fn service(&self) -> &'a str {
        &self.settings.endpoint.host_header
    }

    /// The one network device to use, if one is configured.
    pub fn network_interface(&self) -> Option<&'a str> {
        self.settings.network_interface.as_deref()
    }

    /// The addresses of the service, or of the proxy before it, whatever is remembered of them.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Error> {
        self.unless_cancelled(self.resolver.look_up(self.left()))
    }

    /// How the system would reach each of the addresses. Nothing is sent.
    pub fn routes(&self, addresses: &[SocketAddr]) -> Vec<Route> {
        let from = |to: &SocketAddr| self.local_address(to).map_err(|error| self.no_route(to, &error));
        addresses.iter().map(|to| Route { to: *to, from: from(to) }).collect()
    }

    /// Connects to one of the addresses, and through the proxy to the service.
    pub fn connect(&self, addresses: &[SocketAddr]) -> Result<Connected, Error> {
        let (start, patience) = (Instant::now(), self.settings.connect_timeout);
        let deadline = self.deadline.min(start + patience);
        let connected = connect_first_hop(self.settings, addresses, deadline).and_then(|stream| {
            if let Some(proxy) = &self.settings.proxy {
                tunnel::open(proxy, &self.settings.endpoint, &mut self.until(&stream, deadline))?;
            }
            let peer = stream.peer_addr().ok();
            Ok(Connected { stream, peer, left: patience.saturating_sub(start.elapsed()) })
        });
        self.unless_cancelled(connected)
    }

    /// Lets the service prove who it is; `None` where it does not have to, since it is on this machine.
    pub fn secure(&self, connected: &Connected) -> Result<Option<Secured>, Error> {
        let Some(name) = &self.settings.endpoint.tls_name else { return Ok(None) };
        let deadline = self.deadline.min(Instant::now() + connected.left);
        let session = self.settings.tls.handshake(name, &mut self.until(&connected.stream, deadline));
        self.unless_cancelled(session).map(|session| {
            let valid_until_s = self.settings.tls.valid_until_s(name, &session);
            Some(Secured { kind: tls::kind(&session), valid_until_s })
        })
    }

    /// A datagram socket is connected by choosing the way, and by nothing else.
    fn local_address(&self, to: &SocketAddr) -> io::Result<IpAddr> {
        let socket = Socket::new(Domain::for_address(*to), Type::DGRAM, Some(Protocol::UDP))?;
        if let Some(interface) = self.network_interface() {
            socket.bind_device(Some(interface.as_bytes()))?;
        }
        socket.connect(&(*to).into())?;
        let local = socket.local_addr()?.as_socket();
        local.map(|local| local.ip()).ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    }

    fn no_route(&self, to: &SocketAddr, error: &io::Error) -> Error {
        let through = self.network_interface().map(|interface| format!(" through {interface}")).unwrap_or_default();
        Error::new(Status::ConnectFailed, format!("no route to {}{through}: {error}", to.ip())).with_os_error(error)
    }

    fn until<'b>(&'b self, stream: &'b TcpStream, deadline: Instant) -> UntilDeadline<'b> {
        UntilDeadline::new(stream, deadline, &self.settings.cancel)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// What was cancelled has failed in one way or another.
    fn unless_cancelled<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| if self.settings.cancel.is_set() { cancelled() } else { error })
    }
}
