//! Renames members to extensions (`x-…`). The value of an extension is preserved, but no stage interprets
//! it as a keyword.

use super::context::Object;

/// Renames a member to an extension (`x-…`), so that no stage interprets it as a keyword. Returns the name
/// of the extension, or `None` if there is no such member.
pub(in crate::normalise) fn keep_aside(object: &mut Object, key: &str) -> Option<String> {
    let value = object.shift_remove(key)?;
    let name = name_aside(object, key);
    object.insert(name.clone(), value);
    Some(name)
}

/// Returns an unused name for the extension that preserves the member `key`.
pub(in crate::normalise) fn name_aside(object: &Object, key: &str) -> String {
    let mut name = format!("x-{}", key.trim_start_matches('$'));
    while object.contains_key(&name) {
        // The object already has an extension of that name.
        name.insert_str(0, "x-");
    }
    name
}
