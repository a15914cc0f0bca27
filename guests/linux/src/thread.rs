//! [`Thread`]: a thread of a process, what it shares with others, and the four ways into it.

use crate::access::Credentials;
use crate::description::Description;
use crate::errno;
use crate::fdtable::FdTable;
use crate::flags::{Fd, OpenFlags};
use crate::kernel::{Kernel, Parts, Waker};
use crate::limits::Limits;
use crate::lock::Holder;
use crate::mm::{Memory, TRAMPOLINE_PAGE};
use crate::process::{Notice, Process, Standing, Table};
use crate::program::{Program, StartError};
use crate::reply::{ExitStatus, Interrupted, Outcome, Stop, Wait};
use crate::signal::{Delivered, Info, Signal, Signals, deliver, of_exception};
use crate::syscall::{self, Apart};
use crate::task::{Resume, Task};
use crate::terminals::Terminals;
use crate::world::{Clocks, World};
use abi::{AddressSpace, Endian, Exception, Guest, State, o32};
use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::Mutex;
use vfs::mount::Place;
use vfs::{Errno, Watcher};

/// A thread of a Linux process. What clone(2) lets threads and processes share is behind an `Arc`.
pub struct Thread {
    pub(crate) tid: u32,
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) process: Arc<Process>,
    pub(crate) endian: Endian,
    pub(crate) whereabouts: Arc<Mutex<Whereabouts>>,
    pub(crate) files: Arc<Mutex<FdTable>>,
    pub(crate) memory: Arc<Mutex<Memory>>,
    pub(crate) signals: Signals,
    pub(crate) credentials: Credentials,
    /// Those of its process.
    pub(crate) clocks: Arc<dyn Clocks>,
    /// Tells that it waits for nothing any more.
    pub(crate) watcher: Arc<dyn Watcher>,
    /// That somebody sent it something.
    pub(crate) notice: Arc<Notice>,
    /// Its processor time, and what the host's thread had used when it began to run.
    pub(crate) used_ns: (u64, Option<u64>),
    /// Cleared, and woken, when it ends (set_tid_address(2)).
    pub(crate) clear_tid: abi::Addr,
    pub(crate) robust_list: (abi::Addr, u32),
    /// The child that has its memory (vfork(2)).
    pub(crate) lent_to: Option<u32>,
    /// What the call that waits must remember.
    pub(crate) resume: Option<Resume>,
    /// The fifo that open(2) waits with.
    pub(crate) opening: Option<Description>,
    /// The strace text of the call that waits.
    pub(crate) waiting_line: Option<alloc::string::String>,
    /// Whether registers changed that no result of a call is in, since somebody last asked.
    pub(crate) has_jumped: bool,
    /// Whether it gave up its turn.
    pub(crate) has_yielded: bool,
    /// Whether it has let go of everything.
    pub(crate) is_over: bool,
}

/// What became of a call that was to be made while others are in the kernel, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Made {
    /// It was not made: it is for [`Thread::syscall`].
    Not,
    /// It was made, and concerns nobody else.
    Alone,
    /// It was made, and woke somebody.
    Woke,
    /// It was made, and a signal that it caused is to be delivered ([`Thread::poll`]).
    Due,
}

/// Where a process is in the tree of files, and what new files lack (CLONE_FS).
#[derive(Clone)]
pub(crate) struct Whereabouts {
    pub(crate) root: Place,
    pub(crate) directory: Place,
    pub(crate) umask: u32,
}

impl Thread {
    /// Loads a program as the first process of a world, builds its stack, and sets the registers it starts with.
    pub fn start(
        world: World,
        program: &Program,
        arguments: &[Vec<u8>],
        environment: &[Vec<u8>],
        state: &mut State,
        space: &mut dyn AddressSpace,
    ) -> Result<Thread, StartError> {
        let mut thread = Thread::first(world)?;
        crate::proc::mount(&thread.kernel);
        let linker = thread.linker(&program.image)?;
        thread.load(program, linker.as_ref(), arguments, environment, state, space)?;
        Ok(thread)
    }

    fn first(world: World) -> Result<Thread, StartError> {
        let root = world.mounts.root().clone();
        let directory = vfs::walk::Walk::new(&world.mounts).resolve(&world.directory).map_err(StartError::Directory)?;
        let (mut files, mut console) = (FdTable::default(), None);
        let streams = world.streams.each_ref().map(|stream| stream.as_ref().map(|stream| stream.node.clone()));
        for (fd, stream) in (0..).zip(world.streams) {
            let Some(stream) = stream else { continue };
            let place = Place::detached(stream.node);
            let description = Description::new(place, Some(stream.file), OpenFlags::of(stream.how));
            console = console.or_else(|| description.shared_file().filter(|file| file.terminal().is_some()));
            let slot = crate::fdtable::Slot { description: Arc::new(description), closes_on_exec: false };
            // Three descriptors are always allowed.
            let _ = files.replace(fd, slot, 3);
        }
        let limits = Limits::new(world.memory_bytes_max, world.descriptors_max, world.threads_max);
        let memory = Arc::new(Mutex::new(Memory::new(limits.address_space())));
        let (tid, is_traced) = (world.ids.pid, world.trace.is_some());
        let process = Process::new(tid, limits, world.clocks.clone());
        let parts = Parts {
            mounts: world.mounts,
            clocks: world.clocks,
            random: world.random,
            names: world.names,
            processors: world.processors,
            threads_max: u64::from(world.threads_max),
            trace: world.trace,
            terminals: Terminals::new(world.terminals, console, tid),
            streams,
            network: world.network,
        };
        let table = Table::new(process.clone(), world.ids.parent, world.ids.uid);
        let kernel = Kernel::new(parts, table);
        let notice = kernel.table.lock().get(tid).and_then(|member| Some(member.threads.get(&tid)?.notice.clone()));
        let thread = Thread {
            tid,
            endian: Endian::Little,
            whereabouts: Arc::new(Mutex::new(Whereabouts { root, directory, umask: world.umask & 0o777 })),
            files: Arc::new(Mutex::new(files)),
            memory,
            signals: Signals::new(is_traced),
            credentials: Credentials::new(&world.ids),
            clocks: process.clocks.clone(),
            watcher: Arc::new(Waker { kernel: Arc::downgrade(&kernel), tid }),
            notice: notice.unwrap_or_default(),
            used_ns: (0, None),
            clear_tid: abi::Addr::NULL,
            robust_list: (abi::Addr::NULL, 0),
            lent_to: None,
            resume: None,
            opening: None,
            waiting_line: None,
            has_jumped: false,
            has_yielded: false,
            is_over: false,
            kernel,
            process,
        };
        thread.show_in_proc();
        Ok(thread)
    }

    /// What all processes of its world share.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Its number (gettid(2)).
    pub fn tid(&self) -> u32 {
        self.tid
    }

    /// Its process's number (getpid(2)).
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Whether its process is the world's first, whose end is the end of all.
    pub fn is_first(&self) -> bool {
        self.kernel.table.lock().first == self.process.pid
    }

    /// It runs from now on, on the thread of the host that says so, or no more: its processor time is counted.
    pub fn set_running(&mut self, is_running: bool) {
        let now = self.process.clocks.set_running(is_running);
        if let Some(since) = self.used_ns.1.take() {
            self.used_ns.0 += now.saturating_sub(since);
        }
        self.used_ns.1 = is_running.then_some(now);
    }

    /// Whether it gave up its turn (sched_yield(2)) since this was last asked.
    pub fn take_yield(&mut self) -> bool {
        core::mem::take(&mut self.has_yielded)
    }

    /// Processor time that it used, in nanoseconds.
    pub(crate) fn thread_ns(&self) -> u64 {
        let (total, since) = self.used_ns;
        total + since.map_or(0, |since| self.process.clocks.thread_ns().saturating_sub(since))
    }

    /// Carries out the system call at `state.pc`.
    pub fn syscall(&mut self, state: &mut State, space: &mut dyn AddressSpace) -> Outcome {
        self.kernel.enter(self.process.pid, self.tid);
        *self.notice.signals.lock() = self.signals.own_sets();
        self.look_up();
        let number = o32::number(state);
        let mut guest = Guest { space, endian: self.endian };
        let stop = syscall::perform(number, &mut Task { thread: self, guest: &mut guest, state });
        match stop {
            Ok(()) => self.forget_wait(),
            Err(Stop::Registers) => {
                self.has_jumped = true;
                self.forget_wait();
            }
            Err(Stop::Exit(status)) => return self.exit_thread(status, &mut guest),
            Err(Stop::ExitAll(status)) => return Outcome::Over(status),
            Err(Stop::Clone(child)) => {
                self.forget_wait();
                return Outcome::Clone(child);
            }
            Err(Stop::Exec(exec)) => {
                self.forget_wait();
                return Outcome::Exec(exec);
            }
            Err(Stop::Errno(errno)) => {
                self.forget_wait();
                o32::fail(state, errno::number(errno));
            }
            Err(Stop::Block(..)) if self.signals.is_due() && self.resume.is_some_and(|resume| resume.moved > 0) => {
                // What was moved before the signal came is the call's result.
                let moved = self.resume.take().map_or(0, |resume| resume.moved);
                self.forget_wait();
                o32::succeed(state, (moved, None));
            }
            Err(Stop::Block(wait, interrupted)) => {
                let eintr = errno::number(Errno::EINTR);
                let waiting = Some((interrupted, eintr));
                return match self.deliver(state, &mut guest, waiting) {
                    Delivered::Over(status) => Outcome::Over(status),
                    Delivered::Handler => {
                        crate::trace::interrupted(self);
                        crate::trace::delivered(self);
                        self.forget_wait();
                        self.settle()
                    }
                    // It is made again as a whole, once the process goes on.
                    Delivered::Stopped(_) => self.settle(),
                    Delivered::Held(signal) => Outcome::Signal(signal),
                    Delivered::Nothing => Outcome::Block(self.wait(*wait)),
                };
            }
        }
        self.go_on(state, &mut guest)
    }

    /// Makes the system call at `state.pc` if nobody need be kept out of the kernel for it, and it does not wait. What became of
    /// it.
    pub fn syscall_apart(&mut self, state: &mut State, space: &mut dyn AddressSpace) -> Made {
        let is_watched = self.kernel.trace.is_some() || self.notice.is_set() || self.process.timers.are_set();
        if is_watched || self.resume.is_some() {
            return Made::Not;
        }
        let Some(touched) = syscall::apart(self, state) else { return Made::Not };
        let number = o32::number(state);
        let mut guest = Guest { space, endian: self.endian };
        match syscall::perform(number, &mut Task { thread: self, guest: &mut guest, state }) {
            Ok(()) => {}
            Err(Stop::Errno(errno)) => o32::fail(state, errno::number(errno)),
            // It waits, which it does when it is made again with others kept out.
            Err(_) => return Made::Not,
        }
        match touched {
            Apart::Own => Made::Alone,
            Apart::File if self.signals.is_due() => Made::Due,
            Apart::File if self.kernel.has_woken() => Made::Woke,
            Apart::File => Made::Alone,
        }
    }

    /// Delivers an exception that is no system call.
    pub fn exception(&mut self, exception: Exception, state: &mut State, space: &mut dyn AddressSpace) -> Outcome {
        self.look_up();
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

    /// Delivers what is due: timers, signals from others and from outside.
    pub fn poll(&mut self, state: &mut State, space: &mut dyn AddressSpace) -> Outcome {
        self.look_up();
        if self.resume.is_some() {
            // A call waits: whether a handler interrupts it is decided when it is made again.
            return self.settle();
        }
        let mut guest = Guest { space, endian: self.endian };
        self.go_on(state, &mut guest)
    }

    /// Whether it waits within a call, which is made again when the wait is over.
    pub fn is_in_call(&self) -> bool {
        self.resume.is_some()
    }

    /// Whether registers changed since this was last asked, other than those that a call gives results in: a handler was entered
    /// or left.
    pub fn take_jump(&mut self) -> bool {
        core::mem::take(&mut self.has_jumped)
    }

    /// The monotonic time at which [`Thread::poll`] is wanted.
    pub fn next_timer_ns(&self) -> Option<u64> {
        if !self.process.timers.are_set() {
            return None;
        }
        let threads = || {
            let table = self.kernel.table.lock();
            let count = table.get(self.process.pid).map_or(1, |member| member.threads.len() as u64);
            count.min(u64::from(self.kernel.processors))
        };
        self.process.timers.lock().next_ns(&*self.clocks, threads)
    }

    /// Whether the program handles a signal that an instruction can cause: it then sees every register.
    pub fn handles_faults(&self) -> bool {
        self.signals.handles_faults()
    }

    /// The call that waited is over.
    pub(crate) fn forget_wait(&mut self) {
        if let Some(resume) = self.resume.take() {
            self.opening = None;
            if resume.is_futex {
                self.kernel.futexes.lock().forget(self.tid);
            }
            if let Some(holder) = resume.locks {
                self.kernel.locks.lock().stop_waiting(holder);
            }
            if let Some(next) = self.kernel.commons.queues.forget(self.tid) {
                self.kernel.table.lock().wake(next);
            }
        }
    }

    /// Takes what timers and others sent.
    fn look_up(&mut self) {
        self.expire_timers();
        self.take_sent();
    }

    /// Takes what others sent, and what it sent itself.
    fn take_sent(&mut self) {
        if !self.notice.take() {
            return;
        }
        let sent = self.kernel.table.lock().get_mut(self.process.pid).map(|member| member.take_inbox(self.tid));
        for (thread, info) in sent.unwrap_or_default() {
            // A full queue loses it, as any queue would.
            let _ = if thread.is_some() { self.signals.send(info) } else { self.signals.send_to_process(info) };
        }
    }

    /// Whether it may go on, or is stopped, has lent its memory, or is over.
    fn settle(&mut self) -> Outcome {
        let table = self.kernel.table.lock();
        let Some(member) = table.get(self.process.pid) else { return Outcome::Block(Wait::default()) };
        if let Some(child) = self.lent_to {
            if table.get(child).is_some_and(|child| child.vfork_parent == Some(self.tid)) && !self.is_being_killed() {
                return Outcome::Block(Wait::default());
            }
            drop(table);
            self.lent_to = None;
            return Outcome::Continue;
        }
        match member.standing {
            Standing::Stopped if !self.is_being_killed() => Outcome::Block(Wait::default()),
            _ => Outcome::Continue,
        }
    }

    fn is_being_killed(&self) -> bool {
        self.signals.pending().contains(Signal::KILL)
    }

    /// Delivers signals, and stops the process if one of them does.
    fn deliver(&mut self, state: &mut State, guest: &mut Guest<'_>, waiting: Option<(Interrupted, u32)>) -> Delivered {
        loop {
            if let Some(signal) = self.hold() {
                return Delivered::Held(signal);
            }
            let delivered = deliver(&mut self.signals, state, guest, TRAMPOLINE_PAGE, waiting);
            self.has_jumped |= delivered != Delivered::Nothing;
            let Delivered::Stopped(signal) = delivered else { return delivered };
            let mut table = self.kernel.table.lock();
            let group = table.get(self.process.pid).map_or(0, |member| member.group);
            // Nobody could end it, so a stop from the terminal is none (POSIX, General Terminal Interface).
            if signal != Signal::STOP && table.is_orphaned(group) {
                continue;
            }
            table.stop(self.process.pid, signal);
            drop(table);
            crate::trace::delivered(self);
            crate::trace::note(self, &alloc::format!("--- stopped by {signal} ---"));
            return delivered;
        }
    }

    fn go_on(&mut self, state: &mut State, guest: &mut Guest<'_>) -> Outcome {
        self.take_sent();
        while self.signals.is_due() || self.signals.saved_mask.is_some() {
            match self.deliver(state, guest, None) {
                Delivered::Over(status) => return Outcome::Over(status),
                Delivered::Held(signal) => return Outcome::Signal(signal),
                Delivered::Handler | Delivered::Nothing => crate::trace::delivered(self),
                Delivered::Stopped(_) => {}
            }
            // A debugger is to be asked about what else is due.
            if !(self.signals.is_debugged && self.signals.is_due()) {
                break;
            }
        }
        self.settle()
    }

    /// The whole process ends, of which this is the last thread.
    pub fn exit(&mut self, status: ExitStatus, space: &mut dyn AddressSpace) {
        self.memory.lock().sync_all(space);
        crate::trace::delivered(self);
        crate::trace::ended(self, status);
        self.leave();
        self.kernel.locks.lock().release(None, Holder::Process(self.process.pid));
        self.kernel.commons.leave(self.process.pid);
        // Nobody asks for its memory any more, unless another process has it, too.
        self.memory = Arc::new(Mutex::new(Memory::new(0)));
        self.settle_segments();
        // A session loses its terminal with its leader, whose number it has.
        self.kernel.terminals.leave(self.process.pid, true);
        let used_ns = self.process.clocks.cpu_ns();
        let watchers = self.kernel.table.lock().end(self.process.pid, status, used_ns);
        watchers.notice();
    }

    /// Writes back what it shares with files.
    pub fn sync(&self, space: &mut dyn AddressSpace) {
        self.memory.lock().sync_all(space);
    }

    /// This thread ends; if it was the last one, so does the process.
    fn exit_thread(&mut self, status: ExitStatus, guest: &mut Guest<'_>) -> Outcome {
        let mut table = self.kernel.table.lock();
        let left = table.get_mut(self.process.pid).map_or(0, |member| {
            member.threads.remove(&self.tid);
            member.threads.len()
        });
        drop(table);
        // The process's status is that of the thread that it began with.
        if self.tid == self.process.pid {
            *self.process.first_status.lock() = Some(status);
        }
        self.release_words(guest);
        if left == 0 {
            let first = *self.process.first_status.lock();
            return Outcome::Over(first.unwrap_or(status));
        }
        crate::trace::delivered(self);
        crate::trace::ended(self, status);
        self.leave();
        Outcome::ExitThread
    }

    /// Lets go of what must not outlive it, whoever holds it.
    fn leave(&mut self) {
        self.is_over = true;
        self.forget_wait();
        self.kernel.futexes.lock().forget(self.tid);
    }

    fn expire_timers(&mut self) {
        if !self.process.timers.are_set() {
            return;
        }
        let due = self.process.timers.lock().expire(&*self.clocks);
        for (thread, info) in due {
            // Whichever thread takes it need not be this one.
            if thread == Some(self.tid) {
                self.signals.send(info);
            } else {
                self.kernel.table.lock().deliver(self.process.pid, thread, info);
            }
        }
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
}

impl Drop for Thread {
    /// A thread that did not end by itself, because its process did.
    fn drop(&mut self) {
        if !self.is_over {
            self.leave();
        }
    }
}
