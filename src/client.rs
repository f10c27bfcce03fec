//! One call: deadline, sign, send, judge. Uses everything but `ffi`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{self, Request};
use crate::clock;
use crate::credentials::{Credentials, SigningKeyCache};
use crate::endpoint::{Endpoint, INTERNATIONAL};
use crate::error::{Error, Status};
use crate::sign;
use crate::sys::{environment_variable, since_boot};
use crate::transport::{Roots, Settings, Transport};

const REGION_VARIABLE: &str = "TENCENTCLOUD_REGION";
/// How long an answer that did not fit the caller's buffer is kept.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// The range of a deadline. There is no "for ever".
pub const DEADLINE_RANGE_MS: std::ops::RangeInclusive<u32> = 1..=600_000;

/// How to reach the service, and as whom. `None` is the default.
#[derive(Debug, Default)]
pub struct Config<'a> {
    /// Default: those of the environment.
    pub credentials: Option<Credentials>,
    /// Default: [`INTERNATIONAL`].
    pub endpoint: Option<&'a str>,
    /// `X-TC-Region`. Default: `TENCENTCLOUD_REGION`, else it is not sent.
    pub region: Option<&'a str>,
    /// The language of the service's messages: `en-US` (default) or `zh-CN`.
    pub language: Option<&'a str>,
    /// A PEM file with the authorities to trust. Default: the built-in ones.
    pub ca_file: Option<&'a str>,
    /// `User-Agent`. Default: `libtrro/` and the version.
    pub user_agent: Option<&'a str>,
    /// For a whole call. Default: 10 s.
    pub deadline_ms: Option<u32>,
    /// For TCP and TLS, within the deadline. Default: 3 s.
    pub connect_timeout_ms: Option<u32>,
    /// Of an answer, after decompression. Default: 4 MiB.
    pub max_response_bytes: Option<u32>,
}

/// A connection to the service, to be shared by any number of threads.
#[derive(Debug)]
pub struct Client {
    credentials: Credentials,
    signing_keys: SigningKeyCache,
    host_header: String,
    region: Option<String>,
    language: &'static str,
    user_agent: String,
    deadline: Duration,
    transport: Transport,
    kept: Mutex<Option<Answer>>,
    process_id: u32,
}

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    action: &'static str,
    request_body: String,
    body: Vec<u8>,
    /// Since boot.
    received_at: Duration,
    /// Requests that this call has sent; 0 if an answer kept from the call before was given.
    pub attempts: u32,
}

impl Client {
    /// Checks the configuration; no network is touched.
    pub fn new(config: Config<'_>) -> Result<Client, Error> {
        let language = match config.language {
            None | Some("en-US") => "en-US",
            Some("zh-CN") => "zh-CN",
            Some(_) => return Err(Error::invalid_argument("config->language", "expected \"en-US\" or \"zh-CN\"")),
        };
        let user_agent = config.user_agent.unwrap_or(concat!("libtrro/", env!("CARGO_PKG_VERSION")));
        let endpoint = Endpoint::parse(config.endpoint.unwrap_or(INTERNATIONAL))?;
        let credentials = match config.credentials {
            Some(credentials) => credentials,
            None => Credentials::from_environment()?,
        };
        let region = region(config.region)?;
        let user_agent = header_text("config->user_agent", user_agent)?;
        let header_lengths =
            [Some(user_agent.as_str()), region.as_deref(), credentials.token()].map(|text| text.map_or(0, str::len));
        Ok(Client {
            credentials,
            signing_keys: SigningKeyCache::default(),
            host_header: endpoint.host_header.clone(),
            region,
            language,
            user_agent,
            deadline: milliseconds("config->deadline_ms", config.deadline_ms, 10_000)?,
            transport: Transport::new(Settings {
                endpoint,
                roots: match config.ca_file {
                    Some(path) => Roots::from_file(path.as_ref())?,
                    None => Roots::built_in(),
                },
                connect_timeout: milliseconds("config->connect_timeout_ms", config.connect_timeout_ms, 3_000)?,
                max_response_bytes: config.max_response_bytes.unwrap_or(4 << 20),
                longest_header_bytes: header_lengths.into_iter().max().unwrap_or(0),
            }),
            kept: Mutex::new(None),
            process_id: std::process::id(),
        })
    }

    /// Carries out one request, or gives the answer to the same request that was [kept](Client::keep). The default of
    /// `deadline_ms` is the client's.
    pub fn call<R: Request>(&self, request: &R, deadline_ms: Option<u32>) -> Result<Answer, Error> {
        if std::process::id() != self.process_id {
            return Err(Error::invalid_argument("client", "made before a fork(); a child makes a client of its own"));
        }
        let deadline = Instant::now()
            + match deadline_ms {
                Some(_) => milliseconds("request->deadline_ms", deadline_ms, 0)?,
                None => self.deadline,
            };
        let request_body = request.body()?;
        if let Some(answer) = self.take_kept(R::ACTION, &request_body) {
            return Ok(answer);
        }
        let body = self.send(R::ACTION, &request_body, deadline).map_err(|mut error| {
            self.credentials.redact(&mut error);
            error
        })?;
        Ok(Answer { action: R::ACTION, request_body, body, received_at: since_boot(), attempts: 1 })
    }

    /// The answer as a value that borrows from it. `R` is the type of the request that it answers.
    pub fn decode<'a, R: Request>(&self, answer: &'a Answer) -> Result<R::Response<'a>, Error> {
        api::decode(&answer.body).map_err(|mut error| {
            self.credentials.redact(&mut error);
            Error { attempts: answer.attempts, http_status: 200, ..error }
        })
    }

    /// Keeps an answer that its caller had no room for; the next call with the same request within ten seconds gets it.
    pub fn keep(&self, answer: Answer) {
        let kept = Answer { attempts: 0, ..answer };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }

    /// Drops everything that a fault may have left half done: connections, the kept answer, the derived key.
    pub fn reset(&self) {
        self.transport.reset();
        self.signing_keys.clear();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn take_kept(&self, action: &str, request_body: &str) -> Option<Answer> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kept| since_boot().saturating_sub(kept.received_at) >= KEPT_FOR) {
            *kept = None;
        }
        kept.take_if(|kept| kept.action == action && kept.request_body == request_body)
    }

    fn send(&self, action: &'static str, body: &str, deadline: Instant) -> Result<Vec<u8>, Error> {
        let timestamp_s = clock::now_s();
        let (authorization, signature) = self.authorization(action, body, timestamp_s);
        let timestamp = timestamp_s.to_string();
        let mut headers = vec![
            ("host", self.host_header.as_str()),
            ("content-type", api::CONTENT_TYPE),
            ("accept", "application/json"),
            ("user-agent", &self.user_agent),
            ("authorization", &authorization),
            ("x-tc-action", action),
            ("x-tc-version", api::VERSION),
            ("x-tc-timestamp", &timestamp),
            ("x-tc-language", self.language),
        ];
        headers.extend(self.region.as_deref().map(|region| ("x-tc-region", region)));
        headers.extend(self.credentials.token().map(|token| ("x-tc-token", token)));
        let sent = self.transport.post(&headers, body.as_bytes(), deadline);
        sent.and_then(|answer| {
            api::judge(answer.http_status, &answer.body)?;
            Ok(answer.body)
        })
        .map_err(|mut error| {
            error.redact(&signature);
            Error { attempts: 1, ..error }
        })
    }

    /// The `Authorization` header, and the signature in it.
    fn authorization(&self, action: &str, body: &str, timestamp_s: i64) -> (String, String) {
        let date = sign::utc_date(timestamp_s);
        let scope = sign::credential_scope(&date, api::SERVICE);
        let request = sign::Request {
            method: "POST",
            query: "",
            content_type: api::CONTENT_TYPE,
            host: &self.host_header,
            action: Some(action),
            body: body.as_bytes(),
        };
        let string_to_sign = sign::string_to_sign(timestamp_s, &scope, &request.canonical_request());
        let key = self.signing_keys.signing_key(&self.credentials, &date, api::SERVICE);
        let signature = sign::signature(&key, &string_to_sign);
        let header = sign::authorization(self.credentials.secret_id(), &scope, request.signed_headers(), &signature);
        (header, signature)
    }
}

fn region(configured: Option<&str>) -> Result<Option<String>, Error> {
    if let Some(region) = configured {
        return header_text("config->region", region).map(Some);
    }
    match environment_variable(REGION_VARIABLE).map(|region| region.into_string()) {
        None => Ok(None),
        Some(Ok(region)) => header_text(REGION_VARIABLE, &region).map(Some),
        Some(Err(_)) => Err(Error::invalid_argument(REGION_VARIABLE, "is not UTF-8")),
    }
}

fn header_text(argument: &str, text: &str) -> Result<String, Error> {
    let is_printable = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if text.is_empty() || !is_printable || text.starts_with(' ') || text.ends_with(' ') {
        return Err(Error::invalid_argument(argument, "expected printable ASCII without blanks at either end"));
    }
    Ok(text.to_owned())
}

fn milliseconds(argument: &str, given: Option<u32>, default: u32) -> Result<Duration, Error> {
    let given = given.unwrap_or(default);
    if !DEADLINE_RANGE_MS.contains(&given) {
        let (least, most) = (DEADLINE_RANGE_MS.start(), DEADLINE_RANGE_MS.end());
        return Err(Error::new(
            Status::InvalidArgument,
            format!("{argument}: expected {least} to {most} ms, or 0 for the default, got {given}"),
        ));
    }
    Ok(Duration::from_millis(given.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::get_devices::GetDevices;

    #[test]
    fn an_answer_is_kept_for_ten_seconds_from_when_it_came_however_often_it_is_kept() {
        let credentials = Credentials::new("AKIDEXAMPLE", "s3cretkey", None).unwrap();
        let config =
            Config { credentials: Some(credentials), endpoint: Some("http://127.0.0.1:9"), ..Config::default() };
        let client = Client::new(config).unwrap();
        let answer = |received_at| Answer {
            action: GetDevices::ACTION,
            request_body: "{}".to_owned(),
            body: Vec::new(),
            received_at,
            attempts: 1,
        };
        let almost = KEPT_FOR - Duration::from_secs(5);
        client.keep(answer(since_boot().saturating_sub(almost)));
        let kept = client.take_kept(GetDevices::ACTION, "{}").unwrap();
        assert!(since_boot().saturating_sub(kept.received_at) >= almost);
        client.keep(Answer { received_at: kept.received_at.saturating_sub(KEPT_FOR), ..kept });
        assert!(client.take_kept(GetDevices::ACTION, "{}").is_none());
    }
}
