//! /proc outside of the directories of processes.

use crate::kernel::Kernel;
use crate::proc::{sys, sysv};
use crate::process::Member;
use crate::world::Clocks;
use alloc::format;
use alloc::string::String;
use alloc::sync::Weak;
use alloc::vec::Vec;
use vfs::Errno;
use vfs::node::NodeRef;
use vfs::procfs::{Generator, Identity};

/// Nanoseconds of a clock tick, and of a second.
const TICK_NS: u64 = 10_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// The files, and the directories that stay.
pub(super) fn files(make: &Generator, kernel: &Weak<Kernel>) -> Vec<(&'static str, NodeRef)> {
    let file = |produce: fn(&Kernel) -> String| {
        let kernel = kernel.clone();
        make.file(Identity::mode(0o444), move || Ok(produce(&*kernel.upgrade().ok_or(Errno::ESRCH)?).into_bytes()))
    };
    let sysvipc = Vec::from([("msg", file(sysv::msg)), ("sem", file(sysv::sem)), ("shm", file(sysv::shm))]);
    Vec::from([
        ("cmdline", file(|_| String::from("strata\n"))),
        ("cpuinfo", file(cpuinfo)),
        ("filesystems", file(|_| String::from("nodev\tproc\nnodev\ttmpfs\nnodev\tdevtmpfs\nnodev\toverlay\n"))),
        ("loadavg", file(loadavg)),
        ("meminfo", file(meminfo)),
        ("stat", file(stat)),
        ("sys", sys::directory(make, kernel)),
        ("sysvipc", make.table(Identity::mode(0o555), sysvipc)),
        ("uptime", file(uptime)),
        ("version", file(version)),
    ])
}

/// Bytes of a name.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A random number that identifies something.
pub(super) fn uuid(kernel: &Kernel) -> String {
    let mut bytes = [0; 16];
    (kernel.random)(&mut bytes);
    // Version 4, variant 1 (RFC 9562).
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let value = u128::from_be_bytes(bytes);
    let hex = format!("{value:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn cpuinfo(kernel: &Kernel) -> String {
    let mut out = String::from("system type\t\t: Strata\n");
    for processor in 0..kernel.processors {
        out.push_str(&format!(
            "processor\t\t: {processor}\ncpu model\t\t: MIPS 24Kf V0.0  FPU V0.0\nBogoMIPS\t\t: 1000.00\n\
             wait instruction\t: yes\nmicrosecond timers\t: yes\ntlb_entries\t\t: 16\nextra interrupt vector\t: yes\n\
             hardware watchpoint\t: no\nisa\t\t\t: mips1 mips2 mips32r1 mips32r2\nASEs implemented\t:\n\
             shadow register sets\t: 1\nkscratch registers\t: 0\npackage\t\t\t: 0\ncore\t\t\t: {processor}\n\n"
        ));
    }
    out
}

fn meminfo(kernel: &Kernel) -> String {
    let info = kernel.memory_info();
    let (total, free) = (info.total / 1024, info.free / 1024);
    let rows = [
        ("MemTotal:", total),
        ("MemFree:", free),
        ("MemAvailable:", free),
        ("Buffers:", 0),
        ("Cached:", 0),
        ("SwapCached:", 0),
        ("SwapTotal:", 0),
        ("SwapFree:", 0),
        ("Shmem:", 0),
    ];
    rows.iter().map(|(name, kib)| format!("{name:<15} {kib:>8} kB\n")).collect()
}

/// Processor time of all that ever ran, and time since the start, in nanoseconds.
fn times(kernel: &Kernel) -> (u64, u64) {
    let table = kernel.table.lock();
    let used = |(_, member): (u32, &Member)| member.process.clocks.cpu_ns() + member.children_ns;
    let uptime = table.get(table.first).map_or(0, |first| first.process.clocks.monotonic_ns());
    (table.iter().map(used).sum(), uptime)
}

fn stat(kernel: &Kernel) -> String {
    let (used, uptime) = times(kernel);
    let user = used / TICK_NS;
    let idle = (uptime / TICK_NS).saturating_sub(user);
    let mut out = format!("cpu  {user} 0 0 {idle} 0 0 0 0 0 0\n");
    for processor in 0..kernel.processors {
        out.push_str(&format!("cpu{processor} {user} 0 0 {idle} 0 0 0 0 0 0\n"));
    }
    let table = kernel.table.lock();
    let realtime = table.get(table.first).map_or(0, |first| first.process.clocks.realtime().0);
    let booted = realtime / SECOND_NS.cast_signed() - (uptime / SECOND_NS).cast_signed();
    let (made, running) = (table.made, table.thread_count());
    out.push_str(&format!(
        "intr 0\nctxt 0\nbtime {booted}\nprocesses {made}\nprocs_running {running}\nprocs_blocked 0\n"
    ));
    out
}

fn loadavg(kernel: &Kernel) -> String {
    let table = kernel.table.lock();
    let threads = table.thread_count();
    let last = table.iter().last().map_or(0, |(pid, _)| pid);
    format!("0.00 0.00 0.00 1/{threads} {last}\n")
}

fn uptime(kernel: &Kernel) -> String {
    let hundredths = times(kernel).1 / TICK_NS;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    format!("{whole}.{part:02} {whole}.{part:02}\n")
}

fn version(kernel: &Kernel) -> String {
    let names = kernel.names.lock();
    let (release, version) = (String::from_utf8_lossy(&names.release), String::from_utf8_lossy(&names.version));
    format!("Linux version {release} (strata) {version}\n")
}
