//! [`Before`]: what handled a signal of the host before a handler of ours does, for whatever is not ours.

#![expect(unsafe_code, reason = "installs signal handlers, and calls those that were there before")]

use libc::{c_int, c_void, sigaction, siginfo_t};
use std::mem::MaybeUninit;

/// A handler of a signal (sigaction(2), SA_SIGINFO).
pub(crate) type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// What a signal did before.
pub(crate) struct Before(sigaction);

impl Before {
    /// Has `handler` handle a signal; none if the host refuses.
    ///
    /// # Safety
    ///
    /// The handler must be async-signal-safe (signal-safety(7)).
    pub(crate) unsafe fn install(signal: c_int, handler: Handler) -> Option<Before> {
        let mut before = MaybeUninit::uninit();
        // SAFETY: a zeroed `sigaction` is one, and the caller vouches for the handler.
        let done = unsafe {
            let mut action: sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigaction(signal, &raw const action, before.as_mut_ptr())
        };
        // SAFETY: the call succeeded, so it was written.
        (done == 0).then(|| Before(unsafe { before.assume_init() }))
    }
}

/// Does what would have been done without us; `before` is what that was, if it is known.
pub(crate) fn forward(before: Option<&Before>, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let own = |before: &&Before| before.0.sa_sigaction != libc::SIG_DFL && before.0.sa_sigaction != libc::SIG_IGN;
    match before.filter(own) {
        // SAFETY: it is the handler that was installed, of the kind that its flags say.
        Some(Before(before)) => unsafe {
            if before.sa_flags & libc::SA_SIGINFO != 0 {
                let handler: Handler = std::mem::transmute(before.sa_sigaction);
                handler(signal, info, context);
            } else {
                let handler: extern "C" fn(c_int) = std::mem::transmute(before.sa_sigaction);
                handler(signal);
            }
        },
        // The access is repeated, and then it ends us.
        // SAFETY: signal(2) is async-signal-safe.
        None => unsafe {
            libc::signal(signal, libc::SIG_DFL);
        },
    }
}
