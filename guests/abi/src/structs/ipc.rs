//! Structs of System V communication, in their newer form (asm/ipcbuf.h, asm/sembuf.h, asm/msgbuf.h, asm/shmbuf.h of MIPS, IPC_64).

use crate::layout::Pad;
use crate::structs::file::Mode;

crate::layout! {
    /// `struct ipc64_perm`.
    IpcPerm 36 {
        /// Key.
        key: i32,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
        /// Creator.
        cuid: u32,
        /// Creator's group.
        cgid: u32,
        /// Permission bits.
        mode: Mode,
        /// How often the place was used.
        seq: u16 => quiet,
        /// Padding.
        _0: Pad<10>,
    }

    /// `struct semid64_ds`.
    Semid 56 {
        /// Who may do what.
        sem_perm: IpcPerm,
        /// Last semop(2), seconds.
        sem_otime: u32,
        /// Last change, seconds.
        sem_ctime: u32,
        /// Semaphores in the set.
        sem_nsems: u32,
        /// Upper half of `sem_otime`.
        sem_otime_high: u32,
        /// Upper half of `sem_ctime`.
        sem_ctime_high: u32,
    }

    /// `struct msqid64_ds`; its times are pairs of words, in byte order.
    Msqid 88 {
        /// Who may do what.
        msg_perm: IpcPerm,
        /// Last msgsnd(2), seconds.
        msg_stime: u64,
        /// Last msgrcv(2), seconds.
        msg_rtime: u64,
        /// Last change, seconds.
        msg_ctime: u64,
        /// Bytes that wait.
        msg_cbytes: u32,
        /// Messages that wait.
        msg_qnum: u32,
        /// Bytes that may wait.
        msg_qbytes: u32,
        /// Last sender.
        msg_lspid: u32,
        /// Last receiver.
        msg_lrpid: u32,
        /// Not used.
        _0: Pad<8>,
    }

    /// `struct shmid64_ds`.
    Shmid 72 {
        /// Who may do what.
        shm_perm: IpcPerm,
        /// Bytes, as asked for.
        shm_segsz: u32,
        /// Last shmat(2), seconds.
        shm_atime: u32,
        /// Last shmdt(2), seconds.
        shm_dtime: u32,
        /// Last change, seconds.
        shm_ctime: u32,
        /// Who made it.
        shm_cpid: u32,
        /// Who attached or detached it last.
        shm_lpid: u32,
        /// Areas that have it.
        shm_nattch: u32,
        /// Upper part of `shm_atime`.
        shm_atime_high: u16,
        /// Upper part of `shm_dtime`.
        shm_dtime_high: u16,
        /// Upper part of `shm_ctime`.
        shm_ctime_high: u16,
        /// Not used.
        _0: Pad<2>,
    }

    /// `struct shminfo64`.
    Shminfo 36 {
        /// Bytes of the largest segment.
        shmmax: u32,
        /// Bytes of the smallest.
        shmmin: u32,
        /// Segments there may be.
        shmmni: u32,
        /// Segments that a process may attach.
        shmseg: u32,
        /// Pages of all together.
        shmall: u32,
        /// Not used.
        _0: Pad<16>,
    }

    /// `struct shm_info`.
    ShmInfo 24 {
        /// Segments there are.
        used_ids: u32,
        /// Their pages.
        shm_tot: u32,
        /// Those of them in memory.
        shm_rss: u32,
        /// Those that are swapped out.
        shm_swp: u32,
        /// Not used.
        swap_attempts: u32,
        /// Not used.
        swap_successes: u32,
    }

    /// `struct mq_attr`.
    MqAttr 32 {
        /// O_NONBLOCK or not.
        mq_flags: i32,
        /// Messages it may have.
        mq_maxmsg: i32,
        /// Bytes of the longest.
        mq_msgsize: i32,
        /// Messages it has.
        mq_curmsgs: i32,
        /// Not used.
        _0: Pad<16>,
    }

    /// `struct sembuf`.
    Sembuf 6 {
        /// Which semaphore.
        sem_num: u16,
        /// What to add, or 0 to wait for 0.
        sem_op: i16,
        /// IPC_NOWAIT, SEM_UNDO.
        sem_flg: u16,
    }

    /// `struct seminfo`.
    Seminfo 40 {
        /// Not used.
        semmap: u32,
        /// Sets there may be.
        semmni: u32,
        /// Semaphores there may be.
        semmns: u32,
        /// Not used.
        semmnu: u32,
        /// Semaphores a set may have.
        semmsl: u32,
        /// Operations a call may have.
        semopm: u32,
        /// Not used.
        semume: u32,
        /// Sets there are, to SEM_INFO.
        semusz: u32,
        /// Highest value.
        semvmx: u32,
        /// Semaphores there are, to SEM_INFO.
        semaem: u32,
    }

    /// `struct msginfo`.
    Msginfo 32 {
        /// Queues there are, to MSG_INFO.
        msgpool: u32,
        /// Messages there are, to MSG_INFO.
        msgmap: u32,
        /// Longest message.
        msgmax: u32,
        /// Bytes of a queue.
        msgmnb: u32,
        /// Queues there may be.
        msgmni: u32,
        /// Not used.
        msgssz: u32,
        /// Bytes there are, to MSG_INFO.
        msgtql: u32,
        /// Not used.
        msgseg: u16,
        /// Padding.
        _0: Pad<2>,
    }
}
