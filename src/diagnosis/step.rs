//! The steps of a call, and what is told of one. Uses `error`.

use std::time::Duration;

use crate::error::Status;

/// A step of a call. The numbers are part of the public interface and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Step {
    /// The name of the service, or of the proxy, to addresses.
    Resolve = 0,
    /// The way to one of them that the system would take.
    Route = 1,
    /// TCP, and through the proxy.
    Connect = 2,
    /// Who the service is.
    Tls = 3,
    /// What the service's time is.
    Clock = 4,
    /// What signs, and whether the service knows it.
    Credentials = 5,
    /// Whether it agrees with the signature.
    Signature = 6,
    /// Whether it allows the request.
    Permission = 7,
    /// Whether it takes one more.
    RateLimit = 8,
    /// Whether the device may run.
    License = 9,
    /// Whether a request is answered at all, by the service and by nobody else.
    Answer = 10,
}

impl Step {
    /// All of them, in the order in which they are taken.
    pub const ALL: [Step; 11] = [
        Step::Resolve,
        Step::Route,
        Step::Connect,
        Step::Tls,
        Step::Answer,
        Step::Clock,
        Step::Credentials,
        Step::Signature,
        Step::Permission,
        Step::RateLimit,
        Step::License,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Step::Resolve => "resolve",
            Step::Route => "route",
            Step::Connect => "connect",
            Step::Tls => "TLS",
            Step::Clock => "clock",
            Step::Credentials => "credentials",
            Step::Signature => "signature",
            Step::Permission => "permission",
            Step::RateLimit => "rate limit",
            Step::License => "license",
            Step::Answer => "answer",
        }
    }
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is wrong here.
    Fine,
    /// This is what is wrong.
    Failed(Status),
    /// Nothing is known, since another step failed.
    NotReached,
}

/// What was seen of a step. The texts are for people, on one line, and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The step.
    pub step: Step,
    /// What it came to.
    pub outcome: Outcome,
    /// `None`: it takes no time of its own.
    pub elapsed: Option<Duration>,
    /// What was seen.
    pub finding: String,
    /// What to do; empty if nothing.
    pub advice: String,
}

/// What to ask the service for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The one project that is asked about, if it is one.
    pub project_id: Option<&'a str>,
    /// The device whose license is looked at, which takes a project.
    pub device_id: Option<&'a str>,
    /// How many streams it is to send.
    pub streams: u32,
    /// Whether its usable licenses are asked for as well.
    pub asks_available: bool,
}
