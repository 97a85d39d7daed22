//! Schemas side by side, in the direction in which the walk came to them.

use std::{collections::HashSet, sync::LazyLock};

use serde_json::Value;

use super::{
    Direction, Impact,
    kin::Kin,
    node::{Node, canonical},
    rules::{self, LIMITS, Rule},
    walk::{Noun, Place, Spot, Walk, before_after, keys, quote, resolve, same, subject},
};
use crate::pointer::join;

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
                (Some(_), None) => wrapped(new).map(|inner| (inner, false)),
                (None, Some(_)) => wrapped(old).map(|inner| (inner, true)),
                _ => None,
            };
            if let Some((inner, is_old)) = unchanged_side {
                self.unwrap_one(old, new, &inner, is_old, place, optional);
                return;
            }
            self.replaced(old, new, (&before, &after), place);
        }
        self.queue.push_back((before, after, place));
    }

    /// Another schema is referred to, or one in place of an inline one.
    fn replaced(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        resolved: (&Node<'a>, &Node<'a>),
        place: Place,
    ) {
        let name = |node: &Node<'a>| {
            node.str("$ref")
                .map(|text| text.rsplit('/').next().unwrap_or(text).to_owned())
        };
        let is_gone =
            |node: &Node<'a>, document: &Node<'a>| document.value.pointer(&node.pointer).is_none();
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
                let spot = Spot {
                    old: Some(resolved.0),
                    new: Some(resolved.1),
                    parent: new,
                };
                let found = self.note(&rules::SCHEMA_RENAMED, &spot, what);
                found.value = String::new();
                found.subtree = false;
            }
            if known.is_none_or(|pointer| pointer == resolved.1.pointer) {
                let what = format!("`{former}` is referred to as `{current}`");
                let found = self.note(
                    &rules::NOTATION_CHANGED,
                    &Spot {
                        old: Some(old),
                        new: Some(new),
                        parent: new,
                    },
                    what,
                );
                found.direction = place.direction;
                return;
            }
        }
        let call = |name: Option<String>| {
            name.map_or("a schema in place".to_owned(), |name| format!("`{name}`"))
        };
        let what = format!(
            "{} has the schema {} instead of {}",
            subject(new),
            call(name(new)),
            call(name(old))
        );
        let spot = Spot {
            old: Some(old),
            new: Some(new),
            parent: new,
        };
        let found = self.note(&rules::SCHEMA_REPLACED, &spot, what);
        found.at(place);
        found.value = format!("{:?}→{:?}", name(old), name(new));
        // What is written in place is compared as such; only the reference itself is told here.
        found.subtree = name(old).is_some() && name(new).is_some();
        self.explained
            .extend([old, new].map(|node| join(&node.pointer, "$ref")));
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
        self.note(&rules::NOTATION_CHANGED, &spot, what).direction = place.direction;
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

    fn keywords(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place, optional: bool) {
        if !old.value.is_object() || !new.value.is_object() {
            self.unknown(Some(old), Some(new));
            return;
        }
        for key in keys(old, new) {
            self.keyword(key, old, new, place, optional);
        }
    }

    fn keyword(&mut self, key: &str, old: &Node<'a>, new: &Node<'a>, place: Place, optional: bool) {
        let (before, after) = (old.get(key), new.get(key));
        let spot = Spot::between(before.as_ref(), after.as_ref(), new);
        match key {
            // These hold schemas, which may differ behind a reference though they are written alike.
            "properties" => return self.properties(old, new, place),
            "items" => return self.items(&spot, place),
            "additionalProperties" => return self.additional_properties(old, new, place),
            "allOf" | "anyOf" | "oneOf" => return self.composition(key, &spot, place),
            "not" => return self.not(&spot, place),
            _ => {}
        }
        if same(spot.old, spot.new) {
            return;
        }
        match key {
            // A reference that leads nowhere, or in a circle.
            "$ref" => {
                let what = format!("`$ref` {}", before_after(spot.old, spot.new));
                self.note(&rules::SCHEMA_REPLACED, &spot, what).at(place);
            }
            "type" => self.type_(old, new, &spot, place),
            "format" => self.format(old, new, &spot, place),
            "nullable" => self.nullable(&spot, place, optional),
            "enum" => self.enumeration(&spot, place),
            "default" => self.default(&spot, place),
            "required" => self.required(old, new, place),
            "pattern" => {
                let rule = set_unset_changed(
                    &spot,
                    [
                        &rules::PATTERN_ADDED,
                        &rules::PATTERN_REMOVED,
                        &rules::PATTERN_CHANGED,
                    ],
                );
                let what = format!(
                    "`pattern` of {} {}",
                    subject(new),
                    before_after(spot.old, spot.new)
                );
                self.note(rule, &spot, what).at(place);
            }
            "multipleOf" => {
                let rule = set_unset_changed(
                    &spot,
                    [
                        &rules::MULTIPLE_SET,
                        &rules::MULTIPLE_UNSET,
                        &rules::MULTIPLE_CHANGED,
                    ],
                );
                let what = format!(
                    "`multipleOf` of {} {}",
                    subject(new),
                    before_after(spot.old, spot.new)
                );
                self.note(rule, &spot, what).at(place);
            }
            "uniqueItems" => self.flag(
                &spot,
                key,
                [&rules::UNIQUE_SET, &rules::UNIQUE_UNSET],
                place,
            ),
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
            "deprecated" => self.deprecated(
                &spot,
                &rules::PROPERTY_DEPRECATED,
                &rules::PROPERTY_REACTIVATED,
                place.direction,
            ),
            "discriminator" => self.discriminator(&spot, place),
            _ if self.limit(key, old, new, &spot, place) => {}
            _ if self.annotation(key, spot.old, spot.new, new, place.direction) => {}
            _ => self.unknown(spot.old, spot.new),
        }
    }

    fn type_(&mut self, old: &Node<'a>, new: &Node<'a>, spot: &Spot<'_, 'a>, place: Place) {
        let rule = match (old.str("type"), new.str("type")) {
            (None, Some(_)) | (Some("number"), Some("integer")) => &rules::TYPE_SPECIALIZED,
            (Some(_), None) | (Some("integer"), Some("number")) => &rules::TYPE_GENERALIZED,
            _ => &rules::TYPE_CHANGED,
        };
        let what = format!(
            "`type` of {} {}",
            subject(new),
            before_after(spot.old, spot.new)
        );
        self.note(rule, spot, what).at(place);
    }

    fn format(&mut self, old: &Node<'a>, new: &Node<'a>, spot: &Spot<'_, 'a>, place: Place) {
        let (before, after) = (old.str("format"), new.str("format"));
        let rule = match (before, after) {
            (None, _) => &rules::FORMAT_ADDED,
            (_, None) => &rules::FORMAT_REMOVED,
            (Some("int32"), Some("int64")) | (Some("float"), Some("double")) => {
                &rules::FORMAT_GENERALIZED
            }
            (Some("int64"), Some("int32")) | (Some("double"), Some("float")) => {
                &rules::FORMAT_SPECIALIZED
            }
            _ => &rules::FORMAT_CHANGED,
        };
        let what = format!(
            "`format` of {} {}",
            subject(new),
            before_after(spot.old, spot.new)
        );
        let chooses = [
            "uuid",
            "date",
            "date-time",
            "ip",
            "ipv4",
            "ipv6",
            "byte",
            "binary",
        ];
        let is_text = |node: &Node<'a>| node.str("type") == Some("string");
        let plain = |format: Option<&str>| format.is_none_or(|format| !chooses.contains(&format));
        let found = self.note(rule, spot, what);
        found.at(place);
        if is_text(old) && is_text(new) && plain(before) && plain(after) {
            found.lower(
                Impact::Patch,
                "A string of these formats is a `String` before and after.",
            );
        }
    }

    fn nullable(&mut self, spot: &Spot<'_, 'a>, place: Place, optional: bool) {
        self.flag(
            spot,
            "nullable",
            [&rules::BECAME_NULLABLE, &rules::BECAME_NOT_NULLABLE],
            place,
        );
        if let Some(found) = self.found.last_mut()
            && optional
        {
            found.lower(
                Impact::Patch,
                "An optional field takes null as absent already, and is never sent as null.",
            );
        }
    }

    /// A keyword that is true or false, where false is the same as absent.
    fn flag(&mut self, spot: &Spot<'_, 'a>, key: &str, rules: [&'static Rule; 2], place: Place) {
        let value = |node: Option<&Node<'a>>| node.and_then(|node| node.value.as_bool());
        let strange = [spot.old, spot.new]
            .into_iter()
            .flatten()
            .any(|node| !node.value.is_boolean());
        if strange {
            self.unknown(spot.old, spot.new);
            return;
        }
        let [on, off] = rules;
        let what = format!(
            "`{key}` of {} {}",
            subject(spot.parent),
            before_after(spot.old, spot.new)
        );
        match (
            value(spot.old).unwrap_or(false),
            value(spot.new).unwrap_or(false),
        ) {
            (false, true) => self.note(on, spot, what).at(place),
            (true, false) => self.note(off, spot, what).at(place),
            _ => {
                let found = self.note(&rules::NOTATION_CHANGED, spot, what);
                found.direction = place.direction;
                found
            }
        };
    }

    fn mode(&mut self, key: &str, spot: &Spot<'_, 'a>, place: Place, optional: bool) {
        let rules = if key == "readOnly" {
            [&rules::READ_ONLY, &rules::NOT_READ_ONLY]
        } else {
            [&rules::WRITE_ONLY, &rules::NOT_WRITE_ONLY]
        };
        self.flag(spot, key, rules, place);
        if let Some(found) = self.found.last_mut() {
            found.need = if optional { "optional" } else { "required" };
        }
    }

    fn enumeration(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        let (Some(old), Some(new)) = (spot.old, spot.new) else {
            let rule = if spot.old.is_none() {
                &rules::BECAME_ENUM
            } else {
                &rules::ENUM_UNSET
            };
            let what = format!(
                "`enum` of {} {}",
                subject(spot.parent),
                before_after(spot.old, spot.new)
            );
            self.note(rule, spot, what).at(place);
            return;
        };
        let (before, after) = (old.entries(canonical), new.entries(canonical));
        let mut reported = false;
        for value in after
            .iter()
            .filter(|value| !before.iter().any(|other| other.value == value.value))
        {
            let what = format!(
                "{} takes the value {} too",
                subject(spot.parent),
                quote(value.value)
            );
            self.note(&rules::ENUM_VALUE_ADDED, &Spot::added(value, new), what)
                .at(place);
            reported = true;
        }
        for value in before
            .iter()
            .filter(|value| !after.iter().any(|other| other.value == value.value))
        {
            let what = format!(
                "{} no longer takes the value {}",
                subject(spot.parent),
                quote(value.value)
            );
            self.note(&rules::ENUM_VALUE_REMOVED, &Spot::removed(value, new), what)
                .at(place);
            reported = true;
        }
        if !reported {
            let what = format!(
                "`enum` of {} {}",
                subject(spot.parent),
                before_after(spot.old, spot.new)
            );
            self.note(&rules::ENUM_ORDER, spot, what).direction = place.direction;
        }
    }

    fn default(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        let parameter = place.noun == Noun::Parameter && place.direction == Direction::Request;
        let rules: [&'static Rule; 3] = if parameter {
            [
                &rules::PARAMETER_DEFAULT_ADDED,
                &rules::PARAMETER_DEFAULT_REMOVED,
                &rules::PARAMETER_DEFAULT_CHANGED,
            ]
        } else {
            [
                &rules::DEFAULT_ADDED,
                &rules::DEFAULT_REMOVED,
                &rules::DEFAULT_CHANGED,
            ]
        };
        let rule = set_unset_changed(spot, rules);
        let what = format!(
            "`default` of {} {}",
            subject(spot.parent),
            before_after(spot.old, spot.new)
        );
        self.note(rule, spot, what).at(place);
    }

    /// Numeric bounds, lengths and counts: true if the key is one of them.
    fn limit(
        &mut self,
        key: &str,
        old: &Node<'a>,
        new: &Node<'a>,
        spot: &Spot<'_, 'a>,
        place: Place,
    ) -> bool {
        let Some((_, name, upper)) = LIMITS.into_iter().find(|(keyword, ..)| *keyword == key)
        else {
            return false;
        };
        let number = |node: Option<&Node<'a>>| node.and_then(|node| node.value.as_f64());
        let (before, after) = (number(spot.old), number(spot.new));
        let rule = match (before, after) {
            (None, Some(_)) => &rules::LIMIT_SET,
            (Some(_), None) => &rules::LIMIT_UNSET,
            (Some(before), Some(after)) if after < before && upper => &rules::UPPER_DECREASED,
            (Some(before), Some(after)) if after > before && upper => &rules::UPPER_INCREASED,
            (Some(before), Some(after)) if after < before => &rules::LOWER_DECREASED,
            (Some(before), Some(after)) if after > before => &rules::LOWER_INCREASED,
            // The same number, written in another way.
            (Some(_), Some(_)) if spot.old.is_some() && spot.new.is_some() => {
                &rules::NOTATION_CHANGED
            }
            _ => {
                self.unknown(spot.old, spot.new);
                return true;
            }
        };
        // A lower limit of nothing says nothing.
        let empty = !upper
            && key != "minimum"
            && before.unwrap_or(0.0) == 0.0
            && after.unwrap_or(0.0) == 0.0;
        let rule = if empty {
            &rules::NOTATION_CHANGED
        } else {
            rule
        };
        let what = format!(
            "`{key}` of {} {}",
            subject(new),
            before_after(spot.old, spot.new)
        );
        let found = self.note(rule, spot, what);
        found.at(place);
        found.limit = name;
        let fixed_length = |node: &Node<'a>| {
            node.value.get("minItems").is_some()
                && node.value.get("minItems") == node.value.get("maxItems")
        };
        let keeps_type =
            number_type(old) == number_type(new) && !fixed_length(old) && !fixed_length(new);
        if keeps_type {
            found.lower(
                Impact::Patch,
                "The crate does not validate limits, the service does; only the documentation of the field changes.",
            );
        }
        true
    }

    fn required(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        let names = |node: &Node<'a>| -> Vec<Node<'a>> {
            node.get("required")
                .map(|list| list.entries(|name| name.as_str().unwrap_or_default().to_owned()))
                .unwrap_or_default()
        };
        let (before, after) = (names(old), names(new));
        let has = |list: &[Node<'a>], name: &Value| list.iter().any(|other| other.value == name);
        let declared = |node: &Node<'a>, name: &Value| {
            name.as_str().is_some_and(|name| {
                node.value
                    .get("properties")
                    .and_then(|all| all.get(name))
                    .is_some()
            })
        };
        let mut reported = false;
        for name in after.iter().filter(|name| !has(&before, name.value)) {
            reported = true;
            // A property that was added is told with it.
            if declared(new, name.value) && !declared(old, name.value) {
                self.explained.push(name.pointer.clone());
                continue;
            }
            let what = format!(
                "the property {} of {} became required",
                quote(name.value),
                subject(new)
            );
            let spot = Spot::added(name, new);
            let found = self.note(&rules::PROPERTY_BECAME_REQUIRED, &spot, what);
            found.at(place);
            if !declared(new, name.value) {
                found.lower(Impact::Patch, "The property is not declared, so the crate has no field for it; it travels in `extra`.");
            }
        }
        for name in before.iter().filter(|name| !has(&after, name.value)) {
            reported = true;
            if declared(old, name.value) && !declared(new, name.value) {
                self.explained.push(name.pointer.clone());
                continue;
            }
            let what = format!(
                "the property {} of {} became optional",
                quote(name.value),
                subject(new)
            );
            let spot = Spot::removed(name, new);
            let found = self.note(&rules::PROPERTY_BECAME_OPTIONAL, &spot, what);
            found.at(place);
            if !declared(new, name.value) {
                found.lower(Impact::Patch, "The property is not declared, so the crate has no field for it; it travels in `extra`.");
            }
        }
        if !reported {
            let (one, other) = (old.get("required"), new.get("required"));
            let what = format!(
                "`required` of {} {}",
                subject(new),
                before_after(one.as_ref(), other.as_ref())
            );
            let spot = Spot::between(one.as_ref(), other.as_ref(), new);
            let found = self.note(&rules::NOTATION_CHANGED, &spot, what);
            found.direction = place.direction;
        }
    }

    fn properties(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        let inner = place.inner();
        let members = |node: &Node<'a>| {
            node.get("properties")
                .map(|all| all.members())
                .unwrap_or_default()
        };
        let required = |node: &Node<'a>, name: &str| {
            node.value
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|names| names.iter().any(|one| one == name))
        };
        let (before, after) = (members(old), members(new));
        let container = new.get("properties").unwrap_or_else(|| new.clone());
        let added: Vec<&(&str, Node<'a>)> = after
            .iter()
            .filter(|(name, _)| !before.iter().any(|(other, _)| other == name))
            .collect();
        for (name, property) in &after {
            let Some((_, other)) = before.iter().find(|(other, _)| other == name) else {
                self.property_added(property, &container, required(new, name), old, inner);
                for former in elsewhere(name, old, &self.old, &self.old_kin) {
                    self.schema(&former, property, inner, !required(new, name));
                }
                continue;
            };
            self.schema(
                other,
                property,
                inner,
                !required(old, name) && !required(new, name),
            );
        }
        for (name, property) in &before {
            if after.iter().any(|(other, _)| other == name) {
                continue;
            }
            let needed = required(old, name);
            let rule = match (inner.direction, needed) {
                (Direction::Response, true) => &rules::RESPONSE_REQUIRED_PROPERTY_REMOVED,
                (Direction::Response, false) => &rules::RESPONSE_OPTIONAL_PROPERTY_REMOVED,
                _ => &rules::REQUEST_PROPERTY_REMOVED,
            };
            let mut what = format!(
                "the {} property {} was removed",
                if needed { "required" } else { "optional" },
                subject(property)
            );
            if let Some((twin, _)) = added
                .iter()
                .find(|(_, node)| canonical(node.value) == canonical(property.value))
            {
                what = format!("{what}; `{twin}`, which was added, has the same schema");
            }
            self.note(rule, &Spot::removed(property, &container), what)
                .at(inner);
            for remaining in elsewhere(name, new, &self.new, &self.new_kin) {
                self.schema(property, &remaining, inner, !needed);
            }
        }
        if before.is_empty() && after.is_empty() {
            let lists = (old.get("properties"), new.get("properties"));
            if !same(lists.0.as_ref(), lists.1.as_ref()) {
                let what = "an empty `properties` was added or removed".to_owned();
                let spot = Spot::between(lists.0.as_ref(), lists.1.as_ref(), new);
                self.note(&rules::NOTATION_CHANGED, &spot, what).direction = place.direction;
            }
        }
    }

    fn property_added(
        &mut self,
        property: &Node<'a>,
        container: &Node<'a>,
        required: bool,
        old: &Node<'a>,
        place: Place,
    ) {
        let closed = old.value.get("additionalProperties") == Some(&Value::Bool(false));
        let default = resolve(&self.new, property).value.get("default").is_some();
        let rule = match (place.direction, required) {
            (Direction::Response, _) if closed => &rules::RESPONSE_PROPERTY_ADDED_TO_CLOSED,
            (Direction::Response, true) => &rules::RESPONSE_REQUIRED_PROPERTY_ADDED,
            (Direction::Response, false) => &rules::RESPONSE_OPTIONAL_PROPERTY_ADDED,
            (_, true) if default => &rules::NEW_REQUIRED_REQUEST_PROPERTY_DEFAULT,
            (_, true) => &rules::NEW_REQUIRED_REQUEST_PROPERTY,
            (_, false) => &rules::NEW_OPTIONAL_REQUEST_PROPERTY,
        };
        let what = format!(
            "the {} property {} was added",
            if required { "required" } else { "optional" },
            subject(property)
        );
        let found = self.note(rule, &Spot::added(property, container), what);
        found.at(place);
        if !required {
            found.impact = found.impact.min(Impact::Minor);
        }
    }

    fn items(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        match (spot.old, spot.new) {
            (Some(old), Some(new)) => self.schema(old, new, place.inner(), false),
            (None, None) => {}
            (old, _) => {
                let rule = if old.is_none() {
                    &rules::ITEMS_ADDED
                } else {
                    &rules::ITEMS_REMOVED
                };
                let what = format!(
                    "`items` of {} {}",
                    subject(spot.parent),
                    before_after(spot.old, spot.new)
                );
                self.note(rule, spot, what).at(place);
            }
        }
    }

    fn additional_properties(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        let (before, after) = (
            old.get("additionalProperties"),
            new.get("additionalProperties"),
        );
        let kind = |node: Option<&Node<'a>>| match node.map(|node| node.value) {
            None | Some(Value::Bool(true)) => "anything",
            Some(Value::Bool(false)) => "nothing",
            Some(Value::Object(members)) if members.is_empty() => "anything",
            Some(_) => "typed",
        };
        let spot = Spot::between(before.as_ref(), after.as_ref(), new);
        let rule = match (kind(spot.old), kind(spot.new)) {
            ("typed", "typed") => {
                if let (Some(before), Some(after)) = (&before, &after) {
                    self.schema(before, after, place.inner(), false);
                }
                return;
            }
            (one, other) if one == other => {
                if !same(spot.old, spot.new) {
                    let what = format!(
                        "`additionalProperties` of {} {}",
                        subject(new),
                        before_after(spot.old, spot.new)
                    );
                    self.note(&rules::NOTATION_CHANGED, &spot, what).direction = place.direction;
                }
                return;
            }
            (_, "nothing") => &rules::ADDITIONAL_FORBIDDEN,
            ("nothing", _) => &rules::ADDITIONAL_ALLOWED,
            ("anything", _) => &rules::ADDITIONAL_TYPED,
            _ => &rules::ADDITIONAL_UNTYPED,
        };
        let what = format!(
            "`additionalProperties` of {} {}",
            subject(new),
            before_after(spot.old, spot.new)
        );
        let typed = kind(spot.old) == "typed" || kind(spot.new) == "typed";
        let has_fields = |node: &Node<'a>| node.value.get("properties").is_some();
        let found = self.note(rule, &spot, what);
        found.at(place);
        if !typed && has_fields(old) && has_fields(new) {
            found.lower(
                Impact::Patch,
                "A type with fields keeps further ones in `extra`, whatever the schema says.",
            );
        }
    }

    fn not(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        // What is excluded works the other way round; any difference is told as one, references followed.
        let expanded = |node: Option<&Node<'a>>, document: &Node<'a>| {
            node.map(|node| expand(document, node, &mut HashSet::new()))
                .unwrap_or_default()
        };
        if expanded(spot.old, &self.old) != expanded(spot.new, &self.new) {
            let what = format!(
                "`not` of {} {}",
                subject(spot.parent),
                before_after(spot.old, spot.new)
            );
            self.note(&rules::NOT_CHANGED, spot, what).at(place);
        }
    }

    fn composition(&mut self, key: &str, spot: &Spot<'_, 'a>, place: Place) {
        let (added, removed): (&'static Rule, &'static Rule) = match key {
            "allOf" => (&rules::ALL_OF_ADDED, &rules::ALL_OF_REMOVED),
            "anyOf" => (&rules::ANY_OF_ADDED, &rules::ANY_OF_REMOVED),
            _ => (&rules::ONE_OF_ADDED, &rules::ONE_OF_REMOVED),
        };
        let (Some(old), Some(list)) = (spot.old, spot.new) else {
            if spot.old.is_none() && spot.new.is_none() {
                return;
            }
            let rule = match (key, spot.old.is_none()) {
                ("allOf", true) => added,
                ("allOf", false) => removed,
                (_, true) => &rules::ALTERNATIVES_INTRODUCED,
                (_, false) => &rules::ALTERNATIVES_DROPPED,
            };
            let what = format!(
                "`{key}` of {} {}",
                subject(spot.parent),
                before_after(spot.old, spot.new)
            );
            self.note(rule, spot, what).at(place);
            return;
        };
        let name = |value: &Value| {
            value
                .get("$ref")
                .and_then(Value::as_str)
                .map_or_else(|| canonical(value), str::to_owned)
        };
        let (before, after) = (old.entries(name), list.entries(name));
        let mut pairs = twins(&before, &after, name);
        let in_order = pairs.is_sorted();
        let alone = |count: usize, paired: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..count).filter(|index| !paired(*index)).collect()
        };
        let gone = alone(before.len(), &|index| {
            pairs.iter().any(|(one, _)| *one == index)
        });
        let come = alone(after.len(), &|index| {
            pairs.iter().any(|(_, other)| *other == index)
        });
        // As many came as went: each took the place of another, and they are compared one by one.
        let replaced = gone.len() == come.len();
        if replaced {
            pairs.extend(gone.iter().copied().zip(come.iter().copied()));
        } else {
            for entry in come.iter().filter_map(|index| after.get(*index)) {
                let what = format!(
                    "{} was added to `{key}` of {}",
                    quote(entry.value),
                    subject(spot.parent)
                );
                let (old, new) = (None, Some(entry));
                self.note(
                    added,
                    &Spot {
                        old,
                        new,
                        parent: list,
                    },
                    what,
                )
                .at(place);
            }
            for entry in gone.iter().filter_map(|index| before.get(*index)) {
                let what = format!(
                    "{} was removed from `{key}` of {}",
                    quote(entry.value),
                    subject(spot.parent)
                );
                let (old, new) = (Some(entry), None);
                self.note(
                    removed,
                    &Spot {
                        old,
                        new,
                        parent: list,
                    },
                    what,
                )
                .at(place);
            }
        }
        for (one, other) in pairs {
            if let (Some(one), Some(other)) = (before.get(one), after.get(other)) {
                self.schema(one, other, place, false);
            }
        }
        if !in_order {
            let rule: &'static Rule = if key == "allOf" {
                &rules::NOTATION_CHANGED
            } else {
                &rules::COMPOSITION_ORDER
            };
            let what = format!("`{key}` of {} is in another order", subject(spot.parent));
            let found = self.note(rule, spot, what);
            found.at(place);
            found.subtree = false;
        }
    }

    fn discriminator(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        let (Some(old), Some(new)) = (spot.old, spot.new) else {
            let rule = if spot.old.is_none() {
                &rules::DISCRIMINATOR_ADDED
            } else {
                &rules::DISCRIMINATOR_REMOVED
            };
            let what = format!(
                "`discriminator` of {} {}",
                subject(spot.parent),
                before_after(spot.old, spot.new)
            );
            self.note(rule, spot, what).at(place);
            return;
        };
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            if same(spot.old, spot.new) {
                continue;
            }
            match key {
                "propertyName" => {
                    let what = format!(
                        "`discriminator.propertyName` {}",
                        before_after(spot.old, spot.new)
                    );
                    self.note(&rules::DISCRIMINATOR_RENAMED, &spot, what)
                        .at(place);
                }
                "mapping" => {
                    let nothing = Node {
                        value: &Value::Null,
                        ..new.clone()
                    };
                    let one = before.clone().unwrap_or_else(|| nothing.clone());
                    let other = after.clone().unwrap_or(nothing);
                    for value in keys(&one, &other) {
                        let (before, after) = (one.get(value), other.get(value));
                        let spot = Spot::between(before.as_ref(), after.as_ref(), &other);
                        if !same(spot.old, spot.new) {
                            let rule = set_unset_changed(
                                &spot,
                                [
                                    &rules::MAPPING_ADDED,
                                    &rules::MAPPING_DELETED,
                                    &rules::MAPPING_CHANGED,
                                ],
                            );
                            let what = format!(
                                "`discriminator.mapping.{value}` {}",
                                before_after(spot.old, spot.new)
                            );
                            self.note(rule, &spot, what).at(place);
                        }
                    }
                }
                _ if self.annotation(key, spot.old, spot.new, new, place.direction) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }
}

/// What else describes a field that a schema does not declare: the schema of its further fields, that it is required all
/// the same, and the schemas that apply together with it. A field that is new in the schema had to fit them before; one
/// that is gone has to from now on.
fn elsewhere<'a>(name: &str, schema: &Node<'a>, document: &Node<'a>, kin: &Kin) -> Vec<Node<'a>> {
    let of = |node: &Node<'a>| {
        let declared = node.get("properties").and_then(|all| all.get(name));
        let further = node.get("additionalProperties").filter(|further| {
            let schema = further.value.as_object();
            schema.is_some_and(|all| !all.is_empty())
        });
        let required = node.get("required").filter(|list| {
            let names = list.value.as_array();
            names.is_some_and(|names| names.iter().any(|one| one == name))
        });
        let anything = || {
            required.map(|list| Node {
                value: &ANYTHING,
                ..list
            })
        };
        declared.or(further).or_else(anything)
    };
    let kin = kin.get(&schema.pointer).into_iter().flatten();
    let others = kin.filter_map(|pointer| {
        let value = document.value.pointer(pointer)?;
        of(&Node {
            value,
            pointer: pointer.clone(),
            identity: pointer.clone(),
        })
    });
    of(schema).into_iter().chain(others).collect()
}

/// The schema that every value fits.
static ANYTHING: LazyLock<Value> = LazyLock::new(|| Value::Object(serde_json::Map::new()));

/// The pointer of the component that a reference leads to.
fn component(node: &Node<'_>, resolved: &Node<'_>) -> Option<String> {
    (node.value.get("$ref").is_some() && node.pointer != resolved.pointer)
        .then(|| resolved.pointer.clone())
}

/// The single schema of an `allOf` that only has words beside it.
fn wrapped<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    let list = node.get("allOf")?;
    let only_words = node.members().iter().all(|(key, _)| {
        *key == "allOf" || *key == "nullable" || key.starts_with("x-") || ANNOTATIONS.contains(key)
    });
    let mut entries = list.entries(|value| {
        value
            .get("$ref")
            .and_then(Value::as_str)
            .unwrap_or("0")
            .to_owned()
    });
    (only_words && entries.len() == 1)
        .then(|| entries.pop())
        .flatten()
}

fn set_unset_changed(spot: &Spot<'_, '_>, rules: [&'static Rule; 3]) -> &'static Rule {
    let [set, unset, changed] = rules;
    match (spot.old, spot.new) {
        (None, _) => set,
        (_, None) => unset,
        _ => changed,
    }
}

/// What chooses the Rust type of a number: the generator takes the type that the bounds fit exactly, and a non-zero
/// one for a least value of one.
fn number_type(node: &Node<'_>) -> Option<String> {
    let kind = node.str("type")?;
    if kind != "integer" {
        return None;
    }
    let bound = |key: &str, exclusive: &str, step: f64| {
        let value = node.value.get(key).and_then(Value::as_f64)?;
        Some(if node.flag(exclusive) {
            value + step
        } else {
            value
        })
    };
    let least = bound("minimum", "exclusiveMinimum", 1.0);
    let most = bound("maximum", "exclusiveMaximum", -1.0);
    let special = |value: f64, limits: &[f64]| {
        limits
            .iter()
            .find(|limit| (**limit - value).abs() < 0.5)
            .copied()
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "the generator compares in floating point too"
    )]
    let least = least.and_then(|value| {
        special(
            value,
            &[
                0.0,
                1.0,
                f64::from(i8::MIN),
                f64::from(i16::MIN),
                f64::from(i32::MIN),
                i64::MIN as f64,
            ],
        )
    });
    #[expect(
        clippy::cast_precision_loss,
        reason = "the generator compares in floating point too"
    )]
    let most = most.and_then(|value| {
        special(
            value,
            &[
                f64::from(i8::MAX),
                f64::from(u8::MAX),
                f64::from(i16::MAX),
                f64::from(u16::MAX),
                f64::from(i32::MAX),
                f64::from(u32::MAX),
                i64::MAX as f64,
                u64::MAX as f64,
            ],
        )
    });
    Some(format!("{least:?} {most:?}"))
}

/// A schema as text with its references replaced by what they lead to, each once.
fn expand(document: &Node<'_>, node: &Node<'_>, seen: &mut HashSet<String>) -> String {
    let resolved = resolve(document, node);
    if resolved.pointer != node.pointer && !seen.insert(resolved.pointer.clone()) {
        return format!("again {}", resolved.pointer);
    }
    if resolved.value.is_object() {
        let mut members = resolved.members();
        members.sort_by_key(|(key, _)| *key);
        let members: Vec<String> = members
            .iter()
            .map(|(key, member)| format!("{key}:{}", expand(document, member, seen)))
            .collect();
        return format!("{{{}}}", members.join(","));
    }
    if resolved.value.is_array() {
        let entries: Vec<String> = resolved
            .entries(canonical)
            .iter()
            .map(|entry| expand(document, entry, seen))
            .collect();
        return format!("[{}]", entries.join(","));
    }
    resolved.value.to_string()
}

/// Entries of two lists that have the same name, by their positions; each is paired once.
fn twins(
    before: &[Node<'_>],
    after: &[Node<'_>],
    name: impl Fn(&Value) -> String,
) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (index, entry) in after.iter().enumerate() {
        let twin = before.iter().enumerate().position(|(other, node)| {
            name(node.value) == name(entry.value) && !pairs.iter().any(|(one, _)| *one == other)
        });
        if let Some(twin) = twin {
            pairs.push((twin, index));
        }
    }
    pairs
}
