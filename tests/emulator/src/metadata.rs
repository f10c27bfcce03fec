//! The instance metadata service, in so far as a role's credentials come from it.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;

use crate::answer::{Answer, compressed};
use crate::http::{Request, read_request};
use crate::listener::Listener;
use crate::{SECRET_KEY, TEMPORARY_SECRET_ID, TOKEN, lock, now_s};

const CREDENTIALS: &str = "/latest/meta-data/cam/security-credentials/";

/// One way of the metadata service to misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataFault {
    /// Answers after a while.
    Late(Duration),
    /// Another `Code` than `Success`, and no credentials.
    Failure,
    /// A web page instead of JSON.
    Garbage,
}

/// How the metadata service is set up.
#[derive(Debug, Clone)]
pub struct MetadataOptions {
    /// The only role of the instance.
    pub role: String,
    /// How long after a request its credentials expire; not above 0: they have expired before.
    pub lifetime_s: i64,
    /// The token of the credentials at the start.
    pub token: String,
    /// Whether its JSON has escapes where it could do without.
    pub has_escapes: bool,
    /// How it misbehaves; `None`: it behaves.
    pub fault: Option<MetadataFault>,
}

impl Default for MetadataOptions {
    fn default() -> MetadataOptions {
        MetadataOptions {
            role: "emulator-role".to_owned(),
            lifetime_s: 7200,
            token: TOKEN.to_owned(),
            has_escapes: false,
            fault: None,
        }
    }
}

/// A running metadata service on a port of its own on the loopback; it ends when dropped.
pub struct Metadata {
    shared: Arc<Shared>,
    listener: Listener,
}

struct Shared {
    options: MetadataOptions,
    token: Mutex<String>,
    requests: Mutex<usize>,
}

impl Metadata {
    /// Starts one on a free port.
    pub fn start(options: MetadataOptions) -> io::Result<Metadata> {
        let token = Mutex::new(options.token.clone());
        let shared = Arc::new(Shared { options, token, requests: Mutex::default() });
        let listener = Listener::start({
            let shared = Arc::clone(&shared);
            // A client that goes away is no concern of the service's.
            move |stream| drop(shared.serve(&stream))
        })?;
        Ok(Metadata { shared, listener })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.listener.port())
    }

    /// How often it was asked for anything.
    pub fn requests(&self) -> usize {
        *lock(&self.shared.requests)
    }

    /// The token of the credentials from now on.
    pub fn set_token(&self, token: &str) {
        token.clone_into(&mut lock(&self.shared.token));
    }
}

impl Shared {
    fn serve(&self, mut stream: &TcpStream) -> io::Result<()> {
        let mut unread = Vec::new();
        while let Some(request) = read_request(&mut stream, &mut unread)? {
            *lock(&self.requests) += 1;
            if let Some(MetadataFault::Late(pause)) = &self.options.fault {
                sleep(*pause);
            }
            let answer = self.answer(&request);
            let takes_gzip = request.header("Accept-Encoding").is_some_and(|taken| taken.contains("gzip"));
            stream.write_all(&if takes_gzip { compressed(answer) } else { answer }.bytes())?;
        }
        Ok(())
    }

    fn answer(&self, request: &Request) -> Answer {
        let now_s = now_s();
        match request.path.strip_prefix(CREDENTIALS) {
            _ if request.method != "GET" => Answer::page(now_s, 405),
            Some("") => Answer::json(now_s, self.options.role.as_str()),
            Some(role) if role == self.options.role => self.credentials(now_s),
            _ => Answer::page(now_s, 404),
        }
    }

    fn credentials(&self, now_s: i64) -> Answer {
        match self.options.fault {
            Some(MetadataFault::Garbage) => return Answer::page(now_s, 200),
            Some(MetadataFault::Failure) => return Answer::json(now_s, json!({"Code": "Failure"}).to_string()),
            _ => {}
        }
        let expires_at_s = now_s + self.options.lifetime_s;
        let credentials = json!({
            "TmpSecretId": TEMPORARY_SECRET_ID,
            "TmpSecretKey": SECRET_KEY,
            "ExpiredTime": expires_at_s,
            "Expiration": iso_8601(expires_at_s),
            "Token": *lock(&self.token),
            "Code": "Success",
        });
        let plain = credentials.to_string();
        Answer::json(now_s, if self.options.has_escapes { plain.replace(":\"e", r#":"\u0065"#) } else { plain })
    }
}

fn iso_8601(s: i64) -> String {
    OffsetDateTime::from_unix_timestamp(s).map_or(String::new(), |moment| {
        let (hour, minute, second) = moment.to_hms();
        format!("{}T{hour:02}:{minute:02}:{second:02}Z", moment.date())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(iso_8601(1_700_000_005), "2023-11-14T22:13:25Z");
    }
}
