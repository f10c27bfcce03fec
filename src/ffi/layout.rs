//! Answers in the caller's buffer: where the fields of an object go in its C struct. Uses `api`.

use std::ffi::{c_char, c_void};

use super::actions::TRRO_ABSENT;
use super::arena::{Arena, Mark};
use crate::api::sink::{Fill, Fragment, Sink};

/// A C struct of an answer, field by field, in the order of the [shape](crate::api::sink::Shape) that it holds.
pub struct Layout {
    pub size: usize,
    pub fields: &'static [Place],
}

/// Where a field is in its struct: offsets in bytes.
pub enum Place {
    Text { at: usize },
    Number { at: usize },
    Texts { at: usize, count_at: usize },
    Rows { at: usize, count_at: usize, row: &'static Layout },
}

/// Of the lists that are open at a time: for a page of the usual size no more room has to be made.
const USUAL_ELEMENTS: usize = 128;

/// A struct with a [`Layout`].
pub trait Laid {
    const LAYOUT: &'static Layout;
}

/// One struct in the buffer, and what is to be pointed at.
pub struct Object<'a> {
    arena: &'a mut Arena,
    /// The elements of the lists that have begun: where they are is written behind the last one.
    elements: &'a mut Vec<*const c_void>,
    layout: &'static Layout,
    /// How full the arena was before.
    mark: Mark,
    /// NULL where there is no room.
    start: *mut u8,
    /// A bit for every field that has been said.
    said: u32,
    /// Where in `elements` the list begins that has begun.
    list_begins: usize,
}

impl<'a> Object<'a> {
    pub fn new(arena: &'a mut Arena, elements: &'a mut Vec<*const c_void>, layout: &'static Layout) -> Object<'a> {
        let mark = arena.mark();
        let start = arena.reserve_struct(layout.size);
        Object { arena, elements, layout, mark, start, said: 0, list_begins: 0 }
    }

    /// Says of what the service did not say that it is absent, and where the struct is.
    pub fn finish(mut self) -> *const c_void {
        for (field, place) in self.layout.fields.iter().enumerate() {
            if self.said & 1 << field != 0 {
                continue;
            }
            match *place {
                Place::Text { at } => {
                    let empty = self.arena.text("");
                    self.write(at, empty);
                }
                Place::Number { at } => self.write(at, TRRO_ABSENT),
                Place::Texts { at, count_at } | Place::Rows { at, count_at, .. } => {
                    let none = self.arena.reserve::<*const c_void>(0).as_ptr();
                    self.write(at, none);
                    self.write(count_at, 0_usize);
                }
            }
        }
        self.start.cast()
    }

    fn write<T>(&mut self, at: usize, value: T) {
        if !self.start.is_null() {
            // SAFETY: the struct has room for its fields, and `at` is the offset of one of this type.
            unsafe { self.start.add(at).cast::<T>().write(value) }
        }
    }

    fn say<T>(&mut self, field: usize, at: usize, value: T) {
        self.said |= 1 << field;
        self.write(at, value);
    }
}

impl<'de> Sink<'de> for Object<'_> {
    fn restart(&mut self) {
        self.arena.back_to(self.mark);
        self.elements.clear();
        self.start = self.arena.reserve_struct(self.layout.size);
        self.said = 0;
    }

    fn text(&mut self, field: usize, text: Fragment<'_, 'de>) {
        if let Place::Text { at } = self.layout.fields[field] {
            let text: *const c_char = self.arena.text(text.as_str());
            self.say(field, at, text);
        }
    }

    fn number(&mut self, field: usize, number: i64) {
        if let Place::Number { at } = self.layout.fields[field] {
            self.say(field, at, number);
        }
    }

    fn begin_list(&mut self, _: usize) {
        self.list_begins = self.elements.len();
    }

    fn element(&mut self, _: usize, text: Fragment<'_, 'de>) {
        let text = self.arena.text(text.as_str());
        self.elements.push(text.cast());
    }

    fn object(&mut self, field: usize, fill: Fill<'_, 'de>) {
        if let Place::Rows { row, .. } = self.layout.fields[field] {
            let mut object = Object::new(self.arena, self.elements, row);
            fill(&mut object);
            let row = object.finish();
            self.elements.push(row);
        }
    }

    fn end_list(&mut self, field: usize) {
        let count = self.elements.len() - self.list_begins;
        let list = self.arena.reserve::<*const c_void>(count);
        for (index, element) in self.elements.drain(self.list_begins..).enumerate() {
            list.write(index, element);
        }
        if let Place::Texts { at, count_at } | Place::Rows { at, count_at, .. } = self.layout.fields[field] {
            self.say(field, at, list.as_ptr());
            self.write(count_at, count);
        }
    }
}

/// Lays one object out; `fill` gives its fields to a sink. NULL where there is no room; and what `fill` gives.
pub fn lay_out<T, E>(
    arena: &mut Arena,
    layout: &'static Layout,
    fill: impl FnOnce(&mut Object<'_>) -> Result<T, E>,
) -> Result<(*const c_void, T), E> {
    let mut elements = Vec::with_capacity(USUAL_ELEMENTS);
    let mut object = Object::new(arena, &mut elements, layout);
    let filled = fill(&mut object)?;
    Ok((object.finish(), filled))
}
