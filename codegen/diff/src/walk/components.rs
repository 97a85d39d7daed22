//! What is shared under `components`.

use super::{Noun, Place, Spot, Walk, keys, same};
use crate::{Direction, node::Node, node::canonical, rules};
use serde_json::Value;
use std::collections::HashSet;

/// Where values stand that only show something.
const EXAMPLES: &str = "/components/examples";

impl<'a> Walk<'a> {
    pub(super) fn components(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let nowhere = Node::at(&Value::Null, "/components".to_owned());
        let before = old.get("components").unwrap_or_else(|| nowhere.clone());
        let after = new.get("components").unwrap_or(nowhere);
        for kind in keys(&before, &after) {
            let (one, other) = (before.get(kind), after.get(kind));
            if kind.starts_with("x-") {
                self.annotation(kind, one.as_ref(), other.as_ref(), &after, Direction::None);
                continue;
            }
            let nothing = Node::at(
                &Value::Null,
                funnelflux_openapi::pointer::join("/components", kind),
            );
            let one = one.unwrap_or_else(|| nothing.clone());
            let other = other.unwrap_or(nothing);
            match kind {
                "schemas" => self.schema_components(&one, &other),
                "securitySchemes" => self.security_schemes(&one, &other),
                _ => self.other_components(&one, &other),
            }
        }
    }

    fn schema_components(&mut self, old: &Node<'a>, new: &Node<'a>) {
        // A schema that is used on neither side keeps its name's meaning only by its content.
        let mut removed: Vec<(&'a str, String, Node<'a>)> = old
            .members()
            .into_iter()
            .filter(|(name, node)| {
                new.value.get(*name).is_none() && !self.renamed.contains_key(&node.pointer)
            })
            .map(|(name, node)| (name, canonical(node.value), node))
            .collect();
        for (name, node) in new.members() {
            if old.value.get(name).is_some() {
                continue;
            }
            if self.renamed.values().any(|pointer| *pointer == node.pointer) {
                continue;
            }
            let text = canonical(node.value);
            let twin = removed.iter().position(|(_, other, _)| *other == text);
            if let Some(index) = twin {
                let (former, _, other) = removed.remove(index);
                self.renamed.insert(other.pointer.clone(), node.pointer.clone());
                let what = format!("the schema `{former}` is called `{name}` now");
                self.note(
                    &rules::SCHEMA_RENAMED,
                    &Spot {
                        old: Some(&other),
                        new: Some(&node),
                        parent: new,
                    },
                    what,
                )
                .value = String::new();
                continue;
            }
            let what = format!("the schema `{name}` was added");
            self.note(&rules::SCHEMA_ADDED, &Spot::added(&node, new), what);
        }
        for (name, _, node) in &removed {
            let what = format!("the schema `{name}` was removed");
            self.note(&rules::SCHEMA_REMOVED, &Spot::removed(node, new), what);
        }
        // What no operation of both documents reaches is compared too, without a direction.
        let seen: HashSet<(String, String)> = self
            .seen
            .iter()
            .map(|(one, another, _)| (one.clone(), another.clone()))
            .collect();
        for (name, node) in new.members() {
            let Some(other) = old.get(name) else { continue };
            if seen.contains(&(other.pointer.clone(), node.pointer.clone())) {
                continue;
            }
            let place = Place {
                direction: Direction::None,
                noun: Noun::Property,
                failure: false,
            };
            self.queue.push_back((other, node, place));
        }
    }

    /// Shared parameters, responses, bodies and headers. Where they are used, they have been compared in place.
    fn other_components(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for name in keys(old, new) {
            let (before, after) = (old.get(name), new.get(name));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            match (&before, &after) {
                (Some(before), Some(after)) => {
                    // Most are the same, and whether something is used is a question to the whole document.
                    if same(spot.old, spot.new) {
                        continue;
                    }
                    if old.pointer == EXAMPLES {
                        let what = format!("the shared example `{name}` changed");
                        self.note(&rules::EXAMPLE_CHANGED, &spot, what);
                        continue;
                    }
                    let told = self.found.iter().any(|found| {
                        found
                            .old
                            .as_ref()
                            .is_some_and(|pointer| crate::node::is_within(pointer, &before.pointer))
                            || found
                                .new
                                .as_ref()
                                .is_some_and(|pointer| crate::node::is_within(pointer, &after.pointer))
                    });
                    let sides = [(&self.old, &before.pointer), (&self.new, &after.pointer)];
                    let is_used = |(document, pointer): (&Node<'a>, &String)| {
                        mentions(document.value, document.value, pointer)
                    };
                    if !told && !sides.into_iter().all(is_used) {
                        let what = format!("the unused component `{name}` changed");
                        self.note(&rules::COMPONENT_UNUSED_CHANGED, &spot, what);
                    }
                }
                (None, Some(_)) => {
                    self.note(
                        &rules::COMPONENT_ADDED,
                        &spot,
                        format!("the component `{name}` was added"),
                    );
                }
                _ => {
                    self.note(
                        &rules::COMPONENT_REMOVED,
                        &spot,
                        format!("the component `{name}` was removed"),
                    );
                }
            }
        }
    }
}

/// Whether something in a part of the document refers to the place.
fn mentions(document: &Value, part: &Value, place: &str) -> bool {
    // Only one that is encoded has to be followed; a large document has thousands.
    let leads_there = |reference: &str| match reference.strip_prefix('#') {
        Some(written) if !written.contains('%') => written == place,
        _ => funnelflux_openapi::pointer::follow(document, reference)
            .is_some_and(|(pointer, _)| pointer == place),
    };
    match part {
        Value::Object(members) => members.iter().any(|(key, value)| {
            (key == "$ref" && value.as_str().is_some_and(leads_there)) || mentions(document, value, place)
        }),
        Value::Array(entries) => entries.iter().any(|value| mentions(document, value, place)),
        _ => false,
    }
}
