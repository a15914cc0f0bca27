//! Pointers as arguments: what they lead to and which way it goes is in the type.

use crate::arg::{Arg, Scene};
use crate::guest::{self, Guest};
use crate::layout::{Layout, show_list};
use crate::memory::{Addr, BadAddress};
use crate::o32::ArgReader;
use crate::quote::quote;
use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

/// The longest part of a string or buffer that strace text shows.
const SHOWN_BYTES: usize = 32;

/// The longest part of a list that strace text shows.
const SHOWN_ITEMS: u32 = 32;

/// PATH_MAX, less the NUL (limits.h).
pub const PATH_BYTES_MAX: usize = 4095;

/// Declares pointer types: name, whether they are printed at exit.
macro_rules! pointers {
    ($($(#[$doc:meta])* $name:ident, $at_exit:literal, $trace:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<T>(pub Addr, PhantomData<T>);

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> $name<T> {
            /// Points to `at`.
            pub const fn new(at: Addr) -> Self {
                $name(at, PhantomData)
            }
            /// Where it points.
            pub const fn addr(self) -> Addr {
                self.0
            }
            /// Whether it is the null pointer.
            pub const fn is_null(self) -> bool {
                self.0.is_null()
            }
        }

        impl<T: Layout> Arg for $name<T> {
            const AT_EXIT: bool = $at_exit;
            fn take(reader: &mut ArgReader<'_>) -> Result<Self, BadAddress> {
                Ok($name::new(Addr(reader.word()?)))
            }
            fn trace(&self, scene: &Scene<'_>, out: &mut String) {
                $trace::<T>(self.0, scene, out);
            }
        }
    )*};
}

pointers! {
    /// A value the call reads.
    In, false, trace_value;
    /// A value the call writes.
    Out, true, trace_value;
    /// A value the call reads and writes.
    InOut, true, trace_value;
    /// Values the call reads; their count follows or comes before.
    InList, false, trace_items;
    /// Values the call writes; their count follows or comes before.
    OutList, true, trace_items;
    /// Values the call writes, as many as its result says.
    OutFound, true, trace_found;
}

fn trace_value<T: Layout>(at: Addr, scene: &Scene<'_>, out: &mut String) {
    match guest::read::<T>(scene.space, scene.endian, at) {
        Ok(value) if !at.is_null() => value.show(out),
        _ => at.show(out),
    }
}

fn trace_items<T: Layout>(at: Addr, scene: &Scene<'_>, out: &mut String) {
    trace_list::<T>(at, scene.next, scene, out);
}

fn trace_found<T: Layout>(at: Addr, scene: &Scene<'_>, out: &mut String) {
    match scene.result {
        Some(count) => trace_list::<T>(at, count, scene, out),
        None => at.show(out),
    }
}

fn trace_list<T: Layout>(at: Addr, count: u32, scene: &Scene<'_>, out: &mut String) {
    let count = count.min(SHOWN_ITEMS);
    let items: Result<Vec<T>, BadAddress> =
        (0..count).map(|index| guest::read(scene.space, scene.endian, at + index.wrapping_mul(T::BYTES))).collect();
    match items {
        Ok(items) if !at.is_null() => show_list(&items, out),
        _ => at.show(out),
    }
}

impl<T: Layout> In<T> {
    /// Reads the value.
    pub fn read(self, guest: &Guest<'_>) -> Result<T, BadAddress> {
        guest.read(self.0)
    }
    /// Reads the value unless the pointer is null.
    pub fn optional(self, guest: &Guest<'_>) -> Result<Option<T>, BadAddress> {
        if self.is_null() { Ok(None) } else { guest.read(self.0).map(Some) }
    }
}

impl<T: Layout> Out<T> {
    /// Writes the value.
    pub fn write(self, guest: &mut Guest<'_>, value: &T) -> Result<(), BadAddress> {
        guest.write(self.0, value)
    }
    /// Writes the value unless the pointer is null.
    pub fn optional(self, guest: &mut Guest<'_>, value: &T) -> Result<(), BadAddress> {
        if self.is_null() { Ok(()) } else { guest.write(self.0, value) }
    }
}

impl<T: Layout> InOut<T> {
    /// Reads the value.
    pub fn read(self, guest: &Guest<'_>) -> Result<T, BadAddress> {
        guest.read(self.0)
    }
    /// Writes the value.
    pub fn write(self, guest: &mut Guest<'_>, value: &T) -> Result<(), BadAddress> {
        guest.write(self.0, value)
    }
}

impl<T: Layout> InList<T> {
    /// Reads `count` values.
    pub fn read(self, guest: &Guest<'_>, count: u32) -> Result<Vec<T>, BadAddress> {
        (0..count).map(|index| guest.read(self.0 + index.wrapping_mul(T::BYTES))).collect()
    }
}

impl<T: Layout> OutList<T> {
    /// Writes the values.
    pub fn write(self, guest: &mut Guest<'_>, values: &[T]) -> Result<(), BadAddress> {
        let mut at = self.0;
        for value in values {
            guest.write(at, value)?;
            at = at + T::BYTES;
        }
        Ok(())
    }

    /// Reads `count` values, of a list that goes both ways (poll(2)).
    pub fn read(self, guest: &Guest<'_>, count: u32) -> Result<Vec<T>, BadAddress> {
        InList::new(self.0).read(guest, count)
    }
}

/// A NUL-terminated path the call reads.
#[derive(Clone, Copy, Debug)]
pub struct Path(pub Addr);

impl Path {
    /// The path; `None` if it is too long.
    pub fn read(self, guest: &Guest<'_>) -> Result<Option<Vec<u8>>, BadAddress> {
        guest.space.read_string(self.0, PATH_BYTES_MAX)
    }
}

impl Arg for Path {
    fn take(reader: &mut ArgReader<'_>) -> Result<Path, BadAddress> {
        Ok(Path(Addr(reader.word()?)))
    }
    fn trace(&self, scene: &Scene<'_>, out: &mut String) {
        match scene.space.read_string(self.0, PATH_BYTES_MAX) {
            Ok(Some(path)) => quote(&path, false, out),
            _ => self.0.show(out),
        }
    }
}

/// A NULL-terminated array of strings the call reads: argv and envp.
#[derive(Clone, Copy, Debug)]
pub struct Strings(pub Addr);

impl Strings {
    /// The strings, if their bytes are at most `bytes_max`.
    pub fn read(self, guest: &Guest<'_>, bytes_max: usize) -> Result<Option<Vec<Vec<u8>>>, BadAddress> {
        let (mut strings, mut left, mut at) = (Vec::new(), bytes_max, self.0);
        if at.is_null() {
            return Ok(Some(strings));
        }
        loop {
            let string: Addr = guest.read(at)?;
            if string.is_null() {
                return Ok(Some(strings));
            }
            let Some(string) = guest.space.read_string(string, left.saturating_sub(1))? else { return Ok(None) };
            left = left.saturating_sub(string.len() + 5);
            strings.push(string);
            at = at + 4;
        }
    }
}

impl Arg for Strings {
    fn take(reader: &mut ArgReader<'_>) -> Result<Strings, BadAddress> {
        Ok(Strings(Addr(reader.word()?)))
    }
    fn trace(&self, _scene: &Scene<'_>, out: &mut String) {
        self.0.show(out);
    }
}

/// Bytes the call reads; their count is the next argument.
#[derive(Clone, Copy, Debug)]
pub struct InBytes(pub Addr);

impl Arg for InBytes {
    fn take(reader: &mut ArgReader<'_>) -> Result<InBytes, BadAddress> {
        Ok(InBytes(Addr(reader.word()?)))
    }
    fn trace(&self, scene: &Scene<'_>, out: &mut String) {
        trace_bytes(self.0, scene.next, scene, out);
    }
}

impl InBytes {
    /// Reads `length` bytes.
    pub fn read(self, guest: &Guest<'_>, length: u32) -> Result<Vec<u8>, BadAddress> {
        guest.bytes(self.0, length)
    }
}

/// Bytes the call writes, as many as it returns; the most is the next argument.
#[derive(Clone, Copy, Debug)]
pub struct OutBytes(pub Addr);

impl Arg for OutBytes {
    const AT_EXIT: bool = true;
    fn take(reader: &mut ArgReader<'_>) -> Result<OutBytes, BadAddress> {
        Ok(OutBytes(Addr(reader.word()?)))
    }
    fn trace(&self, scene: &Scene<'_>, out: &mut String) {
        match scene.result {
            Some(length) => trace_bytes(self.0, length.min(scene.next), scene, out),
            None => self.0.show(out),
        }
    }
}

impl OutBytes {
    /// Writes the bytes.
    pub fn write(self, guest: &mut Guest<'_>, bytes: &[u8]) -> Result<(), BadAddress> {
        guest.space.write(self.0, bytes)
    }
}

fn trace_bytes(at: Addr, length: u32, scene: &Scene<'_>, out: &mut String) {
    let mut shown = [0; SHOWN_BYTES];
    let count = SHOWN_BYTES.min(length as usize);
    match scene.space.read(at, &mut shown[..count]) {
        Ok(()) => quote(&shown[..count], length as usize > SHOWN_BYTES, out),
        Err(_) => at.show(out),
    }
}
