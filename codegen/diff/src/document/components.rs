//! Shared components.

use std::collections::HashSet;

use funnelflux_openapi::pointer::PointerBuf;

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, canonical},
    rules::ChangeKind as Kind,
    site::{SchemaContext, SchemaRole, Site},
};

impl<'a> Comparer<'a> {
    pub(crate) fn components(&mut self, site: &Site<'_, 'a>) {
        if site.both().is_none() && site.values().any(|node| node.keys().next().is_none()) {
            // Normalisation may have moved all contents to other places.
            let what = format!("`components` without contents {}", site.verb());
            self.change(Kind::NotationChanged, site, what).report();
        }
        for (kind, site) in site.contents() {
            match kind {
                _ if kind.starts_with("x-") => {
                    self.annotation(kind, &site, Direction::None);
                }
                "schemas" => self.shared_schemas(&site),
                "securitySchemes" => self.security_schemes(&site),
                _ => self.other_components(kind, &site),
            }
        }
    }

    fn shared_schemas(&mut self, schemas: &Site<'_, 'a>) {
        // A renamed schema without uses can only be recognised by its content.
        let mut removed: Vec<(&'a str, String, Node<'a>)> = Vec::new();
        let mut added: Vec<(&'a str, Node<'a>)> = Vec::new();
        let compared = self.frames.all.iter().map(|frame| frame.pointers.clone());
        let compared: HashSet<[PointerBuf; 2]> = compared.collect();
        for (name, site) in schemas.contents() {
            match (site.old, site.new) {
                (Some(old), None) if !self.renamed.contains_key(&old.pointer) => {
                    removed.push((name, canonical(old.value), old));
                }
                (None, Some(new)) if self.renamed.values().all(|pointer| *pointer != new.pointer) => {
                    added.push((name, new));
                }
                // Schemas that no operation uses are also compared, without a direction.
                (Some(old), Some(new)) if !compared.contains(&[old.pointer.clone(), new.pointer.clone()]) => {
                    let context = SchemaContext::new(Direction::None, SchemaRole::Property);
                    self.enqueue_root(old, new, context);
                }
                _ => {}
            }
        }
        let parent = schemas.new.as_ref().unwrap_or(schemas.parent);
        for (name, new) in added {
            let text = canonical(new.value);
            let Some(twin) = removed.iter().position(|(_, other, _)| *other == text) else {
                let what = format!("the schema `{name}` was added");
                let site = Site::added(&new, parent);
                self.change(Kind::SchemaAdded, &site, what).report();
                continue;
            };
            let (old_name, _, old) = removed.remove(twin);
            let what = format!("the schema `{old_name}` was renamed to `{name}`");
            let site = Site::between(&old, &new, parent);
            let change = self.change(Kind::SchemaRenamed, &site, what);
            change.value(String::new()).report();
            self.renamed.insert(old.pointer, new.pointer);
        }
        for (name, _, old) in &removed {
            let what = format!("the schema `{name}` was removed");
            let site = Site::removed(old, parent);
            self.change(Kind::SchemaRemoved, &site, what).report();
        }
    }

    /// Compares shared parameters, responses, bodies, headers and examples. A component in use is compared at
    /// each of its uses.
    fn other_components(&mut self, kind: &str, components: &Site<'_, 'a>) {
        for (name, site) in components.contents() {
            if site.is_unchanged() {
                continue;
            }
            let (kind, what) = match site.both() {
                Some(_) if kind == "examples" => (Kind::ExampleChanged, "the shared example"),
                Some((before, after)) => {
                    let is_used =
                        self.old.is_referenced(&before.pointer) && self.new.is_referenced(&after.pointer);
                    if is_used && ["callbacks", "links"].contains(&kind) {
                        // The component is compared as a part of the `callbacks` or `links` that refer to it.
                        self.changes
                            .explained
                            .extend([before, after].map(|node| node.pointer.clone()));
                        continue;
                    }
                    if is_used || self.changes.has_within(&before.pointer, &after.pointer) {
                        continue;
                    }
                    (Kind::UnusedComponentChanged, "the unused component")
                }
                None => {
                    let kinds = [Kind::ComponentAdded, Kind::ComponentRemoved];
                    (site.pick_side(kinds), "the component")
                }
            };
            let what = format!("{what} `{name}` {}", site.verb());
            self.change(kind, &site, what).report();
        }
    }
}
