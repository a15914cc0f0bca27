//! `strata run --gdb`: waits for gdb.

use crate::failure::{Failure, say};
use anyhow::{Context, anyhow};
use std::net::{TcpListener, TcpStream};
use std::str::FromStr;

/// The address where nothing else is said.
const LOCAL: &str = "127.0.0.1";

/// Where gdb is to connect.
#[derive(Clone)]
pub(crate) struct Port {
    address: String,
    port: u16,
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Port, String> {
        let (address, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse().map_err(|_| String::from("give a port, such as 1234, or an address and a port"))?;
        let address = if address.is_empty() { LOCAL } else { address.trim_start_matches('[').trim_end_matches(']') };
        Ok(Port { address: address.to_owned(), port })
    }
}

impl Port {
    /// Takes it.
    pub(crate) fn listen(&self) -> Result<TcpListener, Failure> {
        let Port { address, port } = self;
        let listener = TcpListener::bind((address.as_str(), *port));
        let hint = || format!("--gdb {address}:{port}: gdb cannot connect there; give another port, or 0 for any");
        Ok(listener.with_context(hint)?)
    }
}

/// Waits until gdb connects.
pub(crate) fn wait(listener: &TcpListener) -> anyhow::Result<TcpStream> {
    let address = listener.local_addr()?;
    say(&format!("waiting for gdb: target remote {address}"));
    let (stream, _) = listener.accept().map_err(|error| anyhow!("gdb cannot connect: {error}"))?;
    Ok(stream)
}
