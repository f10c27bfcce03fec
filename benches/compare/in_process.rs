//! Signing, and decoding with laying out, inside of this process: libtrro's against C's, turn by turn. Uses `clients`, `results`, `rows`,
//! `service`, `system`, and the library's signer.

use std::ffi::{CString, OsStr, c_char, c_int, c_void};
use std::sync::Arc;

use libtest_mimic::Failed;
use trro::api::{self, Devices};
use trro::credentials::{Credentials, Signer};
use trro::sign;

use crate::clients::Clients;
use crate::results::median;
use crate::rows::answer;
use crate::service::Service;
use crate::system::{Library, keep_freed_memory, thread_cpu_ns};

/// A turn of one of those that are compared.
const SIGNATURES: usize = 2000;
const ANSWERS: usize = 100;
const DEVICES: usize = 100;
/// What is signed is as long as what is sent to the service.
const HOST: &str = "trro.intl.tencentcloudapi.com";
const BODY: &str = r#"{"PageNum":1,"PageSize":20}"#;
const NOON_S: i64 = 1_767_268_800;

/// Names and nanoseconds of those that were compared, libtrro first, a value a round.
pub struct Comparison {
    pub what: &'static str,
    pub sides: Vec<(&'static str, Vec<f64>)>,
}

impl Comparison {
    pub fn value(&self, side: usize) -> f64 {
        median(self.sides[side].1.clone())
    }

    /// Of libtrro to another.
    pub fn ratio(&self, side: usize) -> f64 {
        let rounds = self.sides[0].1.iter().zip(&self.sides[side].1);
        median(rounds.map(|(trro, other)| trro / other).collect())
    }
}

/// What `sign.h` has.
#[repr(C)]
struct ToSign {
    host: *const c_char,
    action: *const c_char,
    body: *const c_char,
    body_length: usize,
    at: i64,
}

type SetUp = unsafe extern "C" fn(*const c_char, *const c_char) -> c_int;
type Sign = unsafe extern "C" fn(*const ToSign, *mut c_char, usize) -> c_int;
type SetUpDecoding = unsafe extern "C" fn(*const c_char, *const c_char, *const c_char, usize) -> c_int;
type Again = unsafe extern "C" fn() -> c_int;
type Decode = unsafe extern "C" fn(*const c_char, usize) -> *mut c_void;
type Count = unsafe extern "C" fn(*const c_void) -> usize;
type Free = unsafe extern "C" fn(*mut c_void);

/// A signature with the key of the day kept.
#[allow(unsafe_code, reason = "calls C")]
pub fn sign(clients: &Clients, rounds: usize) -> Result<Comparison, Failed> {
    let peer = Library::open(&clients.file("peer.so"))?;
    let text = |text: &str| CString::new(text);
    let (id, key) = (text(emulator::SECRET_ID)?, text(emulator::SECRET_KEY)?);
    let (host, action, body) = (text(HOST)?, text("getdevices")?, text(BODY)?);
    let request = ToSign {
        host: host.as_ptr(),
        action: action.as_ptr(),
        body: body.as_ptr(),
        body_length: BODY.len(),
        at: NOON_S,
    };
    // SAFETY: the functions are as sign_openssl.c has them, and what is pointed at outlives their use.
    let (evp, low_level) = unsafe {
        let set_up: SetUp = peer.function("sign_set_up")?;
        if set_up(id.as_ptr(), key.as_ptr()) != 0 {
            return Err("OpenSSL cannot be set up".into());
        }
        (peer.function::<Sign>("sign_evp")?, peer.function::<Sign>("sign_low_level")?)
    };
    let mut line = [0_u8; 512];
    let mut by_c = |function: Sign, moment_s: i64| {
        let request = ToSign { at: moment_s, ..request };
        // SAFETY: as above; the line has the length that is said.
        let failed = unsafe { function(&raw const request, line.as_mut_ptr().cast(), line.len()) != 0 };
        let end = line.iter().position(|byte| *byte == 0).unwrap_or(0);
        if failed { Vec::new() } else { line[..end].to_vec() }
    };
    let by_trro = signer()?;
    let expected = format!("Authorization: {}", by_trro(NOON_S)).into_bytes();
    assert_eq!([by_c(evp, NOON_S), by_c(low_level, NOON_S)], [expected.clone(), expected], "the signatures differ");

    let mut sides = vec![
        ("libtrro", Vec::new()),
        ("OpenSSL EVP, kept contexts", Vec::new()),
        ("OpenSSL low-level, kept states", Vec::new()),
    ];
    for _ in 0..rounds {
        sides[0].1.push(turn(SIGNATURES, |index| by_trro(NOON_S + index).len()));
        sides[1].1.push(turn(SIGNATURES, |index| by_c(evp, NOON_S + index).len()));
        sides[2].1.push(turn(SIGNATURES, |index| by_c(low_level, NOON_S + index).len()));
    }
    Ok(Comparison { what: "a signature, the day's key kept", sides })
}

/// libtrro's: the `Authorization` of a moment.
fn signer() -> Result<impl Fn(i64) -> String, Failed> {
    let signer = Signer::new("trro");
    let credentials = Credentials::new(emulator::SECRET_ID, emulator::SECRET_KEY, None);
    let credentials = Arc::new(credentials.map_err(|error| error.message)?);
    let request = sign::Request {
        method: "POST",
        query: "",
        content_type: "application/json",
        host: HOST,
        action: Some("GetDevices"),
        body: BODY.as_bytes(),
    };
    Ok(move |moment_s| signer.sign(&credentials, &request, moment_s).authorization)
}

/// Signs or decodes so often, for who counts from outside.
pub fn work(work: &OsStr, times: &OsStr) -> Result<(), Failed> {
    let times = times.to_string_lossy().parse()?;
    match work.to_str() {
        Some("sign") => {
            let by_trro = signer()?;
            turn(times, |index| by_trro(NOON_S + index).len());
        }
        Some("decode") => {
            let answer = answer(DEVICES);
            turn(times, |_| api::decode::decode::<Devices<'_>>(answer.as_bytes()).map_or(0, |page| page.devices.len()));
        }
        _ => return Err("nothing is called so".into()),
    }
    Ok(())
}

/// An answer with 100 devices, from its bytes to structs.
#[allow(unsafe_code, reason = "calls C")]
pub fn decode(clients: &Clients, service: &Service, rounds: usize) -> Result<Comparison, Failed> {
    let (trro, peer) = (Library::open(&clients.file("decode_trro.so"))?, Library::open(&clients.file("peer.so"))?);
    let text = |text: &str| CString::new(text);
    let (url, id, key) = (text(&service.url(false))?, text(emulator::SECRET_ID)?, text(emulator::SECRET_KEY)?);
    let json = answer(DEVICES);
    keep_freed_memory();
    // SAFETY: the functions are as decode_trro.c and decode.h have them, and what is pointed at outlives their use.
    unsafe {
        let set_up: SetUpDecoding = trro.function("decode_set_up")?;
        if set_up(url.as_ptr(), id.as_ptr(), key.as_ptr(), DEVICES) != 0 {
            return Err("libtrro cannot be set up to decode".into());
        }
        let (fetch, again): (Again, Again) = (trro.function("decode_fetch")?, trro.function("decode_again")?);
        let (page_decode, page_free): (Decode, Free) = (peer.function("page_decode")?, peer.function("page_free")?);
        let count: Count = peer.function("page_device_count")?;
        let mut sides = vec![("libtrro", Vec::new()), ("cJSON into structs", Vec::new())];
        for _ in 0..rounds {
            // What is kept is kept for seconds.
            assert_eq!(fetch(), 0, "the answer was not kept");
            let by_trro = turn(ANSWERS, |_| {
                assert_eq!(again(), 0, "the kept answer was not decoded");
                DEVICES
            });
            let by_c = turn(ANSWERS, |_| {
                let page = page_decode(json.as_ptr().cast(), json.len());
                assert!(!page.is_null(), "cJSON has failed");
                let devices = count(page);
                page_free(page);
                devices
            });
            sides[0].1.push(by_trro);
            sides[1].1.push(by_c);
        }
        Ok(Comparison { what: "an answer with 100 devices, decoded and laid out", sides })
    }
}

/// Nanoseconds of CPU that one of `times` takes; each gives how much it has made, which has to be something.
fn turn(times: usize, mut once: impl FnMut(i64) -> usize) -> f64 {
    for index in 0..times / 10 {
        once(index as i64);
    }
    let start = thread_cpu_ns();
    let made = (0..times).map(|index| once(index as i64)).min();
    let used = thread_cpu_ns() - start;
    assert!(made > Some(0), "nothing was made");
    used as f64 / times as f64
}
