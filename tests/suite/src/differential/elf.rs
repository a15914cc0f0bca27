//! A static ELF32 MIPS executable in a few bytes: code, data, and the floating-point ABI it asks for.

use super::mode::Mode;

/// Where code begins; the file's headers lie below it, in the same segment.
pub(crate) const TEXT_AT: u32 = 0x0040_0000 + HEADERS;
/// Where data begins.
pub(crate) const DATA_AT: u32 = 0x1000_0000;

const HEADERS: u32 = 0x100;
const PAGE: usize = 0x1000;
const FILE_HEADER: usize = 52;
const PROGRAM_HEADER: usize = 32;

/// o32 for MIPS32 Release 2 (EF_MIPS_ABI_O32, EF_MIPS_ARCH_32R2), EF_MIPS_FP64, EF_MIPS_NAN2008.
const FLAGS: u32 = 0x7000_1000;
const FLAG_FP64: u32 = 0x200;
const FLAG_NAN2008: u32 = 0x400;

/// Val_GNU_MIPS_ABI_FP_DOUBLE and Val_GNU_MIPS_ABI_FP_64.
const FP_DOUBLE: u8 = 1;
const FP_64: u8 = 6;

struct Writer {
    mode: Mode,
    bytes: Vec<u8>,
}

impl Writer {
    fn words(&mut self, words: &[u32]) {
        words.iter().for_each(|word| self.bytes.extend(self.mode.bytes(*word)));
    }
    fn halves(&mut self, halves: &[u16]) {
        for half in halves {
            self.bytes.extend(if self.mode.big { half.to_be_bytes() } else { half.to_le_bytes() });
        }
    }
}

/// An executable that starts at the first word of `text`.
pub(crate) fn executable(mode: Mode, text: &[u32], data: &[u8]) -> Vec<u8> {
    let mut out = Writer { mode, bytes: Vec::new() };
    let data_class = if mode.big { 2 } else { 1 };
    out.bytes.extend([0x7f, b'E', b'L', b'F', 1, data_class, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // ET_EXEC, EM_MIPS.
    out.halves(&[2, 8]);
    let flags = FLAGS | if mode.fr { FLAG_FP64 } else { 0 } | if mode.nan2008 { FLAG_NAN2008 } else { 0 };
    out.words(&[1, TEXT_AT, FILE_HEADER as u32, 0, flags]);
    out.halves(&[FILE_HEADER as u16, PROGRAM_HEADER as u16, 3, 40, 0, 0]);

    let abiflags_at = FILE_HEADER + 3 * PROGRAM_HEADER;
    let text_bytes = HEADERS + 4 * text.len() as u32;
    let data_offset = (text_bytes as usize).next_multiple_of(PAGE);
    let (data_bytes, page) = (data.len() as u32, PAGE as u32);
    // PT_MIPS_ABIFLAGS, then two PT_LOAD: read and execute, read and write.
    let abiflags = TEXT_AT - HEADERS + abiflags_at as u32;
    out.words(&[0x7000_0003, abiflags_at as u32, abiflags, abiflags, 24, 24, 4, 8]);
    out.words(&[1, 0, TEXT_AT - HEADERS, TEXT_AT - HEADERS, text_bytes, text_bytes, 5, page]);
    out.words(&[1, data_offset as u32, DATA_AT, DATA_AT, data_bytes, data_bytes, 6, page]);
    // Version 0; MIPS32 Release 2; 32-bit general registers; floating-point registers' size; no coprocessor 2.
    out.halves(&[0]);
    let (register_bits, fp_abi) = if mode.fr { (2, FP_64) } else { (1, FP_DOUBLE) };
    out.bytes.extend([32, 2, 1, register_bits, 0, fp_abi]);
    out.words(&[0, 0, 0, 0]);

    out.bytes.resize(HEADERS as usize, 0);
    out.words(text);
    out.bytes.resize(data_offset, 0);
    out.bytes.extend(data);
    out.bytes
}
