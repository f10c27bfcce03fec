//! The few system calls that std does not offer, each behind a safe function. Uses nothing.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What to wait for on a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// There is something to read, or the end.
    Readable,
    /// There is room to write.
    Writable,
}

/// How many descriptors can be waited for at once.
pub const MOST_AWAITED: usize = 32;

/// Waits until one of the descriptors is ready, and gives its index, the first of them; `None` past the deadline. A
/// signal handler that runs meanwhile changes nothing.
pub fn wait_for_any(awaited: &[(BorrowedFd<'_>, Readiness)], deadline: Instant) -> io::Result<Option<usize>> {
    let mut descriptors = [libc::pollfd { fd: -1, events: 0, revents: 0 }; MOST_AWAITED];
    for (descriptor, (fd, readiness)) in descriptors.iter_mut().zip(awaited) {
        descriptor.fd = fd.as_raw_fd();
        descriptor.events = match readiness {
            Readiness::Readable => libc::POLLIN,
            Readiness::Writable => libc::POLLOUT,
        };
    }
    let count = awaited.len().min(MOST_AWAITED);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // Deadlines are at most hours away, so that neither field can overflow.
        let timeout = libc::timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos() as _ };
        // SAFETY: `count` valid pollfds, a valid timespec, and no signal mask to change.
        let ready = unsafe { libc::ppoll(descriptors.as_mut_ptr(), count as libc::nfds_t, &timeout, std::ptr::null()) };
        match ready {
            // The program has closed what is not its own, and nothing would come of waiting for it.
            1.. if descriptors[..count].iter().any(|descriptor| descriptor.revents & libc::POLLNVAL != 0) => {
                return Err(io::Error::from_raw_os_error(libc::EBADF));
            }
            1.. => return Ok(descriptors[..count].iter().position(|descriptor| descriptor.revents != 0)),
            0 if Instant::now() >= deadline => return Ok(None),
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

/// The same under a number that is none of the standard streams': where the program has closed those, as daemons do, what it prints would
/// go to the service.
pub fn beyond_standard_streams(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    if descriptor.as_raw_fd() > libc::STDERR_FILENO {
        return Ok(descriptor);
    }
    // SAFETY: makes a new descriptor, which is nobody else's.
    unsafe {
        match libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, libc::STDERR_FILENO + 1) {
            -1 => Err(io::Error::last_os_error()),
            beyond => Ok(OwnedFd::from_raw_fd(beyond)),
        }
    }
}

/// How often this process, or one that it comes of, was forked.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// A process, as told from those that `fork()` makes of it. Asking costs no system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// This one. The first time it asks libc to be told of forks, for which that may have no memory.
    pub fn this() -> io::Result<Process> {
        extern "C" fn count() {
            FORKS.fetch_add(1, Ordering::Relaxed);
        }
        static ASKED: OnceLock<libc::c_int> = OnceLock::new();
        // SAFETY: what the child calls only adds to a number, and is never unloaded.
        match ASKED.get_or_init(|| unsafe { libc::pthread_atfork(None, None, Some(count)) }) {
            0 => Ok(Process::now()),
            error => Err(io::Error::from_raw_os_error(*error)),
        }
    }

    /// Whether the caller is in it. Safe in a signal handler.
    pub fn is_this(self) -> bool {
        self == Process::now()
    }

    fn now() -> Process {
        Process(FORKS.load(Ordering::Relaxed))
    }
}

/// A counter in the kernel that a thread can wait for together with sockets, and that a signal handler can raise.
#[derive(Debug)]
pub struct Event(OwnedFd);

impl Event {
    /// One that stays readable, however often it is waited for, until it is cleared.
    pub fn new() -> io::Result<Event> {
        Event::with(0, 0)
    }

    /// One that holds a single token, which [`Event::take`] gives to one caller only.
    pub fn with_token() -> io::Result<Event> {
        Event::with(1, libc::EFD_SEMAPHORE)
    }

    fn with(value: u32, flags: libc::c_int) -> io::Result<Event> {
        // SAFETY: makes a new descriptor, which is nobody else's.
        unsafe {
            let descriptor = libc::eventfd(value, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK | flags);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            beyond_standard_streams(OwnedFd::from_raw_fd(descriptor)).map(Event)
        }
    }

    /// Makes it readable, or puts the token back. Safe in a signal handler: one system call that does not block, and errno
    /// is what it was. Says whether it could: not where the program has closed the descriptor.
    pub fn set(&self) -> bool {
        let one = 1u64;
        // SAFETY: writes eight bytes of a local variable. errno is a variable of the calling thread.
        unsafe {
            let errno = *libc::__errno_location();
            // Not by `write`, in which a thread may be cancelled.
            let written = libc::syscall(libc::SYS_write, self.0.as_raw_fd(), &raw const one, size_of::<u64>());
            let is_set = written > 0 || *libc::__errno_location() == libc::EAGAIN;
            *libc::__errno_location() = errno;
            is_set
        }
    }

    /// Takes what was set, or the token; whether there was any.
    pub fn take(&self) -> bool {
        let mut value = 0u64;
        // SAFETY: reads eight bytes into a local variable.
        unsafe { libc::read(self.0.as_raw_fd(), (&raw mut value).cast(), size_of::<u64>()) > 0 }
    }
}

impl AsFd for Event {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The time since the machine was started, of which no step of the system clock and no suspend takes anything away.
pub fn since_boot() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills in the struct that it is given; this clock is there on every Linux since 2.6.39.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time) };
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The same in whole milliseconds: one read of the clock, which needs no system call where the machine lets programs read its
/// clock by themselves. Safe in a signal handler.
pub fn since_boot_ms() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: as above.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time) };
    #[allow(clippy::useless_conversion, reason = "both are 32 bits wide on some machines")]
    i64::from(time.tv_sec).saturating_mul(1000).saturating_add(i64::from(time.tv_nsec) / 1_000_000)
}

/// Whether the system has random numbers. A machine that was just switched on may have none yet: who asks for some then waits until it
/// has, however long that takes, and no deadline ends it.
pub fn has_random_numbers() -> bool {
    static HAS: AtomicBool = AtomicBool::new(false);
    if HAS.load(Ordering::Relaxed) {
        return true;
    }
    let mut byte = 0u8;
    // SAFETY: one byte into a local variable.
    let got = unsafe { libc::syscall(libc::SYS_getrandom, &raw mut byte, 1, libc::GRND_NONBLOCK) };
    // What else it fails with says nothing of that: a kernel before 3.17 does not have it.
    let has = got == 1 || io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock;
    HAS.store(has, Ordering::Relaxed);
    has
}

/// Locks an open file against everybody else who locks it; `false` if another has. The lock ends with the last
/// descriptor of this opening, however the process ends.
pub fn lock(file: &File) -> io::Result<bool> {
    // SAFETY: a call on a descriptor that is open; it does not wait.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        error => Err(error),
    }
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

/// As long as it lives, `pthread_cancel()` does not end the calling thread, but once it is gone: libc would end it inside of a system
/// call by unwinding through this library, which is not let, and the process would end.
pub struct NotCancelled {
    #[cfg(not(target_os = "android"))]
    previous: libc::c_int,
}

/// libc's crate does not have it; Android has no such thing.
#[cfg(not(target_os = "android"))]
mod cancellation {
    pub const DISABLE: libc::c_int = 1;

    unsafe extern "C" {
        pub fn pthread_setcancelstate(state: libc::c_int, previous: *mut libc::c_int) -> libc::c_int;
    }
}

impl NotCancelled {
    #[cfg(not(target_os = "android"))]
    pub fn new() -> NotCancelled {
        let mut previous = 0;
        // SAFETY: sets a property of the calling thread, and says into a local variable what it was.
        unsafe { cancellation::pthread_setcancelstate(cancellation::DISABLE, &mut previous) };
        NotCancelled { previous }
    }

    #[cfg(target_os = "android")]
    pub fn new() -> NotCancelled {
        NotCancelled {}
    }
}

#[cfg(not(target_os = "android"))]
impl Drop for NotCancelled {
    fn drop(&mut self) {
        // SAFETY: as above. The state is one that libc gave; it does not end the thread, which the next system call does.
        unsafe { cancellation::pthread_setcancelstate(self.previous, std::ptr::null_mut()) };
    }
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
        let awaited = [(silent.as_fd(), Readiness::Readable)];
        assert_eq!(wait_for_any(&awaited, start + Duration::from_millis(50)).unwrap(), None);
        assert!(start.elapsed() >= Duration::from_millis(50));
    }

    #[test]
    fn waiting_ends_with_the_first_that_is_ready() {
        use std::io::Write;
        let (silent, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
        let (reader, mut writer) = std::os::unix::net::UnixStream::pair().unwrap();
        writer.write_all(b"x").unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let awaited = [(silent.as_fd(), Readiness::Readable), (reader.as_fd(), Readiness::Readable)];
        assert_eq!(wait_for_any(&awaited, deadline).unwrap(), Some(1));
    }

    #[test]
    fn an_event_stays_until_it_is_taken() {
        let event = Event::new().unwrap();
        assert!(!event.take());
        event.set();
        event.set();
        let awaited = [(event.as_fd(), Readiness::Readable)];
        for _ in 0..2 {
            assert_eq!(wait_for_any(&awaited, Instant::now()).unwrap(), Some(0));
        }
        assert!(event.take() && !event.take());
    }

    #[test]
    fn a_token_is_given_to_one_only() {
        let event = Event::with_token().unwrap();
        assert!(event.take() && !event.take());
        event.set();
        assert!(event.take() && !event.take());
    }

    #[test]
    fn setting_an_event_leaves_errno_alone() {
        let event = Event::new().unwrap();
        // SAFETY: errno is a variable of this thread.
        unsafe { *libc::__errno_location() = libc::ENOTTY };
        event.set();
        assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::ENOTTY));
    }
}
