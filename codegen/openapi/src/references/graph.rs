//! The graph of all references of a document.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use serde_json::Value;

use super::resolve::{follow, reference};
use crate::pointer::{Pointer, PointerBuf, Token, unescape};

/// A reference of a document.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    /// Pointer to the object with the `$ref`.
    pub pointer: PointerBuf,
    /// The reference as the document writes it.
    pub written: &'a str,
    /// Number of the target; `None` if the reference leads nowhere or into another document.
    pub(super) target: Option<usize>,
}

/// A value that a reference leads to.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// Pointer to the value.
    pub pointer: PointerBuf,
    /// The value itself.
    pub value: &'a Value,
    /// Positions of the references that lead to this value.
    referrers: Vec<usize>,
}

/// All references of a document.
pub struct References<'a> {
    document: &'a Value,
    /// References in document order, so that the references inside a value are contiguous.
    all: Vec<Reference<'a>>,
    /// Positions in `all`, sorted by pointer.
    by_pointer: Vec<usize>,
    pub(super) targets: Vec<Target<'a>>,
    /// Positions in `targets`, by pointer.
    pub(super) numbers: HashMap<PointerBuf, usize>,
}

impl<'a> References<'a> {
    /// Collects the references of a document.
    ///
    /// Examples, defaults and enumerations are data, so a `$ref` in them is not a reference.
    pub fn new(document: &'a Value) -> Self {
        let mut references = Self {
            document,
            all: Vec::new(),
            by_pointer: Vec::new(),
            targets: Vec::new(),
            numbers: HashMap::new(),
        };
        let mut known = HashMap::new();
        let mut add = |pointer: &PointerBuf, written: &'a str| {
            let target = *known.entry(written).or_insert_with(|| {
                let (pointer, value) = follow(document, written)?;
                Some(references.number(pointer, value))
            });
            let position = references.all.len();
            if let Some(target) = target.and_then(|target| references.targets.get_mut(target)) {
                target.referrers.push(position);
            }
            let pointer = pointer.clone();
            references.all.push(Reference {
                pointer,
                written,
                target,
            });
        };
        walk(document, &mut PointerBuf::root(), false, &mut add);
        let all = &references.all;
        references.by_pointer = (0..all.len()).collect();
        references
            .by_pointer
            .sort_by_key(|position| all.get(*position).map(|reference| &reference.pointer));
        let parents = references.targets.iter();
        let subtypes = parents.flat_map(|parent| references.subtypes(&parent.pointer));
        let subtypes: Vec<PointerBuf> = subtypes.map(|(_, subtype)| subtype.to_buf()).collect();
        for pointer in subtypes {
            if let Some(value) = document.pointer(pointer.as_str()) {
                references.number(pointer, value);
            }
        }
        references
    }

    /// Registers the value at a pointer as a target, and returns the number of the target.
    fn number(&mut self, pointer: PointerBuf, value: &'a Value) -> usize {
        let next = self.targets.len();
        let number = *self.numbers.entry(pointer.clone()).or_insert(next);
        if number == next {
            self.targets.push(Target {
                pointer,
                value,
                referrers: Vec::new(),
            });
        }
        number
    }

    /// Returns the document.
    pub fn document(&self) -> &'a Value {
        self.document
    }

    /// Lists all references in the order of the document.
    pub fn all(&self) -> &[Reference<'a>] {
        &self.all
    }

    /// Lists all targets of references.
    pub fn targets(&self) -> &[Target<'a>] {
        &self.targets
    }

    /// Lists the references at `place` and inside it, in the order of the document.
    pub fn within(&self, place: &Pointer) -> &[Reference<'a>] {
        let pointer = |position: &usize| self.all.get(*position).map_or(Pointer::root(), |at| &*at.pointer);
        // Pointers are sorted as texts, so `/a-b` stands between `/a` and `/a/b`.
        let sorted = &self.by_pointer;
        let itself = sorted.binary_search_by(|position| pointer(position).cmp(place));
        let first = place.with_trailing_token("");
        let start = sorted.partition_point(|position| pointer(position) < &*first);
        let inside = sorted.get(start..).unwrap_or_default();
        let count = inside.partition_point(|position| pointer(position).starts_with(place));
        let itself = itself.ok().and_then(|index| sorted.get(index));
        let start = inside.iter().take(count).chain(itself).min().copied();
        let start = start.unwrap_or_default();
        let end = start + count + usize::from(itself.is_some());
        self.all.get(start..end).unwrap_or_default()
    }

    /// Returns the target of a reference; `None` if the reference leads nowhere or into another document.
    pub fn target(&self, reference: &Reference<'_>) -> Option<&Target<'a>> {
        self.targets.get(reference.target?)
    }

    /// Returns the target at `place`.
    fn target_at(&self, place: &Pointer) -> Option<&Target<'a>> {
        self.targets.get(*self.numbers.get(place)?)
    }

    /// Returns the target at `place`, if references lead to it. Otherwise returns the innermost enclosing
    /// value to which references lead.
    pub fn enclosing(&self, place: &Pointer) -> Option<&Target<'a>> {
        let mut around = std::iter::successors(Some(place), |place| place.parent());
        around.find_map(|place| self.target_at(place))
    }

    /// Lists the references that lead exactly to `place`, in the order of the document.
    pub fn referrers(&self, place: &Pointer) -> impl Iterator<Item = &Reference<'a>> {
        let referrers = self.target_at(place).map_or(&[][..], |target| &target.referrers);
        referrers.iter().filter_map(|position| self.all.get(*position))
    }

    /// Lists the targets of the references at `place` or inside it, the targets of the references in these
    /// targets, and so on. Each target is listed once, the nearest first.
    pub fn needed(&self, place: &Pointer) -> Vec<&Target<'a>> {
        let inside = |place| self.within(place).iter().filter_map(|reference| reference.target);
        let needed = reachable(inside(place), |number| {
            let target = self.targets.get(number).into_iter();
            target.flat_map(|target| inside(&target.pointer))
        });
        needed
            .into_iter()
            .filter_map(|number| self.targets.get(number))
            .collect()
    }

    /// Lists the subtypes of the schema at `parent`, sorted by name: the shared schemas whose `allOf`
    /// includes the parent. A parent without a discriminator has no subtypes.
    pub fn subtypes(&self, parent: &Pointer) -> Vec<(Cow<'_, str>, &Pointer)> {
        let target = self.target_at(parent);
        if target.is_none_or(|target| target.value.get("discriminator").is_none()) {
            return Vec::new();
        }
        let subtypes = self.referrers(parent).filter_map(|reference| {
            let (list, _) = reference.pointer.split_back()?;
            let (schema, key) = list.split_back()?;
            let (section, _) = schema.split_back()?;
            let name = schema.as_str().get(section.len() + 1..)?;
            let is_part = key.encoded() == "allOf" && section == SCHEMAS;
            is_part.then(|| (unescape(name), schema))
        });
        let mut subtypes: Vec<_> = subtypes.collect();
        subtypes.sort();
        subtypes.dedup();
        subtypes
    }
}

/// Lists the given targets, and all targets that are reached from them. `next` returns the targets that are
/// reached from a target in one step. Each target is listed once, the nearest first.
pub(super) fn reachable<Next: IntoIterator<Item = usize>>(
    targets: impl IntoIterator<Item = usize>,
    next: impl Fn(usize) -> Next,
) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut found: Vec<usize> = targets
        .into_iter()
        .filter(|target| seen.insert(*target))
        .collect();
    let mut done = 0;
    while let Some(target) = found.get(done) {
        found.extend(next(*target).into_iter().filter(|target| seen.insert(*target)));
        done += 1;
    }
    found
}

/// Pointer to the section of shared schemas.
const SCHEMAS: &str = "/components/schemas";

/// Keywords whose value is an object with names as keys. Such a key may be `default` or `enum` without being
/// a keyword.
const NAMED: [&str; 18] = [
    "$defs",
    "callbacks",
    "content",
    "definitions",
    "dependentSchemas",
    "encoding",
    "headers",
    "links",
    "parameters",
    "paths",
    "patternProperties",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "securitySchemes",
    "webhooks",
    "x-patternProperties",
];

/// Keywords whose values are data.
const DATA: [&str; 4] = ["default", "enum", "example", "examples"];

/// Calls `found` with every object that contains a reference, and with the pointer to that object. If `named`
/// is true, the keys of `value` are names, not keywords.
fn walk<'a>(
    value: &'a Value,
    pointer: &mut PointerBuf,
    named: bool,
    found: &mut impl FnMut(&PointerBuf, &'a str),
) {
    if let Some(written) = reference(value) {
        found(pointer, written);
    }
    let mut inside = |token: Token<'_>, member: &'a Value, named: bool| {
        if member.is_object() || member.is_array() {
            pointer.push_back(token);
            walk(member, pointer, named, found);
            pointer.pop_back();
        }
    };
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                if named || !DATA.contains(&key.as_str()) {
                    inside(key.into(), member, !named && NAMED.contains(&key.as_str()));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                inside(index.into(), item, false);
            }
        }
        _ => {}
    }
}
