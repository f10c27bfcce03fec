//! What stands at a port before the emulator, and does to a connection what the emulator cannot: before TLS, or before
//! anybody listens at all.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use emulator::Emulator;
use socket2::{Domain, SockRef, Socket, Type};

/// What is done to one connection; to those for which nothing is said: they are led to the emulator.
#[derive(Clone)]
pub enum Treatment {
    /// Closed as soon as the first bytes are there.
    Close,
    /// Closed when the first bytes of the emulator have been passed on: in the middle of its hello.
    CloseInHandshake,
    /// Reset as soon as the first bytes are there.
    Reset,
    /// Read from, and never answered.
    Stall,
    /// Led to the emulator when it was met here twice: once to say that the connection is there, and once to let it go on.
    Hold(Arc<Barrier>),
}

/// A port of its own, on which nobody listens at first.
pub struct Relay {
    listener: Mutex<Option<Socket>>,
    port: u16,
    scheme: String,
    emulator: SocketAddr,
    treatments: Mutex<VecDeque<Treatment>>,
}

impl Relay {
    pub fn bind(emulator: &Emulator, treatments: Vec<Treatment>) -> Relay {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        let port = socket.local_addr().unwrap().as_socket().unwrap().port();
        let url = emulator.url();
        let (address, emulator_port) = url.rsplit_once(':').unwrap();
        Relay {
            listener: Mutex::new(Some(socket)),
            port,
            scheme: address.to_owned(),
            emulator: (Ipv4Addr::LOCALHOST, emulator_port.parse().unwrap()).into(),
            treatments: Mutex::new(treatments.into()),
        }
    }

    /// As the emulator's, with the relay's port.
    pub fn url(&self) -> String {
        format!("{}:{}", self.scheme, self.port)
    }

    /// From now on somebody listens, as long as the tests live.
    pub fn listen(&self) {
        let socket = self.listener.lock().unwrap().take().expect("nobody listens yet");
        socket.listen(64).unwrap();
        let (listener, emulator) = (TcpListener::from(socket), self.emulator);
        let mut treatments = std::mem::take(&mut *self.treatments.lock().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let treatment = treatments.pop_front();
                // Whoever goes away is no concern of the relay's.
                std::thread::spawn(move || serve(&stream?, emulator, treatment));
            }
        });
    }
}

fn serve(client: &TcpStream, emulator: SocketAddr, treatment: Option<Treatment>) -> io::Result<()> {
    match treatment {
        None => lead(client, &TcpStream::connect(emulator)?),
        Some(Treatment::Close) => hear(client).map(drop),
        Some(Treatment::Reset) => {
            hear(client)?;
            // Closing without lingering is what sends a reset.
            SockRef::from(client).set_linger(Some(Duration::ZERO))
        }
        Some(Treatment::Stall) => io::copy(&mut &*client, &mut io::sink()).map(drop),
        Some(Treatment::Hold(meeting)) => {
            meeting.wait();
            meeting.wait();
            lead(client, &TcpStream::connect(emulator)?)
        }
        Some(Treatment::CloseInHandshake) => {
            /// Less than a hello.
            const PASSED_ON: u64 = 20;
            let mut server = TcpStream::connect(emulator)?;
            io::copy(&mut &*hear(client)?, &mut server)?;
            io::copy(&mut server.take(PASSED_ON), &mut &*client).map(drop)
        }
    }
}

/// What comes first, in one piece.
fn hear(mut client: &TcpStream) -> io::Result<Vec<u8>> {
    let mut first = vec![0; 16 * 1024];
    let length = client.read(&mut first)?;
    first.truncate(length);
    Ok(first)
}

/// Passes on what comes in both directions, until both have ended.
fn lead(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    std::thread::scope(|scope| {
        scope.spawn(|| pass_on(server, client));
        pass_on(client, server)
    })
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    io::copy(&mut from, &mut to)?;
    to.shutdown(Shutdown::Write)
}
