//! The ways to misbehave.

use std::collections::VecDeque;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use crate::scramble::scramble;

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
    /// A number where a string belongs: as a license of the first device, or as the id of the request.
    WrongType,
    /// A web page instead of an answer.
    NotJson,
    /// A body of that many bytes.
    TooLarge(usize),
    /// Compresses the body.
    Gzip,
    /// Compresses the body and closes the connection in the middle of it.
    GzipCutOff,
    /// A body of that many bytes, compressed to few.
    GzipTooLarge(usize),
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
    /// Reads the request, does not carry it out, and never answers; the connection stays open until the client closes it.
    StallHead,
    /// Sends the head and half of the body, then nothing until the client closes the connection.
    StallBody,
    /// Reads the request, does not carry it out, and closes the connection without a byte of answer.
    HangUp,
    /// Carries the request out and closes the connection without a byte of answer, so that the client cannot tell whether it did.
    CarryOutAndHangUp,
    /// Carries the request out and never answers; the connection stays open until the client closes it.
    CarryOutAndStall,
    /// A body that goes on until the client closes the connection.
    EndlessBody,
    /// Header lines that go on until the client closes the connection.
    EndlessHead,
    /// Has had too many requests, and tells after how many seconds to come back.
    ThrottledFor(u64),
    /// HTTP status 503, and tells after how many seconds to come back.
    UnavailableFor(u64),
    /// A sound answer that has been so many seconds in a cache.
    Aged(u64),
    /// A sound answer without a Date.
    NoDate,
    /// A sound answer with a Date that is ahead by so many seconds; the clock that it checks by is right.
    Date(i64),
    /// Its clock is ahead by so many seconds, and the answer has no Date.
    WrongClockNoDate(i64),
    /// A broken connection or a failure of the service at so many requests in a hundred, always the same ones; behaves at the
    /// others.
    Sometimes(u64),
}

/// The faults that [`Fault::Sometimes`] takes from, as [`Fault::from_str`] reads them. Throttling is not among them: a client
/// that is throttled again and again does little but wait.
const SOMETIMES: [&str; 6] =
    ["reset", "hang-up", "cut-off", "error:InternalError", "error:ServiceUnavailable", "status:503"];

impl Fault {
    /// What it comes to at the request with this ordinal.
    pub fn at_request(self, ordinal: usize) -> Option<Fault> {
        let Fault::Sometimes(percent) = self else {
            return Some(self);
        };
        let random = scramble(ordinal as u64);
        if random % 100 >= percent {
            return None;
        }
        let chosen = SOMETIMES[(random / 100) as usize % SOMETIMES.len()];
        chosen.parse().ok()
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        Ok(match name {
            "late" => Fault::Late(Duration::from_millis(number(text, value)?)),
            "drip" => Fault::Drip(Duration::from_millis(number(text, value)?)),
            "cut-off" => Fault::CutOff,
            "wrong-length" => Fault::WrongLength,
            "wrong-type" => Fault::WrongType,
            "not-json" => Fault::NotJson,
            "too-large" => Fault::TooLarge(number(text, value)?),
            "gzip" => Fault::Gzip,
            "gzip-cut-off" => Fault::GzipCutOff,
            "gzip-too-large" => Fault::GzipTooLarge(number(text, value)?),
            "unasked" => Fault::Unasked,
            "status" => Fault::Status(number(text, value)?),
            "redirect" => Fault::Redirect,
            "reset" => Fault::Reset,
            "wrong-clock" => Fault::WrongClock(number(text, value)?),
            "region-required" => Fault::RegionRequired,
            "throttled" => Fault::Throttled,
            "close-after-answer" => Fault::CloseAfterAnswer,
            "error" => Fault::Error(value.to_owned()),
            "answer" => Fault::Answer(value.to_owned()),
            "echo" => Fault::Echo,
            "stall-head" => Fault::StallHead,
            "stall-body" => Fault::StallBody,
            "hang-up" => Fault::HangUp,
            "carry-out-and-hang-up" => Fault::CarryOutAndHangUp,
            "carry-out-and-stall" => Fault::CarryOutAndStall,
            "endless-body" => Fault::EndlessBody,
            "endless-head" => Fault::EndlessHead,
            "throttled-for" => Fault::ThrottledFor(number(text, value)?),
            "unavailable-for" => Fault::UnavailableFor(number(text, value)?),
            "aged" => Fault::Aged(number(text, value)?),
            "no-date" => Fault::NoDate,
            "date" => Fault::Date(number(text, value)?),
            "wrong-clock-no-date" => Fault::WrongClockNoDate(number(text, value)?),
            "sometimes" => Fault::Sometimes(number(text, value)?),
            _ => return Err(format!("{text}: no such fault")),
        })
    }
}

fn number<T: FromStr<Err = ParseIntError>>(text: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|error| format!("{text}: {error}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sometimes_is_its_share_of_the_requests() {
        let faulty = (1..=10_000).filter(|ordinal| Fault::Sometimes(10).at_request(*ordinal).is_some()).count();
        assert!((900..=1100).contains(&faulty), "{faulty}");
    }

    #[test]
    fn sometimes_comes_to_each_of_its_faults() {
        for fault in SOMETIMES {
            let fault: Fault = fault.parse().unwrap();
            assert!((1..=1000).any(|ordinal| Fault::Sometimes(10).at_request(ordinal).as_ref() == Some(&fault)));
        }
    }

    #[test]
    fn sometimes_never_and_always() {
        for ordinal in 1..=1000 {
            assert_eq!(Fault::Sometimes(0).at_request(ordinal), None);
            assert!(Fault::Sometimes(100).at_request(ordinal).is_some());
        }
    }

    #[test]
    fn any_other_fault_is_itself_at_every_request() {
        assert_eq!(Fault::Reset.at_request(7), Some(Fault::Reset));
    }
}
