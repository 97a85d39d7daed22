//! Shared components.

use std::collections::HashSet;

use serde_json::Value;

use funnelflux_openapi::pointer::Pointer;

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, canonical},
    rules::ChangeKind as Kind,
    site::{SchemaContext, SchemaRole, Site},
};

impl<'a> Comparer<'a> {
    pub(crate) fn components(&mut self, site: &Site<'_, 'a>) {
        let nothing = Node::at(&Value::Null, Pointer::from_static("/components").to_buf());
        if site.values().count() == 1 && site.values().all(|node| node.keys().next().is_none()) {
            // Normalising may have moved everything away.
            let what = format!("`components` without contents {}", site.verb());
            self.change(Kind::NotationChanged, site, what).report();
        }
        let [old, new] = [&site.old, &site.new].map(|node| node.as_ref().unwrap_or(&nothing));
        for (kind, site) in Site::members(old, new) {
            if kind.starts_with("x-") {
                self.annotation(kind, &site, Direction::None);
                continue;
            }
            let nothing = Node::at(&Value::Null, nothing.pointer.with_trailing_token(kind));
            let [old, new] = [&site.old, &site.new].map(|node| node.as_ref().unwrap_or(&nothing));
            match kind {
                "schemas" => self.shared_schemas(old, new),
                "securitySchemes" => self.security_schemes(old, new),
                _ => self.other_components(kind, old, new),
            }
        }
    }

    fn shared_schemas(&mut self, old: &Node<'a>, new: &Node<'a>) {
        // A renamed schema without uses can only be recognised by its content.
        let mut removed: Vec<(&'a str, String, Node<'a>)> = old
            .members()
            .into_iter()
            .filter(|(name, node)| {
                new.value.get(*name).is_none() && !self.renamed.contains_key(&node.pointer)
            })
            .map(|(name, node)| (name, canonical(node.value), node))
            .collect();
        for (name, node) in new.members() {
            if old.value.get(name).is_some() || self.renamed.values().any(|pointer| *pointer == node.pointer)
            {
                continue;
            }
            let text = canonical(node.value);
            let Some(twin) = removed.iter().position(|(_, other, _)| *other == text) else {
                let what = format!("the schema `{name}` was added");
                self.report(Kind::SchemaAdded, &Site::added(&node, new), what, Direction::None);
                continue;
            };
            let (old_name, _, old_node) = removed.remove(twin);
            let what = format!("the schema `{old_name}` was renamed to `{name}`");
            let site = Site::between(&old_node, &node, new);
            self.change(Kind::SchemaRenamed, &site, what)
                .value(String::new())
                .report();
            self.renamed.insert(old_node.pointer, node.pointer);
        }
        for (name, _, node) in &removed {
            let what = format!("the schema `{name}` was removed");
            self.report(
                Kind::SchemaRemoved,
                &Site::removed(node, new),
                what,
                Direction::None,
            );
        }
        // Schemas that no operation uses are also compared, without a direction.
        let compared = self
            .compared
            .iter()
            .map(|(old, new, _)| (old.clone(), new.clone()));
        let compared: HashSet<_> = compared.collect();
        for (name, node) in new.members() {
            if let Some(other) = old.get(name)
                && !compared.contains(&(other.pointer.clone(), node.pointer.clone()))
            {
                let context = SchemaContext::new(Direction::None, SchemaRole::Property);
                self.enqueue_root(other, node, context);
            }
        }
    }

    /// Compares shared parameters, responses, bodies, headers and examples. A component in use is compared at
    /// each of its uses.
    fn other_components(&mut self, kind: &str, old: &Node<'a>, new: &Node<'a>) {
        for (name, site) in Site::members(old, new) {
            if site.is_unchanged() {
                continue;
            }
            let (kind, what) = match site.both() {
                Some(_) if kind == "examples" => (
                    Kind::ExampleChanged,
                    format!("the shared example `{name}` changed"),
                ),
                Some((before, after)) => {
                    let is_used =
                        self.old.is_referenced(&before.pointer) && self.new.is_referenced(&after.pointer);
                    if is_used || self.changes.has_within(&before.pointer, &after.pointer) {
                        continue;
                    }
                    (
                        Kind::UnusedComponentChanged,
                        format!("the unused component `{name}` changed"),
                    )
                }
                None => {
                    let kinds = [Kind::ComponentAdded, Kind::ComponentRemoved];
                    let what = format!("the component `{name}` {}", site.verb());
                    (site.one_sided_kind(kinds), what)
                }
            };
            self.change(kind, &site, what).report();
        }
    }
}
