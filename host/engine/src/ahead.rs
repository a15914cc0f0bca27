//! [`Ahead`]: compiles programs that run another time.

use crate::compiler::Compiler;
use cache::{Keep, Kind, Record};
use mips::translate::{Memories, Unit, driver};
use run::Made;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use wasmtime::{CacheStore, Error};

/// A compiler, and nothing to run on.
pub struct Ahead(Compiler);

/// Told of each function that is about to be compiled: a cache of functions that has none.
struct Watch<F>(F);

impl<F> fmt::Debug for Watch<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Watch")
    }
}

impl<F: Fn() + Send + Sync> CacheStore for Watch<F> {
    fn get(&self, _: &[u8]) -> Option<Cow<'_, [u8]>> {
        (self.0)();
        None
    }
    fn insert(&self, _: &[u8], _: Vec<u8>) -> bool {
        true
    }
}

impl Ahead {
    /// How modules that it compiles come by their memories.
    pub const MEMORIES: Memories = crate::modules::MEMORIES;

    /// For this host's processor. `watch` is called for each function that is about to be compiled. The error is the host's.
    pub fn new(watch: impl Fn() + Send + Sync + 'static) -> Result<Ahead, String> {
        Compiler::parallel(Arc::new(Watch(watch))).map(Ahead).map_err(text)
    }

    /// Opens what earlier runs left.
    pub fn open(&self, keep: &mut Keep) {
        keep.open(&self.0.host());
    }

    /// Compiles a module of these functions. `read` reads the guest code that it was made of.
    pub fn compile(
        &self,
        wasm: &[u8],
        units: Vec<Unit>,
        made: Made,
        read: impl FnMut(u32, &mut [u8]) -> bool,
    ) -> Result<Record, String> {
        self.record(Kind::Code, wasm, units, made, read)
    }

    /// Compiles what drives translated code.
    pub fn driver(&self) -> Result<Record, String> {
        self.record(Kind::Driver, &driver(Memories::Defined), Vec::new(), crate::modules::NO_MADE, |_, _| false)
    }

    fn record(
        &self,
        kind: Kind,
        wasm: &[u8],
        units: Vec<Unit>,
        Made { root, options }: Made,
        read: impl FnMut(u32, &mut [u8]) -> bool,
    ) -> Result<Record, String> {
        let code = Record::digest(&units, read).ok_or("its code is not all there")?;
        let artifact = self.0.compile(wasm).map_err(text)?;
        Ok(Record { kind, options, root, units, code, artifact })
    }
}

fn text(error: Error) -> String {
    format!("{error:#}")
}
