//! Compares authentication: the requirements of the document and of operations, and the schemes.
//!
//! The requirements are a list of alternatives, and each alternative is a set of schemes with scopes. Nothing
//! breaks if every client that meets one of the old alternatives also meets one of the new alternatives.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use funnelflux_openapi::{operations::operations, pointer::METHODS};

use super::server_url::with_canonical_host;
use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, canonical},
    part_names::quote,
    rules::ChangeKind as Kind,
    site::Site,
};

/// An alternative: the schemes that it requires, each with the required scopes.
type Alternative<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

impl<'a> Comparer<'a> {
    /// Compares the requirements of an operation. An operation without requirements of its own inherits the
    /// requirements of the document.
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
        if self.is_overridden("security", site) {
            return;
        }
        self.requirements(site, [Kind::GlobalSecurityAdded, Kind::GlobalSecurityRemoved]);
    }

    /// Checks whether every operation overrides the top-level list `key` (`security` or `servers`). Then
    /// reports a change of the list as having no effect, and returns true.
    ///
    /// Considers only operations that exist in both documents. Returns false if there are none, or if one of
    /// them inherits the list in both documents.
    pub(super) fn is_overridden(&mut self, key: &str, site: &Site<'_, 'a>) -> bool {
        if site.is_unchanged() || site.values().any(|list| !list.value.is_array()) {
            return false;
        }
        let inheriting = |root: &Node<'a>| -> BTreeMap<String, bool> {
            let item = |path: &str| root.value.get("paths")?.get(path);
            let inherits = operations(root.value).map(|operation| {
                let own = operation.value.get(key);
                let own = own.or_else(|| item(operation.path)?.get(key));
                (operation.to_string(), own.is_none())
            });
            inherits.collect()
        };
        let (old, new) = (inheriting(&self.old.root), inheriting(&self.new.root));
        let common = old
            .iter()
            .filter_map(|(name, inherits)| Some(*inherits && *new.get(name)?));
        let mut common = common.peekable();
        if common.peek().is_none() || common.any(|inherits| inherits) {
            return false;
        }
        let what = format!("`{key}` {}; every operation has its own", site.before_after());
        self.change(Kind::NotationChanged, site, what).report();
        true
    }

    /// Returns the names of the schemes that operations and webhooks of either document require.
    fn required_schemes(&self) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        for root in [&self.old.root, &self.new.root] {
            let inherited = root.value.get("security");
            let webhooks = root.value.get("x-webhooks").and_then(Value::as_object);
            let webhooks = webhooks.into_iter().flat_map(Map::values);
            let calls = webhooks.flat_map(|item| METHODS.iter().filter_map(|method| item.get(*method)));
            let operations = operations(root.value)
                .map(|operation| operation.value)
                .chain(calls);
            let lists = operations.filter_map(|operation| operation.get("security").or(inherited));
            let alternatives = lists.filter_map(Value::as_array).flatten();
            let alternatives = alternatives.filter_map(Value::as_object);
            names.extend(alternatives.flat_map(Map::keys).map(String::as_str));
        }
        names
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

    /// Returns the alternatives of one document. A scheme that the two documents name differently gets one
    /// name, because names of schemes are never sent.
    ///
    /// A scheme may have another name if the other document lacks its name, but has an equal scheme. Equal
    /// schemes whose names are in both documents stay distinct: they may accept different credentials.
    fn alternatives(&self, entries: &[Node<'a>], is_old: bool) -> Vec<Alternative<'a>> {
        let schemes = |root: &Node<'a>| {
            let schemes = root.value.pointer("/components/securitySchemes");
            schemes.and_then(Value::as_object).into_iter().flatten()
        };
        let (old, new) = (&self.old.root, &self.new.root);
        let (own, other) = if is_old { (old, new) } else { (new, old) };
        let find = |root: &Node<'a>, name: &str| {
            let mut schemes = schemes(root);
            schemes
                .find(|(other, _)| *other == name)
                .map(|(_, scheme)| sent(scheme))
        };
        let shared_name = |name: &'a str| {
            let Some(scheme) = find(own, name).filter(|_| find(other, name).is_none()) else {
                return name;
            };
            let twins = schemes(other).filter(|(_, twin)| sent(twin) == scheme);
            let twins = twins.map(|(twin, _)| (find(own, twin).is_some(), twin.as_str()));
            // A scheme that was renamed keeps its old name.
            let twin = twins.min_by_key(|(is_shared, _)| *is_shared);
            twin.filter(|(is_shared, _)| *is_shared || !is_old)
                .map_or(name, |(_, twin)| twin)
        };
        let alternative = |entry: &Node<'a>| {
            let schemes = entry.value.as_object().into_iter().flatten();
            let mut alternative = Alternative::new();
            for (name, scopes) in schemes {
                let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
                alternative.entry(shared_name(name)).or_default().extend(scopes);
            }
            alternative
        };
        entries.iter().map(alternative).collect()
    }

    pub(crate) fn security_schemes(&mut self, schemes: &Site<'_, 'a>) {
        let required = self.required_schemes();
        for ([old_name, name], site) in schemes.paired(|_, _, scheme| Some(sent(scheme.value))) {
            let kind = match site.both() {
                Some((old, new)) => {
                    let is_renamed = old_name != name;
                    if is_renamed {
                        // Names of schemes are never sent.
                        let what = format!("the security scheme `{old_name}` was renamed to `{name}`");
                        self.change(Kind::NotationChanged, &site, what)
                            .covers_subtree(false)
                            .report();
                    }
                    self.security_scheme(name, [old, new], is_renamed || required.contains(name));
                    continue;
                }
                None if site.new.is_some() => Kind::SecuritySchemeAdded,
                None if required.contains(name) => Kind::SecuritySchemeRemoved,
                None => Kind::ComponentRemoved,
            };
            let what = format!("the security scheme `{name}` {}", site.verb());
            self.change(kind, &site, what).report();
        }
    }

    fn security_scheme(&mut self, name: &str, [old, new]: [&Node<'a>; 2], is_required: bool) {
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
                "type" | "scheme" | "name" | "in" | "flows" | "openIdConnectUrl" if is_required => {
                    Kind::SecuritySchemeChanged
                }
                "type" | "scheme" | "name" | "in" | "flows" | "openIdConnectUrl" => {
                    Kind::UnusedComponentChanged
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

/// Checks whether credentials for the alternative `held` are sufficient for the alternative `required`.
fn is_met(required: &Alternative<'_>, held: &Alternative<'_>) -> bool {
    required
        .iter()
        .all(|(scheme, scopes)| held.get(scheme).is_some_and(|held| scopes.is_subset(held)))
}

/// Checks whether every client that meets one of the old alternatives also meets one of the new alternatives.
/// An empty list of alternatives requires nothing.
fn are_met(old: &[Alternative<'_>], new: &[Alternative<'_>]) -> bool {
    let nobody = Alternative::new();
    let is_met = |held: &Alternative<'_>| new.is_empty() || new.iter().any(|required| is_met(required, held));
    if old.is_empty() {
        is_met(&nobody)
    } else {
        old.iter().all(is_met)
    }
}

/// Returns the parts of a scheme that determine how clients obtain and send credentials. Names of HTTP
/// schemes and headers are converted to lower case, and URLs to canonical form.
fn sent(scheme: &Value) -> BTreeMap<&str, String> {
    let is_header = scheme.get("in").is_some_and(|place| place == "header");
    let members = scheme.as_object().into_iter().flatten();
    let members = members.filter_map(|(key, value)| {
        let text = match (key.as_str(), value.as_str()) {
            ("scheme", Some(text)) => text.to_ascii_lowercase(),
            ("name", Some(text)) if is_header => text.to_ascii_lowercase(),
            ("openIdConnectUrl", Some(url)) => with_canonical_host(url),
            ("flows", _) => canonical(&flows(value)),
            ("type" | "name" | "in" | "openIdConnectUrl", _) => canonical(value),
            _ => return None,
        };
        Some((key.as_str(), text))
    });
    members.collect()
}

/// Removes documentation and extensions from the OAuth flows, and writes their URLs in canonical form.
fn flows(flows: &Value) -> Value {
    let mut flows = flows.clone();
    let is_documented = |key: &str| !key.starts_with("x-");
    if let Some(flows) = flows.as_object_mut() {
        flows.retain(|name, _| is_documented(name));
        for flow in flows.values_mut().filter_map(Value::as_object_mut) {
            flow.retain(|key, _| is_documented(key));
            for key in ["authorizationUrl", "tokenUrl", "refreshUrl"] {
                if let Some(Value::String(url)) = flow.get_mut(key) {
                    *url = with_canonical_host(url);
                }
            }
            let scopes = flow.get_mut("scopes").and_then(Value::as_object_mut);
            scopes
                .into_iter()
                .flat_map(Map::values_mut)
                .for_each(|text| *text = Value::Null);
        }
    }
    flows
}

/// Checks whether the value `new` contains all members of the value `old`, at every level.
fn includes(new: &Value, old: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let mut old = old.iter();
            old.all(|(key, old)| new.get(key).is_some_and(|new| includes(new, old)))
        }
        _ => old == new,
    }
}

/// Checks whether calls need no credentials: there is no alternative, or one of them is empty.
fn is_optional(alternatives: &[Node<'_>]) -> bool {
    let is_empty = |entry: &Node<'_>| entry.value.as_object().is_some_and(Map::is_empty);
    alternatives.is_empty() || alternatives.iter().any(is_empty)
}
