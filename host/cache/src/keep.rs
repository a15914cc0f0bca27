//! [`Keep`]: what one run uses of its objects' bundles, and adds to them.

use crate::bundle::{Bundle, Item, Piece};
use crate::digest::{Digest, Digester};
use crate::object::Object;
use crate::record::Record;
use crate::store::{Store, StoreError};
use std::collections::HashSet;
use std::hash::Hash;

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
    fresh: Vec<Record>,
    fresh_bytes: usize,
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

    /// Keeps a module that was made of the code of an object, for the end.
    pub fn add(&mut self, object: usize, record: Record) {
        let kept = &mut self.objects[object];
        if kept.fresh_bytes + record.artifact.len() <= BYTES_MAX {
            kept.fresh_bytes += record.artifact.len();
            kept.fresh.push(record);
        }
    }

    /// Keeps what drives translated code.
    pub fn add_driver(&mut self, record: Record) {
        self.driver = Some(record);
    }

    /// Writes what is new, beside what is there. Code that is not what the objects' files hold stays out.
    pub fn publish(self) -> Result<Option<Published>, StoreError> {
        let Keep { mut store, objects, driver, .. } = self;
        let mut sum = None;
        for kept in objects {
            if let Some(Published { modules, bytes }) = kept.publish(&mut store, driver.as_ref())? {
                let sum = sum.get_or_insert(Published::default());
                sum.modules += modules;
                sum.bytes += bytes;
            }
        }
        Ok(sum)
    }
}

impl Kept {
    fn publish(self, store: &mut Store, driver: Option<&Record>) -> Result<Option<Published>, StoreError> {
        let Kept { object, id, bundle, fresh, .. } = self;
        let read = |at: u32, into: &mut [u8]| object.code(at, into);
        let is_true = |record: &Record| Record::digest(&record.units, read) == Some(record.code);
        let fresh: Vec<Record> = fresh.into_iter().filter(is_true).collect();
        let modules = fresh.len();
        let fresh_bytes: usize = fresh.iter().map(|record| record.artifact.len()).sum();
        let bytes = bundle.as_ref().map_or(0, Bundle::bytes);
        if modules == 0 || fresh_bytes as u64 * REWRITTEN_MAX < bytes {
            return Ok(None);
        }
        // Another run may have written it meanwhile.
        let old = store.read(&id).map_or(Vec::new(), |bundle| bundle.pieces());
        let useless = bundle.map(|bundle| bundle.useless).unwrap_or_default();
        // What was of no use because the guest had changed its code may be of use to others.
        let old = old.into_iter().filter(|piece| {
            !useless.contains(&piece.item.digest) || piece.record().is_some_and(|record| is_true(&record))
        });
        let pieces = merge(driver.into_iter().chain(fresh.iter().rev()).map(Piece::new).chain(old));
        let head = Bundle::head(&id, &object.name, &pieces);
        let parts: Vec<&[u8]> = [&*head].into_iter().chain(pieces.iter().map(|piece| &*piece.contents)).collect();
        store.write(&id, &parts)?;
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
