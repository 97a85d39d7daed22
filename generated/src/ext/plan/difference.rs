//! Comparison of an asset with the state that the asset should have.

use super::entry::{Action, PlanEntry, STATUS};
use super::note::{PlanNote, PlanNoteKind};
pub(super) use crate::ext::snapshot::managed_pointers as managed;
use crate::ext::snapshot::{AssetKey, Changes, Fingerprint, ValueChange, pointer};
use crate::ext::{AssetGroup, AssetStatus, ServerBehavior};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the fingerprint of an asset. Fields that the service manages do not affect the fingerprint.
pub(super) fn fingerprint(group: AssetGroup, asset: &Value) -> Fingerprint {
    Fingerprint::of(asset, managed(group))
}

/// Returns the status that a value of the field `status` represents. An absent value represents the status
/// active (documented default).
pub(super) fn status_of(value: Option<&Value>) -> AssetStatus {
    match value.and_then(Value::as_str) {
        None | Some("" | "active") => AssetStatus::Active,
        Some("archived") => AssetStatus::Archived,
        Some("deleted") => AssetStatus::Deleted,
        Some(other) => AssetStatus::Other(other.to_owned()),
    }
}

/// Returns true if two values are equal. An absent value equals an empty value, because the service may
/// either omit an unset value, or show it as empty.
pub(super) fn same(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let names = left.keys().chain(right.keys());
            let mut names = names.filter(|name| !same(left.get(*name), right.get(*name)));
            names.next().is_none()
        }
        (Some(left), Some(right)) if left == right => true,
        (left, right) => left.is_none_or(is_empty) && right.is_none_or(is_empty),
    }
}

/// Returns true if two values of the property at `path` are the same. An absent status counts as `active`,
/// the documented default.
pub(super) fn same_at(path: &str, left: Option<&Value>, right: Option<&Value>) -> bool {
    if path == STATUS {
        return status_of(left) == status_of(right);
    }
    same(left, right)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the entry that changes the asset `current` into the asset `wanted`, if the two differ. Also
/// returns notes on differences that no plan can remove.
pub(super) fn change(
    group: AssetGroup,
    key: &AssetKey,
    current: &Value,
    wanted: &Value,
) -> (Option<PlanEntry>, Vec<PlanNote>) {
    let (changes, _) = Changes::between_except(current, wanted, &managed(group));
    let mut notes = Vec::new();
    let wanted_changes = changes.iter().filter(|change| {
        if let Some(secret) = secret_at(group, &change.path) {
            let rest =
                format!(": the secret at {secret} differs, and a snapshot has no secrets; set it by hand");
            notes.push(PlanNote::on(key, PlanNoteKind::Secret, rest));
            return false;
        }
        !same_at(&change.path, change.old.as_ref(), change.new.as_ref())
    });
    let changes: Vec<ValueChange> = wanted_changes.cloned().collect();
    notes.dedup();
    (entry(group, key, current, changes), notes)
}

/// Returns the JSON pointer of a secret if `path` leads to the secret, or to the flag that shows whether the
/// secret is stored.
fn secret_at(group: AssetGroup, path: &str) -> Option<&'static str> {
    let mut managed = group.server_managed().iter();
    managed.find_map(|(pointer, behavior)| match behavior {
        ServerBehavior::Secret { flag } if path == *pointer || path == *flag => Some(*pointer),
        _ => None,
    })
}

/// Returns the entry that makes these changes to an asset; `None` if there are no changes.
pub(super) fn entry(
    group: AssetGroup,
    key: &AssetKey,
    current: &Value,
    changes: Vec<ValueChange>,
) -> Option<PlanEntry> {
    if changes.is_empty() {
        return None;
    }
    // This does not fail, because no path of a comparison leads into the value at another path.
    let changes = Changes::new(changes).ok()?;
    Some(PlanEntry {
        key: key.clone(),
        name: group.name_of(current).map(str::to_owned),
        was: Some(fingerprint(group, current)),
        action: Action::Change(changes),
    })
}

/// Returns the entry that creates an asset.
pub(super) fn create(group: AssetGroup, key: &AssetKey, asset: Value) -> PlanEntry {
    PlanEntry {
        key: key.clone(),
        name: group.name_of(&asset).map(str::to_owned),
        was: None,
        action: Action::Create(asset),
    }
}

/// Returns the entry that deletes an asset.
pub(super) fn delete(group: AssetGroup, key: &AssetKey, current: &Value) -> PlanEntry {
    PlanEntry {
        key: key.clone(),
        name: group.name_of(current).map(str::to_owned),
        was: Some(fingerprint(group, current)),
        action: Action::Delete,
    }
}

/// Returns the items of `targets` whose IDs occur in `value`. The keys of `targets` are IDs. An ID occurs as
/// a whole string, or as the name of a member.
pub(super) fn named<'t, T>(value: &Value, targets: &'t BTreeMap<&str, T>) -> Vec<&'t T> {
    let mut named = Vec::new();
    pointer::visit_strings(value, &mut |_, text, _| named.extend(targets.get(text)));
    named
}

/// Orders assets in levels by their references, and returns the indices of the assets in each level. An asset
/// is in a later level than the assets whose IDs it contains. If assets contain each other's IDs in a circle,
/// they share the last level with the assets that depend on them.
pub(super) fn levels(assets: &[(&AssetKey, &Value)]) -> Vec<Vec<usize>> {
    let by_id: BTreeMap<&str, usize> = assets
        .iter()
        .enumerate()
        .map(|(index, (key, _))| (key.id.as_str(), index))
        .collect();
    let mut open: BTreeMap<usize, Vec<usize>> = assets
        .iter()
        .enumerate()
        .map(|(index, (_, value))| {
            let targets = named(value, &by_id).into_iter().copied();
            (index, targets.filter(|target| *target != index).collect())
        })
        .collect();
    let mut levels = Vec::new();
    while !open.is_empty() {
        let mut level: Vec<usize> = open
            .iter()
            .filter(|(_, targets)| !targets.iter().any(|target| open.contains_key(target)))
            .map(|(index, _)| *index)
            .collect();
        if level.is_empty() {
            level = open.keys().copied().collect();
        }
        let taken: BTreeSet<usize> = level.iter().copied().collect();
        open.retain(|index, _| !taken.contains(index));
        levels.push(level);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn absent_and_empty_values_are_the_same() {
        assert!(same(None, Some(&json!(""))) && same(Some(&json!([])), None));
        assert!(same(Some(&json!({"a": null})), Some(&json!({}))));
        assert!(!same(None, Some(&json!(false))) && !same(Some(&json!("")), Some(&json!(0))));
        assert!(!same(Some(&json!([1])), Some(&json!([2]))));
    }

    #[test]
    fn assets_come_after_those_that_they_name() {
        let keys: Vec<AssetKey> = ["a", "b", "c", "d", "e"]
            .map(|id| AssetKey::new("pages", id))
            .to_vec();
        let values = [
            json!({"id": "a", "needs": ["b", {"deep": "c"}]}),
            json!({"id": "b", "needs": "c"}),
            json!({"id": "c"}),
            json!({"needs": "e"}),
            json!({"needs": "d"}),
        ];
        let assets: Vec<(&AssetKey, &Value)> = keys.iter().zip(&values).collect();
        assert_eq!(levels(&assets), [vec![2], vec![1], vec![0], vec![3, 4]]);
    }
}
