//! Addresses of the host, as a guest sees them: as QEMU's user networking has it, 10.0.2.2 is the host itself and 10.0.2.3 its
//! name server, for the guest has a loopback interface of its own.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where the guest finds the host.
pub(crate) const HOST: IpAddr = IpAddr::V4(linux::ROUTER);
const HOST_6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 2));
/// Where the guest finds the host's name server.
pub(crate) const NAME_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 2, 3));
/// The port of name servers.
const DOMAIN: u16 = 53;

/// From the guest's addresses to the host's, and back.
pub(crate) struct Addresses {
    name_server: Option<IpAddr>,
}

impl Addresses {
    /// Those of this host, with the first name server of resolv.conf(5).
    pub(crate) fn of_host() -> Addresses {
        Addresses::new(&fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
    }

    fn new(resolv_conf: &str) -> Addresses {
        let mut servers = resolv_conf.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
        Addresses { name_server: servers.find_map(|server| server.trim().parse().ok()) }
    }

    /// Where the host sends what the guest sends to an address.
    pub(crate) fn real(&self, shown: SocketAddr) -> SocketAddr {
        let ip = match (shown.ip(), self.name_server) {
            (HOST, _) => Ipv4Addr::LOCALHOST.into(),
            (HOST_6, _) => Ipv6Addr::LOCALHOST.into(),
            (NAME_SERVER, Some(server)) if shown.port() == DOMAIN => server,
            (ip, _) => ip,
        };
        SocketAddr::new(ip, shown.port())
    }

    /// What the guest sees of an address that something comes from.
    pub(crate) fn shown(&self, real: SocketAddr) -> SocketAddr {
        let ip = match real.ip().to_canonical() {
            ip if real.port() == DOMAIN && self.name_server == Some(ip) => NAME_SERVER,
            ip if ip.is_loopback() && ip.is_ipv4() => HOST,
            ip if ip.is_loopback() => HOST_6,
            ip => ip,
        };
        SocketAddr::new(ip, real.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_and_its_name_server_have_addresses() {
        let addresses = Addresses::new("# none\nsearch example\nnameserver 127.0.0.53\nnameserver 9.9.9.9\n");
        for (shown, real) in [
            ("10.0.2.2:80", "127.0.0.1:80"),
            ("10.0.2.3:53", "127.0.0.53:53"),
            ("[fec0::2]:7", "[::1]:7"),
            ("192.0.2.1:53", "192.0.2.1:53"),
        ] {
            let (shown, real): (SocketAddr, SocketAddr) = (shown.parse().expect(shown), real.parse().expect(real));
            assert_eq!((addresses.real(shown), addresses.shown(real)), (real, shown));
        }
        assert_eq!(addresses.real("10.0.2.3:80".parse().expect("an address")).ip(), NAME_SERVER);
        assert_eq!(addresses.shown("[::ffff:192.0.2.1]:9".parse().expect("an address")).to_string(), "192.0.2.1:9");
    }
}
