//! The server of the benchmark, a process of its own: it answers with what it has prepared, and counts. Uses `rows`, `system`.
//!
//! It checks nothing: that the clients sign as the service wants is checked against the emulator. On stdout it says its ports; it ends
//! when its stdin does. Whoever connects to the last port is told what it has counted, as lines of `key value`.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use libtest_mimic::Failed;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::rows::answer;
use crate::system::{cpu_ns, limit_segments, traffic};

#[derive(Default)]
struct Server {
    prepared: Mutex<HashMap<usize, Arc<String>>>,
    answers: AtomicU64,
    connections: AtomicU64,
    /// Those of them that are counted.
    closed: AtomicU64,
    packets_in: AtomicU64,
    packets_out: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// Serves until its parent is gone. Writes its certificate to the file.
pub fn serve(ca_file: &Path) -> Result<(), Failed> {
    let key = rcgen::KeyPair::generate()?;
    let certificate = rcgen::CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?;
    fs::write(ca_file, certificate.pem())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der())?,
        )?;
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    let config = Arc::new(config);

    let server = Arc::new(Server::default());
    let http = listen(&server, None)?;
    let https = listen(&server, Some(config))?;
    let counters = tell_counters(&server)?;
    println!("http {http}\nhttps {https}\ncounters {counters}");
    io::copy(&mut io::stdin(), &mut io::sink())?;
    exit(0)
}

/// Gives the port.
fn listen(server: &Arc<Server>, config: Option<Arc<ServerConfig>>) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    limit_segments(&listener)?;
    let port = listener.local_addr()?.port();
    let server = Arc::clone(server);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (server, config) = (Arc::clone(&server), config.clone());
            thread::spawn(move || server.serve(stream, config));
        }
    });
    Ok(port)
}

/// Gives the port.
fn tell_counters(server: &Arc<Server>) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let server = Arc::clone(server);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(server.counters().as_bytes());
        }
    });
    Ok(port)
}

impl Server {
    fn serve(&self, stream: TcpStream, config: Option<Arc<ServerConfig>>) {
        self.connections.fetch_add(1, Relaxed);
        // A client may go away when it likes.
        let _ = stream.set_nodelay(true);
        let _ = match config {
            None => self.answer_all(&mut &stream),
            Some(config) => self.answer_all_over_tls(&stream, config),
        };
        let traffic = traffic(&stream);
        self.packets_in.fetch_add(traffic.packets_in, Relaxed);
        self.packets_out.fetch_add(traffic.packets_out, Relaxed);
        self.bytes_in.fetch_add(traffic.bytes_in, Relaxed);
        self.bytes_out.fetch_add(traffic.bytes_out, Relaxed);
        self.closed.fetch_add(1, Relaxed);
    }

    fn answer_all_over_tls(&self, stream: &TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
        let session = ServerConnection::new(config).map_err(io::Error::other)?;
        self.answer_all(&mut StreamOwned::new(session, stream))
    }

    fn answer_all(&self, stream: &mut (impl Read + Write)) -> io::Result<()> {
        let mut unread = Vec::new();
        let mut room = [0; 16 * 1024];
        let mut head = Head::default();
        let mut latest: (usize, Arc<String>) = (0, Arc::default());
        let mut out = Vec::new();
        loop {
            while let Some((length, devices)) = request(&unread) {
                if latest.0 != devices {
                    latest = (devices, self.prepared(devices));
                }
                out.clear();
                out.extend_from_slice(head.now(latest.1.len()).as_bytes());
                out.extend_from_slice(latest.1.as_bytes());
                stream.write_all(&out)?;
                stream.flush()?;
                self.answers.fetch_add(1, Relaxed);
                unread.drain(..length);
            }
            match stream.read(&mut room)? {
                0 => return Ok(()),
                length => unread.extend_from_slice(&room[..length]),
            }
        }
    }

    fn prepared(&self, devices: usize) -> Arc<String> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(prepared.entry(devices).or_insert_with(|| Arc::new(answer(devices))))
    }

    fn counters(&self) -> String {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        format!(
            "answers {}\nconnections {}\nopen {}\npackets_in {}\npackets_out {}\nbytes_in {}\nbytes_out {}\ncpu_ns {}\n",
            of(&self.answers),
            of(&self.connections),
            of(&self.connections) - of(&self.closed),
            of(&self.packets_in),
            of(&self.packets_out),
            of(&self.bytes_in),
            of(&self.bytes_out),
            cpu_ns(),
        )
    }
}

/// The head of the answers, as the service sends it.
#[derive(Default)]
struct Head {
    at_s: u64,
    body_length: usize,
    text: String,
}

impl Head {
    fn now(&mut self, body_length: usize) -> &str {
        let now = SystemTime::now();
        let at_s = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        if (at_s, body_length) != (self.at_s, self.body_length) {
            let date = httpdate::fmt_http_date(now);
            let text = format!(
                "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: {date}\r\nContent-Type: application/json\r\n\
                 Content-Length: {body_length}\r\nConnection: keep-alive\r\n\r\n"
            );
            *self = Head { at_s, body_length, text };
        }
        &self.text
    }
}

/// The length of a whole request at the head of `bytes`, and for how many devices it asks.
fn request(bytes: &[u8]) -> Option<(usize, usize)> {
    let head_length = find(bytes, b"\r\n\r\n")? + 4;
    let head = &bytes[..head_length];
    let name = b"content-length:";
    let at = head.windows(name.len()).position(|part| part.eq_ignore_ascii_case(name))?;
    let length = head_length + number(&head[at + name.len()..]);
    let body = bytes.get(head_length..length)?;
    let size = find(body, b"\"PageSize\":")?;
    Some((length, number(&body[size + 11..])))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

/// The number that the bytes begin with, after blanks.
fn number(bytes: &[u8]) -> usize {
    let digits = bytes.iter().skip_while(|byte| **byte == b' ').take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| 10 * number + usize::from(digit - b'0'))
}
