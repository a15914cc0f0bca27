//! termios(3) between MIPS and Linux' generic form (asm/termbits.h).

use super::speed;
use abi::structs::file::Hex;
use abi::structs::terminal::{Termios, Termios2};
use vfs::termios::Termios as Generic;

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

pub(super) fn to_mips(generic: &Generic) -> Termios {
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

/// The same, with speeds.
pub(super) fn to_mips2(generic: &Generic) -> Termios2 {
    let Termios { c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc } = to_mips(generic);
    let (c_ispeed, c_ospeed) = generic.speeds;
    Termios2 { c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc, c_ispeed, c_ospeed }
}

/// `speeds` are those that `c_cflag` does not name.
pub(super) fn to_generic(mips: &Termios, speeds: (u32, u32)) -> Generic {
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
        speeds: speed::of(mips.c_cflag.0, speeds),
    }
}

/// The same, with speeds of its own.
pub(super) fn of_mips2(mips: &Termios2) -> Generic {
    let Termios2 { c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc, c_ispeed, c_ospeed } = *mips;
    to_generic(&Termios { c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc }, (c_ispeed, c_ospeed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let mut generic = Generic { chars: [0; 19], ..Generic::NEW };
        (0..17).for_each(|at| generic.chars[at] = at as u8 + 1);
        let mips = to_mips(&generic);
        // VEOF is 16 on MIPS and 4 elsewhere; VMIN is 4 and 6; IEXTEN is 0x100 and 0x8000.
        assert_eq!((mips.c_cc[16], mips.c_cc[4], mips.c_lflag.0), (5, 7, 0x0b3b));
        assert_eq!((to_generic(&mips, (0, 0)), of_mips2(&to_mips2(&generic))), (generic, generic));
    }
}
