//! Making threads and processes (clone(2)): [`Thread::begin_child`] makes one, [`Thread::cloned`] lets both go on.

use crate::errno;
use crate::fdtable::FdTable;
use crate::kernel::Waker;
use crate::process::{Notice, ThreadEntry};
use crate::reply::{Outcome, Wait};
use crate::signal::Signal;
use crate::thread::Thread;
use abi::{Addr, AddressSpace, Guest, State, o32};
use alloc::boxed::Box;
use alloc::sync::Arc;
use spin::Mutex;
use vfs::{Errno, Result};

/// CLONE_* (clone(2)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CloneFlags(pub(crate) u64);

impl CloneFlags {
    pub(crate) const VM: CloneFlags = CloneFlags(0x100);
    pub(crate) const FS: CloneFlags = CloneFlags(0x200);
    pub(crate) const FILES: CloneFlags = CloneFlags(0x400);
    pub(crate) const SIGHAND: CloneFlags = CloneFlags(0x800);
    pub(crate) const PIDFD: CloneFlags = CloneFlags(0x1000);
    pub(crate) const PTRACE: CloneFlags = CloneFlags(0x2000);
    pub(crate) const VFORK: CloneFlags = CloneFlags(0x4000);
    pub(crate) const PARENT: CloneFlags = CloneFlags(0x8000);
    pub(crate) const THREAD: CloneFlags = CloneFlags(0x1_0000);
    pub(crate) const SYSVSEM: CloneFlags = CloneFlags(0x4_0000);
    pub(crate) const SETTLS: CloneFlags = CloneFlags(0x8_0000);
    pub(crate) const PARENT_SETTID: CloneFlags = CloneFlags(0x10_0000);
    pub(crate) const CHILD_CLEARTID: CloneFlags = CloneFlags(0x20_0000);
    pub(crate) const DETACHED: CloneFlags = CloneFlags(0x40_0000);
    pub(crate) const UNTRACED: CloneFlags = CloneFlags(0x80_0000);
    pub(crate) const CHILD_SETTID: CloneFlags = CloneFlags(0x100_0000);
    pub(crate) const IO: CloneFlags = CloneFlags(0x8000_0000);
    pub(crate) const CLEAR_SIGHAND: CloneFlags = CloneFlags(0x1_0000_0000);

    /// Those that mean something here, or nothing anywhere. The others make name spaces.
    const KNOWN: u64 = CloneFlags::VM.0
        | CloneFlags::FS.0
        | CloneFlags::FILES.0
        | CloneFlags::SIGHAND.0
        | CloneFlags::PIDFD.0
        | CloneFlags::PTRACE.0
        | CloneFlags::VFORK.0
        | CloneFlags::PARENT.0
        | CloneFlags::THREAD.0
        | CloneFlags::SYSVSEM.0
        | CloneFlags::SETTLS.0
        | CloneFlags::PARENT_SETTID.0
        | CloneFlags::CHILD_CLEARTID.0
        | CloneFlags::DETACHED.0
        | CloneFlags::UNTRACED.0
        | CloneFlags::CHILD_SETTID.0
        | CloneFlags::IO.0
        | CloneFlags::CLEAR_SIGHAND.0;

    pub(crate) fn has(self, flag: CloneFlags) -> bool {
        self.0 & flag.0 != 0
    }

    /// EINVAL for what makes no sense, and for name spaces.
    fn check(self) -> Result<()> {
        let needs = |flag, needed| !self.has(flag) || self.has(needed);
        let makes_sense = needs(CloneFlags::THREAD, CloneFlags::SIGHAND)
            && needs(CloneFlags::SIGHAND, CloneFlags::VM)
            && !(self.has(CloneFlags::SIGHAND) && self.has(CloneFlags::CLEAR_SIGHAND));
        if makes_sense && self.0 & !CloneFlags::KNOWN == 0 { Ok(()) } else { Err(Errno::EINVAL) }
    }
}

/// What clone(2) asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) flags: CloneFlags,
    /// What the parent is sent when it ends.
    pub(crate) exit_signal: Option<Signal>,
    /// The child's stack pointer; null keeps the parent's.
    pub(crate) stack: Addr,
    /// CLONE_PARENT_SETTID, CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID.
    pub(crate) parent_tid: Addr,
    pub(crate) child_tid: Addr,
    /// CLONE_PIDFD.
    pub(crate) pidfd: Addr,
    /// CLONE_SETTLS.
    pub(crate) tls: Addr,
}

impl Request {
    /// fork(2)
    pub(crate) const FORK: Request = Request {
        flags: CloneFlags(0),
        exit_signal: Some(Signal::CHLD),
        stack: Addr::NULL,
        parent_tid: Addr::NULL,
        child_tid: Addr::NULL,
        pidfd: Addr::NULL,
        tls: Addr::NULL,
    };
}

/// A thread or process that is being made.
pub struct Child {
    /// It.
    pub thread: Thread,
    /// Whether it has the memory of who made it, and else a copy.
    pub shares_memory: bool,
    request: Request,
    /// CLONE_PIDFD's descriptor.
    pidfd: Option<i32>,
}

impl core::fmt::Debug for Child {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(out, "Child({}, {:?})", self.thread.tid, self.request.flags)
    }
}

impl Thread {
    /// Makes a child as `request` has it, which knows no memory yet.
    pub(crate) fn begin_child(&self, request: Request) -> Result<Box<Child>> {
        let Request { flags, exit_signal, .. } = request;
        flags.check()?;
        let is_thread = flags.has(CloneFlags::THREAD);
        let shares_memory = flags.has(CloneFlags::VM);
        let most = self.kernel.threads_max.min(self.process.limits.lock().processes());
        let mut table = self.kernel.table.lock();
        let tid = table.new_number(most)?;
        let notice = Arc::new(Notice::default());
        let process = if is_thread { self.process.clone() } else { self.process.child(tid) };
        let own = table.get(self.process.pid).and_then(|member| member.threads.get(&self.tid));
        let (name, schedule) = own.map(|thread| (thread.name.clone(), thread.schedule.inherited())).unwrap_or_default();
        if !is_thread {
            let parent = if flags.has(CloneFlags::PARENT) {
                table.get(self.process.pid).map_or(0, |member| member.parent)
            } else {
                self.process.pid
            };
            table.add(self.process.pid, parent, process.clone(), exit_signal);
        }
        if let Some(member) = table.get_mut(process.pid) {
            member.threads.insert(tid, ThreadEntry { notice: notice.clone(), name, schedule });
            member.vfork_parent = flags.has(CloneFlags::VFORK).then_some(self.tid);
        }
        drop(table);
        let copy_of_files = |files: &Arc<Mutex<FdTable>>| Arc::new(Mutex::new(files.lock().clone()));
        let shared = |flag, all: &Arc<Mutex<FdTable>>| if flags.has(flag) { all.clone() } else { copy_of_files(all) };
        let mut signals = if is_thread {
            self.signals.of_thread()
        } else {
            self.signals.of_child(flags.has(CloneFlags::SIGHAND), !shares_memory || flags.has(CloneFlags::VFORK))
        };
        if flags.has(CloneFlags::CLEAR_SIGHAND) {
            signals.clear_handlers();
        }
        let whereabouts = if flags.has(CloneFlags::FS) {
            self.whereabouts.clone()
        } else {
            Arc::new(Mutex::new(self.whereabouts.lock().clone()))
        };
        let memory = if shares_memory { self.memory.clone() } else { Arc::new(Mutex::new(self.memory.lock().clone())) };
        let thread = Thread {
            tid,
            kernel: self.kernel.clone(),
            endian: self.endian,
            whereabouts,
            files: shared(CloneFlags::FILES, &self.files),
            memory,
            signals,
            credentials: self.credentials.clone(),
            clocks: process.clocks.clone(),
            watcher: Arc::new(Waker { kernel: Arc::downgrade(&self.kernel), tid }),
            notice,
            used_ns: (0, None),
            clear_tid: if flags.has(CloneFlags::CHILD_CLEARTID) { request.child_tid } else { Addr::NULL },
            robust_list: (Addr::NULL, 0),
            lent_to: None,
            resume: None,
            opening: None,
            waiting_line: None,
            has_jumped: false,
            has_yielded: false,
            is_over: false,
            process,
        };
        thread.show_in_proc();
        self.settle_segments();
        Ok(Box::new(Child { thread, shares_memory, request, pidfd: None }))
    }

    /// The child has its memory now, or could not have it. Says how this thread goes on, and sets the registers that the child
    /// begins with.
    pub fn cloned(
        &mut self,
        child: &mut Child,
        is_made: bool,
        state: &mut State,
        space: &mut dyn AddressSpace,
    ) -> (Outcome, State) {
        let Request { flags, stack, tls, parent_tid, .. } = child.request;
        let tid = child.thread.tid;
        let mut guest = Guest { space, endian: self.endian };
        if !is_made {
            if let Some(fd) = child.pidfd.take() {
                // It was made for nothing; nobody else can have closed it.
                let _ = self.files.lock().close(fd);
            }
            child.thread.vanish();
            o32::fail(state, errno::number(Errno::ENOMEM));
            return (Outcome::Continue, state.clone());
        }
        if flags.has(CloneFlags::PARENT_SETTID) {
            // As Linux does, whatever comes of it.
            let _ = guest.write(parent_tid, &tid);
        }
        if let Some(fd) = child.pidfd {
            let _ = guest.write(child.request.pidfd, &fd);
        }
        let mut child_state = state.clone();
        o32::succeed(&mut child_state, (0, None));
        child_state.break_link();
        if stack != Addr::NULL {
            o32::set_stack_pointer(&mut child_state, stack);
        }
        if flags.has(CloneFlags::SETTLS) {
            o32::set_thread_pointer(&mut child_state, tls);
        }
        o32::succeed(state, (tid, None));
        if flags.has(CloneFlags::VFORK) {
            self.lent_to = Some(tid);
            return (Outcome::Block(Wait::default()), child_state);
        }
        (Outcome::Continue, child_state)
    }

    /// It never was.
    fn vanish(&mut self) {
        let mut table = self.kernel.table.lock();
        if self.tid == self.process.pid {
            table.remove(self.tid);
        } else if let Some(member) = table.get_mut(self.process.pid) {
            member.threads.remove(&self.tid);
        }
    }
}

impl Child {
    /// Whether it runs while its maker does: not if that has lent it its memory (vfork(2)).
    pub fn runs_beside(&self) -> bool {
        !self.request.flags.has(CloneFlags::VFORK)
    }

    /// The first thing that it does in its memory.
    pub fn begin(&self, space: &mut dyn AddressSpace) {
        if self.request.flags.has(CloneFlags::CHILD_SETTID) {
            let mut guest = Guest { space, endian: self.thread.endian };
            // As Linux does, whatever comes of it.
            let _ = guest.write(self.request.child_tid, &self.thread.tid);
        }
    }

    /// The descriptor of the process that its maker is given (CLONE_PIDFD).
    pub(crate) fn set_pidfd(&mut self, fd: i32) {
        self.pidfd = Some(fd);
    }
}
