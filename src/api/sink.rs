//! What an answer looks like, and where its fields go. Uses nothing.
//!
//! The decoder goes through an answer by its [`Shape`]; what it finds goes to a [`Sink`]. Rust programs have [`Record`]s, C programs a
//! buffer.

use std::borrow::Cow;

/// What an object of an answer looks like.
#[derive(Debug)]
pub struct Shape {
    /// Its fields, at most 32. Others are passed over.
    pub fields: &'static [Field],
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// As the service calls it.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
}

/// What a field is.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A string. One with a NUL character is refused: no id or name has one, and who reads up to it would see another.
    Text,
    /// A whole number.
    Number,
    /// A whole number, which the service writes as a number or as a string. The empty string is no number.
    NumberOrText,
    /// A list of strings, none of them null.
    Texts,
    /// A list of objects, none of them null.
    Rows(&'static Shape),
    /// An object.
    Object(&'static Shape),
}

/// A string of the answer.
#[derive(Debug, Clone, Copy)]
pub enum Fragment<'t, 'de> {
    /// As it stands in the answer.
    Lasting(&'de str),
    /// With escapes resolved, for the moment.
    Passing(&'t str),
}

impl<'de> Fragment<'_, 'de> {
    /// The string.
    pub fn as_str(&self) -> &str {
        match self {
            Fragment::Lasting(text) | Fragment::Passing(text) => text,
        }
    }

    /// The string, to be kept.
    pub fn into_cow(self) -> Cow<'de, str> {
        match self {
            Fragment::Lasting(text) => Cow::Borrowed(text),
            Fragment::Passing(text) => Cow::Owned(text.to_owned()),
        }
    }
}

/// Where the fields of one object go, each named by its place in the object's [`Shape`]. What is missing or null is not said.
pub trait Sink<'de> {
    /// What was given so far does not count: the object comes again.
    fn restart(&mut self);
    /// A string.
    fn text(&mut self, field: usize, text: Fragment<'_, 'de>);
    /// A number.
    fn number(&mut self, field: usize, number: i64);
    /// A list begins; its elements come next, one after another.
    fn begin_list(&mut self, field: usize);
    /// A string of the list.
    fn element(&mut self, field: usize, text: Fragment<'_, 'de>);
    /// An object, of the list if one has begun: `fill` is to be called once, with the sink for its fields.
    fn object(&mut self, field: usize, fill: Fill<'_, 'de>);
    /// The list ends.
    fn end_list(&mut self, field: usize);
}

/// Gives the fields of an object to a sink.
pub type Fill<'f, 'de> = &'f mut dyn FnMut(&mut dyn Sink<'de>);

/// An object of an answer as a Rust value.
pub trait Record<'de>: Default {
    /// What it looks like.
    const SHAPE: &'static Shape;

    /// Where a field is kept.
    fn slot(&mut self, field: usize) -> Slot<'_, 'de>;
}

/// A [`Record`] that can go where an answer can.
pub trait Show {
    /// Gives its fields to a sink, as the decoder would.
    fn show(&self, sink: &mut dyn Sink<'_>);
}

/// Where a field of a [`Record`] is kept.
pub enum Slot<'s, 'de> {
    /// Missing or null is the empty string.
    Text(&'s mut Cow<'de, str>),
    /// Missing or null is `None`.
    Number(&'s mut Option<i64>),
    /// Missing or null is the empty list.
    Texts(&'s mut Vec<Cow<'de, str>>),
    /// Objects.
    Objects(&'s mut dyn Objects<'de>),
    /// There is no such field.
    None,
}

/// What objects are kept in: a list of them, or the one that there may be.
pub trait Objects<'de> {
    /// One more.
    fn add(&mut self, fill: Fill<'_, 'de>);
}

impl<'de, R: Record<'de>> Objects<'de> for Vec<R> {
    fn add(&mut self, fill: Fill<'_, 'de>) {
        let mut record = R::default();
        fill(&mut record);
        self.push(record);
    }
}

impl<'de, R: Record<'de>> Objects<'de> for Option<R> {
    fn add(&mut self, fill: Fill<'_, 'de>) {
        let mut record = R::default();
        fill(&mut record);
        *self = Some(record);
    }
}

impl<'de, R: Record<'de>> Sink<'de> for R {
    fn restart(&mut self) {
        *self = R::default();
    }

    fn text(&mut self, field: usize, text: Fragment<'_, 'de>) {
        if let Slot::Text(slot) = self.slot(field) {
            *slot = text.into_cow();
        }
    }

    fn number(&mut self, field: usize, number: i64) {
        if let Slot::Number(slot) = self.slot(field) {
            *slot = Some(number);
        }
    }

    fn begin_list(&mut self, _: usize) {}

    fn element(&mut self, field: usize, text: Fragment<'_, 'de>) {
        if let Slot::Texts(slot) = self.slot(field) {
            slot.push(text.into_cow());
        }
    }

    fn object(&mut self, field: usize, fill: Fill<'_, 'de>) {
        if let Slot::Objects(slot) = self.slot(field) {
            slot.add(fill);
        }
    }

    fn end_list(&mut self, _: usize) {}
}
