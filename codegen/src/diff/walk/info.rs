//! What a document says of itself: title, version, tags and servers.

use serde_json::Value;

use super::{Spot, Walk, before_after, keys, quote, same};
use crate::diff::{Direction, node::Node, rules, structure};

/// Puts the group of a tag behind a feature.
const UNDOCUMENTED: &str = "x-undocumented";

impl<'a> Walk<'a> {
    pub(super) fn info(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
    ) {
        let (Some(old), Some(new)) = (old, new) else {
            if !same(old, new) {
                let what = "`info` was added or removed".to_owned();
                self.note(&rules::INFO_CHANGED, &Spot { old, new, parent }, what);
            }
            return;
        };
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            if same(before.as_ref(), after.as_ref()) {
                continue;
            }
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            let known = ["title", "version", "termsOfService", "contact", "license"].contains(&key);
            if known {
                let what = format!("`info.{key}` {}", before_after(spot.old, spot.new));
                self.note(&rules::INFO_CHANGED, &spot, what);
            } else if !self.annotation(key, spot.old, spot.new, new, Direction::None) {
                self.unknown(spot.old, spot.new);
            }
        }
    }

    pub(super) fn tags(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
    ) {
        if same(old, new) {
            return;
        }
        let list = |node: Option<&Node<'a>>| -> Vec<Node<'a>> {
            node.map(|node| node.entries(|tag| structure::name(tag).unwrap_or_default()))
                .unwrap_or_default()
        };
        let (before, after) = (list(old), list(new));
        for tag in &after {
            let named = |other: &&Node<'a>| other.str("name") == tag.str("name");
            let Some(other) = before.iter().find(named) else {
                continue;
            };
            let (before, after) = (other.get(UNDOCUMENTED), tag.get(UNDOCUMENTED));
            if !same(before.as_ref(), after.as_ref()) {
                let spot = Spot::between(before.as_ref(), after.as_ref(), tag);
                let what = format!(
                    "{UNDOCUMENTED} of the tag {} {}",
                    tag.value.get("name").map(quote).unwrap_or_default(),
                    before_after(spot.old, spot.new)
                );
                self.note(&rules::EXTENSION_CHANGED, &spot, what).subtree = false;
            }
        }
        let words = |tags: &[Node<'a>]| -> Vec<Value> {
            let tags = tags.iter().map(|tag| {
                let mut tag = tag.value.clone();
                if let Some(members) = tag.as_object_mut() {
                    members.shift_remove(UNDOCUMENTED);
                }
                tag
            });
            tags.collect()
        };
        if old.is_none() || new.is_none() || words(&before) != words(&after) {
            let what = format!("the list of tags {}", before_after(old, new));
            self.note(&rules::TAG_DESCRIPTION, &Spot { old, new, parent }, what);
        }
    }

    pub(super) fn servers(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
    ) {
        if same(old, new) {
            return;
        }
        let list = |node: Option<&Node<'a>>| -> Vec<Node<'a>> {
            node.map(|node| node.entries(|entry| structure::name(entry).unwrap_or_default()))
                .unwrap_or_default()
        };
        let (before, after) = (list(old), list(new));
        let url = |node: &Node<'a>| node.str("url").unwrap_or_default();
        for server in before
            .iter()
            .filter(|server| !after.iter().any(|other| url(other) == url(server)))
        {
            let what = format!("the server `{}` was removed", url(server));
            self.note(&rules::SERVER_REMOVED, &Spot::removed(server, parent), what);
        }
        for server in &after {
            let Some(other) = before.iter().find(|other| url(other) == url(server)) else {
                let what = format!("the server `{}` was added", url(server));
                self.note(&rules::SERVER_ADDED, &Spot::added(server, parent), what);
                continue;
            };
            for key in keys(other, server) {
                let (before, after) = (other.get(key), server.get(key));
                let spot = Spot::between(before.as_ref(), after.as_ref(), server);
                if key == "variables" {
                    if !same(spot.old, spot.new) {
                        let what = format!(
                            "variables of the server `{}` {}",
                            url(server),
                            before_after(spot.old, spot.new)
                        );
                        self.note(&rules::SERVER_VARIABLES, &spot, what);
                    }
                } else if !self.annotation(key, spot.old, spot.new, server, Direction::None) {
                    self.unknown(spot.old, spot.new);
                }
            }
        }
        let kept: Vec<&str> = before
            .iter()
            .map(url)
            .filter(|one| after.iter().any(|other| url(other) == *one))
            .collect();
        let order: Vec<&str> = after
            .iter()
            .map(url)
            .filter(|one| kept.contains(one))
            .collect();
        if kept != order {
            let what = format!(
                "servers are in another order: {} → {}",
                kept.join(", "),
                order.join(", ")
            );
            self.note(&rules::SERVER_ORDER, &Spot { old, new, parent }, what)
                .subtree = false;
        }
    }
}
