//! Addresses to a socket, and a socket whose every wait is bounded. Uses `cancel`, `sys`, `error`.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use crate::cancel::{Cancel, Ended, cancelled};
use crate::error::{Error, Status};
use crate::sys::{Readiness, beyond_standard_streams};

/// How long an address is tried alone before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

/// How to connect.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The one network device to use.
    pub interface: Option<&'a str>,
    /// How long what was sent may stay unacknowledged before the path counts as broken.
    pub patience: Duration,
    /// When to give up.
    pub deadline: Instant,
    /// Who may end it.
    pub cancel: &'a Cancel,
}

/// Connects to the address that answers first. The two families take turns, and each address has a head start of the
/// next.
pub fn connect(addresses: &[SocketAddr], options: &Options<'_>) -> Result<TcpStream, Error> {
    let mut waiting = in_turns(addresses);
    let mut trying: Vec<(Socket, SocketAddr)> = Vec::new();
    let mut failure = Error::new(Status::ConnectFailed, "the service has no address");
    let mut next_starts = Instant::now();
    loop {
        if trying.is_empty() || Instant::now() >= next_starts {
            match waiting.pop_front() {
                Some(address) => match begin(&address, options) {
                    Ok(socket) => {
                        trying.push((socket, address));
                        next_starts = Instant::now() + HEAD_START;
                    }
                    Err(error) => failure = cannot_connect(&address, options, &error),
                },
                None if trying.is_empty() => return Err(failure),
                None => {}
            }
        }
        if trying.is_empty() {
            continue;
        }
        let until = if waiting.is_empty() { options.deadline } else { options.deadline.min(next_starts) };
        let awaited: Vec<_> = trying.iter().map(|(socket, _)| (socket.as_fd(), Readiness::Writable)).collect();
        match options.cancel.wait_for_any(&awaited, until) {
            Ok(ready) => {
                let (socket, address) = trying.swap_remove(ready);
                match socket.take_error().and_then(|error| error.map_or(Ok(()), Err)) {
                    Ok(()) => return Ok(socket.into()),
                    Err(error) => failure = cannot_connect(&address, options, &error),
                }
                next_starts = Instant::now();
            }
            Err(Ended::Late) if Instant::now() >= options.deadline => return Err(timed_out(&trying)),
            Err(Ended::Late) => {}
            Err(Ended::Cancelled) => return Err(cancelled()),
            Err(Ended::Failed(error)) => {
                return Err(Error::new(Status::ConnectFailed, format!("cannot wait for a connection: {error}"))
                    .with_os_error(&error));
            }
        }
    }
}

/// The addresses in the order in which they are tried: the families take turns, beginning with that of the first.
fn in_turns(addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let first_is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv6() == first_is_ipv6);
    let mut ordered = VecDeque::with_capacity(addresses.len());
    while !first.is_empty() || !second.is_empty() {
        ordered.extend(first.pop_front());
        ordered.extend(second.pop_front());
    }
    ordered
}

fn begin(address: &SocketAddr, options: &Options<'_>) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(*address), Type::STREAM, Some(Protocol::TCP))?;
    let socket = Socket::from(beyond_standard_streams(socket.into())?);
    socket.set_nonblocking(true)?;
    // A request leaves in one piece: waiting for more to send would only delay it.
    socket.set_tcp_nodelay(true)?;
    // A path that is gone (another modem, a dead spot) shows when nothing is acknowledged, long before the deadline.
    socket.set_tcp_user_timeout(Some(options.patience))?;
    if let Some(interface) = options.interface {
        socket.bind_device(Some(interface.as_bytes()))?;
    }
    match socket.connect(&(*address).into()) {
        Ok(()) => Ok(socket),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(socket),
        // The connection goes on being made, as if nothing had happened.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(socket),
        Err(error) => Err(error),
    }
}

fn cannot_connect(address: &SocketAddr, options: &Options<'_>, error: &io::Error) -> Error {
    let through = options.interface.map(|interface| format!(" through {interface}")).unwrap_or_default();
    Error::new(Status::ConnectFailed, format!("cannot connect to {address}{through}: {error}")).with_os_error(error)
}

fn timed_out(trying: &[(Socket, SocketAddr)]) -> Error {
    let addresses: Vec<_> = trying.iter().map(|(_, address)| address.to_string()).collect();
    Error::new(Status::Timeout, format!("{} did not take the connection in time", addresses.join(" and ")))
}

/// A non-blocking socket used as a blocking one that gives up, with `TimedOut`, at a deadline, and when it is cancelled.
///
/// It has no `write_vectored` on purpose: that of the standard library would raise SIGPIPE in the host program, while
/// `write` does not.
#[derive(Debug)]
pub struct UntilDeadline<'a> {
    /// The socket.
    pub stream: &'a TcpStream,
    /// When to give up.
    pub deadline: Instant,
    /// Who may end it.
    pub cancel: &'a Cancel,
    /// Whether more is likely to be there already: the last read had all the room filled.
    pub has_more: bool,
}

impl<'a> UntilDeadline<'a> {
    /// Nothing is known of what is there.
    pub fn new(stream: &'a TcpStream, deadline: Instant, cancel: &'a Cancel) -> UntilDeadline<'a> {
        UntilDeadline { stream, deadline, cancel, has_more: false }
    }

    /// To be looked at before each step: what is always ready is never waited for, and a peer can be so for ever.
    fn check(&self) -> io::Result<()> {
        if self.cancel.is_set() {
            return Err(io::Error::other(cancelled()));
        }
        if Instant::now() >= self.deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn wait(&self, readiness: Readiness) -> io::Result<()> {
        match self.cancel.wait_for_any(&[(self.stream.as_fd(), readiness)], self.deadline) {
            Ok(_) => Ok(()),
            Err(Ended::Late) => Err(io::ErrorKind::TimedOut.into()),
            Err(Ended::Cancelled) => Err(io::Error::other(cancelled())),
            Err(Ended::Failed(error)) => Err(error),
        }
    }
}

impl Read for UntilDeadline<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        // The answer is rarely there when it is asked for, so waiting first saves a system call.
        let mut waits_first = !std::mem::take(&mut self.has_more);
        loop {
            if waits_first {
                self.wait(Readiness::Readable)?;
            }
            waits_first = true;
            match self.stream.read(buffer) {
                Err(error) if is_transient(&error) => {}
                result => {
                    self.has_more = matches!(result, Ok(length) if length == buffer.len());
                    return result;
                }
            }
        }
    }
}

impl Write for UntilDeadline<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        loop {
            match self.stream.write(bytes) {
                Err(error) if is_transient(&error) => self.wait(Readiness::Writable)?,
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Whether a wait ended at the deadline. The system has a timeout of its own: that of a path that is gone.
pub fn is_deadline(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none()
}

/// Whether an idle connection can carry another request: it is neither closed nor has the other side sent anything.
pub fn is_idle_and_open(stream: &TcpStream) -> bool {
    matches!(stream.peek(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    /// A listener whose queue is full, so that connections to it hang; with the sockets that fill it.
    fn full_listener() -> (SocketAddr, Vec<Socket>) {
        let new = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let listener = new();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut sockets = vec![listener];
        sockets.extend((0..4).map(|_| {
            let socket = new();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address);
            socket
        }));
        (address.as_socket().unwrap(), sockets)
    }

    /// An address at which nobody listens.
    fn refusing() -> (SocketAddr, Socket) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        (socket.local_addr().unwrap().as_socket().unwrap(), socket)
    }

    fn try_for(addresses: &[SocketAddr], time: Duration) -> Result<TcpStream, Error> {
        let (cancel, deadline) = (Cancel::new().unwrap(), Instant::now() + time);
        connect(addresses, &Options { interface: None, patience: time, deadline, cancel: &cancel })
    }

    #[test]
    fn the_families_take_turns() {
        let of = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let addresses = of(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        assert_eq!(in_turns(&addresses), of(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]));
        assert_eq!(in_turns(&[]), []);
    }

    #[test]
    fn an_address_that_hangs_costs_the_next_one_a_head_start() {
        let (hanging, _sockets) = full_listener();
        let good = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addresses = [hanging, good.local_addr().unwrap()];
        let start = Instant::now();
        let stream = try_for(&addresses, Duration::from_secs(60)).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
        assert!(start.elapsed() >= HEAD_START && start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn an_address_that_refuses_costs_the_next_one_nothing() {
        let (refusing, _socket) = refusing();
        let good = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addresses = [refusing, good.local_addr().unwrap()];
        assert!(try_for(&addresses, Duration::from_secs(60)).is_ok());
        let error = try_for(&addresses[..1], Duration::from_secs(60)).unwrap_err();
        assert_eq!((error.status, error.os_error), (Status::ConnectFailed, libc::ECONNREFUSED));
    }

    #[test]
    fn hanging_addresses_end_at_the_deadline_and_are_named() {
        let ((first, _sockets), (second, _more)) = (full_listener(), full_listener());
        let error = try_for(&[first, second], Duration::from_millis(400)).unwrap_err();
        assert_eq!(error.status, Status::Timeout);
        assert!(error.message.contains(&first.to_string()) && error.message.contains(&second.to_string()), "{error}");
    }

    #[test]
    fn what_is_always_ready_ends_at_the_deadline_and_when_cancelled() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(b"there").unwrap();
        stream.peek(&mut [0]).unwrap();
        stream.set_nonblocking(true).unwrap();
        let cancel = Cancel::new().unwrap();
        let mut late = UntilDeadline::new(&stream, Instant::now(), &cancel);
        assert!(is_deadline(&late.read(&mut [0]).unwrap_err()));
        assert!(is_deadline(&late.write(b"x").unwrap_err()));
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut in_time = UntilDeadline::new(&stream, deadline, &cancel);
        assert_eq!((in_time.read(&mut [0]).unwrap(), in_time.write(b"x").unwrap()), (1, 1));
        cancel.cancel();
        assert_eq!(in_time.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::Other);
        assert_eq!(in_time.write(b"x").unwrap_err().kind(), io::ErrorKind::Other);
    }

    #[test]
    fn a_network_device_that_is_not_there_is_named() {
        let good = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let cancel = Cancel::new().unwrap();
        let patience = Duration::from_secs(1);
        let deadline = Instant::now() + Duration::from_secs(60);
        let options = Options { interface: Some("no-such-modem"), patience, deadline, cancel: &cancel };
        let error = connect(&[good.local_addr().unwrap()], &options).unwrap_err();
        assert_eq!(error.status, Status::ConnectFailed);
        assert!(error.message.contains("through no-such-modem") && error.os_error != 0, "{error}");
    }
}
