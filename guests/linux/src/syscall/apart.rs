//! Calls that are made while others are in the kernel, too: what they touch has locks of its own, and none of them waits.

use crate::flags::Fd;
use crate::ready::special;
use crate::socket::SocketFile;
use crate::thread::Thread;
use abi::State;
use abi::o32;
use vfs::pipe::End;

/// What a call that nobody is kept out for touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Apart {
    /// Nothing of others.
    Own,
    /// A file that others may wait for.
    File,
}

/// What the call at `state.pc` touches, if nobody need be kept out of the kernel for it.
pub(crate) fn apart(thread: &Thread, state: &State) -> Option<Apart> {
    match o32::number(state) {
        // time(2), getpid(2), gettimeofday(2), gettid(2), clock_gettime(2): they ask for what no other thread changes.
        4013 | 4020 | 4078 | 4222 | 4263 | 4403 => Some(Apart::Own),
        // read(2), write(2), readv(2), writev(2), recv(2), recvfrom(2), send(2), sendto(2)
        4003 | 4004 | 4145 | 4146 | 4175 | 4176 | 4178 | 4180 => {
            is_stream(thread, Fd(o32::first_argument(state).cast_signed())).then_some(Apart::File)
        }
        // epoll_ctl(2) and epoll_wait(2)
        4249 | 4250 => Some(Apart::File),
        _ => None,
    }
}

/// Whether a descriptor is a pipe, or a stream to somebody in this world.
fn is_stream(thread: &Thread, fd: Fd) -> bool {
    let Ok(description) = thread.description(fd) else { return false };
    let Ok(file) = description.file() else { return false };
    match special::<SocketFile>(file) {
        Some(socket) => socket.endpoint.is_inner_stream(),
        None => End::of(file).is_some(),
    }
}
