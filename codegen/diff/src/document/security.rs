//! Authentication: the requirements of the document and of operations, and the schemes.

use serde_json::Map;

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, canonical, missing_from},
    rules::ChangeKind,
    site::Site,
    wording::quote,
};

impl<'a> Comparer<'a> {
    /// Compares the requirements of an operation, which default to those of the document.
    pub(crate) fn operation_security(&mut self, site: &Site<'_, 'a>) {
        if site.both().is_some() || site.is_unchanged() || site.values().any(|list| !list.value.is_array()) {
            let kinds = [ChangeKind::SecurityAdded, ChangeKind::SecurityRemoved];
            return self.requirements(site, kinds);
        }
        let effective = |own: &Option<Node<'a>>, root: &Node<'a>| {
            let list = own.clone().or_else(|| root.get("security"));
            list.map(|list| list.entries(canonical)).unwrap_or_default()
        };
        let (before, after) = (
            effective(&site.old, &self.old.root),
            effective(&site.new, &self.new.root),
        );
        let is_same = missing_from(&before, &after).is_empty() && missing_from(&after, &before).is_empty();
        let (kind, note) = if is_same {
            (ChangeKind::NotationChanged, "; the same requirements apply")
        } else if is_optional(&after) {
            (ChangeKind::SecurityDropped, "")
        } else {
            (ChangeKind::SecurityAdded, "")
        };
        let what = format!("`security` of the operation {}{note}", site.before_after());
        self.change(kind, site, what).report();
    }

    /// Compares the requirements of the document.
    pub(crate) fn document_security(&mut self, site: &Site<'_, 'a>) {
        self.requirements(
            site,
            [ChangeKind::GlobalSecurityAdded, ChangeKind::GlobalSecurityRemoved],
        );
    }

    fn requirements(&mut self, site: &Site<'_, 'a>, [added, removed]: [ChangeKind; 2]) {
        if site.is_unchanged() {
            return;
        }
        if site.values().any(|list| !list.value.is_array()) {
            return self.unclassified(site);
        }
        let [before, after] = site.entries(canonical);
        let (new, gone) = (missing_from(&after, &before), missing_from(&before, &after));
        for entry in &new {
            let kind = if is_optional(std::slice::from_ref(entry)) {
                ChangeKind::SecurityDropped
            } else if !before.is_empty() && gone.is_empty() {
                ChangeKind::SecurityAlternativeAdded
            } else {
                added
            };
            let what = format!("the security requirement {} was added", quote(entry.value));
            self.change(kind, &Site::added(entry, site.parent), what).report();
        }
        for entry in &gone {
            let kind = if is_optional(&after) {
                ChangeKind::SecurityDropped
            } else {
                removed
            };
            let what = format!("the security requirement {} was removed", quote(entry.value));
            self.change(kind, &Site::removed(entry, site.parent), what)
                .report();
        }
        if new.is_empty() && gone.is_empty() {
            let what = format!("`security` {}", site.before_after());
            self.change(ChangeKind::NotationChanged, site, what).report();
        }
    }

    pub(crate) fn security_schemes(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for (name, site) in Site::members(old, new) {
            let Some((old, new)) = site.both() else {
                let kinds = [ChangeKind::SecuritySchemeAdded, ChangeKind::SecuritySchemeRemoved];
                let what = format!("the security scheme `{name}` {}", site.verb());
                self.change(site.one_sided_kind(kinds), &site, what).report();
                continue;
            };
            for (key, site) in Site::members(old, new) {
                match key {
                    _ if site.is_unchanged() => {}
                    "type" | "scheme" | "name" | "in" | "flows" | "openIdConnectUrl" | "bearerFormat" => {
                        let what = format!("`{key}` of the security scheme `{name}` {}", site.before_after());
                        self.change(ChangeKind::SecuritySchemeChanged, &site, what)
                            .report();
                    }
                    _ => self.annotation_or_unclassified(key, &site, Direction::None),
                }
            }
        }
    }
}

/// Checks whether no credentials are required: there is no alternative, or an empty one.
fn is_optional(alternatives: &[Node<'_>]) -> bool {
    let is_empty = |entry: &Node<'_>| entry.value.as_object().is_some_and(Map::is_empty);
    alternatives.is_empty() || alternatives.iter().any(is_empty)
}
