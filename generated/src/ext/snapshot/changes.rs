//! Differences between two JSON values.

use super::pointer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Differences between two JSON values, by JSON pointer.
///
/// Objects are compared member by member. Arrays of the same length are compared element by element. If the
/// lengths differ, the whole array is one change, so no change inserts or removes array elements. No change
/// is inside the value of another change, so changes can be applied in any order.
///
/// ```
/// use funnelflux::{ext::snapshot::Changes, serde_json::json};
///
/// let old = json!({"name": "a", "params": {"id": "1"}, "tags": ["x"]});
/// let new = json!({"name": "a", "params": {"id": "2"}, "tags": ["x", "y"]});
/// let changes = Changes::between(&old, &new);
/// assert_eq!(changes.to_string(), "/params/id: \"1\" -> \"2\"\n/tags: [\"x\"] -> [\"x\",\"y\"]");
///
/// let mut value = old.clone();
/// changes.apply(&mut value)?;
/// assert_eq!(value, new);
/// changes.inverse().apply(&mut value)?;
/// assert_eq!(value, old);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ValueChange>", into = "Vec<ValueChange>")]
pub struct Changes(Vec<ValueChange>);

/// Change of the value at one path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueChange {
    /// JSON pointer (RFC 6901) of the value, such as `/offerParams/idOfferSource`.
    pub path: String,
    /// Value before the change; `None` if absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub old: Option<Value>,
    /// Value after the change; `None` if absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub new: Option<Value>,
}

/// Returns `Some` for a member that is present, even if its value is `null`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Changes {
    /// Compares two values.
    #[must_use]
    pub fn between(old: &Value, new: &Value) -> Self {
        let mut changes = Vec::new();
        compare(String::new(), old, new, &mut changes);
        Self(changes)
    }

    /// Compares two values. The service manages the members at the JSON pointers `managed`. The first result
    /// has the changes of all other members, and the second result has the changes of the managed members.
    #[must_use]
    pub fn between_except(old: &Value, new: &Value, managed: &[&str]) -> (Self, Self) {
        let strip = |value| pointer::without(value, managed.iter().copied());
        let changes = Self::between(&strip(old), &strip(new));
        let mut others = Self::between(old, new);
        others
            .0
            .retain(|change| changes.0.iter().all(|known| known.path != change.path));
        (changes, others)
    }

    /// Creates a list of changes.
    ///
    /// # Errors
    /// Returns an error if a path is not a JSON pointer, or if a change has neither an old nor a new value.
    /// Also returns an error if a path equals the path of another change, or leads into the value at that
    /// path.
    pub fn new(changes: Vec<ValueChange>) -> Result<Self, InvalidChanges> {
        let invalid = |path: &str, problem| {
            Err(InvalidChanges {
                path: path.to_owned(),
                problem,
            })
        };
        for change in &changes {
            if !pointer::is_valid(&change.path) {
                return invalid(&change.path, "it is not a JSON pointer");
            }
            if change.old.is_none() && change.new.is_none() {
                return invalid(&change.path, "the change has neither an old nor a new value");
            }
        }
        // In this order, a path stands directly before the paths that lead into it.
        let mut paths: Vec<Vec<&str>> = changes
            .iter()
            .map(|change| change.path.split('/').collect())
            .collect();
        paths.sort_unstable();
        for (outer, inner) in paths.iter().zip(paths.iter().skip(1)) {
            if inner.starts_with(outer) {
                return invalid(&inner.join("/"), "another change covers it");
            }
        }
        Ok(Self(changes))
    }

    /// Returns the changes. Changes from [`between`](Self::between) are in the order of the members of the
    /// old value. In each object, added members come last.
    pub fn iter(&self) -> std::slice::Iter<'_, ValueChange> {
        self.0.iter()
    }

    /// Returns true if there are no changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of changes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the changes that revert these changes.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let invert = |change: &ValueChange| ValueChange {
            path: change.path.clone(),
            old: change.new.clone(),
            new: change.old.clone(),
        };
        Self(self.0.iter().map(invert).collect())
    }

    /// Returns true if a change of `self` overlaps a change of `others`: the two have the same path, or one
    /// path leads into the value at the other path.
    #[must_use]
    pub fn overlaps(&self, others: &Self) -> bool {
        self.0.iter().any(|change| {
            others.0.iter().any(|other| {
                pointer::is_within(&change.path, &other.path) || pointer::is_within(&other.path, &change.path)
            })
        })
    }

    /// Returns the changes that do not fit a value. [`apply`](Self::apply) explains when a change does not
    /// fit.
    #[must_use]
    pub fn conflicts(&self, value: &Value) -> Vec<ChangeConflict> {
        let fits = |change: &ValueChange| {
            value.pointer(&change.path) == change.old.as_ref() && has_place(value, change)
        };
        let conflicts = self.0.iter().filter(|change| !fits(change));
        conflicts
            .map(|change| ChangeConflict {
                actual: value.pointer(&change.path).cloned(),
                change: change.clone(),
            })
            .collect()
    }

    /// Applies either all changes to a value, or none.
    ///
    /// # Errors
    /// Returns the first change that does not fit. A change fits only if the value at the path is the old
    /// value of the change. A change that adds a member fits only if the parent of the path is an object. A
    /// change that adds or removes an element of an array never fits.
    pub fn apply(&self, value: &mut Value) -> Result<(), Box<ChangeConflict>> {
        if let Some(conflict) = self.conflicts(value).into_iter().next() {
            return Err(Box::new(conflict));
        }
        for change in &self.0 {
            pointer::put(value, &change.path, change.new.clone());
        }
        Ok(())
    }
}

/// Returns true if `value` has a place for the change. Every existing value can be replaced, but only members
/// of an existing object can be added or removed.
fn has_place(value: &Value, change: &ValueChange) -> bool {
    let parent = change
        .path
        .rsplit_once('/')
        .and_then(|(parent, _)| value.pointer(parent));
    match parent {
        Some(Value::Object(_)) => true,
        _ => change.old.is_some() && change.new.is_some(),
    }
}

fn compare(path: String, old: &Value, new: &Value, changes: &mut Vec<ValueChange>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, old) in old {
                let path = pointer::join(&path, name);
                match new.get(name) {
                    Some(new) => compare(path, old, new, changes),
                    None => changes.push(ValueChange {
                        path,
                        old: Some(old.clone()),
                        new: None,
                    }),
                }
            }
            for (name, new) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                changes.push(ValueChange {
                    path: pointer::join(&path, name),
                    old: None,
                    new: Some(new.clone()),
                });
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(format!("{path}/{index}"), old, new, changes);
            }
        }
        (old, new) if old == new => {}
        (old, new) => changes.push(ValueChange {
            path,
            old: Some(old.clone()),
            new: Some(new.clone()),
        }),
    }
}

impl<'c> IntoIterator for &'c Changes {
    type Item = &'c ValueChange;
    type IntoIter = std::slice::Iter<'c, ValueChange>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl TryFrom<Vec<ValueChange>> for Changes {
    type Error = InvalidChanges;

    fn try_from(changes: Vec<ValueChange>) -> Result<Self, InvalidChanges> {
        Self::new(changes)
    }
}

impl From<Changes> for Vec<ValueChange> {
    fn from(changes: Changes) -> Self {
        changes.0
    }
}

impl fmt::Display for Changes {
    /// Writes one line per change.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, change) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            change.fmt(formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for ValueChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, old, new } = self;
        write!(
            formatter,
            "{}: {} -> {}",
            place(path),
            text(old.as_ref()),
            text(new.as_ref())
        )
    }
}

fn place(path: &str) -> &str {
    if path.is_empty() { "(whole asset)" } else { path }
}

fn text(value: Option<&Value>) -> String {
    value.map_or_else(|| "(absent)".to_owned(), Value::to_string)
}

/// Error of a list with invalid or overlapping changes.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change at {path:?} is invalid: {problem}")]
pub struct InvalidChanges {
    path: String,
    problem: &'static str,
}

crate::runtime::error::debug_as_display!(InvalidChanges);

/// A change that does not fit the value to which it should be applied.
#[derive(Clone, PartialEq, thiserror::Error)]
#[error(
    "{}: expected {}, actual {}; the change would make it {}",
    place(&.change.path), text(.change.old.as_ref()), text(.actual.as_ref()), text(.change.new.as_ref())
)]
pub struct ChangeConflict {
    /// The change.
    pub change: ValueChange,
    /// Actual value at the path of the change; `None` if absent.
    pub actual: Option<Value>,
}

crate::runtime::error::debug_as_display!(ChangeConflict);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-2_i32..3).prop_map(Value::from),
            "[a~/0-]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a~/0-]{0,2}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn applied_differences_give_the_new_value(old in value(), new in value()) {
            let changes = Changes::between(&old, &new);
            prop_assert_eq!(changes.is_empty(), old == new);
            let json = serde_json::to_string(&changes).unwrap_or_default();
            prop_assert_eq!(serde_json::from_str::<Changes>(&json).ok(), Some(changes.clone()));
            let mut actual = old.clone();
            prop_assert_eq!(changes.apply(&mut actual), Ok(()));
            prop_assert_eq!(&actual, &new);
            prop_assert_eq!(changes.inverse().apply(&mut actual), Ok(()));
            prop_assert_eq!(actual, old);
        }

        #[test]
        fn a_conflict_leaves_the_value_unchanged(old in value(), new in value(), other in value()) {
            let changes = Changes::between(&old, &new);
            let mut actual = other.clone();
            if changes.apply(&mut actual).is_err() {
                prop_assert_eq!(actual, other);
            } else {
                prop_assert!(Changes::between(&other, &actual).len() <= changes.len());
                prop_assert!(changes.inverse().conflicts(&actual).is_empty());
            }
        }
    }

    #[test]
    fn managed_fields_are_kept_apart() {
        let old = json!({"name": "a", "meta": {"v": 1}, "owner": "me"});
        let new = json!({"name": "b", "meta": {"v": 2}});
        let (changes, managed) = Changes::between_except(&old, &new, &["/meta", "/owner"]);
        assert_eq!(changes.to_string(), r#"/name: "a" -> "b""#);
        assert_eq!(managed.len(), 2);
        assert!(managed.iter().all(|change| change.path != "/name"));
    }

    #[test]
    fn lists_of_changes_do_not_contradict_themselves() {
        let change = |path: &str| ValueChange {
            path: path.to_owned(),
            old: Some(json!(1)),
            new: Some(json!(2)),
        };
        for (paths, problem) in [
            (&["/a", "/ab", "/b/c"][..], None),
            (
                &["/a", "/a-", "/a/b"],
                Some("\"/a/b\" is invalid: another change covers it"),
            ),
            (&["/a", "/a"], Some("another change covers it")),
            (&["", "/a"], Some("another change covers it")),
            (&["a"], Some("not a JSON pointer")),
            (&["/~2"], Some("not a JSON pointer")),
        ] {
            let made = Changes::new(paths.iter().map(|path| change(path)).collect());
            let error = made.err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(error.is_empty(), problem.is_none(), "{paths:?}: {error}");
            assert!(error.contains(problem.unwrap_or_default()), "{paths:?}: {error}");
        }
        assert!(serde_json::from_str::<Changes>(r#"[{"path": "/a"}]"#).is_err());
    }

    #[test]
    fn elements_of_arrays_are_neither_added_nor_removed() {
        for json in [r#"[{"path": "/0", "old": 1}]"#, r#"[{"path": "/1", "new": 1}]"#] {
            let changes: Changes = serde_json::from_str(json).unwrap_or_default();
            assert_eq!(changes.len(), 1);
            let mut value = json!([1]);
            assert!(changes.apply(&mut value).is_err(), "{json}");
            assert_eq!(value, json!([1]));
        }
    }
}
