//! The configuration of a client. Uses `config`, `log`, `error`.

use std::borrow::Cow;
use std::ffi::{CString, c_char, c_void};
use std::mem::size_of;

use super::arguments::{Input, line, number};
use super::callback::{Identity, UserData};
use super::credentials::{ask, core_credentials, trro_credentials, trro_credentials_fn};
use crate::config::{AskForCredentials, Config, UNLIMITED};
use crate::error::{Error, printable};
use crate::log::{Level, Log};

/// No limit of the library's, for trro_client_config.max_requests_per_s.
pub const TRRO_UNLIMITED: u32 = u32::MAX;

/// A call failed by what a person has to mend: credentials, rights, certificates.
pub const TRRO_LOG_LEVEL_ERROR: i32 = 1;
/// Something went wrong, and the library copes with it: an attempt that is repeated, a corrected clock.
pub const TRRO_LOG_LEVEL_WARNING: i32 = 2;
/// What happens seldom: a connection, other credentials.
pub const TRRO_LOG_LEVEL_INFO: i32 = 3;
/// Every request.
pub const TRRO_LOG_LEVEL_DEBUG: i32 = 4;

const _: () = {
    assert!(TRRO_UNLIMITED == UNLIMITED);
    assert!(Level::Error as i32 == TRRO_LOG_LEVEL_ERROR);
    assert!(Level::Warning as i32 == TRRO_LOG_LEVEL_WARNING);
    assert!(Level::Info as i32 == TRRO_LOG_LEVEL_INFO);
    assert!(Level::Debug as i32 == TRRO_LOG_LEVEL_DEBUG);
};

/// Takes a message for people: one line of UTF-8, valid until the function returns, with `level` one of
/// TRRO_LOG_LEVEL_... . It never holds a header, a key, a token or a signature.
///
/// It is called from the threads that are inside of a call on the client, trro_client_new() and trro_watch_new() included, and
/// from that of the client's watches, possibly by several at the same time. Neither a deadline nor trro_client_cancel() ends
/// it. See CALLBACKS in the guide of trro.h.
pub type trro_log_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char)>;

/// How to reach the service, and as whom. Initialise it with TRRO_CLIENT_CONFIG_INIT. 0 or NULL in a field is the
/// default. Everything is copied by trro_client_new().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct trro_client_config {
    /// sizeof(trro_client_config), by TRRO_CLIENT_CONFIG_INIT.
    pub struct_size: usize,
    /// What signs. NULL, with credentials_fn NULL too: the first of these that is there, read once, by trro_client_new():
    /// TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, for a temporary key, TENCENTCLOUD_TOKEN of the environment;
    /// $CREDENTIALS_DIRECTORY/tencentcloud (systemd); the file that $TENCENTCLOUD_CREDENTIALS_FILE names, else
    /// ~/.tencentcloud/credentials, else /etc/tencentcloud/credentials; cvm_role. The files are INI: secret_id, secret_key,
    /// token in [default]. One that is incomplete, malformed or open to others ends the search with
    /// TRRO_STATUS_CREDENTIALS_FAILED. A program with more rights than its user (setuid) takes nothing from the
    /// environment. Feature "credential-sources": without it there are no such sources, and it is TRRO_STATUS_NO_CREDENTIALS.
    pub credentials: *const trro_credentials,
    /// Asked for what signs, instead of `credentials`; NULL: not.
    pub credentials_fn: trro_credentials_fn,
    /// The user_data of credentials_fn.
    pub credentials_data: *mut c_void,
    /// The role of the Tencent Cloud instance on which the program runs: its credentials are asked for at the instance's
    /// metadata service if no other source has any. NULL: that service is never asked.
    /// Feature "credential-sources".
    pub cvm_role: *const c_char,
    /// https://host[:port][/path]; NULL: TRRO_ENDPOINT_INTL. http:// is accepted for 127.0.0.0/8, [::1] and localhost
    /// only. A path is for a gateway in front of the service: it is requested, and not signed. The service has regional
    /// hosts, such as https://trro.ap-singapore.tencentcloudapi.com.
    pub endpoint: *const c_char,
    /// Sent as X-TC-Region, for example "ap-singapore". NULL: TENCENTCLOUD_REGION of the environment, and if that is
    /// not set none is sent. Whether the service requires one is documented both ways, and which ones it takes nowhere.
    pub region: *const c_char,
    /// The language of the service's messages: "en-US" (default) or "zh-CN".
    pub language: *const c_char,
    /// A PEM file with the authorities to trust instead of the built-in ones (Mozilla's list), read once, by
    /// trro_client_new(). Certificates are always verified. Feature "built-in-roots": without it NULL is refused where the
    /// endpoint is https://.
    pub ca_file: *const c_char,
    /// A PEM file with a certificate by which a gateway knows this client, and its chain, read once, by trro_client_new().
    /// NULL: none. Feature "client-certificates".
    pub client_cert_file: *const c_char,
    /// A PEM file with the unencrypted key of that certificate; given if and only if client_cert_file is.
    pub client_key_file: *const c_char,
    /// http://[user:password@]host[:port] or socks5://[user:password@]host[:port]; the proxy resolves the name of the
    /// service. Characters that a URL cannot hold are written as %XX. NULL: HTTPS_PROXY, else ALL_PROXY of the environment,
    /// in upper or lower case. The loopback and the metadata service are always reached directly.
    /// Feature "proxy": without it one is refused, also that of the environment unless no_proxy names the host of the endpoint.
    pub proxy: *const c_char,
    /// Hosts to reach without a proxy, with their subdomains, separated by commas; "*" is all. NULL: NO_PROXY of the
    /// environment.
    pub no_proxy: *const c_char,
    /// The one network device that connections go through, "wwan0", whatever the routes are; name lookups go as the
    /// system sends them, and so does the metadata service. Linux before 5.7 allows it to privileged programs only. NULL: as the
    /// routes are.
    pub network_interface: *const c_char,
    /// Sent as User-Agent; NULL: "libtrro/" and the version.
    pub user_agent: *const c_char,
    /// For a whole call, from the name lookup to the last byte, with every attempt and every wait between them: 1 to
    /// 600000 ms; 0: 10000. There is no "for ever".
    pub deadline_ms: u32,
    /// For connecting, proxy and TLS included and the name lookup not, within the deadline; all addresses share it. Also
    /// how long a connection may swallow what is sent before it counts as broken. 1 to 600000 ms; 0: 3000.
    pub connect_timeout_ms: u32,
    /// How often a call sends its request at most, 1 to 100; 0: 4. 1: nothing is repeated. Repeated is what may succeed
    /// unchanged within seconds, after a random wait within 250 ms (1 s after TRRO_STATUS_THROTTLED) that doubles each time up
    /// to 8 s, or longer if the service says so; and once, at once, what was refused for a wrong clock or a spent token.
    pub max_attempts: u32,
    /// A larger answer is TRRO_STATUS_BAD_RESPONSE: 1 to UINT32_MAX bytes, counted after decompression; 0: 4 MiB. Feature
    /// "gzip": without it the service is not asked to compress, and an answer that is compressed is TRRO_STATUS_BAD_RESPONSE.
    pub max_response_bytes: u32,
    /// How many requests the client sends in any second at most, 1 to 1000; 0: 5. TRRO_UNLIMITED: no such limit. The account
    /// has 20 for all its clients together.
    pub max_requests_per_s: u32,
    /// How many devices share the account and may be switched on in the same moment; 0: not known. If it is more than 20,
    /// the first request of a client is sent at a random moment within 1.25 * fleet_size / 20 s, and a call whose deadline
    /// is before it returns TRRO_STATUS_THROTTLED with error->retry_after_ms: keep the client, which remembers the moment, and
    /// call again then. 0 to 1000000.
    pub fleet_size: u32,
    /// The least important messages that log_fn gets, TRRO_LOG_LEVEL_...; 0: TRRO_LOG_LEVEL_INFO.
    pub log_level: i32,
    /// Told what happens; NULL: nobody is.
    pub log_fn: trro_log_fn,
    /// The user_data of log_fn.
    pub log_data: *mut c_void,
}

// SAFETY: repr(C), begins with the size, and made of integers, pointers and optional functions.
unsafe impl Input for trro_client_config {
    const INIT: &'static str = "TRRO_CLIENT_CONFIG_INIT";
    const FIRST_SIZE: usize = size_of::<trro_client_config>();
}

// A struct that ends in padding could not grow: what is garbage in an old program would be a field in a new one.
const _: () =
    assert!(std::mem::offset_of!(trro_client_config, log_data) + size_of::<usize>() == size_of::<trro_client_config>());

/// The configuration for the client that `client` will be.
pub(super) unsafe fn core_config(config: &trro_client_config, client: Identity) -> Result<Config<'_>, Error> {
    // SAFETY: the strings of the config are as the header says.
    unsafe {
        Ok(Config {
            credentials: match config.credentials.is_null() {
                true => None,
                false => Some(core_credentials(config.credentials, "config->credentials")?),
            },
            credentials_source: None,
            credentials_fn: credentials_fn(config, client),
            cvm_role: line(config.cvm_role, "config->cvm_role")?,
            metadata_endpoint: None,
            endpoint: line(config.endpoint, "config->endpoint")?,
            region: line(config.region, "config->region")?.map(Cow::Borrowed),
            language: line(config.language, "config->language")?,
            ca_file: line(config.ca_file, "config->ca_file")?,
            client_cert_file: line(config.client_cert_file, "config->client_cert_file")?,
            client_key_file: line(config.client_key_file, "config->client_key_file")?,
            proxy: line(config.proxy, "config->proxy")?,
            no_proxy: line(config.no_proxy, "config->no_proxy")?,
            network_interface: line(config.network_interface, "config->network_interface")?,
            user_agent: line(config.user_agent, "config->user_agent")?,
            deadline_ms: number(config.deadline_ms),
            connect_timeout_ms: number(config.connect_timeout_ms),
            max_attempts: number(config.max_attempts),
            max_response_bytes: number(config.max_response_bytes),
            max_requests_per_s: number(config.max_requests_per_s),
            fleet_size: config.fleet_size,
            log: log(config, client)?,
        })
    }
}

fn credentials_fn(config: &trro_client_config, client: Identity) -> Option<Box<AskForCredentials>> {
    let (function, user_data) = (config.credentials_fn?, UserData(config.credentials_data));
    // SAFETY: the function is as the header says.
    Some(Box::new(move || unsafe { ask(function, user_data, client) }))
}

fn log(config: &trro_client_config, client: Identity) -> Result<Log, Error> {
    let level = match config.log_level {
        TRRO_LOG_LEVEL_ERROR => Level::Error,
        TRRO_LOG_LEVEL_WARNING => Level::Warning,
        0 | TRRO_LOG_LEVEL_INFO => Level::Info,
        TRRO_LOG_LEVEL_DEBUG => Level::Debug,
        other => {
            let fault = format!("is {other} and not one of TRRO_LOG_LEVEL_ERROR to TRRO_LOG_LEVEL_DEBUG");
            return Err(Error::invalid_argument("config->log_level", fault));
        }
    };
    let Some(function) = config.log_fn else { return Ok(Log::default()) };
    let user_data = UserData(config.log_data);
    let sink = move |level: Level, message: &str| {
        // Without control characters, of which NUL is one.
        if let Ok(message) = CString::new(printable(message)) {
            // SAFETY: the function is as the header says; the message lives until it returns.
            client.run(|| unsafe { function(user_data.get(), level as i32, message.as_ptr()) });
        }
    };
    Ok(Log::new(level, Box::new(sink)))
}
