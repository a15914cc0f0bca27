//! Granted directories: they do what files do, and nothing leads out of them.
//! Run alone: `cargo test --release -p strata-hostio --test directory`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use strata_hostio::{clock, directory};
use vfs::node::{At, Change, Kind, Make, New, Open, Rename, TimeNs};
use vfs::overlay::overlay;
use vfs::{Errno, MemFs, Mount, Mounts, NodeRef, Walk};

const READ: Open = Open { read: true, write: false, append: false, nonblocking: false };
const BOTH: Open = Open { read: true, write: true, append: false, nonblocking: false };
const SECRET: &[u8] = b"outside";

/// A directory with `granted/` to grant and a secret beside it.
struct Ground(PathBuf);

impl Ground {
    fn new(name: &str) -> Ground {
        let path = std::env::temp_dir().join(format!("strata-hostio-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("granted/sub")).unwrap();
        fs::create_dir(path.join("outside")).unwrap();
        fs::write(path.join("outside/secret"), SECRET).unwrap();
        fs::write(path.join("granted/file"), b"hello").unwrap();
        fs::write(path.join("granted/sub/inner"), b"inner").unwrap();
        Ground(path)
    }

    fn granted(&self) -> PathBuf {
        self.0.join("granted")
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn new(what: Make<'_>, mode: u32) -> New<'_> {
    New { what, mode, uid: 0, gid: 0 }
}

fn read(node: &NodeRef) -> Vec<u8> {
    let mut bytes = vec![0; 100];
    let count = node.open(READ).unwrap().read(At::Offset(0), &mut bytes).unwrap();
    bytes.truncate(count);
    bytes
}

fn mounted(root: NodeRef) -> Mounts {
    Mounts::new(Mount::new(root, "host"))
}

#[test]
fn files_do_what_files_do() {
    let ground = Ground::new("files");
    let root = directory::grant(&ground.granted()).unwrap();
    let made = root.create(b"new", &new(Make::File, 0o6642)).unwrap();
    assert_eq!(made.metadata().unwrap().mode, 0o642, "no set-user-ID files on the host");
    let file = made.open(BOTH).unwrap();
    assert_eq!(file.write(At::Offset(3), b"abc"), Ok(3));
    assert_eq!(file.write(At::End, b"def"), Ok(3));
    root.rename(b"new", &root.lookup(b"sub").unwrap(), b"moved", Rename::Replace).unwrap();
    assert_eq!(read(&made), b"\0\0\0abcdef", "a node stays itself when it is renamed");
    assert!(matches!(root.create(b"file", &new(Make::File, 0o644)), Err(Errno::EEXIST)));
    let sub = root.lookup(b"sub").unwrap();
    root.link(b"other", &made).unwrap();
    assert_eq!(made.metadata().unwrap().links, 2);
    sub.unlink(b"moved").unwrap();
    root.unlink(b"other").unwrap();
    assert_eq!(read(&made), b"\0\0\0abcdef", "an unlinked file lives until its last holder lets go");
    assert_eq!(root.rmdir(b"sub"), Err(Errno::ENOTEMPTY));
    let times = Change {
        modified: Some(TimeNs(1_234_567_890_123_456_789)),
        size: Some(2),
        mode: Some(0o600),
        ..Change::default()
    };
    let file = root.lookup(b"file").unwrap();
    file.set_metadata(&times).unwrap();
    let metadata = file.metadata().unwrap();
    assert_eq!((metadata.modified.0, metadata.size, metadata.mode), (1_234_567_890_123_456_789, 2, 0o600));
    assert_eq!(fs::metadata(ground.granted().join("file")).unwrap().mtime_nsec(), 123_456_789);
    root.create(b"link", &new(Make::Symlink(b"/any/where"), 0o777)).unwrap();
    assert_eq!(root.lookup(b"link").unwrap().readlink(), Ok(b"/any/where".to_vec()));
    let names: Vec<_> = root.entries().unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, [&b"file"[..], b"link", b"sub"]);
}

#[test]
fn hostile_names_are_refused() {
    let ground = Ground::new("names");
    let root = directory::grant(&ground.granted()).unwrap();
    let long = [b'n'; 256];
    let names: [(&[u8], Errno); 8] = [
        (b"", Errno::EINVAL),
        (b".", Errno::EINVAL),
        (b"..", Errno::EINVAL),
        (b"/etc", Errno::EINVAL),
        (b"../outside", Errno::EINVAL),
        (b"sub/inner", Errno::EINVAL),
        (b"file\0", Errno::EINVAL),
        (&long, Errno::ENAMETOOLONG),
    ];
    for (name, errno) in names {
        assert_eq!(root.lookup(name).err(), Some(errno));
        assert_eq!(root.create(name, &new(Make::File, 0o644)).err(), Some(errno));
        assert_eq!(root.unlink(name), Err(errno));
        assert_eq!(root.rmdir(name), Err(errno));
        assert_eq!(root.rename(name, &root, b"x", Rename::Replace), Err(errno));
        assert_eq!(root.rename(b"file", &root, name, Rename::Replace), Err(errno));
        assert_eq!(root.link(name, &root.lookup(b"file").unwrap()), Err(errno));
    }
    root.lookup(b"\xff\xfe").map(|_| ()).unwrap_err();
    root.create(b"\xff\xfe", &new(Make::File, 0o644)).unwrap();
}

#[test]
fn links_lead_nowhere_outside() {
    let ground = Ground::new("links");
    let granted = ground.granted();
    symlink("/etc", granted.join("elsewhere")).unwrap();
    symlink("../outside/secret", granted.join("up")).unwrap();
    symlink(ground.0.join("outside/secret"), granted.join("absolute")).unwrap();
    symlink("/proc/self/root", granted.join("magic")).unwrap();
    symlink("file", granted.join("inside")).unwrap();
    for root in [directory::grant(&granted), directory::grant_read_only(&granted), directory::image(&granted)] {
        let root = root.unwrap();
        assert_eq!(root.lookup(b"elsewhere").unwrap().kind(), Ok(Kind::Symlink));
        assert!(matches!(root.lookup(b"elsewhere").unwrap().open(READ), Err(Errno::ELOOP)));
        assert!(matches!(root.lookup(b"elsewhere").unwrap().lookup(b"passwd"), Err(Errno::ENOTDIR)));
        let mounts = mounted(root);
        for path in
            ["/elsewhere/passwd", "/up", "/absolute", "/magic/etc/passwd", "/../outside/secret", "/sub/../../outside"]
        {
            assert_eq!(Walk::new(&mounts).resolve(path.as_bytes()).err(), Some(Errno::ENOENT), "{path}");
        }
        assert_eq!(read(Walk::new(&mounts).resolve(b"/inside").unwrap().node()), b"hello");
    }
}

/// While one thread swaps a directory with a link to the outside, no walk may ever read what is there.
#[test]
fn a_race_leads_nowhere_outside() {
    let ground = Ground::new("race");
    let granted = ground.granted();
    fs::write(granted.join("sub/secret"), b"inside").unwrap();
    symlink("../outside", granted.join("link")).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let (over, directory) = (is_over.clone(), granted.clone());
    let swapper = std::thread::spawn(move || {
        let path = |name: &str| directory.join(name);
        while !over.load(Ordering::Relaxed) {
            for (from, to) in [("sub", "away"), ("link", "sub"), ("sub", "link"), ("away", "sub")] {
                fs::rename(path(from), path(to)).unwrap();
            }
        }
    });
    let (mut inside, mut writes) = (0, 0);
    for _ in 0..3000 {
        for root in [directory::grant(&granted).unwrap(), directory::image(&granted).unwrap()] {
            let mounts = mounted(root);
            if let Ok(place) = Walk::new(&mounts).resolve(b"/sub/secret")
                && let Ok(file) = place.node().open(READ)
            {
                let mut bytes = [0; 7];
                let count = file.read(At::Offset(0), &mut bytes).unwrap();
                assert_eq!(&bytes[..count], b"inside");
                inside += 1;
            }
            if let Ok(place) = Walk::new(&mounts).resolve(b"/sub") {
                let made = place.node().create(b"made", &new(Make::File, 0o644));
                writes += usize::from(made.is_ok());
                let _ = place.node().unlink(b"made");
            }
        }
        assert!(!ground.0.join("outside/made").exists());
    }
    is_over.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    assert!(inside > 0 && writes > 0);
    assert_eq!(fs::read(ground.0.join("outside/secret")).unwrap(), SECRET);
}

/// All paths below with their modes, times and bytes.
fn snapshot(path: &Path, into: &mut Vec<String>) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let bytes = if metadata.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    let (mode, time) =
        (metadata.permissions().mode(), (metadata.mtime(), metadata.mtime_nsec(), metadata.ctime_nsec()));
    into.push(format!("{path:?} {mode:o} {time:?} {bytes:?}"));
    if metadata.is_dir() {
        let mut children: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        children.sort();
        children.iter().for_each(|child| snapshot(child, into));
    }
}

#[test]
fn read_only_trees_are_never_written() {
    let ground = Ground::new("readonly");
    let state = || {
        let mut all = Vec::new();
        snapshot(&ground.granted(), &mut all);
        all
    };
    let before = state();
    let over = overlay(directory::image(&ground.granted()).unwrap(), &MemFs::new(clock::time_of_day())).unwrap();
    let write = |root: &NodeRef| -> Vec<Option<Errno>> {
        let file = root.lookup(b"file").unwrap();
        let sub = root.lookup(b"sub").unwrap();
        vec![
            file.open(BOTH).and_then(|file| file.write(At::End, b"more")).err(),
            file.set_metadata(&Change { mode: Some(0), ..Change::default() }).err(),
            file.set_metadata(&Change { size: Some(0), ..Change::default() }).err(),
            root.create(b"new", &new(Make::Directory, 0o755)).err(),
            root.link(b"hard", &file).err(),
            root.rename(b"file", &sub, b"moved", Rename::Replace).err(),
            sub.unlink(b"inner").err(),
            sub.unlink(b"moved").err(),
            root.rmdir(b"sub").err(),
        ]
    };
    for root in [directory::grant_read_only(&ground.granted()), directory::image(&ground.granted())] {
        let errors = write(&root.unwrap());
        assert!(errors.iter().all(|errno| matches!(errno, Some(Errno::EROFS | Errno::ENOENT))), "{errors:?}");
    }
    assert_eq!(write(&over), vec![None; 9]);
    assert_eq!(state(), before);
    let names: Vec<_> = over.entries().unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, [&b"hard"[..], b"new"]);
}

#[test]
fn special_files_of_the_host_are_not_opened() {
    let ground = Ground::new("special");
    let path = ground.granted().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    for root in [directory::grant(&ground.granted()).unwrap(), directory::image(&ground.granted()).unwrap()] {
        assert!(matches!(root.lookup(b"fifo").unwrap().open(READ), Err(Errno::ENXIO)));
        assert!(root.create(b"dev", &new(Make::CharDevice(1, 3), 0o666)).is_err());
    }
}
