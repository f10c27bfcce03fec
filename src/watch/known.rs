//! What a watch knows at a moment, in a form that is written by one thread and read by any, in a signal handler too.
//! Uses `authorization`.
//!
//! Readers never wait: there are two copies, and the writer changes the one that nobody is told to read. It waits itself until the
//! readers that were told before have left ("left-right", Ramalhete and Correia 2015). A reader takes the same few steps always.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::view::{Known, Source};
use crate::authorization::{Facts, Finding, REQUEST_ID_WORDS, Reason, RequestId};

impl Known {
    /// Before the first answer.
    pub fn nothing(streams: u32) -> Known {
        Known {
            finding: Finding {
                reason: Reason::NotAsked,
                streams,
                facts: Facts::default(),
                limited_time_minutes: None,
                answered_at_s: 0,
                answered_boottime_ms: 0,
                request_id: RequestId::new(""),
            },
            source: Source::None,
        }
    }

    /// Whether the device may run at a later moment since boot: an answer that is older than `max_stale_ms` says nothing.
    #[inline(always)]
    pub fn reason_at(&self, since_boot_ms: i64, max_stale_ms: i64) -> Reason {
        let reason = self.finding.reason_at(since_boot_ms);
        let can_be_old = !matches!(reason, Reason::NotAsked | Reason::AgeUnknown);
        if can_be_old && self.finding.age_ms(since_boot_ms) > max_stale_ms { Reason::TooOld } else { reason }
    }

    /// The next moment since boot at which [`Known::reason_at`] says something else by itself.
    pub fn turns_at_ms(&self, since_boot_ms: i64, max_stale_ms: i64) -> Option<i64> {
        let Finding { reason, facts, answered_at_s, answered_boottime_ms, .. } = self.finding;
        let at_s = |s: i64| answered_boottime_ms.saturating_add(s.saturating_sub(answered_at_s).saturating_mul(1000));
        let expiry = facts.expire_time_s.filter(|expiry| reason.at(*expiry, facts.expire_time_s) != reason).map(at_s);
        let can_be_old = !matches!(reason, Reason::NotAsked | Reason::AgeUnknown);
        let staleness = can_be_old.then(|| answered_boottime_ms.saturating_add(max_stale_ms).saturating_add(1));
        expiry.into_iter().chain(staleness).filter(|moment| *moment > since_boot_ms).min()
    }
}

/// How many words a [`Known`] is: a head, five numbers, two times and the request id.
const WORDS: usize = 1 + NUMBERS + 2 + REQUEST_ID_WORDS;
const NUMBERS: usize = 5;
/// Where each part of the head begins.
const SOURCE_SHIFT: u32 = 8;
const PRESENT_SHIFT: u32 = 16;
const STREAMS_SHIFT: u32 = 32;

impl Known {
    fn to_words(self) -> [u64; WORDS] {
        let Finding { facts, .. } = self.finding;
        let numbers = [
            facts.license_count,
            facts.remain_days,
            facts.expire_time_s,
            facts.monthly_remain_time,
            self.finding.limited_time_minutes,
        ];
        let mut words = [0; WORDS];
        words[0] = self.finding.reason as u64
            | (self.source as u64) << SOURCE_SHIFT
            | u64::from(self.finding.streams) << STREAMS_SHIFT;
        for (index, number) in numbers.into_iter().enumerate() {
            words[0] |= u64::from(number.is_some()) << PRESENT_SHIFT << index;
            words[1 + index] = number.unwrap_or_default() as u64;
        }
        words[1 + NUMBERS] = self.finding.answered_at_s as u64;
        words[2 + NUMBERS] = self.finding.answered_boottime_ms as u64;
        words[3 + NUMBERS..].copy_from_slice(self.finding.request_id.words());
        words
    }

    #[inline(always)]
    fn from_words(words: &[AtomicU64; WORDS]) -> Known {
        let word = |index: usize| words[index].load(Ordering::Relaxed);
        let head = word(0);
        let number = |index: usize| {
            let is_there = head >> PRESENT_SHIFT >> index & 1 != 0;
            is_there.then_some(word(1 + index) as i64)
        };
        let mut request_id = [0; REQUEST_ID_WORDS];
        for (word, shared) in request_id.iter_mut().zip(&words[3 + NUMBERS..]) {
            *word = shared.load(Ordering::Relaxed);
        }
        Known {
            finding: Finding {
                reason: Reason::ALL.get((head & 0xff) as usize).copied().unwrap_or(Reason::NotAsked),
                streams: (head >> STREAMS_SHIFT) as u32,
                facts: Facts {
                    license_count: number(0),
                    remain_days: number(1),
                    expire_time_s: number(2),
                    monthly_remain_time: number(3),
                },
                limited_time_minutes: number(4),
                answered_at_s: word(1 + NUMBERS) as i64,
                answered_boottime_ms: word(2 + NUMBERS) as i64,
                request_id: RequestId::from_words(request_id),
            },
            source: match head >> SOURCE_SHIFT & 0xff {
                1 => Source::Service,
                2 => Source::Snapshot,
                _ => Source::None,
            },
        }
    }
}

/// A [`Known`] that one thread writes and any number of threads read.
#[derive(Debug)]
pub struct Shared {
    copies: [[AtomicU64; WORDS]; 2],
    /// Which copy readers are told to read.
    current: AtomicUsize,
    /// In which of the two counters they enter themselves.
    counter: AtomicUsize,
    pub(super) readers: [AtomicUsize; 2],
}

impl Shared {
    pub fn new(known: Known) -> Shared {
        let words = known.to_words().map(AtomicU64::new);
        let none = [(); WORDS].map(|()| AtomicU64::new(0));
        Shared {
            copies: [words, none],
            current: AtomicUsize::new(0),
            counter: AtomicUsize::new(0),
            readers: Default::default(),
        }
    }

    /// What was written last. It neither waits nor allocates, whatever the writer and other readers do.
    #[inline(always)]
    pub fn read(&self) -> Known {
        let counter = self.counter.load(Ordering::SeqCst) & 1;
        self.readers[counter].fetch_add(1, Ordering::SeqCst);
        let copy = &self.copies[self.current.load(Ordering::SeqCst) & 1];
        let known = Known::from_words(copy);
        self.readers[counter].fetch_sub(1, Ordering::SeqCst);
        known
    }

    /// Not by two threads at the same time. `pause` is called again and again while readers from before are still there; if it
    /// says no, nothing is written.
    pub fn write(&self, known: Known, mut pause: impl FnMut() -> bool) -> bool {
        // Whoever reads the copy that is about to be changed entered before it was given up: in either counter.
        let before = self.counter.load(Ordering::SeqCst) & 1;
        for counter in [1 - before, before] {
            while self.readers[counter].load(Ordering::SeqCst) != 0 {
                if !pause() {
                    return false;
                }
            }
            self.counter.store(1 - before, Ordering::SeqCst);
        }
        let other = 1 - (self.current.load(Ordering::SeqCst) & 1);
        for (shared, word) in self.copies[other].iter().zip(known.to_words()) {
            shared.store(word, Ordering::Relaxed);
        }
        self.current.store(other, Ordering::SeqCst);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_800_000_000;
    const BOOT_MS: i64 = 5_000_000;
    const STALE_MS: i64 = 86_400_000;

    fn known(reason: Reason, expire_time_s: Option<i64>) -> Known {
        let nothing = Known::nothing(1);
        Known {
            finding: Finding {
                reason,
                facts: Facts { expire_time_s, ..Facts::default() },
                answered_at_s: NOW_S,
                answered_boottime_ms: BOOT_MS,
                ..nothing.finding
            },
            source: Source::Service,
        }
    }

    fn random_known(random: &mut fastrand::Rng) -> Known {
        let mut number = || if random.bool() { Some(random.i64(..)) } else { None };
        let (facts, limited_time_minutes) = (
            Facts {
                license_count: number(),
                remain_days: number(),
                expire_time_s: number(),
                monthly_remain_time: number(),
            },
            number(),
        );
        Known {
            finding: Finding {
                reason: Reason::ALL[random.usize(..Reason::ALL.len())],
                streams: random.u32(..),
                facts,
                limited_time_minutes,
                answered_at_s: random.i64(..),
                answered_boottime_ms: random.i64(..),
                request_id: RequestId::new(&"r".repeat(random.usize(..80))),
            },
            source: [Source::None, Source::Service, Source::Snapshot][random.usize(..3)],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut random = fastrand::Rng::with_seed(1);
        let shared = Shared::new(Known::nothing(7));
        assert_eq!(shared.read(), Known::nothing(7));
        for _ in 0..1000 {
            let known = random_known(&mut random);
            assert!(shared.write(known, || panic!("nobody reads")));
            assert_eq!(shared.read(), known);
        }
    }

    #[test]
    fn a_reader_that_does_not_leave_keeps_the_writer_from_the_copy_that_it_may_read() {
        let shared = Shared::new(Known::nothing(1));
        let (first, second) = (known(Reason::Authorized, None), known(Reason::NotBound, None));
        assert!(shared.write(first, || false));
        shared.readers[shared.counter.load(Ordering::SeqCst)].fetch_add(1, Ordering::SeqCst);
        assert!(!shared.write(second, || false));
        assert_eq!(shared.read(), first);
        shared.readers.iter().for_each(|readers| readers.store(0, Ordering::SeqCst));
        assert!(shared.write(second, || false));
        assert_eq!(shared.read(), second);
    }

    #[test]
    fn a_read_is_never_torn_while_a_writer_writes_at_full_speed() {
        use std::sync::atomic::AtomicBool;
        use std::time::{Duration, Instant};
        let seconds = std::env::var("TRRO_TEST_TORN_READS_S").map_or(1, |seconds| seconds.parse().unwrap());
        let end = Instant::now() + Duration::from_secs(seconds);
        let of = |number: i64| {
            let facts = Facts {
                license_count: Some(number),
                remain_days: Some(number),
                expire_time_s: Some(number),
                monthly_remain_time: Some(number),
            };
            let finding = Finding {
                reason: Reason::Authorized,
                streams: 1,
                facts,
                limited_time_minutes: Some(number),
                answered_at_s: number,
                answered_boottime_ms: number,
                request_id: RequestId::new(&number.to_string()),
            };
            Known { finding, source: Source::Service }
        };
        let shared = Shared::new(of(0));
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let (mut last, mut reads) = (0, 0_u64);
                    while !is_over.load(Ordering::Relaxed) {
                        reads += 1;
                        let known = shared.read();
                        let number = known.finding.answered_at_s;
                        assert_eq!(known, of(number));
                        assert!(number >= last, "{number} after {last}");
                        last = number;
                    }
                    println!("{reads} reads, up to the {last}th answer");
                });
            }
            let mut number = 0;
            while Instant::now() < end {
                number += 1;
                assert!(shared.write(of(number), || {
                    std::thread::yield_now();
                    true
                }));
            }
            is_over.store(true, Ordering::Relaxed);
            println!("{number} answers written");
        });
    }

    #[test]
    fn an_authorization_expires_and_grows_old_by_itself() {
        let authorized = known(Reason::Authorized, Some(NOW_S + 10));
        let at = |ms: i64| authorized.reason_at(BOOT_MS + ms, STALE_MS);
        assert_eq!(at(0), Reason::Authorized);
        assert_eq!(at(9_999), Reason::Authorized);
        assert_eq!(at(10_000), Reason::Expired);
        assert_eq!(at(STALE_MS), Reason::Expired);
        assert_eq!(at(STALE_MS + 1), Reason::TooOld);
        assert_eq!(Known::nothing(1).reason_at(i64::MAX, STALE_MS), Reason::NotAsked);
        assert_eq!(known(Reason::NotBound, None).reason_at(BOOT_MS + STALE_MS + 1, STALE_MS), Reason::TooOld);
    }

    #[test]
    fn it_turns_when_it_says_something_else() {
        for reason in Reason::ALL {
            for expiry in [None, Some(NOW_S - 5), Some(NOW_S), Some(NOW_S + 10), Some(NOW_S + 10_000_000)] {
                let known = known(reason, expiry);
                let mut now_ms = BOOT_MS;
                let mut turns = 0;
                while let Some(turn_ms) = known.turns_at_ms(now_ms, STALE_MS) {
                    assert!(turn_ms > now_ms);
                    // Until then nothing changes.
                    let before = known.reason_at(now_ms, STALE_MS);
                    assert_eq!(known.reason_at(turn_ms - 1, STALE_MS), before, "{known:?}");
                    now_ms = turn_ms;
                    turns += 1;
                }
                assert!(turns <= 2);
                assert_eq!(known.reason_at(now_ms, STALE_MS), known.reason_at(i64::MAX / 2, STALE_MS), "{known:?}");
            }
        }
    }
}
