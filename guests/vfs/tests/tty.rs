//! The line discipline, case by case from `tty.txt`. Run alone: `cargo test --release -p strata-vfs --test tty`.
//! (`strata-hostio --test pty` compares it with the kernel's.)

use std::sync::{Arc, Mutex};
use strata_vfs::devpts::Devpts;
use strata_vfs::node::{At, File, Open, TimeNs};
use strata_vfs::terminal::{Control, Flow, Patience, SetWhen, TtySignal, Whom};
use strata_vfs::termios::{self, Termios, WindowSize};
use strata_vfs::tty::Tty;
use strata_vfs::tty::packet;
use strata_vfs::{Errno, Watcher};

/// The flags that cases name: which word of termios they are in, and their bit.
const FLAGS: &[(&str, usize, u32)] = &[
    ("ICRNL", 0, termios::ICRNL),
    ("INLCR", 0, termios::INLCR),
    ("IGNCR", 0, termios::IGNCR),
    ("ISTRIP", 0, termios::ISTRIP),
    ("IUCLC", 0, termios::IUCLC),
    ("IUTF8", 0, termios::IUTF8),
    ("IXANY", 0, termios::IXANY),
    ("IXON", 0, termios::IXON),
    ("PARMRK", 0, termios::PARMRK),
    ("OPOST", 1, termios::OPOST),
    ("OLCUC", 1, termios::OLCUC),
    ("ONLCR", 1, termios::ONLCR),
    ("OCRNL", 1, termios::OCRNL),
    ("ONOCR", 1, termios::ONOCR),
    ("ONLRET", 1, termios::ONLRET),
    ("TAB3", 1, termios::TAB3),
    ("ISIG", 2, termios::ISIG),
    ("ICANON", 2, termios::ICANON),
    ("ECHO", 2, termios::ECHO),
    ("ECHOE", 2, termios::ECHOE),
    ("ECHOK", 2, termios::ECHOK),
    ("ECHOKE", 2, termios::ECHOKE),
    ("ECHONL", 2, termios::ECHONL),
    ("ECHOCTL", 2, termios::ECHOCTL),
    ("ECHOPRT", 2, termios::ECHOPRT),
    ("NOFLSH", 2, termios::NOFLSH),
    ("IEXTEN", 2, termios::IEXTEN),
    ("EXTPROC", 2, termios::EXTPROC),
];

/// Those of a new terminal, with `+FLAG` and `-FLAG` and `PLACE=character`.
fn settings(words: &str) -> Termios {
    let mut settings = Termios::NEW;
    for word in words.split_whitespace() {
        if let Some((place, char)) = word.split_once('=') {
            let place = match place {
                "EOL" => termios::VEOL,
                "EOL2" => termios::VEOL2,
                _ => panic!("{place} is no place"),
            };
            settings.chars[place] = char.as_bytes()[0];
            continue;
        }
        let (sign, name) = word.split_at(1);
        let flag = FLAGS.iter().find(|flag| flag.0 == name).unwrap_or_else(|| panic!("{name} is no flag"));
        let word = [&mut settings.input, &mut settings.output, &mut settings.local].into_iter().nth(flag.1).unwrap();
        *word = if sign == "+" { *word | flag.2 } else { *word & !flag.2 };
    }
    settings
}

/// The pieces between quotes, each with the letter before it.
fn pieces(column: &str) -> Vec<(char, Vec<u8>)> {
    let parts: Vec<&str> = column.split('"').collect();
    let piece = |pair: &[&str]| (pair[0].trim().chars().next().unwrap_or('t'), unescape(pair[1]));
    parts.chunks_exact(2).map(piece).collect()
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, used) = match (first, after) {
            (b'\\', [b'x', high, low, ..]) => {
                let digits = [*high, *low];
                (u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap(), 4)
            }
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b'r', ..]) => (b'\r', 2),
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [b'\\', ..]) => (b'\\', 2),
            _ => (*first, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    bytes
}

fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

/// What a case comes to: what is shown, what is read, which signals are raised.
fn outcome(words: &str, steps: &str) -> String {
    let mut tty = Tty::new(Termios::NEW);
    tty.set_termios(&settings(words));
    let (mut signals, mut buffer) = (Vec::new(), [0; 100]);
    for (kind, bytes) in pieces(steps) {
        let done = if kind == 'w' { tty.write(&bytes) } else { tty.receive(&bytes) };
        assert!(kind == 'w' || done == bytes.len());
        signals.extend(tty.take_signals());
    }
    let shown = tty.take_sent(&mut buffer);
    let shown = quoted(&buffer[..shown]);
    let mut read = Vec::new();
    while tty.is_readable(false) {
        let count = tty.read(&mut buffer);
        read.push(quoted(&buffer[..count]));
    }
    let signals: Vec<String> = signals.iter().map(|signal| format!("{signal:?}")).collect();
    format!("{shown} | {} | {}", read.join(" "), signals.join(" "))
}

#[test]
fn every_case_of_the_table() {
    let squeeze = |text: &str| text.split('|').map(str::trim).collect::<Vec<_>>().join(" | ");
    let mut wrong = Vec::new();
    for line in include_str!("tty.txt").lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.splitn(3, '|').collect();
        let [words, steps, expected] = columns[..] else { panic!("not three columns: {line}") };
        let ours = squeeze(&outcome(words, steps));
        if ours != squeeze(expected) {
            wrong.push(format!("{line}\n    gave {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const BOTH: Open = Open { read: true, write: true, append: false, nonblocking: false };

/// Notes what a terminal says, as its control or to who waits.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Control for Notes {
    fn raise(&self, whom: Whom, what: TtySignal) {
        self.0.lock().unwrap().push(format!("{what:?} to {whom:?}"));
    }
}

impl Watcher for Notes {
    fn notice(&self) {
        self.0.lock().unwrap().push("notice".to_owned());
    }
}

impl Notes {
    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(", ")
    }
}

/// Both ends of a new pair of session 7 with the group 8 in its foreground, and the signals that they raise.
fn pair() -> (Box<dyn File>, Box<dyn File>, Arc<Notes>) {
    let devpts = Devpts::new(Arc::new(|| TimeNs(0)), 1, 5);
    let notes = Arc::new(Notes::default());
    devpts.set_control(notes.clone());
    let master = devpts.open().unwrap();
    let end = master.terminal().unwrap().master().unwrap();
    end.set_locked(false);
    let slave = end.slave().unwrap().open(BOTH).unwrap();
    slave.terminal().unwrap().job().give(7, 8);
    // The names are gone with the file system; the pair is not.
    (master, slave, notes)
}

fn read(file: &dyn File) -> Result<String, Errno> {
    let mut bytes = [0; 100];
    file.read(At::Stream, &mut bytes).map(|count| quoted(&bytes[..count]))
}

#[test]
fn signals_go_to_the_foreground_and_hang_up_to_the_leader() {
    let (master, slave, notes) = pair();
    let terminal = slave.terminal().unwrap();
    master.write(At::Stream, b"\x03\x1c\x1a").unwrap();
    assert_eq!(notes.take(), "Interrupt to Group(8), Quit to Group(8), Suspend to Group(8)");
    let size = WindowSize { rows: 1, ..WindowSize::default() };
    for _ in 0..2 {
        terminal.set_window_size(size).unwrap();
    }
    assert_eq!((notes.take(), terminal.window_size()), ("WindowChanged to Group(8)".to_owned(), Ok(size)));
    master.terminal().unwrap().master().unwrap().raise(TtySignal::Quit);
    assert_eq!(notes.take(), "Quit to Group(8)");
    drop(master);
    assert_eq!(notes.take(), "Hangup to Leader(7), Continue to Leader(7)");
    assert_eq!((terminal.termios(), terminal.job().take()), (Err(Errno::EIO), (0, 0)));
}

#[test]
fn who_waits_is_told_of_changes_only() {
    let (master, slave, _) = pair();
    let waiting = Arc::new(Notes::default());
    let watcher: Arc<dyn Watcher> = waiting.clone();
    slave.watch(&watcher);
    assert_eq!((read(&*master), read(&*slave)), (Err(Errno::EAGAIN), Err(Errno::EAGAIN)));
    assert_eq!(waiting.take(), "", "nothing has changed");
    master.write(At::Stream, b"x").unwrap();
    assert_eq!(waiting.take(), "notice");
    slave.watch(&watcher);
    drop(master);
    assert_eq!(waiting.take(), "notice");
}

#[test]
fn a_master_in_packet_mode_is_told_what_was_done() {
    let (master, slave, _) = pair();
    let terminal = slave.terminal().unwrap();
    master.terminal().unwrap().master().unwrap().set_packet(true);
    let told = |status: u8| Ok(quoted(&[status]));
    slave.write(At::Stream, b"ab").unwrap();
    assert_eq!(read(&*master), Ok(quoted(b"\0ab")));
    terminal.flow(Flow::Hold).unwrap();
    assert_eq!((master.ready().readable, read(&*master)), (true, told(packet::STOP)));
    terminal.flow(Flow::Release).unwrap();
    assert_eq!(read(&*master), told(packet::START));
    terminal.set_termios(&settings("-IXON"), SetWhen::Flush).unwrap();
    assert_eq!(read(&*master), told(packet::FLUSHREAD | packet::NOSTOP));
    terminal.set_termios(&settings("+EXTPROC"), SetWhen::Now).unwrap();
    assert_eq!(read(&*master), told(packet::DOSTOP | packet::IOCTL));
    assert_eq!(read(&*master), Err(Errno::EAGAIN));
}

#[test]
fn patience_is_what_min_and_time_say() {
    let of = |bytes, tenths, local| {
        let mut settings = Termios { local, ..Termios::NEW };
        (settings.chars[termios::VMIN], settings.chars[termios::VTIME]) = (bytes, tenths);
        let Patience { bytes, first_ns, next_ns } = Patience::of(&settings);
        (bytes, first_ns, next_ns)
    };
    assert_eq!(of(5, 3, termios::ICANON), (1, None, None));
    assert_eq!(of(0, 0, 0), (1, Some(0), None));
    assert_eq!(of(0, 2, 0), (1, Some(200_000_000), None));
    assert_eq!(of(5, 0, 0), (5, None, None));
    assert_eq!(of(5, 255, 0), (5, None, Some(25_500_000_000)));
}

#[test]
fn nobody_fills_it_without_end() {
    let (master, slave, _) = pair();
    let flood = vec![b'x'; 100_000];
    let bound = strata_vfs::tty::INPUT_BYTES + strata_vfs::tty::TRANSIT_BYTES;
    slave.terminal().unwrap().set_termios(&settings("-ICANON"), SetWhen::Now).unwrap();
    for end in [&master, &slave] {
        let mut total = 0;
        while let Ok(count) = end.write(At::Stream, &flood) {
            total += count;
        }
        assert!(total <= bound && !end.ready().writable, "{total}");
    }
    assert_eq!(slave.write(At::Stream, b"x"), Err(Errno::EAGAIN));
}
