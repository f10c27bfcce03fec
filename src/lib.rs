//! Client for the cloud API of Tencent Cloud's Real-time Teleoperation (TRRO), version 2022-03-25, made to be called
//! from C.
//!
//! C programs use `include/trro.h` and never see this crate's Rust side. A call travels:
//!
//! ```text
//! ffi (C boundary) -> client -> sign -> transport -> api (decode) -> ffi
//! ```
//!
//! | module | what is in it | what it may use |
//! | --- | --- | --- |
//! | `fuzzing` | what the fuzzer runs; in no library that ships | everything below |
//! | `properties` | what always holds, tried with many values; in no library | everything below |
//! | [`ffi`] | the C functions and structs of `trro.h` | everything below |
//! | [`watch`] | keeps the authorization of devices fresh in the background | everything below |
//! | [`diagnosis`] | a call looked at step by step, and what to do about the step that fails | everything below |
//! | [`listing`] | devices, page by page: all of them, or the rows of one | everything below |
//! | [`client`] | one call: deadline, sign, send, judge, retry | everything below |
//! | [`config`] | what a program may set | `credentials`, `log`, `sys`, `error` |
//! | `metadata` | the role of a cloud instance, asked for | `transport`, `credentials`, `clock`, `cancel`, `endpoint`, `log`, `error` |
//! | `transport` | bytes to the service and back | `limiter`, `cancel`, `clock`, `endpoint`, `log`, `proxy`, `sys`, `error` |
//! | [`credentials`] | what signs a request, and where it comes from | `api`, `sign`, `clock`, `cancel`, `log`, `sys`, `error` |
//! | [`snapshot`] | the last known answer of a watch, in a file | `authorization`, `sys`, `error` |
//! | [`device_config`] | the config.json of the vendor's field SDK | `error` |
//! | [`authorization`] | the verdict on a device; pure | `api` |
//! | [`api`] | the actions of TRRO: request in, typed response out; no I/O | `error` |
//! | [`retry`] | whether a failed request is sent again, and after how long; pure | `error` |
//! | [`limiter`] | when a request may be sent, for the sake of the account's other devices; pure | `retry` |
//! | [`sign`] | TC3-HMAC-SHA256, pure | nothing |
//! | `proxy` | what stands between | `endpoint`, `sys`, `error` |
//! | [`endpoint`] | where the service is | `error` |
//! | `clock` | the service's time: offset, and what proves it | `sys` |
//! | `cancel` | ends what a call waits for | `sys`, `error` |
//! | [`log`] | what the library tells people | nothing |
//! | `sys` | the few system calls that std does not offer | nothing |
//! | [`error`] | what can go wrong, as every module says it | nothing |
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::undocumented_unsafe_blocks)
)]

pub mod api;
pub mod authorization;
mod cancel;
pub mod client;
mod clock;
pub mod config;
pub mod credentials;
#[cfg_attr(not(feature = "device-config"), path = "device_config/left_out.rs")]
pub mod device_config;
#[cfg_attr(not(feature = "diagnosis"), path = "diagnosis/left_out.rs")]
pub mod diagnosis;
pub mod endpoint;
pub mod error;
pub mod ffi;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod limiter;
pub mod listing;
pub mod log;
#[cfg_attr(not(feature = "credential-sources"), path = "metadata/left_out.rs")]
mod metadata;
#[cfg(test)]
mod properties;
#[cfg_attr(not(feature = "proxy"), path = "proxy/left_out.rs")]
mod proxy;
pub mod retry;
pub mod sign;
pub mod snapshot;
mod sys;
mod transport;
#[cfg_attr(not(feature = "watch"), path = "watch/left_out.rs")]
pub mod watch;
