//! Loading a program: its segments and its linker's, heap, stack, trampoline, registers (fs/binfmt_elf.c).

use crate::kernel::Waker;
use crate::mm::{Backing, Memory, STACK_END, TRAMPOLINE_PAGE};
use crate::process::About;
use crate::program::{Program, StartError};
use crate::reply::{ExitStatus, Outcome};
use crate::segments::{self, STACK_BYTES, fresh};
use crate::signal::{Disposition, Signal};
use crate::stack::{self, Contents};
use crate::thread::Thread;
use abi::{Addr, AddressSpace, Endian, PAGE_BYTES, Prot, State, USER_END, frame, o32};
use alloc::sync::Arc;
use alloc::vec::Vec;
use image::{Image, Kind};
use spin::Mutex;

/// Where a position-independent program without a dynamic linker is loaded.
const BASE: u32 = 0x5555_0000;

/// Free space between the stack and what mmap(2) places.
const STACK_GAP_BYTES: u32 = 1 << 20;

/// A program that is to take the place of a thread's, and what it is told.
pub struct Exec {
    pub(crate) program: Program,
    pub(crate) linker: Option<Program>,
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) environment: Vec<Vec<u8>>,
    /// Whose it is, if it takes its owner's rights (S_ISUID, S_ISGID).
    pub(crate) owner: (Option<u32>, Option<u32>),
}

impl Exec {
    /// The byte order of its address space.
    pub fn is_big_endian(&self) -> bool {
        self.program.image.endian == image::Endian::Big
    }
}

impl core::fmt::Debug for Exec {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(out, "Exec({})", alloc::string::String::from_utf8_lossy(&self.program.path))
    }
}

impl Thread {
    /// The point of no return: the thread, alone of its process, has an empty address space, and begins with a program there.
    pub fn exec(&mut self, exec: &Exec, state: &mut State, space: &mut dyn AddressSpace) -> Outcome {
        self.memory = Arc::new(Mutex::new(Memory::new(self.process.limits.lock().address_space())));
        self.settle_segments();
        let own_files = self.files.lock().clone();
        self.files = Arc::new(Mutex::new(own_files));
        let closed = self.files.lock().close_on_exec();
        closed.iter().for_each(|slot| crate::syscall::queue_closed(self.process.pid, &slot.description));
        drop(closed);
        self.signals.reset_handlers();
        self.process.timers.lock().posix.clear();
        (self.clear_tid, self.robust_list) = (Addr::NULL, (Addr::NULL, 0));
        self.credentials.take_rights(exec.owner);
        self.become_process();
        let Exec { program, linker, arguments, environment, .. } = exec;
        let loaded = self.load(program, linker.as_ref(), arguments, environment, state, space);
        self.show_in_proc();
        match loaded {
            Ok(()) => Outcome::Continue,
            // There is no program left to tell.
            Err(_) => Outcome::Over(ExitStatus::Killed(Signal::KILL)),
        }
    }

    /// It is the only thread of its process now, and has its number.
    fn become_process(&mut self) {
        let pid = self.process.pid;
        let mut table = self.kernel.table.lock();
        table.release_vfork(pid);
        if let Some(member) = table.get_mut(pid) {
            member.has_executed = true;
            member.disowns = self.signals.action(Signal::CHLD).disposition == Disposition::Ignore;
            member.ignores_stops = false;
            member.users = (self.credentials.user.real, self.credentials.user.saved);
            let own = member.threads.remove(&self.tid);
            member.threads.clear();
            member.threads.extend(own.map(|own| (pid, own)));
        }
        drop(table);
        if self.tid != pid {
            self.tid = pid;
            self.watcher = Arc::new(Waker { kernel: Arc::downgrade(&self.kernel), tid: pid });
        }
        *self.process.first_status.lock() = None;
    }

    /// Puts a program, and its linker if it has one, into an empty address space, and sets the registers it starts with.
    pub(crate) fn load(
        &mut self,
        program: &Program,
        linker: Option<&Program>,
        arguments: &[Vec<u8>],
        environment: &[Vec<u8>],
        state: &mut State,
        space: &mut dyn AddressSpace,
    ) -> Result<(), StartError> {
        let image = &program.image;
        self.endian = match image.endian {
            image::Endian::Little => Endian::Little,
            image::Endian::Big => Endian::Big,
        };
        let base = base(image);
        let mut memory = self.memory.lock();
        segments::load(&mut memory, space, program, base)?;
        let linked_at = linker.map(|linker| {
            let place = memory.place_object(&linker.path, linker.image.end()).map_err(|_| StartError::Memory)?;
            segments::load(&mut memory, space, linker, place.0).map(|()| place.0)
        });
        let linked_at = linked_at.transpose()?;
        memory.start_heap(Addr(image.end().saturating_add(base)));
        map_trampoline(&mut memory, space, self.endian)?;
        let prot = if image.stack_is_executable { Prot::all() } else { Prot::READ | Prot::WRITE };
        let stack_at = Addr(STACK_END - STACK_BYTES);
        fresh(&mut memory, space, stack_at, STACK_BYTES, prot, Backing::Named("[stack]"))?;
        memory.top = Addr(stack_at.0 - STACK_GAP_BYTES);
        drop(memory);

        let auxiliary = self.auxiliary(image, base, linked_at.unwrap_or(0));
        let mut random = [0; 16];
        (self.kernel.random)(&mut random);
        let contents = Contents { arguments, environment, path: &program.path, random, auxiliary: &auxiliary };
        let stack = stack::build(space, self.endian, Addr(STACK_END), &contents).ok_or(StartError::Arguments)?;
        let entry = Addr(image.entry.wrapping_add(base));
        let first = linker.zip(linked_at).map_or(entry, |(linker, at)| Addr(linker.image.entry.wrapping_add(at)));
        o32::start(state, first, stack.pointer);
        let needs_fr1 = image.fp.needs_fr1() || linker.is_some_and(|linker| linker.image.fp.needs_fr1());
        o32::start_fpu(state, needs_fr1, image.nan2008);
        let file_name = program.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        self.set_name(file_name);
        *self.process.program.lock() = About {
            path: self.absolute(&program.path),
            node: program.node.clone(),
            arguments: arguments.to_vec(),
            environment: environment.to_vec(),
            auxiliary: stack.auxiliary,
            stack: stack.pointer.0,
            entry: entry.0,
            endian: self.endian,
        };
        Ok(())
    }

    /// The path of /proc/self/exe, which is absolute however the program was named.
    fn absolute(&self, path: &[u8]) -> Vec<u8> {
        if path.first() == Some(&b'/') {
            return path.to_vec();
        }
        let mut absolute = {
            let whereabouts = self.whereabouts.lock();
            whereabouts.directory.path(&whereabouts.root).unwrap_or_default()
        };
        if absolute.last() != Some(&b'/') {
            absolute.push(b'/');
        }
        absolute.extend_from_slice(path.strip_prefix(b"./").unwrap_or(path));
        absolute
    }

    /// The auxiliary vector, but for the addresses of strings (getauxval(3)). The linker is at `linked_at`.
    fn auxiliary(&self, image: &Image, base: u32, linked_at: u32) -> Vec<(u32, u32)> {
        let mut vector = Vec::new();
        if let Some(headers) = image.phdr_at {
            vector.push((stack::AT_PHDR, headers.wrapping_add(base)));
        }
        let (user, group) = (self.credentials.user, self.credentials.group);
        vector.extend([
            (stack::AT_PHENT, image.phdr_entry_bytes),
            (stack::AT_PHNUM, image.phdr_count),
            (stack::AT_PAGESZ, PAGE_BYTES),
            (stack::AT_BASE, linked_at),
            (stack::AT_FLAGS, 0),
            (stack::AT_ENTRY, image.entry.wrapping_add(base)),
            (stack::AT_UID, user.real),
            (stack::AT_EUID, user.effective),
            (stack::AT_GID, group.real),
            (stack::AT_EGID, group.effective),
            (stack::AT_HWCAP, 0),
            (stack::AT_CLKTCK, 100),
            (stack::AT_SECURE, 0),
        ]);
        vector
    }
}

/// What is added to a program's addresses where it is loaded.
pub fn base(image: &Image) -> u32 {
    if image.kind == Kind::Dyn { BASE } else { 0 }
}

/// The page of the code that returns from signal handlers.
fn map_trampoline(memory: &mut Memory, space: &mut dyn AddressSpace, endian: Endian) -> Result<(), StartError> {
    let prot = Prot::READ | Prot::EXEC;
    const { assert!(TRAMPOLINE_PAGE.0 + PAGE_BYTES <= USER_END) };
    fresh(memory, space, TRAMPOLINE_PAGE, PAGE_BYTES, prot, Backing::Named("[vdso]"))?;
    let code: Vec<u8> = frame::TRAMPOLINE.iter().flat_map(|word| endian.bytes32(*word)).collect();
    space.fill(TRAMPOLINE_PAGE, &code).map_err(|_| StartError::Memory)
}
