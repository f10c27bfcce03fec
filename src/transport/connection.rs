//! One connection as ureq sees it, plain or TLS, direct or through a proxy. Uses `connect`, `tunnel`, `tls`, `cancel`,
//! `endpoint`, `log`, `proxy`, `error`.
//!
//! What ureq sends is held back until it first waits for the answer: head and body then leave in one write, and in one
//! record of TLS.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::ClientConnection;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport};
use zeroize::Zeroize;

use super::connect::{Options, UntilDeadline, connect, is_deadline, is_idle_and_open};
use super::exchange::{Effect, Exchange};
use super::{BUFFER_BYTES, LONGEST_IDLE, Settings, broken_connection, through_ureq, tls, tunnel};
use crate::error::{Error, Status};

/// What changes something goes over no connection on which nothing has come or gone for longer: the other side may be about to
/// close it, and then nobody could say whether the request was carried out.
const LONGEST_IDLE_BEFORE_A_CHANGE: Duration = Duration::from_secs(1);

/// Makes connections to the endpoint.
#[derive(Clone)]
pub struct Connector {
    settings: Arc<Settings>,
    /// Of each connection, for the head of a request.
    output_bytes: usize,
    /// The connection that waits for its first request.
    ahead: Arc<Mutex<Option<Connection>>>,
    /// When an answer last came over one of its connections.
    last_answer: Arc<Mutex<Option<Instant>>>,
}

impl Connector {
    pub fn new(settings: Arc<Settings>, output_bytes: usize) -> Connector {
        Connector { settings, output_bytes, ahead: Arc::default(), last_answer: Arc::default() }
    }

    /// Makes the connection of a request to come, unless one is there: one that waits, or one that ureq keeps.
    pub fn open_ahead(&self, addresses: impl FnOnce() -> Result<Vec<SocketAddr>, Error>) -> Result<(), Error> {
        let is_fresh = |moment: Instant| moment.elapsed() < LONGEST_IDLE;
        let waits = lock(&self.ahead).as_ref().is_some_and(|connection| is_fresh(connection.last_used));
        if waits || lock(&self.last_answer).is_some_and(is_fresh) {
            return Ok(());
        }
        // No lock is held: a call that comes meanwhile makes a connection of its own.
        let mut connection = self.open(&addresses()?)?;
        // As if it had carried one: if it turns out to be closed, the request goes over another.
        connection.exchanges = 1;
        *lock(&self.ahead) = Some(connection);
        Ok(())
    }

    fn take_ahead(&self) -> Option<Connection> {
        lock(&self.ahead).take().filter(|connection| connection.last_used.elapsed() < LONGEST_IDLE)
    }

    fn open(&self, addresses: &[SocketAddr]) -> Result<Connection, Error> {
        let settings = &self.settings;
        let deadline = Exchange::current().deadline().min(Instant::now() + settings.connect_timeout);
        let stream = connect_first_hop(settings, addresses, deadline)?;
        let mut socket = UntilDeadline::new(&stream, deadline, &settings.cancel);
        if let Some(proxy) = &settings.proxy {
            tunnel::open(proxy, &settings.endpoint, &mut socket)?;
        }
        let session = match &settings.endpoint.tls_name {
            Some(name) => Some(Box::new(settings.tls.handshake(name, &mut socket)?)),
            None => None,
        };
        self.tell(&stream, session.as_deref());
        let buffers = LazyBuffers::new(BUFFER_BYTES, self.output_bytes);
        // Room for the head, however long the token: a vector that grows leaves copies of it behind.
        let held_back = Vec::with_capacity(self.output_bytes);
        let settings = Arc::clone(settings);
        Ok(Connection {
            stream,
            session,
            buffers,
            held_back,
            settings,
            last_answer: Arc::clone(&self.last_answer),
            exchanges: 0,
            is_answering: false,
            last_used: Instant::now(),
            has_more: false,
            has_just_answered: false,
        })
    }

    fn tell(&self, stream: &TcpStream, session: Option<&ClientConnection>) {
        let settings = &self.settings;
        let address = stream.peer_addr().map_or_else(|_| String::new(), |address| format!(" at {address}"));
        let way = settings.proxy.as_ref().map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
        let secured = session.map_or("without TLS", tls::kind);
        settings.log.info(format_args!("connected to {}{address}{way}, {secured}", settings.endpoint.host_header));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To the service, or to the proxy before it.
pub fn connect_first_hop(settings: &Settings, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Error> {
    let options = Options {
        interface: settings.network_interface.as_deref(),
        patience: settings.connect_timeout,
        deadline,
        cancel: &settings.cancel,
    };
    connect(addresses, &options).map_err(|error| match &settings.proxy {
        Some(proxy) if error.status == Status::ConnectFailed => proxy.unreachable(error),
        _ => error,
    })
}

// ureq asks for it; showing more would take kilobytes in the library.
impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl ureq::unversioned::transport::Connector for Connector {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Connection>, ureq::Error> {
        let connection = match self.take_ahead() {
            Some(connection) => connection,
            None => self.open(&details.addrs).map_err(through_ureq)?,
        };
        Ok(Some(connection))
    }
}

/// A connection. Dropping it closes the socket and sends nothing: in a forked child the parent's connection lives on.
pub struct Connection {
    stream: TcpStream,
    session: Option<Box<ClientConnection>>,
    buffers: LazyBuffers,
    held_back: Vec<u8>,
    settings: Arc<Settings>,
    last_answer: Arc<Mutex<Option<Instant>>>,
    /// How many requests it has carried, with the one that it carries now.
    exchanges: u64,
    /// Whether a byte of the answer to the current request has come.
    is_answering: bool,
    /// When a byte of an answer came last, or it was made.
    last_used: Instant,
    /// Whether more of the answer is likely to be there.
    has_more: bool,
    /// Whether nobody has asked since then if it is open.
    has_just_answered: bool,
}

/// A connection that had carried requests before broke before a byte of an answer came: the other side had closed it while
/// it was idle, or the way to it is gone. The request can go over another one at once.
#[derive(Debug)]
pub struct Stale;

impl fmt::Display for Stale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an idle connection was closed")
    }
}

impl std::error::Error for Stale {}

impl Connection {
    fn send_held_back(&mut self, deadline: Instant) -> io::Result<()> {
        if self.held_back.is_empty() {
            return Ok(());
        }
        let mut socket = Leaving(UntilDeadline::new(&self.stream, deadline, &self.settings.cancel));
        match &mut self.session {
            None => socket.write_all(&self.held_back)?,
            Some(session) => {
                session.writer().write_all(&self.held_back)?;
                while session.wants_write() {
                    session.write_tls(&mut socket)?;
                }
            }
        }
        self.forget_held_back();
        Ok(())
    }

    /// Waits until the request may leave, unless it has waited for that over another connection.
    fn pass_gate(&self, deadline: Instant) -> Result<(), Error> {
        match &self.settings.gate {
            Some(gate) if !Exchange::current().has_passed_gate => gate.pass(deadline).map(|()| Exchange::pass_gate()),
            _ => Ok(()),
        }
    }

    /// Whether another connection is to carry the current request.
    fn is_idle_for_too_long(&self) -> bool {
        Exchange::current().effect == Effect::Changes && self.last_used.elapsed() > LONGEST_IDLE_BEFORE_A_CHANGE
    }

    fn forget_held_back(&mut self) {
        // It holds the session token. What has room for more and was never used need not be wiped.
        self.held_back.as_mut_slice().zeroize();
        self.held_back.clear();
    }

    /// The credentials of a role came in it.
    fn forget_input(&mut self) {
        // Of one that was never read from there is none before it is asked for.
        if self.is_answering || self.exchanges > 1 {
            let unread = self.buffers.input().len();
            self.buffers.input_consume(unread);
            self.buffers.input_append_buf().zeroize();
        }
    }

    fn receive(&mut self, deadline: Instant) -> Result<usize, io::Error> {
        let mut socket = UntilDeadline::new(&self.stream, deadline, &self.settings.cancel);
        let room = self.buffers.input_append_buf();
        let Some(session) = &mut self.session else {
            socket.has_more = self.has_more;
            let received = socket.read(room);
            self.has_more = socket.has_more;
            return received;
        };
        loop {
            match session.reader().read(room) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            session.read_tls(&mut socket)?;
            // The other side has proven who it is: what is wrong from here on is the connection, or who we are.
            session.process_new_packets().map_err(io::Error::other)?;
            while session.wants_write() {
                session.write_tls(&mut socket)?;
            }
        }
    }
}

/// Makes room for more as a vector does, and wipes the place that it leaves.
fn make_room(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        let mut larger = Vec::with_capacity(bytes.capacity().saturating_mul(2).max(bytes.len() + more));
        larger.extend_from_slice(bytes);
        bytes.as_mut_slice().zeroize();
        *bytes = larger;
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        if self.held_back.is_empty() && amount > 0 {
            self.exchanges += 1;
            self.is_answering = false;
            self.has_more = false;
        }
        make_room(&mut self.held_back, amount);
        let output = &mut self.buffers.output()[..amount];
        self.held_back.extend_from_slice(output);
        output.zeroize();
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if self.buffers.input_append_buf().is_empty() {
            let message = format!("a line or the head of the answer is larger than {BUFFER_BYTES} bytes");
            return Err(through_ureq(Error::new(Status::BadResponse, message)));
        }
        let deadline = Exchange::current().deadline();
        if !self.held_back.is_empty() {
            self.pass_gate(deadline).map_err(through_ureq)?;
            if self.is_idle_for_too_long() {
                return Err(ureq::Error::Other(Box::new(Stale)));
            }
        }
        let received = self.send_held_back(deadline).and_then(|()| self.receive(deadline));
        let is_first_byte_missing = self.exchanges > 1 && !self.is_answering;
        let may_be_stale = is_first_byte_missing && !Exchange::current().may_have_changed_something();
        match received {
            Ok(0) if may_be_stale => Err(ureq::Error::Other(Box::new(Stale))),
            Ok(length) => {
                self.is_answering = true;
                self.has_just_answered = true;
                self.last_used = Instant::now();
                *lock(&self.last_answer) = Some(self.last_used);
                self.buffers.input_appended(length);
                Ok(length > 0)
            }
            Err(error) if is_deadline(&error) => Err(ureq::Error::Timeout(timeout.reason)),
            Err(_) if may_be_stale && !self.settings.cancel.is_set() => Err(ureq::Error::Other(Box::new(Stale))),
            Err(error) => Err(match tls::refusal(&error) {
                Some(refusal) if !self.is_answering => through_ureq(refusal),
                // ureq would take a reset, and an end that TLS has not announced, for the end of a body without a length.
                _ => through_ureq(broken_connection(&error)),
            }),
        }
    }

    fn is_open(&mut self) -> bool {
        // What TLS has decrypted already is nowhere else to be seen: the rest of an answer that nobody has asked for, or the
        // announcement of the end.
        let session_is_idle = self.session.as_mut().is_none_or(|session| match session.process_new_packets() {
            Ok(state) => state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed(),
            Err(_) => false,
        });
        // ureq asks twice: as it puts a connection away, and as it takes it out again, which is when the system is asked: what has
        // come until then is seen.
        let is_put_away = std::mem::take(&mut self.has_just_answered);
        session_is_idle && (is_put_away || !self.is_idle_for_too_long() && is_idle_and_open(&self.stream))
    }

    fn is_tls(&self) -> bool {
        self.session.is_some()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.forget_held_back();
        self.forget_input();
        // Nobody knows whether others are left.
        *lock(&self.last_answer) = None;
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").field("tls", &self.session.is_some()).finish_non_exhaustive()
    }
}

/// A socket that tells when the first byte of a request has left.
struct Leaving<'a>(UntilDeadline<'a>);

impl Write for Leaving<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes)?;
        if written > 0 {
            Exchange::leave();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
