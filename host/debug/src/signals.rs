//! Signal numbers: gdb has its own, whatever system the program is for (include/gdb/signals.def).

use gdbstub::common::Signal as Theirs;
use linux::Signal;

/// Those that differ, with gdb's numbers; 1 to 15 are the same.
const NAMED: [(Signal, u8); 16] = [
    (Signal::USR1, 30),
    (Signal::USR2, 31),
    (Signal::CHLD, 20),
    (Signal::PWR, 32),
    (Signal::WINCH, 28),
    (Signal::URG, 16),
    (Signal::IO, 23),
    (Signal::STOP, 17),
    (Signal::TSTP, 18),
    (Signal::CONT, 19),
    (Signal::TTIN, 21),
    (Signal::TTOU, 22),
    (Signal::VTALRM, 26),
    (Signal::PROF, 27),
    (Signal::XCPU, 24),
    (Signal::XFSZ, 25),
];

/// Real-time signals: the first of a row, the last, and what gdb adds.
const REALTIME: [(u8, u8, u8); 4] = [(32, 32, 45), (33, 63, 12), (64, 64, 14), (65, 127, 14)];

/// gdb's number of a signal.
pub(crate) fn theirs(signal: Signal) -> Theirs {
    let number = signal.number();
    let named = NAMED.iter().find(|row| row.0 == signal).map(|row| row.1);
    let realtime = REALTIME.iter().find(|row| (row.0..=row.1).contains(&number)).map(|row| number + row.2);
    match named.or(realtime) {
        Some(number) => Theirs(number),
        None if number <= 15 => Theirs(number),
        None => Theirs::UNKNOWN,
    }
}

/// The signal of a number of gdb's; none for those that Linux has not.
pub(crate) fn ours(signal: Theirs) -> Option<Signal> {
    (1..=u32::from(Signal::MAX))
        .filter_map(Signal::from_number)
        .find(|ours| theirs(*ours) == signal && signal != Theirs::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for number in 1..=127 {
            let signal = Signal::from_number(number).expect("there are so many");
            assert_eq!(ours(theirs(signal)), Some(signal));
        }
        assert_eq!((theirs(Signal::SEGV), theirs(Signal::USR1)), (Theirs::SIGSEGV, Theirs::SIGUSR1));
        let realtime = |number| theirs(Signal::from_number(number).expect("there are so many"));
        assert_eq!([realtime(32), realtime(63), realtime(127)], [Theirs::SIG32, Theirs::SIG63, Theirs::SIG127]);
        assert_eq!((ours(Theirs::UNKNOWN), ours(Theirs::SIGLOST)), (None, None));
    }
}
