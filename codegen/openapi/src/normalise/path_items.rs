//! Path items by reference: those of paths and webhooks to the path items themselves, for the generator knows no
//! reference there.
//!
//! Those of callbacks stay references, since a callback may lead back to the operation that it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::context::{Context, Object};
use crate::{
    diagnostic::Severity,
    document::Place,
    limits::COPIES,
    openapi_model::Kind,
    pointer::{Pointer, PointerBuf},
    references::follow,
    text::kind,
};

/// The code of what is found about path items.
pub(super) const CODE: &str = "path-item";

/// Puts what paths and webhooks refer to in the place of the reference, and gives the pointers of all path items that
/// were followed on the way. What leads nowhere or into another file stays a reference: lint says so.
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
    // Only now, for others may refer to what is replaced.
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

/// A path item and where it stands.
struct Link<'a> {
    place: PointerBuf,
    item: &'a Object,
}

/// What a path item with a reference is in the end.
#[derive(Clone)]
struct Resolved {
    item: Object,
    from: Place,
    /// The members that come from elsewhere than the rest.
    own: Vec<(String, Place)>,
}

struct Inline<'a> {
    document: &'a Value,
    context: &'a mut Context,
    /// The path items with references, by their places; without a value where it is wrong, which has been reported.
    resolved: BTreeMap<PointerBuf, Option<Resolved>>,
    followed: BTreeSet<PointerBuf>,
    /// How many values have been put in the place of references.
    copies: usize,
}

impl<'a> Inline<'a> {
    /// Follows the references of a path item to their end, unless what is there is known.
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
                        "refer to the path item that is meant, in an overlay if the document is the vendor's";
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

    /// What a path item refers to, or why that cannot be; nothing if it does not refer, or leads nowhere.
    fn next(&self, here: &Link<'a>, places: &BTreeSet<PointerBuf>) -> Option<Result<Link<'a>, String>> {
        let written = here.item.get("$ref")?.as_str()?;
        let (place, target) = follow(self.document, written)?;
        Some(match path_item(target) {
            Ok(_) if places.contains(&place) => Err(format!(
                "`{written}` has been followed before: the references go in a circle"
            )),
            Ok(item) => Ok(Link { place, item }),
            Err(why) => Err(format!("`{written}` is no path item: {why}")),
        })
    }

    /// Whether another copy of a path item may be made.
    fn has_room(&mut self, item: &Object, place: &Pointer) -> bool {
        self.copies += item.values().map(count).sum::<usize>();
        let has_room = self.copies <= COPIES;
        if !has_room {
            let place = place.with_trailing_token("$ref");
            let message = "up to here, references of path items stand for more values than are read";
            let fix = format!("at most {COPIES}: this is no API document that anybody wrote");
            self.context.report(Severity::Error, CODE, place, message, &fix);
        }
        has_room
    }

    /// What a reference leads to, with what stands beside the reference.
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
                        "`{key}` stands here and in the path item that the `$ref` beside it leads to: OpenAPI \
                         leaves open which of them counts"
                    );
                    let fix = "remove one of the two, in an overlay if the document is the vendor's";
                    self.context.report(Severity::Error, CODE, here, message, fix);
                }
            }
        }
        end
    }
}

/// The path item that a value is, or why it is none.
fn path_item(value: &Value) -> Result<&Object, String> {
    let item = value
        .as_object()
        .ok_or_else(|| format!("it is {}", kind(value)))?;
    let fields = Kind::PathItem.fields();
    let is_foreign = |key: &&String| {
        *key != "$ref" && !key.starts_with("x-") && !fields.iter().any(|(name, ..)| name == key)
    };
    match item.keys().find(is_foreign) {
        Some(key) => Err(format!("it has the key `{key}`")),
        None => Ok(item),
    }
}

/// How many values a value is; a long text weighs as many.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::String(text) => text.len() / 64,
        _ => 0,
    }
}
