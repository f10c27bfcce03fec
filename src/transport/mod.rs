//! Bytes to the service and back: ureq speaks HTTP, the connections below it are ours. Uses `cancel`, `clock`, `endpoint`,
//! `log`, `proxy`, `sys`, `error`.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `mod` | the agent, the size bound, and what ureq's errors mean |
//! | `resolve` | names to addresses, in time and remembered |
//! | `connect` | addresses to a socket, each wait bounded |
//! | `tunnel` | through a proxy; `no_tunnel` is there instead in a build without the feature `proxy` |
//! | `crypto` | what TLS is spoken with |
//! | `roots` | who may vouch for the service |
//! | `identity` | who we are; `no_identity` is there instead in a build without the feature `client-certificates` |
//! | `tls` | the handshake |
//! | `verifier` | at which time certificates are checked |
//! | `connection` | one connection as ureq sees it: a request leaves in one piece |
//! | `body` | the body of an answer |
//! | `gzip` | answers that are compressed; `no_gzip` is there instead in a build without the feature `gzip` |
//! | `gate` | how many requests leave in a second |
//! | `exchange` | what a connection has to know of the request that it carries |
//! | `probe` | one connection opened in stages, for who wants to see each |

mod body;
mod connect;
mod connection;
mod crypto;
mod exchange;
pub mod gate;
#[cfg_attr(not(feature = "gzip"), path = "no_gzip.rs")]
pub mod gzip;
#[cfg_attr(not(feature = "client-certificates"), path = "no_identity.rs")]
pub mod identity;
pub mod probe;
mod resolve;
pub mod roots;
pub mod tls;
#[cfg_attr(not(feature = "proxy"), path = "no_tunnel.rs")]
mod tunnel;
mod verifier;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
pub use ureq::http::{HeaderMap, HeaderName, HeaderValue, header};
use ureq::http::{Method, Request, Response};
use zeroize::Zeroizing;

use crate::cancel::{Cancel, cancelled};
use crate::clock::Sample;
use crate::endpoint::Endpoint;
use crate::error::{Error, Status, printable};
use crate::log::Log;
use crate::proxy::Proxy;
use crate::sys::since_boot;
pub use body::Body;
use body::Spare;
use connection::{Connector, Stale};
pub use exchange::Effect;
use exchange::{Exchange, Scope};
use gate::Gate;
use probe::Probe;
use resolve::Resolver;
use tls::Tls;

/// Room for the head of a request or an answer, and for what one read brings.
const BUFFER_BYTES: usize = 16 * 1024;
/// The service closes idle connections after a minute; a request must not meet that.
const LONGEST_IDLE: Duration = Duration::from_secs(50);
/// How many connections that were closed while they were idle are replaced in one call: more than are ever kept.
const MOST_STALE: u32 = 16;

/// What the transport needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where the service is.
    pub endpoint: Endpoint,
    /// What stands between.
    pub proxy: Option<Proxy>,
    /// Who may vouch for the service, and who we are.
    pub tls: Tls,
    /// The one network device to use.
    pub network_interface: Option<String>,
    /// For TCP, proxy and TLS together, within the deadline of the call; also how long a path may swallow what is sent.
    pub connect_timeout: Duration,
    /// Of the body, after decompression.
    pub max_response_bytes: u32,
    /// Passed by every request as it leaves.
    pub gate: Option<Gate>,
    /// Ends every wait.
    pub cancel: Arc<Cancel>,
    /// Told of connections.
    pub log: Arc<Log>,
}

/// The session token, a secret.
pub static X_TC_TOKEN: HeaderName = HeaderName::from_static("x-tc-token");

/// What is sent with every request. What has another value in each is best in here too, with any: then there is room for it.
#[derive(Default)]
pub struct CommonHeaders(pub HeaderMap);

impl fmt::Debug for CommonHeaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CommonHeaders").finish_non_exhaustive()
    }
}

/// What is sent with a request. Secret values are never formatted.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    /// With every request.
    pub common: &'a CommonHeaders,
    /// With this one.
    pub own: &'a [(&'static HeaderName, HeaderValue)],
    /// With this one, as `X-TC-Token`.
    pub token: Option<&'a HeaderValue>,
}

impl Headers<'_> {
    fn to_map(self) -> HeaderMap {
        let mut map = self.common.0.clone();
        for (name, value) in self.own {
            map.insert(*name, value.clone());
        }
        if let Some(token) = self.token {
            map.insert(&X_TC_TOKEN, token.clone());
        }
        map
    }

    fn longest_bytes(self) -> usize {
        let own = self.own.iter().map(|(_, value)| value.len());
        self.common.0.values().chain(self.token).map(HeaderValue::len).chain(own).max().unwrap_or(0)
    }
}

/// A value that a header can have; the error, which cannot come of what was checked before, names the header.
pub fn header_value(name: &HeaderName, value: impl TryInto<HeaderValue>) -> Result<HeaderValue, Error> {
    checked(name, value.try_into().ok())
}

/// The same for a token, in memory that is wiped when the last copy of the value is dropped.
pub fn token_value(token: &str) -> Result<HeaderValue, Error> {
    let wiped = Bytes::from_owner(Zeroizing::new(token.as_bytes().to_vec()));
    checked(&X_TC_TOKEN, HeaderValue::from_maybe_shared(wiped).ok())
}

fn checked(name: &HeaderName, value: Option<HeaderValue>) -> Result<HeaderValue, Error> {
    let impossible = || Error::new(Status::Internal, format!("the header {name} holds what a header cannot"));
    let mut header = value.ok_or_else(impossible)?;
    header.set_sensitive(*name == header::AUTHORIZATION || name == X_TC_TOKEN);
    Ok(header)
}

/// What came back. What a metadata service answers is a secret.
pub struct Answer {
    /// The HTTP status.
    pub http_status: u16,
    /// What it says of the time: from its `Date`, if it comes from the service itself and not from a cache.
    pub sample: Option<Sample>,
    /// The moments of sending and receiving, since boot.
    pub exchange: (Duration, Duration),
    /// From `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The body, decompressed.
    pub body: Body,
    /// Of the peers, one of whom it is from.
    generation: u64,
}

/// Sends requests over connections that it keeps open.
#[derive(Debug)]
pub struct Transport {
    settings: Arc<Settings>,
    resolver: Resolver,
    agent: Mutex<Agent>,
    spare: Spare,
}

/// ureq's, with what it was made for.
#[derive(Debug)]
struct Agent {
    inner: ureq::Agent,
    connector: Connector,
    longest_header_bytes: usize,
}

/// Why an exchange failed.
enum Failure {
    /// The connection had been closed while it was idle.
    Stale,
    /// Anything else.
    Final(Error),
}

impl Transport {
    /// No network is touched.
    pub fn new(settings: Settings) -> Transport {
        let (host, port) = match &settings.proxy {
            Some(proxy) => (proxy.host.clone(), proxy.port),
            None => (settings.endpoint.host.clone(), settings.endpoint.port),
        };
        let resolver = Resolver::new(host, port, Arc::clone(&settings.cancel));
        let settings = Arc::new(settings);
        let agent = Mutex::new(Agent::new(&settings, &resolver, 0));
        Transport { settings, resolver, agent, spare: Spare::default() }
    }

    /// Sends one request with a body and reads the whole answer, all before `deadline`.
    /// An error says whether it may have changed something.
    pub fn post(&self, headers: Headers<'_>, body: &[u8], effect: Effect, deadline: Instant) -> Result<Answer, Error> {
        let _scope = Scope::begin(effect, deadline);
        let exchanged = self.exchange(headers, Some(body));
        exchanged.map_err(|error| match Exchange::current().may_have_changed_something() {
            true => error.left_open(),
            false => error,
        })
    }

    /// Asks for what is at the endpoint's URL.
    #[cfg_attr(not(feature = "credential-sources"), expect(dead_code, reason = "only a metadata service is asked so"))]
    pub fn get(&self, deadline: Instant) -> Result<Answer, Error> {
        let _scope = Scope::begin(Effect::Reads, deadline);
        self.exchange(Headers { common: &CommonHeaders::default(), own: &[], token: None }, None)
    }

    /// Makes the connection of a request to come, all before `deadline`.
    pub fn connect(&self, deadline: Instant) -> Result<(), Error> {
        let _scope = Scope::begin(Effect::Reads, deadline);
        let connector = self.agent.lock().unwrap_or_else(PoisonError::into_inner).connector.clone();
        connector.open_ahead(|| self.resolver.addresses()).map_err(|error| match &self.settings.proxy {
            _ if self.settings.cancel.is_set() => cancelled(),
            Some(proxy) if error.status == Status::ResolveFailed => proxy.unreachable(error),
            _ => error,
        })
    }

    /// Where requests go.
    pub fn url(&self) -> String {
        self.settings.endpoint.url.to_string()
    }

    /// Opens a connection in stages, which carries no request: all before `deadline`.
    pub fn probe(&self, deadline: Instant) -> Probe<'_> {
        Probe::new(&self.settings, &self.resolver, deadline)
    }

    /// Whether an answer may be believed, by what it says of the time. If not, every connection is dropped.
    pub fn believe(&self, answer: &Answer, sample: Option<&Sample>) -> Result<(), Error> {
        if self.settings.endpoint.tls_name.is_none() {
            return Ok(());
        }
        let tls = &self.settings.tls;
        tls.believe(answer.generation, sample).inspect_err(|_| {
            // Otherwise that has been done, and the connections are others by now.
            if answer.generation == tls.generation() {
                self.reset();
            }
        })
    }

    /// Forgets every connection and every TLS session.
    pub fn reset(&self) {
        let mut agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        *agent = Agent::new(&self.settings, &self.resolver, agent.longest_header_bytes);
        drop(agent);
        // Last: nobody may take an old connection for one of the new peers.
        self.settings.tls.reset();
    }

    fn exchange(&self, headers: Headers<'_>, body: Option<&[u8]>) -> Result<Answer, Error> {
        for _ in 0..MOST_STALE {
            match self.exchange_over_any_connection(headers, body) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Stale) => {
                    self.settings.log.debug(format_args!("an idle connection was closed; using another"))
                }
                Err(Failure::Final(_)) if self.settings.cancel.is_set() => return Err(cancelled()),
                Err(Failure::Final(error)) => return Err(error),
            }
        }
        Err(Error::new(Status::ConnectFailed, "every connection is closed as soon as it is used again"))
    }

    fn exchange_over_any_connection(&self, headers: Headers<'_>, body: Option<&[u8]>) -> Result<Answer, Failure> {
        if Exchange::current().time_left().is_zero() {
            let message = "the deadline passed before the request was sent";
            return Err(Failure::Final(Error::new(Status::Timeout, message)));
        }
        let generation = self.settings.tls.generation();
        let agent = self.agent_for(headers.longest_bytes());
        let sent = since_boot();
        let response = match body {
            Some(body) => agent.run(self.request(Method::POST, headers, body)),
            None => agent.run(self.request(Method::GET, headers, ())),
        };
        let received = since_boot();
        let response = response.map_err(|error| self.failure(error, 0))?;
        self.read(response, (sent, received), generation)
    }

    fn request<B>(&self, method: Method, headers: Headers<'_>, body: B) -> Request<B> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.settings.endpoint.url.clone();
        *request.headers_mut() = headers.to_map();
        request
    }

    fn read(
        &self,
        mut response: Response<ureq::Body>,
        exchange: (Duration, Duration),
        generation: u64,
    ) -> Result<Answer, Failure> {
        let http_status = response.status().as_u16();
        gzip::check(response.headers()).map_err(|error| Failure::Final(Error { http_status, ..error }))?;
        let date_s = date_s(response.headers());
        let is_from_cache = response.headers().contains_key(header::AGE);
        let sample = date_s.filter(|_| !is_from_cache).map(|date_s| Sample::new(date_s, exchange.0, exchange.1));
        let retry_after = retry_after(response.headers(), date_s);
        let (told, limit) = (response.body().content_length(), self.settings.max_response_bytes);
        let reader = response.body_mut().with_config().limit(limit.into()).reader();
        let body = self.spare.read(reader, told, limit).map_err(|error| self.failure(error.into(), http_status))?;
        Ok(Answer { http_status, sample, exchange, retry_after, body, generation })
    }

    /// The agent, remade if a header is longer than any before: it is written to a connection as a whole.
    fn agent_for(&self, longest_header_bytes: usize) -> ureq::Agent {
        let mut agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        if longest_header_bytes > BUFFER_BYTES / 2 && longest_header_bytes > agent.longest_header_bytes {
            *agent = Agent::new(&self.settings, &self.resolver, longest_header_bytes);
        }
        agent.inner.clone()
    }

    fn failure(&self, error: ureq::Error, http_status: u16) -> Failure {
        let error = match gzip::cause_of(error) {
            ureq::Error::Other(ours) => match ours.downcast::<Error>() {
                Ok(ours) => match &self.settings.proxy {
                    Some(proxy) if ours.status == Status::ResolveFailed => proxy.unreachable(*ours),
                    _ => *ours,
                },
                Err(other) if other.is::<Stale>() => return Failure::Stale,
                Err(other) => Error::new(Status::Internal, printable(&other.to_string())),
            },
            ureq::Error::Timeout(_) => {
                Error::new(Status::Timeout, "the deadline passed before the answer of the service was there")
            }
            ureq::Error::Io(error) => broken_connection(&error),
            ureq::Error::BodyExceedsLimit(limit) => {
                Error::new(Status::BadResponse, format!("the answer is larger than max_response_bytes ({limit} bytes)"))
            }
            other => {
                Error::new(Status::BadResponse, printable(&format!("the answer is not an answer of this API: {other}")))
            }
        };
        Failure::Final(Error { http_status, ..error })
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        // A forked child has no thread to wait for, and a lock that the fork may have caught locked.
        if self.settings.cancel.is_of_this_process() {
            self.resolver.end();
        }
    }
}

impl Agent {
    fn new(settings: &Arc<Settings>, resolver: &Resolver, longest_header_bytes: usize) -> Agent {
        let output_bytes = BUFFER_BYTES + longest_header_bytes;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            // What is asked for with it says so. Of a role's key, which is not, decompression would leave copies behind.
            .accept_encoding("")
            .max_idle_age(LONGEST_IDLE)
            .input_buffer_size(BUFFER_BYTES)
            .output_buffer_size(output_bytes)
            .max_response_header_size(BUFFER_BYTES)
            .build();
        let connector = Connector::new(Arc::clone(settings), output_bytes);
        let inner = ureq::Agent::with_parts(config, connector.clone(), resolver.clone());
        Agent { inner, connector, longest_header_bytes }
    }
}

/// The `Date` of an answer, in seconds since 1970.
fn date_s(headers: &HeaderMap) -> Option<i64> {
    seconds_since_1970(headers.get(header::DATE)?.to_str().ok()?)
}

fn seconds_since_1970(http_date: &str) -> Option<i64> {
    let moment: SystemTime = httpdate::parse_http_date(http_date).ok()?;
    i64::try_from(moment.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// How long to wait by `Retry-After`, which holds seconds or, to be compared with the answer's `Date`, a moment.
fn retry_after(headers: &HeaderMap, date_s: Option<i64>) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match value.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => u64::try_from(seconds_since_1970(value)?.saturating_sub(date_s?)).ok()?,
    };
    Some(Duration::from_secs(seconds))
}

fn broken_connection(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::OutOfMemory {
        return Error::new(Status::Internal, "there is no memory left for the answer");
    }
    let message = printable(&format!("the connection broke: {error}"));
    Error::new(Status::ConnectFailed, message).with_os_error(error)
}

/// Our own error on its way through ureq.
fn through_ureq(error: Error) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn retry_after_holds_seconds_or_a_moment() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let after = |value| {
            let headers = headers(&[date, ("retry-after", value)]);
            retry_after(&headers, date_s(&headers))
        };
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:40 GMT"), Some(Duration::from_secs(3)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:30 GMT"), None);
        for nonsense in ["", "-1", "soon", "1.5"] {
            assert_eq!(after(nonsense), None, "{nonsense}");
        }
        assert_eq!(retry_after(&headers(&[("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT")]), None), None);
        assert_eq!(retry_after(&headers(&[date]), None), None);
    }

    #[test]
    fn a_date_that_is_none_is_none() {
        assert_eq!(date_s(&headers(&[("date", "Thu, 01 Jan 1970 00:00:01 GMT")])), Some(1));
        for nonsense in ["", "0", "yesterday", "Sun, 06 Nov 1994 08:49:37"] {
            assert_eq!(date_s(&headers(&[("date", nonsense)])), None, "{nonsense}");
        }
    }
}
