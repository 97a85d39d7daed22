//! Schemas side by side, in the direction in which the walk came to them: how they are met, and each keyword in turn. What a
//! keyword means is in a module for each sort of them.

mod composition;
mod contents;
mod values;

use std::iter;

use serde_json::Value;

use super::{
    Found, Impact,
    composition_index::Kin,
    node::Node,
    rules::{self, Rule},
    walk::{Place, Spot, Walk, keys, resolve, same, subject},
};
use funnelflux_openapi::pointer::join;
use values::number_type;

/// Keywords that say nothing about which values are allowed.
const ANNOTATIONS: [&str; 9] = [
    "title",
    "description",
    "example",
    "examples",
    "externalDocs",
    "deprecated",
    "default",
    "readOnly",
    "writeOnly",
];

impl<'a> Walk<'a> {
    /// Compares the pairs of components that have been met. They wait in a queue, since schemas can be recursive.
    pub(super) fn drain(&mut self) {
        while let Some((old, new, place)) = self.queue.pop_front() {
            if self
                .seen
                .insert((old.pointer.clone(), new.pointer.clone(), place))
            {
                self.keywords(&old, &new, place, false);
            }
        }
    }

    /// Two schemas at one place. `optional`: the value may be left out on both sides.
    pub(super) fn schema(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place, optional: bool) {
        let (before, after) = (resolve(&self.old, old), resolve(&self.new, new));
        let (old_name, new_name) = (component(old, &before), component(new, &after));
        if old_name.is_none() && new_name.is_none() {
            // A schema around a single reference, as it is written to add words to one.
            match (wrapped(old), wrapped(new)) {
                (Some(inner), None) | (None, Some(inner))
                    if old.value.get("allOf").is_none() || new.value.get("allOf").is_none() =>
                {
                    let is_old = wrapped(old).is_some();
                    self.unwrap_one(old, new, &inner, is_old, place, optional);
                }
                _ => self.keywords(old, new, place, optional),
            }
            return;
        }
        if old_name != new_name {
            let unchanged_side = match (&old_name, &new_name) {
                (Some(name), None) => around(name, new, &self.new).map(|inner| (inner, false)),
                (None, Some(name)) => around(name, old, &self.old).map(|inner| (inner, true)),
                _ => None,
            };
            if let Some((inner, is_old)) = unchanged_side {
                self.unwrap_one(old, new, &inner, is_old, place, optional);
                return;
            }
            self.replaced(old, new, (&before, &after), place);
        }
        if old_name.is_some() && new_name.is_some() {
            self.beside_reference(old, new, place);
        }
        self.queue.push_back((before, after, place));
    }

    /// What is said of a schema where it is referred to. Only words count there, by whatever version.
    fn beside_reference(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            if key == "deprecated" {
                self.property_deprecated(&spot, place);
            } else {
                self.annotation(key, spot.old, spot.new, new, place.direction);
            }
        }
    }

    fn property_deprecated(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        let rules = (&rules::PROPERTY_DEPRECATED, &rules::PROPERTY_REACTIVATED);
        self.deprecated(spot, rules.0, rules.1, place.direction);
    }

    /// Another schema is referred to, or one in place of an inline one.
    fn replaced(&mut self, old: &Node<'a>, new: &Node<'a>, resolved: (&Node<'a>, &Node<'a>), place: Place) {
        let name = |node: &Node<'a>| {
            node.str("$ref")
                .map(|text| text.rsplit('/').next().unwrap_or(text).to_owned())
        };
        let is_gone = |node: &Node<'a>, document: &Node<'a>| document.value.pointer(&node.pointer).is_none();
        if let (Some(former), Some(current)) = (name(old), name(new))
            && is_gone(resolved.0, &self.new)
            && is_gone(resolved.1, &self.old)
        {
            // The old name is gone and the new one was not there: the schema has been renamed.
            let known = self
                .renamed
                .insert(resolved.0.pointer.clone(), resolved.1.pointer.clone());
            if known.is_none() {
                let what = format!("the schema `{former}` is called `{current}` now");
                let spot = Spot::between(Some(resolved.0), Some(resolved.1), new);
                let found = self.note(&rules::SCHEMA_RENAMED, &spot, what);
                found.value = String::new();
                found.subtree = false;
            }
            if known.is_none_or(|pointer| pointer == resolved.1.pointer) {
                let what = format!("`{former}` is referred to as `{current}`");
                let spot = Spot::between(Some(old), Some(new), new);
                let found = self.note(&rules::NOTATION_CHANGED, &spot, what);
                found.direction = place.direction;
                return;
            }
        }
        let call = |name: Option<String>, in_place: &str, named: &str| {
            name.map_or(in_place.to_owned(), |name| format!("{named}`{name}`"))
        };
        let what = format!(
            "{} has {} instead of {}",
            subject(new),
            call(name(new), "a schema in place", "the schema "),
            call(name(old), "one in place", "")
        );
        let spot = Spot::between(Some(old), Some(new), new);
        let found = self.note(&rules::SCHEMA_REPLACED, &spot, what);
        found.at(place);
        found.value = format!("{:?}→{:?}", name(old), name(new));
    }

    /// One side is a schema around the single schema `inner`, the other one is not.
    fn unwrap_one(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        inner: &Node<'a>,
        is_old: bool,
        place: Place,
        optional: bool,
    ) {
        let what = format!(
            "{} is written {} `allOf` around a single schema",
            subject(new),
            if is_old { "without" } else { "with" }
        );
        let list = if is_old {
            old.get("allOf")
        } else {
            new.get("allOf")
        };
        let spot = Spot {
            old: if is_old { list.as_ref() } else { None },
            new: if is_old { None } else { list.as_ref() },
            parent: new,
        };
        // With more than words beside it, it is a type of its own.
        let rule = match wrapped(if is_old { old } else { new }) {
            Some(_) => &rules::NOTATION_CHANGED,
            None => &rules::TYPE_NOTATION,
        };
        self.note(rule, &spot, what).direction = place.direction;
        let inner_side = if is_old { new } else { old };
        self.explained.push(join(&inner_side.pointer, "$ref"));
        // What stands beside the single schema applies in addition to it.
        let outer = if is_old { old } else { new };
        let empty = Node {
            value: &Value::Null,
            pointer: outer.pointer.clone(),
            identity: outer.identity.clone(),
        };
        for (key, _) in outer.members() {
            if key != "allOf" {
                if is_old {
                    self.keyword(key, outer, &empty, place, optional);
                } else {
                    self.keyword(key, &empty, outer, place, optional);
                }
            }
        }
        if is_old {
            self.schema(inner, new, place, optional);
        } else {
            self.schema(old, inner, place, optional);
        }
    }

    /// Notes that the same is said of a schema in another way. Where it has to do with alternatives, or does not say its type, that
    /// can make another Rust type.
    fn notation(
        &mut self,
        spot: &Spot<'_, 'a>,
        what: String,
        [old, new]: [&Node<'a>; 2],
        place: Place,
    ) -> &mut Found {
        let decides = has_alternatives(old, &self.old, &self.old_kin)
            || has_alternatives(new, &self.new, &self.new_kin)
            || is_untyped(old)
            || is_untyped(new);
        let rule = if decides {
            &rules::TYPE_NOTATION
        } else {
            &rules::NOTATION_CHANGED
        };
        self.note(rule, spot, what).at(place)
    }

    fn keywords(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place, optional: bool) {
        if !old.value.is_object() || !new.value.is_object() {
            self.unknown(Some(old), Some(new));
            return;
        }
        for key in keys(old, new) {
            self.keyword(key, old, new, place, optional);
        }
        self.heirs(old, new, place);
    }

    fn keyword(&mut self, key: &str, old: &Node<'a>, new: &Node<'a>, place: Place, optional: bool) {
        let (before, after) = (old.get(key), new.get(key));
        let spot = Spot::between(before.as_ref(), after.as_ref(), new);
        let mut sides = [spot.old, spot.new].into_iter().flatten();
        if sides.any(|side| !fits(key, side.value)) {
            return self.unknown(spot.old, spot.new);
        }
        match key {
            // These hold schemas, which may differ behind a reference though they are written alike.
            "properties" => return self.properties(old, new, place),
            "items" => return self.items(&spot, place),
            "additionalProperties" => return self.additional_properties(old, new, place),
            "allOf" | "anyOf" | "oneOf" => return self.composition(key, &spot, [old, new], place),
            "not" => return self.not(&spot, place),
            _ if self.check(key, &spot, place) => return,
            _ => {}
        }
        if same(spot.old, spot.new) {
            return;
        }
        match key {
            // A reference that leads nowhere, into another document or in a circle: what it stands for is not known.
            "$ref" => self.unknown(spot.old, spot.new),
            "type" => self.type_(old, new, &spot, place),
            "format" => self.format(old, new, &spot, place),
            "nullable" => self.nullable(&spot, place, optional),
            "enum" => self.enumeration(&spot, place),
            "default" => self.default(&spot, place),
            "required" => self.required(old, new, place),
            "pattern" => {
                let rules = [
                    &rules::PATTERN_ADDED,
                    &rules::PATTERN_REMOVED,
                    &rules::PATTERN_CHANGED,
                ];
                self.value(key, &spot, rules, place);
            }
            "multipleOf" => {
                let rules = [
                    &rules::MULTIPLE_SET,
                    &rules::MULTIPLE_UNSET,
                    &rules::MULTIPLE_CHANGED,
                ];
                self.value(key, &spot, rules, place);
            }
            "uniqueItems" => self.flag(&spot, key, [&rules::UNIQUE_SET, &rules::UNIQUE_UNSET], place),
            "exclusiveMaximum" | "exclusiveMinimum" => {
                self.flag(
                    &spot,
                    key,
                    [&rules::EXCLUSIVE_SET, &rules::EXCLUSIVE_UNSET],
                    place,
                );
                if let Some(found) = self.found.last_mut()
                    && number_type(old) != number_type(new)
                {
                    found.impact = Impact::Major;
                    found.reason = Some("The limits choose the number type.".to_owned());
                }
            }
            "readOnly" | "writeOnly" => self.mode(key, &spot, place, optional),
            "deprecated" => self.property_deprecated(&spot, place),
            "discriminator" => self.discriminator(&spot, place),
            "x-extensible-enum" => self.extensible_enumeration(&spot, place),
            _ if self.limit(key, old, new, &spot, place) => {}
            _ if self.annotation(key, spot.old, spot.new, new, place.direction) => {}
            _ => self.unknown(spot.old, spot.new),
        }
    }
}

/// The pointer of the component that a reference leads to.
fn component(node: &Node<'_>, resolved: &Node<'_>) -> Option<String> {
    (node.value.get("$ref").is_some() && node.pointer != resolved.pointer).then(|| resolved.pointer.clone())
}

/// Whether there are alternatives in a schema, or in what applies together with it.
pub(super) fn has_alternatives(schema: &Node<'_>, document: &Node<'_>, kin: &Kin) -> bool {
    let kin = kin.get(&schema.pointer).into_iter().flatten();
    iter::once(&schema.pointer).chain(kin).any(|pointer| {
        let schema = document.value.pointer(pointer);
        schema.is_some_and(|schema| schema.get("anyOf").or(schema.get("oneOf")).is_some())
    })
}

/// Whether neither a type nor fields nor parts say what a schema is.
fn is_untyped(schema: &Node<'_>) -> bool {
    let has_fields = schema
        .get("properties")
        .is_some_and(|all| !all.members().is_empty());
    !has_fields && schema.get("type").or(schema.get("allOf")).is_none()
}

/// Whether the value of a keyword is of the kind that is compared.
fn fits(key: &str, value: &Value) -> bool {
    match key {
        "type" | "format" | "pattern" | "$ref" => value.is_string(),
        "required" | "enum" | "allOf" | "anyOf" | "oneOf" => value.is_array(),
        "properties" | "discriminator" => value.is_object(),
        _ => true,
    }
}

/// The single schema of an `allOf` that only has words beside it.
fn wrapped<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    let only_words = node.members().iter().all(|(key, _)| {
        *key == "allOf" || *key == "nullable" || key.starts_with("x-") || ANNOTATIONS.contains(key)
    });
    single(node).filter(|_| only_words)
}

/// The single schema of an `allOf`, where there are only words around it or it is the component at `pointer`.
fn around<'a>(pointer: &str, node: &Node<'a>, document: &Node<'a>) -> Option<Node<'a>> {
    wrapped(node).or_else(|| single(node).filter(|inner| resolve(document, inner).pointer == pointer))
}

fn single<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    let mut entries = node.get("allOf")?.entries(|value| {
        value
            .get("$ref")
            .and_then(Value::as_str)
            .unwrap_or("0")
            .to_owned()
    });
    (entries.len() == 1).then(|| entries.pop()).flatten()
}

fn set_unset_changed(spot: &Spot<'_, '_>, rules: [&'static Rule; 3]) -> &'static Rule {
    let [set, unset, changed] = rules;
    match (spot.old, spot.new) {
        (None, _) => set,
        (_, None) => unset,
        _ => changed,
    }
}
