//! Path segments that identify groups, such as `offersource`. The journal of a bulk job contains the segment.

use std::collections::{BTreeMap, BTreeSet};

use crate::method_names::{group_position, literals};

/// Derives a distinct segment for each group. `paths` contains the name of the group's module and the path of
/// the operation that finds an asset by ID.
///
/// All segments stand at the same position of their paths (see `group_position`). Thus, a prefix that all
/// paths share changes no segment. If several groups have the same segment, the one with the shortest path
/// keeps it, and the module is appended to the others.
pub(super) fn segments<'a>(paths: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, String> {
    let paths = paths.map(|(module, path)| (literals(path), module));
    let mut paths: Vec<(Vec<&str>, &str)> = paths.collect();
    paths.sort_by(|(path, module), (other, other_module)| {
        (path.len(), path, module).cmp(&(other.len(), other, other_module))
    });
    let position = group_position(paths.iter().map(|(path, module)| (path, *module)));
    let mut taken = BTreeSet::new();
    let segments = paths.iter().map(|(path, module)| {
        let segment = path.get(position).or(path.last());
        let segment = segment.copied().unwrap_or_default();
        let is_free = taken.insert(segment);
        let distinct = if is_free {
            segment.to_owned()
        } else {
            format!("{segment}/{module}")
        };
        (*module, distinct)
    });
    segments.collect()
}

#[cfg(test)]
mod tests;
