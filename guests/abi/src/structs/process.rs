//! Structs of calls that make processes.

crate::layout! {
    /// `struct clone_args` in its first version (linux/sched.h).
    CloneArgs 64 {
        /// CLONE_*.
        flags: u64,
        /// Where CLONE_PIDFD puts the descriptor.
        pidfd: u64,
        /// Where CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID put the thread's number.
        child_tid: u64,
        /// Where CLONE_PARENT_SETTID puts it.
        parent_tid: u64,
        /// What the parent is sent at the end.
        exit_signal: u64,
        /// The lowest byte of the stack.
        stack: u64,
        /// Its bytes.
        stack_size: u64,
        /// Thread pointer.
        tls: u64,
    }
}
