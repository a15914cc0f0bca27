//! [`Symbol`]: a name for an address, read only when asked for.

use alloc::string::String;
use alloc::vec::Vec;
use object::Endianness;
use object::elf::{self, FileHeader32, SectionHeader32, Sym32};
use object::read::elf::{FileHeader as _, SectionHeader as _, Sym as _};

/// In `st_other` of a function of MIPS16 code.
const STO_MIPS16: u8 = 0xf0;

/// Longest symbol name that is read, in bytes; C++ names reach some thousands.
const NAME_BYTES_MAX: usize = 4096;

/// What a symbol names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolKind {
    /// A function.
    Function,
    /// Data.
    Object,
    /// An address without a type, such as an assembler label.
    Label,
}

/// A name for an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// Its name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// Guest address; bit 0 is the ISA mode of a function.
    pub at: u32,
    /// Length in bytes; 0 if the file does not say.
    pub bytes: u32,
    /// What it names.
    pub kind: SymbolKind,
}

/// The symbols defined in an ELF file, by address: its symbol table, or the dynamic one if it was stripped. A file
/// that does not parse has none.
pub fn symbols(file: &[u8]) -> Vec<Symbol> {
    let Ok(header) = FileHeader32::<Endianness>::parse(file) else { return Vec::new() };
    let Ok(order) = header.endian() else { return Vec::new() };
    let sections = header.section_headers(order, file).unwrap_or_default();
    let of_type = |kind| sections.iter().find(|section| section.sh_type(order) == kind);
    let Some(table) = of_type(elf::SHT_SYMTAB).or_else(|| of_type(elf::SHT_DYNSYM)) else { return Vec::new() };
    let mut symbols = read_table(file, sections, table, order).unwrap_or_default();
    symbols.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    symbols
}

type Section = SectionHeader32<Endianness>;

/// Those of them that are functions.
pub fn functions(file: &[u8]) -> Vec<Symbol> {
    symbols(file).into_iter().filter(|symbol| symbol.kind == SymbolKind::Function).collect()
}

fn read_table(file: &[u8], sections: &[Section], table: &Section, order: Endianness) -> Option<Vec<Symbol>> {
    let strings = sections.get(table.sh_link(order) as usize)?.data(order, file).ok()?;
    let rows: &[Sym32<Endianness>] = table.data_as_array(order, file).ok()?;
    Some(rows.iter().filter_map(|row| symbol(row, strings, order)).collect())
}

fn symbol(row: &Sym32<Endianness>, strings: &[u8], order: Endianness) -> Option<Symbol> {
    let kind = match row.st_type() {
        elf::STT_FUNC => SymbolKind::Function,
        elf::STT_OBJECT => SymbolKind::Object,
        elf::STT_NOTYPE => SymbolKind::Label,
        _ => return None,
    };
    let section = row.st_shndx(order);
    if section == elf::SHN_UNDEF || section == elf::SHN_ABS {
        return None;
    }
    let rest = strings.get(row.st_name(order) as usize..)?;
    let rest = &rest[..rest.len().min(NAME_BYTES_MAX)];
    let name = &rest[..rest.iter().position(|byte| *byte == 0)?];
    if name.is_empty() {
        return None;
    }
    let name = String::from_utf8_lossy(name).into_owned();
    // A linked program's symbol table says it beside the address, the dynamic one with it.
    let is_mips16 = kind == SymbolKind::Function && row.st_other() & STO_MIPS16 == STO_MIPS16;
    Some(Symbol { name, at: row.st_value(order) | u32::from(is_mips16), bytes: row.st_size(order), kind })
}
