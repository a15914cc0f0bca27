//! [`Record`]: a module of some run, with all that it takes for granted.

use crate::digest::{Digest, Digester};
use crate::wire::{Reader, Writer};
use mips::reading::emit::Options;
use mips::state::FpuMode;
use mips::translate::{Sites, Unit, merge};

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// What drives translated code.
    Driver,
    /// A program's code.
    Code,
}

impl Kind {
    pub(crate) fn write(self, to: &mut Writer) {
        to.byte(match self {
            Kind::Driver => 0,
            Kind::Code => 1,
        });
    }
    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Kind> {
        Some(match from.byte()? {
            0 => Kind::Driver,
            1 => Kind::Code,
            _ => return None,
        })
    }
}

/// A compiled module.
#[derive(Clone, Debug)]
pub struct Record {
    /// What it is.
    pub kind: Kind,
    /// What its code may take for granted.
    pub options: Options,
    /// The address for whose sake it was made.
    pub root: u32,
    /// Its functions.
    pub units: Vec<Unit>,
    /// The guest code that they were made of, by [`Record::digest`].
    pub code: Digest,
    /// What the engine made of it.
    pub artifact: Vec<u8>,
}

impl Record {
    /// The guest code of `units` as `read` fills it in at an address; `None` if it cannot read all of it.
    pub fn digest(units: &[Unit], mut read: impl FnMut(u32, &mut [u8]) -> bool) -> Option<Digest> {
        let mut ranges: Vec<(u32, u32)> = units.iter().flat_map(|unit| &unit.ranges).copied().collect();
        // What functions share, or lies side by side, is read once.
        merge(&mut ranges);
        let mut digester = Digester::new();
        let mut piece = vec![0; PIECE_BYTES as usize];
        for (from, to) in ranges {
            digester.add(&[from.to_le_bytes(), to.to_le_bytes()].concat());
            for at in (from..to).step_by(PIECE_BYTES as usize) {
                let piece = &mut piece[..PIECE_BYTES.min(to - at) as usize];
                if !read(at, piece) {
                    return None;
                }
                digester.add(piece);
            }
        }
        Some(digester.finish())
    }

    /// Where its code may be entered.
    pub(crate) fn entries(&self) -> impl Iterator<Item = u32> {
        self.units.iter().flat_map(|unit| unit.entries.iter().copied())
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.raw(&self.code.0);
        let pair = |to: &mut Writer, (first, second): &(u32, u32)| {
            to.word(*first);
            to.word(*second);
        };
        to.list(&self.units, |to, unit| {
            to.list(&unit.entries, |to, entry| to.word(*entry));
            to.bytes(unit.sites.bytes());
            to.list(&unit.ranges, pair);
            to.word(unit.blocks);
            to.word(unit.instructions);
            to.list(&unit.open_calls, |to, site| to.word(*site));
            to.list(&unit.calls, pair);
        });
        to.bytes(&self.artifact);
        to.finish()
    }

    /// What a bundle holds of a record; `None` if it cannot be one.
    pub fn decode(kind: Kind, options: Options, root: u32, bytes: &[u8]) -> Option<Record> {
        let mut from = Reader::new(bytes);
        let code = Digest(from.array()?);
        let pair = |from: &mut Reader<'_>| Some((from.word()?, from.word()?));
        let units = from.list(|from| {
            let entries = from.list(Reader::word)?;
            let sites = Sites::from_bytes(from.bytes()?.to_vec());
            let ranges = from.list(pair)?;
            let (blocks, instructions) = (from.word()?, from.word()?);
            let (open_calls, calls) = (from.list(Reader::word)?, from.list(pair)?);
            Some(Unit { entries, sites, ranges, blocks, instructions, open_calls, calls })
        })?;
        let artifact = from.bytes()?.to_vec();
        from.finish(Record { kind, options, root, units, code, artifact }).filter(Record::is_sound)
    }

    /// Whether it is like what translators make.
    fn is_sound(&self) -> bool {
        let is_code = |unit: &Unit| {
            !unit.entries.is_empty()
                && unit.ranges.iter().all(|(from, to)| from <= to && to - from <= RANGE_BYTES_MAX && from % 4 == 0)
        };
        match self.kind {
            Kind::Driver => self.units.is_empty(),
            Kind::Code => !self.units.is_empty() && self.units.iter().all(is_code),
        }
    }
}

/// More bytes than any function has.
const RANGE_BYTES_MAX: u32 = 1 << 22;
/// Bytes read at a time.
const PIECE_BYTES: u32 = 1 << 14;

/// Options as bits of a byte.
pub(crate) fn write_options(to: &mut Writer, options: Options) {
    let Options { big_endian, fpu: FpuMode { fr, nan2008, exact, abs2008 }, fault_precise } = options;
    let bits = [big_endian, fault_precise, fr, nan2008, exact, abs2008];
    to.byte(bits.iter().rev().fold(0, |all, bit| all << 1 | u8::from(*bit)));
}

pub(crate) fn read_options(from: &mut Reader<'_>) -> Option<Options> {
    let bits = from.byte()?;
    let [big_endian, fault_precise, fr, nan2008, exact, abs2008] = [0, 1, 2, 3, 4, 5].map(|bit| bits >> bit & 1 != 0);
    let fpu = FpuMode { fr, nan2008, exact, abs2008 };
    (bits < 1 << 6).then_some(Options { big_endian, fpu, fault_precise })
}
