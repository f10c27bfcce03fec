//! One call: deadline, sign, send, judge, retry. Uses `api`, `cancel`, `clock`, `config`, `credentials`, `error`, `limiter`, `log`,
//! `retry`, `sign`, `sys`, `transport`.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `mod` | one call |
//! | `answer` | what the service answered, read |
//! | `setup` | a client from its configuration |

mod answer;
mod setup;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::request::Request;
use crate::api::{self, TypedRequest};
use crate::cancel::{Call, Cancel};
use crate::clock::{Clock, Learned, Now, Sample};
use crate::config::milliseconds;
use crate::credentials::{self, Credentials, Keeper, Signer, signing_moment};
use crate::error::{Error, Status};
use crate::limiter::{Asking, Limiter};
use crate::log::Log;
use crate::retry::Policy;
use crate::sign;
use crate::sys::since_boot;
use crate::transport::probe::Probe;
use crate::transport::{
    self, CommonHeaders, Effect, HeaderName, HeaderValue, Headers, Transport, header, header_value, token_value,
};
pub use answer::Answer;

/// How long an answer that did not fit the caller's buffer is kept.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// A system clock that is off by more is told of, even if no request is refused for it.
const TOLD_OFFSET_S: u64 = 3600;

static X_TC_ACTION: HeaderName = HeaderName::from_static("x-tc-action");
static X_TC_TIMESTAMP: HeaderName = HeaderName::from_static("x-tc-timestamp");

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
    /// Sent with every request.
    headers: CommonHeaders,
    deadline: Duration,
    transport: Transport,
    kept: Mutex<Option<Answer>>,
}

/// What one attempt brought.
struct Received {
    body: transport::Body,
    request_id: String,
}

/// Reads an answer as it comes, by its HTTP status and body: the service's id of the request, if that was carried out. It is called for
/// each answer, and the last one counts.
pub type Receive<'r> = &'r mut dyn FnMut(u16, &[u8]) -> Result<String, Error>;

/// A request that is ready to be sent once.
struct Signed {
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
    asking: Asking,
    attempts: u32,
    /// The clock was corrected, which is worth one attempt.
    has_healed: bool,
    /// New credentials were asked for, which is worth one attempt.
    has_renewed: bool,
    last: Option<Error>,
}

impl Client {
    /// Carries out one request. Without a `deadline_ms` of its own it has the client's.
    pub fn call<R: TypedRequest>(&self, request: &R, deadline_ms: Option<u32>) -> Result<Answer, Error> {
        self.carry_out(request.prepare()?, deadline_ms, &mut api::judge)
    }

    /// Carries out one request, or gives the answer to the same request that was [kept](Client::keep).
    pub fn carry_out(&self, request: Request, deadline_ms: Option<u32>, receive: Receive<'_>) -> Result<Answer, Error> {
        self.check_process()?;
        let deadline = self.deadline(deadline_ms)?;
        let _call = self.cancel.begin()?;
        match self.take_kept(&request) {
            Some(answer) => receive(200, &answer.body).map(|_| answer),
            None => self.tell_failure(self.send(request, deadline, Asking::Foreground, receive)),
        }
    }

    /// Carries out one request of several that have one deadline together. The answer is always a new one.
    pub fn ask<R: TypedRequest>(&self, request: &R, deadline: Instant, asking: Asking) -> Result<Answer, Error> {
        self.check_process()?;
        let request = request.prepare()?;
        let _call = self.cancel.begin()?;
        self.tell_failure(self.send(request, deadline, asking, &mut api::judge))
    }

    /// When a call that begins now has to be over. Without a `deadline_ms` of its own it has the client's.
    pub fn deadline(&self, deadline_ms: Option<u32>) -> Result<Instant, Error> {
        let deadline = deadline_ms.map_or(Ok(self.deadline), |given| milliseconds("deadline_ms", given))?;
        Ok(Instant::now() + deadline)
    }

    /// The URL of the service.
    #[cfg_attr(not(feature = "watch"), expect(dead_code, reason = "only watches ask"))]
    pub(crate) fn service(&self) -> String {
        self.transport.url()
    }

    /// What the program is told by.
    #[cfg_attr(not(feature = "watch"), expect(dead_code, reason = "only watches ask"))]
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// What the time was at that moment since boot, not long ago: the service's if it is known, else the system clock's.
    pub fn now_at(&self, moment: Duration) -> Now {
        self.clock.at(moment)
    }

    /// A client belongs to the process that made it: a forked child would write into its parent's connections.
    pub fn check_process(&self) -> Result<(), Error> {
        if self.cancel.is_of_this_process() {
            return Ok(());
        }
        Err(Error::invalid_argument("client", "was made before a fork(); a child makes a client of its own"))
    }

    /// Begins what consists of several calls; an error if it is cancelled already.
    pub fn begin(&self) -> Result<Call<'_>, Error> {
        self.cancel.begin()
    }

    /// Makes the connection of a call to come, unless one is there.
    pub fn connect(&self, deadline_ms: Option<u32>) -> Result<(), Error> {
        self.check_process()?;
        let deadline = self.deadline(deadline_ms)?;
        let _call = self.cancel.begin()?;
        self.transport.connect(deadline)
    }

    /// Opens a connection beside those of the calls, in stages.
    pub fn probe(&self, deadline: Instant) -> Probe<'_> {
        self.transport.probe(deadline)
    }

    /// What signs now, and where it comes from, for people.
    pub fn credentials(&self, deadline: Instant) -> (&str, Result<Arc<Credentials>, Error>) {
        (self.keeper.name(), self.keeper.current(&self.clock, &self.log, &self.cancel, deadline))
    }

    /// How long until a request may be sent, and whether that is because the service has refused some.
    pub fn next_turn(&self) -> (Duration, bool) {
        let (now, mut limiter) = (since_boot(), self.limiter());
        // A latest moment in the past reserves nothing.
        let turn = limiter.turn(now, Duration::ZERO, Asking::Foreground, random()).unwrap_or_else(|turn| turn);
        (turn.saturating_sub(now), limiter.has_slowed_down())
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

    fn take_kept(&self, request: &Request) -> Option<Answer> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kept| since_boot().saturating_sub(kept.received_at) >= KEPT_FOR) {
            *kept = None;
        }
        let is_answer =
            |kept: &Answer| kept.request.action() == request.action() && kept.request.body() == request.body();
        kept.take_if(|kept| !request.changes() && is_answer(kept))
    }

    /// Tells of what a person has to mend.
    fn tell_failure(&self, sent: Result<Answer, Error>) -> Result<Answer, Error> {
        use Status::{AuthRejected, CredentialsFailed, NoCredentials, PermissionDenied, ProxyFailed, TlsFailed};
        sent.inspect_err(|error| {
            let is_of_setup = matches!(
                error.status,
                NoCredentials | CredentialsFailed | AuthRejected | PermissionDenied | TlsFailed | ProxyFailed
            );
            if is_of_setup && !error.retryable {
                self.log.error(format_args!("{error}"));
            }
        })
    }

    /// Sends the request until it is answered, or until nothing more can be done about it in time.
    fn send(&self, request: Request, deadline: Instant, asking: Asking, receive: Receive<'_>) -> Result<Answer, Error> {
        let mut progress =
            Progress { deadline, asking, attempts: 0, has_healed: false, has_renewed: false, last: None };
        let mut pause = Duration::ZERO;
        loop {
            // Before the turn: turns that were spent waiting for credentials would all be used in one moment.
            let held = self.current_credentials(&progress)?;
            let has_waited = self.wait_for_turn(pause, &mut progress)?;
            // Meanwhile they may have run out.
            let credentials = if has_waited { self.current_credentials(&progress)? } else { held };
            let signed = self.sign(&request, credentials);
            let signed = signed.map_err(|error| Error { attempts: progress.attempts, ..error })?;
            progress.attempts += 1;
            let (action, most) = (request.action(), self.retries.max_attempts);
            self.log.debug(format_args!("{action}: attempt {} of {most}", progress.attempts));
            match self.attempt(&request, &signed, deadline, receive) {
                Ok(Received { body, request_id }) => {
                    self.limiter().answered();
                    return Ok(Answer {
                        request,
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
        let has_paused = self.pause(pause, progress)?;
        let (now, start) = (since_boot(), Instant::now());
        let latest = now.saturating_add(progress.deadline.saturating_duration_since(start));
        let turn = self.limiter().turn(now, latest, progress.asking, random());
        match turn {
            Ok(turn) => {
                let wait = turn.saturating_sub(now);
                if wait.is_zero() {
                    return Ok(has_paused);
                }
                self.log.debug(format_args!("waiting {wait:.1?} for this client's turn to send"));
                let slept = self.cancel.sleep_until(start + wait);
                slept.map(|()| true).map_err(|error| Error { attempts: progress.attempts, ..error })
            }
            Err(turn) => Err(progress.last.take().unwrap_or_else(|| not_yet(turn.saturating_sub(now)))),
        }
    }

    /// Waits before a further attempt, unless its turn would come after the deadline. The turn is taken afterwards: one that is
    /// reserved far ahead would hold up every other call of the client.
    fn pause(&self, pause: Duration, progress: &mut Progress) -> Result<bool, Error> {
        let Some(error) = &progress.last else { return Ok(false) };
        let (now, start) = (since_boot(), Instant::now());
        let left = progress.deadline.saturating_duration_since(start);
        // A latest moment in the past reserves nothing.
        let earliest = now.saturating_add(pause);
        let turn = self.limiter().turn(earliest, Duration::ZERO, progress.asking, random()).unwrap_or_else(|turn| turn);
        let wait = turn.saturating_sub(now);
        if wait >= left {
            return Err(progress.last.take().unwrap_or_else(|| not_yet(wait)));
        }
        let attempts = progress.attempts;
        self.log.warning(format_args!("attempt {attempts} failed and is repeated in {wait:.1?}: {error}"));
        let slept = self.cancel.sleep_until(start + pause);
        slept.map(|()| !pause.is_zero()).map_err(|error| Error { attempts, ..error })
    }

    /// How long to wait before the next attempt; the error, if there is to be none.
    fn next_pause(
        &self,
        failed: Failed,
        credentials: &Arc<Credentials>,
        progress: &mut Progress,
    ) -> Result<Duration, Error> {
        let mut error = Error { attempts: progress.attempts, ..failed.error };
        self.tell_limiter(&mut error, progress.asking);
        let token_is_refused = error.code == api::TOKEN_REFUSED && self.keeper.forget(credentials);
        let pause = if progress.attempts >= self.retries.max_attempts || error.outcome_unknown {
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
    fn tell_limiter(&self, error: &mut Error, asking: Asking) {
        let now = since_boot();
        let mut limiter = self.limiter();
        if error.status == Status::Throttled && error.http_status != 0 {
            limiter.refused(now, asking, random());
            let turn = limiter.turn(now, Duration::ZERO, asking, random()).unwrap_or_else(|turn| turn);
            let turn = turn.saturating_sub(now);
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
    fn current_credentials(&self, progress: &Progress) -> Result<Arc<Credentials>, Error> {
        let current = self.keeper.current(&self.clock, &self.log, &self.cancel, progress.deadline);
        current.map_err(|error| Error { attempts: progress.attempts, ..error })
    }

    /// Signs the request for this moment.
    fn sign(&self, request: &Request, credentials: Arc<Credentials>) -> Result<Signed, Error> {
        let now = self.clock.now();
        if now.is_confirmed && credentials::has_expired(&credentials, now.s) {
            return Err(Error::new(Status::NoCredentials, "the credentials have expired, by the service's time"));
        }
        let timestamp_s = signing_moment(credentials.signing_date(), now.s, now.is_confirmed)?;
        let signed = sign::Request {
            method: "POST",
            query: "",
            content_type: api::CONTENT_TYPE,
            host: &self.host_header,
            action: Some(request.action()),
            body: request.body().as_bytes(),
        };
        let header = self.signer.sign(&credentials, &signed, timestamp_s);
        Ok(Signed { credentials, header })
    }

    /// Sends the request once, and judges the answer.
    fn attempt(
        &self,
        request: &Request,
        signed: &Signed,
        deadline: Instant,
        receive: Receive<'_>,
    ) -> Result<Received, Failed> {
        let (credentials::Signed { authorization, timestamp }, body) = (&signed.header, request.body().as_bytes());
        let action = match request.described_action() {
            Some(name) => HeaderValue::from_static(name),
            None => header_value(&X_TC_ACTION, request.action())?,
        };
        let own = [
            (&header::CONTENT_LENGTH, body.len().into()),
            (&header::AUTHORIZATION, header_value(&header::AUTHORIZATION, authorization)?),
            (&X_TC_ACTION, action),
            (&X_TC_TIMESTAMP, header_value(&X_TC_TIMESTAMP, timestamp)?),
        ];
        let token = signed.credentials.token().map(token_value).transpose()?;
        let headers = Headers { common: &self.headers, own: &own, token: token.as_ref() };
        let effect = if request.changes() { Effect::Changes } else { Effect::Reads };
        let answer = self.transport.post(headers, body, effect, deadline);
        let judged = answer.map_err(Failed::from).and_then(|answer| {
            self.judge(answer, receive).map_err(|failed| {
                match request.changes() && !api::codes::is_refusal(&failed.error.code) {
                    true => Failed { error: failed.error.left_open(), ..failed },
                    false => failed,
                }
            })
        });
        judged.map_err(|mut failed| {
            signed.credentials.redact(&mut failed.error);
            request.redact(&mut failed.error);
            failed.error.redact(signed.header.signature());
            failed
        })
    }

    /// Whether the service carried the request out, and whether it is the service at all.
    fn judge(&self, answer: transport::Answer, receive: Receive<'_>) -> Result<Received, Failed> {
        let judged = receive(answer.http_status, &answer.body);
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

/// The call's turn comes after its deadline.
fn not_yet(after: Duration) -> Error {
    let message = format!(
        "not sent: this client's next turn comes in {after:.1?}, after the deadline (max_requests_per_s, fleet_size, or the service \
         has refused it lately)"
    );
    Error { retry_after: Some(after), ..Error::new(Status::Throttled, message) }
}

/// Between 0 and 1, from the numbers by which std keeps its hash maps from being guessed.
pub(crate) fn random() -> f64 {
    const BITS: u32 = 53;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
    let random = (RandomState::new().hash_one(0u8) >> (u64::BITS - BITS)) as f64 / (1u64 << BITS) as f64;
    random
}
