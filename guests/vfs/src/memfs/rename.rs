//! rename(2) and its variants within one memory file system.

use super::names::{Names, check_name, more_links};
use super::node::{MemNode, Up};
use crate::errno::Errno;
use crate::node::{Entry, Rename, Result};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One side of a rename: a directory, a name in it, and what lies beneath under that name.
struct Side<'a> {
    directory: &'a MemNode,
    name: &'a [u8],
    below: Option<Arc<MemNode>>,
}

impl Side<'_> {
    fn current(&self) -> Result<Option<Arc<MemNode>>> {
        Ok(self.directory.names()?.read().current(self.name, self.below.as_ref()))
    }

    fn put(&self, names: &mut Names, node: &Arc<MemNode>) {
        names.put(self.name, node);
        *node.up.lock() = Up::Owned(self.directory.me.clone());
    }
}

impl MemNode {
    pub(crate) fn rename_child(&self, from: &[u8], to_dir: &Arc<MemNode>, to: &[u8], how: Rename) -> Result<()> {
        self.names()?;
        to_dir.names()?;
        check_name(from)?;
        check_name(to)?;
        let from = Side { directory: self, name: from, below: self.loaded_below(from)? };
        let to = Side { directory: to_dir, name: to, below: to_dir.loaded_below(to)? };
        let source = from.current()?.ok_or(Errno::ENOENT)?;
        let target = to.current()?;
        let target_below = match &target {
            Some(target) if target.kind.is_directory() => target.entries_below()?,
            _ => Vec::new(),
        };
        self.own()?;
        to_dir.own()?;
        let now = self.fs.now();
        let _changes = self.fs.changes.lock();
        let is_same = |one: &Option<Arc<MemNode>>, other: Option<&Arc<MemNode>>| match (one, other) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        if !is_same(&from.current()?, Some(&source)) || !is_same(&to.current()?, target.as_ref()) {
            // Somebody renamed or removed one of them meanwhile: as if that had come after.
            return Err(Errno::ENOENT);
        }
        if check(&from, &to, &source, target.as_ref(), &target_below, how)? {
            return Ok(());
        }
        swap_names(&from, &to, &source, target.as_ref(), how)?;
        if let (Some(target), true) = (&target, how != Rename::Exchange) {
            to_dir.unname(target);
        }
        count_links(&from, &to, &source, target.as_ref().filter(|_| how == Rename::Exchange));
        for node in [Some(&source), target.as_ref()].into_iter().flatten() {
            node.edit(|metadata| metadata.changed = now);
        }
        source.pin();
        self.was_changed(now);
        to_dir.was_changed(now);
        Ok(())
    }

    /// Whether it is `other` or lies in it.
    fn is_within(self: &Arc<Self>, other: &Arc<MemNode>) -> bool {
        let mut node = self.clone();
        loop {
            if Arc::ptr_eq(&node, other) {
                return true;
            }
            let above = match &*node.up.lock() {
                Up::Borrowed { parent, .. } => Some(parent.clone()),
                Up::Owned(parent) => parent.upgrade(),
                Up::Root | Up::Unnamed | Up::Detached => None,
            };
            match above {
                Some(above) => node = above,
                None => return false,
            }
        }
    }
}

/// Whether there is nothing to do, or why it must not be done (rename(2), ERRORS).
fn check(
    from: &Side<'_>,
    to: &Side<'_>,
    source: &Arc<MemNode>,
    target: Option<&Arc<MemNode>>,
    target_below: &[Entry],
    how: Rename,
) -> Result<bool> {
    if to.directory.names()?.read().is_removed() {
        return Err(Errno::ENOENT);
    }
    if source.kind.is_directory() && to.directory.shared()?.is_within(source) {
        return Err(Errno::EINVAL);
    }
    let Some(target) = target else {
        return if how == Rename::Exchange { Err(Errno::ENOENT) } else { Ok(false) };
    };
    if how == Rename::NoReplace {
        return Err(Errno::EEXIST);
    }
    if Arc::ptr_eq(source, target) {
        return Ok(true);
    }
    if how == Rename::Exchange {
        let is_loop = target.kind.is_directory() && from.directory.shared()?.is_within(target);
        return if is_loop { Err(Errno::EINVAL) } else { Ok(false) };
    }
    match (source.kind.is_directory(), target.kind.is_directory()) {
        (true, false) => Err(Errno::ENOTDIR),
        (false, true) => Err(Errno::EISDIR),
        (true, true) => target.check_empty(target_below).map(|()| false),
        (false, false) => Ok(false),
    }
}

/// Moves the names at one stroke: nobody sees both or neither.
fn swap_names(
    from: &Side<'_>,
    to: &Side<'_>,
    source: &Arc<MemNode>,
    target: Option<&Arc<MemNode>>,
    how: Rename,
) -> Result<()> {
    let mut from_names = from.directory.names()?.write();
    // Only whoever holds `changes` ever holds two of these locks, so their order does not matter.
    let other = to.directory.names()?;
    let mut to_names = if core::ptr::eq(from.directory, to.directory) { None } else { Some(other.write()) };
    match (how, target) {
        (Rename::Exchange, Some(target)) => from.put(&mut from_names, target),
        _ => from_names.remove(from.name, from.below.is_some()),
    }
    to.put(to_names.as_deref_mut().unwrap_or(&mut from_names), source);
    Ok(())
}

/// A directory that changes its parent takes its `..` along.
fn count_links(from: &Side<'_>, to: &Side<'_>, source: &MemNode, exchanged: Option<&Arc<MemNode>>) {
    let moved_out = i64::from(source.kind.is_directory());
    let moved_in = i64::from(exchanged.is_some_and(|target| target.kind.is_directory()));
    from.directory.edit(|metadata| metadata.links = more_links(metadata.links, moved_in - moved_out));
    to.directory.edit(|metadata| metadata.links = more_links(metadata.links, moved_out - moved_in));
}
