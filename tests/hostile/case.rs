//! What a case is. Uses `server`.

use crate::server::Answer;

/// What the sound answer is shown as.
pub const OK_ROW: &str = "OK devices=1 id=d name=n count=1 days=2 expiry=3 duration=4 monthly=5 limit=6 ids=1";
/// The same five hundred times.
pub const FULL_ROW: &str = "OK devices=500 id=d name=n count=1 days=2 expiry=3 duration=4 monthly=5 limit=6 ids=1";

/// What a sound client makes of an answer.
pub enum Expected {
    /// Every call has this status.
    Status(&'static str),
    /// Every call has this line.
    Line(String),
    /// The last call has this line, and those before it one of the statuses.
    LastLine(String, &'static [&'static str]),
}

/// One row of the table.
pub struct Case {
    pub name: String,
    pub answer: Answer,
    pub expected: Expected,
    /// How many calls are made, each over a connection of its own.
    pub calls: usize,
    pub deadline_ms: u32,
    pub stack_kib: u32,
}

impl Case {
    pub fn new(name: impl Into<String>, answer: Answer, expected: Expected) -> Case {
        Case { name: name.into(), answer, expected, calls: 1, deadline_ms: 10_000, stack_kib: 1024 }
    }

    /// What the library promises to be content with, with the room that the test's own functions need.
    pub fn on_a_small_stack(self) -> Case {
        Case { stack_kib: 128, ..self }
    }

    /// For an answer that never ends.
    pub fn with_deadline_ms(self, deadline_ms: u32) -> Case {
        Case { deadline_ms, ..self }
    }

    pub fn with_calls(self, calls: usize) -> Case {
        Case { calls, ..self }
    }

    /// Whether a sound client takes what it is about.
    pub fn is_sound(&self) -> bool {
        matches!(self.expected, Expected::Line(_))
    }

    /// What is wrong with what the program has printed, if something is.
    pub fn fault(&self, lines: &[&str]) -> Option<String> {
        if lines.len() != self.calls {
            return Some(format!("{} lines instead of {}", lines.len(), self.calls));
        }
        let status = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        let is_wrong = |(index, line): &(usize, &&str)| match &self.expected {
            Expected::Status(expected) => status(line) != *expected,
            Expected::Line(expected) => **line != expected,
            Expected::LastLine(last, _) if *index + 1 == lines.len() => **line != last,
            Expected::LastLine(_, before) => !before.contains(&status(line).as_str()),
        };
        lines.iter().enumerate().find(is_wrong).map(|(index, line)| format!("call {}: {line}", index + 1))
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Expected::Status(status) => formatter.write_str(status),
            Expected::Line(line) => formatter.write_str(line),
            Expected::LastLine(_, before) => write!(formatter, "{}, and OK with all of it", before.join(" or ")),
        }
    }
}
