//! The typed calls: the C structs and functions of every action, made from their descriptions. Uses `api`, `client`.
//!
//! cbindgen does not look into macros, so that build.rs reads the same descriptions for the header; `tests/abi` and the tests of this
//! file hold the two together.

use std::ffi::{c_char, c_void};
use std::mem::{offset_of, size_of};

use super::arguments::InputSize;
use super::call::{Binding, LARGEST_REQUEST, ParameterPlace, RequestLayout, call, refuse_call};
use super::client::trro_client;
use super::error::{trro_error, trro_status};
use super::layout::{Laid, Layout, Place};
use crate::api::{self, TypedRequest, devices, licenses, permissions, projects, sessions};

/// One struct of an answer.
macro_rules! laid_struct {
    // A field of the struct, or the two of a list.
    (@fields [$($done:tt)*] { $(#[doc = $doc:literal])* $field:ident: text, $($rest:tt)* } $then:tt) => {
        laid_struct! { @fields [$($done)* $(#[doc = $doc])* pub $field: *const c_char,] { $($rest)* } $then }
    };
    (@fields [$($done:tt)*] { $(#[doc = $doc:literal])* $field:ident: number, $($rest:tt)* } $then:tt) => {
        laid_struct! { @fields [$($done)* $(#[doc = $doc])* pub $field: i64,] { $($rest)* } $then }
    };
    (@fields [$($done:tt)*] { $(#[doc = $doc:literal])* $field:ident: number_or_text, $($rest:tt)* } $then:tt) => {
        laid_struct! { @fields [$($done)* $(#[doc = $doc])* pub $field: i64,] { $($rest)* } $then }
    };
    (@fields [$($done:tt)*] { $(#[doc = $doc:literal])* $field:ident[$count:ident]: texts, $($rest:tt)* } $then:tt) => {
        laid_struct! { @fields [
            $($done)*
            $(#[doc = $doc])* pub $field: *const *const c_char,
            /// How many there are.
            pub $count: usize,
        ] { $($rest)* } $then }
    };
    (@fields [$($done:tt)*] { $(#[doc = $doc:literal])* $field:ident[$count:ident]: rows $row:ident, $($rest:tt)* } $then:tt) => {
        laid_struct! { @fields [
            $($done)*
            $(#[doc = $doc])* pub $field: *const *const $row,
            /// How many there are.
            pub $count: usize,
        ] { $($rest)* } $then }
    };
    (@fields [$($fields:tt)*] {} { $(#[doc = $doc:literal])* $name:ident }) => {
        $(#[doc = $doc])*
        #[repr(C)]
        pub struct $name {
            $($fields)*
        }
    };
    ($(#[doc = $doc:literal])* $name:ident {
        $( $(#[doc = $fdoc:literal])* $field:ident $([$count:ident])? : $kind:ident $($row:ident)?, )*
    }) => {
        laid_struct! { @fields [] { $( $(#[doc = $fdoc])* $field $([$count])? : $kind $($row)?, )* } { $(#[doc = $doc])* $name } }

        impl Laid for $name {
            const LAYOUT: &'static Layout = &Layout {
                size: size_of::<$name>(),
                fields: &[ $( place!($kind $name, $field $($count)? $($row)?) ),* ],
            };
        }
    };
}

macro_rules! place {
    (text $name:ident, $field:ident) => {
        Place::Text { at: offset_of!($name, $field) }
    };
    (number $name:ident, $field:ident) => {
        Place::Number { at: offset_of!($name, $field) }
    };
    (number_or_text $name:ident, $field:ident) => {
        Place::Number { at: offset_of!($name, $field) }
    };
    (texts $name:ident, $field:ident $count:ident) => {
        Place::Texts { at: offset_of!($name, $field), count_at: offset_of!($name, $count) }
    };
    (rows $name:ident, $field:ident $count:ident $row:ident) => {
        Place::Rows { at: offset_of!($name, $field), count_at: offset_of!($name, $count), row: <$row as Laid>::LAYOUT }
    };
}

/// One struct that the caller fills in.
macro_rules! request_struct {
    (@fields [$($done:tt)*] { $(#[doc = $doc:literal])* $field:ident: number, $($rest:tt)* } $then:tt) => {
        request_struct! { @fields [$($done)* $(#[doc = $doc])* pub $field: i64,] { $($rest)* } $then }
    };
    (@fields [$($done:tt)*] { $(#[doc = $doc:literal])* $field:ident[$count:ident]: texts, $($rest:tt)* } $then:tt) => {
        request_struct! { @fields [
            $($done)*
            $(#[doc = $doc])* pub $field: *const *const c_char,
            /// How many there are.
            pub $count: usize,
        ] { $($rest)* } $then }
    };
    // A text or a secret.
    (@fields [$($done:tt)*] { $(#[doc = $doc:literal])* $field:ident: $kind:ident, $($rest:tt)* } $then:tt) => {
        request_struct! { @fields [$($done)* $(#[doc = $doc])* pub $field: *const c_char,] { $($rest)* } $then }
    };
    (@fields [$($fields:tt)*] {} { $(#[doc = $doc:literal])* $name:ident }) => {
        $(#[doc = $doc])*
        #[repr(C)]
        pub struct $name {
            /// Its size, by its macro.
            pub struct_size: usize,
            $($fields)*
            /// For this call.
            pub deadline_ms: u32,
            /// Must be 0.
            pub reserved: u32,
        }
    };
    ($(#[doc = $doc:literal])* $name:ident { $( $(#[doc = $fdoc:literal])* $field:ident $([$count:ident])? : $kind:ident, )* }) => {
        request_struct! { @fields [] { $( $(#[doc = $fdoc])* $field $([$count])? : $kind, )* } { $(#[doc = $doc])* $name } }

        // Padding at its end would be an old caller's garbage in a new field.
        const _: () = assert!(offset_of!($name, reserved) + size_of::<u32>() == size_of::<$name>());

        impl $name {
            const LAYOUT: RequestLayout = {
                assert!(size_of::<$name>() <= LARGEST_REQUEST);
                RequestLayout {
                    size: InputSize {
                        init: concat!(stringify!($name), "_INIT"),
                        first: size_of::<$name>(),
                        size: size_of::<$name>(),
                        alignment: align_of::<$name>(),
                    },
                    parameters: &[ $( parameter_place!($kind $name, $field $($count)?) ),* ],
                    deadline_ms_at: offset_of!($name, deadline_ms),
                    reserved_at: offset_of!($name, reserved),
                }
            };
        }
    };
}

macro_rules! parameter_place {
    (number $name:ident, $field:ident) => {
        ParameterPlace::Number { at: offset_of!($name, $field) }
    };
    (texts $name:ident, $field:ident $count:ident) => {
        ParameterPlace::Texts { at: offset_of!($name, $field), count_at: offset_of!($name, $count) }
    };
    ($kind:ident $name:ident, $field:ident) => {
        ParameterPlace::Text { at: offset_of!($name, $field) }
    };
}

/// Every struct and function of a group of actions.
macro_rules! bindings {
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
        $( laid_struct! { $(#[doc = $rdoc])* $c_record { $( $(#[doc = $rfdoc])* $rfield $([$rcount])? : $rkind, )* } } )*
        $(
            request_struct! { $(#[doc = $qdoc])* $c_request { $( $(#[doc = $pdoc])* $parameter $([$pcount])? : $pkind, )* } }
            laid_struct! {
                $(#[doc = $sdoc])* $c_response { $( $(#[doc = $fdoc])* $field $([$count])? : $kind $($c_row)?, )* }
            }

            $(#[doc = $adoc])*
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $function(
                client: *const trro_client,
                request: *const $c_request,
                buffer: *mut c_void,
                buffer_size: usize,
                $output: *mut *const $c_response,
                needed_size: *mut usize,
                error: *mut trro_error,
            ) -> trro_status {
                const BINDING: Binding = Binding {
                    action: <api::$Action as TypedRequest>::ACTION,
                    request: $c_request::LAYOUT,
                    response: <$c_response as Laid>::LAYOUT,
                    output: stringify!($output),
                };
                // SAFETY: what C passes is as the header says.
                unsafe {
                    if const { !is_built_in(stringify!($function)) } {
                        return refuse_call($output.cast(), needed_size, error);
                    }
                    call(&BINDING, client, request.cast(), buffer, buffer_size, $output.cast(), needed_size, error)
                }
            }
        )*
    };
}

/// Whether this build has that typed call.
const fn is_built_in(function: &str) -> bool {
    const ALWAYS: [&str; 2] = ["trro_get_devices", "trro_get_device_license"];
    cfg!(feature = "actions") || is_same(function, ALWAYS[0]) || is_same(function, ALWAYS[1])
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

licenses::licenses!(bindings);
projects::projects!(bindings);
devices::devices!(bindings);
sessions::sessions!(bindings);
permissions::permissions!(bindings);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::example;
    use crate::client::Client;
    use crate::config::Config;
    use crate::credentials::Credentials;
    use crate::ffi::callback::Identity;
    use crate::ffi::{free, into_handle};
    use std::ffi::CStr;
    use std::ptr;

    example::example!(bindings);

    const DESCRIPTION: &str = include_str!("../../docs/adding-an-action.rs");
    const PAGE: &str = include_str!("../../docs/adding-an-action.md");

    #[test]
    #[cfg_attr(not(feature = "actions"), ignore = "it is a typed call, which this build does not have")]
    fn an_action_is_added_by_its_description() {
        let server = emulator::Emulator::start(emulator::Options::default()).unwrap();
        let credentials = Credentials::new(emulator::SECRET_ID, emulator::SECRET_KEY, None).unwrap();
        let endpoint = server.url();
        let config = Config { credentials: Some(credentials), endpoint: Some(&endpoint), ..Config::default() };
        let client = into_handle(trro_client::new(Client::new(config).unwrap(), Identity::new()));
        let request = trro_bound_licenses_request {
            struct_size: size_of::<trro_bound_licenses_request>(),
            count: 2,
            device_id: c"field_unbound".as_ptr(),
            project_id: c"m82k5408n675phvb".as_ptr(),
            deadline_ms: 0,
            reserved: 0,
        };
        let mut buffer = vec![0_u8; 16 * 1024];
        let (mut bound, mut error) = (ptr::null(), trro_error::default());
        let bound = unsafe {
            let (room, size) = (buffer.as_mut_ptr().cast(), buffer.len());
            let status = trro_bound_licenses(client, &request, room, size, &mut bound, ptr::null_mut(), &mut error);
            assert_eq!(status, 0, "{:?}", CStr::from_ptr(error.message.as_ptr()));
            free(client);
            CStr::from_ptr((*bound).request_id)
        };
        assert!(!bound.is_empty());
        let sent = String::from_utf8(server.statistics().requests[0].body.clone()).unwrap();
        assert_eq!(sent, r#"{"Count":2,"DeviceId":"field_unbound","ProjectId":"m82k5408n675phvb"}"#);
    }

    #[test]
    fn the_page_shows_the_description_and_its_length() {
        let shown = PAGE.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
        assert!(DESCRIPTION.contains(shown));
        let lines = shown.lines().count();
        assert!(lines <= 40 && PAGE.contains(&format!("of `src` that it takes: {lines}.")), "{lines}");
    }

    /// The structs of a group as they are here: each with its size, and its fields with their offsets.
    macro_rules! structs {
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
            vec![
                $( layout!($c_record: $($rfield $($rcount)?)*), )*
                $(
                    layout!($c_request: struct_size $($parameter $($pcount)?)* deadline_ms reserved),
                    layout!($c_response: $($field $($count)?)*),
                )*
            ]
        };
    }

    macro_rules! layout {
        ($name:ident: $($field:ident)*) => {
            [
                format!("{} {}\n", stringify!($name), size_of::<$name>()),
                $( format!("    {} {}\n", stringify!($field), offset_of!($name, $field)), )*
            ]
            .concat()
        };
    }

    /// What a C compiler makes of the header is recorded, and checked by a test of its own.
    #[test]
    fn the_structs_are_those_of_the_header() {
        let recorded = match usize::BITS {
            64 => include_str!("../../tests/abi/layout-64.txt"),
            _ => include_str!("../../tests/abi/layout-32.txt"),
        };
        let groups = [
            licenses::licenses!(structs),
            projects::projects!(structs),
            devices::devices!(structs),
            sessions::sessions!(structs),
            permissions::permissions!(structs),
        ];
        for layout in groups.into_iter().flatten() {
            assert!(recorded.contains(&layout), "recorded is something else than\n{layout}");
        }
    }
}
