//! What an overlay tells of its changes, put over the tree beneath again, must be the overlay's tree.
//! Run alone: `cargo test --release -p strata-vfs --test changes`.

mod trees;

use std::sync::Arc;
use strata_vfs::changes::{Changed, changes};
use strata_vfs::layers::{OPAQUE, WHITEOUT, layered};
use strata_vfs::node::{At, Change, Kind, Make, Open, SetXattr};
use strata_vfs::overlay::overlay;
use strata_vfs::{Errno, MemFs, Node, NodeRef};
use trees::{Dice, World, clock, draw, new, populate, read_all, tree};

/// The directory and the name of a path.
fn split<'a>(root: &NodeRef, path: &'a [u8]) -> (NodeRef, &'a [u8]) {
    let mut names: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let name = names.pop().unwrap();
    (names.iter().fold(root.clone(), |node, name| node.lookup(name).unwrap()), name)
}

/// Writes changes down as a tree of their own.
fn committed(root: &NodeRef) -> NodeRef {
    let made = MemFs::new(clock()).root();
    changes::<Errno>(root, &[], &mut |changed| {
        match changed {
            Changed::Node { path: b"", .. } => {}
            Changed::Node { path, node } => copy(&made, path, node),
            Changed::Link { path, of } => {
                let (from, name) = split(&made, of);
                let node = from.lookup(name).unwrap();
                let (to, name) = split(&made, path);
                to.link(name, &node).unwrap();
            }
            Changed::Gone { path } => {
                let (directory, name) = split(&made, path);
                directory.create(&[WHITEOUT, name].concat(), &new(Make::File)).unwrap();
            }
            Changed::Opaque { path } => {
                let (directory, name) = split(&made, path);
                directory.lookup(name).unwrap().create(OPAQUE, &new(Make::File)).unwrap();
            }
        }
        Ok(())
    })
    .unwrap();
    made
}

fn copy(made: &NodeRef, path: &[u8], node: &dyn Node) {
    let metadata = node.metadata().unwrap();
    let target = node.readlink().unwrap_or_default();
    let what = match metadata.kind {
        Kind::Directory => Make::Directory,
        Kind::Symlink => Make::Symlink(&target),
        Kind::Fifo => Make::Fifo,
        _ => Make::File,
    };
    let (directory, name) = split(made, path);
    let copy = directory.create(name, &new(what)).unwrap();
    if metadata.kind == Kind::File {
        let bytes = read_all(node);
        copy.open(Open { write: true, ..Open::default() }).unwrap().write(At::Offset(0), &bytes).unwrap();
    }
    for name in node.xattrs().unwrap() {
        copy.set_xattr(&name, &node.xattr(&name).unwrap(), SetXattr::Put).unwrap();
    }
    let (mode, uid) = (Some(metadata.mode), Some(metadata.uid));
    copy.set_metadata(&Change { mode, uid, ..Change::default() }).unwrap();
}

/// Hard links between what was changed and what was not are the one thing that changes cannot say.
fn without_links(root: &NodeRef) -> Vec<(String, String)> {
    let cut = |text: &String| {
        let (before, after) = text.split_once("links=").unwrap();
        format!("{before}{}", after.split_once(' ').unwrap().1)
    };
    tree(root).iter().filter(|(path, _)| !path.is_empty()).map(|(path, text)| (path.clone(), cut(text))).collect()
}

#[test]
fn changes_over_the_base_are_what_was() {
    for seed in 1..300 {
        let lower = populate(seed);
        let root = overlay(lower.clone(), &MemFs::new(clock())).unwrap();
        let mut world = World { root: root.clone(), kept: Vec::new() };
        let mut dice = Dice(seed + 2_000_000);
        for _ in 0..40 {
            let _ = world.run(&draw(&mut dice));
        }
        let again = layered(lower.clone(), committed(&root)).unwrap();
        assert_eq!(without_links(&again), without_links(&root), "seed {seed}");
        // And as the base of another run, whose changes alone come on top.
        let second = overlay(again.clone(), &MemFs::new(clock())).unwrap();
        assert_eq!(without_links(&committed(&second)), [], "seed {seed}: nothing was changed");
        let mut world = World { root: second.clone(), kept: Vec::new() };
        for _ in 0..20 {
            let _ = world.run(&draw(&mut dice));
        }
        let third = layered(again, committed(&second)).unwrap();
        assert_eq!(without_links(&third), without_links(&second), "seed {seed}, again");
    }
}

#[test]
fn what_is_apart_is_left_out() {
    let root = overlay(populate(3), &MemFs::new(clock())).unwrap();
    let host = root.create(b"host", &new(Make::Directory)).unwrap();
    host.create(b"tool", &new(Make::File)).unwrap();
    let mut told = Vec::new();
    changes::<Errno>(&root, &[b"host/tool"], &mut |changed| {
        if let Changed::Node { path, .. } = changed {
            told.push(path.to_vec());
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(told, [b"".to_vec()]);
    host.create(b"own", &new(Make::File)).unwrap();
    let count = &mut 0;
    changes::<Errno>(&root, &[b"host/tool"], &mut |_| {
        *count += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(*count, 3);
    assert_eq!(changes::<Errno>(&MemFs::new(clock()).root(), &[], &mut |_| Ok(())), Err(Errno::EINVAL));
    drop(Arc::clone(&root));
}
