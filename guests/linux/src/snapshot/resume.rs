//! [`Resuming`]: makes a world of a snapshot.

use super::base::{self, Bases};
use super::file::{Pipes, SavedDescription, SavedTable};
use super::memory::SavedShared;
use super::pages::SavedPages;
use super::place::{Nodes, SavedSystem};
use super::world::{SavedConsole, SavedFor, SavedLock, SavedTeam, SavedWaiter, SavedWhereabouts, Snapshot};
use crate::anonymous::take_socket_inodes;
use crate::description::Description;
use crate::event::{Epoll, SavedEntry};
use crate::fdtable::FdTable;
use crate::futex::{For, Key};
use crate::ipc::{Messages, SavedObjects, SavedSegments, Semaphores};
use crate::kernel::{Kernel, Parts};
use crate::limits::Limits;
use crate::lock::Lock;
use crate::mm::Memory;
use crate::mqueue::{Queue, SavedQueue};
use crate::process::{self, Table};
use crate::ready::special;
use crate::signal::{Action, Info, Pending, SharedActions, Signal};
use crate::socket::{Endpoint, SavedEndpoint, SavedNames};
use crate::terminals::Terminals;
use crate::thread::{Thread, Whereabouts};
use crate::world::{Clocks, Names, Stream, World};
use abi::{Addr, AddressSpace, Endian, Mappable, State};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use serde_bytes::ByteBuf;
use spin::Mutex;
use vfs::memfs::Unrestored;
use vfs::node::{Clock, TimeNs};
use vfs::terminal::SetWhen;
use vfs::{Errno, File, NodeRef, Walk, pty};

/// Why a snapshot cannot be resumed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unresumed {
    /// It needs something mounted there.
    Mount(Vec<u8>),
    /// A file that it needs is not there.
    Missing(Vec<u8>),
    /// A file that was mapped is another one there.
    Changed(Vec<u8>),
    /// There is not enough memory.
    Memory,
    /// The files that it holds cannot be held here.
    Files(Errno),
    /// It has more descriptors than a process may have.
    Descriptors,
    /// It has more processes and threads than there may be.
    Threads,
    /// It contradicts itself.
    Malformed,
}

impl fmt::Display for Unresumed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        match self {
            Unresumed::Mount(path) => write!(out, "it had something mounted at {}", name(path)),
            Unresumed::Missing(path) => write!(out, "{} is not there", name(path)),
            Unresumed::Changed(path) => write!(out, "{} is not the file that it was", name(path)),
            Unresumed::Memory => write!(out, "there is not enough memory: allow it more with --max-memory"),
            Unresumed::Files(errno) => write!(out, "the files that it holds: {}", errno.text()),
            Unresumed::Descriptors => write!(out, "it has more descriptors: allow more with --max-fds"),
            Unresumed::Threads => write!(out, "it has more processes: allow more with --max-procs"),
            Unresumed::Malformed => write!(out, "the snapshot contradicts itself: make it anew"),
        }
    }
}

impl core::error::Error for Unresumed {}

impl From<Unrestored> for Unresumed {
    fn from(error: Unrestored) -> Unresumed {
        match error {
            Unrestored::Missing(path) => Unresumed::Missing([b"/", &path[..]].concat()),
            Unrestored::Malformed => Unresumed::Malformed,
            Unrestored::Errno(errno) => Unresumed::Files(errno),
        }
    }
}

/// The processes, with the limits of this world.
fn processes(saved: process::SavedTable, world: &World, clocks: &Arc<dyn Clocks>) -> Result<Table, Unresumed> {
    let limits = Limits::new(world.memory_bytes_max, world.descriptors_max, world.threads_max);
    if saved.thread_count() > world.threads_max as usize {
        return Err(Unresumed::Threads);
    }
    saved.restore(clocks, &limits).ok_or(Unresumed::Malformed)
}

/// Mounts /proc, after which all must be there that was.
fn mount(kernel: &Arc<Kernel>, pipes: u32, mounts: &[ByteBuf]) -> Result<(), Unresumed> {
    crate::proc::mount(kernel);
    kernel.set_pipes(pipes);
    match mounts.iter().find(|path| !is_mounted(kernel, path)) {
        Some(path) => Err(Unresumed::Mount(path.to_vec())),
        None => Ok(()),
    }
}

/// A world that is made of a snapshot, but for its teams, which are taken one after the other.
pub struct Resuming {
    pub(super) kernel: Arc<Kernel>,
    pub(super) clocks: Arc<dyn Clocks>,
    pub(super) nodes: Nodes,
    pub(super) bases: Bases,
    pub(super) streams: [Option<Box<dyn File>>; 3],
    pub(super) pipes: Pipes,
    pub(super) pairs: Vec<Arc<pty::Pair>>,
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    pub(super) queues: Vec<Arc<Queue>>,
    pub(super) descriptions: Vec<Arc<Description>>,
    pub(super) tables: Vec<Arc<Mutex<FdTable>>>,
    pub(super) whereabouts: Vec<Arc<Mutex<Whereabouts>>>,
    pub(super) actions: Vec<Arc<SharedActions>>,
    pub(super) pending: Vec<Arc<Mutex<Pending>>>,
    pub(super) shared: Vec<Option<Mappable>>,
    pub(super) shared_contents: Vec<SavedShared>,
    /// Until there is an address space, which is what makes their pages.
    pub(super) segments: Option<SavedSegments>,
    pub(super) pages: SavedPages,
    pub(super) memory_bytes_max: u64,
    pub(super) descriptors_max: u32,
    memories: Vec<Arc<Mutex<Memory>>>,
    teams: VecDeque<SavedTeam>,
    waiters: Vec<SavedWaiter>,
    locks: Vec<SavedLock>,
}

/// Clocks that go on where those of another host stood.
struct Continued {
    host: Arc<dyn Clocks>,
    /// By how much the monotonic one is ahead of the host's, wrapping.
    ahead_ns: u64,
}

impl Clocks for Continued {
    fn realtime(&self) -> TimeNs {
        self.host.realtime()
    }
    fn monotonic_ns(&self) -> u64 {
        self.host.monotonic_ns().wrapping_add(self.ahead_ns)
    }
    fn cpu_ns(&self) -> u64 {
        self.host.cpu_ns()
    }
    fn host_thread(&self) -> u32 {
        self.host.host_thread()
    }
    fn cpu_ns_of(&self, host_thread: u32) -> Option<u64> {
        self.host.cpu_ns_of(host_thread)
    }
}

impl Resuming {
    /// Makes a world of what a snapshot holds and what this host grants. Directory and identity of the latter do not matter.
    pub fn new(snapshot: Snapshot, mut world: World) -> Result<Resuming, Unresumed> {
        let saved = snapshot.0;
        let ahead_ns = saved.monotonic_ns.wrapping_sub(world.clocks.monotonic_ns());
        let clocks: Arc<dyn Clocks> = Arc::new(Continued { host: world.clocks.clone(), ahead_ns });
        let Streams { open, nodes: streams, console } = Streams::of(core::mem::take(&mut world.streams));
        let time = clocks.clone();
        let systems = systems(saved.systems, &world.mounts, &(Arc::new(move || time.realtime()) as Clock))?;
        let loose = saved.loose.into_iter().map(|node| node.restore(&systems, &streams));
        let loose = loose.collect::<Option<Vec<NodeRef>>>().ok_or(Unresumed::Malformed)?;
        let [host, domain, release, version, machine] = saved.names.map(ByteBuf::into_vec);
        let table = processes(saved.processes, &world, &clocks)?;
        let pairs = saved.terminals.into_iter().map(|terminal| terminal.restore(&world.terminals));
        let pairs = pairs.collect::<Option<_>>().ok_or(Unresumed::Malformed)?;
        let parts = Parts {
            mounts: world.mounts.clone(),
            clocks: clocks.clone(),
            random: world.random,
            names: Names { host, domain, release, version, machine },
            processors: world.processors,
            threads_max: u64::from(world.threads_max),
            trace: world.trace,
            terminals: Terminals::new(world.terminals, console, 0),
            streams,
            network: world.network,
        };
        let kernel = Kernel::new(parts, table);
        mount(&kernel, saved.pipe_inodes, &saved.mounts)?;
        let nodes = Nodes { mounts: world.mounts, systems, loose };
        let bases = base::restore(&saved.bases, &nodes)?;
        take_socket_inodes(saved.endpoints.iter().map(|endpoint| endpoint.inode).max().unwrap_or(0));
        let mut resuming = Resuming {
            kernel: kernel.clone(),
            clocks,
            nodes,
            bases,
            streams: open,
            pipes: saved.pipes.into_iter().map(Some).collect(),
            pairs,
            endpoints: saved.endpoints.iter().map(|endpoint| endpoint.make()).collect(),
            queues: Vec::new(),
            descriptions: Vec::new(),
            tables: Vec::new(),
            whereabouts: Vec::new(),
            actions: saved.actions.into_iter().map(actions).collect::<Option<_>>().ok_or(Unresumed::Malformed)?,
            pending: saved.pending.into_iter().map(pending).collect(),
            shared: Vec::new(),
            shared_contents: saved.shared,
            segments: Some(saved.segments),
            pages: saved.pages,
            memory_bytes_max: world.memory_bytes_max,
            descriptors_max: world.descriptors_max,
            memories: Vec::new(),
            teams: saved.teams.into(),
            waiters: saved.waiters,
            locks: saved.locks,
        };
        resuming.queues(saved.queues)?;
        resuming.files(saved.descriptions, saved.endpoints, saved.socket_names)?;
        kernel.commons.ports.restore(saved.ports, &resuming.endpoints).ok_or(Unresumed::Malformed)?;
        resuming.tables(saved.tables, saved.whereabouts)?;
        resuming.objects(saved.semaphores, saved.messages)?;
        kernel.futexes.lock().set_woken(saved.woken);
        resuming.programs();
        resuming.console(saved.console);
        Ok(resuming)
    }

    /// What all processes of the world share.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Whether the next team's address space has the other byte order than most; none if all have been taken.
    pub fn next_is_big_endian(&self) -> Option<bool> {
        self.teams.front().map(|team| team.space.endian == Endian::Big)
    }

    /// The threads of the next team with their registers, whose memory is put into `space`.
    pub fn next(&mut self, space: &mut dyn AddressSpace) -> Result<Vec<(Thread, State)>, Unresumed> {
        let Some(saved) = self.teams.pop_front() else { return Ok(Vec::new()) };
        if let Some(segments) = self.segments.take() {
            self.segments(segments, space)?;
        }
        let memory = self.memory(&saved.space, space)?;
        let memory = Arc::new(Mutex::new(memory));
        let threads = saved.threads.into_iter().map(|thread| self.thread(thread, &memory));
        let threads = threads.collect::<Result<Vec<_>, _>>()?;
        self.memories.push(memory);
        Ok(threads)
    }

    /// Once all teams have been taken: who waits for words of their memory, and what is locked.
    pub fn finish(self) -> Result<(), Unresumed> {
        let mut futexes = self.kernel.futexes.lock();
        for &SavedWaiter { team, at, tid, what, index } in &self.waiters {
            let memory = self.memories.get(team as usize).ok_or(Unresumed::Malformed)?;
            let key = Key::of(memory, Addr(at));
            match what {
                _ if index > 0 => futexes.wait_also(key, tid, index),
                SavedFor::Bits(bits) => futexes.wait(key, tid, For::Bits(bits)),
                SavedFor::Lock => futexes.wait(key, tid, For::Lock),
                SavedFor::Requeue(lock) => futexes.wait(key, tid, For::Requeue(Key::of(memory, Addr(lock)))),
            }
        }
        drop(futexes);
        for saved in &self.locks {
            let description = self.descriptions.get(saved.description as usize).ok_or(Unresumed::Malformed)?;
            let metadata = description.node().metadata().map_err(|_| Unresumed::Malformed)?;
            let holder = self.holder(&saved.holder).ok_or(Unresumed::Malformed)?;
            let lock = Lock { holder, from: saved.from, end: saved.end, is_write: saved.is_write };
            self.kernel.locks.lock().set((metadata.device, metadata.inode), lock);
            description.release_with(&self.kernel);
        }
        self.kernel.commons.ports.announce_all();
        Ok(())
    }

    /// POSIX message queues.
    fn queues(&mut self, saved: Vec<SavedQueue>) -> Result<(), Unresumed> {
        let queues = self.kernel.commons.queues.restore(saved, &self.nodes.loose, &self.endpoints);
        self.queues = queues.ok_or(Unresumed::Malformed)?;
        Ok(())
    }

    /// Descriptions, sockets, and what waits for them.
    fn files(
        &mut self,
        descriptions: Vec<SavedDescription>,
        endpoints: Vec<SavedEndpoint>,
        names: SavedNames,
    ) -> Result<(), Unresumed> {
        let mut waiting: Vec<(usize, Vec<SavedEntry>)> = Vec::new();
        for (number, saved) in descriptions.into_iter().enumerate() {
            let (description, entries) = self.description(saved)?;
            self.descriptions.push(Arc::new(description));
            if !entries.is_empty() {
                waiting.push((number, entries));
            }
        }
        for (endpoint, saved) in self.endpoints.iter().zip(endpoints) {
            let commons = &self.kernel.commons;
            endpoint.restore(saved, &self.endpoints, &self.descriptions, commons).ok_or(Unresumed::Malformed)?;
        }
        let bound = self.kernel.commons.sockets.restore(names, &self.endpoints, |at| self.nodes.memory(at));
        bound.ok_or(Unresumed::Malformed)?;
        for (number, entries) in waiting {
            let file = self.descriptions[number].shared_file();
            if let Some(epoll) = file.as_deref().and_then(special::<Epoll>) {
                let find = |number: u32| self.descriptions.get(number as usize).cloned();
                epoll.restore(entries, find).map_err(|_| Unresumed::Malformed)?;
            }
        }
        Ok(())
    }

    /// Descriptor tables, and where processes are.
    fn tables(&mut self, tables: Vec<SavedTable>, whereabouts: Vec<SavedWhereabouts>) -> Result<(), Unresumed> {
        for saved in tables {
            let table = self.descriptors(saved)?;
            self.tables.push(Arc::new(Mutex::new(table)));
        }
        for saved in whereabouts {
            let place = |saved| self.nodes.place(saved).map_err(Unresumed::Missing);
            let (root, directory) = (place(&saved.root)?, place(&saved.directory)?);
            let whereabouts = Whereabouts { root, directory, umask: saved.umask & 0o777 };
            self.whereabouts.push(Arc::new(Mutex::new(whereabouts)));
        }
        Ok(())
    }

    /// System V objects.
    fn objects(&self, semaphores: SavedObjects<Semaphores>, messages: SavedObjects<Messages>) -> Result<(), Unresumed> {
        if !(semaphores.all(Semaphores::is_sound) && messages.all(|_| true)) {
            return Err(Unresumed::Malformed);
        }
        self.kernel.commons.semaphores.restore(semaphores);
        self.kernel.commons.messages.restore(messages);
        Ok(())
    }

    /// Finds the files of programs, for /proc/self/exe.
    fn programs(&self) {
        let processes: Vec<_> = self.kernel.table.lock().iter().map(|(_, member)| member.process.clone()).collect();
        for process in processes {
            process.find_program(|path| Some(Walk::new(&self.kernel.mounts).resolve(path).ok()?.node().clone()));
        }
    }

    /// The terminal here is what the one there was, and its foreground looks at its size.
    fn console(&self, saved: Option<SavedConsole>) {
        let (Some(saved), Some(console)) = (saved, self.kernel.terminals.console()) else { return };
        let Some(terminal) = console.terminal() else { return };
        terminal.job().give(saved.session, saved.foreground);
        if let Some(termios) = saved.termios {
            // Another terminal may not know all of it.
            let _ = terminal.set_termios(&termios, SetWhen::Now);
        }
        self.kernel.raise_in(saved.foreground, Signal::WINCH);
    }
}

/// The standard streams here.
#[derive(Default)]
struct Streams {
    open: [Option<Box<dyn File>>; 3],
    nodes: [Option<NodeRef>; 3],
    /// The first of them that is a terminal.
    console: Option<Arc<dyn File>>,
}

impl Streams {
    fn of(given: [Option<Stream>; 3]) -> Streams {
        let mut streams = Streams::default();
        for (number, stream) in given.into_iter().enumerate() {
            let Some(Stream { node, file, how }) = stream else { continue };
            if streams.console.is_none() && file.terminal().is_some() {
                streams.console = node.open(how).ok().map(Arc::from);
            }
            (streams.open[number], streams.nodes[number]) = (Some(file), Some(node));
        }
        streams
    }
}

fn is_mounted(kernel: &Kernel, path: &[u8]) -> bool {
    kernel.mounts.list().iter().any(|info| info.path == path)
}

/// Fills file systems in memory, and mounts all mounts on what is then there.
fn systems(saved: Vec<SavedSystem>, mounts: &vfs::Mounts, clock: &Clock) -> Result<Vec<Vec<NodeRef>>, Unresumed> {
    let mut systems = Vec::new();
    let mounted = mounts.list();
    for SavedSystem { at, fs } in saved {
        systems.push(match at {
            Some(path) => {
                let info = mounted.iter().find(|info| info.path == path.as_slice());
                let root = info.and_then(|info| mounts.mounted(info.id));
                fs.restore(&root.ok_or_else(|| Unresumed::Mount(path.to_vec()))?)?
            }
            None => fs.restore_loose(clock.clone())?,
        });
    }
    mounts.reattach().map_err(|_| Unresumed::Malformed)?;
    Ok(systems)
}

fn actions(saved: Vec<Action>) -> Option<Arc<SharedActions>> {
    Some(SharedActions::new(saved.try_into().ok()?))
}

fn pending(saved: Vec<Info>) -> Arc<Mutex<Pending>> {
    Arc::new(Mutex::new(Pending::restored(saved)))
}
