//! Contents of an account during its export.

use super::super::asset::AssetKey;
use super::super::error::SnapshotError;
use super::super::manifest::{GroupManifest, Unread};
use super::staging::Staging;
use crate::Error;
use crate::ext::asset_group::GroupReader;
use crate::ext::{AssetGroup, AssetStatus};
use std::collections::{BTreeMap, BTreeSet};

/// An asset in the list of its group.
pub(super) struct Listed {
    pub(super) group: AssetGroup,
    is_deleted: bool,
}

/// Contents of an account, as far as they are known.
#[derive(Default)]
pub(super) struct Account {
    pub(super) listed: BTreeMap<AssetKey, Listed>,
    /// Names of the groups whose assets could not be listed.
    unlisted: BTreeSet<&'static str>,
    /// Deleted assets that cannot be read.
    pub(super) deleted: BTreeSet<AssetKey>,
    pub(super) unread: BTreeSet<Unread>,
    /// True if the account is known to be the same as in the earlier exports to this path: access tokens show
    /// it, the account owns an asset of an earlier export, or the earlier exports have no assets.
    pub(super) is_verified: bool,
}

impl Account {
    /// Lists the assets of a group. A group that cannot be listed counts as unread.
    ///
    /// # Errors
    /// Returns an error if the service rejects the access token. No other group can be listed then.
    pub(super) async fn list(&mut self, reader: &GroupReader) -> Result<(), Error> {
        let group = reader.group();
        let rows = match reader.list().await {
            Ok(rows) => rows,
            Err(error) if error.is_unauthorized() => return Err(error),
            Err(error) => {
                self.unlisted(group, &error);
                return Ok(());
            }
        };
        let mut without_id = 0;
        for row in rows {
            let Some(id) = group.id(&row) else {
                without_id += 1;
                continue;
            };
            let is_deleted = group.summary(&row).status == AssetStatus::Deleted;
            let key = AssetKey::new(group.name(), id.into_owned());
            self.listed.insert(key, Listed { group, is_deleted });
        }
        if without_id > 0 {
            let problem = match without_id {
                1 => "1 row of the list has no ID".to_owned(),
                rows => format!("{rows} rows of the list have no ID"),
            };
            self.add_unread(group.name(), None, problem);
        }
        Ok(())
    }

    fn unlisted(&mut self, group: AssetGroup, error: &Error) {
        self.unlisted.insert(group.name());
        self.add_unread(
            group.name(),
            None,
            format!("the assets could not be listed: {error}"),
        );
    }

    fn add_unread(&mut self, group: &str, id: Option<String>, problem: String) {
        self.unread.insert(Unread {
            group: group.to_owned(),
            id,
            problem,
        });
    }

    /// Checks that the account owns one of the assets that are known from earlier exports. One asset is
    /// sufficient, because IDs are unique across accounts. The check is skipped if access tokens show that
    /// the account is the same.
    pub(super) fn check_owner(&mut self, staging: &Staging) -> Result<(), SnapshotError> {
        if staging.is_owner_known() {
            self.is_verified = true;
            return Ok(());
        }
        let recorded: Vec<AssetKey> = staging.known_ids().collect();
        let is_owned = |key: &AssetKey| self.listed.contains_key(key);
        self.is_verified = recorded.is_empty() || recorded.iter().any(is_owned);
        let is_listed = |key: &AssetKey| !self.unlisted.contains(key.group.as_str());
        // If a group of these assets could not be listed, the owner remains unknown, and the group is
        // reported as unread.
        if self.is_verified || !recorded.iter().all(is_listed) {
            return Ok(());
        }
        Err(staging.other_owner(owner(recorded.iter()), owner(self.listed.keys())))
    }

    /// Handles an asset that the service lists but does not find by ID. Returns true if the asset counts as
    /// unread, and false if it is deleted.
    pub(super) fn missing(&mut self, key: AssetKey) -> bool {
        if self.listed.get(&key).is_some_and(|listed| listed.is_deleted) {
            self.deleted.insert(key);
            return false;
        }
        let problem = "the service lists the asset, and does not find it by ID";
        self.unreadable(key, problem);
        true
    }

    pub(super) fn unreadable(&mut self, key: AssetKey, problem: &str) {
        self.add_unread(&key.group, Some(key.id), problem.to_owned());
    }

    /// Returns, for each group, the IDs of the deleted assets that the service did not find by ID.
    pub(super) fn deleted_ids(&self) -> Vec<(AssetGroup, Vec<String>)> {
        let mut groups: Vec<(AssetGroup, Vec<String>)> = Vec::new();
        for key in &self.deleted {
            let Some(listed) = self.listed.get(key) else {
                continue;
            };
            match groups.last_mut() {
                Some((group, ids)) if *group == listed.group => ids.push(key.id.clone()),
                _ => groups.push((listed.group, vec![key.id.clone()])),
            }
        }
        groups
    }

    /// Adds to `unread` each listed asset that the export did not attempt to read.
    pub(super) fn finish(&mut self, staging: &Staging, cause: &str) {
        let attempted: BTreeSet<(&str, &str)> = self
            .unread
            .iter()
            .filter_map(|unread| Some((unread.group.as_str(), unread.id.as_deref()?)))
            .collect();
        let is_open = |key: &&AssetKey| {
            !attempted.contains(&(key.group.as_str(), key.id.as_str()))
                && !self.deleted.contains(*key)
                && !staging.is_recorded(key)
        };
        let open: Vec<AssetKey> = self.listed.keys().filter(is_open).cloned().collect();
        for key in open {
            self.unreadable(
                key,
                &format!("not attempted, because the service did not answer{cause}"),
            );
        }
    }

    /// Returns the contents of the groups for the manifest.
    pub(super) fn contents(
        &self,
        groups: &[AssetGroup],
        staging: &Staging,
    ) -> BTreeMap<String, GroupManifest> {
        let contents = groups.iter().map(|group| {
            let name = group.name();
            let is_listed = |key: &AssetKey| self.unlisted.contains(name) || self.listed.contains_key(key);
            let files = staging.recorded(name).filter(|(key, _)| is_listed(key));
            let files = files
                .map(|(key, fingerprint)| (key.id.clone(), fingerprint))
                .collect();
            let deleted = self.deleted.iter().filter(|key| key.group == name);
            let deleted = deleted.map(|key| key.id.clone()).collect();
            let unread = self.unread.iter().filter(|unread| unread.group == name);
            let unread = unread.map(|unread| (unread.id.clone(), unread.problem.clone()));
            (name.to_owned(), GroupManifest::new(files, deleted, unread))
        });
        contents.collect()
    }
}

/// Describes an account by some of its assets.
fn owner<'k>(keys: impl Iterator<Item = &'k AssetKey>) -> String {
    let keys: Vec<String> = keys.take(3).map(ToString::to_string).collect();
    if keys.is_empty() {
        "without such assets".to_owned()
    } else {
        format!("that owns {}", keys.join(", "))
    }
}
