//! HTTP requests, as they come.

use std::io::{self, Read};

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

/// The next request; `None` at the end of the connection.
pub(crate) fn read_request(stream: &mut impl Read, unread: &mut Vec<u8>) -> io::Result<Option<Request>> {
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
