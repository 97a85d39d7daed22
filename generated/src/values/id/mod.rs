//! ID types. They accept any string, because IDs of existing assets may have any format; only the ID of a new
//! asset must have the documented format.

pub(crate) mod generator;

/// Text of an ID. An ID in the documented format takes 16 bytes and needs no allocation.
pub(crate) use ecow::EcoString as IdText;
pub use generator::ClockOutOfRange;

/// Generates an ID that is greater than all earlier IDs from this process.
///
/// The format is documented: 12 characters of `0-9A-Za-z`. The first 7 characters count the milliseconds
/// since 2019-07-23T00:00:00Z, and the other 5 are random.
///
/// ```
/// let id = funnelflux::id::generate()?;
/// assert!(funnelflux::id::is_well_formed(&id));
/// # Ok::<(), funnelflux::id::ClockOutOfRange>(())
/// ```
///
/// # Errors
/// Returns an error if the clock of this machine is before 2019-07-23 or after 2131.
pub fn generate() -> Result<String, ClockOutOfRange> {
    generator::generate()
}

/// Returns true if the ID has the documented format. IDs of existing assets may have other formats.
#[must_use]
pub fn is_well_formed(id: &str) -> bool {
    generator::is_well_formed(id)
}

/// Creation time of the ID, to the millisecond; `None` if the ID is not in the documented format.
#[must_use]
pub fn created_at(id: &str) -> Option<std::time::SystemTime> {
    generator::created_at(id)
}

/// Declares the ID type of one kind of asset.
#[allow(unused_macros, reason = "the document decides whether there are ID types")]
macro_rules! id_type {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        ///
        /// Any string is accepted, because old accounts may contain IDs in an older format. A new asset needs
        /// an ID in the documented format; [`generate`](Self::generate) creates such an ID.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name($crate::values::id::IdText);

        impl $name {
            /// Generates an ID that is greater than all earlier IDs from this process.
            ///
            /// The format is documented: 12 characters of `0-9A-Za-z`. The first 7 characters count the
            /// milliseconds since 2019-07-23T00:00:00Z, and the other 5 are random.
            ///
            /// # Errors
            /// Returns an error if the clock of this machine is before 2019-07-23 or after 2131.
            pub fn generate() -> Result<Self, $crate::id::ClockOutOfRange> {
                $crate::values::id::generate().map(Self::from)
            }

            /// The ID as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns true if the ID has the documented format. IDs of existing assets may have other
            /// formats.
            #[must_use]
            pub fn is_well_formed(&self) -> bool {
                $crate::values::id::generator::is_well_formed(&self.0)
            }

            /// Creation time of the ID, to the millisecond; `None` if the ID is not in the documented format.
            #[must_use]
            pub fn created_at(&self) -> Option<::std::time::SystemTime> {
                $crate::values::id::generator::created_at(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            fn from_str(id: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(id))
            }
        }

        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl PartialEq<$name> for str {
            fn eq(&self, other: &$name) -> bool {
                self == other.as_str()
            }
        }

        impl PartialEq<$name> for &str {
            fn eq(&self, other: &$name) -> bool {
                *self == other.as_str()
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

#[allow(unused_imports, reason = "the document decides whether there are ID types")]
pub(crate) use id_type;
