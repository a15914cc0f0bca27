//! [`Table`]: who there is, and what they tell each other.

use crate::process::{Event, Member, Process, Standing, ThreadEntry};
use crate::reply::ExitStatus;
use crate::signal::{Info, Signal};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::{Errno, Result, Watchers};

/// The end of process numbers (pid_max of a 32-bit kernel).
pub(super) const PID_MAX: u32 = 32_768;

/// The codes of SIGCHLD (sigaction(2)).
const CLD_EXITED: i32 = 1;
const CLD_KILLED: i32 = 2;
const CLD_STOPPED: i32 = 5;
const CLD_CONTINUED: i32 = 6;

/// Which children are waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Which {
    /// Any.
    Any,
    /// This one.
    Process(u32),
    /// Those of a group.
    Group(u32),
}

/// Which events are waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Events {
    pub(crate) ended: bool,
    pub(crate) stopped: bool,
    pub(crate) continued: bool,
    /// WNOWAIT: it can be asked for again.
    pub(crate) keeps: bool,
}

/// Whom a signal is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// One process.
    Process(u32),
    /// One thread, of the process if that is given.
    Thread(Option<u32>, u32),
    /// All of a group.
    Group(u32),
    /// All but the sender and the first process.
    All,
}

/// Who sends a signal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    pub(crate) pid: u32,
    /// Real and effective user.
    pub(crate) users: (u32, u32),
    pub(crate) is_privileged: bool,
}

/// All processes.
pub(crate) struct Table {
    pub(super) members: BTreeMap<u32, Member>,
    /// The number given last.
    pub(super) last: u32,
    /// The process whose end is the end of all.
    pub(crate) first: u32,
    /// Threads that have something to look at.
    pub(super) woken: Vec<u32>,
    /// Processes and threads ever made.
    pub(crate) made: u64,
}

impl Table {
    /// One that has only its first process.
    pub(crate) fn new(process: Arc<Process>, parent: u32, user: u32) -> Table {
        let first = process.pid;
        let members = BTreeMap::from([(first, Member::first(process, parent, user))]);
        Table { members, last: first, first, woken: Vec::new(), made: 1 }
    }

    /// A process, if there is such a one.
    pub(crate) fn get(&self, pid: u32) -> Option<&Member> {
        self.members.get(&pid)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, pid: u32) -> Option<&mut Member> {
        self.members.get_mut(&pid)
    }

    /// The process, and whose it is, that has a thread of this number.
    pub(crate) fn of_thread(&self, tid: u32) -> Option<&Member> {
        self.members.get(&tid).or_else(|| self.members.values().find(|member| member.threads.contains_key(&tid)))
    }

    /// A thread, to be changed.
    pub(crate) fn thread_mut(&mut self, tid: u32) -> Option<&mut ThreadEntry> {
        self.members.values_mut().find_map(|member| member.threads.get_mut(&tid))
    }

    /// All, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Member)> {
        self.members.iter().map(|(pid, member)| (*pid, member))
    }

    /// All, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.values_mut()
    }

    /// How many threads there are.
    pub(crate) fn thread_count(&self) -> usize {
        self.members.values().map(|member| member.threads.len().max(1)).sum()
    }

    /// A number that no process, thread, group or session has. EAGAIN if there are `most` threads.
    pub(crate) fn new_number(&mut self, most: u64) -> Result<u32> {
        if self.thread_count() as u64 >= most.min(u64::from(PID_MAX) - 2) {
            return Err(Errno::EAGAIN);
        }
        let taken = |number: u32| {
            let is_taken = |(pid, member): (&u32, &Member)| {
                *pid == number
                    || member.group == number
                    || member.session == number
                    || member.threads.contains_key(&number)
            };
            self.members.iter().any(is_taken)
        };
        let mut number = self.last;
        loop {
            number = if number + 1 >= PID_MAX { 2 } else { number + 1 };
            if !taken(number) {
                break;
            }
        }
        self.last = number;
        self.made += 1;
        Ok(number)
    }

    /// Adds a process like `maker`, whose parent is `parent`.
    pub(crate) fn add(&mut self, maker: u32, parent: u32, process: Arc<Process>, exit_signal: Option<Signal>) {
        if let Some(maker) = self.members.get(&maker) {
            let child = maker.child(process, parent, exit_signal);
            self.members.insert(child.process.pid, child);
        }
    }

    /// Takes back a process that never ran.
    pub(crate) fn remove(&mut self, pid: u32) {
        self.members.remove(&pid);
    }

    /// Has a thread look up.
    pub(crate) fn wake(&mut self, tid: u32) {
        if !self.woken.contains(&tid) {
            self.woken.push(tid);
        }
    }

    /// Has all threads of a process look up.
    pub(crate) fn wake_process(&mut self, pid: u32) {
        let tids: Vec<u32> =
            self.members.get(&pid).map(|member| member.threads.keys().copied().collect()).unwrap_or_default();
        tids.into_iter().for_each(|tid| self.wake(tid));
    }

    /// Threads that have something to look at, since this was last asked.
    pub(crate) fn take_woken(&mut self) -> Vec<u32> {
        core::mem::take(&mut self.woken)
    }

    /// Whether there are some.
    pub(crate) fn has_woken(&self) -> bool {
        !self.woken.is_empty()
    }

    /// Sends a signal to whom `sender` may send one; none only asks whether there is anybody.
    pub(crate) fn send(&mut self, sender: Sender, target: Target, info: Option<Info>) -> Result<()> {
        let session = self.members.get(&sender.pid).map(|member| member.session);
        let is_meant = |pid: u32, member: &Member| match target {
            Target::Process(wanted) => pid == wanted,
            Target::Thread(process, tid) => {
                process.is_none_or(|process| process == pid) && member.threads.contains_key(&tid)
            }
            Target::Group(group) => member.group == group,
            Target::All => pid != sender.pid && pid != self.first,
        };
        let meant: Vec<u32> =
            self.members.iter().filter(|(pid, member)| is_meant(**pid, member)).map(|(pid, _)| *pid).collect();
        let mut outcome = Err(Errno::ESRCH);
        for pid in meant {
            let Some(member) = self.members.get_mut(&pid) else { continue };
            let is_continuing = info.is_some_and(|info| info.signal == Signal::CONT) && session == Some(member.session);
            let (real, saved) = member.users;
            let is_same_user = [sender.users.0, sender.users.1].iter().any(|user| *user == real || *user == saved);
            if !(sender.is_privileged || is_same_user || is_continuing || pid == sender.pid) {
                outcome = outcome.or(Err(Errno::EPERM));
                continue;
            }
            let thread = if let Target::Thread(_, tid) = target { Some(tid) } else { None };
            let is_full = info.is_some_and(|info| !self.deliver(pid, thread, info));
            // To be over is as good as to have received it.
            let is_lost = is_full && info.is_some_and(|info| info.signal.is_realtime()) && self.is_alive(pid);
            outcome = if is_lost { outcome.or(Err(Errno::EAGAIN)) } else { Ok(()) };
        }
        outcome
    }

    fn is_alive(&self, pid: u32) -> bool {
        self.members.get(&pid).is_some_and(|member| !matches!(member.standing, Standing::Dead(_)))
    }

    /// Sends a signal whoever wants it; false if it was not taken.
    pub(crate) fn deliver(&mut self, pid: u32, thread: Option<u32>, info: Info) -> bool {
        let Some(member) = self.members.get_mut(&pid) else { return false };
        let is_taken = member.receive(thread, info);
        if info.signal == Signal::CONT || info.signal == Signal::KILL {
            self.go_on(pid, info.signal);
        }
        self.wake_process(pid);
        is_taken
    }

    /// Sends all processes of a group a signal whoever wants it.
    pub(crate) fn deliver_to_group(&mut self, group: u32, info: Info) {
        let members = self.members.iter().filter(|(_, member)| member.group == group);
        for pid in members.map(|(pid, _)| *pid).collect::<Vec<_>>() {
            self.deliver(pid, None, info);
        }
    }

    /// A process stops.
    pub(crate) fn stop(&mut self, pid: u32, signal: Signal) {
        if let Some(member) = self.members.get_mut(&pid) {
            member.standing = Standing::Stopped;
            member.news = Some(Event::Stopped(signal));
            member.notify();
        }
        self.wake_process(pid);
        self.tell_parent(pid, CLD_STOPPED, u32::from(signal.number()));
    }

    /// A process that was stopped goes on.
    fn go_on(&mut self, pid: u32, signal: Signal) {
        let Some(member) = self.members.get_mut(&pid).filter(|member| member.standing == Standing::Stopped) else {
            return;
        };
        member.standing = Standing::Alive;
        member.news = None;
        if signal == Signal::CONT {
            member.news = Some(Event::Continued);
            self.tell_parent(pid, CLD_CONTINUED, u32::from(Signal::CONT.number()));
        }
    }

    /// Whether a stop of `group` would have nobody to end it: no member has a parent in its session and another group.
    pub(crate) fn is_orphaned(&self, group: u32) -> bool {
        self.members.values().filter(|member| member.group == group).all(|member| {
            let parent = self.members.get(&member.parent);
            parent.is_none_or(|parent| parent.group == group || parent.session != member.session)
        })
    }

    /// Groups with a stopped member that only `pid` kept from being orphaned are sent SIGHUP and SIGCONT (_exit(2)).
    fn release_stopped(&mut self, pid: u32) {
        let Some(member) = self.members.get(&pid) else { return };
        let (own, session) = (member.group, member.session);
        // It keeps those of its children, and its own for its parent's sake, if that is another.
        let children = self.members.values().filter(|child| child.parent == pid && child.session == session);
        let mut groups: Vec<u32> = children.map(|child| child.group).filter(|group| *group != own).collect();
        let parent = self.members.get(&member.parent);
        groups.extend(parent.filter(|parent| parent.session == session && parent.group != own).map(|_| own));
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            let is_member = |(other, member): &(&u32, &Member)| member.group == group && **other != pid;
            let members: Vec<u32> = self.members.iter().filter(is_member).map(|(other, _)| *other).collect();
            let is_stopped = members.iter().any(|other| self.members[other].standing == Standing::Stopped);
            let keeps = |member: &Member| {
                let parent = self.members.get(&member.parent).filter(|_| member.parent != pid);
                parent.is_some_and(|parent| {
                    parent.group != group && parent.session == session && !matches!(parent.standing, Standing::Dead(_))
                })
            };
            if is_stopped && !members.iter().any(|other| keeps(&self.members[other])) {
                for other in members {
                    self.deliver(other, None, Info::kernel(Signal::HUP));
                    self.deliver(other, None, Info::kernel(Signal::CONT));
                }
            }
        }
    }

    /// A process is over, having used so much processor time. Its children become the first process's. Gives those who wait
    /// for its end, to be told once the table is not locked any more.
    pub(crate) fn end(&mut self, pid: u32, status: ExitStatus, used_ns: u64) -> Watchers {
        self.release_stopped(pid);
        self.release_vfork(pid);
        let first = self.first;
        let Some(member) = self.members.get_mut(&pid) else { return Watchers::default() };
        let watchers = core::mem::take(&mut member.watchers);
        member.standing = Standing::Dead(status);
        member.used_ns = used_ns + member.children_ns;
        member.scene = None;
        member.news = None;
        member.threads.clear();
        member.empty_inbox();
        let children: Vec<u32> =
            self.members.iter().filter(|(_, child)| child.parent == pid).map(|(child, _)| *child).collect();
        for child in children {
            let Some(member) = self.members.get_mut(&child) else { continue };
            member.parent = first;
            let signal = member.parent_death_signal;
            if let Standing::Dead(_) = member.standing {
                self.tell_of_end(child);
            } else if let Some(signal) = signal {
                self.deliver(child, None, Info::kernel(signal));
            }
        }
        if pid == first {
            let others: Vec<u32> = self.members.keys().copied().filter(|other| *other != pid).collect();
            others.into_iter().for_each(|other| _ = self.deliver(other, None, Info::kernel(Signal::KILL)));
        } else {
            self.tell_of_end(pid);
        }
        watchers
    }

    /// Tells the parent of a process that is over, or drops it if that does not want to know.
    fn tell_of_end(&mut self, pid: u32) {
        let Some(member) = self.members.get(&pid) else { return };
        let Standing::Dead(status) = member.standing else { return };
        let (code, value) = match status {
            ExitStatus::Code(code) => (CLD_EXITED, u32::from(code)),
            ExitStatus::Killed(signal) => (CLD_KILLED, u32::from(signal.number())),
        };
        let is_disowned = self.members.get(&member.parent).is_none_or(|parent| parent.disowns);
        let tells_by_chld = member.exit_signal == Some(Signal::CHLD);
        self.tell_parent(pid, code, value);
        if is_disowned && tells_by_chld {
            self.members.remove(&pid);
        }
    }

    /// Sends SIGCHLD or what stands for it.
    fn tell_parent(&mut self, pid: u32, code: i32, value: u32) {
        let Some(member) = self.members.get(&pid) else { return };
        let (parent, user, is_end) = (member.parent, member.users.0, code == CLD_EXITED || code == CLD_KILLED);
        let signal = if is_end { member.exit_signal } else { Some(Signal::CHLD) };
        let Some(member) = self.members.get_mut(&parent) else { return };
        if let Some(signal) = signal.filter(|_| is_end || !member.ignores_stops) {
            member.receive(None, Info { signal, code, words: [pid, user, value] });
        }
        // Whatever it is told, it may wait for that.
        self.wake_process(parent);
    }

    /// The memory that a process borrowed is its parent's again.
    pub(crate) fn release_vfork(&mut self, pid: u32) {
        if let Some(tid) = self.members.get_mut(&pid).and_then(|member| member.vfork_parent.take()) {
            self.wake(tid);
        }
    }

    /// What has happened to a child of `parent`, and to which. ECHILD if there is no such child; none if nothing has.
    pub(crate) fn wait(&mut self, parent: u32, which: Which, events: Events) -> Result<Option<(u32, Event)>> {
        let is_meant = |pid: u32, member: &Member| {
            member.parent == parent
                && pid != parent
                && match which {
                    Which::Any => true,
                    Which::Process(wanted) => pid == wanted,
                    Which::Group(group) => member.group == group,
                }
        };
        let mut meant = self.members.iter_mut().filter(|(pid, member)| is_meant(**pid, member)).peekable();
        if meant.peek().is_none() {
            return Err(Errno::ECHILD);
        }
        let happened = meant.find_map(|(pid, member)| {
            let event = match (member.standing, member.news) {
                (Standing::Dead(status), _) if events.ended => Event::Ended(status, member.used_ns),
                (_, Some(news @ Event::Stopped(_))) if events.stopped => news,
                (_, Some(Event::Continued)) if events.continued => Event::Continued,
                _ => return None,
            };
            if !events.keeps {
                member.news = None;
            }
            Some((*pid, event))
        });
        if let Some((pid, Event::Ended(_, used_ns))) = happened
            && !events.keeps
        {
            self.members.remove(&pid);
            if let Some(parent) = self.members.get_mut(&parent) {
                parent.children_ns += used_ns;
            }
        }
        Ok(happened)
    }
}
