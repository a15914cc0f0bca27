//! Extended attributes in a granted tree (xattr(7)).
//!
//! Of a directory that a guest may write, `user.` alone: the rest means something to the host. An image also shows what
//! its maker gave it for its guests.

use super::node::open_below;
use super::{Access, Handle, HostNode};
use crate::errno;
use rustix::fs::{self, OFlags, XattrFlags};
use std::os::fd::AsRawFd;
use vfs::node::{Kind, SetXattr};
use vfs::{Errno, Result};

/// Largest value, and largest list (XATTR_SIZE_MAX, XATTR_LIST_MAX).
const BYTES_MAX: usize = 65536;

impl HostNode {
    /// Whether a guest may know an attribute of that name.
    fn shows(&self, name: &[u8]) -> bool {
        let is_for_guests = |prefix: &[u8]| name.starts_with(prefix);
        let is_images = self.grant.access == Access::Image
            && (is_for_guests(b"trusted.") && !is_for_guests(b"trusted.overlay.") || name == b"security.capability");
        is_for_guests(b"user.") && matches!(self.kind, Kind::File | Kind::Directory) || is_images
    }

    /// Calls `ask` with a path that the host's kernel leads to exactly this node. A symbolic link has none.
    fn at<T>(&self, ask: impl FnOnce(&str) -> rustix::io::Result<T>) -> Result<T> {
        match &self.handle {
            _ if self.kind == Kind::Symlink => Err(Errno::ENODATA),
            Handle::Name { directory, name, .. } => {
                let found = open_below(directory, name, OFlags::PATH | OFlags::NOFOLLOW)?;
                ask(&format!("/proc/self/fd/{}", found.as_raw_fd())).map_err(errno::of)
            }
            _ => ask(&self.magic_path()?).map_err(errno::of),
        }
    }

    pub(super) fn attribute(&self, name: &[u8]) -> Result<Vec<u8>> {
        if !self.shows(name) {
            return Err(Errno::ENODATA);
        }
        let mut value = vec![0; BYTES_MAX];
        let length = self.at(|path| fs::getxattr(path, name, &mut value[..]))?;
        value.truncate(length);
        Ok(value)
    }

    pub(super) fn attribute_names(&self) -> Result<Vec<Vec<u8>>> {
        let mut list = vec![0; BYTES_MAX];
        let length = match self.at(|path| fs::listxattr(path, &mut list[..])) {
            // A file system without any, or a link.
            Err(Errno::EOPNOTSUPP | Errno::ENODATA) => 0,
            result => result?,
        };
        let names = list[..length.min(BYTES_MAX)].split(|byte| *byte == 0);
        Ok(names.filter(|name| self.shows(name)).map(<[u8]>::to_vec).collect())
    }

    pub(super) fn set_attribute(&self, name: &[u8], value: &[u8], how: SetXattr) -> Result<()> {
        self.grant.check_writable()?;
        if !self.shows(name) {
            return Err(Errno::EOPNOTSUPP);
        }
        let flags = match how {
            SetXattr::Put => XattrFlags::empty(),
            SetXattr::Create => XattrFlags::CREATE,
            SetXattr::Replace => XattrFlags::REPLACE,
        };
        self.at(|path| fs::setxattr(path, name, value, flags))
    }

    pub(super) fn remove_attribute(&self, name: &[u8]) -> Result<()> {
        self.grant.check_writable()?;
        if !self.shows(name) {
            return Err(Errno::ENODATA);
        }
        self.at(|path| fs::removexattr(path, name))
    }
}
