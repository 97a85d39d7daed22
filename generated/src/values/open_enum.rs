//! Open enumerations, which keep an unknown value and send it back unchanged.

use serde::{Deserializer, de::Visitor};
use std::{fmt, marker::PhantomData};

/// Declares an enumeration of strings with an extra variant for unknown values.
macro_rules! open_enum {
    (
        $(#[$attribute:meta])*
        $name:ident {
            $( $(#[$variant_attribute:meta])* $variant:ident = $value:literal, )+
        }
    ) => {
        $(#[$attribute])*
        ///
        /// The enumeration is open: a value that this version does not list becomes `Unknown` and is sent
        /// back unchanged.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_attribute])* $variant, )+
            /// A value that this version of the crate does not list.
            Unknown(String),
        }

        impl $name {
            /// Values that the document lists, in the order of the document.
            pub const KNOWN: &'static [&'static str] = &[$($value),+];

            /// The value in JSON and in queries.
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
                    unknown => Self::Unknown(unknown.to_owned()),
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
                let value = $crate::values::open_enum::from_text(deserializer)?;
                if let Self::Unknown(unknown) = &value {
                    $crate::values::open_enum::unknown_value(stringify!($name), unknown);
                }
                Ok(value)
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(feature = "tracing")]
pub(crate) use crate::runtime::trace::unknown_value;

/// Logs nothing without the feature `tracing`.
#[cfg(not(feature = "tracing"))]
pub(crate) fn unknown_value(_: &'static str, _: &str) {}

/// Deserialises a value from a string without copying the string first.
pub(crate) fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: for<'a> From<&'a str>,
    D: Deserializer<'de>,
{
    struct StringVisitor<T>(PhantomData<T>);

    impl<T: for<'a> From<&'a str>> Visitor<'_> for StringVisitor<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a string")
        }

        fn visit_str<E>(self, text: &str) -> Result<T, E> {
            Ok(T::from(text))
        }
    }

    deserializer.deserialize_str(StringVisitor(PhantomData))
}

#[cfg(test)]
mod tests {
    use crate::types::Status;

    #[test]
    fn every_string_round_trips_and_other_types_are_errors() {
        for text in [
            r#""active""#,
            r#""paused""#,
            r#""""#,
            r#""Active""#,
            r#""d\u00e9j\u00e0 \"vu\"""#,
        ] {
            let status: Status = serde_json::from_str(text).unwrap();
            let known = Status::KNOWN.contains(&status.as_str());
            assert_eq!(matches!(status, Status::Unknown(_)), !known, "{text}");
            let again: String = serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
            assert_eq!(again, serde_json::from_str::<String>(text).unwrap());
        }
        for json in ["1", "null", "{}", r#"["active"]"#] {
            let error = serde_json::from_str::<Status>(json).unwrap_err();
            assert!(error.to_string().contains("expected a string"), "{error}");
        }
    }
}
