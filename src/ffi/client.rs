//! The client and its configuration. Uses `client`, `credentials`, `error`.

use std::borrow::Cow;
use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr;

use super::arguments::{Input, input, line, number, refuse, required, text};
use super::error::{trro_error, trro_status};
use super::{Handle, OwnedByCaller, fallible, free, into_handle, put};
use crate::client::{Client, Config};
use crate::credentials::Credentials;
use crate::error::Error;

/// No limit, for a field that says it takes this; none of this version does.
pub const TRRO_UNLIMITED: u32 = u32::MAX;

/// Access to the service: it signs, sends, keeps up to three idle connections for up to 50 s, and remembers the
/// addresses of the service for 60 s. Made by trro_client_new(), ended by trro_client_free().
///
/// Any number of threads may use one client at the same time; where a function takes a `const trro_client *`, calls run
/// side by side. A program needs one client an account.
pub struct trro_client(Client);

impl trro_client {
    pub(super) fn new(client: Client) -> trro_client {
        trro_client(client)
    }

    pub(super) fn core(&self) -> &Client {
        &self.0
    }
}

impl Handle for trro_client {
    type Ownership = OwnedByCaller;
}

/// The key that signs requests. Initialise it with TRRO_CREDENTIALS_INIT.
///
/// A blank around a part is refused: it is the usual cause of a wrong signature.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_credentials {
    /// sizeof(trro_credentials), by TRRO_CREDENTIALS_INIT.
    pub struct_size: usize,
    /// "AKID..."; required.
    pub secret_id: *const c_char,
    /// The secret that belongs to it; required.
    pub secret_key: *const c_char,
    /// The token of a temporary key; NULL for a permanent one.
    pub token: *const c_char,
    /// Not in this version: NULL.
    pub signing_key: *const u8,
    /// Not in this version: NULL.
    pub signing_date: *const c_char,
    /// Not in this version: 0.
    pub expires_at_s: i64,
}

/// Not in this version: trro_client_config.credentials_fn must be NULL.
pub type trro_credentials_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, credentials: *mut trro_credentials) -> trro_status>;

/// Not in this version: trro_client_config.log_fn must be NULL.
pub type trro_log_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char)>;

/// How to reach the service, and as whom. Initialise it with TRRO_CLIENT_CONFIG_INIT. 0 or NULL in a field is the
/// default. Everything is copied by trro_client_new(). A field that this version does not honour is refused when it is
/// set, not ignored.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_client_config {
    /// sizeof(trro_client_config), by TRRO_CLIENT_CONFIG_INIT.
    pub struct_size: usize,
    /// NULL: the environment's, TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, for a temporary key,
    /// TENCENTCLOUD_TOKEN, read once, in trro_client_new(), and not in a program with more rights than its user
    /// (setuid).
    pub credentials: *const trro_credentials,
    /// Not in this version: NULL.
    pub credentials_fn: trro_credentials_fn,
    /// Not in this version: NULL.
    pub credentials_data: *mut c_void,
    /// Not in this version: NULL.
    pub cvm_role: *const c_char,
    /// https://host[:port][/path]; NULL: TRRO_ENDPOINT_INTL. http:// is accepted for 127.0.0.0/8, [::1] and localhost
    /// only. A path is for a gateway in front of the service: it is requested, and not signed. The service has regional
    /// hosts, such as https://trro.ap-singapore.tencentcloudapi.com. The proxies of the environment are not used.
    pub endpoint: *const c_char,
    /// Sent as X-TC-Region, for example "ap-singapore". NULL: TENCENTCLOUD_REGION of the environment, and if that is
    /// not set none is sent. Whether the service requires one is documented both ways, and which ones it takes nowhere.
    pub region: *const c_char,
    /// The language of the service's messages: "en-US" (default) or "zh-CN".
    pub language: *const c_char,
    /// A PEM file with the authorities to trust instead of the built-in ones (Mozilla's list), read once, by
    /// trro_client_new(). Certificates are always verified.
    pub ca_file: *const c_char,
    /// Not in this version: NULL.
    pub client_cert_file: *const c_char,
    /// Not in this version: NULL.
    pub client_key_file: *const c_char,
    /// Not in this version: NULL.
    pub proxy: *const c_char,
    /// Not in this version: NULL.
    pub no_proxy: *const c_char,
    /// Not in this version: NULL.
    pub network_interface: *const c_char,
    /// Sent as User-Agent; NULL: "libtrro/" and the version.
    pub user_agent: *const c_char,
    /// For a whole call, from the name lookup to the last byte: 1 to 600000 ms; 0: 10000. There is no "for ever".
    pub deadline_ms: u32,
    /// For connecting, TLS included and the name lookup not, within the deadline; all addresses share it. 1 to 600000
    /// ms; 0: 3000.
    pub connect_timeout_ms: u32,
    /// Not in this version: 0. A call sends its request once.
    pub max_attempts: u32,
    /// A larger answer is TRRO_STATUS_BAD_RESPONSE: 1 to UINT32_MAX bytes, counted after decompression; 0: 4 MiB.
    pub max_response_bytes: u32,
    /// Not in this version: 0.
    pub max_requests_per_s: u32,
    /// Not in this version: 0.
    pub fleet_size: u32,
    /// Not in this version: 0.
    pub log_level: i32,
    /// Not in this version: NULL.
    pub log_fn: trro_log_fn,
    /// Not in this version: NULL.
    pub log_data: *mut c_void,
}

// SAFETY: repr(C), begins with the size, and made of integers, pointers and optional functions.
unsafe impl Input for trro_credentials {
    const INIT: &'static str = "TRRO_CREDENTIALS_INIT";
    const FIRST_SIZE: usize = size_of::<trro_credentials>();
}

// SAFETY: repr(C), begins with the size, and made of integers, pointers and optional functions.
unsafe impl Input for trro_client_config {
    const INIT: &'static str = "TRRO_CLIENT_CONFIG_INIT";
    const FIRST_SIZE: usize = size_of::<trro_client_config>();
}

// A struct that ends in padding could not grow: what is garbage in an old program would be a field in a new one.
const _: () = {
    assert!(std::mem::offset_of!(trro_credentials, expires_at_s) + size_of::<i64>() == size_of::<trro_credentials>());
    assert!(std::mem::offset_of!(trro_client_config, log_data) + size_of::<usize>() == size_of::<trro_client_config>());
};

/// Makes a client. No network is touched: a wrong key shows at the first call.
///
/// @param config  How to reach the service. Must not be NULL; copied, with all it points to.
/// @param client  Where the client goes. Must not be NULL; *client is NULL after a failure. End it with trro_client_free().
/// @param error   What went wrong; may be NULL.
/// @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_NO_CREDENTIALS; TRRO_STATUS_CREDENTIALS_FAILED;
///         TRRO_STATUS_INTERNAL.
/// @par Threads
/// Any. The environment is read: no other thread may change it meanwhile.
/// @par Blocking
/// Only as long as reading ca_file takes.
/// @par Example
/// The program at the head of this file.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_new(
    config: *const trro_client_config,
    client: *mut *mut trro_client,
    error: *mut trro_error,
) -> trro_status {
    // SAFETY: what C passes is as the header says.
    unsafe {
        put(client, ptr::null_mut());
        fallible(error, || {
            if client.is_null() {
                return Err(Error::invalid_argument("client", "is NULL"));
            }
            let config = input(config, "config")?;
            let complete = core_config(&config)?.or_environment()?;
            let made = Client::new(complete).map_err(|error| error.inside("config->"))?;
            put(client, into_handle(trro_client::new(made)));
            Ok(0)
        })
    }
}

/// Ends a client: closes its connections and wipes its keys.
///
/// @param client  May be NULL. No call on it may be running, and none may follow.
/// @par Threads
/// Any. A name lookup that has not ended may go on in a thread of its own until libc gives it up.
/// @par Blocking
/// Never. In a child after fork() it only closes descriptors: the parent's connections live on.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trro_client_free(client: *mut trro_client) {
    // SAFETY: what C passes is as the header says.
    unsafe { free(client) }
}

unsafe fn core_config(config: &trro_client_config) -> Result<Config<'_>, Error> {
    refuse_what_does_not_work_yet(config)?;
    // SAFETY: the strings of the config are as the header says.
    unsafe {
        Ok(Config {
            endpoint: line(config.endpoint, "config->endpoint")?,
            region: line(config.region, "config->region")?.map(Cow::Borrowed),
            language: line(config.language, "config->language")?,
            ca_file: line(config.ca_file, "config->ca_file")?,
            user_agent: line(config.user_agent, "config->user_agent")?,
            deadline_ms: number(config.deadline_ms),
            connect_timeout_ms: number(config.connect_timeout_ms),
            max_response_bytes: number(config.max_response_bytes),
            credentials: if config.credentials.is_null() { None } else { Some(core_credentials(config.credentials)?) },
        })
    }
}

unsafe fn core_credentials(credentials: *const trro_credentials) -> Result<Credentials, Error> {
    const WHOLE: &str = "config->credentials->";
    // SAFETY: the credentials are as the header says.
    unsafe {
        let credentials = input(credentials, "config->credentials")?;
        refuse(!credentials.signing_key.is_null(), "config->credentials->signing_key")?;
        refuse(!credentials.signing_date.is_null(), "config->credentials->signing_date")?;
        refuse(credentials.expires_at_s != 0, "config->credentials->expires_at_s")?;
        let secret_id = required(credentials.secret_id, "secret_id");
        let secret_key = required(credentials.secret_key, "secret_key");
        let token = text(credentials.token, "token");
        secret_id
            .and_then(|secret_id| Credentials::new(secret_id, secret_key?, token?))
            .map_err(|error| error.inside(WHOLE))
    }
}

fn refuse_what_does_not_work_yet(config: &trro_client_config) -> Result<(), Error> {
    refuse(config.credentials_fn.is_some(), "config->credentials_fn")?;
    refuse(!config.credentials_data.is_null(), "config->credentials_data")?;
    refuse(!config.cvm_role.is_null(), "config->cvm_role")?;
    refuse(!config.client_cert_file.is_null(), "config->client_cert_file")?;
    refuse(!config.client_key_file.is_null(), "config->client_key_file")?;
    refuse(!config.proxy.is_null(), "config->proxy")?;
    refuse(!config.no_proxy.is_null(), "config->no_proxy")?;
    refuse(!config.network_interface.is_null(), "config->network_interface")?;
    refuse(config.max_attempts != 0, "config->max_attempts")?;
    refuse(config.max_requests_per_s != 0, "config->max_requests_per_s")?;
    refuse(config.fleet_size != 0, "config->fleet_size")?;
    refuse(config.log_level != 0, "config->log_level")?;
    refuse(config.log_fn.is_some(), "config->log_fn")?;
    refuse(!config.log_data.is_null(), "config->log_data")
}
