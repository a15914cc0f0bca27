//! [`Sites`]: where in a function's body guest memory is accessed, and by which instructions.

use alloc::vec::Vec;

/// For each guest memory access its offset in a function's body and the PC that restarts it, by offset.
///
/// There are about as many as instructions and hardly any is ever asked for, so they are kept small: each as the difference of
/// both from the one before, in groups of seven bits, the lowest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sites(Vec<u8>);

impl Sites {
    /// Of pairs of offset and PC, by offset.
    pub fn new(sites: &[(u32, u32)]) -> Sites {
        let (mut bytes, mut last) = (Vec::new(), (0u32, 0u32));
        for (offset, pc) in sites {
            write(&mut bytes, offset.wrapping_sub(last.0));
            // PCs go back as often as on: the sign goes to the lowest bit.
            let change = pc.wrapping_sub(last.1).cast_signed();
            write(&mut bytes, (change << 1 ^ change >> 31).cast_unsigned());
            last = (*offset, *pc);
        }
        Sites(bytes)
    }

    /// What another [`Sites::bytes`] gave. Whatever they are, they are some sites.
    pub fn from_bytes(bytes: Vec<u8>) -> Sites {
        Sites(bytes)
    }

    /// As bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Each offset with its PC.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let (mut bytes, mut last) = (self.0.iter().copied(), (0u32, 0u32));
        core::iter::from_fn(move || {
            let (offset, change) = (read(&mut bytes)?, read(&mut bytes)?);
            let change = change >> 1 ^ (change & 1).wrapping_neg();
            last = (last.0.wrapping_add(offset), last.1.wrapping_add(change));
            Some(last)
        })
    }

    /// The PC of the access at an offset, or of the last one before.
    pub fn pc(&self, offset: u32) -> Option<u32> {
        self.iter().take_while(|(at, _)| *at <= offset).last().map(|(_, pc)| pc)
    }
}

fn write(to: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn read(from: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = from.next()?;
        value |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let sites = [(0, 0x40_0000), (5, 0x3f_fffc), (5, 0x40_0004), (400, u32::MAX), (70_000, 0), (u32::MAX, 4)];
        let kept = Sites::new(&sites);
        assert!(kept.iter().eq(sites));
        assert_eq!(Sites::from_bytes(kept.bytes().to_vec()), kept);
        assert_eq!((kept.pc(4), kept.pc(5), kept.pc(399)), (Some(0x40_0000), Some(0x40_0004), Some(0x40_0004)));
        assert_eq!((Sites::new(&sites[3..]).pc(399), Sites::default().pc(0)), (None, None));
    }

    #[test]
    fn any_bytes_are_sites() {
        for bytes in [&[0x80][..], &[0xff; 20], &[1, 2, 3], &[0xff, 0xff, 0xff, 0xff, 0x7f, 1]] {
            let count = Sites::from_bytes(bytes.to_vec()).iter().count();
            assert!(count <= bytes.len());
        }
    }
}
