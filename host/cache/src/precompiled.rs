//! [`Precompiled`]: a program and the machine code of all of it, in one file.
//!
//! | what | bytes |
//! |---|---|
//! | what the engine made of the code, which it can map as it is | |
//! | the program's own file | |
//! | a bundle of two records: what drives translated code, and the functions, without their artifact | |
//! | where the program begins, where the bundle begins, and `strata`, 1, the version of this format | 8, 8, 8 |
//!
//! Of machine code and program there is no digest, as there is none of other programs: whoever may change them may do as
//! much with `strata`.

use crate::bundle::{Bundle, Piece, Source};
use crate::digest::{Digest, Digester};
use crate::record::Record;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// A program that was translated ahead of time.
pub struct Precompiled {
    /// What there is to know of the machine code.
    pub bundle: Bundle,
    /// The file, which begins with the machine code.
    pub file: File,
    /// Where in it the program is: offset and length, in bytes.
    pub program: Range<u64>,
}

/// Why a precompiled program cannot be used.
#[derive(thiserror::Error, Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrecompiledError {
    /// What it takes for granted is not so.
    #[error("was made by another build of strata: translate the program again")]
    OtherBuild,
    /// Digests do not fit.
    #[error("is damaged: translate the program again")]
    Damaged,
}

const ANY_VERSION: &[u8] = b"strata\x01";
const MAGIC: [u8; 8] = *b"strata\x01\x01";
const TRAILER_BYTES: u64 = 24;

/// The end of a file.
struct Tail {
    file: File,
    from: u64,
    bytes: u64,
}

impl Source for Tail {
    fn bytes(&self) -> u64 {
        self.bytes
    }
    fn read(&self, at: u64, into: &mut [u8]) -> bool {
        self.from.checked_add(at).is_some_and(|at| self.file.read_exact_at(into, at).is_ok())
    }
}

/// What such bundles are called: after the build of Strata.
fn id() -> Digest {
    let mut digester = Digester::new();
    digester.add(b"precompiled");
    digester.add(env!("STRATA_BUILD").as_bytes());
    digester.finish()
}

impl Precompiled {
    /// Opens one; `None` if it is something else.
    pub fn open(file: &File) -> Result<Option<Precompiled>, PrecompiledError> {
        let Some(trailer_at) = file.bytes().checked_sub(TRAILER_BYTES) else { return Ok(None) };
        let [mut program_at, mut bundle_at, mut magic] = [[0; 8]; 3];
        let trailer = [&mut program_at, &mut bundle_at, &mut magic];
        let is_read = (trailer_at..).step_by(8).zip(trailer).all(|(at, into)| file.read(at, into));
        if !is_read || !magic.starts_with(ANY_VERSION) {
            return Ok(None);
        }
        if magic != MAGIC {
            return Err(PrecompiledError::OtherBuild);
        }
        let (program_at, bundle_at) = (u64::from_le_bytes(program_at), u64::from_le_bytes(bundle_at));
        let tail =
            |file: File| Some(Box::new(Tail { file, from: bundle_at, bytes: trailer_at.checked_sub(bundle_at)? }));
        let clone = || file.try_clone().ok();
        let bundle = clone().and_then(tail).and_then(|tail| Bundle::open(tail)).ok_or(PrecompiledError::Damaged)?;
        if bundle.id != id() {
            return Err(PrecompiledError::OtherBuild);
        }
        let file = clone().filter(|_| program_at <= bundle_at).ok_or(PrecompiledError::Damaged)?;
        Ok(Some(Precompiled { bundle, file, program: program_at..bundle_at }))
    }

    /// The file, in parts, of what people call `name`: its own file, its code, and what drives that.
    pub fn encode(name: &str, program: Vec<u8>, mut code: Record, driver: &Record) -> Vec<Vec<u8>> {
        let artifact = std::mem::take(&mut code.artifact);
        let pieces = [driver, &code].map(Piece::new);
        let head = Bundle::head(&id(), name, &pieces);
        let (program_at, bundle_at) = (artifact.len(), artifact.len() + program.len());
        let trailer = [(program_at as u64).to_le_bytes(), (bundle_at as u64).to_le_bytes(), MAGIC].concat();
        let contents = pieces.into_iter().map(|piece| piece.contents);
        [artifact, program, head].into_iter().chain(contents).chain([trailer]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Kind;
    use mips::reading::emit::Options;
    use mips::state::FpuMode;
    use mips::translate::{Sites, Unit};
    use std::io::Write;

    const OPTIONS: Options = Options {
        big_endian: true,
        fpu: FpuMode { fr: false, nan2008: false, exact: false, abs2008: false },
        fault_precise: false,
    };

    fn record(kind: Kind, units: Vec<Unit>) -> Record {
        let code = Record::digest(&units, |_, _| true).expect("all can be read");
        Record { kind, options: OPTIONS, root: 8, units, code, artifact: vec![1, 2] }
    }

    fn bytes() -> Vec<u8> {
        let unit = Unit {
            entries: vec![8],
            sites: Sites::default(),
            ranges: vec![(8, 16)],
            blocks: 1,
            instructions: 2,
            open_calls: Vec::new(),
            calls: Vec::new(),
        };
        let (code, driver) = (record(Kind::Code, vec![unit]), record(Kind::Driver, Vec::new()));
        Precompiled::encode("name", b"program".to_vec(), code, &driver).concat()
    }

    fn open(bytes: &[u8]) -> Result<Option<Precompiled>, PrecompiledError> {
        let mut file = File::from(rustix::fs::memfd_create("test", rustix::fs::MemfdFlags::CLOEXEC).expect("memory"));
        file.write_all(bytes).expect("memory");
        Precompiled::open(&file)
    }

    #[test]
    fn a_program_is_read_with_its_code() {
        let Precompiled { mut bundle, program, file } = open(&bytes()).expect("it is whole").expect("it is one");
        let mut read = vec![0; (program.end - program.start) as usize];
        assert!(file.read(program.start, &mut read) && read == b"program" && bundle.name == "name");
        assert_eq!((bundle.entries(OPTIONS), bundle.driver()), (vec![8], Some(vec![1, 2])));
        let number = bundle.find(8, OPTIONS).expect("it has an entry");
        assert!(
            bundle
                .take(number, |_, _| true)
                .is_some_and(|record| record.artifact.is_empty() && record.units.len() == 1)
        );
        let other = |_: u32, into: &mut [u8]| {
            into.fill(7);
            true
        };
        assert!(bundle.take(number, other).is_none(), "the guest has other code there");
        assert_eq!(bundle.find(8, OPTIONS), None);
        let mut artifact = [0; 2];
        assert!(file.read(0, &mut artifact) && artifact == [1, 2]);
    }

    #[test]
    fn what_is_wrong_is_told() {
        let whole = bytes();
        let why = |bytes: &[u8]| open(bytes).err();
        for bit in 8 * (2 + "program".len())..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let opened = open(&bytes).ok().flatten();
            let code = opened.and_then(|mut opened| {
                let number = opened.bundle.find(8, OPTIONS)?;
                opened.bundle.driver().and(opened.bundle.take(number, |_, _| true))
            });
            let is_where_the_program_begins = bit / 8 >= whole.len() - 24 && bit / 8 < whole.len() - 16;
            assert!(code.is_none() || is_where_the_program_begins, "bit {bit}");
        }
        let mut other = whole.clone();
        *other.last_mut().expect("it has a trailer") += 1;
        assert_eq!(why(&other), Some(PrecompiledError::OtherBuild));
        let head = Bundle::head(&Digest([7; Digest::BYTES]), "name", &[]);
        assert_eq!(why(&[&head, &[0; 16][..], &MAGIC].concat()), Some(PrecompiledError::OtherBuild));
        assert_eq!(why(&whole[2..]), Some(PrecompiledError::Damaged));
        for nothing in [&whole[..whole.len() - 1], b"\x7fELF...", b""] {
            assert!(open(nothing).is_ok_and(|opened| opened.is_none()));
        }
    }
}
