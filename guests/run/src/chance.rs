//! Random numbers for tests: always the same ones.

/// Marsaglia's xorshift generator with a multiplication (Vigna, "An experimental exploration of Marsaglia's xorshift
/// generators, scrambled").
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new() -> Chance {
        Chance(0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        ((number * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_below_the_bound_come_up() {
        let mut chance = Chance::new();
        let mut counts = [0; 5];
        (0..1000).for_each(|_| counts[chance.below(5) as usize] += 1);
        assert!(counts.iter().all(|count| (100..300).contains(count)), "{counts:?}");
    }
}
