//! The stack a program starts with: arguments, environment, auxiliary vector (fs/binfmt_elf.c, create_elf_tables).

use abi::{Addr, AddressSpace, Endian};
use alloc::vec::Vec;

pub(crate) const AT_PHDR: u32 = 3;
pub(crate) const AT_PHENT: u32 = 4;
pub(crate) const AT_PHNUM: u32 = 5;
pub(crate) const AT_PAGESZ: u32 = 6;
pub(crate) const AT_BASE: u32 = 7;
pub(crate) const AT_FLAGS: u32 = 8;
pub(crate) const AT_ENTRY: u32 = 9;
pub(crate) const AT_UID: u32 = 11;
pub(crate) const AT_EUID: u32 = 12;
pub(crate) const AT_GID: u32 = 13;
pub(crate) const AT_EGID: u32 = 14;
const AT_PLATFORM: u32 = 15;
pub(crate) const AT_HWCAP: u32 = 16;
pub(crate) const AT_CLKTCK: u32 = 17;
pub(crate) const AT_SECURE: u32 = 23;
const AT_BASE_PLATFORM: u32 = 24;
const AT_RANDOM: u32 = 25;
const AT_EXECFN: u32 = 31;

/// A quarter of the stack may be arguments and environment (execve(2)).
pub(crate) const STRINGS_BYTES_MAX: usize = 2 << 20;

/// What goes onto the stack.
pub(crate) struct Contents<'a> {
    pub(crate) arguments: &'a [Vec<u8>],
    pub(crate) environment: &'a [Vec<u8>],
    /// AT_EXECFN.
    pub(crate) path: &'a [u8],
    /// AT_RANDOM.
    pub(crate) random: [u8; 16],
    /// The rest of the auxiliary vector.
    pub(crate) auxiliary: &'a [(u32, u32)],
}

/// A stack that was built.
pub(crate) struct Stack {
    /// Where argc is.
    pub(crate) pointer: Addr,
    /// The whole auxiliary vector.
    pub(crate) auxiliary: Vec<(u32, u32)>,
}

/// Bytes being put below one another.
struct Downward<'a> {
    space: &'a mut dyn AddressSpace,
    at: Addr,
    left: usize,
}

impl Downward<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Option<Addr> {
        self.left = self.left.checked_sub(bytes.len())?;
        self.at = Addr(self.at.0.checked_sub(u32::try_from(bytes.len()).ok()?)?);
        self.space.fill(self.at, bytes).ok()?;
        Some(self.at)
    }

    fn string(&mut self, string: &[u8]) -> Option<Addr> {
        self.bytes(&[0])?;
        self.bytes(string)
    }

    /// Strings so that the first lies lowest, as Linux puts them.
    fn strings(&mut self, strings: &[Vec<u8>]) -> Option<Vec<u32>> {
        let mut at: Vec<u32> =
            strings.iter().rev().map(|string| Some(self.string(string)?.0)).collect::<Option<_>>()?;
        at.reverse();
        Some(at)
    }
}

/// Builds it downward from `end`; `None` if the strings are too long.
pub(crate) fn build(space: &mut dyn AddressSpace, endian: Endian, end: Addr, contents: &Contents<'_>) -> Option<Stack> {
    let mut down = Downward { space, at: end, left: STRINGS_BYTES_MAX };
    // A null pointer ends the stack.
    down.bytes(&[0; 4])?;
    let path = down.string(contents.path)?;
    let environment = down.strings(contents.environment)?;
    let arguments = down.strings(contents.arguments)?;
    down.at = Addr(down.at.0 & !15);
    let platform = down.string(b"mips32r2")?;
    let random = down.bytes(&contents.random)?;

    let mut auxiliary = contents.auxiliary.to_vec();
    auxiliary.extend([
        (AT_RANDOM, random.0),
        (AT_EXECFN, path.0),
        (AT_PLATFORM, platform.0),
        (AT_BASE_PLATFORM, platform.0),
        (0, 0),
    ]);
    let mut words = Vec::from([u32::try_from(arguments.len()).ok()?]);
    words.extend(arguments.into_iter().chain([0]).chain(environment).chain([0]));
    words.extend(auxiliary.iter().flat_map(|(kind, value)| [*kind, *value]));
    let bytes: Vec<u8> = words.iter().flat_map(|word| endian.bytes32(*word)).collect();
    let length = u32::try_from(bytes.len()).ok()?;
    let pointer = Addr(down.at.0.checked_sub(length)? & !15);
    down.space.fill(pointer, &bytes).ok()?;
    Some(Stack { pointer, auxiliary })
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::{Guest, PagedSpace, Prot};

    #[test]
    fn arguments_environment_and_vector_follow_each_other() {
        let mut space = PagedSpace::new(64);
        space.map(Addr(0x1_0000), 0x2000, Prot::READ | Prot::WRITE).unwrap();
        let contents = Contents {
            arguments: &[b"echo".to_vec(), b"hi".to_vec()],
            environment: &[b"A=1".to_vec()],
            path: b"/bin/echo",
            random: [7; 16],
            auxiliary: &[(AT_PAGESZ, 4096)],
        };
        let stack = build(&mut space, Endian::Big, Addr(0x1_2000), &contents).unwrap();
        let guest = Guest { space: &mut space, endian: Endian::Big };
        let words: [u32; 8] = guest.read(stack.pointer).unwrap();
        assert_eq!((words[0], words[3], words[5], words[6], words[7]), (2, 0, 0, AT_PAGESZ, 4096));
        assert_eq!(guest.space.read_string(Addr(words[2]), 9), Ok(Some(b"hi".to_vec())));
        assert_eq!(guest.space.read_string(Addr(words[4]), 9), Ok(Some(b"A=1".to_vec())));
        assert!(words[1] < words[2] && words[2] < words[4]);
        assert_eq!(stack.pointer.0 % 16, 0);
    }
}
