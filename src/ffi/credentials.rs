//! What signs requests, as C gives it. Uses `credentials`, `error`.

use std::ffi::{c_char, c_void};
use std::mem::size_of;

use super::arguments::{Input, input, required, text};
use super::callback::{Identity, UserData};
use super::error::{TRRO_STATUS_OK, trro_error, trro_status, trro_status_name};
use super::fallible;
use crate::credentials::{Credentials, derive_signing_key};
use crate::error::{Error, Status};

/// How many bytes a signing key has.
pub const TRRO_SIGNING_KEY_SIZE: usize = 32;

/// What signs requests. Initialise it with TRRO_CREDENTIALS_INIT. A blank around a part is refused: it is the usual cause of a
/// wrong signature.
///
/// Either secret_key, or signing_key with signing_date: the key of one day, from which the secret key cannot be found. A device
/// that is handed one every day by a server of its fleet needs no secret key (c-examples/day_key.c). Until the service has
/// said what time it is, a request is signed at the second of signing_date that is nearest to the system clock; afterwards
/// the key is used on its day and for 4 minutes more, and then calls return TRRO_STATUS_NO_CREDENTIALS. That is so for a minute
/// after an answer that told the time; then one request is sent all the same, in case it was wrong.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_credentials {
    /// sizeof(trro_credentials), by TRRO_CREDENTIALS_INIT.
    pub struct_size: usize,
    /// "AKID..."; required.
    pub secret_id: *const c_char,
    /// The secret that belongs to it; NULL with a signing_key.
    pub secret_key: *const c_char,
    /// The token of a temporary key; NULL for a permanent one.
    pub token: *const c_char,
    /// TRRO_SIGNING_KEY_SIZE bytes, as trro_derive_signing_key() makes them; NULL with a secret_key.
    pub signing_key: *const u8,
    /// The day (UTC) of signing_key, "YYYY-MM-DD"; NULL without one.
    pub signing_date: *const c_char,
    /// When the service stops taking it, in seconds since 1970; 0: never. From then on, by the service's time, calls return
    /// TRRO_STATUS_NO_CREDENTIALS, if an answer has told the time within the last minute; a trro_credentials_fn is asked for
    /// others a minute before.
    pub expires_at_s: i64,
}

// SAFETY: repr(C), begins with the size, and made of integers and pointers.
unsafe impl Input for trro_credentials {
    const INIT: &'static str = "TRRO_CREDENTIALS_INIT";
    const FIRST_SIZE: usize = size_of::<trro_credentials>();
}

// A struct that ends in padding could not grow: what is garbage in an old program would be a field in a new one.
const _: () =
    assert!(std::mem::offset_of!(trro_credentials, expires_at_s) + size_of::<i64>() == size_of::<trro_credentials>());

/// Gives the credentials to sign with. It is asked by the first call that needs them, a minute before expires_at_s, when the
/// day of a signing_date is over, and at once after the service has refused a token.
///
/// `credentials` points to 512 zeroed bytes with struct_size set; fill in what is needed. Strings and key must stay valid
/// until the function is called again, or no longer can be (see CALLBACKS in the guide of trro.h). Return TRRO_STATUS_OK, or any other status for "there
/// are none": the call that asked returns TRRO_STATUS_CREDENTIALS_FAILED, unless earlier credentials still hold.
///
/// It is called by one thread at a time: one that is inside of a call on the client, or that of the client's watches. Others
/// wait for it no longer than their own deadlines; neither a deadline nor trro_client_cancel() ends it itself.
pub type trro_credentials_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, credentials: *mut trro_credentials) -> trro_status>;

/// The key that signs the requests of one day (UTC) to the service, for a program that hands keys to devices. From it the
/// secret key cannot be found, and it is good for nothing else and for no other day. No client and no network is needed.
///
/// @param secret_key  The secret key of the account; must not be NULL.
/// @param date        The day, "YYYY-MM-DD"; must not be NULL.
/// @param key         Where the TRRO_SIGNING_KEY_SIZE bytes go; must not be NULL. All zero after a failure.
/// @param error       What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any.
/// @par Blocking
/// Never.
/// @par Example
/// c-examples/day_key.c shows both sides.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_derive_signing_key(
    secret_key: *const c_char,
    date: *const c_char,
    key: *mut u8,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        if !key.is_null() {
            key.write_bytes(0, TRRO_SIGNING_KEY_SIZE);
        }
        fallible(error, || {
            if key.is_null() {
                return Err(Error::invalid_argument("key", "is NULL"));
            }
            let derived = derive_signing_key(required(secret_key, "secret_key")?, required(date, "date")?)?;
            key.copy_from_nonoverlapping(derived.as_bytes().as_ptr(), TRRO_SIGNING_KEY_SIZE);
            Ok(0)
        })
    }
}

/// The credentials in a struct of C's; an error names the part.
pub(super) unsafe fn core_credentials(
    credentials: *const trro_credentials,
    argument: &str,
) -> Result<Credentials, Error> {
    // SAFETY: the credentials are as the header says.
    unsafe {
        let credentials = input(credentials, argument)?;
        parts(&credentials).map_err(|error| error.inside(&format!("{argument}->")))
    }
}

unsafe fn parts(credentials: &trro_credentials) -> Result<Credentials, Error> {
    // SAFETY: the strings and the key of the credentials are as the header says.
    unsafe {
        let secret_id = required(credentials.secret_id, "secret_id")?;
        let token = text(credentials.token, "token")?;
        let made = if credentials.signing_key.is_null() {
            if !credentials.signing_date.is_null() {
                return Err(Error::invalid_argument("signing_date", "is given without a signing_key"));
            }
            Credentials::new(secret_id, required(credentials.secret_key, "secret_key")?, token)?
        } else {
            if !credentials.secret_key.is_null() {
                return Err(Error::invalid_argument(
                    "secret_key",
                    "and signing_key are both given; leave one of them NULL",
                ));
            }
            let date = required(credentials.signing_date, "signing_date")?;
            let key = credentials.signing_key.cast::<[u8; TRRO_SIGNING_KEY_SIZE]>();
            Credentials::with_day_key(secret_id, &*key, date, token)?
        };
        made.expiring(credentials.expires_at_s)
    }
}

/// What the callback gets: room for structs of headers to come.
#[repr(C)]
struct Room {
    credentials: trro_credentials,
    spare: [u8; 512 - size_of::<trro_credentials>()],
}

/// Asks the program for credentials.
pub(super) unsafe fn ask(
    function: unsafe extern "C" fn(*mut c_void, *mut trro_credentials) -> trro_status,
    user_data: UserData,
    client: Identity,
) -> Result<Credentials, Error> {
    const NAME: &str = "credentials_fn";
    let failed = |message: String| Error::new(Status::CredentialsFailed, message);
    // SAFETY: zero is a value of each part.
    let mut room: Room = unsafe { std::mem::zeroed() };
    room.credentials.struct_size = size_of::<trro_credentials>();
    let pointer = (&raw mut room).cast::<trro_credentials>();
    // SAFETY: the header says what the function may do, and how long what it gives stays valid.
    unsafe {
        let status = client.run(|| function(user_data.get(), pointer));
        if status != TRRO_STATUS_OK {
            let name = std::ffi::CStr::from_ptr(trro_status_name(status)).to_string_lossy();
            return Err(Error { retryable: true, ..failed(format!("{NAME} returned {name} ({status})")) });
        }
        // The size that a newer header may have: there is nothing behind the room.
        if room.credentials.struct_size > size_of::<Room>() {
            return Err(failed(format!("{NAME}->struct_size is beyond the {} bytes there are", size_of::<Room>())));
        }
        core_credentials(pointer, NAME).map_err(|error| failed(error.message))
    }
}
