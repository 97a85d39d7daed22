//! What the service calls: webhooks and callbacks. They are no calls to the service and nothing is generated from them, so each
//! is told as one change, with all that it refers to.

use super::{Spot, Walk, keys};
use crate::{Direction, node::Node, rules};
use serde_json::Value;

impl<'a> Walk<'a> {
    pub(super) fn webhooks(&mut self, spot: &Spot<'_, 'a>) {
        let is_strange = |node: Option<&Node<'a>>| node.is_some_and(|node| !node.value.is_object());
        if is_strange(spot.old) || is_strange(spot.new) {
            self.annotation("x-webhooks", spot.old, spot.new, spot.parent, Direction::None);
            return;
        }
        let nothing = Node {
            value: &Value::Null,
            ..spot.parent.clone()
        };
        let (old, new) = (spot.old.unwrap_or(&nothing), spot.new.unwrap_or(&nothing));
        for name in keys(old, new) {
            let (before, after) = (old.get(name), new.get(name));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            let (rule, what) = match (&before, &after) {
                (None, _) => (&rules::WEBHOOK_ADDED, "was added"),
                (_, None) => (&rules::WEBHOOK_REMOVED, "was removed"),
                _ => (&rules::WEBHOOK_CHANGED, "changed"),
            };
            if let Some(found) = self.as_one(name, &spot, rule) {
                found.what = format!("the webhook `{name}` {what}");
            }
        }
    }

    pub(super) fn callbacks(&mut self, spot: &Spot<'_, 'a>) {
        self.as_one("callbacks", spot, &rules::CALLBACKS_CHANGED);
    }
}
