//! [`Modules`]: where compiled modules come from: the compiler, what earlier runs left, or a program's own file.

use crate::compiler::Compiler;
use crate::memory::GuestMemory;
use cache::{Bundle, Keep, Kind, Precompiled, Published, Record, StoreError};
use mips::reading::emit::Options;
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
        self.add_record(&module, Kind::Driver, NO_MADE, &[], |_, _| false)?;
        Ok(module)
    }

    /// Remembers a module for the next run.
    pub(crate) fn add(&mut self, module: &Module, units: &[Unit], made: Made, memory: &GuestMemory) -> Result<()> {
        self.add_record(module, Kind::Code, made, units, code(memory))
    }

    fn add_record(
        &mut self,
        module: &Module,
        kind: Kind,
        made: Made,
        units: &[Unit],
        read: impl FnMut(u32, &mut [u8]) -> bool,
    ) -> Result<()> {
        let Made { root, options, .. } = made;
        let Some(keep) = self.keep.as_mut().filter(|keep| keep.is_open()) else { return Ok(()) };
        if let Some(code) = Record::digest(units, read) {
            keep.add(Record { kind, options, root, units: units.to_vec(), code, artifact: module.serialize()? });
        }
        Ok(())
    }

    /// Where code that is there already may be entered.
    pub(crate) fn entries(&mut self, options: Options) -> Vec<u32> {
        if let (Some(keep), Ok(compiler)) = (&mut self.keep, compiler(&mut self.compiler))
            && !keep.is_open()
        {
            keep.open(&compiler.host());
        }
        self.bundles().flat_map(|bundle| bundle.entries(options)).collect()
    }

    /// What is there already, in the order in which it is to be used.
    fn bundles(&mut self) -> impl Iterator<Item = &mut Bundle> {
        self.keep.iter_mut().filter_map(Keep::bundle).chain(self.precompiled.as_mut().map(|it| &mut it.bundle))
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
