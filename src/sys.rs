//! The few system calls that std does not offer, each behind a safe function. Uses nothing.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What to wait for on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// There is something to read, or the end.
    Readable,
    /// There is room to write.
    Writable,
}

/// Waits until `socket` is ready or `deadline` has passed, whichever is first. A signal handler that runs meanwhile
/// changes nothing. Past the deadline it is `TimedOut`.
pub fn wait_until_ready(socket: BorrowedFd<'_>, readiness: Readiness, deadline: Instant) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let events = match readiness {
            Readiness::Readable => libc::POLLIN,
            Readiness::Writable => libc::POLLOUT,
        };
        let mut descriptor = libc::pollfd { fd: socket.as_raw_fd(), events, revents: 0 };
        // Deadlines are at most ten minutes away, so that neither field can overflow.
        let timeout = libc::timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos() as _ };
        // SAFETY: one valid pollfd, a valid timespec, and no signal mask to change.
        let ready = unsafe { libc::ppoll(&mut descriptor, 1, &timeout, std::ptr::null()) };
        match ready {
            1.. => return Ok(()),
            0 => {}
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}

/// The time since the machine was started, of which no step of the system clock and no suspend takes anything away.
pub fn since_boot() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills in the struct that it is given; this clock is there on every Linux since 2.6.39.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time) };
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// An environment variable, or nothing in a program that runs with more rights than its user (setuid, file
/// capabilities): there the environment is the attacker's. An empty variable counts as not set.
pub fn environment_variable(name: &str) -> Option<OsString> {
    // SAFETY: reads what the kernel passed to the process; it has no requirement.
    let privileged = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    if privileged {
        return None;
    }
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Starts a thread that no signal handler of the host program ever runs in.
pub fn spawn(
    name: &'static str,
    stack_bytes: usize,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    // The mask must be in force before the thread exists, and a thread inherits it from the one that starts it.
    let _blocked = SignalsBlocked::new();
    std::thread::Builder::new().name(name.to_owned()).stack_size(stack_bytes).spawn(work)
}

/// Blocks every signal for the calling thread while it lives.
struct SignalsBlocked {
    previous: libc::sigset_t,
}

impl SignalsBlocked {
    fn new() -> SignalsBlocked {
        // SAFETY: both sets are plain data that the calls fill in.
        unsafe {
            let mut all: libc::sigset_t = std::mem::zeroed();
            let mut previous: libc::sigset_t = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut previous);
            SignalsBlocked { previous }
        }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: restores a mask that pthread_sigmask gave.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.previous, std::ptr::null_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn waiting_ends_at_the_deadline() {
        let (silent, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
        let start = Instant::now();
        let error =
            wait_until_ready(silent.as_fd(), Readiness::Readable, start + Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(50));
    }

    #[test]
    fn waiting_ends_when_there_is_something_to_read() {
        use std::io::Write;
        let (reader, mut writer) = std::os::unix::net::UnixStream::pair().unwrap();
        writer.write_all(b"x").unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        wait_until_ready(reader.as_fd(), Readiness::Readable, deadline).unwrap();
    }
}
