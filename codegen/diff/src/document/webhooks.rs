//! Requests that the service sends: webhooks and callbacks. Each is compared as a whole, with references
//! followed.

use crate::{comparer::Comparer, level::Direction, rules::ChangeKind as Kind, site::Site};

impl<'a> Comparer<'a> {
    pub(crate) fn webhooks(&mut self, site: &Site<'_, 'a>) {
        if site.values().any(|node| !node.value.is_object()) {
            self.annotation("x-webhooks", site, Direction::None);
            return;
        }
        for (name, site) in site.contents() {
            let kind = site.pick([Kind::WebhookAdded, Kind::WebhookRemoved, Kind::WebhookChanged]);
            if let Some(difference) = self.equality.difference(name, &site) {
                let what = format!("the webhook `{name}` {}", site.verb());
                self.change(kind, &site, what).value(difference.value).report();
            }
        }
    }

    pub(crate) fn callbacks(&mut self, site: &Site<'_, 'a>) {
        if let Some(difference) = self.equality.difference("callbacks", site) {
            self.change(Kind::CallbacksChanged, site, difference.what)
                .value(difference.value)
                .report();
        }
    }
}
