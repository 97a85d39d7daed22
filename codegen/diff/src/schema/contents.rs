//! What objects and lists hold: properties, which of them are required, further ones, and items.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::{
    Direction, Impact,
    all_of_parents::Holders,
    composition_index::Kin,
    node::Node,
    rules,
    walk::{Place, Spot, Walk, quote, resolve, same, subject},
};

impl<'a> Walk<'a> {
    pub(super) fn mode(&mut self, key: &str, spot: &Spot<'_, 'a>, place: Place, optional: bool) {
        let rules = if key == "readOnly" {
            let must_be_sent = !optional && place.direction == Direction::Request;
            let off = if must_be_sent {
                &rules::REQUIRED_NOT_READ_ONLY
            } else {
                &rules::NOT_READ_ONLY
            };
            [&rules::READ_ONLY, off]
        } else {
            [&rules::WRITE_ONLY, &rules::NOT_WRITE_ONLY]
        };
        self.flag(spot, key, rules, place);
        if let Some(found) = self.found.last_mut() {
            found.need = if optional { "optional" } else { "required" };
        }
    }

    pub(super) fn required(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
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
            if !declared(new, name.value) && found.reason.is_none() {
                found.reason = Some(UNDECLARED.to_owned());
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
            if !declared(new, name.value) && found.reason.is_none() {
                found.reason = Some(UNDECLARED.to_owned());
            }
        }
        if !reported {
            let (one, other) = (old.get("required"), new.get("required"));
            let spot = Spot::between(one.as_ref(), other.as_ref(), new);
            let found = self.note(&rules::NOTATION_CHANGED, &spot, spot.told("required"));
            found.direction = place.direction;
        }
    }

    pub(super) fn properties(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
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
                let others = elsewhere(name, old, &self.old, &self.old_kin);
                if !others.is_empty() && self.has_moved(name, old, new) {
                    self.moved(name, &Spot::added(property, &container), inner);
                } else {
                    self.property_added(property, &container, required(new, name), old, inner);
                }
                for former in others {
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
            let others = elsewhere(name, new, &self.new, &self.new_kin);
            if !others.is_empty() && self.has_moved(name, old, new) {
                self.moved(name, &Spot::removed(property, &container), inner);
            } else {
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
                if let Some((twin, _)) = added.iter().find(|(_, node)| node.value == property.value) {
                    what = format!("{what}; `{twin}`, which was added, has the same schema");
                }
                self.note(rule, &Spot::removed(property, &container), what)
                    .at(inner);
            }
            for remaining in others {
                self.schema(property, &remaining, inner, !needed);
            }
        }
        if before.is_empty() && after.is_empty() {
            let lists = (old.get("properties"), new.get("properties"));
            if !same(lists.0.as_ref(), lists.1.as_ref()) {
                let what = "an empty `properties` was added or removed".to_owned();
                let spot = Spot::between(lists.0.as_ref(), lists.1.as_ref(), new);
                self.notation(&spot, what, [old, new], place);
            }
        }
    }

    /// Whether a field that only one side of a part declares is a field of the same wholes on both.
    fn has_moved(&self, name: &str, old: &Node<'a>, new: &Node<'a>) -> bool {
        let [old_holders, new_holders] = &self.holders;
        let before = old_holders
            .get_or_init(|| Holders::new(self.old.value))
            .field(&old.pointer, name);
        let after = new_holders
            .get_or_init(|| Holders::new(self.new.value))
            .field(&new.pointer, name);
        before.is_some() && before == after
    }

    fn moved(&mut self, name: &str, spot: &Spot<'_, 'a>, place: Place) {
        let what = match spot.new {
            Some(_) => format!(
                "`{name}` of another part is declared here now ({})",
                subject(spot.parent)
            ),
            None => format!(
                "`{name}` is declared in another part now ({})",
                subject(spot.parent)
            ),
        };
        let found = self.note(&rules::TYPE_NOTATION, spot, what);
        found.at(place);
        found.reason =
            Some("The type of the part gains or loses a field; that of the whole does not.".to_owned());
    }

    pub(super) fn property_added(
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
        let has_fields = old.value.get("properties").and_then(Value::as_object);
        let found = self.note(rule, &Spot::added(property, container), what);
        found.at(place);
        if has_fields.is_none_or(Map::is_empty) {
            found.impact = Impact::Major;
            found.reason = Some("Its first field makes a struct of what was a map.".to_owned());
        } else if !required {
            found.impact = found.impact.min(Impact::Minor);
        }
    }

    pub(super) fn items(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        match (spot.old, spot.new) {
            (Some(old), Some(new)) => self.schema(old, new, place.inner(), false),
            (None, None) => {}
            (old, _) => {
                let rule = if old.is_none() {
                    &rules::ITEMS_ADDED
                } else {
                    &rules::ITEMS_REMOVED
                };
                let what = spot.told("items");
                self.note(rule, spot, what).at(place);
            }
        }
    }

    pub(super) fn additional_properties(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        let (before, after) = (old.get("additionalProperties"), new.get("additionalProperties"));
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
                    let what = spot.told("additionalProperties");
                    self.notation(&spot, what, [old, new], place);
                }
                return;
            }
            (_, "nothing") => &rules::ADDITIONAL_FORBIDDEN,
            ("nothing", _) => &rules::ADDITIONAL_ALLOWED,
            ("anything", _) => &rules::ADDITIONAL_TYPED,
            _ => &rules::ADDITIONAL_UNTYPED,
        };
        let what = spot.told("additionalProperties");
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
        of(&Node::at(value, pointer.clone()))
    });
    of(schema).into_iter().chain(others).collect()
}

/// What the generator makes of a name that is required and not declared.
const UNDECLARED: &str = "A property that is required without being declared is a field that takes any JSON: the field comes or goes.";

/// The schema that every value fits.
static ANYTHING: LazyLock<Value> = LazyLock::new(|| Value::Object(serde_json::Map::new()));
