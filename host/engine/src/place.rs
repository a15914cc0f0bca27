//! [`Place`]: where a process runs; and [`Places`], those that nobody runs in any more.

use crate::cpu::CpuMemory;
use crate::mapping::Mapping;
use crate::wasm::Wasm;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places that are kept for later processes.
const PLACES_MAX: usize = 16;
/// Modules in a place that is kept: each takes a few kilobytes there.
const MODULES_MAX: u32 = 2_000;

/// Memory for a process, and a store over it with what was ever installed there. None of that can be entered as long as
/// the map of entries does not say so; so it is there for whoever recalls the same module.
pub(crate) struct Place {
    /// All of it inaccessible.
    pub(crate) guest: Arc<Mapping>,
    /// Without entries.
    pub(crate) cpu: Arc<Mapping>,
    /// Started when first needed.
    pub(crate) wasm: Option<Wasm>,
}

/// Empty places.
#[derive(Default)]
pub(crate) struct Places(Mutex<Vec<Place>>);

impl Places {
    fn all(&self) -> MutexGuard<'_, Vec<Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that nobody has.
    pub(crate) fn take(&self) -> io::Result<Place> {
        if let Some(place) = self.all().pop() {
            return Ok(place);
        }
        let (guest, cpu) = (Arc::new(Mapping::reserve()?), Arc::new(Mapping::reserve()?));
        CpuMemory::commit(&cpu)?;
        Ok(Place { guest, cpu, wasm: None })
    }

    /// Nobody runs in it any more, and it has no entries.
    pub(crate) fn give(&self, mut place: Place) {
        place.wasm.take_if(|wasm| wasm.modules() > MODULES_MAX);
        // Emptied by whoever gives it, and kept only if that worked.
        if self.all().len() < PLACES_MAX && place.guest.clear().is_ok() {
            self.all().push(place);
        }
    }
}
