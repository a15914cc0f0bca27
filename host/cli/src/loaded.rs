//! A program's code and data as they will be loaded, for who translates before it runs.

use crate::disasm::code_sections;
use image::{Ases, Endian, Image, Kind, Section, Segment};
use mips::region::CodeSource;
use mips::translate::region::Text;
use std::collections::BTreeMap;
use std::ops::Range;

/// A program as if it were loaded.
pub(crate) struct Loaded<'a> {
    image: &'a Image,
    file: &'a [u8],
    /// What is added to its addresses.
    base: u32,
}

impl<'a> Loaded<'a> {
    pub(crate) fn new(image: &'a Image, file: &'a [u8]) -> Loaded<'a> {
        Loaded { image, file, base: linux::base(image) }
    }

    /// What is known of its code, and of what its calls called when it ran.
    pub(crate) fn text(&self, called: BTreeMap<u32, Vec<u32>>) -> Text<'_> {
        let sections = code_sections(self.image, self.file);
        let mut parts: Vec<Range<u32>> = sections.iter().flat_map(|section| self.parts(section)).collect();
        parts.sort_by_key(|part| part.start);
        parts.dedup_by(|next, part| next.start < part.end);
        let symbols = image::functions(self.file).into_iter().map(|symbol| symbol.at);
        let starts = symbols.chain([self.image.entry]).map(|at| at.wrapping_add(self.base)).collect();
        Text { code: self, parts, starts, hints: self.hints(), called }
    }

    /// What of a section is loaded and may be executed, whatever the section's header says.
    fn parts(&self, section: &Section) -> Vec<Range<u32>> {
        let end = section.at.saturating_add(section.bytes);
        let code = self.image.segments.iter().filter(|segment| segment.exec);
        let part = |segment: &Segment| {
            let from = segment.at.max(section.at).checked_next_multiple_of(4)?;
            let to = (segment.at + segment.file_bytes).min(end) & !3;
            (from < to).then(|| from.wrapping_add(self.base)..to.wrapping_add(self.base))
        };
        code.filter_map(part).collect()
    }

    /// The words of data that may be addresses of code.
    fn hints(&self) -> Vec<u32> {
        let data = self.image.segments.iter().flat_map(|segment| {
            let before = segment.at.wrapping_neg() as usize % 4;
            segment.bytes(self.file).get(before..).unwrap_or_default().chunks_exact(4)
        });
        let words = data.map(|word| self.image.endian.word(word.try_into().expect("chunks of four")));
        let words = words.map(|word| word.wrapping_add(self.base));
        let has_mips16e = self.image.ases.has(Ases::MIPS16);
        let is_code = |pc: &u32| (pc & 3 == 0 || pc & 1 != 0 && has_mips16e) && self.word(*pc & !3).is_some();
        let mut hints: Vec<u32> = words.filter(is_code).collect();
        hints.sort_unstable();
        hints.dedup();
        hints
    }

    /// Reads code; false where there is none.
    pub(crate) fn code(&self, at: u32, into: &mut [u8]) -> bool {
        let at = at.wrapping_sub(self.base);
        let segment = self.image.segment_at(at).filter(|segment| segment.exec);
        let bytes = segment.map_or(&[][..], |_| self.image.bytes_at(self.file, at, into.len() as u32));
        let is_all = bytes.len() == into.len();
        if is_all {
            into.copy_from_slice(bytes);
        }
        is_all
    }

    fn at(&self, at: u32) -> Option<u32> {
        let bytes = self.image.bytes_at(self.file, at.checked_sub(self.base)?, 4);
        Some(self.image.endian.word(bytes.try_into().ok()?))
    }
}

impl CodeSource for Loaded<'_> {
    fn is_big_endian(&self) -> bool {
        self.image.endian == Endian::Big
    }
    fn word(&self, pc: u32) -> Option<u32> {
        let is_code = self.image.segment_at(pc.checked_sub(self.base)?)?.exec;
        if is_code && pc.is_multiple_of(4) { self.at(pc) } else { None }
    }
    fn data(&self, at: u32) -> Option<u32> {
        let word = self.at(at)?;
        // What its own start-up code relocates; a guess, as all that comes of data.
        let is_address = self.image.kind == Kind::Dyn && word < self.image.end() && word >= 0x1000;
        Some(if is_address { word.wrapping_add(self.base) } else { word })
    }
}
