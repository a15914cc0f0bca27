//! Path resolution, case by case from `walk.txt`. Run alone: `cargo test --release -p strata-vfs --test walk`.

use std::sync::Arc;
use strata_vfs::node::{Make, New, TimeNs};
use strata_vfs::walk::{Last, Limits, Reached};
use strata_vfs::{Errno, MemFs, Mount, Mounts, NodeRef, Place, Walk};

fn memory() -> NodeRef {
    MemFs::new(Arc::new(|| TimeNs(0))).root()
}

fn make(at: &NodeRef, name: &str, what: Make<'_>) -> NodeRef {
    at.create(name.as_bytes(), &New { what, mode: 0o755, uid: 0, gid: 0 }).unwrap()
}

/// The tree that the head of `walk.txt` describes.
fn mounts() -> Mounts {
    let root = memory();
    let directory = make(&root, "dir", Make::Directory);
    make(&make(&directory, "sub", Make::Directory), "file", Make::File);
    make(&directory, "toabs", Make::Symlink(b"/dir/sub"));
    let links = [
        ("link", "dir/sub"),
        ("abs", "/dir/sub/file"),
        ("loop", "loop"),
        ("dangling", "dir/new"),
        ("up", "../../../../dir"),
        ("slash", "dir/"),
        ("chain0", "dir"),
    ];
    for (name, target) in links {
        make(&root, name, Make::Symlink(target.as_bytes()));
    }
    for number in 1..42 {
        make(&root, &format!("chain{number}"), Make::Symlink(format!("chain{}", number - 1).as_bytes()));
    }
    let mounts = Mounts::new(Mount::new(root, "tmpfs"));
    let mounted = memory();
    make(&make(&mounted, "in", Make::Directory), "deep", Make::Directory);
    mounts.mount_making(b"/mnt", Mount::new(mounted, "tmpfs")).unwrap();
    mounts
}

fn text(place: &Place, mounts: &Mounts) -> String {
    place.path(mounts.root()).map_or("nowhere".into(), |path| String::from_utf8(path).unwrap())
}

fn check(mounts: &Mounts, start: &str, path: &str, how: &str) -> Result<String, Errno> {
    let start = Walk::new(mounts).resolve(start.as_bytes())?;
    let mut limits = Limits::default();
    match how {
        "keep" => limits.keep_last_link = true,
        "beneath" => limits.beneath = true,
        "in-root" => limits.in_root = true,
        "no-links" => limits.no_links = true,
        "directory" => limits.directory = true,
        "one-mount" => limits.one_mount = true,
        _ => {}
    }
    let walk = Walk::from(mounts, mounts.root(), &start).within(limits);
    if how == "parent" {
        let named = walk.parent(path.as_bytes())?;
        let last = match named.last {
            Last::Name(name) => format!("name {}", String::from_utf8(name).unwrap()),
            other => format!("{other:?}").to_lowercase(),
        };
        let slash = if named.is_directory && last.starts_with("name") { "/" } else { "" };
        return Ok(format!("{} {last}{slash}", text(&named.directory, mounts)));
    }
    Ok(match walk.find(path.as_bytes())? {
        Reached::Found(place) => text(&place, mounts),
        Reached::Missing { directory, name, is_directory } => {
            let slash = if is_directory { "/" } else { "" };
            format!("missing {} {}{slash}", text(&directory, mounts), String::from_utf8(name).unwrap())
        }
    })
}

/// `4*x` means `xxxx`.
fn unfold(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.split_once('*') {
        Some((times, what)) => what.repeat(times.parse().unwrap()),
        None => word.into(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_case_of_the_table() {
    let mounts = mounts();
    for line in include_str!("walk.txt").lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [start, path, how, wanted] = columns[..] else { panic!("four columns: {line}") };
        let found = check(&mounts, start, &unfold(path), how).unwrap_or_else(|errno| errno.name().into());
        assert_eq!(found, unfold(wanted), "{line}");
    }
}

#[test]
fn mount_points_are_known_and_can_be_left() {
    let mounts = mounts();
    assert!(mounts.is_mount_point(mounts.root(), b"mnt"));
    assert!(!mounts.is_mount_point(mounts.root(), b"dir"));
    let place = Walk::new(&mounts).resolve(b"/mnt").unwrap();
    let inside = Walk::new(&mounts).resolve(b"/mnt/in").unwrap();
    assert_eq!(mounts.unmount(&inside), Err(Errno::EINVAL));
    assert_eq!(mounts.unmount(&place), Ok(()));
    assert!(Walk::new(&mounts).resolve(b"/mnt/in").is_err());
    assert_eq!(mounts.list().len(), 1);
}

#[test]
fn a_renamed_directory_tells_its_new_path() {
    use strata_vfs::node::Rename;
    let mounts = mounts();
    let place = Walk::new(&mounts).resolve(b"/dir/sub").unwrap();
    let root = mounts.root().node();
    root.rename(b"dir", root, b"moved", Rename::Replace).unwrap();
    assert_eq!(text(&place, &mounts), "/moved/sub");
    root.lookup(b"moved").unwrap().rename(b"sub", root, b"away", Rename::Replace).unwrap();
    assert_eq!(text(&place, &mounts), "nowhere");
}

#[test]
fn a_read_only_mount_refuses_every_change() {
    let mounts = Mounts::new(Mount::new(memory(), "tmpfs"));
    let granted = memory();
    make(&granted, "file", Make::File);
    mounts.mount_making(b"/ro", Mount::new(granted, "host").read_only()).unwrap();
    let place = Walk::new(&mounts).resolve(b"/ro").unwrap();
    let new = New { what: Make::File, mode: 0o644, uid: 0, gid: 0 };
    assert!(matches!(place.node().create(b"new", &new), Err(Errno::EROFS)));
    assert_eq!(place.node().unlink(b"file"), Err(Errno::EROFS));
    let write = strata_vfs::node::Open { write: true, ..Default::default() };
    assert!(matches!(place.node().lookup(b"file").unwrap().open(write), Err(Errno::EROFS)));
}
