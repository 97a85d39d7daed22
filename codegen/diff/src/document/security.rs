//! Authentication: the requirements of the document and of operations, and the schemes.
//!
//! The requirements are a list of alternatives, and each alternative is a set of schemes with scopes. Nothing
//! breaks if every client that met an old alternative also meets a new alternative.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use funnelflux_openapi::operations::operations;

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, canonical},
    part_names::quote,
    rules::ChangeKind as Kind,
    site::Site,
};

/// An alternative: the scopes of each scheme that it requires.
type Alternative<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

impl<'a> Comparer<'a> {
    /// Compares the requirements of an operation. An operation without requirements has those of the
    /// document.
    pub(crate) fn operation_security(&mut self, site: &Site<'_, 'a>) {
        if site.both().is_some() || site.is_unchanged() || site.values().any(|list| !list.value.is_array()) {
            let kinds = [Kind::SecurityAdded, Kind::SecurityRemoved];
            return self.requirements(site, kinds);
        }
        let effective = [(&site.old, &self.old.root), (&site.new, &self.new.root)];
        let [before, after] = effective.map(|(own, root)| {
            let list = own.clone().or_else(|| root.get("security"));
            list.map(|list| list.entries(canonical)).unwrap_or_default()
        });
        let (old, new) = (self.alternatives(&before, true), self.alternatives(&after, false));
        let (kind, note) = if are_met(&old, &new) && are_met(&new, &old) {
            (Kind::NotationChanged, "; the same requirements apply")
        } else if is_optional(&after) {
            (Kind::SecurityDropped, "")
        } else if are_met(&old, &new) {
            (Kind::SecurityRelaxed, "")
        } else {
            (Kind::SecurityAdded, "")
        };
        let what = format!("`security` of the operation {}{note}", site.before_after());
        self.change(kind, site, what).report();
    }

    /// Compares the requirements of the document. An operation that has its own requirements does not depend
    /// on the requirements of the document.
    pub(crate) fn document_security(&mut self, site: &Site<'_, 'a>) {
        let is_list = site.values().all(|list| list.value.is_array());
        if !site.is_unchanged() && is_list && !self.inherits_security() {
            let what = format!("`security` {}; every operation has its own", site.before_after());
            return self.change(Kind::NotationChanged, site, what).report();
        }
        self.requirements(site, [Kind::GlobalSecurityAdded, Kind::GlobalSecurityRemoved]);
    }

    /// Checks whether the requirements of the document have an effect: either an operation of both documents
    /// has no requirements of its own, or there are no operations.
    fn inherits_security(&self) -> bool {
        let operations = |root: &Node<'a>| -> BTreeMap<String, &'a Value> {
            let named = operations(root.value).map(|operation| (operation.to_string(), operation.value));
            named.collect()
        };
        let (old, new) = (operations(&self.old.root), operations(&self.new.root));
        let inherits = |operation: &Value| operation.get("security").is_none();
        let common = old.iter().filter(|(name, _)| new.contains_key(*name));
        let mut common = common.peekable();
        let new_inherits = |name: &String| new.get(name).copied().is_some_and(inherits);
        common.peek().is_none() || common.any(|(name, before)| inherits(before) && new_inherits(name))
    }

    fn requirements(&mut self, site: &Site<'_, 'a>, [added, removed]: [Kind; 2]) {
        if site.is_unchanged() {
            return;
        }
        if site.values().any(|list| !list.value.is_array()) {
            return self.unclassified(site);
        }
        let [before, after] = site.entries(canonical);
        let (old, new) = (self.alternatives(&before, true), self.alternatives(&after, false));
        let met = are_met(&old, &new);
        let added_entries = after.iter().zip(&new);
        for (entry, alternative) in added_entries.filter(|(_, added)| !old.contains(added)) {
            let kind = if alternative.is_empty() {
                Kind::SecurityDropped
            } else if !met {
                added
            } else if old.iter().any(|other| is_met(alternative, other)) {
                Kind::SecurityRelaxed
            } else {
                Kind::SecurityAlternativeAdded
            };
            let what = format!("the security requirement {} was added", quote(entry.value));
            self.change(kind, &Site::added(entry, site.parent), what).report();
        }
        let removed_entries = before.iter().zip(&old);
        for (entry, alternative) in removed_entries.filter(|(_, removed)| !new.contains(removed)) {
            let kind = if is_optional(&after) {
                Kind::SecurityDropped
            } else if new.iter().any(|other| is_met(other, alternative)) {
                Kind::SecurityRelaxed
            } else {
                removed
            };
            let what = format!("the security requirement {} was removed", quote(entry.value));
            let site = Site::removed(entry, site.parent);
            self.change(kind, &site, what).report();
        }
        if old.iter().all(|known| new.contains(known)) && new.iter().all(|known| old.contains(known)) {
            let what = format!("`security` {}", site.before_after());
            self.change(Kind::NotationChanged, site, what).report();
        }
    }

    /// The alternatives of one side. Names of schemes are never sent. If a scheme on this side has no
    /// namesake on the other side, it therefore gets the name of an equal scheme of the other side that has
    /// no namesake on this side.
    fn alternatives(&self, entries: &[Node<'a>], is_old: bool) -> Vec<Alternative<'a>> {
        let schemes = |root: &Node<'a>| {
            let schemes = root.value.pointer("/components/securitySchemes");
            schemes.and_then(Value::as_object).into_iter().flatten()
        };
        let (old, new) = (&self.old.root, &self.new.root);
        let find = |root: &Node<'a>, name: &str| {
            let mut schemes = schemes(root);
            schemes
                .find(|(other, _)| *other == name)
                .map(|(_, scheme)| sent(scheme))
        };
        let old_name = |name: &'a str| {
            if is_old || find(old, name).is_some() {
                return name;
            }
            let scheme = find(new, name);
            let mut renamed = schemes(old).filter(|(other, _)| find(new, other).is_none());
            let twin = renamed.find(|(_, before)| Some(sent(before)) == scheme);
            twin.map_or(name, |(other, _)| other.as_str())
        };
        let alternative = |entry: &Node<'a>| {
            let schemes = entry.value.as_object().into_iter().flatten();
            let schemes = schemes.map(|(name, scopes)| {
                let scopes = scopes.as_array().into_iter().flatten();
                (old_name(name), scopes.filter_map(Value::as_str).collect())
            });
            schemes.collect()
        };
        entries.iter().map(alternative).collect()
    }

    pub(crate) fn security_schemes(&mut self, schemes: &Site<'_, 'a>) {
        for (name, site) in schemes.contents() {
            let Some((old, new)) = site.both() else {
                let kinds = [Kind::SecuritySchemeAdded, Kind::SecuritySchemeRemoved];
                let what = format!("the security scheme `{name}` {}", site.verb());
                self.change(site.pick_side(kinds), &site, what).report();
                continue;
            };
            let is_same = sent(old.value) == sent(new.value);
            let offers_more = |site: &Site<'_, 'a>| {
                let flows = site.both().map(|(old, new)| (flows(old.value), flows(new.value)));
                flows.is_some_and(|(old, new)| includes(&new, &old))
            };
            for (key, site) in Site::members(old, new) {
                let kind = match key {
                    _ if site.is_unchanged() => continue,
                    "bearerFormat" => Kind::NotationChanged,
                    "type" | "scheme" | "name" | "in" | "flows" | "openIdConnectUrl" if is_same => {
                        Kind::NotationChanged
                    }
                    "flows" if offers_more(&site) => Kind::SecuritySchemeAdded,
                    "type" | "scheme" | "name" | "in" | "flows" | "openIdConnectUrl" => {
                        Kind::SecuritySchemeChanged
                    }
                    _ => {
                        self.other_member(key, &site, Direction::None);
                        continue;
                    }
                };
                let what = format!("`{key}` of the security scheme `{name}` {}", site.before_after());
                self.change(kind, &site, what).report();
            }
        }
    }
}

/// Checks whether credentials for the alternative `held` are sufficient for the alternative `required`.
fn is_met(required: &Alternative<'_>, held: &Alternative<'_>) -> bool {
    required
        .iter()
        .all(|(scheme, scopes)| held.get(scheme).is_some_and(|held| scopes.is_subset(held)))
}

/// Checks whether a client that meets any old alternative also meets a new alternative. An empty list
/// requires nothing.
fn are_met(old: &[Alternative<'_>], new: &[Alternative<'_>]) -> bool {
    let nobody = Alternative::new();
    let is_met = |held: &Alternative<'_>| new.is_empty() || new.iter().any(|required| is_met(required, held));
    if old.is_empty() {
        is_met(&nobody)
    } else {
        old.iter().all(is_met)
    }
}

/// Parts of a scheme that determine how clients obtain and send credentials. Names of HTTP schemes and
/// headers are in lower case.
fn sent(scheme: &Value) -> BTreeMap<&str, String> {
    let is_header = scheme.get("in").is_some_and(|place| place == "header");
    let members = scheme.as_object().into_iter().flatten();
    let members = members.filter_map(|(key, value)| {
        let text = match (key.as_str(), value.as_str()) {
            ("scheme", Some(text)) => text.to_ascii_lowercase(),
            ("name", Some(text)) if is_header => text.to_ascii_lowercase(),
            ("flows", _) => canonical(&flows(value)),
            ("type" | "name" | "in" | "openIdConnectUrl", _) => canonical(value),
            _ => return None,
        };
        Some((key.as_str(), text))
    });
    members.collect()
}

/// Removes documentation from flows.
fn flows(flows: &Value) -> Value {
    let mut flows = flows.clone();
    let is_documented = |key: &str| !key.starts_with("x-");
    if let Some(flows) = flows.as_object_mut() {
        flows.retain(|name, _| is_documented(name));
        for flow in flows.values_mut().filter_map(Value::as_object_mut) {
            flow.retain(|key, _| is_documented(key));
            let scopes = flow.get_mut("scopes").and_then(Value::as_object_mut);
            scopes
                .into_iter()
                .flat_map(Map::values_mut)
                .for_each(|text| *text = Value::Null);
        }
    }
    flows
}

/// Checks whether a value includes another value, such as the new flows the old flows.
fn includes(new: &Value, old: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let mut old = old.iter();
            old.all(|(key, old)| new.get(key).is_some_and(|new| includes(new, old)))
        }
        _ => old == new,
    }
}

/// Checks whether no credentials are required: there is no alternative, or an empty one.
fn is_optional(alternatives: &[Node<'_>]) -> bool {
    let is_empty = |entry: &Node<'_>| entry.value.as_object().is_some_and(Map::is_empty);
    alternatives.is_empty() || alternatives.iter().any(is_empty)
}
