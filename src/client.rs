//! One call: deadline, sign, send, judge, retry. Uses `api`, `cancel`, `clock`, `config`, `credentials`, `endpoint`, `error`,
//! `limiter`, `log`, `metadata`, `proxy`, `retry`, `sign`, `sys`, `transport`.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{self, Request};
use crate::cancel::Cancel;
use crate::clock::{Clock, Learned, Sample};
use crate::config::{Config, UNLIMITED, header_text, in_range, interface, milliseconds};
use crate::credentials::{self, Credentials, Keeper, Signer, none_found, role_path, signing_moment};
use crate::endpoint::{Endpoint, INTERNATIONAL};
use crate::error::{Error, Status};
use crate::limiter::{Asking, DEFAULT_MAX_REQUESTS_PER_S, Limiter};
use crate::log::Log;
use crate::metadata::Metadata;
use crate::proxy::Proxy;
use crate::retry::{DEFAULT_MAX_ATTEMPTS, Policy};
use crate::sign;
use crate::sys::since_boot;
use crate::transport::tls::{self, Tls};
use crate::transport::{self, Settings, Transport};

/// How long an answer that did not fit the caller's buffer is kept.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// A system clock that is off by more is told of, even if no request is refused for it.
const TOLD_OFFSET_S: u64 = 3600;

const DEFAULT_DEADLINE_MS: u32 = 10_000;
const DEFAULT_CONNECT_TIMEOUT_MS: u32 = 3_000;
const DEFAULT_MAX_RESPONSE_BYTES: u32 = 4 << 20;
const MOST_ATTEMPTS: u32 = 100;
/// Beyond it the limit is none in practice, and remembering so many requests would be for nothing.
const MOST_REQUESTS_PER_S: u32 = 1000;

/// Access to the service, to be shared by any number of threads.
#[derive(Debug)]
pub struct Client {
    keeper: Keeper,
    signer: Signer,
    clock: Arc<Clock>,
    cancel: Arc<Cancel>,
    log: Arc<Log>,
    retries: Policy,
    limiter: Mutex<Limiter>,
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
    /// What signed the request, and must not show in an error about the answer.
    credentials: Arc<Credentials>,
    /// Since boot.
    received_at: Duration,
    /// How often this call has sent the request; 0 if an answer kept from the call before was given.
    pub attempts: u32,
}

/// What one attempt brought.
struct Received {
    body: Vec<u8>,
    request_id: String,
}

/// A request that is ready to be sent once.
struct Signed {
    timestamp: String,
    credentials: Arc<Credentials>,
    header: credentials::Signed,
}

/// Why one attempt failed.
struct Failed {
    error: Error,
    /// The service refused the time and said the right one.
    is_healed: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed { error, is_healed: false }
    }
}

/// A call in progress.
struct Progress {
    deadline: Instant,
    attempts: u32,
    /// The clock was corrected, which is worth one attempt.
    has_healed: bool,
    /// New credentials were asked for, which is worth one attempt.
    has_renewed: bool,
    last: Option<Error>,
}

impl Client {
    /// Checks the configuration; no network is touched. An error names the field.
    pub fn new(mut config: Config<'_>) -> Result<Client, Error> {
        let log = Arc::new(std::mem::take(&mut config.log));
        let language = match config.language {
            None | Some("en-US") => "en-US",
            Some("zh-CN") => "zh-CN",
            Some(_) => return Err(Error::invalid_argument("language", "is neither \"en-US\" nor \"zh-CN\"")),
        };
        let user_agent = config.user_agent.unwrap_or(concat!("libtrro/", env!("CARGO_PKG_VERSION")));
        let user_agent = header_text("user_agent", user_agent)?;
        let region = config.region.as_ref().map(|region| header_text("region", region)).transpose()?;
        let deadline = milliseconds("deadline_ms", config.deadline_ms.unwrap_or(DEFAULT_DEADLINE_MS))?;
        let max_attempts = config.max_attempts.unwrap_or(DEFAULT_MAX_ATTEMPTS);
        let max_attempts = in_range("max_attempts", max_attempts, 1, MOST_ATTEMPTS, "")?;
        let limiter = Limiter::new(requests_per_s(config.max_requests_per_s)?, config.fleet_size);
        let endpoint = Endpoint::parse(config.endpoint.unwrap_or(INTERNATIONAL))?;
        let (clock, cancel) = (Arc::new(Clock::default()), Arc::new(Cancel::new()?));
        let host_header = endpoint.host_header.clone();
        let transport = transport(&config, endpoint, &clock, &cancel, &log)?;
        Ok(Client {
            keeper: keeper(config, &cancel, &log)?,
            signer: Signer::new(api::SERVICE),
            clock,
            cancel,
            log,
            retries: Policy { max_attempts },
            limiter: Mutex::new(limiter),
            host_header,
            region,
            language,
            user_agent,
            deadline,
            transport,
            kept: Mutex::new(None),
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
        let _call = self.cancel.begin()?;
        match self.take_kept(R::ACTION, &request_body) {
            Some(answer) => Ok(answer),
            None => self.send(R::ACTION, request_body, deadline),
        }
    }

    /// A client belongs to the process that made it: a forked child would write into its parent's connections.
    pub fn check_process(&self) -> Result<(), Error> {
        if self.cancel.is_of_this_process() {
            return Ok(());
        }
        Err(Error::invalid_argument("client", "was made before a fork(); a child makes a client of its own"))
    }

    /// Ends every call, and every later one until [`Client::resume`]. Safe in a signal handler.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Lets calls begin again. Refused while one that was cancelled has not returned yet.
    pub fn resume(&self) -> Result<(), Error> {
        self.cancel.resume()
    }

    /// The service's time minus the system clock, at this moment; `None` while nothing was learned.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.clock.offset_ms()
    }

    /// The answer as a value that borrows from it. `R` is the type of the request that it answers.
    pub fn decode<'a, R: Request>(&self, answer: &'a Answer) -> Result<R::Response<'a>, Error> {
        api::decode(&answer.body).map_err(|mut error| {
            answer.credentials.redact(&mut error);
            let (request_id, attempts) = (answer.request_id.clone(), answer.attempts);
            // An answer with another HTTP status has not got this far.
            Error { request_id, attempts, http_status: 200, ..error }
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

    /// Sends the request until it is answered, or until nothing more can be done about it in time.
    fn send(&self, action: &'static str, request_body: String, deadline: Instant) -> Result<Answer, Error> {
        let mut progress = Progress { deadline, attempts: 0, has_healed: false, has_renewed: false, last: None };
        let mut pause = Duration::ZERO;
        loop {
            // Before the turn: turns that were spent waiting for credentials would all be used in one moment.
            let held = self.credentials(&progress)?;
            let has_waited = self.wait_for_turn(pause, &mut progress)?;
            // Meanwhile they may have run out.
            let credentials = if has_waited { self.credentials(&progress)? } else { held };
            let signed = self.sign(action, &request_body, credentials);
            let signed = signed.map_err(|error| Error { attempts: progress.attempts, ..error })?;
            progress.attempts += 1;
            self.log.debug(format_args!("{action}: attempt {} of {}", progress.attempts, self.retries.max_attempts));
            match self.attempt(action, &request_body, &signed, deadline) {
                Ok(Received { body, request_id }) => {
                    self.limiter().answered();
                    return Ok(Answer {
                        action,
                        request_body,
                        body,
                        request_id,
                        credentials: signed.credentials,
                        received_at: since_boot(),
                        attempts: progress.attempts,
                    });
                }
                Err(failed) => pause = self.next_pause(failed, &signed.credentials, &mut progress)?,
            }
        }
    }

    /// Waits until the limiter lets the next attempt go, `pause` from now at the earliest. If that would be after the
    /// deadline, the call is over at once. Tells whether there was anything to wait for.
    fn wait_for_turn(&self, pause: Duration, progress: &mut Progress) -> Result<bool, Error> {
        let (now, start) = (since_boot(), Instant::now());
        let latest = now.saturating_add(progress.deadline.saturating_duration_since(start));
        let turn = match now.checked_add(pause) {
            Some(earliest) => self.limiter().turn(earliest, latest, random()),
            None => Err(Duration::MAX),
        };
        match turn {
            Ok(turn) => {
                let wait = turn.saturating_sub(now);
                self.tell_of_wait(wait, progress);
                if wait.is_zero() {
                    return Ok(false);
                }
                let slept = self.cancel.sleep_until(start + wait);
                slept.map(|()| true).map_err(|error| Error { attempts: progress.attempts, ..error })
            }
            Err(turn) => Err(progress.last.take().unwrap_or_else(|| not_yet(turn.saturating_sub(now)))),
        }
    }

    /// Not before the wait is certain to begin: what is told as repeated is repeated.
    fn tell_of_wait(&self, wait: Duration, progress: &Progress) {
        if let Some(error) = &progress.last {
            let attempts = progress.attempts;
            self.log.warning(format_args!("attempt {attempts} failed and is repeated in {wait:.1?}: {error}"));
        } else if !wait.is_zero() {
            self.log.debug(format_args!("waiting {wait:.1?} for this client's turn to send"));
        }
    }

    /// How long to wait before the next attempt; the error, if there is to be none.
    fn next_pause(
        &self,
        failed: Failed,
        credentials: &Arc<Credentials>,
        progress: &mut Progress,
    ) -> Result<Duration, Error> {
        let mut error = Error { attempts: progress.attempts, ..failed.error };
        self.tell_limiter(&mut error);
        let token_is_refused = error.code == api::TOKEN_REFUSED && self.keeper.forget(credentials);
        let pause = if progress.attempts >= self.retries.max_attempts {
            None
        } else if failed.is_healed && !progress.has_healed {
            progress.has_healed = true;
            Some(Duration::ZERO)
        } else if token_is_refused && !progress.has_renewed {
            progress.has_renewed = true;
            Some(Duration::ZERO)
        } else {
            self.retries.wait_after(progress.attempts, &error, random())
        };
        match pause {
            Some(pause) => {
                progress.last = Some(error);
                Ok(pause)
            }
            None => Err(error),
        }
    }

    /// What the service has said of the number of requests. A refused error says when the next one has its turn.
    fn tell_limiter(&self, error: &mut Error) {
        let now = since_boot();
        let mut limiter = self.limiter();
        if error.status == Status::Throttled {
            limiter.refused(now, Asking::Foreground, random());
            let turn = limiter.turn(now, Duration::ZERO, random()).unwrap_or_else(|turn| turn).saturating_sub(now);
            // A program that is told may take its time.
            drop(limiter);
            error.retry_after = error.retry_after.max(Some(turn));
            self.log.warning(format_args!(
                "the service had too many requests; this client slows down, with its next turn in {turn:.1?}"
            ));
        } else if error.http_status != 0 {
            limiter.answered();
        }
    }

    /// What is to sign the next attempt.
    fn credentials(&self, progress: &Progress) -> Result<Arc<Credentials>, Error> {
        let current = self.keeper.current(&self.clock, &self.log, &self.cancel, progress.deadline);
        current.map_err(|error| Error { attempts: progress.attempts, ..error })
    }

    /// Signs the request for this moment.
    fn sign(&self, action: &str, body: &str, credentials: Arc<Credentials>) -> Result<Signed, Error> {
        let now = self.clock.now();
        if now.is_proven && credentials::has_expired(&credentials, now.s) {
            return Err(Error::new(Status::NoCredentials, "the credentials have expired, by the service's time"));
        }
        let timestamp_s = signing_moment(credentials.signing_date(), now.s, now.is_proven)?;
        let request = sign::Request {
            method: "POST",
            query: "",
            content_type: api::CONTENT_TYPE,
            host: &self.host_header,
            action: Some(action),
            body: body.as_bytes(),
        };
        let header = self.signer.sign(&credentials, &request, timestamp_s);
        Ok(Signed { timestamp: timestamp_s.to_string(), credentials, header })
    }

    /// Sends the request once, and judges the answer.
    fn attempt(&self, action: &str, body: &str, signed: &Signed, deadline: Instant) -> Result<Received, Failed> {
        let mut headers = vec![
            ("host", self.host_header.as_str()),
            ("content-type", api::CONTENT_TYPE),
            ("accept", "application/json"),
            ("user-agent", &self.user_agent),
            ("authorization", &signed.header.authorization),
            ("x-tc-action", action),
            ("x-tc-version", api::VERSION),
            ("x-tc-timestamp", &signed.timestamp),
            ("x-tc-language", self.language),
        ];
        headers.extend(self.region.as_deref().map(|region| ("x-tc-region", region)));
        headers.extend(signed.credentials.token().map(|token| ("x-tc-token", token)));
        let answer = self.transport.post(&headers, body.as_bytes(), deadline);
        answer.map_err(Failed::from).and_then(|answer| self.judge(answer)).map_err(|mut failed| {
            signed.credentials.redact(&mut failed.error);
            failed.error.redact(&signed.header.signature);
            failed
        })
    }

    /// Whether the service carried the request out, and whether it is the service at all.
    fn judge(&self, answer: transport::Answer) -> Result<Received, Failed> {
        let judged = api::judge(answer.http_status, &answer.body);
        let is_refused = judged.as_ref().is_err_and(|error| error.code == api::SIGNATURE_EXPIRED);
        let said_s = judged.as_ref().err().filter(|_| is_refused).and_then(|error| api::service_time_s(&error.message));
        let (sent, received) = answer.exchange;
        let sample = answer.sample.or_else(|| said_s.map(|said_s| Sample::new(said_s, sent, received)));
        self.transport.believe(&answer, sample.as_ref())?;
        let is_healed = sample.is_some_and(|sample| self.learn(sample, is_refused));
        match judged {
            Ok(request_id) => Ok(Received { body: answer.body, request_id }),
            Err(error) => Err(Failed { error: Error { retry_after: answer.retry_after, ..error }, is_healed }),
        }
    }

    /// Takes what an answer says of the time; whether a request that was refused for its time can be signed anew.
    fn learn(&self, sample: Sample, is_refused: bool) -> bool {
        let is_healed = is_refused && sample.heals();
        let learned = self.clock.learn(sample);
        if is_healed {
            self.clock.correct(sample);
        }
        let offset_s = self.clock.offset_ms().unwrap_or(0) / 1000;
        if is_healed {
            self.log.warning(format_args!(
                "the service refused the time; its own, which is used from now on, is {offset_s:+} s from the system clock"
            ));
        } else if learned == Learned::Contradiction {
            self.log.warning(format_args!("the service's time is not what it was; the new one is used"));
        } else if learned == Learned::First && offset_s.unsigned_abs() > TOLD_OFFSET_S {
            self.log.warning(format_args!(
                "the service's time, which is used from now on, is {offset_s:+} s from the system clock"
            ));
        }
        is_healed
    }

    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn requests_per_s(given: Option<u32>) -> Result<Option<u32>, Error> {
    match given {
        None => Ok(Some(DEFAULT_MAX_REQUESTS_PER_S)),
        Some(UNLIMITED) => Ok(None),
        Some(given) => in_range("max_requests_per_s", given, 1, MOST_REQUESTS_PER_S, ", nor TRRO_UNLIMITED").map(Some),
    }
}

/// The way to the service.
fn transport(
    config: &Config<'_>,
    endpoint: Endpoint,
    clock: &Arc<Clock>,
    cancel: &Arc<Cancel>,
    log: &Arc<Log>,
) -> Result<Transport, Error> {
    let roots = match config.ca_file {
        Some(path) => tls::roots_from_file(Path::new(path))?,
        None => tls::built_in_roots(),
    };
    let identity = match (config.client_cert_file, config.client_key_file) {
        (Some(certificate), Some(key)) => Some(tls::identity_from_files(Path::new(certificate), Path::new(key))?),
        (None, None) => None,
        (Some(_), None) => return Err(Error::invalid_argument("client_cert_file", "is given without client_key_file")),
        (None, Some(_)) => return Err(Error::invalid_argument("client_key_file", "is given without client_cert_file")),
    };
    Ok(Transport::new(Settings {
        proxy: Proxy::choose(config.proxy, config.no_proxy, &endpoint)?,
        endpoint,
        tls: Tls::new(roots, identity, Arc::clone(clock)),
        network_interface: config.network_interface.map(interface).transpose()?,
        connect_timeout: connect_timeout(config)?,
        max_response_bytes: config.max_response_bytes.unwrap_or(DEFAULT_MAX_RESPONSE_BYTES),
        cancel: Arc::clone(cancel),
        log: Arc::clone(log),
    }))
}

fn connect_timeout(config: &Config<'_>) -> Result<Duration, Error> {
    milliseconds("connect_timeout_ms", config.connect_timeout_ms.unwrap_or(DEFAULT_CONNECT_TIMEOUT_MS))
}

/// What signs: given, asked for, or found out from the cloud instance.
fn keeper(config: Config<'_>, cancel: &Arc<Cancel>, log: &Arc<Log>) -> Result<Keeper, Error> {
    // Checked also where it is not used: a mistake shows at once, not when the other source is gone.
    config.cvm_role.map(role_path).transpose()?;
    match (config.credentials, config.credentials_fn, config.cvm_role) {
        (Some(_), Some(_), _) => {
            Err(Error::invalid_argument("credentials_fn", "and credentials are both given; leave one of them NULL"))
        }
        (Some(credentials), None, _) => Ok(Keeper::fixed(credentials)),
        (None, Some(ask), _) => Keeper::renewed("credentials_fn", Box::new(move |_| ask())),
        (None, None, Some(role)) => {
            let metadata = Metadata::new(config.metadata_endpoint, role, Arc::clone(cancel), Arc::clone(log))?;
            Keeper::renewed("the instance role", Box::new(move |deadline| metadata.ask(deadline)))
        }
        (None, None, None) => Err(none_found()),
    }
}

/// The call's turn comes after its deadline.
fn not_yet(after: Duration) -> Error {
    let message = format!(
        "not sent: this client's next turn comes in {:.1} s, after the deadline (max_requests_per_s, fleet_size, or the service \
         has refused it lately)",
        after.as_secs_f64()
    );
    Error { retry_after: Some(after), ..Error::new(Status::Throttled, message) }
}

/// Between 0 and 1, from the numbers by which std keeps its hash maps from being guessed.
fn random() -> f64 {
    const BITS: u32 = 53;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
    let random = (RandomState::new().hash_one(0u8) >> (u64::BITS - BITS)) as f64 / (1u64 << BITS) as f64;
    random
}
