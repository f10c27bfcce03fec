//! Peers that stall on purpose, where the emulator does not: below HTTP, or in the middle of what looks like an answer.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// After each byte that drips.
const PAUSE: Duration = Duration::from_millis(10);

/// What a peer does once a request has begun to come, until the client has gone.
pub type Answer = fn(&mut TcpStream) -> io::Result<()>;

/// Starts a peer, which lives as long as the tests: its URL.
pub fn start(answer: Answer) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            // A client that goes away is no concern of the peer's.
            std::thread::spawn(move || stream.and_then(|mut stream| serve(&mut stream, &answer)));
        }
    });
    Ok(url)
}

fn serve(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if stream.read(&mut [0; 64 * 1024])? == 0 {
        return Ok(());
    }
    answer(stream)
}

fn drip(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    for byte in text.bytes().cycle() {
        stream.write_all(&[byte])?;
        sleep(PAUSE);
    }
    Ok(())
}

fn repeat(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let many = bytes.repeat(16 * 1024 / bytes.len());
    loop {
        stream.write_all(&many)?;
    }
}

/// Header lines without an end.
pub fn drip_head(stream: &mut TcpStream) -> io::Result<()> {
    drip(stream, "HTTP/1.1 200 OK\r\nX-Padding: x\r\n")
}

/// A body that is announced as a long one.
pub fn drip_body(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")?;
    drip(stream, " ")
}

/// A whole body, and then trailers without an end.
pub fn drip_trailers(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")?;
    drip(stream, "X-Padding: x\r\n")
}

/// A redirect with a body that drips, though nobody wants it.
pub fn drip_redirect(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 307 -\r\nLocation: http://127.0.0.1/\r\nContent-Length: 1000000\r\n\r\n")?;
    drip(stream, " ")
}

/// Interim answers, as fast as they are taken, and never the final one.
pub fn repeat_interim(stream: &mut TcpStream) -> io::Result<()> {
    repeat(stream, b"HTTP/1.1 103 Early Hints\r\n\r\n")
}

/// A body without an end, as fast as it is taken, and in such small pieces that it does not fill the memory.
pub fn repeat_body(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    repeat(stream, b"1\r\nx\r\n")
}

/// Compressed data without an end, as fast as it is taken, that comes to nothing.
pub fn repeat_nothing(stream: &mut TcpStream) -> io::Result<()> {
    const GZIP_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    const EMPTY_STORED_BLOCK: &[u8] = &[0, 0, 0, 0xff, 0xff];
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1000000000000\r\n\r\n")?;
    stream.write_all(GZIP_HEAD)?;
    repeat(stream, EMPTY_STORED_BLOCK)
}

/// A socket on the loopback, and its port.
fn bound() -> io::Result<(Socket, u16)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let port = socket.local_addr()?.as_socket().map_or(0, |address| address.port());
    Ok((socket, port))
}

/// A port that is taken, and on which nobody listens: connections are refused.
pub fn refusing() -> io::Result<(Socket, u16)> {
    bound()
}

/// A listener whose queue is full, so that connections to it hang; with the sockets that fill it.
pub fn full() -> io::Result<(Vec<Socket>, u16)> {
    let (listener, port) = bound()?;
    listener.listen(0)?;
    let mut sockets = vec![listener];
    for _ in 0..4 {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        let _ = socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into());
        sockets.push(socket);
    }
    Ok((sockets, port))
}

/// A listener whose connections are never read from, and hold little.
pub fn deaf() -> io::Result<(TcpListener, u16)> {
    let (listener, port) = bound()?;
    listener.set_recv_buffer_size(4096)?;
    // The system gives a sender room by the size of the segments.
    listener.set_tcp_mss(536)?;
    listener.listen(1024)?;
    Ok((listener.into(), port))
}

/// Leads to the server at `port`, and stops to read once the TLS handshake is behind: its own port.
pub fn deaf_after_handshake(port: u16) -> io::Result<u16> {
    let (listener, own_port) = deaf()?;
    std::thread::spawn(move || {
        for client in listener.incoming() {
            std::thread::spawn(move || lead(&client?, &TcpStream::connect((Ipv4Addr::LOCALHOST, port))?));
        }
    });
    Ok(own_port)
}

fn lead(mut client: &TcpStream, mut server: &TcpStream) -> io::Result<()> {
    /// More than a handshake, and less than a request.
    const HEARD: u64 = 4096;
    std::thread::scope(|scope| {
        scope.spawn(move || io::copy(&mut server, &mut client));
        io::copy(&mut client.take(HEARD), &mut server).map(drop)
    })
}
