//! ELF headers to [`Image`]: the only file that reads the format. Work is bounded by the file's length.

use crate::error::ImageError;
use crate::image::{Endian, Image, Kind, Segment};
use crate::machine::Machine;
use crate::mips::{self, Abi, AbiFlags, Ases, FpAbi, IsaLevel};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use object::Endianness;
use object::elf::{self, Dyn32, FileHeader32, ProgramHeader32};
use object::read::ReadRef;
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _, SectionHeader as _};

/// Most program headers Linux accepts: 64 KiB of them (fs/binfmt_elf.c, `load_elf_phdrs`).
pub(crate) const PROGRAM_HEADERS_MAX: u64 = 65536 / PROGRAM_HEADER_BYTES;
/// Size of an ELF32 program header in bytes.
const PROGRAM_HEADER_BYTES: u64 = 32;
/// Longest path Linux accepts, its NUL included (PATH_MAX).
const PATH_BYTES_MAX: usize = 4096;
/// Most libraries a program is believed to need.
const NEEDED_MAX: usize = 1024;

type Header = FileHeader32<Endianness>;
type Phdr = ProgramHeader32<Endianness>;

/// Reads an executable.
pub(crate) fn parse<'a>(file: impl ReadRef<'a>) -> Result<Image, ImageError> {
    check_magic(file)?;
    let header = read_header(file)?;
    let order = if header.is_big_endian() { Endianness::Big } else { Endianness::Little };
    let endian = if header.is_big_endian() { Endian::Big } else { Endian::Little };
    let phdrs = program_headers(file, header, order)?;
    let segments = segments(file, phdrs, order)?;
    let machine = Machine(header.e_machine(order));
    let flags = header.e_flags(order);
    let abi_flags = part(file, phdrs, order, elf::PT_MIPS_ABIFLAGS)
        .filter(|_| machine == Machine::MIPS)
        .and_then(|bytes| AbiFlags::parse(bytes, endian));
    let stack = phdrs.iter().find(|phdr| phdr.p_type(order) == elf::PT_GNU_STACK);
    let mut image = Image {
        endian,
        machine,
        kind: kind(header.e_type(order)),
        entry: header.e_entry(order),
        phdr_at: loaded_at(&segments, u64::from(header.e_phoff(order)), phdrs.len() as u64 * PROGRAM_HEADER_BYTES),
        segments,
        phdr_count: phdrs.len() as u32,
        phdr_entry_bytes: PROGRAM_HEADER_BYTES as u32,
        interpreter: interpreter(file, phdrs, order)?,
        needed: Vec::new(),
        is_dynamic: phdrs.iter().any(|phdr| phdr.p_type(order) == elf::PT_DYNAMIC),
        flags,
        abi: Abi::from_flags(flags),
        isa: abi_flags.map_or(IsaLevel::from_flags(flags), |record| record.isa),
        ases: Ases(Ases::from_flags(flags).0 | abi_flags.map_or(0, |record| record.ases.0)),
        fp: abi_flags.map_or(FpAbi::from_flags(flags), |record| record.fp),
        nan2008: flags & mips::NAN2008 != 0,
        abi_flags,
        stack_is_executable: stack.is_none_or(|phdr| phdr.p_flags(order) & elf::PF_X != 0),
        has_symbols: has_symbols(file, header, order),
    };
    image.needed = needed(file, phdrs, order, &image);
    Ok(image)
}

/// Formats people mistake for programs: first bytes, name.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"MZ", "a Windows or DOS program (PE)"),
    (b"\xfe\xed\xfa\xce", "a macOS program (Mach-O)"),
    (b"\xfe\xed\xfa\xcf", "a macOS program (Mach-O)"),
    (b"\xce\xfa\xed\xfe", "a macOS program (Mach-O)"),
    (b"\xcf\xfa\xed\xfe", "a macOS program (Mach-O)"),
    (b"\xca\xfe\xba\xbe", "a Java class or macOS program"),
    (b"\0asm", "a WebAssembly module"),
    (b"!<arch>\n", "an archive (a library or Debian package)"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"BZh", "a bzip2 file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"PK\x03\x04", "a zip file"),
    (b"\x27\x05\x19\x56", "a U-Boot image"),
    (b"hsqs", "a SquashFS file system"),
];

fn check_magic<'a>(file: impl ReadRef<'a>) -> Result<(), ImageError> {
    let head = head(file);
    if head.is_empty() {
        return Err(ImageError::Empty);
    }
    if head.starts_with(&elf::ELFMAG) {
        return Ok(());
    }
    if let Some(rest) = head.strip_prefix(b"#!") {
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        return Err(ImageError::Script(line.trim().escape_debug().to_string()));
    }
    match FOREIGN.iter().find(|row| head.starts_with(row.0)) {
        Some(row) => Err(ImageError::Foreign(row.1)),
        None if elf::ELFMAG.starts_with(head) => Err(truncated("the ELF header", 52, file)),
        None => Err(ImageError::NotElf),
    }
}

/// The first bytes: as many as Linux reads of a script's first line (BINPRM_BUF_SIZE).
fn head<'a>(file: impl ReadRef<'a>) -> &'a [u8] {
    file.read_bytes_at(0, length(file).min(256)).unwrap_or_default()
}

fn length<'a>(file: impl ReadRef<'a>) -> u64 {
    file.len().unwrap_or(0)
}

fn read_header<'a>(file: impl ReadRef<'a>) -> Result<&'a Header, ImageError> {
    let head = head(file);
    let ident = |at: usize| head.get(at).copied();
    let (Some(class), Some(data), Some(version)) = (ident(4), ident(5), ident(6)) else {
        return Err(truncated("the ELF header", 52, file));
    };
    let bad = |what, value: u8| ImageError::BadHeader { what, value: u64::from(value) };
    if data != elf::ELFDATA2LSB && data != elf::ELFDATA2MSB {
        return Err(bad("the byte order", data));
    }
    match class {
        elf::ELFCLASS32 => {}
        elf::ELFCLASS64 => {
            // e_machine stands at the same place in both classes.
            let pair = [ident(18).unwrap_or(0), ident(19).unwrap_or(0)];
            let machine = if data == elf::ELFDATA2MSB { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
            return Err(ImageError::Class64(Machine(machine)));
        }
        other => return Err(bad("the class", other)),
    }
    if version != elf::EV_CURRENT {
        return Err(bad("the version", version));
    }
    Header::parse(file).map_err(|_| truncated("the ELF header", 52, file))
}

fn program_headers<'a>(file: impl ReadRef<'a>, header: &Header, order: Endianness) -> Result<&'a [Phdr], ImageError> {
    if header.e_phnum(order) == 0 || header.e_phoff(order) == 0 {
        return Ok(&[]);
    }
    let bytes = u64::from(header.e_phentsize(order));
    if bytes != PROGRAM_HEADER_BYTES {
        return Err(ImageError::BadHeader { what: "the size of a program header", value: bytes });
    }
    // PN_XNUM (0xffff) would hide a larger count; Linux knows no such thing either.
    let count = u64::from(header.e_phnum(order));
    if count > PROGRAM_HEADERS_MAX {
        return Err(ImageError::TooManyHeaders(count));
    }
    let end = u64::from(header.e_phoff(order)) + count * PROGRAM_HEADER_BYTES;
    header.program_headers(order, file).map_err(|_| truncated("the table of program headers", end, file))
}

fn segments<'a>(file: impl ReadRef<'a>, phdrs: &[Phdr], order: Endianness) -> Result<Vec<Segment>, ImageError> {
    let mut segments = Vec::new();
    for (index, phdr) in phdrs.iter().enumerate() {
        if phdr.p_type(order) != elf::PT_LOAD {
            continue;
        }
        let (at, memory_bytes) = (phdr.p_vaddr(order), phdr.p_memsz(order));
        let (file_offset, file_bytes) = (phdr.p_offset(order), phdr.p_filesz(order));
        if file_bytes > memory_bytes {
            return Err(ImageError::FileExceedsMemory { index, file_bytes, memory_bytes });
        }
        if u64::from(at) + u64::from(memory_bytes) > u64::from(Image::USER_END) {
            return Err(ImageError::OutsideUser { index, at, memory_bytes });
        }
        let end = u64::from(file_offset) + u64::from(file_bytes);
        if file_bytes != 0 && end > length(file) {
            return Err(truncated("a segment", end, file));
        }
        if memory_bytes == 0 {
            continue;
        }
        let flags = phdr.p_flags(order);
        let may = |flag| flags & flag != 0;
        let (read, write, exec) = (may(elf::PF_R), may(elf::PF_W), may(elf::PF_X));
        segments.push(Segment { at, memory_bytes, file_offset, file_bytes, read, write, exec });
    }
    segments.sort_by_key(|segment| segment.at);
    match segments.windows(2).find(|pair| pair[0].end() > pair[1].at) {
        Some(pair) => Err(ImageError::Overlap { at: pair[1].at }),
        None => Ok(segments),
    }
}

/// The guest address of a range of the file, if one segment loads all of it.
fn loaded_at(segments: &[Segment], offset: u64, bytes: u64) -> Option<u32> {
    let holds = |segment: &&Segment| {
        let from = u64::from(segment.file_offset);
        bytes != 0 && offset >= from && offset + bytes <= from + u64::from(segment.file_bytes)
    };
    segments.iter().find(holds).map(|segment| segment.at + (offset as u32 - segment.file_offset))
}

/// The file bytes of the first program header of that type, if they exist.
fn part<'a>(file: impl ReadRef<'a>, phdrs: &[Phdr], order: Endianness, kind: u32) -> Option<&'a [u8]> {
    phdrs.iter().find(|phdr| phdr.p_type(order) == kind)?.data(order, file).ok()
}

fn interpreter<'a>(file: impl ReadRef<'a>, phdrs: &[Phdr], order: Endianness) -> Result<Option<String>, ImageError> {
    if !phdrs.iter().any(|phdr| phdr.p_type(order) == elf::PT_INTERP) {
        return Ok(None);
    }
    let bytes = part(file, phdrs, order, elf::PT_INTERP).ok_or(ImageError::BadInterpreter)?;
    string(bytes).map(Some).ok_or(ImageError::BadInterpreter)
}

/// The names in DT_NEEDED; what is damaged is left out, because only the guest's own linker can say more.
fn needed<'a>(file: impl ReadRef<'a>, phdrs: &[Phdr], order: Endianness, image: &Image) -> Vec<String> {
    let phdr = phdrs.iter().find(|phdr| phdr.p_type(order) == elf::PT_DYNAMIC);
    let Some(entries) = phdr.and_then(|phdr| phdr.dynamic(order, file).ok().flatten()) else { return Vec::new() };
    let tag = |entry: &&Dyn32<Endianness>| i64::from(entry.d_tag(order));
    let entries = || entries.iter().take_while(|entry| tag(entry) != elf::DT_NULL);
    let Some(table) = entries().find(|entry| tag(entry) == elf::DT_STRTAB) else { return Vec::new() };
    let strings_at = table.d_val(order);
    let name = |offset: u32| {
        let (from, bytes) = image.file_range(strings_at.checked_add(offset)?, PATH_BYTES_MAX as u32)?;
        string(file.read_bytes_at(from, bytes).ok()?)
    };
    let names = entries().filter(|entry| tag(entry) == elf::DT_NEEDED);
    names.take(NEEDED_MAX).filter_map(|entry| name(entry.d_val(order))).collect()
}

/// A NUL-terminated, non-empty UTF-8 string at the start of `bytes`.
fn string(bytes: &[u8]) -> Option<String> {
    let bytes = &bytes[..bytes.len().min(PATH_BYTES_MAX)];
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let text = core::str::from_utf8(&bytes[..end]).ok()?;
    (!text.is_empty()).then(|| text.to_string())
}

fn has_symbols<'a>(file: impl ReadRef<'a>, header: &Header, order: Endianness) -> bool {
    let sections = header.section_headers(order, file).unwrap_or_default();
    sections.iter().any(|section| section.sh_type(order) == elf::SHT_SYMTAB)
}

fn kind(value: u16) -> Kind {
    match value {
        elf::ET_REL => Kind::Relocatable,
        elf::ET_EXEC => Kind::Exec,
        elf::ET_DYN => Kind::Dyn,
        elf::ET_CORE => Kind::Core,
        other => Kind::Other(other),
    }
}

fn truncated<'a>(what: &'static str, needed: u64, file: impl ReadRef<'a>) -> ImageError {
    ImageError::Truncated { what, needed, present: length(file) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Why, can_run};
    use alloc::vec;

    /// A little-endian o32 program: header, `phdrs` (type, offset, address, file bytes, memory bytes), 64 bytes of rest.
    fn program(phdrs: &[[u32; 5]]) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 8, 0];
        for word in [1, 0x40_0040, 52, 0, 0x7000_1005] {
            file.extend(u32::to_le_bytes(word));
        }
        for half in [52, 32, phdrs.len() as u16, 40, 0, 0] {
            file.extend(half.to_le_bytes());
        }
        for [kind, offset, at, file_bytes, memory_bytes] in phdrs {
            for word in [*kind, *offset, *at, *at, *file_bytes, *memory_bytes, 5, 0x1000] {
                file.extend(word.to_le_bytes());
            }
        }
        file.resize(file.len() + 64, 0);
        file
    }

    #[test]
    fn describes_a_program() {
        let image =
            parse(&*program(&[[1, 0, 0x40_0000, 120, 200], [1, 0, 0x30_0000, 1, 0x2000]])).expect("well formed");
        assert_eq!(image.segments[0].at, 0x30_0000);
        assert_eq!(image.phdr_at, Some(0x40_0034));
        assert_eq!((image.isa.level, image.isa.revision), (32, 2));
        assert_eq!((image.fp, image.stack_is_executable), (FpAbi::Double, true));
        assert_eq!(can_run(&image), Ok(()));
        // MIPS16e code.
        assert_eq!(can_run(&Image { entry: 0x40_0041, ..image.clone() }), Ok(()));
        assert_eq!(can_run(&Image { entry: 0x50_0000, ..image.clone() }), Err(Why::EntryNowhere(0x50_0000)));
        assert_eq!(can_run(&Image { machine: Machine(62), ..image }), Err(Why::Machine(Machine(62))));
    }

    #[test]
    fn refuses_lies() {
        let refusal = |phdrs: &[[u32; 5]]| parse(&*program(phdrs)).expect_err("a lie");
        let lie = refusal(&[[1, 0, 0x40_0000, 200, 100]]);
        assert_eq!(lie, ImageError::FileExceedsMemory { index: 0, file_bytes: 200, memory_bytes: 100 });
        let lie = refusal(&[[1, 0, 0xffff_f000, 0, 0x2000]]);
        assert_eq!(lie, ImageError::OutsideUser { index: 0, at: 0xffff_f000, memory_bytes: 0x2000 });
        let lie = refusal(&[[1, 0, 0x40_0000, 0, 0x2000], [1, 0, 0x40_1000, 0, 1]]);
        assert_eq!(lie, ImageError::Overlap { at: 0x40_1000 });
        assert!(matches!(refusal(&[[1, 0xffff_fff0, 0, 100, 100]]), ImageError::Truncated { .. }));
        assert_eq!(refusal(&[[3, 0, 0, 0, 0]]), ImageError::BadInterpreter);
    }

    #[test]
    fn every_truncation_is_refused_or_smaller() {
        let file = program(&[[1, 0, 0x40_0000, 120, 200]]);
        for length in 0..file.len() {
            // The last 64 bytes are in the segment up to byte 120.
            assert_eq!(parse(&file[..length]).is_ok(), length >= 120, "{length} bytes");
        }
    }

    #[test]
    fn names_what_is_no_program() {
        assert_eq!(parse(&b""[..]), Err(ImageError::Empty));
        assert_eq!(parse(&b"#!/bin/sh -e\nexit"[..]), Err(ImageError::Script("/bin/sh -e".to_string())));
        assert_eq!(parse(&b"MZ\x90"[..]), Err(ImageError::Foreign("a Windows or DOS program (PE)")));
        assert_eq!(parse(&b"hello"[..]), Err(ImageError::NotElf));
        let mut file = program(&[]);
        file[4] = 2;
        assert_eq!(parse(&*file), Err(ImageError::Class64(Machine::MIPS)));
    }
}
