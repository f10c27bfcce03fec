//! The proxy's side of SOCKS5: RFC 1928, with the passwords of RFC 1929.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xFF;

/// What the proxy says to a request.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub enum Reply {
    Granted = 0,
    NotAllowed = 2,
    ConnectionRefused = 5,
    CommandNotSupported = 7,
    AddressTypeNotSupported = 8,
}

impl Reply {
    pub fn bytes(self) -> Vec<u8> {
        // The address that the proxy connects from, which nobody needs.
        vec![VERSION, self as u8, 0, 1, 0, 0, 0, 0, 0, 0]
    }
}

/// Reads which methods the client knows and answers with the one that is used; tells whether the client may go on.
pub fn authenticate<S: Read + Write>(stream: &mut S, credentials: Option<&(String, String)>) -> io::Result<bool> {
    let [version, count] = read(stream)?;
    if version != VERSION {
        return Err(ErrorKind::InvalidData.into());
    }
    let methods = read_bytes(stream, count)?;
    let required = if credentials.is_some() { PASSWORD } else { NO_AUTHENTICATION };
    if !methods.contains(&required) {
        stream.write_all(&[VERSION, NO_ACCEPTABLE_METHOD])?;
        return Ok(false);
    }
    stream.write_all(&[VERSION, required])?;
    let Some((user, password)) = credentials else {
        return Ok(true);
    };
    let [negotiation, user_length] = read(stream)?;
    let sent_user = read_bytes(stream, user_length)?;
    let [password_length] = read(stream)?;
    let sent_password = read_bytes(stream, password_length)?;
    let known = sent_user == user.as_bytes() && sent_password == password.as_bytes();
    stream.write_all(&[negotiation, u8::from(!known)])?;
    Ok(known)
}

/// The host and port that the client wants, or what to reply to it.
pub fn read_request(stream: &mut impl Read) -> io::Result<Result<(String, u16), Reply>> {
    let [version, command, _, address_type] = read(stream)?;
    if version != VERSION {
        return Err(ErrorKind::InvalidData.into());
    }
    let host = match address_type {
        1 => Ipv4Addr::from(read(stream)?).to_string(),
        3 => {
            let [length] = read(stream)?;
            String::from_utf8_lossy(&read_bytes(stream, length)?).into_owned()
        }
        4 => format!("[{}]", Ipv6Addr::from(read::<16>(stream)?)),
        _ => return Ok(Err(Reply::AddressTypeNotSupported)),
    };
    let port = u16::from_be_bytes(read(stream)?);
    Ok(if command == 1 { Ok((host, port)) } else { Err(Reply::CommandNotSupported) })
}

fn read<const LENGTH: usize>(stream: &mut impl Read) -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_bytes(stream: &mut impl Read, length: u8) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
