//! [`Modules`]: where compiled modules come from: the compiler, what processes of this run or earlier runs left, or a program's
//! own file.

use crate::codes::Code;
use crate::compiler::Compiler;
use crate::memory::GuestMemory;
use abi::CodeFile;
use cache::{Bundle, Digest, Keep, Kind, Object, Part, Precompiled, Published, Record, StoreError};
use mips::reading::emit::Options;
use mips::reading::interp::Bus;
use mips::state::FpuMode;
use mips::translate::{Memories, Unit, driver};
use run::{Made, Space};
use std::collections::HashMap;
use std::iter;
use std::sync::Arc;
use wasmtime::{Module, Result};

/// A compiler, started when first needed, what it made so far, and a cache, if there is one.
#[derive(Default)]
pub(crate) struct Modules {
    compiler: Option<Compiler>,
    driver: Option<Module>,
    keep: Option<Keep>,
    /// What was translated ahead of time.
    precompiled: Option<Precompiled>,
    /// What this run has of each object, by where it may be entered, the newest last.
    live: HashMap<ObjectKey, HashMap<u32, Vec<Arc<Live>>>>,
}

/// Which object is meant: path, base and length in bytes.
type ObjectKey = (Arc<Vec<u8>>, u32, u64);

/// A module that some process of this run has.
struct Live {
    module: Module,
    units: Arc<[Unit]>,
    options: Options,
    /// What it was made of.
    code: Digest,
    /// The engine that made it, which has it, or is about to be given it.
    owner: Option<u64>,
}

/// For whom a module is, beside the process that wanted it: an object, and the code it is made of as it was then.
pub(crate) struct Purpose {
    key: ObjectKey,
    /// The objects' numbers in the cache, with where they are, that first that it is for.
    parts: Vec<Part>,
    code: Digest,
}

/// What there is for an entry.
pub(crate) enum Kept {
    /// Nothing.
    Nothing,
    /// Something that was made of other code, or is damaged.
    Stale,
    /// This.
    Module {
        module: Module,
        /// Its functions.
        units: Arc<[Unit]>,
        /// Those of their entries for which there is something newer, in order.
        older: Vec<u32>,
    },
}

/// How modules come by their memories.
pub(crate) const MEMORIES: Memories = Memories::CpuDefined;

/// What the driver takes for granted: nothing.
pub(crate) const NO_MADE: Made = Made {
    root: 0,
    options: Options {
        big_endian: false,
        fpu: FpuMode { fr: false, nan2008: false, exact: false, abs2008: false },
        fault_precise: false,
    },
};

/// The guest's code as it is now.
fn code(memory: &GuestMemory) -> impl FnMut(u32, &mut [u8]) -> bool {
    |at, into| memory.fetch_all(at, into)
}

fn key(code: &Code) -> ObjectKey {
    (code.file.path.clone(), code.base, code.file.bytes)
}

/// The number of the object that has this code.
fn object(keep: &mut Keep, code: &Code, big_endian: bool) -> Option<usize> {
    let CodeFile { path, bytes, read } = &code.file;
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let name = String::from_utf8_lossy(name);
    if let Some(number) = keep.find(&name, code.base, *bytes) {
        return Some(number);
    }
    let read = read.clone();
    let read = Box::new(move |at: u64, into: &mut [u8]| read(at, into));
    keep.add_object(Object { name: name.into_owned(), base: code.base, bytes: *bytes, big_endian, read })
}

/// The objects whose code `units` were made of, beginning with that at `first`. None if some of it is no file's.
fn parts(keep: &mut Keep, first: &Code, units: &[Unit], memory: &GuestMemory) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let starts = units.iter().flat_map(|unit| &unit.ranges).map(|(from, _)| *from);
    for at in iter::once(first.range.start).chain(starts) {
        if !parts.iter().any(|part| part.range.contains(&at)) {
            let codes = memory.codes();
            let code = codes.at(at)?;
            let object = object(keep, code, memory.is_big_endian())?;
            parts.push(Part { range: code.range.clone(), object });
        }
    }
    Some(parts)
}

fn compiler(started: &mut Option<Compiler>) -> Result<&Compiler> {
    match started {
        Some(compiler) => Ok(compiler),
        none => Ok(none.insert(Compiler::new()?)),
    }
}

impl Modules {
    /// Uses a cache from now on.
    pub(crate) fn keep(&mut self, keep: Keep) {
        self.keep = Some(keep);
    }

    /// Uses what was translated ahead of time from now on, where earlier runs left nothing.
    pub(crate) fn precompiled(&mut self, code: Precompiled) {
        self.precompiled = Some(code);
    }

    /// Whether it keeps what it is given for the next run.
    pub(crate) fn keeps(&self) -> bool {
        self.keep.as_ref().is_some_and(Keep::is_open)
    }

    /// Whether what there is costs next to nothing to look at: a process of this run looked before.
    pub(crate) fn is_warm(&self) -> bool {
        !self.live.is_empty()
    }

    pub(crate) fn compiler(&mut self) -> Result<&Compiler> {
        compiler(&mut self.compiler)
    }

    /// What drives translated code.
    pub(crate) fn driver(&mut self) -> Result<Module> {
        if let Some(driver) = &self.driver {
            return Ok(driver.clone());
        }
        let bundles =
            self.keep.iter_mut().flat_map(Keep::bundles).chain(self.precompiled.as_mut().map(|it| &mut it.bundle));
        let artifact = bundles.into_iter().find_map(|bundle| bundle.driver());
        let compiler = compiler(&mut self.compiler)?;
        let module = match artifact.and_then(|artifact| compiler.load(&artifact).ok()) {
            Some(module) => module,
            None => {
                let artifact = compiler.compile(&driver(Memories::Defined))?;
                let module = compiler.load(&artifact)?;
                if let Some(keep) = &mut self.keep
                    && let Some(code) = Record::digest(&[], |_, _| false)
                {
                    let Made { root, options } = NO_MADE;
                    keep.add_driver(Record { kind: Kind::Driver, options, root, units: Vec::new(), code, artifact });
                }
                module
            }
        };
        self.driver = Some(module.clone());
        Ok(module)
    }

    /// Whom a module is for that is to be made of the guest's code as it is now; nobody else if that is no file's.
    pub(crate) fn purpose(&mut self, units: &[Unit], made: Made, memory: &GuestMemory) -> Option<Purpose> {
        let at = memory.codes().at(made.root)?.clone();
        let at = &at;
        let digest = Record::digest(units, code(memory))?;
        // What another thread has changed since is not what was translated.
        if memory.has_changed() {
            return None;
        }
        let keep = self.keep.as_mut().filter(|keep| keep.is_open());
        let parts = keep.and_then(|keep| parts(keep, at, units, memory)).unwrap_or_default();
        Some(Purpose { key: key(at), parts, code: digest })
    }

    /// Remembers a module for other processes, and its artifact for the next run.
    pub(crate) fn add(
        &mut self,
        (module, artifact): (&Module, Vec<u8>),
        units: &Arc<[Unit]>,
        made: Made,
        purpose: Purpose,
        owner: u64,
    ) {
        let Purpose { key, parts, code } = purpose;
        self.share(
            key,
            Live { module: module.clone(), units: units.clone(), options: made.options, code, owner: Some(owner) },
        );
        if let Some(keep) = &mut self.keep {
            let Made { root, options } = made;
            keep.add(parts, Record { kind: Kind::Code, options, root, units: units.to_vec(), code, artifact });
        }
    }

    fn share(&mut self, key: ObjectKey, live: Live) {
        // Processes that run keep what they have.
        if self.compiler.as_ref().is_some_and(|compiler| compiler.population.is_crowded()) {
            self.live.clear();
        }
        let live = Arc::new(live);
        let places = self.live.entry(key).or_default();
        for entry in live.units.iter().flat_map(|unit| &unit.entries) {
            places.entry(*entry).or_default().push(live.clone());
        }
    }

    /// Where code that is there already may be entered, of those objects that `is_news` says.
    pub(crate) fn entries(
        &mut self,
        options: Options,
        memory: &GuestMemory,
        owner: u64,
        mut is_news: impl FnMut(&Arc<Vec<u8>>, u32) -> bool,
    ) -> Vec<u32> {
        let mut entries = Vec::new();
        let codes = memory.codes();
        let news: Vec<&Code> = codes.iter().filter(|code| is_news(&code.file.path, code.base)).collect();
        if let (Some(keep), Ok(compiler)) = (&mut self.keep, compiler(&mut self.compiler)) {
            if !keep.is_open() {
                keep.open(&compiler.host());
            }
            for code in &news {
                let object = object(keep, code, memory.is_big_endian());
                entries.extend(object.and_then(|object| keep.bundle(object)).map(|bundle| bundle.entries(options)));
            }
        }
        let live = news.iter().filter_map(|code| self.live.get(&key(code))).flatten();
        let is_for = |live: &Arc<Live>| live.options == options && live.owner != Some(owner);
        let live = live.filter(|(_, all)| all.iter().any(is_for)).map(|(entry, _)| *entry);
        let precompiled = self.precompiled.iter().filter(|_| !news.is_empty());
        entries.push(live.collect());
        entries.extend(precompiled.map(|precompiled| precompiled.bundle.entries(options)));
        entries.concat()
    }

    /// The code that is there for `pc`.
    pub(crate) fn take(&mut self, pc: u32, options: Options, memory: &GuestMemory, owner: u64) -> Kept {
        let at = memory.codes().at(pc).cloned();
        let at = at.as_ref();
        if let Some(key) = at.map(key)
            && let Some(kept) = self.take_live(&key, pc, options, memory, owner)
        {
            return kept;
        }
        let object = self.keep.as_mut().filter(|keep| keep.is_open()).and_then(|keep| {
            let object = object(keep, at?, memory.is_big_endian())?;
            keep.bundle(object)?.find(pc, options).map(|_| object)
        });
        let bundle = match object {
            Some(object) => self.keep.as_mut().and_then(|keep| keep.bundle(object)),
            None => self.precompiled.as_mut().map(|it| &mut it.bundle),
        };
        let Some(bundle) = bundle else { return Kept::Nothing };
        let Some(number) = bundle.find(pc, options) else { return Kept::Nothing };
        let Some(record) = bundle.take(number, code(memory)) else { return Kept::Stale };
        let entries = record.units.iter().flat_map(|unit| unit.entries.iter().copied());
        let mut older: Vec<u32> = entries.filter(|entry| bundle.find(*entry, options) != Some(number)).collect();
        older.sort_unstable();
        // Only what was translated ahead of time has its artifact elsewhere.
        let file = self.precompiled.as_ref().filter(|_| record.artifact.is_empty());
        let loaded = compiler(&mut self.compiler).and_then(|compiler| match file {
            Some(Precompiled { file, .. }) => compiler.map(file),
            None => compiler.load(&record.artifact),
        });
        match loaded {
            Ok(module) => {
                let units: Arc<[Unit]> = record.units.into();
                if let Some(key) = at.map(key) {
                    self.share(
                        key,
                        Live { module: module.clone(), units: units.clone(), options, code: record.code, owner: None },
                    );
                }
                Kept::Module { module, units, older }
            }
            Err(error) => {
                tracing::warn!("code of an earlier time cannot be used, and is made anew: {error:#}");
                let all = self.keep.iter_mut().flat_map(Keep::bundles);
                all.chain(self.precompiled.as_mut().map(|it| &mut it.bundle)).for_each(Bundle::discard);
                Kept::Stale
            }
        }
    }

    /// The newest that a process of this run has for `pc`, if this one's code is the same.
    fn take_live(&self, key: &ObjectKey, pc: u32, options: Options, memory: &GuestMemory, owner: u64) -> Option<Kept> {
        let places = self.live.get(key)?;
        let is_for = |live: &&Arc<Live>| live.options == options && live.owner != Some(owner);
        let newest = |entry: u32| places.get(&entry)?.iter().rfind(is_for);
        // What was made together with a library that this one has not, or has elsewhere, is of no use to it.
        let fits = |live: &&Arc<Live>| Record::digest(&live.units, code(memory)) == Some(live.code);
        let live = places.get(&pc)?.iter().rev().filter(is_for).find(fits)?;
        let entries = live.units.iter().flat_map(|unit| unit.entries.iter().copied());
        let is_older = |entry: &u32| *entry != pc && newest(*entry).is_none_or(|newest| !Arc::ptr_eq(newest, live));
        let mut older: Vec<u32> = entries.filter(is_older).collect();
        older.sort_unstable();
        Some(Kept::Module { module: live.module.clone(), units: live.units.clone(), older })
    }

    /// Leaves what is new for the next run.
    pub(crate) fn publish(&mut self) -> Result<Option<Published>, StoreError> {
        self.keep.take().map_or(Ok(None), Keep::publish)
    }
}
