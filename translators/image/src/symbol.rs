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
    let Some(Table { rows, strings, order }) = table(file) else { return Vec::new() };
    let mut symbols: Vec<Symbol> = rows.iter().filter_map(|row| symbol(row, strings, order)).collect();
    symbols.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    symbols
}

/// The function that holds the byte at `at`, or begins last before it and has no length. No other symbol is read, of
/// which a hostile file may have millions with long names.
pub fn function_at(file: &[u8], at: u32) -> Option<Symbol> {
    let Table { rows, strings, order } = table(file)?;
    let begin = |row: &Sym32<Endianness>| row.st_value(order) & !1;
    let is_section = |row: &Sym32<Endianness>| !matches!(row.st_shndx(order), elf::SHN_UNDEF | elf::SHN_ABS);
    let functions = rows.iter().filter(|row| row.st_type() == elf::STT_FUNC && is_section(row));
    let last = functions.filter(|row| begin(row) <= at).max_by_key(|row| begin(row))?;
    let holds = last.st_size(order) == 0 || at - begin(last) < last.st_size(order);
    symbol(last, strings, order).filter(|_| holds)
}

/// A symbol table and what its names are offsets into.
struct Table<'a> {
    rows: &'a [Sym32<Endianness>],
    strings: &'a [u8],
    order: Endianness,
}

/// Those of them that are functions.
pub fn functions(file: &[u8]) -> Vec<Symbol> {
    symbols(file).into_iter().filter(|symbol| symbol.kind == SymbolKind::Function).collect()
}

fn table(file: &[u8]) -> Option<Table<'_>> {
    let header = FileHeader32::<Endianness>::parse(file).ok()?;
    let order = header.endian().ok()?;
    let sections: &[SectionHeader32<Endianness>] = header.section_headers(order, file).ok()?;
    let of_type = |kind| sections.iter().find(|section| section.sh_type(order) == kind);
    let table = of_type(elf::SHT_SYMTAB).or_else(|| of_type(elf::SHT_DYNSYM))?;
    let strings = sections.get(table.sh_link(order) as usize)?.data(order, file).ok()?;
    Some(Table { rows: table.data_as_array(order, file).ok()?, strings, order })
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
