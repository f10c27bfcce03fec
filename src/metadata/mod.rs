//! The instance metadata service of Tencent Cloud, which gives a cloud instance the credentials of its role. Uses `cancel`,
//! `clock`, `credentials`, `endpoint`, `log`, `transport`, `error`.
//!
//! `left_out` is there instead in a build without the feature `credential-sources`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::credentials::{Credentials, METADATA_HOST, decode_role, role_path};
use crate::endpoint::Endpoint;
use crate::error::{Error, Status};
use crate::log::Log;
use crate::transport::tls::Tls;
use crate::transport::{Settings, Transport, roots};

/// It is a hop away: one that does not answer by then is not there.
const PATIENCE: Duration = Duration::from_secs(3);
const MAX_RESPONSE_BYTES: u32 = 64 * 1024;

/// The service, asked for one role.
pub struct Metadata {
    role: String,
    transport: Transport,
}

impl Metadata {
    /// No network is touched. An error names `cvm_role`.
    pub fn new(base: Option<&str>, role: &str, cancel: Arc<Cancel>, log: Arc<Log>) -> Result<Metadata, Error> {
        let base = base.map_or_else(|| format!("http://{METADATA_HOST}"), str::to_owned);
        Ok(Metadata {
            transport: Transport::new(Settings {
                endpoint: Endpoint::of_metadata(&(base + &role_path(role)?))?,
                proxy: None,
                tls: Tls::new(roots::none(), None, Arc::new(Clock::default())),
                network_interface: None,
                connect_timeout: PATIENCE,
                max_response_bytes: MAX_RESPONSE_BYTES,
                gate: None,
                cancel,
                log,
            }),
            role: role.to_owned(),
        })
    }

    /// The role's credentials of this moment.
    pub fn ask(&self, deadline: Instant) -> Result<Credentials, Error> {
        let mut answer =
            self.transport.get(deadline.min(Instant::now() + PATIENCE)).map_err(|error| match error.status {
                Status::Cancelled => error,
                _ => Error {
                    status: Status::CredentialsFailed,
                    message: format!("the instance role {} cannot be asked for: {}", self.role, error.message),
                    retryable: true,
                    ..error
                },
            })?;
        let credentials = decode_role(&self.role, answer.http_status, &answer.body);
        answer.body.wipe();
        credentials
    }
}
