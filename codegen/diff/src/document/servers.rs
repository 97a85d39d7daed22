//! Compares the servers of the document, of a path, or of an operation.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use funnelflux_openapi::pointer::PointerBuf;

use super::server_url::ServerUrl;
use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, entry_name},
    part_names::subject,
    rules::ChangeKind as Kind,
    site::Site,
};

impl<'a> Comparer<'a> {
    /// Compares servers. A document that lists no servers at this site inherits the servers of the enclosing
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
        let [before, after] = effective.map(|list| list.map(|list| list.entries(name)).unwrap_or_default());
        let written = |server: &Node<'a>| server.str("url").unwrap_or_default();
        // A server that is on both sides is identified by its URL in the old document.
        let mut names: HashMap<PointerBuf, &'a str> = HashMap::new();
        for server in &after {
            let url = ServerUrl::of(server);
            let same_template = |other: &&Node<'a>| ServerUrl::of(other).template == url.template;
            let same_default = |other: &&Node<'a>| ServerUrl::of(other).default == url.default;
            let twin = before.iter().find(same_template);
            if let Some(other) = twin.or_else(|| before.iter().find(same_default)) {
                self.server(other, server);
                names.insert(server.pointer.clone(), written(other));
            }
        }
        let url = |server: &Node<'a>| names.get(&server.pointer).copied().unwrap_or(written(server));
        // If no server is listed, the URL `/` applies.
        let urls = |servers: &[Node<'a>], url: &dyn Fn(&Node<'a>) -> &'a str| match servers {
            [] => vec!["/"],
            servers => servers.iter().map(url).collect::<Vec<_>>(),
        };
        let listed = [urls(&before, &written), urls(&after, &url)];
        let [old_urls, new_urls] = listed.each_ref().map(|urls| unique(urls));
        let addresses = format!("{} → {}", old_urls.join(", "), new_urls.join(", "));
        if before.is_empty() || after.is_empty() || site.both().is_none() {
            let kind = if old_urls == new_urls {
                Kind::NotationChanged
            } else if !old_urls.iter().all(|url| new_urls.contains(url)) {
                Kind::ServersReplaced
            } else if old_urls.first() == new_urls.first() {
                Kind::ServerAdded
            } else {
                Kind::ServerOrderChanged
            };
            let difference = site.pick(["were added", "were removed", "changed"]);
            let holder = subject(site.parent);
            let what = format!("`servers` of {holder} {difference}; URLs: {addresses}");
            return self.change(kind, site, what).report();
        }
        let is_removed = |server: &&Node<'a>| !new_urls.contains(&written(server));
        for server in before.iter().filter(is_removed) {
            let what = format!("the server `{}` was removed", written(server));
            let site = Site::removed(server, site.parent);
            self.change(Kind::ServerRemoved, &site, what).report();
        }
        for server in after.iter().filter(|server| !old_urls.contains(&url(server))) {
            let what = format!("the server `{}` was added", url(server));
            let site = Site::added(server, site.parent);
            self.change(Kind::ServerAdded, &site, what).report();
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
        // The first server is the default, so inserting one before it also changes the order.
        let is_first_kept = old_urls.first().is_some_and(|first| new_urls.contains(first));
        let is_moved = is_first_kept && old_urls.first() != new_urls.first();
        if is_moved || kept(&old_urls, &new_urls) != kept(&new_urls, &old_urls) {
            let what = format!("the order of servers changed: {addresses}");
            self.change(Kind::ServerOrderChanged, site, what)
                .covers_subtree(false)
                .report();
        }
    }

    fn server(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let (before, after) = (ServerUrl::of(old), ServerUrl::of(new));
        let kind = if before.default != after.default || !after.covers(&before) {
            Kind::ServerVariablesChanged
        } else if before.covers(&after) {
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

/// Returns the distinct URLs, in their order.
fn unique<'a>(urls: &[&'a str]) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    urls.iter().copied().filter(|url| seen.insert(*url)).collect()
}
