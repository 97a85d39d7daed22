//! Fingerprints of assets.

use super::pointer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

/// SHA-256 digest of an asset or of a file. The digest of an asset covers its canonical JSON, without the
/// fields that the service manages.
///
/// The canonical JSON has no spaces, and the members of each object are sorted by name. The fingerprint
/// therefore depends on the order of array elements, but not on the order of members. Numbers are written as
/// `serde_json` prints them, so 1 and 1.0 differ.
///
/// ```
/// use funnelflux::ext::snapshot::Fingerprint;
/// use serde_json::json;
///
/// let before = Fingerprint::of(&json!({"name": "a", "meta": {"version": 1}}), ["/meta"]);
/// let after = Fingerprint::of(&json!({"meta": {"version": 2}, "name": "a"}), ["/meta"]);
/// assert_eq!(before, after);
/// assert_eq!(before.to_string().parse(), Ok(before));
/// # use funnelflux::serde_json;
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Computes the fingerprint of a value, leaving out the members at the JSON pointers `without`.
    pub fn of<'p>(value: &Value, without: impl IntoIterator<Item = &'p str>) -> Self {
        let mut hasher = Sha256::new();
        // Writing to a hasher does not fail.
        let _ = write_canonical(&mut hasher, &pointer::without(value, without));
        Self(hasher.finalize().into())
    }

    /// Computes the fingerprint of bytes, such as those of a file.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

fn write_canonical(to: &mut impl Write, value: &Value) -> io::Result<()> {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            to.write_all(b"{")?;
            for (index, (name, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    to.write_all(b",")?;
                }
                serde_json::to_writer(&mut *to, name)?;
                to.write_all(b":")?;
                write_canonical(to, value)?;
            }
            to.write_all(b"}")
        }
        Value::Array(elements) => {
            to.write_all(b"[")?;
            for (index, value) in elements.iter().enumerate() {
                if index > 0 {
                    to.write_all(b",")?;
                }
                write_canonical(to, value)?;
            }
            to.write_all(b"]")
        }
        scalar => Ok(serde_json::to_writer(to, scalar)?),
    }
}

impl fmt::Display for Fingerprint {
    /// Writes `sha256:` and 64 hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Error for a text that is not a [`Fingerprint`].
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a fingerprint; expected sha256: and 64 hexadecimal digits")]
pub struct InvalidFingerprint(String);

crate::runtime::error::debug_as_display!(InvalidFingerprint);

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let parse = || {
            let digits = text.strip_prefix("sha256:")?.as_bytes();
            let mut bytes = [0; 32];
            let (pairs, rest) = digits.as_chunks::<2>();
            if pairs.len() != bytes.len() || !rest.is_empty() {
                return None;
            }
            for (byte, pair) in bytes.iter_mut().zip(pairs) {
                let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
                *byte = u8::try_from(high? * 16 + low?).ok()?;
            }
            Some(Self(bytes))
        };
        parse().ok_or_else(|| InvalidFingerprint(text.to_owned()))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(text: &str) -> Fingerprint {
        Fingerprint::of(
            &serde_json::from_str(text).unwrap_or_default(),
            ["/meta", "/gone/too"],
        )
    }

    #[test]
    fn only_the_order_of_members_and_managed_fields_do_not_matter() {
        let first = of(r#"{"a": [1, {"b": null, "c": "é\n"}], "meta": {"v": 1}}"#);
        assert_eq!(
            first,
            of(r#"{"meta": 7, "a": [1, {"c": "\u00e9\n", "b": null}]}"#)
        );
        assert_eq!(
            first,
            Fingerprint::of_bytes(r#"{"a":[1,{"b":null,"c":"é\n"}]}"#.as_bytes())
        );
        for other in [
            r#"{"a": [{"b": null, "c": "é\n"}, 1]}"#,
            r#"{"a": [1, {"c": "é\n"}]}"#,
            r#"{"a": [1.0, {"b": null, "c": "é\n"}]}"#,
            r#"{"a": [1, {"b": null, "c": "é\n"}], "d": null}"#,
        ] {
            assert_ne!(first, of(other), "{other}");
        }
    }

    #[test]
    fn fingerprints_are_parsed_as_they_are_written() {
        let fingerprint = Fingerprint::of(&json!({}), []);
        let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(fingerprint.to_string(), format!("sha256:{digest}"));
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        for text in [
            "",
            "sha256:",
            digest,
            &format!("sha256:{digest}0"),
            &format!("sha256:{}é", &digest[2..]),
        ] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
