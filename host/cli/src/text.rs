//! A program's code as its file holds it, for the cache.

use cache::Text;
use image::{Endian, Image};
use linux::Program;
use std::sync::Arc;

/// The text of a program. Its addresses are those where it is loaded.
pub(crate) fn text(program: &Arc<Program>, name: &str) -> Text {
    let base = linux::base(&program.image);
    let segments = program.image.segments.iter().filter(|segment| segment.exec && segment.file_bytes > 0);
    let read = {
        let program = program.clone();
        move |at: u32, into: &mut [u8]| read(&program, at.wrapping_sub(base), into)
    };
    Text {
        name: name.rsplit('/').next().unwrap_or_default().to_owned(),
        segments: segments.map(|segment| (segment.at.wrapping_add(base), segment.file_bytes)).collect(),
        big_endian: program.image.endian == Endian::Big,
        read: Box::new(read),
    }
}

fn read(program: &Program, at: u32, into: &mut [u8]) -> bool {
    let Image { segments, .. } = &program.image;
    let inside = segments.iter().find(|segment| {
        let behind = u64::from(segment.at) + u64::from(segment.file_bytes);
        at >= segment.at && u64::from(at) + into.len() as u64 <= behind
    });
    let Some(segment) = inside else { return false };
    let offset = u64::from(segment.file_offset) + u64::from(at - segment.at);
    program.file.read_full(offset, into).is_ok_and(|read| read == into.len())
}
