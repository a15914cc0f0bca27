//! Resource limits (getrlimit(2)). Those of memory and descriptors are kept; the others are remembered.

use alloc::format;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// No limit.
pub(crate) const INFINITY: u64 = u64::MAX;

/// RLIMIT_* of MIPS, as places in the table.
pub(crate) mod resource {
    pub(crate) const DATA: usize = 2;
    pub(crate) const STACK: usize = 3;
    pub(crate) const CORE: usize = 4;
    pub(crate) const NOFILE: usize = 5;
    pub(crate) const ADDRESS_SPACE: usize = 6;
    pub(crate) const PROCESSES: usize = 8;
    pub(crate) const MEMLOCK: usize = 9;
    pub(crate) const SIGNALS: usize = 11;
    pub(crate) const QUEUES: usize = 12;
    pub(crate) const NICE: usize = 13;
    pub(crate) const PRIORITY: usize = 14;
}

/// Soft and hard limits, by MIPS number.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Limits {
    table: [(u64, u64); 16],
    /// What the world allows, whatever the guest sets.
    memory_bytes_max: u64,
}

impl Limits {
    pub(crate) fn new(memory_bytes_max: u64, descriptors_max: u32, threads_max: u32) -> Limits {
        let mut table = [(INFINITY, INFINITY); 16];
        table[resource::STACK] = (8 << 20, INFINITY);
        table[resource::CORE] = (0, INFINITY);
        table[resource::NOFILE] = (u64::from(descriptors_max.min(1024)), u64::from(descriptors_max));
        table[resource::PROCESSES] = (u64::from(threads_max), u64::from(threads_max));
        table[resource::MEMLOCK] = (8 << 20, 8 << 20);
        table[resource::SIGNALS] = (4096, 4096);
        table[resource::QUEUES] = (819_200, 819_200);
        table[resource::NICE] = (0, 0);
        table[resource::PRIORITY] = (0, 0);
        Limits { table, memory_bytes_max }
    }

    /// Soft and hard limit.
    pub(crate) fn get(&self, resource: usize) -> Option<(u64, u64)> {
        self.table.get(resource).copied()
    }

    /// Sets both; whether that is allowed is for the caller to say.
    pub(crate) fn set(&mut self, resource: usize, limit: (u64, u64)) {
        if let Some(row) = self.table.get_mut(resource) {
            *row = limit;
        }
    }

    /// Most bytes that may be mapped.
    pub(crate) fn address_space(&self) -> u64 {
        self.table[resource::ADDRESS_SPACE].0.min(self.memory_bytes_max)
    }

    /// The same in a world with these limits.
    pub(crate) fn within(mut self, world: &Limits) -> Limits {
        for resource in [resource::NOFILE, resource::PROCESSES] {
            let ((soft, hard), (_, most)) = (self.table[resource], world.table[resource]);
            self.table[resource] = (soft.min(most), hard.min(most));
        }
        Limits { memory_bytes_max: world.memory_bytes_max, ..self }
    }

    /// What the world allows.
    pub(crate) fn memory_bytes_max(&self) -> u64 {
        self.memory_bytes_max
    }

    /// Most bytes of heap.
    pub(crate) fn data(&self) -> u64 {
        self.table[resource::DATA].0
    }

    /// How far nice values may be lowered: to 20 less this.
    pub(crate) fn nice(&self) -> u64 {
        self.table[resource::NICE].0
    }

    /// The highest priority for policies that have one.
    pub(crate) fn priority(&self) -> u64 {
        self.table[resource::PRIORITY].0
    }

    /// Most processes and threads.
    pub(crate) fn processes(&self) -> u64 {
        self.table[resource::PROCESSES].0
    }

    /// Descriptors are below this.
    pub(crate) fn descriptors(&self) -> u32 {
        u32::try_from(self.table[resource::NOFILE].0).unwrap_or(u32::MAX).min(1 << 20)
    }
}

/// The names and units of /proc/PID/limits, by number.
const NAMES: [(&str, &str); 16] = [
    ("Max cpu time", "seconds"),
    ("Max file size", "bytes"),
    ("Max data size", "bytes"),
    ("Max stack size", "bytes"),
    ("Max core file size", "bytes"),
    ("Max open files", "files"),
    ("Max address space", "bytes"),
    ("Max resident set", "bytes"),
    ("Max processes", "processes"),
    ("Max locked memory", "bytes"),
    ("Max file locks", "locks"),
    ("Max pending signals", "signals"),
    ("Max msgqueue size", "bytes"),
    ("Max nice priority", ""),
    ("Max realtime priority", ""),
    ("Max realtime timeout", "us"),
];

impl Limits {
    /// /proc/PID/limits (proc(5)).
    pub(crate) fn render(&self) -> String {
        let shown = |limit| if limit == INFINITY { String::from("unlimited") } else { format!("{limit}") };
        let mut text = format!("{:<26}{:<21}{:<21}{:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units");
        for ((name, unit), (soft, hard)) in NAMES.iter().zip(self.table) {
            text.push_str(&format!("{name:<26}{:<21}{:<21}{unit:<10}\n", shown(soft), shown(hard)));
        }
        text
    }
}
