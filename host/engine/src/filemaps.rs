//! [`FileMaps`]: which file of the host's is mapped where in guest memory.

use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Where pages come from.
#[derive(Clone)]
pub(crate) struct Backing {
    pub(crate) file: Arc<OwnedFd>,
    /// What the first of them is in there.
    pub(crate) offset: u64,
    /// Whether what is written is the file's, and not a copy.
    pub(crate) is_shared: bool,
}

/// All that are mapped, by address, never overlapping.
#[derive(Clone, Default)]
pub(crate) struct FileMaps(Vec<(Range<u32>, Backing)>);

impl FileMaps {
    /// Pages are mapped.
    pub(crate) fn add(&mut self, range: Range<u32>, backing: Backing) {
        self.remove(range.clone());
        let place = self.0.partition_point(|(other, _)| other.start < range.start);
        self.0.insert(place, (range, backing));
    }

    /// They are no more.
    pub(crate) fn remove(&mut self, gone: Range<u32>) {
        if !self.0.iter().any(|(range, _)| range.start < gone.end && gone.start < range.end) {
            return;
        }
        let parts = std::mem::take(&mut self.0).into_iter().flat_map(|(range, backing)| {
            let before = range.start..range.end.min(gone.start);
            let behind = range.start.max(gone.end)..range.end;
            let later = Backing { offset: backing.offset + u64::from(behind.start - range.start), ..backing.clone() };
            [(before, backing), (behind, later)]
        });
        self.0 = parts.filter(|(range, _)| !range.is_empty()).collect();
    }

    /// A range in pieces, each of one file or of none, with what its first page is there.
    pub(crate) fn split(&self, range: Range<u32>) -> Vec<(Range<u32>, Option<Backing>)> {
        let (mut pieces, mut at) = (Vec::new(), range.start);
        for (mapped, backing) in
            self.0.iter().filter(|(mapped, _)| mapped.start < range.end && range.start < mapped.end)
        {
            let (from, end) = (mapped.start.max(range.start), mapped.end.min(range.end));
            if at < from {
                pieces.push((at..from, None));
            }
            let offset = backing.offset + u64::from(from - mapped.start);
            pieces.push((from..end, Some(Backing { offset, ..backing.clone() })));
            at = end;
        }
        if at < range.end {
            pieces.push((at..range.end, None));
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn pieces_keep_their_places_in_the_file() {
        let file = Arc::new(OwnedFd::from(File::open("/dev/null").unwrap()));
        let mut maps = FileMaps::default();
        maps.add(0x1000..0x9000, Backing { file: file.clone(), offset: 0x1_0000, is_shared: false });
        maps.remove(0x3000..0x4000);
        let shown = |maps: &FileMaps, range: Range<u32>| {
            let pieces = maps.split(range).into_iter();
            pieces.map(|(range, backing)| (range, backing.map(|it| it.offset))).collect::<Vec<_>>()
        };
        let whole = [
            (0..0x1000, None),
            (0x1000..0x3000, Some(0x1_0000)),
            (0x3000..0x4000, None),
            (0x4000..0x9000, Some(0x1_3000)),
            (0x9000..0xa000, None),
        ];
        assert_eq!(shown(&maps, 0..0xa000), whole);
        assert_eq!(shown(&maps, 0x5000..0x6000), [(0x5000..0x6000, Some(0x1_4000))]);
        maps.add(0x2000..0x5000, Backing { file, offset: 0, is_shared: true });
        let pieces = [(0x1000..0x2000, Some(0x1_0000)), (0x2000..0x5000, Some(0)), (0x5000..0x6000, Some(0x1_4000))];
        assert_eq!(shown(&maps, 0x1000..0x6000), pieces);
    }
}
