//! A server on a port of its own on the loopback, with a thread for each connection.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;

use crate::lock;

/// It ends, and its connections with it, when dropped.
pub struct Listener {
    address: SocketAddr,
    connections: Arc<Connections>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Connections {
    open: Mutex<Vec<Weak<TcpStream>>>,
    stopped: AtomicBool,
}

impl Listener {
    /// Calls `serve` for each connection, which is closed when `serve` has dropped it.
    pub fn start(serve: impl Fn(Arc<TcpStream>) + Send + Sync + 'static) -> io::Result<Listener> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let connections = Arc::new(Connections::default());
        let acceptor = std::thread::spawn({
            let connections = Arc::clone(&connections);
            move || connections.accept(&listener, &Arc::new(serve))
        });
        Ok(Listener { address, connections, acceptor: Some(acceptor) })
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits for ever.
    pub fn run(mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.connections.stopped.store(true, Ordering::Relaxed);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        for connection in lock(&self.connections.open).iter().filter_map(Weak::upgrade) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Connections {
    fn accept<F: Fn(Arc<TcpStream>) + Send + Sync + 'static>(&self, listener: &TcpListener, serve: &Arc<F>) {
        for stream in listener.incoming() {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let _ = stream.set_nodelay(true);
            let stream = Arc::new(stream);
            self.remember(&stream);
            let serve = Arc::clone(serve);
            std::thread::spawn(move || serve(stream));
        }
    }

    fn remember(&self, stream: &Arc<TcpStream>) {
        let mut open = lock(&self.open);
        open.retain(|connection| connection.strong_count() > 0);
        open.push(Arc::downgrade(stream));
    }
}
