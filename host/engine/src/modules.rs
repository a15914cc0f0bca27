//! [`Modules`]: where compiled modules come from: the compiler, or what earlier runs left.

use crate::compiler::Compiler;
use crate::memory::GuestMemory;
use cache::{Keep, Kind, Published, Record, StoreError};
use mips::reading::emit::Options;
use mips::reading::interp::Bus;
use mips::state::FpuMode;
use mips::translate::{Memories, Unit, driver};
use run::Made;
use wasmtime::{Module, Result};

/// A compiler, started when first needed, and a cache, if there is one.
#[derive(Default)]
pub(crate) struct Modules {
    compiler: Option<Compiler>,
    keep: Option<Keep>,
}

/// What the cache has for an entry.
pub(crate) enum Kept {
    /// Nothing.
    Nothing,
    /// Something that was made of other code, or is damaged.
    Stale,
    /// This.
    Module {
        module: Module,
        /// Its functions.
        units: Vec<Unit>,
        /// Those of their entries for which there is nothing newer.
        newest: Vec<u32>,
    },
}

/// What the driver takes for granted: nothing.
const NO_MADE: Made = Made {
    root: 0,
    options: Options {
        big_endian: false,
        fpu: FpuMode { fr: false, nan2008: false, exact: false, abs2008: false },
        fault_precise: false,
    },
};

/// The guest's code as it is now.
fn code(memory: &mut GuestMemory) -> impl FnMut(u32) -> Option<u32> {
    |at| memory.fetch(at).ok()
}

impl Modules {
    /// Uses a cache from now on.
    pub(crate) fn keep(&mut self, keep: Keep) {
        self.keep = Some(keep);
    }

    /// Whether it keeps what it is given.
    pub(crate) fn keeps(&self) -> bool {
        self.keep.as_ref().is_some_and(Keep::is_open)
    }

    pub(crate) fn compiler(&mut self) -> Result<&Compiler> {
        match &mut self.compiler {
            Some(compiler) => Ok(compiler),
            none => Ok(none.insert(Compiler::new()?)),
        }
    }

    /// What drives translated code.
    pub(crate) fn driver(&mut self) -> Result<Module> {
        let artifact = self.keep.as_ref().and_then(|keep| keep.driver());
        let compiler = self.compiler()?;
        if let Some(module) = artifact.and_then(|artifact| compiler.load(&artifact).ok()) {
            return Ok(module);
        }
        let module = compiler.compile(&driver(Memories::Defined))?;
        self.add_record(&module, Kind::Driver, NO_MADE, &[], |_| None)?;
        Ok(module)
    }

    /// Remembers a module for the next run.
    pub(crate) fn add(&mut self, module: &Module, units: &[Unit], made: Made, memory: &mut GuestMemory) -> Result<()> {
        self.add_record(module, Kind::Code, made, units, code(memory))
    }

    fn add_record(
        &mut self,
        module: &Module,
        kind: Kind,
        made: Made,
        units: &[Unit],
        word: impl FnMut(u32) -> Option<u32>,
    ) -> Result<()> {
        let Made { root, options, .. } = made;
        let Some(keep) = self.keep.as_mut().filter(|keep| keep.is_open()) else { return Ok(()) };
        if let Some(code) = Record::digest(units, word) {
            keep.add(Record { kind, options, root, units: units.to_vec(), code, artifact: module.serialize()? });
        }
        Ok(())
    }

    /// Where what earlier runs left may be entered. Without a cache, nowhere.
    pub(crate) fn entries(&mut self, options: Options) -> Vec<u32> {
        if self.keep.is_none() || self.compiler().is_err() {
            return Vec::new();
        }
        match (&mut self.keep, &self.compiler) {
            (Some(keep), Some(compiler)) => {
                if !keep.is_open() {
                    keep.open(&compiler.host());
                }
                keep.entries(options)
            }
            _ => Vec::new(),
        }
    }

    /// What earlier runs left for `pc`.
    pub(crate) fn take(&mut self, pc: u32, options: Options, memory: &mut GuestMemory) -> Kept {
        let Some(keep) = &mut self.keep else { return Kept::Nothing };
        let Some(number) = keep.find(pc, options) else { return Kept::Nothing };
        let Some(record) = keep.take(number, code(memory)) else { return Kept::Stale };
        let units = record.units;
        let entries = units.iter().flat_map(|unit| unit.entries.iter().copied());
        let newest = entries.filter(|entry| keep.find(*entry, options) == Some(number)).collect();
        match self.compiler().and_then(|compiler| compiler.load(&record.artifact)) {
            Ok(module) => Kept::Module { module, units, newest },
            Err(_) => Kept::Stale,
        }
    }

    /// Leaves what is new for the next run.
    pub(crate) fn publish(&mut self) -> Result<Option<Published>, StoreError> {
        self.keep.take().map_or(Ok(None), Keep::publish)
    }
}
