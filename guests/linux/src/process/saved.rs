//! The processes of a world as data.

use super::member::{Event, Member, Standing, ThreadEntry};
use super::table::{PID_MAX, Table};
use super::{About, Process, Schedule};
use crate::limits::Limits;
use crate::reply::ExitStatus;
use crate::signal::{Info, Signal};
use crate::timer::Timers;
use crate::world::Clocks;
use abi::Endian;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use vfs::{NodeRef, Watchers};

/// All processes.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedTable {
    members: Vec<SavedMember>,
    last: u32,
    first: u32,
    made: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedMember {
    process: SavedProcess,
    parent: u32,
    group: u32,
    session: u32,
    standing: Standing,
    exit_signal: Option<Signal>,
    parent_death_signal: Option<Signal>,
    news: Option<Event>,
    /// Number, name, and how it wants to be scheduled.
    threads: Vec<(u32, ByteBuf, Schedule)>,
    inbox: Vec<(Option<u32>, Info)>,
    users: (u32, u32),
    has_executed: bool,
    disowns: bool,
    ignores_stops: bool,
    vfork_parent: Option<u32>,
    children_ns: u64,
    used_ns: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedProcess {
    pid: u32,
    program: SavedAbout,
    timers: Timers,
    limits: Limits,
    settings: [u32; 2],
    used_ns: u64,
    started_ns: u64,
    first_status: Option<ExitStatus>,
}

#[derive(Serialize, Deserialize)]
struct SavedAbout {
    path: ByteBuf,
    arguments: Vec<ByteBuf>,
    environment: Vec<ByteBuf>,
    auxiliary: Vec<(u32, u32)>,
    stack: u32,
    entry: u32,
    endian: Endian,
}

fn owned(strings: &[Vec<u8>]) -> Vec<ByteBuf> {
    strings.iter().cloned().map(ByteBuf::from).collect()
}

fn plain(strings: Vec<ByteBuf>) -> Vec<Vec<u8>> {
    strings.into_iter().map(ByteBuf::into_vec).collect()
}

impl Table {
    /// As data.
    pub(crate) fn save(&self) -> SavedTable {
        let members = self.iter().map(|(_, member)| member.save()).collect();
        SavedTable { members, last: self.last.min(PID_MAX), first: self.first, made: self.made }
    }
}

impl SavedTable {
    /// How many threads there are, those that are over included.
    pub(crate) fn thread_count(&self) -> usize {
        self.members.iter().map(|member| member.threads.len().max(1)).sum()
    }

    /// The processes, whose limits are at most those given; none if the first one is not there.
    pub(crate) fn restore(self, clocks: &Arc<dyn Clocks>, limits: &Limits) -> Option<Table> {
        let members = self.members.into_iter().map(|member| member.restore(clocks, limits));
        let members: BTreeMap<u32, Member> = members.map(|member| (member.process.pid, member)).collect();
        let is_whole = members.contains_key(&self.first);
        let table = Table { members, last: self.last, first: self.first, woken: Vec::new(), made: self.made };
        is_whole.then_some(table)
    }
}

impl Member {
    fn save(&self) -> SavedMember {
        let entry =
            |(tid, thread): (&u32, &ThreadEntry)| (*tid, ByteBuf::from(thread.name.clone()), thread.schedule.clone());
        SavedMember {
            process: self.process.save(),
            parent: self.parent,
            group: self.group,
            session: self.session,
            standing: self.standing,
            exit_signal: self.exit_signal,
            parent_death_signal: self.parent_death_signal,
            news: self.news,
            threads: self.threads.iter().map(entry).collect(),
            inbox: self.inbox.clone(),
            users: self.users,
            has_executed: self.has_executed,
            disowns: self.disowns,
            ignores_stops: self.ignores_stops,
            vfork_parent: self.vfork_parent,
            children_ns: self.children_ns,
            used_ns: self.used_ns,
        }
    }
}

impl SavedMember {
    fn restore(self, clocks: &Arc<dyn Clocks>, limits: &Limits) -> Member {
        let entry = |(tid, name, schedule): (u32, ByteBuf, Schedule)| {
            (tid, ThreadEntry { notice: Arc::default(), name: name.into_vec(), schedule })
        };
        Member {
            process: self.process.restore(clocks, limits),
            parent: self.parent,
            group: self.group,
            session: self.session,
            standing: self.standing,
            exit_signal: self.exit_signal,
            parent_death_signal: self.parent_death_signal,
            news: self.news,
            threads: self.threads.into_iter().map(entry).collect(),
            inbox: self.inbox,
            users: self.users,
            has_executed: self.has_executed,
            disowns: self.disowns,
            ignores_stops: self.ignores_stops,
            vfork_parent: self.vfork_parent,
            children_ns: self.children_ns,
            used_ns: self.used_ns,
            watchers: Watchers::default(),
            scene: None,
        }
    }
}

impl Process {
    fn save(&self) -> SavedProcess {
        let about = self.program.lock();
        let program = SavedAbout {
            path: ByteBuf::from(about.path.clone()),
            arguments: owned(&about.arguments),
            environment: owned(&about.environment),
            auxiliary: about.auxiliary.clone(),
            stack: about.stack,
            entry: about.entry,
            endian: about.endian,
        };
        SavedProcess {
            pid: self.pid,
            program,
            timers: self.timers.lock().clone(),
            limits: self.limits.lock().clone(),
            settings: *self.settings.lock(),
            used_ns: self.clocks.cpu_ns(),
            started_ns: self.started_ns,
            first_status: *self.first_status.lock(),
        }
    }

    /// Says what its program's file is, which is found by the path.
    pub(crate) fn find_program(&self, find: impl Fn(&[u8]) -> Option<NodeRef>) {
        let path = self.program.lock().path.clone();
        let node = find(&path);
        self.program.lock().node = node;
    }
}

impl SavedProcess {
    fn restore(self, clocks: &Arc<dyn Clocks>, limits: &Limits) -> Arc<Process> {
        let about = About {
            path: self.program.path.into_vec(),
            node: None,
            arguments: plain(self.program.arguments),
            environment: plain(self.program.environment),
            auxiliary: self.program.auxiliary,
            stack: self.program.stack,
            entry: self.program.entry,
            endian: self.program.endian,
        };
        let mut process = Process::new(self.pid, self.limits.within(limits), clocks.clone());
        if let Some(process) = Arc::get_mut(&mut process) {
            process.started_ns = self.started_ns;
        }
        process.clocks.add_ns(self.used_ns);
        *process.program.lock() = about;
        *process.timers.lock() = self.timers;
        *process.settings.lock() = self.settings;
        *process.first_status.lock() = self.first_status;
        process
    }
}
