//! A man in the middle: he answers whoever connects as the test says, and keeps every byte that comes.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use emulator::{SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN};
use rustls::{ServerConfig, ServerConnection};
use trro::config::{Config, UNLIMITED};
use trro::credentials::Credentials;

/// What came over one connection.
#[derive(Debug, Default)]
pub struct Came {
    pub raw: Vec<u8>,
    pub decrypted: Vec<u8>,
}

/// He ends with the test's process.
pub struct Middle {
    pub port: u16,
    came: Receiver<Came>,
}

impl Middle {
    /// On a free port of the loopback.
    pub fn start(serve: impl Fn(&mut Tap) -> io::Result<()> + Send + 'static) -> Middle {
        Middle::at((Ipv4Addr::LOCALHOST, 0).into(), serve)
    }

    /// He serves one connection after the other.
    pub fn at(address: SocketAddr, serve: impl Fn(&mut Tap) -> io::Result<()> + Send + 'static) -> Middle {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, came) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut tap = Tap { stream: stream.unwrap(), came: Came::default() };
                // That a client goes away is what is hoped for.
                let _ = serve(&mut tap).and_then(|()| tap.read_to_the_end());
                let _ = tell.send(tap.came);
            }
        });
        Middle { port, came }
    }

    /// What came over the next connection that has ended.
    pub fn next(&self) -> Came {
        self.came.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// Nothing that belongs to the service has come over any of so many connections.
    #[track_caller]
    pub fn has_seen_nothing(&self, connections: usize) {
        for _ in 0..connections {
            let came = self.next();
            assert_eq!(String::from_utf8_lossy(&came.decrypted), "");
            for secret in [TEMPORARY_SECRET_ID, SECRET_KEY, TOKEN, "TC3-", "X-TC-", "GetDevices"] {
                assert!(!contains(&came.raw, secret), "{secret} in {}", String::from_utf8_lossy(&came.raw));
            }
        }
        assert!(self.came.try_recv().is_err(), "there were more than {connections} connections");
    }
}

pub fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

/// A connection that keeps what is read from it.
pub struct Tap {
    pub stream: TcpStream,
    came: Came,
}

impl Tap {
    /// What comes after the answer, too.
    fn read_to_the_end(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        io::copy(self, &mut io::sink()).map(drop)
    }

    /// To the end of the head of a request.
    pub fn read_head(&mut self) -> io::Result<()> {
        let mut byte = [0];
        while !self.came.raw.ends_with(b"\r\n\r\n") {
            self.read_exact(&mut byte)?;
        }
        Ok(())
    }

    /// Does TLS, reads a request and sends `answer`, with or without the end that TLS has for it.
    pub fn speak_tls(&mut self, config: &Arc<ServerConfig>, answer: &[u8], says_the_end: bool) -> io::Result<()> {
        let mut session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        let handshake = session.complete_io(self);
        let mut came = Vec::new();
        while handshake.is_ok() {
            // The request may have come with the last of the handshake. An end without close_notify is one all the same.
            let _ = session.reader().read_to_end(&mut came);
            self.came.decrypted.clone_from(&came);
            // The body of a request is a JSON object.
            if came.ends_with(b"}") || session.read_tls(self)? == 0 || session.process_new_packets().is_err() {
                break;
            }
        }
        if came.ends_with(b"}") {
            session.writer().write_all(answer)?;
            if says_the_end {
                session.send_close_notify();
            }
        }
        // An alert, too.
        while session.wants_write() {
            session.write_tls(self)?;
        }
        Ok(())
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        self.came.raw.extend_from_slice(&buffer[..length]);
        Ok(length)
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An answer that would be believed if it came from the service: there is no device.
pub const BODY: &str = r#"{"Response":{"TotalCount":0,"Devices":[],"RequestId":"forged"}}"#;

/// That answer with these lines in its head.
pub fn answer(status: &str, lines: &str) -> Vec<u8> {
    let date = httpdate::fmt_http_date(SystemTime::now());
    let head = format!("HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: application/json\r\n{lines}\r\n");
    [head, BODY.to_owned()].concat().into_bytes()
}

/// As the service would send it.
pub fn sound_answer() -> Vec<u8> {
    answer("200 OK", &format!("Content-Length: {}\r\n", BODY.len()))
}

/// A client that has a token, besides its key, to lose.
pub fn config<'a>(endpoint: &'a str, ca_file: Option<&'a str>) -> Config<'a> {
    Config {
        credentials: Some(Credentials::new(TEMPORARY_SECRET_ID, SECRET_KEY, Some(TOKEN)).unwrap()),
        endpoint: Some(endpoint),
        ca_file,
        no_proxy: Some(""),
        max_attempts: Some(3),
        max_requests_per_s: Some(UNLIMITED),
        ..Config::default()
    }
}
