//! Guest memory with its byte order: typed reads and writes that may fault.

use crate::endian::Endian;
use crate::layout::{Decoder, Encoder, Layout, encoded};
use crate::memory::{Addr, AddressSpace, BadAddress};
use alloc::vec;
use alloc::vec::Vec;

/// Bytes of most values; the longest, a signal frame's context, is longer.
const SHORT: usize = 128;

/// An address space and the byte order its owner keeps in it.
pub struct Guest<'a> {
    /// The memory.
    pub space: &'a mut dyn AddressSpace,
    /// The byte order.
    pub endian: Endian,
}

impl Guest<'_> {
    /// Reads a value.
    pub fn read<T: Layout>(&self, at: Addr) -> Result<T, BadAddress> {
        read(self.space, self.endian, at)
    }

    /// Writes a value.
    pub fn write<T: Layout>(&mut self, at: Addr, value: &T) -> Result<(), BadAddress> {
        let (mut short, length) = ([0; SHORT], T::BYTES as usize);
        if length > SHORT {
            return self.space.write(at, &encoded(self.endian, value));
        }
        value.encode(&mut Encoder::new(self.endian, &mut short[..length]));
        self.space.write(at, &short[..length])
    }

    /// Changes an aligned word that other threads change as well, unless `change` has nothing to put there; what it was.
    pub fn update(&mut self, at: Addr, mut change: impl FnMut(u32) -> Option<u32>) -> Result<u32, BadAddress> {
        loop {
            let old = self.read::<u32>(at)?;
            let Some(new) = change(old) else { return Ok(old) };
            if self.space.compare_exchange(at, self.endian.bytes32(old), self.endian.bytes32(new))? {
                return Ok(old);
            }
        }
    }

    /// Reads `length` bytes.
    pub fn bytes(&self, at: Addr, length: u32) -> Result<Vec<u8>, BadAddress> {
        let mut bytes = vec![0; length as usize];
        self.space.read(at, &mut bytes)?;
        Ok(bytes)
    }
}

/// Reads a value of the byte order `endian`.
pub fn read<T: Layout>(space: &dyn AddressSpace, endian: Endian, at: Addr) -> Result<T, BadAddress> {
    let mut short = [0; SHORT];
    let length = T::BYTES as usize;
    if length <= short.len() {
        space.read(at, &mut short[..length])?;
        return Ok(T::decode(&mut Decoder::new(endian, &short[..length])));
    }
    let mut bytes = vec![0; length];
    space.read(at, &mut bytes)?;
    Ok(T::decode(&mut Decoder::new(endian, &bytes)))
}

/// The address `count` bytes on; past the end of the address space it wraps, and faults when used.
impl core::ops::Add<u32> for Addr {
    type Output = Addr;
    fn add(self, count: u32) -> Addr {
        Addr(self.0.wrapping_add(count))
    }
}

impl Addr {
    /// The null pointer.
    pub const NULL: Addr = Addr(0);

    /// Whether it is the null pointer.
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }
}
