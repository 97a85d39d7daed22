//! Cargo features that gate generated items.

use std::collections::BTreeSet;

use crate::transform::Tag;

/// Condition under which an item is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeatureSet {
    /// Always.
    Always,
    /// With any of these features.
    AnyOf(BTreeSet<String>),
}

impl FeatureSet {
    /// Returns the condition of a tag.
    #[must_use]
    pub fn of(tag: &Tag) -> Self {
        match &tag.feature {
            None => Self::Always,
            Some(feature) => Self::AnyOf(BTreeSet::from([feature.clone()])),
        }
    }

    /// Returns the condition of an item that is needed under any of several conditions. An item without
    /// conditions is always compiled.
    #[must_use]
    pub fn union<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut union = BTreeSet::new();
        for set in sets {
            match set {
                Self::Always => return Self::Always,
                Self::AnyOf(features) => union.extend(features.iter().cloned()),
            }
        }
        if union.is_empty() {
            Self::Always
        } else {
            Self::AnyOf(union)
        }
    }
}
