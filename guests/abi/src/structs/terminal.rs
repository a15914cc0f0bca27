//! Structs of terminal ioctls.

use crate::structs::file::Hex;

crate::layout! {
    /// `struct termios` (asm/termbits.h): NCCS is 23 on MIPS.
    Termios 40 {
        /// Input modes.
        c_iflag: Hex,
        /// Output modes.
        c_oflag: Hex,
        /// Control modes.
        c_cflag: Hex,
        /// Local modes.
        c_lflag: Hex,
        /// Line discipline.
        c_line: u8 => quiet,
        /// Control characters, in MIPS order.
        c_cc: [u8; 23] => quiet,
    }

    /// `struct termios2`: with speeds in bits a second.
    Termios2 48 {
        /// Input modes.
        c_iflag: Hex,
        /// Output modes.
        c_oflag: Hex,
        /// Control modes.
        c_cflag: Hex,
        /// Local modes.
        c_lflag: Hex,
        /// Line discipline.
        c_line: u8 => quiet,
        /// Control characters, in MIPS order.
        c_cc: [u8; 23] => quiet,
        /// Input speed.
        c_ispeed: u32,
        /// Output speed.
        c_ospeed: u32,
    }

    /// `struct winsize`.
    Winsize 8 {
        /// Rows.
        ws_row: u16,
        /// Columns.
        ws_col: u16,
        /// Width in pixels.
        ws_xpixel: u16,
        /// Height in pixels.
        ws_ypixel: u16,
    }
}
