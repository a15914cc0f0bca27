//! [`Codes`]: which file's code is where in guest memory.

use abi::CodeFile;
use std::ops::Range;

/// Pages of code of a file.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) range: Range<u32>,
    /// The address of the file's first byte, were all of it mapped as these pages are.
    pub(crate) base: u32,
    pub(crate) file: CodeFile,
}

/// All there are.
#[derive(Clone, Default)]
pub(crate) struct Codes(Vec<Code>);

impl Codes {
    /// Pages that were just mapped hold what a file has from `offset` on.
    pub(crate) fn add(&mut self, range: Range<u32>, file: CodeFile, offset: u64) {
        self.remove(range.clone());
        let base = range.start.wrapping_sub(offset as u32);
        self.0.push(Code { range, base, file });
    }

    /// Something else is there now, or nothing.
    pub(crate) fn remove(&mut self, gone: Range<u32>) {
        for Code { range, .. } in &mut self.0 {
            if range.start < gone.start {
                // What may lie behind is one object with what is before no more.
                range.end = range.end.min(gone.start).max(range.start);
            } else {
                range.start = range.start.max(gone.end.min(range.end));
            }
        }
        self.0.retain(|code| !code.range.is_empty());
    }

    /// The code at an address.
    pub(crate) fn at(&self, pc: u32) -> Option<&Code> {
        self.0.iter().find(|code| code.range.contains(&pc))
    }

    /// All.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Code> {
        self.0.iter()
    }

    /// The ranges that hold a file's code, if an address is in one of them, or else what lies between them around it.
    pub(crate) fn with(&self, pc: u32) -> Vec<Range<u32>> {
        if self.at(pc).is_some() {
            return self.0.iter().map(|code| code.range.clone()).collect();
        }
        let from = self.0.iter().map(|code| code.range.end).filter(|end| *end <= pc).max();
        let to = self.0.iter().map(|code| code.range.start).filter(|start| *start > pc).min();
        std::iter::once(from.unwrap_or(0)..to.unwrap_or(u32::MAX)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn pages_are_of_who_mapped_them_last() {
        let file = |name: &str| CodeFile { path: Arc::new(name.into()), bytes: 0x10_0000, read: Arc::new(|_, _| true) };
        let mut codes = Codes::default();
        codes.add(0x1000..0x9000, file("one"), 0x1000);
        codes.add(0x5000..0xa000, file("two"), 0);
        let path = |codes: &Codes, pc| codes.at(pc).map(|code| (code.file.path.to_vec(), code.base));
        assert_eq!(path(&codes, 0x4fff), Some((b"one".to_vec(), 0)));
        assert_eq!(path(&codes, 0x5000), Some((b"two".to_vec(), 0x5000)));
        assert_eq!(codes.with(0x1000), [0x1000..0x5000, 0x5000..0xa000]);
        let only = |codes: &Codes, pc| <[Range<u32>; 1]>::try_from(codes.with(pc)).map(|[only]| only).ok();
        assert_eq!(only(&codes, 0x800), Some(0..0x1000));
        codes.remove(0x2000..0x7000);
        assert_eq!(codes.with(0x7000), [0x1000..0x2000, 0x7000..0xa000]);
        assert_eq!(only(&codes, 0x3000), Some(0x2000..0x7000));
        codes.remove(0..0x9000);
        assert_eq!((codes.iter().count(), only(&codes, 0)), (1, Some(0..0x9000)));
    }
}
