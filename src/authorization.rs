//! Whether a device is authorized to run, by its rows and the time: pure. Uses `api`.
//!
//! No document says by which values the field SDK lets a device start. The rules follow the error codes of that SDK, and stop at
//! "not known" where the service's documents are silent. The first that applies counts:
//!
//! | if | verdict | source |
//! | --- | --- | --- |
//! | no row has exactly this id | not found | assumption: GetDevices lists every device with a license |
//! | two rows differ in a field that decides | not known | the published sample has one id twice |
//! | LicenseCount is absent or negative | not known | absent: "may be null" in the documents of 2023 to 2025; negative: no meaning |
//! | LicenseCount is 0 | not bound | LicenseCount is the number of bound licenses (data type Device); code 0x02000101 |
//! | ExpireTime is over, and RemainDay is above 0 | not known | the published sample is such a row; they contradict each other |
//! | ExpireTime is over | expired | ExpireTime is in seconds since 1970 (sample of GetLicenses); code 0x02000103 |
//! | ExpireTime is absent, and RemainDay is not above 0 | not known | documents are silent |
//! | LicenseCount is less than the streams | not enough | code 0x02000102; that streams are compared is an assumption |
//! | MonthlyRemainTime is there, and not above 0 | no duration | code 0x02000104; that this field decides is an assumption |
//! | none of these | authorized | code 1 |
//!
//! Where GetDeviceLicense is asked as well, its number of usable licenses has to say the same as the row: enough for the streams where
//! the device is authorized, and not enough where it is not. If they disagree, nothing is known ([`Reason::compared`]).
//!
//! An expiry is over at its second. Whether LicenseCount counts licenses that are suspended or refunded, and which license's
//! expiry is shown where several are bound, is documented nowhere.

use std::ffi::CStr;

use crate::api::Device;

/// Whether a device may run. The numbers are part of the public interface and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Verdict {
    /// Nothing can be said.
    Unknown = 0,
    /// It may.
    Authorized = 1,
    /// The project has no such device.
    NotFound = 2,
    /// No license is bound to it.
    NotBound = 3,
    /// Fewer licenses are bound to it than it wants to send streams.
    NotEnough = 4,
    /// Its licenses have expired.
    Expired = 5,
    /// This month's time is used up.
    NoDuration = 6,
}

/// Why, more closely than the verdict says. The numbers are part of the public interface and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Reason {
    /// There is no answer: nobody has been asked yet, or nobody could be.
    NotAsked = 0,
    /// As [`Verdict::Authorized`].
    Authorized = 1,
    /// As [`Verdict::NotFound`].
    NotFound = 2,
    /// As [`Verdict::NotBound`].
    NotBound = 3,
    /// As [`Verdict::NotEnough`].
    NotEnough = 4,
    /// As [`Verdict::Expired`].
    Expired = 5,
    /// As [`Verdict::NoDuration`].
    NoDuration = 6,
    /// The id has rows that differ in what decides.
    RowsDiffer = 7,
    /// The service did not say how many licenses are bound.
    CountUnknown = 8,
    /// By its time the licenses have expired, by its remaining days they have not.
    ExpiryContradicts = 9,
    /// The service said neither when the licenses expire nor that days remain.
    ExpiryUnknown = 10,
    /// The last answer is too old.
    TooOld = 11,
    /// The last known answer came later than the clock says it is.
    AgeUnknown = 12,
    /// It was not found in a list of devices that changed while it was read, again and again.
    ListChanged = 13,
    /// By its row it may run and by its usable licenses not, or the other way round.
    AvailableDiffers = 14,
}

/// What of a row decides. `None`: the service did not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Bound licenses.
    pub license_count: Option<i64>,
    /// Whole days.
    pub remain_days: Option<i64>,
    /// Seconds since 1970.
    pub expire_time_s: Option<i64>,
    /// Its unit is documented nowhere.
    pub monthly_remain_time: Option<i64>,
}

impl Facts {
    /// Of a row.
    pub fn of(device: &Device<'_>) -> Facts {
        Facts {
            license_count: device.license_count,
            remain_days: device.remain_days,
            expire_time_s: device.expire_time_s,
            monthly_remain_time: device.monthly_remain_time,
        }
    }
}

/// The service's id of a request, in a value without a heap: as much of it as there is room for, and a NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u64; REQUEST_ID_WORDS]);

/// How many words a [`RequestId`] is.
pub const REQUEST_ID_WORDS: usize = 8;

impl RequestId {
    /// Cut between characters if it is too long.
    pub fn new(text: &str) -> RequestId {
        const WORD: usize = size_of::<u64>();
        let mut length = text.len().min(REQUEST_ID_WORDS * WORD - 1);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        let mut words = [0; REQUEST_ID_WORDS];
        for (word, part) in words.iter_mut().zip(text.as_bytes()[..length].chunks(WORD)) {
            let mut bytes = [0; WORD];
            bytes[..part.len()].copy_from_slice(part);
            *word = u64::from_ne_bytes(bytes);
        }
        RequestId(words)
    }

    /// As [`RequestId::words`] gave them.
    pub fn from_words(words: [u64; REQUEST_ID_WORDS]) -> RequestId {
        RequestId(words)
    }

    /// The text. What was cut is missing.
    pub fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.iter().flat_map(|word| word.to_ne_bytes()).take_while(|byte| *byte != 0).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// As they lie in memory, they are the text and at least one NUL.
    pub fn words(&self) -> &[u64; REQUEST_ID_WORDS] {
        &self.0
    }
}

/// What was found out about a device, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Whether it may run, at that moment.
    pub reason: Reason,
    /// For how many streams.
    pub streams: u32,
    /// Of its row; without one, or where rows differ, of the first.
    pub facts: Facts,
    /// The month's allowance.
    pub limited_time_minutes: Option<i64>,
    /// By the service's clock, in seconds since 1970.
    pub answered_at_s: i64,
    /// The same moment, since boot; before it, if an earlier run of the machine got the answer.
    pub answered_boottime_ms: i64,
    /// Of the request.
    pub request_id: RequestId,
}

impl Finding {
    /// How long ago the answer came, at a later moment since boot.
    #[inline(always)]
    pub fn age_ms(&self, since_boot_ms: i64) -> i64 {
        since_boot_ms.saturating_sub(self.answered_boottime_ms).max(0)
    }

    /// The service's time at a later moment since boot, by the time that has passed.
    #[inline(always)]
    pub fn service_time_s(&self, since_boot_ms: i64) -> i64 {
        self.answered_at_s.saturating_add(self.age_ms(since_boot_ms) / 1000)
    }

    /// Whether it may run at a later moment since boot, with nothing new known.
    #[inline(always)]
    pub fn reason_at(&self, since_boot_ms: i64) -> Reason {
        self.reason.at(self.service_time_s(since_boot_ms), self.facts.expire_time_s)
    }
}

/// Judges a device by the rows that have exactly its id, for so many streams, at the service's time.
pub fn judge(rows: &[Facts], streams: u32, now_s: i64) -> Reason {
    match rows {
        [] => Reason::NotFound,
        [row, others @ ..] if others.iter().any(|other| other != row) => Reason::RowsDiffer,
        [row, ..] => judge_row(row, streams, now_s),
    }
}

fn judge_row(row: &Facts, streams: u32, now_s: i64) -> Reason {
    let days_remain = row.remain_days.is_some_and(|days| days > 0);
    let licenses = match row.license_count {
        None | Some(..0) => return Reason::CountUnknown,
        Some(0) => return Reason::NotBound,
        Some(licenses) => licenses,
    };
    match row.expire_time_s {
        Some(expiry) if expiry <= now_s && days_remain => Reason::ExpiryContradicts,
        Some(expiry) if expiry <= now_s => Reason::Expired,
        None if !days_remain => Reason::ExpiryUnknown,
        _ if licenses < i64::from(streams) => Reason::NotEnough,
        _ if row.monthly_remain_time.is_some_and(|left| left <= 0) => Reason::NoDuration,
        _ => Reason::Authorized,
    }
}

impl Reason {
    /// Every one.
    pub const ALL: [Reason; 15] = [
        Reason::NotAsked,
        Reason::Authorized,
        Reason::NotFound,
        Reason::NotBound,
        Reason::NotEnough,
        Reason::Expired,
        Reason::NoDuration,
        Reason::RowsDiffer,
        Reason::CountUnknown,
        Reason::ExpiryContradicts,
        Reason::ExpiryUnknown,
        Reason::TooOld,
        Reason::AgeUnknown,
        Reason::ListChanged,
        Reason::AvailableDiffers,
    ];

    /// What it comes to.
    #[inline(always)]
    pub fn verdict(self) -> Verdict {
        match self {
            Reason::Authorized => Verdict::Authorized,
            Reason::NotFound => Verdict::NotFound,
            Reason::NotBound => Verdict::NotBound,
            Reason::NotEnough => Verdict::NotEnough,
            Reason::Expired => Verdict::Expired,
            Reason::NoDuration => Verdict::NoDuration,
            Reason::NotAsked
            | Reason::RowsDiffer
            | Reason::CountUnknown
            | Reason::ExpiryContradicts
            | Reason::ExpiryUnknown
            | Reason::TooOld
            | Reason::AgeUnknown
            | Reason::ListChanged
            | Reason::AvailableDiffers => Verdict::Unknown,
        }
    }

    /// What it has become by a later moment, when nothing else is known than the expiry that it was found with: licenses that
    /// had not expired have.
    #[must_use]
    #[inline(always)]
    pub fn at(self, now_s: i64, expire_time_s: Option<i64>) -> Reason {
        let had_not_expired = matches!(self, Reason::Authorized | Reason::NotEnough | Reason::NoDuration);
        if had_not_expired && expire_time_s.is_some_and(|expiry| expiry <= now_s) { Reason::Expired } else { self }
    }

    /// What it is together with the number of usable licenses, if the service has said that.
    #[must_use]
    pub fn compared(self, available: Option<i64>, streams: u32) -> Reason {
        let is_enough = available.map(|available| available >= i64::from(streams));
        match (self.verdict(), is_enough) {
            (Verdict::Unknown, _) | (_, None) => self,
            (Verdict::Authorized, Some(true)) => self,
            (Verdict::Authorized, Some(false)) | (_, Some(true)) => Reason::AvailableDiffers,
            (_, Some(false)) => self,
        }
    }

    /// For people; it ends with NUL, since it is handed out to C as it is.
    pub fn sentence(self) -> &'static CStr {
        match self {
            Reason::NotAsked => c"there is no answer of the service",
            Reason::Authorized => c"the device is authorized to run",
            Reason::NotFound => c"the project has no device with this id",
            Reason::NotBound => c"no license is bound to the device",
            Reason::NotEnough => c"fewer licenses are bound to the device than it wants to send streams",
            Reason::Expired => c"the licenses of the device have expired",
            Reason::NoDuration => c"this month's time of the device's licenses is used up",
            Reason::RowsDiffer => c"the service lists the device more than once, with different licenses",
            Reason::CountUnknown => c"the service did not say how many licenses are bound to the device",
            Reason::ExpiryContradicts => c"the service says that the licenses have expired, and that days remain",
            Reason::ExpiryUnknown => c"the service did not say when the licenses of the device expire",
            Reason::TooOld => c"the last answer of the service is too old",
            Reason::AgeUnknown => c"the last known answer is from later than the clock says it is",
            Reason::AvailableDiffers => c"the device's row and its number of usable licenses say different things",
            Reason::ListChanged => c"the list of devices changed while it was read, and the device was not seen",
        }
    }
}

impl Verdict {
    /// What `TRRO_start` of the field SDK is expected to return: 1 for success, and an error as the negative of its code; 0 where
    /// that is not known. Source: `trro_field.h`, TRRO_INIT_PUBLIC_LICENSE_CHECK_...
    #[inline(always)]
    pub fn sdk_code(self) -> i32 {
        match self {
            Verdict::Unknown => 0,
            Verdict::Authorized => 1,
            Verdict::NotFound | Verdict::NotBound => -0x0200_0101,
            Verdict::NotEnough => -0x0200_0102,
            Verdict::Expired => -0x0200_0103,
            Verdict::NoDuration => -0x0200_0104,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const STREAMS: u32 = 2;

    const COUNTS: [Option<i64>; 8] =
        [None, Some(i64::MIN), Some(-1), Some(0), Some(1), Some(2), Some(3), Some(i64::MAX)];
    const DAYS: [Option<i64>; 5] = [None, Some(-1), Some(0), Some(1), Some(i64::MAX)];
    const EXPIRIES: [Option<i64>; 8] =
        [None, Some(i64::MIN + 1), Some(-1), Some(0), Some(NOW - 1), Some(NOW), Some(NOW + 1), Some(i64::MAX)];
    const MONTHLY: [Option<i64>; 5] = [None, Some(-1), Some(0), Some(1), Some(i64::MAX)];

    #[test]
    fn the_facts_of_a_row_are_its_own() {
        let row = r#"{"LicenseCount":2,"RemainDay":3,"ExpireTime":4,"MonthlyRemainTime":5}"#;
        let body = format!(r#"{{"Response":{{"Devices":[{row}],"RequestId":"1"}}}}"#);
        let page = crate::api::decode::decode::<crate::api::Devices<'_>>(body.as_bytes()).unwrap();
        let facts = Facts::of(&page.devices[0]);
        assert_eq!([facts.license_count, facts.remain_days], [Some(2), Some(3)]);
        assert_eq!([facts.expire_time_s, facts.monthly_remain_time], [Some(4), Some(5)]);
    }

    fn every_row() -> impl Iterator<Item = Facts> {
        COUNTS.into_iter().flat_map(|license_count| {
            DAYS.into_iter().flat_map(move |remain_days| {
                EXPIRIES.into_iter().flat_map(move |expire_time_s| {
                    MONTHLY.into_iter().map(move |monthly_remain_time| Facts {
                        license_count,
                        remain_days,
                        expire_time_s,
                        monthly_remain_time,
                    })
                })
            })
        })
    }

    /// The rules once more, each by itself as the table has it: the first that applies counts.
    fn by_the_table(row: &Facts) -> Verdict {
        let days_remain = matches!(row.remain_days, Some(1..));
        let is_over = matches!(row.expire_time_s, Some(..=NOW));
        let rules = [
            (matches!(row.license_count, None | Some(..=-1)), Verdict::Unknown),
            (row.license_count == Some(0), Verdict::NotBound),
            (is_over && days_remain, Verdict::Unknown),
            (is_over, Verdict::Expired),
            (row.expire_time_s.is_none() && !days_remain, Verdict::Unknown),
            (matches!(row.license_count, Some(..=1)), Verdict::NotEnough),
            (matches!(row.monthly_remain_time, Some(..=0)), Verdict::NoDuration),
            (true, Verdict::Authorized),
        ];
        rules.into_iter().find(|(applies, _)| *applies).unwrap().1
    }

    #[test]
    fn every_combination_of_the_deciding_fields_has_the_verdict_of_the_table() {
        let mut seen = std::collections::HashSet::new();
        for row in every_row() {
            let verdict = judge(&[row], STREAMS, NOW).verdict();
            assert_eq!(verdict, by_the_table(&row), "{row:?}");
            seen.insert(verdict);
        }
        assert_eq!(every_row().count(), 8 * 5 * 8 * 5);
        assert_eq!(seen.len(), 6, "{seen:?}");
    }

    #[test]
    fn without_a_row_of_this_id_it_is_not_found() {
        assert_eq!(judge(&[], STREAMS, NOW), Reason::NotFound);
    }

    #[test]
    fn rows_that_are_the_same_in_what_decides_are_one() {
        for row in every_row() {
            assert_eq!(judge(&[row, row, row], STREAMS, NOW), judge(&[row], STREAMS, NOW));
        }
    }

    #[test]
    fn rows_that_differ_in_any_field_that_decides_say_nothing() {
        let row = Facts {
            license_count: Some(2),
            remain_days: Some(2),
            expire_time_s: Some(NOW + 2),
            monthly_remain_time: Some(2),
        };
        let others = [
            Facts { license_count: Some(3), ..row },
            Facts { remain_days: None, ..row },
            Facts { expire_time_s: Some(NOW + 3), ..row },
            Facts { monthly_remain_time: Some(3), ..row },
        ];
        for other in others {
            for rows in [[row, row, other], [other, row, row], [row, other, row]] {
                assert_eq!(judge(&rows, STREAMS, NOW), Reason::RowsDiffer, "{other:?}");
            }
        }
    }

    #[test]
    fn more_licenses_alone_never_take_an_authorization_away_and_more_streams_never_give_one() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut authorized = 0;
        for _ in 0..200_000 {
            let near = |random: &mut fastrand::Rng, middle: i64| match random.u32(0..4) {
                0 => None,
                1 => Some(random.i64(..)),
                _ => Some(middle + random.i64(-2..=2)),
            };
            let row = Facts {
                license_count: near(&mut random, 2),
                remain_days: near(&mut random, 1),
                expire_time_s: near(&mut random, NOW),
                monthly_remain_time: near(&mut random, 1),
            };
            let (streams, more) = (random.u32(..5), random.i64(0..=5));
            let is_authorized = |row, streams| judge(&[row], streams, NOW) == Reason::Authorized;
            let with_more = Facts { license_count: row.license_count.map(|count| count.saturating_add(more)), ..row };
            if is_authorized(row, streams) {
                authorized += 1;
                assert!(is_authorized(with_more, streams), "{row:?} {streams} {more}");
            } else {
                assert!(!is_authorized(row, streams + 1), "{row:?} {streams}");
            }
        }
        assert!(authorized > 1000, "{authorized}");
    }

    #[test]
    fn an_authorization_ends_at_the_second_of_its_expiry_and_nothing_else_does() {
        for row in every_row() {
            let found = judge(&[row], STREAMS, NOW);
            for later in [NOW, NOW + 1, NOW + 2, i64::MAX] {
                let became = found.at(later, row.expire_time_s);
                let had_not_expired = matches!(found, Reason::Authorized | Reason::NotEnough | Reason::NoDuration);
                let is_over = row.expire_time_s.is_some_and(|expiry| expiry <= later);
                let expected = if had_not_expired && is_over { Reason::Expired } else { found };
                assert_eq!(became, expected, "{row:?} at {later}");
            }
        }
        assert_eq!(Reason::Authorized.at(i64::MAX, None), Reason::Authorized);
    }

    #[test]
    fn the_codes_are_the_negatives_of_the_vendors() {
        let codes = [
            (Verdict::Unknown, 0),
            (Verdict::Authorized, 1),
            (Verdict::NotFound, -33_554_689),
            (Verdict::NotBound, -33_554_689),
            (Verdict::NotEnough, -33_554_690),
            (Verdict::Expired, -33_554_691),
            (Verdict::NoDuration, -33_554_692),
        ];
        for (verdict, code) in codes {
            assert_eq!(verdict.sdk_code(), code, "{verdict:?}");
        }
    }

    #[test]
    fn usable_licenses_have_to_say_the_same_as_the_row() {
        use Reason::*;
        let enough = i64::from(STREAMS);
        for reason in Reason::ALL {
            assert_eq!(reason.compared(None, STREAMS), reason);
            let (with_enough, with_less) = match reason {
                Authorized => (Authorized, AvailableDiffers),
                NotFound | NotBound | NotEnough | Expired | NoDuration => (AvailableDiffers, reason),
                _ => (reason, reason),
            };
            for available in [enough, enough + 1, i64::MAX] {
                assert_eq!(reason.compared(Some(available), STREAMS), with_enough, "{reason:?} {available}");
            }
            for available in [enough - 1, 0, -1, i64::MIN] {
                assert_eq!(reason.compared(Some(available), STREAMS), with_less, "{reason:?} {available}");
            }
        }
    }
}
