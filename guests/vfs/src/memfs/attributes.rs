//! Extended attributes of a node in memory (xattr(7)): [`Attributes`].
//!
//! Those of a node beneath show through until one is changed; then all are this file system's own. They take space as
//! contents do, so that a guest cannot keep more than it was given.

use super::{MemNode, PAGE_BYTES, Shared};
use crate::errno::Errno;
use crate::node::{Result, SetXattr};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Most that one node has, names and values together.
const BYTES_MAX: usize = 128 << 10;

/// All that a node has.
#[derive(Default)]
pub(crate) struct Attributes {
    values: BTreeMap<Box<[u8]>, Box<[u8]>>,
    bytes: usize,
}

impl Attributes {
    /// Attributes as they were.
    pub(crate) fn restored(values: BTreeMap<Box<[u8]>, Box<[u8]>>, fs: &Shared) -> Result<Attributes> {
        let bytes = values.iter().map(|(name, value)| name.len() + value.len()).sum();
        let mut all = Attributes { values, bytes: 0 };
        all.account(bytes, fs)?;
        Ok(all)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.values.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Space taken, in pages.
    pub(crate) fn page_count(&self) -> usize {
        self.bytes.div_ceil(PAGE_BYTES)
    }

    fn set(&mut self, name: &[u8], value: &[u8], how: SetXattr, fs: &Shared) -> Result<()> {
        let old = self.values.get(name).map(|value| value.len());
        match (how, old) {
            (SetXattr::Create, Some(_)) => return Err(Errno::EEXIST),
            (SetXattr::Replace, None) => return Err(Errno::ENODATA),
            _ => {}
        }
        let before = old.map_or(0, |old| name.len() + old);
        self.account(self.bytes - before + name.len() + value.len(), fs)?;
        self.values.insert(name.into(), value.into());
        Ok(())
    }

    fn remove(&mut self, name: &[u8], fs: &Shared) -> Result<()> {
        let value = self.values.remove(name).ok_or(Errno::ENODATA)?;
        self.account(self.bytes - name.len() - value.len(), fs)
    }

    /// Takes or gives back pages for a new size.
    fn account(&mut self, bytes: usize, fs: &Shared) -> Result<()> {
        if bytes > BYTES_MAX {
            return Err(Errno::ENOSPC);
        }
        let (before, after) = (self.page_count(), bytes.div_ceil(PAGE_BYTES));
        for taken in before..after {
            fs.take_page().inspect_err(|_| fs.give_pages(taken - before))?;
        }
        fs.give_pages(before.saturating_sub(after));
        self.bytes = bytes;
        Ok(())
    }
}

impl MemNode {
    pub(crate) fn attribute(&self, name: &[u8]) -> Result<Vec<u8>> {
        if let Some(own) = self.attributes.lock().as_ref() {
            return own.values.get(name).map(|value| value.to_vec()).ok_or(Errno::ENODATA);
        }
        self.below.as_ref().map_or(Err(Errno::ENODATA), |below| match below.node.xattr(name) {
            Err(Errno::EOPNOTSUPP) => Err(Errno::ENODATA),
            result => result,
        })
    }

    pub(crate) fn attribute_names(&self) -> Result<Vec<Vec<u8>>> {
        if let Some(own) = self.attributes.lock().as_ref() {
            return Ok(own.values.keys().map(|name| name.to_vec()).collect());
        }
        self.below.as_ref().map_or(Ok(Vec::new()), |below| below.node.xattrs())
    }

    pub(crate) fn set_attribute(&self, name: &[u8], value: &[u8], how: SetXattr) -> Result<()> {
        self.change_attributes(|own| own.set(name, value, how, &self.fs))
    }

    pub(crate) fn remove_attribute(&self, name: &[u8]) -> Result<()> {
        self.change_attributes(|own| own.remove(name, &self.fs))
    }

    fn change_attributes(&self, change: impl FnOnce(&mut Attributes) -> Result<()>) -> Result<()> {
        self.own()?;
        // Read without the lock; whoever was faster has read the same.
        let mut below = Attributes::default();
        if let (None, Some(node)) = (self.attributes.lock().as_ref(), &self.below) {
            for name in node.node.xattrs()? {
                below.values.insert(name.as_slice().into(), node.node.xattr(&name)?.into());
            }
        }
        let now = self.fs.now();
        let mut attributes = self.attributes.lock();
        if attributes.is_none() {
            below.account(below.values.iter().map(|(name, value)| name.len() + value.len()).sum(), &self.fs)?;
        }
        change(attributes.get_or_insert(below))?;
        drop(attributes);
        self.edit(|metadata| metadata.changed = now);
        Ok(())
    }
}
