//! The requests and answers of every action as Rust types, made from their descriptions. Uses `error`.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::describe::*;
#[cfg(test)]
use super::example;
use super::request::{Action, Parameter, Request, Value};
use super::sink::{Field, Fragment, Kind, Record, Shape, Show, Sink, Slot};
use super::{TypedRequest, devices, licenses, permissions, projects, sessions};
use crate::error::Error;

/// How a field of an answer is kept, which has the lifetime 'a.
macro_rules! field_type {
    (text) => { Cow<'a, str> };
    (texts) => { Vec<Cow<'a, str>> };
    (rows $Row:ident) => { Vec<$Row<'a>> };
    ($number:ident) => { Option<i64> };
}

macro_rules! field_kind {
    (text) => {
        Kind::Text
    };
    (number) => {
        Kind::Number
    };
    (number_or_text) => {
        Kind::NumberOrText
    };
    (texts) => {
        Kind::Texts
    };
    (rows $Row:ident) => {
        Kind::Rows(<$Row<'static> as Record<'static>>::SHAPE)
    };
}

macro_rules! field_slot {
    (text $field:expr) => {
        Slot::Text(&mut $field)
    };
    (number $field:expr) => {
        Slot::Number(&mut $field)
    };
    (number_or_text $field:expr) => {
        Slot::Number(&mut $field)
    };
    (texts $field:expr) => {
        Slot::Texts(&mut $field)
    };
    (rows $field:expr) => {
        Slot::Objects(&mut $field)
    };
}

macro_rules! show_field {
    (text $field:expr, $index:ident, $sink:ident) => { $sink.text($index, Fragment::Passing(&$field)) };
    (number $field:expr, $index:ident, $sink:ident) => {
        if let Some(number) = $field {
            $sink.number($index, number);
        }
    };
    (number_or_text $field:expr, $index:ident, $sink:ident) => { show_field!(number $field, $index, $sink) };
    (texts $field:expr, $index:ident, $sink:ident) => {{
        $sink.begin_list($index);
        $field.iter().for_each(|text| $sink.element($index, Fragment::Passing(text)));
        $sink.end_list($index);
    }};
    (rows $field:expr, $index:ident, $sink:ident) => {{
        $sink.begin_list($index);
        $field.iter().for_each(|row| $sink.object($index, &mut |sink| row.show(sink)));
        $sink.end_list($index);
    }};
}

/// One object of an answer.
macro_rules! record {
    ($(#[doc = $doc:literal])* $Record:ident { $( $(#[doc = $fdoc:literal])* $field:ident: $kind:ident $json:literal $($Row:ident)?, )* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
        pub struct $Record<'a> {
            $( $(#[doc = $fdoc])* pub $field: field_type!($kind $($Row)?), )*
            /// All of them borrow from the answer, those too that have no text.
            answer: PhantomData<&'a [u8]>,
        }

        // The decoder and the buffer keep a bit for every field.
        const _: () = assert!([$( $json ),*].len() <= 32);

        impl<'a> Record<'a> for $Record<'a> {
            const SHAPE: &'static Shape =
                &Shape { fields: &[ $( Field { name: $json, kind: field_kind!($kind $($Row)?) } ),* ] };

            fn slot(&mut self, field: usize) -> Slot<'_, 'a> {
                match Self::SHAPE.fields[field].name {
                    $( $json => field_slot!($kind self.$field), )*
                    _ => Slot::None,
                }
            }
        }

        impl Show for $Record<'_> {
            fn show(&self, sink: &mut dyn Sink<'_>) {
                let mut index = 0;
                $(
                    show_field!($kind self.$field, index, sink);
                    index += 1;
                )*
                let _ = index;
            }
        }
    };
}

/// How a parameter is given. Where there is a text or a list, the request has the lifetime 'a.
macro_rules! parameter_type {
    (number) => { i64 };
    (texts) => { &'a [&'a str] };
    ($text:ident) => { Option<&'a str> };
}

macro_rules! parameter_value {
    (text $parameter:expr) => {
        Value::Text($parameter)
    };
    (secret $parameter:expr) => {
        Value::Text($parameter)
    };
    (texts $parameter:expr) => {
        Value::Texts($parameter.to_vec())
    };
    (number $parameter:expr) => {
        Value::Number($parameter)
    };
}

macro_rules! is_secret {
    (secret) => {
        true
    };
    ($kind:ident) => {
        false
    };
}

macro_rules! effect {
    (reads) => {
        false
    };
    (changes) => {
        true
    };
}

/// Every type of a group of actions.
macro_rules! types {
    (
        records { $(
            $(#[doc = $rdoc:literal])* $Record:ident = $c_record:ident {
                $( $(#[doc = $rfdoc:literal])* $rfield:ident $([$rcount:ident])? : $rkind:ident $rjson:literal, )*
            }
        )* }
        actions { $(
            $(#[doc = $adoc:literal])* $effect:ident $Action:ident = $function:ident, document $document:literal, $rate:literal a second
            $(#[doc = $qdoc:literal])* request $c_request:ident $(<$life:lifetime>)? {
                $( $(#[doc = $pdoc:literal])* $parameter:ident $([$pcount:ident])? : $pkind:ident $pjson:literal, $rule:expr; )*
            }
            $(#[doc = $sdoc:literal])* response $Response:ident = $c_response:ident, $output:ident {
                $( $(#[doc = $fdoc:literal])* $field:ident $([$count:ident])? : $kind:ident $json:literal $(of $Row:ident = $c_row:ident)?, )*
            }
        )* }
    ) => {
        $( record! { $(#[doc = $rdoc])* $Record { $( $(#[doc = $rfdoc])* $rfield: $rkind $rjson, )* } } )*
        $(
            $(#[doc = $qdoc])*
            #[derive(Clone, PartialEq, Eq, Default)]
            pub struct $Action $(<$life>)? {
                $( $(#[doc = $pdoc])* pub $parameter: parameter_type!($pkind), )*
            }

            impl $(<$life>)? TypedRequest for $Action $(<$life>)? {
                const ACTION: &'static Action = &Action {
                    name: stringify!($Action),
                    changes: effect!($effect),
                    parameters: &[ $( Parameter {
                        name: $pjson,
                        field: stringify!($parameter),
                        rule: $rule,
                        is_secret: is_secret!($pkind),
                    } ),* ],
                    response: <$Response<'static> as Record<'static>>::SHAPE,
                };
                type Response<'r> = $Response<'r>;

                fn prepare(&self) -> Result<Request, Error> {
                    Request::new(Self::ACTION, &[ $( parameter_value!($pkind self.$parameter) ),* ])?.if_not_too_large("request")
                }
            }

            record! { $(#[doc = $sdoc])* $Response { $( $(#[doc = $fdoc])* $field: $kind $json $($Row)?, )* } }
        )*
    };
}
licenses::licenses!(types);
projects::projects!(types);
devices::devices!(types);
sessions::sessions!(types);
permissions::permissions!(types);

// What `docs/adding-an-action.md` shows, for the test in `ffi` that adds it.
#[cfg(test)]
example::example!(types);

/// What is known of an action of this name.
macro_rules! actions {
    (
        records { $($records:tt)* }
        actions { $(
            $(#[doc = $adoc:literal])* $effect:ident $Action:ident = $function:ident, document $document:literal, $rate:literal a second
            $(#[doc = $qdoc:literal])* request $c_request:ident $(<$life:lifetime>)? { $($parameters:tt)* }
            $(#[doc = $sdoc:literal])* response $Response:ident = $c_response:ident, $output:ident { $($fields:tt)* }
        )* }
    ) => { &[ $( <$Action as TypedRequest>::ACTION ),* ] };
}

/// Every action that is described.
pub const ACTIONS: [&[&Action]; 5] = [
    licenses::licenses!(actions),
    projects::projects!(actions),
    devices::devices!(actions),
    sessions::sessions!(actions),
    permissions::permissions!(actions),
];
