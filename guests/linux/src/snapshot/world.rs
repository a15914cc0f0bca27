//! All of a world as data.

use super::base::SavedBase;
use super::container::{self, ReadError};
use super::file::{SavedDescription, SavedTable, SavedTerminal};
use super::memory::{SavedShared, SavedSpace};
use super::pages::SavedPages;
use super::place::{SavedLoose, SavedPlace, SavedSystem};
use super::thread::{SavedHolder, SavedThread};
use crate::ipc::{Messages, SavedObjects, SavedSegments, Semaphores};
use crate::mqueue::SavedQueue;
use crate::process;
use crate::signal::{Action, Info};
use crate::socket::{SavedEndpoint, SavedNames, SavedPorts};
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use vfs::pipe::SavedPipe;
use vfs::termios::Termios;

/// What whoever made a world says of it to whoever makes it anew.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Given {
    /// What it is called.
    pub name: String,
    /// How its files were granted, in words of the command line.
    pub grants: Vec<String>,
    /// Files that were granted and go with it: path in the guest, and contents.
    pub files: Vec<(Vec<u8>, ByteBuf)>,
}

/// A snapshot that was read.
pub struct Snapshot(pub(super) SavedWorld);

impl Snapshot {
    /// Reads a file's bytes.
    pub fn read(file: &[u8]) -> Result<Snapshot, ReadError> {
        container::read(file).map(Snapshot)
    }

    /// What was said of it.
    pub fn given(&self) -> &Given {
        &self.0.given
    }
}

/// A world.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedWorld {
    pub(super) given: Given,
    /// What the monotonic clock showed.
    pub(super) monotonic_ns: u64,
    /// As uname(2) tells them: host, domain, release, version, machine.
    pub(super) names: [ByteBuf; 5],
    pub(super) processes: process::SavedTable,
    pub(super) pipe_inodes: u32,
    /// Paths of all mounts.
    pub(super) mounts: Vec<ByteBuf>,
    pub(super) systems: Vec<SavedSystem>,
    pub(super) loose: Vec<SavedLoose>,
    pub(super) bases: Vec<SavedBase>,
    pub(super) pipes: Vec<SavedPipe>,
    pub(super) terminals: Vec<SavedTerminal>,
    pub(super) console: Option<SavedConsole>,
    pub(super) descriptions: Vec<SavedDescription>,
    pub(super) endpoints: Vec<SavedEndpoint>,
    pub(super) socket_names: SavedNames,
    pub(super) ports: SavedPorts,
    pub(super) tables: Vec<SavedTable>,
    pub(super) whereabouts: Vec<SavedWhereabouts>,
    pub(super) actions: Vec<Vec<Action>>,
    pub(super) pending: Vec<Vec<Info>>,
    pub(super) teams: Vec<SavedTeam>,
    pub(super) shared: Vec<SavedShared>,
    pub(super) waiters: Vec<SavedWaiter>,
    /// Those that were woken, and by which of their words.
    pub(super) woken: Vec<(u32, u32)>,
    pub(super) locks: Vec<SavedLock>,
    pub(super) semaphores: SavedObjects<Semaphores>,
    pub(super) messages: SavedObjects<Messages>,
    pub(super) segments: SavedSegments,
    pub(super) queues: Vec<SavedQueue>,
    pub(super) pages: SavedPages,
}

/// Threads that share an address space, and that.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedTeam {
    pub(super) space: SavedSpace,
    pub(super) threads: Vec<SavedThread>,
}

/// The host's terminal: whose it is, and what it is set to.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedConsole {
    pub(super) session: u32,
    pub(super) foreground: u32,
    pub(super) termios: Option<Termios>,
}

/// Where a process is in the tree of files.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedWhereabouts {
    pub(super) root: SavedPlace,
    pub(super) directory: SavedPlace,
    pub(super) umask: u32,
}

/// A thread that waits for a word: of which team's memory, and where in there.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedWaiter {
    pub(super) team: u32,
    pub(super) at: u32,
    pub(super) tid: u32,
    pub(super) what: SavedFor,
    /// Which of several words that it waits for this is.
    pub(super) index: u32,
}

/// What such a thread waits for.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum SavedFor {
    Bits(u32),
    Lock,
    /// The lock at a word of the same memory.
    Requeue(u32),
}

/// A range of a file that is locked. The file is told by a description that has it open.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedLock {
    pub(super) description: u32,
    pub(super) holder: SavedHolder,
    pub(super) from: u64,
    pub(super) end: u64,
    pub(super) is_write: bool,
}
