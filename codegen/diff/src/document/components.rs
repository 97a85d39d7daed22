//! Compares shared components.

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
        let compared = self.frames.all.iter().map(|frame| frame.pointers.clone());
        let compared: HashSet<[PointerBuf; 2]> = compared.collect();
        let renamed = self.renamed.iter().flat_map(|(old, new)| [old, new]).cloned();
        let renamed: HashSet<PointerBuf> = renamed.collect();
        let is_renamed = |node: &Node<'a>| renamed.contains(&node.pointer);
        // An unused schema that was renamed can only be recognised by its content.
        let text = |schema: &Node<'a>| (!is_renamed(schema)).then(|| canonical(schema.value));
        for ([old_name, name], site) in schemas.paired(|_, _, schema| text(schema)) {
            match site.both() {
                Some((old, new)) if old_name == name => {
                    if !compared.contains(&[old.pointer.clone(), new.pointer.clone()]) {
                        // Schemas that no operation uses are also compared, without a direction.
                        let context = SchemaContext::new(Direction::None, SchemaRole::Property);
                        self.enqueue_root(old.clone(), new.clone(), context);
                    }
                }
                Some((old, new)) => {
                    let what = format!("the schema `{old_name}` was renamed to `{name}`");
                    let change = self.change(Kind::SchemaRenamed, &site, what);
                    change.value(String::new()).report();
                    self.renamed.insert(old.pointer.clone(), new.pointer.clone());
                }
                None if site.values().any(is_renamed) => {}
                None => {
                    let kind = site.pick_side([Kind::SchemaAdded, Kind::SchemaRemoved]);
                    let what = format!("the schema `{name}` {}", site.verb());
                    self.change(kind, &site, what).report();
                }
            }
        }
    }

    /// Compares shared components other than schemas and security schemes. A component that both documents
    /// use is skipped here, because it is compared wherever it is used. Examples are always compared here.
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
