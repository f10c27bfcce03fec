//! The few system calls of the benchmark that std does not offer. Uses nothing.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use libc::{c_int, c_void, socklen_t};

/// Segments as large as on a road that carries Ethernet frames, with room for tunnels.
const SEGMENT_BYTES: c_int = 1400;

/// What a connection has sent and received, by its kernel.
#[derive(Debug, Default, Clone, Copy)]
pub struct Traffic {
    pub packets_in: u64,
    pub packets_out: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// Runs the command on one core only.
pub fn pin(command: &mut Command, core: usize) -> &mut Command {
    // SAFETY: between fork and exec it makes one system call, and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            let mut cores: libc::cpu_set_t = mem::zeroed();
            libc::CPU_SET(core, &mut cores);
            match libc::sched_setaffinity(0, mem::size_of_val(&cores), &cores) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        })
    }
}

/// The last core that this process may run on.
pub fn last_core() -> usize {
    // SAFETY: the set is as large as is said, and all zeros is one.
    unsafe {
        let mut cores: libc::cpu_set_t = mem::zeroed();
        libc::sched_getaffinity(0, mem::size_of_val(&cores), &mut cores);
        let most = 8 * mem::size_of_val(&cores);
        (0..most).rev().find(|core| libc::CPU_ISSET(*core, &cores)).unwrap_or(0)
    }
}

/// Waits until no other process is between this and dropping the file.
pub fn wait_for_turn(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    // SAFETY: the descriptor is open.
    let is_free = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 };
    if !is_free {
        eprintln!("another run is going on, and this one waits for it");
        // SAFETY: as above.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(file)
}

/// What this process has used of its core, in user space and in the kernel.
pub fn cpu_ns() -> u64 {
    // SAFETY: all zeros is a value of this plain struct.
    let usage = unsafe {
        let mut usage: libc::rusage = mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let ns = |time: libc::timeval| time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_usec.unsigned_abs() * 1_000;
    ns(usage.ru_utime) + ns(usage.ru_stime)
}

/// What this thread has used of its core.
pub fn thread_cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes to what lives through the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Has this process keep what it frees, as one does that goes on: in a loop that frees everything at its end, the top of the heap
/// would be given back and faulted in again each time.
pub fn keep_freed_memory() {
    // SAFETY: it sets a number.
    unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30) };
}

/// Has a socket, or those that it accepts, send and be sent packets as over a road; the loopback's are 64 KiB.
pub fn limit_segments(socket: &impl AsRawFd) -> io::Result<()> {
    // SAFETY: the value lives through the call, and has the length that is said.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_MAXSEG,
            std::ptr::from_ref(&SEGMENT_BYTES).cast::<c_void>(),
            mem::size_of::<c_int>() as socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// By TCP_INFO. libc's struct ends before what is wanted, so it is read by its offsets in linux/tcp.h.
pub fn traffic(stream: &TcpStream) -> Traffic {
    let mut info = [0_u64; 32];
    let mut length = mem::size_of_val(&info) as socklen_t;
    // SAFETY: the kernel writes no more than `length` bytes.
    unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast::<c_void>(),
            &mut length,
        );
    }
    let bytes: Vec<u8> = info.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let wide = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap());
    let narrow = |at: usize| u64::from(u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap()));
    Traffic { bytes_out: wide(120), bytes_in: wide(128), packets_out: narrow(136), packets_in: narrow(140) }
}

/// A shared library that this process has loaded, for good.
pub struct Library(*mut c_void);

impl Library {
    pub fn open(path: &Path) -> io::Result<Library> {
        let name = CString::new(path.as_os_str().as_bytes())?;
        // SAFETY: the name ends with NUL, and what the libraries of the benchmark do when they are loaded is sound.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            Err(io::Error::other(format!("cannot load {}", path.display())))
        } else {
            Ok(Library(handle))
        }
    }

    /// # Safety
    ///
    /// `F` is the type of a pointer to the function of that name.
    pub unsafe fn function<F: Copy>(&self, name: &str) -> io::Result<F> {
        let symbol = CString::new(name)?;
        // SAFETY: the library stays loaded; a pointer to a function is as large as any.
        unsafe {
            let address = libc::dlsym(self.0, symbol.as_ptr());
            assert_eq!(mem::size_of::<F>(), mem::size_of_val(&address));
            if address.is_null() {
                Err(io::Error::other(format!("there is no {name}")))
            } else {
                Ok(mem::transmute_copy(&address))
            }
        }
    }
}
