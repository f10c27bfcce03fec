//! A slow road between a client and the server: what comes from one side leaves for the other a while later. Uses nothing.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// Each way. So long that nothing else that a first call does counts beside it.
pub const DELAY: Duration = Duration::from_millis(100);

/// A relay; it takes one connection after another, for as long as the process lives.
pub struct Relay {
    pub port: u16,
}

impl Relay {
    /// To that port of the loopback.
    pub fn start(to: u16) -> io::Result<Relay> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A side that goes away takes its connection with it.
                let _ = relay(client, to);
            }
        });
        Ok(Relay { port })
    }
}

fn relay(client: TcpStream, to: u16) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    carry(client.try_clone()?, server.try_clone()?);
    carry(server, client);
    Ok(())
}

/// One way: a thread reads, another writes what has been on the road for long enough.
fn carry(mut from: TcpStream, mut to: TcpStream) {
    let (sender, receiver) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut room = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut room) {
            if sender.send((Instant::now() + DELAY, room[..length].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (at, bytes) in receiver {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
