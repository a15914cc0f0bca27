//! [`Machine`]: the processor a file is for, with its usual name.

use core::fmt;
use object::elf;

/// The processor an ELF file is for (`e_machine`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine(pub u16);

impl Machine {
    /// MIPS, whatever its width and byte order.
    pub const MIPS: Machine = Machine(elf::EM_MIPS);

    /// The usual name, if it is one people meet.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|row| row.0 == self.0).map(|row| row.1)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "unknown (machine {})", self.0),
        }
    }
}

/// Machines that Linux distributions and firmware are built for.
const NAMES: &[(u16, &str)] = &[
    (elf::EM_NONE, "no machine"),
    (elf::EM_SPARC, "SPARC"),
    (elf::EM_386, "x86"),
    (elf::EM_68K, "m68k"),
    (elf::EM_MIPS, "MIPS"),
    (elf::EM_MIPS_RS3_LE, "MIPS RS3000"),
    (elf::EM_PARISC, "PA-RISC"),
    (elf::EM_PPC, "PowerPC"),
    (elf::EM_PPC64, "PowerPC 64"),
    (elf::EM_S390, "S/390"),
    (elf::EM_ARM, "ARM"),
    (elf::EM_SH, "SuperH"),
    (elf::EM_SPARCV9, "SPARC 64"),
    (elf::EM_IA_64, "Itanium"),
    (elf::EM_X86_64, "x86-64"),
    (elf::EM_AVR, "AVR"),
    (elf::EM_XTENSA, "Xtensa"),
    (elf::EM_OPENRISC, "OpenRISC"),
    (elf::EM_ALPHA, "Alpha"),
    (elf::EM_MICROBLAZE, "MicroBlaze"),
    (elf::EM_AARCH64, "AArch64"),
    (elf::EM_RISCV, "RISC-V"),
    (elf::EM_BPF, "BPF"),
    (elf::EM_LOONGARCH, "LoongArch"),
];
