//! Signal numbers of MIPS (asm/signal.h), their names, and their default actions (signal(7)).

use abi::structs::signal::show_signal;
use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A signal by its MIPS number, 1 to 128.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Signal(u8);

/// What a signal does when nothing was arranged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Default {
    /// Ends the process.
    Terminate,
    /// Ends the process, of which Linux then writes a core file.
    Core,
    /// Nothing.
    Ignore,
    /// Stops the process; without job control, nothing.
    Stop,
}

/// Declares the standard signals: name, MIPS number, generic number (0: there is none), default action.
macro_rules! signals {
    ($($name:ident $number:literal $generic:literal $default:ident;)*) => {
        impl Signal {
            $(#[doc = concat!("SIG", stringify!($name))] pub const $name: Signal = Signal($number);)*
        }

        const STANDARD: &[(u8, u8, &str, Default)] =
            &[$(($number, $generic, stringify!($name), Default::$default)),*];
    };
}

signals! {
    HUP     1   1 Terminate;
    INT     2   2 Terminate;
    QUIT    3   3 Core;
    ILL     4   4 Core;
    TRAP    5   5 Core;
    ABRT    6   6 Core;
    EMT     7   0 Core;
    FPE     8   8 Core;
    KILL    9   9 Terminate;
    BUS    10   7 Core;
    SEGV   11  11 Core;
    SYS    12  31 Core;
    PIPE   13  13 Terminate;
    ALRM   14  14 Terminate;
    TERM   15  15 Terminate;
    USR1   16  10 Terminate;
    USR2   17  12 Terminate;
    CHLD   18  17 Ignore;
    PWR    19  30 Terminate;
    WINCH  20  28 Ignore;
    URG    21  23 Ignore;
    IO     22  29 Terminate;
    STOP   23  19 Stop;
    TSTP   24  20 Stop;
    CONT   25  18 Ignore;
    TTIN   26  21 Stop;
    TTOU   27  22 Stop;
    VTALRM 28  26 Terminate;
    PROF   29  27 Terminate;
    XCPU   30  24 Core;
    XFSZ   31  25 Core;
}

impl Signal {
    /// The last one, SIGRTMAX.
    pub const MAX: u8 = 128;
    /// The first realtime signal: from here on they queue.
    pub const RTMIN: u8 = 32;

    /// The signal of a MIPS number.
    pub fn from_number(number: u32) -> Option<Signal> {
        u8::try_from(number).ok().filter(|number| (1..=Signal::MAX).contains(number)).map(Signal)
    }

    /// The signal of a generic (x86, ARM) number, such as one the host was sent.
    pub fn from_generic(generic: u8) -> Option<Signal> {
        let standard = STANDARD.iter().find(|row| row.1 == generic && generic != 0);
        match standard {
            Some(row) => Some(Signal(row.0)),
            None => (Signal::RTMIN..=64).contains(&generic).then_some(Signal(generic)),
        }
    }

    /// The MIPS number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The generic number, as a shell of the host shows it in an exit status; its own where there is none.
    pub fn generic(self) -> u8 {
        self.row().map_or(self.0, |row| if row.1 == 0 { self.0 } else { row.1 })
    }

    /// What it does when nothing was arranged.
    pub fn default(self) -> Default {
        self.row().map_or(Default::Terminate, |row| row.3)
    }

    /// Whether Linux writes a core file of a process that it ends: it tells of a mistake in the program.
    pub fn dumps_core(self) -> bool {
        self.default() == Default::Core
    }

    /// Whether several may be pending at once.
    pub fn is_realtime(self) -> bool {
        self.0 >= Signal::RTMIN
    }

    /// Whether it can be neither caught, blocked nor ignored.
    pub fn is_unblockable(self) -> bool {
        self == Signal::KILL || self == Signal::STOP
    }

    fn row(self) -> Option<&'static (u8, u8, &'static str, Default)> {
        STANDARD.get(usize::from(self.0) - 1)
    }
}

impl TryFrom<u8> for Signal {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Signal, &'static str> {
        Signal::from_number(number.into()).ok_or("not a signal")
    }
}

impl From<Signal> for u8 {
    fn from(signal: Signal) -> u8 {
        signal.0
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        show_signal(u32::from(self.0), &mut text);
        out.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::structs::signal::SIGNAL_NAMES;
    use alloc::string::ToString;

    #[test]
    fn rows_are_in_place() {
        for (index, row) in STANDARD.iter().enumerate() {
            assert_eq!((usize::from(row.0), row.2), (index + 1, SIGNAL_NAMES[index]));
        }
        assert_eq!(Signal::from_generic(7), Some(Signal::BUS));
        assert_eq!((Signal::USR1.generic(), Signal::USR1.to_string()), (10, "SIGUSR1".to_string()));
        assert_eq!((Signal::from_number(0), Signal::from_number(129)), (None, None));
        assert_eq!(Signal::from_number(34).unwrap().to_string(), "SIGRT_2");
    }
}
