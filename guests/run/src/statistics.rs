//! [`Statistics`]: counts of what ran where and why, and of what translating took.

/// What ran where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Nanoseconds that the interpreter ran, and that translated code did, the system calls it made included; if
    /// [`Vcpu::clock`](crate::vcpu::Vcpu::clock) can tell.
    pub interpreting_ns: u64,
    /// The same of translated code.
    pub running_ns: u64,
    /// Modules made.
    pub modules: u64,
    /// Modules wanted because a function or a loop got hot.
    pub hot: u64,
    /// Modules wanted because translated code often left there.
    pub left: u64,
    /// Modules wanted anew because of what they were seen to call.
    pub learned: u64,
    /// Modules made of regions that called each other all the time.
    pub joined: u64,
    /// Times something was hot, and interpreted because it was still being compiled.
    pub awaited: u64,
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
    /// Times it went from module to module and was seen to: one in [`CALLS_A_SAMPLE`](mips::border::CALLS_A_SAMPLE).
    pub samples: u64,
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

impl Statistics {
    /// Adds what somebody else did.
    pub fn add(&mut self, other: &Statistics) {
        let Statistics {
            interpreting_ns,
            running_ns,
            modules,
            hot,
            left,
            learned,
            joined,
            awaited,
            regions,
            blocks,
            instructions,
            wasm_bytes,
            machine_bytes,
            translating,
            recalled,
            recalled_instructions,
            recalling,
            drives,
            single_steps,
            in_place,
            samples,
            served,
            stretches,
            interpreted,
            refused,
            flushes,
        } = other;
        self.interpreting_ns += interpreting_ns;
        self.running_ns += running_ns;
        self.modules += modules;
        self.hot += hot;
        self.left += left;
        self.learned += learned;
        self.joined += joined;
        self.awaited += awaited;
        self.regions += regions;
        self.blocks += blocks;
        self.instructions += instructions;
        self.wasm_bytes += wasm_bytes;
        self.machine_bytes += machine_bytes;
        self.translating += translating;
        self.recalled += recalled;
        self.recalled_instructions += recalled_instructions;
        self.recalling += recalling;
        self.drives += drives;
        self.single_steps += single_steps;
        self.in_place += in_place;
        self.samples += samples;
        self.served += served;
        self.stretches += stretches;
        self.interpreted += interpreted;
        self.refused += refused;
        self.flushes += flushes;
    }
}
