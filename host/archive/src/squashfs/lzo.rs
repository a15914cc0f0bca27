//! Taking LZO1X off a block: [`unpack`] (Documentation/staging/lzo.rst in Linux).

/// The bytes, if the stream is whole and they are at most `limit`.
pub(super) fn unpack(packed: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut stream = Stream { from: packed, into: Vec::new(), limit };
    // Literals that the last instruction copied behind its match; 4 stands for a long run.
    let mut state = match *packed.first()? {
        first @ 18.. => {
            stream.byte()?;
            let count = usize::from(first) - 17;
            stream.literals(count)?;
            count.min(4)
        }
        _ => 0,
    };
    loop {
        let code = usize::from(stream.byte()?);
        let (distance, length, more) = match code {
            0..16 if state == 0 => {
                let count = 3 + if code == 0 { 15 + stream.long()? } else { code };
                stream.literals(count)?;
                state = 4;
                continue;
            }
            0..16 => {
                let high = usize::from(stream.byte()?) << 2;
                let (base, length) = if state == 4 { (2049, 3) } else { (1, 2) };
                (base + high + (code >> 2), length, code & 3)
            }
            16..32 => {
                let length = 2 + if code & 7 == 0 { 7 + stream.long()? } else { code & 7 };
                let word = stream.word()?;
                let distance = 16384 + ((code & 8) << 11) + (word >> 2);
                if distance == 16384 {
                    // The end, which nothing follows.
                    return (length == 3 && stream.from.is_empty()).then_some(stream.into);
                }
                (distance, length, word & 3)
            }
            32..64 => {
                let length = 2 + if code & 31 == 0 { 31 + stream.long()? } else { code & 31 };
                let word = stream.word()?;
                (1 + (word >> 2), length, word & 3)
            }
            64..128 => (1 + (usize::from(stream.byte()?) << 3) + (code >> 2 & 7), 3 + (code >> 5 & 1), code & 3),
            _ => (1 + (usize::from(stream.byte()?) << 3) + (code >> 2 & 7), 5 + (code >> 5 & 3), code & 3),
        };
        stream.again(distance, length)?;
        stream.literals(more)?;
        state = more;
    }
}

/// What is left to read, and what was written.
struct Stream<'a> {
    from: &'a [u8],
    into: Vec<u8>,
    limit: usize,
}

impl Stream<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.from.split_first()?;
        self.from = rest;
        Some(*first)
    }

    /// Two bytes, little-endian.
    fn word(&mut self) -> Option<usize> {
        Some(usize::from(self.byte()?) | usize::from(self.byte()?) << 8)
    }

    /// What a length has beyond what fits its code: 255 for each zero, and the byte behind them.
    fn long(&mut self) -> Option<usize> {
        let mut length = 0;
        loop {
            match self.byte()? {
                0 => length += 255,
                last => return Some(length + usize::from(last)),
            }
        }
    }

    fn literals(&mut self, count: usize) -> Option<()> {
        let (bytes, rest) = self.from.split_at_checked(count)?;
        self.from = rest;
        self.into.extend_from_slice(bytes);
        (self.into.len() <= self.limit).then_some(())
    }

    /// Copies what was written `distance` bytes ago; it may reach into the copy itself.
    fn again(&mut self, distance: usize, length: usize) -> Option<()> {
        if length > self.limit - self.into.len().min(self.limit) {
            return None;
        }
        for _ in 0..length {
            let from = self.into.len().checked_sub(distance)?;
            self.into.push(*self.into.get(from)?);
        }
        Some(())
    }
}
