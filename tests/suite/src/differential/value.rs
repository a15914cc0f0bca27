//! Values worth computing with: limits, small numbers, NaNs, denormals, and random bits between them.

use super::random::Random;

const WORDS: &[u32] = &[0, 0, 1, 2, 31, 32, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, !0, !1];

/// For a general register.
pub(crate) fn word(random: &mut Random) -> u32 {
    match random.below(4) {
        0 => *random.pick(WORDS),
        1 => random.word() as i8 as u32,
        2 => random.word() >> random.below(32),
        _ => random.word(),
    }
}

/// Zero, one, 1.5, 2, largest, smallest normal and denormal, infinity, both kinds of NaN in both encodings, 2^31, 2^63.
const SINGLES: &[u32] = &[
    0,
    0x3f80_0000,
    0x3fc0_0000,
    0x4000_0000,
    0x7f7f_ffff,
    0x0080_0000,
    1,
    0x007f_ffff,
    0x7f80_0000,
    0x7f80_0001,
    0x7fbf_ffff,
    0x7fc0_0000,
    0x7fff_ffff,
    0x4f00_0000,
    0x4eff_ffff,
    0x5f00_0000,
    0x3f00_0000,
    0x4b00_0001,
];

/// For a single-precision register.
pub(crate) fn single(random: &mut Random) -> u32 {
    let sign = random.word() & 0x8000_0000;
    match random.below(5) {
        0 | 1 => sign | random.pick(SINGLES),
        2 => ((random.word() as i32 >> random.below(32)) as f32 / 4.0).to_bits(),
        // Near one, so that sums and products stay numbers.
        3 => sign | (120 + random.below(16) as u32) << 23 | random.word() & 0x7f_ffff,
        _ => random.word(),
    }
}

const DOUBLES: &[u64] = &[
    0,
    0x3ff0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x4000_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    1,
    0x000f_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0x7ff7_ffff_ffff_ffff,
    0x7ff8_0000_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x41e0_0000_0000_0000,
    0x41df_ffff_ffc0_0000,
    0x41df_ffff_ffe0_0000,
    0x43e0_0000_0000_0000,
    0x3fe0_0000_0000_0000,
    0x36a0_0000_0000_0000,
    0x47ef_ffff_e000_0000,
    0x47ef_ffff_f000_0000,
];

/// For a double-precision register.
pub(crate) fn double(random: &mut Random) -> u64 {
    let sign = random.long() & 1 << 63;
    match random.below(6) {
        0 | 1 => sign | random.pick(DOUBLES),
        2 => ((random.long() as i64 >> random.below(64)) as f64 / 4.0).to_bits(),
        3 => sign | (1016 + random.below(16) as u64) << 52 | random.long() & 0xf_ffff_ffff_ffff,
        4 => f64::from(f32::from_bits(single(random))).to_bits(),
        _ => random.long(),
    }
}

/// For any pair of words of the floating-point unit: a double, two singles, or integers.
pub(crate) fn pair(random: &mut Random) -> u64 {
    match random.below(4) {
        0 | 1 => double(random),
        2 => u64::from(single(random)) << 32 | u64::from(single(random)),
        _ if random.once_in(2) => (random.long() as i64 >> random.below(64)) as u64,
        _ => u64::from(word(random)) << 32 | u64::from(word(random)),
    }
}
