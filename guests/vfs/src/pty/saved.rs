//! A pseudoterminal as data.

use super::{ControlSlot, Pair, State, master, slave};
use crate::node::{File, Open};
use crate::terminal::Job;
use crate::termios::WindowSize;
use crate::tty::Tty;
use crate::watch::Watchers;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use serde::{Deserialize, Serialize};
use spin::{Mutex, Once};

/// Master and slave, but for their open files.
#[derive(Serialize, Deserialize)]
pub struct SavedPair {
    /// The slave's name in /dev/pts.
    pub number: u32,
    /// The session that has it, and the group in its foreground.
    job: (u32, u32),
    tty: Tty,
    size: WindowSize,
    is_left: bool,
    /// The master is closed, and no name leads to the slave.
    pub is_hung_up: bool,
    is_locked: bool,
    is_packet: bool,
    is_master_held: bool,
    is_exclusive: [bool; 2],
}

/// Which end of which pair an open file is.
pub enum End<'a> {
    /// The master.
    Master(&'a Arc<Pair>),
    /// The slave.
    Slave(&'a Arc<Pair>),
}

impl<'a> End<'a> {
    /// That of a file, if it is one of a pseudoterminal.
    #[must_use]
    pub fn of(file: &'a dyn File) -> Option<End<'a>> {
        let any = file.as_any()?;
        let master = any.downcast_ref::<master::Open>().map(|open| End::Master(&open.0));
        master.or_else(|| any.downcast_ref::<slave::Open>().map(|open| End::Slave(&open.pair)))
    }
}

impl Pair {
    /// As data.
    #[must_use]
    pub fn save(&self) -> SavedPair {
        let state = self.state.lock();
        let job = (self.job.session.load(Ordering::Relaxed), self.job.foreground.load(Ordering::Relaxed));
        SavedPair {
            number: self.number,
            job,
            tty: state.tty.clone(),
            size: state.size,
            is_left: state.is_left,
            is_hung_up: state.is_hung_up,
            is_locked: state.is_locked,
            is_packet: state.is_packet,
            is_master_held: state.is_master_held,
            is_exclusive: state.is_exclusive,
        }
    }

    /// One as it was, without open files; none if the data contradict themselves.
    pub(crate) fn restore(
        saved: SavedPair,
        control: Arc<ControlSlot>,
        on_close: impl Fn(u32) + Send + Sync + 'static,
    ) -> Option<Arc<Pair>> {
        let job = Job::new();
        job.give(saved.job.0, saved.job.1);
        let state = State {
            tty: saved.tty,
            size: saved.size,
            slaves: 0,
            is_left: saved.is_left,
            is_hung_up: saved.is_hung_up,
            is_locked: saved.is_locked,
            is_packet: saved.is_packet,
            is_master_held: saved.is_master_held,
            is_exclusive: saved.is_exclusive,
        };
        state.tty.is_sound().then(|| {
            Arc::new(Pair {
                number: saved.number,
                slave: Once::new(),
                on_close: Box::new(on_close),
                control,
                job,
                state: Mutex::new(state),
                watchers: Watchers::default(),
            })
        })
    }

    /// Its master, open. There is one, and only as long as it has not been closed.
    #[must_use]
    pub fn restore_master(self: &Arc<Self>) -> Box<dyn File> {
        Box::new(master::Open(self.clone()))
    }

    /// Its slave, open as it was.
    #[must_use]
    pub fn restore_slave(self: &Arc<Self>, how: Open) -> Box<dyn File> {
        self.state.lock().slaves += 1;
        Box::new(slave::Open { pair: self.clone(), how })
    }
}
