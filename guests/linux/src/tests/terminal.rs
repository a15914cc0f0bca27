//! Pseudoterminals as a process sees them: requests, job control, waiting. `strata-suite --test linux -- pty` asks QEMU, too.

use super::*;

const IOCTL: u32 = 4054;
const TCGETS: u32 = 0x540d;
const TCSETS: u32 = 0x540e;
/// Where arguments of requests are.
const WORD: u32 = DATA + 0x200;
/// O_RDWR|O_NOCTTY.
const BOTH: u32 = 2 | 0x800;

const EPERM: u32 = 1;
const ESRCH: u32 = 3;
const EIO: u32 = 5;
const EINVAL: u32 = 22;
const ENOTTY: u32 = 25;

impl Bench {
    /// A master and its slave.
    fn terminal() -> (Bench, u32, u32) {
        let mut bench = Bench::new();
        bench.put(DATA, b"/dev/pts/ptmx\0");
        let master = bench.ok(4005, &[DATA, BOTH]);
        assert_eq!(bench.request(master, 0x8004_5431, 0), 0);
        let slave = bench.ok(IOCTL, &[master, 0x2000_5441, BOTH]);
        (bench, master, slave)
    }

    /// A request that points to a word; the error, or 0.
    fn request(&mut self, fd: u32, request: u32, word: u32) -> u32 {
        self.put(WORD, &word.to_le_bytes());
        match self.call(IOCTL, &[fd, request, WORD]) {
            (_, _, 0) => 0,
            (_, errno, _) => errno,
        }
    }

    /// A request that gives a word.
    fn asked(&mut self, fd: u32, request: u32) -> Result<u32, u32> {
        match self.request(fd, request, 0xdead) {
            0 => Ok(self.words::<1>(WORD)[0]),
            errno => Err(errno),
        }
    }

    fn write(&mut self, fd: u32, bytes: &[u8]) {
        let at = self.put(DATA + 0x300, bytes);
        assert_eq!(self.ok(4004, &[fd, at, bytes.len() as u32]), bytes.len() as u32);
    }

    /// Changes local modes (MIPS), VMIN and VTIME.
    fn set(&mut self, fd: u32, change: impl Fn(&mut u32), [min, time]: [u8; 2]) {
        self.ok(IOCTL, &[fd, TCGETS, DATA + 0x400]);
        let mut local = self.words::<4>(DATA + 0x400)[3];
        change(&mut local);
        self.put(DATA + 0x40c, &local.to_le_bytes());
        self.put(DATA + 0x411 + 4, &[min, time]);
        self.ok(IOCTL, &[fd, TCSETS, DATA + 0x400]);
    }

    fn read(&mut self, fd: u32) -> (Outcome, u32, u32) {
        self.call(4003, &[fd, DATA + 0x500, 10])
    }

    /// Does something else while a call waits.
    fn meanwhile(&mut self, act: impl FnOnce(&mut Bench)) {
        let waiting = self.thread.resume.take();
        act(self);
        self.thread.resume = waiting;
    }
}

#[test]
fn requests_of_masters_and_slaves() {
    let (mut bench, master, slave) = Bench::terminal();
    assert_eq!((bench.asked(master, 0x4004_5430), bench.asked(slave, 0x4004_5430)), (Ok(0), Err(ENOTTY)));
    assert_eq!(bench.call(IOCTL, &[slave, 0x2000_5441, BOTH]).1, EIO);
    assert_eq!((bench.asked(master, 0x4004_5439), bench.request(master, 0x8004_5431, 1)), (Ok(0), 0));
    assert_eq!(bench.call(IOCTL, &[master, 0x2000_5441, BOTH]).1, EIO, "it is locked");
    for (set, get) in [(0x5470, 0x4004_5438), (0x740d, 0x4004_5440)] {
        assert_eq!((bench.request(master, set, 1), bench.asked(master, get)), (0, Ok(1)));
    }
    assert_eq!((bench.request(master, 0x5470, 0), bench.asked(slave, 0x7472)), (0, Ok(0)));
    bench.request(slave, 0x5472, u32::from(b'x'));
    assert_eq!((bench.request(slave, 0x5472, 10), bench.asked(slave, 0x467f)), (0, Ok(2)));
    assert_eq!((bench.asked(slave, 0x7400), bench.request(slave, 0x7401, 1)), (Ok(0), EINVAL));
    assert_eq!(bench.call(IOCTL, &[master, 0x8004_5436, 9]).1, EINVAL);
}

#[test]
fn speeds_are_remembered() {
    const AT: u32 = DATA + 0x400;
    let (mut bench, _, slave) = Bench::terminal();
    bench.ok(IOCTL, &[slave, 0x4030_542a, AT]);
    assert_eq!(bench.words(AT + 40), [38_400, 38_400]);
    // BOTHER, and a speed that has no name.
    let control = bench.words::<3>(AT)[2];
    bench.put(AT + 8, &(control & !0xf | 0x1000).to_le_bytes());
    bench.put(AT + 44, &12_345_u32.to_le_bytes());
    bench.ok(IOCTL, &[slave, 0x8030_542b, AT]);
    bench.ok(IOCTL, &[slave, TCGETS, AT]);
    bench.ok(IOCTL, &[slave, TCSETS, AT]);
    bench.ok(IOCTL, &[slave, 0x4030_542a, AT]);
    assert_eq!((bench.words::<3>(AT)[2], bench.words(AT + 40)), (control & !0xf | 0x1000, [12_345, 12_345]));
}

#[test]
fn a_session_leader_has_one_terminal() {
    let (mut bench, master, slave) = Bench::terminal();
    let other_master = bench.ok(4005, &[DATA, BOTH]);
    bench.request(other_master, 0x8004_5431, 0);
    bench.put(DATA + 32, b"/dev/pts/1\0");
    let requests = [0x4004_7477, 0x7416];
    assert_eq!(requests.map(|request| bench.asked(slave, request)), [Err(ENOTTY); 2]);
    assert_eq!(requests.map(|request| bench.asked(master, request)), [Ok(0), Err(ENOTTY)]);
    assert_eq!(bench.call(IOCTL, &[slave, 0x5471, 0]).1, ENOTTY);
    assert_eq!(bench.request(slave, 0x8004_7476, 1), ENOTTY);
    // Opening a terminal that is nobody's makes it the session's, unless O_NOCTTY is given.
    let other = bench.ok(4005, &[DATA + 32, 2]);
    assert_eq!(requests.map(|request| bench.asked(other, request)), [Ok(1); 2]);
    assert_eq!(bench.call(IOCTL, &[slave, 0x5480, 0]).1, EPERM);
    assert_eq!([1, 99, u32::MAX].map(|group| bench.request(other, 0x8004_7476, group)), [0, ESRCH, EINVAL]);
    bench.set_handler(1, 0);
    bench.ok(IOCTL, &[other, 0x5471, 0]);
    assert_eq!(bench.state.pc, CODE + 0x800, "SIGHUP was sent");
    bench.ok(IOCTL, &[slave, 0x5480, 0]);
    assert_eq!(bench.asked(slave, 0x7416), Ok(1));
}

#[test]
fn reads_wait_as_long_as_they_are_set_to() {
    const ICANON: u32 = 2;
    let until = |until_ns| Outcome::Block(Wait { until_ns, descriptors: Vec::new() });
    let (mut bench, master, slave) = Bench::terminal();
    bench.set(slave, |local| *local &= !ICANON, [0, 0]);
    assert_eq!(bench.read(slave), (Outcome::Continue, 0, 0));
    bench.set(slave, |_| {}, [0, 2]);
    assert_eq!(bench.read(slave).0, until(Some(200_000_000)));
    bench.clocks.0.store(200_000_000, Ordering::Relaxed);
    assert_eq!(bench.read(slave), (Outcome::Continue, 0, 0));
    // Five bytes, or a tenth of a second after the last.
    bench.set(slave, |_| {}, [5, 1]);
    assert_eq!(bench.read(slave).0, until(None));
    bench.meanwhile(|bench| bench.write(master, b"ab"));
    assert_eq!(bench.read(slave).0, until(Some(300_000_000)));
    bench.clocks.0.store(250_000_000, Ordering::Relaxed);
    assert_eq!(bench.read(slave).0, until(Some(300_000_000)));
    bench.meanwhile(|bench| bench.write(master, b"c"));
    assert_eq!(bench.read(slave).0, until(Some(350_000_000)));
    bench.clocks.0.store(350_000_000, Ordering::Relaxed);
    assert_eq!(bench.read(slave), (Outcome::Continue, 3, 0));
    assert_eq!(bench.words(DATA + 0x500), [u32::from_le_bytes(*b"abc\0")]);
    bench.write(master, b"defghi");
    assert_eq!(bench.read(slave), (Outcome::Continue, 6, 0));
    // A handler ends the call with what it has read.
    bench.set(slave, |_| {}, [5, 0]);
    bench.write(master, b"jk");
    assert_eq!(bench.read(slave).0, until(None));
    bench.set_handler_without_call(16);
    bench.thread.kernel().raise(Signal::USR1);
    assert_eq!(bench.read(slave).0, Outcome::Continue);
    assert_eq!(bench.state.pc, CODE + 0x800);
    bench.call(4119, &[]);
    assert_eq!((bench.state.gpr[2], bench.state.gpr[7]), (2, 0));
}

#[test]
fn random_requests_never_panic() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 16) as u32
    };
    let requests = [
        0x4030_542a,
        0x8030_542b,
        0x8030_542d,
        0x540d,
        0x540e,
        0x540f,
        0x5410,
        0x5405,
        0x5406,
        0x5407,
        0x5486,
        0x7472,
        0x5472,
        0x740d,
        0x740e,
        0x4004_5440,
        0x7400,
        0x7401,
        0x4008_7468,
        0x8008_7467,
        0x4004_7477,
        0x8004_7476,
        0x7416,
        0x5480,
        0x5471,
        0x467f,
        0x667e,
        0x4004_5430,
        0x8004_5431,
        0x4004_5439,
        0x5470,
        0x4004_5438,
        0x8004_5436,
        0x2000_5441,
    ];
    for _ in 0..200 {
        let (mut bench, ..) = Bench::terminal();
        for _ in 0..200 {
            let noise: Vec<u8> = (0..64).map(|_| next() as u8).collect();
            bench.put(WORD, &noise);
            let (fd, argument) = (next() % 4, if next() % 2 == 0 { WORD } else { next() % 5 });
            let outcome = match next() % 4 {
                0 => bench.call(4003, &[fd, WORD, next() % 5000]).0,
                1 => bench.call(4004, &[fd, WORD, next() % 64]).0,
                _ => bench.call(IOCTL, &[fd, requests[next() as usize % requests.len()], argument]).0,
            };
            match outcome {
                Outcome::Over(_) => break,
                Outcome::Block(_) => bench.thread.resume = None,
                _ => {}
            }
        }
    }
}
