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
    /// The word at `at`, in host order.
    pub fn word(&self, at: u32) -> Option<u32> {
        let is_inside = |(from, bytes): &(u32, u32)| at >= *from && *bytes >= 4 && at - from <= bytes - 4;
        let mut word = [0; 4];
        (self.segments.iter().any(is_inside) && (self.read)(at, &mut word))
            .then(|| if self.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
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
