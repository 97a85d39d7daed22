//! Resolves references, one at a time or repeatedly.

use std::{borrow::Cow, collections::HashSet, iter, ptr};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    operations::Operation,
    pointer::{self, Pointer, PointerBuf},
};

/// Returns the text of the `$ref` of a value, if the value has one.
pub fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// Returns the decoded pointer of a reference into the same document (`#/…`).
pub fn fragment(reference: &str) -> Option<PointerBuf> {
    let decoded = percent_decode_str(reference.strip_prefix('#')?).decode_utf8_lossy();
    Some(pointer::parse(&decoded)?.into_owned())
}

/// Removes the percent-encoding from a reference into the same document. Returns `None` if the reference is
/// not percent-encoded, or if the decoded reference does not have the same target.
pub fn decoded(document: &Value, reference: &str) -> Option<String> {
    let encoded = reference
        .strip_prefix('#')
        .filter(|encoded| encoded.contains('%'))?;
    let decoded = format!("#{}", percent_decode_str(encoded).decode_utf8().ok()?);
    let (target, _) = follow(document, reference)?;
    let (same, _) = follow(document, &decoded)?;
    (decoded != reference && target == same).then_some(decoded)
}

/// Resolves one reference. Returns `None` if the reference leads nowhere or into another document.
///
/// The pointer is a URI fragment and therefore percent-encoded. If the decoded pointer leads nowhere, the
/// pointer is tried without decoding.
pub fn follow<'a>(document: &'a Value, reference: &str) -> Option<(PointerBuf, &'a Value)> {
    let written = || pointer::parse(reference.strip_prefix('#')?).map(Cow::into_owned);
    let mut candidates = fragment(reference)
        .into_iter()
        .chain(iter::once_with(written).flatten());
    candidates.find_map(|pointer| {
        let value = document.pointer(pointer.as_str())?;
        Some((pointer, value))
    })
}

/// Resolves the value at `pointer` through any number of references.
///
/// Stops at a value that is not a reference, or at a reference that leads nowhere, into another document, or
/// in a circle. Returns the value and its pointer.
pub fn resolve<'a, 'p>(
    document: &'a Value,
    pointer: &'p Pointer,
    value: &'a Value,
) -> (Cow<'p, Pointer>, &'a Value) {
    let mut here = (Cow::Borrowed(pointer), value);
    let mut followed = HashSet::new();
    while let Some((pointer, value)) = reference(here.1).and_then(|written| follow(document, written))
        && followed.insert(ptr::from_ref(here.1))
    {
        here = (Cow::Owned(pointer), value);
    }
    here
}

/// Lists the parameters of an operation, and the parameters of its path that the operation does not override.
/// Each result has the pointer to the entry in `parameters`, and the parameter itself, even if the entry is a
/// reference.
pub fn parameters<'a>(document: &'a Value, operation: &Operation<'a>) -> Vec<(PointerBuf, &'a Value)> {
    let list = |holder: &Pointer, value: &'a Value| {
        let list = holder.with_trailing_token("parameters");
        let parameters = value.get("parameters").and_then(Value::as_array);
        let parameters = parameters.into_iter().flatten().enumerate();
        parameters.map(move |(index, parameter)| {
            let pointer = list.with_trailing_token(index);
            (pointer, resolve(document, Pointer::root(), parameter).1)
        })
    };
    let mut all: Vec<(PointerBuf, &Value)> = list(&operation.pointer, operation.value).collect();
    let own = all.len();
    let path = operation.pointer.parent().unwrap_or_default();
    let shared = document.get("paths").and_then(|paths| paths.get(operation.path));
    let key = |parameter: &'a Value| (parameter.get("name"), parameter.get("in"));
    for (pointer, parameter) in shared.into_iter().flat_map(|shared| list(path, shared)) {
        let is_overridden = all.iter().take(own).any(|(_, own)| key(own) == key(parameter));
        if !is_overridden {
            all.push((pointer, parameter));
        }
    }
    all
}

#[cfg(test)]
mod tests;
