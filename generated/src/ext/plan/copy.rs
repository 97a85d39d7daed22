//! Plans that copy assets under new IDs.

use super::ChangePlan;
use super::difference;
use super::error::PlanError;
use super::make::{creatable, groups_of, keep_valid};
use crate::ext::snapshot::{Asset, AssetKey, Snapshot};
use crate::ext::{AssetGroup, AssetStatus};
use crate::values::id;
use crate::{Client, Error};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Builder of a plan that copies assets. See [`ChangePlan::copy`].
#[derive(Clone, Debug)]
#[must_use = "a plan is made by `plan`"]
pub struct Copying<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) groups: Vec<String>,
    pub(super) only: Option<BTreeSet<AssetKey>>,
}

impl Copying<'_> {
    /// Sets the groups whose assets are copied. Default: all groups of the snapshot.
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// Copies only these assets. Default: all assets of the groups.
    pub fn only(mut self, keys: impl IntoIterator<Item = AssetKey>) -> Self {
        self.only = Some(keys.into_iter().collect());
        self
    }

    /// Makes the plan for the account of the client. This account need not be the account of the snapshot.
    /// Sends nothing.
    ///
    /// # Errors
    /// Returns an error if a file of the snapshot cannot be read, or if a group is not in the snapshot. Also
    /// returns an error if no ID can be generated because the clock of this machine is wrong. Assets that
    /// cannot be created are not errors; the notes of the plan list them.
    pub async fn plan(self, client: &Client) -> Result<ChangePlan, PlanError> {
        let groups = groups_of(self.snapshot, &self.groups)?;
        let mut assets: Vec<(AssetGroup, Asset)> = Vec::new();
        for key in self.snapshot.keys() {
            let is_wanted = self.only.as_ref().is_none_or(|only| only.contains(key));
            let group = groups.iter().find(|group| is_wanted && group.name() == key.group);
            let Some(group) = group else { continue };
            let Some(asset) = self.snapshot.asset(key)? else {
                continue;
            };
            if group.summary(&asset.value).status != AssetStatus::Deleted {
                assets.push((*group, asset));
            }
        }
        let mut new_ids: BTreeMap<String, String> = BTreeMap::new();
        for (_, asset) in &assets {
            new_ids.insert(asset.key.id.clone(), id::generate().map_err(Error::from)?);
        }
        let mut notes = Vec::new();
        let mut entries = Vec::with_capacity(assets.len());
        for (group, asset) in assets {
            let (mut value, more) = creatable(group, &asset.key, &asset.value);
            notes.extend(more);
            rewrite(&mut value, &new_ids);
            let key = AssetKey::new(
                group.name(),
                new_ids.get(&asset.key.id).cloned().unwrap_or_default(),
            );
            keep_valid(difference::create(group, &key, value), &mut entries, &mut notes);
        }
        let path = self.snapshot.path().display();
        let made_by = format!("copy {} assets from {path} under new IDs", entries.len());
        Ok(ChangePlan::new(client, made_by, notes, entries).await?)
    }
}

/// Replaces each string that equals an old ID with the corresponding new ID.
fn rewrite(value: &mut Value, new_ids: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(new) = new_ids.get(text) {
                new.clone_into(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, new_ids)),
        Value::Object(members) => members.values_mut().for_each(|member| rewrite(member, new_ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
