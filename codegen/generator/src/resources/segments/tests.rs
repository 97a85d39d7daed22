//! Tests of the path segments of groups.

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
