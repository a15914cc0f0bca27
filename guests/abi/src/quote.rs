//! Strings as strace prints them.

use alloc::string::String;
use core::fmt::Write as _;

/// Appends `"bytes"` with C escapes, and `...` if there is more than is shown.
pub fn quote(bytes: &[u8], is_cut: bool, out: &mut String) {
    out.push('"');
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x0b => out.push_str("\\v"),
            0x0c => out.push_str("\\f"),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => {
                // Short octal would swallow a digit that follows.
                let is_digit_next = bytes.get(index + 1).is_some_and(|next| matches!(next, b'0'..=b'7'));
                let _ = if is_digit_next { write!(out, "\\{byte:03o}") } else { write!(out, "\\{byte:o}") };
            }
        }
    }
    out.push('"');
    if is_cut {
        out.push_str("...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let mut out = String::new();
        quote(b"a\"\n\x01\x001\xff", true, &mut out);
        assert_eq!(out, r#""a\"\n\1\0001\377"..."#);
    }
}
