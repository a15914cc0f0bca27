//! Barriers that are there already. Compilers put a SYNC before LL and behind the branch on SC's result (MIPS32 volume II, LL, SC
//! and SYNC): where SC becomes an exchange that orders all accesses, as on x86, it stands for both.

use crate::decode::decode;
use crate::insn::Insn;
use crate::isa::Op;
use crate::reading::effects::{Flow, effects};
use crate::reading::emit::EXCHANGE_ORDERS;
use crate::reg::Gpr;
use crate::region::{Block, End, Region};
use alloc::vec::Vec;

/// The most instructions between a barrier and the SC that stands for it.
const FAR: usize = 16;

/// Why a SYNC need not be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stead {
    /// An exchange orders what it would have.
    Exchange,
    /// So it does if the LL at this address loads what is in this register; else the LL has to make up for it.
    IfLoaded(u32, Gpr),
}

/// Puts a NOP in place of each SYNC that need not be there, in a region that others enter at `root` only.
pub(super) fn drop_implied(region: &mut Region, root: u32) {
    if !EXCHANGE_ORDERS {
        return;
    }
    for ((block, number), stead) in implied(region, root) {
        let block = &mut region.blocks[block];
        block.insns[number] = decode(0);
        if let Stead::IfLoaded(at, usual) = stead {
            block.unordered = Some((at, usual));
        }
    }
}

/// Such SYNCs: the number of the block, and that of the instruction in it.
fn implied(region: &Region, root: u32) -> Vec<((usize, usize), Stead)> {
    let stead = |block: &Block, number: usize| match is(block.insns[number], Op::sync) {
        false => None,
        true if precedes_exchange(region, block, number) || follows_exchange(region, root, block, number) => {
            Some(Stead::Exchange)
        }
        true => precedes_comparison(region, block, number),
    };
    let of = |(place, block): (usize, &Block)| {
        let numbers = (0..block.insns.len()).filter_map(|number| Some(((place, number), stead(block, number)?)));
        numbers.collect::<Vec<_>>()
    };
    region.blocks.iter().enumerate().flat_map(of).collect()
}

fn is(insn: Option<Insn>, op: Op) -> bool {
    insn.is_some_and(|insn| insn.op == op)
}

/// Whether an instruction accesses no memory, and goes on behind itself.
fn is_quiet(insn: Option<Insn>) -> bool {
    insn.is_some_and(|insn| {
        let effects = effects(insn);
        effects.flow == Flow::Next && !(effects.memory || effects.control || effects.traps) && insn.op != Op::sync
    })
}

/// Whether behind an instruction an LL and its SC are all that comes, without a branch: whatever LL reads before the accesses
/// that the barrier holds back are done, SC only stores if it is still so when they are.
fn precedes_exchange(region: &Region, block: &Block, number: usize) -> bool {
    let (mut block, mut next, mut is_linked) = (block, number + 1, false);
    for _ in 0..FAR {
        let Some(insn) = block.insns.get(next).copied() else {
            let behind = region.block_at(block.end()).filter(|_| block.end == End::Next);
            let Some(behind) = behind else { return false };
            (block, next) = (&region.blocks[behind], 0);
            continue;
        };
        match insn {
            _ if is_linked && is(insn, Op::sc) => return true,
            _ if !is_linked && is(insn, Op::ll) => is_linked = true,
            _ if !is_quiet(insn) => return false,
            _ => {}
        }
        next += 1;
    }
    false
}

/// What stands for a barrier behind which the block ends with a comparison of what an LL loads, if an SC is what comes where that
/// is equal: compare-and-swap.
fn precedes_comparison(region: &Region, block: &Block, number: usize) -> Option<Stead> {
    let End::Branch(target) = block.end else { return None };
    let (branch, before) = block.insns[number + 1..].split_last()?;
    let branch = (*branch)?;
    let ll = before.iter().position(|insn| is(*insn, Op::ll))?;
    let loaded = before[ll]?.rt();
    let usual = match (branch.rs() == loaded, branch.rt() == loaded) {
        (true, false) => branch.rt(),
        (false, true) => branch.rs(),
        _ => return None,
    };
    let equal = match branch.op {
        Op::bne => block.behind(),
        Op::beq => target,
        _ => return None,
    };
    let writes = |insn: &Option<Insn>| insn.map_or(0, |insn| effects(insn).writes);
    let changed = before[ll + 1..].iter().fold(0, |all, insn| all | writes(insn));
    let is_kept = |reg: Gpr| changed & 1 << reg.index() == 0;
    let others = before.iter().enumerate().filter(|(place, _)| *place != ll).map(|(_, insn)| *insn);
    let fits = loaded != Gpr::ZERO
        && is_kept(loaded)
        && is_kept(usual)
        && others.chain([block.slot]).all(is_quiet)
        && block.skipped.is_empty()
        && region.block_at(equal).is_some_and(|next| begins_with_exchange(&region.blocks[next].insns));
    fits.then(|| Stead::IfLoaded(block.pc + 4 * (number + 1 + ll) as u32, usual))
}

/// Whether the first access of some instructions is an SC's.
fn begins_with_exchange(insns: &[Option<Insn>]) -> bool {
    insns.iter().find(|insn| !is_quiet(**insn)).is_some_and(|insn| is(*insn, Op::sc))
}

/// Whether the last access before an instruction was an SC's, however it was come to.
fn follows_exchange(region: &Region, root: u32, block: &Block, number: usize) -> bool {
    if let Some(found) = ends_with_exchange(&block.insns[..number]) {
        return found;
    }
    let from: Vec<&Block> =
        region.blocks.iter().filter(|other| other.successors().any(|next| next == block.pc)).collect();
    let [before] = from[..] else { return false };
    let insns = match before.end {
        End::Next => &before.insns[..],
        End::Branch(target) if target != block.pc && before.slot.is_none_or(|slot| is_quiet(Some(slot))) => {
            &before.insns[..before.insns.len() - 1]
        }
        _ => return false,
    };
    block.pc != root && before.skipped.is_empty() && ends_with_exchange(insns) == Some(true)
}

/// Whether the last access of some instructions is an SC's; none if there is none.
fn ends_with_exchange(insns: &[Option<Insn>]) -> Option<bool> {
    insns.iter().rev().find(|insn| !is_quiet(**insn)).map(|insn| is(*insn, Op::sc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::{CodeSource, Reach, discover};

    const SYNC: u32 = 0x0000_000f;
    const NOP: u32 = 0;
    /// addiu t0, t0, 1
    const ADDIU: u32 = 0x2508_0001;
    /// ll t0, 0(a0)
    const LL: u32 = 0xc088_0000;
    /// sc t0, 0(a0)
    const SC: u32 = 0xe088_0000;
    /// lw t0, 0(a0)
    const LW: u32 = 0x8c88_0000;
    /// jr ra
    const RETURN: u32 = 0x03e0_0008;
    const START: u32 = 0x1000;

    /// beqz t0, `by` instructions from the slot
    fn beqz(by: i16) -> u32 {
        0x1100_0000 | u32::from(by as u16)
    }

    /// bne t0, a1, `by` instructions from the slot
    fn bne(by: i16) -> u32 {
        0x1505_0000 | u32::from(by as u16)
    }

    struct Words(Vec<u32>);

    impl CodeSource for Words {
        fn is_big_endian(&self) -> bool {
            false
        }
        fn word(&self, pc: u32) -> Option<u32> {
            self.0.get((pc - START) as usize / 4).copied()
        }
        fn data(&self, _: u32) -> Option<u32> {
            None
        }
    }

    /// Which of the words are barriers that need not be written.
    fn found(words: &[u32]) -> Vec<usize> {
        steads(words).into_iter().map(|(place, _)| place).collect()
    }

    /// And what stands for them.
    fn steads(words: &[u32]) -> Vec<(usize, Stead)> {
        let reach = Reach { blocks: 100, is_past_interpreter: false };
        let region = discover(&Words(words.to_vec()), START, reach).expect("there is code");
        let place = |(block, number): (usize, usize)| (region.blocks[block].pc - START) as usize / 4 + number;
        implied(&region, START).into_iter().map(|(at, stead)| (place(at), stead)).collect()
    }

    #[test]
    fn an_addition_has_its_barriers() {
        let words = [LW, SYNC, LL, ADDIU, SC, beqz(-4), NOP, SYNC, LW, RETURN, NOP];
        assert_eq!(found(&words), [1, 7]);
    }

    #[test]
    fn one_that_may_not_store_orders_only_if_it_does() {
        const A1: Gpr = Gpr::new(5);
        let unless = (0, Stead::IfLoaded(START + 4, A1));
        let words = [SYNC, LL, bne(4), ADDIU, SC, beqz(-6), NOP, SYNC, LW, RETURN, NOP];
        assert_eq!(steads(&words), [unless]);
        // Only who stored comes to the second barrier.
        let words = [SYNC, LL, bne(5), ADDIU, SC, beqz(-6), NOP, SYNC, LW, RETURN, NOP];
        assert_eq!(steads(&words), [unless, (7, Stead::Exchange)]);
        // What is compared is not what was loaded.
        assert_eq!(found(&[SYNC, LL, ADDIU, bne(4), NOP, SC, beqz(-6), NOP, LW, RETURN, NOP]), []);
        // What comes where it is equal is no SC.
        assert_eq!(found(&[SYNC, LL, bne(4), NOP, LW, SC, beqz(-6), NOP, LW, RETURN, NOP]), []);
    }

    #[test]
    fn accesses_between_count() {
        assert_eq!(found(&[SYNC, LW, LL, ADDIU, SC, beqz(-4), NOP, LW, SYNC, RETURN, NOP]), []);
        assert_eq!(found(&[LL, ADDIU, SC, beqz(-4), LW, SYNC, RETURN, NOP]), []);
        assert_eq!(found(&[SYNC, LW, SYNC, RETURN, NOP]), []);
    }
}
