//! Path items by reference: those of paths and webhooks to the path items themselves, for the generator knows no
//! reference there.
//!
//! Those of callbacks stay references, since a callback may lead back to the operation that it belongs to.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Object, Work};
use crate::{
    document::Place,
    finding::{Finding, Severity},
    pointer,
    read::kind,
    shape::Kind,
};

/// The code of what is found about path items.
pub(super) const CODE: &str = "path-item";

/// Puts what paths and webhooks refer to in the place of the reference, and gives the pointers of all path items that
/// were followed on the way. What leads nowhere or into another file stays a reference: lint says so.
pub(super) fn inline(document: &mut Value, work: &mut Work) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut merged_items = Vec::new();
    for section in ["/paths", "/webhooks"] {
        let items = document.pointer(section).and_then(Value::as_object);
        for (name, item) in items.into_iter().flatten() {
            let Some(item) = item.as_object().filter(|_| !name.starts_with("x-")) else {
                continue;
            };
            let place = pointer::join(section, name);
            let first = Link {
                place: place.clone(),
                item,
            };
            if let Some(chain) = chain(document, work, first) {
                let followed = chain.links.iter().skip(1).chain([&chain.end]);
                used.extend(followed.map(|link| link.place.clone()));
                merged_items.push((place, chain.merge(work)));
            }
        }
    }
    // Only now, for others may refer to what is replaced.
    for (place, Merged { item, from, own }) in merged_items {
        if let Some(value) = document.pointer_mut(&place) {
            *value = Value::Object(item);
            work.provenance.put(place.clone(), from);
            for (key, from) in own {
                work.provenance.put(pointer::join(&place, &key), from);
            }
        }
    }
    used
}

/// A path item and where it stands.
struct Link<'a> {
    place: String,
    item: &'a Object,
}

/// Path items of which each refers to the next, and the one to which the last of them refers.
struct Chain<'a> {
    links: Vec<Link<'a>>,
    end: Link<'a>,
}

/// A path item together with what those before it say beside their references.
struct Merged {
    item: Object,
    from: Place,
    /// The members that come from elsewhere than the rest.
    own: Vec<(String, Place)>,
}

/// Follows the reference of a path item to its end; `None` if it has none, or one that leads to no path item.
fn chain<'a>(document: &'a Value, work: &mut Work, first: Link<'a>) -> Option<Chain<'a>> {
    let mut seen = BTreeSet::from([first.place.clone()]);
    let mut links = Vec::new();
    let mut end = first;
    while let Some(reference) = end.item.get("$ref").and_then(Value::as_str)
        && let Some(target) = reference.strip_prefix('#')
        && let place = percent_decode_str(target).decode_utf8_lossy().into_owned()
        && let Some(target) = document.pointer(&place)
    {
        match path_item(target) {
            Ok(item) if seen.insert(place.clone()) => {
                links.push(std::mem::replace(&mut end, Link { place, item }));
            }
            result => {
                let why = result.map_or_else(
                    |why| format!("is no path item: {why}"),
                    |_| "has been followed before: the references go in a circle".to_owned(),
                );
                let place = pointer::join(&end.place, "$ref");
                let known = |finding: &Finding| finding.code == CODE && finding.pointer == place;
                if !work.findings.iter().any(known) {
                    let message = format!("`{reference}` {why}");
                    let help = "refer to the path item that is meant, in an overlay if the document is the vendor's";
                    work.report(Severity::Error, CODE, place, message, help);
                }
                return None;
            }
        }
    }
    (!links.is_empty()).then_some(Chain { links, end })
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

impl Chain<'_> {
    /// One path item out of all.
    fn merge(self, work: &mut Work) -> Merged {
        let mut item = self.end.item.clone();
        let mut own = Vec::new();
        for link in self.links.iter().rev() {
            for (key, value) in link.item.iter().filter(|(key, _)| *key != "$ref") {
                let here = pointer::join(&link.place, key);
                match item.get(key) {
                    None => {
                        item.insert(key.clone(), value.clone());
                        own.push((key.clone(), work.provenance.place(&here)));
                    }
                    Some(other) if other == value => {}
                    Some(_) => {
                        let message = format!(
                            "`{key}` stands here and in the path item that the `$ref` beside it leads to: OpenAPI \
                             leaves open which of them counts"
                        );
                        let help =
                            "remove one of the two, in an overlay if the document is the vendor's";
                        work.report(Severity::Error, CODE, here, message, help);
                    }
                }
            }
        }
        Merged {
            item,
            from: work.provenance.place(&self.end.place),
            own,
        }
    }
}
