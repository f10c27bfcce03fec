//! What is there instead of the diagnosis in a build without it. Uses `client`, `listing`, `error`.

mod step;

use std::time::Instant;

use crate::client::Client;
use crate::error::Error;
use crate::listing::Flow;
pub use step::{Diagnosis, Outcome, Step, Subject};

/// Looks at nothing.
pub fn diagnose(_: &Client, _: &Subject<'_>, _: Instant, _: &mut dyn FnMut(&Diagnosis) -> Flow) -> Result<u32, Error> {
    Err(missing())
}

/// Whether there is a diagnosis: in every build but this.
pub fn check_built_in() -> Result<(), Error> {
    Err(missing())
}

fn missing() -> Error {
    Error::left_out("", "diagnosis", "diagnosis")
}
