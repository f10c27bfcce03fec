//! What is there instead of the instance metadata service in a build without it. Uses `cancel`, `credentials`, `log`, `error`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use crate::cancel::Cancel;
use crate::credentials::{Credentials, role_path};
use crate::error::Error;
use crate::log::Log;

/// There is none.
pub struct Metadata(Infallible);

impl Metadata {
    /// No role is taken, and that is what `role_path` says.
    pub fn new(_: Option<&str>, role: &str, _: Arc<Cancel>, _: Arc<Log>) -> Result<Metadata, Error> {
        role_path(role).map(Metadata)
    }

    /// As where there is one.
    pub fn ask(&self, _: Instant) -> Result<Credentials, Error> {
        match self.0 {}
    }
}
