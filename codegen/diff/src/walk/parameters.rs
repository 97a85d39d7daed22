//! Parameters, as they apply to an operation.

use super::{Noun, Place, Spot, Walk, before_after, keys, parameter_name, resolve, same, subject};
use crate::{Direction, node::Node, node::canonical, rules, unclassified};
use funnelflux_openapi::pointer;
use serde_json::Value;

/// A parameter of an operation, its own or its path's.
pub(super) struct Parameter<'a> {
    /// Where it is sent and what it is called.
    name: String,
    value: Node<'a>,
    /// Where the operation names it: the same place, or a reference to it.
    written: Node<'a>,
}

impl<'a> Walk<'a> {
    /// The parameters of an operation as they apply: its own, and those of the path that it does not override.
    fn effective_parameters(
        &self,
        operation: &Node<'a>,
        item: &Node<'a>,
        is_new: bool,
    ) -> Vec<Parameter<'a>> {
        let document = if is_new { &self.new } else { &self.old };
        let list = |holder: &Node<'a>| -> Vec<Parameter<'a>> {
            let Some(parameters) = holder.get("parameters") else {
                return Vec::new();
            };
            parameters
                .entries(|entry| {
                    let reference = entry.get("$ref").and_then(Value::as_str);
                    let target = reference
                        .and_then(|reference| pointer::follow(document.value, reference))
                        .map_or(entry, |(_, target)| target);
                    unclassified::name(target).unwrap_or_else(|| canonical(target))
                })
                .into_iter()
                .map(|node| {
                    let mut name = node.identity.rsplit('/').next().unwrap_or_default().to_owned();
                    // Header names do not depend on case.
                    if name.starts_with("header:") {
                        name.make_ascii_lowercase();
                    }
                    Parameter {
                        name,
                        value: resolve(document, &node),
                        written: node,
                    }
                })
                .collect()
        };
        let own = list(operation);
        let mut all: Vec<Parameter<'a>> = list(item)
            .into_iter()
            .filter(|one| !own.iter().any(|other| other.name == one.name))
            .collect();
        all.extend(own);
        all
    }

    pub(super) fn parameters(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        items: (&Node<'a>, &Node<'a>),
        renames: &[(&str, &str)],
    ) {
        let mut before = self.effective_parameters(old, items.0, false);
        let after = self.effective_parameters(new, items.1, true);
        for parameter in &mut before {
            if let Some(placeholder) = parameter.name.strip_prefix("path:")
                && let Some((_, renamed)) = renames.iter().find(|(from, _)| *from == placeholder)
            {
                parameter.name = format!("path:{renamed}");
            }
        }
        for parameter in &after {
            match before.iter().find(|other| other.name == parameter.name) {
                Some(other) => self.parameter(&other.value, &parameter.value),
                None => self.parameter_added(parameter, new),
            }
        }
        for Parameter {
            name,
            value: parameter,
            written,
        } in &before
        {
            if !after.iter().any(|other| other.name == *name) {
                let what = format!(
                    "the {} was removed from {}",
                    parameter_name(parameter),
                    subject(new)
                );
                self.note(&rules::PARAMETER_REMOVED, &Spot::removed(written, new), what)
                    .direction = Direction::Request;
            }
        }
        let kept = |list: &[Parameter<'a>], other: &[Parameter<'a>]| -> Vec<String> {
            list.iter()
                .map(|one| one.name.clone())
                .filter(|name| other.iter().any(|one| one.name == *name))
                .collect()
        };
        let (order_before, order_after) = (kept(&before, &after), kept(&after, &before));
        if order_before == order_after {
            let all_stay = order_before.len() == before.len() && order_after.len() == after.len();
            for (old, new) in [(old, new), items] {
                // Moved between path and operation, or behind a reference: the operation takes the same.
                let raw = (old.get("parameters"), new.get("parameters"));
                if all_stay && references(raw.0.as_ref()) != references(raw.1.as_ref()) {
                    let what = "the parameters are the same, written in another place".to_owned();
                    let spot = Spot::between(raw.0.as_ref(), raw.1.as_ref(), new);
                    self.note(&rules::NOTATION_CHANGED, &spot, what).direction = Direction::Request;
                }
            }
        } else {
            let lists = (old.get("parameters"), new.get("parameters"));
            let what = format!(
                "parameters are in another order: {} → {}",
                order_before.join(", "),
                order_after.join(", ")
            );
            let spot = Spot::between(lists.0.as_ref(), lists.1.as_ref(), new);
            let found = self.note(&rules::PARAMETER_ORDER, &spot, what);
            found.direction = Direction::Request;
            found.subtree = false;
            found.value = order_after.join(",");
        }
    }

    fn parameter_added(&mut self, added: &Parameter<'a>, parent: &Node<'a>) {
        let parameter = &added.value;
        let required = parameter.flag("required");
        let default = parameter.value.pointer("/schema/default").is_some();
        let rule = match (parameter.str("in"), required, default) {
            (Some("path"), ..) => &rules::NEW_PATH_PARAMETER,
            (_, true, false) => &rules::NEW_REQUIRED_PARAMETER,
            (_, true, true) => &rules::NEW_REQUIRED_PARAMETER_DEFAULT,
            (_, false, false) => &rules::NEW_OPTIONAL_PARAMETER,
            (_, false, true) => &rules::NEW_OPTIONAL_PARAMETER_DEFAULT,
        };
        let need = if required { "required" } else { "optional" };
        let what = format!(
            "the {need} {} was added to {}",
            parameter_name(parameter),
            subject(parent)
        );
        self.note(rule, &Spot::added(&added.written, parent), what)
            .direction = Direction::Request;
    }

    fn parameter(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let place = Place {
            direction: Direction::Request,
            noun: Noun::Parameter,
            failure: false,
        };
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            match key {
                "schema" => match (&before, &after) {
                    (Some(before), Some(after)) => self.schema(before, after, place, false),
                    _ => self.parameter_content(&spot),
                },
                "content" => match (&before, &after) {
                    (Some(before), Some(after)) => self.content(before, after, place),
                    _ => self.parameter_content(&spot),
                },
                _ if same(spot.old, spot.new) => {}
                // Its identity; a placeholder may have another name.
                "name" | "in" => {
                    let rule = if new.str("in") == Some("header") {
                        &rules::NOTATION_CHANGED
                    } else {
                        &rules::PATH_RENAMED
                    };
                    let what = spot.told(key);
                    self.note(rule, &spot, what).direction = Direction::Request;
                }
                "required" => {
                    let (rule, what) = match (old.flag("required"), new.flag("required")) {
                        (false, true) => (&rules::PARAMETER_BECAME_REQUIRED, "became required"),
                        (true, false) => (&rules::PARAMETER_BECAME_OPTIONAL, "became optional"),
                        _ => (&rules::NOTATION_CHANGED, "is as required as before"),
                    };
                    let what = format!("{} {what}", subject(new));
                    self.note(rule, &spot, what).direction = Direction::Request;
                }
                "deprecated" => {
                    self.deprecated(
                        &spot,
                        &rules::PARAMETER_DEPRECATED,
                        &rules::PARAMETER_REACTIVATED,
                        Direction::Request,
                    );
                }
                "style" | "explode" | "allowReserved" => {
                    let what = spot.told(key);
                    self.note(&rules::PARAMETER_SERIALIZATION, &spot, what).direction = Direction::Request;
                }
                "allowEmptyValue" => {
                    let (rule, what) = match (old.flag(key), new.flag(key)) {
                        (false, true) => (&rules::PARAMETER_EMPTY_ALLOWED, "may be empty now"),
                        (true, false) => (&rules::PARAMETER_EMPTY_FORBIDDEN, "may no longer be empty"),
                        _ => (&rules::NOTATION_CHANGED, "may be empty as before"),
                    };
                    let what = format!("{} {what}", subject(new));
                    self.note(rule, &spot, what).direction = Direction::Request;
                }
                _ if self.annotation(key, spot.old, spot.new, new, Direction::Request) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }

    fn parameter_content(&mut self, spot: &Spot<'_, 'a>) {
        let what = format!(
            "how {} is described {}",
            subject(spot.parent),
            before_after(spot.old, spot.new)
        );
        self.note(&rules::PARAMETER_CONTENT, spot, what).direction = Direction::Request;
    }
}

/// How the entries of a list of parameters are written: by which references, or in place.
fn references<'a>(list: Option<&Node<'a>>) -> Vec<&'a str> {
    let entries = list.and_then(|list| list.value.as_array());
    let reference = |entry: &'a Value| entry.get("$ref").and_then(Value::as_str);
    let entries = entries.into_iter().flatten();
    entries
        .map(|entry| reference(entry).unwrap_or("in place"))
        .collect()
}
