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
        // If its memory cannot be given up here, it is when the place goes.
        if self.all().len() < PLACES_MAX && place.guest.clear().is_ok() {
            self.all().push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Native;
    use abi::{Addr, AddressSpace, PAGE_BYTES, Prot};
    use mips::State;
    use run::Engine;

    #[test]
    fn nothing_is_left_in_a_place_for_the_next() {
        const AT: Addr = Addr(0x40_0000);
        let first = Native::new(false).unwrap();
        let both = Prot::READ | Prot::WRITE;
        let places = [1, 2].map(|word| {
            let mut native = first.fresh(false).unwrap();
            let (state, memory) = native.parts();
            assert_eq!(*state, State::default());
            state.gpr[2] = word;
            assert!(memory.write(AT, &[1]).is_err());
            assert!(memory.map(AT, PAGE_BYTES, both).is_ok());
            let mut bytes = [7; 4];
            assert!(memory.read(AT, &mut bytes).is_ok() && bytes == [0; 4]);
            assert!(memory.write(AT, &[9; 4]).is_ok());
            std::ptr::from_ref(native.parts().0).addr()
        });
        assert_eq!(places[0], places[1], "the second had the place of the first");
    }
}
