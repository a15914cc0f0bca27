//! /proc/self: the process' own directory.

use crate::anonymous::AnonymousNode;
use crate::description::Description;
use crate::proc::{Scene, maps};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::mount::Place;
use vfs::node::{Entry, Kind, NodeRef};
use vfs::procfs::{Generator, Identity, Listing};
use vfs::{Errno, Result};

/// First inode number of the links in /proc/self/fd.
const FD_INODES: u64 = 0x1_0000;

/// Nanoseconds of a clock tick.
const TICK_NS: u64 = 10_000_000;

/// The directory.
pub(super) fn directory(make: &Arc<Generator>, scene: &Scene) -> NodeRef {
    let pid = format!("{}", scene.pid);
    let task = make.table(dir(scene), Vec::from([(&*pid, make.table(dir(scene), files(make, scene)))]));
    let mut names = files(make, scene);
    names.push(("task", task));
    make.table(dir(scene), names)
}

fn dir(scene: &Scene) -> Identity {
    Identity::mode(0o555).owner(scene.uid, scene.gid)
}

fn files(make: &Arc<Generator>, scene: &Scene) -> Vec<(&'static str, NodeRef)> {
    let file = |mode, produce: fn(&Scene) -> Vec<u8>| {
        let scene = scene.clone();
        make.file(Identity::mode(mode).owner(scene.uid, scene.gid), move || Ok(produce(&scene)))
    };
    let descriptors = Descriptors { make: make.clone(), scene: scene.clone() };
    Vec::from([
        ("auxv", file(0o400, auxiliary)),
        ("cmdline", file(0o444, |scene| zero_terminated(&scene.program.lock().arguments))),
        ("comm", file(0o644, |scene| line(&scene.program.lock().name))),
        ("cwd", place_link(make, scene, |scene| Ok(scene.directory.upgrade().ok_or(Errno::ESRCH)?.lock().clone()))),
        ("environ", file(0o400, |scene| zero_terminated(&scene.program.lock().environment))),
        ("exe", exe(make, scene)),
        ("fd", make.directory(Identity::mode(0o500).owner(scene.uid, scene.gid), descriptors)),
        ("maps", file(0o444, |scene| maps::render(&scene.memory.lock()))),
        ("mountinfo", file(0o444, mountinfo)),
        ("mounts", file(0o444, mounts)),
        ("oom_score_adj", file(0o644, |_| b"0\n".to_vec())),
        ("root", place_link(make, scene, |scene| Ok(scene.mounts.upgrade().ok_or(Errno::ESRCH)?.root().clone()))),
        ("stat", file(0o444, stat)),
        ("statm", file(0o444, statm)),
        ("status", file(0o444, status)),
    ])
}

fn line(text: &[u8]) -> Vec<u8> {
    [text, b"\n"].concat()
}

fn zero_terminated(strings: &[Vec<u8>]) -> Vec<u8> {
    strings.iter().flat_map(|string| string.iter().copied().chain([0])).collect()
}

fn auxiliary(scene: &Scene) -> Vec<u8> {
    let about = scene.program.lock();
    let words = about.auxiliary.iter().flat_map(|(kind, value)| [*kind, *value]);
    words.flat_map(|word| about.endian.bytes32(word)).collect()
}

fn place_link(make: &Generator, scene: &Scene, place: fn(&Scene) -> Result<Place>) -> NodeRef {
    let (text_scene, place_scene) = (scene.clone(), scene.clone());
    let text = move || {
        let mounts = text_scene.mounts.upgrade().ok_or(Errno::ESRCH)?;
        place(&text_scene)?.path(mounts.root()).ok_or(Errno::ENOENT)
    };
    make.magic_link(Identity::mode(0o777).owner(scene.uid, scene.gid), text, move || place(&place_scene))
}

fn exe(make: &Generator, scene: &Scene) -> NodeRef {
    let (text, place) = (scene.program.clone(), scene.program.clone());
    make.magic_link(
        Identity::mode(0o777).owner(scene.uid, scene.gid),
        move || Ok(text.lock().path.clone()),
        move || place.lock().node.clone().map(Place::detached).ok_or(Errno::ENOENT),
    )
}

/// /proc/self/fd.
struct Descriptors {
    make: Arc<Generator>,
    scene: Scene,
}

impl Descriptors {
    fn link(&self, fd: i32, description: &Arc<Description>) -> NodeRef {
        let (text, place) = (Arc::downgrade(description), description.place().clone());
        let mounts = self.scene.mounts.clone();
        let inode = FD_INODES + u64::from(fd.cast_unsigned());
        let text = move || {
            let description = text.upgrade().ok_or(Errno::ENOENT)?;
            let root = mounts.upgrade().map(|mounts| mounts.root().clone());
            Ok(name(&description, root.as_ref()))
        };
        let flags = description.flags();
        let mode = 0o100 | if flags.reads() { 0o400 } else { 0 } | if flags.writes() { 0o200 } else { 0 };
        let identity = Identity::mode(mode).owner(self.scene.uid, self.scene.gid).inode(inode);
        self.make.magic_link(identity, text, move || Ok(place.clone()))
    }
}

/// What readlink(2) tells of a descriptor.
fn name(description: &Description, root: Option<&Place>) -> Vec<u8> {
    let place = description.place();
    if place.parent().is_some()
        && let Some(path) = root.and_then(|root| place.path(root))
    {
        return path;
    }
    if let Some(title) = description.title() {
        return [b"/", title, b" (deleted)"].concat();
    }
    if let Some(title) = place.node().as_any().downcast_ref::<AnonymousNode>().and_then(|node| node.title) {
        return format!("anon_inode:{title}").into_bytes();
    }
    let Ok(metadata) = place.node().metadata() else { return b"/".to_vec() };
    match metadata.kind {
        Kind::Fifo => format!("pipe:[{}]", metadata.inode).into_bytes(),
        Kind::Socket => format!("socket:[{}]", metadata.inode).into_bytes(),
        Kind::CharDevice(136, minor) => format!("/dev/pts/{minor}").into_bytes(),
        Kind::CharDevice(1, 3) => b"/dev/null".to_vec(),
        Kind::CharDevice(..) => b"/dev/tty".to_vec(),
        Kind::Directory => b"/".to_vec(),
        // A file of the host's: its path there is nothing to the guest.
        _ => format!("file:[{}]", metadata.inode).into_bytes(),
    }
}

impl Listing for Descriptors {
    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        let number: i32 = core::str::from_utf8(name).ok().and_then(|name| name.parse().ok()).ok_or(Errno::ENOENT)?;
        let files = self.scene.files.upgrade().ok_or(Errno::ENOENT)?;
        let description = files.lock().get(number).map_err(|_| Errno::ENOENT)?;
        Ok(self.link(number, &description))
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let files = self.scene.files.upgrade().ok_or(Errno::ENOENT)?;
        let open = files.lock().open();
        let entry = |fd: i32| Entry {
            name: format!("{fd}").into_bytes(),
            inode: FD_INODES + u64::from(fd.cast_unsigned()),
            kind: Kind::Symlink,
        };
        Ok(open.into_iter().map(entry).collect())
    }
}

fn mounts(scene: &Scene) -> Vec<u8> {
    let mut out = Vec::new();
    for info in scene.mounts.upgrade().map(|mounts| mounts.list()).unwrap_or_default() {
        let access = if info.is_read_only { "ro" } else { "rw" };
        out.extend(format!("{} ", info.source).bytes());
        out.extend(escaped(&info.path));
        out.extend(format!(" {} {access},relatime 0 0\n", info.kind).bytes());
    }
    out
}

fn mountinfo(scene: &Scene) -> Vec<u8> {
    let mut out = Vec::new();
    for info in scene.mounts.upgrade().map(|mounts| mounts.list()).unwrap_or_default() {
        let access = if info.is_read_only { "ro" } else { "rw" };
        out.extend(format!("{} {} 0:{} / ", info.id.0, info.parent.0, info.device & 0xf_ffff).bytes());
        out.extend(escaped(&info.path));
        out.extend(format!(" {access},relatime - {} {} {access}\n", info.kind, info.source).bytes());
    }
    out
}

/// A path with blanks as octal.
fn escaped(path: &[u8]) -> Vec<u8> {
    let escape = |byte: &u8| match byte {
        b' ' | b'\t' | b'\n' | b'\\' => format!("\\{byte:03o}").into_bytes(),
        byte => Vec::from([*byte]),
    };
    path.iter().flat_map(escape).collect()
}

fn stat(scene: &Scene) -> Vec<u8> {
    let about = scene.program.lock();
    let bytes = scene.memory.lock().areas.bytes();
    let name = String::from_utf8_lossy(&about.name);
    let (pid, parent) = (scene.pid, scene.parent);
    let (used, started) = (scene.clocks.cpu_ns() / TICK_NS, scene.started_ns / TICK_NS);
    let pages = bytes / 4096;
    format!(
        "{pid} ({name}) R {parent} {pid} {pid} 0 -1 4194304 0 0 0 0 {used} 0 0 0 20 0 1 0 {started} {bytes} {pages} \
         4294967295 {entry} {entry} {stack} 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        entry = about.entry,
        stack = about.stack,
    )
    .into_bytes()
}

fn statm(scene: &Scene) -> Vec<u8> {
    let pages = scene.memory.lock().areas.bytes() / 4096;
    format!("{pages} {pages} 0 0 0 {pages} 0\n").into_bytes()
}

fn status(scene: &Scene) -> Vec<u8> {
    let about = scene.program.lock();
    let memory = scene.memory.lock();
    let (now, peak) = (memory.areas.bytes() / 1024, memory.bytes_peak / 1024);
    let (pid, parent, uid, gid) = (scene.pid, scene.parent, scene.uid, scene.gid);
    format!(
        "Name:\t{}\nState:\tR (running)\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{parent}\n\
         TracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\nFDSize:\t64\nGroups:\t\n\
         VmPeak:\t{peak:8} kB\nVmSize:\t{now:8} kB\nVmHWM:\t{peak:8} kB\nVmRSS:\t{now:8} kB\nThreads:\t1\n\
         NoNewPrivs:\t0\nSeccomp:\t0\n",
        String::from_utf8_lossy(&about.name),
    )
    .into_bytes()
}
