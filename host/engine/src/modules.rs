//! [`Modules`]: where compiled modules come from: the compiler, what earlier runs left, or a program's own file.

use crate::codes::Code;
use crate::compiler::Compiler;
use crate::memory::GuestMemory;
use abi::CodeFile;
use cache::{Bundle, Keep, Kind, Object, Precompiled, Published, Record, StoreError};
use mips::reading::emit::Options;
use mips::reading::interp::Bus;
use mips::state::FpuMode;
use mips::translate::{Memories, Unit, driver};
use run::Made;
use std::sync::Arc;
use wasmtime::{Module, Result};

/// A compiler, started when first needed, and a cache, if there is one.
#[derive(Default)]
pub(crate) struct Modules {
    compiler: Option<Compiler>,
    keep: Option<Keep>,
    /// What was translated ahead of time.
    precompiled: Option<Precompiled>,
    /// For code with which options the entries of that were asked for.
    told: Option<Options>,
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

/// A module as it is kept; none if its code cannot be read any more.
fn record(
    module: &Module,
    kind: Kind,
    made: Made,
    units: &[Unit],
    read: impl FnMut(u32, &mut [u8]) -> bool,
) -> Result<Option<Record>> {
    let Some(code) = Record::digest(units, read) else { return Ok(None) };
    let Made { root, options } = made;
    Ok(Some(Record { kind, options, root, units: units.to_vec(), code, artifact: module.serialize()? }))
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

    /// Whether it keeps what it is given.
    pub(crate) fn keeps(&self) -> bool {
        self.keep.as_ref().is_some_and(Keep::is_open)
    }

    pub(crate) fn compiler(&mut self) -> Result<&Compiler> {
        compiler(&mut self.compiler)
    }

    /// What drives translated code.
    pub(crate) fn driver(&mut self) -> Result<Module> {
        let artifact = self.bundles().find_map(|bundle| bundle.driver());
        let compiler = self.compiler()?;
        if let Some(module) = artifact.and_then(|artifact| compiler.load(&artifact).ok()) {
            return Ok(module);
        }
        let module = compiler.compile(&driver(Memories::Defined))?;
        if let Some(keep) = &mut self.keep
            && let Some(record) = record(&module, Kind::Driver, NO_MADE, &[], |_, _| false)?
        {
            keep.add_driver(record);
        }
        Ok(module)
    }

    /// Remembers a module for the next run.
    pub(crate) fn add(&mut self, module: &Module, units: &[Unit], made: Made, memory: &GuestMemory) -> Result<()> {
        if let Some(keep) = self.keep.as_mut().filter(|keep| keep.is_open())
            && let Some(object) = memory.codes.at(made.root).and_then(|code| object(keep, code, memory.is_big_endian()))
            && let Some(record) = record(module, Kind::Code, made, units, code(memory))?
        {
            keep.add(object, record);
        }
        Ok(())
    }

    /// Where code that is there already may be entered; each is told once.
    pub(crate) fn entries(&mut self, options: Options, memory: &GuestMemory) -> Vec<u32> {
        let mut entries = Vec::new();
        if let (Some(keep), Ok(compiler)) = (&mut self.keep, compiler(&mut self.compiler)) {
            if !keep.is_open() {
                keep.open(&compiler.host());
            }
            memory.codes.iter().for_each(|code| _ = object(keep, code, memory.is_big_endian()));
            entries = keep.entries(options);
        }
        if let Some(precompiled) = self.precompiled.as_ref().filter(|_| self.told != Some(options)) {
            self.told = Some(options);
            entries.extend(precompiled.bundle.entries(options));
        }
        entries
    }

    /// What is there already, in the order in which it is to be used.
    fn bundles(&mut self) -> impl Iterator<Item = &mut Bundle> {
        self.keep.iter_mut().flat_map(Keep::bundles).chain(self.precompiled.as_mut().map(|it| &mut it.bundle))
    }

    /// The code that is there for `pc`.
    pub(crate) fn take(&mut self, pc: u32, options: Options, memory: &GuestMemory) -> Kept {
        let find = |bundles: &mut dyn Iterator<Item = &mut Bundle>, pc| {
            bundles.enumerate().find_map(|(place, bundle)| Some((place, bundle.find(pc, options)?)))
        };
        let Some((place, number)) = find(&mut self.bundles(), pc) else { return Kept::Nothing };
        let record = self.bundles().nth(place).and_then(|bundle| bundle.take(number, code(memory)));
        let Some(record) = record else { return Kept::Stale };
        let units: Arc<[Unit]> = record.units.into();
        let entries = units.iter().flat_map(|unit| unit.entries.iter().copied());
        let mut older: Vec<u32> =
            entries.filter(|entry| find(&mut self.bundles(), *entry) != Some((place, number))).collect();
        older.sort_unstable();
        // Only what was translated ahead of time has its artifact elsewhere.
        let file = self.precompiled.as_ref().filter(|_| record.artifact.is_empty());
        let loaded = compiler(&mut self.compiler).and_then(|compiler| match file {
            Some(Precompiled { file, .. }) => compiler.map(file),
            None => compiler.load(&record.artifact),
        });
        match loaded {
            Ok(module) => Kept::Module { module, units, older },
            Err(error) => {
                tracing::warn!("code of an earlier time cannot be used, and is made anew: {error:#}");
                self.bundles().nth(place).into_iter().for_each(Bundle::discard);
                Kept::Stale
            }
        }
    }

    /// Leaves what is new for the next run.
    pub(crate) fn publish(&mut self) -> Result<Option<Published>, StoreError> {
        self.keep.take().map_or(Ok(None), Keep::publish)
    }
}
