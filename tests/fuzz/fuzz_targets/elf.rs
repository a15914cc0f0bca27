//! Law: whatever the bytes, an image parses or is refused; a parsed one keeps every promise of its fields.
#![no_main]

use image::{Image, can_run, symbols};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Ok(image) = Image::parse(file) else { return };
    for segment in &image.segments {
        assert!(segment.memory_bytes > 0 && segment.file_bytes <= segment.memory_bytes);
        assert!(u64::from(segment.at) + u64::from(segment.memory_bytes) <= u64::from(Image::USER_END));
        assert_eq!(segment.bytes(file).len(), segment.file_bytes as usize);
        assert_eq!(image.segment_at(segment.at), Some(segment));
    }
    assert!(image.segments.windows(2).all(|pair| pair[0].end() <= pair[1].at));
    if can_run(&image).is_ok() {
        assert!(image.segment_at(image.entry).is_some());
    }
    symbols(file);
});
