//! [`Grant`]: one of the words of `--net`.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use thiserror::Error;

/// One thing that a guest is given of the host's networks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Grant {
    /// It may connect to whomever it wants, and listen wherever it does.
    All,
    /// It may connect there, to that port if one is named.
    Connect(Target, Option<u16>),
    /// What comes to an address of the host goes to a port of the guest: connections, or else messages.
    Publish {
        /// Where the host listens.
        at: SocketAddr,
        /// The guest's port.
        port: u16,
        /// Whether it is about TCP, not UDP.
        is_stream: bool,
    },
    /// Where it listens for connections, at that port or any, the host does at the port of that number.
    Listen(Option<u16>),
}

/// Whom a guest may connect to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// All addresses of a network, or one.
    Network(IpNet),
    /// Those that the host knows by a name when the guest begins.
    Name(String),
}

/// A word that is no grant.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}: give all, connect=HOST[:PORT], publish=[ADDRESS:]PORT[:GUEST-PORT][/udp], or listen[=PORT]")]
pub struct NotAGrant(String);

impl FromStr for Grant {
    type Err = NotAGrant;

    fn from_str(text: &str) -> Result<Grant, NotAGrant> {
        let grant = match text.split_once('=') {
            None if text == "all" => Some(Grant::All),
            None if text == "listen" => Some(Grant::Listen(None)),
            Some(("connect", target)) => connect(target),
            Some(("publish", place)) => publish(place),
            Some(("listen", port)) => port_of(port).map(|port| Grant::Listen(Some(port))),
            _ => None,
        };
        grant.ok_or_else(|| NotAGrant(text.to_owned()))
    }
}

fn port_of(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

fn connect(text: &str) -> Option<Grant> {
    if let Ok(to) = text.parse::<SocketAddr>() {
        return Some(Grant::Connect(Target::Network(to.ip().into()), Some(to.port())));
    }
    if let Some(target) = target(text) {
        return Some(Grant::Connect(target, None));
    }
    let (host, port) = text.rsplit_once(':')?;
    Some(Grant::Connect(target(host)?, Some(port_of(port)?)))
}

fn target(text: &str) -> Option<Target> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(Target::Network(ip.into()));
    }
    if let Ok(network) = bare.parse::<IpNet>() {
        return Some(Target::Network(network.trunc()));
    }
    let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!text.is_empty() && text.bytes().all(is_of_names)).then(|| Target::Name(text.to_owned()))
}

fn publish(text: &str) -> Option<Grant> {
    let (text, is_stream) = match text.rsplit_once('/') {
        Some((text, "udp")) => (text, false),
        Some((text, "tcp")) => (text, true),
        Some(_) => return None,
        None => (text, true),
    };
    let own = |port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    if let Some(port) = port_of(text) {
        return Some(Grant::Publish { at: own(port), port, is_stream });
    }
    let (host, port) = text.rsplit_once(':')?;
    let at = match host.parse::<SocketAddr>() {
        Ok(at) => at,
        // Port 0: the host chooses.
        Err(_) => own(host.parse().ok()?),
    };
    Some(Grant::Publish { at, port: port_of(port)?, is_stream })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> Grant {
        text.parse().expect(text)
    }

    fn to(text: &str, port: Option<u16>) -> Grant {
        Grant::Connect(Target::Network(text.parse().expect(text)), port)
    }

    #[test]
    fn words_are_grants() {
        assert_eq!(grant("connect=10.1.2.3:80"), to("10.1.2.3/32", Some(80)));
        assert_eq!(grant("connect=10.1.2.3"), to("10.1.2.3/32", None));
        assert_eq!(grant("connect=10.1.2.3/8:443"), to("10.0.0.0/8", Some(443)));
        assert_eq!(grant("connect=::1"), to("::1/128", None));
        assert_eq!(grant("connect=[2001:db8::]:25"), to("2001:db8::/128", Some(25)));
        assert_eq!(grant("connect=[2001:db8::/32]:25"), to("2001:db8::/32", Some(25)));
        assert_eq!(grant("connect=a.example:7"), Grant::Connect(Target::Name("a.example".into()), Some(7)));
        let at = |at: &str, port, is_stream| Grant::Publish { at: at.parse().expect(at), port, is_stream };
        assert_eq!(grant("publish=8080:80"), at("127.0.0.1:8080", 80, true));
        assert_eq!(grant("publish=53/udp"), at("127.0.0.1:53", 53, false));
        assert_eq!(grant("publish=0.0.0.0:0:80/tcp"), at("0.0.0.0:0", 80, true));
        assert_eq!(grant("publish=[::1]:8080:80"), at("[::1]:8080", 80, true));
        assert_eq!((grant("listen"), grant("listen=22")), (Grant::Listen(None), Grant::Listen(Some(22))));
    }

    #[test]
    fn others_are_not() {
        for text in ["", "al", "all=1", "connect=", "connect=a b", "connect=a:0", "connect=a:b", "connect=1.2.3.4/33"] {
            assert!(text.parse::<Grant>().is_err(), "{text}");
        }
        for text in
            ["publish=", "publish=0", "publish=1:2:3", "publish=80:0", "publish=8080:80/sctp", "listen=0", "listen="]
        {
            assert!(text.parse::<Grant>().is_err(), "{text}");
        }
    }
}
