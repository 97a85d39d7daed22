//! Compares two snapshots, or a snapshot with its account.

use super::asset::{Asset, AssetKey};
use super::changes::Changes;
use super::error::{SnapshotError, SnapshotProblem};
use super::export::ExportError;
use super::snapshot::Snapshot;
use crate::Client;
use crate::ext::{AssetGroup, AssetStatus, ServerBehavior};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// JSON pointer to the member `meta` of an asset. The user interface of the service keeps its own data there:
/// its state, the edit version and conflict tracking (documented in the introduction of the API).
const META: &str = "/meta";
/// JSON pointer to the status of an asset.
const STATUS: &str = "/status";

/// Returns the JSON pointers of the fields that the service manages in the assets of a group: `meta`, and the
/// fields that the OpenAPI document marks as read-only, such as owners.
///
/// In a [`Comparison`], assets that differ only in these fields count as equal. The fingerprints of assets in
/// plans do not cover these fields.
///
/// ```
/// use funnelflux::ext::{AssetGroup, snapshot::managed_pointers};
///
/// let group = AssetGroup::named("offer-sources").unwrap();
/// assert!(managed_pointers(group).contains(&"/meta"));
/// ```
#[must_use]
pub fn managed_pointers(group: AssetGroup) -> Vec<&'static str> {
    let managed = group.server_managed().iter();
    let read_only = managed.filter(|(_, behavior)| *behavior == ServerBehavior::ReadOnly);
    read_only.map(|(pointer, _)| *pointer).chain([META]).collect()
}

/// Differences between two states of an account.
///
/// ```no_run
/// use funnelflux::{Client, ext::snapshot::{ExportError, Snapshot}};
///
/// async fn print_changes(client: &Client) -> Result<(), ExportError> {
///     let backup = Snapshot::open("backup")?;
///     let comparison = backup.compare_with_account(client).await?;
///     // 1 changed, 0 added, 0 removed, 999 equal
///     // ~ pages/2n5JuOKWLTzd "Lander": archived; /baseURL: "https://a.example" -> "https://b.example"
///     println!("{comparison}");
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Assets that differ, in order of their keys.
    pub differences: Vec<Difference>,
    /// Assets that differ only in fields that the service manages. They count as equal.
    pub managed_only: Vec<Difference>,
    /// Number of equal assets, including those that differ only in managed fields.
    pub equal: usize,
    /// Assets that were not compared, because they could not be read in one of the states.
    pub unknown: Vec<AssetKey>,
    /// Groups that were not compared completely, because only one of the states has the group, or because the
    /// assets of the group could not be listed.
    pub unknown_groups: Vec<String>,
}

/// Difference between two states of one asset.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// Group and ID of the asset.
    pub key: AssetKey,
    /// Name of the asset; the new name if the name changed.
    pub name: Option<String>,
    /// Kind of the difference.
    pub kind: DifferenceKind,
    /// Changes of fields that the service does not manage, including the status and the category. Empty if
    /// the asset was added or removed.
    pub changes: Changes,
    /// Changes of fields that the service manages.
    pub managed: Changes,
    /// Old and new status, if the status changed, for example because the asset was archived.
    #[serde(serialize_with = "serialize_status")]
    pub status: Option<(AssetStatus, AssetStatus)>,
    /// Old and new ID of the category, if the category changed. An empty ID means no category.
    pub category: Option<(String, String)>,
}

/// Kind of a [`Difference`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Only the new state has the asset.
    Added,
    /// Only the old state has the asset.
    Removed,
    /// Both states have the asset, but the asset differs.
    Changed,
}

impl Comparison {
    /// Compares two snapshots, which may be of different accounts.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read.
    pub fn between(old: &Snapshot, new: &Snapshot) -> Result<Self, SnapshotError> {
        let mut comparison = Self::default();
        let (old_gaps, new_gaps) = (Gaps::of(old), Gaps::of(new));
        let groups = |snapshot: &Snapshot| -> BTreeSet<String> {
            snapshot
                .manifest()
                .groups()
                .map(|(name, _)| name.to_owned())
                .collect()
        };
        let (old_groups, new_groups) = (groups(old), groups(new));
        let mut unknown: BTreeSet<String> = old_groups.symmetric_difference(&new_groups).cloned().collect();
        unknown.extend(old_gaps.groups.iter().chain(&new_gaps.groups).cloned());
        let mut unknown_keys: BTreeSet<AssetKey> = old_gaps.keys.union(&new_gaps.keys).cloned().collect();
        unknown_keys.retain(|key| !unknown.contains(&key.group));
        let keys: BTreeSet<&AssetKey> = old.keys().chain(new.keys()).collect();
        for key in keys {
            if unknown_keys.contains(key)
                || unknown.contains(&key.group) && !(old.contains(key) && new.contains(key))
            {
                continue;
            }
            if old.file_fingerprint(key) == new.file_fingerprint(key) {
                comparison.equal += 1;
                continue;
            }
            let difference = match (old.shown(key)?, new.shown(key)?) {
                (Some(old), Some(new)) => Difference::between(&old, &new),
                (None, Some(asset)) => Difference::one_sided(&asset, DifferenceKind::Added),
                (Some(asset), None) => Difference::one_sided(&asset, DifferenceKind::Removed),
                (None, None) => continue,
            };
            if difference.kind == DifferenceKind::Changed && difference.changes.is_empty() {
                comparison.equal += 1;
                comparison
                    .managed_only
                    .extend((!difference.managed.is_empty()).then_some(difference));
            } else {
                comparison.differences.push(difference);
            }
        }
        comparison.unknown = unknown_keys.into_iter().collect();
        comparison.unknown_groups = unknown.into_iter().collect();
        Ok(comparison)
    }

    /// Returns true if no difference was found. Assets that could not be compared may still differ.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }

    /// Returns true if everything could be compared.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unknown.is_empty() && self.unknown_groups.is_empty()
    }

    /// Returns the number of differences of a kind.
    #[must_use]
    pub fn count(&self, kind: DifferenceKind) -> usize {
        self.differences
            .iter()
            .filter(|difference| difference.kind == kind)
            .count()
    }
}

impl Snapshot {
    /// Compares the snapshot with the account of a client. The snapshot must be an export of the same
    /// account. For the comparison, the groups of the snapshot are exported again, into a temporary folder.
    ///
    /// # Errors
    /// Returns an error if the client has another account or another service, or if the account cannot be
    /// exported. Assets that cannot be read are not an error: [`unknown`](Comparison::unknown) lists them.
    pub async fn compare_with_account(&self, client: &Client) -> Result<Comparison, ExportError> {
        self.check_account(client).await?;
        let groups = self.manifest().groups().map(|(name, _)| name);
        let export = Self::export(client).groups(groups).accept_incomplete();
        let now = export.to_temporary_folder().await?;
        self.check_owner(&now)?;
        Ok(Comparison::between(self, &now)?)
    }

    /// Checks that the client uses the service and the account of this snapshot. The account is checked only
    /// if the tokens of the export and of the client state the account. Sends nothing.
    ///
    /// # Errors
    /// Returns an error if the client has another account or another service, or if its credentials cannot be
    /// read.
    pub async fn check_account(&self, client: &Client) -> Result<(), ExportError> {
        let failed = |problem| Err(SnapshotError::new(self.path(), problem).into());
        let manifest = self.manifest();
        if manifest.base_url() != client.base_url() {
            return failed(SnapshotProblem::OtherService {
                recorded: manifest.base_url().to_owned(),
                actual: client.base_url().to_owned(),
            });
        }
        match (manifest.account(), client.account().await?) {
            (Some(recorded), Some(actual)) if recorded != actual.as_str() => {
                failed(SnapshotProblem::OtherAccount {
                    recorded: recorded.to_owned(),
                    actual: actual.to_string(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the two snapshots have an asset in common. Such an asset proves that the accounts are the
    /// same, because IDs are unique across accounts. Checks nothing if both snapshots state their account, if
    /// this snapshot is empty, or if the snapshot `now` is incomplete.
    fn check_owner(&self, now: &Self) -> Result<(), SnapshotError> {
        let is_stated = self.manifest().account().is_some() && now.manifest().account().is_some();
        let is_unknown = self.keys().len() == 0 || !now.is_whole();
        if is_stated || is_unknown || self.keys().any(|key| now.contains(key)) {
            return Ok(());
        }
        let owner = |snapshot: &Self| match snapshot.keys().next() {
            Some(key) => format!("that owns {key}"),
            None => "without such assets".to_owned(),
        };
        let problem = SnapshotProblem::OtherAccount {
            recorded: owner(self),
            actual: owner(now),
        };
        Err(SnapshotError::new(self.path(), problem))
    }
}

/// Groups and assets that a snapshot lacks, because the export could not read them.
struct Gaps {
    groups: BTreeSet<String>,
    keys: BTreeSet<AssetKey>,
}

impl Gaps {
    fn of(snapshot: &Snapshot) -> Self {
        let (mut groups, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for unread in snapshot.unread() {
            match unread.id {
                Some(id) => drop(keys.insert(AssetKey::new(unread.group, id))),
                None => drop(groups.insert(unread.group)),
            }
        }
        Self { groups, keys }
    }
}

impl Difference {
    /// Compares two states of an asset.
    #[must_use]
    pub fn between(old: &Asset, new: &Asset) -> Self {
        let group = AssetGroup::named(&new.key.group);
        let managed = group.map_or_else(|| vec![META], managed_pointers);
        let (changes, managed) = Changes::between_except(&old.value, &new.value, &managed);
        let summaries = group.map(|group| (group.summary(&old.value), group.summary(&new.value)));
        let (mut status, mut category) = (None, None);
        if let Some((old, new)) = summaries {
            status = (old.status != new.status).then_some((old.status, new.status));
            category = (old.category != new.category).then_some((old.category, new.category));
        }
        Self {
            key: new.key.clone(),
            name: name(new),
            kind: DifferenceKind::Changed,
            changes,
            managed,
            status,
            category,
        }
    }

    fn one_sided(asset: &Asset, kind: DifferenceKind) -> Self {
        Self {
            key: asset.key.clone(),
            name: name(asset),
            kind,
            changes: Changes::default(),
            managed: Changes::default(),
            status: None,
            category: None,
        }
    }
}

fn name(asset: &Asset) -> Option<String> {
    let name = AssetGroup::named(&asset.key.group)?.name_of(&asset.value)?;
    Some(name.to_owned())
}

fn status_text(status: &AssetStatus) -> &str {
    match status {
        AssetStatus::Active => "active",
        AssetStatus::Archived => "archived",
        AssetStatus::Deleted => "deleted",
        AssetStatus::Other(status) => status,
    }
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn serialize_status<S: serde::Serializer>(
    status: &Option<(AssetStatus, AssetStatus)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let texts = status
        .as_ref()
        .map(|(old, new)| (status_text(old), status_text(new)));
    texts.serialize(serializer)
}

impl fmt::Display for Comparison {
    /// Writes a summary, and one line per difference.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<DifferenceKind, usize> = BTreeMap::new();
        for difference in &self.differences {
            *counts.entry(difference.kind).or_default() += 1;
        }
        let count = |kind| counts.get(&kind).copied().unwrap_or_default();
        write!(
            formatter,
            "{} changed, {} added, {} removed, {} equal",
            count(DifferenceKind::Changed),
            count(DifferenceKind::Added),
            count(DifferenceKind::Removed),
            self.equal
        )?;
        if !self.unknown.is_empty() {
            write!(formatter, ", {} unknown", self.unknown.len())?;
        }
        for difference in &self.differences {
            write!(formatter, "\n{difference}")?;
        }
        for key in &self.unknown {
            write!(formatter, "\n? {key}: could not be read")?;
        }
        for group in &self.unknown_groups {
            write!(
                formatter,
                "\n? {group}: not compared; the group is not in both, or was not listed"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.kind {
            DifferenceKind::Added => '+',
            DifferenceKind::Removed => '-',
            DifferenceKind::Changed => '~',
        };
        write!(formatter, "{sign} {}", self.key)?;
        if let Some(name) = &self.name {
            write!(formatter, " {name:?}")?;
        }
        let mut parts = Vec::new();
        if let Some((old, new)) = &self.status {
            parts.push(match (old, new) {
                (AssetStatus::Archived, AssetStatus::Active) => "restored from the archive".to_owned(),
                (_, new) => status_text(new).to_owned(),
            });
        }
        if let Some((old, new)) = &self.category {
            parts.push(match (old.as_str(), new.as_str()) {
                ("", new) => format!("moved to category {new}"),
                (old, "") => format!("removed from category {old}"),
                (old, new) => format!("moved from category {old} to {new}"),
            });
        }
        let category = AssetGroup::named(&self.key.group).and_then(AssetGroup::category_pointer);
        let is_told = |path: &str| {
            path == STATUS && self.status.is_some() || Some(path) == category && self.category.is_some()
        };
        let others = self.changes.iter().filter(|change| !is_told(&change.path));
        parts.extend(others.map(ToString::to_string));
        if !parts.is_empty() {
            write!(formatter, ": {}", parts.join("; "))?;
        }
        Ok(())
    }
}
