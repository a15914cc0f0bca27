//! The table of system calls of MIPS o32 (asm/unistd_o32.h): numbers, arguments, results, and what is supported.
//!
//! A row is `name number (arguments) -> result, support;` in a group named for the file of its handler. Dispatch,
//! strace text and SYSCALLS.md all come from here; a row without a handler of its types does not compile.

/// How well a call is supported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Support {
    /// As Linux has it.
    Full,
    /// With a difference.
    Partial(&'static str),
    /// Not: it gives ENOSYS.
    Absent(&'static str),
}

/// A row, as documentation reads it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Its number.
    pub number: u32,
    /// The group it is in: the file of its handler.
    pub group: &'static str,
    /// Its arguments, as they are declared.
    pub arguments: &'static str,
    /// How well it is supported.
    pub support: Support,
}

macro_rules! rows {
    (present { $($group:ident {
        $($name:ident $number:literal ($($arg:ident: $type:ty),*) -> $ret:ty, $support:ident $($reason:literal)?;)*
    })* } absent { $($why:literal { $($absent:literal $absent_number:literal,)* })* }) => {
        /// Every call there is a number for.
        pub const ROWS: &[Row] = &[
            $($(Row {
                name: stringify!($name),
                number: $number,
                group: stringify!($group),
                arguments: stringify!($($arg: $type),*),
                support: support!($support $($reason)?),
            },)*)*
            $($(Row {
                name: $absent,
                number: $absent_number,
                group: "",
                arguments: "",
                support: Support::Absent($why),
            },)*)*
        ];
    };
}

macro_rules! support {
    (full) => {
        Support::Full
    };
    (partial $reason:literal) => {
        Support::Partial($reason)
    };
}

/// Hands the table to a macro.
macro_rules! syscalls {
    ($consumer:ident) => {
        $consumer! {
present {

file {
    read            4003 (fd: Fd, buffer: OutBytes, count: u32) -> u32, full;
    write           4004 (fd: Fd, buffer: InBytes, count: u32) -> u32, full;
    close           4006 (fd: Fd) -> (), full;
    lseek           4019 (fd: Fd, offset: i32, whence: Whence) -> u32, full;
    dup             4041 (fd: Fd) -> Fd, full;
    dup2            4063 (from: Fd, to: Fd) -> Fd, full;
    _llseek         4140 (fd: Fd, high: u32, low: u32, result: Out<u64>, whence: Whence) -> (), full;
    readv           4145 (fd: Fd, vector: InList<Iovec>, count: u32) -> u32, full;
    writev          4146 (fd: Fd, vector: InList<Iovec>, count: u32) -> u32, full;
    pread64         4200 (fd: Fd, buffer: OutBytes, count: u32, at: u64) -> u32, full;
    pwrite64        4201 (fd: Fd, buffer: InBytes, count: u32, at: u64) -> u32, full;
    dup3            4327 (from: Fd, to: Fd, flags: OpenFlags) -> Fd, full;
    preadv          4330 (fd: Fd, vector: InList<Iovec>, count: u32, low: u32, high: u32) -> u32, full;
    pwritev         4331 (fd: Fd, vector: InList<Iovec>, count: u32, low: u32, high: u32) -> u32, full;
    preadv2         4361 (fd: Fd, vector: InList<Iovec>, count: u32, low: u32, high: u32, flags: Bits) -> u32, partial "flags give EOPNOTSUPP";
    pwritev2        4362 (fd: Fd, vector: InList<Iovec>, count: u32, low: u32, high: u32, flags: Bits) -> u32, partial "flags give EOPNOTSUPP";
    close_range     4436 (first: u32, last: u32, flags: Bits) -> (), full;
}

open {
    open            4005 (path: Path, flags: OpenFlags, mode: NewMode) -> Fd, full;
    creat           4008 (path: Path, mode: Mode) -> Fd, full;
    pipe            4042 () -> Pair, full;
    openat          4288 (directory: DirFd, path: Path, flags: OpenFlags, mode: NewMode) -> Fd, full;
    pipe2           4328 (ends: Out<[u32; 2]>, flags: OpenFlags) -> (), partial "O_DIRECT makes no packets";
    memfd_create    4354 (name: Path, flags: Bits) -> Fd, partial "no seals, no huge pages";
    openat2         4437 (directory: DirFd, path: Path, how: InList<u64>, size: u32) -> Fd, partial "RESOLVE_CACHED is ignored";
}

lock {
    flock           4143 (fd: Fd, operation: Bits) -> (), full;
}

fcntl {
    fcntl           4055 (fd: Fd, command: FcntlCommand, argument: Bits) -> u32, partial "no leases, owners or signals";
    fcntl64         4220 (fd: Fd, command: FcntlCommand, argument: Bits) -> u32, partial "no leases, owners or signals";
}

move_data {
    sendfile        4207 (to: Fd, from: Fd, offset: InOut<i32>, count: u32) -> u32, full;
    sendfile64      4237 (to: Fd, from: Fd, offset: InOut<u64>, count: u32) -> u32, full;
    copy_file_range 4360 (from: Fd, from_at: InOut<u64>, to: Fd, to_at: InOut<u64>, count: u32, flags: Bits) -> u32, full;
}

splice {
    splice          4304 (from: Fd, from_at: InOut<u64>, to: Fd, to_at: InOut<u64>, count: u32, flags: SpliceFlags) -> u32, full;
    tee             4306 (from: Fd, to: Fd, count: u32, flags: SpliceFlags) -> u32, full;
    vmsplice        4307 (fd: Fd, vector: InList<Iovec>, count: u32, flags: SpliceFlags) -> u32, partial "pages are copied, whatever SPLICE_F_GIFT says";
}

space {
    sync            4036 () -> (), full;
    truncate        4092 (path: Path, size: i32) -> (), full;
    ftruncate       4093 (fd: Fd, size: i32) -> (), full;
    fsync           4118 (fd: Fd) -> (), full;
    fdatasync       4152 (fd: Fd) -> (), full;
    truncate64      4211 (path: Path, size: u64) -> (), full;
    ftruncate64     4212 (fd: Fd, size: u64) -> (), full;
    readahead       4223 (fd: Fd, at: u64, count: u32) -> (), full;
    fadvise64       4254 (fd: Fd, at: u64, length: u64, advice: Bits) -> (), full;
    sync_file_range 4305 (fd: Fd, at: u64, length: u64, flags: Bits) -> (), full;
    fallocate       4320 (fd: Fd, mode: Bits, at: u64, length: u64) -> (), partial "no FALLOC_FL_COLLAPSE_RANGE, INSERT_RANGE, UNSHARE_RANGE; space is not set aside";
    syncfs          4342 (fd: Fd) -> (), full;
}

dir {
    chdir           4012 (path: Path) -> (), full;
    mkdir           4039 (path: Path, mode: Mode) -> (), full;
    rmdir           4040 (path: Path) -> (), full;
    chroot          4061 (path: Path) -> (), full;
    fchdir          4133 (fd: Fd) -> (), full;
    getdents        4141 (fd: Fd, buffer: OutRecords<true>, count: u32) -> u32, full;
    getcwd          4203 (buffer: OutBytes, size: u32) -> u32, full;
    getdents64      4219 (fd: Fd, buffer: OutRecords<false>, count: u32) -> u32, full;
    mkdirat         4289 (directory: DirFd, path: Path, mode: Mode) -> (), full;
}

link {
    link            4009 (from: Path, to: Path) -> (), full;
    unlink          4010 (path: Path) -> (), full;
    mknod           4014 (path: Path, mode: Mode, device: Bits) -> (), full;
    rename          4038 (from: Path, to: Path) -> (), full;
    symlink         4083 (target: Path, path: Path) -> (), full;
    readlink        4085 (path: Path, buffer: OutBytes, size: u32) -> u32, full;
    mknodat         4290 (directory: DirFd, path: Path, mode: Mode, device: Bits) -> (), full;
    unlinkat        4294 (directory: DirFd, path: Path, flags: AtFlags) -> (), full;
    renameat        4295 (from_dir: DirFd, from: Path, to_dir: DirFd, to: Path) -> (), full;
    linkat          4296 (from_dir: DirFd, from: Path, to_dir: DirFd, to: Path, flags: AtFlags) -> (), full;
    symlinkat       4297 (target: Path, directory: DirFd, path: Path) -> (), full;
    readlinkat      4298 (directory: DirFd, path: Path, buffer: OutBytes, size: u32) -> u32, full;
    renameat2       4351 (from_dir: DirFd, from: Path, to_dir: DirFd, to: Path, flags: Bits) -> (), partial "RENAME_WHITEOUT gives EINVAL";
}

metadata {
    chmod           4015 (path: Path, mode: Mode) -> (), full;
    lchown          4016 (path: Path, uid: u32, gid: u32) -> (), full;
    access          4033 (path: Path, mode: AccessMode) -> (), full;
    umask           4060 (mask: Mode) -> u32, full;
    fchmod          4094 (fd: Fd, mode: Mode) -> (), full;
    fchown          4095 (fd: Fd, uid: u32, gid: u32) -> (), full;
    statfs          4099 (path: Path, result: Out<Statfs>) -> (), full;
    fstatfs         4100 (fd: Fd, result: Out<Statfs>) -> (), full;
    stat            4106 (path: Path, result: Out<Stat>) -> (), full;
    lstat           4107 (path: Path, result: Out<Stat>) -> (), full;
    fstat           4108 (fd: Fd, result: Out<Stat>) -> (), full;
    chown           4202 (path: Path, uid: u32, gid: u32) -> (), full;
    stat64          4213 (path: Path, result: Out<Stat64>) -> (), full;
    lstat64         4214 (path: Path, result: Out<Stat64>) -> (), full;
    fstat64         4215 (fd: Fd, result: Out<Stat64>) -> (), full;
    statfs64        4255 (path: Path, size: u32, result: Out<Statfs64>) -> (), full;
    fstatfs64       4256 (fd: Fd, size: u32, result: Out<Statfs64>) -> (), full;
    fchownat        4291 (directory: DirFd, path: Path, uid: u32, gid: u32, flags: AtFlags) -> (), full;
    fstatat64       4293 (directory: DirFd, path: Path, result: Out<Stat64>, flags: AtFlags) -> (), full;
    fchmodat        4299 (directory: DirFd, path: Path, mode: Mode) -> (), full;
    faccessat       4300 (directory: DirFd, path: Path, mode: AccessMode) -> (), full;
    statx           4366 (directory: DirFd, path: Path, flags: AtFlags, mask: Bits, result: Out<Statx>) -> (), partial "no creation time";
    faccessat2      4439 (directory: DirFd, path: Path, mode: AccessMode, flags: AtFlags) -> (), full;
}

attribute {
    setxattr        4224 (path: Path, name: Path, value: InBytes, size: u32, flags: Bits) -> (), partial "no access control lists (system.*)";
    lsetxattr       4225 (path: Path, name: Path, value: InBytes, size: u32, flags: Bits) -> (), partial "no access control lists (system.*)";
    fsetxattr       4226 (fd: Fd, name: Path, value: InBytes, size: u32, flags: Bits) -> (), partial "no access control lists (system.*)";
    getxattr        4227 (path: Path, name: Path, value: OutBytes, size: u32) -> u32, partial "no access control lists (system.*)";
    lgetxattr       4228 (path: Path, name: Path, value: OutBytes, size: u32) -> u32, partial "no access control lists (system.*)";
    fgetxattr       4229 (fd: Fd, name: Path, value: OutBytes, size: u32) -> u32, partial "no access control lists (system.*)";
    listxattr       4230 (path: Path, list: OutBytes, size: u32) -> u32, full;
    llistxattr      4231 (path: Path, list: OutBytes, size: u32) -> u32, full;
    flistxattr      4232 (fd: Fd, list: OutBytes, size: u32) -> u32, full;
    removexattr     4233 (path: Path, name: Path) -> (), partial "no access control lists (system.*)";
    lremovexattr    4234 (path: Path, name: Path) -> (), partial "no access control lists (system.*)";
    fremovexattr    4235 (fd: Fd, name: Path) -> (), partial "no access control lists (system.*)";
}

timestamps {
    utime           4030 (path: Path, times: In<Utimbuf>) -> (), full;
    utimes          4267 (path: Path, times: In<[Timeval; 2]>) -> (), full;
    futimesat       4292 (directory: DirFd, path: Path, times: In<[Timeval; 2]>) -> (), full;
    utimensat       4316 (directory: DirFd, path: Path, times: In<[Timespec; 2]>, flags: AtFlags) -> (), full;
    utimensat_time64 4412 (directory: DirFd, path: Path, times: In<[Timespec64; 2]>, flags: AtFlags) -> (), full;
}

memory {
    brk             4045 (to: Addr) -> Addr, full;
    mmap            4090 (at: Addr, length: u32, prot: ProtFlags, flags: MapFlags, fd: Fd, offset: Bits) -> Addr, partial "shared file mappings are copies, written back at msync, munmap and exit";
    munmap          4091 (at: Addr, length: u32) -> (), full;
    mprotect        4125 (at: Addr, length: u32, prot: ProtFlags) -> (), full;
    msync           4144 (at: Addr, length: u32, flags: SyncFlags) -> (), full;
    cacheflush      4147 (at: Addr, length: u32, cache: Bits) -> (), full;
    cachectl        4148 (at: Addr, length: u32, operation: Bits) -> (), full;
    mlock           4154 (at: Addr, length: u32) -> (), full;
    munlock         4155 (at: Addr, length: u32) -> (), full;
    mlockall        4156 (flags: Bits) -> (), full;
    munlockall      4157 () -> (), full;
    mremap          4167 (at: Addr, old_length: u32, new_length: u32, flags: RemapFlags, to: Addr) -> Addr, partial "no MREMAP_DONTUNMAP; only within one mapping";
    mmap2           4210 (at: Addr, length: u32, prot: ProtFlags, flags: MapFlags, fd: Fd, pages: Bits) -> Addr, partial "shared file mappings are copies, written back at msync, munmap and exit";
    mincore         4217 (at: Addr, length: u32, pages: Addr) -> (), full;
    madvise         4218 (at: Addr, length: u32, advice: Advice) -> (), full;
    membarrier      4358 (command: Bits, flags: Bits) -> u32, partial "one thread needs no barrier: only the query answers";
    mlock2          4359 (at: Addr, length: u32, flags: Bits) -> (), full;
}

process {
    exit            4001 (status: i32) -> (), full;
    getpid          4020 () -> u32, full;
    setpgid         4057 (pid: i32, group: i32) -> (), full;
    getppid         4064 () -> u32, full;
    getpgrp         4065 () -> u32, full;
    setsid          4066 () -> u32, full;
    getpgid         4132 (pid: i32) -> u32, full;
    personality     4136 (persona: Bits) -> u32, partial "PER_LINUX only";
    sysmips         4149 (command: u32, first: Bits, second: Bits, third: Bits) -> u32, partial "MIPS_ATOMIC_SET, MIPS_FIXADE and FLUSH_CACHE";
    getsid          4151 (pid: i32) -> u32, full;
    prctl           4192 (option: u32, first: Bits, second: Bits, third: Bits, fourth: Bits) -> u32, partial "names, dumpable, no-new-privs, floating-point mode";
    gettid          4222 () -> u32, full;
    exit_group      4246 (status: i32) -> (), full;
    set_tid_address 4252 (at: Addr) -> u32, full;
    set_thread_area 4283 (at: Addr) -> (), full;
    set_robust_list 4309 (head: Addr, length: u32) -> (), full;
    get_robust_list 4310 (pid: i32, head: Out<Addr>, length: Out<u32>) -> (), full;
    rseq            4367 (area: Addr, length: u32, flags: Bits, signature: Bits) -> (), partial "always ENOSYS: C libraries do without";
    pidfd_send_signal 4424 (fd: Fd, signal: SigNum, info: In<Siginfo>, flags: Bits) -> (), full;
    pidfd_open      4434 (pid: i32, flags: Bits) -> Fd, full;
}

clone {
    fork            4002 () -> u32, full;
    clone           4120 (flags: Bits, stack: Addr, parent_tid: Addr, tls: Addr, child_tid: Addr) -> u32, partial "no name spaces";
    clone3          4435 (arguments: In<CloneArgs>, size: u32) -> u32, partial "no name spaces, chosen numbers or control groups";
}

wait {
    waitpid         4007 (pid: i32, status: Out<u32>, options: Bits) -> u32, full;
    wait4           4114 (pid: i32, status: Out<u32>, options: Bits, usage: Out<Rusage>) -> u32, full;
    waitid          4278 (kind: u32, id: u32, info: Out<Siginfo>, options: Bits, usage: Out<Rusage>) -> (), full;
}

execve {
    execve          4011 (path: Path, arguments: Strings, environment: Strings) -> (), full;
}

schedule {
    nice            4034 (increment: i32) -> (), partial "nobody goes by it";
    getpriority     4096 (which: u32, who: u32) -> u32, full;
    setpriority     4097 (which: u32, who: u32, priority: i32) -> (), partial "nobody goes by it";
    sched_setparam  4158 (pid: i32, param: In<SchedParam>) -> (), partial "nobody goes by it";
    sched_getparam  4159 (pid: i32, param: Out<SchedParam>) -> (), full;
    sched_setscheduler 4160 (pid: i32, policy: u32, param: In<SchedParam>) -> (), partial "nobody goes by it";
    sched_getscheduler 4161 (pid: i32) -> u32, full;
    sched_yield     4162 () -> (), full;
    sched_get_priority_max 4163 (policy: u32) -> u32, full;
    sched_get_priority_min 4164 (policy: u32) -> u32, full;
    sched_rr_get_interval 4165 (pid: i32, interval: Out<Timespec>) -> (), full;
    sched_setaffinity 4239 (pid: i32, length: u32, mask: Addr) -> (), partial "nobody goes by it";
    sched_getaffinity 4240 (pid: i32, length: u32, mask: OutBytes) -> u32, full;
    getcpu          4312 (cpu: Out<u32>, node: Out<u32>, unused: Addr) -> (), full;
    ioprio_set      4314 (which: u32, who: u32, priority: Bits) -> (), partial "remembered by nobody";
    ioprio_get      4315 (which: u32, who: u32) -> u32, partial "always 0";
    sched_rr_get_interval_time64 4423 (pid: i32, interval: Out<Timespec64>) -> (), full;
}

identity {
    setuid          4023 (uid: u32) -> (), full;
    getuid          4024 () -> u32, full;
    setgid          4046 (gid: u32) -> (), full;
    getgid          4047 () -> u32, full;
    geteuid         4049 () -> u32, full;
    getegid         4050 () -> u32, full;
    setreuid        4070 (real: u32, effective: u32) -> (), full;
    setregid        4071 (real: u32, effective: u32) -> (), full;
    getgroups       4080 (size: u32, list: OutList<u32>) -> u32, full;
    setgroups       4081 (size: u32, list: InList<u32>) -> (), full;
    setfsuid        4138 (uid: u32) -> u32, full;
    setfsgid        4139 (gid: u32) -> u32, full;
    setresuid       4185 (real: u32, effective: u32, saved: u32) -> (), full;
    getresuid       4186 (real: Out<u32>, effective: Out<u32>, saved: Out<u32>) -> (), full;
    setresgid       4190 (real: u32, effective: u32, saved: u32) -> (), full;
    getresgid       4191 (real: Out<u32>, effective: Out<u32>, saved: Out<u32>) -> (), full;
    capget          4204 (header: InOut<CapHeader>, data: OutList<CapData>) -> (), partial "root has all, others none";
    capset          4205 (header: InOut<CapHeader>, data: InList<CapData>) -> (), partial "remembered by nobody";
}

signal {
    kill            4037 (pid: i32, signal: SigNum) -> (), full;
    signal          4048 (signal: SigNum, handler: Addr) -> Addr, full;
    sigaction       4067 (signal: SigNum, action: In<Sigaction>, old: Out<Sigaction>) -> (), full;
    sgetmask        4068 () -> u32, full;
    ssetmask        4069 (mask: u32) -> u32, full;
    sigpending      4073 (set: Out<u32>) -> (), full;
    sigreturn       4119 () -> (), full;
    sigprocmask     4126 (how: SigHow, set: In<u32>, old: Out<u32>) -> (), full;
    rt_sigreturn    4193 () -> (), full;
    rt_sigaction    4194 (signal: SigNum, action: In<Sigaction>, old: Out<Sigaction>, size: u32) -> (), full;
    rt_sigprocmask  4195 (how: SigHow, set: In<Sigset>, old: Out<Sigset>, size: u32) -> (), full;
    rt_sigpending   4196 (set: Out<Sigset>, size: u32) -> (), full;
    rt_sigqueueinfo 4198 (pid: i32, signal: SigNum, info: In<Siginfo>) -> (), full;
    sigaltstack     4206 (stack: In<Stack>, old: Out<Stack>) -> (), full;
    tkill           4236 (tid: i32, signal: SigNum) -> (), full;
    tgkill          4266 (pid: i32, tid: i32, signal: SigNum) -> (), full;
    rt_tgsigqueueinfo 4332 (pid: i32, tid: i32, signal: SigNum, info: In<Siginfo>) -> (), full;
}

signal_wait {
    pause           4029 () -> (), full;
    sigsuspend      4072 (mask: In<u32>) -> (), full;
    rt_sigtimedwait 4197 (set: In<Sigset>, info: Out<Siginfo>, timeout: In<Timespec>, size: u32) -> u32, full;
    rt_sigsuspend   4199 (mask: In<Sigset>, size: u32) -> (), full;
    restart_syscall 4253 () -> (), full;
    rt_sigtimedwait_time64 4421 (set: In<Sigset>, info: Out<Siginfo>, timeout: In<Timespec64>, size: u32) -> u32, full;
}

time {
    time            4013 (result: Out<i32>) -> u32, full;
    stime           4025 (time: In<i32>) -> (), partial "always EPERM";
    times           4043 (result: Out<Tms>) -> u32, full;
    gettimeofday    4078 (time: Out<Timeval>, zone: Out<Timezone>) -> (), full;
    settimeofday    4079 (time: In<Timeval>, zone: In<Timezone>) -> (), partial "always EPERM";
    nanosleep       4166 (time: In<Timespec>, left: Out<Timespec>) -> (), full;
    clock_settime   4262 (clock: ClockId, time: In<Timespec>) -> (), partial "always EPERM";
    clock_gettime   4263 (clock: ClockId, time: Out<Timespec>) -> (), full;
    clock_getres    4264 (clock: ClockId, time: Out<Timespec>) -> (), full;
    clock_nanosleep 4265 (clock: ClockId, flags: TimerFlags, time: In<Timespec>, left: Out<Timespec>) -> (), full;
    clock_gettime64 4403 (clock: ClockId, time: Out<Timespec64>) -> (), full;
    clock_settime64 4404 (clock: ClockId, time: In<Timespec64>) -> (), partial "always EPERM";
    clock_getres_time64 4406 (clock: ClockId, time: Out<Timespec64>) -> (), full;
    clock_nanosleep_time64 4407 (clock: ClockId, flags: TimerFlags, time: In<Timespec64>, left: Out<Timespec64>) -> (), full;
}

timer {
    alarm           4027 (seconds: u32) -> u32, full;
    setitimer       4104 (which: Which, new: In<Itimerval>, old: Out<Itimerval>) -> (), full;
    getitimer       4105 (which: Which, result: Out<Itimerval>) -> (), full;
    timer_create    4257 (clock: ClockId, event: In<Sigevent>, timer: Out<u32>) -> (), full;
    timer_settime   4258 (timer: u32, flags: TimerFlags, new: In<Itimerspec>, old: Out<Itimerspec>) -> (), full;
    timer_gettime   4259 (timer: u32, result: Out<Itimerspec>) -> (), full;
    timer_getoverrun 4260 (timer: u32) -> u32, full;
    timer_delete    4261 (timer: u32) -> (), full;
    timer_gettime64 4408 (timer: u32, result: Out<Itimerspec64>) -> (), full;
    timer_settime64 4409 (timer: u32, flags: TimerFlags, new: In<Itimerspec64>, old: Out<Itimerspec64>) -> (), full;
}

poll {
    poll            4188 (list: OutList<Pollfd>, count: u32, timeout_ms: i32) -> u32, full;
    ppoll           4302 (list: OutList<Pollfd>, count: u32, timeout: InOut<Timespec>, mask: In<Sigset>, size: u32) -> u32, full;
    ppoll_time64    4414 (list: OutList<Pollfd>, count: u32, timeout: InOut<Timespec64>, mask: In<Sigset>, size: u32) -> u32, full;
}

select {
    _newselect      4142 (count: i32, read: Addr, write: Addr, except: Addr, timeout: InOut<Timeval>) -> u32, full;
    pselect6        4301 (count: i32, read: Addr, write: Addr, except: Addr, timeout: InOut<Timespec>, mask: In<[u32; 2]>) -> u32, full;
    pselect6_time64 4413 (count: i32, read: Addr, write: Addr, except: Addr, timeout: InOut<Timespec64>, mask: In<[u32; 2]>) -> u32, full;
}

eventfd {
    eventfd         4319 (count: u32) -> Fd, full;
    eventfd2        4325 (count: u32, flags: CounterFlags) -> Fd, full;
}

timerfd {
    timerfd_create  4321 (clock: ClockId, flags: AlarmFlags) -> Fd, full;
    timerfd_gettime 4322 (fd: Fd, result: Out<Itimerspec>) -> (), full;
    timerfd_settime 4323 (fd: Fd, flags: AlarmSetFlags, new: In<Itimerspec>, old: Out<Itimerspec>) -> (), partial "TFD_TIMER_CANCEL_ON_SET is ignored: nobody sets the clock";
    timerfd_gettime64 4410 (fd: Fd, result: Out<Itimerspec64>) -> (), full;
    timerfd_settime64 4411 (fd: Fd, flags: AlarmSetFlags, new: In<Itimerspec64>, old: Out<Itimerspec64>) -> (), partial "TFD_TIMER_CANCEL_ON_SET is ignored: nobody sets the clock";
}

signalfd {
    signalfd        4317 (fd: Fd, mask: In<Sigset>, size: u32) -> Fd, full;
    signalfd4       4324 (fd: Fd, mask: In<Sigset>, size: u32, flags: SignalFileFlags) -> Fd, full;
}

epoll {
    epoll_create    4248 (size: i32) -> Fd, full;
    epoll_ctl       4249 (epfd: Fd, op: EpollOp, fd: Fd, event: In<EpollEvent>) -> (), partial "EPOLLEXCLUSIVE may wake several; EPOLLET tells of terminals when they get ready, not of each arrival";
    epoll_wait      4250 (epfd: Fd, list: OutFound<EpollEvent>, most: i32, timeout_ms: i32) -> u32, full;
    epoll_pwait     4313 (epfd: Fd, list: OutFound<EpollEvent>, most: i32, timeout_ms: i32, mask: In<Sigset>, size: u32) -> u32, full;
    epoll_create1   4326 (flags: EpollFlags) -> Fd, full;
    epoll_pwait2    4441 (epfd: Fd, list: OutFound<EpollEvent>, most: i32, timeout: In<Timespec64>, mask: In<Sigset>, size: u32) -> u32, full;
}

socket {
    accept          4168 (fd: Fd, name: NameOut, length: InOut<u32>) -> Fd, full;
    bind            4169 (fd: Fd, name: Name, length: u32) -> (), full;
    connect         4170 (fd: Fd, name: Name, length: u32) -> (), full;
    getpeername     4171 (fd: Fd, name: NameOut, length: InOut<u32>) -> (), full;
    getsockname     4172 (fd: Fd, name: NameOut, length: InOut<u32>) -> (), full;
    listen          4174 (fd: Fd, backlog: u32) -> (), full;
    shutdown        4182 (fd: Fd, how: ShutHow) -> (), full;
    socket          4183 (domain: Domain, kind: SocketType, protocol: u32) -> Fd, partial "AF_UNIX, AF_INET and AF_INET6; the internet is a loopback interface of its own";
    socketpair      4184 (domain: Domain, kind: SocketType, protocol: u32, ends: Out<[u32; 2]>) -> (), partial "AF_UNIX only, as in Linux";
    accept4         4334 (fd: Fd, name: NameOut, length: InOut<u32>, flags: AcceptFlags) -> Fd, full;
}

sockopt {
    getsockopt      4173 (fd: Fd, level: SocketLevel, option: SocketOption, value: Addr, length: InOut<u32>) -> (), partial "see syscall/{sockopt,netopt}.rs; others give ENOPROTOOPT";
    setsockopt      4181 (fd: Fd, level: SocketLevel, option: SocketOption, value: Addr, length: u32) -> (), partial "see syscall/{sockopt,netopt}.rs; others give ENOPROTOOPT";
}

message {
    recv            4175 (fd: Fd, buffer: OutBytes, size: u32, flags: MessageFlags) -> u32, full;
    recvfrom        4176 (fd: Fd, buffer: OutBytes, size: u32, flags: MessageFlags, name: NameOut, name_length: InOut<u32>) -> u32, full;
    recvmsg         4177 (fd: Fd, message: InOut<Msghdr>, flags: MessageFlags) -> u32, partial "SCM_RIGHTS and SCM_CREDENTIALS";
    send            4178 (fd: Fd, bytes: InBytes, length: u32, flags: MessageFlags) -> u32, full;
    sendmsg         4179 (fd: Fd, message: In<Msghdr>, flags: MessageFlags) -> u32, partial "SCM_RIGHTS, of at most 1024 descriptors on their way at once, and SCM_CREDENTIALS";
    sendto          4180 (fd: Fd, bytes: InBytes, length: u32, flags: MessageFlags, name: Name, name_length: u32) -> u32, full;
    recvmmsg        4335 (fd: Fd, list: OutList<Mmsghdr>, count: u32, flags: MessageFlags, timeout: In<Timespec>) -> u32, full;
    sendmmsg        4343 (fd: Fd, list: OutList<Mmsghdr>, count: u32, flags: MessageFlags) -> u32, full;
    recvmmsg_time64 4417 (fd: Fd, list: OutList<Mmsghdr>, count: u32, flags: MessageFlags, timeout: In<Timespec64>) -> u32, full;
}

inotify {
    inotify_init    4284 () -> Fd, full;
    inotify_add_watch 4285 (fd: Fd, path: Path, mask: InotifyMask) -> u32, partial "tells of what programs do by system calls, not of the host; IN_EXCL_UNLINK is ignored";
    inotify_rm_watch 4286 (fd: Fd, watch: i32) -> (), full;
    inotify_init1   4329 (flags: InotifyFlags) -> Fd, full;
}

semaphore {
    semget          4393 (key: i32, count: i32, flags: IpcFlags) -> u32, partial "65536 semaphores in all";
    semctl          4394 (id: i32, index: i32, command: SemaphoreCommand, argument: Addr) -> u32, partial "GETNCNT and GETZCNT give 0";
    semtimedop_time64 4420 (id: i32, operations: InList<Sembuf>, count: u32, timeout: In<Timespec64>) -> (), full;
}

segment {
    shmget          4395 (key: i32, size: u32, flags: IpcFlags) -> u32, partial "all segments together have no more than a process may map; no large pages";
    shmctl          4396 (id: i32, command: SegmentCommand, at: Addr) -> u32, full;
    shmat           4397 (id: i32, at: Addr, flags: AttachFlags) -> Addr, full;
    shmdt           4398 (at: Addr) -> (), full;
}

ipc {
    ipc             4117 (call: IpcCall, first: i32, second: i32, third: i32, at: Addr, fifth: i32) -> u32, partial "structs are those of IPC_64";
}

queue {
    msgget          4399 (key: i32, flags: IpcFlags) -> u32, full;
    msgsnd          4400 (id: i32, message: Addr, length: u32, flags: QueueFlags) -> (), full;
    msgrcv          4401 (id: i32, message: Addr, size: u32, kind: i32, flags: QueueFlags) -> u32, full;
    msgctl          4402 (id: i32, command: MessageCommand, at: Addr) -> u32, partial "no queue holds more than 16384 bytes";
}

mqueue {
    mq_open         4271 (name: Path, flags: OpenFlags, mode: Mode, attributes: In<MqAttr>) -> Fd, partial "all queues together hold no more than 64 MiB";
    mq_unlink       4272 (name: Path) -> (), full;
    mq_timedsend    4273 (fd: Fd, text: InBytes, length: u32, priority: u32, timeout: In<Timespec>) -> (), full;
    mq_timedreceive 4274 (fd: Fd, buffer: OutBytes, size: u32, priority: Out<u32>, timeout: In<Timespec>) -> u32, full;
    mq_notify       4275 (fd: Fd, event: In<Sigevent>) -> (), full;
    mq_getsetattr   4276 (fd: Fd, new: In<MqAttr>, old: Out<MqAttr>) -> (), full;
    mq_timedsend_time64 4418 (fd: Fd, text: InBytes, length: u32, priority: u32, timeout: In<Timespec64>) -> (), full;
    mq_timedreceive_time64 4419 (fd: Fd, buffer: OutBytes, size: u32, priority: Out<u32>, timeout: In<Timespec64>) -> u32, full;
}

ioctl {
    ioctl           4054 (fd: Fd, request: IoctlRequest, argument: Addr) -> u32, partial "terminals, FIONREAD, FIONBIO, FIOCLEX and their like; others give ENOTTY";
}

system {
    sethostname     4074 (name: InBytes, length: u32) -> (), full;
    getrusage       4077 (who: Who, result: Out<Rusage>) -> (), partial "processor time and memory only";
    reboot          4088 (magic: Bits, magic2: Bits, command: Bits, argument: Addr) -> (), partial "always EPERM";
    syslog          4103 (kind: u32, buffer: OutBytes, length: i32) -> u32, full;
    vhangup         4111 () -> (), partial "always EPERM";
    sysinfo         4116 (result: Out<Sysinfo>) -> (), full;
    setdomainname   4121 (name: InBytes, length: u32) -> (), full;
    uname           4122 (result: Out<Utsname>) -> (), full;
    getrandom       4353 (buffer: OutBytes, count: u32, flags: RandomFlags) -> u32, full;
}

limit {
    setrlimit       4075 (resource: Resource, limit: In<Rlimit>) -> (), partial "kept: NOFILE, AS, DATA; remembered: the others";
    getrlimit       4076 (resource: Resource, limit: Out<Rlimit>) -> (), full;
    prlimit64       4338 (pid: i32, resource: Resource, new: In<Rlimit64>, old: Out<Rlimit64>) -> (), partial "kept: NOFILE, AS, DATA; remembered: the others";
}

futex {
    futex           4238 (at: Addr, op: FutexOp, value: u32, timeout: Addr, other: Addr, third: u32) -> u32, partial "threads have no priorities to inherit";
    futex_time64    4422 (at: Addr, op: FutexOp, value: u32, timeout: Addr, other: Addr, third: u32) -> u32, partial "threads have no priorities to inherit";
    futex_waitv     4449 (words: InList<FutexWaitv>, count: u32, flags: Bits, timeout: In<Timespec64>, clock: ClockId) -> u32, full;
}

}

absent {

"processes share their world, and do not look into each other" {
    "unshare" 4303, "setns" 4344, "execveat" 4356, "pidfd_getfd" 4438, "process_vm_readv" 4345, "process_vm_writev" 4346, "kcmp" 4347,
    "process_madvise" 4440, "process_mrelease" 4448,
}

"events of whole file systems are not there" {
    "fanotify_init" 4336, "fanotify_mark" 4337,
}

"asynchronous input and output is not there" {
    "io_setup" 4241, "io_destroy" 4242, "io_getevents" 4243, "io_submit" 4244, "io_cancel" 4245, "io_pgetevents" 4368,
    "io_pgetevents_time64" 4416, "io_uring_setup" 4425, "io_uring_enter" 4426, "io_uring_register" 4427,
}

"mounts are made by whoever starts the program" {
    "mount" 4021, "umount" 4022, "umount2" 4052, "pivot_root" 4216, "open_tree" 4428, "move_mount" 4429,
    "fsopen" 4430, "fsconfig" 4431, "fsmount" 4432, "fspick" 4433, "mount_setattr" 4442, "quotactl" 4131,
    "quotactl_fd" 4443, "swapon" 4087, "swapoff" 4115, "ustat" 4062, "sysfs" 4135, "name_to_handle_at" 4339,
    "open_by_handle_at" 4340, "lookup_dcookie" 4247, "bdflush" 4134, "nfsservctl" 4189,
}

"no tracing, filtering or probing across the sandbox" {
    "ptrace" 4026, "acct" 4051, "profil" 4098, "prof" 4044, "seccomp" 4352, "bpf" 4355, "perf_event_open" 4333,
    "userfaultfd" 4357, "landlock_create_ruleset" 4444, "landlock_add_rule" 4445, "landlock_restrict_self" 4446,
}

"the guest has no hardware and no kernel modules" {
    "ioperm" 4101, "iopl" 4110, "vm86" 4113, "modify_ldt" 4123, "create_module" 4127, "init_module" 4128,
    "delete_module" 4129, "get_kernel_syms" 4130, "query_module" 4187, "finit_module" 4348, "kexec_load" 4311,
}

"MIPS programs make its calls apart" {
    "socketcall" 4102,
}

"one node of memory, nothing to place" {
    "mbind" 4268, "get_mempolicy" 4269, "set_mempolicy" 4270, "migrate_pages" 4287, "move_pages" 4308,
    "set_mempolicy_home_node" 4450, "pkey_mprotect" 4363, "pkey_alloc" 4364, "pkey_free" 4365,
    "remap_file_pages" 4251,
}

"keys are not there" {
    "add_key" 4280, "request_key" 4281, "keyctl" 4282,
}

"the host's clock is not the guest's to steer" {
    "adjtimex" 4124, "clock_adjtime" 4341, "clock_adjtime64" 4405, "sched_setattr" 4349, "sched_getattr" 4350,
}

"Linux has only its number" {
    "break" 4017, "unused18" 4018, "unused28" 4028, "stty" 4031, "gtty" 4032, "ftime" 4035, "lock" 4053, "mpx" 4056,
    "ulimit" 4058, "unused59" 4059, "reserved82" 4082, "unused84" 4084, "uselib" 4086, "readdir" 4089,
    "unused109" 4109, "idle" 4112, "afs_syscall" 4137, "unused150" 4150, "_sysctl" 4153, "timerfd" 4318, "getpmsg" 4208,
    "putpmsg" 4209, "reserved221" 4221, "vserver" 4277,
}

}
        }
    };
}

pub(crate) use syscalls;

syscalls!(rows);

/// The row of a number.
pub fn row(number: u32) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn numbers_and_names_are_unique() {
        let numbers: BTreeSet<u32> = ROWS.iter().map(|row| row.number).collect();
        let names: BTreeSet<&str> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!((numbers.len(), names.len()), (ROWS.len(), ROWS.len()));
    }
}
