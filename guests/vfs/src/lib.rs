//! Files without a disk: nodes, mounts, memory, overlay, dev, proc.
//!
//! [`Node`] and [`File`] are the seam; everything else here implements or walks them. Names no host.
//!
//! ```
//! # use strata_vfs as vfs;
//! use std::sync::Arc;
//! use vfs::node::{At, Clock, Make, New, Open, TimeNs};
//! use vfs::{MemFs, Mount, Mounts, Walk, devfs::Devices, devpts::Devpts};
//!
//! let clock: Clock = Arc::new(|| TimeNs(0));
//! let mounts = Mounts::new(Mount::new(MemFs::new(clock.clone()).root(), "tmpfs"));
//! let tmp = MemFs { bytes_max: Some(1 << 20), mode: 0o1777, ..MemFs::new(clock.clone()) };
//! mounts.mount_making(b"/tmp", Mount::new(tmp.root(), "tmpfs"))?;
//! let terminals = Devpts::new(clock.clone(), 16, 5);
//! let devices = Devices { clock, random: Arc::new(|into| into.fill(4)), tty: None, tty_owner: (0, 5), terminals };
//! mounts.mount_making(b"/dev", Mount::new(devices.root(), "devtmpfs"))?;
//!
//! let tmp = Walk::new(&mounts).resolve(b"/dev/../tmp")?;
//! let file = tmp.node().create(b"note", &New { what: Make::File, mode: 0o644, uid: 0, gid: 0 })?;
//! let open = file.open(Open { read: true, write: true, ..Open::default() })?;
//! open.write(At::End, b"hello")?;
//! let mut bytes = [0; 5];
//! open.read(At::Offset(0), &mut bytes)?;
//! assert_eq!(&bytes, b"hello");
//! # Ok::<(), vfs::Errno>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod changes;
pub mod devfs;
pub mod devpts;
pub mod errno;
pub mod layers;
pub mod memfs;
pub mod mount;
pub mod node;
pub mod numbered;
pub mod overlay;
pub mod pipe;
pub mod procfs;
pub mod pty;
pub mod readonly;
pub mod terminal;
pub mod termios;
pub mod tty;
pub mod walk;
pub mod watch;

pub use errno::Errno;
pub use memfs::MemFs;
pub use mount::{Mount, Mounts, Place};
pub use node::{File, Node, NodeRef, Result};
pub use terminal::Terminal;
pub use walk::Walk;
pub use watch::{Watcher, Watchers};
