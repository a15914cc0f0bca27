//! [`Bundle`]: a file of a program's records.
//!
//! All numbers are little-endian; lists begin with how many things are in them, as 32 bits.
//!
//! | what | bytes |
//! |---|---|
//! | `strata`, 0, the version of this format | 8 |
//! | the index's length, and its digest | 4, 32 |
//! | index: the bundle's name, and what people call the program | 32, list |
//! | index: for each record its kind, options, root, instructions, and length and digest of its contents | list of 1, 1, 4, 4, 4, 32 |
//! | index: entries by guest address, each with the number of its record | list of 4, 4 |
//! | the records' contents, one after the other | |
//!
//! A record's contents are the digest of the guest code, the list of its functions, and the artifact: see
//! [`Record`]. Nothing is believed before its digest was compared, and no length even then.

use crate::digest::Digest;
use crate::record::{Kind, Record, read_options, write_options};
use crate::wire::{Reader, Writer};
use mips::reading::emit::Options;
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;

const MAGIC: [u8; 8] = *b"strata\0\x04";
const HEADER_BYTES: usize = MAGIC.len() + 4 + Digest::BYTES;

/// What a bundle is read from.
pub trait Source: Send {
    /// How many bytes it has.
    fn bytes(&self) -> u64;
    /// Fills `into` from an offset; false if there is not so much.
    fn read(&self, at: u64, into: &mut [u8]) -> bool;
}

impl Source for File {
    fn bytes(&self) -> u64 {
        self.metadata().map_or(0, |metadata| metadata.len())
    }
    fn read(&self, at: u64, into: &mut [u8]) -> bool {
        self.read_exact_at(into, at).is_ok()
    }
}

impl Source for Vec<u8> {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }
    fn read(&self, at: u64, into: &mut [u8]) -> bool {
        let from = usize::try_from(at).ok().and_then(|at| self.get(at..)?.get(..into.len()));
        from.map(|from| into.copy_from_slice(from)).is_some()
    }
}

/// A record as the index has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) options: Options,
    pub(crate) root: u32,
    /// Guest instructions.
    pub(crate) instructions: u32,
    /// Where its contents begin, and how many bytes they are.
    at: u64,
    pub(crate) bytes: u32,
    pub(crate) digest: Digest,
}

/// A bundle, open for reading.
pub struct Bundle {
    source: Box<dyn Source>,
    /// Its own name.
    pub id: Digest,
    /// What people call the program.
    pub name: String,
    pub(crate) items: Vec<Item>,
    /// Entries, by address, with the numbers of their records.
    pub(crate) entries: Vec<(u32, u32)>,
    /// Records that turned out to be of no use to this run, by what is in them.
    pub(crate) useless: HashSet<Digest>,
}

impl Bundle {
    /// Opens a bundle; `None` if it is something else, or damaged.
    pub fn open(source: Box<dyn Source>) -> Option<Bundle> {
        let length = source.bytes();
        let get = |at: u64, bytes: usize| {
            let mut into = Vec::new();
            (at + bytes as u64 <= length).then(|| into.resize(bytes, 0))?;
            source.read(at, &mut into).then_some(into)
        };
        let header = get(0, HEADER_BYTES)?;
        let mut from = Reader::new(&header);
        if from.array()? != MAGIC {
            return None;
        }
        let (bytes, digest) = (from.word()?, Digest(from.array()?));
        let index = get(HEADER_BYTES as u64, bytes as usize)?;
        if Digest::of(&index) != digest {
            return None;
        }
        let mut from = Reader::new(&index);
        let id = Digest(from.array()?);
        let name = String::from_utf8_lossy(from.bytes()?).into_owned();
        let mut at = HEADER_BYTES as u64 + u64::from(bytes);
        let items = from.list(|from| {
            let (kind, options, root) = (Kind::read(from)?, read_options(from)?, from.word()?);
            let (instructions, bytes, digest) = (from.word()?, from.word()?, Digest(from.array()?));
            let item = Item { kind, options, root, instructions, at, bytes, digest };
            at += u64::from(bytes);
            Some(item)
        })?;
        let is_known = |entry: &(u32, u32)| (entry.1 as usize) < items.len();
        let entries = from.list(|from| Some((from.word()?, from.word()?)).filter(is_known))?;
        from.finish(())?;
        Some(Bundle { source, id, name, items, entries, useless: HashSet::new() })
    }

    /// How many records it has.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many bytes its file has.
    pub(crate) fn bytes(&self) -> u64 {
        self.source.bytes()
    }

    /// How many modules of guest code those are, and how many guest instructions are in them.
    pub fn counts(&self) -> (usize, u64) {
        let code = self.items.iter().filter(|item| item.kind == Kind::Code);
        (code.clone().count(), code.map(|item| u64::from(item.instructions)).sum())
    }

    /// What drives translated code.
    pub fn driver(&self) -> Option<Vec<u8>> {
        let number = self.items.iter().position(|item| item.kind == Kind::Driver)?;
        self.record(number).map(|record| record.artifact)
    }

    /// Entries of code that was made with these options.
    pub fn entries(&self, options: Options) -> Vec<u32> {
        let is_of_use = |(_, number): &&(u32, u32)| self.is_of_use(*number, options);
        self.entries.iter().filter(is_of_use).map(|(pc, _)| *pc).collect()
    }

    fn is_of_use(&self, number: u32, options: Options) -> bool {
        let item = self.items.get(number as usize);
        item.is_some_and(|item| item.options == options && !self.useless.contains(&item.digest))
    }

    /// The number of the newest record with an entry at `pc`, made with these options.
    pub fn find(&self, pc: u32, options: Options) -> Option<u32> {
        let first = self.entries.partition_point(|(at, _)| *at < pc);
        let here = self.entries[first..].iter().take_while(|(at, _)| *at == pc).map(|(_, number)| *number);
        // New ones are written before old ones.
        here.filter(|number| self.is_of_use(*number, options)).min()
    }

    /// The record with this number, if it is not damaged and `read` reads the code that it was made of.
    pub fn take(&mut self, number: u32, read: impl FnMut(u32, &mut [u8]) -> bool) -> Option<Record> {
        let record = self.record(number as usize);
        let record = record.filter(|record| Record::digest(&record.units, read) == Some(record.code));
        if record.is_none() {
            self.useless.extend(self.items.get(number as usize).map(|item| item.digest));
        }
        record
    }

    /// Nothing of it is found any more.
    pub fn discard(&mut self) {
        self.useless.extend(self.items.iter().map(|item| item.digest));
    }

    /// What its code expects computed calls to call: their addresses, each with a target, the newest first.
    pub fn calls(&self) -> Vec<(u32, u32)> {
        let records = (0..self.len()).filter_map(|number| self.record(number));
        records.flat_map(|record| record.units).flat_map(|unit| unit.calls).collect()
    }

    /// A record; `None` if it is damaged.
    pub fn record(&self, number: usize) -> Option<Record> {
        let item = *self.items.get(number)?;
        Piece { item, entries: Vec::new(), contents: self.contents(&item)? }.record()
    }

    fn contents(&self, item: &Item) -> Option<Vec<u8>> {
        if item.at + u64::from(item.bytes) > self.source.bytes() {
            return None;
        }
        let mut contents = vec![0; item.bytes as usize];
        self.source.read(item.at, &mut contents).then_some(contents)
    }

    /// All records as they are, to be written again. Whoever uses one will see whether it is damaged.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let piece = |item: &Item| Some(Piece { item: *item, entries: Vec::new(), contents: self.contents(item)? });
        let mut pieces: Vec<Option<Piece>> = self.items.iter().map(piece).collect();
        for (pc, number) in &self.entries {
            if let Some(piece) = &mut pieces[*number as usize] {
                piece.entries.push(*pc);
            }
        }
        pieces.into_iter().flatten().collect()
    }

    /// What the bundle `id` of the program `name` with these records begins with; their contents follow.
    pub(crate) fn head(id: &Digest, name: &str, pieces: &[Piece]) -> Vec<u8> {
        let mut index = Writer::default();
        index.raw(&id.0);
        index.bytes(name.as_bytes());
        index.list(pieces, |index, Piece { item, .. }| {
            item.kind.write(index);
            write_options(index, item.options);
            index.word(item.root);
            index.word(item.instructions);
            index.word(item.bytes);
            index.raw(&item.digest.0);
        });
        let of_piece = |(number, piece): (u32, &Piece)| -> Vec<(u32, u32)> {
            piece.entries.iter().map(|pc| (*pc, number)).collect()
        };
        let mut entries: Vec<(u32, u32)> = (0..).zip(pieces).flat_map(of_piece).collect();
        entries.sort_unstable();
        index.list(&entries, |index, (pc, number)| {
            index.word(*pc);
            index.word(*number);
        });
        let index = index.finish();
        let mut head = Writer::default();
        head.raw(&MAGIC);
        head.word(u32::try_from(index.len()).expect("an index is far smaller than 4 GiB"));
        head.raw(&Digest::of(&index).0);
        head.raw(&index);
        head.finish()
    }
}

/// A record as it is written.
pub(crate) struct Piece {
    pub(crate) item: Item,
    entries: Vec<u32>,
    pub(crate) contents: Vec<u8>,
}

impl Piece {
    pub(crate) fn new(record: &Record) -> Piece {
        let contents = record.encode();
        let item = Item {
            kind: record.kind,
            options: record.options,
            root: record.root,
            instructions: record.units.iter().map(|unit| unit.instructions).sum(),
            at: 0,
            bytes: u32::try_from(contents.len()).expect("a module is far smaller than 4 GiB"),
            digest: Digest::of(&contents),
        };
        Piece { item, entries: record.entries().collect(), contents }
    }

    /// The record; `None` if it is damaged.
    pub(crate) fn record(&self) -> Option<Record> {
        let Item { kind, options, root, digest, .. } = self.item;
        (Digest::of(&self.contents) == digest).then(|| Record::decode(kind, options, root, &self.contents)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mips::state::FpuMode;
    use mips::translate::{Sites, Unit};

    const ID: Digest = Digest([7; Digest::BYTES]);

    fn record(root: u32) -> Record {
        let options = Options { big_endian: root > 0x1000, fpu: FpuMode::default(), fault_precise: false };
        let (entries, sites) = (vec![root, root + 8], Sites::new(&[(3, root + 4)]));
        let units = vec![Unit {
            entries,
            sites,
            ranges: vec![(root, root + 16)],
            blocks: 2,
            instructions: 4,
            open_calls: vec![root],
            calls: vec![(root, 4)],
        }];
        let code = Record::digest(&units, |_, _| true).expect("all can be read");
        Record { kind: Kind::Code, options, root, units, code, artifact: vec![1, 2, 3] }
    }

    fn bundle() -> Vec<u8> {
        let records = [record(0x2000), record(0x1000)];
        whole(&records.map(|record| Piece::new(&record)))
    }

    fn whole(pieces: &[Piece]) -> Vec<u8> {
        pieces.iter().fold(Bundle::head(&ID, "program", pieces), |all, piece| [all, piece.contents.clone()].concat())
    }

    /// All that can be had from bytes that may be a bundle.
    fn readable(bytes: Vec<u8>) -> Option<Vec<Record>> {
        let bundle = Bundle::open(Box::new(bytes))?;
        (0..bundle.len()).map(|number| bundle.record(number)).collect()
    }

    #[test]
    fn what_was_written_is_read() {
        let bundle = Bundle::open(Box::new(bundle())).expect("it is whole");
        assert_eq!((bundle.id, bundle.name.as_str(), bundle.counts()), (ID, "program", (2, 8)));
        assert_eq!(bundle.calls(), [(0x2000, 4), (0x1000, 4)]);
        assert_eq!(bundle.entries, [(0x1000, 1), (0x1008, 1), (0x2000, 0), (0x2008, 0)]);
        for (number, right) in [record(0x2000), record(0x1000)].iter().enumerate() {
            let read = bundle.record(number).expect("it is whole");
            assert_eq!(
                (read.kind, read.options, read.root, read.code),
                (right.kind, right.options, right.root, right.code)
            );
            assert_eq!((read.encode(), &read.artifact), (right.encode(), &right.artifact));
        }
        assert_eq!(whole(&bundle.pieces()), self::bundle());
    }

    #[test]
    fn nothing_is_had_of_a_bundle_with_one_bit_wrong() {
        let whole = bundle();
        assert!(readable(whole.clone()).is_some());
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(readable(bytes).is_none(), "bit {bit}");
        }
        for length in 0..whole.len() {
            assert!(readable(whole[..length].to_vec()).is_none(), "{length} bytes");
        }
    }
}
