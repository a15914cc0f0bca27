//! [`Program`]: an ELF file that is to be run, and what loads it.

use crate::access::Wish;
use crate::flags::{AtFlags, DirFd};
use crate::thread::Thread;
use abi::CodeFile;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use image::{Image, ImageError};
use vfs::node::{File, Kind, NodeRef, Open};

/// A program, read but not loaded.
pub struct Program {
    /// What it says of itself.
    pub image: Image,
    /// Its file, open for reading.
    pub file: Arc<dyn File>,
    /// The file's length in bytes.
    pub bytes: u64,
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

    /// It as the file of the code that is mapped from it.
    pub(crate) fn code_file(&self) -> CodeFile {
        code_file(self.file.clone(), self.bytes, Arc::new(self.path.clone()))
    }
}

/// A file of code that is mapped.
pub(crate) fn code_file(file: Arc<dyn File>, bytes: u64, path: Arc<Vec<u8>>) -> CodeFile {
    let read = move |at: u64, into: &mut [u8]| file.read_full(at, into).is_ok_and(|read| read == into.len());
    CodeFile { path, bytes, read: Arc::new(read) }
}

/// Why a dynamic linker cannot be used.
#[derive(Debug)]
pub enum LinkerError {
    /// It could not be opened.
    File(vfs::Errno),
    /// It is no ELF file, or a damaged one.
    Image(ImageError),
    /// It cannot run.
    Unfit(image::Why),
    /// It is of the other byte order.
    Endian,
}

impl core::fmt::Display for LinkerError {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            LinkerError::File(errno) => write!(
                out,
                "{}; give the guest a root file system that has it and the program's libraries with --root, or link \
                 the program with -static",
                errno.text()
            ),
            LinkerError::Image(error) => write!(out, "{error}"),
            LinkerError::Unfit(why) => write!(out, "{why}"),
            LinkerError::Endian => {
                write!(out, "of the other byte order: give a root file system for this program's with --root")
            }
        }
    }
}

/// Why a program could not be started.
#[derive(Debug)]
pub enum StartError {
    /// It does not fit into memory.
    Memory,
    /// The arguments and the environment are too long.
    Arguments,
    /// It needs a dynamic linker, and there is none, or it is no such thing.
    Linker(String, LinkerError),
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
            StartError::Linker(linker, error) => write!(out, "it wants {linker} to load it: {error}"),
            StartError::Segment(at) => write!(out, "a segment at {at:#010x} lies where Linux loads nothing"),
            StartError::File(errno) => write!(out, "its file: {}: copy it to another place", errno.text()),
            StartError::Directory(errno) => write!(out, "the working directory: {}: choose another", errno.text()),
        }
    }
}

impl core::error::Error for StartError {}

impl Thread {
    /// A file that may be executed, open, its node, and its length in bytes.
    pub(crate) fn executable(&self, path: &[u8]) -> vfs::Result<(NodeRef, Arc<dyn File>, u64)> {
        let place = self.resolve(DirFd::CURRENT, path, AtFlags::NONE)?;
        let metadata = place.node().metadata()?;
        if metadata.kind != Kind::File {
            return Err(vfs::Errno::EACCES);
        }
        self.credentials.check(&metadata, Wish::SEARCH)?;
        let file = place.node().open(Open { read: true, ..Open::default() })?;
        Ok((place.node().clone(), Arc::from(file), metadata.size))
    }

    /// What loads a program, if it is not loaded by itself (PT_INTERP).
    pub(crate) fn linker(&self, image: &Image) -> Result<Option<Program>, StartError> {
        let Some(name) = &image.interpreter else { return Ok(None) };
        let open = || {
            let (node, file, bytes) = self.executable(name.as_bytes()).map_err(LinkerError::File)?;
            let linker = Program::describe(&*file, bytes).map_err(LinkerError::File)?.map_err(LinkerError::Image)?;
            image::can_run(&linker).map_err(LinkerError::Unfit)?;
            if linker.endian != image.endian {
                return Err(LinkerError::Endian);
            }
            Ok(Program { image: linker, file, bytes, path: name.clone().into_bytes(), node: Some(node) })
        };
        open().map(Some).map_err(|error| StartError::Linker(name.clone(), error))
    }
}
