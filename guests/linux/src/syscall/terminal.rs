//! Terminal ioctls, and termios between MIPS and Linux' generic form (asm/termbits.h).

use crate::description::Description;
use crate::reply::Reply;
use crate::syscall::process::member;
use crate::task::Task;
use abi::Addr;
use abi::structs::file::Hex;
use abi::structs::terminal::{Termios, Winsize};
use vfs::Errno;
use vfs::node::{SetWhen, Terminal, Termios as Generic, WindowSize};

/// Local modes that have another bit on MIPS: MIPS, generic.
const LOCAL: [(u32, u32); 3] = [
    (0x0100, 0x8000), // IEXTEN
    (0x2000, 0x1000), // FLUSHO
    (0x8000, 0x0100), // TOSTOP
];

/// The place of each generic control character among those of MIPS: VINTR to VEOL2. VSWTC and VDSUSP stay apart.
const CHARS: [usize; 17] = [0, 1, 2, 3, 16, 5, 4, 7, 8, 9, 10, 17, 12, 13, 14, 15, 6];

/// Exchanges bits between the two forms.
fn swap(flags: u32, pairs: &[(u32, u32)], to_generic: bool) -> u32 {
    let moved = pairs.iter().fold(0, |bits, (mips, generic)| bits | mips | generic);
    pairs.iter().fold(flags & !moved, |bits, &(mips, generic)| {
        let (from, to) = if to_generic { (mips, generic) } else { (generic, mips) };
        if flags & from != 0 { bits | to } else { bits }
    })
}

fn to_mips(generic: &Generic) -> Termios {
    let mut c_cc = [0; 23];
    for (place, value) in CHARS.into_iter().zip(generic.chars) {
        c_cc[place] = value;
    }
    Termios {
        c_iflag: Hex(generic.input),
        c_oflag: Hex(generic.output),
        c_cflag: Hex(generic.control),
        c_lflag: Hex(swap(generic.local, &LOCAL, false)),
        c_line: generic.line,
        c_cc,
    }
}

fn to_generic(mips: &Termios) -> Generic {
    let mut chars = [0; 19];
    for (char, place) in chars.iter_mut().zip(CHARS) {
        *char = mips.c_cc[place];
    }
    Generic {
        input: mips.c_iflag.0,
        output: mips.c_oflag.0,
        control: mips.c_cflag.0,
        local: swap(mips.c_lflag.0, &LOCAL, true),
        line: mips.c_line,
        chars,
    }
}

/// The requests that only a terminal answers; ENOTTY for everything else.
pub(super) fn ioctl(task: &mut Task<'_, '_>, description: &Description, request: u32, argument: Addr) -> Reply<u32> {
    let terminal: &dyn Terminal = description.file()?.terminal().ok_or(Errno::ENOTTY)?;
    match request {
        // TCGETS
        0x540d => task.guest.write(argument, &to_mips(&terminal.termios()?))?,
        // TCSETS, TCSETSW, TCSETSF
        0x540e..=0x5410 => {
            let when = [SetWhen::Now, SetWhen::Drain, SetWhen::Flush][(request - 0x540e) as usize];
            terminal.set_termios(&to_generic(&task.guest.read(argument)?), when)?;
        }
        // TIOCGWINSZ
        0x4008_7468 => {
            let size = terminal.window_size()?;
            let size =
                Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: size.x_pixels, ws_ypixel: size.y_pixels };
            task.guest.write(argument, &size)?;
        }
        // TIOCSWINSZ
        0x8008_7467 => {
            let size: Winsize = task.guest.read(argument)?;
            terminal.set_window_size(WindowSize {
                rows: size.ws_row,
                columns: size.ws_col,
                x_pixels: size.ws_xpixel,
                y_pixels: size.ws_ypixel,
            })?;
        }
        // TIOCGPGRP, TIOCGSID
        0x4004_7477 => {
            let group = member(task, 0, |member| member.group)?;
            task.guest.write(argument, &group)?;
        }
        0x7416 => {
            let session = member(task, 0, |member| member.session)?;
            task.guest.write(argument, &session)?;
        }
        // TIOCSPGRP: there is no group but ours.
        0x8004_7476 => {
            if task.guest.read::<u32>(argument)? != member(task, 0, |member| member.group)? {
                return Err(Errno::EPERM.into());
            }
        }
        // TIOCSCTTY, TIOCNOTTY, TCSBRK, TCXONC, TCFLSH
        0x5480 | 0x5471 | 0x5405..=0x5407 => {}
        _ => return Err(Errno::ENOTTY.into()),
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let mut generic = Generic { input: 0x500, output: 5, control: 0xbf, local: 0x8a3b, line: 0, chars: [0; 19] };
        (0..17).for_each(|at| generic.chars[at] = at as u8 + 1);
        let mips = to_mips(&generic);
        // VEOF is 16 on MIPS and 4 elsewhere; VMIN is 4 and 6; IEXTEN is 0x100 and 0x8000.
        assert_eq!((mips.c_cc[16], mips.c_cc[4], mips.c_lflag.0), (5, 7, 0x0b3b));
        assert_eq!(to_generic(&mips), generic);
    }
}
