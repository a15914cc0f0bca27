//! Letters as Linux' terminals know them: those of Latin-1, whatever the guest's locale says (lib/ctype.c).

/// A control character: NUL to US, and DEL.
pub(super) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control()
}

/// A letter or digit.
pub(super) fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || is_upper(byte) || is_lower(byte)
}

/// The lower case of a letter.
pub(super) fn to_lower(byte: u8) -> u8 {
    if is_upper(byte) { byte + 0x20 } else { byte }
}

/// The upper case of a letter; of sharp s and y with diaeresis, which have none in Latin-1, what stands 32 before.
pub(super) fn to_upper(byte: u8) -> u8 {
    if is_lower(byte) { byte - 0x20 } else { byte }
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || (0xc0..=0xde).contains(&byte) && byte != 0xd7
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte >= 0xdf && byte != 0xf7
}
