//! What is there instead of watches in a build without them. Uses `client`, `error`.

mod view;

use std::convert::Infallible;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use crate::client::Client;
use crate::error::Error;
pub use view::{Changed, Config, Known, Source, View};

/// Asks for nothing.
pub struct Background;

impl Background {
    /// Nothing is kept of the client.
    pub fn new(_: Arc<Client>) -> Background {
        Background
    }
}

/// There is none.
#[derive(Debug)]
pub struct Watch(Infallible);

/// Whether there are watches: in every build but this.
pub fn check_built_in() -> Result<(), Error> {
    Err(missing())
}

fn missing() -> Error {
    Error::left_out("", "watches", "watch")
}

impl Watch {
    /// As `check_built_in` says.
    pub fn start(_: &Arc<Background>, _: Config<'_>) -> Result<Watch, Error> {
        Err(missing())
    }

    /// As where there are watches.
    pub fn read(&self) -> View {
        match self.0 {}
    }

    /// As where there are watches.
    pub fn event(&self) -> BorrowedFd<'_> {
        match self.0 {}
    }

    /// As where there are watches.
    pub fn is_of_this_thread(&self) -> bool {
        match self.0 {}
    }

    /// As where there are watches.
    pub fn end(self) {
        match self.0 {}
    }
}
