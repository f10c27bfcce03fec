//! What a connection has to know of the exchange that its thread is in. Uses nothing.
//!
//! ureq hands a connection bytes, and does not say of which request; but it does all of one exchange in the thread that asks. The
//! deadline is in here too: told to ureq, it would cost each request a configuration of its own.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It may be sent again whatever became of it.
    Reads,
    /// It may be sent again only if no byte of it has left.
    Changes,
}

/// The exchange that a thread is in.
#[derive(Clone, Copy)]
pub struct Exchange {
    pub effect: Effect,
    /// When it has to be over; `None` outside of an exchange.
    deadline: Option<Instant>,
    /// Its turn has come, and no byte has left since: over another connection it is the same turn.
    pub has_passed_gate: bool,
    /// A byte of the request has left.
    pub has_left: bool,
}

thread_local! {
    // With nothing to destroy it outlives the thread's other variables, and can be used in `atexit` and the like.
    static CURRENT: Cell<Exchange> =
        const { Cell::new(Exchange { effect: Effect::Reads, deadline: None, has_passed_gate: false, has_left: false }) };
}

/// As long as it lives, this thread is in a new exchange. (A program's log function may use another client in the middle of one.)
pub struct Scope(Exchange);

impl Scope {
    pub fn begin(effect: Effect, deadline: Instant) -> Scope {
        Scope(CURRENT.replace(Exchange { effect, deadline: Some(deadline), has_passed_gate: false, has_left: false }))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

impl Exchange {
    pub fn current() -> Exchange {
        CURRENT.get()
    }

    /// When to give up. Outside of an exchange there is nothing to wait for.
    pub fn deadline(self) -> Instant {
        self.deadline.unwrap_or_else(Instant::now)
    }

    /// How long until the deadline.
    pub fn time_left(self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    pub fn pass_gate() {
        CURRENT.set(Exchange { has_passed_gate: true, ..CURRENT.get() });
    }

    pub fn leave() {
        CURRENT.set(Exchange { has_left: true, has_passed_gate: false, ..CURRENT.get() });
    }

    /// Whether the request may have changed something by now.
    pub fn may_have_changed_something(self) -> bool {
        self.effect == Effect::Changes && self.has_left
    }
}
