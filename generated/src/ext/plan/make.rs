//! Makes plans that replace texts, set values, restore a snapshot, or copy the assets of a snapshot.

use super::account::{AccountAssets, groups};
use super::copy::Copying;
use super::difference;
use super::entry::{PlanEntry, STATUS};
use super::error::{PlanError, PlanProblem};
use super::note::{PlanNote, PlanNoteKind};
use super::{ChangePlan, file};
use crate::Client;
use crate::ext::snapshot::{AssetKey, Snapshot, ValueChange, pointer};
use crate::ext::{AssetGroup, AssetStatus, ServerBehavior};
use crate::values::id;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl ChangePlan {
    /// Begins a plan that replaces a text. In each asset, every string that equals `old` becomes `new`,
    /// including strings in fields that the crate does not know. If `old` and `new` are IDs of assets,
    /// references to the old asset thus become references to the new asset.
    ///
    /// The ID property of an asset and the fields that the service manages are never changed. Deleted assets
    /// stay unchanged. Longer strings that contain `old`, and names of members that contain or equal `old`,
    /// also stay unchanged. The [`notes`](Self::notes) of the plan list them.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::plan::{ChangePlan, PlanError}};
    ///
    /// async fn swap_offer(client: &Client) -> Result<(), PlanError> {
    ///     let plan = ChangePlan::replace("2nIemJxCKbFX", "2n5JuOKWLTzd");
    ///     println!("{}", plan.groups(["funnels"]).plan(client).await?);
    ///     Ok(())
    /// }
    /// ```
    pub fn replace(old: impl Into<String>, new: impl Into<String>) -> Replacing {
        let (old, new) = (Value::from(old.into()), Value::from(new.into()));
        Replacing::new(None, Some(old), Some(new))
    }

    /// Begins a plan that sets the value at one path in each asset. `None` removes the value.
    ///
    /// An asset is left out if it already has the value, or if it has no place for the value. A place exists
    /// if the parent of the path is an object, or if the path leads to an existing array element. An array
    /// element can be replaced, but not removed.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::plan::{ChangePlan, PlanError}, serde_json::json};
    ///
    /// async fn set_postback(client: &Client) -> Result<ChangePlan, PlanError> {
    ///     let plan = ChangePlan::set("/postbackTxId", Some(json!("{clickid}")));
    ///     plan.where_it_was(json!("txid")).groups(["offer-sources"]).plan(client).await
    /// }
    /// ```
    pub fn set(path: impl Into<String>, new: Option<Value>) -> Replacing {
        Replacing::new(Some(path.into()), None, new)
    }

    /// Begins a plan that restores the state of a snapshot. Assets that differ from the snapshot are changed
    /// back. Assets that are missing in the account are created under their old IDs, if these IDs have the
    /// current format.
    ///
    /// Secrets cannot be restored, because a snapshot does not contain them. Assets that were deleted from
    /// the account cannot be restored either, because the service does not accept their IDs again. The
    /// [`notes`](Self::notes) of the plan list these secrets and assets. The plan ignores fields that the
    /// service manages. Assets that are not in the snapshot stay unchanged, unless [`Restoring::others`] is
    /// set.
    pub fn restore(snapshot: &Snapshot) -> Restoring<'_> {
        Restoring {
            snapshot,
            groups: Vec::new(),
            others: AssetsNotInSnapshot::Leave,
        }
    }

    /// Begins a plan that copies assets of a snapshot into an account under new IDs (deep copy). Each string
    /// that equals the ID of a copied asset becomes the new ID, including strings in fields that the crate
    /// does not know.
    ///
    /// Deleted assets are not copied. Secrets are not in a snapshot, so the copies have none. The plan
    /// contains the new IDs, so applying the plan twice does not create further copies.
    pub fn copy(snapshot: &Snapshot) -> Copying<'_> {
        Copying {
            snapshot,
            groups: Vec::new(),
            only: None,
        }
    }
}

/// Builder of a plan that replaces values. See [`ChangePlan::replace`] and [`ChangePlan::set`].
#[derive(Clone, Debug)]
#[must_use = "a plan is made by `plan`"]
pub struct Replacing {
    path: Option<String>,
    old: Option<Value>,
    new: Option<Value>,
    groups: Vec<String>,
    ids: Option<BTreeSet<String>>,
}

impl Replacing {
    fn new(path: Option<String>, old: Option<Value>, new: Option<Value>) -> Self {
        Self {
            path,
            old,
            new,
            groups: Vec::new(),
            ids: None,
        }
    }

    /// Sets the groups whose assets are changed. Default: all groups whose assets can be saved.
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// Changes only the assets with these IDs. Default: all assets of the groups.
    pub fn only<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.ids = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Changes a value only if it equals `old`.
    pub fn where_it_was(mut self, old: Value) -> Self {
        self.old = Some(old);
        self
    }

    /// Restricts a replacement to one path. A path is a JSON pointer such as `/offerParams/idOfferSource`.
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Reads the assets of the account and makes the plan. Changes nothing.
    ///
    /// # Errors
    /// Returns an error if the path is invalid, or if a request that lists assets fails. Also returns an
    /// error if a group is unknown, or has no operations that find assets by ID and save them. Assets that
    /// cannot be read are not errors; the notes of the plan list them.
    pub async fn plan(self, client: &Client) -> Result<ChangePlan, PlanError> {
        if let Some(path) = self
            .path
            .as_ref()
            .filter(|path| path.is_empty() || !pointer::is_valid(path))
        {
            return Err(PlanError::new(PlanProblem::Pointer(path.clone())));
        }
        let groups = groups(&self.groups)?;
        for group in &groups {
            if !group.abilities().save {
                return Err(PlanError::new(PlanProblem::Unable(group.plural(), "saved")));
            }
        }
        let names: Vec<&str> = groups.iter().map(|group| group.name()).collect();
        let made_by = format!("{} in {}", self.words(), names.join(", "));
        let account = AccountAssets::read(client, &groups, []).await?;
        let mut notes = account.notes;
        let mut entries = Vec::new();
        for (key, asset) in &account.assets {
            let wanted = self.ids.as_ref().is_none_or(|ids| ids.contains(&key.id));
            let Some(group) = groups.iter().find(|group| wanted && group.name() == key.group) else {
                continue;
            };
            let changes = self.changes(*group, key, asset, &mut notes);
            if let Some(entry) = difference::entry(*group, key, asset, changes) {
                keep_valid(entry, &mut entries, &mut notes);
            }
        }
        Ok(ChangePlan::new(client, made_by, notes, entries).await?)
    }

    fn words(&self) -> String {
        let shown = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), Value::to_string);
        match (&self.path, &self.old) {
            (None, old) => format!("replace {} by {}", shown(old), shown(&self.new)),
            (Some(path), None) => format!("set {path} to {}", shown(&self.new)),
            (Some(path), old) => format!("replace {} at {path} by {}", shown(old), shown(&self.new)),
        }
    }

    /// Returns the changes of one asset. Adds notes on strings that contain the old text but stay unchanged.
    fn changes(
        &self,
        group: AssetGroup,
        key: &AssetKey,
        asset: &Value,
        notes: &mut Vec<PlanNote>,
    ) -> Vec<ValueChange> {
        let change = |path: &str| ValueChange {
            path: path.to_owned(),
            old: asset.pointer(path).cloned(),
            new: self.new.clone(),
        };
        if let Some(path) = &self.path {
            let (parent, _) = path.rsplit_once('/').unwrap_or_default();
            let has_place = asset.pointer(parent).is_some_and(Value::is_object)
                || asset.pointer(path).is_some() && self.new.is_some();
            let old = asset.pointer(path);
            let is_old = self.old.as_ref().is_none_or(|wanted| old == Some(wanted));
            let differs = !difference::same_at(path, old, self.new.as_ref());
            return if has_place && is_old && differs {
                vec![change(path)]
            } else {
                Vec::new()
            };
        }
        let mut changes = Vec::new();
        let Some(old) = self.old.as_ref().and_then(Value::as_str) else {
            return changes;
        };
        let managed = difference::managed(group);
        pointer::visit_strings(asset, &mut |path, text, is_name| {
            let is_managed = managed.iter().any(|managed| pointer::is_within(path, managed));
            if is_managed || group.id_pointer() == Some(path) {
                return;
            }
            if !is_name && text == old && self.new.as_ref() != Some(&Value::from(old)) {
                changes.push(change(path));
            } else if !old.is_empty() && text.contains(old) {
                let place = if is_name {
                    "the name of the member"
                } else {
                    "the text at"
                };
                let rest = format!(": {place} {path} contains {old:?} and is not changed");
                notes.push(PlanNote::on(key, PlanNoteKind::PartOfText, rest));
            }
        });
        changes
    }
}

/// Adds the entry to `entries` if it can be applied. Otherwise, adds a note with the reason.
pub(super) fn keep_valid(entry: PlanEntry, entries: &mut Vec<PlanEntry>, notes: &mut Vec<PlanNote>) {
    match file::check(&entry) {
        Ok(()) => entries.push(entry),
        Err(problem) => notes.push(PlanNote::on(
            &entry.key,
            PlanNoteKind::Invalid,
            format_args!(": {problem}"),
        )),
    }
}

/// Treatment of assets that are in the account but not in the snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssetsNotInSnapshot {
    /// The assets stay unchanged.
    #[default]
    Leave,
    /// The assets are archived. This can be undone.
    Archive,
    /// The assets are deleted. This cannot be undone.
    Delete,
}

/// Builder of a plan that restores a snapshot. See [`ChangePlan::restore`].
#[derive(Clone, Debug)]
#[must_use = "a plan is made by `plan`"]
pub struct Restoring<'s> {
    snapshot: &'s Snapshot,
    groups: Vec<String>,
    others: AssetsNotInSnapshot,
}

impl Restoring<'_> {
    /// Sets the groups whose assets are restored. Default: all groups of the snapshot.
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the treatment of assets that are not in the snapshot. Default: these assets stay unchanged.
    pub fn others(mut self, others: AssetsNotInSnapshot) -> Self {
        self.others = others;
        self
    }

    /// Reads the assets of the account and makes the plan. Changes nothing.
    ///
    /// # Errors
    /// Returns an error if the snapshot belongs to another account or service, or if a group is not in the
    /// snapshot. Also returns an error if a file of the snapshot cannot be read, or if a request that lists
    /// assets fails. Assets that cannot be read, and assets with a number that a [`Value`] would round, are
    /// not errors; the notes of the plan list them.
    pub async fn plan(self, client: &Client) -> Result<ChangePlan, PlanError> {
        let manifest = self.snapshot.manifest();
        if manifest.base_url() != client.base_url() {
            return Err(PlanError::at(
                self.snapshot.path(),
                PlanProblem::OtherService {
                    recorded: manifest.base_url().to_owned(),
                    actual: client.base_url().to_owned(),
                },
            ));
        }
        if let (Some(recorded), Some(actual)) = (manifest.account(), client.account().await?)
            && recorded != actual.as_str()
        {
            let (recorded, actual) = (recorded.to_owned(), actual.to_string());
            let problem = PlanProblem::OtherAccount { recorded, actual };
            return Err(PlanError::at(self.snapshot.path(), problem));
        }
        let groups = groups_of(self.snapshot, &self.groups)?;
        let mut wanted = BTreeMap::new();
        let mut skipped = BTreeMap::new();
        let is_chosen = |key: &&AssetKey| groups.iter().any(|group| group.name() == key.group);
        for key in self.snapshot.keys().filter(is_chosen) {
            match self.snapshot.asset(key) {
                Ok(asset) => wanted.extend(asset.map(|asset| (asset.key, asset.value))),
                Err(error) if error.is_rounded() => drop(skipped.insert(key, error)),
                Err(error) => return Err(error.into()),
            }
        }
        let mut account = AccountAssets::read(client, &groups, wanted.keys()).await?;
        // The snapshot contains the skipped assets, so `others` must not apply to them.
        account.assets.retain(|key, _| !skipped.contains_key(key));
        account.notes.extend(skipped.iter().map(|(key, error)| {
            let rest = format_args!(" is not restored: {error}");
            PlanNote::on(key, PlanNoteKind::Unreadable, rest)
        }));
        let is_foreign = !wanted.is_empty()
            && (!account.assets.is_empty() || !account.deleted.is_empty())
            && manifest.account().is_none()
            && !wanted
                .keys()
                .any(|key| account.assets.contains_key(key) || account.deleted.contains(key));
        if is_foreign {
            return Err(PlanError::at(self.snapshot.path(), PlanProblem::NoneExists));
        }
        let names: Vec<&str> = groups.iter().map(|group| group.name()).collect();
        let made_by = format!(
            "restore {} from {}, exported {}{}",
            names.join(", "),
            self.snapshot.path().display(),
            humantime::format_rfc3339_seconds(manifest.started()),
            match self.others {
                AssetsNotInSnapshot::Leave => "",
                AssetsNotInSnapshot::Archive => ", and archive the assets of these groups that it lacks",
                AssetsNotInSnapshot::Delete => ", and delete the assets of these groups that it lacks",
            }
        );
        let (entries, notes) = restoring(&groups, &wanted, account, self.others);
        Ok(ChangePlan::new(client, made_by, notes, entries).await?)
    }
}

/// Returns the groups with these names. The snapshot must contain all of them. Without names, returns all
/// groups of the snapshot.
pub(super) fn groups_of(snapshot: &Snapshot, names: &[String]) -> Result<Vec<AssetGroup>, PlanError> {
    let known: BTreeSet<&str> = snapshot.manifest().groups().map(|(name, _)| name).collect();
    if names.is_empty() {
        let groups = AssetGroup::all().iter().copied();
        return Ok(groups.filter(|group| known.contains(group.name())).collect());
    }
    let groups = groups(names)?;
    match groups.iter().find(|group| !known.contains(group.name())) {
        Some(group) => {
            let problem = format!("{:?} is not a group of the snapshot", group.name());
            Err(PlanError::at(snapshot.path(), PlanProblem::Invalid(problem)))
        }
        None => Ok(groups),
    }
}

/// Returns the entries that change an account to the wanted state, and notes on the differences that no entry
/// can remove.
fn restoring(
    groups: &[AssetGroup],
    wanted: &BTreeMap<AssetKey, Value>,
    account: AccountAssets,
    others: AssetsNotInSnapshot,
) -> (Vec<PlanEntry>, Vec<PlanNote>) {
    let mut entries = Vec::new();
    let mut notes = account.notes;
    let group_of = |key: &AssetKey| groups.iter().copied().find(|group| group.name() == key.group);
    for (key, value) in wanted {
        let Some(group) = group_of(key).filter(|_| !account.unread.contains(key)) else {
            continue;
        };
        let is_deleted = group.summary(value).status == AssetStatus::Deleted;
        match account.assets.get(key) {
            Some(_) if is_deleted => notes.push(PlanNote::on(
                key,
                PlanNoteKind::Deleted,
                " is deleted in the snapshot and exists in the account; delete it yourself",
            )),
            Some(current) => {
                let (entry, more) = difference::change(group, key, current, value);
                notes.extend(more);
                if let Some(entry) = entry {
                    keep_valid(entry, &mut entries, &mut notes);
                }
            }
            None if is_deleted => {}
            None if account.deleted.contains(key) => notes.push(PlanNote::on(
                key,
                PlanNoteKind::Deleted,
                " was deleted from the account, and the service has no operation that restores it; fix: copy \
                 it from the snapshot under a new ID (ChangePlan::copy)",
            )),
            None if !id::generator::is_well_formed(&key.id) => notes.push(PlanNote::on(
                key,
                PlanNoteKind::Invalid,
                " is missing, and the service may truncate its ID, which is not in the current format; fix: \
                 copy it under a new ID (ChangePlan::copy)",
            )),
            None => {
                let (value, more) = creatable(group, key, value);
                notes.extend(more);
                keep_valid(difference::create(group, key, value), &mut entries, &mut notes);
            }
        }
    }
    let mut left = 0;
    for (key, current) in account.assets.iter().filter(|(key, _)| !wanted.contains_key(key)) {
        let Some(group) = group_of(key) else {
            continue;
        };
        let entry = match others {
            AssetsNotInSnapshot::Leave => {
                left += 1;
                continue;
            }
            AssetsNotInSnapshot::Delete => difference::delete(group, key, current),
            AssetsNotInSnapshot::Archive => {
                let mut archived = current.clone();
                pointer::put(&mut archived, STATUS, Some(Value::from("archived")));
                match difference::change(group, key, current, &archived).0 {
                    Some(entry) => entry,
                    None => continue,
                }
            }
        };
        keep_valid(entry, &mut entries, &mut notes);
    }
    if left > 0 {
        let text = match left {
            1 => "1 asset of the account is not in the snapshot and stays as it is".to_owned(),
            left => format!("{left} assets of the account are not in the snapshot and stay as they are"),
        };
        notes.push(PlanNote::general(PlanNoteKind::NotInSnapshot, text));
    }
    (entries, notes)
}

/// Returns an asset in the form in which it can be created: without read-only fields, and without the
/// placeholders of secrets. Also returns notes on the secrets.
pub(super) fn creatable(group: AssetGroup, key: &AssetKey, value: &Value) -> (Value, Vec<PlanNote>) {
    let mut value = value.clone();
    let mut notes = Vec::new();
    for (path, behavior) in group.server_managed() {
        match behavior {
            ServerBehavior::ReadOnly => drop(pointer::put(&mut value, path, None)),
            ServerBehavior::Secret { flag } => {
                if value.pointer(flag) == Some(&Value::Bool(true)) || value.pointer(path).is_some() {
                    let rest = format_args!(
                        ": the secret at {path} is not in the snapshot; set it by hand afterwards"
                    );
                    notes.push(PlanNote::on(key, PlanNoteKind::Secret, rest));
                }
                for path in [path, flag] {
                    pointer::put(&mut value, path, None);
                }
            }
            _ => {}
        }
    }
    (value, notes)
}
