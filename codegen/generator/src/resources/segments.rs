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
mod tests {
    use super::segments;

    /// Checks the segment of each group in a table. The table has the columns module, path and segment.
    fn check(table: &str) {
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split('|').map(str::trim).collect())
            .filter(|row: &Vec<&str>| row.len() == 3)
            .collect();
        let found = segments(rows.iter().map(|row| (row[0], row[1])));
        for row in &rows {
            assert_eq!(found[row[0]], row[2], "{}", row[1]);
        }
    }

    #[test]
    fn a_prefix_of_all_paths_changes_no_segment() {
        for prefix in ["", "/v1", "/api/v1/assets", "/{account}/v1"] {
            check(&format!(
                "pages | {prefix}/page/find/byId/ | page
                 offers | {prefix}/offersource/{{idOffer}}/ | offersource
                 conditions | {prefix}/condition/find/byId/ | condition"
            ));
        }
        check(
            "pages | /v2/page/find/byId/ | page
             offers | /v1/offersource/find/byId/ | offersource
             conditions | /v1/condition/find/byId/ | condition",
        );
        check("pages | /page/find/byId/ | page");
        check("pages | /v1/page/find/byId/ | page");
    }

    #[test]
    fn groups_never_share_a_segment() {
        check(
            "page_groups | /page/group/find/byId/ | page/page_groups
             pages | /page/find/byId/ | page
             offers | /offersource/find/byId/ | offersource
             nodes | /{id}/ | ",
        );
    }
}
