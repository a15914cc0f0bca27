//! [`Digest`]: SHA-256, of bytes and of what can be hashed.

use sha2::{Digest as _, Sha256};
use std::fmt;
use std::hash::{Hash, Hasher};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Digest(pub [u8; Digest::BYTES]);

impl Digest {
    /// How long it is.
    pub const BYTES: usize = 32;

    /// Of bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// A digest in the making.
#[derive(Clone)]
pub(crate) struct Digester(Sha256);

impl Digester {
    pub(crate) fn new() -> Digester {
        Digester(Sha256::new())
    }
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    pub(crate) fn add_hash(&mut self, value: &impl Hash) {
        value.hash(self);
    }
    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl Hasher for Digester {
    fn write(&mut self, bytes: &[u8]) {
        self.add(bytes);
    }
    /// Nobody asks: [`Digester::finish`] has all of it.
    fn finish(&self) -> u64 {
        0
    }
}
