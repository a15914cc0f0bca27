//! [`Scheduler`]: who of a world's threads is to run, who waits and for what.
//!
//! Threads that share an address space are a [`Team`], which is what a thread of the host takes, runs for a while and puts
//! back. Hosts decide how many such threads there are and how they sleep; whatever threads of the guest do to each other,
//! system calls first of all, they do while the scheduler is locked.

use crate::debugger::Debugger;
use crate::engine::Engine;
use crate::statistics::Statistics;
use crate::team::{Team, Turn};
use crate::vcpu::Vcpu;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux::snapshot::{Given, Saving, Unsaved};
use linux::{Crash, ExitStatus, Kernel, Wait};

/// Makes somebody look up: a CPU that runs, or a thread of the host that sleeps.
pub trait Bell: Send + Sync {
    /// From any thread.
    fn ring(&self);
    /// Whether it was rung since this was last asked.
    fn take(&self) -> bool;
}

/// A team that a thread of the host has taken.
struct Away {
    bell: Arc<dyn Bell>,
    /// Threads of its whose wait is over.
    noticed: BTreeSet<u32>,
    /// When it wants to be rung for its timers.
    alarm_ns: Option<u64>,
    /// Whether other threads of its are ready.
    has_more: bool,
}

/// How a world ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Over {
    /// How its first process ended, or was ended.
    pub status: ExitStatus,
    /// What it was doing, if that killed it.
    pub crash: Option<Box<Crash>>,
}

/// Whether a thread may wait in place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InPlace {
    /// It may; [`Scheduler::end_wait`] ends that.
    Sleep,
    /// It need not: it has been woken since it looked.
    Woken,
    /// Somebody else could run instead.
    Leave,
}

/// The threads of a world.
pub struct Scheduler<E: Engine> {
    kernel: Arc<Kernel>,
    next: u32,
    ready: VecDeque<Team<E>>,
    parked: BTreeMap<u32, Team<E>>,
    away: BTreeMap<u32, Away>,
    /// The team of each thread.
    homes: BTreeMap<u32, u32>,
    /// What threads wait for, but those that do so in place.
    waits: BTreeMap<u32, Wait>,
    /// Who rings for threads that wait in place.
    in_place: BTreeMap<u32, Arc<dyn Bell>>,
    over: Option<Over>,
    /// Nobody shall run for now.
    is_frozen: bool,
    /// Who debugs the first process, if somebody does.
    debugger: Option<Arc<dyn Debugger>>,
    /// Whether there ever was more than the first thread in its first address space.
    is_crowded: bool,
    /// What teams that are gone did.
    pub statistics: Statistics,
    /// Why a region was left to the interpreter, if one was.
    pub refusal: Option<String>,
}

impl<E: Engine> Scheduler<E> {
    /// Nobody yet.
    pub fn new(kernel: Arc<Kernel>) -> Scheduler<E> {
        Scheduler {
            kernel,
            next: 0,
            ready: VecDeque::new(),
            parked: BTreeMap::new(),
            away: BTreeMap::new(),
            homes: BTreeMap::new(),
            waits: BTreeMap::new(),
            in_place: BTreeMap::new(),
            over: None,
            is_frozen: false,
            debugger: None,
            is_crowded: false,
            statistics: Statistics::default(),
            refusal: None,
        }
    }

    /// What the processes share.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Adds a team, which is ready.
    pub fn add(&mut self, mut team: Team<E>) {
        team.id = self.next;
        self.next += 1;
        self.is_crowded |= self.next > 1 || team.tids().nth(1).is_some();
        self.debugger = team.debugger().or_else(|| self.debugger.take());
        team.tids().for_each(|tid| _ = self.homes.insert(tid, team.id));
        self.ready.push_back(team);
    }

    /// Gives the next team that is ready to whoever runs it.
    pub fn take(&mut self) -> Option<Team<E>> {
        let team = if self.is_frozen { None } else { self.ready.pop_front() }?;
        let away = Away { bell: team.bell(), noticed: BTreeSet::new(), alarm_ns: None, has_more: team.has_more() };
        self.away.insert(team.id, away);
        Some(team)
    }

    /// Takes back a team after its turn. One that has nobody left is given back, to be dropped where nothing is locked.
    pub fn put(&mut self, mut team: Team<E>, turn: Turn) -> Option<Team<E>> {
        self.take_noticed(team.id).into_iter().for_each(|tid| team.make_ready(tid));
        self.away.remove(&team.id);
        match turn {
            Turn::Empty => {
                self.statistics.add(&team.statistics());
                if let Some(refusal) = team.take_refusal() {
                    self.refusal = Some(refusal);
                }
                return Some(team);
            }
            _ if team.is_ready() => self.ready.push_back(team),
            _ => _ = self.parked.insert(team.id, team),
        }
        None
    }

    /// Lets those know whom system calls or anybody else woke.
    pub fn settle(&mut self) {
        for tid in self.kernel.take_woken() {
            self.wake(tid);
        }
    }

    /// A thread has something to look at.
    fn wake(&mut self, tid: u32) {
        let waited = self.waits.remove(&tid).is_some();
        let Some(home) = self.homes.get(&tid) else { return };
        if let Some(away) = self.away.get_mut(home) {
            away.noticed.insert(tid);
            // One whose wait is over has its turn when whoever runs has had it, or waits as well.
            if !waited && !self.in_place.contains_key(&tid) {
                away.bell.ring();
            }
            let of_team = |(other, _): &(&u32, &Arc<dyn Bell>)| self.homes.get(other) == Some(home);
            if let Some((_, bell)) = self.in_place.iter().find(of_team) {
                bell.ring();
            }
        } else if let Some(mut team) = self.parked.remove(home) {
            team.make_ready(tid);
            self.ready.push_back(team);
        } else if let Some(team) = self.ready.iter_mut().find(|team| team.id == *home) {
            team.make_ready(tid);
        }
    }

    /// The current thread made the call after which this is asked; it need not be woken for what it did to itself.
    pub(crate) fn settle_for(&mut self, tid: u32) {
        for other in self.kernel.take_woken() {
            if other != tid {
                self.wake(other);
            }
        }
    }

    /// Wakes those whose time has come, and rings for timers.
    pub fn expire(&mut self, now_ns: u64) {
        let is_due = |wait: &Wait| wait.until_ns.is_some_and(|until| until <= now_ns);
        let due: Vec<u32> = self.waits.iter().filter(|(_, wait)| is_due(wait)).map(|(tid, _)| *tid).collect();
        due.into_iter().for_each(|tid| self.wake(tid));
        for away in self.away.values_mut() {
            if away.alarm_ns.is_some_and(|at| at <= now_ns) {
                away.alarm_ns = None;
                away.bell.ring();
            }
        }
    }

    /// When [`Scheduler::expire`] is wanted next.
    pub fn deadline_ns(&self) -> Option<u64> {
        let waits = self.waits.values().filter_map(|wait| wait.until_ns);
        waits.chain(self.away.values().filter_map(|away| away.alarm_ns)).min()
    }

    /// The descriptors of the host that threads wait for: whose wait, descriptor, to be readable, to be writable.
    pub fn descriptors(&self) -> Vec<(u32, (i32, bool, bool))> {
        let of = |(tid, wait): (&u32, &Wait)| {
            let tid = *tid;
            wait.descriptors.iter().map(move |descriptor| (tid, *descriptor)).collect::<Vec<_>>()
        };
        self.waits.iter().flat_map(of).collect()
    }

    /// A descriptor that a thread waits for is ready.
    pub fn descriptor_ready(&mut self, tid: u32) {
        self.wake(tid);
    }

    /// A thread waits.
    pub(crate) fn wait(&mut self, tid: u32, wait: Wait) {
        self.waits.insert(tid, wait);
    }

    /// Threads of a team that is away whose wait is over.
    pub(crate) fn take_noticed(&mut self, team: u32) -> BTreeSet<u32> {
        let away = self.away.get_mut(&team);
        let noticed = away.map(|away| core::mem::take(&mut away.noticed)).unwrap_or_default();
        // They may have begun to wait after they were woken.
        noticed.iter().for_each(|tid| _ = self.waits.remove(tid));
        noticed
    }

    /// What a team that is away has: when its timers want it, and whether more than one thread of its can run.
    pub(crate) fn note(&mut self, team: u32, alarm_ns: Option<u64>, has_more: bool) {
        if let Some(away) = self.away.get_mut(&team) {
            (away.alarm_ns, away.has_more) = (alarm_ns, has_more);
        }
    }

    /// A team that is away has another bell: its thread runs another program.
    pub(crate) fn move_bell(&mut self, team: u32, bell: Arc<dyn Bell>) {
        self.is_crowded = true;
        if let Some(away) = self.away.get_mut(&team) {
            away.bell = bell;
        }
    }

    /// A thread belongs to a team from now on.
    pub(crate) fn settle_in(&mut self, tid: u32, team: u32) {
        self.is_crowded = true;
        self.homes.insert(tid, team);
    }

    /// A thread is no more.
    pub(crate) fn forget(&mut self, tid: u32) {
        self.homes.remove(&tid);
        self.waits.remove(&tid);
    }

    /// Has `bell` ring for a thread that is about to wait in place.
    pub fn begin_wait(&mut self, tid: u32, bell: Arc<dyn Bell>) -> InPlace {
        let away = self.homes.get(&tid).and_then(|home| self.away.get_mut(home));
        if away.is_some_and(|away| away.noticed.remove(&tid)) {
            return InPlace::Woken;
        }
        if !self.is_alone(tid) {
            return InPlace::Leave;
        }
        self.in_place.insert(tid, bell);
        InPlace::Sleep
    }

    /// Whether there is nobody who could run in the place of a thread that waits.
    fn is_alone(&self, tid: u32) -> bool {
        let away = self.homes.get(&tid).and_then(|home| self.away.get(home));
        let is_needed = away.is_none_or(|away| away.has_more || !away.noticed.is_empty());
        self.ready.is_empty() && self.over.is_none() && !self.is_frozen && !is_needed
    }

    /// It waits in place no more; whether it may look again there, and does not have to leave.
    pub fn end_wait(&mut self, tid: u32) -> bool {
        self.in_place.remove(&tid);
        let away = self.homes.get(&tid).and_then(|home| self.away.get_mut(home));
        away.is_some_and(|away| away.noticed.remove(&tid)) || self.is_alone(tid)
    }

    /// Has one thread that waits in place leave, so that whoever waits for it runs something else; false if none does.
    pub fn ring_waiting(&self) -> bool {
        self.in_place.values().next().inspect(|bell| bell.ring()).is_some()
    }

    /// Rings all that run, so that others have their turn.
    pub fn ring_all(&self) {
        self.away.values().for_each(|away| away.bell.ring());
        self.in_place.values().for_each(|bell| bell.ring());
    }

    /// Whether somebody is ready and nobody runs it.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty() && !self.is_frozen
    }

    /// Has everybody stop running, wherever they are, until [`Scheduler::thaw`].
    pub fn freeze(&mut self) {
        self.is_frozen = true;
        self.ring_all();
    }

    /// Whether nobody shall run.
    pub fn is_frozen(&self) -> bool {
        self.is_frozen
    }

    /// Whether nobody shall run, and nobody does: the world stands still.
    pub fn is_still(&self) -> bool {
        self.is_frozen && self.away.is_empty()
    }

    /// Lets everybody go on.
    pub fn thaw(&mut self) {
        self.is_frozen = false;
    }

    /// The world as data, while it stands still.
    pub fn save(&mut self, given: Given) -> Result<Vec<u8>, Unsaved> {
        let mut saving = Saving::new(&self.kernel);
        for team in self.ready.iter_mut().chain(self.parked.values_mut()) {
            team.save(&mut saving)?;
        }
        saving.finish(given)
    }

    /// Whether a thread that could run waits for another one of its team.
    pub fn wants_turns(&self) -> bool {
        self.away.values().any(|away| away.has_more || !away.noticed.is_empty())
    }

    /// Whether anybody is being run.
    pub fn is_running(&self) -> bool {
        !self.away.is_empty()
    }

    /// Whether there ever was more than one thread and one program.
    pub fn is_crowded(&self) -> bool {
        self.is_crowded
    }

    /// How the world ended, if it did.
    pub fn over(&self) -> Option<Over> {
        self.over.clone()
    }

    /// Ends the world, if nothing did before.
    pub fn end(&mut self, over: Over) {
        if self.over.is_none() {
            self.debugger.take().into_iter().for_each(|debugger| debugger.over(over.status));
            self.over = Some(over);
            self.ring_all();
        }
    }

    /// Whether somebody debugs it: then a thread of the host may be kept for long.
    pub fn is_debugged(&self) -> bool {
        self.debugger.is_some()
    }

    /// Nobody debugs it any more.
    pub(crate) fn undebugged(&mut self) {
        self.debugger = None;
    }

    pub(crate) fn any_cpu(&mut self) -> Option<&mut Vcpu<E>> {
        self.ready.front_mut().or_else(|| self.parked.values_mut().next()).map(Team::cpu)
    }

    /// Takes all teams that nobody runs, for what there is to be done at the end.
    pub fn clear(&mut self) -> Vec<Team<E>> {
        let ready = core::mem::take(&mut self.ready);
        let parked = core::mem::take(&mut self.parked);
        let teams: Vec<Team<E>> = ready.into_iter().chain(parked.into_values()).collect();
        for team in &teams {
            self.statistics.add(&team.statistics());
        }
        teams
    }
}
