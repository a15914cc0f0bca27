//! [`Section`]: where a linker put code, read only when asked for.

use alloc::string::String;
use alloc::vec::Vec;
use object::Endianness;
use object::elf::{self, FileHeader32};
use object::read::StringTable;
use object::read::elf::{FileHeader as _, SectionHeader as _};

/// Longest section name that is read, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// A section of code that is loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Its name; bytes that are not UTF-8 are replaced, and a damaged one is empty.
    pub name: String,
    /// Guest address.
    pub at: u32,
    /// Length in bytes.
    pub bytes: u32,
}

/// The sections of an ELF file that hold code, by address. A file without section headers, or one that does not parse,
/// has none; that they lie in a segment is not checked.
pub fn code_sections(file: &[u8]) -> Vec<Section> {
    let Ok(header) = FileHeader32::<Endianness>::parse(file) else { return Vec::new() };
    let Ok(order) = header.endian() else { return Vec::new() };
    let sections = header.section_headers(order, file).unwrap_or_default();
    let names = header.section_strings(order, file, sections).unwrap_or(StringTable::default());
    let is_code = elf::SHF_ALLOC | elf::SHF_EXECINSTR;
    let mut found: Vec<Section> = sections
        .iter()
        .filter(|section| section.sh_flags(order) & is_code == is_code && section.sh_type(order) == elf::SHT_PROGBITS)
        .map(|section| {
            let name = section.name(order, names).unwrap_or_default();
            let name = String::from_utf8_lossy(&name[..name.len().min(NAME_BYTES_MAX)]).into_owned();
            Section { name, at: section.sh_addr(order), bytes: section.sh_size(order) }
        })
        .collect();
    found.sort_by_key(|section| section.at);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    /// A header, names at byte 52, and section headers (name, type, flags, address, offset, length) at byte 64.
    fn file(sections: &[[u32; 6]]) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 8, 0];
        for word in [1, 0, 0, 64, 0x7000_1005] {
            file.extend(u32::to_le_bytes(word));
        }
        for half in [52, 32, 0, 40, sections.len() as u16, 1] {
            file.extend(half.to_le_bytes());
        }
        file.extend(b"\0.text\0.ini\0");
        for section in sections {
            for word in section.iter().chain(&[0; 4]) {
                file.extend(word.to_le_bytes());
            }
        }
        file
    }

    #[test]
    fn code_by_address() {
        let (none, names) = ([0; 6], [0, 3, 0, 0, 52, 12]);
        let found = code_sections(&file(&[
            none,
            names,
            [1, 1, 6, 0x40_0100, 0, 8],
            [1, 1, 2, 0x40_0200, 0, 8],
            [7, 1, 6, 0x40_0000, 0, 4],
            [99, 1, 6, 0x40_0300, 0, u32::MAX],
            [1, 8, 6, 0x40_0400, 0, 8],
        ]));
        let section = |name: &str, at, bytes| Section { name: name.to_string(), at, bytes };
        let expected =
            [section(".ini", 0x40_0000, 4), section(".text", 0x40_0100, 8), section("", 0x40_0300, u32::MAX)];
        assert_eq!(found, expected);
        assert_eq!(code_sections(b"no ELF"), []);
    }
}
