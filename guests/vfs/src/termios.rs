//! What a terminal is set to: [`Termios`], the bits and characters of termios(3), and [`WindowSize`].
//!
//! Bits and places are Linux' generic ones (asm-generic/termbits.h). A guest's own are its personality's business.

use serde::{Deserialize, Serialize};

/// Terminal settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Termios {
    /// `c_iflag`.
    pub input: u32,
    /// `c_oflag`.
    pub output: u32,
    /// `c_cflag`.
    pub control: u32,
    /// `c_lflag`.
    pub local: u32,
    /// `c_line`.
    pub line: u8,
    /// `c_cc`.
    pub chars: [u8; 19],
    /// Bits a second, of input and output. A pseudoterminal only remembers them.
    pub speeds: (u32, u32),
}

/// Declares flags or places, each with what it means.
macro_rules! constants {
    ($type:ty: $($name:ident = $value:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: $type = $value;)*
    };
}

// c_iflag. The bits about breaks and parity have nothing to do where there is no line that could garble a byte.
constants! { u32:
    PARMRK  = 0x0008, "A byte 0xff is read as two.";
    ISTRIP  = 0x0020, "The eighth bit is taken off.";
    INLCR   = 0x0040, "NL is read as CR.";
    IGNCR   = 0x0080, "CR is not read.";
    ICRNL   = 0x0100, "CR is read as NL.";
    IUCLC   = 0x0200, "Upper case is read as lower case, with IEXTEN.";
    IXON    = 0x0400, "STOP and START hold and release output.";
    IXANY   = 0x0800, "Any character releases output.";
    IUTF8   = 0x4000, "Erasing takes a whole UTF-8 sequence.";
}

// c_oflag
constants! { u32:
    OPOST   = 0x0001, "Output is processed at all.";
    OLCUC   = 0x0002, "Lower case is written as upper case.";
    ONLCR   = 0x0004, "NL is written as CR NL.";
    OCRNL   = 0x0008, "CR is written as NL.";
    ONOCR   = 0x0010, "CR is not written in column 0.";
    ONLRET  = 0x0020, "NL goes to column 0.";
    TABDLY  = 0x1800, "What becomes of tabs.";
    TAB3    = 0x1800, "Tabs are written as spaces: XTABS.";
}

// c_cflag
constants! { u32:
    CSIZE   = 0x0030, "Bits a character.";
    CS8     = 0x0030, "Eight of them.";
    CREAD   = 0x0080, "There is a receiver.";
    PARENB  = 0x0100, "There is parity.";
}

// c_lflag
constants! { u32:
    ISIG    = 0x0000_0001, "INTR, QUIT and SUSP raise signals.";
    ICANON  = 0x0000_0002, "Input comes in lines, which can be edited.";
    ECHO    = 0x0000_0008, "Input is echoed.";
    ECHOE   = 0x0000_0010, "ERASE and WERASE wipe out what they erase.";
    ECHOK   = 0x0000_0020, "KILL is seen to erase.";
    ECHONL  = 0x0000_0040, "NL is echoed even without ECHO.";
    NOFLSH  = 0x0000_0080, "A signal does not discard what is on its way.";
    TOSTOP  = 0x0000_0100, "Output of background processes stops them.";
    ECHOCTL = 0x0000_0200, "Control characters are echoed as ^X.";
    ECHOPRT = 0x0000_0400, "What is erased is printed again.";
    ECHOKE  = 0x0000_0800, "KILL wipes out what it erases.";
    IEXTEN  = 0x0000_8000, "WERASE, LNEXT, REPRINT and EOL2 mean something.";
    EXTPROC = 0x0001_0000, "The other end edits lines.";
}

// Places in c_cc.
constants! { usize:
    VINTR    =  0, "Interrupts.";
    VQUIT    =  1, "Quits.";
    VERASE   =  2, "Erases a character.";
    VKILL    =  3, "Erases the line.";
    VEOF     =  4, "Ends the line or the file.";
    VTIME    =  5, "Tenths of a second a read waits.";
    VMIN     =  6, "Bytes a read waits for.";
    VSTART   =  8, "Releases output.";
    VSTOP    =  9, "Holds output.";
    VSUSP    = 10, "Suspends.";
    VEOL     = 11, "Ends a line.";
    VREPRINT = 12, "Prints the line again.";
    VWERASE  = 14, "Erases a word.";
    VLNEXT   = 15, "Takes away the next character's meaning.";
    VEOL2    = 16, "Ends a line, too.";
}

impl Termios {
    /// What Linux sets a new pseudoterminal to: `tty_std_termios`, without HUPCL.
    pub const NEW: Termios = Termios {
        input: ICRNL | IXON,
        output: OPOST | ONLCR,
        // B38400
        control: 0xf | CS8 | CREAD,
        local: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
        line: 0,
        chars: [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0],
        speeds: (38_400, 38_400),
    };

    /// What the master's side is set to: nothing is processed.
    pub const RAW: Termios = Termios { input: 0, output: 0, local: 0, ..Termios::NEW };

    /// Whether any of these bits of `c_iflag` is set.
    #[must_use]
    pub const fn has_input(&self, flags: u32) -> bool {
        self.input & flags != 0
    }

    /// Whether any of these bits of `c_oflag` is set.
    #[must_use]
    pub const fn has_output(&self, flags: u32) -> bool {
        self.output & flags != 0
    }

    /// Whether any of these bits of `c_lflag` is set.
    #[must_use]
    pub const fn has_local(&self, flags: u32) -> bool {
        self.local & flags != 0
    }

    /// Whether `byte` is the character of that place. NUL is none: `_POSIX_VDISABLE`.
    #[must_use]
    pub const fn is_char(&self, byte: u8, place: usize) -> bool {
        byte != 0 && byte == self.chars[place]
    }

    /// Whether reads come in lines that are edited here.
    #[must_use]
    pub const fn is_canonical(&self) -> bool {
        self.has_local(ICANON) && !self.has_local(EXTPROC)
    }
}

/// Window size in characters and pixels (ioctl_tty(2)).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WindowSize {
    /// Rows.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
    /// Width in pixels.
    pub x_pixels: u16,
    /// Height in pixels.
    pub y_pixels: u16,
}
