//! What a document says of itself: title, version, tags and servers.

use std::collections::HashSet;

use serde_json::Value;

use super::{Spot, Walk, before_after, keys, normative_words::obligations, quote, same, subject};
use crate::{Direction, node::Node, rules, unclassified};

/// Puts the group of a tag behind a feature.
const UNDOCUMENTED: &str = "x-undocumented";

impl<'a> Walk<'a> {
    pub(super) fn info(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
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

    pub(super) fn tags(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
        if same(old, new) {
            return;
        }
        let list = |node: Option<&Node<'a>>| -> Vec<Node<'a>> {
            node.map(|node| node.entries(|tag| unclassified::name(tag).unwrap_or_default()))
                .unwrap_or_default()
        };
        let (before, after) = (list(old), list(new));
        // The tags of which the words have been told.
        let mut binding = HashSet::new();
        for tag in &after {
            let named = |other: &&Node<'a>| other.str("name") == tag.str("name");
            let Some(other) = before.iter().find(named) else {
                continue;
            };
            let (before, after) = (other.get("description"), tag.get("description"));
            let words = obligations(before.as_ref(), after.as_ref());
            if !words.is_empty() {
                let spot = Spot::between(before.as_ref(), after.as_ref(), tag);
                let what = format!(
                    "description of the tag {}, with {}, {}",
                    tag.value.get("name").map(quote).unwrap_or_default(),
                    words.join(", "),
                    before_after(spot.old, spot.new)
                );
                self.note(&rules::DESCRIPTION_OBLIGATION, &spot, what);
                binding.insert(tag.str("name"));
            }
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
                let is_told = binding.contains(&tag.str("name"));
                let mut tag = tag.value.clone();
                if let Some(members) = tag.as_object_mut() {
                    members.shift_remove(UNDOCUMENTED);
                    if is_told {
                        members.shift_remove("description");
                    }
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

    /// `around`: what applies where a side says nothing itself.
    pub(super) fn servers(&mut self, spot: &Spot<'_, 'a>, around: [Option<Node<'a>>; 2]) {
        let &Spot { old, new, parent } = spot;
        if same(old, new) {
            return;
        }
        let [old_around, new_around] = around;
        let both = [(old, &old_around), (new, &new_around)];
        let both = both.map(|(own, around)| own.or(around.as_ref()));
        if both.into_iter().flatten().any(|list| !list.value.is_array()) {
            return self.unknown(old, new);
        }
        let list = |node: Option<&Node<'a>>| -> Vec<Node<'a>> {
            node.map(|node| node.entries(|entry| unclassified::name(entry).unwrap_or_default()))
                .unwrap_or_default()
        };
        let url = |node: &Node<'a>| node.str("url").unwrap_or_default();
        // Without any server it is the address of the document.
        let urls = |servers: &[Node<'a>]| match servers {
            [] => vec!["/"],
            servers => servers.iter().map(url).collect::<Vec<_>>(),
        };
        let [before, after] = both.map(list);
        let [former, current] = [urls(&before), urls(&after)];
        for server in &after {
            if let Some(other) = before.iter().find(|other| url(other) == url(server)) {
                self.server(other, server);
            }
        }
        if before.is_empty() || after.is_empty() || old.is_none() || new.is_none() {
            let rule = if former == current {
                &rules::NOTATION_CHANGED
            } else if !former.iter().all(|url| current.contains(url)) {
                &rules::SERVERS_REPLACED
            } else if former.first() == current.first() {
                &rules::SERVER_ADDED
            } else {
                &rules::SERVER_ORDER
            };
            let what = format!(
                "`servers` of {} {}; where calls go: {} → {}",
                subject(parent),
                match (old, new) {
                    (None, _) => "were added",
                    (_, None) => "were removed",
                    _ => "changed",
                },
                former.join(", "),
                current.join(", ")
            );
            self.note(rule, spot, what);
            return;
        }
        for server in before.iter().filter(|server| !current.contains(&url(server))) {
            let what = format!("the server `{}` was removed", url(server));
            self.note(&rules::SERVER_REMOVED, &Spot::removed(server, parent), what);
        }
        for server in after.iter().filter(|server| !former.contains(&url(server))) {
            let what = format!("the server `{}` was added", url(server));
            self.note(&rules::SERVER_ADDED, &Spot::added(server, parent), what);
        }
        let kept = |one: &[&'a str], other: &[&'a str]| -> Vec<&'a str> {
            one.iter().filter(|url| other.contains(url)).copied().collect()
        };
        // The first one is the default, so one more before it is another order, too.
        let is_first_kept = former.first().is_some_and(|first| current.contains(first));
        let is_moved = is_first_kept && former.first() != current.first();
        if is_moved || kept(&former, &current) != kept(&current, &former) {
            let what = format!(
                "servers are in another order: {} → {}",
                former.join(", "),
                current.join(", ")
            );
            self.note(&rules::SERVER_ORDER, spot, what).subtree = false;
        }
    }

    fn server(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            if key == "variables" {
                if !same(spot.old, spot.new) {
                    let what = format!(
                        "variables of the server `{}` {}",
                        new.str("url").unwrap_or_default(),
                        before_after(spot.old, spot.new)
                    );
                    self.note(&rules::SERVER_VARIABLES, &spot, what);
                }
            } else if !self.annotation(key, spot.old, spot.new, new, Direction::None) {
                self.unknown(spot.old, spot.new);
            }
        }
    }
}
