//! The translated program that this module is linked with: its file, its code, and the engine that runs it.

#![expect(unsafe_code, reason = "calls what is linked, and is called by it")]

use crate::memory::{Code, Linear};
use mips::State;
use mips::border::{LEFT, Leave};
use mips::translate::Translated;
use run::{Call, Drive, Engine, Help, Made};
use std::cell::{Cell, UnsafeCell};
use std::mem::transmute;
use std::ops::Range;

#[link(wasm_import_module = "program")]
unsafe extern "C" {
    /// Runs translated code from `pc`; `depth` is how deep calls may nest.
    safe fn drive(pc: u32, depth: u32) -> u32;
    /// The entry of `pc`, zero if no function starts there.
    safe fn entry(pc: u32) -> u32;
    /// Length of the program's file.
    safe fn file_bytes() -> u32;
    /// Copies `bytes` bytes of the file.
    fn file_copy(to: *mut u8, from: u32, bytes: usize);
}

/// How deep calls of translated code may nest. wasmtime gives 512 KiB of stack, V8 about a mebibyte, and neither lets a
/// guest go on that used it up.
const DEPTH_MAX: u32 = 1_000;

/// The register file, where translated code looks for it: what links finds it by this name.
#[unsafe(no_mangle)]
static CPU: Registers = Registers(UnsafeCell::new(State::RESET));

#[repr(C, align(64))]
struct Registers(UnsafeCell<State>);

// SAFETY: a module of WASI preview 1 has one thread.
unsafe impl Sync for Registers {}

/// The program's file, a copy.
pub(crate) fn file() -> Vec<u8> {
    let mut bytes = vec![0; file_bytes() as usize];
    // SAFETY: the instruction writes exactly the vector's bytes.
    unsafe { file_copy(bytes.as_mut_ptr(), 0, bytes.len()) };
    bytes
}

/// A stretch of code as it was translated.
pub(crate) struct Stretch {
    /// Where the guest has it.
    pub(crate) at: u32,
    /// Its bytes in the file.
    pub(crate) file: Range<usize>,
}

/// All code that was translated; once some of it changes, it is interpreted.
pub(crate) struct Translation {
    is_valid: bool,
    stretches: Vec<Stretch>,
}

impl Translation {
    pub(crate) fn new(stretches: Vec<Stretch>) -> Translation {
        Translation { is_valid: true, stretches }
    }
}

impl Code for Translation {
    fn starts_at(&self, pc: u32) -> bool {
        self.is_valid && entry(pc) != 0
    }
}

/// What does for translated code what is not in it.
type Lent = Help<'static, Linear<Translation>>;

thread_local! {
    /// That, and guest memory, while translated code runs.
    static LENT: Cell<Option<(*mut Lent, *mut Linear<Translation>)>> = const { Cell::new(None) };
}

/// An engine whose code is all there.
pub(crate) struct Linked {
    memory: Linear<Translation>,
}

impl Linked {
    pub(crate) fn new(big_endian: bool, code: Translation) -> Linked {
        Linked { memory: Linear::new(big_endian, code) }
    }

    fn state(&mut self) -> &mut State {
        // SAFETY: there is one engine, which is borrowed for as long as the answer; translated code runs only meanwhile.
        unsafe { &mut *CPU.0.get() }
    }

    /// Whether the guest still has the code of a stretch as far as it lies in the `bytes` bytes at `at`.
    fn is_intact(&self, stretch: &Stretch, at: u32, bytes: u32) -> bool {
        let from = at.max(stretch.at);
        let end = (u64::from(at) + u64::from(bytes)).min(stretch.at as u64 + stretch.file.len() as u64);
        let Some(length) = end.checked_sub(u64::from(from)).filter(|length| *length > 0) else { return true };
        let offset = (from - stretch.at) as usize;
        let (mut now, mut then) = (vec![0; length as usize], vec![0; length as usize]);
        self.memory.peek(from, &mut now);
        // SAFETY: the instruction writes exactly the vector's bytes.
        unsafe { file_copy(then.as_mut_ptr(), (stretch.file.start + offset) as u32, then.len()) };
        now == then && self.memory.is_code(from, length as usize)
    }
}

impl Engine for Linked {
    type Space = Linear<Translation>;

    const TRANSLATES: bool = false;
    const FAULTS: bool = false;

    fn parts(&mut self) -> (&mut State, &mut Self::Space) {
        // SAFETY: as in `state`; the register file is not in guest memory.
        (unsafe { &mut *CPU.0.get() }, &mut self.memory)
    }

    fn install(&mut self, _: &Translated, _: Made) -> Result<usize, String> {
        Err(String::from("all code is translated ahead of time"))
    }

    fn has_code(&self, pc: u32) -> bool {
        self.memory.code.starts_at(pc)
    }

    fn drive(&mut self, help: &mut Help<'_, Self::Space>) -> Drive {
        self.state().leave = Leave::NoCode.code();
        let pc = self.state().pc;
        // SAFETY: only a lifetime changes, and nobody follows the pointer after this call.
        let lent = unsafe { transmute::<*mut Help<'_, Self::Space>, *mut Lent>(help) };
        LENT.set(Some((lent, &raw mut self.memory)));
        let pc = drive(pc, DEPTH_MAX);
        LENT.set(None);
        let state = self.state();
        let why = Leave::from_code(state.leave);
        match why {
            Leave::NoCode => state.pc = pc,
            Leave::Moved => {}
            _ => state.pc = pc & !LEFT,
        }
        Drive::Left(why)
    }

    fn forget(&mut self, at: u32, bytes: u32) -> Vec<u32> {
        let is_valid = self.memory.code.stretches.iter().all(|stretch| self.is_intact(stretch, at, bytes));
        self.memory.code.is_valid &= is_valid;
        Vec::new()
    }

    fn forget_all(&mut self) {
        self.memory.code.is_valid = false;
    }
}

/// What translated code calls for the instruction at `pc`.
#[unsafe(no_mangle)]
extern "C" fn interpret(pc: u32) -> u32 {
    let Some((help, memory)) = LENT.get() else { return 0 };
    // SAFETY: `drive` lent both for as long as translated code runs, which is now, and uses neither; the register file is
    // used only by whoever runs, which is this.
    let (help, memory, state) = unsafe { (&mut *help, &mut *memory, &mut *CPU.0.get()) };
    help(state, memory, Call::Interpret { pc }) as u32
}
