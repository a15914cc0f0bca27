//! [`Keep`]: what one run uses of its objects' bundles, and adds to them.

use crate::bundle::{Bundle, Item, Piece};
use crate::digest::{Digest, Digester};
use crate::object::Object;
use crate::record::Record;
use crate::store::{Store, StoreError};
use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Range;

/// Bytes of machine code and what belongs to it that one object keeps; what comes later is not kept.
const BYTES_MAX: usize = 256 << 20;

/// How many bytes are written again for one that is new: to write that many takes about as long as to make the one, over
/// a few runs.
const REWRITTEN_MAX: u64 = 256;

/// The code of the objects of one run: what earlier runs left, and what this one makes.
pub struct Keep {
    store: Store,
    /// What the names of all bundles begin with, once it is known.
    prefix: Option<Digester>,
    objects: Vec<Kept>,
    /// What drives translated code, if this run made it.
    driver: Option<Record>,
}

/// One object.
struct Kept {
    object: Object,
    id: Digest,
    bundle: Option<Bundle>,
    fresh: Vec<Fresh>,
    fresh_bytes: usize,
}

/// An object whose code a module is made of, by number, and where that is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The guest addresses of its code.
    pub range: Range<u32>,
    /// Its number.
    pub object: usize,
}

/// A module that this run made.
struct Fresh {
    record: Record,
    /// All that its code is of.
    parts: Vec<Part>,
}

impl Fresh {
    /// Whether it was made of what the objects' files hold.
    fn is_true(&self, objects: &[Kept]) -> bool {
        let read = |at: u32, into: &mut [u8]| {
            let part = self.parts.iter().find(|part| part.range.contains(&at));
            part.is_some_and(|part| objects[part.object].object.code(at, into))
        };
        Record::digest(&self.record.units, read) == Some(self.record.code)
    }
}

/// What a run left for the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Published {
    /// Modules that were added.
    pub modules: usize,
    /// Bytes that the bundles now have that were written.
    pub bytes: usize,
}

impl Keep {
    /// What `store` has. Nothing is read yet.
    pub fn new(store: Store) -> Keep {
        Keep { store, prefix: None, objects: Vec::new(), driver: None }
    }

    /// Whether [`Keep::open`] was called.
    pub fn is_open(&self) -> bool {
        self.prefix.is_some()
    }

    /// Looks from now on for what this build of Strata left for code that runs on `host`.
    pub fn open(&mut self, host: &impl Hash) {
        let mut digester = Digester::new();
        digester.add(env!("STRATA_BUILD").as_bytes());
        digester.add_hash(host);
        self.prefix = Some(digester);
    }

    /// The number of an object that is known: its name, base and length in bytes say which it is.
    pub fn find(&self, name: &str, base: u32, bytes: u64) -> Option<usize> {
        let is_it = |kept: &Kept| kept.object.base == base && kept.object.bytes == bytes && kept.object.name == name;
        self.objects.iter().position(is_it)
    }

    /// Opens what earlier runs left of an object; its number. None if this is not open.
    pub fn add_object(&mut self, object: Object) -> Option<usize> {
        let mut digester = self.prefix.clone()?;
        object.sample(&mut digester);
        let id = digester.finish();
        let bundle = self.store.read(&id);
        if bundle.is_some() {
            self.store.touch(&id);
        }
        self.objects.push(Kept { object, id, bundle, fresh: Vec::new(), fresh_bytes: 0 });
        Some(self.objects.len() - 1)
    }

    /// What earlier runs left.
    pub fn bundles(&mut self) -> impl Iterator<Item = &mut Bundle> {
        self.objects.iter_mut().filter_map(|kept| kept.bundle.as_mut())
    }

    /// What earlier runs left of an object.
    pub fn bundle(&mut self, object: usize) -> Option<&mut Bundle> {
        self.objects.get_mut(object)?.bundle.as_mut()
    }

    /// Keeps a module for the end, with the first of the objects that it was made of; of none, it is not kept.
    pub fn add(&mut self, parts: Vec<Part>, record: Record) {
        let Some(first) = parts.first() else { return };
        let kept = &mut self.objects[first.object];
        if kept.fresh_bytes + record.artifact.len() <= BYTES_MAX {
            kept.fresh_bytes += record.artifact.len();
            kept.fresh.push(Fresh { record, parts });
        }
    }

    /// Keeps what drives translated code.
    pub fn add_driver(&mut self, record: Record) {
        self.driver = Some(record);
    }

    /// Writes what is new, beside what is there. Code that is not what the objects' files hold stays out.
    pub fn publish(self) -> Result<Option<Published>, StoreError> {
        let Keep { mut store, mut objects, driver, .. } = self;
        let mut sum = None;
        for number in 0..objects.len() {
            let mut fresh = std::mem::take(&mut objects[number].fresh);
            fresh.retain(|fresh| fresh.is_true(&objects));
            let fresh = fresh.into_iter().map(|fresh| fresh.record).collect();
            if let Some(Published { modules, bytes }) = objects[number].publish(fresh, &mut store, driver.as_ref())? {
                let sum = sum.get_or_insert(Published::default());
                sum.modules += modules;
                sum.bytes += bytes;
            }
        }
        Ok(sum)
    }
}

impl Kept {
    fn publish(
        &mut self,
        fresh: Vec<Record>,
        store: &mut Store,
        driver: Option<&Record>,
    ) -> Result<Option<Published>, StoreError> {
        let Kept { object, id, bundle, .. } = self;
        let read = |at: u32, into: &mut [u8]| object.code(at, into);
        let may_be_true = |record: &Record| {
            let ranges = record.units.iter().flat_map(|unit| &unit.ranges);
            // Of other files nobody knows here what they hold.
            let is_own = |(from, to): &(u32, u32)| object.code(*from, &mut vec![0; (to - from) as usize]);
            !ranges.clone().all(is_own) || Record::digest(&record.units, read) == Some(record.code)
        };
        let modules = fresh.len();
        let fresh_bytes: usize = fresh.iter().map(|record| record.artifact.len()).sum();
        let bytes = bundle.as_ref().map_or(0, Bundle::bytes);
        if modules == 0 || fresh_bytes as u64 * REWRITTEN_MAX < bytes {
            return Ok(None);
        }
        // Another run may have written it meanwhile.
        let old = store.read(id).map_or(Vec::new(), |bundle| bundle.pieces());
        let useless = bundle.take().map(|bundle| bundle.useless).unwrap_or_default();
        // What was of no use because the guest had changed its code may be of use to others.
        let old = old.into_iter().filter(|piece| {
            !useless.contains(&piece.item.digest) || piece.record().is_some_and(|record| may_be_true(&record))
        });
        let pieces = merge(driver.into_iter().chain(fresh.iter().rev()).map(Piece::new).chain(old));
        let head = Bundle::head(id, &object.name, &pieces);
        let parts: Vec<&[u8]> = [&*head].into_iter().chain(pieces.iter().map(|piece| &*piece.contents)).collect();
        store.write(id, &parts)?;
        Ok(Some(Published { modules, bytes: parts.iter().map(|part| part.len()).sum() }))
    }
}

/// Records, each root once; what comes later gives way.
fn merge(all: impl Iterator<Item = Piece>) -> Vec<Piece> {
    let (mut there, mut bytes) = (HashSet::new(), 0);
    let mut is_wanted = |piece: &Piece| {
        let Item { kind, options, root, .. } = piece.item;
        bytes += piece.item.bytes as usize;
        bytes <= BYTES_MAX && there.insert((kind, options, root))
    };
    all.filter(|piece| is_wanted(piece)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Kind;
    use mips::reading::emit::Options;
    use mips::state::FpuMode;
    use mips::translate::{Sites, Unit};

    const BYTES: u64 = 0x1000;
    /// Where the program and its library are.
    const BASES: [u32; 2] = [0x1_0000, 0x8_0000];
    const OPTIONS: Options = Options {
        big_endian: false,
        fpu: FpuMode { fr: false, nan2008: false, exact: false, abs2008: false },
        fault_precise: false,
    };

    /// What is at an address in the files.
    fn byte(at: u32) -> u8 {
        (at / 4) as u8
    }

    fn fill(at: u32, into: &mut [u8]) -> bool {
        into.iter_mut().zip(at..).for_each(|(byte, at)| *byte = self::byte(at));
        true
    }

    /// What a run keeps of both in a store.
    fn keep(path: &std::path::Path) -> Keep {
        let mut keep = Keep::new(Store::open(path).expect("it is ours"));
        keep.open(&7);
        for base in BASES {
            let read = move |at: u64, into: &mut [u8]| at + into.len() as u64 <= BYTES && fill(base + at as u32, into);
            let name = format!("{base:x}");
            keep.add_object(Object { name, base, bytes: BYTES, big_endian: false, read: Box::new(read) });
        }
        keep
    }

    /// A module made of code of both, as `read` had it.
    fn record(root: u32, read: impl FnMut(u32, &mut [u8]) -> bool) -> Record {
        let ranges = BASES.map(|base| (base + 0x100, base + 0x200)).into();
        let (entries, sites) = (vec![root], Sites::new(&[]));
        let unit =
            Unit { entries, sites, ranges, blocks: 1, instructions: 8, open_calls: Vec::new(), calls: Vec::new() };
        let code = Record::digest(std::slice::from_ref(&unit), read).expect("all can be read");
        Record { kind: Kind::Code, options: OPTIONS, root, units: vec![unit], code, artifact: vec![1, 2, 3] }
    }

    #[test]
    fn what_is_of_two_files_is_kept_if_both_hold_it() {
        let path = std::env::temp_dir().join(format!("strata-keep-{}", std::process::id()));
        let part = |number: usize| Part { range: BASES[number]..BASES[number] + BYTES as u32, object: number };
        let mut first = keep(&path);
        let [right, changed, half, none] = [0x1_0100, 0x1_0104, 0x1_0108, 0x1_010c];
        first.add(vec![part(0), part(1)], record(right, fill));
        // The guest had written into the library.
        let written = |at: u32, into: &mut [u8]| {
            fill(at, into)
                && (at < BASES[1] || {
                    into[0] ^= 1;
                    true
                })
        };
        first.add(vec![part(0), part(1)], record(changed, written));
        first.add(vec![part(0)], record(half, fill));
        first.add(Vec::new(), record(none, fill));
        assert_eq!(first.publish().expect("scratch room").map(|published| published.modules), Some(1));
        let mut next = keep(&path);
        assert!(next.bundle(1).is_none(), "it is the first's");
        let bundle = next.bundle(0).expect("it was left");
        assert_eq!(
            [right, changed, half, none].map(|root| bundle.find(root, OPTIONS).is_some()),
            [true, false, false, false]
        );
        assert!(bundle.take(0, written).is_none() && bundle.take(0, fill).is_some());
        std::fs::remove_dir_all(&path).expect("it is ours");
    }
}
