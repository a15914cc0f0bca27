//! /proc/net (proc_pid_net(5)): the sockets of a world, and its interfaces.

use crate::kernel::Kernel;
use crate::proc::Scene;
use crate::ready::special;
use crate::socket::interface::{Interface, ROUTER, interfaces};
use crate::socket::{Address, Endpoint, Family, Protocol, SocketFile, Standing, Status, Style};
use abi::Endian;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

/// Makes a file's text for a process of that byte order.
pub(super) type Produce = fn(&Kernel, Endian) -> String;

/// The files.
pub(super) const FILES: &[(&str, Produce)] = &[
    ("arp", |_, _| String::from("IP address       HW type     Flags       HW address            Mask     Device\n")),
    ("dev", |kernel, _| dev(kernel)),
    ("if_inet6", |kernel, _| if_inet6(kernel)),
    ("route", |kernel, endian| route(kernel, endian)),
    ("sockstat", |kernel, _| sockstat(kernel)),
    ("sockstat6", |kernel, _| sockstat6(kernel)),
    ("tcp", |kernel, endian| tcp(kernel, endian, Family::Inet)),
    ("tcp6", |kernel, endian| tcp(kernel, endian, Family::Inet6)),
    ("udp", |kernel, endian| udp(kernel, endian, Family::Inet, Protocol::Udp)),
    ("udp6", |kernel, endian| udp(kernel, endian, Family::Inet6, Protocol::Udp)),
    ("udplite", |kernel, endian| udp(kernel, endian, Family::Inet, Protocol::UdpLite)),
    ("udplite6", |kernel, endian| udp(kernel, endian, Family::Inet6, Protocol::UdpLite)),
    ("unix", |kernel, _| unix(kernel)),
];

/// A socket, whose it is, and how it stands.
struct Seen {
    endpoint: Arc<Endpoint>,
    uid: u32,
    /// 0 of one that nobody has accepted yet.
    inode: u64,
    status: Status,
}

/// All sockets that processes have, and those that wait to be accepted, in the order they were made.
fn sockets(kernel: &Kernel, is_wanted: impl Fn(&Endpoint) -> bool) -> Vec<Seen> {
    let scenes: Vec<Arc<Scene>> = kernel.table.lock().iter().filter_map(|(_, member)| member.scene.clone()).collect();
    let mut found: BTreeMap<u64, (Arc<Endpoint>, u32)> = BTreeMap::new();
    for files in scenes.iter().filter_map(|scene| scene.files.upgrade()) {
        let files = files.lock();
        for description in files.open().into_iter().filter_map(|fd| files.get(fd).ok()) {
            if let Some(socket) = description.shared_file().as_deref().and_then(special::<SocketFile>) {
                found.insert(socket.endpoint.inode, (socket.endpoint.clone(), socket.maker.uid));
            }
        }
    }
    let mut seen = Vec::new();
    for (inode, (endpoint, uid)) in found.into_iter().filter(|(_, (endpoint, _))| is_wanted(endpoint)) {
        let status = endpoint.status();
        let unaccepted = status.unaccepted.clone();
        seen.push(Seen { endpoint, uid, inode, status });
        seen.extend(unaccepted.into_iter().map(|endpoint| {
            let status = endpoint.status();
            Seen { endpoint, uid, inode: 0, status }
        }));
    }
    seen
}

/// An address of a family as hexadecimal words of a byte order, and the port.
fn place(address: Option<&Address>, family: Family, endian: Endian) -> String {
    let at = address.and_then(Address::internet).unwrap_or(SocketAddr::new(family.any(), 0));
    let words = |octets: &[u8]| -> String {
        octets.as_chunks::<4>().0.iter().map(|word| format!("{:08X}", endian.u32(*word))).collect()
    };
    let text = match (family, at.ip()) {
        (Family::Inet6, IpAddr::V4(ip)) if ip.is_unspecified() => words(&[0; 16]),
        (Family::Inet6, IpAddr::V4(ip)) => words(&ip.to_ipv6_mapped().octets()),
        (_, IpAddr::V4(ip)) => words(&ip.octets()),
        (_, IpAddr::V6(ip)) => words(&ip.octets()),
    };
    format!("{text}:{:04X}", at.port())
}

const HEAD_6: &str = "  sl  local_address                         remote_address                        \
                      st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

/// Columns of a line of /proc/net/tcp, and of /proc/net/udp.
const TCP_COLUMNS: usize = 149;
const UDP_COLUMNS: usize = 127;

/// Lines under a head, which for IPv4 are all as long.
fn lines(head: &str, lines: Vec<String>, columns: usize, family: Family) -> String {
    let columns = if family == Family::Inet { columns } else { 0 };
    core::iter::once(String::from(head)).chain(lines).map(|line| format!("{line:<columns$}\n")).collect()
}

fn tcp(kernel: &Kernel, endian: Endian, family: Family) -> String {
    let all = sockets(kernel, |socket| socket.family == family && socket.style == Style::Stream);
    let known = all.iter().filter_map(|socket| Some((socket, socket.status.standing.tcp_state()?)));
    let line = |(number, (Seen { uid, inode, status, .. }, state)): (usize, (&Seen, u8))| {
        let own = place(status.address.as_deref(), family, endian);
        let other = place(status.peer.as_deref(), family, endian);
        let waiting = status.waiting;
        let rest = if status.standing == Standing::Listening { "100 0 0 10 0" } else { "20 4 0 10 -1" };
        format!(
            "{number:4}: {own} {other} {state:02X} 00000000:{waiting:08X} 00:00000000 00000000 {uid:5}        0 {inode} \
             1 00000000 {rest}"
        )
    };
    let text = known.enumerate().map(line).collect();
    let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    lines(if family == Family::Inet { head } else { HEAD_6 }, text, TCP_COLUMNS, family)
}

fn udp(kernel: &Kernel, endian: Endian, family: Family, protocol: Protocol) -> String {
    let all = sockets(kernel, |socket| socket.family == family && socket.protocol == protocol);
    let bound = all.iter().filter(|socket| socket.status.address.is_some());
    let line = |(number, Seen { uid, inode, status, .. }): (usize, &Seen)| {
        let own = place(status.address.as_deref(), family, endian);
        let other = place(status.peer.as_deref(), family, endian);
        let state = if status.peer.is_some() { 1 } else { 7 };
        let waiting = status.waiting;
        format!(
            "{number:5}: {own} {other} {state:02X} 00000000:{waiting:08X} 00:00000000 00000000 {uid:5}        0 {inode} \
             2 00000000 0"
        )
    };
    let text = bound.enumerate().map(line).collect();
    let head = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode \
                ref pointer drops";
    let head_6 = format!("{HEAD_6} ref pointer drops");
    lines(if family == Family::Inet { head } else { &head_6 }, text, UDP_COLUMNS, family)
}

fn unix(kernel: &Kernel) -> String {
    /// `__SO_ACCEPTCON`
    const LISTENS: u32 = 0x1_0000;
    let mut out = String::from("Num       RefCount Protocol Flags    Type St Inode Path\n");
    for Seen { endpoint, inode, status, .. } in sockets(kernel, |socket| socket.family == Family::Local) {
        let is_connected = !matches!(status.standing, Standing::Idle | Standing::Listening);
        let flags = if status.standing == Standing::Listening { LISTENS } else { 0 };
        // SOCK_STREAM and SOCK_DGRAM are the other way round on MIPS.
        let kind = match endpoint.style {
            Style::Stream => 2,
            Style::Datagram => 1,
            Style::Packets => 5,
        };
        let (count, state) = match (inode, is_connected) {
            // SS_CONNECTING, SS_CONNECTED, SS_UNCONNECTED
            (0, _) => (2, 2),
            (_, true) => (3, 3),
            (_, false) => (2, 1),
        };
        out.push_str(&format!("00000000: {count:08X} 00000000 {flags:08X} {kind:04X} {state:02X} {inode:5}"));
        match status.address.as_deref() {
            Some(Address::Path(path)) => out.push_str(&format!(" {}", String::from_utf8_lossy(path))),
            Some(Address::Abstract(name)) => {
                let name = String::from_utf8_lossy(name).replace('\0', "@");
                out.push_str(&format!(" @{name}"));
            }
            _ => {}
        }
        out.push('\n');
    }
    out
}

/// The loopback interface. What goes through it is not counted.
fn own(kernel: &Kernel) -> &'static [Interface] {
    interfaces(kernel.commons.ports.network.is_some())
}

fn dev(kernel: &Kernel) -> String {
    let mut text = String::from(
        "Inter-|   Receive                                                |  Transmit\n \
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n",
    );
    for interface in own(kernel) {
        let name = String::from_utf8_lossy(interface.name());
        text += &format!(
            "{name:>6}:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n"
        );
    }
    text
}

fn if_inet6(kernel: &Kernel) -> String {
    /// Permanent.
    const FLAGS: u8 = 0x80;
    let line = |interface: &Interface| {
        let (ip, bits) = interface.addresses[1];
        let IpAddr::V6(ip) = ip else { return String::new() };
        // IPV6_ADDR_LOOPBACK, IPV6_ADDR_SITELOCAL
        let scope = if ip.is_loopback() { 0x10 } else { 0x40 };
        let name = String::from_utf8_lossy(interface.name());
        format!("{:032x} {:02x} {bits:02x} {scope:02x} {FLAGS:02x} {name:>8}\n", ip.to_bits(), interface.index)
    };
    own(kernel).iter().map(line).collect()
}

/// The main table of routes: those of the loopback interface are in another (`local`).
fn route(kernel: &Kernel, endian: Endian) -> String {
    let mut lines = Vec::from([String::from(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    )]);
    for interface in own(kernel).iter().filter(|interface| interface.scope == 0) {
        let name = String::from_utf8_lossy(interface.name());
        let [ip, mask, _] = interface.ipv4();
        let network = core::array::from_fn(|at| ip[at] & mask[at]);
        // RTF_UP and RTF_GATEWAY; RTF_UP
        for (to, by, flags, mask) in [([0; 4], ROUTER.octets(), 3, [0; 4]), (network, [0; 4], 1, mask)] {
            let [to, by, mask] = [to, by, mask].map(|octets| endian.u32(octets));
            lines.push(format!("{name}\t{to:08X}\t{by:08X}\t{flags:04X}\t0\t0\t0\t{mask:08X}\t0\t0\t0"));
        }
    }
    lines.iter().map(|line| format!("{line:<127}\n")).collect()
}

/// How many sockets of a family and a protocol there are, and of those that are in use.
fn count(kernel: &Kernel, family: Family, protocol: Protocol) -> (usize, usize) {
    let all = sockets(kernel, |socket| socket.family == family && socket.protocol == protocol);
    let is_used = |socket: &&Seen| match protocol {
        Protocol::Tcp => socket.status.standing.tcp_state().is_some(),
        _ => socket.status.address.is_some(),
    };
    (all.len(), all.iter().filter(is_used).count())
}

fn sockstat(kernel: &Kernel) -> String {
    let used = sockets(kernel, |_| true).len();
    let (tcp, tcp_used) = count(kernel, Family::Inet, Protocol::Tcp);
    let (tcp_6, _) = count(kernel, Family::Inet6, Protocol::Tcp);
    let [udp_used, lite_used] =
        [Protocol::Udp, Protocol::UdpLite].map(|protocol| count(kernel, Family::Inet, protocol).1);
    let made = tcp + tcp_6;
    format!(
        "sockets: used {used}\nTCP: inuse {tcp_used} orphan 0 tw 0 alloc {made} mem 0\nUDP: inuse {udp_used} mem 0\n\
         UDPLITE: inuse {lite_used}\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n"
    )
}

fn sockstat6(kernel: &Kernel) -> String {
    let [tcp, udp, lite] =
        [Protocol::Tcp, Protocol::Udp, Protocol::UdpLite].map(|protocol| count(kernel, Family::Inet6, protocol).1);
    format!("TCP6: inuse {tcp}\nUDP6: inuse {udp}\nUDPLITE6: inuse {lite}\nRAW6: inuse 0\nFRAG6: inuse 0 memory 0\n")
}
