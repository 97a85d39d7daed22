//! Secrets in the fields of an asset.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Secret in a field of an asset, such as the password for a destination. In the OpenAPI document, such a
/// field has the format `password`.
///
/// The secret is sent unchanged, and `Debug` does not show it. For some fields, the service returns a
/// placeholder instead of the secret; the documentation of the field then says so.
///
/// ```
/// use funnelflux::Secret;
///
/// let secret = Secret::from("hush");
/// assert_eq!(secret.expose(), "hush");
/// assert!(!format!("{secret:?}").contains("hush"));
/// ```
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret in plain text.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<SecretString> for Secret {
    fn from(text: SecretString) -> Self {
        Self(text)
    }
}
