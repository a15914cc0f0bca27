//! Law: whatever is sent in place of gdb's packets, nothing panics, and the process goes on or is killed.
#![no_main]

use debug::Session;
use libfuzzer_sys::fuzz_target;
use mips::State;
use run::{Reason, Resume, Stops, Subject};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use vfs::{Errno, NodeRef};

/// A process that never gets anywhere, with a page of memory.
struct Process {
    state: State,
    memory: [u8; 4096],
    stops: Stops,
}

/// Where the page is.
const AT: u32 = 0x40_0000;

impl Process {
    fn range(&mut self, at: u32, bytes: usize) -> Option<&mut [u8]> {
        let from = at.checked_sub(AT)? as usize;
        self.memory.get_mut(from..from.checked_add(bytes)?)
    }
}

impl Subject for Process {
    fn threads(&self) -> Vec<(u32, Vec<u8>)> {
        vec![(1, b"one".to_vec()), (2, b"two".to_vec())]
    }
    fn is_big_endian(&mut self) -> bool {
        false
    }
    fn registers(&mut self, tid: u32) -> Option<State> {
        (tid < 3).then(|| self.state.clone())
    }
    fn set_registers(&mut self, tid: u32, registers: &State) -> bool {
        self.state = registers.clone();
        tid < 3
    }
    fn fault_address(&self, _: u32) -> Option<u32> {
        None
    }
    fn read(&mut self, at: u32, into: &mut [u8]) -> usize {
        let bytes = into.len();
        self.range(at, bytes).map_or(0, |page| {
            into.copy_from_slice(page);
            bytes
        })
    }
    fn write(&mut self, at: u32, from: &[u8]) -> bool {
        self.range(at, from.len()).map(|page| page.copy_from_slice(from)).is_some()
    }
    fn stops(&mut self) -> &mut Stops {
        &mut self.stops
    }
    fn program(&self) -> Vec<u8> {
        b"/bin/program".to_vec()
    }
    fn auxiliary_vector(&self) -> Vec<u8> {
        vec![0; 160]
    }
    fn look_for(&mut self, _: &[u8], _: bool) -> vfs::Result<NodeRef> {
        Err(Errno::ENOENT)
    }
}

fuzz_target!(|data: &[u8]| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the host has ports");
    let mut gdb = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
    let (stream, _) = listener.accept().expect("somebody connects");
    let session = Session::begin(stream, Box::new(|| {})).expect("the host has threads");
    // A packet a line, with the checksum that its bytes have, or as it is.
    for line in data.split(|byte| *byte == b'\n') {
        let sum = line.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        let packet = match line.split_first() {
            Some((b'!', raw)) => raw.to_vec(),
            _ => [b"$", line, format!("#{sum:02x}").as_bytes()].concat(),
        };
        // It may hang up before all is sent.
        let _ = gdb.write_all(&packet);
    }
    let _ = gdb.shutdown(std::net::Shutdown::Write);
    let mut process = Process { state: State::default(), memory: [0; 4096], stops: Stops::default() };
    let debugger = session.debugger();
    while let Resume::Go(_) = debugger.stopped(1, Reason::Step, &mut process) {}
    session.end();
});
