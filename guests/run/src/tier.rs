//! [`Tier`]: how a guest may be executed.

/// Which ways of executing may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    /// The interpreter only.
    Interp,
    /// Every block is translated before it runs.
    Block,
    /// Every function is translated before it runs.
    Region,
    /// The interpreter first, hot functions translated.
    Auto,
    /// All of them, changing at random: each is tested by the others.
    Mixed,
}

impl Tier {
    /// Whether it translates before anything is known of what is hot.
    pub(crate) fn is_cold(self) -> bool {
        matches!(self, Tier::Region | Tier::Mixed)
    }
}
