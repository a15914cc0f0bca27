//! What a block starts from and what it leaves: all registers and a data area, as they lie in the program's data.

use super::mode::Mode;
use super::random::Random;
use super::value;
use mips::Gpr;

/// Bytes of a record: the data area, then the registers. Offsets below are from the area's middle, where the base
/// register points.
pub(crate) const BYTES: usize = AREA + 4 * WORDS;
/// Bytes of the data area that the block's loads and stores reach.
pub(crate) const AREA: usize = 256;
/// Offset of the general registers.
pub(crate) const GPR: i32 = (AREA / 2) as i32;
/// Offset of HI.
pub(crate) const HI: i32 = GPR + 4 * 32;
/// Offset of LO.
pub(crate) const LO: i32 = HI + 4;
/// Offset of FCSR, or of the condition codes as FCCR shows them.
pub(crate) const FCSR: i32 = LO + 4;
/// Offset of the floating-point registers.
pub(crate) const FPR: i32 = FCSR + 8;

/// General registers, HI, LO, FCSR, padding, 64 words of floating-point registers.
const WORDS: usize = 32 + 4 + 64;
const FCSR_WORD: usize = 34;
const FPR_WORD: usize = 36;

/// One record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    area: [u8; AREA],
    /// As registers hold them; of 64-bit floating-point registers the low word first.
    words: [u32; WORDS],
}

/// What CTC1 may put into FCSR without raising anything: condition codes, FS, flags, rounding mode.
pub(crate) const FCSR_SAFE: u32 = 0xff80_007f;

impl Record {
    /// A random one.
    pub(crate) fn random(random: &mut Random, mode: Mode) -> Record {
        let mut record = Record { area: [0; AREA], words: [0; WORDS] };
        for chunk in record.area.chunks_exact_mut(8) {
            chunk.copy_from_slice(&value::pair(random).to_le_bytes());
        }
        record.words[1..FCSR_WORD].fill_with(|| value::word(random));
        record.words[FCSR_WORD] = if mode.exact { random.word() & FCSR_SAFE } else { random.word() & 0xff };
        for pair in record.words[FPR_WORD..].chunks_exact_mut(2) {
            let bits = value::pair(random);
            (pair[0], pair[1]) = (bits as u32, (bits >> 32) as u32);
        }
        record
    }

    /// As it lies in the guest's data.
    pub(crate) fn bytes(&self, mode: Mode) -> Vec<u8> {
        let mut bytes = self.area.to_vec();
        self.in_order(mode).for_each(|word| bytes.extend(mode.bytes(word)));
        bytes
    }

    /// The inverse of [`Record::bytes`]; `bytes` has [`BYTES`].
    pub(crate) fn parse(bytes: &[u8], mode: Mode) -> Record {
        let mut record = Record { area: [0; AREA], words: [0; WORDS] };
        record.area.copy_from_slice(&bytes[..AREA]);
        for (at, word) in bytes[AREA..].chunks_exact(4).enumerate() {
            record.words[place(at, mode)] = mode.word([word[0], word[1], word[2], word[3]]);
        }
        record
    }

    fn in_order(&self, mode: Mode) -> impl Iterator<Item = u32> {
        (0..WORDS).map(move |at| self.words[place(at, mode)])
    }

    /// Names and values, in order, of everything that differs from `other`.
    pub(crate) fn differences(&self, other: &Record, mode: Mode) -> Vec<(String, u32, u32)> {
        let words = (0..WORDS).map(|at| (name(at, mode), self.words[at], other.words[at]));
        let chunk = |area: &[u8; AREA], at: usize| mode.word([area[at], area[at + 1], area[at + 2], area[at + 3]]);
        let area = (0..AREA).step_by(4).map(|at| {
            let offset = at as i32 - GPR;
            (format!("{offset}({})", Gpr::new(super::asm::BASE)), chunk(&self.area, at), chunk(&other.area, at))
        });
        words.chain(area).filter(|(_, a, b)| a != b).collect()
    }

    /// All registers, for a reader.
    pub(crate) fn listing(&self, mode: Mode) -> String {
        let mut text = String::new();
        for at in (1..FCSR_WORD + 1).chain(FPR_WORD..WORDS) {
            let is_there = at < FPR_WORD + 32 || mode.fr;
            if is_there {
                text += &format!("{:>7} {:08x}", name(at, mode), self.words[at]);
                text += if at % 8 == 7 { "\n" } else { "" };
            }
        }
        text + "\n"
    }
}

/// Where the record's `at`th word belongs: a big-endian doubleword has its high word first.
fn place(at: usize, mode: Mode) -> usize {
    if at >= FPR_WORD && mode.fr && mode.big { at ^ 1 } else { at }
}

fn name(at: usize, mode: Mode) -> String {
    match at {
        0..32 => Gpr::new(at as u32).to_string(),
        32 => "hi".into(),
        33 => "lo".into(),
        FCSR_WORD => (if mode.exact { "fcsr" } else { "fccr" }).into(),
        35 => "-".into(),
        _ if mode.fr => format!("f{}.{}", (at - FPR_WORD) / 2, if at.is_multiple_of(2) { "low" } else { "hi" }),
        _ => format!("f{}", at - FPR_WORD),
    }
}
