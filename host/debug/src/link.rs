//! [`Link`]: between the thread that runs a process and the one that talks to gdb.
//!
//! While the process is stopped, its thread does what the other one sends it. So nothing of the guest is ever reached from
//! two threads.

use linux::ExitStatus;
use run::{Debugger, Reason, Resume, Subject};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often somebody who waits for an answer looks whether there will be one.
const PATIENCE: Duration = Duration::from_millis(100);

/// What the thread that talks to gdb waits for.
pub(crate) enum Event {
    /// gdb sent something.
    Bytes(Vec<u8>),
    /// gdb is gone.
    Gone,
    /// A thread stopped.
    Stopped(u32, Reason),
    /// The process ended.
    Over(ExitStatus),
}

/// Something to be done where the process is.
type Look = Box<dyn FnOnce(&mut dyn Subject) + Send>;

enum Order {
    Look(Look),
    Resume(Resume),
}

/// The debugger, as who runs the process knows it.
pub(crate) struct Link {
    events: Sender<Event>,
    orders: Sender<Order>,
    taken: Mutex<Receiver<Order>>,
    /// Has whoever runs the process look up.
    prod: Box<dyn Fn() + Send + Sync>,
    /// The process shall stop.
    is_asked: AtomicBool,
    /// Nobody debugs it any more.
    is_leaving: AtomicBool,
    is_over: AtomicBool,
}

impl Link {
    /// One that says on `events` what happens.
    pub(crate) fn new(events: Sender<Event>, prod: Box<dyn Fn() + Send + Sync>) -> Arc<Link> {
        let (orders, taken) = mpsc::channel();
        let (is_asked, is_leaving, is_over) = Default::default();
        Arc::new(Link { events, orders, taken: Mutex::new(taken), prod, is_asked, is_leaving, is_over })
    }

    /// Has something done where the process is, which has stopped; none if it is over.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut dyn Subject) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answers) = mpsc::sync_channel(1);
        // Whoever does not want the answer any more has gone.
        let look: Look = Box::new(move |subject| drop(answer.send(look(subject))));
        self.orders.send(Order::Look(look)).ok()?;
        loop {
            match answers.recv_timeout(PATIENCE) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Timeout) if !self.is_over.load(Ordering::SeqCst) => {}
                Err(_) => return None,
            }
        }
    }

    /// Has the process, which has stopped, go on.
    pub(crate) fn resume(&self, resume: Resume) {
        self.is_asked.store(false, Ordering::SeqCst);
        // It fails if there is nobody to go on.
        let _ = self.orders.send(Order::Resume(resume));
    }

    /// Has the process stop.
    pub(crate) fn interrupt(&self) {
        self.is_asked.store(true, Ordering::SeqCst);
        (self.prod)();
    }

    /// Has the process go on without a debugger.
    pub(crate) fn leave(&self) {
        self.is_leaving.store(true, Ordering::SeqCst);
        self.resume(Resume::Detach);
        self.interrupt();
    }
}

impl Debugger for Link {
    fn stopped(&self, tid: u32, reason: Reason, subject: &mut dyn Subject) -> Resume {
        let orders = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_leaving.load(Ordering::SeqCst) || self.events.send(Event::Stopped(tid, reason)).is_err() {
            return Resume::Detach;
        }
        loop {
            match orders.recv() {
                Ok(Order::Look(look)) => look(subject),
                Ok(Order::Resume(resume)) => return resume,
                Err(_) => return Resume::Detach,
            }
        }
    }

    fn wants_stop(&self) -> bool {
        self.is_asked.load(Ordering::SeqCst)
    }

    fn over(&self, status: ExitStatus) {
        self.is_over.store(true, Ordering::SeqCst);
        // Whoever runs it may have stopped there, and gdb's thread may be gone.
        let _ = self.orders.send(Order::Resume(Resume::Kill));
        let _ = self.events.send(Event::Over(status));
    }
}
