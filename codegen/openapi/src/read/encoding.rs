//! Decodes bytes as text.

/// Decodes UTF-8.
///
/// # Errors
/// Returns an error if the bytes are not UTF-8. The error is a clause that names the actual encoding, such as
/// `it is compressed with gzip`, or the position of the first invalid byte.
pub fn text(bytes: Vec<u8>) -> Result<String, String> {
    if let Some(other) = other_encoding(&bytes) {
        return Err(other.to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let before = String::from_utf8_lossy(before);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("it is not UTF-8 at line {line} column {column}, perhaps ISO 8859-1 or Windows-1252")
    })
}

/// Detects an encoding other than UTF-8 by the first bytes. Returns `None` if these bytes do not identify an
/// encoding.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0x1f, 0x8b, ..] => "it is compressed with gzip, though nobody asked for that",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is compressed with Zstandard",
        [b'P', b'K', 3, 4, ..] => "it is a ZIP archive",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] | [1..=0x7f, 0, ..] => {
            "it is UTF-16 or UTF-32, not UTF-8"
        }
        _ => return None,
    })
}
