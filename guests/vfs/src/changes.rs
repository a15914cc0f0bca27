//! What an overlay has changed of the tree beneath it: [`changes`] tells it, one thing after the other.
//!
//! A node is told whole if it is new under its path, or was changed; its bytes are the caller's to read. A directory that
//! was renamed is new under its path, with all that is in it. A file with several names is told under one, and as a link
//! under the others, all of them: changing it by one name changes it under each.

use crate::errno::Errno;
use crate::memfs::{MemNode, Slot};
use crate::node::{Metadata, Node, NodeRef};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Longest path that is told, as for open(2).
const PATH_BYTES_MAX: usize = 4095;

/// One change. Paths are relative to the root, which is the empty one.
pub enum Changed<'a> {
    /// What is there now; directories come before what is in them.
    Node {
        /// Where.
        path: &'a [u8],
        /// What.
        node: &'a dyn Node,
    },
    /// Another name of what was told before.
    Link {
        /// Where.
        path: &'a [u8],
        /// Under which path it was told.
        of: &'a [u8],
    },
    /// What was beneath is gone, and nothing has taken its place.
    Gone {
        /// Where it was.
        path: &'a [u8],
    },
    /// The directory that was told just before shows nothing of the one that was beneath.
    Opaque {
        /// Where.
        path: &'a [u8],
    },
}

/// Tells `tell` of all changes in the tree whose root [`crate::overlay::overlay`] gave; `EINVAL` for another tree.
///
/// What is at the paths `apart`, such as mount points that were made for the guest, is left out.
pub fn changes<E: From<Errno>>(
    root: &NodeRef,
    apart: &[&[u8]],
    tell: &mut dyn FnMut(Changed<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let node = root.as_any().downcast_ref::<MemNode>().ok_or(Errno::EINVAL)?.shared()?;
    let base = node.below.as_ref().ok_or(Errno::EINVAL)?.node.clone();
    // A file with several names may have been changed by one that is found only by looking at every name.
    let is_thorough = node.names()?.read().has_pinned();
    let mut teller = Teller { tell, apart, above: Vec::new(), known: BTreeMap::new(), is_thorough };
    let mut left = Vec::from([Step { path: Vec::new(), depth: 0, node, base: Some(base) }]);
    while let Some(step) = left.pop() {
        teller.visit(step, &mut left)?;
    }
    Ok(())
}

/// A node to be looked at, and what is beneath under the same path.
struct Step {
    path: Vec<u8>,
    depth: usize,
    node: Arc<MemNode>,
    base: Option<NodeRef>,
}

struct Teller<'a, E> {
    tell: &'a mut dyn FnMut(Changed<'_>) -> Result<(), E>,
    apart: &'a [&'a [u8]],
    /// The directories above, and whether they were told.
    above: Vec<(Vec<u8>, Arc<MemNode>, bool)>,
    /// Where those with several names were told.
    known: BTreeMap<u64, Vec<u8>>,
    is_thorough: bool,
}

impl<E: From<Errno>> Teller<'_, E> {
    fn visit(&mut self, step: Step, left: &mut Vec<Step>) -> Result<(), E> {
        if step.path.len() > PATH_BYTES_MAX {
            return Err(Errno::ENAMETOOLONG.into());
        }
        if self.apart.contains(&&step.path[..]) {
            return Ok(());
        }
        self.above.truncate(step.depth);
        let is_same = step.is_same()?;
        let is_changed = !is_same || step.node.is_changed()?;
        if !step.node.kind.is_directory() {
            return if is_changed { self.file(&step) } else { Ok(()) };
        }
        // What was made on the way to something apart is not the guest's.
        let leads_apart =
            self.apart.iter().any(|path| path.starts_with(&step.path) && path.get(step.path.len()) == Some(&b'/'));
        self.above.push((step.path.clone(), step.node.clone(), false));
        if is_changed && !(leads_apart && step.base.is_none()) {
            self.tell_above()?;
        }
        let covers = step.base.as_ref().is_some_and(|base| base.kind().is_ok_and(|kind| kind.is_directory()));
        if !is_same && covers {
            (self.tell)(Changed::Opaque { path: &step.path })?;
        }
        self.children(&step, is_same, left)
    }

    fn file(&mut self, step: &Step) -> Result<(), E> {
        self.tell_above()?;
        if step.node.metadata()?.links > 1 {
            if let Some(of) = self.known.get(&step.node.inode) {
                return (self.tell)(Changed::Link { path: &step.path, of });
            }
            self.known.insert(step.node.inode, step.path.clone());
        }
        (self.tell)(Changed::Node { path: &step.path, node: &*step.node })
    }

    /// Tells of the directories above that were not told of yet.
    fn tell_above(&mut self) -> Result<(), E> {
        for (path, node, is_told) in &mut self.above {
            if !core::mem::replace(is_told, true) {
                (self.tell)(Changed::Node { path, node: &**node })?;
            }
        }
        Ok(())
    }

    /// What is in a directory; of one that is what it was, only what may have changed.
    fn children(&mut self, step: &Step, is_same: bool, left: &mut Vec<Step>) -> Result<(), E> {
        let base_of = |name: &[u8]| match step.base.as_ref().filter(|_| is_same).map(|base| base.lookup(name)) {
            None | Some(Err(Errno::ENOENT)) => Ok(None),
            Some(found) => found.map(Some),
        };
        let path_of = |name: &[u8]| if step.path.is_empty() { name.to_vec() } else { [&step.path, name].join(&b'/') };
        let mut names: Vec<Vec<u8>> = Vec::new();
        for (name, slot) in step.node.names()?.read().slots() {
            match slot {
                Slot::Node(_) => names.push(name.to_vec()),
                Slot::Gone if is_same => names.push(name.to_vec()),
                Slot::Gone => {}
            }
        }
        if !is_same || self.is_thorough {
            names.extend(step.node.list()?.into_iter().map(|entry| entry.name));
        }
        names.sort_unstable();
        names.dedup();
        // The last is looked at first.
        for name in names.into_iter().rev() {
            let (path, base) = (path_of(&name), base_of(&name)?);
            match (step.node.child(&name)?, base) {
                (Some(node), base) => left.push(Step { path, depth: step.depth + 1, node, base }),
                (None, Some(_)) => {
                    self.tell_above()?;
                    (self.tell)(Changed::Gone { path: &path })?;
                }
                (None, None) => {}
            }
        }
        Ok(())
    }
}

impl Step {
    /// Whether the node shows what is beneath under the same path.
    fn is_same(&self) -> Result<bool, Errno> {
        let (Some(below), Some(base)) = (&self.node.below, &self.base) else { return Ok(false) };
        let (below, base) = (below.node.metadata()?, base.metadata()?);
        Ok((below.device, below.inode) == (base.device, base.inode))
    }
}

impl MemNode {
    /// Whether it is not what the node beneath is. Reading it does not count.
    fn is_changed(&self) -> Result<bool, Errno> {
        let Some(below) = &self.below else { return Ok(true) };
        if self.has_own_contents() || self.attributes.lock().is_some() {
            return Ok(true);
        }
        let own = self.metadata.lock().clone();
        let facts = |of: &Metadata| (of.mode, of.uid, of.gid, of.links, of.modified);
        Ok(match own {
            Some(own) => facts(&own) != facts(&below.node.metadata()?),
            None => false,
        })
    }
}
