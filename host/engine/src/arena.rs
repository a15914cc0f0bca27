//! [`Arena`]: memory for the machine code of all modules, closely packed.
//!
//! Left to itself, wasmtime gives each module pages of its own. That is two memory maps for each, of which a process has no more
//! than 65,530; and all modules begin at the same place of a page. A processor's caches choose a set by just those bits of an
//! address, so the entries of thousands of modules drive each other out. Here they stand behind each other, at any multiple of a
//! cache line.

#![expect(unsafe_code, reason = "maps memory twice, and has machine code run from there")]

use crate::population::Population;
use rustix::io;
use rustix::mm::{
    Advice, MapFlags, MprotectFlags, MremapFlags, ProtFlags, madvise, mmap_anonymous, mprotect, mremap, munmap,
};
use rustix::param::page_size;
use std::collections::HashSet;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::{CustomCodeMemory, Engine, Error, Module, Result, ensure};

/// Bytes of code that there is place for; beyond, and if they are very big, modules get pages of their own.
const ARENA_BYTES: usize = 1 << 30;
/// Modules that may have pages of their own: each is two memory maps.
const APART_MAX: usize = 4_000;
/// Bytes that are given up together, when nothing in them is used any more.
const CHUNK_BYTES: usize = 1 << 21;
/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// One piece of memory at two addresses: at one it can be written, at the other it can be executed, so nothing is both.
pub(crate) struct Arena {
    /// None where there is no such memory, or code that was just written may not be seen by who executes it.
    views: Option<Views>,
    chunks: Mutex<Chunks>,
    /// Where the code of modules is that have pages of their own.
    apart: Mutex<HashSet<usize>>,
    population: Arc<Population>,
}

struct Views {
    written: NonNull<u8>,
    executed: NonNull<u8>,
}

// SAFETY: both are plain memory, which belongs to the arena until that is dropped; who may touch which part of it says `Chunks`.
unsafe impl Send for Views {}
// SAFETY: as above.
unsafe impl Sync for Views {}

/// What is where.
#[derive(Default)]
struct Chunks {
    /// For each chunk that was ever used, how many use it.
    users: Vec<u32>,
    /// Those that nobody uses.
    free: Vec<usize>,
    /// The one that is being filled, and how far.
    last: Option<(usize, usize)>,
}

impl Chunks {
    /// A place for so many bytes, counted from the start of all; it is used until it is released.
    fn take(&mut self, bytes: usize) -> Option<usize> {
        if bytes > CHUNK_BYTES {
            return None;
        }
        let fits = |(_, filled): &(usize, usize)| *filled + bytes <= CHUNK_BYTES;
        let (chunk, filled) = match self.last.filter(fits) {
            Some(last) => last,
            None => (self.fresh()?, 0),
        };
        self.users[chunk] += 1;
        let end = (filled + bytes).next_multiple_of(LINE_BYTES);
        if let Some((before, _)) = self.last.replace((chunk, end))
            && before != chunk
            && self.users[before] == 0
        {
            self.free.push(before);
        }
        Some(chunk * CHUNK_BYTES + filled)
    }

    fn fresh(&mut self) -> Option<usize> {
        if let Some(chunk) = self.free.pop() {
            return Some(chunk);
        }
        if (self.users.len() + 1) * CHUNK_BYTES > ARENA_BYTES {
            return None;
        }
        self.users.push(0);
        Some(self.users.len() - 1)
    }

    /// Somebody else uses what is at `offset`.
    fn share(&mut self, offset: usize) {
        self.users[offset / CHUNK_BYTES] += 1;
    }

    /// One fewer uses what is at `offset`. The answer is the chunk, if nobody does any more.
    fn release(&mut self, offset: usize) -> Option<usize> {
        let chunk = offset / CHUNK_BYTES;
        self.users[chunk] -= 1;
        if self.users[chunk] > 0 {
            return None;
        }
        match &mut self.last {
            // It is filled from its start again.
            Some((last, filled)) if *last == chunk => *filled = 0,
            _ => self.free.push(chunk),
        }
        Some(chunk)
    }
}

impl Arena {
    /// An empty one, which tells how much code there is.
    pub(crate) fn new(population: Arc<Population>) -> Arena {
        let views = if cfg!(target_arch = "x86_64") { Views::new().ok() } else { None };
        Arena { views, chunks: Mutex::default(), apart: Mutex::default(), population }
    }

    fn chunks(&self) -> MutexGuard<'_, Chunks> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apart(&self) -> MutexGuard<'_, HashSet<usize>> {
        self.apart.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a module of what [`Module::serialize`] or [`Engine::precompile_module`] gave.
    ///
    /// # Safety
    ///
    /// That of [`Module::deserialize`]: an engine like `engine` made it, and nobody changed it since.
    pub(crate) unsafe fn load(&self, engine: &Engine, artifact: &[u8]) -> Result<Module> {
        let place = self.views.as_ref().and_then(|views| Some((views, self.chunks().take(artifact.len())?)));
        let Some((views, offset)) = place else {
            self.population.set_lacks_room(self.views.is_some() && artifact.len() <= CHUNK_BYTES);
            // SAFETY: as promised.
            return unsafe { Module::deserialize(engine, artifact) };
        };
        // SAFETY: this part of the memory is nobody else's until it is released.
        let placed = unsafe {
            ptr::copy_nonoverlapping(artifact.as_ptr(), views.written.as_ptr().add(offset), artifact.len());
            NonNull::slice_from_raw_parts(views.executed.add(offset), artifact.len())
        };
        // SAFETY: as promised; and the module uses the place until it is gone, when it says so (`unpublish_executable`).
        let module = unsafe { Module::deserialize_raw(engine, placed) };
        self.release(views, offset);
        module
    }

    /// Where `at` is in the memory, if it is in there.
    fn offset(&self, at: *const u8) -> Option<(&Views, usize)> {
        let views = self.views.as_ref()?;
        let offset = at.addr().checked_sub(views.executed.as_ptr().addr())?;
        (offset < ARENA_BYTES).then_some((views, offset))
    }

    fn release(&self, views: &Views, offset: usize) {
        let mut chunks = self.chunks();
        if let Some(chunk) = chunks.release(offset) {
            self.population.set_lacks_room(false);
            // Only a hint; and while nobody else can take it.
            // SAFETY: nobody uses anything in the chunk.
            let _ = unsafe {
                let at = views.written.as_ptr().add(chunk * CHUNK_BYTES);
                madvise(at.cast(), CHUNK_BYTES, Advice::LinuxRemove)
            };
        }
    }
}

/// How wasmtime says which code is executed from now on, and which is not any more.
impl CustomCodeMemory for Arena {
    fn required_alignment(&self) -> usize {
        LINE_BYTES
    }

    fn publish_executable(&self, at: *const u8, bytes: usize) -> Result<()> {
        if let Some((_, offset)) = self.offset(at) {
            self.chunks().share(offset);
            self.population.publish(bytes);
            return Ok(());
        }
        let mut apart = self.apart();
        ensure!(apart.len() < APART_MAX, "there is no more room for machine code");
        apart.insert(at.addr());
        protect(at, bytes, MprotectFlags::READ | MprotectFlags::EXEC)
    }

    /// Is called also for what could not be published.
    fn unpublish_executable(&self, at: *const u8, bytes: usize) -> Result<()> {
        if let Some((views, offset)) = self.offset(at) {
            self.release(views, offset);
            self.population.unpublish(bytes);
        } else if self.apart().remove(&at.addr()) {
            // The pages are given up next. A host with too many memory maps refuses this, and takes them nevertheless.
            let _ = protect(at, bytes, MprotectFlags::READ | MprotectFlags::WRITE);
        }
        Ok(())
    }
}

/// Protects the pages of a module that has pages of its own.
fn protect(at: *const u8, bytes: usize, how: MprotectFlags) -> Result<()> {
    // SAFETY: wasmtime has just written code there, and hands it over, or takes it back when nothing can execute it any more.
    unsafe { mprotect(at.cast_mut().cast(), bytes.next_multiple_of(page_size()), how) }.map_err(Error::from)
}

impl Views {
    /// Memory without a name: `perf` looks for the names of code in its map only if no file has it.
    fn new() -> io::Result<Views> {
        let flags = MapFlags::SHARED | MapFlags::NORESERVE;
        // SAFETY: no address is asked for, so nothing existing is replaced.
        let written =
            unsafe { mmap_anonymous(ptr::null_mut(), ARENA_BYTES, ProtFlags::READ | ProtFlags::WRITE, flags)? };
        // SAFETY: of shared memory of which no byte is to be moved, this makes another view (mremap(2)).
        let executed = unsafe { mremap(written, 0, ARENA_BYTES, MremapFlags::MAYMOVE) };
        let view =
            |at: *mut c_void| NonNull::new(at.cast()).expect("only what asks for it is mapped at a null address");
        let executed = executed.map(view).inspect_err(|_| Views::unmap(view(written)))?;
        let views = Views { written: view(written), executed };
        // SAFETY: it was just made.
        unsafe { mprotect(executed.as_ptr().cast(), ARENA_BYTES, MprotectFlags::READ | MprotectFlags::EXEC)? };
        Ok(views)
    }

    fn unmap(view: NonNull<u8>) {
        // SAFETY: the view is given up by who owns it.
        let result = unsafe { munmap(view.as_ptr().cast(), ARENA_BYTES) };
        debug_assert!(result.is_ok());
    }
}

impl Drop for Views {
    fn drop(&mut self) {
        Views::unmap(self.written);
        Views::unmap(self.executed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_uses_is_used_again() {
        let mut chunks = Chunks::default();
        assert_eq!(chunks.take(100), Some(0));
        assert_eq!(chunks.take(CHUNK_BYTES - 128), Some(128));
        assert_eq!(chunks.take(1), Some(CHUNK_BYTES));
        assert_eq!(chunks.release(0), None);
        chunks.share(128);
        assert_eq!(chunks.release(128), None);
        assert_eq!(chunks.release(128), Some(0));
        assert_eq!(chunks.take(CHUNK_BYTES), Some(0));
        assert_eq!(chunks.take(CHUNK_BYTES), Some(2 * CHUNK_BYTES));
        assert_eq!(chunks.take(CHUNK_BYTES + 1), None);
        // The last one begins anew.
        assert_eq!(chunks.release(2 * CHUNK_BYTES), Some(2));
        assert_eq!(chunks.take(64), Some(2 * CHUNK_BYTES));
        // What was left behind with nobody in it is found again.
        assert_eq!(chunks.release(CHUNK_BYTES), Some(1));
        assert_eq!(chunks.take(CHUNK_BYTES), Some(CHUNK_BYTES));
    }

    #[test]
    fn there_is_an_end() {
        let mut chunks = Chunks::default();
        let count = ARENA_BYTES / CHUNK_BYTES;
        assert!((0..count).all(|chunk| chunks.take(CHUNK_BYTES) == Some(chunk * CHUNK_BYTES)));
        assert_eq!(chunks.take(1), None);
        assert_eq!(chunks.release(3 * CHUNK_BYTES), Some(3));
        assert_eq!(chunks.take(1), Some(3 * CHUNK_BYTES));
    }

    #[test]
    fn code_runs_from_there_and_goes_with_its_module() {
        let arena = Arc::new(Arena::new(Arc::default()));
        let mut config = wasmtime::Config::new();
        // As in all our engines: when it is forgotten, the code has gone already.
        config.with_custom_code_memory(Some(arena.clone())).native_unwind_info(false);
        let engine = Engine::new(&config).unwrap();
        // (module (func (export "f") (result i32) i32.const NUMBER))
        let wasm = |number: u8| {
            let head = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x05\x01\x01f\0\0";
            [&head[..], b"\x0a\x06\x01\x04\0\x41", &[number, 0x0b]].concat()
        };
        let run = |module: &Module| {
            let mut store = wasmtime::Store::new(&engine, ());
            let instance = wasmtime::Instance::new(&mut store, module, &[]).unwrap();
            instance.get_typed_func::<(), i32>(&mut store, "f").unwrap().call(&mut store, ()).unwrap()
        };
        // SAFETY: this engine made it.
        let load = |bytes: &[u8]| unsafe { arena.load(&engine, bytes) };
        let artifact = |number| engine.precompile_module(&wasm(number)).unwrap();
        let modules: Vec<Module> = (0..3).map(|number| load(&artifact(number)).unwrap()).collect();
        assert_eq!(modules.iter().map(run).collect::<Vec<i32>>(), [0, 1, 2]);
        assert!(load(b"no such thing").is_err());
        assert_eq!(run(&Module::new(&engine, wasm(7)).unwrap()), 7);
        if arena.views.is_some() {
            assert_eq!(arena.chunks().users, [3]);
            drop(modules);
            assert_eq!(arena.chunks().users, [0]);
        }
    }
}
