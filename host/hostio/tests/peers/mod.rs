//! Two pseudoterminals behind one face: [`Kernel`], the host's, and [`Emulated`], ours.

mod emulated;
mod kernel;

pub(crate) use emulated::Emulated;
pub(crate) use kernel::Kernel;

use vfs::terminal::{Flow, Flush, SetWhen};
use vfs::termios::Termios;

/// Master and slave, neither of which waits.
pub(crate) trait Peer {
    /// Sets the slave.
    fn set(&mut self, settings: &Termios, when: SetWhen);
    /// tcflush(3) of the slave.
    fn flush(&mut self, what: Flush);
    /// tcflow(3) of the slave.
    fn flow(&mut self, what: Flow);
    /// Closes the slave, and opens it again; what the master sees of that.
    fn reopen(&mut self) -> String;
    /// Writes to the slave.
    fn write(&mut self, bytes: &[u8]) -> Option<usize>;
    /// Reads from the slave.
    fn read(&mut self, count: usize) -> String;
    /// Writes to the master.
    fn type_in(&mut self, bytes: &[u8]);
    /// All that the master has to read.
    fn shown(&mut self) -> String;
    /// What both are ready for, and how much the slave could read.
    fn state(&mut self) -> String;
    /// Closes the master; what the slave sees of that.
    fn hang_up(&mut self) -> String;
}

/// Bytes or an error, for a person; long runs of a byte only counted.
pub(crate) fn show(result: Result<Vec<u8>, &'static str>) -> String {
    let run = |bytes: &[u8]| match bytes {
        [first, .., _] if bytes.len() > 9 => format!("({} of {})", bytes.len(), first.escape_ascii()),
        _ => bytes.escape_ascii().to_string(),
    };
    let runs = |bytes: Vec<u8>| bytes.chunk_by(|one, other| one == other).map(run).collect::<String>();
    result.map_or_else(str::to_owned, |bytes| format!("\"{}\"", runs(bytes)))
}

/// What an end is ready for, for a person.
pub(crate) fn ready(what: &str, conditions: [(bool, &str); 4]) -> String {
    let holds = conditions.iter().filter(|condition| condition.0).map(|condition| condition.1);
    format!("{what}: {} ", holds.collect::<Vec<_>>().join(" "))
}
