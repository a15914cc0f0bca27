//! Law: whatever the bytes, a bundle is refused or read without a panic, and takes no more memory than it has bytes.
#![no_main]

use cache::{Bundle, Digest, Kind, Record};
use libfuzzer_sys::fuzz_target;
use mips::reading::emit::Options;
use mips::state::FpuMode;

/// What stands before the index, and where its digest is in it.
const HEADER_BYTES: usize = 44;
const DIGEST_AT: usize = 12;

/// A guest with little code.
fn read(at: u32, _: &mut [u8]) -> bool {
    at < 1 << 16
}

fuzz_target!(|bytes: &[u8]| {
    let options = Options { big_endian: false, fpu: FpuMode::default(), fault_precise: false };
    if let Some(record) = Record::decode(Kind::Code, options, 0, bytes) {
        Record::digest(&record.units, read);
    }
    let mut bytes = bytes.to_vec();
    // Nobody guesses a digest: put it right, and see what is behind it.
    if bytes.len() > HEADER_BYTES {
        let length = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize;
        let end = HEADER_BYTES.saturating_add(length).min(bytes.len());
        let digest = Digest::of(&bytes[HEADER_BYTES..end]);
        bytes[DIGEST_AT..HEADER_BYTES].copy_from_slice(&digest.0);
    }
    let Some(mut bundle) = Bundle::open(Box::new(bytes)) else { return };
    for number in 0..bundle.len() {
        bundle.record(number);
    }
    for pc in bundle.entries(options) {
        let number = bundle.find(pc, options).expect("an entry has a record");
        bundle.take(number, read);
    }
    bundle.counts();
    bundle.calls();
});
