//! POSIX message queues (mq_overview(7)).

use crate::access::Wish;
use crate::anonymous::AnonymousNode;
use crate::description::Description;
use crate::flags::{Fd, OpenFlags};
use crate::limits::resource;
use crate::mqueue::{
    Alert, COOKIE_BYTES, MESSAGE_BYTES_MAX, MESSAGES_MAX, Notice, PRIORITIES, PRIVILEGED_MESSAGE_BYTES_MAX,
    PRIVILEGED_MESSAGES_MAX, Posted, Queue, QueueFile, Target,
};
use crate::ready::special;
use crate::reply::{Interrupted, Reply, Wait};
use crate::signal::Signal;
use crate::socket::{Family, SocketFile};
use crate::syscall::time::{Span, after};
use crate::task::Task;
use crate::thread::Thread;
use abi::structs::file::Mode;
use abi::structs::ipc::MqAttr;
use abi::structs::signal::Sigevent;
use abi::structs::time::{Timespec, Timespec64};
use abi::{Addr, In, InBytes, Out, OutBytes, Path};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::mount::Place;
use vfs::{Errno, Result};

/// SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD
const SIGNAL: i32 = 0;
const NONE: i32 = 1;
const THREAD: i32 = 2;

/// The name of a queue, which is one of a file in a directory of its own.
fn name(task: &Task<'_, '_>, path: Path) -> Result<Vec<u8>> {
    let name = task.path(path)?;
    match &name[..] {
        b"" => Err(Errno::ENOENT),
        b"." | b".." => Err(Errno::EACCES),
        _ if name.contains(&b'/') => Err(Errno::EACCES),
        _ if name.len() > 255 => Err(Errno::ENAMETOOLONG),
        _ => Ok(name),
    }
}

/// mq_open(2): a name has no slash here, libraries take it away. O_CLOEXEC is always set.
pub(super) fn mq_open(
    task: &mut Task<'_, '_>,
    path: Path,
    flags: OpenFlags,
    mode: Mode,
    attributes: In<MqAttr>,
) -> Reply<Fd> {
    let attributes = attributes.optional(task.guest)?;
    let name = name(task, path)?;
    if task.files.lock().is_full(task.process.limits.lock().descriptors()) {
        return Err(Errno::EMFILE.into());
    }
    let access = match flags.0 & 3 {
        0 => 4,
        1 => 2,
        2 => 6,
        _ => 0,
    };
    let queue = match task.kernel.commons.queues.find(&name) {
        Some(_) if flags.creates() && flags.is_exclusive() => return Err(Errno::EEXIST.into()),
        Some(_) if access == 0 => return Err(Errno::EINVAL.into()),
        Some(queue) => {
            task.credentials.check(&queue.node.metadata()?, Wish(access))?;
            queue
        }
        None if !flags.creates() => return Err(Errno::ENOENT.into()),
        None => make(task, name, mode.0, attributes)?,
    };
    let (file, node) = (Box::new(QueueFile(queue.clone())), queue.node.clone());
    let description = Description::new(Place::detached(node), Some(file), flags.of_queue());
    Ok(task.install(description, OpenFlags::CLOEXEC)?)
}

/// A new queue of that name.
fn make(task: &Task<'_, '_>, name: Vec<u8>, mode: u32, attributes: Option<MqAttr>) -> Result<Arc<Queue>> {
    let is_privileged = task.credentials.is_privileged();
    let most = if is_privileged {
        (PRIVILEGED_MESSAGES_MAX, PRIVILEGED_MESSAGE_BYTES_MAX)
    } else {
        (MESSAGES_MAX, MESSAGE_BYTES_MAX)
    };
    let (messages, bytes) = match attributes {
        None => (MESSAGES_MAX, MESSAGE_BYTES_MAX),
        Some(wanted) => {
            let number =
                |wanted: i32, most: u32| u32::try_from(wanted).ok().filter(|wanted| (1..=most).contains(wanted));
            let (messages, bytes) = (number(wanted.mq_maxmsg, most.0), number(wanted.mq_msgsize, most.1));
            (messages.ok_or(Errno::EINVAL)?, bytes.ok_or(Errno::EINVAL)?)
        }
    };
    let queues = &task.kernel.commons.queues;
    let limit = task.process.limits.lock().get(resource::QUEUES).map_or(0, |limit| limit.0);
    let uid = task.credentials.user.effective;
    queues.check_room(uid, Queue::charge(messages, bytes), limit)?;
    let mode = mode & 0o7777 & !task.whereabouts.lock().umask;
    let node = Arc::new(AnonymousNode::of_queue(task, &name, mode));
    let queue = Arc::new(Queue::new(node, messages, bytes, uid));
    queues.add(name, &queue, is_privileged)?;
    Ok(queue)
}

/// mq_unlink(2): names are in a directory with the sticky bit, in which everybody makes them and takes away his own.
pub(super) fn mq_unlink(task: &mut Task<'_, '_>, path: Path) -> Reply<()> {
    let name = name(task, path)?;
    let queues = &task.kernel.commons.queues;
    let queue = queues.find(&name).ok_or(Errno::ENOENT)?;
    task.credentials.check_owner(&queue.node.metadata()?)?;
    queues.remove(&name);
    Ok(())
}

/// The queue that a descriptor leads to; EBADF if it is something else.
fn queue_of(description: &Description) -> Result<Arc<Queue>> {
    Ok(special::<QueueFile>(description.file()?).ok_or(Errno::EBADF)?.0.clone())
}

/// When a call gives up that waits until a time of the clock; ETIMEDOUT if that has come.
fn until(task: &mut Task<'_, '_>, timeout_ns: Option<u64>) -> Result<Option<u64>> {
    let realtime = u64::try_from(task.clocks.realtime().0).unwrap_or(0);
    let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout.saturating_sub(realtime))));
    let is_late = until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns());
    if is_late { Err(Errno::ETIMEDOUT) } else { Ok(until_ns) }
}

/// Tells whom a message makes something of.
fn tell(thread: &Thread, alert: Option<Alert>) {
    match alert {
        None => {}
        Some(Alert::Thread(tid)) => thread.kernel.table.lock().wake(tid),
        Some(Alert::Signal(pid, info)) => _ = thread.kernel.table.lock().deliver(pid, None, info),
    }
}

fn send(
    task: &mut Task<'_, '_>,
    fd: Fd,
    text: InBytes,
    length: u32,
    priority: u32,
    timeout: Option<Span>,
) -> Reply<()> {
    let timeout_ns = timeout.map(Span::ns).transpose()?;
    if priority >= PRIORITIES {
        return Err(Errno::EINVAL.into());
    }
    let description = task.description(fd)?;
    let queue = queue_of(&description)?;
    description.writable()?;
    if length > queue.message_bytes_max {
        return Err(Errno::EMSGSIZE.into());
    }
    let message = Posted { priority, text: task.guest.bytes(text.0, length)? };
    let sender = (task.pid(), task.credentials.user.real);
    match task.attempt(&description, || queue.send(message.clone(), sender)) {
        Ok(alert) => {
            tell(task.thread, alert);
            Ok(())
        }
        Err(Errno::EAGAIN) if !description.flags().is_nonblocking() => {
            let until_ns = until(task, timeout_ns)?;
            task.block_by(until_ns, Wait::default(), Interrupted::Restarts)
        }
        Err(errno) => Err(errno.into()),
    }
}

/// mq_timedsend(2)
pub(super) fn mq_timedsend(
    task: &mut Task<'_, '_>,
    fd: Fd,
    text: InBytes,
    length: u32,
    priority: u32,
    timeout: In<Timespec>,
) -> Reply<()> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    send(task, fd, text, length, priority, timeout)
}

/// mq_timedsend_time64(2)
pub(super) fn mq_timedsend_time64(
    task: &mut Task<'_, '_>,
    fd: Fd,
    text: InBytes,
    length: u32,
    priority: u32,
    timeout: In<Timespec64>,
) -> Reply<()> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    send(task, fd, text, length, priority, timeout)
}

fn receive(
    task: &mut Task<'_, '_>,
    fd: Fd,
    buffer: OutBytes,
    size: u32,
    priority: Out<u32>,
    timeout: Option<Span>,
) -> Reply<u32> {
    let timeout_ns = timeout.map(Span::ns).transpose()?;
    let description = task.description(fd)?;
    let queue = queue_of(&description)?;
    if !description.flags().reads() {
        return Err(Errno::EBADF.into());
    }
    if size < queue.message_bytes_max {
        return Err(Errno::EMSGSIZE.into());
    }
    match queue.receive(task.tid) {
        Ok(message) => {
            priority.optional(task.guest, &message.priority)?;
            task.guest.space.write(buffer.0, &message.text)?;
            Ok(u32::try_from(message.text.len()).unwrap_or(0))
        }
        Err(Errno::EAGAIN) if !description.flags().is_nonblocking() => {
            let until_ns = until(task, timeout_ns)?;
            task.kernel.commons.queues.wait(&queue, task.tid);
            task.block_by(until_ns, Wait::default(), Interrupted::Restarts)
        }
        Err(errno) => Err(errno.into()),
    }
}

/// mq_timedreceive(2)
pub(super) fn mq_timedreceive(
    task: &mut Task<'_, '_>,
    fd: Fd,
    buffer: OutBytes,
    size: u32,
    priority: Out<u32>,
    timeout: In<Timespec>,
) -> Reply<u32> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    receive(task, fd, buffer, size, priority, timeout)
}

/// mq_timedreceive_time64(2)
pub(super) fn mq_timedreceive_time64(
    task: &mut Task<'_, '_>,
    fd: Fd,
    buffer: OutBytes,
    size: u32,
    priority: Out<u32>,
    timeout: In<Timespec64>,
) -> Reply<u32> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    receive(task, fd, buffer, size, priority, timeout)
}

/// mq_notify(2): libraries make SIGEV_THREAD of a netlink socket, whose descriptor they give for a signal, and of a cookie.
pub(super) fn mq_notify(task: &mut Task<'_, '_>, fd: Fd, event: In<Sigevent>) -> Reply<()> {
    let event = event.optional(task.guest)?;
    let pid = task.pid();
    let target = match event {
        None => None,
        Some(event) => Some(match event.sigev_notify {
            NONE => Target::Nothing,
            SIGNAL if event.sigev_signo.0 == 0 => Target::Signal(None, event.sigev_value.0),
            SIGNAL => {
                let signal = Signal::from_number(event.sigev_signo.0.cast_unsigned()).ok_or(Errno::EINVAL)?;
                Target::Signal(Some(signal), event.sigev_value.0)
            }
            THREAD => {
                let bytes = task.guest.bytes(Addr(event.sigev_value.0), COOKIE_BYTES as u32)?;
                let cookie = bytes.try_into().map_err(|_| Errno::EFAULT)?;
                let socket = task.description(Fd(event.sigev_signo.0))?;
                let endpoint = special::<SocketFile>(socket.file()?).map(|socket| socket.endpoint.clone());
                let endpoint = endpoint.ok_or(Errno::ENOTSOCK)?;
                if endpoint.family != Family::Netlink {
                    return Err(Errno::EINVAL.into());
                }
                Target::Socket(Arc::downgrade(&endpoint), cookie)
            }
            _ => return Err(Errno::EINVAL.into()),
        }),
    };
    let queue = queue_of(&*task.description(fd)?)?;
    match target {
        None => queue.release(pid),
        Some(target) => queue.notify(Notice { pid, target })?,
    }
    Ok(())
}

/// mq_getsetattr(2): of what is new, O_NONBLOCK counts.
pub(super) fn mq_getsetattr(task: &mut Task<'_, '_>, fd: Fd, new: In<MqAttr>, old: Out<MqAttr>) -> Reply<()> {
    let new = new.optional(task.guest)?;
    let wanted = new.map(|new| OpenFlags(new.mq_flags.cast_unsigned()));
    if wanted.is_some_and(|wanted| !wanted.is_only(OpenFlags::NONBLOCK)) {
        return Err(Errno::EINVAL.into());
    }
    let description = task.description(fd)?;
    let queue = queue_of(&description)?;
    let flags = description.flags();
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let value = MqAttr {
        mq_flags: (flags.0 & OpenFlags::NONBLOCK.0).cast_signed(),
        mq_maxmsg: number(queue.messages_max),
        mq_msgsize: number(queue.message_bytes_max),
        mq_curmsgs: number(queue.count()),
        ..MqAttr::default()
    };
    if let Some(wanted) = wanted {
        description.set_flags(flags.with_nonblocking(wanted.is_nonblocking()));
    }
    Ok(old.optional(task.guest, &value)?)
}

/// A descriptor of this process was closed: of that queue it is told no more.
pub(crate) fn closed(pid: u32, description: &Description) {
    if let Some(queue) = description.file().ok().and_then(special::<QueueFile>) {
        queue.0.release(pid);
    }
}
