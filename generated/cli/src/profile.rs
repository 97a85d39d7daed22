//! Profiles. A profile contains an account's base URL, the place of its tokens, and default options.

use crate::exit::{Exit, Failure, file_failure};
use crate::tokens::TokenPlace;
use etcetera::{BaseStrategy as _, choose_base_strategy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Name of the profile that is used if none is chosen.
const DEFAULT_PROFILE: &str = "default";
/// Name of the folder for the journals of an account that comes from environment variables.
pub(crate) const ENVIRONMENT: &str = "environment";
/// Name of the profile of `--fake`.
pub(crate) const FAKE: &str = "fake";
/// Names that a profile cannot have, because its journals would be mixed with those of another account.
const RESERVED: [&str; 2] = [ENVIRONMENT, FAKE];
/// Environment variable that names the profile.
const PROFILE_VARIABLE: &str = "FUNNELFLUX_PROFILE";
/// Environment variable that names the folder of the configuration.
const CONFIG_VARIABLE: &str = "FUNNELFLUX_CONFIG_DIR";
/// Environment variable that names the folder for the journals of all profiles.
const STATE_VARIABLE: &str = "FUNNELFLUX_STATE_DIR";

/// Configuration file of the user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configuration {
    /// Profile that is used if none is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_profile: Option<String>,
    /// Settings of each profile, by name.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, ProfileSettings>,
}

/// Settings of a profile.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileSettings {
    /// Base URL. If it is `None`, the vendor's service is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    /// Place in which the tokens are stored.
    #[serde(default, skip_serializing_if = "TokenPlace::is_file")]
    pub(crate) tokens: TokenPlace,
    /// Default of `--output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
    /// Default of `--rate`, in requests per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<NonZeroU32>,
    /// Default of `--jobs`, the maximum number of concurrent requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jobs: Option<u8>,
}

impl Configuration {
    /// Returns the path of the configuration file.
    pub(crate) fn path() -> Result<PathBuf, Failure> {
        Ok(configuration_folder()?.join("config.toml"))
    }

    /// Reads the configuration file. Returns an empty configuration if there is no file.
    pub(crate) fn read() -> Result<Self, Failure> {
        let path = Self::path()?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(file_failure("read", &path, &error)),
        };
        Self::parse(&path, &text)
    }

    /// Parses the text of the configuration file at `path`.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.get(..start).unwrap_or_default().matches('\n').count();
            let message = error.message().replace('\n', " ");
            Failure::usage(format!("{}:{}: {message}", path.display(), line + 1)).fix("correct the file")
        })
    }

    /// Writes the configuration file as a whole. After a crash, the file has either its old or its new
    /// content.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        let path = Self::path()?;
        let text = toml::to_string(self)
            .map_err(|error| Failure::failed(format!("the configuration cannot be written: {error}")))?;
        create_private_folder(&configuration_folder()?)?;
        write_whole(&path, text.as_bytes())
    }
}

/// Replaces the content of a file. A regular file is replaced atomically, by a file that only its owner can
/// read.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let path = &target(path);
    let write = || -> io::Result<()> {
        let Some(mut file) = new_beside(path)? else {
            return fs::OpenOptions::new().write(true).open(path)?.write_all(content);
        };
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| file_failure("write", path, &error))
}

/// Checks that [`write_whole`] can write to a path. The function does not change the file at the path.
pub(crate) fn check_writable(path: &Path) -> Result<(), Failure> {
    let path = &target(path);
    let checked = if path.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        new_beside(path).map(drop)
    };
    checked.map_err(|error| file_failure("write", path, &error))
}

/// Follows symbolic links, so that the target of a link is replaced, and not the link. A path that does not
/// exist stays unchanged.
fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Creates the file that will replace the file at `path`; returns `None` for a device or a pipe, which cannot
/// be replaced.
fn new_beside(path: &Path) -> io::Result<Option<tempfile::NamedTempFile>> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Ok(None);
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
    // The original error names the temporary file, not the file of the user.
    file.map(Some).map_err(|error| match error.kind() {
        kind @ io::ErrorKind::NotFound => io::Error::new(kind, "its folder does not exist"),
        kind => kind.into(),
    })
}

/// Name of the profile in use. `is_explicit` is true if the command line chose the profile.
#[derive(Clone, Debug)]
pub(crate) struct ProfileName {
    pub(crate) name: String,
    pub(crate) is_explicit: bool,
}

impl ProfileName {
    /// Chooses the profile from the option, the environment or the configuration, in this order of
    /// precedence.
    pub(crate) fn choose(option: Option<&str>, configuration: &Configuration) -> Result<Self, Failure> {
        let environment = env::var(PROFILE_VARIABLE).ok().filter(|name| !name.is_empty());
        let name = option.map(str::to_owned).or(environment);
        let name = name.or_else(|| configuration.default_profile.clone());
        let name = name.unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
        let is_valid = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_valid) {
            return Err(Failure::usage(format!("{name:?} is not a name of a profile"))
                .fix("use letters, digits, dots, hyphens and underscores"));
        }
        if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
            let message = format!("{name:?} cannot be the name of a profile: the program uses it itself");
            return Err(Failure::usage(message).fix("choose another name"));
        }
        // Some file systems ignore case, so the two profiles might share a token file.
        let mut names = configuration.profiles.keys();
        if let Some(other) = names.find(|other| **other != name && other.eq_ignore_ascii_case(&name)) {
            let message = format!("{name:?} differs from the profile {other:?} in case only");
            return Err(Failure::usage(message).fix(format!("use {other}, or choose another name")));
        }
        Ok(Self {
            name,
            is_explicit: option.is_some(),
        })
    }

    /// Returns the path of the profile's token file.
    pub(crate) fn token_file(&self) -> Result<PathBuf, Failure> {
        Ok(configuration_folder()?
            .join("tokens")
            .join(format!("{}.json", self.name)))
    }

    /// Returns the user name of the profile's entry in the keyring. If an environment variable sets the
    /// configuration folder, the name contains the folder. Profiles with the same name in two folders
    /// therefore have different entries.
    #[cfg(feature = "keyring")]
    pub(crate) fn keyring_user(&self) -> String {
        match folder_of_variable(CONFIG_VARIABLE) {
            Some(folder) => format!("{} in {}", self.name, folder.display()),
            None => self.name.clone(),
        }
    }

    /// Returns the folder of the profile's journals.
    pub(crate) fn state_folder(&self) -> Result<PathBuf, Failure> {
        Ok(state_folder()?.join(&self.name))
    }
}

/// Creates a folder that only its owner can read.
pub(crate) fn create_private_folder(path: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder
        .create(path)
        .map_err(|error| file_failure("create", path, &error))
}

fn configuration_folder() -> Result<PathBuf, Failure> {
    if let Some(folder) = folder_of_variable(CONFIG_VARIABLE) {
        return Ok(folder);
    }
    let strategy = choose_base_strategy().map_err(|error| no_home(&error, CONFIG_VARIABLE))?;
    Ok(strategy.config_dir().join("funnelflux"))
}

fn state_folder() -> Result<PathBuf, Failure> {
    if let Some(folder) = folder_of_variable(STATE_VARIABLE) {
        return Ok(folder);
    }
    let strategy = choose_base_strategy().map_err(|error| no_home(&error, STATE_VARIABLE))?;
    let folder = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Ok(folder.join("funnelflux"))
}

fn folder_of_variable(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    Some(PathBuf::from(value))
}

fn no_home(error: &etcetera::HomeDirError, variable: &str) -> Failure {
    Failure::new(Exit::Failed, format!("the home folder is unknown: {error}"))
        .fix(format!("set {variable} to a folder"))
}
