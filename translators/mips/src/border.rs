//! What translated code and its host agree on: imports, exports, the layout of the CPU memory, and why code leaves.
//!
//! The CPU memory is a second Wasm memory that the guest cannot address. It holds the register file, and the map of
//! entries: for each word of the guest's user half one that says which function of the shared table continues there, and
//! where in it. Nobody touches most of the map, so it takes address space and little memory.
//!
//! In a word, code can begin as one 32-bit instruction or as either of two halfwords of MIPS16e, and the map has room for one
//! of the three: an entry's upper bits say which it is. Whoever comes first has it, and the others are interpreted.

/// Module name of every import.
pub const MODULE: &str = "strata";
/// Import: guest memory, a guest address is its address there. Memory 0.
pub const GUEST_MEMORY: &str = "guest";
/// Import: the CPU memory. Memory 1.
pub const CPU_MEMORY: &str = "cpu";
/// Import: the table of region functions.
pub const TABLE: &str = "table";
/// Import: `(pc: i32) -> goes_on: i32`, has the host do the one instruction at `pc`, no branch, on the register file:
/// rare arithmetic, or a system call, which has then changed `v0`, `v1`, `a3` and no other register. Zero: code leaves, and
/// why is in [`crate::State::leave`] already: [`Leave::Interpret`] if nothing was done, or [`Leave::Moved`].
pub const INTERPRET: &str = "interpret";
/// Import: `(pc: i32, depth: i32) -> pc: i32`, stands in for code that there is none of at `pc`, until that returns, in place
/// of whoever calls it. If `pc` has [`LEFT`], there may be code: this is a sample, which somebody notes. The driver module
/// exports it.
pub const COLD: &str = "cold";
/// Import: `(pc: i32, depth: i32, backs: i64, further: i64) -> pc: i32`, goes on at `pc`, where code that stood in place of a call
/// is left, in place of whoever calls it: when that comes to where the call returns to, it goes on there, and so on. The lower
/// half of `backs` is the first such address, the upper half the next, and zero is none; [`backs`] says how they get there. So
/// it takes no more arguments than have registers: a frame has to make room for others, however seldom they are passed. The
/// driver module exports it.
pub const OUT_OF_LINE: &str = "out_of_line";
/// Calls that [`OUT_OF_LINE`] can be out of.
pub const LINES: usize = 4;

/// The last arguments of [`OUT_OF_LINE`] for such addresses, the first of them where what is left returns to.
pub fn backs(addresses: &[u32]) -> [u64; 2] {
    let address = |line: usize| u64::from(addresses.get(line).copied().unwrap_or(0));
    [address(0) | address(1) << 32, address(2) | address(3) << 32]
}
/// Import of the driver module: `(pc: i32, back: i32, sp: i32, is_first: i32) -> i64`, has the host interpret from `pc` on,
/// until it comes to where there is code, or shall be, or to [`is_behind`] the frame; or code leaves, and
/// [`crate::State::leave`] says why. `is_first` says that this is where code is missing, and not where it goes on. The lower
/// half of the answer is where that is, and the upper half has [`CALLED`] and [`CALLS`]. If `pc` has [`LEFT`], it just notes a
/// sample, and the answer is the PC without that or code leaves.
pub const STRETCH: &str = "stretch";
/// In the answer: what it came to was just called.
pub const CALLED: u64 = 1 << 32;
/// In the answer: the frame calls, and so `back` is not where it returns to.
pub const CALLS: u64 = 1 << 33;
/// Export of a region module, followed by a number: `(entry: i32, depth: i32) -> pc: i32`, runs from the numbered entry
/// until it leaves.
pub const REGION: &str = "region";
/// Export of the driver module: `(pc: i32, depth: i32) -> pc: i32`, runs regions until there is none for `pc`, or one
/// left. `depth` is how deep calls may nest.
pub const DRIVER: &str = "drive";

/// How deep calls may nest, and [`STACK_BYTES`] that hold so many frames: a frame keeps what the guest has in registers
/// and little more, and what may need more counts more than once.
pub const DEPTH_MAX: u32 = 1_500;
/// Stack that translated code may need.
pub const STACK_BYTES: usize = 4 << 20;

/// Bytes of a page of guest code.
pub const PAGE_BYTES: u32 = 4096;
/// The register file, [`crate::State`]: first, because near addresses make short instructions.
pub const STATE_AT: u32 = 0;
/// How often code goes from module to module until that is a sample; behind the register file.
pub const CALLS_AT: u32 = 0x800;
const _: () = assert!(size_of::<crate::State>() <= CALLS_AT as usize);
/// Each so many-th time is one. A prime: a loop that goes there sixteen times each turn would show the same one for ever.
pub const CALLS_A_SAMPLE: u32 = (1 << 13) - 1;
/// The map of entries: that of `pc` lies at `MAP_AT + place(pc)`.
pub const MAP_AT: u32 = 0x1_0000;
/// What no PC of 32-bit code with an entry has set: the upper half of the address space is the kernel's, and code lies at
/// words.
pub const NO_ENTRY: u32 = 0x8000_0003;
/// Where the CPU memory ends.
pub const CPU_BYTES: u32 = MAP_AT + (1 << 31);
/// Wasm pages (64 KiB) of a whole guest memory.
pub const GUEST_PAGES: u32 = 1 << 16;
/// Wasm pages of CPU memory that code counts on.
pub const CPU_PAGES: u32 = CPU_BYTES >> 16;

/// Functions of the shared table.
pub const SLOTS: u32 = 1 << 17;

/// Bits of an entry that number the place inside its function.
pub const ENTRY_BITS: u32 = 10;
/// The most entries one region can have.
pub const REGION_ENTRIES_MAX: usize = 1 << ENTRY_BITS;

/// The entry for place `entry` of the function in table slot `slot`; slot 0 is never used, so no entry is zero.
pub const fn entry(slot: u32, entry: u32) -> u32 {
    slot << ENTRY_BITS | entry
}

/// Bits of an entry that are not [`tag`].
pub const TAG_AT: u32 = 30;
const _: () = assert!(SLOTS << ENTRY_BITS <= 1 << TAG_AT);

/// What an entry for `pc` has in its upper bits. That of MIPS16e code is a negative number, so that one comparison finds
/// whether there is one for 32-bit code.
pub const fn tag(pc: u32) -> u32 {
    if pc & 1 == 0 { 0 } else { (0b10 | pc >> 1 & 1) << TAG_AT }
}

/// Where in the map `pc` is, if it can have an entry: of which word it is.
pub const fn place(pc: u32) -> Option<u32> {
    if pc & LEFT != 0 || pc & 3 == 2 { None } else { Some(pc & !3) }
}

/// The entry of `pc` if `word` stands in its place; zero if that is none or another one's.
pub const fn entry_in(word: u32, pc: u32) -> u32 {
    if word >> TAG_AT << TAG_AT == tag(pc) { word & !(u32::MAX << TAG_AT) } else { 0 }
}

/// A bit in the PC that comes back if code left for a reason other than that there is none: no call should come back
/// there, and so nobody takes it for where a call came back to.
pub const LEFT: u32 = 0x8000_0000;

/// A `back` that nothing comes to.
pub const NOWHERE: u32 = LEFT;

/// Whether code at `pc`, with its stack pointer at `now`, is behind what was called with the stack pointer at `sp` to return to
/// `back`. Both are guesses where code was not called but jumped to, and nothing relies on them: whoever goes on elsewhere
/// than where it was expected to just goes on there.
pub const fn is_behind(pc: u32, now: u32, back: u32, sp: u32) -> bool {
    now > sp || now == sp && pc == back
}

/// Why translated code left, in [`crate::State::leave`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leave {
    /// There is no code for `pc`.
    NoCode,
    /// The instruction at `pc` is for the interpreter, and nobody knows what comes of it: a system call, an exception.
    Interpret,
    /// The poll word was set.
    Poll,
    /// There are samples to look at of what was on its way to another module, the last of which has just come to `pc`.
    Sampled,
    /// A system call that was made in place, and what comes behind it is not to go on as if nothing had happened. The
    /// register file has `pc`, too.
    Moved,
}

impl Leave {
    /// Its number in the register file.
    pub const fn code(self) -> u32 {
        match self {
            Leave::NoCode => 0,
            Leave::Interpret => 1,
            Leave::Poll => 2,
            Leave::Sampled => 3,
            Leave::Moved => 4,
        }
    }

    /// The reason numbered `code`.
    pub const fn from_code(code: u32) -> Leave {
        match code {
            1 => Leave::Interpret,
            2 => Leave::Poll,
            3 => Leave::Sampled,
            4 => Leave::Moved,
            _ => Leave::NoCode,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_an_entry_for_one_of_its_three_places() {
        let own = entry(SLOTS - 1, REGION_ENTRIES_MAX as u32 - 1);
        for pc in [0x40_0100, 0x40_0101, 0x40_0103] {
            assert_eq!(place(pc), Some(0x40_0100));
            let word = own | tag(pc);
            assert!(
                [0x40_0100, 0x40_0101, 0x40_0103].map(|other| entry_in(word, other) == own)
                    == [pc & 3 == 0, pc & 3 == 1, pc & 3 == 3]
            );
            assert_eq!((word.cast_signed() > 0, entry_in(0, pc)), (pc & 1 == 0, 0));
        }
        assert_eq!((place(0x40_0102), place(0x8000_0001)), (None, None));
    }
}
