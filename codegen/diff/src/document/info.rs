//! Compares the document's information about itself: `info` and `tags`.

use crate::{
    comparer::Comparer, level::Direction, node::entry_name, normative_words, part_names::quote,
    rules::ChangeKind as Kind, site::Site,
};

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
                _ => self.other_member(key, &site, Direction::None),
            }
        }
    }

    pub(crate) fn tags(&mut self, site: &Site<'_, 'a>) {
        if site.is_unchanged() {
            return;
        }
        let [before, after] = site.entries(|tag| entry_name(tag).unwrap_or_default());
        let [old_names, new_names] =
            [&before, &after].map(|tags| tags.iter().map(|tag| tag.str("name")).collect::<Vec<_>>());
        let mut is_list_changed = site.both().is_none() || old_names != new_names;
        for tag in &after {
            let Some(other) = before.iter().find(|other| other.str("name") == tag.str("name")) else {
                continue;
            };
            let name = tag.value.get("name").map(quote).unwrap_or_default();
            for (key, site) in Site::members(other, tag).filter(|(_, site)| !site.is_unchanged()) {
                let difference = site.before_after();
                let words = normative_words::differences(&site).join(", ");
                match key {
                    "description" if !words.is_empty() => {
                        let what = format!("description of the tag {name}, with {words}, {difference}");
                        self.change(Kind::NormativeWordsChanged, &site, what).report();
                    }
                    _ if key.starts_with("x-") => {
                        let what = format!("{key} of the tag {name} {difference}");
                        self.change(Kind::ExtensionChanged, &site, what).report();
                    }
                    _ => is_list_changed = true,
                }
            }
        }
        if is_list_changed {
            let what = format!("the list of tags {}", site.before_after());
            self.change(Kind::TagDescriptionChanged, site, what).report();
        }
    }
}
