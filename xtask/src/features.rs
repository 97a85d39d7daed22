//! Cargo features of the generated crate: one for each group of the document, listed between marks.

use std::collections::BTreeSet;

use funnelflux_generator::GroupFeature;
use toml_edit::{Array, DocumentMut, Item, RawString, Table, Value};

/// Line before the features of groups.
const BEGIN: &str = "# Groups of operations: written by `cargo xtask generate`. Do not edit.";

/// Line after the features of groups.
const END: &str = "# End of the groups of operations.";

/// Fix for each problem with the manifest.
pub(crate) const FIX: &str =
    "restore generated/Cargo.toml from version control, then run `cargo xtask generate`";

/// Returns the manifest with the features of `groups` between the marks. The rest keeps its comments, order
/// and layout.
///
/// # Errors
/// If the manifest is not TOML, if the marks are not around the end of its features, or if another feature
/// has the name of a group.
pub(crate) fn with_groups(manifest: &str, groups: &[GroupFeature]) -> Result<String, String> {
    for mark in [BEGIN, END] {
        if manifest.lines().filter(|line| *line == mark).count() != 1 {
            return Err(format!("the line \"{mark}\" must be there once"));
        }
    }
    // Comments belong to the key after them, so there must be one.
    let manifest = manifest.replace(
        &format!("{BEGIN}\n{END}\n"),
        &format!("{BEGIN}\ndocumented = []\n{END}\n"),
    );
    let mut manifest: DocumentMut = manifest
        .parse()
        .map_err(|error: toml_edit::TomlError| format!("it is not TOML: {}", error.message()))?;
    let misplaced = || format!("the lines \"{BEGIN}\" and \"{END}\" must be around the end of [features]");
    let features = manifest.get_mut("features").and_then(Item::as_table_mut);
    let features = features.ok_or_else(misplaced)?;
    let keys: Vec<String> = features.iter().map(|(key, _)| key.to_owned()).collect();
    let comments = |key: &String| comments(features, key);
    let first = keys.iter().position(|key| comments(key).contains(BEGIN));
    let first = first.ok_or_else(misplaced)?;
    let (others, old) = keys.split_at(first);
    if old.iter().any(|key| comments(key).contains(END)) {
        return Err(misplaced());
    }
    let before = old.first().map(comments).unwrap_or_default();
    let before = before.split(BEGIN).next().unwrap_or_default().to_owned();
    for key in old {
        features.remove(key);
    }
    let others: BTreeSet<&str> = others.iter().map(String::as_str).collect();
    for (name, comment, members) in entries(groups, &before) {
        if others.contains(name.as_str()) {
            return Err(format!(
                "the feature `{name}` of a group is listed before the line \"{BEGIN}\""
            ));
        }
        features.insert(&name, Item::Value(Value::Array(members)));
        if let Some(mut key) = features.key_mut(&name) {
            key.leaf_decor_mut().set_prefix(comment);
        }
    }
    Ok(manifest.to_string())
}

/// Comments and blank lines before a key.
fn comments(table: &Table, key: &str) -> String {
    let prefix = table.key(key).and_then(|key| key.leaf_decor().prefix());
    prefix.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// Features of groups in their order, each with the comments before it and the features that it enables.
fn entries(groups: &[GroupFeature], before: &str) -> Vec<(String, String, Array)> {
    let list = |inferred| {
        let members = groups.iter().filter(|group| group.inferred == inferred);
        let mut list = Array::new();
        for member in members {
            let mut name = Value::from(member.name.as_str());
            name.decor_mut().set_prefix("\n    ");
            list.push_formatted(name);
        }
        if !list.is_empty() {
            list.set_trailing("\n");
            list.set_trailing_comma(true);
        }
        list
    };
    let documented = "# All groups that the vendor documents.\n";
    let inferred =
        "# All groups of which the vendor documents titles and methods only: the rest is inferred.\n";
    let mut entries = vec![
        (
            "documented".to_owned(),
            format!("{before}{BEGIN}\n{documented}"),
            list(false),
        ),
        ("inferred".to_owned(), inferred.to_owned(), list(true)),
    ];
    entries.extend(
        groups
            .iter()
            .map(|group| (group.name.clone(), String::new(), Array::new())),
    );
    entries
}

#[cfg(test)]
mod tests;
