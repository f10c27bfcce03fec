//! The ways to misbehave.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

/// One way to misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers after a while.
    Late(Duration),
    /// Sends head and body a byte at a time, with a pause after each.
    Drip(Duration),
    /// Closes the connection in the middle of the body.
    CutOff,
    /// Announces a longer body than it sends, then closes.
    WrongLength,
    /// A number where a string belongs.
    WrongType,
    /// A web page instead of an answer.
    NotJson,
    /// A body of that many bytes.
    TooLarge(usize),
    /// Compresses the body.
    Gzip,
    /// Compresses the body and closes the connection in the middle of it.
    GzipCutOff,
    /// Sends a second answer, which nobody has asked for, right behind the first: that one fills 16 KiB exactly.
    Unasked,
    /// An HTTP status, with a web page.
    Status(u16),
    /// To another address.
    Redirect,
    /// Resets the connection instead of answering.
    Reset,
    /// Its clock is ahead by so many seconds.
    WrongClock(i64),
    /// Requires X-TC-Region.
    RegionRequired,
    /// Has had too many requests.
    Throttled,
    /// Answers, then closes the connection.
    CloseAfterAnswer,
    /// An error of the service with this code.
    Error(String),
    /// Exactly this body.
    Answer(String),
    /// A sound answer in which the secrets of the request stand as well.
    Echo,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let number = || value.parse::<u64>().map_err(|error| format!("{text}: {error}"));
        Ok(match name {
            "late" => Fault::Late(Duration::from_millis(number()?)),
            "drip" => Fault::Drip(Duration::from_millis(number()?)),
            "cut-off" => Fault::CutOff,
            "wrong-length" => Fault::WrongLength,
            "wrong-type" => Fault::WrongType,
            "not-json" => Fault::NotJson,
            "too-large" => Fault::TooLarge(usize::try_from(number()?).map_err(|error| format!("{text}: {error}"))?),
            "gzip" => Fault::Gzip,
            "gzip-cut-off" => Fault::GzipCutOff,
            "unasked" => Fault::Unasked,
            "status" => Fault::Status(value.parse().map_err(|error| format!("{text}: {error}"))?),
            "redirect" => Fault::Redirect,
            "reset" => Fault::Reset,
            "wrong-clock" => Fault::WrongClock(value.parse().map_err(|error| format!("{text}: {error}"))?),
            "region-required" => Fault::RegionRequired,
            "throttled" => Fault::Throttled,
            "close-after-answer" => Fault::CloseAfterAnswer,
            "error" => Fault::Error(value.to_owned()),
            "answer" => Fault::Answer(value.to_owned()),
            "echo" => Fault::Echo,
            _ => return Err(format!("{text}: no such fault")),
        })
    }
}

/// What is to go wrong next.
#[derive(Debug, Default)]
pub struct Faults {
    next: VecDeque<Fault>,
    always: Option<Fault>,
}

impl Faults {
    pub fn once(&mut self, fault: Fault) {
        self.next.push_back(fault);
    }

    pub fn always(&mut self, fault: Option<Fault>) {
        self.always = fault;
    }

    pub fn take(&mut self) -> Option<Fault> {
        self.next.pop_front().or_else(|| self.always.clone())
    }
}
