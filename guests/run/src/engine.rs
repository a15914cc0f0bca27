//! What runs translated code: the trait that the host's engine and the browser implement.

use crate::scheduler::Bell;
use abi::{Addr, AddressSpace};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use mips::State;
use mips::border::Leave;
use mips::exception::Fault;
use mips::reading::emit::Options;
use mips::reading::interp::Bus;
use mips::translate::{Memories, Translated, Unit};

/// A guest address space that an interpreter can run on and a personality can map.
pub trait Space: Bus + AddressSpace {
    /// Whether code changed since [`Space::take_changed`].
    fn has_changed(&self) -> bool;
    /// Ranges whose code may have changed since last asked: address and length in bytes.
    fn take_changed(&mut self) -> Vec<(Addr, u32)>;
    /// Code runs on it from now on, or not any more. Whoever begins looks for changes afterwards.
    fn set_running(&mut self, _runs: bool) {}
    /// Returns when no other CPU of this address space runs code that has changed; to be asked while none runs here.
    fn settle_changes(&mut self) {}
    /// The ranges of addresses whose code may be translated into one module with that at `pc`, in the order in which they were
    /// mapped: the programs and libraries, if `pc` is in one of them, or else all around that is no file's.
    fn objects(&self, _pc: u32) -> Vec<Range<u32>> {
        core::iter::once(0..u32::MAX).collect()
    }
    /// Whether code translated ahead of time begins at `pc`, for the interpreter to stop there. Whoever translates while the
    /// guest runs counts visits instead.
    fn has_code(&self, _pc: u32) -> bool {
        false
    }
}

/// How translated code came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drive {
    /// It left by itself, at the register file's `pc`.
    Left(Leave),
    /// An access failed at `pc`. Registers are exact if the code was translated fault-precise.
    Fault(Fault),
}

/// How a module was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Made {
    /// For the sake of which address.
    pub root: u32,
    /// What its code takes for granted.
    pub options: Options,
}

/// What came of asking for code of an earlier run.
pub enum Recalled {
    /// There is none.
    Nothing,
    /// It was made of other code than the guest's memory holds now, or it is damaged.
    Stale,
    /// It is installed.
    Code {
        /// Its functions.
        functions: Arc<[Unit]>,
        /// Bytes of machine code.
        bytes: usize,
    },
}

/// What was compiled while the guest ran on.
pub struct Finished {
    /// For the sake of which address.
    pub root: u32,
    /// Its functions.
    pub functions: Arc<[Unit]>,
    /// Bytes of Wasm that it was made of.
    pub wasm_bytes: usize,
    /// Processor time that it took, in microseconds.
    pub time_us: u64,
    /// Bytes of machine code, all installed; or why nothing is.
    pub outcome: Result<usize, String>,
}

/// What translated code calls its host for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// To do the one instruction at `pc`, as [`border::INTERPRET`](mips::border::INTERPRET) says.
    Interpret {
        /// Where that is.
        pc: u32,
    },
    /// To note a sample, as [`border::COLD`](mips::border::COLD) says.
    Sample {
        /// Where code is on its way to.
        pc: u32,
    },
    /// To stand in for missing code, as [`border::STRETCH`](mips::border::STRETCH) says.
    Stretch {
        /// Where it is missing.
        pc: u32,
        /// Where it returns to.
        back: u32,
        /// Its stack pointer.
        sp: u32,
        /// Whether code is missing at `pc`, and this is not where it goes on.
        is_first: bool,
    },
}

/// Does what translated code calls for, on a register file and an address space, and answers.
pub type Help<'a, S> = dyn FnMut(&mut State, &mut S, Call) -> u64 + 'a;

/// A register file, an address space, and a way to run translated code on them.
pub trait Engine {
    /// The address space.
    type Space: Space;

    /// How the modules that it installs come by their memories.
    const MEMORIES: Memories = Memories::Imported;
    /// Whether it can install anything.
    const TRANSLATES: bool = true;
    /// Whether accesses that fail can be caught, so that there is use in code that is precise about them.
    const FAULTS: bool = true;
    /// Whether its programs may be debugged: others need not carry an interpreter that looks for watchpoints.
    const DEBUGS: bool = false;

    /// Another, with a copy of the address space; registers are whatever they are. The error is the host's.
    fn fork(&mut self) -> Result<Self, String>
    where
        Self: Sized,
    {
        Err(String::from("this host runs one process: see SYSCALLS.md"))
    }
    /// Another CPU on the same address space, to run at the same time; registers are whatever they are. The error is why threads
    /// have to take turns.
    fn sibling(&self) -> Result<Self, String>
    where
        Self: Sized,
    {
        Err(String::from("this host has one CPU for an address space"))
    }
    /// Another, with an empty address space in this byte order.
    fn fresh(&self, _big_endian: bool) -> Result<Self, String>
    where
        Self: Sized,
    {
        Err(String::from("this host runs one program"))
    }
    /// Sets the poll word, and says that it did.
    fn bell(&self) -> Arc<dyn Bell> {
        Arc::new(Silent)
    }
    /// The register file and the address space.
    fn parts(&mut self) -> (&mut State, &mut Self::Space);
    /// Compiles regions and makes their entries known; the answer is how many bytes of machine code they became, if that
    /// can be told. The error is the host's, not the guest's.
    fn install(&mut self, translated: &Translated, made: Made) -> Result<usize, String>;
    /// Compiles regions while the guest runs on; false if that cannot be, and then they are to be installed.
    fn begin(&mut self, _translated: &Translated, _made: Made) -> bool {
        false
    }
    /// Installs the next of what was begun, if it is done.
    fn finished(&mut self) -> Option<Finished> {
        None
    }
    /// Takes back all that was begun.
    fn cancel(&mut self) {}
    /// Whether to ask for that costs next to nothing.
    fn is_warm(&self) -> bool {
        false
    }
    /// Where code that earlier runs left may be entered, if it was made with these options; each is told once.
    fn kept(&mut self, _options: Options) -> Vec<u32> {
        Vec::new()
    }
    /// Installs what an earlier run left for `pc`, if the guest's code is what it was made of.
    fn recall(&mut self, _pc: u32, _options: Options) -> Recalled {
        Recalled::Nothing
    }
    /// Sets the poll word every millisecond or so that translated code runs. Does nothing if that was wanted before, or on
    /// a host without threads.
    fn interrupt_from_now_on(&mut self) {}
    /// Has translated code leave to be sampled after so many computed calls: a few.
    fn sample_after(&mut self, _calls: u32) {}
    /// Whether there are so many translations that all should be forgotten before the next one.
    fn is_full(&self) -> bool {
        false
    }
    /// Processor time used so far, in microseconds; zero where nobody can tell.
    fn processor_time(&self) -> u64 {
        0
    }
    /// Whether there is translated code for `pc`.
    fn has_code(&self, pc: u32) -> bool;
    /// Runs translated code from the register file's `pc`, with somebody to do what it leaves out.
    fn drive(&mut self, help: &mut Help<'_, Self::Space>) -> Drive;
    /// The number of the module in which what is translated for `pc` is.
    fn module(&self, _pc: u32) -> Option<u32> {
        None
    }
    /// The regions of a module that are entered there, and not elsewhere by now, by their roots.
    fn roots(&self, _module: u32) -> Vec<u32> {
        Vec::new()
    }
    /// The translations that were made from the instruction at `pc`, among others.
    fn made_of(&self, _pc: u32) -> Vec<&Unit> {
        Vec::new()
    }
    /// The translations that are forgotten if the instruction at `pc` is.
    fn forgotten_with(&self, _pc: u32) -> Vec<&Unit> {
        Vec::new()
    }
    /// Forgets the translations made from any of `bytes` bytes at `at`, and those that may call them without a look. The
    /// answer is where the former could be entered.
    fn forget(&mut self, at: u32, bytes: u32) -> Vec<u32>;
    /// Forgets every translation.
    fn forget_all(&mut self);
}

/// The bell of an engine that nobody else can ring.
struct Silent;

impl Bell for Silent {
    fn ring(&self) {}
    fn take(&self) -> bool {
        false
    }
}
