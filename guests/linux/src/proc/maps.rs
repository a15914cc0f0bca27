//! /proc/self/maps (proc(5)).

use crate::mm::{Area, Backing, Memory};
use abi::Prot;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// The column of the name on 32-bit systems.
const NAME_COLUMN: usize = 49;

/// One line an area.
pub(super) fn render(memory: &Memory) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, area) in memory.areas.iter() {
        let mut line = String::new();
        let (offset, (device, inode)) = match &area.backing {
            Backing::File(file) => (file.offset, file.identity),
            Backing::Shared(_, offset) => (*offset, (1, 0)),
            Backing::Segment(segment) => (segment.offset, (1, u64::from(segment.attached.id.cast_unsigned()))),
            Backing::Anonymous | Backing::Named(_) => (0, (0, 0)),
        };
        let (major, minor) = (device >> 8 & 0xfff, device & 0xff);
        let _ = write!(
            line,
            "{:08x}-{:08x} {} {offset:08x} {major:02x}:{minor:02x} {inode} ",
            at.0,
            area.end.0,
            permissions(area)
        );
        let segment;
        let name: &[u8] = match &area.backing {
            Backing::Anonymous => b"",
            Backing::Shared(..) => b"/dev/zero (deleted)",
            Backing::Named(name) => name.as_bytes(),
            Backing::Segment(own) => {
                segment = alloc::format!("/SYSV{:08x} (deleted)", own.attached.key);
                segment.as_bytes()
            }
            Backing::File(file) => &file.path,
        };
        if !name.is_empty() {
            while line.len() < NAME_COLUMN {
                line.push(' ');
            }
        }
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(name);
        out.push(b'\n');
    }
    out
}

fn permissions(area: &Area) -> String {
    let bits = [(Prot::READ, 'r'), (Prot::WRITE, 'w'), (Prot::EXEC, 'x')];
    let mut text: String =
        bits.map(|(bit, letter)| if area.prot.contains(bit) { letter } else { '-' }).iter().collect();
    text.push(if area.is_shared { 's' } else { 'p' });
    text
}
