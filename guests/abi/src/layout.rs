//! How values lie in guest memory: [`Layout`], and the [`layout!`](crate::layout!) table that declares structs.

use crate::endian::Endian;
use crate::memory::Addr;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::mem;

/// A value with a fixed form in guest memory.
pub trait Layout: Sized {
    /// Its length.
    const BYTES: u32;
    /// Writes its bytes.
    fn encode(&self, out: &mut Encoder<'_>);
    /// Takes its bytes.
    fn decode(from: &mut Decoder<'_>) -> Self;
    /// Prints it as strace does.
    fn show(&self, out: &mut String);
    /// Whether strace leaves it out: padding.
    const IS_PAD: bool = false;
}

/// Bytes being written in a byte order.
pub struct Encoder<'a> {
    endian: Endian,
    rest: &'a mut [u8],
}

impl<'a> Encoder<'a> {
    /// From the start of `bytes`.
    pub fn new(endian: Endian, bytes: &'a mut [u8]) -> Encoder<'a> {
        Encoder { endian, rest: bytes }
    }

    /// Writes the next bytes, for which there must be room.
    fn put(&mut self, bytes: &[u8]) {
        let (here, rest) = mem::take(&mut self.rest).split_at_mut(bytes.len());
        here.copy_from_slice(bytes);
        self.rest = rest;
    }
}

/// The bytes of a value.
pub fn encoded<T: Layout>(endian: Endian, value: &T) -> Vec<u8> {
    let mut bytes = vec![0; T::BYTES as usize];
    value.encode(&mut Encoder::new(endian, &mut bytes));
    bytes
}

/// Bytes being read in a byte order. Past their end it reads zeros.
pub struct Decoder<'a> {
    endian: Endian,
    bytes: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// At the start of `bytes`.
    pub fn new(endian: Endian, bytes: &'a [u8]) -> Decoder<'a> {
        Decoder { endian, bytes }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.bytes.split_first_chunk() {
            Some((head, rest)) => {
                self.bytes = rest;
                *head
            }
            None => [0; N],
        }
    }
}

macro_rules! numbers {
    ($($type:ty, $unsigned:ty, $put:ident, $get:ident;)*) => {$(
        impl Layout for $type {
            const BYTES: u32 = size_of::<$type>() as u32;
            fn encode(&self, out: &mut Encoder<'_>) {
                let bytes = out.endian.$put(self.cast_unsigned());
                out.put(&bytes);
            }
            fn decode(from: &mut Decoder<'_>) -> $type {
                let bytes = from.take();
                from.endian.$get(bytes).cast_signed()
            }
            fn show(&self, out: &mut String) {
                let _ = write!(out, "{self}");
            }
        }
        impl Layout for $unsigned {
            const BYTES: u32 = size_of::<$type>() as u32;
            fn encode(&self, out: &mut Encoder<'_>) {
                let bytes = out.endian.$put(*self);
                out.put(&bytes);
            }
            fn decode(from: &mut Decoder<'_>) -> $unsigned {
                let bytes = from.take();
                from.endian.$get(bytes)
            }
            fn show(&self, out: &mut String) {
                let _ = write!(out, "{self}");
            }
        }
    )*};
}

numbers! {
    i16, u16, bytes16, u16;
    i32, u32, bytes32, u32;
    i64, u64, bytes64, u64;
}

impl Layout for u8 {
    const BYTES: u32 = 1;
    fn encode(&self, out: &mut Encoder<'_>) {
        out.put(&[*self]);
    }
    fn decode(from: &mut Decoder<'_>) -> u8 {
        from.take::<1>()[0]
    }
    fn show(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl Layout for Addr {
    const BYTES: u32 = 4;
    fn encode(&self, out: &mut Encoder<'_>) {
        self.0.encode(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Addr {
        Addr(u32::decode(from))
    }
    fn show(&self, out: &mut String) {
        let _ = if self.is_null() { write!(out, "NULL") } else { write!(out, "{:#x}", self.0) };
    }
}

impl<T: Layout + Copy + Default, const N: usize> Layout for [T; N] {
    const BYTES: u32 = T::BYTES * N as u32;
    fn encode(&self, out: &mut Encoder<'_>) {
        self.iter().for_each(|item| item.encode(out));
    }
    fn decode(from: &mut Decoder<'_>) -> [T; N] {
        let mut items = [T::default(); N];
        items.iter_mut().for_each(|item| *item = T::decode(from));
        items
    }
    fn show(&self, out: &mut String) {
        show_list(self, out);
    }
}

/// Prints `[a, b, c]`.
pub fn show_list<T: Layout>(items: &[T], out: &mut String) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        item.show(out);
    }
    out.push(']');
}

/// Bytes without meaning, written as zeros.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pad<const N: usize>;

impl<const N: usize> Layout for Pad<N> {
    const BYTES: u32 = N as u32;
    const IS_PAD: bool = true;
    fn encode(&self, out: &mut Encoder<'_>) {
        out.put(&[0; N]);
    }
    fn decode(from: &mut Decoder<'_>) -> Pad<N> {
        from.take::<N>();
        Pad
    }
    fn show(&self, _out: &mut String) {}
}

/// Text in a fixed array, NUL-padded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Text<const N: usize>(pub [u8; N]);

impl<const N: usize> Default for Text<N> {
    fn default() -> Text<N> {
        Text([0; N])
    }
}

impl<const N: usize> Text<N> {
    /// `text`, cut so that a NUL follows it.
    pub fn new(text: &[u8]) -> Text<N> {
        let mut bytes = [0; N];
        let length = text.len().min(N.saturating_sub(1));
        bytes[..length].copy_from_slice(&text[..length]);
        Text(bytes)
    }
}

impl<const N: usize> Layout for Text<N> {
    const BYTES: u32 = N as u32;
    fn encode(&self, out: &mut Encoder<'_>) {
        out.put(&self.0);
    }
    fn decode(from: &mut Decoder<'_>) -> Text<N> {
        Text(from.take())
    }
    fn show(&self, out: &mut String) {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(N);
        crate::quote::quote(&self.0[..end], false, out);
    }
}

/// Declares structs as they lie in guest memory, each with its size, checked: fields in order, padding explicit.
/// `=> quiet` leaves a field out of strace text, which then ends in `...`.
#[macro_export]
macro_rules! layout {
    ($($(#[$doc:meta])* $name:ident $bytes:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty $(=> $quiet:ident)?,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $crate::layout::Layout for $name {
            const BYTES: u32 = $bytes;
            fn encode(&self, out: &mut $crate::layout::Encoder<'_>) {
                const { assert!($bytes == 0 $(+ <$type as $crate::layout::Layout>::BYTES)*) };
                $($crate::layout::Layout::encode(&self.$field, out);)*
            }
            fn decode(from: &mut $crate::layout::Decoder<'_>) -> $name {
                $name { $($field: $crate::layout::Layout::decode(from),)* }
            }
            fn show(&self, out: &mut alloc::string::String) {
                let mut is_first = true;
                out.push('{');
                let mut is_short = false;
                $(if [$(stringify!($quiet),)? ""][0] == "quiet" {
                    is_short = true;
                } else if !<$type as $crate::layout::Layout>::IS_PAD {
                    if !core::mem::replace(&mut is_first, false) {
                        out.push_str(", ");
                    }
                    out.push_str(concat!(stringify!($field), "="));
                    $crate::layout::Layout::show(&self.$field, out);
                })*
                out.push_str(if is_short && !is_first { ", ...}" } else if is_short { "...}" } else { "}" });
            }
        }
    )*};
}

#[cfg(test)]
mod tests {
    use super::*;

    layout! {
        /// A sample.
        #[allow(unreachable_pub, reason = "the macro declares structs for all to use")]
        Sample 12 {
            /// One.
            one: u16,
            /// Padding.
            gap: Pad<2>,
            /// Two.
            two: u64,
        }
    }

    #[test]
    fn round_trip_in_both_orders() {
        let sample = Sample { one: 0x102, gap: Pad, two: 0x1122_3344_5566_7788 };
        for (endian, first) in [(Endian::Little, 2), (Endian::Big, 1)] {
            let bytes = encoded(endian, &sample);
            assert_eq!((bytes.len(), bytes[0]), (12, first));
            assert_eq!(Sample::decode(&mut Decoder::new(endian, &bytes)), sample);
        }
        let mut text = String::new();
        sample.show(&mut text);
        assert_eq!(text, "{one=258, two=1234605616436508552}");
    }
}
