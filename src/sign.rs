//! TC3-HMAC-SHA256: pure functions of (request, credentials, time). Uses nothing.
//!
//! Every step of the scheme is a function with the scheme's own name, so that a test vector that fails names the step.
//! Source: the "Signature v3" pages of Tencent Cloud's API documents, current edition.

use std::ops::Deref;

use hmac::digest::FixedOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A day in UTC has no other length: leap seconds do not count.
pub const SECONDS_PER_DAY: i64 = 86_400;

/// The name of the scheme, as it stands in the header and in the string to sign.
pub const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// A key of the derivation chain: wiped when dropped, and with no way to format it. In a box: one that moves would leave itself behind.
pub struct Key(Box<Zeroizing<[u8; 32]>>);

impl Key {
    /// A key that was derived elsewhere.
    pub fn from_bytes(bytes: &[u8; 32]) -> Key {
        let mut key = Key::empty();
        key.0.copy_from_slice(bytes);
        key
    }

    fn empty() -> Key {
        Key(Box::default())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What of a request is signed.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The query string without the question mark; empty for `POST`.
    pub query: &'a str,
    /// The `Content-Type` header, byte for byte as sent.
    pub content_type: &'a str,
    /// The `Host` header, byte for byte as sent.
    pub host: &'a str,
    /// The `X-TC-Action` header if it is to be signed, as sent: it is signed in lower case.
    pub action: Option<&'a str>,
    /// The body; empty for `GET`.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// The names of the signed headers, in order.
    pub fn signed_headers(&self) -> &'static str {
        match self.action {
            Some(_) => "content-type;host;x-tc-action",
            None => "content-type;host",
        }
    }

    /// The canonical request. The canonical URI is always `/`, whatever the path of the URL.
    pub fn canonical_request(&self) -> String {
        let mut canonical_request = String::new();
        self.write_canonical_request(&mut canonical_request);
        canonical_request
    }

    /// Writes the canonical request over what the buffer has.
    pub fn write_canonical_request(&self, buffer: &mut String) {
        buffer.clear();
        let (method, query, content_type) = (self.method, self.query, self.content_type);
        append(buffer, &[method, "\n/\n", query, "\ncontent-type:", content_type, "\nhost:", self.host, "\n"]);
        if let Some(action) = self.action {
            buffer.push_str("x-tc-action:");
            let start = buffer.len();
            buffer.push_str(action);
            buffer[start..].make_ascii_lowercase();
            buffer.push('\n');
        }
        append(buffer, &["\n", self.signed_headers(), "\n", &hashed_payload(self.body)]);
    }
}

/// The hash of the body, in lower-case hexadecimal.
pub fn hashed_payload(body: &[u8]) -> Hexadecimal {
    Hexadecimal::hash_of(body)
}

/// The credential scope: for which day (UTC) and service a signature holds.
pub fn credential_scope(date: &str, service: &str) -> String {
    [date, "/", service, "/tc3_request"].concat()
}

/// The string to sign. The timestamp is in seconds since 1970, as it is sent.
pub fn string_to_sign(timestamp: &str, credential_scope: &str, canonical_request: &str) -> String {
    let mut buffer = canonical_request.to_owned();
    write_string_to_sign(timestamp, credential_scope, &mut buffer);
    buffer
}

/// Writes the string to sign over the canonical request, which the buffer has.
pub fn write_string_to_sign(timestamp: &str, credential_scope: &str, buffer: &mut String) {
    let hashed_request = Hexadecimal::hash_of(buffer.as_bytes());
    buffer.clear();
    append(buffer, &[ALGORITHM, "\n", timestamp, "\n", credential_scope, "\n", &hashed_request]);
}

/// First key of the derivation: the secret key bound to a day.
pub fn secret_date(secret_key: &str, date: &str) -> Key {
    let seed = Zeroizing::new(["TC3", secret_key].concat());
    mac(seed.as_bytes(), date)
}

/// Second key of the derivation: bound to a service as well.
pub fn secret_service(secret_date: &Key, service: &str) -> Key {
    mac(secret_date.as_bytes(), service)
}

/// Third key of the derivation: the one that signs.
pub fn secret_signing(secret_service: &Key) -> Key {
    mac(secret_service.as_bytes(), "tc3_request")
}

/// The whole derivation: the key that signs requests to `service` on `date`.
pub fn signing_key(secret_key: &str, date: &str, service: &str) -> Key {
    secret_signing(&secret_service(&secret_date(secret_key, date), service))
}

/// The third key with the hash states made that HMAC begins with: half of what a signature takes. Wiped when dropped.
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Of the third key.
    pub fn new(secret_signing: &Key) -> SigningKey {
        SigningKey(keyed(secret_signing.as_bytes()))
    }
}

/// The signature, in lower-case hexadecimal.
pub fn signature(key: &SigningKey, string_to_sign: &str) -> Hexadecimal {
    let mut mac = key.0.clone();
    mac.update(string_to_sign.as_bytes());
    Hexadecimal::new(&mac.finalize().into_bytes().into())
}

/// Writes the value of the `Authorization` header over what the buffer has.
pub fn write_authorization(
    secret_id: &str,
    credential_scope: &str,
    signed_headers: &str,
    signature: &str,
    buffer: &mut String,
) {
    buffer.clear();
    let (id, names) = (" Credential=", ", SignedHeaders=");
    append(
        buffer,
        &[ALGORITHM, id, secret_id, "/", credential_scope, names, signed_headers, ", Signature=", signature],
    );
}

/// The days since 1970 of a moment in UTC.
pub fn utc_day(timestamp_s: i64) -> i64 {
    timestamp_s.div_euclid(SECONDS_PER_DAY)
}

/// The day of a moment in UTC, as `YYYY-MM-DD`. For the years 0 to 9999; a time outside of them gives the nearest day
/// inside.
pub fn utc_date(timestamp_s: i64) -> String {
    const FIRST_DAY: i64 = -719_528; // 0000-01-01
    const LAST_DAY: i64 = 2_932_896; // 9999-12-31
    let days_since_1970 = utc_day(timestamp_s).clamp(FIRST_DAY, LAST_DAY);

    // Counted in years that begin in March, a leap day is the last day of its year and needs no case of its own.
    let days = days_since_1970 + 719_468; // since 0000-03-01
    let era = days.div_euclid(146_097); // 400 years each
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = 400 * era + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The first second of a day that is written as [`utc_date`] writes it; `None` for anything else.
pub fn start_of_day(date: &str) -> Option<i64> {
    if date.len() != "YYYY-MM-DD".len() {
        return None;
    }
    let mut numbers = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);

    // The steps of utc_date, backwards.
    let (year, month_from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days_since_1970 = 146_097 * era + day_of_era - 719_468;

    // A day that the calendar does not have, or another way to write one, does not come back the same.
    let start = days_since_1970 * SECONDS_PER_DAY;
    (utc_date(start) == date).then_some(start)
}

fn append(buffer: &mut String, parts: &[&str]) {
    for part in parts {
        buffer.push_str(part);
    }
}

fn mac(key: &[u8], text: &str) -> Key {
    let mut made = Key::empty();
    keyed(key).chain_update(text).finalize_into((&mut **made.0).into());
    made
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes a key of any length; the type only says so for keys of its block size.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(hmac) => hmac,
        Err(_) => unreachable!("HMAC takes a key of any length"),
    }
}

/// Of each byte. A signature has three hashes written out, which takes a fifth of its time digit by digit.
static PAIRS_OF_DIGITS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < pairs.len() {
        pairs[byte] = [digits[byte / 16], digits[byte % 16]];
        byte += 1;
    }
    pairs
};

/// A hash in lower-case hexadecimal.
pub struct Hexadecimal([u8; 64]);

impl Hexadecimal {
    fn hash_of(bytes: &[u8]) -> Hexadecimal {
        Hexadecimal::new(&Sha256::digest(bytes).into())
    }

    fn new(hash: &[u8; 32]) -> Hexadecimal {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(hash) {
            pair.copy_from_slice(&PAIRS_OF_DIGITS[usize::from(*byte)]);
        }
        Hexadecimal(digits)
    }
}

impl Deref for Hexadecimal {
    type Target = str;

    fn deref(&self) -> &str {
        match std::str::from_utf8(&self.0) {
            Ok(digits) => digits,
            Err(_) => unreachable!("digits are ASCII"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_date_changes_at_midnight_utc() {
        assert_eq!(utc_date(1_551_113_065), "2019-02-25");
        assert_eq!(utc_date(1_551_139_199), "2019-02-25");
        assert_eq!(utc_date(1_551_139_200), "2019-02-26");
    }

    #[test]
    fn dates_follow_the_calendar_from_1970_to_9999() {
        let month_length = |year: i64, month: i64| match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0.. {
            let date = format!("{year:04}-{month:02}-{day:02}");
            assert_eq!(utc_date(days * 86_400), date);
            assert_eq!(start_of_day(&date), Some(days * 86_400));
            day += 1;
            if day > month_length(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
            if year > 9999 {
                break;
            }
        }
    }

    #[test]
    fn utc_date_before_1970_and_at_the_ends() {
        assert_eq!(utc_date(-1), "1969-12-31");
        assert_eq!(utc_date(i64::MIN), "0000-01-01");
        assert_eq!(utc_date(i64::MAX), "9999-12-31");
    }
    #[test]
    fn start_of_day_is_the_inverse_of_utc_date_from_the_first_day_to_the_last() {
        for days in -719_528..=2_932_896 {
            let start = days * SECONDS_PER_DAY;
            assert_eq!(start_of_day(&utc_date(start)), Some(start));
        }
    }

    #[test]
    fn every_month_and_day_that_the_calendar_does_not_have_is_refused() {
        for year in [0, 1900, 1970, 2000, 2019, 2024, 9999] {
            let days = (0..=99).flat_map(|month| (0..=99).map(move |day| format!("{year:04}-{month:02}-{day:02}")));
            let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            assert_eq!(days.filter(|date| start_of_day(date).is_some()).count(), if is_leap_year { 366 } else { 365 });
        }
    }

    #[test]
    fn a_date_that_is_written_otherwise_is_refused() {
        for date in [
            "",
            "2019-2-25",
            "2019-02-25 ",
            " 2019-02-25",
            "20190225",
            "2019/02/25",
            "+019-02-25",
            "-019-02-25",
            "2019-+2-25",
            "2019-02--1",
            "2019-02-2-",
            "999999-1-1",
            "99999999-1",
            "2019-02-2\u{665}",
            "\u{662}\u{660}\u{661}\u{669}-2",
        ] {
            assert_eq!(start_of_day(date), None, "{date:?}");
        }
    }
}
