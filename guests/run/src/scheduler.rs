//! [`Scheduler`]: who of a world's threads is to run, who waits and for what.
//!
//! Threads that share an address space are a [`Team`]. A thread of the host takes one of them with one of the team's CPUs, a
//! [`Runner`], runs it for a while and puts the CPU back. Hosts decide how many such threads there are and how they sleep;
//! whatever threads of the guest do to each other, system calls first of all, they do while the scheduler is locked.

use crate::debugger::Debugger;
use crate::engine::Engine;
use crate::over::Over;
use crate::runner::Runner;
use crate::running::{Fate, InPlace, Running};
use crate::statistics::Statistics;
use crate::team::{AtRest, Resting, Team};
use crate::turns::{AHEAD_NS, BONUS_NS, TURN_NS_MIN};
use crate::vcpu::Vcpu;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux::snapshot::{Given, Saving, Unsaved};
use linux::{Kernel, Wait};

/// Makes somebody look up: a CPU that runs, or a thread of the host that sleeps.
pub trait Bell: Send + Sync {
    /// From any thread.
    fn ring(&self);
    /// Whether it was rung since this was last asked.
    fn take(&self) -> bool;
}

/// The threads of a world.
pub struct Scheduler<E: Engine> {
    kernel: Arc<Kernel>,
    next: u32,
    teams: BTreeMap<u32, Team<E>>,
    /// Teams with a thread that is ready and a CPU for it, each with when its turn is due.
    ready: BTreeSet<(u64, u32)>,
    /// When the turns of those were due that ran least, when that was last asked.
    passed: u64,
    /// Who was woken since somebody was last asked to give way: when its turn is due, and its team.
    woken: Option<(u64, u32)>,
    /// Teams with threads that are ready, whose CPUs others have.
    short: BTreeSet<u32>,
    running: BTreeMap<u32, Running>,
    /// How many CPUs have been taken.
    away: usize,
    /// The team of each thread.
    homes: BTreeMap<u32, u32>,
    /// What threads wait for, but those that do so in place.
    waits: BTreeMap<u32, Wait>,
    /// Counts changes of that, and of when timers are due.
    version: u64,
    /// Processes that are to be over once no thread of theirs runs, and how.
    ending: BTreeMap<u32, Over>,
    /// Threads that execute another program once no other thread of their process runs.
    executing: BTreeMap<u32, u32>,
    over: Option<Over>,
    /// Nobody shall run for now.
    is_frozen: bool,
    /// Who debugs the first process, if somebody does.
    debugger: Option<Arc<dyn Debugger>>,
    /// Whether there ever was more than the first thread in its first address space.
    is_crowded: bool,
    /// CPUs that a team may have: as many as threads of the host may run it.
    pub cpus_max: usize,
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
            teams: BTreeMap::new(),
            ready: BTreeSet::new(),
            passed: 0,
            woken: None,
            short: BTreeSet::new(),
            running: BTreeMap::new(),
            away: 0,
            homes: BTreeMap::new(),
            waits: BTreeMap::new(),
            version: 0,
            ending: BTreeMap::new(),
            executing: BTreeMap::new(),
            over: None,
            is_frozen: false,
            debugger: None,
            is_crowded: false,
            cpus_max: 1,
            statistics: Statistics::default(),
            refusal: None,
        }
    }

    /// What the processes share.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Adds a team, all of whose threads are ready.
    pub fn add(&mut self, mut team: Team<E>) {
        team.at_rest.ready.put_off(self.passed());
        let id = self.next;
        self.next += 1;
        self.is_crowded |= self.next > 1 || team.at_rest.ready.len() > 1;
        self.debugger = team.debugger().or_else(|| self.debugger.take());
        team.at_rest.iter().for_each(|resting| _ = self.homes.insert(resting.thread.tid(), id));
        self.teams.insert(id, team);
        self.queue(id);
    }

    /// Adds a thread to a team, and another CPU if there is one for it.
    pub(crate) fn add_thread(&mut self, id: u32, resting: Resting, cpu: Option<Vcpu<E>>) {
        self.is_crowded = true;
        let due = resting.due.max(self.passed());
        let Some(team) = self.teams.get_mut(&id) else { return };
        self.homes.insert(resting.thread.tid(), id);
        team.at_rest.ready.add(Resting { due, ..resting });
        team.cpu_count += usize::from(cpu.is_some());
        team.cpus.extend(cpu);
        self.queue(id);
    }

    /// Whether a team may have one more CPU: if there is somebody to run it at the same time as the others, and no debugger wants
    /// all threads to stop when one does.
    pub(crate) fn may_grow(&self, id: u32) -> bool {
        let is_short = |team: &Team<E>| team.cpus.is_empty() && team.cpu_count < self.cpus_max;
        self.debugger.is_none() && self.teams.get(&id).is_some_and(is_short)
    }

    /// Whether more threads than one may run at the same time in a team.
    pub(crate) fn is_parallel(&self, id: u32) -> bool {
        self.teams.get(&id).is_some_and(|team| team.cpu_count > 1)
    }

    /// Has a team wait for its turn if a thread of its can have one.
    fn queue(&mut self, id: u32) {
        let Some(team) = self.teams.get_mut(&id) else { return };
        let (due, has_cpu) = (team.next_due(), !team.cpus.is_empty());
        let turn = due.filter(|_| has_cpu);
        let before = core::mem::replace(&mut team.turn, turn);
        if before != turn {
            before.into_iter().for_each(|due| _ = self.ready.remove(&(due, id)));
            self.ready.extend(turn.map(|due| (due, id)));
        }
        if due.is_some() && !has_cpu {
            self.short.insert(id);
            // Who waits in place has a CPU that it does not need.
            let idle = self.running.values().find(|running| running.team == id && running.in_place.is_some());
            idle.into_iter().for_each(Running::ring);
        } else {
            self.short.remove(&id);
        }
        self.kernel.set_crowded(!self.ready.is_empty() || !self.short.is_empty());
    }

    /// Gives the next thread that is ready, with a CPU, to whoever runs it.
    pub fn take(&mut self) -> Option<Runner<E>> {
        loop {
            let id = self.next_team()?;
            let Some(team) = self.teams.get_mut(&id) else { continue };
            let Some((cpu, resting)) = team.take() else { continue };
            let since = (resting.due, self.kernel.monotonic_ns());
            let runner = Runner::new(id, cpu, resting, team.debugged.take());
            if let Some((pid, tid)) = runner.number() {
                let bell = runner.bell();
                let running = Running {
                    pid,
                    team: id,
                    bell,
                    is_noticed: false,
                    alarm_ns: None,
                    in_place: None,
                    since,
                    gives_way: false,
                };
                self.running.insert(tid, running);
            }
            self.away += 1;
            self.queue(id);
            return Some(runner);
        }
    }

    /// The team whose turn it is. If nobody shall run, one with a thread that has to see its process end.
    fn next_team(&mut self) -> Option<u32> {
        let ends = |resting: &Resting| self.ending.contains_key(&resting.thread.pid());
        let is_meant =
            |(_, id): &&(u64, u32)| !self.is_frozen || self.teams.get(id).and_then(Team::next).is_some_and(ends);
        let turn = self.ready.iter().find(is_meant).copied()?;
        self.ready.remove(&turn);
        self.teams.get_mut(&turn.1)?.turn = None;
        Some(turn.1)
    }

    /// Takes back a CPU, and the thread that has it, if one has, which could go on. A team that has nobody left is given back, to
    /// be dropped where nothing is locked.
    pub fn put(&mut self, runner: Runner<E>) -> Option<Team<E>> {
        self.away -= 1;
        let (id, cpu, resting, debugged) = runner.parts();
        let team = self.teams.get_mut(&id)?;
        team.cpus.push(cpu);
        team.debugged = debugged.or_else(|| team.debugged.take());
        let is_over = resting.is_none() && team.is_over();
        resting.into_iter().for_each(|resting| self.preempt(resting));
        if !is_over {
            self.queue(id);
            return None;
        }
        let mut team = self.teams.remove(&id)?;
        self.short.remove(&id);
        team.turn.into_iter().for_each(|due| _ = self.ready.remove(&(due, id)));
        self.statistics.add(&team.statistics());
        if let Some(refusal) = team.take_refusal() {
            self.refusal = Some(refusal);
        }
        Some(team)
    }

    /// Lets those know whom system calls or anybody else woke.
    pub fn settle(&mut self) {
        for tid in self.kernel.take_woken() {
            self.wake(tid);
        }
    }

    /// A thread has something to look at.
    fn wake(&mut self, tid: u32) {
        self.stop_waiting(tid);
        if let Some(running) = self.running.get_mut(&tid) {
            running.is_noticed = true;
            running.ring();
            return;
        }
        let Some(home) = self.homes.get(&tid).copied() else { return };
        let least = self.passed().saturating_sub(BONUS_NS);
        let Some(team) = self.teams.get_mut(&home) else { return };
        if team.make_ready(tid, least) {
            self.woken = team.next_due().map(|due| (due, home));
        }
        self.queue(home);
    }

    /// When the turns of those are due by now that ran least, of all that run or could: it never goes back.
    fn passed(&mut self) -> u64 {
        let now = self.kernel.monotonic_ns();
        let computing = self.running.values().filter(|running| running.in_place.is_none());
        let least = computing.map(|running| running.next_due(now)).chain(self.ready.first().map(|(due, _)| *due)).min();
        self.passed = self.passed.max(least.unwrap_or(0));
        self.passed
    }

    /// Has one that runs give way to who was woken, if its turn would be due much later by now: the one with the latest, of the
    /// same team if only that has a CPU for it.
    pub fn give_way(&mut self) {
        let Some((due, team)) = self.woken.take() else { return };
        let is_short = self.short.contains(&team);
        let now = self.kernel.monotonic_ns();
        let may = |running: &&mut Running| {
            running.in_place.is_none() && !running.gives_way && (!is_short || running.team == team)
        };
        let last = self.running.values_mut().filter(may).max_by_key(|running| running.next_due(now));
        if let Some(last) = last.filter(|last| last.next_due(now) > due + AHEAD_NS) {
            last.gives_way = true;
            last.ring();
        }
    }

    fn stop_waiting(&mut self, tid: u32) {
        if self.waits.remove(&tid).is_some() {
            self.version += 1;
        }
    }

    /// The same after a call of a thread, which need not be woken for what it did to itself. If it `waits`, somebody else may
    /// have done that since it looked, who does not need the scheduler for it.
    pub(crate) fn settle_for(&mut self, tid: u32, waits: bool) {
        for other in self.kernel.take_woken() {
            if other != tid || waits {
                self.wake(other);
            }
        }
    }

    /// Wakes those whose time has come, and rings for timers.
    pub fn expire(&mut self, now_ns: u64) {
        let is_due = |wait: &Wait| wait.until_ns.is_some_and(|until| until <= now_ns);
        let due: Vec<u32> = self.waits.iter().filter(|(_, wait)| is_due(wait)).map(|(tid, _)| *tid).collect();
        due.into_iter().for_each(|tid| self.wake(tid));
        for running in self.running.values_mut() {
            if running.alarm_ns.is_some_and(|at| at <= now_ns) {
                running.alarm_ns = None;
                self.version += 1;
                running.bell.ring();
            }
        }
    }

    /// Changes whenever [`Scheduler::deadline_ns`] or [`Scheduler::descriptors`] may have.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When [`Scheduler::expire`] is wanted next.
    pub fn deadline_ns(&self) -> Option<u64> {
        let waits = self.waits.values().filter_map(|wait| wait.until_ns);
        waits.chain(self.running.values().filter_map(|running| running.alarm_ns)).min()
    }

    /// The descriptors of the host that threads wait for: whose wait, descriptor, to be readable, to be writable.
    pub fn descriptors(&self) -> impl Iterator<Item = (u32, (i32, bool, bool))> + '_ {
        self.waits.iter().flat_map(|(tid, wait)| wait.descriptors.iter().map(|descriptor| (*tid, *descriptor)))
    }

    /// A descriptor that a thread waits for is ready.
    pub fn descriptor_ready(&mut self, tid: u32) {
        self.wake(tid);
    }

    /// A thread that had a CPU waits, unless it has been woken since it looked.
    pub(crate) fn rest(&mut self, resting: Resting, wait: Wait) {
        let tid = resting.thread.tid();
        let is_noticed = self.running.get(&tid).is_some_and(|running| running.is_noticed);
        // The one that sees to the end of its process has to run.
        if is_noticed || self.fate(tid) != Fate::Lives {
            return self.preempt(resting);
        }
        let Some(running) = self.running.remove(&tid) else { return };
        let (team, due) = (running.team, running.next_due(self.kernel.monotonic_ns()));
        if let Some(all) = self.teams.get_mut(&team) {
            all.at_rest.waiting.insert(tid, Resting { due, ..resting });
            self.waits.insert(tid, wait);
            self.version += 1;
            self.queue(team);
        }
    }

    /// A thread that had a CPU could go on, but others shall have their turn.
    pub(crate) fn preempt(&mut self, mut resting: Resting) {
        let now = self.kernel.monotonic_ns();
        let (pid, tid) = (resting.thread.pid(), resting.thread.tid());
        let fate = self.fate(tid);
        let Some(running) = self.running.remove(&tid) else { return };
        let (team, due) = (running.team, running.next_due(now).max(running.since.0 + TURN_NS_MIN));
        self.version += u64::from(running.alarm_ns.is_some());
        if fate == Fate::MakesWay {
            drop(resting);
            self.forget(pid, tid);
        } else if let Some(all) = self.teams.get_mut(&team) {
            // Who gives its turn up is behind all that could run.
            let last = all.at_rest.ready.last_due().max(self.ready.last().map(|(due, _)| *due));
            let least = last.filter(|_| resting.thread.take_yield()).map_or(0, |last| last + 1);
            all.at_rest.ready.add(Resting { due: due.max(least), ..resting });
        }
        self.queue(team);
    }

    /// When the timers of a thread that runs want it.
    pub(crate) fn set_alarm(&mut self, tid: u32, alarm_ns: Option<u64>) {
        if let Some(running) = self.running.get_mut(&tid) {
            running.alarm_ns = alarm_ns;
            self.version += 1;
        }
    }

    /// A thread is no more. If its process is to be over and no other thread of it runs, says how; whoever was the last one sees
    /// to that.
    pub(crate) fn forget(&mut self, pid: u32, tid: u32) -> Option<Over> {
        if let Some(team) = self.homes.remove(&tid)
            && let Some(all) = self.teams.get_mut(&team)
        {
            // Who was the only one to run is not any more.
            all.only.take_if(|only| *only == tid);
            self.queue(team);
        }
        self.stop_waiting(tid);
        if self.running.remove(&tid).is_some_and(|running| running.alarm_ns.is_some()) {
            self.version += 1;
        }
        let executing = self.executing.get(&pid).copied();
        let is_left = |(other, running): (&u32, &Running)| running.pid == pid && Some(*other) != executing;
        if self.running.iter().any(is_left) {
            return None;
        }
        if let Some(executing) = self.executing.remove(&pid) {
            self.wake(executing);
        }
        self.ending.remove(&pid)
    }

    /// Whether threads of a process run, other than that one.
    fn runs_others(&self, pid: u32, tid: u32) -> bool {
        self.running.iter().any(|(other, running)| running.pid == pid && *other != tid)
    }

    /// What is to become of a thread that runs.
    pub(crate) fn fate(&self, tid: u32) -> Fate {
        if self.ending.is_empty() && self.executing.is_empty() {
            return Fate::Lives;
        }
        let Some(running) = self.running.get(&tid) else { return Fate::Lives };
        let executing = self.executing.get(&running.pid);
        match self.ending.get(&running.pid) {
            Some(over) => Fate::Ends(over.status),
            None if executing.is_some_and(|executing| *executing != tid) => Fate::MakesWay,
            None => Fate::Lives,
        }
    }

    /// The process of a thread that runs is to be over in that way, unless another one was faster. Its threads that do not run
    /// are no more; those that do are told.
    pub(crate) fn end_process(&mut self, team: u32, pid: u32, tid: u32, over: Over) {
        self.ending.entry(pid).or_insert(over);
        self.executing.remove(&pid);
        self.tell_others(pid, tid);
        self.drop_process(team, pid);
    }

    /// A thread executes another program: the others of its process are over. Those that run are told; whether there are any.
    /// Then the thread is to rest, and is woken when they are gone.
    pub(crate) fn make_way(&mut self, team: u32, pid: u32, tid: u32) -> bool {
        self.drop_process(team, pid);
        let runs_others = self.runs_others(pid, tid);
        if runs_others {
            self.executing.insert(pid, tid);
            self.tell_others(pid, tid);
        }
        runs_others
    }

    fn tell_others(&self, pid: u32, tid: u32) {
        let others = self.running.iter().filter(|(other, running)| running.pid == pid && **other != tid);
        others.for_each(|(_, running)| running.ring());
    }

    /// The threads of a process that do not run are no more.
    pub(crate) fn drop_process(&mut self, team: u32, pid: u32) {
        let gone = self.teams.get_mut(&team).map(|team| team.take_process(pid)).unwrap_or_default();
        for resting in gone {
            self.homes.remove(&resting.thread.tid());
            self.stop_waiting(resting.thread.tid());
        }
        self.queue(team);
    }

    /// Has `bell` ring for a thread that is about to wait in place.
    pub fn begin_wait(&mut self, tid: u32, bell: Arc<dyn Bell>) -> InPlace {
        let is_needed = !self.is_alone(tid);
        let Some(running) = self.running.get_mut(&tid) else { return InPlace::Leave };
        if core::mem::take(&mut running.is_noticed) {
            return InPlace::Woken;
        }
        if is_needed {
            return InPlace::Leave;
        }
        running.in_place = Some((bell, self.kernel.monotonic_ns()));
        InPlace::Sleep
    }

    /// Whether there is nobody who could run in the place of a thread that waits.
    fn is_alone(&self, tid: u32) -> bool {
        let is_short = self.homes.get(&tid).is_some_and(|home| self.short.contains(home));
        self.ready.is_empty() && self.over.is_none() && !self.is_frozen && !is_short && self.fate(tid) == Fate::Lives
    }

    /// It waits in place no more; whether it may look again there, and does not have to leave.
    pub fn end_wait(&mut self, tid: u32) -> bool {
        let is_noticed = self.running.get_mut(&tid).is_some_and(|running| {
            if let Some((_, since)) = running.in_place.take() {
                running.since.1 += self.kernel.monotonic_ns().saturating_sub(since);
            }
            core::mem::take(&mut running.is_noticed)
        });
        is_noticed || self.is_alone(tid)
    }

    /// Has one thread that waits in place leave, so that whoever waits for it runs something else; false if none does.
    pub fn ring_waiting(&self) -> bool {
        let mut waiting = self.running.values().filter(|running| running.in_place.is_some());
        waiting.next().inspect(|running| running.ring()).is_some()
    }

    /// Rings all that run, so that others have their turn.
    pub fn ring_all(&self) {
        self.running.values().for_each(Running::ring);
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
        self.is_frozen && self.away == 0 && self.ending.is_empty()
    }

    /// Lets everybody go on.
    pub fn thaw(&mut self) {
        self.is_frozen = false;
    }

    /// The world as data, while it stands still.
    pub fn save(&mut self, given: Given) -> Result<Vec<u8>, Unsaved> {
        let mut saving = Saving::new(&self.kernel);
        for team in self.teams.values_mut() {
            team.save(&mut saving)?;
        }
        saving.finish(given)
    }

    /// Whether a thread that could run waits for a CPU that another one of its team has.
    pub fn wants_turns(&self) -> bool {
        !self.short.is_empty()
    }

    /// Whether anybody is being run.
    pub fn is_running(&self) -> bool {
        self.away > 0
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

    /// Gives a team's threads that do not run to a debugger.
    pub(crate) fn lend(&mut self, id: u32) -> AtRest {
        self.teams.get_mut(&id).map(Team::lend).unwrap_or_default()
    }

    /// Takes them back; only that one may run, if there is one.
    pub(crate) fn take_back(&mut self, id: u32, at_rest: AtRest, only: Option<u32>) {
        if let Some(team) = self.teams.get_mut(&id) {
            team.take_back(at_rest, only);
            self.queue(id);
        }
    }

    pub(crate) fn any_cpu(&mut self) -> Option<&mut Vcpu<E>> {
        self.teams.values_mut().find_map(|team| team.cpus.first_mut())
    }

    /// Takes all teams, for what there is to be done at the end.
    pub fn clear(&mut self) -> Vec<Team<E>> {
        self.ready.clear();
        let teams: Vec<Team<E>> = core::mem::take(&mut self.teams).into_values().collect();
        for team in &teams {
            self.statistics.add(&team.statistics());
        }
        teams
    }
}
