//! Answers, decoded into whatever has room for them, without a copy of their own. Uses `error`.
//!
//! One decoder goes through the JSON of every action, by the [`Shape`] of its answer; what it finds goes to a [`Sink`]. Rust programs
//! have [`Record`]s, C programs a buffer. Any field may be missing or null; one of another type is refused, and named.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use super::describe::MAX_ELEMENTS;
use crate::error::{Error, Status, printable};

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
pub trait Record<'de> {
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

impl<'de, R: Record<'de> + Default> Objects<'de> for Vec<R> {
    fn add(&mut self, fill: Fill<'_, 'de>) {
        let mut record = R::default();
        fill(&mut record);
        self.push(record);
    }
}

impl<'de, R: Record<'de> + Default> Objects<'de> for Option<R> {
    fn add(&mut self, fill: Fill<'_, 'de>) {
        let mut record = R::default();
        fill(&mut record);
        *self = Some(record);
    }
}

impl<'de, R: Record<'de>> Sink<'de> for R {
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

/// The `Response` of an answer as a Rust value.
pub fn decode<'de, R: Record<'de> + Default>(body: &'de [u8]) -> Result<R, Error> {
    let mut record = R::default();
    decode_into(body, R::SHAPE, &mut record)?;
    Ok(record)
}

/// Decodes the `Response` of an answer. What does not fit is `BadResponse`, naming the field; the sink may have got a part then.
pub fn decode_into<'de>(body: &'de [u8], shape: &'static Shape, sink: &mut dyn Sink<'de>) -> Result<(), Error> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Error::new(Status::BadResponse, "the answer is not an answer of this API: it is not UTF-8"))?;
    let mut path = Path::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Value { wanted: Wanted::Envelope(shape), field: 0, sink, path: &mut path };
    let decoded = seed.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    decoded.map_err(|error| {
        let sentence = match (error.is_data(), path.is_empty()) {
            (true, true) => format!("the answer: {}", without_quoted(&error.to_string())),
            (true, false) => format!("the answer's {path}: {}", without_quoted(&error.to_string())),
            (false, _) => format!("the answer is not JSON: {error}"),
        };
        Error::new(Status::BadResponse, printable(&sentence))
    })
}

/// The message without the string of the answer that it quotes, which may be anything.
fn without_quoted(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}\"...\"{}", &message[..first], &message[last + 1..]),
        _ => message.to_owned(),
    }
}

/// Where in the answer the decoder is. What it fails at it does not leave.
#[derive(Default)]
struct Path {
    steps: [Option<Step>; Path::DEEPEST],
    length: usize,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Element(usize),
}

impl Path {
    /// Response, a list, its element, a list in there, its element.
    const DEEPEST: usize = 6;

    fn enter(&mut self, step: Step) {
        if let Some(place) = self.steps.get_mut(self.length) {
            *place = Some(step);
        }
        self.length += 1;
    }

    fn leave(&mut self) {
        self.length -= 1;
    }

    fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().take(self.length).flatten().enumerate() {
            match step {
                Step::Field(name) if index == 0 => formatter.write_str(name)?,
                Step::Field(name) => write!(formatter, ".{name}")?,
                Step::Element(element) => {
                    formatter.write_char('[')?;
                    element.fmt(formatter)?;
                    formatter.write_char(']')?;
                }
            }
        }
        Ok(())
    }
}

/// What is to come next.
#[derive(Clone, Copy)]
enum Wanted {
    /// The whole answer.
    Envelope(&'static Shape),
    /// An object that has to be there.
    Response(&'static Shape),
    /// The value of a field, or null.
    Field(Kind),
    /// A string of a list.
    Element,
    /// An object of a list.
    Row(&'static Shape),
}

/// One value of the answer. It is the one visitor for all of them: each further one would be code of its own.
struct Value<'s, 'de> {
    wanted: Wanted,
    field: usize,
    sink: &'s mut dyn Sink<'de>,
    path: &'s mut Path,
}

impl<'de> DeserializeSeed<'de> for Value<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Value<'_, 'de> {
    fn string<E: de::Error>(self, text: Fragment<'_, 'de>) -> Result<(), E> {
        let wanted = self.wanted;
        match wanted {
            Wanted::Field(Kind::NumberOrText) => return self.number_in(text.as_str()),
            Wanted::Field(Kind::Text) | Wanted::Element => {}
            _ => return Err(E::invalid_type(Unexpected::Str(text.as_str()), &self)),
        }
        if text.as_str().contains('\0') {
            return Err(E::custom("a string holds a NUL character"));
        }
        match wanted {
            Wanted::Element => self.sink.element(self.field, text),
            _ => self.sink.text(self.field, text),
        }
        Ok(())
    }

    fn number_in<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.is_empty() {
            return Ok(());
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(E::invalid_value(Unexpected::Str(text), &self));
        }
        self.number(text.parse().ok())
    }

    /// `i64::MIN` is no number that the service can mean, and is left free to stand for "absent".
    fn number<E: de::Error>(self, number: Option<i64>) -> Result<(), E> {
        match number {
            Some(number) if number != i64::MIN => {
                self.sink.number(self.field, number);
                Ok(())
            }
            _ => Err(E::custom("a number outside the range of a signed 64-bit integer")),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self.wanted, Wanted::Field(Kind::Number | Kind::NumberOrText))
    }

    fn list<A: SeqAccess<'de>>(self, mut elements: A, wanted: Wanted) -> Result<(), A::Error> {
        let Value { field, sink, path, .. } = self;
        sink.begin_list(field);
        for index in 0..MAX_ELEMENTS as usize {
            path.enter(Step::Element(index));
            let element = Value { wanted, field, sink: &mut *sink, path: &mut *path };
            let is_there = elements.next_element_seed(element)?.is_some();
            path.leave();
            if !is_there {
                sink.end_list(field);
                return Ok(());
            }
        }
        if elements.next_element::<IgnoredAny>()?.is_some() {
            return Err(de::Error::custom(format_args!("a list of more than {MAX_ELEMENTS} elements")));
        }
        sink.end_list(field);
        Ok(())
    }

    fn object<A: MapAccess<'de>>(self, fields: A, shape: &'static Shape) -> Result<(), A::Error> {
        let Value { field, sink, path, .. } = self;
        let mut fields = Some(fields);
        let mut filled = Ok(());
        sink.object(field, &mut |inner| {
            if let Some(fields) = fields.take() {
                filled = read_fields(fields, shape, inner, path);
            }
        });
        filled
    }
}

impl<'de> Visitor<'de> for Value<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.wanted {
            Wanted::Field(Kind::Text) | Wanted::Element => "a string",
            Wanted::Field(Kind::Number) => "a whole number",
            Wanted::Field(Kind::NumberOrText) => "a whole number, or a string that holds one",
            Wanted::Field(Kind::Texts | Kind::Rows(_)) => "a list",
            _ => "an object",
        })
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<(), E> {
        self.string(Fragment::Lasting(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.string(Fragment::Passing(text))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        match self.is_number() {
            true => self.number(Some(number)),
            false => Err(E::invalid_type(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        match self.is_number() {
            true => self.number(i64::try_from(number).ok()),
            false => Err(E::invalid_type(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        match self.wanted {
            Wanted::Field(_) => Ok(()),
            // Refused in here and not by the list, the error names the element.
            Wanted::Element | Wanted::Row(_) => Err(E::custom("a null in a list")),
            Wanted::Envelope(_) | Wanted::Response(_) => Err(E::invalid_type(Unexpected::Unit, &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        match self.wanted {
            Wanted::Field(Kind::Texts) => self.list(elements, Wanted::Element),
            Wanted::Field(Kind::Rows(shape)) => self.list(elements, Wanted::Row(shape)),
            _ => Err(de::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<(), A::Error> {
        match self.wanted {
            Wanted::Envelope(shape) => read_envelope(fields, shape, self.sink, self.path),
            Wanted::Response(shape) => read_fields(fields, shape, self.sink, self.path),
            Wanted::Row(shape) | Wanted::Field(Kind::Object(shape)) => self.object(fields, shape),
            _ => Err(de::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

fn read_envelope<'de, A: MapAccess<'de>>(
    mut fields: A,
    shape: &'static Shape,
    sink: &mut dyn Sink<'de>,
    path: &mut Path,
) -> Result<(), A::Error> {
    const RESPONSE: &str = "Response";
    const ENVELOPE: &[Field] = &[Field { name: RESPONSE, kind: Kind::Text }];
    let mut is_there = false;
    while let Some(field) = fields.next_key_seed(Key(ENVELOPE))? {
        match field {
            None => fields.next_value::<IgnoredAny>().map(drop)?,
            Some(_) if is_there => return Err(de::Error::duplicate_field(RESPONSE)),
            Some(field) => {
                is_there = true;
                path.enter(Step::Field(RESPONSE));
                let wanted = Wanted::Response(shape);
                fields.next_value_seed(Value { wanted, field, sink: &mut *sink, path: &mut *path })?;
                path.leave();
            }
        }
    }
    if is_there { Ok(()) } else { Err(de::Error::missing_field(RESPONSE)) }
}

fn read_fields<'de, A: MapAccess<'de>>(
    mut fields: A,
    shape: &'static Shape,
    sink: &mut dyn Sink<'de>,
    path: &mut Path,
) -> Result<(), A::Error> {
    let mut seen = 0_u32;
    while let Some(field) = fields.next_key_seed(Key(shape.fields))? {
        let Some(field) = field else {
            fields.next_value::<IgnoredAny>()?;
            continue;
        };
        let Field { name, kind } = &shape.fields[field];
        if seen & 1 << field != 0 {
            return Err(de::Error::duplicate_field(name));
        }
        seen |= 1 << field;
        path.enter(Step::Field(name));
        fields.next_value_seed(Value { wanted: Wanted::Field(*kind), field, sink: &mut *sink, path: &mut *path })?;
        path.leave();
    }
    Ok(())
}

/// The name of a field: its place among those that are known.
struct Key(&'static [Field]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|field| field.name == name))
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
