//! Editing the line that is being typed: ERASE, WERASE, KILL, REPRINT, LNEXT, and what ends a line.

use super::ctype::{is_alphanumeric, is_control};
use super::output::is_continuation;
use super::{Tty, receive};
use crate::termios::{
    ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, ECHOPRT, IEXTEN, VEOF, VEOL, VEOL2, VERASE, VKILL, VLNEXT, VREPRINT, VWERASE,
};

/// What is erased.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Erase {
    Character,
    Word,
    Line,
}

impl Tty {
    /// Takes in a character that may mean something in a line; `false` if it does not.
    pub(super) fn edit(&mut self, byte: u8) -> bool {
        let is_extended = self.termios.has_local(IEXTEN);
        let is = |place| self.termios.is_char(byte, place);
        if is(VERASE) {
            self.erase(Erase::Character);
        } else if is(VWERASE) && (is_extended || is(VKILL)) {
            self.erase(Erase::Word);
        } else if is(VKILL) {
            self.kill();
        } else if is(VLNEXT) && is_extended {
            self.take_literally();
        } else if is(VREPRINT) && is_extended && self.termios.has_local(ECHO) {
            self.reprint(byte);
        } else if byte == b'\n' {
            if self.echoes_at_all() {
                self.echoes.raw(b'\n');
                self.mark_echoes();
            }
            self.input.end_line(b'\n');
        } else if is(VEOF) {
            self.input.end_line(0);
        } else if is(VEOL) || is(VEOL2) && is_extended {
            self.end_line(byte);
        } else {
            return false;
        }
        true
    }

    fn end_line(&mut self, byte: u8) {
        if self.termios.has_local(ECHO) {
            self.begin_line();
            self.echoes.character(&self.termios, byte);
            self.mark_echoes();
        }
        if receive::is_doubled(&self.termios, byte) {
            self.input.push(byte);
        }
        self.input.end_line(byte);
    }

    /// The next character is taken as it is.
    fn take_literally(&mut self) {
        self.is_literal = true;
        if !self.termios.has_local(ECHO) {
            return;
        }
        self.finish_erasing();
        if self.termios.has_local(ECHOCTL) {
            self.echoes.raw(b'^');
            self.echoes.raw(b'\x08');
            self.mark_echoes();
        }
    }

    fn reprint(&mut self, byte: u8) {
        self.finish_erasing();
        self.echoes.character(&self.termios, byte);
        self.echoes.raw(b'\n');
        for at in 0..self.input.typed() {
            if let Some(byte) = self.input.typed_at(at) {
                self.echoes.character(&self.termios, byte);
            }
        }
        self.mark_echoes();
    }

    /// Erases the line. Without all of ECHOE, ECHOK and ECHOKE it is not wiped out.
    fn kill(&mut self) {
        let has = |flag| self.termios.has_local(flag);
        if !has(ECHO) {
            self.input.shorten(0);
        } else if has(ECHOE) && has(ECHOK) && has(ECHOKE) {
            return self.erase(Erase::Line);
        } else if self.input.typed() > 0 {
            let feeds = has(ECHOK);
            self.input.shorten(0);
            self.finish_erasing();
            self.echoes.character(&self.termios, self.termios.chars[VKILL]);
            if feeds {
                self.echoes.raw(b'\n');
            }
        }
        self.mark_echoes();
    }

    fn erase(&mut self, what: Erase) {
        let mut is_in_word = false;
        let was_empty = self.input.typed() == 0;
        while let Some((at, byte)) = self.last_character() {
            if what == Erase::Word {
                let is_of_word = is_alphanumeric(byte) || byte == b'_';
                if is_in_word && !is_of_word {
                    break;
                }
                is_in_word |= is_of_word;
            }
            if self.termios.has_local(ECHO) {
                self.echo_erased(what, at, byte);
            }
            self.input.shorten(at);
            if what == Erase::Character {
                break;
            }
        }
        if !was_empty && self.input.typed() == 0 && self.termios.has_local(ECHO) {
            self.finish_erasing();
        }
        self.mark_echoes();
    }

    /// Where the last character begins, and its first byte; none if the line is empty or begins within a character.
    fn last_character(&self) -> Option<(usize, u8)> {
        (0..self.input.typed())
            .rev()
            .filter_map(|at| Some((at, self.input.typed_at(at)?)))
            .find(|(_, byte)| !is_continuation(&self.termios, *byte))
    }

    /// Shows that the character at `at` goes, while it is still there.
    fn echo_erased(&mut self, what: Erase, at: usize, byte: u8) {
        let has = |flag| self.termios.has_local(flag);
        if has(ECHOPRT) {
            if !self.is_erasing {
                self.is_erasing = true;
                self.echoes.raw(b'\\');
            }
            self.echoes.character(&self.termios, byte);
            for byte in (at + 1..self.input.typed()).filter_map(|at| self.input.typed_at(at)) {
                self.echoes.raw(byte);
                self.echoes.back();
            }
        } else if what == Erase::Character && !has(ECHOE) {
            self.echoes.character(&self.termios, self.termios.chars[VERASE]);
        } else if byte == b'\t' {
            let (columns, is_after_tab) = self.columns_before(at);
            self.echoes.erase_tab(columns, is_after_tab);
        } else {
            let columns = match (is_control(byte), has(ECHOCTL)) {
                (false, _) => 1,
                (true, true) => 2,
                (true, false) => 0,
            };
            (0..columns).for_each(|_| b"\x08 \x08".iter().for_each(|byte| self.echoes.raw(*byte)));
        }
    }

    /// Columns from the start of the line, or from the last tab, to `at`.
    fn columns_before(&self, at: usize) -> (u32, bool) {
        let mut columns = 0;
        for byte in (0..at).rev().filter_map(|at| self.input.typed_at(at)) {
            columns += match byte {
                b'\t' => return (columns, true),
                _ if is_control(byte) => 2 * u32::from(self.termios.has_local(ECHOCTL)),
                _ => u32::from(!is_continuation(&self.termios, byte)),
            };
        }
        (columns, false)
    }

    /// Ends what ECHOPRT began.
    pub(super) fn finish_erasing(&mut self) {
        if core::mem::take(&mut self.is_erasing) {
            self.echoes.raw(b'/');
        }
    }

    /// If the line is still empty, tabs are counted from here.
    pub(super) fn begin_line(&mut self) {
        if self.input.typed() == 0 {
            self.echoes.begin_line();
        }
    }

    pub(super) fn mark_echoes(&mut self) {
        self.echoes.mark(&self.termios, &mut self.output);
    }
}
