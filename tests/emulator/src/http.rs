//! HTTP, by hand where it has to be wrong on purpose.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use rustls::{ServerConnection, StreamOwned};
use serde_json::json;

use crate::service::{Refusal, carry_out, envelope, throttled};
use crate::{Fault, Shared, control, lock};

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// `/`.
    pub path: String,
    /// Names as sent, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

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
    match &shared.certificate {
        None => serve_requests(shared, &mut Socket(Arc::clone(&stream)), &stream),
        Some(certificate) => {
            let session = ServerConnection::new(Arc::clone(&certificate.config)).map_err(io::Error::other)?;
            let mut tls = StreamOwned::new(session, Socket(Arc::clone(&stream)));
            let served = serve_requests(shared, &mut tls, &stream);
            tls.conn.send_close_notify();
            tls.flush()?;
            served
        }
    }
}

fn serve_requests<S: Read + Write>(shared: &Shared, stream: &mut S, tcp: &TcpStream) -> io::Result<()> {
    let mut unread = Vec::new();
    loop {
        let request = match read_request(stream, &mut unread) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
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
            statistics.requests.len()
        };
        if fault == Some(Fault::Reset) {
            // Closing without lingering is what sends a reset.
            return socket2::SockRef::from(tcp).set_linger(Some(Duration::ZERO));
        }
        let answer = answer(shared, &request, ordinal, fault.as_ref());
        if !send(stream, &answer, fault.as_ref())? {
            return Ok(());
        }
    }
}

fn read_request(stream: &mut impl Read, unread: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some((request, length)) = parse(unread)? {
            unread.drain(..length);
            return Ok(Some(request));
        }
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            return Ok(None);
        }
        unread.extend_from_slice(&chunk[..length]);
    }
}

/// A whole request at the head of `bytes`, and its length.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head_length) = head.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let mut request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: head.path.unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
            .collect(),
        body: Vec::new(),
    };
    let body_length: usize = request.header("Content-Length").map_or(Ok(0), str::parse).map_err(io::Error::other)?;
    let Some(body) = bytes.get(head_length..head_length + body_length) else {
        return Ok(None);
    };
    request.body = body.to_owned();
    Ok(Some((request, head_length + body_length)))
}

/// What a client reads at once: [`Fault::Unasked`] hides behind it.
const FULL_BUFFER: usize = 16 * 1024;

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(now_s: i64, status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now_s).unwrap_or(0));
        Answer {
            status,
            headers: vec![
                ("Server", "emulator".to_owned()),
                ("Date", httpdate::fmt_http_date(now)),
                ("Content-Type", content_type.to_owned()),
            ],
            body: body.into(),
        }
    }

    fn json(now_s: i64, body: impl Into<Vec<u8>>) -> Answer {
        Answer::new(now_s, 200, "application/json", body)
    }

    fn page(now_s: i64, status: u16) -> Answer {
        Answer::new(now_s, status, "text/html", "<html><body>not what you asked for</body></html>")
    }

    fn bytes(&self) -> Vec<u8> {
        self.bytes_announcing(self.body.len())
    }

    fn bytes_announcing(&self, length: usize) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} -\r\n", self.status);
        for (name, value) in &self.headers {
            bytes += &format!("{name}: {value}\r\n");
        }
        bytes += &format!("Content-Length: {length}\r\n\r\n");
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

fn answer(shared: &Shared, request: &Request, ordinal: usize, fault: Option<&Fault>) -> Answer {
    let now_s = shared.now_s() + if let Some(Fault::WrongClock(ahead_s)) = fault { *ahead_s } else { 0 };
    match fault {
        Some(Fault::NotJson) => return Answer::page(now_s, 200),
        Some(Fault::Status(status)) => return Answer::page(now_s, *status),
        Some(Fault::Answer(body)) => return Answer::json(now_s, body.as_str()),
        Some(Fault::TooLarge(length)) => {
            let padding = "x".repeat(*length);
            return Answer::json(now_s, format!(r#"{{"Response":{{"Padding":"{padding}"}}}}"#));
        }
        Some(Fault::Redirect) => {
            let mut answer = Answer::page(now_s, 307);
            answer.headers.push(("Location", "/elsewhere".to_owned()));
            return answer;
        }
        _ => {}
    }
    let outcome = match fault {
        Some(Fault::Throttled) => Err(throttled(shared, "GetDevices")),
        Some(Fault::RegionRequired) if request.header("X-TC-Region").is_none() => Err(Refusal::missing("Region")),
        Some(Fault::Error(code)) => Err(Refusal::new(code, "as the emulator was told")),
        Some(Fault::Echo) => Err(Refusal::new(
            request.header("X-TC-Token").unwrap_or("InternalError"),
            format!("{} {}", crate::SECRET_KEY, request.header("Authorization").unwrap_or_default()),
        )),
        _ => carry_out(shared, request, now_s),
    };
    let request_id = format!("00000000-0000-4000-8000-{ordinal:012}");
    let mut value = envelope(outcome, &request_id);
    if fault == Some(&Fault::WrongType) {
        value["Response"]["Devices"][0]["LicenseIds"] = json!([7]);
    }
    let mut answer = Answer::json(now_s, value.to_string());
    if fault == Some(&Fault::Unasked) {
        // From here on the head has one length, whatever the body's is.
        answer.body.resize(10_000, b' ');
        let missing = FULL_BUFFER - answer.bytes().len();
        answer.body.extend(vec![b' '; missing]);
    }
    if matches!(fault, Some(Fault::Gzip | Fault::GzipCutOff)) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        // Writing to memory does not fail.
        let _ = encoder.write_all(&answer.body);
        answer.body = encoder.finish().unwrap_or_default();
        answer.headers.push(("Content-Encoding", "gzip".to_owned()));
    }
    answer
}

/// Sends an answer; tells whether the connection goes on.
fn send(stream: &mut impl Write, answer: &Answer, fault: Option<&Fault>) -> io::Result<bool> {
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
