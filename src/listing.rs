//! Devices, page by page: all of them, or the rows of one. Uses `authorization`, `client`, `api`, `limiter`, `error`.
//!
//! In which order the service lists devices, whether it stays the same between two pages, and what comes after the last page is
//! documented nowhere. So a walk goes on until it has seen as many rows as there are by TotalCount, a page without rows, or one
//! that brings nothing new; and where the list has changed on the way, it begins again for what it has not seen.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use crate::api::{Device, Devices, GetDeviceLicense, GetDevices};
use crate::authorization::{Facts, Finding, Reason, RequestId, judge};
use crate::client::{Answer, Client};
use crate::error::{Error, Status};
use crate::limiter::Asking;

/// Rows a page, where the caller does not say. The service documents no largest number.
pub const DEFAULT_PAGE_SIZE: i64 = 100;
/// A page size that the service refuses is halved down to this.
const LEAST_PAGE_SIZE: i64 = 10;
/// By this code the service refuses a page size, among others.
const REFUSED_VALUE: &str = "InvalidParameterValue";
/// How often a walk begins again because the list has changed on the way.
const MOST_REPEATS: u32 = 2;
/// The page size of a search for one device.
const SEARCH_PAGE_SIZE: i64 = 20;
/// Of every row something is remembered; no list is this long.
const MOST_ROWS: usize = 1_000_000;

/// Which devices to list.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Of this project only.
    pub project_id: Option<&'a str>,
    /// With this id only, as the service compares ids.
    pub device_id: Option<&'a str>,
    /// Rows a page at first.
    pub page_size: i64,
    /// For the whole walk.
    pub deadline: Instant,
    /// Who waits.
    pub asking: Asking,
}

/// Whether a visitor wants to see more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Yes.
    GoOn,
    /// No.
    Stop,
}

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walked {
    /// The list changed on the way, each time: a device may be missing.
    pub changed: bool,
    /// How often a request was sent.
    pub attempts: u32,
}

/// Gives every row to the visitor: none twice that is the same in all fields.
pub fn for_each(
    client: &Client,
    query: &Query<'_>,
    visit: &mut dyn FnMut(&Device<'_>) -> Flow,
) -> Result<Walked, Error> {
    let mut pages = Pages { client, query, page_size: query.page_size, attempts: 0 };
    let rows = Rows::default();
    let mut given = HashSet::new();
    let mut unless_given =
        |device: &Device<'_>| if given.insert(rows.key(device)) { visit(device) } else { Flow::GoOn };
    for _ in 0..=MOST_REPEATS {
        match pass(&mut pages, &rows, &mut unless_given)? {
            End::Changed => {}
            End::Complete | End::Stopped => return Ok(Walked { changed: false, attempts: pages.attempts }),
        }
    }
    Ok(Walked { changed: true, attempts: pages.attempts })
}

/// Looks for the one device, and judges what the service says of it. The service's filter may be fuzzy, so pages are read until
/// one has the exact id, and on if it is that of the last row of a full page: more rows of the id may follow.
///
/// If it is not found, and the list has changed on the way, it may have been there all the time: the search begins again.
pub fn check(
    client: &Client,
    project_id: &str,
    device_id: &str,
    streams: u32,
    deadline: Instant,
    asking: Asking,
) -> Result<(Finding, u32), Error> {
    let (project_id, device_id_filter) = (Some(project_id), Some(device_id));
    let query = Query { project_id, device_id: device_id_filter, page_size: SEARCH_PAGE_SIZE, deadline, asking };
    let mut pages = Pages { client, query: &query, page_size: query.page_size, attempts: 0 };
    let mut found = search(&mut pages, device_id)?;
    for _ in 0..MOST_REPEATS {
        if found.is_certain() {
            break;
        }
        found = search(&mut pages, device_id)?;
    }
    let finding = finding(client, &found.of_device, streams, &found.answer);
    let reason = if found.is_certain() { finding.reason } else { Reason::ListChanged };
    Ok((Finding { reason, ..finding }, pages.attempts))
}

/// Asks for the usable licenses of the device that a finding is about, and says what both come to: the finding, and how many there
/// are, if the service says so. `attempts` is how often requests were sent before.
pub fn compare(
    client: &Client,
    (project_id, device_id): (&str, &str),
    (finding, attempts): (Finding, u32),
    deadline: Instant,
) -> Result<(Finding, Option<i64>, u32), Error> {
    let request = GetDeviceLicense { project_id: Some(project_id), device_id: Some(device_id) };
    let in_all = |more: u32| attempts.saturating_add(more);
    match client.ask(&request, deadline, Asking::Foreground) {
        Ok(answer) => {
            let decoded = client.decode::<GetDeviceLicense<'_>>(&answer);
            let decoded = decoded.map_err(|error| Error { attempts: in_all(error.attempts), ..error })?;
            let reason = finding.reason.compared(decoded.available_count, finding.streams);
            Ok((Finding { reason, ..finding }, decoded.available_count, in_all(answer.attempts)))
        }
        // What is not there has no licenses; that GetDevices knows no such device is for the verdict to say.
        Err(error) if error.status == Status::NotFound => Ok((finding, None, in_all(error.attempts))),
        Err(error) => Err(Error { attempts: in_all(error.attempts), ..error }),
    }
}

/// What one search came to.
struct Found {
    /// The facts and the month's allowance of each row with exactly the id.
    of_device: Vec<(Facts, Option<i64>)>,
    answer: Answer,
    has_changed: bool,
}

impl Found {
    fn is_certain(&self) -> bool {
        !self.of_device.is_empty() || !self.has_changed
    }
}

fn search(pages: &mut Pages<'_>, device_id: &str) -> Result<Found, Error> {
    let (rows, mut progress) = (Rows::default(), Progress::default());
    let mut of_device = Vec::new();
    let mut page_num = 0;
    loop {
        page_num += 1;
        let answer = pages.get(page_num)?;
        let page = pages.decode(&answer)?;
        let is_of_device = |row: &Device<'_>| *row.device_id == *device_id;
        let found = page.devices.iter().filter(|row| is_of_device(row));
        of_device.extend(found.map(|row| (Facts::of(row), row.limited_time_minutes)));
        let keys: Vec<Key> = page.devices.iter().map(|row| rows.key(row)).collect();
        let next = progress.take(page.total_count, &keys)?;
        // The page may be full, or the service may give fewer rows than it was asked for.
        let is_full = i64::try_from(page.devices.len()).is_ok_and(|rows| rows >= pages.page_size);
        let has_more = is_full || progress.total().is_some_and(|total| progress.rows < total);
        let may_have_more = has_more && page.devices.last().is_some_and(is_of_device);
        if next == Next::End || (!of_device.is_empty() && !may_have_more) {
            return Ok(Found { of_device, answer, has_changed: progress.has_changed() });
        }
    }
}

/// By the facts and the month's allowance of each row.
fn finding(client: &Client, of_device: &[(Facts, Option<i64>)], streams: u32, answer: &Answer) -> Finding {
    let facts: Vec<Facts> = of_device.iter().map(|(facts, _)| *facts).collect();
    let now = client.now_at(answer.received_at());
    Finding {
        reason: judge(&facts, streams, now.s),
        streams,
        facts: facts.first().copied().unwrap_or_default(),
        limited_time_minutes: of_device.first().and_then(|(_, limited_time)| *limited_time),
        answered_at_s: now.s,
        answered_boottime_ms: i64::try_from(answer.received_at().as_millis()).unwrap_or(i64::MAX),
        request_id: RequestId::new(answer.request_id()),
    }
}

/// How one walk over all pages ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With everything there is.
    Complete,
    /// The list changed on the way.
    Changed,
    /// The visitor has seen enough.
    Stopped,
}

fn pass(pages: &mut Pages<'_>, rows: &Rows, visit: &mut dyn FnMut(&Device<'_>) -> Flow) -> Result<End, Error> {
    let mut progress = Progress::default();
    let mut page_num = 0;
    loop {
        page_num += 1;
        let answer = pages.get(page_num)?;
        let page = pages.decode(&answer)?;
        let keys: Vec<Key> = page.devices.iter().map(|row| rows.key(row)).collect();
        let next = progress.take(page.total_count, &keys)?;
        if page.devices.iter().any(|row| visit(row) == Flow::Stop) {
            return Ok(End::Stopped);
        }
        match next {
            Next::Page => {}
            Next::End if progress.has_changed() => return Ok(End::Changed),
            Next::End => return Ok(End::Complete),
        }
    }
}

/// Asks for pages.
struct Pages<'a> {
    client: &'a Client,
    query: &'a Query<'a>,
    page_size: i64,
    attempts: u32,
}

impl Pages<'_> {
    /// With a smaller page size if the service refuses this one, which it can do before it has given anything only.
    fn get(&mut self, page_num: i64) -> Result<Answer, Error> {
        loop {
            let Query { project_id, device_id, deadline, asking, .. } = *self.query;
            let request = GetDevices { page_num, page_size: self.page_size, project_id, device_id };
            match self.client.ask(&request, deadline, asking) {
                Ok(answer) => {
                    self.attempts += answer.attempts;
                    return Ok(answer);
                }
                Err(error) => {
                    self.attempts += error.attempts;
                    let is_refused = error.code.split('.').next() == Some(REFUSED_VALUE);
                    if !is_refused || page_num != 1 || self.page_size <= LEAST_PAGE_SIZE {
                        return Err(Error { attempts: self.attempts, ..error });
                    }
                    self.page_size = (self.page_size / 2).max(LEAST_PAGE_SIZE);
                }
            }
        }
    }

    fn decode<'b>(&self, answer: &'b Answer) -> Result<Devices<'b>, Error> {
        let page = self.client.decode::<GetDevices<'_>>(answer);
        page.map_err(|error| Error { attempts: self.attempts, ..error })
    }
}

/// What a row is known by: all its fields, hashed twice, with keys that nobody outside knows.
type Key = (u64, u64);

#[derive(Default)]
struct Rows(RandomState, RandomState);

impl Rows {
    fn key(&self, device: &Device<'_>) -> Key {
        (self.0.hash_one(device), self.1.hash_one(device))
    }
}

/// What comes after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Page,
    End,
}

/// How far one walk over the pages has come, and whether the list stayed the same.
#[derive(Default)]
struct Progress {
    seen: HashSet<Key>,
    rows: usize,
    /// TotalCount of the last page that had one.
    total: Option<i64>,
    /// A TotalCount of more than the rows of its page shows that it counts those of all pages.
    total_is_of_all: bool,
    /// A page had some rows of an earlier one.
    has_moved: bool,
    total_has_changed: bool,
}

impl Progress {
    fn take(&mut self, total_count: Option<i64>, page: &[Key]) -> Result<Next, Error> {
        if let Some(total) = total_count {
            self.total_has_changed |= self.total.is_some_and(|before| before != total);
            self.total = Some(total);
            self.total_is_of_all |= usize::try_from(total).is_ok_and(|total| total > page.len());
        }
        let of_earlier_pages = page.iter().filter(|row| self.seen.contains(*row)).count();
        // Nothing, or some page over again.
        if of_earlier_pages == page.len() {
            return Ok(Next::End);
        }
        self.has_moved |= of_earlier_pages > 0;
        self.rows += page.len();
        self.seen.extend(page);
        if self.rows > MOST_ROWS {
            let message = format!("the service lists more than {MOST_ROWS} devices");
            return Err(Error::new(Status::BadResponse, message));
        }
        Ok(if self.total().is_some_and(|total| self.rows >= total) { Next::End } else { Next::Page })
    }

    /// How many rows there are, if that is known.
    fn total(&self) -> Option<usize> {
        self.total.filter(|_| self.total_is_of_all).and_then(|total| usize::try_from(total).ok())
    }

    fn has_changed(&self) -> bool {
        let has_other_rows = self.total().is_some_and(|total| total != self.rows || self.total_has_changed);
        self.has_moved || has_other_rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a walk over pages comes to whose rows are numbers: how many pages it looks at, and whether the list has changed.
    fn walk(pages: &[(Option<i64>, &[u64])]) -> (usize, bool) {
        let mut progress = Progress::default();
        for (number, (total, rows)) in pages.iter().enumerate() {
            let keys: Vec<Key> = rows.iter().map(|row| (*row, 0)).collect();
            if progress.take(*total, &keys).unwrap() == Next::End {
                return (number + 1, progress.has_changed());
            }
        }
        panic!("the walk goes on after {pages:?}");
    }

    #[test]
    fn a_total_of_all_pages_says_where_to_stop() {
        assert_eq!(walk(&[(Some(3), &[1, 2]), (Some(3), &[3]), (None, &[])]), (2, false));
    }

    #[test]
    fn a_page_without_rows_ends_the_list_where_the_total_says_nothing() {
        assert_eq!(walk(&[(None, &[1, 2]), (None, &[3]), (None, &[])]), (3, false));
        assert_eq!(walk(&[(Some(0), &[])]), (1, false));
        assert_eq!(walk(&[(Some(-1), &[1]), (Some(-1), &[])]), (2, false));
    }

    #[test]
    fn a_total_that_counts_the_rows_of_its_page_is_no_change() {
        assert_eq!(walk(&[(Some(2), &[1, 2]), (Some(1), &[3]), (Some(0), &[])]), (3, false));
        assert_eq!(walk(&[(Some(2), &[1, 2]), (Some(2), &[])]), (2, false));
    }

    #[test]
    fn a_last_page_that_comes_over_again_ends_the_list() {
        assert_eq!(walk(&[(None, &[1, 2]), (None, &[3]), (None, &[3])]), (3, false));
    }

    #[test]
    fn another_total_is_a_change() {
        assert_eq!(walk(&[(Some(4), &[1, 2]), (Some(5), &[3, 4]), (Some(5), &[5])]), (3, true));
        assert_eq!(walk(&[(Some(4), &[1, 2]), (Some(3), &[4])]), (2, true));
    }

    #[test]
    fn a_page_that_begins_with_rows_of_the_one_before_is_a_change() {
        assert_eq!(walk(&[(None, &[1, 2]), (None, &[2, 3]), (None, &[])]), (3, true));
    }

    #[test]
    fn fewer_rows_than_there_should_be_are_a_change() {
        assert_eq!(walk(&[(Some(4), &[1, 2]), (Some(4), &[3]), (Some(4), &[])]), (3, true));
    }

    #[test]
    fn equal_rows_of_one_page_are_no_change() {
        assert_eq!(walk(&[(Some(3), &[1, 1]), (Some(3), &[2])]), (2, false));
    }

    #[test]
    fn a_list_without_an_end_is_refused() {
        let mut progress = Progress { rows: MOST_ROWS, ..Progress::default() };
        assert_eq!(progress.take(None, &[(1, 1)]).unwrap_err().status, Status::BadResponse);
    }
}
