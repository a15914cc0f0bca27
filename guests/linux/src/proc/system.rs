//! /proc outside the process' own directory.

use crate::proc::Scene;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use vfs::node::NodeRef;
use vfs::procfs::{Generator, Identity};

/// Nanoseconds of a clock tick, and of a second.
const TICK_NS: u64 = 10_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// The files, and /proc/sys.
pub(super) fn files(make: &Generator, scene: &Scene) -> Vec<(&'static str, NodeRef)> {
    let file = |produce: fn(&Scene) -> String| {
        let scene = scene.clone();
        make.file(Identity::mode(0o444), move || Ok(produce(&scene).into_bytes()))
    };
    let directory = |names| make.table(Identity::mode(0o555), names);
    let random = directory(Vec::from([
        ("boot_id", file(uuid)),
        ("entropy_avail", file(|_| String::from("256\n"))),
        ("poolsize", file(|_| String::from("256\n"))),
        ("uuid", file(uuid)),
    ]));
    let kernel = directory(Vec::from([
        ("cap_last_cap", file(|_| String::from("40\n"))),
        ("domainname", file(|scene| text(&scene.names.lock().domain))),
        ("hostname", file(|scene| text(&scene.names.lock().host))),
        ("ngroups_max", file(|_| String::from("65536\n"))),
        ("osrelease", file(|scene| text(&scene.names.lock().release))),
        ("ostype", file(|_| String::from("Linux\n"))),
        ("pid_max", file(|_| String::from("32768\n"))),
        ("random", random),
        ("threads-max", file(|_| String::from("4096\n"))),
        ("version", file(|scene| text(&scene.names.lock().version))),
    ]));
    let vm = directory(Vec::from([
        ("max_map_count", file(|_| String::from("65530\n"))),
        ("mmap_min_addr", file(|_| String::from("65536\n"))),
        ("overcommit_memory", file(|_| String::from("1\n"))),
    ]));
    let fs = directory(Vec::from([
        ("file-max", file(|_| String::from("1048576\n"))),
        ("nr_open", file(|_| String::from("1048576\n"))),
        ("pipe-max-size", file(|_| String::from("65536\n"))),
    ]));
    Vec::from([
        ("cmdline", file(|_| String::from("strata\n"))),
        ("cpuinfo", file(cpuinfo)),
        ("filesystems", file(|_| String::from("nodev\tproc\nnodev\ttmpfs\nnodev\tdevtmpfs\nnodev\toverlay\n"))),
        ("loadavg", file(|scene| format!("0.00 0.00 0.00 1/1 {}\n", scene.pid))),
        ("meminfo", file(meminfo)),
        ("stat", file(stat)),
        ("sys", directory(Vec::from([("fs", fs), ("kernel", kernel), ("vm", vm)]))),
        ("uptime", file(uptime)),
        ("version", file(version)),
    ])
}

fn text(bytes: &[u8]) -> String {
    format!("{}\n", String::from_utf8_lossy(bytes))
}

fn uuid(scene: &Scene) -> String {
    let mut bytes = [0; 16];
    (scene.random)(&mut bytes);
    // Version 4, variant 1 (RFC 9562).
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let value = u128::from_be_bytes(bytes);
    let hex = format!("{value:032x}");
    format!("{}-{}-{}-{}-{}\n", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn cpuinfo(scene: &Scene) -> String {
    let mut out = String::from("system type\t\t: Strata\n");
    for processor in 0..scene.processors {
        out.push_str(&format!(
            "processor\t\t: {processor}\ncpu model\t\t: MIPS 24Kf V0.0  FPU V0.0\nBogoMIPS\t\t: 1000.00\n\
             wait instruction\t: yes\nmicrosecond timers\t: yes\ntlb_entries\t\t: 16\nextra interrupt vector\t: yes\n\
             hardware watchpoint\t: no\nisa\t\t\t: mips1 mips2 mips32r1 mips32r2\nASEs implemented\t:\n\
             shadow register sets\t: 1\nkscratch registers\t: 0\npackage\t\t\t: 0\ncore\t\t\t: {processor}\n\n"
        ));
    }
    out
}

fn meminfo(scene: &Scene) -> String {
    let info = scene.memory_info();
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

fn stat(scene: &Scene) -> String {
    let user = scene.clocks.cpu_ns() / TICK_NS;
    let idle = (scene.clocks.monotonic_ns() / TICK_NS).saturating_sub(user);
    let mut out = format!("cpu  {user} 0 0 {idle} 0 0 0 0 0 0\n");
    for processor in 0..scene.processors {
        out.push_str(&format!("cpu{processor} {user} 0 0 {idle} 0 0 0 0 0 0\n"));
    }
    let booted =
        scene.clocks.realtime().0 / SECOND_NS.cast_signed() - (scene.clocks.monotonic_ns() / SECOND_NS).cast_signed();
    out.push_str(&format!("intr 0\nctxt 0\nbtime {booted}\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n"));
    out
}

fn uptime(scene: &Scene) -> String {
    let hundredths = scene.clocks.monotonic_ns() / TICK_NS;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    format!("{whole}.{part:02} {whole}.{part:02}\n")
}

fn version(scene: &Scene) -> String {
    let names = scene.names.lock();
    let (release, version) = (String::from_utf8_lossy(&names.release), String::from_utf8_lossy(&names.version));
    format!("Linux version {release} (strata) {version}\n")
}
