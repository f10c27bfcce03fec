//! The proxy tunnels, asks for a password, and misbehaves as told.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use emulator::{Emulator, Proxy, ProxyFault, ProxyOptions, ProxyProtocol};

use crate::{emulator, host, json, read_to_the_end, read_until_silence, request, sent};

const USER: &str = "depot";
const PASSWORD: &str = "p@ss:word";
/// Base64 of the two with a colon between them.
const BASIC: &str = "ZGVwb3Q6cEBzczp3b3Jk";

fn proxy(protocol: ProxyProtocol, fault: Option<ProxyFault>) -> Proxy {
    Proxy::start(ProxyOptions { protocol, fault, credentials: None }).unwrap()
}

fn proxy_with_password(protocol: ProxyProtocol) -> Proxy {
    let credentials = Some((USER.to_owned(), PASSWORD.to_owned()));
    Proxy::start(ProxyOptions { protocol, credentials, fault: None }).unwrap()
}

fn address(proxy: &Proxy) -> String {
    proxy.url().split_once("://").unwrap().1.to_owned()
}

fn port(emulator: &Emulator) -> u16 {
    host(emulator).rsplit_once(':').unwrap().1.parse().unwrap()
}

/// A port of the loopback where nobody listens, and nobody can as long as the socket is there.
fn taken_port() -> (socket2::Socket, u16) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    (socket, port)
}

/// Sends a request through a tunnel, ends this side of it, and reads until the other side has ended.
fn uses(mut tunnel: TcpStream, emulator: &Emulator) {
    tunnel.write_all(request().text(&host(emulator)).as_bytes()).unwrap();
    tunnel.shutdown(Shutdown::Write).unwrap();
    assert_eq!(json(&read_to_the_end(tunnel))["Response"]["TotalCount"], 62);
}

/// Reads as many bytes.
fn read<const LENGTH: usize>(mut stream: &TcpStream) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

mod http {
    use super::*;

    const CONNECTED: &[u8; 18] = b"HTTP/1.1 200 -\r\n\r\n";

    /// A connection on which CONNECT was sent.
    fn asked(proxy: &Proxy, target: &str, headers: &str) -> TcpStream {
        sent(&address(proxy), &format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{headers}\r\n"))
    }

    fn status(stream: TcpStream) -> String {
        read_to_the_end(stream).split(' ').nth(1).unwrap().to_owned()
    }

    #[test]
    fn tunnels_to_the_port_whatever_the_host_is() {
        let (emulator, proxy) = (emulator(), proxy(ProxyProtocol::Http, None));
        let target = format!("nowhere.invalid:{}", port(&emulator));
        let tunnel = asked(&proxy, &target, "");
        assert_eq!(&read(&tunnel), CONNECTED);
        uses(tunnel, &emulator);
        assert_eq!(proxy.targets(), [target]);
    }

    #[test]
    fn refuses_a_client_without_the_password() {
        let (emulator, proxy) = (emulator(), proxy_with_password(ProxyProtocol::Http));
        let target = format!("nowhere.invalid:{}", port(&emulator));
        for headers in ["", "Proxy-Authorization: Basic d3Jvbmc6d3Jvbmc=\r\n"] {
            let answer = read_to_the_end(asked(&proxy, &target, headers));
            assert!(answer.starts_with("HTTP/1.1 407 "), "{answer}");
            assert!(answer.contains("Proxy-Authenticate: Basic realm="), "{answer}");
        }
        let tunnel = asked(&proxy, &target, &format!("Proxy-Authorization: Basic {BASIC}\r\n"));
        assert_eq!(&read(&tunnel), CONNECTED);
        uses(tunnel, &emulator);
        assert_eq!(emulator.statistics().connections, 1);
    }

    #[test]
    fn is_no_proxy_for_anything_but_connect() {
        let proxy = proxy(ProxyProtocol::Http, None);
        let request = "GET http://nowhere.invalid/ HTTP/1.1\r\nHost: nowhere.invalid\r\n\r\n";
        assert_eq!(status(sent(&address(&proxy), request)), "405");
        assert_eq!(proxy.targets(), [""; 0]);
    }

    #[test]
    fn tells_that_nobody_is_there() {
        let proxy = proxy(ProxyProtocol::Http, None);
        let (_taken, port) = taken_port();
        assert_eq!(status(asked(&proxy, &format!("nowhere.invalid:{port}"), "")), "502");
        assert_eq!(status(asked(&proxy, "nowhere.invalid", "")), "400");
    }

    #[test]
    fn misbehaves_as_told() {
        let asked = |fault| {
            let proxy = proxy(ProxyProtocol::Http, Some(fault));
            let stream = asked(&proxy, "nowhere.invalid:443", "");
            (proxy, stream)
        };
        let (_proxy, stream) = asked(ProxyFault::Stall);
        assert_eq!(read_until_silence(&stream), "");
        let (_proxy, stream) = asked(ProxyFault::Refuse);
        assert_eq!(status(stream), "403");
        let (proxy, stream) = asked(ProxyFault::Close);
        assert_eq!(read_to_the_end(stream), "");
        assert_eq!(proxy.targets(), ["nowhere.invalid:443"]);
        let (_proxy, stream) = asked(ProxyFault::Garbage);
        assert!(!read_to_the_end(stream).starts_with("HTTP"));
    }

    #[test]
    fn a_dripping_answer_is_followed_by_a_tunnel() {
        let (emulator, proxy) = (emulator(), proxy(ProxyProtocol::Http, Some(ProxyFault::DripConnect)));
        let start = Instant::now();
        let tunnel = asked(&proxy, &format!("nowhere.invalid:{}", port(&emulator)), "");
        assert_eq!(&read(&tunnel), CONNECTED);
        assert!(start.elapsed() >= Duration::from_millis(20 * 17));
        uses(tunnel, &emulator);
    }

    #[test]
    fn a_tunnel_ends_with_the_proxy() {
        let (emulator, proxy) = (emulator(), proxy(ProxyProtocol::Http, None));
        let tunnel = asked(&proxy, &format!("nowhere.invalid:{}", port(&emulator)), "");
        assert_eq!(&read(&tunnel), CONNECTED);
        drop(proxy);
        assert_eq!(read_to_the_end(tunnel), "");
        crate::wait_until(|| emulator.statistics().closed == 1);
    }

    #[test]
    fn a_tunnel_ends_with_the_client_while_the_service_goes_on_for_ever() {
        let (emulator, proxy) = (emulator(), proxy(ProxyProtocol::Http, None));
        emulator.misbehave_always(Some(emulator::Fault::EndlessBody));
        let mut tunnel = asked(&proxy, &format!("nowhere.invalid:{}", port(&emulator)), "");
        tunnel.write_all(request().text(&host(&emulator)).as_bytes()).unwrap();
        read::<100_000>(&tunnel);
        drop(tunnel);
        crate::wait_until(|| emulator.statistics().closed == 1);
    }
}

mod socks {
    use super::*;

    const GRANTED: [u8; 10] = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

    /// A connection on which the method was chosen.
    fn greeted(proxy: &Proxy, method: u8) -> TcpStream {
        let mut stream = TcpStream::connect(address(proxy)).unwrap();
        stream.write_all(&[5, 1, method]).unwrap();
        assert_eq!(read(&stream), [5, method]);
        stream
    }

    fn ask(mut stream: &TcpStream, command: u8, address: &[u8], port: u16) {
        stream.write_all(&[&[5, command, 0], address, &port.to_be_bytes()[..]].concat()).unwrap();
    }

    fn domain(name: &str) -> Vec<u8> {
        [&[3, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat()
    }

    /// The code of the reply, after which the connection must end.
    fn reply(stream: &TcpStream) -> u8 {
        let reply: [u8; 10] = read(stream);
        assert_eq!(read_to_the_end(stream), "");
        reply[1]
    }

    #[test]
    fn tunnels_to_the_port_whatever_the_host_is() {
        let (emulator, proxy) = (emulator(), proxy(ProxyProtocol::Socks5, None));
        let port = port(&emulator);
        let ipv6: Vec<u8> = [&[4][..], &Ipv6Addr::LOCALHOST.octets()].concat();
        for address in [domain("nowhere.invalid"), vec![1, 192, 0, 2, 7], ipv6] {
            let tunnel = greeted(&proxy, 0);
            ask(&tunnel, 1, &address, port);
            assert_eq!(read(&tunnel), GRANTED);
            uses(tunnel, &emulator);
        }
        let hosts = ["nowhere.invalid", "192.0.2.7", "[::1]"];
        assert_eq!(proxy.targets(), hosts.map(|host| format!("{host}:{port}")));
    }

    /// The status of the authentication with this password.
    fn authenticate(mut stream: &TcpStream, password: &str) -> [u8; 2] {
        let lengths = [USER, password].map(|text| u8::try_from(text.len()).unwrap());
        let message = [&[1, lengths[0]], USER.as_bytes(), &[lengths[1]], password.as_bytes()].concat();
        stream.write_all(&message).unwrap();
        read(stream)
    }

    #[test]
    fn lets_a_client_with_the_password_in() {
        let (emulator, proxy) = (emulator(), proxy_with_password(ProxyProtocol::Socks5));
        let tunnel = greeted(&proxy, 2);
        assert_eq!(authenticate(&tunnel, PASSWORD), [1, 0]);
        ask(&tunnel, 1, &domain("nowhere.invalid"), port(&emulator));
        assert_eq!(read(&tunnel), GRANTED);
        uses(tunnel, &emulator);
    }

    #[test]
    fn refuses_a_client_with_another_password() {
        let proxy = proxy_with_password(ProxyProtocol::Socks5);
        let stream = greeted(&proxy, 2);
        assert_eq!(authenticate(&stream, "wrong"), [1, 1]);
        assert_eq!(read_to_the_end(&stream), "");
    }

    #[test]
    fn refuses_a_client_that_knows_no_acceptable_method() {
        for (proxy, method) in
            [(proxy_with_password(ProxyProtocol::Socks5), 0), (proxy(ProxyProtocol::Socks5, None), 2)]
        {
            let mut stream = TcpStream::connect(address(&proxy)).unwrap();
            stream.write_all(&[5, 1, method]).unwrap();
            assert_eq!(read(&stream), [5, 0xFF]);
            assert_eq!(read_to_the_end(&stream), "");
        }
    }

    #[test]
    fn tells_why_it_does_not_connect() {
        let proxy = proxy(ProxyProtocol::Socks5, None);
        let (_taken, port) = taken_port();
        for (command, address, port, code) in
            [(1, domain("nowhere.invalid"), port, 5), (2, domain("nowhere.invalid"), 443, 7), (1, vec![9], 0, 8)]
        {
            let stream = greeted(&proxy, 0);
            ask(&stream, command, &address, port);
            assert_eq!(reply(&stream), code);
        }
    }

    #[test]
    fn misbehaves_as_told() {
        let asked = |fault| {
            let proxy = proxy(ProxyProtocol::Socks5, Some(fault));
            let stream = greeted(&proxy, 0);
            ask(&stream, 1, &domain("nowhere.invalid"), 443);
            (proxy, stream)
        };
        let (_proxy, stream) = asked(ProxyFault::Refuse);
        assert_eq!(reply(&stream), 2);
        let (proxy, stream) = asked(ProxyFault::Close);
        assert_eq!(read_to_the_end(stream), "");
        assert_eq!(proxy.targets(), ["nowhere.invalid:443"]);
    }

    #[test]
    fn misbehaves_at_the_greeting_as_told() {
        let stalling = proxy(ProxyProtocol::Socks5, Some(ProxyFault::Stall));
        assert_eq!(read_until_silence(&sent(&address(&stalling), "\u{5}\u{1}\u{0}")), "");
        let garbling = proxy(ProxyProtocol::Socks5, Some(ProxyFault::Garbage));
        assert!(!read_to_the_end(sent(&address(&garbling), "\u{5}\u{1}\u{0}")).starts_with('\u{5}'));
    }

    #[test]
    fn dripping_answers_are_followed_by_a_tunnel() {
        let (emulator, proxy) = (emulator(), proxy(ProxyProtocol::Socks5, Some(ProxyFault::DripConnect)));
        let start = Instant::now();
        let tunnel = greeted(&proxy, 0);
        ask(&tunnel, 1, &domain("nowhere.invalid"), port(&emulator));
        assert_eq!(read(&tunnel), GRANTED);
        assert!(start.elapsed() >= Duration::from_millis(20 * 11));
        uses(tunnel, &emulator);
    }
}

#[test]
fn its_url_names_the_protocol() {
    for (protocol, scheme) in [(ProxyProtocol::Http, "http"), (ProxyProtocol::Socks5, "socks5")] {
        let url = proxy(protocol, None).url();
        assert!(url.starts_with(&format!("{scheme}://127.0.0.1:")), "{url}");
    }
}

#[test]
fn its_url_can_have_the_password_in_it() {
    let proxy = proxy_with_password(ProxyProtocol::Http);
    assert_eq!(proxy.url_with_credentials(), format!("http://depot:p%40ss%3Aword@{}", address(&proxy)));
    let open = self::proxy(ProxyProtocol::Http, None);
    assert_eq!(open.url_with_credentials(), open.url());
}
