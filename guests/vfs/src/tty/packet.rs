//! What a master in packet mode is told instead of bytes (TIOCPKT in ioctl_tty(2)).

use crate::termios::{EXTPROC, IXON, Termios, VSTART, VSTOP};

/// The slave's input was discarded.
pub const FLUSHREAD: u8 = 0x01;
/// The slave's output was discarded.
pub const FLUSHWRITE: u8 = 0x02;
/// The slave's output was held.
pub const STOP: u8 = 0x04;
/// The slave's output was released.
pub const START: u8 = 0x08;
/// STOP and START are no longer Control-S and Control-Q.
pub const NOSTOP: u8 = 0x10;
/// They are, now.
pub const DOSTOP: u8 = 0x20;
/// Settings changed where the master edits lines.
pub const IOCTL: u8 = 0x40;

/// What is to be told after a change of settings.
pub(super) fn of_change(status: u8, before: &Termios, after: &Termios) -> u8 {
    let flows =
        |termios: &Termios| termios.has_input(IXON) && (termios.chars[VSTART], termios.chars[VSTOP]) == (0o21, 0o23);
    let status = match (flows(before), flows(after)) {
        (false, true) => status & !NOSTOP | DOSTOP,
        (true, false) => status & !DOSTOP | NOSTOP,
        _ => status,
    };
    if before.has_local(EXTPROC) || after.has_local(EXTPROC) { status | IOCTL } else { status }
}
