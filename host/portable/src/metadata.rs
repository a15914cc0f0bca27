//! What `filestat` tells, as a guest's file system tells it; and what WASI has no place for: modes and owners.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vfs::node::{Change, FileSystemInfo, Kind, Metadata, TimeNs, new_device};

/// Mode of what the guest did not make itself: all that may be done with it is up to the runtime.
const MODE: u32 = 0o755;

/// What a runtime tells of a file (`filestat` in typenames.witx), by Wasm's names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filestat {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    pub(crate) filetype: u8,
    pub(crate) nlink: u64,
    pub(crate) size: u64,
    pub(crate) atim: u64,
    pub(crate) mtim: u64,
    pub(crate) ctim: u64,
}

/// The kind that a `filetype` (typenames.witx) is. A fifo has none of its own.
pub(crate) fn kind(filetype: u8) -> Kind {
    match filetype {
        1 => Kind::BlockDevice(0, 0),
        2 => Kind::CharDevice(0, 0),
        3 => Kind::Directory,
        4 => Kind::File,
        5 | 6 => Kind::Socket,
        7 => Kind::Symlink,
        _ => Kind::Fifo,
    }
}

/// What stat(2) tells. Owners are root, as the guest is.
pub(crate) fn of(stat: &Filestat) -> Metadata {
    let kind = kind(stat.filetype);
    let (device, inode) = identities().of(stat.dev, stat.ino);
    Metadata {
        kind,
        mode: if kind == Kind::Symlink { 0o777 } else { MODE },
        device,
        inode,
        links: u32::try_from(stat.nlink).unwrap_or(u32::MAX),
        uid: 0,
        gid: 0,
        size: stat.size,
        // As file systems with blocks of 4 KiB have it; WASI does not tell.
        blocks: if kind == Kind::Symlink { 0 } else { stat.size.div_ceil(4096) * 8 },
        accessed: time(stat.atim),
        modified: time(stat.mtim),
        changed: time(stat.ctim),
    }
}

fn time(ns: u64) -> TimeNs {
    TimeNs(i64::try_from(ns).unwrap_or(i64::MAX))
}

/// A name for a file that its runtime has no inode number for: one made of its path (FNV-1a).
pub(crate) fn inode_of(path: &str) -> u64 {
    path.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// statfs(2), of which WASI tells nothing.
pub(crate) fn file_system() -> FileSystemInfo {
    // FUSE_SUPER_MAGIC, statfs(2).
    FileSystemInfo { magic: 0x6573_5546, block_bytes: 4096, name_bytes_max: 255, ..FileSystemInfo::default() }
}

/// Numbers of the runtime's with ours: its devices could be those of our own file systems, and its inodes are hashes of
/// 64 bits in some runtimes, which do not fit into what stat(2) gives programs without large files.
#[derive(Default)]
struct Identities {
    devices: BTreeMap<u64, u64>,
    inodes: BTreeMap<(u64, u64), u64>,
}

static IDENTITIES: Mutex<Identities> = Mutex::new(Identities { devices: BTreeMap::new(), inodes: BTreeMap::new() });

fn identities() -> MutexGuard<'static, Identities> {
    IDENTITIES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Identities {
    /// Our numbers for a device and an inode of theirs.
    fn of(&mut self, device: u64, inode: u64) -> (u64, u64) {
        let ours = *self.devices.entry(device).or_insert_with(new_device);
        if inode <= u64::from(u32::MAX) {
            return (ours, inode);
        }
        // Those that fit are rare where there are hashes, and begin at the other end where there are none.
        let next = u64::from(u32::MAX) - self.inodes.len() as u64;
        (ours, *self.inodes.entry((device, inode)).or_insert(next))
    }
}

/// Modes and owners that the guest has given: they hold until it ends. By device and inode number.
#[derive(Default)]
pub(crate) struct Attributes(Mutex<BTreeMap<(u64, u64), Change>>);

impl Attributes {
    /// A file has just been made so.
    pub(crate) fn make(&self, file: &Metadata, mode: u32, uid: u32, gid: u32) {
        let made = Change { mode: Some(mode), uid: Some(uid), gid: Some(gid), ..Change::default() };
        self.table().insert((file.device, file.inode), made);
    }

    /// Remembers what `change` says of mode and owner.
    pub(crate) fn change(&self, file: &Metadata, change: &Change) {
        let mut table = self.table();
        let kept = table.entry((file.device, file.inode)).or_default();
        kept.mode = change.mode.or(kept.mode);
        kept.uid = change.uid.or(kept.uid);
        kept.gid = change.gid.or(kept.gid);
    }

    /// Puts what is remembered into `file`.
    pub(crate) fn apply(&self, file: &mut Metadata) {
        if let Some(kept) = self.table().get(&(file.device, file.inode)) {
            kept.apply(file);
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<(u64, u64), Change>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: Filestat =
        Filestat { dev: 9, ino: 1 << 40, filetype: 4, nlink: 1, size: 513, atim: 0, mtim: 5, ctim: u64::MAX };

    #[test]
    fn numbers_are_small_and_stay() {
        let (one, other) = (of(&STAT), of(&Filestat { ino: 2 << 40, ..STAT }));
        assert_eq!((one.inode, one.device), (of(&STAT).inode, other.device));
        assert!(one.inode != other.inode && one.inode <= u64::from(u32::MAX));
        assert_eq!(of(&Filestat { ino: 77, ..STAT }).inode, 77);
        assert_eq!((one.blocks, one.modified, one.changed), (8, TimeNs(5), TimeNs(i64::MAX)));
        assert_ne!(inode_of("a"), inode_of("b"));
    }

    #[test]
    fn modes_and_owners_are_remembered() {
        let attributes = Attributes::default();
        let mut file = of(&Filestat { ino: 5, ..STAT });
        attributes.make(&file, 0o640, 1, 2);
        attributes.change(&file, &Change { mode: Some(0o600), size: Some(3), ..Change::default() });
        attributes.apply(&mut file);
        assert_eq!((file.mode, file.uid, file.gid, file.size), (0o600, 1, 2, 513));
    }
}
