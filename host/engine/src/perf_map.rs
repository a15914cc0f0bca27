//! [`PerfMap`]: tells `perf` which guest code machine code was made of.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// A file that `perf report` and `perf top` read to name code made at run time: a line for each function with its
/// address, its length (both hexadecimal), and its name (linux/tools/perf/Documentation/jit-interface.txt).
pub struct PerfMap {
    file: File,
    /// Where the guest's functions begin, and their names, by address.
    symbols: Vec<(u32, String)>,
}

impl PerfMap {
    /// The map of this process, where `perf` looks for it. `symbols` are the guest's functions by address.
    pub fn create(symbols: Vec<(u32, String)>) -> io::Result<PerfMap> {
        // The folder is everybody's, and the name can be guessed: whoever left a link there is not followed.
        let mut options = File::options();
        options.write(true).create(true).truncate(true).custom_flags(libc::O_NOFOLLOW);
        Ok(PerfMap { file: options.open(PerfMap::path())?, symbols })
    }

    /// Where it is.
    pub fn path() -> PathBuf {
        PathBuf::from(format!("/tmp/perf-{}.map", std::process::id()))
    }

    /// Says that `bytes` of machine code at `at` were made of guest code from `pc` on. What cannot be written is left out:
    /// nothing but a profile depends on it.
    pub(crate) fn add(&mut self, at: usize, bytes: usize, pc: u32) {
        let _ = writeln!(self.file, "{at:x} {bytes:x} guest:{}", self.name(pc));
    }

    /// The function a guest address is in, and how far. Names are the guest's, and may hold anything but the end of a line.
    fn name(&self, pc: u32) -> String {
        let before = self.symbols.partition_point(|(at, _)| *at <= pc);
        match before.checked_sub(1).map(|place| &self.symbols[place]) {
            Some((at, name)) if *at == pc => name.escape_debug().to_string(),
            Some((at, name)) => format!("{}+{:#x}", name.escape_debug(), pc - at),
            None => format!("{pc:#x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_named_after_the_function_before_it() {
        let symbols = vec![(0x40_0100, String::from("main")), (0x40_0200, String::from("work\n"))];
        let map = PerfMap { file: tempfile(), symbols };
        let names = [0x40_0000, 0x40_0100, 0x40_01fc, 0x40_0208].map(|pc| map.name(pc));
        assert_eq!(names, ["0x400000", "main", "main+0xfc", "work\\n+0x8"]);
    }

    fn tempfile() -> File {
        File::open("/dev/null").expect("it is there")
    }
}
