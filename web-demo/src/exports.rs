//! What JavaScript calls. Bytes come in through the inbox and go out through the outbox, numbers as they are.
//!
//! An address that is returned holds until the next call: JavaScript reads or writes there at once.

#![expect(unsafe_code, reason = "exports functions by name")]

use crate::guest::{Guest, Order, Standing};
use crate::imports::host;
use linux::ExitStatus;
use mips::border;
use std::cell::RefCell;

/// What lies on the desk between JavaScript and a guest.
struct Desk {
    order: Order,
    guest: Option<Guest>,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    /// Of the region put out last, the entry that the PC is.
    entry: u32,
}

thread_local! {
    static DESK: RefCell<Desk> = const { RefCell::new(Desk::new()) };
}

fn at_desk<T>(act: impl FnOnce(&mut Desk) -> T) -> T {
    DESK.with_borrow_mut(act)
}

impl Desk {
    const fn new() -> Desk {
        let order = Order { program: Vec::new(), arguments: Vec::new(), environment: Vec::new(), input: Vec::new() };
        Desk { order, guest: None, inbox: Vec::new(), outbox: Vec::new(), entry: 0 }
    }

    /// Puts bytes out; the answer is how many.
    fn put_out(&mut self, bytes: Vec<u8>) -> usize {
        self.outbox = bytes;
        self.outbox.len()
    }
}

/// Makes room for `bytes` bytes; the answer is where JavaScript shall write them.
#[unsafe(no_mangle)]
extern "C" fn inbox(bytes: usize) -> *mut u8 {
    at_desk(|desk| {
        desk.inbox = vec![0; bytes];
        desk.inbox.as_mut_ptr()
    })
}

/// Where the bytes lie that the last call put out; their number was its answer.
#[unsafe(no_mangle)]
extern "C" fn outbox() -> *const u8 {
    at_desk(|desk| desk.outbox.as_ptr())
}

/// The inbox holds the program.
#[unsafe(no_mangle)]
extern "C" fn program() {
    at_desk(|desk| desk.order.program = std::mem::take(&mut desk.inbox));
}

/// The inbox holds the next argument; the first is the program's name.
#[unsafe(no_mangle)]
extern "C" fn argument() {
    at_desk(|desk| desk.order.arguments.push(std::mem::take(&mut desk.inbox)));
}

/// The inbox holds a `NAME=value`.
#[unsafe(no_mangle)]
extern "C" fn variable() {
    at_desk(|desk| desk.order.environment.push(std::mem::take(&mut desk.inbox)));
}

/// The inbox holds all of standard input.
#[unsafe(no_mangle)]
extern "C" fn input() {
    at_desk(|desk| desk.order.input = std::mem::take(&mut desk.inbox));
}

/// Starts what was ordered; 0, or the length of the reason why not.
#[unsafe(no_mangle)]
extern "C" fn start() -> usize {
    at_desk(|desk| match Guest::start(std::mem::take(&mut desk.order), host()) {
        Ok(guest) => {
            desk.guest = Some(guest);
            0
        }
        Err(why) => desk.put_out(why.into_bytes()),
    })
}

/// Runs about `budget` instructions. -1: it wants more; -2: it waits, until [`wakes_at_ns`]; else it is over, with the
/// exit status that a shell would show.
#[unsafe(no_mangle)]
extern "C" fn run(budget: f64) -> i32 {
    at_desk(|desk| {
        let Some(guest) = &mut desk.guest else { return RUNNING };
        match guest.run(budget as u64) {
            Standing::Running => RUNNING,
            Standing::Waiting(_) => WAITING,
            Standing::Over(ExitStatus::Code(code)) => i32::from(code),
            Standing::Over(ExitStatus::Killed(signal)) => 128 + i32::from(signal.number()),
        }
    })
}

const RUNNING: i32 = -1;
const WAITING: i32 = -2;

/// When a waiting guest wants to go on, by the monotonic clock; -1: never by itself.
#[unsafe(no_mangle)]
extern "C" fn wakes_at_ns() -> i64 {
    at_desk(|desk| match desk.guest.as_ref().map(Guest::standing) {
        Some(Standing::Waiting(Some(until_ns))) => i64::try_from(until_ns).unwrap_or(-1),
        Some(Standing::Waiting(None)) | None => -1,
        Some(_) => 0,
    })
}

/// Puts out what the guest wrote to standard output (1) or error (2) since last asked.
#[unsafe(no_mangle)]
extern "C" fn take_output(stream: usize) -> usize {
    at_desk(|desk| {
        let bytes = desk.guest.as_ref().map(|guest| guest.take_output(stream)).unwrap_or_default();
        desk.put_out(bytes)
    })
}

/// Instructions carried out so far.
#[unsafe(no_mangle)]
extern "C" fn instructions() -> f64 {
    at_desk(|desk| desk.guest.as_ref().map_or(0, Guest::instructions) as f64)
}

/// Translates the region at the PC and puts the module out; the answer is its length, or 0.
#[unsafe(no_mangle)]
extern "C" fn region() -> usize {
    at_desk(|desk| {
        let (module, entry) = desk.guest.as_mut().and_then(Guest::region).unwrap_or_default();
        desk.entry = entry;
        desk.put_out(module)
    })
}

/// The number of the entry at which the region put out last goes on from the PC.
#[unsafe(no_mangle)]
extern "C" fn region_entry() -> u32 {
    at_desk(|desk| desk.entry)
}

/// Puts the register file out, as it belongs at [`state_at`] of the CPU memory.
#[unsafe(no_mangle)]
extern "C" fn registers() -> usize {
    at_desk(|desk| {
        let registers = desk.guest.as_mut().map(Guest::registers).unwrap_or_default();
        desk.put_out(registers)
    })
}

/// The inbox holds the registers that translated code left, at `pc`: interprets until they are the guest's; 0 if never.
#[unsafe(no_mangle)]
extern "C" fn follow(pc: u32) -> i32 {
    at_desk(|desk| {
        let left = std::mem::take(&mut desk.inbox);
        i32::from(desk.guest.as_mut().is_some_and(|guest| guest.follow(&left, pc)))
    })
}

/// Puts out the first page at or after `at` that can be read; the answer is its address, or -1.
#[unsafe(no_mangle)]
extern "C" fn page(at: u32) -> f64 {
    at_desk(|desk| {
        let Some((at, bytes)) = desk.guest.as_mut().and_then(|guest| guest.page(at)) else { return -1.0 };
        desk.put_out(bytes);
        f64::from(at)
    })
}

/// Where in the CPU memory the register file lies.
#[unsafe(no_mangle)]
extern "C" fn state_at() -> u32 {
    border::STATE_AT
}

/// Wasm pages (64 KiB) of CPU memory that translated code counts on.
#[unsafe(no_mangle)]
extern "C" fn cpu_pages() -> u32 {
    border::CPU_PAGES
}

/// Slots of the table that translated code counts on.
#[unsafe(no_mangle)]
extern "C" fn slots() -> u32 {
    border::SLOTS
}
