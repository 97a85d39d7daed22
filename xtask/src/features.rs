//! Cargo features of the generated crate. Each group of operations has one feature. These features are listed
//! between two marker lines in the manifest.

use funnelflux_generator::GroupFeature;

/// Marker line before the features of groups.
const BEGIN: &str = "# Groups of operations: written by `cargo xtask generate`. Do not edit.";

/// Marker line after the features of groups.
const END: &str = "# End of the groups of operations.";

/// Fix for each problem with the manifest.
pub(crate) const FIX: &str =
    "restore generated/Cargo.toml from version control, then run `cargo xtask generate`";

/// Returns the manifest with the features of `groups` between the marker lines. The rest of the manifest
/// stays unchanged.
///
/// # Errors
/// Returns an error unless each marker line occurs exactly once, in the section `[features]`. Also returns an
/// error if the result is not TOML, for example because another feature has the name of a group.
pub(crate) fn with_groups(manifest: &str, groups: &[GroupFeature]) -> Result<String, String> {
    for mark in [BEGIN, END] {
        if manifest.lines().filter(|line| *line == mark).count() != 1 {
            return Err(format!("the line \"{mark}\" must be there once"));
        }
    }
    let misplaced = || format!("the lines \"{BEGIN}\" and \"{END}\" must be in [features]");
    let (before, rest) = manifest.split_once(BEGIN).ok_or_else(misplaced)?;
    let (_, after) = rest.split_once(END).ok_or_else(misplaced)?;
    let written = format!("{before}{BEGIN}\n{}{END}{after}", features(groups));
    let parsed: toml::Table = toml::from_str(&written)
        .map_err(|error| format!("with the features of groups, it is not TOML: {}", error.message()))?;
    let features = parsed.get("features").and_then(toml::Value::as_table);
    let are_there = features.is_some_and(|features| features.contains_key("documented"));
    are_there.then_some(written).ok_or_else(misplaced)
}

/// Lists the features of groups in TOML.
fn features(groups: &[GroupFeature]) -> String {
    let members = |inferred| {
        let members = groups.iter().filter(|group| group.inferred == inferred);
        let members: String = members
            .flat_map(|group| ["\n    \"", &group.name, "\","])
            .collect();
        let end = if members.is_empty() { "" } else { "\n" };
        format!("[{members}{end}]")
    };
    let own: String = groups
        .iter()
        .flat_map(|group| [&*group.name, " = []\n"])
        .collect();
    format!(
        "# All groups that the vendor documents.\n\
         documented = {}\n\
         # All groups of which the vendor documents titles and methods only: the rest is inferred.\n\
         inferred = {}\n\
         {own}",
        members(false),
        members(true)
    )
}

#[cfg(test)]
mod tests;
