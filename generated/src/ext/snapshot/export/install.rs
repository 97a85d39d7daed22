//! Moves the files of an export from the folder `.export` into the folder of the snapshot.
//!
//! First, the old manifest is moved away. Then, files that the new snapshot does not need are removed, and
//! the new files move to their places. The new manifest moves last. A folder without a manifest is not a
//! snapshot, so a snapshot is never a mixture of an old and a new export. After a crash, the next export
//! continues: files that are already in their places count as read.

use super::super::asset::AssetKey;
use super::super::error::{AtPath as _, SnapshotError};
use super::super::fingerprint::Fingerprint;
use super::super::layout::{self, MANIFEST};
use super::super::manifest::{GroupManifest, Manifest};
use super::staging::{OLDER, PROGRESS, Staging};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

impl Staging {
    /// Moves the files that the manifest lists to their places, and then moves the manifest.
    pub(super) fn install(self, manifest: &Manifest) -> Result<(), SnapshotError> {
        for step in self.steps(manifest)? {
            step.run()?;
        }
        // All files are in their places, so there is no progress to resume.
        self.progress.set_len(0).at(self.files.folder.join(PROGRESS))?;
        self.last_step().run()?;
        drop(self.progress);
        // The snapshot is complete. A folder that cannot be removed does no harm.
        let _ = fs::remove_dir_all(&self.files.folder);
        Ok(())
    }

    /// Returns the steps of the installation except for the last one.
    fn steps(&self, manifest: &Manifest) -> Result<Vec<Step>, SnapshotError> {
        let mut steps = Vec::new();
        let place = self.target.join(MANIFEST);
        if place.exists() {
            let to = self.files.folder.join(OLDER);
            steps.push(Step::Move { from: place, to });
        }
        let older = [&self.older, &self.half_installed].into_iter().flatten();
        for (group, contents) in older.flat_map(Manifest::contents) {
            let newer = manifest.contents().get(group).map(names).unwrap_or_default();
            let newer: BTreeSet<String> = newer.into_values().collect();
            let needless = names(contents).into_values().filter(|name| !newer.contains(name));
            let folder = self.target.join(group);
            steps.extend(needless.map(|name| Step::Remove(folder.join(name))));
            steps.push(Step::RemoveEmptyFolder(folder));
        }
        // If the installation is interrupted, this file shows the next export which files may already be in
        // their places.
        steps.push(Step::Write {
            path: self.files.folder.join(MANIFEST),
            text: manifest.to_json(),
        });
        for (group, contents) in manifest.contents() {
            steps.extend(self.group_steps(group, contents)?);
        }
        Ok(steps)
    }

    /// Returns the steps that install the files of a group.
    fn group_steps(&self, group: &str, contents: &GroupManifest) -> Result<Vec<Step>, SnapshotError> {
        let mut steps = Vec::new();
        if contents.files().is_empty() {
            return Ok(steps);
        }
        let names = names(contents);
        let (staged, folder) = (self.files.folder.join(group), self.target.join(group));
        let is_new = fs::symlink_metadata(&folder).is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if is_new && self.files.has_final_names(group) {
            let names: BTreeSet<String> = names.into_values().collect();
            for entry in fs::read_dir(&staged).at(&staged)? {
                let entry = entry.at(&staged)?;
                if !names.contains(entry.file_name().to_string_lossy().as_ref()) {
                    steps.push(Step::Remove(entry.path()));
                }
            }
            steps.push(Step::Move {
                from: staged,
                to: folder,
            });
            return Ok(steps);
        }
        steps.push(Step::CreateFolder(folder.clone()));
        for ((id, name), fingerprint) in names.into_iter().zip(contents.files().values()) {
            steps.push(Step::Install {
                from: self.files.path(&AssetKey::new(group, id)),
                to: folder.join(name),
                fingerprint: *fingerprint,
            });
        }
        Ok(steps)
    }

    /// Returns the step that completes the installation.
    fn last_step(&self) -> Step {
        Step::Move {
            from: self.files.folder.join(MANIFEST),
            to: self.target.join(MANIFEST),
        }
    }
}

/// A step of an installation. After a crash, a step is either done completely or not at all.
#[derive(Debug)]
enum Step {
    Move {
        from: PathBuf,
        to: PathBuf,
    },
    Remove(PathBuf),
    RemoveEmptyFolder(PathBuf),
    Write {
        path: PathBuf,
        text: Vec<u8>,
    },
    CreateFolder(PathBuf),
    /// Moves a file to its place, unless a file with the same contents is already there.
    Install {
        from: PathBuf,
        to: PathBuf,
        fingerprint: Fingerprint,
    },
}

impl Step {
    fn run(&self) -> Result<(), SnapshotError> {
        match self {
            Self::Remove(path) => match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at(path),
                _ => Ok(()),
            },
            Self::RemoveEmptyFolder(path) => {
                // This fails if the folder is not empty. The folder then stays.
                let _ = fs::remove_dir(path);
                Ok(())
            }
            Self::Write { path, text } => {
                let new = path.with_extension("new");
                let mut file = File::create(&new).at(&new)?;
                file.write_all(text).and_then(|()| file.sync_all()).at(&new)?;
                drop(file);
                fs::rename(&new, path).at(path)
            }
            Self::CreateFolder(path) => fs::create_dir_all(path).at(path),
            Self::Install { to, fingerprint, .. } if has_fingerprint(to, *fingerprint) => Ok(()),
            Self::Move { from, to } | Self::Install { from, to, .. } => fs::rename(from, to).at(to),
        }
    }
}

/// Returns the names of the files of a group, keyed by ID.
fn names(contents: &GroupManifest) -> BTreeMap<&str, String> {
    layout::file_names(contents.files().keys().map(String::as_str))
}

/// Returns true if the path is a regular file whose contents have this fingerprint.
pub(super) fn has_fingerprint(path: &Path, fingerprint: Fingerprint) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file && fs::read(path).is_ok_and(|text| Fingerprint::of_bytes(&text) == fingerprint)
}

#[cfg(test)]
mod tests {
    use super::super::super::Snapshot;
    use super::super::super::manifest::Origin;
    use super::*;
    use crate::ext::read::row_of;
    use futures_util::FutureExt as _;
    use serde_json::json;
    use std::time::SystemTime;

    const GROUP: &str = "offer-sources";

    /// Writes assets, given as pairs of ID and name, into the export folder. Returns the [`Staging`] and the
    /// manifest.
    fn stage(target: &Path, assets: &[(&str, &str)]) -> (Staging, Manifest) {
        let origin = Origin {
            base_url: "https://api.example".to_owned(),
            account: Some("me".to_owned()),
            started: SystemTime::UNIX_EPOCH,
        };
        let mut staging = Staging::open(target, origin, &[GROUP], false).unwrap();
        let mut new = Vec::new();
        let keys = assets.iter().map(|(id, _)| AssetKey::new(GROUP, *id));
        let keys: Vec<AssetKey> = keys.collect();
        staging.prepare(keys.iter());
        for (key, (id, name)) in keys.iter().zip(assets) {
            if !staging.is_recorded(key) {
                new.push((
                    key.clone(),
                    row_of(&json!({"idOfferSource": id, "offerSourceName": name})).unwrap(),
                ));
            }
        }
        let writer = staging.writer().unwrap();
        // Without a runtime, the assets are written at once.
        let written = writer.write(new).now_or_never().unwrap().unwrap();
        staging.add(written);
        let files = staging.recorded(GROUP).filter(|(key, _)| keys.contains(key));
        let files = files
            .map(|(key, fingerprint)| (key.id.clone(), fingerprint))
            .collect();
        let contents = GroupManifest::new(files, Vec::new(), []);
        let contents = BTreeMap::from([(GROUP.to_owned(), contents)]);
        let manifest = Manifest::new(staging.origin().clone(), SystemTime::UNIX_EPOCH, contents);
        (staging, manifest)
    }

    fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files.extend(self::files(&path));
            } else {
                files.insert(path.clone(), fs::read(path).unwrap());
            }
        }
        files
    }

    #[test]
    fn a_crash_at_any_step_is_repaired_and_never_leaves_a_mixture() {
        let old = [("a", "1"), ("b", "1"), ("c", "1"), ("X", "1")];
        let new = [("b", "1"), ("c", "2"), ("d", "2"), ("x", "2"), ("X", "2")];
        let names = ["b", "c", "d", "x", "%58"];
        // The last ID differs from another ID in case only. Without the last ID, a new folder is moved as a
        // whole.
        for (has_older, count) in [(false, 5), (false, 4), (true, 5), (true, 4)] {
            let new = &new[..count];
            for crash in 0.. {
                let folder = tempfile::tempdir().unwrap();
                let target = folder.path();
                let mut before = None;
                if has_older {
                    let (staging, manifest) = stage(target, &old);
                    staging.install(&manifest).unwrap();
                    before = Some(files(target));
                }
                // The folder has the file of an asset that no longer exists.
                drop(stage(target, &[("gone", "1")]));
                let (staging, manifest) = stage(target, new);
                let steps = staging.steps(&manifest).unwrap();
                if crash > steps.len() {
                    break;
                }
                steps.iter().take(crash).for_each(|step| step.run().unwrap());
                drop(staging);
                match (Snapshot::open(target), before) {
                    (Ok(snapshot), Some(before)) => {
                        assert_eq!(snapshot.keys().len(), old.len());
                        assert!(before.iter().all(|(path, text)| fs::read(path).unwrap() == *text));
                    }
                    (Err(error), _) => assert!(error.to_string().contains("repeat the export"), "{error}"),
                    (Ok(_), None) => unreachable!("there is no manifest yet"),
                }
                let (staging, manifest) = stage(target, new);
                staging.install(&manifest).unwrap();
                let mut expected = BTreeMap::from([(target.join(MANIFEST), manifest.to_json())]);
                for ((id, name), file) in new.iter().zip(names) {
                    let text = format!(
                        "{{\n  \"idOfferSource\": \"{id}\",\n  \"offerSourceName\": \"{name}\"\n}}\n"
                    );
                    expected.insert(target.join(GROUP).join(format!("{file}.json")), text.into_bytes());
                }
                assert_eq!(files(target), expected, "after a crash at step {crash}");
                assert_eq!(Snapshot::open(target).unwrap().keys().len(), new.len());
            }
        }
    }

    #[test]
    fn two_exports_into_one_folder_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let (staging, _) = stage(folder.path(), &[("a", "1")]);
        let other = Staging::open(folder.path(), staging.origin().clone(), &[GROUP], false);
        assert!(
            other
                .err()
                .unwrap()
                .to_string()
                .contains("another process exports into it")
        );
    }
}
