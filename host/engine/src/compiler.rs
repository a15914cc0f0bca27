//! wasmtime's engine: makes modules of Wasm, or of what it made of Wasm before.

#![expect(unsafe_code, reason = "takes machine code from files for its own")]

use crate::creator::Creator;
use crate::mapping::{ADDRESSABLE, GUARD};
use mips::border;
use std::fs::File;
use std::hash::Hash;
use std::sync::Arc;
use wasmtime::{CacheStore, Config, Engine, Module, OptLevel, Result};

/// An engine, and who gives its memories.
#[derive(Clone)]
pub(crate) struct Compiler {
    pub(crate) engine: Engine,
    pub(crate) creator: Arc<Creator>,
}

fn config(creator: Arc<Creator>) -> Config {
    let mut config = Config::new();
    config
        .with_host_memory(creator)
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
        let creator = Arc::new(Creator::default());
        let engine = Engine::new(&config(creator.clone()))?;
        Ok(Compiler { engine, creator })
    }

    /// One that compiles the functions of a module on all processors, and tells of each that it begins.
    pub(crate) fn parallel(watch: Arc<dyn CacheStore>) -> Result<Compiler> {
        let creator = Arc::new(Creator::default());
        let mut config = config(creator.clone());
        config.parallel_compilation(true).enable_incremental_compilation(watch)?;
        Ok(Compiler { engine: Engine::new(&config)?, creator })
    }

    /// What its artifacts fit: this processor and these settings.
    pub(crate) fn host(&self) -> impl Hash + '_ {
        self.engine.precompile_compatibility_hash()
    }

    /// Compiles.
    pub(crate) fn compile(&self, wasm: &[u8]) -> Result<Module> {
        Module::new(&self.engine, wasm)
    }

    /// Takes what [`Module::serialize`] gave, from a cache.
    pub(crate) fn load(&self, artifact: &[u8]) -> Result<Module> {
        // SAFETY: the cache gives only what this build of Strata, on an engine like this one, put into a directory that
        // nobody but its user can write, and whose digest is right.
        unsafe { Module::deserialize(&self.engine, artifact) }
    }

    /// Takes the same from a file that begins with it.
    pub(crate) fn map(&self, file: &File) -> Result<Module> {
        let file = file.try_clone()?;
        // SAFETY: the user said that this file may be trusted; that this build of Strata made it, it says itself.
        unsafe { Module::deserialize_open_file(&self.engine, file) }
    }
}
