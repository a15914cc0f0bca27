//! Law: whatever the data of a snapshot, it is refused or resumed without a panic, and holds no more than it was allowed.
//!
//! Seeds are the data of real snapshots: what is behind byte 60 of a file, decompressed.
#![no_main]

use abi::PagedSpace;
use libfuzzer_sys::fuzz_target;
use linux::Clocks;
use linux::snapshot::{Resuming, Snapshot};
use miniz_oxide::deflate::compress_to_vec;
use namespace::{Grant, Host, Limits};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use vfs::node::{At, Make, New, Open, TimeNs};
use vfs::{MemFs, NodeRef};

/// Pages of a process.
const PAGES_MAX: usize = 1 << 10;

/// A host where no time passes.
struct Still;

impl Clocks for Still {
    fn realtime(&self) -> TimeNs {
        TimeNs(0)
    }
    fn monotonic_ns(&self) -> u64 {
        0
    }
    fn cpu_ns(&self) -> u64 {
        0
    }
}

/// The file around data.
fn file(data: &[u8]) -> Vec<u8> {
    let head = [&b"strata snapshot\n"[..], &1_u32.to_le_bytes(), &(data.len() as u64).to_le_bytes()].concat();
    let body = compress_to_vec(data, 0);
    let digest = Sha256::new().chain_update(&head).chain_update(&body).finalize();
    [&head[..], &digest, &body].concat()
}

/// A file in memory.
fn holding(bytes: &[u8]) -> NodeRef {
    let root = MemFs::new(Arc::new(|| TimeNs(0))).root();
    let node = root.create(b"file", &New { what: Make::File, mode: 0o755, uid: 0, gid: 0 }).expect("there is room");
    let open = node.open(Open { write: true, ..Open::default() }).expect("it is a file");
    open.write(At::Offset(0), bytes).expect("there is room");
    node
}

fuzz_target!(|data: &[u8]| {
    let Ok(snapshot) = Snapshot::read(&file(data)) else { return };
    let host = Host {
        clocks: Arc::new(Still),
        time_of_day: Arc::new(|| TimeNs(0)),
        random: Arc::new(|into| into.fill(4)),
        processors: 1,
    };
    let limits = Limits { memory_bytes: 4 << 20, files_bytes: 4 << 20, descriptors: 64, threads: 64 };
    let granted = snapshot.given().files.iter().take(4).filter_map(|(at, bytes)| {
        at.starts_with(b"/").then(|| Grant::File { node: holding(bytes), at: at.clone() })
    });
    let Ok(world) = namespace::world(granted.collect(), host, limits) else { return };
    let Ok(mut resuming) = Resuming::new(snapshot, world) else { return };
    while resuming.next_is_big_endian().is_some() {
        let Ok(threads) = resuming.next(&mut PagedSpace::new(PAGES_MAX)) else { return };
        drop(threads);
    }
    // Whether it fits together, is for the world to say.
    let _ = resuming.finish();
});
