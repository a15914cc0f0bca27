//! [`Text`]: a program's code as its file holds it.

use crate::digest::Digester;

/// Reads guest addresses from the program's file, whatever the guest made of its memory; false where the file has nothing.
pub type Read = Box<dyn Fn(u32, &mut [u8]) -> bool>;

/// How many places of a segment are looked at to tell programs apart, and how many bytes there.
const PLACES: u32 = 32;
const PLACE_BYTES: u32 = 1024;

/// What a program's file says its code is.
pub struct Text {
    /// What people call the program.
    pub name: String,
    /// Executable segments as they are in the file: address and length in bytes.
    pub segments: Vec<(u32, u32)>,
    /// The program's byte order.
    pub big_endian: bool,
    /// How to read it.
    pub read: Read,
}

impl Text {
    /// Reads code; false where the file has none.
    pub(crate) fn code(&self, at: u32, into: &mut [u8]) -> bool {
        let is_inside = |(from, bytes): &(u32, u32)| {
            at.checked_sub(*from).is_some_and(|offset| u64::from(offset) + into.len() as u64 <= u64::from(*bytes))
        };
        self.segments.iter().any(is_inside) && (self.read)(at, into)
    }

    /// Tells it from other programs, mostly. Nothing relies on it: each record is compared with all of its code.
    pub(crate) fn sample(&self, digester: &mut Digester) {
        digester.add(&[u8::from(self.big_endian)]);
        let mut piece = [0; PLACE_BYTES as usize];
        for (at, bytes) in &self.segments {
            digester.add(&at.to_le_bytes());
            digester.add(&bytes.to_le_bytes());
            let step = (bytes / PLACES).max(PLACE_BYTES);
            for offset in (0..*bytes).step_by(step as usize) {
                let piece = &mut piece[..PLACE_BYTES.min(bytes - offset) as usize];
                if (self.read)(at + offset, piece) {
                    digester.add(piece);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_that_of_the_file_and_no_other() {
        let read = |at: u32, into: &mut [u8]| {
            (0..).zip(into).for_each(|(offset, byte)| *byte = (at + offset) as u8);
            true
        };
        let segments = vec![(0x1000, 0x2002), (0x8000, 8)];
        let text = Text { name: String::new(), segments, big_endian: true, read: Box::new(read) };
        let mut word = [0; 4];
        for (at, is_there) in [
            (0x1000, true),
            (0x2ffe, true),
            (0x2fff, false),
            (0x3002, false),
            (0x8004, true),
            (0x8005, false),
            (0x0ffc, false),
        ] {
            assert_eq!(text.code(at, &mut word), is_there, "{at:#x}");
        }
        assert!(text.code(0x8001, &mut word) && word == [1, 2, 3, 4]);
    }
}
