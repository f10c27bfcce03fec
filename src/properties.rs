//! What holds of signing, retrying, the clock and the verdict whatever comes in: properties, tried with many values. In no library. Uses everything.

use std::time::Duration;

use proptest::prelude::*;

use crate::authorization::{Facts, Reason, Verdict, judge};
use crate::clock::{Clock, Learned, Sample};
use crate::error::{Error, Status};
use crate::retry::Policy;
use crate::sign::{self, Request, SigningKey};

const DAY_S: i64 = sign::SECONDS_PER_DAY;

/// Of a request, what may be in a header or a body: no line ends in what is a line.
fn parts() -> impl Strategy<Value = (String, String, String, String, Vec<u8>)> {
    ("[A-Z]{3,4}", "[ -~]{0,20}", "[ -~]{1,20}", "[A-Za-z]{1,20}", prop::collection::vec(any::<u8>(), 0..40))
}

fn request<'a>(parts: &'a (String, String, String, String, Vec<u8>)) -> Request<'a> {
    let (method, content_type, host, action, body) = parts;
    Request { method, query: "", content_type, host, action: Some(action), body }
}

fn signature(key: &str, day: i64, canonical_request: &str) -> String {
    let date = sign::utc_date(day * DAY_S);
    let key = SigningKey::new(&sign::signing_key(key, &date, "trro"));
    let scope = sign::credential_scope(&date, "trro");
    sign::signature(&key, &sign::string_to_sign(&(day * DAY_S).to_string(), &scope, canonical_request)).to_owned()
}

fn facts() -> impl Strategy<Value = Facts> {
    let number = || prop::option::of(prop_oneof![-2_i64..4, any::<i64>()]);
    (number(), number(), prop::option::of(prop_oneof![900_i64..1100, any::<i64>()]), number()).prop_map(
        |(license_count, remain_days, expire_time_s, monthly_remain_time)| Facts {
            license_count,
            remain_days,
            expire_time_s,
            monthly_remain_time,
        },
    )
}

fn failures() -> impl Strategy<Value = Error> {
    let status = prop::sample::select(vec![
        Status::ConnectFailed,
        Status::Timeout,
        Status::Throttled,
        Status::ServiceFailed,
        Status::AuthRejected,
        Status::BadResponse,
        Status::Cancelled,
    ]);
    (status, prop::option::of(0_u64..100_000), any::<bool>()).prop_map(|(status, retry_after_ms, outcome_unknown)| {
        Error {
            retry_after: retry_after_ms.map(Duration::from_millis),
            outcome_unknown,
            ..Error::new(status, "it failed")
        }
    })
}

proptest! {
    #[test]
    fn two_requests_have_the_same_canonical_request_only_if_what_is_signed_is_the_same(one in parts(), other in parts()) {
        let lower = |parts: &(String, String, String, String, Vec<u8>)| {
            let mut parts = parts.clone();
            parts.3.make_ascii_lowercase();
            parts
        };
        let is_same = request(&one).canonical_request() == request(&other).canonical_request();
        prop_assert_eq!(is_same, lower(&one) == lower(&other));
    }

    #[test]
    fn a_canonical_request_is_written_over_whatever_the_buffer_has(parts in parts(), before in ".{0,40}") {
        let mut buffer = before;
        request(&parts).write_canonical_request(&mut buffer);
        prop_assert_eq!(buffer, request(&parts).canonical_request());
    }

    #[test]
    fn a_signature_is_64_digits_that_change_with_key_day_and_request(
        key in "[a-z]{1,20}", day in 0_i64..40_000, parts in parts(),
    ) {
        let text = request(&parts).canonical_request();
        let made = signature(&key, day, &text);
        prop_assert!(made.len() == 64 && made.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
        prop_assert_eq!(&made, &signature(&key, day, &text));
        prop_assert_ne!(&made, &signature(&(key.clone() + "x"), day, &text));
        prop_assert_ne!(&made, &signature(&key, day + 1, &text));
        prop_assert_ne!(&made, &signature(&key, day, &(text + "x")));
    }

    #[test]
    fn every_second_of_a_day_has_its_date(second in -62_167_219_200_i64..=253_402_300_799) {
        let date = sign::utc_date(second);
        let start = sign::start_of_day(&date);
        prop_assert_eq!(start, Some(sign::utc_day(second) * DAY_S));
        prop_assert!((0..DAY_S).contains(&(second - start.unwrap())));
    }

    #[test]
    fn no_text_but_a_date_is_one(text in ".{0,12}") {
        if let Some(start) = sign::start_of_day(&text) {
            prop_assert_eq!(sign::utc_date(start), text);
        }
    }

    #[test]
    fn a_wait_is_as_long_as_was_asked_for_and_at_most_eight_seconds_more(
        error in failures(), attempts in 1_u32..200, most in 1_u32..100, random in 0.0..1.0_f64,
    ) {
        let wait = Policy { max_attempts: most }.wait_after(attempts, &error, random);
        prop_assert!(wait.is_none() || attempts < most);
        prop_assert!(wait.is_none() || !error.outcome_unknown);
        if let Some(wait) = wait {
            let asked_for = error.retry_after.unwrap_or_default();
            prop_assert!(wait >= asked_for && wait <= asked_for + Duration::from_secs(8));
        }
    }

    #[test]
    fn a_later_wait_has_no_smaller_window(error in failures(), attempts in 1_u32..90, random in 0.0..1.0_f64) {
        let policy = Policy { max_attempts: 100 };
        let (wait, later) = (policy.wait_after(attempts, &error, random), policy.wait_after(attempts + 1, &error, random));
        prop_assert!(wait <= later && wait.is_some() == later.is_some());
    }

    #[test]
    fn a_clock_that_has_learned_is_right_to_the_uncertainty_of_what_it_learned(
        service_s in 0_i64..4_000_000_000, sent_ms in 0_u64..10_000_000, took_ms in 0_u64..100_000, share in 0.0..1.0_f64,
    ) {
        let (sent, took) = (Duration::from_millis(sent_ms), Duration::from_millis(took_ms));
        let clock = Clock::default();
        prop_assert_eq!(clock.learn(Sample::new(service_s, sent, sent + took)), Learned::First);
        // Whenever between the two the service has looked at its clock, that is what it said.
        let looked_at = sent + took.mul_f64(share);
        let error_s = (clock.at(looked_at).s - service_s).unsigned_abs();
        prop_assert!(error_s <= took.as_secs() / 2 + 2, "{error_s} s");
        prop_assert!(clock.at(looked_at).is_proven);
    }

    #[test]
    fn what_says_the_same_is_no_contradiction(
        service_s in 1_000_000_i64..4_000_000_000, sent_ms in 0_u64..10_000_000, took_ms in 0_u64..10_000, later_s in 0_u64..1_000_000,
    ) {
        let (sent, took, later) = (Duration::from_millis(sent_ms), Duration::from_millis(took_ms), Duration::from_secs(later_s));
        let clock = Clock::default();
        clock.learn(Sample::new(service_s, sent, sent + took));
        let again = Sample::new(service_s + later_s as i64, sent + later, sent + later + took);
        prop_assert!(!clock.is_contradicted_by(&again));
        prop_assert_ne!(clock.learn(again), Learned::Contradiction);
    }

    #[test]
    fn only_a_row_that_says_so_lets_a_device_run(row in facts(), streams in 1_u32..6, now_s in 1000_i64..1010) {
        if judge(&[row], streams, now_s).verdict() == Verdict::Authorized {
            prop_assert!(row.license_count >= Some(i64::from(streams)));
            prop_assert!(row.expire_time_s.is_none_or(|expiry| expiry > now_s));
            prop_assert!(row.expire_time_s.is_some() || row.remain_days > Some(0));
            prop_assert!(row.monthly_remain_time.is_none_or(|left| left > 0));
        }
    }

    #[test]
    fn a_row_that_comes_twice_is_one_and_two_that_differ_say_nothing(one in facts(), other in facts(), streams in 1_u32..6) {
        prop_assert_eq!(judge(&[one, one, one], streams, 1000), judge(&[one], streams, 1000));
        if one != other {
            prop_assert_eq!(judge(&[one, other], streams, 1000).verdict(), Verdict::Unknown);
        }
    }

    #[test]
    fn time_takes_a_right_away_and_never_gives_one(row in facts(), streams in 1_u32..6, later_s in 0_i64..200) {
        let found = judge(&[row], streams, 1000);
        let later = found.at(1000 + later_s, row.expire_time_s);
        prop_assert!(later == found || later == Reason::Expired);
        prop_assert!(found.verdict() == Verdict::Authorized || later.verdict() != Verdict::Authorized);
    }

    #[test]
    fn more_streams_never_need_fewer_licenses(row in facts(), streams in 1_u32..100) {
        if judge(&[row], streams + 1, 1000).verdict() == Verdict::Authorized {
            prop_assert_eq!(judge(&[row], streams, 1000).verdict(), Verdict::Authorized);
        }
    }

    #[test]
    fn the_number_of_usable_licenses_confirms_or_contradicts(row in facts(), streams in 1_u32..6, available in prop::option::of(0_i64..10)) {
        let found = judge(&[row], streams, 1000);
        let compared = found.compared(available, streams);
        prop_assert!(compared == found || compared == Reason::AvailableDiffers);
        if compared.verdict() == Verdict::Authorized {
            prop_assert!(available.is_none_or(|available| available >= i64::from(streams)));
        }
    }
}
