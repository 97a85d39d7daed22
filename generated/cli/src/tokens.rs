//! The place of a profile's tokens: the keyring of the operating system, or a file that only its owner can
//! read.

use crate::context::note;
use crate::exit::{Failure, file_failure};
use crate::profile::{ProfileName, create_private_folder};
use funnelflux::Credentials;
use funnelflux::auth::{FileTokenStore, TokenStore};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Place in which a profile stores its tokens. The configuration file contains the name of the variant in
/// lower case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenPlace {
    /// A file with mode 0600.
    #[default]
    File,
    /// The keyring of the operating system.
    Keyring,
}

impl TokenPlace {
    /// Returns the name of the place in the configuration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Keyring => "keyring",
        }
    }

    /// Returns true if the place is a file, which is the default.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "a function for serde")]
    pub(crate) fn is_file(&self) -> bool {
        *self == Self::File
    }

    /// Returns the token store in this place.
    pub(crate) fn store(self, profile: &ProfileName) -> Result<Arc<dyn TokenStore>, Failure> {
        match self {
            Self::File => Ok(Arc::new(FileTokenStore::new(profile.token_file()?))),
            Self::Keyring => keyring_store(profile),
        }
    }

    /// Removes the tokens from this place. Returns false if there were none.
    pub(crate) async fn remove(self, profile: &ProfileName) -> Result<bool, Failure> {
        match self {
            Self::File => remove_file(&profile.token_file()?),
            Self::Keyring => remove_from_keyring(profile).await,
        }
    }
}

/// Saves the tokens of a login in the keyring, or in a file if the keyring is not wanted or cannot be used.
/// Returns the place. If saving in the keyring fails, a note reports that.
pub(crate) async fn save(
    profile: &ProfileName,
    credentials: &Credentials,
    is_keyring_wanted: bool,
) -> Result<TokenPlace, Failure> {
    let file = profile.token_file()?;
    // The store of the keyring has a lock file in this folder.
    file.parent().map(create_private_folder).transpose()?;
    if is_keyring_wanted && cfg!(feature = "keyring") {
        let saved = match TokenPlace::Keyring.store(profile) {
            Ok(store) => store.save(credentials).await.map_err(|error| error.to_string()),
            Err(failure) => Err(failure.to_string()),
        };
        match saved {
            Ok(()) => return Ok(TokenPlace::Keyring),
            Err(reason) => note(&format!("{reason}; the tokens are kept in a file")),
        }
    }
    let saved = TokenPlace::File.store(profile)?.save(credentials).await;
    saved.map_err(|error| Failure::failed(error.to_string()))?;
    Ok(TokenPlace::File)
}

fn remove_file(path: &Path) -> Result<bool, Failure> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(file_failure("remove", path, &error)),
    }
}

#[cfg(feature = "keyring")]
fn keyring_store(profile: &ProfileName) -> Result<Arc<dyn TokenStore>, Failure> {
    Ok(Arc::new(crate::keyring::KeyringTokenStore::new(profile)?))
}

#[cfg(feature = "keyring")]
async fn remove_from_keyring(profile: &ProfileName) -> Result<bool, Failure> {
    let store = crate::keyring::KeyringTokenStore::new(profile)?;
    let removed = store.remove().await;
    removed.map_err(|error| Failure::failed(error.to_string()))
}

#[cfg(not(feature = "keyring"))]
fn keyring_store(profile: &ProfileName) -> Result<Arc<dyn TokenStore>, Failure> {
    Err(without_feature(profile))
}

#[cfg(not(feature = "keyring"))]
#[expect(clippy::unused_async, reason = "same signature as with the feature")]
async fn remove_from_keyring(profile: &ProfileName) -> Result<bool, Failure> {
    Err(without_feature(profile))
}

/// Creates the failure for tokens in the keyring if the program was built without the feature `keyring`.
#[cfg(any(not(feature = "keyring"), test))]
fn without_feature(profile: &ProfileName) -> Failure {
    let name = &profile.name;
    let message = format!(
        "the tokens of the profile {name:?} are in the keyring, which this program was built without"
    );
    Failure::usage(message).fix(format!(
        "install it with: cargo install --path generated/cli --features keyring. Or run: funnelflux auth \
         login --file --profile {name}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_without_the_feature_says_how_to_get_it() {
        let profile = ProfileName {
            name: "work".to_owned(),
            is_explicit: true,
        };
        let failure = without_feature(&profile).to_string();
        assert!(
            failure.contains("\"work\"") && failure.contains("--features keyring"),
            "{failure}"
        );
    }
}
