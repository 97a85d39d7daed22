//! Serialises and deserialises the Rust types of JSON objects.
//!
//! The macro [`object`] replaces serde's derives. The derives would round numbers in unknown fields, and
//! cannot keep a value that does not fit the type of its field. Each field has a [`Kind`], which determines
//! the meaning of an absent field, and a [`Policy`], which determines how the value is read.

use super::{exact_json, unknown_fields::UnknownFields};
use serde::{
    Deserializer, Serialize,
    de::{DeserializeOwned, DeserializeSeed, Error, IntoDeserializer as _, MapAccess, Visitor, value},
    ser::SerializeMap,
};
use serde_json::Value;
use std::{cell::Cell, fmt, marker::PhantomData};

/// Implements `Serialize` and `Deserialize` for the type of a JSON object. The arguments are the name of the
/// type, the field that collects unknown fields, and the other fields, each with its kind, its policy and its
/// name in JSON.
///
/// All Rust paths are absolute, because the type may have a name of the standard library, such as `Option`.
macro_rules! object {
    ($name:ident, $extra:ident { $($field:ident: $kind:ident<$policy:ident> $key:literal,)* }) => {
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $( <$crate::values::object::$kind<$crate::values::object::$policy> as
                    $crate::values::object::Kind<_>>::write(&mut map, $key, &self.$field, &self.$extra)?; )*
                self.$extra.write(&mut map, &[$($key),*])?;
                ::serde::ser::SerializeMap::end(map)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                struct __Visitor;

                impl<'de> ::serde::de::Visitor<'de> for __Visitor {
                    type Value = $name;

                    fn expecting(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        formatter.write_str(concat!("struct ", stringify!($name)))
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> ::std::result::Result<$name, A::Error> {
                        #[allow(non_camel_case_types)]
                        enum __Index {
                            $($field,)*
                        }

                        let mut $extra = $crate::values::unknown_fields::UnknownFields::new();
                        $( let mut $field = ::std::option::Option::None; )*
                        while let ::std::option::Option::Some(key) =
                            map.next_key_seed($crate::values::object::KeyOf(&[$($key),*]))?
                        {
                            match key {
                                $( $crate::values::object::Key::Known(index)
                                    if index == __Index::$field as usize =>
                                {
                                    if $field.is_some() {
                                        return ::std::result::Result::Err(
                                            ::serde::de::Error::duplicate_field($key),
                                        );
                                    }
                                    $field = ::std::option::Option::Some(
                                        <$crate::values::object::$kind<$crate::values::object::$policy> as
                                            $crate::values::object::Kind<_>>::read(
                                                &mut map, $key, &mut $extra,
                                            )?,
                                    );
                                } )*
                                // There are no other indices.
                                $crate::values::object::Key::Known(_) => {
                                    map.next_value::<::serde::de::IgnoredAny>()?;
                                }
                                $crate::values::object::Key::Unknown(name) => $extra.read(name, &mut map)?,
                            }
                        }
                        ::std::result::Result::Ok($name {
                            $( $field: match $field {
                                ::std::option::Option::Some(value) => value,
                                ::std::option::Option::None => {
                                    <$crate::values::object::$kind<$crate::values::object::$policy> as
                                        $crate::values::object::Kind<_>>::absent($key)?
                                }
                            }, )*
                            $extra,
                        })
                    }
                }

                deserializer.deserialize_map(__Visitor)
            }
        }
    };
}

pub(crate) use object;

/// The field to which a key of a JSON object belongs.
pub(crate) enum Key {
    /// A field of the type. The number is the index of its name in the list of [`KeyOf`].
    Known(usize),
    /// A field that the type does not have, with its name.
    Unknown(String),
}

/// Reads the name of a field, given the names of all fields of the type.
pub(crate) struct KeyOf(pub(crate) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for KeyOf {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyOf {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        let known = self.0.iter().position(|known| *known == name);
        Ok(known.map_or_else(|| Key::Unknown(name.to_owned()), Key::Known))
    }
}

/// Policy for reading the value of a field.
pub(crate) trait Policy {
    /// Decodes the value. A policy may accept a value that does not fit `T`. In that case, the policy keeps
    /// the value in `extra` and returns `None`.
    fn read<'de, A: MapAccess<'de>, T: DeserializeOwned>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<Option<T>, A::Error>;

    /// Decodes the value of a field that may be absent.
    fn read_optional<'de, A: MapAccess<'de>, T: DeserializeOwned>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<Option<T>, A::Error> {
        Self::read::<A, Option<T>>(map, key, extra).map(Option::flatten)
    }
}

/// Treats a value that does not fit the type of the field as an error.
pub(crate) struct Strict;

/// Like [`Strict`], but preserves the original text of numbers, so that no digit is lost. This policy is for
/// types that accept any JSON value.
pub(crate) struct Exact;

/// If a value does not fit the type of the field, keeps the value among the unknown fields. This policy is
/// for fields whose type is inferred.
#[allow(dead_code, reason = "the document decides whether there are inferred fields")]
pub(crate) struct Inferred;

thread_local! {
    /// If true, [`Inferred`] behaves like [`Strict`].
    static IS_STRICT: Cell<bool> = const { Cell::new(false) };
}

/// Returns `true` if every field of `T`, including those whose type is inferred, can hold its value in
/// `object`.
pub(crate) fn fits_strictly<T: DeserializeOwned>(object: Value) -> bool {
    IS_STRICT.set(true);
    let fits = serde_json::from_value::<T>(object).is_ok();
    IS_STRICT.set(false);
    fits
}

impl Policy for Strict {
    fn read<'de, A: MapAccess<'de>, T: DeserializeOwned>(
        map: &mut A,
        _: &'static str,
        _: &mut UnknownFields,
    ) -> Result<Option<T>, A::Error> {
        map.next_value().map(Some)
    }
}

impl Policy for Exact {
    fn read<'de, A: MapAccess<'de>, T: DeserializeOwned>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<Option<T>, A::Error> {
        let raw = exact_json::next_value(map)?;
        extra.keep_digits(key, raw.get());
        serde_json::from_str(raw.get())
            .map(Some)
            .map_err(A::Error::custom)
    }
}

impl Policy for Inferred {
    fn read<'de, A: MapAccess<'de>, T: DeserializeOwned>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<Option<T>, A::Error> {
        let raw = exact_json::next_value(map)?;
        let decoded = exact_json::decode(raw.get());
        if decoded.is_some() {
            extra.keep_digits(key, raw.get());
        } else if IS_STRICT.get() {
            return Err(A::Error::custom("the value has another type"));
        } else {
            extra.keep_unexpected(key, raw.get());
        }
        Ok(decoded)
    }

    /// Treats a `null` like an absent field, so that the `null` is not sent back: the service may show absent
    /// fields as `null`, but may refuse `null` in requests.
    fn read_optional<'de, A: MapAccess<'de>, T: DeserializeOwned>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<Option<T>, A::Error> {
        let decoded = Self::read::<A, Option<T>>(map, key, extra)?;
        Ok(decoded.flatten().or_else(|| {
            // The service may send an ID as a number.
            let text = extra.text(key).filter(|_| extra.is_scalar(key))?;
            from_text::<T, value::Error>(text).ok()
        }))
    }
}

#[allow(dead_code, reason = "the document decides which fields there are")]
fn from_text<T: DeserializeOwned, E: Error>(text: String) -> Result<T, E> {
    T::deserialize(text.into_deserializer())
}

/// Kind of a field of the type `T`. It determines how the field is read and written, and what its absence
/// means.
pub(crate) trait Kind<T: Serialize> {
    fn read<'de, A: MapAccess<'de>>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<T, A::Error>;

    fn absent<E: Error>(key: &'static str) -> Result<T, E>;

    fn write<M: SerializeMap>(
        map: &mut M,
        key: &'static str,
        value: &T,
        extra: &UnknownFields,
    ) -> Result<(), M::Error> {
        write(map, key, value, extra)
    }
}

fn write<M: SerializeMap>(
    map: &mut M,
    key: &'static str,
    value: &impl Serialize,
    extra: &UnknownFields,
) -> Result<(), M::Error> {
    match extra.original(key, value) {
        Some(original) => map.serialize_entry(key, &original),
        None => map.serialize_entry(key, value),
    }
}

macro_rules! kinds {
    ($($(#[$attribute:meta])* $kind:ident,)*) => {
        $(
            $(#[$attribute])*
            #[allow(dead_code, reason = "the document decides which fields there are")]
            pub(crate) struct $kind<P>(PhantomData<P>);
        )*
    };
}

kinds! {
    /// The field must be present.
    Required,
    /// The field is written as `null` if its value is `None`.
    Nullable,
    /// The field is omitted if its value is `None`.
    Optional,
    /// The field is empty if it is absent or `null` in JSON.
    List,
}

impl<P: Policy, T: Serialize + DeserializeOwned> Kind<T> for Required<P> {
    fn read<'de, A: MapAccess<'de>>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<T, A::Error> {
        match P::read(map, key, extra)? {
            Some(value) => Ok(value),
            None => from_text(extra.text(key).unwrap_or_default()),
        }
    }

    fn absent<E: Error>(key: &'static str) -> Result<T, E> {
        Err(E::missing_field(key))
    }
}

impl<P: Policy, T: Serialize + DeserializeOwned> Kind<Option<T>> for Nullable<P> {
    fn read<'de, A: MapAccess<'de>>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<Option<T>, A::Error> {
        P::read::<A, Option<T>>(map, key, extra).map(Option::flatten)
    }

    fn absent<E: Error>(_: &'static str) -> Result<Option<T>, E> {
        Ok(None)
    }
}

impl<P: Policy, T: Serialize + DeserializeOwned> Kind<Option<T>> for Optional<P> {
    fn read<'de, A: MapAccess<'de>>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<Option<T>, A::Error> {
        P::read_optional(map, key, extra)
    }

    fn absent<E: Error>(_: &'static str) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn write<M: SerializeMap>(
        map: &mut M,
        key: &'static str,
        value: &Option<T>,
        extra: &UnknownFields,
    ) -> Result<(), M::Error> {
        match value {
            Some(value) => write(map, key, value, extra),
            None => match extra.original_of_absent(key) {
                Some(original) => map.serialize_entry(key, &original),
                None => Ok(()),
            },
        }
    }
}

impl<P: Policy, T: Serialize + DeserializeOwned + Default> Kind<T> for List<P> {
    fn read<'de, A: MapAccess<'de>>(
        map: &mut A,
        key: &'static str,
        extra: &mut UnknownFields,
    ) -> Result<T, A::Error> {
        P::read_optional(map, key, extra).map(Option::unwrap_or_default)
    }

    fn absent<E: Error>(_: &'static str) -> Result<T, E> {
        Ok(T::default())
    }
}
