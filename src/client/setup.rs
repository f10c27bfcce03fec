//! A client from its configuration: what is checked, and what is taken where nothing is said. Uses `api`, `cancel`, `clock`,
//! `config`, `credentials`, `endpoint`, `error`, `limiter`, `log`, `metadata`, `proxy`, `retry`, `transport`.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Client, X_TC_ACTION, X_TC_TIMESTAMP};
use crate::api;
use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::config::{Config, UNLIMITED, header_text, in_range, interface, milliseconds};
use crate::credentials::{Keeper, Signer, none_found, role_path};
use crate::endpoint::{Endpoint, INTERNATIONAL};
use crate::error::Error;
use crate::limiter::{DEFAULT_MAX_REQUESTS_PER_S, Limiter};
use crate::log::Log;
use crate::metadata::Metadata;
use crate::proxy::Proxy;
use crate::retry::{DEFAULT_MAX_ATTEMPTS, Policy};
use crate::transport::gate::Gate;
use crate::transport::tls::Tls;
use crate::transport::{CommonHeaders, HeaderName, Settings, Transport, gzip, header, header_value, identity, roots};

const DEFAULT_DEADLINE_MS: u32 = 10_000;
const DEFAULT_CONNECT_TIMEOUT_MS: u32 = 3_000;
const DEFAULT_MAX_RESPONSE_BYTES: u32 = 4 << 20;
const MOST_ATTEMPTS: u32 = 100;
/// The first requests of a larger fleet would be spread over more than 17 hours.
const LARGEST_FLEET: u32 = 1_000_000;
/// Beyond it the limit is none in practice, and remembering so many requests would be for nothing.
const MOST_REQUESTS_PER_S: u32 = 1000;

impl Client {
    /// Checks the configuration; no network is touched. An error names the field.
    pub fn new(mut config: Config<'_>) -> Result<Client, Error> {
        let log = Arc::new(std::mem::take(&mut config.log));
        let language = match config.language {
            None | Some("en-US") => "en-US",
            Some("zh-CN") => "zh-CN",
            Some(_) => return Err(Error::invalid_argument("language", "is neither \"en-US\" nor \"zh-CN\"")),
        };
        let user_agent = config.user_agent.unwrap_or(concat!("libtrro/", env!("CARGO_PKG_VERSION")));
        let user_agent = header_text("user_agent", user_agent)?;
        let region = config.region.as_ref().map(|region| header_text("region", region)).transpose()?;
        let deadline = milliseconds("deadline_ms", config.deadline_ms.unwrap_or(DEFAULT_DEADLINE_MS))?;
        let max_attempts = config.max_attempts.unwrap_or(DEFAULT_MAX_ATTEMPTS);
        let max_attempts = in_range("max_attempts", max_attempts, 1, MOST_ATTEMPTS, "")?;
        let fleet_size = in_range("fleet_size", config.fleet_size, 0, LARGEST_FLEET, "")?;
        let limiter = Limiter::new(requests_per_s(config.max_requests_per_s)?, fleet_size);
        // A secret may stand where it does not belong.
        let without_secrets = |mut error: Error| {
            if let Some(credentials) = &config.credentials {
                credentials.redact(&mut error);
            }
            error
        };
        let endpoint = Endpoint::parse(config.endpoint.unwrap_or(INTERNATIONAL)).map_err(without_secrets)?;
        let (clock, cancel) = (Arc::new(Clock::default()), Arc::new(Cancel::new()?));
        let host_header = endpoint.host_header.clone();
        let headers = common_headers(&host_header, &user_agent, language, region.as_deref())?;
        let transport = transport(&config, endpoint, &clock, &cancel, &log).map_err(without_secrets)?;
        Ok(Client {
            keeper: keeper(config, &cancel, &log)?,
            signer: Signer::new(api::SERVICE),
            clock,
            cancel,
            log,
            retries: Policy { max_attempts },
            limiter: Mutex::new(limiter),
            host_header,
            headers,
            deadline,
            transport,
            kept: Mutex::new(None),
        })
    }
}

/// What is sent with every request.
fn common_headers(host: &str, user_agent: &str, language: &str, region: Option<&str>) -> Result<CommonHeaders, Error> {
    let always = [
        (header::HOST, host),
        (header::CONTENT_TYPE, api::CONTENT_TYPE),
        (header::ACCEPT, api::CONTENT_TYPE),
        (header::USER_AGENT, user_agent),
        (HeaderName::from_static("x-tc-version"), api::VERSION),
        (HeaderName::from_static("x-tc-language"), language),
        // With room for what each request has of its own.
        (header::CONTENT_LENGTH, "0"),
        (header::AUTHORIZATION, ""),
        (X_TC_ACTION.clone(), ""),
        (X_TC_TIMESTAMP.clone(), ""),
    ];
    let region = region.map(|region| (HeaderName::from_static("x-tc-region"), region));
    let encoding = gzip::ACCEPTED.map(|encoding| (header::ACCEPT_ENCODING, encoding));
    let headers = always.into_iter().chain(encoding).chain(region).map(|(name, value)| {
        let value = header_value(&name, value)?;
        Ok((name, value))
    });
    headers.collect::<Result<_, _>>().map(CommonHeaders)
}

fn requests_per_s(given: Option<u32>) -> Result<Option<u32>, Error> {
    match given {
        None => Ok(Some(DEFAULT_MAX_REQUESTS_PER_S)),
        Some(UNLIMITED) => Ok(None),
        Some(given) => in_range("max_requests_per_s", given, 1, MOST_REQUESTS_PER_S, ", nor TRRO_UNLIMITED").map(Some),
    }
}

/// The way to the service.
fn transport(
    config: &Config<'_>,
    endpoint: Endpoint,
    clock: &Arc<Clock>,
    cancel: &Arc<Cancel>,
    log: &Arc<Log>,
) -> Result<Transport, Error> {
    let roots = match config.ca_file {
        Some(path) => roots::from_file(Path::new(path))?,
        None if endpoint.tls_name.is_none() => roots::none(),
        None => roots::built_in()?,
    };
    let identity = match (config.client_cert_file, config.client_key_file) {
        (Some(certificate), Some(key)) => Some(identity::from_files(Path::new(certificate), Path::new(key))?),
        (None, None) => None,
        (Some(_), None) => return Err(Error::invalid_argument("client_cert_file", "is given without client_key_file")),
        (None, Some(_)) => return Err(Error::invalid_argument("client_key_file", "is given without client_cert_file")),
    };
    Ok(Transport::new(Settings {
        proxy: Proxy::choose(config.proxy, config.no_proxy, &endpoint)?,
        endpoint,
        tls: Tls::new(roots, identity, Arc::clone(clock)),
        network_interface: config.network_interface.map(interface).transpose()?,
        connect_timeout: connect_timeout(config)?,
        gate: requests_per_s(config.max_requests_per_s)?.map(|most| Gate::new(most, Arc::clone(cancel))),
        max_response_bytes: config.max_response_bytes.unwrap_or(DEFAULT_MAX_RESPONSE_BYTES),
        cancel: Arc::clone(cancel),
        log: Arc::clone(log),
    }))
}

fn connect_timeout(config: &Config<'_>) -> Result<Duration, Error> {
    milliseconds("connect_timeout_ms", config.connect_timeout_ms.unwrap_or(DEFAULT_CONNECT_TIMEOUT_MS))
}

/// What signs: given, asked for, or found out from the cloud instance.
fn keeper(config: Config<'_>, cancel: &Arc<Cancel>, log: &Arc<Log>) -> Result<Keeper, Error> {
    // Checked also where it is not used: a mistake shows at once, not when the other source is gone.
    config.cvm_role.map(role_path).transpose()?;
    match (config.credentials, config.credentials_fn, config.cvm_role) {
        (Some(_), Some(_), _) => {
            Err(Error::invalid_argument("credentials_fn", "and credentials are both given; leave one of them NULL"))
        }
        (Some(credentials), None, _) => {
            let source = config.credentials_source.unwrap_or_else(|| "the configuration".to_owned());
            Ok(Keeper::fixed(source, credentials))
        }
        (None, Some(ask), _) => Keeper::renewed("credentials_fn", Box::new(move |_| ask())),
        (None, None, Some(role)) => {
            let metadata = Metadata::new(config.metadata_endpoint, role, Arc::clone(cancel), Arc::clone(log))?;
            Keeper::renewed("the instance role", Box::new(move |deadline| metadata.ask(deadline)))
        }
        (None, None, None) => Err(none_found()),
    }
}
