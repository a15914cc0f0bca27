//! [`OwnPages`]: which pages of a private mapping differ from what is mapped, as far as Linux knows.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

const PAGE_BYTES: usize = abi::PAGE_BYTES as usize;

/// Bits of /proc/self/pagemap (linux/Documentation/admin-guide/mm/pagemap.rst).
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const OF_FILE: u64 = 1 << 61;

/// Tells the pages that were written from those that were not.
pub(crate) struct OwnPages {
    map: Option<File>,
    memory: Option<File>,
}

impl OwnPages {
    /// Where Linux does not tell, all count as written.
    pub(crate) fn open() -> OwnPages {
        OwnPages { map: File::open("/proc/self/pagemap").ok(), memory: File::open("/proc/self/mem").ok() }
    }

    /// Reads memory of ours whatever its protection; false if Linux does not let us (proc(5), /proc/PID/mem).
    pub(crate) fn read(&self, at: *const u8, into: &mut [u8]) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.read_exact_at(into, at.addr() as u64).is_ok())
    }

    /// The offsets of those of `bytes` bytes at `offset` from `base` that may have been written, in runs.
    pub(crate) fn of(&self, base: *const u8, offset: usize, bytes: usize) -> Vec<Range<usize>> {
        let mut entries = vec![0; bytes / PAGE_BYTES * 8];
        let from = (base.addr() + offset) / PAGE_BYTES * 8;
        let is_told = self.map.as_ref().is_some_and(|map| map.read_exact_at(&mut entries, from as u64).is_ok());
        if !is_told {
            return std::iter::once(offset..offset + bytes).collect();
        }
        let is_own = |entry: &[u8]| {
            let bits = entry.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
            bits & SWAPPED != 0 || bits & (PRESENT | OF_FILE) == PRESENT
        };
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (page, _) in entries.chunks_exact(8).enumerate().filter(|(_, entry)| is_own(entry)) {
            let at = offset + page * PAGE_BYTES;
            match runs.last_mut().filter(|run| run.end == at) {
                Some(run) => run.end += PAGE_BYTES,
                None => runs.push(at..at + PAGE_BYTES),
            }
        }
        runs
    }
}
