//! The list of areas, by address, never overlapping.

use crate::mm::Area;
use abi::Addr;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The areas of a process.
#[derive(Clone, Default)]
pub(crate) struct Areas {
    list: BTreeMap<u32, Area>,
    bytes: u64,
}

impl Areas {
    /// All, by address.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Addr, &Area)> {
        self.list.iter().map(|(at, area)| (Addr(*at), area))
    }

    /// Bytes mapped in all.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The area that holds an address, and where it starts.
    pub(crate) fn at(&self, at: Addr) -> Option<(Addr, &Area)> {
        let (start, area) = self.list.range(..=at.0).next_back()?;
        (at < area.end).then_some((Addr(*start), area))
    }

    /// Those that overlap a range.
    pub(crate) fn within(&self, from: Addr, to: Addr) -> impl Iterator<Item = (Addr, &Area)> {
        let first = self.at(from).map_or(from, |(start, _)| start);
        self.list.range(first.0..to.0).map(|(at, area)| (Addr(*at), area))
    }

    /// Those that overlap a range, to be changed; split at its ends first.
    pub(crate) fn within_mut(&mut self, from: Addr, to: Addr) -> impl Iterator<Item = (Addr, &mut Area)> {
        self.list.range_mut(from.0..to.0).map(|(at, area)| (Addr(*at), area))
    }

    /// Bytes of a range that are mapped.
    pub(crate) fn mapped_bytes(&self, from: Addr, to: Addr) -> u64 {
        self.within(from, to).map(|(at, area)| u64::from(area.end.min(to).0 - at.max(from).0)).sum()
    }

    /// Makes `at` a border between areas.
    pub(crate) fn split(&mut self, at: Addr) {
        let Some((start, area)) = self.at(at) else { return };
        if start == at {
            return;
        }
        let tail = area.tail(at.0 - start.0);
        if let Some(head) = self.list.get_mut(&start.0) {
            head.end = at;
        }
        self.list.insert(at.0, tail);
    }

    /// Takes a range away, and gives what was in it.
    pub(crate) fn remove(&mut self, from: Addr, to: Addr) -> Vec<(Addr, Area)> {
        self.split(from);
        self.split(to);
        let starts: Vec<u32> = self.list.range(from.0..to.0).map(|(at, _)| *at).collect();
        let removed = starts.into_iter().filter_map(|at| Some((Addr(at), self.list.remove(&at)?)));
        let removed: Vec<(Addr, Area)> = removed.collect();
        self.bytes -= removed.iter().map(|(at, area)| u64::from(area.end.0 - at.0)).sum::<u64>();
        removed
    }

    /// Adds an area where nothing is, joined with a neighbour it continues.
    pub(crate) fn insert(&mut self, mut at: Addr, mut area: Area) {
        self.bytes += u64::from(area.end.0 - at.0);
        if let Some((start, before)) = self.list.range(..at.0).next_back()
            && before.continues_as(at, &area)
        {
            at = Addr(*start);
        }
        if let Some(next) = self.list.get(&area.end.0)
            && area.continues_as(area.end, next)
        {
            let end = next.end;
            self.list.remove(&area.end.0);
            area.end = end;
        }
        self.list.insert(at.0, area);
    }

    /// The highest gap of `bytes` bytes that ends at or below `top`.
    pub(crate) fn gap_below(&self, top: Addr, bytes: u32) -> Option<Addr> {
        let mut end = top.0;
        for (start, area) in self.list.range(..top.0).rev() {
            if end.checked_sub(area.end.0).is_some_and(|gap| gap >= bytes) {
                break;
            }
            end = *start;
        }
        end.checked_sub(bytes).map(Addr)
    }
}
