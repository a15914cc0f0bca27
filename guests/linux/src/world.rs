//! [`World`]: every authority a process has. What is not here, it cannot reach.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use image::{Image, ImageError};
use vfs::mount::Mounts;
use vfs::node::{File, NodeRef, Open, TimeNs};

/// The time of day and the time that passes.
pub trait Clocks: Send + Sync {
    /// Since the Unix epoch.
    fn realtime(&self) -> TimeNs;
    /// Nanoseconds of a clock that never goes back: the clock of [`crate::Wait`].
    fn monotonic_ns(&self) -> u64;
    /// Nanoseconds of processor time used.
    fn cpu_ns(&self) -> u64;
}

/// Fills a buffer with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Takes lines of strace text, without their newline.
pub type TraceSink = Box<dyn FnMut(&str) + Send>;

/// A standard stream.
pub struct Stream {
    /// What it is.
    pub node: NodeRef,
    /// It, open.
    pub file: Box<dyn File>,
    /// How it was opened.
    pub how: Open,
}

/// What uname(2) tells.
#[derive(Clone, Debug)]
pub struct Names {
    /// Host name.
    pub host: Vec<u8>,
    /// NIS domain.
    pub domain: Vec<u8>,
    /// Kernel release.
    pub release: Vec<u8>,
    /// Kernel version.
    pub version: Vec<u8>,
    /// Machine.
    pub machine: Vec<u8>,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            host: b"strata".to_vec(),
            domain: b"(none)".to_vec(),
            release: b"6.1.0-strata".to_vec(),
            version: b"#1 SMP Strata".to_vec(),
            machine: b"mips".to_vec(),
        }
    }
}

/// Who the process is.
#[derive(Clone, Debug)]
pub struct Ids {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Process.
    pub pid: u32,
    /// Parent process.
    pub parent: u32,
}

impl Default for Ids {
    fn default() -> Ids {
        Ids { uid: 0, gid: 0, groups: Vec::new(), pid: 1, parent: 0 }
    }
}

/// Every authority a process has.
pub struct World {
    /// The files it can name. A process mounts its own /proc here.
    pub mounts: Arc<Mounts>,
    /// Working directory, absolute.
    pub directory: Vec<u8>,
    /// Standard input, output and error.
    pub streams: [Option<Stream>; 3],
    /// Time.
    pub clocks: Arc<dyn Clocks>,
    /// Randomness.
    pub random: Random,
    /// What uname(2) tells.
    pub names: Names,
    /// Who it is.
    pub ids: Ids,
    /// umask(2).
    pub umask: u32,
    /// Most bytes it may map.
    pub memory_bytes_max: u64,
    /// Takes strace text.
    pub trace: Option<TraceSink>,
    /// Processors it is told of.
    pub processors: u32,
}

/// A program, read but not loaded.
pub struct Program {
    /// What it says of itself.
    pub image: Image,
    /// Its file, open for reading.
    pub file: Box<dyn File>,
    /// Its path in the guest's name space: AT_EXECFN and /proc/self/exe.
    pub path: Vec<u8>,
    /// Its node, if it has one.
    pub node: Option<NodeRef>,
}

impl Program {
    /// What a file of `bytes` bytes says of itself. Its code is not read.
    pub fn describe(file: &dyn File, bytes: u64) -> vfs::Result<Result<Image, ImageError>> {
        let failed = Cell::new(None);
        let read = |at: u64, into: &mut [u8]| match file.read_full(at, into) {
            Ok(read) => read == into.len(),
            Err(errno) => {
                failed.set(Some(errno));
                false
            }
        };
        let image = Image::read(bytes, &read);
        failed.get().map_or(Ok(image), Err)
    }
}

/// Why a program could not be started.
#[derive(Debug)]
pub enum StartError {
    /// It does not fit into memory.
    Memory,
    /// The arguments and the environment are too long.
    Arguments,
    /// It needs a dynamic linker.
    Dynamic(String),
    /// A segment lies where nothing can be loaded.
    Segment(u32),
    /// Its file could not be read.
    File(vfs::Errno),
    /// The working directory is not there.
    Directory(vfs::Errno),
}

impl core::fmt::Display for StartError {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            StartError::Memory => write!(out, "the program does not fit into memory: allow it more with --max-memory"),
            StartError::Arguments => write!(out, "arguments and environment are longer than 2 MiB: pass fewer"),
            StartError::Dynamic(linker) => {
                write!(
                    out,
                    "a dynamic program that wants {linker}: only static programs run so far; link it with -static"
                )
            }
            StartError::Segment(at) => write!(out, "a segment at {at:#010x} lies where Linux loads nothing"),
            StartError::File(errno) => write!(out, "its file: {}: copy it to another place", errno.text()),
            StartError::Directory(errno) => write!(out, "the working directory: {}: choose another", errno.text()),
        }
    }
}

impl core::error::Error for StartError {}
