//! What the host's kernel told this process when it started (getauxval(3)).

#![expect(unsafe_code, reason = "the C library has it")]

/// `AT_FLAGS_PRESERVE_ARGV0` (linux/binfmts.h).
const PRESERVE_ARGV0: libc::c_ulong = 1;

/// Whether this process was started by binfmt_misc for another program, whose path and name precede its arguments: flag P
/// of the registration. Linux says so since 5.12.
#[must_use]
pub fn keeps_name() -> bool {
    // SAFETY: it reads what is there from the start to the end of the process.
    let flags = unsafe { libc::getauxval(libc::AT_FLAGS) };
    flags & PRESERVE_ARGV0 != 0
}
