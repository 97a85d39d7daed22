//! Authentication: what an operation asks for, and the schemes.

use super::{Spot, Walk, before_after, keys, quote, same};
use crate::{Direction, node::Node, node::canonical, rules};
use serde_json::Map;
use std::collections::BTreeSet;

impl<'a> Walk<'a> {
    /// An operation that says nothing takes what the document says; the two are compared as they apply.
    fn security_of_operation(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
        let effective = |own: Option<&Node<'a>>, document: &Node<'a>| {
            own.cloned()
                .or_else(|| document.get("security"))
                .map(|node| node.entries(canonical))
                .unwrap_or_default()
        };
        let before = effective(old, &self.old);
        let after = effective(new, &self.new);
        let names = |nodes: &[Node<'a>]| {
            nodes
                .iter()
                .map(|node| canonical(node.value))
                .collect::<BTreeSet<_>>()
        };
        let mut what = format!("`security` of the operation {}", before_after(old, new));
        let rule = if names(&before) == names(&after) {
            what.push_str("; what applies is the same");
            &rules::NOTATION_CHANGED
        } else if open(&after) {
            &rules::SECURITY_DROPPED
        } else {
            &rules::SECURITY_ADDED
        };
        self.note(rule, &Spot { old, new, parent }, what);
    }

    /// Alternatives of authentication, of the document or of one operation.
    pub(super) fn security(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
        global: bool,
    ) {
        if same(old, new) {
            return;
        }
        if [old, new]
            .into_iter()
            .flatten()
            .any(|list| !list.value.is_array())
        {
            return self.unknown(old, new);
        }
        let (added, removed) = if global {
            (&rules::GLOBAL_SECURITY_ADDED, &rules::GLOBAL_SECURITY_REMOVED)
        } else {
            (&rules::SECURITY_ADDED, &rules::SECURITY_REMOVED)
        };
        let list = |node: Option<&Node<'a>>| node.map(|node| node.entries(canonical));
        let before = list(old).unwrap_or_default();
        let after = list(new).unwrap_or_default();
        if !global && (old.is_none() || new.is_none()) {
            self.security_of_operation(old, new, parent);
            return;
        }
        let mut reported = false;
        for entry in &after {
            if !before
                .iter()
                .any(|other| canonical(other.value) == canonical(entry.value))
            {
                let keeps_all = before.iter().all(|other| {
                    after
                        .iter()
                        .any(|one| canonical(one.value) == canonical(other.value))
                });
                let rule = if open(std::slice::from_ref(entry)) {
                    &rules::SECURITY_DROPPED
                } else if !before.is_empty() && keeps_all {
                    &rules::SECURITY_ALTERNATIVE
                } else {
                    added
                };
                let what = format!("{} is asked for", quote(entry.value));
                self.note(rule, &Spot::added(entry, parent), what);
                reported = true;
            }
        }
        for entry in &before {
            if !after
                .iter()
                .any(|other| canonical(other.value) == canonical(entry.value))
            {
                let rule = if open(&after) {
                    &rules::SECURITY_DROPPED
                } else {
                    removed
                };
                let what = format!("{} is no longer accepted", quote(entry.value));
                self.note(rule, &Spot::removed(entry, parent), what);
                reported = true;
            }
        }
        if !reported {
            let what = format!("`security` {}", before_after(old, new));
            self.note(&rules::NOTATION_CHANGED, &Spot { old, new, parent }, what);
        }
    }

    pub(super) fn security_schemes(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for name in keys(old, new) {
            let (before, after) = (old.get(name), new.get(name));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            match (&before, &after) {
                (Some(before), Some(after)) => {
                    for key in keys(before, after) {
                        let (one, other) = (before.get(key), after.get(key));
                        let spot = Spot::between(one.as_ref(), other.as_ref(), after);
                        if same(spot.old, spot.new)
                            || self.annotation(key, spot.old, spot.new, after, Direction::None)
                        {
                            continue;
                        }
                        let known = [
                            "type",
                            "scheme",
                            "name",
                            "in",
                            "flows",
                            "openIdConnectUrl",
                            "bearerFormat",
                        ];
                        if known.contains(&key) {
                            let what = format!(
                                "`{key}` of the security scheme `{name}` {}",
                                before_after(spot.old, spot.new)
                            );
                            self.note(&rules::SECURITY_SCHEME_CHANGED, &spot, what);
                        } else {
                            self.unknown(spot.old, spot.new);
                        }
                    }
                }
                (None, Some(_)) => {
                    self.note(
                        &rules::SECURITY_SCHEME_ADDED,
                        &spot,
                        format!("the security scheme `{name}` was added"),
                    );
                }
                _ => {
                    self.note(
                        &rules::SECURITY_SCHEME_REMOVED,
                        &spot,
                        format!("the security scheme `{name}` was removed"),
                    );
                }
            }
        }
    }
}

/// Whether nothing has to be sent: no alternative of authentication at all, or an empty one.
fn open(alternatives: &[Node<'_>]) -> bool {
    alternatives.is_empty()
        || alternatives
            .iter()
            .any(|entry| entry.value.as_object().is_some_and(Map::is_empty))
}
