//! Addresses of both families, and the one device that is to be used.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use emulator::{Options, ProxyProtocol};
use libtest_mimic::Completion;
use socket2::{Domain, Socket, Type};
use trro::config::Config;
use trro::error::Status;

use crate::support::{Outcome, missing};
use crate::{NOWHERE, Service, call_with, proxies};

tests![
    an_address_that_refuses_is_followed_by_that_of_the_other_family,
    an_address_that_hangs_is_followed_by_that_of_the_other_family,
    a_proxy_has_addresses_of_both_families_too,
    a_device_that_is_there_is_used,
    a_device_that_is_not_there_is_named,
    a_device_that_is_not_there_is_named_with_the_proxy,
];

/// Takes connections, and leads them to a port of the loopback: whom they came from.
pub fn lead(listener: TcpListener, port: u16) -> Arc<Mutex<Vec<IpAddr>>> {
    let clients = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&clients);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(client.peer_addr().unwrap().ip());
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            std::thread::spawn(move || {
                std::thread::scope(|scope| {
                    scope.spawn(|| copy(&client, &server));
                    copy(&server, &client);
                });
            });
        }
    });
    clients
}

/// A side that goes away takes the other along.
fn copy(mut source: &TcpStream, mut destination: &TcpStream) {
    let _ = io::copy(&mut source, &mut destination);
    let _ = destination.shutdown(Shutdown::Write);
}

/// One port of the loopback, bound in both families: nobody listens on the socket of IPv4, which is the first to be tried.
/// `None` where there is no IPv6.
fn port_of_both_families() -> Option<(Socket, TcpListener, u16)> {
    loop {
        let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok()?;
        let port = listener.local_addr().unwrap().port();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // Someone else may have it in this family.
        if socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()).is_ok() {
            return Some((socket, listener, port));
        }
    }
}

const NO_IPV6: &str = "the loopback has no address of IPv6";

fn an_address_that_refuses_is_followed_by_that_of_the_other_family() -> Outcome {
    let Some((_refusing, listener, port)) = port_of_both_families() else {
        return missing(NO_IPV6);
    };
    leads_to_the_service(listener, port)
}

fn an_address_that_hangs_is_followed_by_that_of_the_other_family() -> Outcome {
    let Some((hanging, listener, port)) = port_of_both_families() else {
        return missing(NO_IPV6);
    };
    let _waiting = fill_queue(&hanging, port);
    leads_to_the_service(listener, port)
}

/// Connections to it hang as long as the sockets live.
fn fill_queue(listener: &Socket, port: u16) -> Vec<Socket> {
    listener.listen(0).unwrap();
    let connecting = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let _ = socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into());
        socket
    };
    (0..4).map(|_| connecting()).collect()
}

fn leads_to_the_service(listener: TcpListener, port: u16) -> Outcome {
    let service = Service::named("localhost", Options::default());
    let clients = lead(listener, service.port);
    let endpoint = format!("https://localhost:{port}");
    // Longer than the first address is tried alone, for a machine that has other things to do.
    let config = Config { endpoint: Some(&endpoint), connect_timeout_ms: Some(20_000), ..service.config() };
    assert_eq!(call_with(Config { deadline_ms: Some(30_000), ..config }), Ok(10));
    assert_eq!(*clients.lock().unwrap(), [IpAddr::from(Ipv6Addr::LOCALHOST)]);
    Ok(Completion::Completed)
}

fn a_proxy_has_addresses_of_both_families_too() -> Outcome {
    let Some((_refusing, listener, port)) = port_of_both_families() else {
        return missing(NO_IPV6);
    };
    let service = Service::named(NOWHERE, Options::default());
    let proxy = proxies::proxy(ProxyProtocol::Http, None);
    let proxy_port = proxy.url().rsplit_once(':').unwrap().1.parse().unwrap();
    let clients = lead(listener, proxy_port);
    let url = format!("http://localhost:{port}");
    assert_eq!(call_with(Config { proxy: Some(&url), ..service.config() }), Ok(10));
    assert_eq!(*clients.lock().unwrap(), [IpAddr::from(Ipv6Addr::LOCALHOST)]);
    Ok(Completion::Completed)
}

fn a_device_that_is_there_is_used() -> Outcome {
    let probe = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    if probe.bind_device(Some(b"lo")).is_err() {
        return missing("only a privileged program may choose a device here");
    }
    let service = Service::named("localhost", Options::default());
    assert_eq!(call_with(Config { network_interface: Some("lo"), ..service.config() }), Ok(10));
    Ok(Completion::Completed)
}

fn a_device_that_is_not_there_is_named() {
    let service = Service::named("localhost", Options::default());
    let config = Config { network_interface: Some("no-such-modem"), ..service.config() };
    let error = call_with(config).unwrap_err();
    assert_eq!((error.status, error.os_error), (Status::ConnectFailed, libc::ENODEV), "{error}");
    assert!(error.retryable, "a modem may come up a moment later");
    assert!(error.message.contains("through no-such-modem"), "{error}");
    assert_eq!(service.emulator.statistics().connections, 0);
}

fn a_device_that_is_not_there_is_named_with_the_proxy() {
    let service = Service::named(NOWHERE, Options::default());
    let proxy = proxies::proxy(ProxyProtocol::Http, None);
    let url = proxy.url();
    let config = Config { network_interface: Some("no-such-modem"), proxy: Some(&url), ..service.config() };
    let error = call_with(config).unwrap_err();
    assert_eq!((error.status, error.os_error), (Status::ProxyFailed, libc::ENODEV), "{error}");
    assert!(error.message.contains("through no-such-modem"), "{error}");
    assert!(error.message.contains(url.trim_start_matches("http://")), "{error}");
}
