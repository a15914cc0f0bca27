//! Sending and receiving.

use super::address::Address;
use super::endpoint::{Endpoint, Ends, Role, Style};
use super::header::Header;
use super::inbox::{Inbox, Spent};
use super::packet::{Charge, Credentials, Packet, Rights};
use crate::description::Description;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use vfs::{Errno, Result};

/// What Linux keeps of the send buffer for itself when it sends a message.
const MESSAGE_OVERHEAD_BYTES: usize = 32;
/// What a message costs its sender beside its bytes: even empty ones must come to an end.
pub(super) const MESSAGE_COST_BYTES: usize = 512;

/// What goes with the bytes.
pub(crate) struct Ancillary {
    pub(crate) credentials: Credentials,
    pub(crate) rights: Option<Rights>,
}

impl Ancillary {
    /// Nothing but who sends.
    pub(crate) fn of(credentials: Credentials) -> Ancillary {
        Ancillary { credentials, rights: None }
    }
}

/// How to receive.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// Bytes there is room for.
    pub(crate) room: usize,
    /// MSG_PEEK: everything stays.
    pub(crate) peeks: bool,
    /// SO_PASSCRED: bytes of several senders must not be told as one's.
    pub(crate) tells_credentials: bool,
    /// It would wait, were there nothing.
    pub(crate) waits: bool,
    /// An urgent byte is not read with the others.
    pub(crate) is_apart: bool,
}

/// What was received.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    /// Bytes that the message had.
    pub(crate) length: usize,
    pub(crate) from: Option<Arc<Address>>,
    /// Of a message of the internet.
    pub(crate) header: Option<Header>,
    /// Who sent it; none if there was nothing.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) rights: Vec<Arc<Description>>,
    /// MSG_TRUNC
    pub(crate) is_cut: bool,
    /// It ends where an urgent byte is next.
    pub(crate) is_before_urgent: bool,
}

impl Endpoint {
    /// The connected peer; EPIPE if it has gone.
    fn peer(&self) -> Result<Arc<Endpoint>> {
        let mut state = self.state.lock();
        match state.role {
            // What is yet to be told comes first (`sk_stream_error`).
            Role::Connected if state.ends.writing && self.family.is_internet() => {
                Err(state.error.take().unwrap_or(Errno::EPIPE))
            }
            Role::Connected if state.ends.writing => Err(Errno::EPIPE),
            Role::Connected => state.peer.upgrade().ok_or(Errno::EPIPE),
            Role::Connecting => Err(Errno::EAGAIN),
            _ if self.family.is_internet() => Err(Errno::EPIPE),
            _ => Err(Errno::ENOTCONN),
        }
    }

    pub(super) fn packet(self: &Arc<Self>, bytes: &[u8], with: Ancillary) -> Packet {
        let cost = bytes.len() + if self.style == Style::Stream { 0 } else { MESSAGE_COST_BYTES };
        self.sent.fetch_add(cost, Ordering::AcqRel);
        Packet {
            bytes: bytes.to_vec(),
            taken: 0,
            // TCP's reader is not told (recvfrom(2)).
            from: if self.is_tcp() { None } else { self.address() },
            header: None,
            credentials: with.credentials,
            rights: with.rights,
            charge: Charge { sender: Arc::downgrade(self), bytes: cost },
        }
    }

    /// Puts a packet where it belongs, unless nobody will read it.
    pub(super) fn deliver(to: &Endpoint, packet: Packet, put: impl FnOnce(&mut Inbox, Packet)) -> Result<()> {
        if let Some(hear) = to.hears {
            hear(&packet.bytes);
            return Ok(());
        }
        let is_shut = {
            let state = to.state.lock();
            // TCP takes what comes, whether it will be read or not.
            let is_deaf = state.ends.reading && !(to.family.is_internet() && to.style == Style::Stream);
            if !state.is_closed && !is_deaf {
                put(&mut to.inbox.lock(), packet);
                false
            } else {
                drop(state);
                drop(packet);
                true
            }
        };
        if is_shut {
            return Err(Errno::EPIPE);
        }
        to.arrived();
        Ok(())
    }

    /// Sends bytes of a stream, as many as there is room for.
    pub(crate) fn send_bytes(self: &Arc<Self>, bytes: &[u8], with: Ancillary) -> Result<usize> {
        if let Some(link) = self.link() {
            return self.send_outside(&*link, bytes);
        }
        let peer = self.peer();
        let (is_closed, is_deaf) = peer.as_ref().map_or((true, true), |peer| {
            let state = peer.state.lock();
            (state.is_closed, state.ends.reading)
        });
        if is_closed && self.is_left(bytes)? {
            return Ok(bytes.len());
        }
        let peer = peer?;
        if is_deaf && !self.family.is_internet() {
            return Err(Errno::EPIPE);
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut room = self.options.lock().send_bytes as usize;
        if self.family.is_internet() {
            room += peer.options.lock().receive_bytes as usize;
        }
        let left = || room.saturating_sub(self.unread());
        if left() < bytes.len() && !self.lacks_room() {
            // There was room again before anybody could have been told.
            self.has_room();
        }
        let room = left();
        if room == 0 {
            return Err(Errno::EAGAIN);
        }
        let bytes = &bytes[..bytes.len().min(room)];
        Endpoint::deliver(&peer, self.packet(bytes, with), Inbox::append)?;
        Ok(bytes.len())
    }

    /// Sends a message, to the peer if no other is named.
    pub(crate) fn send_message(
        self: &Arc<Self>,
        to: Option<&Arc<Endpoint>>,
        bytes: &[u8],
        with: Ancillary,
    ) -> Result<usize> {
        let to = match to {
            Some(to) => to.clone(),
            None => self.receiver()?,
        };
        self.check_receiver(&to)?;
        self.check_length(bytes.len())?;
        let send_bytes = self.options.lock().send_bytes as usize;
        let (is_gone, is_deaf) = {
            let state = to.state.lock();
            (state.is_closed && !self.style.connects(), state.ends.reading)
        };
        if is_gone {
            return Err(Errno::ECONNREFUSED);
        }
        if is_deaf || self.state.lock().ends.writing {
            return Err(Errno::EPIPE);
        }
        let is_crowded = !to.talks_to(self) && to.is_full();
        if is_crowded || self.unread() > 0 && self.unread() + bytes.len() > send_bytes {
            *self.waits_at.lock() = Arc::downgrade(&to);
            return Err(Errno::EAGAIN);
        }
        *self.waits_at.lock() = Weak::new();
        Endpoint::deliver(&to, self.packet(bytes, with), Inbox::push)?;
        Ok(bytes.len())
    }

    /// Refuses a message that no send buffer of this size holds.
    pub(crate) fn check_length(&self, length: usize) -> Result<()> {
        let most = (self.options.lock().send_bytes as usize).saturating_sub(MESSAGE_OVERHEAD_BYTES);
        if length > most { Err(Errno::EMSGSIZE) } else { Ok(()) }
    }

    /// The peer that messages go to.
    fn receiver(&self) -> Result<Arc<Endpoint>> {
        if self.style.connects() {
            return self.peer();
        }
        let mut state = self.state.lock();
        if !matches!(state.role, Role::Connected) {
            return Err(Errno::ENOTCONN);
        }
        // A peer that has gone is told of once.
        state.peer.upgrade().ok_or_else(|| {
            state.role = Role::Idle;
            Errno::ECONNREFUSED
        })
    }

    /// Receives what is there: bytes of a stream, or a message.
    pub(crate) fn receive(&self, asked: &Asked) -> Result<Received> {
        // What comes, comes under this lock: the end is behind all that came before it.
        let mut state = self.state.lock();
        let is_connected = matches!(state.role, Role::Connected);
        match self.style {
            Style::Stream if matches!(state.role, Role::Connecting) => return Err(Errno::EAGAIN),
            Style::Stream if !is_connected && self.family.is_internet() => {
                return Err(state.error.take().unwrap_or(Errno::ENOTCONN));
            }
            Style::Stream if !is_connected => return Err(Errno::EINVAL),
            Style::Packets if !is_connected => return Err(Errno::ENOTCONN),
            _ => {}
        }
        let mut inbox = self.inbox.lock();
        let is_stream = self.style == Style::Stream;
        let passed = if is_stream && !asked.peeks { inbox.pass(asked.is_apart) } else { Spent::default() };
        let taken = if is_stream { inbox.bytes(asked) } else { inbox.next(asked) };
        drop(inbox);
        if let Some((received, spent)) = taken {
            drop(state);
            drop((passed, spent));
            match self.style {
                _ if asked.peeks => {}
                // Who sends a stream is told of room by what is given back.
                Style::Stream => self.reads_on(),
                _ => self.made_room(),
            }
            return Ok(received);
        }
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        let Ends { reading, .. } = state.ends;
        if reading && (self.style.connects() || asked.waits) { Ok(Received::default()) } else { Err(Errno::EAGAIN) }
    }
}
