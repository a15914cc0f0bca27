//! execve(2): another program in the place of this one.

use crate::exec::Exec;
use crate::program::{LinkerError, Program, StartError};
use crate::reply::{Reply, Stop};
use crate::stack::STRINGS_BYTES_MAX;
use crate::task::Task;
use abi::{Path, Strings};
use alloc::boxed::Box;
use alloc::vec::Vec;
use vfs::Errno;

/// Scripts that name scripts (BINPRM_MAX_RECURSION).
const SCRIPTS_MAX: usize = 4;

/// Bytes of a script's first line that count (BINPRM_BUF_SIZE).
const LINE_BYTES: usize = 256;

/// Set-user and set-group of a program's file (inode(7)).
const S_ISUID: u32 = 0o4000;
const S_ISGID: u32 = 0o2000;

/// execve(2)
pub(super) fn execve(task: &mut Task<'_, '_>, path: Path, arguments: Strings, environment: Strings) -> Reply<()> {
    let mut path = task.path(path)?;
    let mut arguments = arguments.read(task.guest, STRINGS_BYTES_MAX)?.ok_or(Errno::E2BIG)?;
    let environment = environment.read(task.guest, STRINGS_BYTES_MAX)?.ok_or(Errno::E2BIG)?;
    if arguments.is_empty() {
        // As Linux has it since 5.18.
        arguments.push(Vec::new());
    }
    let mut scripts = 0;
    let (node, file, bytes) = loop {
        let (node, file, bytes) = task.executable(&path)?;
        let mut line = [0; LINE_BYTES];
        let read = file.read_full(0, &mut line)?;
        let Some((interpreter, argument)) = script(&line[..read]) else { break (node, file, bytes) };
        scripts += 1;
        if scripts > SCRIPTS_MAX {
            return Err(Errno::ELOOP.into());
        }
        let head = [Some(interpreter.clone()), argument, Some(path)];
        arguments.splice(0..1, head.into_iter().flatten());
        path = interpreter;
    };
    let image = Program::describe(&*file, bytes)?.map_err(|_| Errno::ENOEXEC)?;
    if image::can_run(&image).is_err() {
        return Err(Errno::ENOEXEC.into());
    }
    let linker = task.linker(&image).map_err(|error| match error {
        StartError::Linker(_, LinkerError::File(errno)) => errno,
        _ => Errno::ELIBBAD,
    })?;
    let strings: usize = arguments.iter().chain(&environment).map(|string| string.len() + 5).sum();
    if strings > STRINGS_BYTES_MAX - 4096 {
        return Err(Errno::E2BIG.into());
    }
    let metadata = node.metadata()?;
    let owner = (
        (metadata.mode & S_ISUID != 0).then_some(metadata.uid),
        // With no execute bit for its group it means mandatory locks.
        (metadata.mode & S_ISGID != 0 && metadata.mode & 0o10 != 0).then_some(metadata.gid),
    );
    // From here on nothing of the old memory is seen again.
    task.thread.memory.lock().sync_all(task.guest.space);
    let program = Program { image, file, bytes, path, node: Some(node) };
    Err(Stop::Exec(Box::new(Exec { program, linker, arguments, environment, owner })))
}

/// The interpreter of a script and its one argument.
fn script(bytes: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let line = bytes.strip_prefix(b"#!")?;
    let line = &line[..line.len().min(LINE_BYTES - 2)];
    let line = line.split(|byte| *byte == b'\n').next()?.trim_ascii();
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let argument = rest.trim_ascii();
    (!name.is_empty()).then(|| (name.to_vec(), (!argument.is_empty()).then(|| argument.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        type Case<'a> = (&'a [u8], Option<(&'a [u8], Option<&'a [u8]>)>);
        let cases: &[Case<'_>] = &[
            (b"#!/bin/sh\necho", Some((b"/bin/sh", None))),
            (b"#! /bin/sh -e x \n", Some((b"/bin/sh", Some(b"-e x")))),
            (b"#!\n", None),
            (b"\x7fELF", None),
        ];
        for (bytes, expected) in cases {
            let expected = expected.map(|(name, argument)| (name.to_vec(), argument.map(<[u8]>::to_vec)));
            assert_eq!(script(bytes), expected);
        }
    }
}
