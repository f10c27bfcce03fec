//! What the parts of a call take by themselves, and a read of a watch: `cargo bench --bench parts`. Uses the library and, of the
//! comparison, the devices that its server answers with.
//!
//! The figures depend on the machine and are not kept: this is for who changes one of the parts, and compares before and after.

#[path = "compare/rows.rs"]
mod rows;

use std::ffi::{CString, c_void};
use std::hint::black_box;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use emulator::{Emulator, Options};
use trro::api::{self, Devices};
use trro::client::Client;
use trro::config::{Config, UNLIMITED};
use trro::credentials::{Credentials, Signer};
use trro::ffi::bindings::{trro_devices, trro_get_devices, trro_get_devices_request};
use trro::ffi::client::{trro_client_free, trro_client_new};
use trro::ffi::config::trro_client_config;
use trro::ffi::error::{TRRO_STATUS_BUFFER_TOO_SMALL, trro_error};
use trro::sign;
use trro::watch::{Background, Config as WatchConfig, Watch};

const DEVICES: [usize; 3] = [2, 20, 100];
/// What is needed is told for a buffer at any address.
const MOST_PADDING: usize = align_of::<u64>();
const NOON_S: i64 = 1_767_268_800;
const PROJECT: &str = "m82k5408n675phvb";

fn credentials() -> Credentials {
    Credentials::new(emulator::SECRET_ID, emulator::SECRET_KEY, None).unwrap()
}

fn emulator(devices: usize) -> Emulator {
    Emulator::start(Options { requests_per_s: 0, devices: Some(rows::account(devices)), ..Options::default() }).unwrap()
}

/// A signature with the key of the day kept.
fn sign(criterion: &mut Criterion) {
    let (signer, credentials) = (Signer::new("trro"), Arc::new(credentials()));
    let request = sign::Request {
        method: "POST",
        query: "",
        content_type: "application/json",
        host: "trro.intl.tencentcloudapi.com",
        action: Some("GetDevices"),
        body: br#"{"PageNum":1,"PageSize":20}"#,
    };
    criterion.bench_function("sign", |bencher| {
        bencher.iter(|| signer.sign(&credentials, black_box(&request), black_box(NOON_S)));
    });
}

/// An answer, from its bytes to Rust values.
fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for devices in DEVICES {
        let answer = rows::answer(devices);
        group.throughput(Throughput::Elements(devices as u64));
        group.bench_with_input(BenchmarkId::from_parameter(devices), &answer, |bencher, answer| {
            bencher.iter(|| api::decode::decode::<Devices<'_>>(black_box(answer.as_bytes())).unwrap().devices.len());
        });
    }
}

/// An answer, from its bytes to the caller's memory: one that did not fit is kept, and laid out again at the next call.
#[expect(unsafe_code, reason = "calls what C calls")]
fn arena(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("arena");
    for devices in DEVICES {
        let emulator = emulator(devices);
        let client = CClient::new(&emulator.url());
        let needed = client.get_devices(devices, &mut [], 0);
        let mut buffer = vec![0; needed.div_ceil(8)];
        group.throughput(Throughput::Elements(devices as u64));
        group.bench_function(BenchmarkId::from_parameter(devices), |bencher| {
            bencher.iter(|| client.get_devices(devices, &mut buffer, needed - MOST_PADDING));
        });
        // SAFETY: it is not used afterwards.
        unsafe { trro_client_free(client.0) };
    }
}

/// A client as C has it.
struct CClient(*mut trro::ffi::client::trro_client);

#[expect(unsafe_code, reason = "calls what C calls")]
impl CClient {
    fn new(url: &str) -> CClient {
        let text = |text: &str| CString::new(text).unwrap();
        let (endpoint, id, key) = (text(url), text(emulator::SECRET_ID), text(emulator::SECRET_KEY));
        let credentials = trro::ffi::credentials::trro_credentials {
            struct_size: size_of::<trro::ffi::credentials::trro_credentials>(),
            secret_id: id.as_ptr(),
            secret_key: key.as_ptr(),
            // SAFETY: the struct is made of integers and pointers.
            ..unsafe { std::mem::zeroed() }
        };
        let config = trro_client_config {
            struct_size: size_of::<trro_client_config>(),
            credentials: &raw const credentials,
            endpoint: endpoint.as_ptr(),
            max_requests_per_s: UNLIMITED,
            // SAFETY: the struct is made of integers, pointers and optional functions.
            ..unsafe { std::mem::zeroed() }
        };
        let mut client = ptr::null_mut();
        // SAFETY: what is pointed at is there during the call, which copies it.
        assert_eq!(unsafe { trro_client_new(&raw const config, &raw mut client, ptr::null_mut()) }, 0);
        CClient(client)
    }

    /// How many bytes an answer needs, for which a buffer of `size` bytes was too small.
    fn get_devices(&self, devices: usize, buffer: &mut [u64], size: usize) -> usize {
        assert!(size <= size_of_val(buffer));
        let request = trro_get_devices_request {
            struct_size: size_of::<trro_get_devices_request>(),
            page_num: 1,
            page_size: devices as i64,
            // SAFETY: the struct is made of integers and pointers.
            ..unsafe { std::mem::zeroed() }
        };
        let mut page: *const trro_devices = ptr::null();
        let (mut needed, mut error) = (0, trro_error::default());
        let room = if size == 0 { ptr::null_mut() } else { buffer.as_mut_ptr().cast::<c_void>() };
        // SAFETY: as the header says: the client is one, the buffer has the size, and the outputs are there.
        let status = unsafe {
            let (page, needed, error) = (&raw mut page, &raw mut needed, &raw mut error);
            trro_get_devices(self.0, &raw const request, room, size, page, needed, error)
        };
        assert_eq!(status, TRRO_STATUS_BUFFER_TOO_SMALL);
        needed
    }
}

/// What is known of a watched device.
fn watch_read(criterion: &mut Criterion) {
    let emulator = emulator(2);
    let url = emulator.url();
    let config = Config { credentials: Some(credentials()), endpoint: Some(&url), ..Config::default() };
    let background = Arc::new(Background::new(Arc::new(Client::new(config).unwrap())));
    let watched = WatchConfig {
        project_id: PROJECT,
        device_id: "vehicle_00000",
        streams: 1,
        deadline_ms: None,
        period_s: None,
        max_stale_s: None,
        snapshot: None,
        changed: None,
    };
    let watch = Watch::start(&background, watched).unwrap();
    criterion.bench_function("watch read", |bencher| bencher.iter(|| black_box(&watch).read()));
    watch.end();
}

fn main() {
    let criterion = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    let mut criterion = criterion.configure_from_args();
    for part in [sign, decode, arena, watch_read] {
        part(&mut criterion);
    }
    criterion.final_summary();
}
