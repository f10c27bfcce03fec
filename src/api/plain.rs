//! Answers as the service writes them, read quickly. Uses nothing.
//!
//! Of JSON it knows what the service sends: strings, whole numbers, lists, objects, null. At anything else it gives up, and serde_json,
//! which knows all of it, reads the answer from the start or says what is wrong. So nothing is accepted here that is not read there in
//! the same way: the tests hold the two against each other. Escapes are serde_json's in any case.

use std::borrow::Cow;

use super::decode::Names;
use super::describe::MAX_ELEMENTS;
use super::sink::{Field, Fragment, Kind, Sink};

/// How deep a value may be nested that nobody asked for.
const DEEPEST_UNKNOWN: u32 = 8;
/// As many digits fit into an `i64`, whatever they are.
const MOST_DIGITS: usize = 18;

/// Gives the fields of the `Response` of an answer to a sink. `None` is that it has given up, and the sink may have got a part.
pub(super) fn read<'de>(answer: &'de str, names: Names, sink: &mut dyn Sink<'de>) -> Option<()> {
    let mut reader = Reader { text: answer, bytes: answer.as_bytes(), position: 0 };
    reader.expect(b'{')?;
    reader.expect(b'"')?;
    if !reader.take_name("Response") {
        return None;
    }
    reader.expect(b':')?;
    reader.object(names, sink)?;
    reader.expect(b'}')?;
    reader.skip_blanks();
    (reader.position == answer.len()).then_some(())
}

// What is marked as inline is: the crate is compiled for size, and a call for each byte would be most of the work.
struct Reader<'de> {
    text: &'de str,
    /// The same.
    bytes: &'de [u8],
    position: usize,
}

impl<'de> Reader<'de> {
    fn object(&mut self, names: Names, sink: &mut dyn Sink<'de>) -> Option<()> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Some(());
        }
        let mut seen = 0_u64;
        loop {
            // The service sends them in the order of its documents, mostly.
            let expected = seen.trailing_ones() as usize;
            match self.field_name(names, expected)? {
                Some((field, description)) if seen & 1 << field == 0 => {
                    seen |= 1 << field;
                    self.expect(b':')?;
                    self.field(field, description, sink)?;
                }
                Some(_) => return None,
                None => {
                    self.expect(b':')?;
                    self.unknown(DEEPEST_UNKNOWN)?;
                }
            }
            if self.is_last(b'}')? {
                return Some(());
            }
        }
    }

    /// The name of a field, which is most likely the expected one; `None` inside is one that is not known.
    fn field_name(&mut self, names: Names, expected: usize) -> Option<Option<(usize, &'static Field)>> {
        self.expect(b'"')?;
        if let Some(field) = names.get(expected) {
            if self.take_name(field.name) {
                return Some(Some((expected, field)));
            }
        }
        let name = self.rest_of_plain_string()?;
        Some(names.find(name).and_then(|field| Some((field, names.get(field)?))))
    }

    fn field(&mut self, field: usize, description: &Field, sink: &mut dyn Sink<'de>) -> Option<()> {
        match (description.kind, self.peek()?) {
            (_, b'n') => self.null()?,
            (Kind::Text, _) => sink.text(field, fragment(&self.string()?)?),
            (Kind::Number, _) | (Kind::NumberOrText, b'-' | b'0'..=b'9') => sink.number(field, self.number()?),
            (Kind::NumberOrText, _) => {
                self.number_in_string()?.into_iter().for_each(|number| sink.number(field, number))
            }
            (Kind::Texts, _) => {
                sink.begin_list(field);
                self.list(&mut |reader| {
                    sink.element(field, fragment(&reader.string()?)?);
                    Some(())
                })?;
                sink.end_list(field);
            }
            (Kind::Rows(shape), _) => {
                sink.begin_list(field);
                self.list(&mut |reader| reader.row(field, Names::of(shape), sink))?;
                sink.end_list(field);
            }
            (Kind::Object(shape), _) => self.row(field, Names::of(shape), sink)?,
        }
        Some(())
    }

    fn row(&mut self, field: usize, names: Names, sink: &mut dyn Sink<'de>) -> Option<()> {
        let mut read = None;
        sink.object(field, &mut |inner| read = self.object(names, inner));
        read
    }

    fn list(&mut self, element: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(b'[')?;
        if self.take(b']') {
            return Some(());
        }
        for _ in 0..MAX_ELEMENTS {
            element(self)?;
            if self.is_last(b']')? {
                return Some(());
            }
        }
        None
    }

    /// Whether the end comes next, and not a comma and more.
    #[inline(always)]
    fn is_last(&mut self, end: u8) -> Option<bool> {
        let next = self.peek()?;
        self.position += 1;
        (next == b',' || next == end).then_some(next == end)
    }

    /// Passes over what nobody asked for.
    fn unknown(&mut self, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => {
                self.expect(b'{')?;
                if self.take(b'}') {
                    return Some(());
                }
                loop {
                    self.expect(b'"')?;
                    self.rest_of_plain_string()?;
                    self.expect(b':')?;
                    self.unknown(depth)?;
                    if self.is_last(b'}')? {
                        return Some(());
                    }
                }
            }
            b'[' => self.list(&mut |reader| reader.unknown(depth)),
            b'n' => self.null(),
            _ => self.number().map(drop),
        }
    }

    #[inline(always)]
    fn string(&mut self) -> Option<Cow<'de, str>> {
        self.expect(b'"')?;
        let start = self.position;
        if let Some(plain) = self.rest_of_plain_string() {
            return Some(Cow::Borrowed(plain));
        }
        while self.take_here(b'\\') {
            // Whatever it stands for, it does not end the string.
            self.position += 1;
            self.position += plain_length(self.bytes.get(self.position..)?);
        }
        if !self.take_here(b'"') {
            return None;
        }
        serde_json::from_str(self.text.get(start - 1..self.position)?).ok().map(Cow::Owned)
    }

    /// A string without escapes, from behind its first quotation mark.
    #[inline(always)]
    fn rest_of_plain_string(&mut self) -> Option<&'de str> {
        let start = self.position;
        self.position += plain_length(self.bytes.get(start..)?);
        let plain = self.text.get(start..self.position)?;
        self.take_here(b'"').then_some(plain)
    }

    #[inline(always)]
    fn number(&mut self) -> Option<i64> {
        let start = self.position;
        let number = self.digits()?;
        // JSON has no further zeros in front, and to serde_json a zero with a minus is a fraction.
        match self.bytes.get(start..self.position)? {
            [b'-', b'0', ..] | [b'0', _, ..] => None,
            _ => Some(number),
        }
    }

    /// The number in a string; `None` inside is the empty one.
    #[inline(always)]
    fn number_in_string(&mut self) -> Option<Option<i64>> {
        self.expect(b'"')?;
        if self.take_here(b'"') {
            return Some(None);
        }
        let number = self.digits()?;
        self.take_here(b'"').then_some(Some(number))
    }

    /// A few digits, with or without a minus.
    #[inline(always)]
    fn digits(&mut self) -> Option<i64> {
        let is_negative = self.take_here(b'-');
        let (mut number, mut length) = (0_i64, 0);
        for byte in self.bytes.get(self.position..)? {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
            length += 1;
        }
        self.position += length;
        // More of them may be more than there is room for.
        (1..=MOST_DIGITS).contains(&length).then_some(if is_negative { number.wrapping_neg() } else { number })
    }

    fn null(&mut self) -> Option<()> {
        let is_null = self.bytes.get(self.position..)?.starts_with(b"null");
        self.position += "null".len();
        is_null.then_some(())
    }

    fn skip_blanks(&mut self) {
        while matches!(self.bytes.get(self.position), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.position += 1;
        }
    }

    #[inline(always)]
    fn peek(&mut self) -> Option<u8> {
        if matches!(self.bytes.get(self.position), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.skip_blanks();
        }
        self.bytes.get(self.position).copied()
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    #[inline(always)]
    fn take(&mut self, byte: u8) -> bool {
        self.take_here(byte) || self.take_behind_blanks(byte)
    }

    fn take_behind_blanks(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        self.take_here(byte)
    }

    #[inline(always)]
    fn take_here(&mut self, byte: u8) -> bool {
        let is_there = self.bytes.get(self.position) == Some(&byte);
        self.position += usize::from(is_there);
        is_there
    }

    /// This name and the quotation mark behind it.
    #[inline(always)]
    fn take_name(&mut self, name: &str) -> bool {
        let end = self.position + name.len();
        let is_there = self.bytes.get(end) == Some(&b'"') && self.bytes[self.position..end] == *name.as_bytes();
        if is_there {
            self.position = end + 1;
        }
        is_there
    }
}

/// As it goes to a sink. A string with a NUL is refused, by the other decoder.
#[inline(always)]
fn fragment<'t, 'de>(text: &'t Cow<'de, str>) -> Option<Fragment<'t, 'de>> {
    match text {
        Cow::Borrowed(text) => Some(Fragment::Lasting(text)),
        Cow::Owned(text) => (!text.contains('\0')).then_some(Fragment::Passing(text)),
    }
}

/// How many bytes of a string stand for themselves: up to a quotation mark, a backslash or a control character. Eight at a time, by the
/// well-known test for a zero byte in a word.
fn plain_length(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::MAX / 255;
    let zero_bytes = |word: u64| word.wrapping_sub(EACH) & !word;
    let mut length = 0;
    for eight in bytes.chunks_exact(8) {
        let Ok(eight) = eight.try_into() else { break };
        let word = u64::from_le_bytes(eight);
        let controls = word.wrapping_sub(EACH * u64::from(b' ')) & !word;
        let quotes = zero_bytes(word ^ (EACH * u64::from(b'"')));
        let backslashes = zero_bytes(word ^ (EACH * u64::from(b'\\')));
        let found = (controls | quotes | backslashes) & (EACH << 7);
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let ends = |byte: &u8| matches!(byte, ..b' ' | b'"' | b'\\');
    length + bytes[length..].iter().position(ends).unwrap_or(bytes.len() - length)
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
