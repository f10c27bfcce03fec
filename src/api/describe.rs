//! What may be sent with an action: the rules by which its parameters are described. Uses nothing: the library, the build script that
//! writes the header and the emulator of the tests all include this file.

use std::fmt::Write;

/// The most elements that a list of an answer may have, and so the largest page. The service documents none.
pub const MAX_ELEMENTS: i64 = 10_000;

/// No id of a device is documented to be longer: 18 characters on the international site, 32 on that for China, of ASCII. What a call
/// needs for its answer follows from that.
pub const LONGEST_ID_BYTES: usize = 32;

/// What a parameter has to be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A string.
    Text {
        /// Whether it has to be given.
        is_required: bool,
        /// What it may say.
        text: Text,
    },
    /// A list of ids, of which there has to be one.
    Texts,
    /// A number. 0 says that none is given.
    Number {
        /// The least one.
        least: i64,
        /// The largest one.
        most: i64,
        /// What is sent where none is given; `None`: nothing.
        default: Option<i64>,
        /// What is sent is less by this, so that 0 can say that none is given.
        sent_less: i64,
    },
}

/// What a string may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Anything but nothing.
    Any,
    /// So many characters of a set.
    Of {
        /// At least.
        least: usize,
        /// At most.
        most: usize,
        /// The set.
        set: Set,
    },
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// A set of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// Every character.
    All,
    /// a to z, 0 to 9 and _.
    LowerCase,
    /// Those of ASCII that are letters, digits or _, and all beyond ASCII: of Chinese the documents do not say more.
    Name,
    /// A to Z, a to z and 0 to 9.
    Alphanumeric,
}

/// A string that has to be given.
pub const REQUIRED: Rule = required(Text::Any);
/// A string that need not be given.
pub const OPTIONAL: Rule = optional(Text::Any);
/// The page, from 1.
pub const PAGE: Rule = Rule::Number { least: 1, most: i64::MAX, default: Some(1), sent_less: 0 };
/// A moment or a number that need not be given.
pub const TIME: Rule = Rule::Number { least: 1, most: i64::MAX, default: None, sent_less: 0 };
/// The names of projects and what they are for.
pub const PROJECT_NAME: Text = Text::Of { least: 1, most: 24, set: Set::All };
/// What a project is for; it may be empty.
pub const DESCRIPTION: Text = Text::Of { least: 0, most: 120, set: Set::All };
/// The id of a new device: at most 18 characters on the international site, 32 on that for China since 2026-07.
pub const NEW_DEVICE_ID: Text = Text::Of { least: 1, most: 32, set: Set::LowerCase };
/// "less than 24".
pub const DEVICE_NAME: Text = Text::Of { least: 1, most: 23, set: Set::Name };
/// The password of a device.
pub const DEVICE_TOKEN: Text = Text::Of { least: 16, most: 16, set: Set::Alphanumeric };
/// The kinds of devices.
pub const DEVICE_TYPE: Text = Text::OneOf(&["field", "remote"]);
/// Who may connect to whom.
pub const POLICY_MODE: Text = Text::OneOf(&["black", "white"]);

/// A string of this kind that has to be given.
pub const fn required(text: Text) -> Rule {
    Rule::Text { is_required: true, text }
}

/// A string of this kind that need not be given.
pub const fn optional(text: Text) -> Rule {
    Rule::Text { is_required: false, text }
}

/// Rows a page.
pub const fn page_size(default: i64) -> Rule {
    Rule::Number { least: 1, most: MAX_ELEMENTS, default: Some(default), sent_less: 0 }
}

/// One of the service's numbers from 0 to `most`, plus 100: then 0 can say that none is given, and the number of a state is refused where
/// that of a filter is meant.
pub const fn filter(most: i64) -> Rule {
    Rule::Number { least: 100, most: most + 100, default: None, sent_less: 100 }
}

impl Rule {
    /// What it has to be like, for people: "1 to 24 characters".
    pub fn sentence(&self) -> String {
        match self {
            Rule::Text { text, .. } => text.sentence(),
            Rule::Texts => format!("at least one string, each of 1 to {LONGEST_ID_BYTES} bytes"),
            Rule::Number { least, most: i64::MAX, .. } => format!("{least} or more"),
            Rule::Number { least, most, .. } => format!("{least} to {most}"),
        }
    }

    /// What is to be said of it where it is documented: whether it is required, or what it is by default.
    pub fn remark(&self) -> String {
        let need = match self {
            Rule::Text { is_required: true, .. } | Rule::Texts => "required".to_owned(),
            Rule::Text { .. } => "NULL: not sent".to_owned(),
            Rule::Number { default: Some(default), .. } => format!("0: the default, {default}"),
            Rule::Number { .. } => "0: not sent".to_owned(),
        };
        match self {
            Rule::Text { text: Text::Any, .. } => need,
            _ => format!("{}; {need}", self.sentence()),
        }
    }
}

impl Text {
    fn sentence(&self) -> String {
        match self {
            Text::Any => "a string".to_owned(),
            Text::Of { least, most, set } => {
                let count = if least == most { least.to_string() } else { format!("{least} to {most}") };
                let set = match set {
                    Set::All => "",
                    Set::LowerCase => " of a to z, 0 to 9 and _",
                    Set::Name => "; of the ASCII ones only letters, digits and _",
                    Set::Alphanumeric => " of A to Z, a to z and 0 to 9",
                };
                format!("{count} characters{set}")
            }
            Text::OneOf(words) => {
                let mut sentence = String::new();
                for (index, word) in words.iter().enumerate() {
                    let separator = match index {
                        0 => "",
                        _ if index + 1 == words.len() => " or ",
                        _ => ", ",
                    };
                    // Writing to a string does not fail.
                    let _ = write!(sentence, "{separator}\"{word}\"");
                }
                sentence
            }
        }
    }
}
