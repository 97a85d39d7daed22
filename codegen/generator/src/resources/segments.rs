//! Path segments that identify groups, such as `offersource`. The journal of a bulk job contains the segment.

use std::collections::{BTreeMap, BTreeSet};

/// Derives a distinct segment for each group. `paths` contains the name of the group's module and the path of
/// the operation that finds an asset by ID.
///
/// All segments stand at the same position of their paths: the (first) position with the most different
/// segments. Thus, a prefix that all paths share changes no segment. If several groups have the same segment,
/// the one with the shortest path keeps it, and the module is appended to the others.
pub(super) fn segments<'a>(paths: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, String> {
    let is_literal = |segment: &&str| !segment.is_empty() && !segment.contains('{');
    let paths = paths.map(|(module, path)| (path.split('/').filter(is_literal).collect(), module));
    let mut paths: Vec<(Vec<&str>, &str)> = paths.collect();
    paths.sort_by(|(path, module), (other, other_module)| {
        (path.len(), path, module).cmp(&(other.len(), other, other_module))
    });
    let distinct = |position: &usize| {
        let segments = paths.iter().filter_map(|(path, _)| path.get(*position));
        segments.collect::<BTreeSet<_>>().len()
    };
    let longest = paths.iter().map(|(path, _)| path.len()).max();
    // Of several maxima, `max_by_key` returns the last, which is the first position because of `rev`.
    let position = (0..longest.unwrap_or_default()).rev().max_by_key(distinct);
    let mut taken = BTreeSet::new();
    let segments = paths.iter().map(|(path, module)| {
        let segment = position.and_then(|position| path.get(position).or(path.last()));
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
