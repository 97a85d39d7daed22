//! Fields of a JSON object that its Rust type does not have, and values that the fields of the Rust type
//! cannot hold.

use super::exact_json;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::MapAccess, ser::SerializeMap};
use serde_json::{Map, Value, value::RawValue};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::{Deref, DerefMut},
};

/// Fields of a JSON object that its Rust type does not have. They are sent back unchanged, with all digits of
/// numbers.
///
/// This type dereferences to a map from JSON names to [`Value`]s. A [`Value`] cannot keep every number as it
/// was written. For values with such numbers, [`exact`](Self::exact) returns the JSON text.
///
/// For some fields, this crate only infers the type. If the service sends a value of another type for such a
/// field, the value is kept here, and [`unexpected`](Self::unexpected) lists the name of the field. The field
/// itself is then `None` or empty. There is one exception: a field for a text or an ID contains the value as
/// text if the field is required, or if the value is a number or a boolean. In all cases, the original value
/// is sent back unless the program sets the field.
///
/// No name is written twice. If a program inserts a value here under the name of a field of the type, the
/// value is written only if that field would otherwise be omitted.
///
/// ```
/// use funnelflux::types::OfferSource;
///
/// let text = r#"{"idOfferSource":"a","offerSourceName":"b","rank":12345678901234567890123}"#;
/// let mut source: OfferSource = serde_json::from_str(text)?;
/// assert_eq!(source.extra.exact("rank"), Some("12345678901234567890123"));
/// source.offer_source_name = "c".to_owned();
/// source.extra.insert("colour".to_owned(), "red".into());
/// let text = serde_json::to_string(&source)?;
/// assert!(text.contains(r#""colour":"red""#) && text.contains(r#""rank":12345678901234567890123"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct UnknownFields {
    values: Map<String, Value>,
    /// Details about the original values. Almost all objects have no such details.
    originals: Option<Box<Originals>>,
}

/// Details about the fields of one object as the service sent them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Originals {
    /// Maps the names of fields to the JSON texts of their values. Contains only the texts in which a
    /// [`Value`] would change the notation of a number.
    exact: BTreeMap<String, String>,
    /// Names of known fields whose Rust type cannot hold the value that the service sent.
    unexpected: BTreeSet<String>,
}

impl UnknownFields {
    /// Creates an empty list of fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the JSON text of a field's value as the service sent it; `None` if a [`Value`] keeps the
    /// notation of all numbers in it, or if the program has changed the value.
    #[must_use]
    pub fn exact(&self, name: &str) -> Option<&str> {
        let text = self.originals.as_ref()?.exact.get(name)?;
        let is_unchanged = *self.values.get(name)? == exact_json::approximate(text);
        is_unchanged.then_some(text)
    }

    /// Names of the fields whose value from the service does not have the inferred type.
    pub fn unexpected(&self) -> impl Iterator<Item = &str> {
        let names = self.originals.iter().flat_map(|originals| &originals.unexpected);
        names
            .map(String::as_str)
            .filter(|name| self.values.contains_key(*name))
    }

    /// Reads the value of a field that the type does not have.
    pub(crate) fn read<'de, A: MapAccess<'de>>(&mut self, name: String, map: &mut A) -> Result<(), A::Error> {
        let raw = exact_json::next_value(map)?;
        self.keep(name, raw.get());
        Ok(())
    }

    /// Keeps a value that a field of the type cannot hold.
    #[allow(dead_code, reason = "the document decides whether there are inferred fields")]
    pub(crate) fn keep_unexpected(&mut self, name: &str, text: &str) {
        self.keep(name.to_owned(), text);
        self.originals().unexpected.insert(name.to_owned());
    }

    /// Keeps the JSON text of a field's value if a [`Value`] would change the notation of a number in it.
    pub(crate) fn keep_digits(&mut self, name: &str, text: &str) {
        if !exact_json::is_exact(text) {
            self.originals().exact.insert(name.to_owned(), text.to_owned());
        }
    }

    fn keep(&mut self, name: String, text: &str) {
        self.keep_digits(&name, text);
        self.values.insert(name, exact_json::approximate(text));
    }

    fn originals(&mut self) -> &mut Originals {
        self.originals.get_or_insert_default()
    }

    /// Returns the value that was kept for a field of the type, as the service sent it; `None` if no value
    /// was kept, or if the program has changed the field since.
    pub(crate) fn original<T: Serialize + ?Sized>(&self, name: &str, current: &T) -> Option<Original<'_>> {
        let originals = self.originals.as_ref()?;
        if originals.unexpected.contains(name) {
            let value = self.values.get(name)?;
            let current = serde_json::to_value(current).ok()?;
            let is_unchanged = is_empty(&current) || current.as_str() == self.text(name).as_deref();
            return is_unchanged.then(|| self.to_send(name, value));
        }
        let text = originals.exact.get(name)?;
        let current = serde_json::to_value(current).ok()?;
        let is_unchanged = current == exact_json::approximate(text);
        is_unchanged.then_some(Original::Text(text))
    }

    /// Returns the value to write for an absent field of the type: the value that the service sent or that
    /// the program inserted.
    pub(crate) fn original_of_absent(&self, name: &str) -> Option<Original<'_>> {
        let value = self.values.get(name)?;
        Some(self.to_send(name, value))
    }

    /// Returns the value of a field as text, for a field that can hold only text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        Some(match (self.exact(name), self.values.get(name)?) {
            (Some(text), _) => text.to_owned(),
            (None, Value::Null) => String::new(),
            (None, Value::String(text)) => text.clone(),
            (None, value) => value.to_string(),
        })
    }

    /// Returns `true` if the value of a field is a number or a boolean.
    #[allow(dead_code, reason = "the document decides whether there are inferred fields")]
    pub(crate) fn is_scalar(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(Value::Bool(_) | Value::Number(_)))
    }

    /// Writes the fields, except for the `declared` fields, which the type writes itself.
    pub(crate) fn write<M: SerializeMap>(&self, map: &mut M, declared: &[&str]) -> Result<(), M::Error> {
        for (name, value) in &self.values {
            if !declared.contains(&name.as_str()) {
                map.serialize_entry(name, &self.to_send(name, value))?;
            }
        }
        Ok(())
    }

    fn to_send<'a>(&'a self, name: &str, value: &'a Value) -> Original<'a> {
        self.exact(name).map_or(Original::Value(value), Original::Text)
    }
}

/// Returns `true` for `null`, an empty list and an empty object. If the original value of a field cannot be
/// decoded, the typed field has one of these values instead.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A value to send back in the form in which the service sent it.
pub(crate) enum Original<'a> {
    /// JSON text.
    Text(&'a str),
    /// A value without rounded numbers.
    Value(&'a Value),
}

impl Serialize for Original<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => match serde_json::from_str::<&RawValue>(text) {
                Ok(raw) => raw.serialize(serializer),
                Err(_) => text.serialize(serializer),
            },
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

/// Does not show the values of unexpected fields, because these fields may be secret.
impl fmt::Debug for UnknownFields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unexpected: BTreeSet<&str> = self.unexpected().collect();
        let mut map = formatter.debug_map();
        for (name, value) in &self.values {
            if unexpected.contains(name.as_str()) {
                map.entry(name, &format_args!("<unexpected>"));
            } else if let Some(text) = self.exact(name) {
                map.entry(name, &format_args!("{text}"));
            } else {
                map.entry(name, value);
            }
        }
        map.finish()
    }
}

impl Deref for UnknownFields {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.values
    }
}

impl DerefMut for UnknownFields {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.values
    }
}

impl From<Map<String, Value>> for UnknownFields {
    fn from(values: Map<String, Value>) -> Self {
        Self {
            values,
            originals: None,
        }
    }
}

impl FromIterator<(String, Value)> for UnknownFields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        Map::from_iter(fields).into()
    }
}

impl<'a> IntoIterator for &'a UnknownFields {
    type Item = (&'a String, &'a Value);
    type IntoIter = serde_json::map::Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}

// For serde's derives, which first collect the unknown fields and then deserialise this type from them.
impl Serialize for UnknownFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write(&mut map, &[])?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for UnknownFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}
