//! [`Numbered`]: things that others hold, too, each with a number, for data in which a number stands for each.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Things by number, in the order they were first met.
pub struct Numbered<T: ?Sized> {
    all: Vec<Arc<T>>,
    numbers: BTreeMap<usize, u32>,
}

impl<T: ?Sized> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { all: Vec::new(), numbers: BTreeMap::new() }
    }
}

impl<T: ?Sized> Numbered<T> {
    /// The number of a thing, which it has from now on.
    pub fn number(&mut self, thing: &Arc<T>) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(address(thing)).or_insert(next);
        if number == next {
            self.all.push(thing.clone());
        }
        number
    }

    /// The number of the thing at an address (`Arc::as_ptr`), if it has one.
    #[must_use]
    pub fn find_address(&self, address: usize) -> Option<u32> {
        self.numbers.get(&address).copied()
    }

    /// The thing of a number.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<Arc<T>> {
        self.all.get(number).cloned()
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.all.iter()
    }
}

fn address<T: ?Sized>(thing: &Arc<T>) -> usize {
    Arc::as_ptr(thing).cast::<()>().addr()
}
