//! Reads the assets of an account.

use super::error::{PlanError, PlanProblem};
use super::note::{PlanNote, PlanNoteKind};
use crate::ext::asset_group::GroupReader;
use crate::ext::snapshot::AssetKey;
use crate::ext::{AssetGroup, AssetStatus, FoundAsset};
use crate::{Client, Error};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Assets of the chosen groups, as the service shows them.
#[derive(Debug, Default)]
pub(super) struct AccountAssets {
    /// Assets that are not deleted.
    pub(super) assets: BTreeMap<AssetKey, Value>,
    /// Assets that are deleted.
    pub(super) deleted: BTreeSet<AssetKey>,
    /// Assets that could not be read.
    pub(super) unread: BTreeSet<AssetKey>,
    /// Notes on the assets that could not be read.
    pub(super) notes: Vec<PlanNote>,
}

/// Returns the groups with these names. Without names, returns all groups whose assets can be saved.
pub(super) fn groups(names: &[String]) -> Result<Vec<AssetGroup>, PlanError> {
    if names.is_empty() {
        let all = AssetGroup::all().iter().copied();
        return Ok(all.filter(|group| group.abilities().save).collect());
    }
    let group = |name: &String| {
        let unknown = || PlanError::new(PlanProblem::UnknownGroup(name.clone()));
        AssetGroup::named(name).ok_or_else(unknown)
    };
    let mut groups: Vec<AssetGroup> = Vec::new();
    for name in names {
        let group = group(name)?;
        if !group.abilities().find {
            return Err(PlanError::new(PlanProblem::Unable(group.plural(), "found by ID")));
        }
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    Ok(groups)
}

impl AccountAssets {
    /// Reads all assets of `groups`: the assets that the service lists, and the assets whose keys are in
    /// `more`. If a single asset cannot be read, the error becomes a note.
    ///
    /// # Errors
    /// Returns an error if a request that lists assets fails.
    pub(super) async fn read(
        client: &Client,
        groups: &[AssetGroup],
        more: impl IntoIterator<Item = &AssetKey>,
    ) -> Result<Self, Error> {
        let mut read = Self::default();
        let mut keys: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for key in more {
            keys.entry(key.group.as_str()).or_default().insert(key.id.clone());
        }
        for group in groups {
            let mut listed = BTreeSet::new();
            let reader = GroupReader::for_job(*group, client, 1);
            if group.abilities().list {
                let rows = reader.list().await?;
                let unlisted = rows.iter().filter(|row| group.id(row).is_none()).count();
                if unlisted > 0 {
                    let plural = group.plural();
                    let text = format!("{unlisted} {plural} are listed without an ID, and not read");
                    read.notes.push(PlanNote::general(PlanNoteKind::Unreadable, text));
                }
                listed.extend(rows.iter().filter_map(|row| group.id(row).map(Cow::into_owned)));
            } else {
                let plural = group.plural();
                let text = format!("{plural} cannot be listed, so only those with known IDs are read");
                read.notes.push(PlanNote::general(PlanNoteKind::Unreadable, text));
            }
            let mut ids = listed.clone();
            ids.extend(keys.remove(group.name()).unwrap_or_default());
            read.find(&reader, ids, &listed).await;
        }
        Ok(read)
    }

    /// Reads the assets with these IDs. An asset that is listed but not found by its ID counts as deleted.
    pub(super) async fn find(
        &mut self,
        reader: &GroupReader,
        ids: BTreeSet<String>,
        listed: &BTreeSet<String>,
    ) {
        let group = reader.group();
        let ids: Vec<String> = ids.into_iter().collect();
        let found = reader.find(&ids).await;
        for (id, found) in ids.into_iter().zip(found) {
            let is_listed = listed.contains(&id);
            let key = AssetKey::new(group.name(), id);
            match found {
                FoundAsset::Found(asset) if group.summary(&asset).status == AssetStatus::Deleted => {
                    self.deleted.insert(key);
                }
                FoundAsset::Found(asset) => drop(self.assets.insert(key, asset)),
                FoundAsset::Missing if is_listed => drop(self.deleted.insert(key)),
                FoundAsset::Missing => {}
                FoundAsset::Unreadable(failure) => {
                    self.notes.push(PlanNote::unreadable(&key, &failure));
                    self.unread.insert(key);
                }
            }
        }
    }
}
