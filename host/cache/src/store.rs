//! [`Store`]: the directory of bundles, which only its user can write.

use crate::bundle::Bundle;
use crate::digest::Digest;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::{fs, io};
use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Bytes of all bundles together, beyond which those go that were not used for longest.
const BYTES_MAX: u64 = 1 << 30;
/// How old something half-written is before nobody is thought to write it any more, in seconds.
const ABANDONED_S: i64 = 3600;
/// What bundles' names end with, behind their digest in hexadecimal; and what is being written.
const BUNDLE: &str = ".bundle";
const HALF: &str = ".half";

/// Why a directory cannot be used.
#[derive(thiserror::Error, Debug)]
pub enum StoreError {
    /// It belongs to somebody else, who could put code into it.
    #[error("{path}: belongs to user {owner}, and machine code in it would be run; choose a directory of your own")]
    Owner {
        /// The directory.
        path: String,
        /// Whose it is.
        owner: u32,
    },
    /// Somebody else may write it.
    #[error("{path}: others may write it (mode {mode:03o}), and machine code in it would be run; chmod go-w it")]
    Mode {
        /// The directory.
        path: String,
        /// Its permissions.
        mode: u32,
    },
    /// It is there but cannot be opened, or cannot be made.
    #[error("{path}: {error}; choose a directory that can be written")]
    Io {
        /// The directory.
        path: String,
        /// What the host said.
        error: io::Errno,
    },
}

/// A directory of bundles.
pub struct Store {
    path: PathBuf,
    /// None as long as there is no such directory.
    directory: Option<OwnedFd>,
}

/// A bundle as the directory shows it.
pub struct Listed {
    /// Its name.
    pub id: Digest,
    /// Its length.
    pub bytes: u64,
    /// When it was last used, in seconds since the Unix epoch.
    pub used_s: i64,
}

impl Store {
    /// The store at `path`, which need not exist yet.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let directory = match fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY, Mode::empty()) {
            Ok(directory) => Some(directory),
            Err(io::Errno::NOENT) => None,
            Err(error) => return Err(StoreError::Io { path: path.display().to_string(), error }),
        };
        let store = Store { path: path.to_owned(), directory };
        store.directory.iter().try_for_each(|directory| store.check(directory))?;
        Ok(store)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn wrong(&self, error: io::Errno) -> StoreError {
        StoreError::Io { path: self.path.display().to_string(), error }
    }

    /// Whether only this user can write the directory.
    fn check(&self, directory: &OwnedFd) -> Result<(), StoreError> {
        let stat = fs::fstat(directory).map_err(|error| self.wrong(error))?;
        let path = self.path.display().to_string();
        let mode = stat.st_mode & 0o7777;
        if !is_own(&stat) {
            return Err(StoreError::Owner { path, owner: stat.st_uid });
        }
        if mode & OTHERS_WRITE != 0 { Err(StoreError::Mode { path, mode }) } else { Ok(()) }
    }

    /// Makes the directory if it is not there.
    fn make(&mut self) -> Result<(), StoreError> {
        if self.directory.is_none() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
            made.map_err(|error| self.wrong(io::Errno::from_io_error(&error).unwrap_or(io::Errno::IO)))?;
            *self = Store::open(&self.path)?;
        }
        Ok(())
    }

    /// The bundle `id`, if there is one and nobody else could have written it.
    pub fn read(&self, id: &Digest) -> Option<Bundle> {
        Bundle::open(Box::new(self.file(id)?)).filter(|bundle| bundle.id == *id)
    }

    fn file(&self, id: &Digest) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = fs::openat(self.directory.as_ref()?, bundle_name(id), flags, Mode::empty()).ok()?;
        let stat = fs::fstat(&file).ok()?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        (is_file && is_own(&stat) && stat.st_mode & OTHERS_WRITE == 0).then(|| File::from(file))
    }

    /// Notes that the bundle `id` is used.
    pub fn touch(&self, id: &Digest) {
        let Some(directory) = &self.directory else { return };
        let time = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
        let times = Timestamps { last_access: time(fs::UTIME_OMIT), last_modification: time(fs::UTIME_NOW) };
        // If that cannot be, it is thrown away a little early.
        let _ = fs::utimensat(directory, bundle_name(id), &times, AtFlags::SYMLINK_NOFOLLOW);
    }

    /// Puts a bundle, in parts, in the place of whatever `id` was, all at once.
    pub(crate) fn write(&mut self, id: &Digest, parts: &[&[u8]]) -> Result<(), StoreError> {
        self.make()?;
        let directory = self.directory.as_ref().ok_or_else(|| self.wrong(io::Errno::NOENT))?;
        let mut random = [0; 8];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| self.wrong(error))?;
        let half = format!("{:016x}{HALF}", u64::from_ne_bytes(random));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = fs::openat(directory, &half, flags, Mode::RUSR | Mode::WUSR).map_err(|error| self.wrong(error))?;
        let mut file = File::from(file);
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        let written = written.map_err(|error| io::Errno::from_io_error(&error).unwrap_or(io::Errno::IO));
        // Nothing is synced: after a power failure the digests tell.
        let moved = written.and_then(|()| fs::renameat(directory, &half, directory, bundle_name(id)));
        moved.map_err(|error| {
            let _ = fs::unlinkat(directory, &half, AtFlags::empty());
            self.wrong(error)
        })?;
        self.trim(BYTES_MAX);
        Ok(())
    }

    /// Its bundles, those first that were used last.
    pub fn list(&self) -> Vec<Listed> {
        let bundle = |(name, stat): (Vec<u8>, Stat)| {
            let id = id_of(&name)?;
            Some(Listed { id, bytes: u64::try_from(stat.st_size).ok()?, used_s: stat.st_mtime })
        };
        let mut list: Vec<Listed> = self.files().into_iter().filter_map(bundle).collect();
        list.sort_by_key(|listed| std::cmp::Reverse(listed.used_s));
        list
    }

    /// Removes all bundles; the answer is how many those were, and how many bytes.
    pub fn clear(&self) -> (usize, u64) {
        let list = self.list();
        list.iter().for_each(|listed| self.remove(bundle_name(&listed.id).as_bytes()));
        let halves = self.files().into_iter().filter(|(name, _)| name.ends_with(HALF.as_bytes()));
        halves.for_each(|(name, _)| self.remove(&name));
        (list.len(), list.iter().map(|listed| listed.bytes).sum())
    }

    /// Removes the bundles that were not used for longest, until the others are at most `bytes` bytes.
    fn trim(&self, bytes: u64) {
        let mut sum = 0;
        for listed in self.list() {
            sum += listed.bytes;
            if sum > bytes {
                self.remove(bundle_name(&listed.id).as_bytes());
            }
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now_s = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        for (name, stat) in self.files() {
            if name.ends_with(HALF.as_bytes()) && now_s.saturating_sub(stat.st_mtime) > ABANDONED_S {
                self.remove(&name);
            }
        }
    }

    fn remove(&self, name: &[u8]) {
        if let Some(directory) = &self.directory {
            // Another process may have been faster.
            let _ = fs::unlinkat(directory, OsStr::from_bytes(name), AtFlags::empty());
        }
    }

    /// The names of the files in it, with what is known of them.
    fn files(&self) -> Vec<(Vec<u8>, Stat)> {
        let Some(directory) = &self.directory else { return Vec::new() };
        let Ok(entries) = Dir::read_from(directory.as_fd()) else { return Vec::new() };
        let stat = |name: &[u8]| fs::statat(directory, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW).ok();
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_bytes().to_vec()));
        names.filter_map(|name| stat(&name).map(|stat| (name, stat))).collect()
    }
}

const OTHERS_WRITE: u32 = 0o022;

fn is_own(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

fn bundle_name(id: &Digest) -> String {
    format!("{id}{BUNDLE}")
}

fn id_of(name: &[u8]) -> Option<Digest> {
    let digits = std::str::from_utf8(name).ok()?.strip_suffix(BUNDLE)?;
    if digits.len() != 2 * Digest::BYTES || !digits.is_ascii() {
        return None;
    }
    let mut id = Digest([0; Digest::BYTES]);
    for (number, byte) in id.0.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * number..2 * number + 2], 16).ok()?;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let path = std::env::temp_dir().join(format!("strata-store-{}", std::process::id()));
        let mut store = Store::open(&path).expect("it need not be there");
        let ids = [1, 2, 3].map(|byte| Digest([byte; Digest::BYTES]));
        ids.iter().for_each(|id| store.write(id, &[&[0; 60], &[0; 40]]).expect("scratch room"));
        for (id, used_s) in ids.iter().zip([30, 10, 20]) {
            let used = Timespec { tv_sec: used_s, tv_nsec: 0 };
            let times = Timestamps { last_access: used, last_modification: used };
            let file = path.join(bundle_name(id));
            fs::utimensat(fs::CWD, file, &times, AtFlags::empty()).expect("it is ours");
        }
        store.trim(250);
        let left = |store: &Store| store.list().iter().map(|listed| listed.id).collect::<Vec<_>>();
        assert_eq!(left(&store), [ids[0], ids[2]]);
        store.touch(&ids[2]);
        assert_eq!(left(&store), [ids[2], ids[0]]);
        assert_eq!(store.clear(), (2, 200));
        std::fs::remove_dir(&path).expect("it is empty");
    }
}
