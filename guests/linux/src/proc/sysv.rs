//! /proc/sysvipc (sysvipc(7)): what there is of System V semaphores, message queues and shared memory.

use crate::ipc::Permission;
use crate::kernel::Kernel;
use alloc::format;
use alloc::string::String;

/// Owner and creator.
fn owners(permission: &Permission) -> String {
    let Permission { uid, gid, creator_uid, creator_gid, .. } = permission;
    format!("{uid:5} {gid:5} {creator_uid:5} {creator_gid:5}")
}

/// The columns that all have at first.
fn start(permission: &Permission, id: i32, mode: u32) -> String {
    format!("{:10} {id:10}  {mode:4o}", permission.key)
}

/// /proc/sysvipc/shm
pub(super) fn shm(kernel: &Kernel) -> String {
    let mut out = String::from(
        "       key      shmid perms       size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime        \
         rss       swap\n",
    );
    for segment in kernel.commons.segments.all() {
        let state = segment.state.lock();
        let about = &state.about;
        let start = start(&about.permission, segment.id, about.mode());
        let (bytes, creator, last, count) = (about.bytes, about.creator, about.last, state.count());
        let owners = owners(&about.permission);
        let times = [about.attached_at, about.detached_at, about.changed_at].map(|time| format!("{time:10}")).join(" ");
        let pages = state.page_count() * 4096;
        out.push_str(&format!(
            "{start} {bytes:10} {creator:5} {last:5}  {count:5} {owners} {times} {pages:10} {:10}\n",
            0
        ));
    }
    out
}

/// /proc/sysvipc/sem
pub(super) fn sem(kernel: &Kernel) -> String {
    let mut out =
        String::from("       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");
    for set in kernel.commons.semaphores.all() {
        let state = set.state.lock();
        let start = start(&state.permission, set.id, state.permission.mode);
        let (count, owners) = (state.list.len(), owners(&state.permission));
        let (operated, changed) = (state.operated, state.changed);
        out.push_str(&format!("{start} {count:10} {owners} {operated:10} {changed:10}\n"));
    }
    out
}

/// /proc/sysvipc/msg
pub(super) fn msg(kernel: &Kernel) -> String {
    let mut out = String::from(
        "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n",
    );
    for queue in kernel.commons.messages.all() {
        let state = queue.state.lock();
        let start = start(&state.permission, queue.id, state.permission.mode);
        let (bytes, count, sender, receiver) = (state.bytes(), state.list.len(), state.sender, state.receiver);
        let owners = owners(&state.permission);
        let times = [state.sent, state.received, state.changed].map(|time| format!("{time:10}")).join(" ");
        out.push_str(&format!("{start}  {bytes:10}  {count:10} {sender:5} {receiver:5} {owners} {times}\n"));
    }
    out
}
