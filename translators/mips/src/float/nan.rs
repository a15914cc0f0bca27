//! Which NaN comes out: recognising, quieting, propagating and converting NaNs.
//!
//! In the legacy encoding the top fraction bit set means *signaling*; in NaN2008 it means quiet. An integer format has
//! no NaNs, so every question about one is answered with no.

use crate::insn::Fmt;

/// The infinity's bits without sign, which every NaN's exceed.
pub(super) const fn infinity(fmt: Fmt) -> u64 {
    match fmt {
        Fmt::S => 0x7f80_0000,
        Fmt::D => 0x7ff0_0000_0000_0000,
        Fmt::W | Fmt::L => u64::MAX,
    }
}

/// The top fraction bit.
const fn quiet_bit(fmt: Fmt) -> u64 {
    match fmt {
        Fmt::S => 1 << 22,
        Fmt::D => 1 << 51,
        Fmt::W | Fmt::L => 0,
    }
}

/// The sign bit.
pub const fn sign_bit(fmt: Fmt) -> u64 {
    match fmt {
        Fmt::S | Fmt::W => 1 << 31,
        Fmt::D | Fmt::L => 1 << 63,
    }
}

/// Whether `bits` is a NaN.
#[inline]
pub const fn is_nan(fmt: Fmt, bits: u64) -> bool {
    bits & !sign_bit(fmt) > infinity(fmt)
}

/// Whether `bits` is a NaN that raises invalid wherever it is used.
#[inline]
pub const fn is_signaling(fmt: Fmt, bits: u64, nan2008: bool) -> bool {
    is_nan(fmt, bits) && (bits & quiet_bit(fmt) == 0) == nan2008
}

/// The NaN of an operation without NaN operands.
pub const fn default(fmt: Fmt, nan2008: bool) -> u64 {
    if nan2008 { infinity(fmt) | quiet_bit(fmt) } else { infinity(fmt) | (quiet_bit(fmt) - 1) }
}

/// What a two-operand operation gives when its result is a NaN. NaN2008: the first signaling operand, else the first
/// quiet one, made quiet; else the default. Legacy: always the default, as in QEMU; the manual would rather see a quiet
/// operand come through, where the hardware can.
#[cold]
pub const fn propagate(fmt: Fmt, a: u64, b: u64, nan2008: bool) -> u64 {
    if is_signaling(fmt, b, nan2008) && !is_signaling(fmt, a, nan2008) || !is_nan(fmt, a) {
        propagate_one(fmt, b, nan2008)
    } else {
        propagate_one(fmt, a, nan2008)
    }
}

/// What a one-operand operation gives when its result is a NaN: of its operand what [`propagate`] says of two.
#[cold]
pub const fn propagate_one(fmt: Fmt, a: u64, nan2008: bool) -> u64 {
    if nan2008 && is_nan(fmt, a) { a | quiet_bit(fmt) } else { default(fmt, nan2008) }
}

/// A NaN from S to D or from D to S: as [`propagate_one`], the sign and the upper bits of the payload kept.
#[cold]
pub const fn convert(to: Fmt, from: Fmt, bits: u64, nan2008: bool) -> u64 {
    let bits = propagate_one(from, bits, nan2008);
    match (to, from) {
        _ if !nan2008 => default(to, nan2008),
        (Fmt::D, Fmt::S) => (bits & 1 << 31) << 32 | infinity(Fmt::D) | (bits & 0x7f_ffff) << 29,
        (Fmt::S, Fmt::D) => bits >> 32 & 1 << 31 | infinity(Fmt::S) | bits >> 29 & 0x7f_ffff,
        _ => bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quiet_bit_means_the_opposite_in_the_two_encodings() {
        for fmt in [Fmt::S, Fmt::D] {
            for nan2008 in [false, true] {
                let default = default(fmt, nan2008);
                assert!(is_nan(fmt, default) && !is_signaling(fmt, default, nan2008));
                assert!(is_signaling(fmt, default, !nan2008));
                assert_eq!(propagate(fmt, 0, 0, nan2008), default);
            }
            assert!(!is_nan(fmt, infinity(fmt) | sign_bit(fmt)));
        }
    }

    #[test]
    fn the_first_signaling_operand_wins_in_nan2008() {
        assert_eq!(propagate(Fmt::S, 0x7fc0_0001, 0xff80_0002, true), 0xffc0_0002);
        assert_eq!(propagate(Fmt::S, 0x7fc0_0001, 0xffc0_0002, true), 0x7fc0_0001);
    }
}
