//! Differences between parts, with all references followed, each as one change.

use crate::{comparer::Comparer, site::Site, wording::subject};

/// A difference as a sentence, and a text that distinguishes it from other differences at the same place.
pub(crate) struct DeepDifference {
    pub what: String,
    pub value: String,
}

impl<'a> Comparer<'a> {
    /// Compares the old and new values of a keyword, following references; `None` if they are equal.
    pub(crate) fn deep_difference(&mut self, keyword: &str, site: &Site<'_, 'a>) -> Option<DeepDifference> {
        let Some((old, new)) = site.both() else {
            let what = site.describe(keyword);
            return site.values().next().map(|_| DeepDifference {
                what,
                value: site.value(),
            });
        };
        let equality = &mut self.equality;
        if equality.holds(old.value, new.value) {
            return None;
        }
        let what = if site.is_unchanged() {
            format!("a schema used in `{keyword}` of {} changed", subject(site.parent))
        } else {
            site.describe(keyword)
        };
        let value = equality.digests(old, new);
        Some(DeepDifference { what, value })
    }
}
