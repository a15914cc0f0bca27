//! [`Saving`]: makes data of a world that stands still.

use super::base::{Bases, SavedBase};
use super::container;
use super::memory::SavedShared;
use super::pages::Pages;
use super::place::Systems;
use super::world::{Given, SavedConsole, SavedFor, SavedLock, SavedTeam, SavedWaiter, SavedWhereabouts, SavedWorld};
use crate::description::Description;
use crate::fdtable::FdTable;
use crate::futex::For;
use crate::kernel::Kernel;
use crate::mm::Memory;
use crate::mqueue::Queue;
use crate::signal::{Pending, SharedActions};
use crate::socket::Endpoint;
use crate::thread::{Thread, Whereabouts};
use abi::{AddressSpace, State};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;
use core::sync::atomic::Ordering;
use serde_bytes::ByteBuf;
use spin::Mutex;
use vfs::numbered::Numbered;
use vfs::pipe::Pipe;
use vfs::pty::Pair;

/// What a snapshot cannot hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsaved(pub(super) String);

impl Unsaved {
    /// Whoever has a snapshot made cannot give what belongs to it.
    pub fn because(why: String) -> Unsaved {
        Unsaved(why)
    }
}

impl fmt::Display for Unsaved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl core::error::Error for Unsaved {}

/// A world on its way into data. None of its threads runs meanwhile.
pub struct Saving {
    pub(super) kernel: Arc<Kernel>,
    pub(super) systems: Systems,
    pub(super) bases: Bases,
    pub(super) saved_bases: Vec<SavedBase>,
    pub(super) descriptions: Numbered<Description>,
    pub(super) pipes: Numbered<Pipe>,
    pub(super) pairs: Numbered<Pair>,
    pub(super) endpoints: Numbered<Endpoint>,
    pub(super) tables: Numbered<Mutex<FdTable>>,
    pub(super) whereabouts: Numbered<Mutex<Whereabouts>>,
    pub(super) actions: Numbered<SharedActions>,
    pub(super) pending: Numbered<Mutex<Pending>>,
    pub(super) queues: Numbered<Queue>,
    pub(super) shared: Numbered<dyn Any + Send + Sync>,
    pub(super) shared_contents: Vec<SavedShared>,
    pub(super) pages: Pages,
    memories: Vec<Arc<Mutex<Memory>>>,
    teams: Vec<SavedTeam>,
}

impl Saving {
    /// Nothing of a world yet.
    pub fn new(kernel: &Arc<Kernel>) -> Saving {
        Saving {
            kernel: kernel.clone(),
            systems: Systems::new(kernel),
            bases: Bases::default(),
            saved_bases: Vec::new(),
            descriptions: Numbered::default(),
            pipes: Numbered::default(),
            pairs: Numbered::default(),
            endpoints: Numbered::default(),
            tables: Numbered::default(),
            whereabouts: Numbered::default(),
            actions: Numbered::default(),
            pending: Numbered::default(),
            queues: Numbered::default(),
            shared: Numbered::default(),
            shared_contents: Vec::new(),
            pages: Pages::default(),
            memories: Vec::new(),
            teams: Vec::new(),
        }
    }

    /// Adds threads that share an address space, with their registers.
    pub fn team(&mut self, threads: &[(&Thread, &State)], space: &mut dyn AddressSpace) -> Result<(), Unsaved> {
        let Some((first, _)) = threads.first() else { return Ok(()) };
        let shared = first.memory.clone();
        let mut memory = shared.lock();
        memory.sync_all(space);
        if self.teams.is_empty() {
            self.segments(space);
        }
        let space = self.space(&memory, first.endian, space)?;
        drop(memory);
        let threads = threads.iter().map(|(thread, state)| self.thread(thread, state));
        let threads = threads.collect::<Result<_, _>>()?;
        self.memories.push(shared);
        self.teams.push(SavedTeam { space, threads });
        Ok(())
    }

    /// The file, once all threads have been added.
    pub fn finish(mut self, given: Given) -> Result<Vec<u8>, Unsaved> {
        let kernel = self.kernel.clone();
        let tables = self.tables.iter().cloned().collect::<Vec<_>>();
        let tables = tables.iter().map(|table| self.descriptors(&table.lock())).collect();
        let whereabouts = self.whereabouts.iter().cloned().collect::<Vec<_>>();
        let whereabouts = whereabouts.iter().map(|it| self.place_of(&it.lock())).collect();
        let systems = &mut self.systems;
        let socket_names = kernel.commons.sockets.save(&mut self.endpoints, |node| systems.number(node));
        let ports = kernel.commons.ports.save(&mut self.endpoints);
        let socket_names = socket_names
            .ok_or_else(|| Unsaved(String::from("a local socket is bound to a name in a directory of the host")))?;
        let queues = self.queues();
        let (mut descriptions, mut endpoints) = (Vec::new(), Vec::new());
        // Sockets carry descriptors, and descriptors lead to sockets.
        loop {
            if let Some(description) = self.descriptions.get(descriptions.len()) {
                let saved = self.description(&description)?;
                descriptions.push(saved);
            } else if let Some(endpoint) = self.endpoints.get(endpoints.len()) {
                endpoints.push(endpoint.save(&mut self.endpoints, &mut self.descriptions));
            } else {
                break;
            }
        }
        let loose = self.loose()?;
        let names = kernel.names.lock();
        let names = [&names.host, &names.domain, &names.release, &names.version, &names.machine];
        let actions = self.actions.iter().map(|actions| actions.all().to_vec()).collect();
        let pending = self.pending.iter().map(|pending| pending.lock().list()).collect();
        let world = SavedWorld {
            given,
            monotonic_ns: kernel.monotonic_ns(),
            names: names.map(|name| ByteBuf::from(name.clone())),
            processes: kernel.table.lock().save(),
            pipe_inodes: kernel.pipes(),
            mounts: kernel.mounts.list().into_iter().map(|info| ByteBuf::from(info.path)).collect(),
            loose,
            pipes: self.pipes(),
            terminals: self.terminals(),
            console: self.console(),
            descriptions,
            endpoints,
            socket_names,
            ports,
            tables,
            whereabouts,
            actions,
            pending,
            waiters: self.waiters(),
            woken: kernel.futexes.lock().woken(),
            locks: self.locks(),
            semaphores: kernel.commons.semaphores.save(),
            messages: kernel.commons.messages.save(),
            segments: kernel.commons.segments.save_with(|pages| self.shared.number(pages)),
            queues,
            teams: self.teams,
            bases: self.saved_bases,
            systems: self.systems.finish()?,
            shared: self.shared_contents,
            pages: self.pages.finish(),
        };
        container::write(&world)
    }

    fn place_of(&mut self, whereabouts: &Whereabouts) -> SavedWhereabouts {
        SavedWhereabouts {
            root: self.systems.place(&whereabouts.root),
            directory: self.systems.place(&whereabouts.directory),
            umask: whereabouts.umask,
        }
    }

    /// The nodes that no path leads to.
    fn loose(&mut self) -> Result<Vec<super::place::SavedLoose>, Unsaved> {
        let mut saved = Vec::new();
        while let Some(node) = self.systems.loose.get(saved.len()) {
            saved.push(self.systems.save_loose(&node)?);
        }
        Ok(saved)
    }

    /// The host's terminal.
    fn console(&self) -> Option<SavedConsole> {
        let console = self.kernel.terminals.console()?;
        let terminal = console.terminal()?;
        let job = terminal.job();
        Some(SavedConsole {
            session: job.session.load(Ordering::Relaxed),
            foreground: job.foreground.load(Ordering::Relaxed),
            termios: terminal.termios().ok(),
        })
    }

    fn waiters(&self) -> Vec<SavedWaiter> {
        let futexes = self.kernel.futexes.lock();
        let waiters = futexes.waiters().filter_map(|(key, tid, what, index)| {
            let mut memories = (0..).zip(&self.memories);
            let (team, memory, at) =
                memories.find_map(|(team, memory)| Some((team, memory, key.address_in(memory)?)))?;
            let what = match what {
                For::Bits(bits) => SavedFor::Bits(bits),
                For::Lock => SavedFor::Lock,
                For::Requeue(lock) => SavedFor::Requeue(lock.address_in(memory)?.0),
            };
            Some(SavedWaiter { team, at: at.0, tid, what, index })
        });
        waiters.collect()
    }

    fn locks(&self) -> Vec<SavedLock> {
        let identity = |description: &Arc<Description>| {
            let metadata = description.node().metadata().ok()?;
            Some((metadata.device, metadata.inode))
        };
        let files: Vec<_> = self.descriptions.iter().map(identity).collect();
        let locks = self.kernel.locks.lock();
        let saved = locks.iter().filter_map(|(file, lock)| {
            let description = files.iter().position(|known| *known == Some(file))?;
            Some(SavedLock {
                description: u32::try_from(description).ok()?,
                holder: self.holder(lock.holder)?,
                from: lock.from,
                end: lock.end,
                is_write: lock.is_write,
            })
        });
        saved.collect()
    }
}
