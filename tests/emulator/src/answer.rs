//! HTTP answers: sound ones, and such as a fault makes of them.

use std::io::Write;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::http::Request;
use crate::service::{Refusal, carry_out, envelope, throttled};
use crate::{Fault, Shared};

/// What a client reads at once: [`Fault::Unasked`] hides behind it.
const FULL_BUFFER: usize = 16 * 1024;

#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    fn new(now_s: i64, status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status,
            headers: vec![
                ("Server", "emulator".to_owned()),
                ("Date", http_date(now_s)),
                ("Content-Type", content_type.to_owned()),
            ],
            body: body.into(),
        }
    }

    pub fn json(now_s: i64, body: impl Into<Vec<u8>>) -> Answer {
        Answer::new(now_s, 200, "application/json", body)
    }

    pub fn page(now_s: i64, status: u16) -> Answer {
        Answer::new(now_s, status, "text/html", "<html><body>not what you asked for</body></html>")
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes_announcing(self.body.len())
    }

    pub fn bytes_announcing(&self, length: usize) -> Vec<u8> {
        let mut bytes = self.open_head();
        bytes.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The head, but for the length of the body and the end.
    pub fn open_head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} -\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head.into_bytes()
    }

    fn without_date(mut self) -> Answer {
        self.headers.retain(|(name, _)| *name != "Date");
        self
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Answer {
        self.headers.push((name, value.to_string()));
        self
    }
}

fn http_date(s: i64) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(s).unwrap_or(0)))
}

/// The answer to a request, in so far as a fault is one of the answer and not of the connection.
pub fn answer(shared: &Shared, request: &Request, ordinal: usize, fault: Option<&Fault>) -> Answer {
    let ahead_s = match fault {
        Some(Fault::WrongClock(ahead_s) | Fault::WrongClockNoDate(ahead_s)) => *ahead_s,
        _ => 0,
    };
    let now_s = shared.now_s() + ahead_s;
    let answer = unrelated(now_s, fault).unwrap_or_else(|| related(shared, request, ordinal, now_s, fault));
    match fault {
        Some(Fault::ThrottledFor(pause_s) | Fault::UnavailableFor(pause_s)) => answer.with("Retry-After", pause_s),
        Some(Fault::Aged(age_s)) => answer.with("Age", age_s),
        Some(Fault::NoDate | Fault::WrongClockNoDate(_)) => answer.without_date(),
        Some(Fault::Date(ahead_s)) => answer.without_date().with("Date", http_date(now_s + ahead_s)),
        Some(Fault::Gzip | Fault::GzipCutOff | Fault::GzipTooLarge(_)) => compressed(answer),
        _ => answer,
    }
}

/// The answer of a fault that does not look at the request.
fn unrelated(now_s: i64, fault: Option<&Fault>) -> Option<Answer> {
    Some(match fault? {
        Fault::NotJson => Answer::page(now_s, 200),
        Fault::Status(status) => Answer::page(now_s, *status),
        Fault::UnavailableFor(_) => Answer::page(now_s, 503),
        Fault::Answer(body) => Answer::json(now_s, body.as_str()),
        Fault::TooLarge(length) | Fault::GzipTooLarge(length) => {
            let padding = "x".repeat(*length);
            Answer::json(now_s, format!(r#"{{"Response":{{"RequestId":"padded","Padding":"{padding}"}}}}"#))
        }
        Fault::Redirect => Answer::page(now_s, 307).with("Location", "/elsewhere"),
        _ => return None,
    })
}

fn related(shared: &Shared, request: &Request, ordinal: usize, now_s: i64, fault: Option<&Fault>) -> Answer {
    let outcome = match fault {
        Some(Fault::Throttled | Fault::ThrottledFor(_)) => Err(throttled(shared, request)),
        Some(Fault::RegionRequired) if request.header("X-TC-Region").is_none() => Err(Refusal::missing("Region")),
        Some(Fault::Error(code)) => Err(Refusal::new(code, "as the emulator was told")),
        Some(Fault::Echo) => Err(Refusal::new(
            request.header("X-TC-Token").unwrap_or("InternalError"),
            format!("{} {}", crate::SECRET_KEY, request.header("Authorization").unwrap_or_default()),
        )),
        _ => carry_out(shared, request, now_s),
    };
    let request_id = format!("00000000-0000-4000-8000-{ordinal:012}");
    let mut value = envelope(outcome, &request_id);
    if fault == Some(&Fault::WrongType) {
        match value.pointer_mut("/Response/Devices/0/LicenseIds") {
            Some(license_ids) => *license_ids = json!([7]),
            None => value["Response"]["RequestId"] = json!(7),
        }
    }
    let mut answer = Answer::json(now_s, value.to_string());
    if fault == Some(&Fault::Unasked) {
        // From here on the head has one length, whatever the body's is.
        answer.body.resize(10_000, b' ');
        let missing = FULL_BUFFER - answer.bytes().len();
        answer.body.extend(vec![b' '; missing]);
    }
    answer
}

pub fn compressed(mut answer: Answer) -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(&answer.body);
    answer.body = encoder.finish().unwrap_or_default();
    answer.with("Content-Encoding", "gzip")
}
