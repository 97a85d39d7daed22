//! Where things are in the workspace, and the reading and writing of them.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use funnelflux_generator::{
    COVERAGE, EFFECTIVE, Input, Lock, Options, Output,
    api::{self, Surface},
    generate,
    release::Release,
};
use funnelflux_openapi::{Diagnostics, Source, Stage};
use semver::Version;

use crate::{exit::Failure, features, isolated, source};

/// The lock, below the root.
pub(crate) const LOCK: &str = "spec/spec.lock";

/// The generated files, below the root.
pub(crate) const GENERATED: &str = "generated/src/api";

/// The source of the generated crate, hand-written code included, below the root.
pub(crate) const CRATE: &str = "generated/src";

/// What each new document meant, below the root.
pub(crate) const CHANGELOG: &str = "generated/CHANGELOG.md";
/// The manifest of the generated crate, below the root.
pub(crate) const MANIFEST: &str = "generated/Cargo.toml";

/// What the last release promised, below the root; there is none before the first release.
pub(crate) const RELEASE: &str = "generated/released.json";

/// Where the vendor's document is, below the root.
const SOURCE: &str = "spec/source.toml";

/// Our deviations, below the root.
const OVERLAYS: &str = "spec/overlays";

/// The vendor's document, below the root, under one of these names.
const UPSTREAM: [&str; 3] = ["spec/upstream.json", "spec/upstream.yaml", "spec/upstream.yml"];

/// Names the step of writing and removing at which the process dies, counted from 1, so that a test can kill it at each.
const DIE_AT: &str = "XTASK_DIE_AT";

/// How the name of a file begins that is being written.
const TEMPORARY: &str = ".xtask-";

/// A text and the path, below the root and with `/`, by which messages call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Text {
    pub(crate) fn source(&self) -> Source<'_> {
        Source {
            name: &self.name,
            text: &self.text,
        }
    }
}

/// What is generated from.
pub(crate) struct Spec {
    pub(crate) upstream: Text,
    pub(crate) overlays: Vec<Text>,
    /// The lock that is there.
    pub(crate) lock: Option<Text>,
}

impl Spec {
    /// The lock that is there, read.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn read_lock(&self) -> Result<Option<Lock>, Diagnostics> {
        self.lock
            .as_ref()
            .map(|lock| Lock::read(lock.source()))
            .transpose()
    }

    /// Runs the pipeline; `done` hears of each stage when it is done.
    ///
    /// # Errors
    /// What is wrong with the document or an overlay.
    pub(crate) fn generate(
        &self,
        previous_lock: Option<Lock>,
        done: &mut dyn FnMut(Stage),
    ) -> Result<Output, Diagnostics> {
        let input = Input {
            upstream: self.upstream.source(),
            overlays: self.overlays.iter().map(Text::source).collect(),
            previous_lock,
        };
        let options = Options {
            strict: true,
            on_stage: Some(done),
            isolation: Some(&isolated::run),
        };
        generate(&input, options)
    }
}

/// The workspace.
pub(crate) struct Workspace {
    root: PathBuf,
    /// How many steps are left until the process dies; `None`: it lives.
    left: Cell<Option<u64>>,
}

impl Workspace {
    /// The workspace at `root`, or else around the current directory.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn find(root: Option<&Path>) -> Result<Self, Failure> {
        let is_workspace =
            |directory: &&Path| directory.join("spec").is_dir() && directory.join("generated").is_dir();
        let none = |place: &Path| {
            Failure::Io(format!(
                "error: no workspace at {}: one has the folders spec/ and generated/\n  help: run the command inside of \
                 the repository, or name the repository with --root",
                place.display()
            ))
        };
        let root = if let Some(root) = root {
            Some(root)
                .filter(is_workspace)
                .ok_or_else(|| none(root))?
                .to_owned()
        } else {
            let here = std::env::current_dir()
                .map_err(|error| Failure::io("find", Path::new("the current directory"), &error))?;
            here.ancestors()
                .find(is_workspace)
                .ok_or_else(|| none(&here))?
                .to_owned()
        };
        let left = std::env::var(DIE_AT).ok().and_then(|step| step.parse().ok());
        Ok(Self {
            root,
            left: Cell::new(left),
        })
    }

    /// A moment at which the process may be killed, between two things that it does to the disk.
    fn step(&self) {
        let left = self.left.get().map(|left| left.saturating_sub(1));
        self.left.set(left);
        if left == Some(0) {
            std::process::abort();
        }
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads what is generated from.
    ///
    /// # Errors
    /// If a file is missing or cannot be read.
    pub(crate) fn spec(&self) -> Result<Spec, Failure> {
        self.spec_beside(None)
    }

    /// The same, where `new` is to take the place of the document: a fetch that was interrupted may have left it beside the old
    /// one, under another name.
    ///
    /// # Errors
    /// As [`Workspace::spec`].
    pub(crate) fn spec_beside(&self, new: Option<&str>) -> Result<Spec, Failure> {
        let mut documents = Vec::new();
        for name in UPSTREAM {
            documents.extend(self.read(name)?);
        }
        if documents.len() > 1
            && let Some(left) = documents.iter().position(|text| Some(&*text.text) == new)
        {
            documents.remove(left);
        }
        let upstream = match documents.len() {
            1 => documents.remove(0),
            0 => {
                return Err(Failure::Io(format!(
                    "error: there is no document\n  help: put the vendor's at {}",
                    UPSTREAM.join(" or ")
                )));
            }
            _ => {
                let names: Vec<&str> = documents.iter().map(|text| text.name.as_str()).collect();
                return Err(Failure::Io(format!(
                    "error: there is more than one document: {}\n  help: remove all but one",
                    names.join(", ")
                )));
            }
        };
        let mut overlays = Vec::new();
        for name in self.files_in(OVERLAYS)? {
            let is_overlay = Path::new(&name)
                .extension()
                .is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json");
            if is_overlay {
                overlays.extend(self.read(&name)?);
            }
        }
        Ok(Spec {
            upstream,
            overlays,
            lock: self.read(LOCK)?,
        })
    }

    /// Where the vendor's document is, as spec/source.toml says.
    ///
    /// # Errors
    /// If that file is missing or says something else.
    pub(crate) fn default_source(&self) -> Result<source::Source, Failure> {
        /// What the file holds.
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            address: String,
        }
        let text = self.read(SOURCE)?.ok_or_else(|| {
            Failure::Io(format!(
                "error: there is no {SOURCE}\n  help: name the source: {}",
                source::HELP
            ))
        })?;
        let file: File =
            toml::from_str(&text.text).map_err(|error| Failure::Io(format!("error: {SOURCE}: {error}")))?;
        let Ok(source) = file.address.parse();
        Ok(source)
    }

    /// Reads the effective document that is there.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn effective(&self) -> Result<Option<Text>, Failure> {
        self.read(EFFECTIVE)
    }

    /// What the last release promised; `None` before the first one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn released(&self) -> Result<Option<Release>, Failure> {
        self.read(RELEASE)?
            .map(|text| Release::read(&text.text))
            .transpose()
            .map_err(|error| {
                Failure::Io(format!(
                    "error: {RELEASE}: {error}\n  help: restore it from version control"
                ))
            })
    }

    /// The version of the crate: its own, or the one that the workspace gives it.
    ///
    /// # Errors
    /// If no manifest says it.
    pub(crate) fn version(&self) -> Result<Version, Failure> {
        let manifests = [
            ("generated/Cargo.toml", ["package"].as_slice()),
            ("Cargo.toml", &["workspace", "package"]),
        ];
        for (name, tables) in manifests {
            let Some(text) = self.read(name)? else {
                continue;
            };
            let manifest: toml::Table =
                toml::from_str(&text.text).map_err(|error| Failure::Io(format!("error: {name}: {error}")))?;
            let table = tables
                .iter()
                .try_fold(&manifest, |table, key| table.get(*key)?.as_table());
            if let Some(version) = table.and_then(|table| table.get("version")?.as_str()) {
                return version
                    .parse()
                    .map_err(|error| Failure::Io(format!("error: {name}: version {version}: {error}")));
            }
        }
        Err(Failure::Io(
            "error: neither generated/Cargo.toml nor Cargo.toml says the crate's version".to_owned(),
        ))
    }

    /// Reads the changelog that is there.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn changelog(&self) -> Result<Option<Text>, Failure> {
        self.read(CHANGELOG)
    }

    /// Reads the table of what is known of each operation.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn coverage(&self) -> Result<Option<Text>, Failure> {
        self.read(COVERAGE)
    }

    /// Reads the manifest of the generated crate.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn manifest(&self) -> Result<Option<Text>, Failure> {
        self.read(MANIFEST)
    }

    /// Reads every file among the generated ones; a path is relative to them. One that is no text has none.
    ///
    /// # Errors
    /// If one cannot be read.
    pub(crate) fn generated(&self) -> Result<BTreeMap<String, Option<String>>, Failure> {
        let mut found = BTreeMap::new();
        for name in self.files_in(GENERATED)? {
            let path = self.root.join(&name);
            let text = match fs::read(&path) {
                Ok(bytes) => String::from_utf8(bytes).ok(),
                // It was listed: a link that leads nowhere.
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(Failure::io("read", &path, &error)),
            };
            let below = name
                .strip_prefix(GENERATED)
                .unwrap_or(&name)
                .trim_start_matches('/');
            found.insert(below.to_owned(), text);
        }
        Ok(found)
    }

    /// The public interface of the crate, with these generated files in the place of those that are there.
    ///
    /// # Errors
    /// If the hand-written files cannot be read, or a file is no Rust.
    pub(crate) fn interface(&self, generated: &BTreeMap<String, String>) -> Result<Surface, Failure> {
        let mut files: BTreeMap<String, String> = generated
            .iter()
            .map(|(path, text)| (format!("api/{path}"), text.clone()))
            .collect();
        for name in self.files_in(CRATE)? {
            let below = name.strip_prefix(CRATE).unwrap_or(&name).trim_start_matches('/');
            let is_ours =
                Path::new(below).extension().is_some_and(|end| end == "rs") && !name.starts_with(GENERATED);
            if is_ours && let Some(text) = self.read(&name)? {
                files.insert(below.to_owned(), text.text);
            }
        }
        let mut interface =
            api::surface(&files).map_err(|error| Failure::Io(format!("error: {CRATE}/{error}")))?;
        let manifest = self.manifest()?.map(|manifest| manifest.text);
        interface.extend(features::interface(manifest.as_deref()));
        Ok(interface)
    }

    /// Writes a text whole or not at all: into a file beside its place, which then takes the place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.root.join(name);
        let failure = |error: io::Error| Failure::io("write", &path, &error);
        let directory = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(directory).map_err(failure)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY);
        // A temporary file is for its owner alone; this one becomes a file like all others.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        // Errors that name the temporary file would lead astray, hence only their kind, and past its wrapper.
        let mut file = builder
            .tempfile_in(directory)
            .map_err(|error| failure(error.kind().into()))?;
        let (begin, end) = text.as_bytes().split_at(text.len() / 2);
        for part in [begin, end] {
            file.as_file_mut().write_all(part).map_err(failure)?;
            self.step();
        }
        file.as_file().sync_all().map_err(failure)?;
        file.persist(&path).map_err(|error| failure(error.error))?;
        self.step();
        Ok(())
    }

    /// Removes a file, and the folders that are empty without it.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Failure> {
        let path = self.root.join(name);
        fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
        self.step();
        for folder in path.ancestors().skip(1) {
            // Fails for the first folder that still holds something, which is where to stop.
            if folder == self.root || fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes what an interrupted run left of the files that it was writing to `spec/`, and beside the changelog.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub(crate) fn remove_leftovers(&self) -> Result<(), Failure> {
        let beside = Path::new(CHANGELOG).parent();
        let mut names = self.files_in("spec")?;
        let generated = self.files_in("generated")?.into_iter();
        names.extend(generated.filter(|name| Path::new(name).parent() == beside));
        for name in names {
            let is_leftover = Path::new(&name)
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY));
            if is_leftover {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Reads a text; `None` if there is no such file.
    fn read(&self, name: &str) -> Result<Option<Text>, Failure> {
        let path = self.root.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Text {
                name: name.to_owned(),
                text,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(source::not_text(&path.display().to_string()))
            }
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    /// All files below a folder, by their path below the root, in order; none if there is no such folder.
    fn files_in(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let path = self.root.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::io("list", &path, &error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let failure = |error: io::Error| Failure::io("list", &path, &error);
            let entry = entry.map_err(failure)?;
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(failure)?.is_dir() {
                names.extend(self.files_in(&name)?);
            } else {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}
