//! What is typed, as it is shown: [`Echoes`] keeps it until there is room, and until the input that came with it is taken in.
//!
//! A signal character between the two discards it. How wide a tab is, is known only when it is shown.

use super::INPUT_BYTES;
use super::ctype::is_control;
use super::output::{Output, TAB_COLUMNS};
use crate::termios::{ECHOCTL, OPOST, Termios};
use alloc::collections::VecDeque;
use serde::{Deserialize, Serialize};

/// Where so many bytes wait, they are shown although more is to come.
const SHOWN_BYTES: usize = 256;
/// Where so many bytes find no room, the oldest are forgotten.
const KEPT_BYTES: usize = INPUT_BYTES - (SHOWN_BYTES + 32);

/// One thing to show.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Echo {
    /// A byte, processed as output is.
    Byte(u8),
    /// 0xff, which is not.
    Full,
    /// A control character as ^X.
    Control(u8),
    /// A tab is wiped out. Before it stood so many columns of the line, or of what came after a tab.
    EraseTab { columns: u32, is_after_tab: bool },
    /// The line begins here.
    BeginLine,
    /// The last byte took no column.
    Back,
}

impl Echo {
    /// What it counts for.
    fn bytes(self) -> usize {
        match self {
            Echo::Byte(_) => 1,
            Echo::Full | Echo::Control(_) | Echo::BeginLine | Echo::Back => 2,
            Echo::EraseTab { .. } => 3,
        }
    }

    /// Shows it; `false` if there is no room.
    fn show(self, termios: &Termios, output: &mut Output) -> bool {
        match self {
            Echo::Byte(byte) if termios.has_output(OPOST) => output.process(termios, byte),
            Echo::Byte(byte) => output.put(byte),
            Echo::Full => {
                let is_shown = output.put(0xff);
                output.forward(u32::from(is_shown));
                is_shown
            }
            Echo::Control(byte) => {
                let is_shown = output.has_room(2);
                if is_shown {
                    output.put(b'^');
                    output.put(byte ^ 0o100);
                    output.forward(2);
                }
                is_shown
            }
            Echo::EraseTab { columns, is_after_tab } => {
                let before = if is_after_tab { columns } else { columns.wrapping_add(output.line_column()) };
                let columns = TAB_COLUMNS - before % TAB_COLUMNS;
                let is_shown = output.has_room(columns as usize);
                for _ in 0..if is_shown { columns } else { 0 } {
                    output.put(b'\x08');
                    output.back();
                }
                is_shown
            }
            Echo::BeginLine => {
                output.begin_line();
                true
            }
            Echo::Back => {
                output.back();
                true
            }
        }
    }
}

/// Echoes that wait.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Echoes {
    queue: VecDeque<Echo>,
    bytes: usize,
    /// Of these, the bytes of characters that were taken in whole.
    marked: usize,
    /// Of these, the bytes that wait for room only.
    committed: usize,
}

impl Echoes {
    /// Whether the parts are parts of what there is.
    pub(super) fn is_sound(&self) -> bool {
        let bytes = self.queue.iter().map(|echo| echo.bytes()).sum();
        self.committed <= self.marked && self.marked <= self.bytes && self.bytes == bytes
    }

    fn push(&mut self, echo: Echo) {
        self.bytes += echo.bytes();
        self.queue.push_back(echo);
    }

    /// A byte as it is.
    pub(super) fn raw(&mut self, byte: u8) {
        self.push(if byte == 0xff { Echo::Full } else { Echo::Byte(byte) });
    }

    /// A character, seen.
    pub(super) fn character(&mut self, termios: &Termios, byte: u8) {
        if termios.has_local(ECHOCTL) && is_control(byte) && byte != b'\t' {
            self.push(Echo::Control(byte));
        } else {
            self.raw(byte);
        }
    }

    pub(super) fn erase_tab(&mut self, columns: u32, is_after_tab: bool) {
        self.push(Echo::EraseTab { columns: columns % TAB_COLUMNS, is_after_tab });
    }

    pub(super) fn begin_line(&mut self) {
        self.push(Echo::BeginLine);
    }

    pub(super) fn back(&mut self) {
        self.push(Echo::Back);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Echoes::default();
    }

    /// A character was taken in: shows it only if much waits.
    pub(super) fn mark(&mut self, termios: &Termios, output: &mut Output) {
        self.marked = self.bytes;
        if self.bytes >= SHOWN_BYTES && self.bytes % SHOWN_BYTES <= self.committed % SHOWN_BYTES {
            self.committed = self.bytes;
            self.show(termios, output);
        }
    }

    /// Shows what is marked.
    pub(super) fn show_marked(&mut self, termios: &Termios, output: &mut Output) {
        if self.marked > 0 {
            self.committed = self.marked;
            self.show(termios, output);
        }
    }

    /// Shows all.
    pub(super) fn show_all(&mut self, termios: &Termios, output: &mut Output) {
        if self.committed < self.bytes {
            self.committed = self.bytes;
            self.show(termios, output);
        }
    }

    fn show(&mut self, termios: &Termios, output: &mut Output) {
        while self.committed > 0
            && let Some(echo) = self.queue.front().copied()
            && echo.show(termios, output)
        {
            self.forget(echo);
        }
        while self.committed >= KEPT_BYTES
            && let Some(echo) = self.queue.front().copied()
        {
            self.forget(echo);
        }
    }

    fn forget(&mut self, echo: Echo) {
        self.queue.pop_front();
        for count in [&mut self.bytes, &mut self.marked, &mut self.committed] {
            *count = count.saturating_sub(echo.bytes());
        }
    }
}
