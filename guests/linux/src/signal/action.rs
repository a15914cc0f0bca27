//! What a process does about a signal (sigaction(2)).

use crate::signal::SignalSet;
use abi::Addr;
use abi::structs::signal::{ActionFlags, Handler, Sigaction};
use serde::{Deserialize, Serialize};

/// SA_* (asm/signal.h).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Flags(u32);

impl Flags {
    pub(crate) const NOCLDSTOP: Flags = Flags(0x0000_0001);
    pub(crate) const SIGINFO: Flags = Flags(0x0000_0008);
    pub(crate) const NOCLDWAIT: Flags = Flags(0x0001_0000);
    pub(crate) const ONSTACK: Flags = Flags(0x0800_0000);
    pub(crate) const RESTART: Flags = Flags(0x1000_0000);
    pub(crate) const NODEFER: Flags = Flags(0x4000_0000);
    pub(crate) const RESETHAND: Flags = Flags(0x8000_0000);

    /// SA_RESETHAND|SA_NODEFER: signal(2) of System V.
    pub(crate) const ONE_SHOT: Flags = Flags(0xc000_0000);

    /// Bits that Linux keeps; it drops the rest, so that programs can probe.
    const KNOWN: u32 = Flags::NOCLDSTOP.0
        | Flags::SIGINFO.0
        | Flags::NOCLDWAIT.0
        | Flags::ONSTACK.0
        | Flags::RESTART.0
        | Flags::NODEFER.0
        | Flags::RESETHAND.0;

    pub(crate) fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }
}

/// Who deals with a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Disposition {
    /// SIG_DFL.
    #[default]
    Default,
    /// SIG_IGN.
    Ignore,
    /// A function of the program.
    Handler(Addr),
}

/// What a process does about one signal.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Action {
    pub(crate) disposition: Disposition,
    pub(crate) flags: Flags,
    pub(crate) mask: SignalSet,
}

impl From<Sigaction> for Action {
    fn from(action: Sigaction) -> Action {
        let disposition = match action.sa_handler.0 {
            0 => Disposition::Default,
            1 => Disposition::Ignore,
            at => Disposition::Handler(Addr(at)),
        };
        let flags = Flags(action.sa_flags.0 & Flags::KNOWN);
        Action { disposition, flags, mask: SignalSet::from(action.sa_mask).as_mask() }
    }
}

impl From<Action> for Sigaction {
    fn from(action: Action) -> Sigaction {
        let sa_handler = match action.disposition {
            Disposition::Default => Handler(0),
            Disposition::Ignore => Handler(1),
            Disposition::Handler(at) => Handler(at.0),
        };
        Sigaction { sa_flags: ActionFlags(action.flags.0), sa_handler, sa_mask: action.mask.into() }
    }
}
