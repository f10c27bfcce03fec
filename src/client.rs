//! One call: deadline, sign, send, judge. Uses `api`, `clock`, `credentials`, `endpoint`, `error`, `sign`, `sys`,
//! `transport`.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{self, Request};
use crate::clock;
use crate::credentials::{Credentials, Signer};
use crate::endpoint::{Endpoint, INTERNATIONAL};
use crate::error::Error;
use crate::sign;
use crate::sys::{environment_variable, since_boot};
use crate::transport::{Roots, Settings, Transport};

const REGION_VARIABLE: &str = "TENCENTCLOUD_REGION";
/// How long an answer that did not fit the caller's buffer is kept.
const KEPT_FOR: Duration = Duration::from_secs(10);

const DEFAULT_DEADLINE_MS: u32 = 10_000;
const DEFAULT_CONNECT_TIMEOUT_MS: u32 = 3_000;
const DEFAULT_MAX_RESPONSE_BYTES: u32 = 4 << 20;
/// There is no "for ever".
const MOST_MS: u32 = 600_000;

/// How to reach the service, and as whom. `None` is the default.
#[derive(Debug, Default)]
pub struct Config<'a> {
    /// Required by [`Client::new`]; [`Config::or_environment`] fills it in.
    pub credentials: Option<Credentials>,
    /// Default: [`INTERNATIONAL`].
    pub endpoint: Option<&'a str>,
    /// `X-TC-Region`. Default: it is not sent.
    pub region: Option<Cow<'a, str>>,
    /// The language of the service's messages: `en-US` (default) or `zh-CN`.
    pub language: Option<&'a str>,
    /// A PEM file with the authorities to trust. Default: the built-in ones.
    pub ca_file: Option<&'a str>,
    /// `User-Agent`. Default: `libtrro/` and the version.
    pub user_agent: Option<&'a str>,
    /// For a whole call, 1 to 600000. Default: 10 s.
    pub deadline_ms: Option<u32>,
    /// For TCP and TLS, within the deadline, 1 to 600000. Default: 3 s.
    pub connect_timeout_ms: Option<u32>,
    /// Of an answer, after decompression. Default: 4 MiB.
    pub max_response_bytes: Option<u32>,
}

impl Config<'_> {
    /// Fills in what is not given from the environment: credentials, and the region from `TENCENTCLOUD_REGION`.
    pub fn or_environment(mut self) -> Result<Self, Error> {
        if self.credentials.is_none() {
            self.credentials = Some(Credentials::from_environment()?);
        }
        if self.region.is_none() {
            if let Some(region) = environment_variable(REGION_VARIABLE) {
                let region = region.to_string_lossy();
                self.region = Some(Cow::Owned(header_text("the environment's TENCENTCLOUD_REGION", &region)?));
            }
        }
        Ok(self)
    }
}

/// Access to the service, to be shared by any number of threads.
#[derive(Debug)]
pub struct Client {
    signer: Signer,
    host_header: String,
    region: Option<String>,
    language: &'static str,
    user_agent: String,
    deadline: Duration,
    transport: Transport,
    kept: Mutex<Option<Answer>>,
}

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    action: &'static str,
    request_body: String,
    body: Vec<u8>,
    request_id: String,
    /// Since boot.
    received_at: Duration,
    /// How often this call has sent the request; 0 if an answer kept from the call before was given.
    pub attempts: u32,
}

impl Client {
    /// Checks the configuration; no network is touched. An error names the field.
    pub fn new(config: Config<'_>) -> Result<Client, Error> {
        let language = match config.language {
            None | Some("en-US") => "en-US",
            Some("zh-CN") => "zh-CN",
            Some(_) => return Err(Error::invalid_argument("language", "is neither \"en-US\" nor \"zh-CN\"")),
        };
        let user_agent = config.user_agent.unwrap_or(concat!("libtrro/", env!("CARGO_PKG_VERSION")));
        let user_agent = header_text("user_agent", user_agent)?;
        let region = config.region.map(|region| header_text("region", &region)).transpose()?;
        let endpoint = Endpoint::parse(config.endpoint.unwrap_or(INTERNATIONAL))?;
        let credentials = config.credentials.ok_or_else(|| Error::invalid_argument("credentials", "are not given"))?;
        let signer = Signer::new(credentials, api::SERVICE);
        let header_lengths =
            [Some(user_agent.as_str()), region.as_deref(), signer.token()].map(|header| header.map_or(0, str::len));
        Ok(Client {
            host_header: endpoint.host_header.clone(),
            language,
            deadline: milliseconds("deadline_ms", config.deadline_ms.unwrap_or(DEFAULT_DEADLINE_MS))?,
            transport: Transport::new(Settings {
                endpoint,
                roots: match config.ca_file {
                    Some(path) => Roots::from_file(path.as_ref())?,
                    None => Roots::built_in(),
                },
                connect_timeout: milliseconds(
                    "connect_timeout_ms",
                    config.connect_timeout_ms.unwrap_or(DEFAULT_CONNECT_TIMEOUT_MS),
                )?,
                max_response_bytes: config.max_response_bytes.unwrap_or(DEFAULT_MAX_RESPONSE_BYTES),
                longest_header_bytes: header_lengths.into_iter().max().unwrap_or(0),
            }),
            kept: Mutex::new(None),
            region,
            user_agent,
            signer,
        })
    }

    /// Carries out one request, or gives the answer to the same request that was [kept](Client::keep). Without a
    /// `deadline_ms` of its own it has the client's.
    pub fn call<R: Request>(&self, request: &R, deadline_ms: Option<u32>) -> Result<Answer, Error> {
        self.check_process()?;
        request.check()?;
        let deadline = deadline_ms.map_or(Ok(self.deadline), |given| milliseconds("deadline_ms", given))?;
        let deadline = Instant::now() + deadline;
        let request_body = request.body()?;
        if let Some(answer) = self.take_kept(R::ACTION, &request_body) {
            return Ok(answer);
        }
        let (body, request_id) = self.send(R::ACTION, &request_body, deadline)?;
        Ok(Answer { action: R::ACTION, request_body, body, request_id, received_at: since_boot(), attempts: 1 })
    }

    /// A client belongs to the process that made it: a forked child would write into its parent's connections.
    pub fn check_process(&self) -> Result<(), Error> {
        if self.transport.is_of_this_process() {
            return Ok(());
        }
        Err(Error::invalid_argument("client", "was made before a fork(); a child makes a client of its own"))
    }

    /// The answer as a value that borrows from it. `R` is the type of the request that it answers.
    pub fn decode<'a, R: Request>(&self, answer: &'a Answer) -> Result<R::Response<'a>, Error> {
        api::decode(&answer.body).map_err(|error| {
            let (request_id, attempts) = (answer.request_id.clone(), answer.attempts);
            // An answer with another HTTP status has not got this far.
            Error { request_id, attempts, http_status: 200, ..self.signer.redacted(error) }
        })
    }

    /// Keeps an answer that its caller had no room for: until it is fetched by the same request or another is kept, and
    /// no longer than ten seconds after it came.
    pub fn keep(&self, answer: Answer) {
        let kept = Answer { attempts: 0, ..answer };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }

    /// Drops everything that a fault may have left half done: connections, the kept answer, the derived key.
    pub fn reset(&self) {
        self.transport.reset();
        self.signer.clear();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn take_kept(&self, action: &str, request_body: &str) -> Option<Answer> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kept| since_boot().saturating_sub(kept.received_at) >= KEPT_FOR) {
            *kept = None;
        }
        kept.take_if(|kept| kept.action == action && kept.request_body == request_body)
    }

    /// The answer's body, and the service's id of the request.
    fn send(&self, action: &'static str, body: &str, deadline: Instant) -> Result<(Vec<u8>, String), Error> {
        let timestamp_s = clock::now_s();
        let timestamp = timestamp_s.to_string();
        let request = sign::Request {
            method: "POST",
            query: "",
            content_type: api::CONTENT_TYPE,
            host: &self.host_header,
            action: Some(action),
            body: body.as_bytes(),
        };
        let signed = self.signer.sign(&request, timestamp_s);
        let mut headers = vec![
            ("host", self.host_header.as_str()),
            ("content-type", api::CONTENT_TYPE),
            ("accept", "application/json"),
            ("user-agent", &self.user_agent),
            ("authorization", &signed.authorization),
            ("x-tc-action", action),
            ("x-tc-version", api::VERSION),
            ("x-tc-timestamp", &timestamp),
            ("x-tc-language", self.language),
        ];
        headers.extend(self.region.as_deref().map(|region| ("x-tc-region", region)));
        headers.extend(self.signer.token().map(|token| ("x-tc-token", token)));
        let sent = self.transport.post(&headers, body.as_bytes(), deadline);
        sent.and_then(|answer| {
            let request_id = api::judge(answer.http_status, &answer.body)?;
            Ok((answer.body, request_id))
        })
        .map_err(|error| {
            let mut error = self.signer.redacted(error);
            error.redact(&signed.signature);
            Error { attempts: 1, ..error }
        })
    }
}

fn header_text(field: &str, text: &str) -> Result<String, Error> {
    let is_printable = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if text.is_empty() || !is_printable || text.starts_with(' ') || text.ends_with(' ') {
        return Err(Error::invalid_argument(field, "is not printable ASCII without blanks at either end"));
    }
    Ok(text.to_owned())
}

fn milliseconds(field: &str, given: u32) -> Result<Duration, Error> {
    if !(1..=MOST_MS).contains(&given) {
        return Err(Error::invalid_argument(field, format_args!("is {given} and not 1 to {MOST_MS} ms")));
    }
    Ok(Duration::from_millis(given.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::get_devices::GetDevices;

    fn client() -> Client {
        let credentials = Some(Credentials::new("AKIDEXAMPLE", "s3cretkey", None).unwrap());
        Client::new(Config { credentials, endpoint: Some("http://127.0.0.1:9"), ..Config::default() }).unwrap()
    }

    fn answer(received_at: Duration) -> Answer {
        Answer {
            action: GetDevices::ACTION,
            request_body: "{}".to_owned(),
            body: Vec::new(),
            request_id: String::new(),
            received_at,
            attempts: 1,
        }
    }

    #[test]
    fn the_default_deadline_is_ten_seconds() {
        assert_eq!(client().deadline, Duration::from_secs(10));
    }

    #[test]
    fn an_answer_is_kept_for_ten_seconds_from_when_it_came_however_often_it_is_kept() {
        let client = client();
        let almost = KEPT_FOR - Duration::from_secs(5);
        client.keep(answer(since_boot().saturating_sub(almost)));
        let kept = client.take_kept(GetDevices::ACTION, "{}").unwrap();
        assert!(since_boot().saturating_sub(kept.received_at) >= almost);
        client.keep(Answer { received_at: kept.received_at.saturating_sub(KEPT_FOR), ..kept });
        assert!(client.take_kept(GetDevices::ACTION, "{}").is_none());
    }

    #[test]
    fn a_reset_drops_the_kept_answer_and_the_derived_key() {
        let client = client();
        let request = sign::Request { method: "POST", query: "", content_type: "", host: "", action: None, body: b"" };
        client.signer.sign(&request, 0);
        client.keep(answer(since_boot()));
        assert!(format!("{:?}", client.signer).contains("1970-01-01"));
        client.reset();
        assert!(!format!("{:?}", client.signer).contains("1970-01-01"));
        assert!(client.take_kept(GetDevices::ACTION, "{}").is_none());
    }
}
