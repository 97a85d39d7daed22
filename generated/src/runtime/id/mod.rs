//! IDs: tolerant when they address what exists, strict when they name what is to be created.

pub(crate) mod generator;

use super::error::Error;

/// A new ID as text.
pub(crate) fn generate() -> Result<String, Error> {
    generator::generate().map_err(|generator::ClockOutOfRange| {
        Error::configuration(
            "no ID can be made: this machine's clock is before 2019-07-23 or after 2131; set it right",
        )
    })
}

/// Declares the ID type of one kind of asset.
macro_rules! id_type {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        ///
        /// Any text is accepted, since old accounts may hold IDs that predate today's format; only what is created must have
        /// an ID of that format. [`generate`](Self::generate) makes one.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new ID, greater than all that this process made before.
            ///
            /// The format is documented: 12 characters out of `0-9A-Za-z`, of which 7 count the milliseconds since
            /// 2019-07-23T00:00:00Z and 5 are random.
            ///
            /// # Errors
            /// When the clock of this machine is before 2019 or after 2131.
            pub fn generate() -> Result<Self, $crate::Error> {
                $crate::runtime::id::generate().map(Self)
            }

            /// The ID as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the ID has the documented format. What exists may have another.
            #[must_use]
            pub fn is_well_formed(&self) -> bool {
                $crate::runtime::id::generator::is_well_formed(&self.0)
            }

            /// When the ID was made, to the millisecond; `None` if it has not the documented format.
            #[must_use]
            pub fn created_at(&self) -> Option<::std::time::SystemTime> {
                $crate::runtime::id::generator::created_at(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

pub(crate) use id_type;
