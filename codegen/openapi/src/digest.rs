//! Checksums of texts.

use sha2::{Digest as _, Sha256};

/// Returns the SHA-256 of a text in hexadecimal.
pub fn sha256(text: &str) -> String {
    format!("{:x}", Sha256::digest(text.as_bytes()))
}
