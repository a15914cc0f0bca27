//! Numbers and lists as bytes, little-endian: [`Writer`], and a [`Reader`] that believes no length.

/// Writes.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }
    pub(crate) fn word(&mut self, word: u32) {
        self.0.extend(word.to_le_bytes());
    }
    /// Bytes whose number is known.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }
    /// A number of things, and each of them.
    pub(crate) fn list<T>(&mut self, list: &[T], mut one: impl FnMut(&mut Writer, &T)) {
        self.word(u32::try_from(list.len()).expect("what is written is far smaller than 4 GiB"));
        list.iter().for_each(|each| one(self, each));
    }
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.word(u32::try_from(bytes.len()).expect("what is written is far smaller than 4 GiB"));
        self.raw(bytes);
    }
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads; `None` where there is no more.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }
    pub(crate) fn raw(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (read, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(read)
    }
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }
    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }
    pub(crate) fn word(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
    /// A list: room is made as things come, because its length may be a lie.
    pub(crate) fn list<T>(&mut self, mut one: impl FnMut(&mut Reader<'a>) -> Option<T>) -> Option<Vec<T>> {
        let count = self.word()?;
        (0..count).map(|_| one(self)).collect()
    }
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.word()?;
        self.raw(count as usize)
    }
    /// Something, if nothing is left over.
    pub(crate) fn finish<T>(self, read: T) -> Option<T> {
        self.0.is_empty().then_some(read)
    }
}
