//! [`Keep`]: what one run of a program uses of its bundle, and adds to it.

use crate::bundle::{Bundle, Item, Piece};
use crate::digest::{Digest, Digester};
use crate::record::{Kind, Record};
use crate::store::{Store, StoreError};
use crate::text::Text;
use std::collections::HashSet;
use std::hash::Hash;

/// Bytes of machine code and what belongs to it that one program keeps; what comes later is not kept.
const BYTES_MAX: usize = 64 << 20;

/// How many bytes are written again for one that is new: to write that many takes about as long as to make the one, over
/// a few runs.
const REWRITTEN_MAX: u64 = 256;

/// The code of one program: what earlier runs left, and what this one makes.
pub struct Keep {
    store: Store,
    text: Text,
    /// The bundle's name, once it is known.
    id: Option<Digest>,
    bundle: Option<Bundle>,
    fresh: Vec<Record>,
    fresh_bytes: usize,
}

/// What a run left for the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Published {
    /// Modules that were added.
    pub modules: usize,
    /// Bytes the bundle now has.
    pub bytes: usize,
}

impl Keep {
    /// What `store` has for the program with this text. Nothing is read yet.
    pub fn new(store: Store, text: Text) -> Keep {
        Keep { store, text, id: None, bundle: None, fresh: Vec::new(), fresh_bytes: 0 }
    }

    /// Whether [`Keep::open`] was called.
    pub fn is_open(&self) -> bool {
        self.id.is_some()
    }

    /// Opens the bundle that this build of Strata left for code that runs on `host`, if there is one.
    pub fn open(&mut self, host: &impl Hash) {
        let mut digester = Digester::new();
        digester.add(env!("STRATA_BUILD").as_bytes());
        digester.add_hash(host);
        self.text.sample(&mut digester);
        let id = digester.finish();
        self.bundle = self.store.read(&id);
        if self.bundle.is_some() {
            self.store.touch(&id);
        }
        self.id = Some(id);
    }

    /// What earlier runs left, once it is open.
    pub fn bundle(&mut self) -> Option<&mut Bundle> {
        self.bundle.as_mut()
    }

    /// Keeps a module that was made, for the end.
    pub fn add(&mut self, record: Record) {
        if self.fresh_bytes + record.artifact.len() <= BYTES_MAX {
            self.fresh_bytes += record.artifact.len();
            self.fresh.push(record);
        }
    }

    /// Writes what is new, beside what is there. Code that is not what the program's file holds stays out.
    pub fn publish(mut self) -> Result<Option<Published>, StoreError> {
        let Some(id) = self.id else { return Ok(None) };
        let read = |at: u32, into: &mut [u8]| self.text.code(at, into);
        let is_true = |record: &Record| Record::digest(&record.units, read) == Some(record.code);
        let fresh: Vec<Record> = std::mem::take(&mut self.fresh).into_iter().filter(is_true).collect();
        let modules = fresh.iter().filter(|record| record.kind == Kind::Code).count();
        let fresh_bytes: usize = fresh.iter().map(|record| record.artifact.len()).sum();
        let bytes = self.bundle.as_ref().map_or(0, Bundle::bytes);
        if modules == 0 || fresh_bytes as u64 * REWRITTEN_MAX < bytes {
            return Ok(None);
        }
        // Another run may have written it meanwhile.
        let old = self.store.read(&id).map_or(Vec::new(), |bundle| bundle.pieces());
        let useless = self.bundle.map(|bundle| bundle.useless).unwrap_or_default();
        // What was of no use because the guest had changed its code may be of use to others.
        let old = old.into_iter().filter(|piece| {
            !useless.contains(&piece.item.digest) || piece.record().is_some_and(|record| is_true(&record))
        });
        let pieces = merge(fresh.iter().rev().map(Piece::new).chain(old));
        let head = Bundle::head(&id, &self.text.name, &pieces);
        let parts: Vec<&[u8]> = [&*head].into_iter().chain(pieces.iter().map(|piece| &*piece.contents)).collect();
        self.store.write(&id, &parts)?;
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
