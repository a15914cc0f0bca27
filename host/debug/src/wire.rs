//! [`Wire`]: what is sent to gdb, a packet at a time.

use gdbstub::conn::Connection;
use std::io::{self, Write};

/// Bytes that are kept until they are sent, at most.
const BYTES_MAX: usize = 64 << 10;

/// A connection to gdb, for writing.
pub(crate) struct Wire<W: Write> {
    to: W,
    packet: Vec<u8>,
}

impl<W: Write> Wire<W> {
    pub(crate) fn new(to: W) -> Wire<W> {
        Wire { to, packet: Vec::new() }
    }
}

impl<W: Write> Connection for Wire<W> {
    type Error = io::Error;

    fn write(&mut self, byte: u8) -> io::Result<()> {
        self.packet.push(byte);
        // Whoever asks for all of memory gets it in pieces.
        if self.packet.len() >= BYTES_MAX { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let sent = self.to.write_all(&self.packet);
        self.packet.clear();
        sent.and_then(|()| self.to.flush())
    }
}
