//! A set of signals.

use crate::signal::Signal;
use abi::structs::signal::Sigset;
use serde::{Deserialize, Serialize};

/// A set of signals: bit n-1 is signal n.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SignalSet(pub(crate) u128);

impl SignalSet {
    pub(crate) const EMPTY: SignalSet = SignalSet(0);

    /// Those that stop a process if nobody handles them.
    pub(crate) const STOPPING: SignalSet = SignalSet(1 << 22 | 1 << 23 | 1 << 25 | 1 << 26);

    pub(crate) fn of(signal: Signal) -> SignalSet {
        SignalSet(1 << (signal.number() - 1))
    }

    pub(crate) fn contains(self, signal: Signal) -> bool {
        self.0 & SignalSet::of(signal).0 != 0
    }

    pub(crate) fn with(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 | other.0)
    }

    pub(crate) fn without(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 & !other.0)
    }

    /// A mask: SIGKILL and SIGSTOP cannot be in it.
    pub(crate) fn as_mask(self) -> SignalSet {
        self.without(SignalSet::of(Signal::KILL)).without(SignalSet::of(Signal::STOP))
    }

    /// The lowest signal.
    pub(crate) fn first(self) -> Option<Signal> {
        Signal::from_number(self.0.trailing_zeros() + 1).filter(|_| self.0 != 0)
    }
}

impl From<Sigset> for SignalSet {
    fn from(set: Sigset) -> SignalSet {
        SignalSet(set.sig.iter().rev().fold(0, |bits, word| bits << 32 | u128::from(*word)))
    }
}

impl From<SignalSet> for Sigset {
    #[allow(clippy::cast_possible_truncation, reason = "each word is 32 bits of the set")]
    fn from(set: SignalSet) -> Sigset {
        Sigset { sig: core::array::from_fn(|word| (set.0 >> (32 * word)) as u32) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops() {
        let stopping = [Signal::STOP, Signal::TSTP, Signal::TTIN, Signal::TTOU];
        let set = stopping.into_iter().fold(SignalSet::EMPTY, |set, signal| set.with(SignalSet::of(signal)));
        assert_eq!(set, SignalSet::STOPPING);
    }
}
