//! Where files are: [`SavedPlace`] by names and by numbers of nodes in memory, [`Systems`] gives those numbers.

use super::Unsaved;
use crate::anonymous::AnonymousNode;
use crate::kernel::Kernel;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use vfs::memfs::{SavedFs, Saver};
use vfs::mount::Place;
use vfs::node::{Metadata, Node};
use vfs::numbered::Numbered;
use vfs::pipe::{Pipe, PipeNode};
use vfs::{Mounts, NodeRef};

/// A node of a file system in memory: the number of that, and its own in there.
pub(super) type MemoryNode = (u32, u32);

/// A place.
#[derive(Serialize, Deserialize)]
pub(super) enum SavedPlace {
    /// The way to it from the root.
    Named(Vec<Step>),
    /// One of the nodes that no path leads to.
    Loose(u32),
}

/// A step of a way.
#[derive(Serialize, Deserialize)]
pub(super) struct Step {
    name: ByteBuf,
    /// What it leads to; if none, what the name leads to where it is restored.
    node: Option<MemoryNode>,
    /// Whether that is what is mounted there.
    enters: bool,
}

/// A node that no path leads to.
#[derive(Serialize, Deserialize)]
pub(super) enum SavedLoose {
    Memory(MemoryNode),
    Pipe(Metadata),
    Anonymous(Option<String>, Metadata),
    /// A standard stream.
    Stream(u8),
}

/// A file system in memory.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedSystem {
    /// Where it is mounted; nowhere, if it is memfd_create(2)'s.
    pub(super) at: Option<ByteBuf>,
    pub(super) fs: SavedFs,
}

/// Gives nodes their numbers.
pub(super) struct Systems {
    kernel: Arc<Kernel>,
    savers: Vec<(Option<Vec<u8>>, Saver)>,
    pub(super) loose: Numbered<dyn Node>,
}

impl Systems {
    pub(super) fn new(kernel: &Arc<Kernel>) -> Systems {
        let mounted = kernel.mounts.list().into_iter().filter_map(|info| {
            let root = kernel.mounts.mounted(info.id)?;
            Some((Some(info.path), Saver::of(&root)?))
        });
        Systems { kernel: kernel.clone(), savers: mounted.collect(), loose: Numbered::default() }
    }

    /// The number of a node in memory, if it is one.
    pub(super) fn number(&mut self, node: &NodeRef) -> Option<MemoryNode> {
        for (system, (_, saver)) in (0..).zip(&mut self.savers) {
            if let Some(number) = saver.number(node) {
                return Some((system, number));
            }
        }
        let mut saver = Saver::of(node)?;
        let number = saver.number(node)?;
        self.savers.push((None, saver));
        u32::try_from(self.savers.len() - 1).ok().map(|system| (system, number))
    }

    /// Which standard stream a node is.
    pub(super) fn stream(&self, node: &NodeRef) -> Option<u8> {
        let mut streams = (0..).zip(&self.kernel.streams);
        let is_it = |(_, stream): &(u8, &Option<NodeRef>)| stream.as_ref().is_some_and(|it| Arc::ptr_eq(it, node));
        streams.find(is_it).map(|(number, _)| number)
    }

    /// A place as data.
    pub(super) fn place(&mut self, place: &Place) -> SavedPlace {
        let Some(way) = place.way() else { return SavedPlace::Loose(self.loose.number(place.node())) };
        let mut saved = Vec::new();
        for (above, place) in way.iter().zip(way.iter().skip(1)) {
            let enters = place.mount() != above.mount();
            let node = if enters { None } else { self.number(place.node()) };
            if node.is_none() && !is_at(above, place, enters) {
                // It has lost its name, and is not ours to keep: what is open of it decides whether that matters.
                return SavedPlace::Loose(self.loose.number(place.node()));
            }
            saved.push(Step { name: ByteBuf::from(place.name()), node, enters });
        }
        SavedPlace::Named(saved)
    }

    /// A node that no path leads to, as data.
    pub(super) fn save_loose(&mut self, node: &NodeRef) -> Result<SavedLoose, Unsaved> {
        if let Some(number) = self.stream(node) {
            return Ok(SavedLoose::Stream(number));
        }
        if let Some(memory) = self.number(node) {
            return Ok(SavedLoose::Memory(memory));
        }
        let metadata = node.metadata().map_err(|errno| Unsaved(format!("a file without a name: {}", errno.text())))?;
        if Pipe::of(node).is_some() {
            return Ok(SavedLoose::Pipe(metadata));
        }
        let anonymous = node.as_any().downcast_ref::<AnonymousNode>();
        Ok(SavedLoose::Anonymous(anonymous.and_then(|node| node.title.as_ref().map(ToString::to_string)), metadata))
    }

    /// All file systems in memory.
    pub(super) fn finish(self) -> Result<Vec<SavedSystem>, Unsaved> {
        let saved = self.savers.into_iter().map(|(at, saver)| {
            let name = at.as_deref().map_or("a file in memory".into(), String::from_utf8_lossy).into_owned();
            let failed = |errno: vfs::Errno| Unsaved(format!("the files of {name}: {}", errno.text()));
            Ok(SavedSystem { at: at.map(ByteBuf::from), fs: saver.finish().map_err(failed)? })
        });
        saved.collect()
    }
}

/// Whether its name still leads to a place, or to what that is mounted on.
fn is_at(above: &Place, place: &Place, enters: bool) -> bool {
    let Ok(found) = above.node().lookup(place.name()) else { return false };
    let same = |one: &Metadata, other: &Metadata| (one.device, one.inode) == (other.device, other.inode);
    enters || matches!((found.metadata(), place.node().metadata()), (Ok(one), Ok(other)) if same(&one, &other))
}

/// Nodes by their numbers.
pub(super) struct Nodes {
    pub(super) mounts: Arc<Mounts>,
    pub(super) systems: Vec<Vec<NodeRef>>,
    pub(super) loose: Vec<NodeRef>,
}

impl Nodes {
    /// A node in memory.
    pub(super) fn memory(&self, (system, number): MemoryNode) -> Option<NodeRef> {
        self.systems.get(system as usize)?.get(number as usize).cloned()
    }

    /// A place; the error is the path up to what is not there.
    pub(super) fn place(&self, saved: &SavedPlace) -> Result<Place, Vec<u8>> {
        let steps = match saved {
            SavedPlace::Named(steps) => steps,
            SavedPlace::Loose(number) => {
                let node = self.loose.get(*number as usize).ok_or_else(Vec::new)?;
                return Ok(Place::detached(node.clone()));
            }
        };
        let mut place = self.mounts.root().clone();
        for (at, step) in steps.iter().enumerate() {
            let missing = || {
                let names = steps[..=at].iter().flat_map(|step| [b"/", step.name.as_slice()].concat());
                names.collect::<Vec<u8>>()
            };
            let node = match step.node {
                Some(memory) => self.memory(memory).ok_or_else(missing)?,
                None => place.node().lookup(&step.name).map_err(|_| missing())?,
            };
            let next = place.child(&step.name, node);
            let covered = if step.enters { self.mounts.cover(next.clone()) } else { next };
            if step.enters && covered.mount() == place.mount() {
                return Err(missing());
            }
            place = covered;
        }
        Ok(place)
    }
}

impl SavedLoose {
    /// The node; none where a number means nothing, or the stream is closed here.
    pub(super) fn restore(self, systems: &[Vec<NodeRef>], streams: &[Option<NodeRef>; 3]) -> Option<NodeRef> {
        Some(match self {
            SavedLoose::Memory((system, number)) => systems.get(system as usize)?.get(number as usize)?.clone(),
            SavedLoose::Pipe(metadata) => Arc::new(PipeNode::restored(metadata)),
            SavedLoose::Anonymous(title, metadata) => Arc::new(AnonymousNode::restored(title, metadata)),
            SavedLoose::Stream(number) => streams.get(usize::from(number))?.clone()?,
        })
    }
}
