//! [`Rules`]: what all grants together allow.

use crate::address::{Addresses, HOST, NAME_SERVER};
use crate::grant::{Grant, Target};
use ipnet::IpNet;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use thiserror::Error;

/// Why a grant means nothing on this host.
#[derive(Debug, Error)]
pub enum Unusable {
    /// Nobody has a name.
    #[error("--net connect={0}: the host finds no address of that name ({1}); give one that it knows, or an address")]
    Name(String, std::io::Error),
    /// An address of the host cannot be listened at.
    #[error("--net publish={0}: the host cannot listen there ({1}); give another port, or stop who has it")]
    Place(SocketAddr, std::io::Error),
    /// The host has no sockets left.
    #[error("--net: the host has no descriptors left ({0})")]
    NothingLeft(#[from] std::io::Error),
}

/// What a guest may do.
pub(crate) struct Rules {
    is_all: bool,
    connect: Vec<(IpNet, Option<u16>)>,
    listen: Vec<Option<u16>>,
    names: Vec<(IpAddr, String)>,
    pub(crate) addresses: Addresses,
}

impl Rules {
    /// Of those grants; names are looked up.
    pub(crate) fn new(grants: &[Grant]) -> Result<Rules, Unusable> {
        let mut rules = Rules {
            is_all: grants.contains(&Grant::All),
            connect: Vec::new(),
            listen: Vec::new(),
            names: Vec::new(),
            addresses: Addresses::of_host(),
        };
        for grant in grants {
            match grant {
                Grant::Connect(Target::Network(network), port) => rules.connect.push((*network, *port)),
                Grant::Connect(Target::Name(name), port) => {
                    let found = (name.as_str(), 0).to_socket_addrs();
                    for address in found.map_err(|error| Unusable::Name(name.clone(), error))? {
                        rules.connect.push((address.ip().into(), *port));
                        // Its own name is the guest's, too.
                        if !address.ip().is_loopback() {
                            rules.names.push((address.ip(), name.clone()));
                        }
                    }
                }
                Grant::Listen(port) => rules.listen.push(*port),
                Grant::All | Grant::Publish { .. } => {}
            }
        }
        Ok(rules)
    }

    /// What would have to be granted for the guest to connect to an address of the host's; none if it may.
    pub(crate) fn refusal(&self, real: SocketAddr) -> Option<String> {
        let allows = |(network, port): &(IpNet, Option<u16>)| {
            network.contains(&real.ip()) && port.is_none_or(|port| port == real.port())
        };
        let is_granted = self.is_all || self.connect.iter().any(allows);
        (!is_granted).then(|| format!("--net connect={real}"))
    }

    /// Whether the host listens where the guest does.
    pub(crate) fn listens(&self, port: u16) -> bool {
        self.is_all || self.listen.iter().any(|granted| granted.is_none_or(|granted| granted == port))
    }

    /// The guest's hosts(5).
    pub(crate) fn hosts(&self) -> String {
        let mut text =
            format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{}\tstrata\n", linux::GUEST[0]);
        let _ = writeln!(text, "{HOST}\thost.strata.internal");
        for (ip, name) in &self.names {
            let _ = writeln!(text, "{ip}\t{name}");
        }
        text
    }

    /// Its resolv.conf(5): whoever may not ask a name server knows of none.
    pub(crate) fn resolv_conf(&self) -> String {
        if self.is_all { format!("nameserver {NAME_SERVER}\n") } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(words: &[&str]) -> Rules {
        let grants: Vec<Grant> = words.iter().map(|word| word.parse().expect(word)).collect();
        Rules::new(&grants).expect("the names are known")
    }

    #[test]
    fn only_what_is_granted_may_be() {
        let rules = rules(&["connect=192.0.2.0/24:80", "connect=localhost", "listen=22"]);
        let refusal = |to: &str| rules.refusal(to.parse().expect(to));
        assert_eq!((refusal("192.0.2.7:80"), refusal("127.0.0.1:9")), (None, None));
        assert_eq!(refusal("192.0.2.7:81").as_deref(), Some("--net connect=192.0.2.7:81"));
        assert!(refusal("192.0.3.7:80").is_some() && refusal("[2001:db8::1]:80").is_some());
        assert!(rules.listens(22) && !rules.listens(23));
        assert!(rules.hosts().contains("10.0.2.2\thost.strata.internal\n") && rules.resolv_conf().is_empty());
    }

    #[test]
    fn all_is_all() {
        let rules = rules(&["all"]);
        assert_eq!(rules.refusal("192.0.2.7:80".parse().expect("an address")), None);
        assert!(rules.listens(1) && rules.resolv_conf().contains("10.0.2.3"));
        assert!(self::rules(&[]).refusal("127.0.0.1:1".parse().expect("an address")).is_some());
    }
}
