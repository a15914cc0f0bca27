//! `strata-bench wasm FILE REPETITIONS`: runs a kernel that was compiled straight to Wasm, on the engine that Strata
//! uses and with its settings, and prints the checksum like the kernel's own `main`.

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};
use std::path::Path;
use wasmtime::{Config, Engine, Instance, Module, OptLevel, Store};

/// As `host/engine/src/wasm.rs` sets it, but for the memory, which here is wasmtime's own.
fn config() -> Config {
    let mut config = Config::new();
    config
        .memory_reservation(1 << 32)
        .memory_guard_size(1 << 25)
        .memory_may_move(false)
        .memory_init_cow(false)
        .table_lazy_init(false)
        .native_unwind_info(false)
        .parallel_compilation(false)
        .cranelift_opt_level(OptLevel::Speed);
    config
}

/// Runs it; figures go to standard error in the form of `strata run --stats`.
pub(crate) fn run(file: &Path, repetitions: u32) -> Result<()> {
    let engine = Engine::new(&config())?;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let started_us = processor_us();
    let module = Module::new(&engine, bytes)?;
    let translating = processor_us() - started_us;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let kernel = instance.get_typed_func::<u32, u32>(&mut store, "kernel")?;
    println!("{:08x}", kernel.call(&mut store, repetitions)?);
    eprintln!("wasm: {translating} microseconds translating");
    eprintln!("wasm: {} bytes of machine code", module.text().len());
    Ok(())
}

/// Processor time of this process so far.
fn processor_us() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}
