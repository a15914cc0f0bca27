//! What MIPS adds to an ELF file: calling convention, instruction-set level, extensions, floating-point ABI.
//!
//! Values are those of `<elf.h>`: `EF_MIPS_*` in `e_flags`, and the record of `.MIPS.abiflags`, which says more.

use crate::image::Endian;
use core::fmt;

/// Single bits of `e_flags`, as readelf(1) names them.
const FLAG_NAMES: &[(u32, &str)] = &[
    (0x1, "noreorder"),
    (0x2, "pic"),
    (0x4, "cpic"),
    (0x8, "xgot"),
    (ABI2, "abi2"),
    (0x100, "32bitmode"),
    (FP64, "fp64"),
    (NAN2008, "nan2008"),
    (MICROMIPS, "micromips"),
    (MIPS16, "mips16"),
    (0x0800_0000, "mdmx"),
];

/// The names of the single-bit flags set in a MIPS file's `e_flags`.
pub fn flag_names(flags: u32) -> impl Iterator<Item = &'static str> {
    FLAG_NAMES.iter().filter(move |row| flags & row.0 != 0).map(|row| row.1)
}

/// EF_MIPS_ABI2: the n32 convention.
const ABI2: u32 = 0x20;
/// EF_MIPS_FP64: 64-bit registers before `.MIPS.abiflags` existed.
const FP64: u32 = 0x200;
/// EF_MIPS_NAN2008.
pub(crate) const NAN2008: u32 = 0x400;
/// EF_MIPS_ARCH_ASE_MICROMIPS.
const MICROMIPS: u32 = 0x0200_0000;
/// EF_MIPS_ARCH_ASE_M16.
const MIPS16: u32 = 0x0400_0000;

/// The calling convention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Abi {
    /// The 32-bit convention of Linux.
    O32,
    /// 64-bit registers, 32-bit pointers.
    N32,
    /// o32 on 64-bit registers.
    O64,
    /// Embedded ABI, 32-bit.
    Eabi32,
    /// Embedded ABI, 64-bit.
    Eabi64,
    /// A value of EF_MIPS_ABI nobody defined.
    Other(u32),
}

impl Abi {
    pub(crate) fn from_flags(flags: u32) -> Abi {
        if flags & ABI2 != 0 {
            return Abi::N32;
        }
        match flags & 0xf000 {
            // Linux takes "none" for o32 (arch/mips/include/asm/elf.h).
            0 | 0x1000 => Abi::O32,
            0x2000 => Abi::O64,
            0x3000 => Abi::Eabi32,
            0x4000 => Abi::Eabi64,
            other => Abi::Other(other),
        }
    }
}

impl fmt::Display for Abi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Abi::O32 => f.write_str("o32"),
            Abi::N32 => f.write_str("n32"),
            Abi::O64 => f.write_str("o64"),
            Abi::Eabi32 => f.write_str("eabi32"),
            Abi::Eabi64 => f.write_str("eabi64"),
            Abi::Other(value) => write!(f, "unknown ({value:#x})"),
        }
    }
}

/// Instruction-set level (1 to 5, 32, 64) and revision (0 below 32, else 1 to 6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IsaLevel {
    /// 1 to 5 for MIPS I to V, 32 or 64 after.
    pub level: u8,
    /// Release; 0 for MIPS I to V.
    pub revision: u8,
}

impl IsaLevel {
    pub(crate) fn from_flags(flags: u32) -> IsaLevel {
        const LEVELS: [(u8, u8); 11] =
            [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (32, 1), (64, 1), (32, 2), (64, 2), (32, 6), (64, 6)];
        let (level, revision) = LEVELS.get((flags >> 28) as usize).copied().unwrap_or((0, 0));
        IsaLevel { level, revision }
    }
}

impl fmt::Display for IsaLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ROMAN: [&str; 6] = ["?", "I", "II", "III", "IV", "V"];
        match (self.level, self.revision) {
            (level @ 0..=5, _) => write!(f, "MIPS {}", ROMAN[usize::from(level)]),
            (level, 0 | 1) => write!(f, "MIPS{level}"),
            (level, revision) => write!(f, "MIPS{level} Release {revision}"),
        }
    }
}

/// Application-specific extensions, as `.MIPS.abiflags` lists them (MIPS_AFL_ASE_*).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ases(pub u32);

impl Ases {
    /// MIPS16 or MIPS16e.
    pub const MIPS16: Ases = Ases(0x400);
    /// microMIPS.
    pub const MICROMIPS: Ases = Ases(0x800);

    /// Whether any of `other` is there.
    pub fn has(self, other: Ases) -> bool {
        self.0 & other.0 != 0
    }

    /// The names of those that are there.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [&str; 22] = [
            "DSP",
            "DSPr2",
            "EVA",
            "MCU",
            "MDMX",
            "MIPS-3D",
            "MT",
            "SmartMIPS",
            "VZ",
            "MSA",
            "MIPS16",
            "microMIPS",
            "XPA",
            "DSPr3",
            "MIPS16e2",
            "CRC",
            "reserved",
            "GINV",
            "Loongson-MMI",
            "Loongson-CAM",
            "Loongson-EXT",
            "Loongson-EXT2",
        ];
        NAMES.into_iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 != 0).map(|(_, name)| name)
    }

    pub(crate) fn from_flags(flags: u32) -> Ases {
        let micromips = if flags & MICROMIPS != 0 { Ases::MICROMIPS.0 } else { 0 };
        let mips16 = if flags & MIPS16 != 0 { Ases::MIPS16.0 } else { 0 };
        Ases(micromips | mips16)
    }
}

/// The floating-point ABI (Val_GNU_MIPS_ABI_FP_*): which register model a program expects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FpAbi {
    /// It does not care.
    Any,
    /// Doubles in pairs of 32-bit registers: FR=0.
    Double,
    /// Single precision only: FR=0.
    Single,
    /// No floating-point instructions.
    Soft,
    /// 64-bit registers, the old way: FR=1.
    Old64,
    /// Works with FR=0 and FR=1.
    Xx,
    /// 64-bit registers: FR=1.
    Fp64,
    /// 64-bit registers, odd singles unused: FR=1.
    Fp64A,
    /// A value nobody defined.
    Other(u8),
}

impl FpAbi {
    /// Whether it must run with 64-bit registers (Status.FR=1); every other one runs with FR=0.
    pub fn needs_fr1(self) -> bool {
        matches!(self, FpAbi::Old64 | FpAbi::Fp64 | FpAbi::Fp64A)
    }

    fn from_record(value: u8) -> FpAbi {
        const KNOWN: [FpAbi; 8] =
            [FpAbi::Any, FpAbi::Double, FpAbi::Single, FpAbi::Soft, FpAbi::Old64, FpAbi::Xx, FpAbi::Fp64, FpAbi::Fp64A];
        KNOWN.get(usize::from(value)).copied().unwrap_or(FpAbi::Other(value))
    }

    /// What a program without `.MIPS.abiflags` expects, as Linux has it (arch/mips/kernel/elf.c).
    pub(crate) fn from_flags(flags: u32) -> FpAbi {
        if flags & FP64 != 0 { FpAbi::Old64 } else { FpAbi::Double }
    }
}

impl fmt::Display for FpAbi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FpAbi::Any => "any",
            FpAbi::Double => "hard float, 32-bit registers (FR=0)",
            FpAbi::Single => "hard float, single precision",
            FpAbi::Soft => "soft float",
            FpAbi::Old64 => "hard float, 64-bit registers, old (FR=1)",
            FpAbi::Xx => "hard float, either register model (FPXX)",
            FpAbi::Fp64 => "hard float, 64-bit registers (FR=1)",
            FpAbi::Fp64A => "hard float, 64-bit registers, no odd singles (FR=1)",
            FpAbi::Other(value) => return write!(f, "unknown ({value})"),
        })
    }
}

/// The `.MIPS.abiflags` record, version 0 (`Elf_MIPS_ABIFlags_v0`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AbiFlags {
    /// Instruction-set level and revision.
    pub isa: IsaLevel,
    /// Bits of a general register: 0, 32, 64 or 128.
    pub gpr_bits: u16,
    /// Bits of a floating-point register: 0, 32, 64 or 128.
    pub fpr_bits: u16,
    /// Floating-point ABI.
    pub fp: FpAbi,
    /// Vendor extension (MIPS_AFL_EXT_*); 0 for none.
    pub extension: u32,
    /// Application-specific extensions.
    pub ases: Ases,
    /// Whether odd single-precision registers are used.
    pub uses_odd_singles: bool,
}

impl AbiFlags {
    /// Length of the record in bytes.
    pub(crate) const BYTES: usize = 24;

    /// Reads the record; `None` if its version is not 0 or it is too short.
    pub(crate) fn parse(record: &[u8], endian: Endian) -> Option<AbiFlags> {
        let record: &[u8; AbiFlags::BYTES] = record.get(..AbiFlags::BYTES)?.try_into().ok()?;
        let word_at = |at: usize| endian.word([record[at], record[at + 1], record[at + 2], record[at + 3]]);
        // The version is a half word; zero is the same in both byte orders.
        if record[..2] != [0, 0] {
            return None;
        }
        let bits = |size: u8| match size {
            1 => 32,
            2 => 64,
            3 => 128,
            _ => 0,
        };
        Some(AbiFlags {
            isa: IsaLevel { level: record[2], revision: record[3] },
            gpr_bits: bits(record[4]),
            fpr_bits: bits(record[5]),
            fp: FpAbi::from_record(record[7]),
            extension: word_at(8),
            ases: Ases(word_at(12)),
            uses_odd_singles: word_at(16) & 1 != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_record_in_both_orders() {
        // What mips-linux-gnu-gcc -mfpxx writes.
        let big = [0, 0, 32, 2, 1, 1, 0, 5, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        let record = AbiFlags::parse(&big, Endian::Big).expect("a record");
        assert_eq!((record.fp, record.gpr_bits, record.uses_odd_singles), (FpAbi::Xx, 32, true));
        assert!(record.ases.names().eq(["MIPS16"]));
        let mut little = big;
        for at in [8, 12, 16, 20] {
            little[at..at + 4].reverse();
        }
        assert_eq!(AbiFlags::parse(&little, Endian::Little), Some(record));
        assert_eq!(AbiFlags::parse(&little[..23], Endian::Little), None);
    }

    #[test]
    fn names_are_those_of_the_manuals() {
        extern crate std;
        use std::string::ToString;
        assert_eq!(IsaLevel::from_flags(0x7000_1007).to_string(), "MIPS32 Release 2");
        assert_eq!(IsaLevel::from_flags(0x2000_0000).to_string(), "MIPS III");
        assert!(flag_names(0x7000_1007).eq(["noreorder", "pic", "cpic"]));
        assert_eq!(Abi::from_flags(0x20), Abi::N32);
    }
}
