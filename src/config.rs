//! What a program may set, and what is taken where it does not. Uses `credentials`, `log`, `sys`, `error`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::credentials::{Credentials, find, none_found};
use crate::error::Error;
use crate::log::Log;
use crate::sys::environment_variable;

const REGION_VARIABLE: &str = "TENCENTCLOUD_REGION";
/// There is no "for ever".
const MOST_MS: u32 = 600_000;
/// A device name of Linux is shorter than 16 bytes.
const LONGEST_INTERFACE: usize = 15;

/// For [`Config::max_requests_per_s`]: no limit of ours.
pub const UNLIMITED: u32 = u32::MAX;

/// Gives credentials when it is asked.
pub type AskForCredentials = dyn Fn() -> Result<Credentials, Error> + Send + Sync;

/// How to reach the service, and as whom. `None` is the default.
#[derive(Default)]
pub struct Config<'a> {
    /// What signs; else `credentials_fn`; else, with [`Config::or_environment`], what is found around the program.
    pub credentials: Option<Credentials>,
    /// Where they come from, for people. Default: the configuration.
    pub credentials_source: Option<String>,
    /// Asked for what signs, one thread at a time.
    pub credentials_fn: Option<Box<AskForCredentials>>,
    /// The role of the cloud instance that the program runs on, asked for last.
    pub cvm_role: Option<&'a str>,
    /// Where the instance metadata service is. Default: where Tencent Cloud has it.
    pub metadata_endpoint: Option<&'a str>,
    /// Default: the international site.
    pub endpoint: Option<&'a str>,
    /// `X-TC-Region`. Default: it is not sent.
    pub region: Option<Cow<'a, str>>,
    /// The language of the service's messages: `en-US` (default) or `zh-CN`.
    pub language: Option<&'a str>,
    /// A PEM file with the authorities to trust. Default: the built-in ones.
    pub ca_file: Option<&'a str>,
    /// A PEM file with the certificate by which this client is known, and its chain.
    pub client_cert_file: Option<&'a str>,
    /// A PEM file with its key.
    pub client_key_file: Option<&'a str>,
    /// `http://` or `socks5://`. Default: that of the environment.
    pub proxy: Option<&'a str>,
    /// Hosts to reach directly. Default: those of the environment.
    pub no_proxy: Option<&'a str>,
    /// The one network device to use.
    pub network_interface: Option<&'a str>,
    /// `User-Agent`. Default: `libtrro/` and the version.
    pub user_agent: Option<&'a str>,
    /// For a whole call, 1 to 600000. Default: 10 s.
    pub deadline_ms: Option<u32>,
    /// For TCP, proxy and TLS, within the deadline, 1 to 600000. Default: 3 s.
    pub connect_timeout_ms: Option<u32>,
    /// How often a call may send its request, 1 to 100. Default: 4.
    pub max_attempts: Option<u32>,
    /// Of an answer, after decompression. Default: 4 MiB.
    pub max_response_bytes: Option<u32>,
    /// 1 to 1000, or [`UNLIMITED`]. Default: 5.
    pub max_requests_per_s: Option<u32>,
    /// How many devices share the account and may be switched on together; 0: not known.
    pub fleet_size: u32,
    /// Told what happens.
    pub log: Log,
}

impl Config<'_> {
    /// Fills in what is not given from what is around the program: credentials, and the region from
    /// `TENCENTCLOUD_REGION`.
    pub fn or_environment(mut self) -> Result<Self, Error> {
        if self.credentials.is_none() && self.credentials_fn.is_none() {
            self.credentials = match find()? {
                Some(found) => {
                    self.log.info(format_args!("the credentials are those of {}", found.source));
                    self.credentials_source = Some(found.source);
                    Some(found.credentials)
                }
                None if self.cvm_role.is_some() => None,
                None => return Err(none_found()),
            };
        }
        if self.region.is_none() {
            if let Some(region) = environment_variable(REGION_VARIABLE) {
                let region = region.to_string_lossy();
                self.region = Some(Cow::Owned(header_text("the environment's TENCENTCLOUD_REGION", &region)?));
            }
        }
        Ok(self)
    }
}

impl fmt::Debug for Config<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("credentials", &self.credentials)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// A text that can stand in a header.
pub fn header_text(field: &str, text: &str) -> Result<String, Error> {
    let is_printable = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if text.is_empty() || !is_printable || text.starts_with(' ') || text.ends_with(' ') {
        return Err(Error::invalid_argument(field, "is not printable ASCII without blanks at either end"));
    }
    Ok(text.to_owned())
}

/// A time that a program sets.
pub fn milliseconds(field: &str, given: u32) -> Result<Duration, Error> {
    in_range(field, given, 1, MOST_MS, " ms").map(|given| Duration::from_millis(given.into()))
}

/// A number that a program sets.
pub fn in_range(field: &str, given: u32, least: u32, most: u32, unit: &str) -> Result<u32, Error> {
    if !(least..=most).contains(&given) {
        return Err(Error::invalid_argument(field, format_args!("is {given} and not {least} to {most}{unit}")));
    }
    Ok(given)
}

/// The name of a network device.
pub fn interface(name: &str) -> Result<String, Error> {
    let is_name = (1..=LONGEST_INTERFACE).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    if !is_name {
        return Err(Error::invalid_argument("network_interface", "is not the name of a network device, such as wwan0"));
    }
    Ok(name.to_owned())
}
