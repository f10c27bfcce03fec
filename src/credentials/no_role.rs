//! What is there instead of the role of a CVM instance in a build without it. Uses `error`.

use std::convert::Infallible;

use crate::error::Error;

/// No role is taken.
pub fn role_path(_: &str) -> Result<Infallible, Error> {
    Err(Error::left_out("cvm_role is given", "instance roles", "credential-sources"))
}
