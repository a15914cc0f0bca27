//! From a number to its handler, and to strace text: what the compiler makes of the table.

use super::table::{row, syscalls};
use super::*;
use crate::flags::*;
use crate::reply::{Reply, Stop};
use crate::socket::{Name, NameOut};
use crate::task::Task;
use crate::trace::{self, Line};
use abi::o32::{self, ArgReader};
use abi::structs::event::EpollEvent;
use abi::structs::file::{Iovec, Mode, Pollfd, Stat, Stat64, Statfs, Statfs64, Statx};
use abi::structs::ipc::{MqAttr, Sembuf};
use abi::structs::process::CloneArgs;
use abi::structs::signal::{Sigaction, Sigevent, Siginfo, Sigset, Stack};
use abi::structs::socket::{Mmsghdr, Msghdr};
use abi::structs::system::{CapData, CapHeader, FutexWaitv, Rlimit, Rlimit64, Rusage, SchedParam, Sysinfo, Utsname};
use abi::structs::time::{Itimerspec, Itimerspec64, Itimerval, Timespec, Timespec64, Timeval, Timezone, Tms, Utimbuf};
use abi::{Addr, Arg, In, InBytes, InList, InOut, Out, OutBytes, OutFound, OutList, Path, Ret, Strings};
use alloc::string::String;
use vfs::Errno;

/// syscall(2): the number is the first argument.
const INDIRECT: u32 = 4000;

/// The two ends that pipe(2) returns in v0 and v1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair(pub(crate) Fd, pub(crate) Fd);

impl Ret for Pair {
    fn words(&self) -> (u32, Option<u32>) {
        (self.0.words().0, Some(self.1.words().0))
    }
}

/// What a call returned, and as strace prints it, if it does.
#[derive(Default)]
struct Answer {
    words: (u32, Option<u32>),
    text: String,
}

macro_rules! consume {
    (present { $($group:ident {
        $($name:ident $number:literal ($($arg:ident: $type:ty),*) -> $ret:ty, $support:ident $($reason:literal)?;)*
    })* } absent $absent:tt) => {
        /// Decodes the arguments and calls the handler, which gives `answer`; `None` if there is none.
        fn call(number: u32, task: &mut Task<'_, '_>, is_indirect: bool, answer: &mut Answer) -> Option<Reply<()>> {
            Some(match number {
                $($($number => (|| {
                    #[allow(unused_mut, unused_variables, reason = "calls without arguments")]
                    let mut reader = reader(task, is_indirect);
                    $(let $arg = <$type as Arg>::take(&mut reader)?;)*
                    let result: $ret = $group::$name(task, $($arg),*)?;
                    answer.take(task, &result);
                    Ok(())
                })(),)*)*
                _ => return None,
            })
        }

        /// Prints the arguments that can be printed now into `line`.
        pub(crate) fn show(number: u32, mut reader: ArgReader<'_>, line: &mut Line<'_>) {
            match number {
                $($($number => {
                    $(line.argument::<$type>(&mut reader);)*
                })*)*
                _ => {}
            }
        }
    };
}

syscalls!(consume);

fn reader<'a>(task: &'a Task<'_, '_>, is_indirect: bool) -> ArgReader<'a> {
    let (state, space, endian) = (&*task.state, &*task.guest.space, task.guest.endian);
    if is_indirect { ArgReader::indirect(state, space, endian) } else { ArgReader::new(state, space, endian) }
}

impl Answer {
    fn take<R: Ret>(&mut self, task: &Task<'_, '_>, result: &R) {
        if task.kernel.trace.is_some() {
            result.trace(&mut self.text);
        }
        self.words = result.words();
    }
}

/// Carries out a system call, and prints it if the world wants that.
pub(crate) fn perform(number: u32, task: &mut Task<'_, '_>) -> Reply<()> {
    let is_indirect = number == INDIRECT;
    let number = if is_indirect { o32::first_argument(task.state) } else { number };
    let line = task.kernel.trace.is_some().then(|| trace::enter(task, number, is_indirect));
    let mut answer = Answer::default();
    let reply = call(number, task, is_indirect, &mut answer).unwrap_or_else(|| {
        task.kernel.warn_absent(number, row(number).map_or("an unknown system call", |row| row.name));
        Err(Stop::Errno(Errno::ENOSYS))
    });
    if let Some(line) = line {
        let told = reply.as_ref().map(|()| (answer.words.0, &*answer.text));
        trace::leave(task, number, is_indirect, line, told);
    }
    reply?;
    o32::succeed(task.state, answer.words);
    Ok(())
}
