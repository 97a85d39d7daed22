//! Compares requests that the service sends (webhooks and callbacks), and links. Each is compared as a whole,
//! with references followed.

use crate::{
    comparer::Comparer, deep_difference::DifferentPart, level::Direction, node::canonical,
    part_names::subject, rules::ChangeKind as Kind, site::Site,
};

impl<'a> Comparer<'a> {
    pub(crate) fn webhooks(&mut self, site: &Site<'_, 'a>) {
        if site.values().any(|node| !node.value.is_object()) {
            self.annotation("x-webhooks", site, Direction::None);
            return;
        }
        for (name, site) in site.contents() {
            let kind = site.pick([Kind::WebhookAdded, Kind::WebhookRemoved, Kind::WebhookChanged]);
            self.as_whole(&format!("the webhook `{name}`"), kind, &site, site.verb());
        }
    }

    /// Compares the callbacks of an operation.
    pub(crate) fn callbacks(&mut self, site: &Site<'_, 'a>) {
        let operation = subject(site.parent);
        let name = format!("`callbacks` of {operation}");
        let pairs = site.paired(|_, _, callback| Some(canonical(callback.value)));
        let is_renamed = |[old_name, name]: &[&str; 2]| old_name != name;
        let has_changes = pairs.iter().any(|(_, pair)| !pair.is_unchanged());
        if has_changes || !pairs.iter().any(|(names, _)| is_renamed(names)) {
            return self.as_whole(&name, Kind::CallbacksChanged, site, &site.before_after());
        }
        for (names, pair) in &pairs {
            if is_renamed(names) {
                let [old_name, name] = names;
                let what = format!("the callback `{old_name}` of {operation} was renamed to `{name}`");
                self.change(Kind::NotationChanged, pair, what).report();
            }
            self.as_whole(&name, Kind::CallbacksChanged, pair, pair.verb());
        }
    }

    /// Compares the values of `site` as a whole, with references followed. All differences form one change.
    pub(crate) fn as_whole(&mut self, name: &str, kind: Kind, site: &Site<'_, 'a>, difference: &str) {
        if site.is_empty_on_one_side() {
            return self.unclassified(site);
        }
        let (kind, what, value) = match self.equality.difference(name, site) {
            Some(deep) if deep.part == DifferentPart::Documentation => {
                let what = format!("the documentation of {name} changed");
                (Kind::DescriptionChanged, what, deep.value)
            }
            Some(deep) if deep.part == DifferentPart::Unsent => {
                let what = format!("a part of {name} that is never sent changed");
                (Kind::ExtensionChanged, what, deep.value)
            }
            Some(deep) if site.is_unchanged() => {
                (kind, format!("a part that {name} refers to changed"), deep.value)
            }
            Some(deep) => (kind, format!("{name} {difference}"), deep.value),
            None if site.is_unchanged() => return,
            None => {
                let what = format!("{name} is written differently");
                (Kind::NotationChanged, what, site.value())
            }
        };
        self.change(kind, site, what).value(value).report();
    }
}
