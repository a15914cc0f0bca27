//! The pages of memory that snapshots keep: [`Pages`] holds each content once.

use abi::PAGE_BYTES;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

/// Bytes of a page.
pub(super) const BYTES: usize = PAGE_BYTES as usize;

/// Pages by number, each content once.
#[derive(Default)]
pub(super) struct Pages {
    bytes: Vec<u8>,
    numbers: BTreeMap<[u8; 32], u32>,
}

/// Pages by number, one after the other.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedPages(ByteBuf);

impl Pages {
    /// The number of a page with these bytes.
    pub(super) fn number(&mut self, page: &[u8]) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(Sha256::digest(page).into()).or_insert(next);
        if number == next {
            self.bytes.extend_from_slice(page);
        }
        number
    }

    pub(super) fn finish(self) -> SavedPages {
        SavedPages(ByteBuf::from(self.bytes))
    }
}

impl SavedPages {
    /// The page of a number.
    pub(super) fn get(&self, number: u32) -> Option<&[u8]> {
        let from = (number as usize).checked_mul(BYTES)?;
        self.0.get(from..from.checked_add(BYTES)?)
    }
}
