//! Replaces references of paths and webhooks with their path items, because the generator does not resolve
//! these references.
//!
//! References of callbacks stay, because a callback may lead back to its own operation.

use std::collections::{BTreeMap, BTreeSet};

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
/// Dangling and external references stay, and lint reports them.
pub(super) fn inline(document: &mut Value, context: &mut Context) -> BTreeSet<PointerBuf> {
    let mut inline = Inline {
        document,
        context,
        resolved: BTreeMap::new(),
        followed: BTreeSet::new(),
        copies: 0,
    };
    let mut places = Vec::new();
    for section in ["/paths", "/webhooks"].map(Pointer::from_static) {
        let items = inline
            .document
            .pointer(section.as_str())
            .and_then(Value::as_object);
        for (name, item) in items.into_iter().flatten() {
            let refers = |item: &&Object| item.contains_key("$ref") && !name.starts_with("x-");
            let Some(item) = item.as_object().filter(refers) else {
                continue;
            };
            let place = section.with_trailing_token(name);
            places.push(place.clone());
            inline.resolve(Link { place, item });
        }
    }
    let Inline {
        mut resolved,
        followed,
        ..
    } = inline;
    // Path items are replaced last, because other references may lead to them.
    for place in places {
        if let Some(Some(Resolved { item, from, own })) = resolved.remove(&place)
            && let Some(value) = document.pointer_mut(place.as_str())
        {
            *value = Value::Object(item);
            context.provenance.put(place.clone(), from);
            for (key, from) in own {
                context.provenance.put(place.with_trailing_token(&key), from);
            }
        }
    }
    followed
}

struct Link<'a> {
    place: PointerBuf,
    item: &'a Object,
}

/// A path item whose reference is resolved.
#[derive(Clone)]
struct Resolved {
    item: Object,
    from: Place,
    /// Members whose origin differs from that of the rest.
    own: Vec<(String, Place)>,
}

struct Inline<'a> {
    document: &'a Value,
    context: &'a mut Context,
    /// Path items with references, by place; `None` for those that were reported as wrong.
    resolved: BTreeMap<PointerBuf, Option<Resolved>>,
    followed: BTreeSet<PointerBuf>,
    /// Number of values copied so far.
    copies: usize,
}

impl<'a> Inline<'a> {
    /// Follows the references of a path item until a path item that is already resolved.
    fn resolve(&mut self, first: Link<'a>) {
        if self.copies > COPIES {
            return;
        }
        let mut links: Vec<Link<'a>> = Vec::new();
        let mut places = BTreeSet::new();
        let mut here = first;
        let mut end = loop {
            if let Some(known) = self.resolved.get(&here.place) {
                break known.clone();
            }
            places.insert(here.place.clone());
            match self.next(&here, &places) {
                Some(Ok(next)) => links.push(std::mem::replace(&mut here, next)),
                Some(Err(message)) => {
                    let place = here.place.with_trailing_token("$ref");
                    let fix =
                        "refer to the intended path item, in an overlay if the document is the vendor's";
                    self.context.report(Severity::Error, CODE, place, message, fix);
                    self.resolved.insert(here.place.clone(), None);
                    break None;
                }
                None => {
                    break Some(Resolved {
                        item: here.item.clone(),
                        from: self.context.provenance.place(&here.place),
                        own: Vec::new(),
                    });
                }
            }
        };
        let followed = links.iter().chain([&here]).skip(1);
        self.followed.extend(followed.map(|link| link.place.clone()));
        for link in links.into_iter().rev() {
            end = end
                .filter(|end| self.has_room(&end.item, &link.place))
                .map(|end| self.add_siblings(end, &link));
            self.resolved.insert(link.place, end.clone());
        }
    }

    /// Returns the target of a path item's reference, or the reason why the target is invalid; `None` if the
    /// path item has no reference, or if the reference leads nowhere.
    fn next(&self, here: &Link<'a>, places: &BTreeSet<PointerBuf>) -> Option<Result<Link<'a>, String>> {
        let written = here.item.get("$ref")?.as_str()?;
        let (place, target) = follow(self.document, written)?;
        Some(match path_item(target) {
            Ok(_) if places.contains(&place) => Err(format!(
                "`{written}` has been followed before: the references go in a circle"
            )),
            Ok(item) => Ok(Link { place, item }),
            Err(why) => Err(format!("`{written}` is not a path item: {why}")),
        })
    }

    /// Counts a copy of a path item, and reports the copy that exceeds the limit.
    fn has_room(&mut self, item: &Object, place: &Pointer) -> bool {
        self.copies += item.values().map(count).sum::<usize>();
        let has_room = self.copies <= COPIES;
        if !has_room {
            let place = place.with_trailing_token("$ref");
            let message = "up to here, references of path items expand to more values than the limit";
            let fix = format!("at most {COPIES}: write some of the path items out");
            self.context.report(Severity::Error, CODE, place, message, &fix);
        }
        has_room
    }

    /// Adds the siblings of a reference to its target.
    fn add_siblings(&mut self, mut end: Resolved, link: &Link<'a>) -> Resolved {
        for (key, value) in link.item.iter().filter(|(key, _)| *key != "$ref") {
            let here = link.place.with_trailing_token(key);
            match end.item.get(key) {
                None => {
                    end.item.insert(key.clone(), value.clone());
                    end.own.push((key.clone(), self.context.provenance.place(&here)));
                }
                Some(other) if other == value => {}
                Some(_) => {
                    let message = format!(
                        "`{key}` is here and in the path item that the `$ref` beside it leads to: OpenAPI \
                         leaves open which one applies"
                    );
                    let fix = "remove one of the two, in an overlay if the document is the vendor's";
                    self.context.report(Severity::Error, CODE, here, message, fix);
                }
            }
        }
        end
    }
}

/// Returns a value as a path item, or the reason why it is not a path item.
fn path_item(value: &Value) -> Result<&Object, String> {
    let item = value
        .as_object()
        .ok_or_else(|| format!("it is {}", kind(value)))?;
    let fields = ObjectKind::PathItem.fields();
    let is_foreign = |key: &&String| {
        *key != "$ref" && !key.starts_with("x-") && !fields.iter().any(|field| field.key == *key)
    };
    match item.keys().find(is_foreign) {
        Some(key) => Err(format!("it has the key `{key}`")),
        None => Ok(item),
    }
}

/// Counts the values in a value. A long text counts as several.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::String(text) => text.len() / 64,
        _ => 0,
    }
}
