//! Files that lie: whatever an archive says, reading it gives an error or a tree that can be walked, in bounded time.
//! Run alone: `cargo test --release -p strata-archive --test hostile`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use vfs::NodeRef;
use vfs::node::{At, Kind, Open};

/// A small generator of numbers (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

fn room(name: &str) -> PathBuf {
    let room = std::env::temp_dir().join(format!("strata-archive-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&room);
    std::fs::create_dir_all(&room).unwrap();
    room
}

/// Reads all there is, up to a limit; how many nodes that were.
fn walk(root: &NodeRef) -> usize {
    let mut left = vec![(root.clone(), 0)];
    let mut count = 0;
    while let Some((node, depth)) = left.pop() {
        count += 1;
        if count > 5000 || depth > 100 {
            break;
        }
        let Ok(metadata) = node.metadata() else { continue };
        match metadata.kind {
            Kind::Directory => {
                for entry in node.entries().unwrap_or_default() {
                    left.extend(node.lookup(&entry.name).map(|child| (child, depth + 1)));
                }
            }
            Kind::File => {
                if let Ok(file) = node.open(Open { read: true, ..Open::default() }) {
                    let mut piece = [0; 4096];
                    for offset in [0, 100, 5000, metadata.size / 2, metadata.size.saturating_sub(10), u64::MAX - 3] {
                        let _ = file.read(At::Offset(offset), &mut piece);
                        let _ = (file.seek_data(offset, true), file.seek_data(offset, false));
                    }
                }
            }
            Kind::Symlink => drop(node.readlink()),
            _ => {}
        }
        for name in node.xattrs().unwrap_or_default() {
            let _ = node.xattr(&name);
        }
    }
    count
}

/// Changes a few bytes of a good file, or cuts it, and reads it.
fn mutate(good: &Path, rounds: usize, least: usize) {
    let bytes = std::fs::read(good).unwrap();
    assert!(walk(&archive(&bytes, good).unwrap()) >= least, "{}", good.display());
    let mut dice = Dice(0x5eed);
    let mut opened = 0;
    for _ in 0..rounds {
        let mut bad = bytes.clone();
        for _ in 0..=dice.below(4) {
            // Where headers are, mostly: at the start, and at the end.
            let at = match dice.below(3) {
                0 => dice.below(bad.len().min(1024)),
                1 => bad.len() - 1 - dice.below(bad.len().min(4096)),
                _ => dice.below(bad.len()),
            };
            bad[at] = [0, 0xff, 0x7f, b'7', bad[at] ^ 1 << dice.below(8)][dice.below(5)];
        }
        if dice.below(4) == 0 {
            bad.truncate(dice.below(bad.len()));
        }
        if let Some(root) = archive(&bad, good) {
            opened += 1;
            walk(&root);
        }
    }
    assert!(opened > 0, "{}: every change was noticed at once, so nothing was tested", good.display());
}

fn archive(bytes: &[u8], beside: &Path) -> Option<NodeRef> {
    let path = beside.with_extension("bad");
    File::create(&path).unwrap().write_all(bytes).unwrap();
    strata_archive::open(File::open(&path).unwrap()).ok()
}

/// Whether what was put into the sample is there.
fn check(root: &NodeRef) {
    let read = |node: NodeRef, offset| {
        let mut bytes = [1; 8];
        let file = node.open(Open { read: true, ..Open::default() }).unwrap();
        assert_eq!(file.read_full(offset, &mut bytes), Ok(8));
        bytes
    };
    let a = root.lookup(b"a").unwrap();
    assert_eq!(&read(a.lookup(b"b").unwrap().lookup(b"same").unwrap(), 6000), b"words wo");
    let (one, other) = (a.lookup(b"text").unwrap(), a.lookup(b"b").unwrap().lookup(b"same").unwrap());
    let (one, other) = (one.metadata().unwrap(), other.metadata().unwrap());
    assert_eq!((one.inode, one.links, one.size), (other.inode, 2, 18_000));
    let sparse = root.lookup(b"sparse").unwrap();
    assert_eq!(sparse.metadata().unwrap().size, 3_000_000);
    for (offset, bytes) in
        [(0, [0; 8]), (1_000_000, [7; 8]), (1_004_992, [7; 8]), (1_005_000, [0; 8]), (2_999_992, [0; 8])]
    {
        assert_eq!(read(root.lookup(b"sparse").unwrap(), offset), bytes, "at {offset}");
    }
    assert_eq!(a.lookup(b"b").unwrap().lookup(b"link").unwrap().readlink(), Ok(b"../text".to_vec()));
}

/// A folder with one of each, a hole, and several names.
fn sample(room: &Path) -> PathBuf {
    let folder = room.join("sample");
    std::fs::create_dir_all(folder.join("a/b")).unwrap();
    std::fs::write(folder.join("a/text"), "words ".repeat(3000)).unwrap();
    std::fs::write(folder.join("a/empty"), "").unwrap();
    std::fs::hard_link(folder.join("a/text"), folder.join("a/b/same")).unwrap();
    std::os::unix::fs::symlink("../text", folder.join("a/b/link")).unwrap();
    std::fs::write(folder.join(format!("a/{}", "long".repeat(60))), "x").unwrap();
    let sparse = File::create(folder.join("sparse")).unwrap();
    sparse.set_len(3_000_000).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, &[7; 5000], 1_000_000).unwrap();
    folder
}

#[test]
fn tar_files_that_lie() {
    let room = room("tar");
    let folder = sample(&room);
    for (number, form) in
        [&["--format=gnu", "--sparse"][..], &["--format=pax", "--sparse"], &["--format=ustar", "--exclude=long*"]]
            .iter()
            .enumerate()
    {
        let good = room.join(format!("{number}.tar"));
        let mut made = std::process::Command::new("tar");
        made.args(*form).arg("-cf").arg(&good).arg("-C").arg(&folder).arg(".");
        assert!(made.status().unwrap().success());
        check(&archive(&std::fs::read(&good).unwrap(), &good).unwrap());
        mutate(&good, 400, 8);
    }
    std::fs::remove_dir_all(&room).unwrap();
}

#[test]
fn squashfs_images_that_lie() {
    let room = room("squashfs");
    let folder = sample(&room);
    for (method, more) in [
        ("gzip", &["-b", "4096"][..]),
        ("xz", &[]),
        ("lzma", &[]),
        ("lzo", &[]),
        ("lz4", &["-no-fragments"]),
        ("zstd", &["-always-use-fragments"]),
        ("gzip", &["-noI", "-noD", "-noF"]),
    ] {
        let good = room.join(format!("{method}{}.squashfs", more.len()));
        let mut made = std::process::Command::new("mksquashfs");
        made.arg(&folder).arg(&good).args(["-quiet", "-no-progress", "-all-root", "-comp", method]).args(more);
        // Set-up brings it; where it may not, the suite says so.
        let Ok(status) = made.status() else { return };
        assert!(status.success(), "{made:?}");
        check(&archive(&std::fs::read(&good).unwrap(), &good).unwrap());
        mutate(&good, 400, 9);
    }
    std::fs::remove_dir_all(&room).unwrap();
}
