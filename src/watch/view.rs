//! What is watched and seen, as the program puts it. Uses `authorization`, `snapshot`.

use crate::authorization::{Finding, Reason};
use crate::snapshot::Key;

/// Told when a verdict has changed.
pub type Changed = dyn Fn(&View) + Send + Sync;

/// What to watch. `None` is the default.
pub struct Config<'a> {
    /// The project of the device.
    pub project_id: &'a str,
    /// The device.
    pub device_id: &'a str,
    /// How many streams it is to send.
    pub streams: u32,
    /// For asking once.
    pub deadline_ms: Option<u32>,
    /// How often to ask, 1 to 86400. Default: 300.
    pub period_s: Option<u32>,
    /// An older answer says nothing, 1 to 31536000. Default: 86400.
    pub max_stale_s: Option<u32>,
    /// The file in which the last answer is kept, and the key that proves it.
    pub snapshot: Option<(&'a str, Option<&'a Key>)>,
    /// Told of changes, in the thread that asks.
    pub changed: Option<Box<Changed>>,
}

/// What is known at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Whether the device may run.
    pub reason: Reason,
    /// By what.
    pub known: Known,
    /// The moment, since boot.
    pub since_boot_ms: i64,
}

/// Where an answer is from. The numbers are part of the public interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Source {
    /// There is none yet.
    None = 0,
    /// The service, asked by this program.
    Service = 1,
    /// An earlier run of the program, which left it in a file.
    Snapshot = 2,
}

/// What is known: an answer and where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The answer; of [`Source::None`] it says nothing.
    pub finding: Finding,
    /// Where it is from.
    pub source: Source,
}
