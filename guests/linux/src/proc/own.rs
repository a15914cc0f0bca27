//! /proc/PID: what there is to know of one process, and of each of its threads.

use crate::anonymous::AnonymousNode;
use crate::description::Description;
use crate::kernel::Kernel;
use crate::mm::Memory;
use crate::proc::{Scene, maps, net};
use crate::process::{Member, Process, Schedule, Standing, ThreadEntry};
use crate::world::Clocks;
use alloc::format;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use spin::Mutex;
use vfs::mount::Place;
use vfs::node::{Entry, Kind, NodeRef};
use vfs::procfs::{Generator, Identity, Listing, PROC_MAGIC};
use vfs::{Errno, Result};

/// Inode numbers: of what is in the directories of processes, and of their descriptors.
const INODES: u64 = 0x0100_0000;
const FD_INODES: u64 = 0x2000_0000;
/// Names in a directory of a process, at most, and the first of those below in `net`.
const NAMES_MAX: u64 = 64;
const NET_NAMES: u64 = 40;

/// Nanoseconds of a clock tick.
const TICK_NS: u64 = 10_000_000;

/// A process, or one of its threads.
#[derive(Clone)]
struct Who {
    make: Arc<Generator>,
    kernel: Weak<Kernel>,
    pid: u32,
    tid: u32,
}

/// What is seen of it now.
struct Seen {
    kernel: Arc<Kernel>,
    scene: Arc<Scene>,
    process: Arc<Process>,
    tid: u32,
}

impl Who {
    fn see(&self) -> Result<Seen> {
        let kernel = self.kernel.upgrade().ok_or(Errno::ESRCH)?;
        let scene = kernel.scene(self.pid)?;
        let process = scene.process.upgrade().ok_or(Errno::ESRCH)?;
        Ok(Seen { kernel, scene, process, tid: self.tid })
    }

    /// Who owns what is in there: the process's user; root once it is over.
    fn owner(&self) -> (u32, u32) {
        self.see().map_or((0, 0), |seen| (seen.scene.uid, seen.scene.gid))
    }

    fn identity(&self, mode: u32, index: u64) -> Identity {
        let (uid, gid) = self.owner();
        Identity::mode(mode).owner(uid, gid).inode(inode(self.tid, index))
    }
}

impl Seen {
    fn memory(&self) -> Result<Arc<Mutex<Memory>>> {
        self.scene.memory.upgrade().ok_or(Errno::ESRCH)
    }

    /// What the thread is called.
    fn name(&self) -> Vec<u8> {
        self.of_thread(|thread| thread.name.clone())
    }

    /// Looks at the thread, or at another if it is the first and over.
    fn of_thread<T: Default>(&self, look: impl FnOnce(&ThreadEntry) -> T) -> T {
        let table = self.kernel.table.lock();
        let threads = table.get(self.process.pid).map(|member| &member.threads);
        let thread = threads.and_then(|threads| threads.get(&self.tid).or_else(|| threads.values().next()));
        thread.map(look).unwrap_or_default()
    }
}

/// A number that is a name.
pub(super) fn number(name: &[u8]) -> Result<u32> {
    let text = core::str::from_utf8(name).map_err(|_| Errno::ENOENT)?;
    text.parse().ok().filter(|number| format!("{number}") == text).ok_or(Errno::ENOENT)
}

/// The inode number of a name in the directory of a process or thread; 0 is the directory.
pub(super) fn inode(tid: u32, index: u64) -> u64 {
    INODES + u64::from(tid) * NAMES_MAX + index
}

/// The process whose directory in /proc a node is.
pub(crate) fn process_of(node: &NodeRef) -> Option<u32> {
    let metadata = node.metadata().ok().filter(|metadata| metadata.kind == Kind::Directory)?;
    let is_own = metadata.inode < FD_INODES && node.file_system().magic == PROC_MAGIC;
    let number = metadata.inode.checked_sub(INODES).filter(|_| is_own)?;
    u32::try_from(number / NAMES_MAX).ok().filter(|_| number.is_multiple_of(NAMES_MAX))
}

/// The directory of a process.
pub(super) fn process(make: &Arc<Generator>, kernel: &Weak<Kernel>, pid: u32) -> Result<NodeRef> {
    let is_there = kernel.upgrade().is_some_and(|kernel| kernel.table.lock().get(pid).is_some());
    let who = Who { make: make.clone(), kernel: kernel.clone(), pid, tid: pid };
    let directory = Directory { who: who.clone(), has_threads: true };
    if is_there { Ok(make.directory(who.identity(0o555, 0), directory)) } else { Err(Errno::ENOENT) }
}

/// The directory of a process, or of a thread.
struct Directory {
    who: Who,
    has_threads: bool,
}

type Produce = fn(&Seen) -> Result<Vec<u8>>;

/// The files, with their modes.
const FILES: &[(&str, u32, Produce)] = &[
    ("auxv", 0o400, |seen| Ok(seen.process.program.lock().auxiliary_vector())),
    ("cmdline", 0o444, |seen| Ok(zero_terminated(&seen.process.program.lock().arguments))),
    ("comm", 0o644, |seen| Ok(line(&seen.name()))),
    ("environ", 0o400, |seen| Ok(zero_terminated(&seen.process.program.lock().environment))),
    ("limits", 0o444, |seen| Ok(seen.process.limits.lock().render().into_bytes())),
    ("maps", 0o444, |seen| Ok(maps::render(&seen.memory()?.lock()))),
    ("mountinfo", 0o444, |seen| Ok(mountinfo(seen))),
    ("mounts", 0o444, |seen| Ok(mounts(seen))),
    ("oom_score_adj", 0o644, |_| Ok(b"0\n".to_vec())),
    ("stat", 0o444, stat),
    ("statm", 0o444, statm),
    ("status", 0o444, status),
];

/// The links to places, and the directories.
const LINKS: &[&str] = &["cwd", "exe", "root"];
const DIRECTORIES: &[&str] = &["fd", "net", "task"];

impl Directory {
    fn names(&self) -> impl Iterator<Item = (&'static str, Kind)> {
        let files = FILES.iter().map(|(name, ..)| (*name, Kind::File));
        let links = LINKS.iter().map(|name| (*name, Kind::Symlink));
        let directories = DIRECTORIES.iter().map(|name| (*name, Kind::Directory));
        let has_threads = self.has_threads;
        files.chain(links).chain(directories).filter(move |(name, _)| has_threads || *name != "task")
    }

    /// A link to a place that the process has.
    fn place_link(&self, index: u64, place: fn(&Seen) -> Result<Place>) -> NodeRef {
        let (who, same) = (self.who.clone(), self.who.clone());
        let text = move || {
            let seen = who.see()?;
            place(&seen)?.path(seen.kernel.mounts.root()).ok_or(Errno::ENOENT)
        };
        self.who.make.magic_link(self.who.identity(0o777, index), text, move || place(&same.see()?))
    }

    fn exe(&self, index: u64) -> NodeRef {
        let (who, same) = (self.who.clone(), self.who.clone());
        let text = move || Ok(who.see()?.process.program.lock().path.clone());
        let place = move || same.see()?.process.program.lock().node.clone().map(Place::detached).ok_or(Errno::ENOENT);
        self.who.make.magic_link(self.who.identity(0o777, index), text, place)
    }
}

impl Listing for Directory {
    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        let who = &self.who;
        let found = (1..).zip(self.names()).find(|(_, (own, _))| own.as_bytes() == name);
        let (index, (name, _)) = found.ok_or(Errno::ENOENT)?;
        if let Some((_, mode, produce)) = FILES.iter().find(|(own, ..)| *own == name) {
            let same = who.clone();
            return Ok(who.make.file(who.identity(*mode, index), move || produce(&same.see()?)));
        }
        Ok(match name {
            "cwd" => self.place_link(index, |seen| {
                Ok(seen.scene.whereabouts.upgrade().ok_or(Errno::ESRCH)?.lock().directory.clone())
            }),
            "root" => self.place_link(index, |seen| {
                Ok(seen.scene.whereabouts.upgrade().ok_or(Errno::ESRCH)?.lock().root.clone())
            }),
            "exe" => self.exe(index),
            "net" => network(who, index),
            "fd" => who.make.directory(who.identity(0o500, index), Descriptors(who.clone())),
            _ => who.make.directory(who.identity(0o555, index), Threads(who.clone())),
        })
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let entry = |(index, (name, kind)): (u64, (&str, Kind))| Entry {
            name: name.as_bytes().to_vec(),
            inode: inode(self.who.tid, index),
            kind,
        };
        Ok((1..).zip(self.names()).map(entry).collect())
    }
}

/// /proc/PID/net.
fn network(who: &Who, index: u64) -> NodeRef {
    let file = |(own, (name, produce)): (u64, &(&'static str, net::Produce))| {
        let (same, produce) = (who.clone(), *produce);
        let make = move || {
            let seen = same.see()?;
            let endian = seen.process.program.lock().endian;
            Ok(produce(&seen.kernel, endian).into_bytes())
        };
        (*name, who.make.file(who.identity(0o444, own), make))
    };
    let names = (NET_NAMES..).zip(net::FILES).map(file).collect();
    who.make.table(who.identity(0o555, index), names)
}

/// /proc/PID/task.
struct Threads(Who);

impl Threads {
    fn tids(&self) -> Result<Vec<u32>> {
        let kernel = self.0.kernel.upgrade().ok_or(Errno::ESRCH)?;
        let table = kernel.table.lock();
        let member = table.get(self.0.pid).ok_or(Errno::ESRCH)?;
        Ok(member.threads.keys().copied().collect())
    }
}

impl Listing for Threads {
    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        let tid = number(name)?;
        if !self.tids()?.contains(&tid) {
            return Err(Errno::ENOENT);
        }
        let who = Who { tid, ..self.0.clone() };
        Ok(who.make.directory(who.identity(0o555, 0), Directory { who: who.clone(), has_threads: false }))
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let entry = |tid| Entry { name: format!("{tid}").into_bytes(), inode: inode(tid, 0), kind: Kind::Directory };
        Ok(self.tids()?.into_iter().map(entry).collect())
    }
}

/// /proc/PID/fd.
struct Descriptors(Who);

impl Descriptors {
    fn inode(&self, fd: i32) -> u64 {
        FD_INODES + (u64::from(self.0.pid) << 13) + u64::from(fd.cast_unsigned() & 0x1fff)
    }

    fn link(&self, fd: i32, description: &Arc<Description>) -> NodeRef {
        let (text, place) = (Arc::downgrade(description), description.place().clone());
        let kernel = self.0.kernel.clone();
        let text = move || {
            let description = text.upgrade().ok_or(Errno::ENOENT)?;
            let root = kernel.upgrade().map(|kernel| kernel.mounts.root().clone());
            Ok(name(&description, root.as_ref()))
        };
        let flags = description.flags();
        let mode = 0o100 | if flags.reads() { 0o400 } else { 0 } | if flags.writes() { 0o200 } else { 0 };
        let (uid, gid) = self.0.owner();
        let identity = Identity::mode(mode).owner(uid, gid).inode(self.inode(fd));
        self.0.make.magic_link(identity, text, move || Ok(place.clone()))
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
    if let Some(title) = place.node().as_any().downcast_ref::<AnonymousNode>().and_then(|node| node.title.as_deref()) {
        return if title.starts_with('/') { title.into() } else { format!("anon_inode:{title}").into_bytes() };
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
        let files = self.0.see()?.scene.files.upgrade().ok_or(Errno::ENOENT)?;
        let description = files.lock().get(number).map_err(|_| Errno::ENOENT)?;
        Ok(self.link(number, &description))
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let files = self.0.see()?.scene.files.upgrade().ok_or(Errno::ENOENT)?;
        let open = files.lock().open();
        let entry = |fd: i32| Entry { name: format!("{fd}").into_bytes(), inode: self.inode(fd), kind: Kind::Symlink };
        Ok(open.into_iter().map(entry).collect())
    }
}

fn line(text: &[u8]) -> Vec<u8> {
    [text, b"\n"].concat()
}

fn zero_terminated(strings: &[Vec<u8>]) -> Vec<u8> {
    strings.iter().flat_map(|string| string.iter().copied().chain([0])).collect()
}

fn mounts(seen: &Seen) -> Vec<u8> {
    let mut out = Vec::new();
    for info in seen.kernel.mounts.list() {
        let access = if info.is_read_only { "ro" } else { "rw" };
        out.extend(format!("{} ", info.source).bytes());
        out.extend(escaped(&info.path));
        out.extend(format!(" {} {access},relatime 0 0\n", info.kind).bytes());
    }
    out
}

fn mountinfo(seen: &Seen) -> Vec<u8> {
    let mut out = Vec::new();
    for info in seen.kernel.mounts.list() {
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

/// What the process table says.
struct Role {
    parent: u32,
    group: u32,
    session: u32,
    threads: usize,
    /// Processor time of children, in nanoseconds.
    children_ns: u64,
    /// How it stands: as a letter, and a word.
    state: (char, &'static str),
}

fn role(seen: &Seen) -> Result<Role> {
    let table = seen.kernel.table.lock();
    let member = table.get(seen.process.pid).ok_or(Errno::ESRCH)?;
    let is_running = seen.kernel.current().0 == seen.process.pid;
    let state = match member.standing {
        Standing::Alive if is_running => ('R', "running"),
        Standing::Alive => ('S', "sleeping"),
        Standing::Stopped => ('T', "stopped"),
        Standing::Dead(_) => ('Z', "zombie"),
    };
    let Member { parent, group, session, children_ns, .. } = *member;
    Ok(Role { parent, group, session, threads: member.threads.len(), children_ns, state })
}

fn stat(seen: &Seen) -> Result<Vec<u8>> {
    let Role { parent, group, session, threads, children_ns, state: (state, _) } = role(seen)?;
    let about = seen.process.program.lock();
    let bytes = seen.memory()?.lock().areas.bytes();
    let name = seen.name();
    let (name, id) = (String::from_utf8_lossy(&name), seen.tid);
    let Schedule { nice, policy, priority: realtime, .. } = seen.of_thread(|thread| thread.schedule.clone());
    let priority = if realtime > 0 { -1 - realtime } else { 20 + nice };
    let used = seen.process.clocks.cpu_ns() / TICK_NS;
    let (children, started) = (children_ns / TICK_NS, seen.process.started_ns / TICK_NS);
    let pages = bytes / 4096;
    Ok(format!(
        "{id} ({name}) {state} {parent} {group} {session} 0 -1 4194304 0 0 0 0 {used} 0 {children} 0 {priority} {nice} {threads} 0 \
         {started} {bytes} {pages} 4294967295 {entry} {entry} {stack} 0 0 0 0 0 0 0 0 0 17 0 {realtime} {policy} 0 0 0 0 0 0 0 0 0 0 0\n",
        entry = about.entry,
        stack = about.stack,
    )
    .into_bytes())
}

fn statm(seen: &Seen) -> Result<Vec<u8>> {
    let pages = seen.memory()?.lock().areas.bytes() / 4096;
    Ok(format!("{pages} {pages} 0 0 0 {pages} 0\n").into_bytes())
}

fn status(seen: &Seen) -> Result<Vec<u8>> {
    let Role { parent, threads, state: (state, word), .. } = role(seen)?;
    let memory = seen.memory()?;
    let memory = memory.lock();
    let (now, peak) = (memory.areas.bytes() / 1024, memory.bytes_peak / 1024);
    let (pid, id, uid, gid) = (seen.process.pid, seen.tid, seen.scene.uid, seen.scene.gid);
    let groups: String = seen.scene.groups.iter().map(|group| format!("{group} ")).collect();
    let [own_pending, blocked] = seen.of_thread(|thread| *thread.notice.signals.lock());
    let [pending, ignored, handled] = seen.scene.signals.sets();
    Ok(format!(
        "Name:\t{}\nState:\t{state} ({word})\nTgid:\t{pid}\nNgid:\t0\nPid:\t{id}\nPPid:\t{parent}\n\
         TracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\nFDSize:\t64\nGroups:\t{groups}\n\
         VmPeak:\t{peak:8} kB\nVmSize:\t{now:8} kB\nVmHWM:\t{peak:8} kB\nVmRSS:\t{now:8} kB\nThreads:\t{threads}\n\
         SigPnd:\t{:032x}\nShdPnd:\t{:032x}\nSigBlk:\t{:032x}\nSigIgn:\t{:032x}\nSigCgt:\t{:032x}\n\
         NoNewPrivs:\t0\nSeccomp:\t0\n",
        String::from_utf8_lossy(&seen.name()),
        own_pending.0,
        pending.0,
        blocked.0,
        ignored.0,
        handled.0,
    )
    .into_bytes())
}
