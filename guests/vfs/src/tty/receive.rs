//! What comes from the other end, as N_TTY takes it in: [`Tty::receive`].

use super::ctype::to_lower;
use super::{INPUT_BYTES, TRANSIT_BYTES, Tty};
use crate::terminal::TtySignal;
use crate::termios::{
    ECHO, EXTPROC, ICANON, ICRNL, IEXTEN, IGNCR, INLCR, ISIG, ISTRIP, IUCLC, IXANY, IXON, NOFLSH, PARMRK, Termios,
    VEOF, VEOL, VEOL2, VERASE, VINTR, VKILL, VLNEXT, VQUIT, VREPRINT, VSTART, VSTOP, VSUSP, VWERASE,
};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Bytes for which there was no room yet.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Arriving {
    bytes: VecDeque<u8>,
    /// Of these, how many were looked at for STOP and START.
    seen: usize,
}

impl Arriving {
    /// Whether the part is a part of what there is.
    pub(super) fn is_sound(&self) -> bool {
        self.seen <= self.bytes.len()
    }
}

/// Room for input.
enum Room {
    Bytes(usize),
    /// None, but the line being typed may still be ended or erased: a byte is taken in, in place of the last one if
    /// there are as many as there can be.
    Line {
        replaces_last: bool,
    },
}

/// Whether PARMRK has a byte read as two.
pub(super) fn is_doubled(termios: &Termios, byte: u8) -> bool {
    byte == 0xff && termios.has_input(PARMRK)
}

/// Whether a character may mean something other than itself.
fn is_special(termios: &Termios, byte: u8) -> bool {
    let is = |places: &[usize]| places.iter().any(|place| termios.is_char(byte, *place));
    let has = |flag| termios.has_local(flag);
    byte == b'\r' && termios.has_input(IGNCR | ICRNL)
        || byte == b'\n' && (termios.has_input(INLCR) || has(ICANON))
        || has(ICANON) && is(&[VERASE, VKILL, VEOF, VEOL])
        || has(ICANON) && has(IEXTEN) && (is(&[VWERASE, VLNEXT, VEOL2]) || has(ECHO) && is(&[VREPRINT]))
        || termios.has_input(IXON) && is(&[VSTART, VSTOP])
        || has(ISIG) && is(&[VINTR, VQUIT, VSUSP])
}

impl Tty {
    /// Takes in bytes, as many as there is room for; how many that was.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        loop {
            let room = TRANSIT_BYTES.saturating_sub(self.arriving.bytes.len());
            let count = room.min(bytes.len() - done);
            if count == 0 {
                return done;
            }
            self.arriving.bytes.extend(&bytes[done..done + count]);
            done += count;
            self.pump();
        }
    }

    /// Whether there is room for anything.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.arriving.bytes.len() < TRANSIT_BYTES
    }

    /// Takes in a byte at once, as if it had been typed (TIOCSTI).
    pub fn type_in(&mut self, byte: u8) {
        match self.room() {
            Room::Bytes(0) => {}
            Room::Line { replaces_last } => self.take_in(&[byte], 0, replaces_last),
            Room::Bytes(_) => self.take_in(&[byte], 0, false),
        }
    }

    /// Takes in what arrived, as far as there is room. Behind that, STOP and START still work.
    pub(super) fn pump(&mut self) {
        while !self.arriving.bytes.is_empty() {
            let (room, replaces_last) = match self.room() {
                Room::Bytes(0) => break,
                Room::Bytes(room) => (room, false),
                Room::Line { replaces_last } => (1, replaces_last),
            };
            let count = room.min(self.arriving.bytes.len());
            let bytes: Vec<u8> = self.arriving.bytes.drain(..count).collect();
            let seen = self.arriving.seen.min(count);
            self.take_in(&bytes, seen, replaces_last);
            self.arriving.seen -= seen;
        }
        for at in self.arriving.seen..self.arriving.bytes.len() {
            if self.termios.has_input(IXON)
                && let Some(byte) = self.arriving.bytes.get(at).copied()
            {
                self.control_flow(byte, false);
            }
        }
        self.arriving.seen = self.arriving.bytes.len();
    }

    fn room(&self) -> Room {
        let room = INPUT_BYTES.saturating_sub(self.input.len());
        let room = if self.termios.has_input(PARMRK) { room.div_ceil(3) } else { room };
        match room.checked_sub(1) {
            None | Some(0) if self.termios.has_local(ICANON) && !self.input.has_line() => {
                Room::Line { replaces_last: room == 0 }
            }
            room => Room::Bytes(room.unwrap_or(0)),
        }
    }

    /// Takes in bytes that came together; in the first `seen`, STOP and START have had their effect.
    fn take_in(&mut self, bytes: &[u8], seen: usize, replaces_last: bool) {
        if replaces_last {
            self.input.drop_last();
        }
        self.output.settle();
        let shows = self.is_processed();
        for (at, byte) in bytes.iter().enumerate() {
            self.character(*byte, at < seen);
        }
        if shows && self.echoes_at_all() {
            self.echoes.show_all(&self.termios, &mut self.output);
        }
    }

    /// Whether any setting makes input more than bytes.
    fn is_processed(&self) -> bool {
        let termios = &self.termios;
        let strips = termios.has_input(ISTRIP) || termios.has_input(IUCLC) && termios.has_local(IEXTEN);
        let any = termios.has_input(ISTRIP | IUCLC | IGNCR | ICRNL | INLCR | IXON | PARMRK)
            || termios.has_local(ICANON | ISIG | ECHO);
        any && (strips || !termios.has_local(EXTPROC))
    }

    fn character(&mut self, byte: u8, is_seen: bool) {
        let byte = if self.termios.has_input(ISTRIP) { byte & 0x7f } else { byte };
        let lowers = self.termios.has_input(IUCLC) && self.termios.has_local(IEXTEN);
        let byte = if lowers { to_lower(byte) } else { byte };
        if core::mem::take(&mut self.is_literal) {
            self.plain(byte);
        } else if self.termios.has_local(EXTPROC) {
            self.input.push(byte);
        } else if is_special(&self.termios, byte) {
            self.special(byte, is_seen);
        } else {
            self.plain(byte);
        }
    }

    fn plain(&mut self, byte: u8) {
        self.release_by_any();
        if self.termios.has_local(ECHO) {
            self.finish_erasing();
            self.begin_line();
            self.echoes.character(&self.termios, byte);
            self.mark_echoes();
        }
        self.keep(byte);
    }

    fn special(&mut self, byte: u8, is_seen: bool) {
        if self.termios.has_input(IXON) && self.control_flow(byte, is_seen) {
            return;
        }
        if self.termios.has_local(ISIG)
            && let Some(signal) = self.signal_of(byte)
        {
            return self.signal(byte, signal);
        }
        self.release_by_any();
        let byte = match byte {
            b'\r' if self.termios.has_input(IGNCR) => return,
            b'\r' if self.termios.has_input(ICRNL) => b'\n',
            b'\n' if self.termios.has_input(INLCR) => b'\r',
            byte => byte,
        };
        if self.termios.has_local(ICANON) && self.edit(byte) {
            return;
        }
        if self.termios.has_local(ECHO) {
            self.finish_erasing();
            if byte == b'\n' {
                self.echoes.raw(b'\n');
            } else {
                self.begin_line();
                self.echoes.character(&self.termios, byte);
            }
            self.mark_echoes();
        }
        self.keep(byte);
    }

    fn keep(&mut self, byte: u8) {
        if is_doubled(&self.termios, byte) {
            self.input.push(byte);
        }
        self.input.push(byte);
    }

    /// STOP and START; whether it was one.
    fn control_flow(&mut self, byte: u8, is_seen: bool) -> bool {
        let starts = self.termios.is_char(byte, VSTART);
        if !starts && !self.termios.is_char(byte, VSTOP) {
            return false;
        }
        if is_seen {
            return true;
        }
        if starts {
            self.output.start();
            self.show_echoes();
        } else {
            self.output.stop();
        }
        true
    }

    /// With IXANY, any character releases what STOP held.
    fn release_by_any(&mut self) {
        let by_any = self.termios.has_input(IXON) && self.termios.has_input(IXANY);
        if by_any && self.output.is_stopped_by_typing() {
            self.output.start();
            self.show_echoes();
        }
    }

    fn signal_of(&self, byte: u8) -> Option<TtySignal> {
        [(VINTR, TtySignal::Interrupt), (VQUIT, TtySignal::Quit), (VSUSP, TtySignal::Suspend)]
            .into_iter()
            .find_map(|(place, signal)| self.termios.is_char(byte, place).then_some(signal))
    }

    /// Raises a signal, and without NOFLSH discards what is on its way.
    fn signal(&mut self, byte: u8, signal: TtySignal) {
        self.signals.push(signal);
        if !self.termios.has_local(NOFLSH) {
            self.echoes.clear();
            self.output.flush();
            self.discard_input();
        }
        if self.termios.has_input(IXON) {
            self.output.start();
        }
        if self.termios.has_local(ECHO) {
            self.echoes.character(&self.termios, byte);
            self.mark_echoes();
        } else {
            self.show_echoes();
        }
    }
}
