//! wasmtime's engine: makes artifacts of Wasm, and modules of artifacts.

#![expect(unsafe_code, reason = "takes machine code from files for its own")]

use crate::arena::Arena;
use crate::creator::Creator;
use crate::mapping::{ADDRESSABLE, GUARD};
use crate::population::Population;
use mips::border;
use std::fs::File;
use std::hash::Hash;
use std::sync::Arc;
use wasmtime::{CacheStore, Config, Engine, Module, OptLevel, Result};

/// An engine, who gives its memories, where its code is, and how much there is.
#[derive(Clone)]
pub(crate) struct Compiler {
    pub(crate) engine: Engine,
    pub(crate) creator: Arc<Creator>,
    arena: Arc<Arena>,
    pub(crate) population: Arc<Population>,
}

fn config(creator: Arc<Creator>, arena: Arc<Arena>) -> Config {
    let mut config = Config::new();
    config
        .with_host_memory(creator)
        .with_custom_code_memory(Some(arena))
        .memory_reservation(ADDRESSABLE as u64)
        .memory_guard_size(GUARD as u64)
        .memory_may_move(false)
        .memory_init_cow(false)
        .table_lazy_init(false)
        .native_unwind_info(false)
        .async_stack_size(2 * border::STACK_BYTES)
        .max_wasm_stack(border::STACK_BYTES)
        .parallel_compilation(false)
        .wasm_branch_hinting(true)
        .cranelift_opt_level(OptLevel::Speed);
    config
}

impl Compiler {
    pub(crate) fn new() -> Result<Compiler> {
        Compiler::with(|_| Ok(()))
    }

    /// One that compiles the functions of a module on all processors, and tells of each that it begins.
    pub(crate) fn parallel(watch: Arc<dyn CacheStore>) -> Result<Compiler> {
        Compiler::with(|config| config.parallel_compilation(true).enable_incremental_compilation(watch).map(drop))
    }

    fn with(change: impl FnOnce(&mut Config) -> Result<()>) -> Result<Compiler> {
        let (creator, population) = (Arc::new(Creator::default()), Arc::<Population>::default());
        let arena = Arc::new(Arena::new(population.clone()));
        let mut config = config(creator.clone(), arena.clone());
        change(&mut config)?;
        Ok(Compiler { engine: Engine::new(&config)?, creator, arena, population })
    }

    /// What its artifacts fit: this processor and these settings.
    pub(crate) fn host(&self) -> impl Hash + '_ {
        self.engine.precompile_compatibility_hash()
    }

    /// Compiles: the answer is an artifact.
    pub(crate) fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>> {
        self.engine.precompile_module(wasm)
    }

    /// Makes a module of an artifact, which [`Compiler::compile`] gave, perhaps in an earlier run.
    pub(crate) fn load(&self, artifact: &[u8]) -> Result<Module> {
        // SAFETY: the cache gives only what this build of Strata, on an engine like this one, put into a directory that
        // nobody but its user can write, and whose digest is right.
        unsafe { self.arena.load(&self.engine, artifact) }
    }

    /// Takes the same from a file that begins with it.
    pub(crate) fn map(&self, file: &File) -> Result<Module> {
        let file = file.try_clone()?;
        // SAFETY: the user said that this file may be trusted; that this build of Strata made it, it says itself.
        unsafe { Module::deserialize_open_file(&self.engine, file) }
    }
}
