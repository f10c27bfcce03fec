//! What the service answered, read into whatever holds it. Uses `api`, `credentials`, `transport`, `error`.

use std::sync::Arc;
use std::time::Duration;

use super::Client;
use crate::api::TypedRequest;
use crate::api::decode::decode;
use crate::api::request::Request;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::transport::Body;

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    pub(super) request: Request,
    pub(super) body: Body,
    pub(super) request_id: String,
    /// What signed the request, and must not show in an error about the answer.
    pub(super) credentials: Arc<Credentials>,
    /// Since boot.
    pub(super) received_at: Duration,
    /// How often this call has sent the request; 0 if an answer kept from the call before was given.
    pub attempts: u32,
}

impl Answer {
    /// The service's id of the request.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// When it came, since boot.
    pub fn received_at(&self) -> Duration {
        self.received_at
    }
}

impl Client {
    /// The answer as a value that borrows from it. `R` is the type of the request that it answers.
    pub fn decode<'a, R: TypedRequest>(&self, answer: &'a Answer) -> Result<R::Response<'a>, Error> {
        decode(&answer.body).map_err(|error| self.unreadable(answer, error))
    }

    /// Says of an answer that it cannot be read by whoever asked. What was asked for has been carried out.
    pub fn unreadable(&self, answer: &Answer, mut error: Error) -> Error {
        answer.credentials.redact(&mut error);
        answer.request.redact(&mut error);
        let (request_id, attempts) = (answer.request_id.clone(), answer.attempts);
        // An answer with another HTTP status has not got this far.
        let error = Error { request_id, attempts, http_status: 200, ..error };
        if answer.request.changes() { error.left_open() } else { error }
    }
}
