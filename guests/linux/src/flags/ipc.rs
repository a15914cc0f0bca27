//! Flags and commands of System V communication (linux/ipc.h, linux/sem.h, linux/msg.h, linux/shm.h).

use abi::arg::{show_bits, show_name};
use abi::word_args;
use alloc::string::String;
use core::fmt::Write as _;

word_args! {
    /// IPC_CREAT and IPC_EXCL, with permission bits.
    IpcFlags(u32) = show_get;
    /// IPC_NOWAIT, MSG_*.
    QueueFlags(u32) = |flags, out| show_bits(flags, &[(0o4000, "IPC_NOWAIT"), (0o10000, "MSG_NOERROR"), (0o20000, "MSG_EXCEPT"), (0o40000, "MSG_COPY")], "0", out);
    /// Commands of semctl(2).
    SemaphoreCommand(u32) = |command, out| show_command(command, &[(11, "GETPID"), (12, "GETVAL"), (13, "GETALL"), (14, "GETNCNT"), (15, "GETZCNT"), (16, "SETVAL"), (17, "SETALL"), (18, "SEM_STAT"), (19, "SEM_INFO"), (20, "SEM_STAT_ANY")], out);
    /// Commands of msgctl(2).
    MessageCommand(u32) = |command, out| show_command(command, &[(11, "MSG_STAT"), (12, "MSG_INFO"), (13, "MSG_STAT_ANY")], out);
    /// SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC.
    AttachFlags(u32) = |flags, out| show_bits(flags, &[(0o10000, "SHM_RDONLY"), (0o20000, "SHM_RND"), (0o40000, "SHM_REMAP"), (0o100000, "SHM_EXEC")], "0", out);
    /// Commands of shmctl(2).
    SegmentCommand(u32) = |command, out| show_command(command, &[(11, "SHM_LOCK"), (12, "SHM_UNLOCK"), (13, "SHM_STAT"), (14, "SHM_INFO"), (15, "SHM_STAT_ANY")], out);
    /// Calls of ipc(2), with a version above.
    IpcCall(u32) = |call, out| show_name(call & 0xffff, &[(1, "SEMOP"), (2, "SEMGET"), (3, "SEMCTL"), (4, "SEMTIMEDOP"), (11, "MSGSND"), (12, "MSGRCV"), (13, "MSGGET"), (14, "MSGCTL"), (21, "SHMAT"), (22, "SHMDT"), (23, "SHMGET"), (24, "SHMCTL")], out);
}

fn show_get(flags: u32, out: &mut String) {
    const NAMES: &[(u32, &str)] =
        &[(0o1000, "IPC_CREAT"), (0o2000, "IPC_EXCL"), (0o4000, "SHM_HUGETLB"), (0o10000, "SHM_NORESERVE")];
    show_bits(flags & !0o777, NAMES, "", out);
    let _ = write!(out, "{}{:#o}", if flags & !0o777 == 0 { "" } else { "|" }, flags & 0o777);
}

fn show_command(command: u32, names: &[(u32, &str)], out: &mut String) {
    const COMMON: &[(u32, &str)] = &[(0, "IPC_RMID"), (1, "IPC_SET"), (2, "IPC_STAT"), (3, "IPC_INFO")];
    out.push_str(if command & 0x100 != 0 { "IPC_64|" } else { "" });
    let command = command & !0x100;
    show_name(command, if command < 4 { COMMON } else { names }, out);
}
