//! Replaces each reference of a path or webhook with the path item to which it leads, because the generator
//! does not resolve references to path items.
//!
//! References of callbacks are kept, because such a reference may lead back to the operation with the
//! callback.

use std::collections::BTreeSet;

use serde_json::Value;

use super::context::{Context, Object};
use crate::{
    diagnostic::Severity,
    document::Place,
    limits::COPIES,
    openapi_model::ObjectKind,
    pointer::{Pointer, PointerBuf},
    references::follow,
    text::kind,
};

/// Code of diagnostics on path items.
pub(super) const CODE: &str = "path-item";

/// Replaces the references of paths and webhooks with their targets, and returns the pointers of all targets.
/// Dangling and external references are kept. The stage `lint` reports them.
pub(super) fn inline(document: &mut Value, context: &mut Context) -> BTreeSet<PointerBuf> {
    let mut inline = Inline {
        document,
        context,
        followed: BTreeSet::new(),
        reported: BTreeSet::new(),
        copies: 0,
    };
    let mut resolved = Vec::new();
    for section in ["/paths", "/webhooks"].map(Pointer::from_static) {
        let items = inline.document.pointer(section.as_str());
        let items = items.and_then(Value::as_object).into_iter().flatten();
        for (name, item) in items.filter(|(name, _)| !name.starts_with("x-")) {
            if let Some(item) = item.as_object().filter(|item| item.contains_key("$ref")) {
                resolved.extend(inline.resolve(section.with_trailing_token(name), item));
            }
        }
    }
    let followed = inline.followed;
    // Path items are replaced last, because other references may lead to them.
    for Resolved { place, item, origins } in resolved {
        if let Some(value) = document.pointer_mut(place.as_str()) {
            *value = Value::Object(item);
        }
        for (place, from) in origins {
            context.provenance.put(place, from);
        }
    }
    followed
}

/// A path item whose reference is resolved.
struct Resolved {
    place: PointerBuf,
    item: Object,
    /// Origins of the path item, and of the siblings of references that were added to the path item.
    origins: Vec<(PointerBuf, Place)>,
}

struct Inline<'a> {
    document: &'a Value,
    context: &'a mut Context,
    followed: BTreeSet<PointerBuf>,
    /// Places of errors, and of path items whose references lead to such a place.
    reported: BTreeSet<PointerBuf>,
    /// Number of values copied so far.
    copies: usize,
}

impl<'a> Inline<'a> {
    /// Follows the references of a path item. Returns `None` if an error prevents this; the path item stays
    /// unchanged then.
    fn resolve(&mut self, place: PointerBuf, item: &'a Object) -> Option<Resolved> {
        let first = place.clone();
        let mut here = (place, item);
        let mut links: Vec<(PointerBuf, &Object)> = Vec::new();
        let mut places = BTreeSet::new();
        while let Some(written) = here.1.get("$ref").and_then(Value::as_str)
            && let Some((next, target)) = follow(self.document, written)
        {
            places.insert(here.0.clone());
            let message = match path_item(target) {
                Err(why) => Some(format!("`{written}` is not a path item: {why}")),
                Ok(_) if places.contains(&next) => Some(format!(
                    "`{written}` has been followed before: the references go in a circle"
                )),
                Ok(_) if self.reported.contains(&next) => None,
                Ok(item) => {
                    self.add_copies(1, &here.0)?;
                    self.followed.insert(next.clone());
                    links.push(std::mem::replace(&mut here, (next, item)));
                    continue;
                }
            };
            if let Some(message) = message {
                let fix = "refer to the intended path item, in an overlay if the document is the vendor's";
                self.report(here.0.with_trailing_token("$ref"), message, fix);
            }
            self.reported.extend(places);
            return None;
        }
        let (end, item) = here;
        let mut resolved = Resolved {
            origins: vec![(first.clone(), self.context.provenance.place(&end))],
            place: first,
            item: item.clone(),
        };
        for (place, link) in links.into_iter().rev() {
            self.add_siblings(&mut resolved, &place, link);
        }
        self.add_copies(resolved.item.values().map(count).sum(), &resolved.place)?;
        Some(resolved)
    }

    /// Adds `copies` to the number of copied values. Returns `None` if the sum exceeds the limit. The error
    /// is reported only once.
    fn add_copies(&mut self, copies: usize, place: &Pointer) -> Option<()> {
        let before = self.copies;
        self.copies += copies;
        if self.copies <= COPIES {
            return Some(());
        }
        if before <= COPIES {
            let message = "up to here, references of path items expand to more values than the limit";
            let fix = format!("at most {COPIES}: write some of the path items out");
            self.report(place.with_trailing_token("$ref"), message, &fix);
        }
        None
    }

    /// Adds the siblings of a reference to the path item that replaces the reference.
    fn add_siblings(&mut self, resolved: &mut Resolved, place: &Pointer, link: &Object) {
        for (key, value) in link.iter().filter(|(key, _)| *key != "$ref") {
            let here = place.with_trailing_token(key);
            match resolved.item.get(key) {
                None => {
                    resolved.item.insert(key.clone(), value.clone());
                    let origin = self.context.provenance.place(&here);
                    let new = resolved.place.with_trailing_token(key);
                    resolved.origins.push((new, origin));
                }
                Some(other) if other == value => {}
                Some(_) => {
                    let message = format!(
                        "`{key}` is here and in the path item that the `$ref` beside it leads to: OpenAPI \
                         leaves open which one applies"
                    );
                    let fix = "remove one of the two, in an overlay if the document is the vendor's";
                    self.report(here, message, fix);
                }
            }
        }
    }

    /// Reports an error, unless an error at the same place has been reported for another path item.
    fn report(&mut self, place: PointerBuf, message: impl Into<String>, fix: &str) {
        if self.reported.insert(place.clone()) {
            self.context.report(Severity::Error, CODE, place, message, fix);
        }
    }
}

/// Returns a value as a path item, or the reason why it is not a path item.
fn path_item(value: &Value) -> Result<&Object, String> {
    let item = value
        .as_object()
        .ok_or_else(|| format!("it is {}", kind(value)))?;
    let is_foreign = |key: &&String| {
        *key != "$ref" && !key.starts_with("x-") && !ObjectKind::PathItem.keys().any(|field| field == *key)
    };
    match item.keys().find(is_foreign) {
        Some(key) => Err(format!("it has the key `{key}`")),
        None => Ok(item),
    }
}

/// Counts a value and all values inside it. A long string counts as several values.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::String(text) => text.len() / 64,
        _ => 0,
    }
}
