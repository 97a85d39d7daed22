//! Release: what the last released version promised, and which version is due for what has changed since.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::api::{self, Changes, Surface};
use funnelflux_diff::Impact;
use funnelflux_openapi::digest::sha256;

/// The record of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The version of the crate.
    pub version: Version,
    /// sha256 of the generated files, by path: documentation and behaviour count too.
    pub files: BTreeMap<String, String>,
    /// The public interface of the crate, hand-written code included.
    pub interface: Surface,
}

impl Release {
    /// The record of generated files and of the crate's interface as released with `version`.
    #[must_use]
    pub fn new(version: Version, files: &BTreeMap<String, String>, interface: Surface) -> Self {
        Self {
            version,
            files: files
                .iter()
                .map(|(path, text)| (path.clone(), sha256(text)))
                .collect(),
            interface,
        }
    }

    /// What has changed in the interface from this release to `now`.
    #[must_use]
    pub fn changes(&self, now: &Self) -> Changes {
        api::compare(&self.interface, &now.interface)
    }

    /// What has changed from this release to `now`, as a bump.
    #[must_use]
    pub fn impact(&self, now: &Self) -> Impact {
        let impact = self.changes(now).impact();
        if self.files == now.files {
            impact
        } else {
            impact.max(Impact::Patch)
        }
    }

    /// The lowest version that may carry a change of this impact, by the rules of Cargo: before 1.0.0 the leftmost
    /// number that is not zero is the one that breaks.
    #[must_use]
    pub fn due(&self, impact: Impact) -> Version {
        let Version {
            major, minor, patch, ..
        } = self.version;
        match (impact, major, minor) {
            (Impact::None, ..) => self.version.clone(),
            (Impact::Major, 0, 0) | (Impact::Minor, 0, _) | (Impact::Patch, ..) => {
                Version::new(major, minor, patch + 1)
            }
            (Impact::Major, 0, _) | (Impact::Minor, ..) => Version::new(major, minor + 1, 0),
            (Impact::Major, ..) => Version::new(major + 1, 0, 0),
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        // A struct of strings and maps of strings: writing it cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// What is wrong with it, with line and column.
    pub fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str, code: &str) -> Release {
        let files = BTreeMap::from([("lib.rs".to_owned(), code.to_owned())]);
        let interface = api::surface(&files).unwrap();
        Release::new(version.parse().unwrap(), &files, interface)
    }

    #[test]
    fn the_version_that_is_due_follows_cargo() {
        for (version, none, patch, minor, major) in [
            ("1.2.3", "1.2.3", "1.2.4", "1.3.0", "2.0.0"),
            ("0.2.3", "0.2.3", "0.2.4", "0.2.4", "0.3.0"),
            ("0.0.3", "0.0.3", "0.0.4", "0.0.4", "0.0.4"),
        ] {
            let release = release(version, "");
            let due = [Impact::None, Impact::Patch, Impact::Minor, Impact::Major]
                .map(|impact| release.due(impact).to_string());
            assert_eq!(due, [none, patch, minor, major]);
        }
    }

    #[test]
    fn words_are_a_patch_and_gone_items_break() {
        let old = release("1.0.0", "/// One.\npub struct A;");
        for (code, impact) in [
            ("/// One.\npub struct A;", Impact::None),
            ("/// Two.\npub struct A;", Impact::Patch),
            ("/// One.\npub struct A;\npub struct B;", Impact::Minor),
            ("", Impact::Major),
        ] {
            assert_eq!(old.impact(&release("1.0.0", code)), impact, "{code}");
        }
        assert_eq!(Release::read(&old.text()).unwrap(), old);
    }
}
