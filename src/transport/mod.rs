//! Bytes to the service and back: ureq speaks HTTP, the connections below it are ours. Uses `endpoint`, `sys`, `error`.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `mod` | the agent, the size bound, and what ureq's errors mean |
//! | `resolve` | names to addresses, in time and remembered |
//! | `connect` | addresses to a socket, each wait bounded |
//! | `tls` | roots and handshake |
//! | `connection` | one connection as ureq sees it: a request leaves in one piece |

mod connect;
mod connection;
mod resolve;
mod tls;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::{HeaderName, HeaderValue, Request};

use crate::endpoint::Endpoint;
use crate::error::{Error, Status, printable};
use connection::Connector;
use resolve::Resolver;
pub use tls::Roots;

/// Room for the head of a request or an answer, and for what one read brings.
const BUFFER_BYTES: usize = 16 * 1024;

/// What the transport needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where the service is.
    pub endpoint: Endpoint,
    /// Who may vouch for the service.
    pub roots: Roots,
    /// For TCP and TLS together, within the deadline of the call.
    pub connect_timeout: Duration,
    /// Of the body, after decompression.
    pub max_response_bytes: u32,
    /// How long a header of a request can get.
    pub longest_header_bytes: usize,
}

impl Settings {
    /// A header is written as a whole.
    fn output_buffer_bytes(&self) -> usize {
        BUFFER_BYTES + self.longest_header_bytes
    }
}

/// A header to send. Secret ones are never formatted.
pub type Header<'a> = (&'static str, &'a str);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub http_status: u16,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// Sends requests over connections that it keeps open.
#[derive(Debug)]
pub struct Transport {
    settings: Arc<Settings>,
    resolver: Resolver,
    agent: Mutex<ureq::Agent>,
    process_id: u32,
}

impl Transport {
    /// No network is touched.
    pub fn new(settings: Settings) -> Transport {
        let settings = Arc::new(settings);
        let resolver = Resolver::new(&settings.endpoint);
        let agent = Mutex::new(new_agent(&settings, &resolver));
        Transport { settings, resolver, agent, process_id: std::process::id() }
    }

    /// Whether it was made in this process, and not before a fork.
    pub fn is_of_this_process(&self) -> bool {
        self.process_id == std::process::id()
    }

    /// Sends one request and reads the whole answer, all before `deadline`.
    pub fn post(&self, headers: &[Header<'_>], body: &[u8], deadline: Instant) -> Result<Answer, Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::new(Status::Timeout, "the deadline passed before the request was sent"));
        }
        let mut request = Request::post(self.settings.endpoint.url.clone());
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), header_value(name, value)?);
        }
        let request = request
            .body(body)
            .map_err(|error| Error::new(Status::Internal, format!("cannot build the request: {error}")))?;
        let agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let request = agent.configure_request(request).timeout_global(Some(left)).build();
        let mut http_status = 0;
        agent
            .run(request)
            .and_then(|mut answer| {
                http_status = answer.status().as_u16();
                let limit = u64::from(self.settings.max_response_bytes);
                let body = answer.body_mut().with_config().limit(limit).read_to_vec()?;
                Ok(Answer { http_status, body })
            })
            .map_err(|error| Error { http_status, ..self.explain(error) })
    }

    /// Forgets every connection.
    pub fn reset(&self) {
        let agent = new_agent(&self.settings, &self.resolver);
        *self.agent.lock().unwrap_or_else(PoisonError::into_inner) = agent;
    }

    fn explain(&self, error: ureq::Error) -> Error {
        match error {
            ureq::Error::Other(ours) => match ours.downcast::<Error>() {
                Ok(ours) => *ours,
                Err(other) => Error::new(Status::Internal, printable(&other.to_string())),
            },
            ureq::Error::Timeout(_) => {
                Error::new(Status::Timeout, "the deadline passed before the answer of the service was there")
            }
            ureq::Error::Io(error) => broken_connection(&error),
            // What flate2 finds wrong with the data is invalid; anything else is what the connection told it.
            ureq::Error::Decompress(_, error)
                if !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) =>
            {
                broken_connection(&error)
            }
            ureq::Error::BodyExceedsLimit(limit) => {
                Error::new(Status::BadResponse, format!("the answer is larger than max_response_bytes ({limit} bytes)"))
            }
            other => {
                Error::new(Status::BadResponse, printable(&format!("the answer is not an answer of this API: {other}")))
            }
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        // A forked child has no thread to wait for, and a lock that the fork may have caught locked.
        if self.is_of_this_process() {
            self.resolver.end();
        }
    }
}

fn new_agent(settings: &Arc<Settings>, resolver: &Resolver) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_connect(Some(settings.connect_timeout))
        // Servers close idle connections, often after a minute; a request must not meet that.
        .max_idle_age(Duration::from_secs(50))
        .input_buffer_size(BUFFER_BYTES)
        .output_buffer_size(settings.output_buffer_bytes())
        .max_response_header_size(BUFFER_BYTES)
        .build();
    ureq::Agent::with_parts(config, Connector::new(Arc::clone(settings)), resolver.clone())
}

fn broken_connection(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::OutOfMemory {
        return Error::new(Status::Internal, "there is no memory left for the answer");
    }
    let message = printable(&format!("the connection broke: {error}"));
    Error::new(Status::ConnectFailed, message).with_os_error(error)
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| Error::new(Status::Internal, format!("the header {name} holds what a header cannot")))?;
    header.set_sensitive(matches!(name, "authorization" | "x-tc-token"));
    Ok(header)
}

/// Our own error on its way through ureq.
fn through_ureq(error: Error) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}
