//! [`Log`]: what a guest says to /dev/log (syslog(3)) goes to the host's log, unless a daemon of the guest's listens there.
//!
//! No file is at that path: it leads here as long as it leads to nothing else.

use crate::socket::{Endpoint, Family, Style};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

/// Where libraries send what is to be logged (`_PATH_LOG`).
pub(crate) const PATH: &[u8] = b"/dev/log";

/// Bytes of a message that are kept.
const MESSAGE_BYTES_MAX: usize = 8192;
/// What a message without a priority has: LOG_USER and LOG_NOTICE.
const PRIORITY: u32 = 13;

/// Names of facilities, and of severities (RFC 5424, syslog(3)).
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// The socket that the kernel has there.
pub(crate) struct Log(pub(crate) Arc<Endpoint>);

impl Default for Log {
    fn default() -> Log {
        Log(Endpoint::hearing(Family::Local, Style::Datagram, hear))
    }
}

/// Facility and severity of a message, and the rest of it (RFC 3164: `<PRI>`).
fn parts(bytes: &[u8]) -> (u32, u32, &[u8]) {
    let split = || {
        let rest = bytes.strip_prefix(b"<")?;
        let end = rest.iter().take(4).position(|byte| *byte == b'>')?;
        let (number, rest) = rest.split_at(end);
        let number: u32 = core::str::from_utf8(number).ok()?.parse().ok()?;
        (number < 192).then_some((number, rest.get(1..).unwrap_or_default()))
    };
    let (priority, rest) = split().unwrap_or((PRIORITY, bytes));
    (priority >> 3, priority & 7, rest)
}

/// A message as one line, with nothing in it that a terminal would obey.
fn line(bytes: &[u8]) -> (u32, String) {
    let (facility, severity, text) = parts(bytes);
    let name = |names: &[&'static str], number: u32| names.get(number as usize).copied().unwrap_or("?");
    let text = &text[..text.len().min(MESSAGE_BYTES_MAX)];
    let end = text.iter().rposition(|byte| !matches!(byte, b'\n' | 0)).map_or(0, |last| last + 1);
    let mut shown = String::new();
    for character in String::from_utf8_lossy(&text[..end]).chars() {
        match character {
            '\t' => shown.push('\t'),
            character if character.is_control() => shown.extend(character.escape_default()),
            character => shown.push(character),
        }
    }
    (severity, format!("{}.{}: {shown}", name(&FACILITIES, facility), name(&SEVERITIES, severity)))
}

/// Somebody says something.
pub(crate) fn hear(bytes: &[u8]) {
    let (severity, line) = line(bytes);
    match severity {
        0..=3 => tracing::error!("the guest logs {line}"),
        4 => tracing::warn!("the guest logs {line}"),
        5 | 6 => tracing::info!("the guest logs {line}"),
        _ => tracing::debug!("the guest logs {line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_decoded() {
        let cases: [(&[u8], (u32, &str)); 6] = [
            (b"<165>Dec  1 02:03:04 tag[5]: text\n\0", (5, "local4.notice: Dec  1 02:03:04 tag[5]: text")),
            (b"<3>bad\x1b[2Jnews\ngo", (3, "kern.err: bad\\u{1b}[2Jnews\\ngo")),
            (b"nothing before", (5, "user.notice: nothing before")),
            (b"<999>x", (5, "user.notice: <999>x")),
            (b"<>", (5, "user.notice: <>")),
            (b"", (5, "user.notice: ")),
        ];
        for (bytes, (severity, text)) in cases {
            assert_eq!(line(bytes), (severity, String::from(text)));
        }
    }
}
