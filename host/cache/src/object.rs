//! [`Object`]: a program or library at some address, as its file holds it.

use crate::digest::Digester;

/// Reads a file's bytes from an offset, whatever a guest made of its memory; false where the file has not so many.
pub type Read = Box<dyn Fn(u64, &mut [u8]) -> bool + Send>;

/// How many places of a file are looked at to tell it from others, and how many bytes there.
const PLACES: u64 = 8;
const PLACE_BYTES: u64 = 1024;

/// A file whose code runs at some address.
pub struct Object {
    /// What people call it.
    pub name: String,
    /// The guest address of the file's first byte, were all of it loaded as its code is.
    pub base: u32,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its byte order.
    pub big_endian: bool,
    /// How to read it.
    pub read: Read,
}

impl Object {
    /// Reads what the file has for a guest address; false where it has nothing.
    pub(crate) fn code(&self, at: u32, into: &mut [u8]) -> bool {
        (self.read)(u64::from(at.wrapping_sub(self.base)), into)
    }

    /// Tells it from others, mostly. Nothing relies on it: each record is compared with all of its code.
    pub(crate) fn sample(&self, digester: &mut Digester) {
        digester.add(&[u8::from(self.big_endian)]);
        digester.add(&self.base.to_le_bytes());
        digester.add(&self.bytes.to_le_bytes());
        let step = (self.bytes / PLACES).max(PLACE_BYTES);
        for at in (0..self.bytes).step_by(step as usize).take(PLACES as usize) {
            let mut piece = vec![0; PLACE_BYTES.min(self.bytes - at) as usize];
            if (self.read)(at, &mut piece) {
                digester.add(&piece);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_that_of_the_file() {
        let file: Vec<u8> = (0..=255).collect();
        let read = move |at: u64, into: &mut [u8]| {
            let from = file.get(at as usize..).and_then(|rest| rest.get(..into.len()));
            from.map(|from| into.copy_from_slice(from)).is_some()
        };
        let object = Object { name: String::new(), base: 0x1000, bytes: 256, big_endian: true, read: Box::new(read) };
        let mut word = [0; 4];
        for (at, is_there) in [(0x1000, true), (0x10fc, true), (0x10fd, false), (0x0ffc, false), (0x2000, false)] {
            assert_eq!(object.code(at, &mut word), is_there, "{at:#x}");
        }
        assert!(object.code(0x1010, &mut word) && word == [16, 17, 18, 19]);
    }
}
