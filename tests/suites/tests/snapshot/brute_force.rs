//! Finds references by a search through the raw JSON, which shares no code with the search of the crate.

use funnelflux::ext::snapshot::AssetKey;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A place that contains an ID: the asset, the JSON pointer, and true if the ID is in a member's name.
pub(crate) type Place = (AssetKey, String, bool);

/// Returns true if a text contains the ID as a word, without letters or digits directly beside it.
fn names(text: &str, id: &str) -> bool {
    if id.is_empty() {
        return false;
    }
    if text == id {
        return true;
    }
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    // An ID that begins with neither a letter nor a digit is only found as a whole text.
    is_word(id.chars().next())
        && text.char_indices().any(|(start, _)| {
            text[start..].starts_with(id)
                && !is_word(text[..start].chars().next_back())
                && !(is_word(id.chars().next_back()) && is_word(text[start + id.len()..].chars().next()))
        })
}

/// Finds the places that contain an ID. The property with an asset's own ID is left out. `id_property`
/// returns the name of this property for a group.
pub(crate) fn places(
    assets: &BTreeMap<AssetKey, Value>,
    id: &str,
    id_property: impl Fn(&str) -> String,
) -> BTreeSet<Place> {
    let mut found = BTreeSet::new();
    for (key, value) in assets {
        let own = format!("/{}", id_property(&key.group));
        let mut stack = vec![(String::new(), value)];
        while let Some((path, value)) = stack.pop() {
            match value {
                Value::String(text) if path != own && names(text, id) => {
                    found.insert((key.clone(), path, false));
                }
                Value::Array(elements) => {
                    stack.extend(
                        elements
                            .iter()
                            .enumerate()
                            .map(|(index, value)| (format!("{path}/{index}"), value)),
                    );
                }
                Value::Object(members) => {
                    for (name, value) in members {
                        let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                        if names(name, id) {
                            found.insert((key.clone(), path.clone(), true));
                        }
                        stack.push((path, value));
                    }
                }
                _ => {}
            }
        }
    }
    found
}
