//! Keeps the authorization of devices fresh in the background. Uses `listing`, `limiter`, `client`, `config`, `authorization`,
//! `snapshot`, `cancel`, `retry`, `sys`, `error`.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `mod` | a watch: what is watched, and what is known of it |
//! | `view` | what is watched and seen, as the program puts it |
//! | `known` | what is known, written by one thread and read by any |
//! | `pace` | when to ask next; pure |
//! | `background` | the one thread of a client that asks |
//! | `left_out` | what is there instead of `mod` in a build without the feature `watch` |

mod background;
mod known;
mod pace;
mod view;

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::authorization::{Facts, Finding, Reason};
use crate::cancel::no_descriptor;
use crate::client::{Client, random};
use crate::config::in_range;
use crate::error::{Error, Status};
use crate::limiter::Asking;
use crate::listing;
use crate::snapshot::{self, Content, Key, Whose};
use crate::sys::{Event, since_boot, since_boot_ms};

pub use background::Background;
use known::Shared;
use pace::Pace;
pub use view::{Changed, Config, Known, Source, View};

/// As long as only the file is known, the clock is looked at again so often: it may have been set.
const LOOK_AGAIN_MS: i64 = 30_000;
/// A client that was cancelled may be resumed at any moment.
const CANCELLED_PAUSE_MS: i64 = 1_000;
/// As long as the longest deadline that a program can set.
const LONGEST_REQUEST_MS: i64 = 600_000;
/// An answer that says nothing new is kept if the one in the file is this part of `max_stale_s` older: flash memory wears out.
const PARTS_OF_MAX_STALE: i64 = 24;
const DEFAULT_PERIOD_S: u32 = 300;
const LONGEST_PERIOD_S: u32 = 86_400;
const DEFAULT_MAX_STALE_S: u32 = 86_400;
const LONGEST_MAX_STALE_S: u32 = 365 * 86_400;

/// A reader is in the middle of its few steps.
const PAUSE_FOR_READERS: Duration = Duration::from_millis(1);
const PATIENCE_WITH_READERS: Duration = Duration::from_secs(1);
/// With less time left before something turns by itself nothing is asked.
const LEAST_DEADLINE_MS: i64 = 1_000;

/// One device whose authorization is kept fresh, until [`Watch::end`].
pub struct Watch {
    watched: Arc<Watched>,
    background: Arc<Background>,
}

/// What the thread that asks and those that read share.
struct Watched {
    project_id: String,
    device_id: String,
    streams: u32,
    deadline_ms: Option<u32>,
    max_stale_ms: i64,
    shared: Shared,
    /// Readable when something has changed.
    event: Event,
    changed: Option<Box<Changed>>,
    snapshot: Option<Kept>,
    progress: Mutex<Progress>,
}

/// Where the last answer is kept.
struct Kept {
    path: PathBuf,
    /// The URL of the service.
    endpoint: String,
    key: Option<Zeroizing<Key>>,
}

/// When there is something to do for a watch again, since boot.
struct Next {
    next_ms: i64,
    /// When what is known turns by itself, which must not wait for a request of another watch.
    turn_ms: i64,
}

/// What only the thread that asks looks at.
struct Progress {
    pace: Pace,
    /// Since boot.
    next_ms: i64,
    /// What was told last of reason and source.
    told: (Reason, Source),
    /// What is in the file.
    kept: Option<Content>,
}

/// Whether there are watches: in every build but one without the feature `watch`.
pub fn check_built_in() -> Result<(), Error> {
    Ok(())
}

impl Watch {
    /// No network is touched. An error names the field.
    pub fn start(background: &Arc<Background>, config: Config<'_>) -> Result<Watch, Error> {
        let period_s = in_range("period_s", config.period_s.unwrap_or(DEFAULT_PERIOD_S), 1, LONGEST_PERIOD_S, " s")?;
        let max_stale_s = config.max_stale_s.unwrap_or(DEFAULT_MAX_STALE_S);
        let max_stale_s = in_range("max_stale_s", max_stale_s, 1, LONGEST_MAX_STALE_S, " s")?;
        let nothing = Known::nothing(config.streams);
        let watched = Arc::new(Watched {
            project_id: config.project_id.to_owned(),
            device_id: config.device_id.to_owned(),
            streams: config.streams,
            deadline_ms: config.deadline_ms,
            max_stale_ms: i64::from(max_stale_s) * 1000,
            shared: Shared::new(nothing),
            event: Event::new().map_err(|error| no_descriptor(&error))?,
            changed: config.changed,
            snapshot: config.snapshot.map(|(path, key)| Kept {
                path: absolute(path),
                endpoint: background.client().service(),
                key: key.map(|key| Zeroizing::new(*key)),
            }),
            progress: Mutex::new(Progress {
                pace: Pace::new(i64::from(period_s) * 1000, config.device_id),
                next_ms: 0,
                told: (nothing.finding.reason, nothing.source),
                kept: None,
            }),
        });
        watched.read_kept(background.client());
        background.add(&watched)?;
        Ok(Watch { watched, background: Arc::clone(background) })
    }

    /// What is known now. No reader waits, and nothing is allocated: it can be called in a signal handler.
    #[inline(always)]
    pub fn read(&self) -> View {
        self.watched.view(since_boot_ms())
    }

    /// Readable when reason or source have changed, until it is read.
    pub fn event(&self) -> BorrowedFd<'_> {
        self.watched.event.as_fd()
    }

    /// Whether the calling thread is the one that asks, which cannot end a watch.
    pub fn is_of_this_thread(&self) -> bool {
        self.background.is_this_thread()
    }

    /// Ends it: nothing is asked and nobody told any more when this returns, which is soon, except while the program is being
    /// told of a change.
    pub fn end(self) {
        self.background.remove(&self.watched);
    }
}

/// The program may go to another folder later.
fn absolute(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.into())
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watch").field("device_id", &self.watched.device_id).finish_non_exhaustive()
    }
}

impl Watched {
    #[inline(always)]
    fn view(&self, since_boot_ms: i64) -> View {
        let known = self.shared.read();
        View { reason: known.reason_at(since_boot_ms, self.max_stale_ms), known, since_boot_ms }
    }

    /// Tells of what has changed, and asks if it is time to. A request is given up when something turns by itself, here or for
    /// another watch. `go_on` says no when the watch is about to end.
    fn work(&self, client: &Client, others_turn_ms: i64, go_on: &dyn Fn() -> bool) -> Next {
        let mut progress = self.progress();
        self.recall(client, progress.kept.as_ref(), go_on);
        self.tell(client, &mut progress, go_on);
        let now_ms = since_boot_ms();
        let left_ms = self.turn_ms(now_ms).min(others_turn_ms).saturating_sub(now_ms);
        if now_ms >= progress.next_ms && left_ms >= LEAST_DEADLINE_MS && go_on() {
            self.ask(client, &mut progress, left_ms, go_on);
            // The clock may have been set while the service did not answer.
            self.recall(client, progress.kept.as_ref(), go_on);
            self.tell(client, &mut progress, go_on);
        }
        let now_ms = since_boot_ms();
        let turn_ms = self.turn_ms(now_ms);
        let is_put_off = now_ms >= progress.next_ms;
        Next { turn_ms, next_ms: if is_put_off { turn_ms.min(others_turn_ms) } else { turn_ms.min(progress.next_ms) } }
    }

    /// The next moment at which what is known says something else by itself, or may: what is known of the file only depends on
    /// the clock.
    fn turn_ms(&self, now_ms: i64) -> i64 {
        let known = self.shared.read();
        let look_again_ms =
            if known.source == Source::Snapshot { now_ms.saturating_add(LOOK_AGAIN_MS) } else { i64::MAX };
        known.turns_at_ms(now_ms, self.max_stale_ms).unwrap_or(i64::MAX).min(look_again_ms)
    }

    /// As long as nothing is known but what an earlier run left in the file, that is what is known: by the clock of this moment,
    /// which may have been set since the last. Tells whether it is so.
    fn recall(&self, client: &Client, kept: Option<&Content>, go_on: &dyn Fn() -> bool) {
        let is_from_service = self.shared.read().source == Source::Service;
        let Some(kept) = kept.filter(|_| !is_from_service) else { return };
        let (now_ms, now) = (since_boot_ms(), client.now_at(since_boot()));
        let finding = kept.recalled(self.streams, now.s, now_ms).unwrap_or_else(|reason| {
            // What it says is shown, and how old it is is not.
            let (facts, limited_time_minutes) = (kept.facts, kept.limited_time_minutes);
            let (answered_at_s, request_id) = (kept.answered_at_s, kept.request_id);
            let nothing = Known::nothing(self.streams).finding;
            Finding { reason, facts, limited_time_minutes, answered_at_s, request_id, ..nothing }
        });
        self.publish(Known { finding, source: Source::Snapshot }, go_on);
    }

    /// Before the thread knows of the watch. A file that cannot be used is as if there were none, and told.
    fn read_kept(&self, client: &Client) {
        let Some(kept @ Kept { path, key, .. }) = &self.snapshot else { return };
        match snapshot::read(path, &self.whose(kept), key.as_deref()) {
            Ok(kept) => {
                self.recall(client, kept.as_ref(), &|| true);
                self.progress().kept = kept;
            }
            Err(error) => client.log().warning(format_args!("watch: there is no last known answer: {error}")),
        }
    }

    fn whose<'a>(&'a self, kept: &'a Kept) -> Whose<'a> {
        Whose { endpoint: &kept.endpoint, project_id: &self.project_id, device_id: &self.device_id }
    }

    fn publish(&self, known: Known, go_on: &dyn Fn() -> bool) {
        // A reader that waits for the processor may get it only while this thread sleeps. One that never leaves (its thread was
        // ended in there) must not stop the watches of the whole client.
        let give_up = Instant::now() + PATIENCE_WITH_READERS;
        self.shared.write(known, || {
            std::thread::sleep(PAUSE_FOR_READERS);
            go_on() && Instant::now() < give_up
        });
    }

    /// Keeps an answer in the file, if it says something else than what is in there, or is a good deal younger.
    fn keep(&self, client: &Client, progress: &mut Progress, finding: &Finding) {
        let Some(kept @ Kept { path, key, .. }) = &self.snapshot else { return };
        let is_news = progress.kept.as_ref().is_none_or(|kept| {
            // The monthly time goes down at every answer while streams run; where it runs out, the reason changes.
            let what_lasts = |facts: Facts| (facts.license_count, facts.expire_time_s);
            let is_same = (kept.reason, kept.streams) == (finding.reason, finding.streams)
                && what_lasts(kept.facts) == what_lasts(finding.facts);
            let younger_s = finding.answered_at_s.saturating_sub(kept.answered_at_s);
            let worth_it_s = self.max_stale_ms / 1000 / PARTS_OF_MAX_STALE;
            !is_same || younger_s < 0 || younger_s >= worth_it_s
        });
        if is_news {
            let content = Content::new(&self.whose(kept), finding);
            if let Err(error) = snapshot::write(path, &content, key.as_deref()) {
                client.log().warning(format_args!("watch: the answer is not kept: {error}"));
            }
            // Also where it failed: what fails is not tried again at every answer.
            progress.kept = Some(content);
        }
    }

    fn ask(&self, client: &Client, progress: &mut Progress, left_ms: i64, go_on: &dyn Fn() -> bool) {
        let until_turn = Instant::now() + Duration::from_millis(left_ms.clamp(0, LONGEST_REQUEST_MS).unsigned_abs());
        let asked = client.deadline(self.deadline_ms).and_then(|deadline| {
            let deadline = deadline.min(until_turn);
            listing::check(client, &self.project_id, &self.device_id, self.streams, deadline, Asking::Background)
        });
        let now_ms = since_boot_ms();
        match asked {
            Ok((finding, _)) => {
                self.publish(Known { finding, source: Source::Service }, go_on);
                if go_on() {
                    self.keep(client, progress, &finding);
                }
                progress.next_ms = progress.pace.after_answer(now_ms, &finding, random());
            }
            // The client was cancelled, which costs no request to find out again.
            Err(error) if error.status == Status::Cancelled => {
                progress.next_ms = now_ms.saturating_add(CANCELLED_PAUSE_MS);
            }
            Err(error) => {
                let known = self.shared.read();
                let answer = (known.source != Source::None).then_some(&known.finding);
                progress.next_ms = progress.pace.after_failure(now_ms, answer, error.retry_after, random());
                let wait_s = progress.next_ms.saturating_sub(now_ms) / 1000;
                client.log().warning(format_args!("watch: the next try is in {wait_s} s: {error}"));
            }
        }
    }

    fn tell(&self, client: &Client, progress: &mut Progress, go_on: &dyn Fn() -> bool) {
        let view = self.view(since_boot_ms());
        let now = (view.reason, view.known.source);
        if now == progress.told || !go_on() {
            return;
        }
        progress.told = now;
        client.log().info(format_args!("watch: {}: {}", self.device_id, view.reason.sentence().to_string_lossy()));
        self.event.set();
        if let Some(changed) = &self.changed {
            changed(&view);
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use emulator::{Emulator, Options, SECRET_ID, SECRET_KEY};

    use super::*;
    use crate::config::UNLIMITED;
    use crate::credentials::Credentials;

    /// Less than the patience with readers.
    const SOON: Duration = Duration::from_millis(700);
    const LONG: Duration = Duration::from_secs(20);

    fn background_at(emulator: &Emulator) -> Arc<Background> {
        let url = emulator.url();
        let credentials = Some(Credentials::new(SECRET_ID, SECRET_KEY, None).unwrap());
        let (endpoint, max_requests_per_s) = (Some(url.as_str()), Some(UNLIMITED));
        let config =
            crate::config::Config { credentials, endpoint, max_requests_per_s, ..crate::config::Config::default() };
        Arc::new(Background::new(Arc::new(Client::new(config).unwrap())))
    }

    fn watch(background: &Arc<Background>, snapshot: Option<(&str, Option<&Key>)>) -> Watch {
        let config = Config {
            project_id: "m82k5408n675phvb",
            device_id: "field_ok_1",
            streams: 1,
            deadline_ms: None,
            period_s: Some(1),
            max_stale_s: None,
            snapshot,
            changed: None,
        };
        Watch::start(background, config).unwrap()
    }

    fn wait_until(condition: impl Fn() -> bool) {
        let end = Instant::now() + LONG;
        while !condition() {
            assert!(Instant::now() < end, "it does not come");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn has_answer(watch: &Watch) -> bool {
        watch.read().known.source == Source::Service
    }

    /// A watch with an answer, and a reader that never leaves.
    fn watch_with_a_reader(background: &Arc<Background>, snapshot: Option<(&str, Option<&Key>)>) -> Watch {
        let watch = watch(background, snapshot);
        wait_until(|| has_answer(&watch));
        for readers in &watch.watched.shared.readers {
            readers.fetch_add(1, Ordering::SeqCst);
        }
        watch
    }

    /// And until it waits for the reader.
    fn wait_for_another_answer(emulator: &Emulator) {
        let before = emulator.statistics().answered;
        wait_until(|| emulator.statistics().answered > before);
        std::thread::sleep(Duration::from_millis(100));
    }

    #[test]
    fn a_reader_that_never_leaves_does_not_hold_up_the_end() {
        let emulator = Emulator::start(Options { requests_per_s: 0, ..Options::default() }).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        let watch = watch_with_a_reader(&background_at(&emulator), Some((path.to_str().unwrap(), None)));
        wait_for_another_answer(&emulator);
        let start = Instant::now();
        watch.end();
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    }

    #[test]
    fn a_reader_that_never_leaves_stops_no_other_watch() {
        let emulator = Emulator::start(Options { requests_per_s: 0, ..Options::default() }).unwrap();
        let background = background_at(&emulator);
        let first = watch_with_a_reader(&background, None);
        wait_for_another_answer(&emulator);
        let second = watch(&background, None);
        wait_until(|| has_answer(&second));
        first.end();
        second.end();
    }
}
