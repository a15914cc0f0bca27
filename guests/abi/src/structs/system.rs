//! Structs of system and process calls: utsname, sysinfo, rusage, rlimit.

use crate::layout::{Pad, Text};
use crate::structs::time::Timeval;

crate::layout! {
    /// `struct new_utsname`.
    Utsname 390 {
        /// System.
        sysname: Text<65>,
        /// Host name.
        nodename: Text<65>,
        /// Release.
        release: Text<65> => quiet,
        /// Version.
        version: Text<65> => quiet,
        /// Machine.
        machine: Text<65> => quiet,
        /// NIS domain.
        domainname: Text<65> => quiet,
    }

    /// `struct futex_waitv`.
    FutexWaitv 24 {
        /// What the word is.
        val: u64,
        /// Where it is.
        uaddr: u64,
        /// FUTEX_32, FUTEX_PRIVATE_FLAG.
        flags: u32,
        /// Not used.
        reserved: u32 => quiet,
    }

    /// `struct sysinfo` (linux/sysinfo.h).
    Sysinfo 64 {
        /// Seconds since start.
        uptime: i32,
        /// Load averages, 16 bits of fraction.
        loads: [u32; 3],
        /// Memory, in `mem_unit`.
        totalram: u32,
        /// Free.
        freeram: u32,
        /// Shared.
        sharedram: u32 => quiet,
        /// Buffers.
        bufferram: u32 => quiet,
        /// Swap.
        totalswap: u32 => quiet,
        /// Free swap.
        freeswap: u32 => quiet,
        /// Processes.
        procs: u16,
        /// Padding.
        _0: Pad<2>,
        /// High memory.
        totalhigh: u32 => quiet,
        /// Free high memory.
        freehigh: u32 => quiet,
        /// Bytes of the unit.
        mem_unit: u32,
        /// Padding.
        _1: Pad<8>,
    }

    /// `struct rusage`.
    Rusage 72 {
        /// Time in user mode.
        ru_utime: Timeval,
        /// Time in the kernel.
        ru_stime: Timeval,
        /// Most memory, KiB.
        ru_maxrss: i32 => quiet,
        /// Not kept by Linux.
        _0: Pad<12>,
        /// Faults without input.
        ru_minflt: i32 => quiet,
        /// Faults with input.
        ru_majflt: i32 => quiet,
        /// Not kept.
        _1: Pad<4>,
        /// Blocks read.
        ru_inblock: i32 => quiet,
        /// Blocks written.
        ru_oublock: i32 => quiet,
        /// Not kept.
        _2: Pad<12>,
        /// Waits.
        ru_nvcsw: i32 => quiet,
        /// Preemptions.
        ru_nivcsw: i32 => quiet,
    }

    /// `struct rlimit`; 0x7fff_ffff is no limit on MIPS.
    Rlimit 8 {
        /// Soft.
        rlim_cur: u32,
        /// Hard.
        rlim_max: u32,
    }

    /// `struct rlimit64`; all ones is no limit.
    Rlimit64 16 {
        /// Soft.
        rlim_cur: u64,
        /// Hard.
        rlim_max: u64,
    }

    /// The header of capget(2).
    CapHeader 8 {
        /// Version.
        version: u32,
        /// Process.
        pid: i32,
    }

    /// A third of what capget(2) gives.
    CapData 12 {
        /// In force.
        effective: u32,
        /// May be had.
        permitted: u32,
        /// Kept over execve.
        inheritable: u32,
    }

    /// `struct sched_param`.
    SchedParam 4 {
        /// Priority.
        sched_priority: i32,
    }
}
