//! [`Inbox`]: the packets that a socket has still to read.

use super::packet::{Charge, Packet, Rights};
use super::transfer::{Asked, Received};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Streams join what was sent bytewise, up to so many bytes a packet.
const JOINED_BYTES_MAX: usize = 16_384;

/// Packets in the order they were sent.
#[derive(Default)]
pub(super) struct Inbox {
    packets: VecDeque<Packet>,
    /// The byte of a stream that is urgent, until what is behind it is read (tcp(7)).
    pub(super) urgent: Option<Urgent>,
}

/// An urgent byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Urgent {
    /// Bytes to be read before it.
    pub(super) ahead: usize,
    pub(super) byte: u8,
    /// Whether it was read by itself (MSG_OOB).
    pub(super) is_read: bool,
}

/// What is to be dropped once no lock is held: packets that were read, and what was read of one that stays.
pub(super) type Spent = (Vec<Packet>, Option<Rights>, Option<Charge>);

impl Inbox {
    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.packets.len()
    }

    /// Bytes that a read would give: all of a stream, else the next message (FIONREAD).
    pub(super) fn pending(&self, is_stream: bool) -> usize {
        let count = if is_stream { self.packets.len() } else { 1 };
        self.packets.iter().take(count).map(|packet| packet.rest().len()).sum()
    }

    /// Whether a read would give something: an urgent byte that is next alone does not, if it `is_apart`.
    pub(super) fn is_readable(&self, is_apart: bool) -> bool {
        let is_next = is_apart && self.urgent.is_some_and(|urgent| urgent.ahead == 0);
        if is_next { self.pending(true) > 1 } else { !self.is_empty() }
    }

    /// The last byte of the stream becomes urgent. Of one that was, and is next, nobody reads any more if they are `apart`.
    pub(super) fn mark(&mut self, apart: bool) -> Spent {
        let spent = self.pass(apart);
        let last = self.packets.back().and_then(|packet| packet.rest().last());
        self.urgent = last.map(|byte| Urgent { ahead: self.pending(true) - 1, byte: *byte, is_read: false });
        spent
    }

    /// Leaves out the urgent byte if it is next and is not read with the others.
    pub(super) fn pass(&mut self, is_apart: bool) -> Spent {
        let mut spent = Spent::default();
        if !is_apart || self.urgent.is_none_or(|urgent| urgent.ahead > 0) {
            return spent;
        }
        self.urgent = None;
        if let Some(first) = self.packets.front_mut() {
            first.taken += 1;
            if first.rest().is_empty() {
                spent.0.extend(self.packets.pop_front());
            } else {
                spent.2 = Some(first.charge.split(1));
            }
        }
        spent
    }

    /// Takes everything out, to be dropped.
    pub(super) fn take(&mut self) -> VecDeque<Packet> {
        core::mem::take(&mut self.packets)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Packet> {
        self.packets.iter()
    }

    /// Adds a message.
    pub(super) fn push(&mut self, packet: Packet) {
        self.packets.push_back(packet);
    }

    /// Adds bytes of a stream.
    pub(super) fn append(&mut self, packet: Packet) {
        if let Some(last) = self.packets.back_mut()
            && last.rights.is_none()
            && packet.rights.is_none()
            && last.credentials == packet.credentials
            && last.charge.sender.ptr_eq(&packet.charge.sender)
            && last.rest().len() + packet.bytes.len() <= JOINED_BYTES_MAX
        {
            last.bytes.drain(..core::mem::take(&mut last.taken));
            last.bytes.extend_from_slice(&packet.bytes);
            last.charge.join(packet.charge);
            return;
        }
        self.packets.push_back(packet);
    }

    /// Reads the next message; what does not fit is lost.
    pub(super) fn next(&mut self, asked: &Asked) -> Option<(Received, Spent)> {
        let packet = self.packets.front()?;
        let fits = packet.bytes.len().min(asked.room);
        let received = Received {
            bytes: packet.bytes[..fits].to_vec(),
            length: packet.bytes.len(),
            from: packet.from.clone(),
            header: packet.header,
            credentials: Some(packet.credentials),
            rights: packet.rights.as_ref().map(|rights| rights.descriptions().to_vec()).unwrap_or_default(),
            is_cut: fits < packet.bytes.len(),
            is_before_urgent: false,
        };
        let spent = if asked.peeks { None } else { self.packets.pop_front() };
        Some((received, (spent.into_iter().collect(), None, None)))
    }

    /// Reads bytes of a stream: from packet to packet until there is no more room, behind one that carries descriptors,
    /// and before one of another sender if the reader is told who sent.
    pub(super) fn bytes(&mut self, asked: &Asked) -> Option<(Received, Spent)> {
        let first = self.packets.front()?;
        let mut received =
            Received { from: first.from.clone(), credentials: Some(first.credentials), ..Received::default() };
        let (mut spent, mut index, mut is_first) = (Spent::default(), 0, true);
        // A read ends before the urgent byte.
        let until_urgent = self.urgent.map(|urgent| urgent.ahead).filter(|ahead| *ahead > 0);
        let whole = asked.room.min(until_urgent.unwrap_or(usize::MAX));
        // Whoever peeks leaves it out as one who reads does.
        let mut hidden = usize::from(asked.peeks && asked.is_apart && self.urgent.is_some_and(|it| it.ahead == 0));
        while let Some(packet) = self.packets.get_mut(index) {
            let room = whole.saturating_sub(received.bytes.len());
            let is_other = received.credentials != Some(packet.credentials);
            if !is_first && (room == 0 || is_other && asked.tells_credentials) {
                break;
            }
            is_first = false;
            let rest = packet.rest().get(core::mem::take(&mut hidden)..).unwrap_or_default();
            let count = rest.len().min(room);
            received.bytes.extend_from_slice(&rest[..count]);
            let carries = packet.rights.is_some();
            if let Some(rights) = &packet.rights {
                received.rights.extend_from_slice(rights.descriptions());
            }
            if asked.peeks {
                index += 1;
            } else {
                packet.taken += count;
                if packet.rest().is_empty() {
                    spent.0.extend(self.packets.pop_front());
                } else {
                    // Descriptors go with the first byte.
                    spent.1 = packet.rights.take();
                    spent.2 = Some(packet.charge.split(count));
                    break;
                }
            }
            if carries {
                break;
            }
        }
        received.length = received.bytes.len();
        received.is_before_urgent = until_urgent == Some(received.length);
        if !asked.peeks && received.length > 0 {
            self.urgent = self
                .urgent
                .and_then(|urgent| Some(Urgent { ahead: urgent.ahead.checked_sub(received.length)?, ..urgent }));
        }
        Some((received, spent))
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::Credentials;
    use super::*;
    use alloc::sync::Weak;

    fn packet(bytes: &[u8], uid: u32) -> Packet {
        Packet {
            bytes: bytes.to_vec(),
            taken: 0,
            from: None,
            header: None,
            credentials: Credentials { pid: 1, uid, gid: 0 },
            rights: None,
            charge: Charge { sender: Weak::new(), bytes: bytes.len() },
        }
    }

    fn asked(room: usize) -> Asked {
        Asked { room, ..Asked::default() }
    }

    fn read(inbox: &mut Inbox, asked: &Asked) -> Vec<u8> {
        inbox.bytes(asked).map(|(received, _)| received.bytes).unwrap_or_default()
    }

    #[test]
    fn a_stream_flows_together() {
        let mut inbox = Inbox::default();
        inbox.append(packet(b"hello ", 0));
        inbox.append(packet(b"you", 0));
        inbox.append(packet(b"!", 7));
        assert_eq!((inbox.len(), inbox.pending(true)), (2, 10));
        assert_eq!(read(&mut inbox, &Asked { peeks: true, ..asked(100) }), b"hello you!");
        assert_eq!(read(&mut inbox, &asked(2)), b"he");
        inbox.append(packet(b"?", 7));
        assert_eq!(read(&mut inbox, &Asked { tells_credentials: true, ..asked(100) }), b"llo you");
        assert_eq!(read(&mut inbox, &asked(100)), b"!?");
        assert!(inbox.is_empty() && inbox.bytes(&asked(1)).is_none());
    }

    #[test]
    fn an_urgent_byte_is_a_border() {
        let mut inbox = Inbox::default();
        inbox.append(packet(b"ab!", 0));
        drop(inbox.mark(true));
        inbox.append(packet(b"cd", 0));
        let apart = |room| Asked { is_apart: true, ..asked(room) };
        assert_eq!(read(&mut inbox, &apart(9)), b"ab");
        assert_eq!(inbox.urgent, Some(Urgent { ahead: 0, byte: b'!', is_read: false }));
        assert!(inbox.is_readable(true));
        assert_eq!(read(&mut inbox, &Asked { peeks: true, ..apart(9) }), b"cd");
        drop(inbox.pass(true));
        assert_eq!(read(&mut inbox, &apart(9)), b"cd");
        inbox.append(packet(b"?", 0));
        drop(inbox.mark(true));
        assert!(!inbox.is_readable(true) && inbox.is_readable(false));
        inbox.append(packet(b"x", 0));
        drop(inbox.mark(true));
        assert_eq!((inbox.pending(true), inbox.urgent.map(|urgent| urgent.byte)), (1, Some(b'x')));
        assert_eq!(read(&mut inbox, &asked(9)), b"x");
        assert_eq!(inbox.urgent, None);
    }

    #[test]
    fn messages_stay_apart_and_are_cut() {
        let mut inbox = Inbox::default();
        inbox.push(packet(b"first", 0));
        inbox.push(packet(b"", 0));
        assert_eq!(inbox.pending(false), 5);
        let (peeked, _) = inbox.next(&Asked { peeks: true, ..asked(2) }).unwrap();
        assert_eq!((peeked.bytes, peeked.length, peeked.is_cut), (b"fi".to_vec(), 5, true));
        assert!(!inbox.next(&asked(5)).unwrap().0.is_cut);
        assert_eq!(inbox.next(&asked(5)).unwrap().0.length, 0);
        assert!(inbox.next(&asked(5)).is_none());
    }
}
