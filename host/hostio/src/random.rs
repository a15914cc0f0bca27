//! The host's randomness.

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use std::sync::Arc;
use vfs::devfs::Random;

/// Fills `into` with random bytes (getrandom(2)).
pub fn fill(into: &mut [u8]) {
    let mut done = 0;
    while done < into.len() {
        match getrandom(&mut into[done..], GetRandomFlags::empty()) {
            Ok(count) => done += count,
            Err(Errno::INTR) => {}
            // Going on without randomness would be worse than not going on: guests make keys of it.
            Err(error) => panic!("the host has no randomness: getrandom(2) says {error}"),
        }
    }
}

/// The same, for /dev and the personality.
#[must_use]
pub fn random() -> Random {
    Arc::new(fill)
}
