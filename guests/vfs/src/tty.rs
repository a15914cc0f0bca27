//! A terminal's line discipline: [`Tty`] turns what is typed into what is read, and what is written into what is shown.
//!
//! As Linux' N_TTY has it (termios(3), tty_ioctl(4)). Nothing here waits, locks or sends signals: `receive` takes what
//! there is room for, and [`Tty::take_signals`] says what it raised. Of termios, what needs a line is not there, as on any
//! pseudoterminal: speeds, breaks, parity, delays, IXOFF.

mod ctype;
mod echo;
mod edit;
mod input;
mod output;
pub mod packet;
mod receive;

use crate::terminal::{Flow, TtySignal};
use crate::termios::{
    CREAD, CS8, CSIZE, ECHO, ECHONL, EXTPROC, ICANON, IXON, PARENB, Termios, VEOF, VMIN, VSTART, VSTOP, VTIME,
};
use alloc::vec::Vec;
use echo::Echoes;
use input::Input;
use output::Output;
use receive::Arriving;
use serde::{Deserialize, Serialize};

/// Bytes of typed input that wait to be read.
pub const INPUT_BYTES: usize = 4096;
/// Bytes on their way in either direction, beyond those.
pub const TRANSIT_BYTES: usize = 12_288;

/// A line discipline and its buffers.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tty {
    termios: Termios,
    arriving: Arriving,
    input: Input,
    echoes: Echoes,
    output: Output,
    /// LNEXT was typed.
    is_literal: bool,
    /// ECHOPRT is printing what is erased.
    is_erasing: bool,
    signals: Vec<TtySignal>,
}

impl Tty {
    /// A new one.
    #[must_use]
    pub fn new(termios: Termios) -> Tty {
        Tty {
            termios,
            arriving: Arriving::default(),
            input: Input::default(),
            echoes: Echoes::default(),
            output: Output::default(),
            is_literal: false,
            is_erasing: false,
            signals: Vec::new(),
        }
    }

    /// Whether its buffers can have come about: those of a snapshot may say anything.
    #[must_use]
    pub(crate) fn is_sound(&self) -> bool {
        self.input.is_sound() && self.echoes.is_sound() && self.output.is_sound() && self.arriving.is_sound()
    }

    /// What it is set to.
    #[must_use]
    pub fn termios(&self) -> &Termios {
        &self.termios
    }

    /// Sets it. Without a line there are eight bits and no parity.
    pub fn set_termios(&mut self, termios: &Termios) {
        let before = core::mem::replace(&mut self.termios, *termios);
        self.termios.control = termios.control & !(CSIZE | PARENB) | CS8 | CREAD;
        self.output.status = packet::of_change(self.output.status, &before, termios);
        if (before.local ^ termios.local) & (ICANON | EXTPROC) != 0 {
            self.input.regroup(termios.has_local(ICANON));
            (self.is_erasing, self.is_literal) = (false, false);
        }
        if before.has_input(IXON) && !termios.has_input(IXON) && self.output.start() {
            self.show_echoes();
        }
    }

    /// Whether a read would give something; with `is_polled`, whether it would give VMIN bytes where VTIME does not matter.
    #[must_use]
    pub fn is_readable(&self, is_polled: bool) -> bool {
        let [bytes, time] = [VMIN, VTIME].map(|place| usize::from(self.termios.chars[place]));
        if self.termios.is_canonical() {
            return self.input.has_line();
        }
        self.input.len() >= if is_polled && time == 0 { bytes.max(1) } else { 1 }
    }

    /// Bytes that a read would give (FIONREAD).
    #[must_use]
    pub fn readable_bytes(&self) -> usize {
        if self.termios.is_canonical() { self.input.whole_bytes() } else { self.input.len() }
    }

    /// Reads what there is: of a line, up to its end. Where the other end edits lines, EOF alone is the end of the file.
    pub fn read(&mut self, into: &mut [u8]) -> usize {
        let count = if self.termios.is_canonical() {
            self.input.read_line(into)
        } else {
            let is_last = self.input.len() == 1;
            match self.input.read_bytes(into) {
                1 if is_last && self.termios.has_local(ICANON) && into[0] == self.termios.chars[VEOF] => 0,
                count => count,
            }
        };
        self.pump();
        count
    }

    /// Writes, as far as there is room; how much that was.
    pub fn write(&mut self, from: &[u8]) -> usize {
        self.show_echoes();
        self.output.write(&self.termios, from)
    }

    /// Whether there is room to write.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.output.room() > 0
    }

    /// Bytes that were sent and not taken.
    #[must_use]
    pub fn sent_bytes(&self) -> usize {
        self.output.len()
    }

    /// Takes bytes that were sent. Echoes that found no room come when it is next written or typed to.
    pub fn take_sent(&mut self, into: &mut [u8]) -> usize {
        self.output.take(into)
    }

    /// Signals that were raised.
    pub fn take_signals(&mut self) -> Vec<TtySignal> {
        core::mem::take(&mut self.signals)
    }

    /// What the other end is told in packet mode ([`packet`]), and forgets that it was.
    pub fn take_status(&mut self) -> u8 {
        core::mem::take(&mut self.output.status)
    }

    /// Whether there is something to tell in packet mode.
    #[must_use]
    pub fn has_status(&self) -> bool {
        self.output.status != 0
    }

    /// Discards what was received, and with `is_arriving` what there was no room for yet.
    pub fn flush_input(&mut self, is_arriving: bool) {
        if is_arriving {
            self.arriving = Arriving::default();
        }
        self.discard_input();
        self.pump();
    }

    /// Discards what was sent and has not come to the other end's buffer.
    pub fn flush_output(&mut self) {
        self.output.settle();
        self.output.flush();
    }

    /// Discards all that was sent.
    pub fn flush_sent(&mut self) {
        self.output.clear();
    }

    /// Discards what was typed and not received for want of room.
    pub fn flush_arriving(&mut self) {
        self.arriving = Arriving::default();
    }

    /// tcflow(3).
    pub fn flow(&mut self, what: Flow) {
        match what {
            Flow::Hold => self.output.hold(),
            Flow::Release => self.output.release(),
            Flow::SendStop => self.send_char(VSTOP),
            Flow::SendStart => self.send_char(VSTART),
        }
    }

    fn send_char(&mut self, place: usize) {
        match self.termios.chars[place] {
            0 => {}
            byte => self.output.send(byte),
        }
    }

    /// Has the other end receive a byte as if it had been written here.
    pub fn send(&mut self, byte: u8) {
        self.output.send(byte);
    }

    fn discard_input(&mut self) {
        self.input = Input::default();
        self.is_erasing = false;
        self.output.status |= packet::FLUSHREAD;
    }

    /// Whether anything is echoed.
    fn echoes_at_all(&self) -> bool {
        self.termios.has_local(ECHO | ECHONL)
    }

    /// Shows the echoes that are complete.
    fn show_echoes(&mut self) {
        self.echoes.show_marked(&self.termios, &mut self.output);
    }
}
