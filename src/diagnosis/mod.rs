//! A call looked at step by step, and what to do about the step that fails. Uses `advice`, `api`, `authorization`, `client`,
//! `credentials`, `limiter`, `listing`, `sign`, `sys`, `transport`, `error`.
//!
//! The first steps are those of a connection, which is opened for the purpose. What the others come to is learned from one
//! call: where it fails, its status and the service's code tell at which of them.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `mod` | how the steps are looked at |
//! | `step` | the steps, and what is told of one |
//! | `advice` | what to do about one that failed |
//! | `left_out` | what is there instead of `mod` in a build without the feature `diagnosis` |

mod advice;
mod step;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::GetDevices;
use crate::authorization::{Finding, Verdict};
use crate::client::Client;
use crate::credentials::{Credentials, Shape, shape};
use crate::error::{Error, Status, printable};
use crate::limiter::Asking;
use crate::listing::{self, Flow};
use crate::sign::utc_date;
use crate::sys::since_boot;
use crate::transport::probe::{Probe, Route};
pub use step::{Diagnosis, Outcome, Step, Subject};

/// Whether there is a diagnosis: in every build but one without the feature `diagnosis`.
pub fn check_built_in() -> Result<(), Error> {
    Ok(())
}

/// Looks at every step up to the one that fails, and gives each to the visitor as soon as it is known; how often a request
/// was sent. An error only if the steps cannot be looked at: cancelled.
pub fn diagnose(
    client: &Client,
    subject: &Subject<'_>,
    deadline: Instant,
    visit: &mut dyn FnMut(&Diagnosis) -> Flow,
) -> Result<u32, Error> {
    let _call = client.begin()?;
    let mut report = Report { visit, has_license: subject.device_id.is_some(), given: 0 };
    let mut attempts = 0;
    let ended = connect(client, deadline, &mut report).and_then(|()| {
        let asked = Asked::new(client, subject, deadline);
        attempts = asked.attempts();
        asked.tell(client, &mut report)
    });
    match ended.or_else(|end| report.skip_rest(end)) {
        Ok(()) | Err(End::Stopped | End::Failed(_)) => Ok(attempts),
        Err(End::Cancelled(error)) => Err(Error { attempts, ..error }),
    }
}

/// Why no further step is looked at.
enum End {
    /// This one failed.
    Failed(Step),
    /// The visitor has seen enough.
    Stopped,
    Cancelled(Error),
}

/// What was seen of a step that is fine.
#[derive(Clone, Default)]
struct Seen {
    finding: String,
    advice: String,
}

impl Seen {
    fn plainly(finding: impl Into<String>) -> Seen {
        Seen { finding: finding.into(), advice: String::new() }
    }
}

/// Gives the steps to the visitor, in their order.
struct Report<'a> {
    visit: &'a mut dyn FnMut(&Diagnosis) -> Flow,
    has_license: bool,
    /// How many were given.
    given: usize,
}

impl Report<'_> {
    fn give(&mut self, step: Step, elapsed: Option<Duration>, seen: Result<Seen, Error>) -> Result<(), End> {
        match seen {
            Ok(Seen { finding, advice }) => self.visit(step, Outcome::Fine, elapsed, &finding, &advice),
            Err(error) if error.status == Status::Cancelled => Err(End::Cancelled(error)),
            Err(error) => self.fail(step, elapsed, &error, &advice::on(step, &error)),
        }
    }

    fn fail(&mut self, step: Step, elapsed: Option<Duration>, error: &Error, advice: &str) -> Result<(), End> {
        self.visit(step, Outcome::Failed(error.status), elapsed, &error.to_string(), advice)?;
        Err(End::Failed(step))
    }

    fn skip(&mut self, step: Step, failed: Step) -> Result<(), End> {
        let finding = format!("not known, since another step failed: {}", failed.name());
        self.visit(step, Outcome::NotReached, None, &finding, "")
    }

    /// The steps after one that failed.
    fn skip_rest(&mut self, end: End) -> Result<(), End> {
        let End::Failed(failed) = end else { return Err(end) };
        let count = if self.has_license { Step::ALL.len() } else { Step::ALL.len() - 1 };
        Step::ALL[..count].iter().skip(self.given).try_for_each(|step| self.skip(*step, failed))
    }

    fn visit(
        &mut self,
        step: Step,
        outcome: Outcome,
        elapsed: Option<Duration>,
        finding: &str,
        advice: &str,
    ) -> Result<(), End> {
        self.given += 1;
        let (finding, advice) = (printable(finding), printable(advice));
        match (self.visit)(&Diagnosis { step, outcome, elapsed, finding, advice }) {
            Flow::GoOn => Ok(()),
            Flow::Stop => Err(End::Stopped),
        }
    }
}

/// The result, and how long it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Option<Duration>) {
    let start = Instant::now();
    let result = work();
    (result, Some(start.elapsed()))
}

/// The steps of a connection.
fn connect(client: &Client, deadline: Instant, report: &mut Report<'_>) -> Result<(), End> {
    let probe = client.probe(deadline);
    let (addresses, elapsed) = timed(|| probe.resolve());
    report.give(
        Step::Resolve,
        elapsed,
        addresses.as_deref().map(|found| resolved(&probe, found)).map_err(Clone::clone),
    )?;
    let addresses = addresses.unwrap_or_default();
    let (routes, elapsed) = timed(|| probe.routes(&addresses));
    report.give(Step::Route, elapsed, ways(&probe, routes))?;
    let (connected, elapsed) = timed(|| probe.connect(&addresses));
    let connected = match connected {
        Ok(connected) => connected,
        Err(error) => return report.give(Step::Connect, elapsed, Err(error)),
    };
    let peer = connected.peer.map_or_else(|| "the other side".to_owned(), |peer| peer.to_string());
    let way = probe.proxy().map(|_| format!(", a proxy, which leads to {}", probe.service())).unwrap_or_default();
    report.give(Step::Connect, elapsed, Ok(Seen::plainly(format!("connected to {peer}{way}"))))?;
    let (secured, elapsed) = timed(|| probe.secure(&connected));
    match secured {
        Ok(None) => report.give(Step::Tls, None, Ok(Seen::plainly("not used: the service is on this machine"))),
        secured => report.give(
            Step::Tls,
            elapsed,
            secured.map(|secured| {
                Seen::plainly(secured.map_or_else(String::new, |secured| session(secured.kind, secured.valid_until_s)))
            }),
        ),
    }
}

fn resolved(probe: &Probe<'_>, addresses: &[SocketAddr]) -> Seen {
    let of =
        probe.proxy().map(|proxy| format!(" of the proxy {proxy}, which looks up the service")).unwrap_or_default();
    let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let count = if list.len() == 1 { "1 address".to_owned() } else { format!("{} addresses", list.len()) };
    Seen::plainly(format!("{count}{of}: {}", list.join(", ")))
}

/// One way is enough: a machine without IPv6 has none to half of the addresses.
fn ways(probe: &Probe<'_>, routes: Vec<Route>) -> Result<Seen, Error> {
    let mut failure = Error::new(Status::ConnectFailed, "there is no address to go to");
    let mut found = Vec::new();
    for Route { to, from } in routes {
        match from {
            Ok(from) => found.push(format!("from {from} to {}", to.ip())),
            Err(error) => failure = error,
        }
    }
    if found.is_empty() {
        return Err(failure);
    }
    let through = probe.network_interface().map(|interface| format!(" through {interface}")).unwrap_or_default();
    Ok(Seen::plainly(format!("{}{through}", found.join(", "))))
}

fn session(kind: &str, valid_until_s: Option<u64>) -> String {
    let until = valid_until_s.and_then(|s| i64::try_from(s).ok()).map(utc_date);
    let until = until.map(|date| format!("; the certificate is valid until {date}")).unwrap_or_default();
    format!("{kind}{until}")
}

/// What the one call came to.
struct Asked {
    /// What signs, as it looks; nothing if nothing does.
    looks: Seen,
    elapsed: Option<Duration>,
    /// With the license, if a device was asked about.
    answered: Result<(Option<Finding>, u32), Error>,
    /// Where it failed.
    failed: Option<Step>,
}

impl Asked {
    fn new(client: &Client, subject: &Subject<'_>, deadline: Instant) -> Asked {
        let (source, credentials) = client.credentials(deadline);
        let credentials = match credentials {
            Ok(credentials) => credentials,
            Err(error) => {
                let failed = Some(Step::Credentials);
                return Asked { looks: Seen::default(), elapsed: None, answered: Err(error), failed };
            }
        };
        let (answered, elapsed) = timed(|| ask(client, subject, deadline));
        let failed = answered.as_ref().err().map(|error| step_of(error, subject));
        let Shape { finding, advice } = shape(&credentials, client.now_at(since_boot()));
        let looks = Seen { finding: format!("those of {source}: {finding}"), advice };
        let answered = answered.map_err(|error| without_id(error, &credentials));
        Asked { looks, elapsed, answered, failed }
    }

    fn attempts(&self) -> u32 {
        match &self.answered {
            Ok((_, attempts)) => *attempts,
            Err(error) => error.attempts,
        }
    }

    /// All steps from the answer on, up to the one that failed.
    fn tell(&self, client: &Client, report: &mut Report<'_>) -> Result<(), End> {
        let first = Step::ALL.iter().position(|step| *step == Step::Answer).unwrap_or_default();
        for step in &Step::ALL[first..] {
            let elapsed = self.elapsed.filter(|_| *step == Step::Answer);
            match (&self.answered, self.failed) {
                (Err(error), _) if error.status == Status::Cancelled => return Err(End::Cancelled(error.clone())),
                (Err(error), Some(failed)) if failed == *step => {
                    return report.fail(*step, elapsed, error, &self.advice(failed, error));
                }
                (Err(error), Some(failed)) if !is_known(*step, failed, error) => report.skip(*step, failed)?,
                (Ok((Some(finding), _)), _) if *step == Step::License => self.tell_license(finding, report)?,
                _ if *step == Step::License => {}
                _ => report.give(*step, elapsed, Ok(self.fine(*step, client)))?,
            }
        }
        Ok(())
    }

    /// What is wrong with the looks of the credentials explains best why they are refused.
    fn advice(&self, step: Step, error: &Error) -> String {
        if matches!(step, Step::Credentials | Step::Signature) && !self.looks.advice.is_empty() {
            return self.looks.advice.clone();
        }
        advice::on(step, error)
    }

    fn fine(&self, step: Step, client: &Client) -> Seen {
        match step {
            Step::Clock => clock(client.clock_offset_ms()),
            Step::Credentials => self.looks.clone(),
            Step::Signature => Seen::plainly("the service agrees with it"),
            Step::Permission => Seen::plainly("the credentials may list devices"),
            Step::RateLimit => rate_limit(client.next_turn()),
            _ => Seen::plainly("the service answered"),
        }
    }

    fn tell_license(&self, finding: &Finding, report: &mut Report<'_>) -> Result<(), End> {
        let sentence = finding.reason.sentence().to_string_lossy();
        let (verdict, advice) = (finding.reason.verdict(), advice::on_license(finding.reason.verdict()));
        match license_status(verdict) {
            Some(status) => report.fail(Step::License, None, &Error::new(status, sentence), advice),
            None => {
                report.give(Step::License, None, Ok(Seen { finding: sentence.into_owned(), advice: advice.into() }))
            }
        }
    }
}

/// One real call: the smallest there is, or the one for the device.
fn ask(client: &Client, subject: &Subject<'_>, deadline: Instant) -> Result<(Option<Finding>, u32), Error> {
    if let (Some(project_id), Some(device_id)) = (subject.project_id, subject.device_id) {
        let found = listing::check(client, project_id, device_id, subject.streams, deadline, Asking::Foreground)?;
        let (finding, attempts) = match subject.asks_available {
            false => found,
            true => {
                let compared = listing::compare(client, (project_id, device_id), found, deadline)?;
                (compared.0, compared.2)
            }
        };
        return Ok((Some(finding), attempts));
    }
    let request = GetDevices { page_num: 1, page_size: 1, project_id: subject.project_id, device_id: None };
    let answer = client.ask(&request, deadline, Asking::Foreground)?;
    client.decode::<GetDevices<'_>>(&answer)?;
    Ok((None, answer.attempts))
}

/// The step that a call has failed at.
fn step_of(error: &Error, subject: &Subject<'_>) -> Step {
    match error.status {
        Status::ClockSkew => Step::Clock,
        Status::NoCredentials | Status::CredentialsFailed => Step::Credentials,
        Status::AuthRejected if advice::is_about_id_or_token(&error.code) => Step::Credentials,
        Status::AuthRejected => Step::Signature,
        Status::PermissionDenied => Step::Permission,
        Status::Throttled => Step::RateLimit,
        Status::NotFound if subject.device_id.is_some() => Step::License,
        _ => Step::Answer,
    }
}

/// Whether a call that failed at a later step shows that this one is fine. In which order the service checks is documented
/// nowhere, so a refused number of requests says nothing of the signature.
fn is_known(step: Step, failed: Step, error: &Error) -> bool {
    // What could not be signed again was answered before.
    let was_answered = error.http_status != 0 || (failed == Step::Credentials && error.attempts > 0);
    match step {
        Step::Answer | Step::Clock => was_answered,
        Step::Credentials => true,
        Step::Signature => matches!(failed, Step::Permission | Step::License),
        _ => failed == Step::License,
    }
}

/// The service may send back the id, which is nobody's business.
fn without_id(mut error: Error, credentials: &Arc<Credentials>) -> Error {
    credentials.redact_id(&mut error);
    error
}

fn clock(offset_ms: Option<i64>) -> Seen {
    /// What an answer leaves open.
    const UNCERTAIN_MS: u64 = 2_500;
    /// The service refuses a time that is further from its own.
    const REFUSED_MS: u64 = 300_000;
    let Some(offset_ms) = offset_ms else { return Seen::plainly("the answer does not tell the service's time") };
    if offset_ms.unsigned_abs() <= UNCERTAIN_MS {
        return Seen::plainly("the system clock is right, to a second or two");
    }
    let (seconds, side) = (offset_ms.unsigned_abs() / 1000, if offset_ms > 0 { "behind" } else { "ahead of" });
    let finding = format!("the system clock is {seconds} s {side} the service's");
    let is_far = offset_ms.unsigned_abs() > REFUSED_MS;
    Seen { finding, advice: if is_far { advice::SET_CLOCK.into() } else { String::new() } }
}

fn rate_limit((wait, has_slowed_down): (Duration, bool)) -> Seen {
    let turn = match wait.as_millis() {
        0 => "the next request may be sent at once".to_owned(),
        _ => format!("the next request may be sent in {wait:.1?}"),
    };
    match has_slowed_down {
        false => Seen::plainly(turn),
        true => Seen {
            finding: format!("{turn}; the client has slowed down, since the service refused a request"),
            advice: advice::FEWER_REQUESTS.into(),
        },
    }
}

/// What it is called where a device may not run; `None` where it may, or where nothing can be said.
fn license_status(verdict: Verdict) -> Option<Status> {
    match verdict {
        Verdict::Authorized | Verdict::Unknown => None,
        Verdict::NotFound => Some(Status::NotFound),
        Verdict::NotBound | Verdict::NotEnough | Verdict::Expired | Verdict::NoDuration => {
            Some(Status::PermissionDenied)
        }
    }
}
