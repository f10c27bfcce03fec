//! A proxy as it stands in a depot: HTTP CONNECT or SOCKS5, with or without a password. It connects to the asked port of the
//! loopback whatever the host is, so that tests can use names that resolve nowhere.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::http::{Request, read_request};
use crate::listener::Listener;
use crate::{lock, socks};

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyProtocol {
    /// CONNECT, and nothing else.
    #[default]
    Http,
    /// RFC 1928.
    Socks5,
}

/// One way of a proxy to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyFault {
    /// Accepts a connection, reads what comes, and never answers.
    Stall,
    /// Allows nobody to go anywhere: HTTP status 403, or reply 2 of SOCKS.
    Refuse,
    /// Answers a byte every 20 ms, then tunnels as it should.
    DripConnect,
    /// Reads the request and closes the connection.
    Close,
    /// Answers what is not its protocol, then closes the connection.
    Garbage,
}

/// How a proxy is set up.
#[derive(Debug, Clone, Default)]
pub struct ProxyOptions {
    /// What it speaks.
    pub protocol: ProxyProtocol,
    /// The user and the password that it requires; `None`: lets everybody through.
    pub credentials: Option<(String, String)>,
    /// How it misbehaves; `None`: it behaves.
    pub fault: Option<ProxyFault>,
}

/// A running proxy on a port of its own on the loopback; it ends when dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    listener: Listener,
}

struct Shared {
    options: ProxyOptions,
    targets: Mutex<Vec<String>>,
}

impl Proxy {
    /// Starts one on a free port.
    pub fn start(options: ProxyOptions) -> io::Result<Proxy> {
        let shared = Arc::new(Shared { options, targets: Mutex::default() });
        let listener = Listener::start({
            let shared = Arc::clone(&shared);
            // A client that goes away, or that a fault made go away, is no concern of the proxy's.
            move |stream| drop(shared.serve(&stream))
        })?;
        Ok(Proxy { shared, listener })
    }

    /// `http://127.0.0.1:PORT` or `socks5://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.url_with("")
    }

    /// The same with the user and the password in it, if there are any.
    pub fn url_with_credentials(&self) -> String {
        match &self.shared.options.credentials {
            None => self.url(),
            Some((user, password)) => {
                self.url_with(&format!("{}:{}@", percent_encoded(user), percent_encoded(password)))
            }
        }
    }

    fn url_with(&self, user_info: &str) -> String {
        let scheme = match self.shared.options.protocol {
            ProxyProtocol::Http => "http",
            ProxyProtocol::Socks5 => "socks5",
        };
        format!("{scheme}://{user_info}127.0.0.1:{}", self.listener.port())
    }

    /// Where its clients wanted to go, as `HOST:PORT`, in order; with those that it did not let through.
    pub fn targets(&self) -> Vec<String> {
        lock(&self.shared.targets).clone()
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        if self.options.fault == Some(ProxyFault::Stall) {
            return read_to_the_end(stream);
        }
        let tunnel = match self.options.protocol {
            ProxyProtocol::Http => self.connect_http(stream)?,
            ProxyProtocol::Socks5 => self.connect_socks(stream)?,
        };
        match tunnel {
            Some(server) => carry(stream, &server),
            None => hang_up(stream),
        }
    }

    fn connect_http(&self, stream: &TcpStream) -> io::Result<Option<TcpStream>> {
        let mut unread = Vec::new();
        let Some(request) = read_request(&mut { stream }, &mut unread)? else {
            return Ok(None);
        };
        if request.method == "CONNECT" {
            lock(&self.targets).push(request.path.clone());
        }
        let (answer, server) = match self.options.fault {
            Some(ProxyFault::Close) => return Ok(None),
            Some(ProxyFault::Garbage) => (GARBAGE, None),
            Some(ProxyFault::Refuse) => (FORBIDDEN, None),
            _ if request.method != "CONNECT" => (METHOD_NOT_ALLOWED, None),
            _ if !self.lets_in(&request) => (AUTHENTICATION_REQUIRED, None),
            _ => match port(&request.path).map(connect) {
                None => (BAD_REQUEST, None),
                Some(Err(_)) => (BAD_GATEWAY, None),
                Some(Ok(server)) => (CONNECTED, Some(server)),
            },
        };
        self.answers(stream).write_all(answer.as_bytes())?;
        if let Some(mut server) = server.as_ref() {
            server.write_all(&unread)?;
        }
        Ok(server)
    }

    fn lets_in(&self, request: &Request) -> bool {
        let Some((user, password)) = &self.options.credentials else {
            return true;
        };
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        request.header("Proxy-Authorization") == Some(&expected)
    }

    fn connect_socks(&self, stream: &TcpStream) -> io::Result<Option<TcpStream>> {
        let mut answers = self.answers(stream);
        if self.options.fault == Some(ProxyFault::Garbage) {
            { stream }.read_exact(&mut [0; 3])?;
            answers.write_all(GARBAGE.as_bytes())?;
            return Ok(None);
        }
        if !socks::authenticate(&mut answers, self.options.credentials.as_ref())? {
            return Ok(None);
        }
        let asked = socks::read_request(&mut answers)?;
        if let Ok((host, port)) = &asked {
            lock(&self.targets).push(format!("{host}:{port}"));
        }
        let (reply, server) = match self.options.fault {
            Some(ProxyFault::Close) => return Ok(None),
            Some(ProxyFault::Refuse) => (socks::Reply::NotAllowed, None),
            _ => match asked.map(|(_, port)| connect(port)) {
                Err(reply) => (reply, None),
                Ok(Err(_)) => (socks::Reply::ConnectionRefused, None),
                Ok(Ok(server)) => (socks::Reply::Granted, Some(server)),
            },
        };
        answers.write_all(&reply.bytes())?;
        Ok(server)
    }

    fn answers<'a>(&self, stream: &'a TcpStream) -> Answers<'a> {
        let drips = self.options.fault == Some(ProxyFault::DripConnect);
        Answers { stream, pause: drips.then_some(Duration::from_millis(20)) }
    }
}

const CONNECTED: &str = "HTTP/1.1 200 -\r\n\r\n";
const BAD_REQUEST: &str = "HTTP/1.1 400 -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const METHOD_NOT_ALLOWED: &str = "HTTP/1.1 405 -\r\nAllow: CONNECT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const AUTHENTICATION_REQUIRED: &str = "HTTP/1.1 407 -\r\nProxy-Authenticate: Basic realm=\"emulator\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const BAD_GATEWAY: &str = "HTTP/1.1 502 -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const GARBAGE: &str = "\u{1}\u{2}neither HTTP nor SOCKS\r\n\r\n";

/// The client's connection until the tunnel stands.
struct Answers<'a> {
    stream: &'a TcpStream,
    /// After each byte.
    pause: Option<Duration>,
}

impl Read for Answers<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Answers<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(pause) = self.pause else {
            return self.stream.write(bytes);
        };
        let written = self.stream.write(&bytes[..bytes.len().min(1)])?;
        sleep(pause);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn port(target: &str) -> Option<u16> {
    target.rsplit_once(':')?.1.parse().ok()
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    server.set_nodelay(true)?;
    Ok(server)
}

/// Copies both ways until both sides have ended.
fn carry(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    std::thread::scope(|scope| {
        scope.spawn(|| copy(client, server));
        copy(server, client);
    });
    Ok(())
}

/// Copies until the source ends, and then ends the destination; a side that breaks takes the other with it.
fn copy(mut source: &TcpStream, mut destination: &TcpStream) {
    let end = if io::copy(&mut source, &mut destination).is_ok() { Shutdown::Write } else { Shutdown::Both };
    let _ = destination.shutdown(end);
    if end == Shutdown::Both {
        let _ = source.shutdown(end);
    }
}

/// Closing a connection with unread bytes would reset it, and the client might not see the answer.
fn hang_up(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    read_to_the_end(stream)
}

fn read_to_the_end(mut stream: &TcpStream) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(|_| ())
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to memory does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
