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
//! | [`ffi`] | the C functions and structs of `trro.h` | everything below |
//! | [`client`] | one call: deadline, sign, send, judge | everything below |
//! | `transport` | bytes to the service and back | `endpoint`, `sys`, `error` |
//! | [`api`] | the actions of TRRO: request in, typed response out; no I/O | `error` |
//! | [`credentials`] | what signs a request, and where it comes from | `sign`, `sys`, `error` |
//! | [`sign`] | TC3-HMAC-SHA256, pure | nothing |
//! | [`endpoint`] | where the service is | `error` |
//! | `clock` | the time that requests are signed with | nothing |
//! | `sys` | the few system calls that std does not offer | nothing |
//! | [`error`] | what can go wrong, as every module says it | nothing |
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::undocumented_unsafe_blocks)
)]

pub mod api;
pub mod client;
mod clock;
pub mod credentials;
pub mod endpoint;
pub mod error;
pub mod ffi;
pub mod sign;
mod sys;
mod transport;
