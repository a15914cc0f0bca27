//! The types a system call's arguments and results may have: decoding and strace text from one declaration.

use crate::endian::Endian;
use crate::memory::{Addr, AddressSpace, BadAddress};
use crate::o32::ArgReader;
use alloc::string::String;
use core::fmt::Write as _;

/// An argument of a system call.
pub trait Arg: Sized {
    /// Printing needs what the call has done: output buffers.
    const AT_EXIT: bool = false;
    /// Takes it from registers and stack.
    fn take(reader: &mut ArgReader<'_>) -> Result<Self, BadAddress>;
    /// Prints it as strace does; nothing if it means nothing in this call.
    fn trace(&self, scene: &Scene<'_>, out: &mut String);
}

/// What printing an argument may look at.
pub struct Scene<'a> {
    /// The memory.
    pub space: &'a dyn AddressSpace,
    /// The byte order.
    pub endian: Endian,
    /// The word of the argument that follows: the length of a buffer.
    pub next: u32,
    /// The word of the argument before.
    pub previous: u32,
    /// What the call returned, if it has and did not fail.
    pub result: Option<u32>,
}

/// A result of a system call.
pub trait Ret {
    /// v0, and v1 where the call returns two values.
    fn words(&self) -> (u32, Option<u32>);
    /// Prints it as strace does.
    fn trace(&self, out: &mut String) {
        let _ = write!(out, "{}", self.words().0.cast_signed());
    }
}

impl Ret for () {
    fn words(&self) -> (u32, Option<u32>) {
        (0, None)
    }
}

impl Ret for u32 {
    fn words(&self) -> (u32, Option<u32>) {
        (*self, None)
    }
}

impl Ret for Addr {
    fn words(&self) -> (u32, Option<u32>) {
        (self.0, None)
    }
    fn trace(&self, out: &mut String) {
        let _ = write!(out, "{:#x}", self.0);
    }
}

impl Arg for u32 {
    fn take(reader: &mut ArgReader<'_>) -> Result<u32, BadAddress> {
        reader.word()
    }
    fn trace(&self, _scene: &Scene<'_>, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl Arg for i32 {
    fn take(reader: &mut ArgReader<'_>) -> Result<i32, BadAddress> {
        Ok(reader.word()?.cast_signed())
    }
    fn trace(&self, _scene: &Scene<'_>, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

/// 64 bits take an aligned pair of words.
impl Arg for u64 {
    fn take(reader: &mut ArgReader<'_>) -> Result<u64, BadAddress> {
        reader.pair()
    }
    fn trace(&self, _scene: &Scene<'_>, out: &mut String) {
        let _ = write!(out, "{}", self.cast_signed());
    }
}

/// An address that is not read or written through.
impl Arg for Addr {
    fn take(reader: &mut ArgReader<'_>) -> Result<Addr, BadAddress> {
        Ok(Addr(reader.word()?))
    }
    fn trace(&self, _scene: &Scene<'_>, out: &mut String) {
        crate::layout::Layout::show(self, out);
    }
}

/// Declares argument types that are one word, each with the function that prints it.
#[macro_export]
macro_rules! word_args {
    ($($(#[$doc:meta])* $name:ident($type:ty) = $show:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct $name(pub $type);

        impl $crate::Arg for $name {
            fn take(reader: &mut $crate::o32::ArgReader<'_>) -> Result<Self, $crate::BadAddress> {
                #[allow(clippy::cast_possible_wrap, reason = "a register's bits are taken as the type says")]
                Ok($name(reader.word()? as $type))
            }
            fn trace(&self, _scene: &$crate::Scene<'_>, out: &mut alloc::string::String) {
                let show: fn($type, &mut alloc::string::String) = $show;
                show(self.0, out);
            }
        }

        impl $crate::Layout for $name {
            const BYTES: u32 = size_of::<$type>() as u32;
            fn encode(&self, out: &mut $crate::layout::Encoder<'_>) {
                self.0.encode(out);
            }
            fn decode(from: &mut $crate::layout::Decoder<'_>) -> Self {
                $name(<$type>::decode(from))
            }
            fn show(&self, out: &mut alloc::string::String) {
                let show: fn($type, &mut alloc::string::String) = $show;
                show(self.0, out);
            }
        }
    )*};
}

/// Prints a value by a table of names, or in hexadecimal.
pub fn show_name(value: u32, names: &[(u32, &str)], out: &mut String) {
    match names.iter().find(|(known, _)| *known == value) {
        Some((_, name)) => out.push_str(name),
        None => {
            let _ = write!(out, "{value:#x}");
        }
    }
}

/// Prints bits by a table of names joined with `|`, what is left in hexadecimal; `zero` if there are none.
pub fn show_bits(value: u32, names: &[(u32, &str)], zero: &str, out: &mut String) {
    let mut left = value;
    let mut is_first = true;
    for (bits, name) in names {
        if *bits != 0 && left & bits == *bits {
            out.push_str(if is_first { "" } else { "|" });
            out.push_str(name);
            (left, is_first) = (left & !bits, false);
        }
    }
    if is_first && left == 0 {
        out.push_str(zero);
    } else if left != 0 {
        let _ = write!(out, "{}{left:#x}", if is_first { "" } else { "|" });
    }
}
