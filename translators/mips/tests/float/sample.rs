//! Which cases are tried: all pairs of operands at the edges, and random ones that tend to the edges.

use crate::case::{Answer, Case, Instruction};
use strata_mips::cpu::Round;
use strata_mips::float::{Env, nan};
use strata_mips::insn::Fmt;

const ROUNDS: [Round; 4] = [Round::Nearest, Round::Zero, Round::Up, Round::Down];

/// Magnitudes at the edges of a binary format with this many exponent and fraction bits.
fn edges(exponent_bits: u32, fraction_bits: u32) -> Vec<u64> {
    let bias = (1 << (exponent_bits - 1)) - 1;
    let one = |exponent: i64| ((bias + exponent) as u64) << fraction_bits;
    let infinity = ((1 << exponent_bits) - 1) << fraction_bits;
    let quiet = 1 << (fraction_bits - 1);
    let least = 1 << fraction_bits;
    let mut all = vec![
        0,
        1,
        2,
        3,
        quiet,
        quiet - 1,
        least - 1,
        least,
        least + 1,
        2 * least - 1,
        2 * least,
        infinity - least,
        infinity - 2,
        infinity - 1,
        infinity,
        infinity | 1,
        infinity | 0x1234,
        infinity | (quiet - 1),
        infinity | quiet,
        infinity | quiet | 0x5678,
        infinity | (least - 1),
        infinity | quiet >> 1,
        // 1.5, 2.5, 3, the last bit of 1, and just below 1
        one(0) | quiet,
        one(1) | quiet >> 1,
        one(1) | quiet,
        one(0) + 1,
        one(0) - 1,
    ];
    let near = i64::from(fraction_bits);
    for exponent in [-1, 0, 1, near - 1, near, near + 1, 30, 31, 32, 62, 63, 64, 1 - near, -near, -1 - near] {
        all.extend([one(exponent), one(exponent) - 1, one(exponent) | quiet]);
    }
    all
}

/// Operands worth trying with each other, negative ones included.
fn specials(fmt: Fmt) -> Vec<u64> {
    let positive = match fmt {
        Fmt::S => edges(8, 23),
        Fmt::D => edges(11, 52),
        Fmt::W => (0..32).flat_map(|bit| [1 << bit, (1 << bit) - 1, (3 << bit) & 0xffff_ffff]).collect(),
        Fmt::L => (0..64).flat_map(|bit| [1 << bit, (1 << bit) - 1, 3 << bit, (1 << bit) + 1]).collect(),
    };
    positive.iter().flat_map(|&bits| [bits, bits ^ nan::sign_bit(fmt)]).collect()
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same cases every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.next().is_multiple_of(count)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[(self.next() % from.len() as u64) as usize]
    }

    /// Random bits; or an edge, a few units beside one, or a number with few bits or with many ones or zeros.
    fn operand(&mut self, fmt: Fmt, specials: &[u64]) -> u64 {
        let bits = match self.next() % 8 {
            0 => self.pick(specials),
            1 | 2 => self.pick(specials).wrapping_add(self.next() % 9).wrapping_sub(4),
            3 => self.pick(specials) ^ 1 << (self.next() % 64),
            4 => self.next() & self.next() & self.next(),
            5 => self.next() | self.next() | self.next(),
            6 => self.next() << (self.next() % 64),
            _ => self.next(),
        };
        if let Fmt::S | Fmt::W = fmt { bits & 0xffff_ffff } else { bits }
    }

    /// An operand that meets `a`: its exponent a little away, for sums; else any.
    fn partner(&mut self, fmt: Fmt, a: u64, specials: &[u64]) -> u64 {
        let fraction_bits = if let Fmt::S = fmt { 23 } else { 52 };
        let other = self.operand(fmt, specials);
        if self.one_in(2) {
            return other;
        }
        let fraction = (1 << fraction_bits) - 1;
        let away = ((self.next() % 61) << fraction_bits).wrapping_sub(30 << fraction_bits);
        let mask = nan::sign_bit(fmt) | (nan::sign_bit(fmt) - 1);
        ((a & !fraction).wrapping_add(away) | other & fraction) & mask
    }
}

/// The cases of an instruction: its edges in every environment, and `random` ones.
pub(crate) fn cases(instruction: &Instruction, random: usize) -> Vec<Case> {
    let fmt = instruction.meaning.from();
    let specials = specials(fmt);
    let mut cases = Vec::new();
    let mut add = |a, b, env| cases.push(Case { instruction: instruction.clone(), a, b, env });
    let seconds = if instruction.meaning.has_two_operands() { &specials[..] } else { &[0] };
    let mut environments = Vec::new();
    for nan2008 in [false, true] {
        for flush in [false, true] {
            environments.extend(ROUNDS.map(|round| Env { round, nan2008, flush }));
        }
    }
    let mut chance = Random(u64::from(instruction.word));
    for &a in &specials {
        for &b in seconds {
            // Pairs are many: each meets half of the environments.
            let skip = seconds.len() > 1;
            environments.iter().filter(|_| !skip || chance.one_in(2)).for_each(|&env| add(a, b, env));
        }
    }
    for _ in 0..random {
        let a = chance.operand(fmt, &specials);
        let b = if seconds.len() > 1 { chance.partner(fmt, a, &specials) } else { 0 };
        let (round, nan2008) = (chance.pick(&ROUNDS), chance.one_in(2));
        let env = Env { round, nan2008, flush: chance.one_in(8) };
        add(a, b, env);
    }
    cases
}

/// What kind of outcome this is, coarse enough that one case of each kind makes a short list.
pub(crate) fn outcome(case: &Case, answer: &Answer) -> [u8; 5] {
    let meaning = case.instruction.meaning;
    let flags = answer.flags.unwrap_or(0);
    let kind = |bits: u64| match meaning.from() {
        Fmt::W | Fmt::L => 0,
        fmt if nan::is_signaling(fmt, bits, case.env.nan2008) => 1,
        fmt if nan::is_nan(fmt, bits) => 2,
        _ => 0,
    };
    let second = if meaning.has_two_operands() { kind(case.b) } else { 0 };
    let encoding = u8::from(case.env.nan2008);
    if meaning.to().is_none() {
        return [encoding, flags, answer.result as u8, 0, 0];
    }
    if kind(case.a) + second != 0 {
        return [encoding, flags, kind(case.a), second, 0];
    }
    // The mode matters where something was rounded, the NaN encoding where the operation has no meaning.
    let mode = if flags & 1 != 0 { case.env.round as u8 } else { 0 };
    let result = answer.result & !meaning.to().map_or(0, nan::sign_bit);
    let corner = match meaning.to() {
        Some(Fmt::S | Fmt::D) if case.env.flush && flags == 0 && result == 0 => 1,
        // The smallest normal number, rounded to: tiny or not.
        Some(Fmt::S) if flags & 1 != 0 && result == 1 << 23 => 2,
        Some(Fmt::D) if flags & 1 != 0 && result == 1 << 52 => 2,
        _ => 0,
    };
    [if flags & 16 != 0 { encoding } else { 0 }, flags, mode, 3, corner]
}
