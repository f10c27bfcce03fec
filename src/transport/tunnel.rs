//! Through a proxy to the service: what is said before TLS begins. Uses `connect`, `endpoint`, `proxy`, `error`.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::connect::is_deadline;
use crate::endpoint::{Endpoint, Host};
use crate::error::{Error, Status};
use crate::proxy::{Login, Protocol, Proxy};

/// The head of a proxy's answer is shorter.
const LONGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;

/// Asks the proxy at the other end of `stream` for a connection to the endpoint. Afterwards the stream leads there.
pub fn open(proxy: &Proxy, endpoint: &Endpoint, stream: &mut (impl Read + Write)) -> Result<(), Error> {
    let opened = match proxy.protocol {
        Protocol::Http => connect_by_http(proxy, endpoint, stream),
        Protocol::Socks5 => connect_by_socks5(proxy, endpoint, stream),
    };
    opened.map_err(|failure| match failure {
        Failure::Refused(what) => Error::new(Status::ProxyFailed, format!("the proxy {proxy} {what}")),
        Failure::Busy(what) => {
            Error { retryable: true, ..Error::new(Status::ProxyFailed, format!("the proxy {proxy} {what}")) }
        }
        Failure::Broken(error) if is_deadline(&error) => {
            Error::new(Status::Timeout, format!("the proxy {proxy} did not answer in time"))
        }
        Failure::Broken(error) => {
            let message = format!("the connection to the proxy {proxy} broke: {error}");
            Error { retryable: true, ..Error::new(Status::ProxyFailed, message).with_os_error(&error) }
        }
    })
}

/// Why there is no tunnel.
enum Failure {
    /// Trying again does not help.
    Refused(String),
    /// It may later.
    Busy(String),
    /// The connection.
    Broken(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Broken(error)
    }
}

fn closed() -> Failure {
    Failure::Broken(io::ErrorKind::UnexpectedEof.into())
}

fn bare_host(endpoint: &Endpoint) -> &str {
    endpoint.url.host().unwrap_or_default()
}

fn connect_by_http(proxy: &Proxy, endpoint: &Endpoint, stream: &mut (impl Read + Write)) -> Result<(), Failure> {
    let target = format!("{}:{}", bare_host(endpoint), endpoint.port);
    let mut request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
    if let Some(Login { user, password }) = &proxy.login {
        let plain = Zeroizing::new([user.as_str(), ":", password.as_str()].concat());
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(plain.as_bytes()));
        // One allocation, so that no copy of the password is left behind by a growing string.
        request = Zeroizing::new([request.as_str(), "Proxy-Authorization: Basic ", encoded.as_str(), "\r\n"].concat());
    }
    stream.write_all(request.as_bytes())?;
    stream.write_all(b"\r\n")?;
    match read_http_status(stream)? {
        200..=299 => Ok(()),
        407 if proxy.login.is_some() => Err(Failure::Refused("refused user and password (HTTP status 407)".into())),
        407 => Err(Failure::Refused("wants a user and a password (HTTP status 407)".into())),
        status @ 500..=599 => Err(Failure::Busy(format!("did not reach {target} (HTTP status {status})"))),
        status => Err(Failure::Refused(format!("refused to connect to {target} (HTTP status {status})"))),
    }
}

/// The status of an answer without a body: the service speaks after us, so nothing may follow the head.
fn read_http_status(stream: &mut impl Read) -> Result<u16, Failure> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            return Err(closed());
        }
        head.extend_from_slice(&chunk[..length]);
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut answer = httparse::Response::new(&mut headers);
        match answer.parse(&head) {
            Ok(httparse::Status::Complete(parsed)) => {
                let status = answer.code.unwrap_or_default();
                if (200..300).contains(&status) && parsed < head.len() {
                    return Err(Failure::Refused("sent more than its answer".into()));
                }
                return Ok(status);
            }
            Ok(httparse::Status::Partial) if head.len() < LONGEST_HEAD => {}
            Ok(httparse::Status::Partial) | Err(_) => return Err(Failure::Refused("does not speak HTTP".into())),
        }
    }
}

/// RFC 1928, and RFC 1929 for the login.
fn connect_by_socks5(proxy: &Proxy, endpoint: &Endpoint, stream: &mut (impl Read + Write)) -> Result<(), Failure> {
    const NO_LOGIN: u8 = 0;
    const LOGIN: u8 = 2;
    let methods: &[u8] = if proxy.login.is_some() { &[5, 2, NO_LOGIN, LOGIN] } else { &[5, 1, NO_LOGIN] };
    stream.write_all(methods)?;
    match (read_exactly::<2>(stream)?, &proxy.login) {
        ([5, NO_LOGIN], _) => {}
        ([5, LOGIN], Some(login)) => log_in_to_socks5(login, stream)?,
        ([5, _], Some(_)) => return Err(Failure::Refused("takes no user and password".into())),
        ([5, _], None) => return Err(Failure::Refused("wants a user and a password".into())),
        _ => return Err(Failure::Refused("does not speak SOCKS version 5".into())),
    }
    stream.write_all(&socks5_request(endpoint))?;
    let [version, reply, _, address_type] = read_exactly(stream)?;
    if version != 5 {
        return Err(Failure::Refused("does not speak SOCKS version 5".into()));
    }
    if reply != 0 {
        return Err(socks5_refusal(reply, endpoint));
    }
    // The address that the proxy connects from, which is nobody's business, and its port.
    let address_length = match address_type {
        1 => 4,
        4 => 16,
        3 => usize::from(read_exactly::<1>(stream)?[0]),
        _ => return Err(Failure::Refused("answered with an address of no known type".into())),
    };
    let mut address = vec![0; address_length + 2];
    stream.read_exact(&mut address)?;
    Ok(())
}

fn log_in_to_socks5(login: &Login, stream: &mut (impl Read + Write)) -> Result<(), Failure> {
    let (user, password) = (login.user.as_bytes(), login.password.as_bytes());
    let length_of = |text: &[u8]| u8::try_from(text.len()).unwrap_or(u8::MAX);
    let mut request = Zeroizing::new(Vec::with_capacity(3 + user.len() + password.len()));
    request.extend([1, length_of(user)]);
    request.extend(user);
    request.push(length_of(password));
    request.extend(password);
    stream.write_all(&request)?;
    match read_exactly::<2>(stream)? {
        [_, 0] => Ok(()),
        _ => Err(Failure::Refused("refused user and password".into())),
    }
}

fn socks5_request(endpoint: &Endpoint) -> Vec<u8> {
    let mut request = vec![5, 1, 0];
    match &endpoint.host {
        Host::Address(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Host::Address(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Host::Name(_) | Host::Loopback => {
            let name = bare_host(endpoint).as_bytes();
            // No name that can be resolved is longer than 253 characters; TLS has refused it before.
            request.extend([3, u8::try_from(name.len()).unwrap_or(u8::MAX)]);
            request.extend(name);
        }
    }
    request.extend(endpoint.port.to_be_bytes());
    request
}

fn socks5_refusal(reply: u8, endpoint: &Endpoint) -> Failure {
    let target = format!("{}:{}", bare_host(endpoint), endpoint.port);
    match reply {
        2 => Failure::Refused(format!("does not allow to connect to {target}")),
        3 => Failure::Busy(format!("has no network to {target}")),
        4 => Failure::Busy(format!("cannot reach the host of {target}")),
        5 => Failure::Busy(format!("was refused by {target}")),
        6 => Failure::Busy(format!("got no answer of {target}")),
        1 => Failure::Busy(format!("failed to connect to {target}")),
        other => Failure::Refused(format!("refused to connect to {target} (reply {other})")),
    }
}

fn read_exactly<const LENGTH: usize>(stream: &mut impl Read) -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
