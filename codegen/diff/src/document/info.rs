//! The document's information about itself: `info` and `tags`.

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, entry_name},
    normative_words,
    part_names::quote,
    rules::ChangeKind as Kind,
    site::Site,
};

/// Marks a tag whose operations the vendor does not document.
const UNDOCUMENTED: &str = "x-undocumented";

impl<'a> Comparer<'a> {
    pub(crate) fn info(&mut self, site: &Site<'_, 'a>) {
        let Some((old, new)) = site.both() else {
            let what = format!("`info` {}", site.before_after());
            return self.change(Kind::InfoChanged, site, what).report();
        };
        for (key, site) in Site::members(old, new) {
            match key {
                _ if site.is_unchanged() => {}
                "title" | "version" | "termsOfService" | "contact" | "license" => {
                    let what = format!("`info.{key}` {}", site.before_after());
                    self.change(Kind::InfoChanged, &site, what).report();
                }
                _ => self.annotation_or_unclassified(key, &site, Direction::None),
            }
        }
    }

    pub(crate) fn tags(&mut self, site: &Site<'_, 'a>) {
        if site.is_unchanged() {
            return;
        }
        let [before, after] = site.entries(|tag| entry_name(tag).unwrap_or_default());
        // Tags whose description is reported.
        let mut described = HashSet::new();
        for tag in &after {
            let Some(other) = before.iter().find(|other| other.str("name") == tag.str("name")) else {
                continue;
            };
            let name = tag.value.get("name").map(quote).unwrap_or_default();
            let description = Site::member("description", other, tag);
            let words = normative_words::differences(&description);
            if !words.is_empty() {
                let [words, difference] = [words.join(", "), description.before_after()];
                let what = format!("description of the tag {name}, with {words}, {difference}");
                self.report(Kind::NormativeWordsChanged, &description, what, Direction::None);
                described.insert(tag.str("name"));
            }
            let mark = Site::member(UNDOCUMENTED, other, tag);
            if !mark.is_unchanged() {
                let what = format!("{UNDOCUMENTED} of the tag {name} {}", mark.before_after());
                self.change(Kind::ExtensionChanged, &mark, what)
                    .covers_subtree(false)
                    .report();
            }
        }
        let rest = |tags: &[Node<'a>]| -> Vec<Value> {
            let tags = tags.iter().map(|tag| {
                let is_described = described.contains(&tag.str("name"));
                let mut tag = tag.value.clone();
                if let Some(members) = tag.as_object_mut() {
                    members.retain(|key, _| key != UNDOCUMENTED && !(is_described && key == "description"));
                }
                tag
            });
            tags.collect()
        };
        if site.both().is_none() || rest(&before) != rest(&after) {
            let what = format!("the list of tags {}", site.before_after());
            self.change(Kind::TagDescriptionChanged, site, what).report();
        }
    }
}
