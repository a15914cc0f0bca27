//! The emulated pseudoterminal does what the kernel's does: the same bytes with the same settings come out at both ends.
//! Run alone: `cargo test --release -p strata-hostio --test pty`; PTY_SECONDS=60 for longer, PTY_CASE=7 for one case.

#![expect(clippy::print_stderr, reason = "a test that skips says why")]

mod peers;

use peers::{Emulated, Kernel, Peer};
use std::time::{Duration, Instant};
use vfs::terminal::{Flow, Flush, SetWhen};
use vfs::termios::{self, Termios};

/// What is typed and written: letters, what edits, what ends lines, bytes of UTF-8 and of Latin-1.
const ALPHABET: &[u8] =
    b"aB_- /\n\n\r\t\t\x7f\x08\x03\x04\x15\x17\x16\x12\x11\x13\x1a\x1c\x01\x00\xff\xc3\xa4\xe4\xdf\xd6\x80";

/// Bytes that are typed in one case at most: the kernel takes in longer input in pieces of its own choice.
const TYPED_MAX: usize = 200;

/// Numbers that look random and are the same each time (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn new(case: u64) -> Numbers {
        Numbers(case.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 20
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..=self.below(most)).map(|_| self.pick(ALPHABET)).collect()
    }

    /// Each bit as it was, or with even chances.
    fn mix(&mut self, usual: u32, all: u32) -> u32 {
        if self.one_in(3) { usual } else { self.next() as u32 & all }
    }
}

/// Settings; with ECHOPRT only if `prints`, and then not without ECHOCTL: a kernel that is typed LNEXT while it prints what
/// is erased, and does not show it as `^`, echoes 4,096 old bytes some time later (n_tty.c, `echo_mark` behind `echo_tail`).
fn settings(numbers: &mut Numbers, prints: bool) -> Termios {
    use vfs::termios::*;
    let mut settings = Termios::NEW;
    settings.input =
        numbers.mix(ICRNL | IXON | IUTF8, PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IUCLC | IXON | IXANY | IUTF8);
    settings.output = numbers.mix(OPOST | ONLCR, OPOST | OLCUC | ONLCR | OCRNL | ONOCR | ONLRET | TAB3);
    let local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    settings.local = numbers.mix(local, local | ECHONL | NOFLSH | ECHOPRT | EXTPROC);
    if !numbers.one_in(3) {
        settings.local |= ICANON | ECHO | IEXTEN;
    }
    if !numbers.one_in(8) {
        settings.local &= !EXTPROC;
    }
    settings.local = if prints { settings.local | ECHOCTL } else { settings.local & !ECHOPRT };
    for place in [VINTR, VQUIT, VERASE, VKILL, VEOF, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VWERASE, VLNEXT, VEOL2] {
        if numbers.one_in(8) {
            settings.chars[place] = numbers.pick(ALPHABET);
        }
    }
    settings.chars[VMIN] = numbers.pick(&[0, 1, 1, 1, 3]);
    settings.chars[VTIME] = numbers.pick(&[0, 0, 0, 1]);
    settings
}

/// Does to a pseudoterminal what the case says; what was to be seen after each step.
fn transcript(case: u64, peer: &mut dyn Peer) -> Vec<String> {
    let mut numbers = Numbers::new(case);
    let prints = numbers.one_in(3);
    let first = settings(&mut numbers, prints);
    let mut seen = vec![format!("{first:?}")];
    peer.set(&first, SetWhen::Now);
    let mut typed = 0;
    for _ in 0..4 + numbers.below(24) {
        let step = match numbers.below(20) {
            0 => {
                let settings = settings(&mut numbers, prints);
                peer.set(&settings, numbers.pick(&[SetWhen::Now, SetWhen::Drain, SetWhen::Flush]));
                format!("{settings:?}")
            }
            1 => {
                let what = numbers.pick(&[Flush::Input, Flush::Output, Flush::Both]);
                peer.flush(what);
                format!("{what:?}")
            }
            2 => {
                let what = numbers.pick(&[Flow::Hold, Flow::Release, Flow::Release, Flow::SendStop, Flow::SendStart]);
                peer.flow(what);
                format!("{what:?}")
            }
            3 => {
                let left = peer.reopen();
                format!("left: {left}")
            }
            4..7 => {
                let bytes = numbers.bytes(20);
                format!("write {} gave {:?}", bytes.escape_ascii(), peer.write(&bytes))
            }
            7..11 => {
                let count = numbers.pick(&[1, 2, 3, 5, 100]);
                format!("read {count} gave {}", peer.read(count))
            }
            _ if typed < TYPED_MAX => {
                let bytes = numbers.bytes(9);
                typed += bytes.len();
                peer.type_in(&bytes);
                format!("type {}", bytes.escape_ascii())
            }
            _ => break,
        };
        seen.push(format!("{step}\n      shows {}\n      {}", peer.shown(), peer.state()));
    }
    seen.push(format!("hang up: {}", peer.hang_up()));
    seen
}

/// The first step after which the two differ, with those before.
fn difference(case: u64, patience: Duration) -> Option<String> {
    let mut kernel = Kernel::open(patience).expect("the kernel has pseudoterminals");
    let (right, ours) = (transcript(case, &mut kernel), transcript(case, &mut Emulated::open()));
    let at = right.iter().zip(&ours).position(|(right, ours)| right != ours)?;
    Some(format!("case {case}:\n{}\nours: {}\nright: {}", right[..at].join("\n"), ours[at], right[at]))
}

#[test]
fn both_do_the_same() {
    if Kernel::open(Duration::ZERO).is_none() {
        eprintln!("skipped: /dev/ptmx cannot be opened here");
        return;
    }
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let only = number("PTY_CASE");
    let end = Instant::now() + Duration::from_secs(number("PTY_SECONDS").unwrap_or(4));
    let mut case = only.unwrap_or(0);
    while Instant::now() < end {
        // A machine with other work to do may be slow to take in what is typed: then it is asked again, with more patience.
        let difference =
            difference(case, Duration::from_micros(300)).and_then(|_| difference(case, Duration::from_millis(20)));
        if let Some(difference) = difference {
            panic!("{difference}");
        }
        case += 1;
        if only.is_some() {
            return;
        }
    }
    assert!(case > 50, "only {case} cases in this time");
}

/// Input that is longer than what can be kept, typed in pieces, with what is read and done between them. Nothing
/// erases a long line: the kernel's echoes of that overrun each other.
fn flood(peer: &mut dyn Peer, local: u32, input: u32) -> Vec<String> {
    let mut seen = Vec::new();
    let new = Termios::NEW;
    peer.set(&Termios { local, input, ..new }, SetWhen::Now);
    let pieces: [&[u8]; 8] = [b"\x13", b"\x11", b"ab\n", b"\x7f\x7f", b"\n", b"\xff", b"last", b"\n"];
    for piece in pieces {
        for _ in 0..7 {
            peer.type_in(&[b'x'; 97]);
        }
        peer.type_in(piece);
        seen.push(format!("{} then {}\n{}\n{}", piece.escape_ascii(), peer.shown(), peer.state(), peer.read(70)));
    }
    (0..12).for_each(|_| seen.push(format!("{}\n{}\n{}", peer.read(999), peer.shown(), peer.state())));
    seen
}

/// The first step after which the two differ, with those before.
fn flooded(local: u32, input: u32, patience: Duration) -> Option<String> {
    let mut kernel = Kernel::open(patience).expect("the kernel has pseudoterminals");
    let right = flood(&mut kernel, local, input);
    let ours = flood(&mut Emulated::open(), local, input);
    let at = right.iter().zip(&ours).position(|(right, ours)| right != ours)?;
    let before = right[..at].join("\n");
    Some(format!("local {local:#x}, input {input:#x}:\n{before}\nours: {}\nright: {}", ours[at], right[at]))
}

#[test]
fn both_keep_as_much() {
    if Kernel::open(Duration::ZERO).is_none() {
        return;
    }
    let Termios { local, input, .. } = Termios::NEW;
    for local in [local, local & !termios::ICANON, local & !termios::ECHO, 0] {
        for input in [input, input | termios::PARMRK, 0] {
            let difference = flooded(local, input, Duration::from_millis(2))
                .and_then(|_| flooded(local, input, Duration::from_millis(40)));
            if let Some(difference) = difference {
                panic!("{difference}");
            }
        }
    }
}

#[test]
fn a_new_one_is_set_as_the_kernel_sets_it() {
    let Some(kernel) = Kernel::open(Duration::ZERO) else { return };
    assert_eq!(kernel.settings(), Termios { chars: termios::Termios::NEW.chars, ..Emulated::open().settings() });
}
