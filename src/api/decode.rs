//! Answers, decoded into whatever has room for them, without a copy of their own. Uses `error`.
//!
//! One decoder goes once through the JSON of an answer to any action. Any field may be missing or null; one of another type is refused,
//! and named.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use super::describe::MAX_ELEMENTS;
use super::plain;
use super::sink::{Field, Fill, Fragment, Kind, Record, Shape, Sink, Slot};
use crate::error::{Error, Status, printable};

/// What of an answer says whether the request was carried out.
#[derive(Debug, Default)]
pub struct Outcome<'de> {
    /// The service refused, or failed.
    pub error: Option<ServiceError<'de>>,
    /// The service's id of the request.
    pub request_id: Cow<'de, str>,
}

/// The `Error` of an answer.
#[derive(Debug, Default)]
pub struct ServiceError<'de> {
    /// One of the service's.
    pub code: Cow<'de, str>,
    /// For people.
    pub message: Cow<'de, str>,
}

impl<'de> Record<'de> for ServiceError<'de> {
    const SHAPE: &'static Shape =
        &Shape { fields: &[Field { name: "Code", kind: Kind::Text }, Field { name: "Message", kind: Kind::Text }] };

    fn slot(&mut self, field: usize) -> Slot<'_, 'de> {
        Slot::Text(if field == 0 { &mut self.code } else { &mut self.message })
    }
}

/// Any answer may have it, and no description says so.
const ERROR: Field = Field { name: "Error", kind: Kind::Object(ServiceError::SHAPE) };
const REQUEST_ID: Field = Field { name: "RequestId", kind: Kind::Text };

/// What says whether a request was carried out, and nothing else of the answer.
pub fn outcome(body: &[u8]) -> Result<Outcome<'_>, Error> {
    decode_into(body, &Shape { fields: &[REQUEST_ID] }, &mut Nowhere)
}

/// The `Response` of an answer as a Rust value.
pub fn decode<'de, R: Record<'de>>(body: &'de [u8]) -> Result<R, Error> {
    let mut record = R::default();
    decode_into(body, R::SHAPE, &mut record)?;
    Ok(record)
}

/// Decodes the `Response` of an answer. What does not fit is `BadResponse`, naming the field; the sink may have got a part then.
pub fn decode_into<'de>(
    body: &'de [u8],
    shape: &'static Shape,
    sink: &mut dyn Sink<'de>,
) -> Result<Outcome<'de>, Error> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Error::new(Status::BadResponse, "the answer is not an answer of this API: it is not UTF-8"))?;
    if let Some(outcome) = decode_plain(text, shape, sink) {
        return Ok(outcome);
    }
    sink.restart();
    decode_any(text, shape, sink)
}

/// Decodes an answer in which nothing is unusual, and `Error` is; `None` for any other.
pub(super) fn decode_plain<'de>(
    text: &'de str,
    shape: &'static Shape,
    sink: &mut dyn Sink<'de>,
) -> Option<Outcome<'de>> {
    let mut outcome = Outcome::default();
    plain::read(text, Names::of_response(shape), &mut Response { shape, sink, outcome: &mut outcome })?;
    outcome.error.is_none().then_some(outcome)
}

/// Decodes any answer, or says what is wrong with it.
pub(super) fn decode_any<'de>(
    text: &'de str,
    shape: &'static Shape,
    sink: &mut dyn Sink<'de>,
) -> Result<Outcome<'de>, Error> {
    let mut path = Path::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut outcome = Outcome::default();
    let mut response = Response { shape, sink, outcome: &mut outcome };
    let seed = Value { wanted: Wanted::Envelope(shape), field: 0, sink: &mut response, path: &mut path };
    let decoded = seed.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    decoded.map(|()| outcome).map_err(|error| {
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

/// The sink of the whole response: takes out of it what says whether the request was carried out.
struct Response<'s, 'de> {
    shape: &'static Shape,
    sink: &'s mut dyn Sink<'de>,
    outcome: &'s mut Outcome<'de>,
}

impl<'de> Sink<'de> for Response<'_, 'de> {
    fn restart(&mut self) {
        self.sink.restart();
    }

    fn text(&mut self, field: usize, text: Fragment<'_, 'de>) {
        if self.shape.fields[field].name == REQUEST_ID.name {
            self.outcome.request_id = text.into_cow();
        }
        self.sink.text(field, text);
    }

    fn number(&mut self, field: usize, number: i64) {
        self.sink.number(field, number);
    }

    fn begin_list(&mut self, field: usize) {
        self.sink.begin_list(field);
    }

    fn element(&mut self, field: usize, text: Fragment<'_, 'de>) {
        self.sink.element(field, text);
    }

    fn object(&mut self, field: usize, fill: Fill<'_, 'de>) {
        if field == self.shape.fields.len() {
            fill(self.outcome.error.insert(ServiceError::default()));
        } else {
            self.sink.object(field, fill);
        }
    }

    fn end_list(&mut self, field: usize) {
        self.sink.end_list(field);
    }
}

/// Keeps nothing.
struct Nowhere;

impl<'de> Sink<'de> for Nowhere {
    fn restart(&mut self) {}

    fn text(&mut self, _: usize, _: Fragment<'_, 'de>) {}

    fn number(&mut self, _: usize, _: i64) {}

    fn begin_list(&mut self, _: usize) {}

    fn element(&mut self, _: usize, _: Fragment<'_, 'de>) {}

    fn object(&mut self, _: usize, fill: Fill<'_, 'de>) {
        fill(self);
    }

    fn end_list(&mut self, _: usize) {}
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
        // Where it stands in the answer as it is, JSON allows none.
        if matches!(text, Fragment::Passing(text) if text.contains('\0')) {
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
                filled = read_fields(fields, Names::of(shape), inner, path);
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
            Wanted::Response(shape) => read_fields(fields, Names::of_response(shape), self.sink, self.path),
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
    const ENVELOPE: Names = Names { fields: &[Field { name: RESPONSE, kind: Kind::Text }], further: None };
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
    names: Names,
    sink: &mut dyn Sink<'de>,
    path: &mut Path,
) -> Result<(), A::Error> {
    let mut seen = 0_u64;
    while let Some(field) = fields.next_key_seed(Key(names))? {
        let Some(field) = field else {
            fields.next_value::<IgnoredAny>()?;
            continue;
        };
        let Some(Field { name, kind }) = names.get(field) else { continue };
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

/// The fields that an object may have.
#[derive(Clone, Copy)]
pub(super) struct Names {
    fields: &'static [Field],
    /// One more, behind them.
    further: Option<&'static Field>,
}

impl Names {
    pub(super) fn of(shape: &'static Shape) -> Names {
        Names { fields: shape.fields, further: None }
    }

    /// Those of a whole response: any may have an `Error`.
    pub(super) fn of_response(shape: &'static Shape) -> Names {
        Names { fields: shape.fields, further: Some(&ERROR) }
    }

    pub(super) fn get(self, field: usize) -> Option<&'static Field> {
        self.fields.get(field).or(self.further)
    }

    /// The place of a name.
    pub(super) fn find(self, name: &str) -> Option<usize> {
        self.fields.iter().chain(self.further).position(|field| field.name == name)
    }
}

/// The name of a field: its place among those that are known.
struct Key(Names);

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
        Ok(self.0.find(name))
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
