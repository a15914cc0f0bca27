//! Shared libraries that a program wants and that are not there: its own linker names the first, and not how to get it.

use linux::Program;
use std::collections::BTreeSet;
use vfs::node::Open;
use vfs::{Mounts, NodeRef, Walk};

/// Where linkers look on Debian and elsewhere (ld.so(8)), beside what the environment and the program itself say.
const FOLDERS: [&str; 9] = [
    "/lib/mipsel-linux-gnu",
    "/usr/lib/mipsel-linux-gnu",
    "/lib/mips-linux-gnu",
    "/usr/lib/mips-linux-gnu",
    "/lib32",
    "/usr/lib32",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
];
/// What a linker's exit status is where a library is missing.
pub(crate) const STATUS: u8 = 127;

/// Those of `needed`, and of what they need in turn, that no folder has.
pub(crate) fn missing(mounts: &Mounts, needed: &[String], environment: &[Vec<u8>]) -> Vec<String> {
    let paths = environment.iter().filter_map(|variable| variable.strip_prefix(b"LD_LIBRARY_PATH="));
    let paths = paths.flat_map(|paths| paths.split(|byte| *byte == b':')).filter(|path| !path.is_empty());
    let folders: Vec<&[u8]> = paths.chain(FOLDERS.iter().map(|folder| folder.as_bytes())).collect();
    let find = |name: &str| {
        let at = |folder: &&[u8]| Walk::new(mounts).resolve(&[folder, name.as_bytes()].join(&b'/')).ok();
        folders.iter().find_map(at).map(|place| place.node().clone())
    };
    let (mut known, mut missing) = (BTreeSet::new(), Vec::new());
    let mut left = needed.to_vec();
    while let Some(name) = left.pop() {
        // One with a slash in its name is no linker's to look for.
        if name.contains('/') || !known.insert(name.clone()) {
            continue;
        }
        match find(&name) {
            Some(library) => left.extend(needs(&library)),
            None => missing.push(name),
        }
    }
    missing.sort();
    missing
}

/// What a library needs; nothing, if it is none.
fn needs(library: &NodeRef) -> Vec<String> {
    let describe = || {
        let bytes = library.metadata().ok()?.size;
        let file = library.open(Open { read: true, ..Open::default() }).ok()?;
        Program::describe(&*file, bytes).ok()?.ok()
    };
    describe().map(|image| image.needed).unwrap_or_default()
}
