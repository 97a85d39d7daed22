//! Enumerations that stay open: a value that nobody documented is kept and sent back unchanged.

/// Declares an enumeration of strings with one variant more for all unknown values.
macro_rules! open_enum {
    (
        $(#[$attribute:meta])*
        $name:ident {
            $( $(#[$variant_attribute:meta])* $variant:ident = $value:literal, )+
        }
    ) => {
        $(#[$attribute])*
        ///
        /// The enumeration is open: a value that this version does not know becomes
        /// `Unknown` and is sent back as it came.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_attribute])* $variant, )+
            /// A value that this version of the crate does not know.
            Unknown(String),
        }

        impl $name {
            /// The values that the document lists, in its order.
            pub const KNOWN: &'static [&'static str] = &[$($value),+];

            /// The value as it stands in JSON and in queries.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $value, )+
                    Self::Unknown(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $( $value => Self::$variant, )+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                match value.as_str() {
                    $( $value => Self::$variant, )+
                    _ => Self::Unknown(value),
                }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(value))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <::std::borrow::Cow<'de, str> as ::serde::Deserialize>::deserialize(deserializer)?;
                let value = Self::from(value.into_owned());
                if let Self::Unknown(unknown) = &value {
                    $crate::runtime::trace::unknown_value(stringify!($name), unknown);
                }
                Ok(value)
            }
        }
    };
}

pub(crate) use open_enum;
