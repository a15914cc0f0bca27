//! The overlay against a model: random operations on an overlay and on a plain copy must give the same answers and trees.
//! Run alone: `cargo test --release -p strata-vfs --test overlay`.

mod trees;

use std::collections::BTreeMap;
use strata_vfs::node::{At, Change, Kind, Make, Rename, SetXattr};
use strata_vfs::overlay::overlay;
use strata_vfs::{MemFs, NodeRef};
use trees::{BOTH, Dice, World, clock, draw, new, populate, tree};

#[test]
fn an_overlay_behaves_as_a_copy() {
    for seed in 1..400 {
        let lower = populate(seed);
        let before = tree(&lower);
        let mut over = World { root: overlay(lower.clone(), &MemFs::new(clock())).unwrap(), kept: Vec::new() };
        let mut plain = World { root: populate(seed), kept: Vec::new() };
        let mut dice = Dice(seed + 1_000_000);
        for number in 0..120 {
            let step = draw(&mut dice);
            assert_eq!(over.run(&step), plain.run(&step), "seed {seed}, step {number}: {step:?}");
            if number % 20 == 19 {
                assert_eq!(tree(&over.root), tree(&plain.root), "seed {seed}, after step {number}");
            }
        }
        assert_eq!(tree(&lower), before, "seed {seed}: the lower tree was written");
    }
}

#[test]
fn a_number_stays_when_a_file_is_changed() {
    let lower = populate(5);
    lower.create(b"file", &new(Make::File)).unwrap();
    let root = overlay(lower, &MemFs::new(clock())).unwrap();
    let number = |root: &NodeRef, name: &[u8]| root.lookup(name).unwrap().metadata().unwrap().inode;
    let before = number(&root, b"file");
    root.lookup(b"file").unwrap().open(BOTH).unwrap().write(At::End, b"more").unwrap();
    assert_eq!(number(&root, b"file"), before);
    root.rename(b"file", &root, b"other", Rename::Replace).unwrap();
    assert_eq!(number(&root, b"other"), before);
}

#[test]
fn a_very_deep_tree_can_be_dropped() {
    let root = MemFs::new(clock()).root();
    let mut at = root.clone();
    for _ in 0..200_000 {
        at = at.create(b"d", &new(Make::Directory)).unwrap();
    }
    drop((root, at));
}

#[test]
fn limits_give_enospc() {
    use strata_vfs::Errno;
    let root = MemFs { bytes_max: Some(8192), files_max: Some(3), ..MemFs::new(clock()) }.root();
    let file = root.create(b"a", &new(Make::File)).unwrap();
    let open = file.open(BOTH).unwrap();
    assert_eq!(open.write(At::End, &[1; 10_000]), Ok(8192));
    assert_eq!(open.write(At::End, &[1]), Err(Errno::ENOSPC));
    assert_eq!(root.file_system().blocks_free, 0);
    root.create(b"b", &new(Make::File)).unwrap();
    assert!(matches!(root.create(b"c", &new(Make::File)), Err(Errno::ENOSPC)));
    root.unlink(b"a").unwrap();
    assert_eq!(open.read(At::Offset(8191), &mut [0; 2]), Ok(1));
    drop((open, file));
    assert_eq!(root.file_system().blocks_free, 2);
    root.create(b"c", &new(Make::File)).unwrap();
}

/// Attributes take space as contents do, and give it back.
#[test]
fn attributes_count() {
    use strata_vfs::Errno;
    let root = MemFs { bytes_max: Some(32 << 10), ..MemFs::new(clock()) }.root();
    let file = root.create(b"a", &new(Make::File)).unwrap();
    file.set_xattr(b"user.a", &[1; 20_000], SetXattr::Put).unwrap();
    assert_eq!(file.set_xattr(b"user.b", &[1; 20_000], SetXattr::Put), Err(Errno::ENOSPC));
    assert_eq!(file.xattrs(), Ok(vec![b"user.a".to_vec()]));
    assert_eq!(root.file_system().blocks_free, 3);
    file.remove_xattr(b"user.a").unwrap();
    assert_eq!(root.file_system().blocks_free, 8);
    file.set_xattr(b"user.c", &[1; 20_000], SetXattr::Put).unwrap();
    root.unlink(b"a").unwrap();
    drop(file);
    assert_eq!(root.file_system().blocks_free, 8);
}

/// Threads that change one tree at the same time neither wait for each other for ever nor miscount.
#[test]
fn threads_share_a_tree() {
    let root = overlay(populate(11), &MemFs::new(clock())).unwrap();
    std::thread::scope(|scope| {
        for seed in 1..5 {
            let root = root.clone();
            scope.spawn(move || {
                let mut world = World { root, kept: Vec::new() };
                let mut dice = Dice(seed);
                for _ in 0..10_000 {
                    let _ = world.run(&draw(&mut dice));
                }
            });
        }
    });
    let mut links = BTreeMap::new();
    count(&root, &mut links);
    for (inode, (found, told)) in links {
        assert!(found <= told, "node {inode} has {found} names and tells of {told}");
    }
}

/// For each node that is not a directory: the names found, and the links it tells of.
fn count(node: &NodeRef, into: &mut BTreeMap<u64, (u32, u32)>) {
    let metadata = node.metadata().unwrap();
    if metadata.kind == Kind::Directory {
        for entry in node.entries().unwrap() {
            count(&node.lookup(&entry.name).unwrap(), into);
        }
    } else {
        into.entry(metadata.inode).or_insert((0, metadata.links)).0 += 1;
    }
}

/// Offsets and lengths at the edges give errors or short counts.
#[test]
fn edges_are_refused() {
    use strata_vfs::Errno;
    let lower = MemFs::new(clock()).root();
    lower.create(b"file", &new(Make::File)).unwrap().open(BOTH).unwrap().write(At::End, &[9; 100]).unwrap();
    for root in [overlay(lower.clone(), &MemFs::new(clock())).unwrap(), lower] {
        let node = root.lookup(b"file").unwrap();
        let file = node.open(BOTH).unwrap();
        let last = i64::MAX as u64;
        for offset in [last, last + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(file.write(At::Offset(offset), b"xyz"), Err(Errno::EFBIG), "{offset:#x}");
            assert_eq!(file.read(At::Offset(offset), &mut [0; 3]), Ok(0));
            assert_eq!(file.seek_data(offset, true), Err(Errno::ENXIO));
        }
        assert_eq!(node.set_metadata(&Change { size: Some(last + 1), ..Change::default() }), Err(Errno::EFBIG));
        assert_eq!(file.write(At::Offset(last - 1), b"xyz"), Ok(1));
        assert_eq!(file.seek_data(50, true), Ok(50));
        assert_eq!(file.read(At::Offset(last - 1), &mut [0; 3]), Ok(1));
    }
}
