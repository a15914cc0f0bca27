//! [`Process`]: one program, its memory, files and signals, and the four ways into it.

use crate::access::Credentials;
use crate::commons::Commons;
use crate::description::Description;
use crate::errno;
use crate::fdtable::FdTable;
use crate::flags::{Fd, OpenFlags};
use crate::limits::Limits;
use crate::mm::{Memory, TRAMPOLINE_PAGE};
use crate::program::{Program, StartError};
use crate::reply::{ExitStatus, Outcome, Stop, Wait};
use crate::signal::{Delivered, Info, Signal, Signals, deliver, of_exception};
use crate::syscall;
use crate::task::{Resume, Task};
use crate::timer::Timers;
use crate::world::{Clocks, Names, Random, TraceSink, World};
use abi::{AddressSpace, Endian, Exception, Guest, State, o32};
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::Mutex;
use vfs::Errno;
use vfs::mount::{Mounts, Place};

/// A single-threaded Linux process.
pub struct Process {
    pub(crate) endian: Endian,
    pub(crate) mounts: Arc<Mounts>,
    pub(crate) root: Place,
    pub(crate) directory: Arc<Mutex<Place>>,
    pub(crate) umask: u32,
    pub(crate) files: Arc<Mutex<FdTable>>,
    pub(crate) commons: Arc<Commons>,
    pub(crate) memory: Arc<Mutex<Memory>>,
    pub(crate) program: Arc<Mutex<About>>,
    pub(crate) signals: Signals,
    pub(crate) timers: Timers,
    pub(crate) credentials: Credentials,
    pub(crate) limits: Limits,
    pub(crate) names: Arc<Mutex<Names>>,
    pub(crate) clocks: Arc<dyn Clocks>,
    pub(crate) random: Random,
    pub(crate) processors: u32,
    pub(crate) started_ns: u64,
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// set_tid_address(2): cleared at exit, were there other threads.
    pub(crate) clear_tid: abi::Addr,
    pub(crate) robust_list: (abi::Addr, u32),
    /// prctl(2) PR_SET_DUMPABLE and so on, by option.
    pub(crate) settings: [u32; 2],
    /// What the call that waits must remember.
    pub(crate) resume: Option<Resume>,
    /// The fifo that open(2) waits with.
    pub(crate) opening: Option<Description>,
    /// Pipes made so far: their inode numbers.
    pub(crate) pipes: u64,
    pub(crate) trace: Option<TraceSink>,
    /// The strace text of the call that waits.
    pub(crate) waiting_line: Option<alloc::string::String>,
    warned: BTreeSet<u32>,
}

/// What /proc/self tells of the program.
pub(crate) struct About {
    pub(crate) path: Vec<u8>,
    pub(crate) node: Option<vfs::NodeRef>,
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) environment: Vec<Vec<u8>>,
    pub(crate) auxiliary: Vec<(u32, u32)>,
    /// PR_SET_NAME: at most 15 bytes.
    pub(crate) name: Vec<u8>,
    /// Start of the stack, for /proc/self/stat.
    pub(crate) stack: u32,
    pub(crate) entry: u32,
    pub(crate) endian: Endian,
}

impl About {
    fn empty() -> About {
        About {
            path: Vec::new(),
            node: None,
            arguments: Vec::new(),
            environment: Vec::new(),
            auxiliary: Vec::new(),
            name: Vec::new(),
            stack: 0,
            entry: 0,
            endian: Endian::Little,
        }
    }
}

impl Process {
    /// Loads a program, builds its stack, and sets the registers it starts with.
    pub fn start(
        world: World,
        program: &Program,
        arguments: &[Vec<u8>],
        environment: &[Vec<u8>],
        state: &mut State,
        space: &mut dyn AddressSpace,
    ) -> Result<Process, StartError> {
        let mut process = Process::new(world)?;
        crate::proc::mount(&process);
        let linker = process.linker(&program.image)?;
        process.load(program, linker.as_ref(), arguments, environment, state, space)?;
        Ok(process)
    }

    fn new(world: World) -> Result<Process, StartError> {
        let root = world.mounts.root().clone();
        let directory = vfs::walk::Walk::new(&world.mounts).resolve(&world.directory).map_err(StartError::Directory)?;
        let mut files = FdTable::default();
        for (fd, stream) in (0..).zip(world.streams) {
            let Some(stream) = stream else { continue };
            let place = Place::detached(stream.node);
            let description = Description::new(place, Some(stream.file), OpenFlags::of(stream.how));
            let slot = crate::fdtable::Slot { description: Arc::new(description), closes_on_exec: false };
            // Three descriptors are always allowed.
            let _ = files.replace(fd, slot, 3);
        }
        let limits = Limits::new(world.memory_bytes_max);
        Ok(Process {
            endian: Endian::Little,
            mounts: world.mounts,
            root,
            directory: Arc::new(Mutex::new(directory)),
            umask: world.umask & 0o777,
            files: Arc::new(Mutex::new(files)),
            commons: Arc::default(),
            memory: Arc::new(Mutex::new(Memory::new(limits.address_space()))),
            program: Arc::new(Mutex::new(About::empty())),
            signals: Signals::new(world.trace.is_some()),
            timers: Timers::default(),
            credentials: Credentials::new(&world.ids),
            limits,
            names: Arc::new(Mutex::new(world.names)),
            started_ns: world.clocks.monotonic_ns(),
            clocks: world.clocks,
            random: world.random,
            processors: world.processors.max(1),
            pid: world.ids.pid,
            parent: world.ids.parent,
            clear_tid: abi::Addr::NULL,
            robust_list: (abi::Addr::NULL, 0),
            settings: [1, 0],
            resume: None,
            opening: None,
            pipes: 0,
            trace: world.trace,
            waiting_line: None,
            warned: BTreeSet::new(),
        })
    }

    /// Carries out the system call at `state.pc`.
    pub fn syscall(&mut self, state: &mut State, space: &mut dyn AddressSpace) -> Outcome {
        self.expire_timers();
        let number = o32::number(state);
        let mut guest = Guest { space, endian: self.endian };
        let stop = syscall::perform(number, &mut Task { process: self, guest: &mut guest, state });
        match stop {
            Ok(()) | Err(Stop::Registers) => self.forget_wait(),
            Err(Stop::Exit(status)) => return self.exit(status, guest.space),
            Err(Stop::Errno(errno)) => {
                self.forget_wait();
                o32::fail(state, errno::number(errno));
            }
            Err(Stop::Block(..)) if self.signals.is_due() && self.resume.is_some_and(|resume| resume.moved > 0) => {
                // What was moved before the signal came is the call's result.
                let moved = self.resume.take().map_or(0, |resume| resume.moved);
                o32::succeed(state, (moved, None));
            }
            Err(Stop::Block(wait, interrupted)) => {
                let eintr = errno::number(Errno::EINTR);
                let waiting = Some((interrupted, eintr));
                return match deliver(&mut self.signals, state, &mut guest, TRAMPOLINE_PAGE, waiting) {
                    Delivered::Over(status) => self.exit(status, guest.space),
                    Delivered::Handler => {
                        crate::trace::interrupted(self);
                        crate::trace::delivered(self);
                        self.forget_wait();
                        Outcome::Continue
                    }
                    Delivered::Nothing => Outcome::Block(self.wait(wait)),
                };
            }
        }
        self.go_on(state, &mut guest)
    }

    /// Delivers an exception that is no system call.
    pub fn exception(&mut self, exception: Exception, state: &mut State, space: &mut dyn AddressSpace) -> Outcome {
        let mut guest = Guest { space, endian: self.endian };
        match exception {
            Exception::CodeChanged { at, bytes } => {
                guest.space.code_changed(abi::Addr(at), bytes);
                state.pc = state.next_pc;
            }
            _ => {
                if let Some(info) = of_exception(exception, state.pc, state.fcsr) {
                    self.signals.force(self.beyond_file(info));
                }
                o32::clear_causes(state, exception);
            }
        }
        self.go_on(state, &mut guest)
    }

    /// Delivers what is due: timers, signals from outside.
    pub fn poll(&mut self, state: &mut State, space: &mut dyn AddressSpace) -> Outcome {
        self.expire_timers();
        if self.resume.is_some() {
            // A call waits: whether a handler interrupts it is decided when it is made again.
            return Outcome::Continue;
        }
        let mut guest = Guest { space, endian: self.endian };
        self.go_on(state, &mut guest)
    }

    /// Sends a signal from outside; it is delivered at the next call of any of the others.
    pub fn raise(&mut self, signal: Signal) {
        self.signals.send(Info { signal, code: Info::USER, words: [0; 3] });
    }

    /// The monotonic time at which [`Process::poll`] is wanted.
    pub fn next_timer_ns(&self) -> Option<u64> {
        self.timers.next_ns(&*self.clocks)
    }

    /// Whether the program handles a signal that an instruction can cause: it then sees every register.
    pub fn handles_faults(&self) -> bool {
        self.signals.handles_faults()
    }

    /// The call that waited is over.
    fn forget_wait(&mut self) {
        (self.resume, self.opening) = (None, None);
    }

    fn go_on(&mut self, state: &mut State, guest: &mut Guest<'_>) -> Outcome {
        if !self.signals.is_due() && self.signals.saved_mask.is_none() {
            return Outcome::Continue;
        }
        match deliver(&mut self.signals, state, guest, TRAMPOLINE_PAGE, None) {
            Delivered::Over(status) => self.exit(status, guest.space),
            Delivered::Handler | Delivered::Nothing => {
                crate::trace::delivered(self);
                Outcome::Continue
            }
        }
    }

    fn exit(&mut self, status: ExitStatus, space: &mut dyn AddressSpace) -> Outcome {
        self.memory.lock().sync_all(space);
        self.commons.leave(self.pid);
        crate::trace::delivered(self);
        if let Some(trace) = &mut self.trace {
            match status {
                ExitStatus::Code(code) => trace(&alloc::format!("+++ exited with {code} +++")),
                ExitStatus::Killed(signal) => trace(&alloc::format!("+++ killed by {signal} +++")),
            }
        }
        Outcome::Exit(status)
    }

    fn expire_timers(&mut self) {
        self.timers.expire(&*self.clocks, &mut self.signals);
    }

    /// A wait ends when a timer is due, too.
    fn wait(&self, mut wait: Wait) -> Wait {
        wait.until_ns = match (wait.until_ns, self.next_timer_ns()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        wait
    }

    /// An access to a mapped page past its file's end is SIGBUS.
    fn beyond_file(&self, info: Info) -> Info {
        const BUS_ADRERR: i32 = 2;
        let memory = self.memory.lock();
        let at = abi::Addr(info.words[0]);
        match memory.areas.at(at) {
            Some((start, area)) if info.signal == Signal::SEGV && at >= area.loaded_end(start) => {
                Info { signal: Signal::BUS, code: BUS_ADRERR, ..info }
            }
            _ => info,
        }
    }

    /// What a descriptor leads to.
    pub(crate) fn description(&self, fd: Fd) -> vfs::Result<Arc<Description>> {
        self.files.lock().get(fd.0)
    }

    /// Says once that a call is not there.
    pub(crate) fn warn_absent(&mut self, number: u32, name: &str) {
        if self.warned.insert(number) {
            tracing::warn!("the program calls {name} ({number}), which is not there yet: it gets ENOSYS");
        }
    }
}
