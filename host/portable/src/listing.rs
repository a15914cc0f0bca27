//! What `fd_readdir` fills a buffer with: a `dirent` and a name for each entry, the last one perhaps cut off.

/// Bytes of a `dirent` (typenames.witx).
const DIRENT_BYTES: usize = 24;

/// One entry, as the runtime tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    /// Where the next one begins: a `dircookie`.
    pub(crate) next: u64,
    /// Its inode; 0 where the runtime does not know.
    pub(crate) inode: u64,
    /// Its `filetype`.
    pub(crate) filetype: u8,
    /// Its name.
    pub(crate) name: Vec<u8>,
}

/// The entries that are whole.
pub(crate) fn parse(mut buffer: &[u8]) -> Vec<Listed> {
    let mut found = Vec::new();
    while let Some((listed, rest)) = first(buffer) {
        found.push(listed);
        buffer = rest;
    }
    found
}

fn first(buffer: &[u8]) -> Option<(Listed, &[u8])> {
    let (head, rest) = buffer.split_at_checked(DIRENT_BYTES)?;
    let (next, head) = head.split_first_chunk()?;
    let (inode, head) = head.split_first_chunk()?;
    let (length, head) = head.split_first_chunk()?;
    let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let (next, inode) = (u64::from_le_bytes(*next), u64::from_le_bytes(*inode));
    Some((Listed { next, inode, filetype: head[0], name: name.to_vec() }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_is_left_out() {
        let entry = |next: u64, name: &[u8]| {
            let mut bytes = [next.to_le_bytes(), 7_u64.to_le_bytes()].concat();
            bytes.extend((name.len() as u32).to_le_bytes());
            bytes.extend([4, 0, 0, 0]);
            [&bytes, name].concat()
        };
        let whole = [entry(1, b"a"), entry(2, b"bc")].concat();
        let listed = |next, name: &[u8]| Listed { next, inode: 7, filetype: 4, name: name.to_vec() };
        assert_eq!(parse(&whole), [listed(1, b"a"), listed(2, b"bc")]);
        assert_eq!(parse(&whole[..whole.len() - 1]), [listed(1, b"a")]);
        assert_eq!(parse(&whole[..10]), []);
    }
}
