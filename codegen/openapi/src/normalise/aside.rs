//! Members that are kept under `x-…`, where no stage reads them as keywords.

use super::context::Object;

/// Moves a member to `x-…`, where it is kept without being read as a keyword. Returns the name of the
/// extension; `None` if there is no such member.
pub(in crate::normalise) fn keep_aside(object: &mut Object, key: &str) -> Option<String> {
    let value = object.shift_remove(key)?;
    let name = name_aside(object, key);
    object.insert(name.clone(), value);
    Some(name)
}

/// Returns the name of the extension that keeps a member.
pub(in crate::normalise) fn name_aside(object: &Object, key: &str) -> String {
    let mut name = format!("x-{}", key.trim_start_matches('$'));
    while object.contains_key(&name) {
        // The document has an extension of that name already.
        name.insert_str(0, "x-");
    }
    name
}
