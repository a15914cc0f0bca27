//! [`Statistics`]: counts of what ran where, and of what translating took.

/// What ran where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Modules made.
    pub modules: u64,
    /// Regions translated.
    pub regions: u64,
    /// Their blocks.
    pub blocks: u64,
    /// Guest instructions in them.
    pub instructions: u64,
    /// Bytes of Wasm made from them.
    pub wasm_bytes: u64,
    /// Bytes of machine code made from that.
    pub machine_bytes: u64,
    /// Processor time that all this took, in microseconds.
    pub translating: u64,
    /// Modules that an earlier run made.
    pub recalled: u64,
    /// Guest instructions in them.
    pub recalled_instructions: u64,
    /// Processor time that they took, in microseconds.
    pub recalling: u64,
    /// Times translated code was entered from outside.
    pub drives: u64,
    /// Times it left to the interpreter for one instruction.
    pub single_steps: u64,
    /// Times it called the interpreter for one instruction.
    pub in_place: u64,
    /// System calls that it made.
    pub served: u64,
    /// Times the interpreter was started for a stretch.
    pub stretches: u64,
    /// Guest instructions interpreted; a branch and its slot are one.
    pub interpreted: u64,
    /// Regions the engine refused.
    pub refused: u64,
    /// Times translations were thrown away because what they took for granted changed.
    pub flushes: u64,
}
