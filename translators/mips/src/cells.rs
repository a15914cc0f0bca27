//! The pieces of CPU state that translated code keeps in locals, and sets of them.
//!
//! A floating-point register is up to three cells: the double in it, its low word and (FR=0, where that is a register
//! of its own) its high word. They alias, so a user of one writes the others back first; [`Cell::aliases`] says which.

use crate::insn::Fmt;
use crate::reg::{Cc, Fpr, Gpr};
use crate::state::State;
use core::ops::{BitAnd, BitOr, Not};
use wasm::Type;

/// One piece of state with a local of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell(u8);

/// A set of cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cells(u128);

const DOUBLES: u8 = 32;
const LOWS: u8 = 64;
/// FR=0 has 16 pairs, so their high words fit behind the low ones.
const HIGHS: u8 = 80;
const CONDITIONS: u8 = 96;
/// How many cells there are.
pub(crate) const COUNT: u32 = CONDITIONS as u32 + 8;

/// What a cell is, spelled out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// HI:LO.
    HiLo,
    /// A general register.
    General(Gpr),
    /// All 64 bits of a floating-point register, or of an FR=0 pair.
    Double(u8),
    /// Its low word.
    Low(u8),
    /// Its high word, in FR=0.
    High(u8),
    /// A condition code, as 0 or 1.
    Condition(Cc),
}

impl Cell {
    /// HI:LO, in the place that `zero` does not need.
    pub const HILO: Cell = Cell(0);

    /// A general register; `zero` has none.
    pub fn general(reg: Gpr) -> Option<Cell> {
        (reg != Gpr::ZERO).then_some(Cell(reg.index() as u8))
    }

    /// What an access to `reg` in `fmt` reaches.
    pub fn float(fr: bool, fmt: Fmt, reg: Fpr) -> Cell {
        let number = reg.index() as u8;
        let pair = if fr { number } else { number / 2 };
        match (fmt.is_long(), fr || number.is_multiple_of(2)) {
            (true, _) => Cell(DOUBLES + pair),
            (false, true) => Cell(LOWS + pair),
            (false, false) => Cell(HIGHS + pair),
        }
    }

    /// The word that MFHC1 and MTHC1 reach, if it is a cell: in FR=1 it is only part of one.
    pub fn float_high(fr: bool, reg: Fpr) -> Option<Cell> {
        (!fr).then(|| Cell(HIGHS + reg.index() as u8 / 2))
    }

    /// A condition code.
    pub fn condition(cc: Cc) -> Cell {
        Cell(CONDITIONS + cc.index())
    }

    /// All there are, in order.
    pub fn all() -> impl Iterator<Item = Cell> {
        (0..COUNT as u8).map(Cell)
    }

    /// Whether it is a floating-point register or part of one.
    pub fn is_float(self) -> bool {
        (DOUBLES..CONDITIONS).contains(&self.0)
    }

    /// Its number: locals are laid out by it.
    pub fn index(self) -> u32 {
        u32::from(self.0)
    }

    /// What it is.
    pub fn kind(self, fr: bool) -> Kind {
        match self.0 {
            0 => Kind::HiLo,
            1..DOUBLES => Kind::General(Gpr::new(u32::from(self.0))),
            DOUBLES..LOWS => Kind::Double(self.0 - DOUBLES),
            HIGHS..CONDITIONS if !fr => Kind::High(self.0 - HIGHS),
            LOWS..CONDITIONS => Kind::Low(self.0 - LOWS),
            _ => Kind::Condition(Cc::new(u32::from(self.0 - CONDITIONS))),
        }
    }

    /// The type of its local, whatever FR is.
    pub fn local_type(self) -> Type {
        match self.0 {
            0 => Type::I64,
            DOUBLES..LOWS => Type::F64,
            LOWS..CONDITIONS => Type::F32,
            _ => Type::I32,
        }
    }

    /// Where it lives in the register file. A condition code is a bit of the word there.
    pub fn offset(self, fr: bool) -> u32 {
        let word = |index: u8| State::fpr_offset(usize::from(index));
        match self.kind(fr) {
            Kind::HiLo => State::HILO,
            Kind::General(reg) => State::gpr_offset(reg),
            Kind::Double(pair) | Kind::Low(pair) => word(2 * pair),
            Kind::High(pair) => word(2 * pair + 1),
            Kind::Condition(_) => State::FCSR,
        }
    }

    /// The other cells that share bytes with it.
    pub fn aliases(self, fr: bool) -> Cells {
        let high = |pair: u8| if fr { Cells::NONE } else { Cells::from(Cell(HIGHS + pair)) };
        match self.kind(fr) {
            Kind::Double(pair) => Cells::from(Cell(LOWS + pair)) | high(pair),
            Kind::Low(pair) | Kind::High(pair) => Cell(DOUBLES + pair).into(),
            _ => Cells::NONE,
        }
    }
}

impl Cells {
    /// None.
    pub const NONE: Cells = Cells(0);
    /// The condition codes.
    pub const CONDITIONS: Cells = Cells(0xff << CONDITIONS);

    /// The set of which [`Cells::bits`] are these.
    pub const fn from_bits(bits: u128) -> Cells {
        Cells(bits)
    }

    /// A bit for each cell.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// Whether `cell` is in it.
    pub fn has(self, cell: Cell) -> bool {
        self.0 >> cell.0 & 1 != 0
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in `self` but not in `other`.
    pub fn without(self, other: impl Into<Cells>) -> Cells {
        self & !other.into()
    }

    /// Both.
    pub fn with(self, other: impl Into<Cells>) -> Cells {
        self | other.into()
    }

    /// Its cells in order.
    pub fn iter(self) -> impl Iterator<Item = Cell> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let next = rest.trailing_zeros();
            rest &= rest.wrapping_sub(1);
            (next < 128).then_some(Cell(next as u8))
        })
    }

    /// Everything that shares bytes with one of them.
    pub fn aliases(self, fr: bool) -> Cells {
        let floats = Cells(self.0 >> DOUBLES << DOUBLES & ((1 << CONDITIONS) - 1));
        floats.iter().fold(Cells::NONE, |all, cell| all | cell.aliases(fr))
    }
}

impl From<Cell> for Cells {
    fn from(cell: Cell) -> Cells {
        Cells(1 << cell.0)
    }
}

impl BitOr for Cells {
    type Output = Cells;
    fn bitor(self, other: Cells) -> Cells {
        Cells(self.0 | other.0)
    }
}

impl BitAnd for Cells {
    type Output = Cells;
    fn bitand(self, other: Cells) -> Cells {
        Cells(self.0 & other.0)
    }
}

impl Not for Cells {
    type Output = Cells;
    fn not(self) -> Cells {
        Cells(!self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_mutual_and_share_bytes() {
        for fr in [false, true] {
            // FR=0 has pairs only, so half of the doubles there could be are none.
            let is_there = |cell: &Cell| !matches!(cell.kind(fr), Kind::Double(pair) if !fr && pair >= 16);
            for cell in Cell::all().filter(is_there) {
                for other in cell.aliases(fr).iter() {
                    assert!(other.aliases(fr).has(cell), "{fr} {cell:?} {other:?}");
                    let (a, b) = (cell.offset(fr), other.offset(fr));
                    assert!(a.abs_diff(b) < 8, "{fr} {cell:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn accesses_reach_what_the_register_file_says() {
        for fr in [false, true] {
            for reg in (0..32).map(Fpr::new) {
                let word = Cell::float(fr, Fmt::S, reg);
                assert_eq!(word.offset(fr), State::fpr_offset(State::fpr_index(fr, reg)));
                let long = Cell::float(fr, Fmt::D, reg);
                assert_eq!(long.offset(fr), State::fpr_offset(State::double_index(fr, reg)));
            }
        }
    }
}
