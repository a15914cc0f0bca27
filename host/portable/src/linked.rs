//! The module as it is linked: it runs the program that it was linked with.

#![expect(unsafe_code, reason = "exports the function that a runtime starts")]

use crate::guest::{Order, run};
use crate::program::{Linked, Stretch, Translation, file};
use crate::wasi;
use image::{Endian, Image};
use run::Tier;

/// What a runtime calls (WASI's application ABI).
#[unsafe(no_mangle)]
extern "C" fn _start() {
    // It is needed until the end.
    let file: &'static [u8] = file().leak();
    let engine = |endian| Linked::new(endian == Endian::Big, Translation::new(stretches(file)));
    wasi::proc_exit(run(file, Order::of_runtime(), Tier::Auto, engine));
}

/// The code of a program, which is an executable, or nothing is run.
fn stretches(file: &[u8]) -> Vec<Stretch> {
    let Ok(image) = Image::parse(file) else { return Vec::new() };
    let base = linux::base(&image);
    let code = image.segments.iter().filter(|segment| segment.exec && segment.file_bytes > 0);
    let stretch = |segment: &image::Segment| {
        let from = segment.file_offset as usize;
        Stretch { at: segment.at.wrapping_add(base), file: from..from + segment.file_bytes as usize }
    };
    code.map(stretch).collect()
}
