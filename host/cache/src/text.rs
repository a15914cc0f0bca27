//! [`Text`]: a program's code as its file holds it.

use crate::digest::Digester;

/// Reads guest addresses from the program's file, whatever the guest made of its memory; false where the file has nothing.
pub type Read = Box<dyn Fn(u32, &mut [u8]) -> bool>;

/// How many places of a segment are looked at to tell programs apart, and how many bytes there.
const PLACES: u32 = 32;
const PLACE_BYTES: u32 = 1024;

/// Bytes read at a time.
const HELD_BYTES: u32 = 4096;

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
    /// Reads words in host order, as translators do; `None` where the file has none.
    pub(crate) fn words(&self) -> impl FnMut(u32) -> Option<u32> {
        // Many words are asked for, one after the other.
        let (mut held_at, mut held) = (0, Vec::new());
        move |at| {
            if at < held_at || (at - held_at) as usize + 4 > held.len() {
                let (from, bytes) = self.segments.iter().find(|(from, bytes)| at >= *from && at - from < *bytes)?;
                held.resize(HELD_BYTES.min(bytes - (at - from)) as usize, 0);
                held_at = at;
                if !(self.read)(at, &mut held) {
                    held.clear();
                }
            }
            let offset = (at - held_at) as usize;
            let word: [u8; 4] = held.get(offset..offset + 4)?.try_into().ok()?;
            Some(if self.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
        }
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
    fn words_are_those_of_the_file_and_no_others() {
        let read = |at: u32, into: &mut [u8]| {
            (0..).zip(into).for_each(|(offset, byte)| *byte = (at + offset) as u8);
            true
        };
        let segments = vec![(0x1000, 0x2002), (0x8000, 8)];
        let text = Text { name: String::new(), segments, big_endian: true, read: Box::new(read) };
        let mut words = text.words();
        let rows = [
            (0x1000, Some(0x0001_0203)),
            (0x1ffc, Some(0xfcfd_feff)),
            (0x2ffc, Some(0xfcfd_feff)),
            (0x8004, Some(0x0405_0607)),
            (0x1010, Some(0x1011_1213)),
            (0x3000, None),
            (0x8008, None),
            (0x0ffc, None),
        ];
        for (at, word) in rows {
            assert_eq!(words(at), word, "{at:#x}");
        }
    }
}
