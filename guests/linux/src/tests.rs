//! A process without a CPU: its calls are made by setting registers.

extern crate std;

use crate::*;
use abi::{Addr, AddressSpace, PagedSpace, State};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use image::{Image, Segment};
use std::sync::Mutex;
use vfs::devpts::Devpts;
use vfs::node::{Bytes, TimeNs};
use vfs::{MemFs, Mount, Mounts};

mod terminal;

/// Where the program's one segment is.
const CODE: u32 = 0x40_0000;
/// Room for arguments in memory.
const DATA: u32 = 0x40_0100;

/// A clock that a test sets.
#[derive(Default)]
struct Stopped(AtomicU64);

impl Clocks for Stopped {
    fn realtime(&self) -> TimeNs {
        TimeNs(1_000_000_000_000_000_000)
    }
    fn monotonic_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
    fn cpu_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed) / 2
    }
}

impl PartialEq for Outcome {
    fn eq(&self, other: &Outcome) -> bool {
        match (self, other) {
            (Outcome::Continue, Outcome::Continue) | (Outcome::ExitThread, Outcome::ExitThread) => true,
            (Outcome::Block(one), Outcome::Block(other)) => one == other,
            (Outcome::Over(one), Outcome::Over(other)) => one == other,
            _ => false,
        }
    }
}

/// A process, its registers and memory, and the lines of its trace.
struct Bench {
    thread: Thread,
    state: State,
    space: PagedSpace,
    clocks: Arc<Stopped>,
    lines: Arc<Mutex<Vec<String>>>,
}

/// An ELF header and a program header: one segment that may be read, written and run.
fn program() -> Program {
    let mut bytes = vec![0; 0x1000];
    let words: [u32; 13] =
        [0x464c_457f, 0x0001_0101, 0, 0, 0x0008_0002, 1, CODE, 52, 0, 0x7000_1001, 0x0020_0034, 0x0028_0001, 0];
    let segment: [u32; 8] = [1, 0, CODE, CODE, 0x1000, 0x1_0000, 7, 0x1000];
    for (slot, word) in bytes.chunks_mut(4).zip(words.iter().chain(&segment)) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    let image = Image::parse(&bytes).unwrap();
    assert!(matches!(image.segments[..], [Segment { at: CODE, memory_bytes: 0x1_0000, .. }]));
    let length = bytes.len() as u64;
    Program { image, file: Arc::new(Bytes(bytes)), bytes: length, path: b"/bin/test".to_vec(), node: None }
}

impl Bench {
    fn new() -> Bench {
        let clocks: Arc<Stopped> = Arc::default();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = lines.clone();
        let clock: vfs::node::Clock = Arc::new(|| TimeNs(0));
        let memory = || Mount::new(MemFs { bytes_max: Some(1 << 20), ..MemFs::new(clock.clone()) }.root(), "tmpfs");
        let terminals = Devpts::new(clock.clone(), 2, 5);
        let mounts = Mounts::new(memory());
        mounts.mount_making(b"/dev/pts", Mount::new(terminals.root(), "devpts")).unwrap();
        let world = World {
            mounts: Arc::new(mounts),
            directory: b"/".to_vec(),
            streams: [None, None, None],
            clocks: clocks.clone(),
            random: Arc::new(|bytes| bytes.fill(4)),
            names: Names::default(),
            ids: Ids::default(),
            umask: 0o022,
            memory_bytes_max: 64 << 20,
            descriptors_max: 1024,
            threads_max: 64,
            trace: Some(Box::new(move |line| sink.lock().unwrap().push(line.into()))),
            processors: 1,
            terminals,
            network: None,
        };
        let (mut state, mut space) = (State::default(), PagedSpace::new(1 << 12));
        let arguments = [b"test".to_vec()];
        let thread = Thread::start(world, &program(), &arguments, &[], &mut state, &mut space).unwrap();
        Bench { thread, state, space, clocks, lines }
    }

    /// Makes a call; gives its outcome, v0 and a3.
    fn call(&mut self, number: u32, arguments: &[u32]) -> (Outcome, u32, u32) {
        let sp = self.state.gpr[29];
        self.state.gpr[2] = number;
        for (index, argument) in arguments.iter().enumerate() {
            match index {
                0..4 => self.state.gpr[4 + index] = *argument,
                _ => self.space.fill(Addr(sp + 4 * index as u32), &argument.to_le_bytes()).unwrap(),
            }
        }
        self.state.next_pc = self.state.pc.wrapping_add(4);
        let outcome = self.thread.syscall(&mut self.state, &mut self.space);
        (outcome, self.state.gpr[2], self.state.gpr[7])
    }

    /// Makes a call that succeeds.
    fn ok(&mut self, number: u32, arguments: &[u32]) -> u32 {
        let (outcome, value, error) = self.call(number, arguments);
        assert_eq!((outcome, error), (Outcome::Continue, 0), "{number} {arguments:x?} gave {value}");
        value
    }

    fn put(&mut self, at: u32, bytes: &[u8]) -> u32 {
        self.space.fill(Addr(at), bytes).unwrap();
        at
    }

    fn words<const N: usize>(&self, at: u32) -> [u32; N] {
        core::array::from_fn(|word| {
            let mut bytes = [0; 4];
            self.space.read(Addr(at + 4 * word as u32), &mut bytes).unwrap();
            u32::from_le_bytes(bytes)
        })
    }

    fn set_handler(&mut self, signal: u32, flags: u32) {
        let action: Vec<u8> = [flags, CODE + 0x800, 0, 0, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
        let action = self.put(DATA, &action);
        self.ok(4194, &[signal, action, 0, 16]);
    }
}

#[test]
fn a_file_is_written_read_and_traced() {
    let mut bench = Bench::new();
    let path = bench.put(DATA, b"/note\0");
    let text = bench.put(DATA + 64, b"hi\n");
    let fd = bench.ok(4005, &[path, 0x102, 0o666]);
    assert_eq!(fd, 0);
    assert_eq!(bench.ok(4004, &[fd, text, 3]), 3);
    assert_eq!(bench.ok(4019, &[fd, 0, 0]), 0);
    assert_eq!(bench.ok(4003, &[fd, DATA + 128, 100]), 3);
    assert_eq!(bench.call(4005, &[DATA + 512, 0, 0]).1, 2);
    assert_eq!(bench.call(4003, &[9, 0, 0]), (Outcome::Continue, 9, 1));
    let lines = bench.lines.lock().unwrap();
    let expected = [
        r#"open("/note", O_RDWR|O_CREAT, 0666) = 0"#,
        r#"write(0, "hi\n", 3) = 3"#,
        "lseek(0, 0, SEEK_SET) = 0",
        r#"read(0, "hi\n", 100) = 3"#,
        r#"open("", O_RDONLY) = -1 ENOENT (No such file or directory)"#,
        "read(9, NULL, 0) = -1 EBADF (Bad file descriptor)",
    ];
    assert_eq!(lines[..], expected);
}

#[test]
fn handlers_run_and_return() {
    let mut bench = Bench::new();
    bench.set_handler(16, 0);
    let (pc, sp) = (bench.state.pc, bench.state.gpr[29]);
    assert_eq!(bench.call(4037, &[1, 16]).0, Outcome::Continue);
    assert_eq!((bench.state.pc, bench.state.gpr[4], bench.state.gpr[25]), (CODE + 0x800, 16, CODE + 0x800));
    // The handler's own signal is blocked meanwhile.
    assert_eq!(bench.call(4037, &[1, 16]).0, Outcome::Continue);
    assert_eq!(bench.state.pc, CODE + 0x804);
    // sigreturn delivers the second one with the first one's registers.
    bench.call(4119, &[]);
    assert_eq!(bench.state.pc, CODE + 0x800);
    bench.call(4119, &[]);
    assert_eq!((bench.state.pc, bench.state.gpr[29], bench.state.gpr[7]), (pc + 4, sp, 0));
}

#[test]
fn a_sleep_ends_by_time_or_by_a_handler() {
    let mut bench = Bench::new();
    let time: Vec<u8> = [2_u32, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    let at = bench.put(DATA + 64, &time);
    let left = DATA + 80;
    let until = Outcome::Block(Wait { until_ns: Some(2_000_000_000), descriptors: Vec::new() });
    assert_eq!(bench.call(4166, &[at, left]).0, until);
    bench.clocks.0.store(500_000_000, Ordering::Relaxed);
    assert_eq!(bench.call(4166, &[at, left]).0, until);
    bench.thread.kernel().raise(Signal::CHLD);
    assert_eq!(bench.call(4166, &[at, left]).0, until);
    bench.set_handler_without_call(16);
    bench.thread.kernel().raise(Signal::USR1);
    assert_eq!(bench.call(4166, &[at, left]).0, Outcome::Continue);
    assert_eq!(bench.state.pc, CODE + 0x800);
    assert_eq!(bench.words(left), [1, 500_000_000]);
    bench.call(4119, &[]);
    assert_eq!((bench.state.gpr[2], bench.state.gpr[7]), (4, 1));
    bench.clocks.0.store(9_000_000_000, Ordering::Relaxed);
    bench.call(4166, &[at, left]);
    bench.clocks.0.store(19_000_000_000, Ordering::Relaxed);
    assert_eq!(bench.call(4166, &[at, left]), (Outcome::Continue, 0, 0));
}

impl Bench {
    /// As a call would, while another one waits.
    fn set_handler_without_call(&mut self, signal: u32) {
        let action = crate::signal::Action {
            disposition: crate::signal::Disposition::Handler(Addr(CODE + 0x800)),
            ..Default::default()
        };
        self.thread.signals.set_action(Signal::from_number(signal).unwrap(), action);
    }
}

#[test]
fn random_calls_never_panic() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 16) as u32
    };
    let mut bench = Bench::new();
    let special = [0, 1, 2, 3, u32::MAX, 0x8000_0000, 0x7fff_ffff, 4096, DATA, DATA + 4, CODE, 0x7fff_f000, 0x800];
    for round in 0..200_000 {
        if round % 1000 == 0 {
            bench = Bench::new();
            bench.put(DATA, b"/a\0/b\0.\0");
            // A file, a directory and a pipe, so that descriptors lead somewhere.
            bench.ok(4005, &[DATA, 0x102, 0o666]);
            bench.ok(4005, &[DATA + 6, 0, 0]);
            bench.ok(4328, &[DATA + 64, 0]);
            // Sockets of each style, and event descriptors.
            for style in [1, 2, 5] {
                bench.ok(4184, &[1, style, 0, DATA + 64]);
            }
            bench.ok(4326, &[0]);
            bench.ok(4325, &[1, 0x80]);
            bench.ok(4321, &[1, 0]);
            bench.ok(4324, &[u32::MAX, DATA + 0x1000, 16, 0]);
            bench.ok(4329, &[0]);
        }
        let number = table::ROWS[next() as usize % table::ROWS.len()].number;
        let arguments: Vec<u32> = (0..6)
            .map(|_| match next() % 4 {
                0 => next(),
                1 => next() % 20,
                2 => DATA + next() % 0x2000,
                _ => special[next() as usize % special.len()],
            })
            .collect();
        // Fresh registers: a call may have returned into a wild stack.
        let sp = CODE + 0x8000;
        bench.state.gpr[29] = sp;
        bench.space.map(Addr(CODE + 0x8000), 0x1000, abi::Prot::READ | abi::Prot::WRITE).unwrap();
        let (outcome, ..) = bench.call(number, &arguments);
        if matches!(outcome, Outcome::Over(_)) {
            bench = Bench::new();
        } else if matches!(outcome, Outcome::Block(_)) {
            bench.thread.resume = None;
        }
    }
}
