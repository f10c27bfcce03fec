//! One connection, by hand since it has to be wrong on purpose.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

use crate::answer::{Answer, answer};
use crate::http::read_request;
use crate::{Fault, Shared, control, lock};

struct Socket(Arc<TcpStream>);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serves one connection until the client or a fault ends it.
pub fn serve(shared: &Shared, stream: Arc<TcpStream>) -> io::Result<()> {
    if shared.options.idle_close_ms != 0 {
        stream.set_read_timeout(Some(Duration::from_millis(shared.options.idle_close_ms)))?;
    }
    match &shared.certificate {
        None => serve_requests(shared, &mut Socket(Arc::clone(&stream)), &stream),
        Some(certificate) => serve_tls(shared, &certificate.config, &stream),
    }
}

fn serve_tls(shared: &Shared, config: &Arc<ServerConfig>, stream: &Arc<TcpStream>) -> io::Result<()> {
    let mut socket = Socket(Arc::clone(stream));
    if shared.options.stall_handshake {
        return stall(&mut socket, stream);
    }
    let mut session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    if let Err(error) = session.complete_io(&mut socket) {
        let_the_alert_arrive(&mut socket, stream)?;
        return Err(error);
    }
    if session.handshake_kind() == Some(HandshakeKind::Resumed) {
        lock(&shared.statistics).resumed += 1;
    }
    let mut tls = StreamOwned::new(session, socket);
    let served = serve_requests(shared, &mut tls, stream);
    if !matches!(&served, Err(error) if error.kind() == io::ErrorKind::ConnectionReset) {
        tls.conn.send_close_notify();
        tls.flush()?;
    }
    served
}

/// Closing a connection with unread bytes resets it, and the client may then never see the alert that it was sent.
fn let_the_alert_arrive(socket: &mut Socket, tcp: &TcpStream) -> io::Result<()> {
    tcp.shutdown(Shutdown::Write)?;
    tcp.set_read_timeout(Some(Duration::from_secs(1)))?;
    read_to_the_end(socket)
}

fn serve_requests<S: Read + Write>(shared: &Shared, stream: &mut S, tcp: &TcpStream) -> io::Result<()> {
    let mut unread = Vec::new();
    loop {
        let request = match read_request(stream, &mut unread) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) if is_timeout(&error) => return Ok(()),
            Err(error) => {
                // As web servers do, to what is not HTTP (a TLS handshake, say).
                stream.write_all(&Answer::page(shared.now_s(), 400).bytes())?;
                return Err(error);
            }
        };
        if let Some(value) = control::answer(shared, &request) {
            stream.write_all(&Answer::json(shared.now_s(), value.to_string()).bytes())?;
            continue;
        }
        let fault = lock(&shared.faults).take();
        let ordinal = {
            let mut statistics = lock(&shared.statistics);
            statistics.requests.push(request.clone());
            statistics.received_at.push(Instant::now());
            statistics.requests.len()
        };
        let fault = fault.and_then(|fault| fault.at_request(ordinal));
        let fault = fault.as_ref();
        let goes_on = send(stream, tcp, || answer(shared, &request, ordinal, fault), fault)?;
        lock(&shared.statistics).answered += 1;
        if !goes_on {
            return Ok(());
        }
    }
}

/// What a read ends with whose time is up.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Sends an answer, or does to the connection what the fault is; tells whether the connection goes on.
fn send<S: Read + Write>(
    stream: &mut S,
    tcp: &TcpStream,
    answer: impl FnOnce() -> Answer,
    fault: Option<&Fault>,
) -> io::Result<bool> {
    match fault {
        Some(Fault::Reset) => {
            // Closing without lingering is what sends a reset.
            socket2::SockRef::from(tcp).set_linger(Some(Duration::ZERO))?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Some(Fault::HangUp) => Ok(false),
        Some(Fault::StallHead) => stall(stream, tcp).map(|()| false),
        Some(Fault::CarryOutAndHangUp) => {
            answer();
            Ok(false)
        }
        Some(Fault::CarryOutAndStall) => {
            answer();
            stall(stream, tcp).map(|()| false)
        }
        _ => send_answer(stream, tcp, &answer(), fault),
    }
}

fn send_answer<S: Read + Write>(
    stream: &mut S,
    tcp: &TcpStream,
    answer: &Answer,
    fault: Option<&Fault>,
) -> io::Result<bool> {
    let bytes = answer.bytes();
    match fault {
        Some(Fault::Late(pause)) => {
            sleep(*pause);
            stream.write_all(&bytes)?;
        }
        Some(Fault::Drip(pause)) => {
            for byte in bytes {
                stream.write_all(&[byte])?;
                stream.flush()?;
                sleep(*pause);
            }
        }
        Some(Fault::Unasked) => {
            let unasked = r#"{"Response":{"Devices":[{"DeviceId":"unasked"}],"RequestId":"unasked"}}"#;
            let second = Answer { body: unasked.into(), status: answer.status, headers: answer.headers.clone() };
            stream.write_all(&[bytes, second.bytes()].concat())?;
        }
        Some(Fault::CutOff | Fault::GzipCutOff) => {
            stream.write_all(&bytes[..bytes.len() - answer.body.len() / 2])?;
            stream.flush()?;
            return Ok(false);
        }
        Some(Fault::StallBody) => {
            stream.write_all(&bytes[..bytes.len() - answer.body.len() / 2])?;
            stream.flush()?;
            stall(stream, tcp)?;
            return Ok(false);
        }
        Some(Fault::EndlessBody) => {
            stream.write_all(&answer.open_head())?;
            stream.write_all(b"Transfer-Encoding: chunked\r\n\r\n")?;
            stream.write_all(&chunk(r#"{"Response":{"Padding":""#))?;
            repeat(stream, &chunk(&"x".repeat(PADDING)))?;
        }
        Some(Fault::EndlessHead) => {
            stream.write_all(&answer.open_head())?;
            repeat(stream, format!("X-Padding: {}\r\n", "x".repeat(64)).repeat(64).as_bytes())?;
        }
        Some(Fault::WrongLength) => {
            stream.write_all(&answer.bytes_announcing(answer.body.len() + 1))?;
            stream.flush()?;
            return Ok(false);
        }
        Some(Fault::CloseAfterAnswer) => {
            stream.write_all(&bytes)?;
            stream.flush()?;
            return Ok(false);
        }
        _ => stream.write_all(&bytes)?,
    }
    stream.flush()?;
    Ok(true)
}

/// Reads, answers nothing, and returns when the client has closed the connection.
fn stall(stream: &mut impl Read, tcp: &TcpStream) -> io::Result<()> {
    tcp.set_read_timeout(None)?;
    read_to_the_end(stream)
}

fn read_to_the_end(stream: &mut impl Read) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(|_| ())
}

const PADDING: usize = 16 * 1024;

fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

/// Returns, with an error, when the client has closed the connection.
fn repeat(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    loop {
        stream.write_all(bytes)?;
    }
}
