//! Another static library in Rust, as a program may have one beside libtrro.a: it allocates, has a thread and catches a panic.

use std::collections::HashMap;
use std::hint::black_box;
use std::panic::{catch_unwind, set_hook};

/// 1: the panic was caught.
#[unsafe(no_mangle)]
pub extern "C" fn other_catches_a_panic() -> i32 {
    set_hook(Box::new(|_| {}));
    let result = catch_unwind(|| {
        // Something to drop on the way.
        let kept: HashMap<String, Vec<u8>> = HashMap::from([("a".repeat(100), vec![1; 100])]);
        vec![kept.len()][black_box(7)]
    });
    i32::from(result.is_err())
}

/// 1: a thread has given back what it was given.
#[unsafe(no_mangle)]
pub extern "C" fn other_has_a_thread() -> i32 {
    let given = "text".repeat(1000);
    let copy = given.clone();
    i32::from(std::thread::spawn(move || copy + "").join().is_ok_and(|returned| returned == given))
}
