//! [`Signals`]: signals that this process is sent, kept for a guest.

#![expect(unsafe_code, reason = "signal handlers")]

use rustix::event::{EventfdFlags, eventfd};
use rustix::io;
use signal_hook_registry::{SigId, register, unregister};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Those that a guest is to have. What stops a process or makes it go on does so with all of Strata, but for what the
/// terminal's suspend character sends: a shell of the guest's may have jobs.
const FOR_GUESTS: [i32; 8] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGTSTP,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGWINCH,
];

/// Keeps signals from its making until it is dropped.
pub struct Signals {
    shared: Arc<Shared>,
    handlers: Vec<(i32, SigId)>,
}

struct Shared {
    /// Those that came, a bit each, by the host's numbers.
    came: AtomicU64,
    /// Readable when some came.
    event: OwnedFd,
}

impl Shared {
    /// In a signal handler: atomics and one write, which is all that is safe there.
    fn note(&self, signal: i32) {
        self.came.fetch_or(1 << signal, Ordering::SeqCst);
        // Full, it is readable already.
        let _ = io::write(&self.event, &1u64.to_ne_bytes());
    }
}

impl Signals {
    /// Has the handlers. What this process was started to ignore, as nohup(1) does, stays ignored.
    pub fn new() -> std::io::Result<Signals> {
        let event = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        let shared = Arc::new(Shared { came: AtomicU64::new(0), event });
        let mut signals = Signals { shared, handlers: Vec::new() };
        for signal in FOR_GUESTS.into_iter().filter(|signal| !is_ignored(*signal)) {
            let theirs = signals.shared.clone();
            // SAFETY: the handler is async-signal-safe, and keeps what it uses.
            let handler = unsafe { register(signal, move || theirs.note(signal)) }?;
            signals.handlers.push((signal, handler));
        }
        Ok(signals)
    }

    /// One that came since this was last asked, by the host's number.
    pub fn take(&self) -> Option<u8> {
        let came = self.shared.came.load(Ordering::SeqCst);
        let signal = (came != 0).then(|| came.trailing_zeros() as u8)?;
        self.shared.came.fetch_and(!(1 << signal), Ordering::SeqCst);
        Some(signal)
    }

    /// Stops this process, as SIGTSTP would have.
    pub fn stop() {
        // SAFETY: it touches no memory of ours.
        let _ = unsafe { libc::raise(libc::SIGSTOP) };
    }

    /// The descriptor that is readable when some came since [`Signals::drain`].
    pub fn descriptor(&self) -> i32 {
        self.shared.event.as_raw_fd()
    }

    /// To be called after a wait for the descriptor, and before [`Signals::take`]: then none is missed.
    pub fn drain(&self) {
        // Empty, there is nothing to be done.
        let _ = io::read(&self.shared.event, &mut [0; 8]);
    }
}

impl Drop for Signals {
    /// From now on they do what they do to any process.
    fn drop(&mut self) {
        for (signal, handler) in self.handlers.drain(..) {
            unregister(handler);
            // SAFETY: the default action runs no code of ours.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: with no new action, this only tells the one there is; zeros are one.
    let old = unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut old);
        old
    };
    old.sa_sigaction == libc::SIG_IGN
}
