//! A server that reads a request and answers with exactly the bytes that it is told. Uses `http`.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::http::ok;

/// What a connection gets for its request.
#[derive(Clone)]
pub enum Answer {
    /// These bytes, and then the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, and nothing more until the client closes the connection.
    Held(Vec<u8>),
    /// The first so many bytes, one more for each connection, beginning with none; then the end.
    Cut(Vec<u8>),
    /// A sound head, and as its whole body the first so many bytes, in the same way.
    CutBody(Vec<u8>),
    /// The first bytes, and then the second again and again until the client has had enough.
    Endless(Vec<u8>, Vec<u8>),
    /// A byte at a time, with this pause after each.
    Drip(Vec<u8>, Duration),
    /// These bytes, and then a reset instead of an end.
    Reset(Vec<u8>),
    /// The request is not read to its end: so many bytes of it, and then the end.
    Unread(usize),
}

/// Serves a case from a port of its own, which it gives. It ends with the process.
pub fn serve(answer: Answer) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let answer = Arc::clone(&answer);
            // What fails is that the client has gone, which it may.
            thread::spawn(move || stream.and_then(|mut stream| give(&mut stream, &answer, number)));
        }
    });
    Ok(port)
}

fn give(stream: &mut TcpStream, answer: &Answer, number: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if let Answer::Unread(bytes) = answer {
        return stream.read_exact(&mut vec![0; *bytes]);
    }
    read_request(stream)?;
    match answer {
        Answer::Bytes(bytes) => end(stream, bytes),
        Answer::Cut(bytes) => end(stream, &bytes[..number.min(bytes.len())]),
        Answer::CutBody(bytes) => end(stream, &ok(&bytes[..number.min(bytes.len())])),
        Answer::Held(bytes) => {
            stream.write_all(bytes)?;
            wait_for_end(stream)
        }
        Answer::Endless(first, again) => {
            stream.write_all(first)?;
            loop {
                stream.write_all(again)?;
            }
        }
        Answer::Drip(bytes, pause) => {
            for byte in bytes {
                stream.write_all(&[*byte])?;
                thread::sleep(*pause);
            }
            wait_for_end(stream)
        }
        Answer::Reset(bytes) => {
            stream.write_all(bytes)?;
            socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))
        }
        Answer::Unread(_) => Ok(()),
    }
}

/// The end comes after the last byte, and not before the client has got it: no reset overtakes it.
fn end(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.shutdown(Shutdown::Write)?;
    wait_for_end(stream)
}

fn wait_for_end(stream: &mut TcpStream) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(drop)
}

/// Up to the end of its body.
fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let told = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= told.unwrap_or(0) {
                return Ok(());
            }
        }
    }
}
