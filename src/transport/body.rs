//! The body of an answer, in room that is used again for the next one. Uses nothing.

use std::fmt;
use std::io::{self, Read};
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroize;

/// What the shortest answers need; also what one read brings.
const LEAST_BYTES: usize = 16 * 1024;
/// Room of more is given back to the system. It is also the most that is made because the other side says that it sends so much.
const MOST_KEPT_BYTES: usize = 64 * 1024;

/// Room for the next answer.
#[derive(Clone, Default)]
pub struct Spare(Arc<Mutex<Vec<u8>>>);

/// What was read of an answer. When it is dropped, the next one has its room.
pub struct Body {
    /// All of it was written before, so that nothing needs to be cleared for a read.
    room: Vec<u8>,
    length: usize,
    spare: Spare,
}

impl Spare {
    /// Reads to the end: `told` bytes, if the other side says so, and no more than `limit`, which the reader itself sees to.
    pub fn read(&self, mut reader: impl Read, told: Option<u64>, limit: u32) -> io::Result<Body> {
        let mut body = Body { room: mem::take(&mut *self.lock()), length: 0, spare: self.clone() };
        let told = told.and_then(|told| usize::try_from(told).ok()).unwrap_or(0);
        // One more than may come: the end shows in a read of nothing.
        let most = (limit as usize).saturating_add(1);
        body.make_room(told.saturating_add(1).clamp(LEAST_BYTES, MOST_KEPT_BYTES).min(most))?;
        loop {
            if body.length == body.room.len() {
                body.make_room(body.length.saturating_mul(2).min(most))?;
            }
            // What was read of a role's key is in no answer that anybody wipes.
            let read = reader.read(&mut body.room[body.length..]).inspect_err(|_| body.wipe())?;
            if read == 0 {
                return Ok(body);
            }
            body.length += read;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body {
    /// For what holds a secret.
    pub fn wipe(&mut self) {
        self.room.as_mut_slice().zeroize();
        self.length = 0;
    }

    fn make_room(&mut self, bytes: usize) -> io::Result<()> {
        if let Some(more) = bytes.checked_sub(self.room.len()) {
            self.room.try_reserve_exact(more)?;
            self.room.resize(bytes, 0);
        }
        Ok(())
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.room[..self.length]
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.room.len() <= MOST_KEPT_BYTES {
            *self.spare.lock() = mem::take(&mut self.room);
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Body").field("length", &self.length).finish_non_exhaustive()
    }
}

impl fmt::Debug for Spare {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Spare").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spare: &Spare, bytes: &[u8], told: Option<u64>) -> Body {
        spare.read(bytes, told, 4 << 20).unwrap()
    }

    #[test]
    fn a_body_is_read_to_its_end_whatever_was_told() {
        let bytes: Vec<u8> = (0..=250).cycle().take(200_000).collect();
        for length in [0, 1, LEAST_BYTES - 1, LEAST_BYTES, LEAST_BYTES + 1, 65_535, 65_536, 65_537, 200_000] {
            for told in [None, Some(0), Some(length as u64), Some(u64::MAX)] {
                assert_eq!(
                    *read(&Spare::default(), &bytes[..length], told),
                    bytes[..length],
                    "{length}, told {told:?}"
                );
            }
        }
    }

    #[test]
    fn the_next_body_has_the_room_of_the_last_one_and_none_of_its_bytes() {
        let spare = Spare::default();
        let first = read(&spare, &[b'x'; 1000], None);
        let room = first.room.as_ptr();
        drop(first);
        let second = read(&spare, b"y", None);
        assert_eq!((&*second, second.room.as_ptr()), (&b"y"[..], room));
        // Beside it there is another.
        assert_eq!(&*read(&spare, b"z", None), b"z");
    }

    #[test]
    fn a_large_room_is_not_kept() {
        let spare = Spare::default();
        drop(read(&spare, &vec![b'x'; MOST_KEPT_BYTES], None));
        assert_eq!(spare.lock().len(), 0);
    }

    #[test]
    fn a_wiped_body_leaves_nothing_in_the_room() {
        let spare = Spare::default();
        let mut body = read(&spare, b"s3cret", None);
        body.wipe();
        assert!(body.is_empty());
        drop(body);
        assert!(spare.lock().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_body_that_breaks_off_leaves_nothing_in_the_room() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let spare = Spare::default();
        assert!(spare.read(b"s3cret".chain(Broken), None, 4 << 20).is_err());
        assert!(!spare.lock().is_empty() && spare.lock().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn no_more_room_is_made_than_the_limit_needs() {
        let body = Spare::default().read(&[0; 100_000][..], Some(u64::MAX), 100_000).unwrap();
        assert_eq!((body.len(), body.room.len()), (100_000, 100_001));
    }
}
