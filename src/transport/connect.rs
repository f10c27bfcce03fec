//! Addresses to a socket, and a socket whose every wait is bounded. Uses `sys`, `error`.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::error::{Error, Status};
use crate::sys::{Readiness, wait_until_ready};

/// Connects to the first address that answers. Each one still to try is left an equal share of the time.
pub fn connect(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Error> {
    let mut failure = Error::new(Status::ConnectFailed, "the service has no address");
    for (tried, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(1);
        if share.is_zero() {
            return Err(timed_out(address));
        }
        match connect_to(address, share) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => failure = timed_out(address),
            Err(error) => {
                failure = Error::new(Status::ConnectFailed, format!("cannot connect to {address}: {error}"))
                    .with_os_error(&error);
            }
        }
    }
    Err(failure)
}

fn connect_to(address: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(address, timeout)?;
    // A request leaves in one piece: waiting for more to send would only delay it.
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn timed_out(address: &SocketAddr) -> Error {
    Error::new(Status::Timeout, format!("{address} did not take the connection in time"))
}

/// A non-blocking socket used as a blocking one that gives up, with `TimedOut`, at a deadline.
///
/// It has no `write_vectored` on purpose: that of the standard library would raise SIGPIPE in the host program, while
/// `write` does not.
#[derive(Debug)]
pub struct UntilDeadline<'a> {
    /// The socket.
    pub stream: &'a TcpStream,
    /// When to give up.
    pub deadline: Instant,
}

impl Read for UntilDeadline<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The answer is rarely there when it is asked for, so waiting first saves a system call.
        loop {
            wait_until_ready(self.stream.as_fd(), Readiness::Readable, self.deadline)?;
            match self.stream.read(buffer) {
                Err(error) if is_transient(&error) => {}
                result => return result,
            }
        }
    }
}

impl Write for UntilDeadline<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.stream.write(bytes) {
                Err(error) if is_transient(&error) => {
                    wait_until_ready(self.stream.as_fd(), Readiness::Writable, self.deadline)?;
                }
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

/// Whether an idle connection can carry another request: it is neither closed nor has the other side sent anything.
pub fn is_idle_and_open(stream: &TcpStream) -> bool {
    matches!(stream.peek(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::{Domain, Socket, Type};
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

    #[test]
    fn an_address_that_hangs_leaves_time_for_the_next() {
        let (hanging, _sockets) = full_listener();
        let good = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addresses = [hanging, good.local_addr().unwrap()];
        let stream = connect(&addresses, Instant::now() + Duration::from_secs(2)).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
    }

    #[test]
    fn an_address_that_refuses_leaves_the_next() {
        let refusing = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        refusing.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        let good = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addresses = [refusing.local_addr().unwrap().as_socket().unwrap(), good.local_addr().unwrap()];
        assert!(connect(&addresses, Instant::now() + Duration::from_secs(60)).is_ok());
        let error = connect(&addresses[..1], Instant::now() + Duration::from_secs(60)).unwrap_err();
        assert_eq!((error.status, error.os_error), (Status::ConnectFailed, libc::ECONNREFUSED));
    }
}
