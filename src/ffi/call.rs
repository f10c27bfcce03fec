//! What every call of an action comes to: the request is read from its C struct, and the answer is laid out in the caller's buffer.
//! Uses `api`, `client`, `error`.

use std::ffi::{c_char, c_void};
use std::ptr;

use super::arena::Arena;
use super::arguments::{InputSize, check_buffer, copy_input, line, number, refuse, required_line};
use super::client::trro_client;
use super::error::{trro_error, trro_status};
use super::layout::{Layout, Object, lay_out};
use super::{Attempts, fallible, internal, on_client, put, stop_panic, too_small};
use crate::api;
use crate::api::decode::decode_into;
use crate::api::describe::{MAX_ELEMENTS, Rule, Text};
use crate::api::request::{Action, Parameter, Request, Value};
use crate::client::Client;
use crate::error::{Error, Status};

/// What the answer to a call that changes something takes at most, but for what it says of each id that was sent. TRRO_CHANGE_BUFFER_SIZE
/// in the header says the same.
const CHANGE_BYTES: usize = 16 * 1024;
/// What it takes for each of them.
const CHANGE_BYTES_OF_AN_ID: usize = 64;

const REQUEST_WORDS: usize = 16;
/// No request is larger.
pub const LARGEST_REQUEST: usize = REQUEST_WORDS * size_of::<u64>();

/// An action in C.
pub struct Binding {
    pub action: &'static Action,
    pub request: RequestLayout,
    pub response: &'static Layout,
    /// The name of the argument that the answer goes to.
    pub output: &'static str,
}

/// The struct of a request.
pub struct RequestLayout {
    pub size: InputSize,
    pub parameters: &'static [ParameterPlace],
    pub deadline_ms_at: usize,
    pub reserved_at: usize,
}

/// Where a parameter is in the struct of its request: offsets in bytes.
pub enum ParameterPlace {
    Text { at: usize },
    Number { at: usize },
    Texts { at: usize, count_at: usize },
}

/// The bytes of a request's struct.
struct Given([u64; REQUEST_WORDS]);

impl Given {
    unsafe fn read<T: Copy>(&self, at: usize) -> T {
        // SAFETY: the caller vouches that there is a value of this type.
        unsafe { self.0.as_ptr().cast::<u8>().add(at).cast::<T>().read() }
    }
}

impl RequestLayout {
    /// Copies the struct, and takes the values of its parameters: strings stay where C has them. Tells the deadline.
    unsafe fn read<'a>(
        &self,
        request: *const c_void,
        parameters: &[Parameter],
        values: &mut [Value<'a>],
    ) -> Result<Option<u32>, Error> {
        const { assert!(align_of::<u64>() >= align_of::<usize>()) };
        let mut given = Given([0; REQUEST_WORDS]);
        // SAFETY: what C passes is as the header says; every place is inside of the struct, and of its type.
        unsafe {
            copy_input(request.cast(), given.0.as_mut_ptr().cast(), &self.size, "request")?;
            refuse(given.read::<u32>(self.reserved_at) != 0, "request->reserved")?;
            for ((parameter, place), value) in parameters.iter().zip(self.parameters).zip(values) {
                *value = match *place {
                    ParameterPlace::Number { at } => Value::Number(given.read(at)),
                    ParameterPlace::Text { at } => Value::Text(string(given.read(at), parameter)?),
                    ParameterPlace::Texts { at, count_at } => {
                        Value::Texts(strings(given.read(at), given.read(count_at), parameter)?)
                    }
                };
            }
            Ok(number(given.read(self.deadline_ms_at)))
        }
    }
}

/// A string of a request; an empty one only where that means something.
unsafe fn string<'a>(pointer: *const c_char, parameter: &Parameter) -> Result<Option<&'a str>, Error> {
    let may_be_empty = matches!(parameter.rule, Rule::Text { text: Text::Of { least: 0, .. }, .. });
    // SAFETY: what C passes is as the header says.
    unsafe {
        if may_be_empty && !pointer.is_null() && pointer.read() == 0 {
            return Ok(Some(""));
        }
        match pointer.is_null() {
            true => Ok(None),
            false => line(pointer, &format!("request->{}", parameter.field)),
        }
    }
}

/// The strings of a list; none of them may be missing.
unsafe fn strings<'a>(
    pointers: *const *const c_char,
    count: usize,
    parameter: &Parameter,
) -> Result<Vec<&'a str>, Error> {
    let name = format!("request->{}", parameter.field);
    if pointers.is_null() || count == 0 {
        return match count {
            0 => Ok(Vec::new()),
            _ => Err(Error::invalid_argument(&name, "is NULL, and its count is not 0")),
        };
    }
    if count > MAX_ELEMENTS as usize {
        let fault = format!("has {count} elements, and not {} or less", MAX_ELEMENTS);
        return Err(Error::invalid_argument(&name, fault));
    }
    let element = |index: usize| {
        // SAFETY: the caller has `count` of them. C may keep them at any address.
        unsafe { required_line(pointers.add(index).read_unaligned(), &format!("{name}[{index}]")) }
    };
    (0..count).map(element).collect()
}

/// What every typed call comes to.
#[expect(clippy::too_many_arguments, reason = "those of the C function, and which it is")]
pub unsafe fn call(
    binding: &'static Binding,
    client: *const trro_client,
    request: *const c_void,
    buffer: *mut c_void,
    buffer_size: usize,
    result: *mut *const c_void,
    needed_size: *mut usize,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(result, ptr::null());
        put(needed_size, 0);
        on_client(client, error, |client| {
            let Binding { action, request: layout, response, output } = binding;
            let named = |error: Error| error.inside("request->");
            let mut values = [const { Value::Number(0) }; REQUEST_WORDS];
            let values = &mut values[..action.parameters.len()];
            let deadline_ms = layout.read(request, action.parameters, values)?;
            let request = Request::new(action, values).map_err(named)?.if_not_too_large("request")?;
            client.deadline(deadline_ms).map_err(named)?;
            if result.is_null() {
                return Err(Error::invalid_argument(output, "is NULL"));
            }
            let room = Room { buffer, size: buffer_size, needed_size };
            let lay_out = |body: &[u8]| {
                let mut arena = Arena::new(buffer, buffer_size);
                let fill = |object: &mut Object<'_>| decode_into(body, action.response, object);
                let (laid_out, outcome) = lay_out(&mut arena, response, fill)?;
                Ok((api::carried_out(&outcome), (laid_out, arena.finish())))
            };
            let (laid_out, attempts) = carry_out(client, request, deadline_ms, &room, lay_out)?;
            put(result, laid_out);
            Ok(attempts)
        })
    }
}

/// What came of an answer, and how many bytes of the buffer it has used; the error is how many it needs.
pub type LaidOut<T> = (T, Result<usize, usize>);

/// What a typed call comes to in a build that does not have it.
pub unsafe fn refuse_call(result: *mut *const c_void, needed_size: *mut usize, error: *mut trro_error) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(result, ptr::null());
        put(needed_size, 0);
        fallible(error, || {
            let why = Error::left_out("", "typed call for this action", "actions");
            Err(Error { message: why.message + "; trro_call carries it out", ..why })
        })
    }
}

/// The caller's buffer, and where to say how much of it is needed.
pub struct Room {
    pub buffer: *mut c_void,
    pub size: usize,
    pub needed_size: *mut usize,
}

/// The buffer protocol. What reads is laid out in the caller's buffer, or kept where there is no room; what changes something is
/// sent only if there is room for every answer to it. `lay_out` goes through the body of an answer: whether the request was carried
/// out, and, if so, what comes of it and how much of the buffer it has used or needs. Its error is that the answer cannot be read.
pub unsafe fn carry_out<T>(
    client: &Client,
    request: Request,
    deadline_ms: Option<u32>,
    room: &Room,
    lay_out: impl Fn(&[u8]) -> Result<(Result<String, Error>, LaidOut<T>), Error>,
) -> Result<(T, Attempts), Error> {
    check_buffer(room.buffer, room.size)?;
    let changes = request.changes();
    let least = CHANGE_BYTES.saturating_add(request.ids().saturating_mul(CHANGE_BYTES_OF_AN_ID));
    if changes && room.size < least {
        // SAFETY: the caller of the C function vouches for it.
        unsafe { put(room.needed_size, least) };
        return Err(too_small(room.size, least));
    }
    let finish = || {
        let mut laid_out = None;
        let answer = client.carry_out(request, deadline_ms, &mut |http_status, body| {
            if http_status != 200 {
                return api::judge(http_status, body);
            }
            match lay_out(body) {
                Ok((judged, of_this_answer)) => {
                    laid_out = Some(Ok(of_this_answer));
                    judged
                }
                Err(error) => {
                    laid_out = Some(Err(error));
                    api::judge(http_status, body)
                }
            }
        })?;
        let attempts = answer.attempts;
        let laid_out = laid_out.unwrap_or_else(|| Err(internal()));
        let (laid_out, size) = laid_out.map_err(|error| client.unreadable(&answer, error))?;
        // SAFETY: the caller of the C function vouches for the outputs.
        unsafe {
            match size {
                Ok(used) => {
                    put(room.needed_size, used);
                    Ok((laid_out, attempts))
                }
                Err(needed) if changes => {
                    let message =
                        format!("the answer does not fit: buffer_size is {}, and {needed} bytes are needed", room.size);
                    let error = Error::new(Status::BadResponse, message);
                    Err(client.unreadable(&answer, error))
                }
                Err(needed) => {
                    put(room.needed_size, needed);
                    client.keep(answer);
                    Err(Error { attempts, ..too_small(room.size, needed) })
                }
            }
        }
    };
    if !changes {
        return finish();
    }
    // Stopped in here already, since nobody knows what had happened before.
    stop_panic(finish).unwrap_or_else(|| {
        stop_panic(|| client.reset());
        Err(internal().left_open())
    })
}
