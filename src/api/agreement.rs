//! Whether the quick decoder reads an answer as the thorough one does, for tests and the fuzzer. Uses nothing.

use super::decode::{Outcome, decode_any, decode_plain};
use super::sink::{Fill, Fragment, Shape, Sink};

/// Everything that a decoder says, in a line each.
#[derive(Default, Debug, PartialEq)]
pub struct Said(Vec<String>);

impl<'de> Sink<'de> for Said {
    fn restart(&mut self) {
        self.0.clear();
    }

    fn text(&mut self, field: usize, text: Fragment<'_, 'de>) {
        self.0.push(format!("{field} text {:?}", text.as_str()));
    }

    fn number(&mut self, field: usize, number: i64) {
        self.0.push(format!("{field} number {number}"));
    }

    fn begin_list(&mut self, field: usize) {
        self.0.push(format!("{field} list begins"));
    }

    fn element(&mut self, field: usize, text: Fragment<'_, 'de>) {
        self.0.push(format!("{field} element {:?}", text.as_str()));
    }

    fn object(&mut self, field: usize, fill: Fill<'_, 'de>) {
        self.0.push(format!("{field} object begins"));
        fill(self);
        self.0.push(format!("{field} object ends"));
    }

    fn end_list(&mut self, field: usize) {
        self.0.push(format!("{field} list ends"));
    }
}

/// What the quick decoder says, if it accepts the answer.
pub fn plain(answer: &str, shape: &'static Shape) -> Option<(Said, String)> {
    let mut said = Said::default();
    let outcome = decode_plain(answer, shape, &mut said)?;
    Some((said, outcome.request_id.into_owned()))
}

/// Whether the quick decoder accepts it; it must not, if the other one reads it in another way.
pub fn is_accepted(answer: &str, shape: &'static Shape) -> bool {
    let Some(plain) = plain(answer, shape) else { return false };
    let mut said = Said::default();
    match decode_any(answer, shape, &mut said) {
        Ok(Outcome { error: None, request_id }) => assert_eq!(plain, (said, request_id.into_owned()), "{answer}"),
        other => panic!("accepted: {answer}: {other:?}"),
    }
    true
}
