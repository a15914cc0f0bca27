//! Open files: descriptions, and what they are open on.

use super::place::{MemoryNode, SavedPlace};
use super::{Resuming, Saving, Unresumed, Unsaved};
use crate::description::{Description, Kept};
use crate::event::{Alarm, Counter, Epoll, SavedAlarm, SavedCounter, SavedEntry, SignalFile};
use crate::fdtable::{FdTable, Slot};
use crate::mqueue::{QueueFile, SavedQueue};
use crate::notify::{Inotify, SavedInotify};
use crate::pidfd::PidFd;
use crate::ready::special;
use crate::signal::SignalSet;
use crate::socket::{Credentials, SocketFile};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use vfs::File;
use vfs::node::{Kind, Open};
use vfs::pipe::{End, Pipe, SavedEnd, SavedPipe};
use vfs::pty;

/// An open file description.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedDescription {
    place: SavedPlace,
    file: SavedFile,
    kept: Kept,
}

/// What a description is open on.
#[derive(Serialize, Deserialize)]
enum SavedFile {
    /// Nothing: O_PATH.
    Nothing,
    /// What is opened anew from its place.
    Again,
    /// A standard stream.
    Stream(u8),
    /// An end of a pipe, with the pipe's number.
    Pipe(u32, SavedEnd),
    /// A pseudoterminal's, with that one's number.
    Master(u32),
    Slave(u32, Open),
    Counter(SavedCounter),
    Alarm(SavedAlarm),
    Signals(SignalSet),
    Epoll(Vec<SavedEntry>),
    Process(u32),
    Inotify(SavedInotify),
    /// A local socket's number, and who made the file.
    Socket(u32, Credentials),
    /// A POSIX message queue's number.
    Queue(u32),
}

/// A pseudoterminal, and the slave's metadata.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedTerminal {
    pair: pty::SavedPair,
    metadata: Option<vfs::node::Metadata>,
}

/// A descriptor table: descriptor, description, FD_CLOEXEC.
pub(super) type SavedTable = Vec<(i32, u32, bool)>;

impl Saving {
    /// A descriptor table as data.
    pub(super) fn descriptors(&mut self, table: &FdTable) -> SavedTable {
        let slot = |fd| Some((fd, table.slot(fd).ok()?));
        let slots: Vec<(i32, &Slot)> = table.open().into_iter().filter_map(slot).collect();
        slots
            .into_iter()
            .map(|(fd, slot)| (fd, self.descriptions.number(&slot.description), slot.closes_on_exec))
            .collect()
    }

    /// A description as data.
    pub(super) fn description(&mut self, description: &Description) -> Result<SavedDescription, Unsaved> {
        let place = self.systems.place(description.place());
        let file = match description.shared_file() {
            Some(file) => self.file(description, &*file, &place)?,
            None => SavedFile::Nothing,
        };
        Ok(SavedDescription { place, file, kept: description.kept() })
    }

    fn file(&mut self, description: &Description, file: &dyn File, place: &SavedPlace) -> Result<SavedFile, Unsaved> {
        if let Some(end) = End::of(file) {
            return Ok(SavedFile::Pipe(self.pipes.number(end.pipe()), end.save()));
        }
        match pty::End::of(file) {
            Some(pty::End::Master(pair)) => return Ok(SavedFile::Master(self.pairs.number(pair))),
            Some(pty::End::Slave(pair)) => {
                return Ok(SavedFile::Slave(self.pairs.number(pair), description.flags().how()));
            }
            None => {}
        }
        if let Some(file) = self.special(file)? {
            return Ok(file);
        }
        let what = || {
            String::from_utf8_lossy(&description.place().path(self.kernel.mounts.root()).unwrap_or_default())
                .into_owned()
        };
        let kind = description.node().kind().map_err(|errno| Unsaved(format!("{}: {}", what(), errno.text())))?;
        match (place, kind) {
            (SavedPlace::Loose(_), _) => match self.systems.stream(description.node()) {
                Some(stream) => Ok(SavedFile::Stream(stream)),
                None if self.systems.number(description.node()).is_some() => Ok(SavedFile::Again),
                None => Err(Unsaved(String::from("a file of the host is open that has lost its name there"))),
            },
            (SavedPlace::Named(_), Kind::Fifo | Kind::Socket) => {
                Err(Unsaved(format!("{} is a fifo of the host, and what is in it is not the guest's", what())))
            }
            (SavedPlace::Named(_), _) => Ok(SavedFile::Again),
        }
    }

    /// A file that only a descriptor leads to.
    fn special(&mut self, file: &dyn File) -> Result<Option<SavedFile>, Unsaved> {
        let Saving { descriptions, systems, endpoints, .. } = self;
        if let Some(counter) = special::<Counter>(file) {
            return Ok(Some(SavedFile::Counter(counter.save())));
        }
        if let Some(alarm) = special::<Alarm>(file) {
            return Ok(Some(SavedFile::Alarm(alarm.save())));
        }
        if let Some(signals) = special::<SignalFile>(file) {
            return Ok(Some(SavedFile::Signals(signals.set())));
        }
        if let Some(epoll) = special::<Epoll>(file) {
            return Ok(Some(SavedFile::Epoll(epoll.save(|description| descriptions.number(description)))));
        }
        if let Some(process) = special::<PidFd>(file) {
            return Ok(Some(SavedFile::Process(process.pid())));
        }
        if let Some(inotify) = special::<Inotify>(file) {
            let saved = inotify.save(|node| systems.number(node));
            let saved = saved.ok_or_else(|| Unsaved(String::from("inotify watches a file that is not in memory")))?;
            return Ok(Some(SavedFile::Inotify(saved)));
        }
        if let Some(socket) = special::<SocketFile>(file) {
            return Ok(Some(SavedFile::Socket(endpoints.number(&socket.endpoint), socket.maker)));
        }
        if let Some(queue) = special::<QueueFile>(file) {
            return Ok(Some(SavedFile::Queue(self.queues.number(&queue.0))));
        }
        Ok(None)
    }

    /// POSIX message queues as data.
    pub(super) fn queues(&mut self) -> Vec<SavedQueue> {
        let queues = &self.kernel.commons.queues;
        // One that is open only in a message on its way is among these, too.
        queues.live().iter().for_each(|queue| _ = self.queues.number(queue));
        let Saving { systems, endpoints, .. } = self;
        let save = |queue| queues.save(queue, systems.loose.number(&queue.node), endpoints);
        self.queues.iter().map(save).collect()
    }

    /// Pseudoterminals as data.
    pub(super) fn terminals(&self) -> Vec<SavedTerminal> {
        let saved = self.pairs.iter().map(|pair| SavedTerminal {
            pair: pair.save(),
            metadata: pair.slave().and_then(|node| node.metadata().ok()),
        });
        saved.collect()
    }

    /// Pipes as data.
    pub(super) fn pipes(&self) -> Vec<SavedPipe> {
        self.pipes.iter().map(|pipe| pipe.save()).collect()
    }
}

/// Pipes by number, the contents of each until one of its ends is there.
pub(super) type Pipes = Vec<Option<SavedPipe>>;

impl Resuming {
    /// A description as it was. What it waits for together with others is added later.
    pub(super) fn description(&mut self, saved: SavedDescription) -> Result<(Description, Vec<SavedEntry>), Unresumed> {
        let place = self.nodes.place(&saved.place).map_err(Unresumed::Missing)?;
        let (mut entries, commons) = (Vec::new(), self.kernel.commons.clone());
        let missing = || Unresumed::Missing(place.path(self.nodes.mounts.root()).unwrap_or_default());
        let file: Option<Box<dyn File>> = match saved.file {
            SavedFile::Nothing => None,
            SavedFile::Again => {
                let how = saved.kept.flags().how();
                Some(place.node().open(Open { nonblocking: true, ..how }).map_err(|_| missing())?)
            }
            SavedFile::Stream(number) => {
                let stream = self.streams.get_mut(usize::from(number)).and_then(Option::take);
                match stream {
                    Some(file) => Some(file),
                    None => Some(place.node().open(saved.kept.flags().how()).map_err(|_| missing())?),
                }
            }
            SavedFile::Pipe(number, end) => {
                let pipe = Pipe::of(place.node()).ok_or(Unresumed::Malformed)?;
                if let Some(contents) = self.pipes.get_mut(number as usize).and_then(Option::take)
                    && !pipe.restore(contents)
                {
                    return Err(Unresumed::Malformed);
                }
                Some(pipe.restore_end(&end))
            }
            SavedFile::Master(number) => Some(self.pair(number)?.restore_master()),
            SavedFile::Slave(number, how) => Some(self.pair(number)?.restore_slave(how)),
            SavedFile::Counter(counter) => Some(Box::new(counter.restore())),
            SavedFile::Alarm(alarm) => Some(Box::new(alarm.restore(self.clocks.clone()))),
            SavedFile::Signals(set) => Some(Box::new(SignalFile::new(set))),
            SavedFile::Epoll(saved) => {
                entries = saved;
                Some(Box::new(Epoll::new()))
            }
            SavedFile::Process(pid) => Some(Box::new(PidFd::new(&self.kernel, pid))),
            SavedFile::Queue(number) => {
                let queue = self.queues.get(number as usize).ok_or(Unresumed::Malformed)?;
                Some(Box::new(QueueFile(queue.clone())))
            }
            SavedFile::Inotify(saved) => {
                let inotify = saved.restore(&commons, |at: MemoryNode| self.nodes.memory(at));
                Some(Box::new(inotify.map_err(|_| Unresumed::Malformed)?))
            }
            SavedFile::Socket(number, maker) => {
                let endpoint = self.endpoints.get(number as usize).ok_or(Unresumed::Malformed)?;
                Some(Box::new(SocketFile::new(endpoint.clone(), &commons, maker)))
            }
        };
        Ok((Description::restored(place, file, saved.kept, &commons), entries))
    }

    fn pair(&self, number: u32) -> Result<Arc<pty::Pair>, Unresumed> {
        self.pairs.get(number as usize).cloned().ok_or(Unresumed::Malformed)
    }

    /// A descriptor table as it was.
    pub(super) fn descriptors(&self, saved: SavedTable) -> Result<FdTable, Unresumed> {
        let mut table = FdTable::default();
        for (fd, description, closes_on_exec) in saved {
            let description = self.descriptions.get(description as usize).cloned().ok_or(Unresumed::Malformed)?;
            table
                .replace(fd, Slot { description, closes_on_exec }, self.descriptors_max)
                .map_err(|_| Unresumed::Descriptors)?;
        }
        Ok(table)
    }
}

impl SavedTerminal {
    /// The pair.
    pub(super) fn restore(self, terminals: &vfs::devpts::Devpts) -> Option<Arc<pty::Pair>> {
        terminals.restore(self.pair, self.metadata.as_ref())
    }
}
