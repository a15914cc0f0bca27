//! What is shown: [`Output`], the bytes on their way to the other end, and the column that they come to.

use super::{INPUT_BYTES, TRANSIT_BYTES, ctype, packet};
use crate::termios::{IUTF8, OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TAB3, TABDLY, Termios};
use alloc::collections::VecDeque;
use serde::{Deserialize, Serialize};

/// Columns from one tab stop to the next.
pub(super) const TAB_COLUMNS: u32 = 8;

/// Bytes on their way to the other end.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Output {
    bytes: VecDeque<u8>,
    /// Of these, how many came to the other end; the rest is sent by what is being taken in.
    settled: usize,
    /// Where the next character goes.
    column: u32,
    /// Where the line that is being typed began.
    line_column: u32,
    is_stopped: bool,
    /// By tcflow(3), so that START does not release it.
    is_held: bool,
    /// What the other end is told in packet mode.
    pub(super) status: u8,
}

impl Output {
    /// Whether the part is a part of what there is.
    pub(super) fn is_sound(&self) -> bool {
        self.settled <= self.bytes.len()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that can be sent now.
    pub(super) fn room(&self) -> usize {
        if self.is_stopped { 0 } else { (INPUT_BYTES + TRANSIT_BYTES).saturating_sub(self.bytes.len()) }
    }

    /// Whether a character that was typed may release it.
    pub(super) fn is_stopped_by_typing(&self) -> bool {
        self.is_stopped && !self.is_held
    }

    pub(super) fn stop(&mut self) {
        if !core::mem::replace(&mut self.is_stopped, true) {
            self.status = self.status & !packet::START | packet::STOP;
        }
    }

    /// Releases it, unless tcflow(3) holds it; whether that is so.
    pub(super) fn start(&mut self) -> bool {
        if !self.is_held && core::mem::take(&mut self.is_stopped) {
            self.status = self.status & !packet::STOP | packet::START;
        }
        !self.is_held
    }

    /// TCOOFF.
    pub(super) fn hold(&mut self) {
        self.is_held = true;
        self.stop();
    }

    /// TCOON.
    pub(super) fn release(&mut self) {
        if core::mem::take(&mut self.is_held) {
            self.start();
        }
    }

    /// Sends a byte though STOP holds output, but not if tcflow(3) does.
    pub(super) fn send(&mut self, byte: u8) {
        let was_stopped = self.is_stopped;
        if self.start() {
            self.put(byte);
        }
        if was_stopped {
            self.stop();
        }
    }

    pub(super) fn take(&mut self, into: &mut [u8]) -> usize {
        let count = into.len().min(self.bytes.len());
        for (slot, byte) in into.iter_mut().zip(self.bytes.drain(..count)) {
            *slot = byte;
        }
        self.settled = self.settled.saturating_sub(count);
        count
    }

    /// What was sent has come to the other end.
    pub(super) fn settle(&mut self) {
        self.settled = self.bytes.len();
    }

    /// Discards what has not come to the other end's buffer.
    pub(super) fn flush(&mut self) {
        self.bytes.truncate(self.settled.min(INPUT_BYTES - 1));
        self.status |= packet::FLUSHWRITE;
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Sends bytes that are processed, as many as there is room for.
    pub(super) fn write(&mut self, termios: &Termios, from: &[u8]) -> usize {
        if termios.has_output(OPOST) {
            return from.iter().take_while(|byte| self.process(termios, **byte)).count();
        }
        let count = from.len().min(self.room());
        self.bytes.extend(&from[..count]);
        count
    }

    /// Sends what becomes of a byte; `false` if there is no room for all of it.
    pub(super) fn process(&mut self, termios: &Termios, byte: u8) -> bool {
        if self.room() == 0 {
            return false;
        }
        match byte {
            b'\n' => self.line_feed(termios),
            b'\r' => self.carriage_return(termios),
            b'\t' => self.tab(termios),
            b'\x08' => {
                self.back();
                self.put(byte)
            }
            _ => self.character(termios, byte),
        }
    }

    fn line_feed(&mut self, termios: &Termios) -> bool {
        let returns = termios.has_output(ONLCR);
        if returns && !self.has_room(2) {
            return false;
        }
        if returns || termios.has_output(ONLRET) {
            self.column = 0;
        }
        self.line_column = self.column;
        if returns {
            self.put(b'\r');
        }
        self.put(b'\n')
    }

    fn carriage_return(&mut self, termios: &Termios) -> bool {
        if termios.has_output(ONOCR) && self.column == 0 {
            return true;
        }
        let becomes_feed = termios.has_output(OCRNL);
        if !becomes_feed || termios.has_output(ONLRET) {
            (self.column, self.line_column) = (0, 0);
        }
        self.put(if becomes_feed { b'\n' } else { b'\r' })
    }

    fn tab(&mut self, termios: &Termios) -> bool {
        let columns = TAB_COLUMNS - self.column % TAB_COLUMNS;
        let as_spaces = termios.output & TABDLY == TAB3;
        if as_spaces && !self.has_room(columns as usize) {
            return false;
        }
        self.column = self.column.wrapping_add(columns);
        if as_spaces { (0..columns).all(|_| self.put(b' ')) } else { self.put(b'\t') }
    }

    fn character(&mut self, termios: &Termios, byte: u8) -> bool {
        if ctype::is_control(byte) {
            return self.put(byte);
        }
        let byte = if termios.has_output(OLCUC) { ctype::to_upper(byte) } else { byte };
        if !is_continuation(termios, byte) {
            self.forward(1);
        }
        self.put(byte)
    }

    /// Sends a byte as it is.
    pub(super) fn put(&mut self, byte: u8) -> bool {
        let has_room = self.room() > 0;
        if has_room {
            self.bytes.push_back(byte);
        }
        has_room
    }

    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.room() >= bytes
    }

    pub(super) fn forward(&mut self, columns: u32) {
        self.column = self.column.wrapping_add(columns);
    }

    pub(super) fn back(&mut self) {
        self.column = self.column.saturating_sub(1);
    }

    /// The line that is being typed begins here.
    pub(super) fn begin_line(&mut self) {
        self.line_column = self.column;
    }

    pub(super) fn line_column(&self) -> u32 {
        self.line_column
    }
}

/// Whether a byte is the second or a later one of a UTF-8 sequence.
pub(super) fn is_continuation(termios: &Termios, byte: u8) -> bool {
    termios.has_input(IUTF8) && byte & 0xc0 == 0x80
}
