//! strace text: one line a call, printed when it is over.

use crate::reply::{ExitStatus, Stop};
use crate::syscall::{show, table};
use crate::task::Task;
use crate::thread::Thread;
use abi::o32::ArgReader;
use abi::{Arg, BadAddress, Layout, Scene, State};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// The arguments of a call while they are being printed: those the call reads when it begins, the others at its end.
pub(crate) struct Line<'a> {
    scene: Scene<'a>,
    is_end: bool,
    texts: Vec<Option<String>>,
    done: usize,
    /// The word of the argument taken last.
    word: u32,
}

/// What is kept of a call that has begun.
pub(crate) struct Begun {
    texts: Vec<Option<String>>,
    /// The registers it began with: results overwrite arguments.
    state: Box<State>,
}

impl Line<'_> {
    /// Takes an argument, and prints it if it is time.
    pub(crate) fn argument<A: Arg>(&mut self, reader: &mut ArgReader<'_>) {
        let word = reader.peek();
        let argument: Result<A, BadAddress> = A::take(reader);
        self.scene.next = reader.peek();
        let index = self.done;
        self.done += 1;
        let previous = core::mem::replace(&mut self.word, word);
        self.scene.previous = previous;
        if self.texts.len() <= index {
            self.texts.push(None);
        }
        if self.texts[index].is_some() || A::AT_EXIT && !self.is_end {
            return;
        }
        let mut text = String::new();
        match argument {
            Ok(argument) => argument.trace(&self.scene, &mut text),
            Err(BadAddress(at)) => {
                let _ = write!(text, "{:#x}?", at.0);
            }
        }
        self.texts[index] = Some(text);
    }
}

fn line(
    task: &Task<'_, '_>,
    number: u32,
    is_indirect: bool,
    state: &State,
    end: Option<Option<u32>>,
    texts: Vec<Option<String>>,
) -> Vec<Option<String>> {
    let (space, endian) = (&*task.guest.space, task.guest.endian);
    let scene = Scene { space, endian, next: 0, previous: 0, result: end.flatten() };
    let mut line = Line { scene, is_end: end.is_some(), texts, done: 0, word: 0 };
    let reader =
        if is_indirect { ArgReader::indirect(state, space, endian) } else { ArgReader::new(state, space, endian) };
    show(number, reader, &mut line);
    line.texts
}

/// A call begins.
pub(crate) fn enter(task: &Task<'_, '_>, number: u32, is_indirect: bool) -> Begun {
    let state = Box::new(task.state.clone());
    let texts = line(task, number, is_indirect, &state, None, Vec::new());
    Begun { texts, state }
}

/// A call is over, unless it waits. `result` is v0 and its text.
pub(crate) fn leave(
    task: &mut Task<'_, '_>,
    number: u32,
    is_indirect: bool,
    begun: Begun,
    result: Result<(u32, &str), &Stop>,
) {
    let value = result.as_ref().ok().map(|(value, _)| *value);
    let texts = line(task, number, is_indirect, &begun.state, Some(value), begun.texts);
    let mut text = table::row(number).map_or_else(|| alloc::format!("syscall_{number}"), |row| row.name.into());
    text.push('(');
    let shown = texts.iter().filter(|argument| argument.as_ref().is_none_or(|argument| !argument.is_empty()));
    for (index, argument) in shown.enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        text.push_str(argument.as_deref().unwrap_or("..."));
    }
    text.push_str(") = ");
    match result {
        Ok((_, result)) => text.push_str(result),
        Err(Stop::Errno(errno)) => {
            let _ = write!(text, "-1 {} ({})", errno.name(), errno.text());
        }
        Err(Stop::Exit(_) | Stop::ExitAll(_) | Stop::Registers) => text.push('?'),
        Err(Stop::Exec(_)) => text.push('0'),
        Err(Stop::Clone(child)) => {
            let _ = write!(text, "{}", child.thread.tid);
        }
        // It will be printed when it is over, or when a signal ends it.
        Err(Stop::Block(..)) => {
            text.push_str("? ERESTARTSYS (To be restarted if SA_RESTART is set)");
            task.thread.waiting_line = Some(text);
            return;
        }
    }
    task.thread.waiting_line = None;
    note(task.thread, &text);
}

/// Prints the line of a call that a signal ended.
pub(crate) fn interrupted(thread: &mut Thread) {
    if let Some(text) = thread.waiting_line.take() {
        note(thread, &text);
    }
}

/// Prints the signals that were delivered since this was last asked, as strace does between calls.
pub(crate) fn delivered(thread: &mut Thread) {
    for info in core::mem::take(&mut thread.signals.delivered) {
        let mut text = String::from("--- ");
        let _ = write!(text, "{} ", info.signal);
        info.siginfo().show(&mut text);
        text.push_str(" ---");
        note(thread, &text);
    }
}

/// Prints how a thread or a process ended.
pub(crate) fn ended(thread: &Thread, status: ExitStatus) {
    match status {
        ExitStatus::Code(code) => note(thread, &alloc::format!("+++ exited with {code} +++")),
        ExitStatus::Killed(signal) => note(thread, &alloc::format!("+++ killed by {signal} +++")),
    }
}

/// Prints a line. Once there was more than one thread it says whose it is, as that of `strace -f`.
pub(crate) fn note(thread: &Thread, text: &str) {
    let Some(trace) = &thread.kernel.trace else { return };
    let is_alone = thread.kernel.table.lock().made == 1;
    let mut trace = trace.lock();
    if is_alone {
        trace(text);
    } else {
        trace(&alloc::format!("[pid {:>5}] {text}", thread.tid));
    }
}
