//! What signs at this moment: given once, or asked for again when it runs out or is refused. Uses `cancel`, `clock`, `log`,
//! `sys`, `error`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Credentials, has_expired, is_due};
use crate::cancel::{Cancel, Ended, Turn, cancelled};
use crate::clock::Clock;
use crate::error::{Error, Status};
use crate::log::Log;
use crate::sys::since_boot;

/// How long a source that failed is left alone while the last credentials still hold.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Gives credentials, before the deadline if it can.
pub type Ask = dyn Fn(Instant) -> Result<Credentials, Error> + Send + Sync;

/// Keeps the credentials of a client.
pub struct Keeper {
    /// Where they come from, for people.
    name: String,
    source: Source,
}

enum Source {
    Fixed(Arc<Credentials>),
    Renewed(Renewed),
}

struct Renewed {
    name: &'static str,
    ask: Box<Ask>,
    turn: Turn,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    credentials: Option<Arc<Credentials>>,
    /// Since boot: when the source may be asked again.
    rested: Duration,
}

impl Keeper {
    /// Credentials that never change.
    pub fn fixed(name: String, credentials: Credentials) -> Keeper {
        Keeper { name, source: Source::Fixed(Arc::new(credentials)) }
    }

    /// Credentials that `ask` gives, one thread at a time.
    pub fn renewed(name: &'static str, ask: Box<Ask>) -> Result<Keeper, Error> {
        let source = Source::Renewed(Renewed { name, ask, turn: Turn::new()?, held: Mutex::default() });
        Ok(Keeper { name: name.to_owned(), source })
    }

    /// Where they come from, for people: "the environment", the path of a file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What signs now. Asks for it if there is none, or if it is about to run out.
    pub fn current(
        &self,
        clock: &Clock,
        log: &Log,
        cancel: &Cancel,
        deadline: Instant,
    ) -> Result<Arc<Credentials>, Error> {
        match &self.source {
            Source::Fixed(credentials) => Ok(Arc::clone(credentials)),
            Source::Renewed(renewed) => renewed.current(clock, log, cancel, deadline),
        }
    }

    /// Drops what the service has refused; whether other credentials can be had.
    pub fn forget(&self, refused: &Arc<Credentials>) -> bool {
        let Source::Renewed(renewed) = &self.source else { return false };
        let mut held = renewed.held();
        if held.credentials.as_ref().is_some_and(|held| Arc::ptr_eq(held, refused)) {
            *held = Held::default();
        }
        true
    }
}

impl Renewed {
    fn current(&self, clock: &Clock, log: &Log, cancel: &Cancel, deadline: Instant) -> Result<Arc<Credentials>, Error> {
        if let Some(fresh) = self.fresh(clock) {
            return Ok(fresh);
        }
        let turn = self.turn.take(cancel, deadline).map_err(|ended| self.not_waited(ended))?;
        // Another thread may have asked while this one waited.
        if let Some(fresh) = self.fresh(clock) {
            return Ok(fresh);
        }
        match (self.ask)(deadline) {
            Ok(credentials) => {
                let credentials = Arc::new(credentials);
                *self.held() = Held { credentials: Some(Arc::clone(&credentials)), rested: Duration::ZERO };
                // A program that is told may wait for another thread, which waits for the turn.
                drop(turn);
                log.info(format_args!("{} gave credentials", self.name));
                Ok(credentials)
            }
            Err(error) if error.status == Status::Cancelled => Err(error),
            Err(error) => match self.last(clock) {
                Some(last) => {
                    drop(turn);
                    log.warning(format_args!("{error}; the credentials from before are used"));
                    Ok(last)
                }
                None => Err(error),
            },
        }
    }

    /// What is held, unless it is to be asked for anew.
    fn fresh(&self, clock: &Clock) -> Option<Arc<Credentials>> {
        let held = self.held();
        let credentials = held.credentials.as_ref()?;
        let now = clock.now();
        let is_left_alone = since_boot() < held.rested && !(now.is_confirmed && has_expired(credentials, now.s));
        (is_left_alone || !is_due(credentials, now.s, now.is_proven)).then(|| Arc::clone(credentials))
    }

    /// What is held although the source has failed, as long as it has not run out.
    fn last(&self, clock: &Clock) -> Option<Arc<Credentials>> {
        let mut held = self.held();
        held.rested = since_boot() + PAUSE_AFTER_FAILURE;
        let now = clock.now();
        // A clock that nobody has confirmed does not speak against them: it may be the one that is wrong.
        held.credentials.clone().filter(|credentials| !(now.is_confirmed && has_expired(credentials, now.s)))
    }

    fn not_waited(&self, ended: Ended) -> Error {
        match ended {
            Ended::Cancelled => cancelled(),
            Ended::Late => {
                Error::new(Status::Timeout, format!("the deadline passed while another thread asks {}", self.name))
            }
            Ended::Failed(error) => {
                Error::new(Status::Internal, format!("cannot wait for {}: {error}", self.name)).with_os_error(&error)
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Fixed(credentials) => credentials.fmt(formatter),
            Source::Renewed(renewed) => {
                formatter.debug_struct("Renewed").field("name", &renewed.name).finish_non_exhaustive()
            }
        }
    }
}
