//! Names of the files in a snapshot.
//!
//! The file of an asset is `GROUP/NAME.json`. The name is the ID, in which bytes other than ASCII letters,
//! digits, `-` and `_` are percent-encoded. If IDs of a group differ in case only, capital letters in these
//! IDs are percent-encoded. The files then have different names even on a file system that ignores case. The
//! first byte of an ID that Windows uses as the name of a device is also percent-encoded. An ID that is too
//! long for a file name is shortened, and its fingerprint is appended.

use super::fingerprint::Fingerprint;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

/// Name of the file with the manifest.
pub(super) const MANIFEST: &str = "snapshot.json";
/// Name of the folder with the files of an export in progress.
pub(super) const STAGING: &str = ".export";

/// Maximum length of a file name without `.json`, in bytes. A longer name is shortened.
const MAX_LENGTH: usize = 200;
/// Names of devices on Windows, which cannot be names of files. The first byte of such an ID is encoded.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt"];

/// Treatment of capital letters in file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capitals {
    Literal,
    /// Capital letters are percent-encoded, so that the names of different IDs differ even if case is
    /// ignored.
    Encoded,
}

/// Returns the name of an asset's file.
pub(super) fn file_name(id: &str, capitals: Capitals) -> String {
    let mut name = String::with_capacity(id.len() + ".json".len());
    for (index, byte) in id.bytes().enumerate() {
        let is_plain = match byte {
            b'A'..=b'Z' => capitals == Capitals::Literal,
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => true,
            _ => false,
        };
        if is_plain && !(index == 0 && is_device(id)) {
            name.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    if name.len() > MAX_LENGTH {
        name.truncate(MAX_LENGTH / 2);
        let fingerprint = Fingerprint::of_bytes(id.as_bytes()).to_string();
        let _ = write!(name, "%~{}", fingerprint.trim_start_matches("sha256:"));
    }
    name.push_str(".json");
    name
}

/// Returns true if, without encoded capital letters, the file names of two of these IDs would differ in case
/// only.
pub(super) fn differ_in_case_only<'i>(ids: impl IntoIterator<Item = &'i str>) -> bool {
    let mut names = HashSet::new();
    let mut lower = ids
        .into_iter()
        .map(|id| file_name(id, Capitals::Literal).to_ascii_lowercase());
    !lower.all(|name| names.insert(name))
}

/// Returns the names of the files of a group, keyed by ID.
pub(super) fn file_names<'i>(ids: impl IntoIterator<Item = &'i str>) -> BTreeMap<&'i str, String> {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for id in ids {
        let name = file_name(id, Capitals::Literal);
        if names.insert(id, name.clone()).is_none() {
            *counts.entry(name.to_ascii_lowercase()).or_default() += 1;
        }
    }
    for (id, name) in &mut names {
        if counts
            .get(&name.to_ascii_lowercase())
            .is_some_and(|count| *count > 1)
        {
            *name = file_name(id, Capitals::Encoded);
        }
    }
    names
}

/// Returns the ID of the asset whose file has this name; `None` if the name does not contain the whole ID.
pub(super) fn id_of(file_name: &str) -> Option<String> {
    let name = file_name.strip_suffix(".json")?;
    if name.contains("%~") {
        return None;
    }
    let decoded = percent_encoding::percent_decode_str(name).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

fn is_device(id: &str) -> bool {
    let lower = id.to_ascii_lowercase();
    let stem = lower.trim_end_matches(|character: char| character.is_ascii_digit());
    DEVICES.contains(&stem) && id.len() <= "com0".len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_safe_and_readable() {
        for (id, name) in [
            ("2nIemJxCKbFX", "2nIemJxCKbFX.json"),
            ("..", "%2e%2e.json"),
            ("a/b", "a%2fb.json"),
            ("a\\b:c", "a%5cb%3ac.json"),
            ("é", "%c3%a9.json"),
            ("100%", "100%25.json"),
            ("", ".json"),
            ("CON", "%43ON.json"),
            ("lpt1", "%6cpt1.json"),
            ("console", "console.json"),
        ] {
            assert_eq!(file_name(id, Capitals::Literal), name);
            assert_eq!(id_of(name).as_deref(), Some(id));
        }
    }

    #[test]
    fn ids_that_differ_in_case_only_are_kept_apart() {
        let names = file_names(["Ab", "ab", "aB", "c", "C1"]);
        let names: Vec<&str> = names.values().map(String::as_str).collect();
        assert_eq!(names, ["%41b.json", "C1.json", "a%42.json", "ab.json", "c.json"]);
        assert!(differ_in_case_only(["c", "Ab", "aB"]) && !differ_in_case_only(["c", "C1", "aB"]));
    }

    #[test]
    fn long_ids_have_short_names() {
        let [first, second] = ["x".repeat(300), "x".repeat(301)].map(|id| file_name(&id, Capitals::Literal));
        assert!(first != second && first.len() < 200, "{first}");
        assert_eq!(id_of(&first), None);
    }

    proptest! {
        #[test]
        fn names_give_the_ids_and_differ_without_case(
            ids in prop::collection::hash_set("[aAbBé%~/.]{0,4}", 0..9)
        ) {
            let names = file_names(ids.iter().map(String::as_str));
            let lower: HashSet<String> = names.values().map(|name| name.to_ascii_lowercase()).collect();
            prop_assert_eq!(lower.len(), ids.len());
            for (id, name) in names {
                prop_assert_eq!(id_of(&name), Some(id.to_owned()));
                let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_%.".contains(&byte);
                prop_assert!(name.bytes().all(is_safe));
            }
        }
    }
}
