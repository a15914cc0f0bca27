//! Every kind of authority there is to give, one line each.

use alloc::sync::Arc;
use alloc::vec::Vec;
use linux::{Ids, Network, Stream};
use vfs::NodeRef;

/// One thing that a guest is given.
pub enum Grant {
    /// A root file system, read and never written: what the guest changes is kept in memory.
    Root(NodeRef),
    /// A root file system that keeps what the guest changes ([`crate::copy_on_write`]), for who wants it afterwards.
    CopyOnWrite(NodeRef),
    /// The host's own root file system, read and written as it is: for a program that its user runs as any other. Only
    /// /dev, /dev/shm and /proc are the guest's own, where the host has them.
    HostRoot(NodeRef),
    /// Who the guest is, if it is not root, and its umask(2).
    User(Ids, u32),
    /// A directory at a guest path.
    Directory {
        /// What is given.
        node: NodeRef,
        /// Where the guest finds it: absolute.
        at: Vec<u8>,
        /// Whether the guest may not write it.
        is_read_only: bool,
    },
    /// One file, read-only, at a guest path: the program.
    File {
        /// What is given.
        node: NodeRef,
        /// Where the guest finds it: absolute.
        at: Vec<u8>,
    },
    /// Standard input (0), output (1) or error (2).
    Stream(usize, Stream),
    /// The terminal behind /dev/tty.
    Terminal(NodeRef),
    /// What it may use of networks beyond its own loopback interface.
    Network(Arc<dyn Network>),
}
