//! The way from a PC to a region of the same module, which is far shorter than the dispatcher's.

use super::poll_word;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use wasm::{Body, Code};
use wasm_encoder::{BlockType, Instruction};

/// The parameters.
const PC: u32 = 0;
const DEPTH: u32 = 1;

/// Regions for which it is worth it.
pub(super) const NEAR_MIN: usize = 3;
/// Bits of a hash, at most.
const BITS_MAX: u32 = 12;
/// Odd numbers to hash by: 2^32 divided by the golden ratio, and what follows it in the sequence of its own multiples.
const FACTORS: [u32; 8] =
    [0x9e37_79b9, 0x3c6e_f373, 0xdaa6_6d2b, 0x78dd_e6e5, 0x1715_609d, 0xb54c_da57, 0x5384_5411, 0xf1bb_cdc9];

/// Which places of a table have which roots, and how a root is hashed to its place.
struct Spread {
    factor: u32,
    bits: u32,
    /// By place: roots, each with its function.
    places: BTreeMap<u32, Vec<(u32, u32)>>,
}

impl Spread {
    /// The best of a few, in a table of four places for each root.
    fn new(functions: &BTreeMap<u32, u32>) -> Spread {
        let bits = (4 * functions.len()).next_power_of_two().ilog2().min(BITS_MAX);
        let spread = |factor: u32| {
            let mut places: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
            for (root, function) in functions {
                places.entry(root.wrapping_mul(factor) >> (u32::BITS - bits)).or_default().push((*root, *function));
            }
            Spread { factor, bits, places }
        };
        let best = FACTORS.into_iter().map(spread).max_by_key(|spread| spread.places.len());
        best.unwrap_or_else(|| spread(1))
    }
}

/// A function `(pc, depth) -> pc` that goes on in that of `functions` whose root `pc` is, in place of whoever calls it; or else
/// by the dispatcher, which also does what is done when somebody polls.
pub(super) fn near(functions: &BTreeMap<u32, u32>, dispatcher: u32) -> Body {
    let Spread { factor, bits, places } = Spread::new(functions);
    let mut code = Code::new(2, &[]);
    let dispatch = [Instruction::LocalGet(PC), Instruction::LocalGet(DEPTH), Instruction::ReturnCall(dispatcher)];
    // Where regions go on in each other for ever, somebody has to look up.
    poll_word(&mut code);
    code.if_unlikely();
    let mut add = |list: &[Instruction<'static>]| list.iter().for_each(|each| code.add(each.clone()));
    add(&dispatch);
    add(&[Instruction::End]);
    let other = places.len() as u32;
    (0..=other).for_each(|_| add(&[Instruction::Block(BlockType::Empty)]));
    let arms: BTreeMap<u32, u32> = places.keys().copied().zip(0..).collect();
    let table: Vec<u32> = (0..1 << bits).map(|place| arms.get(&place).copied().unwrap_or(other)).collect();
    add(&[Instruction::LocalGet(PC), Instruction::I32Const(factor as i32), Instruction::I32Mul]);
    add(&[Instruction::I32Const((u32::BITS - bits) as i32), Instruction::I32ShrU]);
    add(&[Instruction::BrTable(table.into(), other)]);
    for (arm, roots) in (0..).zip(places.values()) {
        add(&[Instruction::End]);
        for (root, function) in roots {
            add(&[Instruction::LocalGet(PC), Instruction::I32Const(*root as i32), Instruction::I32Eq]);
            add(&[Instruction::If(BlockType::Empty), Instruction::I32Const(0), Instruction::LocalGet(DEPTH)]);
            add(&[Instruction::ReturnCall(*function), Instruction::End]);
        }
        add(&[Instruction::Br(other - 1 - arm)]);
    }
    add(&[Instruction::End]);
    add(&dispatch);
    add(&[Instruction::End]);
    code.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_spread() {
        let functions: BTreeMap<u32, u32> = (0..200).map(|number| (0x41_7000 + 52 * number, number)).collect();
        let Spread { factor, bits, places } = Spread::new(&functions);
        assert_eq!(bits, 10);
        assert!(places.len() > 150, "{}", places.len());
        for (place, roots) in &places {
            assert!(roots.iter().all(|(root, _)| root.wrapping_mul(factor) >> (32 - bits) == *place));
        }
        assert_eq!(places.values().map(Vec::len).sum::<usize>(), 200);
    }
}
