//! Manifest of a snapshot: `snapshot.json`.

use super::error::{SnapshotError, SnapshotProblem};
use super::fingerprint::Fingerprint;
use crate::ext::AssetGroup;
use crate::values::exact_json::first_repeated;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Version of the snapshot format.
pub(super) const FORMAT: u64 = 1;
/// Name of the manifest's member that contains the version of the format.
const FORMAT_MEMBER: &str = "funnelflux_snapshot";

/// Description of a snapshot: origin, time, contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "funnelflux_snapshot")]
    format: u64,
    whole: bool,
    base_url: String,
    account: Option<String>,
    #[serde(with = "rfc3339")]
    started: SystemTime,
    #[serde(with = "rfc3339")]
    finished: SystemTime,
    document_version: String,
    crate_version: String,
    groups: BTreeMap<String, GroupManifest>,
}

/// Contents of one group in the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupManifest {
    /// Number of files, for people who read the manifest.
    count: usize,
    /// Parts of the group that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unread: Vec<UnreadEntry>,
    /// IDs of deleted assets that the service lists but does not find by ID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deleted: Vec<String>,
    /// Fingerprints of the files, keyed by the ID of the asset.
    files: BTreeMap<String, Fingerprint>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnreadEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    problem: String,
}

/// A part of an account that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Unread {
    /// Name of the group.
    pub group: String,
    /// ID of the asset that could not be read. `None` if the list of the group's assets could not be read or
    /// is incomplete; it is then unknown which assets are missing.
    pub id: Option<String>,
    /// Cause, in one line.
    pub problem: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(formatter, "{}/{id}: {}", self.group, self.problem),
            None => write!(formatter, "{}: {}", self.group, self.problem),
        }
    }
}

/// Origin of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) base_url: String,
    /// The account; `None` if the access token of the export did not name it.
    pub(super) account: Option<String>,
    pub(super) started: SystemTime,
}

impl GroupManifest {
    pub(super) fn new(
        files: BTreeMap<String, Fingerprint>,
        mut deleted: Vec<String>,
        unread: impl IntoIterator<Item = (Option<String>, String)>,
    ) -> Self {
        let mut unread: Vec<UnreadEntry> = unread
            .into_iter()
            .map(|(id, problem)| UnreadEntry { id, problem })
            .collect();
        unread.sort_unstable();
        deleted.sort_unstable();
        Self {
            count: files.len(),
            unread,
            deleted,
            files,
        }
    }

    pub(super) fn files(&self) -> &BTreeMap<String, Fingerprint> {
        &self.files
    }
}

impl Manifest {
    pub(super) fn new(origin: Origin, finished: SystemTime, groups: BTreeMap<String, GroupManifest>) -> Self {
        Self {
            format: FORMAT,
            whole: groups.values().all(|group| group.unread.is_empty()),
            base_url: origin.base_url,
            account: origin.account,
            started: in_milliseconds(origin.started),
            finished: in_milliseconds(finished),
            document_version: crate::api::DOCUMENT_VERSION.to_owned(),
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            groups,
        }
    }

    /// Returns the base URL of the service.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Returns the account; `None` if the access token of the export did not name it.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Returns the start of the export. Every asset was read after the start, so all changes before the start
    /// are in the snapshot. A later change of an asset is in the snapshot only if it was made before the
    /// asset was read.
    #[must_use]
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// Returns the end of the export.
    #[must_use]
    pub fn finished(&self) -> SystemTime {
        self.finished
    }

    /// Returns the version of the OpenAPI document from which the crate that wrote the snapshot was
    /// generated.
    #[must_use]
    pub fn document_version(&self) -> &str {
        &self.document_version
    }

    /// Returns the version of the crate that wrote the snapshot.
    #[must_use]
    pub fn crate_version(&self) -> &str {
        &self.crate_version
    }

    /// Returns true if the export could read everything.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Returns the names of the groups, sorted, each with the number of its assets.
    pub fn groups(&self) -> impl Iterator<Item = (&str, usize)> {
        self.groups
            .iter()
            .map(|(name, group)| (name.as_str(), group.count))
    }

    /// Returns the parts of the account that could not be read.
    pub fn unread(&self) -> impl Iterator<Item = Unread> {
        self.groups.iter().flat_map(|(name, group)| {
            group.unread.iter().map(|entry| Unread {
                group: name.clone(),
                id: entry.id.clone(),
                problem: entry.problem.clone(),
            })
        })
    }

    /// Returns the group and ID of each deleted asset that the service listed but did not find by ID. The
    /// contents of these assets are not in the snapshot.
    pub fn deleted(&self) -> impl Iterator<Item = (&str, &str)> {
        let groups = self.groups.iter();
        groups.flat_map(|(name, group)| group.deleted.iter().map(|id| (name.as_str(), id.as_str())))
    }

    pub(super) fn contents(&self) -> &BTreeMap<String, GroupManifest> {
        &self.groups
    }

    /// Returns the text of the manifest file.
    pub(super) fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and maps with string keys always serialise.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// Parses `text`, the contents of the file at `path`.
    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self, SnapshotError> {
        let failed = |problem| SnapshotError::new(path, problem);
        let invalid = |message: String| failed(SnapshotProblem::Manifest(message));
        let value: Value = serde_json::from_slice(text).map_err(|error| invalid(error.to_string()))?;
        match value.get(FORMAT_MEMBER).and_then(Value::as_u64) {
            Some(FORMAT) => {}
            Some(version) if version > FORMAT => return Err(failed(SnapshotProblem::Format(version))),
            _ => return Err(failed(SnapshotProblem::NotASnapshot)),
        }
        if let Some(name) = str::from_utf8(text).ok().and_then(first_repeated) {
            return Err(invalid(name.to_string()));
        }
        let manifest: Self =
            serde_path_to_error::deserialize(value).map_err(|error| invalid(error.to_string()))?;
        for (name, group) in &manifest.groups {
            if AssetGroup::named(name).is_none_or(|known| known.name() != name) {
                return Err(failed(SnapshotProblem::UnknownGroup(name.clone())));
            }
            if group.count != group.files.len() {
                let message = format!(
                    "groups.{name}.count is {}, and it has {} files",
                    group.count,
                    group.files.len()
                );
                return Err(invalid(message));
            }
        }
        match (manifest.whole, manifest.unread().next().is_some()) {
            (true, true) => return Err(invalid("whole is true, although parts are unread".to_owned())),
            (false, false) => return Err(invalid("whole is false, although no part is unread".to_owned())),
            _ => {}
        }
        Ok(manifest)
    }
}

/// Rounds a time down to the precision and range of the manifest: milliseconds, from 1970 to 9999.
pub(super) fn in_milliseconds(time: SystemTime) -> SystemTime {
    const MAXIMUM: Duration = Duration::from_secs(253_402_300_799);
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(MAXIMUM);
    let milliseconds = u64::try_from(since.as_millis()).unwrap_or_default();
    UNIX_EPOCH + Duration::from_millis(milliseconds)
}

/// Serialisation of times as RFC 3339 in UTC.
pub(super) mod rfc3339 {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::time::SystemTime;

    pub(in super::super) fn serialize<S: Serializer>(
        time: &SystemTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let time = super::in_milliseconds(*time);
        serializer.collect_str(&humantime::format_rfc3339_millis(time))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map_err(D::Error::custom)
    }
}
