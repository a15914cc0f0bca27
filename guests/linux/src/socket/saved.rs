//! Local sockets as data: [`SavedEndpoint`] is one, by the numbers of others; [`SavedNames`] are the names of those that are
//! bound.

use super::address::Address;
use super::endpoint::{Endpoint, Ends, Named, Role, State, Style};
use super::family::{Family, Protocol};
use super::header::Header;
use super::inbox::Urgent;
use super::names::Names;
use super::options::Options;
use super::packet::{Charge, Credentials, Packet, Rights};
use super::ports::{Bound, Ports};
use crate::commons::Commons;
use crate::description::Description;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::sync::atomic::Ordering;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use vfs::numbered::Numbered;
use vfs::{Errno, NodeRef};

/// A socket.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedEndpoint {
    family: Family,
    style: Style,
    protocol: Protocol,
    pub(crate) inode: u64,
    role: SavedRole,
    address: Option<Address>,
    named: Named,
    peer: Option<u32>,
    peer_address: Option<Address>,
    peer_credentials: Option<Credentials>,
    ends: Ends,
    /// The generic number of the error that is yet to be told.
    error: Option<u16>,
    is_closed: bool,
    is_begun: bool,
    packets: Vec<SavedPacket>,
    options: Options,
    sent: usize,
    waits_at: Option<u32>,
    knocking: Vec<u32>,
    arrivals: u64,
    rooms: u64,
    urgent: Option<Urgent>,
    /// Whether it is what the kernel has at /dev/log.
    is_log: bool,
}

#[derive(Serialize, Deserialize)]
enum SavedRole {
    Idle,
    Listening(usize, Vec<u32>),
    Connecting,
    Connected,
}

#[derive(Serialize, Deserialize)]
struct SavedPacket {
    bytes: ByteBuf,
    taken: usize,
    from: Option<Address>,
    header: Option<Header>,
    credentials: Credentials,
    /// Descriptions that it carries, if it carries any.
    rights: Option<Vec<u32>>,
    sender: Option<u32>,
    charged: usize,
}

/// The names of sockets that are bound.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedNames {
    names: Vec<(ByteBuf, u32)>,
    nodes: Vec<((u32, u32), u32)>,
    next_choice: u32,
}

/// The sockets that are bound to ports: whose port it is, which, and how each it is bound there.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedPorts {
    bound: Vec<(Protocol, u16, SavedBound)>,
    last: u16,
}

#[derive(Serialize, Deserialize)]
struct SavedBound {
    ip: IpAddr,
    is_both: bool,
    endpoint: u32,
}

impl Ports {
    /// As data.
    pub(crate) fn save(&self, others: &mut Numbered<Endpoint>) -> SavedPorts {
        let table = self.table.lock();
        let mut bound = Vec::new();
        for ((protocol, port), all) in &table.bound {
            for Bound { ip, is_both, endpoint } in all {
                let Some(endpoint) = endpoint.upgrade() else { continue };
                let endpoint = others.number(&endpoint);
                bound.push((*protocol, *port, SavedBound { ip: *ip, is_both: *is_both, endpoint }));
            }
        }
        SavedPorts { bound, last: table.last }
    }

    /// Binds sockets to their ports again; none where a number means nothing.
    pub(crate) fn restore(&self, saved: SavedPorts, others: &[Arc<Endpoint>]) -> Option<()> {
        let mut table = self.table.lock();
        for (protocol, port, SavedBound { ip, is_both, endpoint }) in saved.bound {
            let endpoint = Arc::downgrade(others.get(endpoint as usize)?);
            table.bound.entry((protocol, port)).or_default().push(Bound { ip, is_both, endpoint });
        }
        table.last = saved.last;
        Some(())
    }
}

fn owned(address: &Option<Arc<Address>>) -> Option<Address> {
    address.as_deref().cloned()
}

impl Endpoint {
    /// As data; other sockets and descriptions get numbers.
    pub(crate) fn save(
        &self,
        others: &mut Numbered<Endpoint>,
        descriptions: &mut Numbered<Description>,
    ) -> SavedEndpoint {
        let mut weak = |weak: &Weak<Endpoint>| weak.upgrade().map(|other| others.number(&other));
        let inbox = self.inbox.lock();
        let packets = inbox.iter().map(|packet| SavedPacket {
            bytes: ByteBuf::from(packet.bytes.clone()),
            taken: packet.taken,
            from: owned(&packet.from),
            header: packet.header,
            credentials: packet.credentials,
            rights: packet.rights.as_ref().map(|rights| {
                rights.descriptions().iter().map(|description| descriptions.number(description)).collect()
            }),
            sender: weak(&packet.charge.sender),
            charged: packet.charge.bytes,
        });
        let packets = packets.collect();
        let state = self.state.lock();
        // What is outside does not come along.
        let is_torn = self.link().is_some() && self.style.connects() && !state.is_closed;
        let (peer, waits_at) = (weak(&state.peer), weak(&self.waits_at.lock()));
        let knocking = self.knocking.lock().iter().filter_map(weak).collect();
        SavedEndpoint {
            family: self.family,
            style: self.style,
            protocol: self.protocol,
            inode: self.inode,
            role: match &state.role {
                Role::Idle => SavedRole::Idle,
                Role::Listening(most, waiting) => {
                    SavedRole::Listening(*most, waiting.iter().map(|other| others.number(other)).collect())
                }
                Role::Connecting => SavedRole::Connecting,
                Role::Connected => SavedRole::Connected,
            },
            address: owned(&state.address),
            named: state.named,
            peer,
            peer_address: owned(&state.peer_address),
            peer_credentials: state.peer_credentials,
            ends: if is_torn { Ends { reading: true, writing: true } } else { state.ends },
            error: state.error.or(is_torn.then_some(Errno::ECONNRESET)).map(Errno::number),
            is_closed: state.is_closed,
            is_begun: state.is_begun,
            packets,
            options: self.options.lock().clone(),
            sent: self.unread(),
            waits_at,
            knocking,
            arrivals: self.arrivals.load(Ordering::Relaxed),
            rooms: self.rooms.load(Ordering::Relaxed),
            urgent: inbox.urgent,
            is_log: self.hears.is_some(),
        }
    }

    /// Has this one, which is new, be what it was; none where a number means nothing.
    pub(crate) fn restore(
        &self,
        saved: SavedEndpoint,
        others: &[Arc<Endpoint>],
        descriptions: &[Arc<Description>],
        commons: &Arc<Commons>,
    ) -> Option<()> {
        let find = |number: u32| others.get(number as usize).cloned();
        let weak = |number: Option<u32>| match number {
            Some(number) => find(number).map(|other| Arc::downgrade(&other)),
            None => Some(Weak::new()),
        };
        for packet in saved.packets {
            if packet.taken > packet.bytes.len() {
                return None;
            }
            let rights = match packet.rights {
                Some(numbers) => {
                    let found = numbers.iter().map(|number| descriptions.get(*number as usize).cloned());
                    Some(Rights::new(found.collect::<Option<_>>()?, commons).ok()?)
                }
                None => None,
            };
            self.inbox.lock().push(Packet {
                bytes: packet.bytes.into_vec(),
                taken: packet.taken,
                from: packet.from.map(Arc::new),
                header: packet.header,
                credentials: packet.credentials,
                rights,
                charge: Charge { sender: weak(packet.sender)?, bytes: packet.charged },
            });
        }
        let role = match saved.role {
            SavedRole::Idle => Role::Idle,
            SavedRole::Listening(most, waiting) => {
                Role::Listening(most, waiting.into_iter().map(find).collect::<Option<VecDeque<_>>>()?)
            }
            SavedRole::Connecting => Role::Connecting,
            SavedRole::Connected => Role::Connected,
        };
        *self.state.lock() = State {
            role,
            address: saved.address.map(Arc::new),
            named: saved.named,
            peer: weak(saved.peer)?,
            peer_address: saved.peer_address.map(Arc::new),
            peer_credentials: saved.peer_credentials,
            ends: saved.ends,
            error: saved.error.and_then(Errno::from_number),
            is_closed: saved.is_closed,
            is_begun: saved.is_begun,
        };
        *self.options.lock() = saved.options;
        *self.waits_at.lock() = weak(saved.waits_at)?;
        for number in saved.knocking {
            self.knocking.lock().push_back(weak(Some(number))?);
        }
        self.sent.store(saved.sent, Ordering::Release);
        self.arrivals.store(saved.arrivals, Ordering::Relaxed);
        self.rooms.store(saved.rooms, Ordering::Relaxed);
        let mut inbox = self.inbox.lock();
        let bytes = inbox.pending(true);
        inbox.urgent = saved.urgent.filter(|urgent| urgent.ahead < bytes);
        drop(inbox);
        Some(())
    }
}

impl SavedEndpoint {
    /// A socket that is not yet what it was.
    pub(crate) fn make(&self) -> Arc<Endpoint> {
        if self.is_log {
            return Endpoint::hearing(self.family, self.style, crate::syslog::hear);
        }
        Endpoint::with_inode(self.family, self.style, self.protocol, self.inode)
    }
}

impl Names {
    /// As data; none if a name is not one of a file system in memory.
    pub(crate) fn save(
        &self,
        others: &mut Numbered<Endpoint>,
        mut node: impl FnMut(&NodeRef) -> Option<(u32, u32)>,
    ) -> Option<SavedNames> {
        let table = self.0.lock();
        let alive = table.names.iter().filter_map(|(name, bound)| Some((name, bound.upgrade()?)));
        let names = alive.map(|(name, bound)| (ByteBuf::from(name.clone()), others.number(&bound))).collect();
        let alive = table.nodes.values().filter_map(|(node, bound)| Some((node, bound.upgrade()?)));
        let nodes = alive.map(|(at, bound)| Some((node(at)?, others.number(&bound)))).collect::<Option<_>>()?;
        Some(SavedNames { names, nodes, next_choice: table.next_choice })
    }

    /// Binds sockets to their names again; none where a number means nothing.
    pub(crate) fn restore(
        &self,
        saved: SavedNames,
        others: &[Arc<Endpoint>],
        node: impl Fn((u32, u32)) -> Option<NodeRef>,
    ) -> Option<()> {
        for (name, bound) in saved.names {
            self.bind_name(&name, others.get(bound as usize)?).ok()?;
        }
        for (at, bound) in saved.nodes {
            self.bind_node(&node(at)?, others.get(bound as usize)?).ok()?;
        }
        self.0.lock().next_choice = saved.next_choice;
        Some(())
    }
}
