//! What was typed and not read: [`Input`], with the ends of its lines.

use alloc::collections::VecDeque;
use serde::{Deserialize, Serialize};

/// A byte, and whether a line ends with it. An end of NUL is EOF's: it is not read.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Cell {
    byte: u8,
    is_end: bool,
}

impl Cell {
    fn is_eof(self) -> bool {
        self.is_end && self.byte == 0
    }
}

/// Bytes that wait to be read.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Input {
    cells: VecDeque<Cell>,
    /// Bytes of whole lines, at the front; the rest is the line being typed.
    whole: usize,
}

impl Input {
    /// Whether there are no more whole lines than bytes, nor more than there can be.
    pub(super) fn is_sound(&self) -> bool {
        self.whole <= self.cells.len() && self.cells.len() <= super::INPUT_BYTES
    }

    /// Bytes in all.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is a line.
    pub(super) fn has_line(&self) -> bool {
        self.whole > 0
    }

    /// Bytes of whole lines, without the EOFs among them.
    pub(super) fn whole_bytes(&self) -> usize {
        self.cells.iter().take(self.whole).filter(|cell| !cell.is_eof()).count()
    }

    /// Adds a byte.
    pub(super) fn push(&mut self, byte: u8) {
        self.cells.push_back(Cell { byte, is_end: false });
    }

    /// Adds a byte that ends the line.
    pub(super) fn end_line(&mut self, byte: u8) {
        self.cells.push_back(Cell { byte, is_end: true });
        self.whole = self.cells.len();
    }

    /// Takes the last byte back.
    pub(super) fn drop_last(&mut self) {
        self.cells.pop_back();
        self.whole = self.whole.min(self.cells.len());
    }

    /// Bytes of the line being typed.
    pub(super) fn typed(&self) -> usize {
        self.cells.len() - self.whole
    }

    /// A byte of the line being typed.
    pub(super) fn typed_at(&self, at: usize) -> Option<u8> {
        self.cells.get(self.whole + at).map(|cell| cell.byte)
    }

    /// Shortens the line being typed.
    pub(super) fn shorten(&mut self, to: usize) {
        self.cells.truncate(self.whole + to);
    }

    /// Lines begin or cease to matter: what there is becomes one line, or plain bytes.
    pub(super) fn regroup(&mut self, into_line: bool) {
        self.cells.iter_mut().for_each(|cell| cell.is_end = false);
        self.whole = 0;
        if let Some(last) = self.cells.back_mut().filter(|_| into_line) {
            last.is_end = true;
            self.whole = self.cells.len();
        }
    }

    /// Reads to the end of a line. If that line is an EOF after as much as was wanted, the EOF goes, too, so that the next
    /// read does not take it for the end of the file.
    pub(super) fn read_line(&mut self, into: &mut [u8]) -> usize {
        for done in 0..into.len().min(self.whole) {
            let Some(cell) = self.take() else { return done };
            if cell.is_eof() {
                return done;
            }
            into[done] = cell.byte;
            if cell.is_end {
                return done + 1;
            }
        }
        let done = into.len();
        if self.whole > 0 && done > 0 && self.cells.front().is_some_and(|cell| cell.is_eof()) {
            self.take();
        }
        done
    }

    fn take(&mut self) -> Option<Cell> {
        self.whole = self.whole.saturating_sub(1);
        self.cells.pop_front()
    }

    /// Reads bytes.
    pub(super) fn read_bytes(&mut self, into: &mut [u8]) -> usize {
        let count = into.len().min(self.cells.len());
        for (slot, cell) in into.iter_mut().zip(self.cells.drain(..count)) {
            *slot = cell.byte;
        }
        self.whole = self.whole.saturating_sub(count);
        count
    }
}
