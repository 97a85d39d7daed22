//! Compares the servers of the document, of a path, or of an operation.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use funnelflux_openapi::{base_path::base_path, operations::operations, pointer::PointerBuf};

use super::{
    paths::template,
    server_url::{MovedPrefix, ServerUrl},
};
use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, entry_name},
    part_names::subject,
    rules::ChangeKind as Kind,
    site::Site,
};

/// The URLs of a server, and its object in the document.
type Server<'a> = (ServerUrl, Node<'a>);

impl<'a> Comparer<'a> {
    /// Detects that a prefix such as `/v1` moved from the URLs of `servers` to the keys of `paths`, or back,
    /// so that the URLs of the operations stay the same, apart from their hosts.
    pub(super) fn moved_prefix(&self) -> Option<MovedPrefix> {
        let roots = [&self.old.root, &self.new.root];
        let items = |root: &Node<'a>| root.get("paths").map(|paths| paths.members()).unwrap_or_default();
        let has_own = |root: &Node<'a>| {
            let items = items(root);
            let mut items = items.iter().map(|(_, item)| item.value);
            operations(root.value).any(|operation| operation.value.get("servers").is_some())
                || items.any(|item| item.get("servers").is_some())
        };
        if roots.into_iter().any(has_own) {
            return None;
        }
        let [old, new] = roots.map(|root| {
            let servers = root.get("servers").map(|list| list.entries(|_| String::new()));
            let servers = servers.unwrap_or_default();
            match servers.as_slice() {
                [] => vec![ServerUrl::of(&Node::root(&Value::Null))],
                servers => servers.iter().map(ServerUrl::of).collect::<Vec<_>>(),
            }
        });
        let is_path = |prefix: &str| prefix.starts_with('/') && !prefix.contains(['{', '}']);
        let of_urls = |long: &[ServerUrl], short: &[ServerUrl]| {
            let prefix = long.first()?.default.strip_prefix(&*short.first()?.default)?;
            let mut pairs = long.iter().zip(short);
            let is_moved = pairs.all(|(long, short)| *long == short.followed_by(prefix));
            (is_path(prefix) && is_moved).then(|| prefix.to_owned())
        };
        let of_base_paths = |long: &[ServerUrl], short: &[ServerUrl]| {
            let [long, short] = [long, short].map(|servers| {
                let mut paths = servers.iter().map(|server| base_path(&server.default));
                let first = paths.next()?;
                paths.all(|path| path == first).then_some(first)
            });
            let prefix = long?.strip_prefix(&*short?)?.to_owned();
            is_path(&prefix).then_some(prefix)
        };
        let either = |of_old: Option<String>, of_new: Option<String>| match (of_old, of_new) {
            (Some(prefix), _) => Some([prefix, String::new()]),
            (None, prefix) => Some([String::new(), prefix?]),
        };
        // The new document may list more servers after those of the old document.
        let moved = either(of_urls(&old, &new), of_urls(&new, &old)).filter(|_| old.len() <= new.len());
        let is_same_host = moved.is_some();
        let prefixes = moved.or_else(|| either(of_base_paths(&old, &new), of_base_paths(&new, &old)))?;
        let paths = |root: &Node<'a>, prefix: &str| -> HashSet<String> {
            let items = items(root);
            let paths = items.iter().map(|(path, _)| template(&format!("{prefix}{path}")));
            paths.collect()
        };
        let [old_prefix, new_prefix] = &prefixes;
        let (before, after) = (
            paths(&self.old.root, old_prefix),
            paths(&self.new.root, new_prefix),
        );
        (!before.is_disjoint(&after)).then_some(MovedPrefix {
            prefixes,
            is_same_host,
        })
    }

    /// Compares servers whose URLs changed only by a moved prefix (see `moved_prefix`).
    pub(super) fn moved_servers(&mut self, site: &Site<'_, 'a>) {
        let what = "the URLs of the operations are the same: a path moved between `servers` and `paths`";
        self.change(Kind::NotationChanged, site, what.to_owned()).report();
        let [before, after] = site.entries(|_| String::new());
        // Without a list, there is one server.
        for server in after.iter().skip(before.len().max(1)) {
            let url = server.str("url").unwrap_or_default();
            self.server_added_or_removed(&Site::added(server, site.parent), url, false);
        }
    }

    /// Compares servers. If a document lists no servers at this site, its servers are those of the enclosing
    /// object (`inherited`).
    pub(crate) fn servers(&mut self, site: &Site<'_, 'a>, inherited: [Option<Node<'a>>; 2]) {
        if site.is_unchanged() {
            return;
        }
        let [old_inherited, new_inherited] = inherited;
        let effective = [
            site.old.clone().or(old_inherited),
            site.new.clone().or(new_inherited),
        ];
        if effective.iter().flatten().any(|list| !list.value.is_array()) {
            return self.unclassified(site);
        }
        let name = |entry: &'a Value| entry_name(entry).unwrap_or_default();
        let [before, after] = effective.map(|list| {
            let servers = list
                .map(|list| list.entries(name))
                .unwrap_or_default()
                .into_iter();
            let servers = servers.map(|server| (ServerUrl::of(&server), server));
            servers.collect::<Vec<_>>()
        });
        let written = |server: &Node<'a>| server.str("url").unwrap_or_default();
        // A server on both sides is named by its URL in the old document.
        let mut names: HashMap<PointerBuf, &'a str> = HashMap::new();
        for (url, server) in &after {
            let twin = before.iter().find(|(other, _)| other.template == url.template);
            let twin = twin.or_else(|| before.iter().find(|(other, _)| other.default == url.default));
            if let Some((_, other)) = twin {
                self.server(other, server, [&before, &after]);
                names.insert(server.pointer.clone(), written(other));
            }
        }
        let url = |server: &Node<'a>| names.get(&server.pointer).copied().unwrap_or(written(server));
        // If no server is listed, the URL `/` applies.
        let urls = |servers: &[Server<'a>], url: &dyn Fn(&Node<'a>) -> &'a str| match servers {
            [] => vec!["/"],
            servers => servers.iter().map(|(_, server)| url(server)).collect::<Vec<_>>(),
        };
        let listed = [urls(&before, &written), urls(&after, &url)];
        let [old_urls, new_urls] = listed.each_ref().map(|urls| unique(urls));
        let addresses = format!("{} → {}", old_urls.join(", "), new_urls.join(", "));
        // The first server is the default, so a server that is added before it also changes the default.
        let is_other_default = match (before.first(), after.first()) {
            (Some((old, _)), Some((new, _))) => {
                old.default != new.default && old_urls.first() != new_urls.first()
            }
            _ => old_urls.first() != new_urls.first(),
        };
        if before.is_empty() || after.is_empty() || site.both().is_none() {
            let is_kept =
                |(url, server): &Server<'a>| new_urls.contains(&written(server)) || is_in(url, &after);
            let is_kept = match before.as_slice() {
                [] => new_urls.contains(&"/"),
                before => before.iter().all(is_kept),
            };
            let kind = if old_urls == new_urls {
                Kind::NotationChanged
            } else if !is_kept {
                Kind::ServersReplaced
            } else if !is_other_default {
                Kind::ServerAdded
            } else {
                Kind::ServerOrderChanged
            };
            let difference = site.pick(["were added", "were removed", "changed"]);
            let holder = subject(site.parent);
            let what = format!("`servers` of {holder} {difference}; URLs: {addresses}");
            return self.change(kind, site, what).report();
        }
        for (urls, server) in &before {
            if !new_urls.contains(&written(server)) {
                let site = Site::removed(server, site.parent);
                self.server_added_or_removed(&site, written(server), is_in(urls, &after));
            }
        }
        for (urls, server) in &after {
            if !old_urls.contains(&url(server)) {
                let site = Site::added(server, site.parent);
                self.server_added_or_removed(&site, url(server), is_in(urls, &before));
            }
        }
        if [&old_urls, &new_urls] != listed.each_ref() && !site.is_unchanged() {
            let what = format!("a server is listed twice: {addresses}");
            self.change(Kind::NotationChanged, site, what)
                .covers_subtree(false)
                .report();
        }
        let kept = |urls: &[&'a str], others: &[&'a str]| -> Vec<&'a str> {
            urls.iter().filter(|url| others.contains(url)).copied().collect()
        };
        let is_first_kept = before
            .first()
            .is_some_and(|(first, server)| new_urls.contains(&written(server)) || is_in(first, &after));
        if (is_first_kept && is_other_default) || kept(&old_urls, &new_urls) != kept(&new_urls, &old_urls) {
            let what = format!("the order of servers changed: {addresses}");
            self.change(Kind::ServerOrderChanged, site, what)
                .covers_subtree(false)
                .report();
        }
    }

    /// Reports a server that only one document lists. `is_included` is true if the servers of the other
    /// document have all URLs of this server.
    fn server_added_or_removed(&mut self, site: &Site<'_, 'a>, url: &str, is_included: bool) {
        let (kind, words) = match (is_included, site.old.is_none()) {
            (true, true) => (Kind::NotationChanged, "was included in another one before"),
            (true, false) => (Kind::NotationChanged, "is included in another one now"),
            (false, true) => (Kind::ServerAdded, "was added"),
            (false, false) => (Kind::ServerRemoved, "was removed"),
        };
        self.change(kind, site, format!("the server `{url}` {words}"))
            .report();
    }

    fn server(&mut self, old: &Node<'a>, new: &Node<'a>, [all_old, all_new]: [&[Server<'a>]; 2]) {
        let (before, after) = (ServerUrl::of(old), ServerUrl::of(new));
        let kind = if before.default != after.default || !is_in(&before, all_new) {
            Kind::ServerVariablesChanged
        } else if is_in(&after, all_old) {
            Kind::NotationChanged
        } else {
            Kind::ServerVariablesWidened
        };
        for (key, site) in Site::members(old, new) {
            if !["url", "variables"].contains(&key) {
                self.other_member(key, &site, Direction::None);
            } else if !site.is_unchanged() {
                let url = new.str("url").unwrap_or_default();
                let what = format!("`{key}` of the server `{url}` {}", site.before_after());
                self.change(kind, &site, what).report();
            }
        }
    }
}

/// Checks whether each URL of a server is also a URL of one of the listed servers.
fn is_in(url: &ServerUrl, servers: &[Server<'_>]) -> bool {
    let servers: Vec<_> = servers.iter().map(|(url, _)| url).collect();
    url.is_covered_by(&servers)
}

/// Returns the distinct URLs, in their order.
fn unique<'a>(urls: &[&'a str]) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    urls.iter().copied().filter(|url| seen.insert(*url)).collect()
}
