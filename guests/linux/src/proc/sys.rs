//! /proc/sys (proc_sys(5)): what programs read of how the system is set. Nothing of it can be changed.

use crate::ipc::{
    MESSAGE_BYTES_MAX, OBJECTS_MAX, OPERATIONS_MAX, QUEUE_BYTES, SEGMENT_BYTES_MAX, SEMAPHORES_MAX, SET_MAX,
};
use crate::kernel::Kernel;
use crate::mqueue;
use crate::proc::system::{text, uuid};
use crate::socket::{BACKLOG_MAX, BUFFER_BYTES, CHOICES, WAITING_MAX};
use alloc::format;
use alloc::string::String;
use alloc::sync::Weak;
use alloc::vec::Vec;
use vfs::Errno;
use vfs::node::NodeRef;
use vfs::procfs::{Generator, Identity};

/// What makes the text of a file, without its newline.
type Produce = fn(&Kernel) -> String;

/// What is in a directory.
enum Entry {
    File(&'static str, Produce),
    /// A file that always says the same.
    Fixed(&'static str, &'static str),
    Directory(&'static str, &'static [Entry]),
}

use Entry::{Directory, File, Fixed};

const ALL: &[Entry] = &[
    Directory("fs", FS),
    Directory("kernel", KERNEL),
    Directory("net", NET),
    Directory(
        "vm",
        &[
            Fixed("max_map_count", "65530"),
            Fixed("mmap_min_addr", "65536"),
            Fixed("overcommit_memory", "1"),
            Fixed("overcommit_ratio", "50"),
            Fixed("swappiness", "60"),
        ],
    ),
];

const FS: &[Entry] = &[
    Fixed("file-max", "1048576"),
    Directory(
        "mqueue",
        &[
            File("msg_default", |_| format!("{}", mqueue::MESSAGES_MAX)),
            File("msg_max", |_| format!("{}", mqueue::MESSAGES_MAX)),
            File("msgsize_default", |_| format!("{}", mqueue::MESSAGE_BYTES_MAX)),
            File("msgsize_max", |_| format!("{}", mqueue::MESSAGE_BYTES_MAX)),
            File("queues_max", |_| format!("{}", mqueue::QUEUES_MAX)),
        ],
    ),
    Fixed("nr_open", "1048576"),
    Fixed("pipe-max-size", "65536"),
];

const KERNEL: &[Entry] = &[
    Fixed("cap_last_cap", "40"),
    Fixed("dmesg_restrict", "0"),
    File("domainname", |kernel| text(&kernel.names.lock().domain)),
    File("hostname", |kernel| text(&kernel.names.lock().host)),
    File("msgmax", |_| format!("{MESSAGE_BYTES_MAX}")),
    File("msgmnb", |_| format!("{QUEUE_BYTES}")),
    File("msgmni", |_| format!("{OBJECTS_MAX}")),
    Fixed("ngroups_max", "65536"),
    File("osrelease", |kernel| text(&kernel.names.lock().release)),
    Fixed("ostype", "Linux"),
    Fixed("pid_max", "32768"),
    Fixed("printk", "4\t4\t1\t7"),
    Directory(
        "random",
        &[File("boot_id", uuid), Fixed("entropy_avail", "256"), Fixed("poolsize", "256"), File("uuid", uuid)],
    ),
    File("sem", |_| format!("{SET_MAX}\t{SEMAPHORES_MAX}\t{OPERATIONS_MAX}\t{OBJECTS_MAX}")),
    File("shmall", |kernel| format!("{}", kernel.segment_pages_max())),
    File("shmmax", |_| format!("{SEGMENT_BYTES_MAX}")),
    File("shmmni", |_| format!("{OBJECTS_MAX}")),
    File("threads-max", |kernel| format!("{}", kernel.threads_max)),
    File("version", |kernel| text(&kernel.names.lock().version)),
];

const NET: &[Entry] = &[
    Directory(
        "core",
        &[
            File("rmem_default", |_| format!("{BUFFER_BYTES}")),
            File("rmem_max", |_| format!("{BUFFER_BYTES}")),
            File("somaxconn", |_| format!("{BACKLOG_MAX}")),
            File("wmem_default", |_| format!("{BUFFER_BYTES}")),
            File("wmem_max", |_| format!("{BUFFER_BYTES}")),
        ],
    ),
    Directory(
        "ipv4",
        &[
            Fixed("ip_forward", "0"),
            File("ip_local_port_range", |_| format!("{}\t{}", CHOICES.start(), CHOICES.end())),
            Fixed("ip_nonlocal_bind", "0"),
            Fixed("ip_unprivileged_port_start", "1024"),
            Fixed("tcp_fin_timeout", "60"),
            Fixed("tcp_keepalive_intvl", "75"),
            Fixed("tcp_keepalive_probes", "9"),
            Fixed("tcp_keepalive_time", "7200"),
            File("tcp_max_syn_backlog", |_| format!("{BACKLOG_MAX}")),
            Fixed("tcp_rmem", "4096\t131072\t6291456"),
            Fixed("tcp_sack", "1"),
            Fixed("tcp_syncookies", "1"),
            Fixed("tcp_timestamps", "1"),
            Fixed("tcp_tw_reuse", "2"),
            Fixed("tcp_window_scaling", "1"),
            Fixed("tcp_wmem", "4096\t16384\t4194304"),
        ],
    ),
    Directory(
        "ipv6",
        &[
            Fixed("bindv6only", "0"),
            Directory(
                "conf",
                &[
                    Directory("all", &[Fixed("disable_ipv6", "0")]),
                    Directory("default", &[Fixed("disable_ipv6", "0")]),
                    Directory("lo", &[Fixed("disable_ipv6", "0")]),
                ],
            ),
        ],
    ),
    Directory("unix", &[File("max_dgram_qlen", |_| format!("{WAITING_MAX}"))]),
];

/// The directory.
pub(super) fn directory(make: &Generator, kernel: &Weak<Kernel>) -> NodeRef {
    table(make, kernel, ALL)
}

fn table(make: &Generator, kernel: &Weak<Kernel>, entries: &[Entry]) -> NodeRef {
    let node = |entry: &Entry| match *entry {
        File(name, produce) => {
            let kernel = kernel.clone();
            let produce = move || Ok((produce(&*kernel.upgrade().ok_or(Errno::ESRCH)?) + "\n").into_bytes());
            (name, make.file(Identity::mode(0o444), produce))
        }
        Fixed(name, text) => {
            let produce = move || Ok((String::from(text) + "\n").into_bytes());
            (name, make.file(Identity::mode(0o444), produce))
        }
        Directory(name, entries) => (name, table(make, kernel, entries)),
    };
    make.table(Identity::mode(0o555), entries.iter().map(node).collect::<Vec<_>>())
}
