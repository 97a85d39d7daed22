//! `MATRIX.md`: the matrix as a person reads it, and the comparison with what is checked in.

use crate::{abilities, calls};
use std::fmt::Write as _;
use std::path::Path;

/// Where the page is.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/MATRIX.md");
/// Set to anything, it has the page rewritten.
const UPDATE: &str = "FUNNELFLUX_UPDATE";

const INTRODUCTION: &str = "\
<!-- Printed by tests/matrix; `FUNNELFLUX_UPDATE=1 cargo test -p funnelflux-suites --test matrix` prints it anew. -->

# Fault matrix

What the client makes of everything that can go wrong between it and the service. The fake acts each fault out, on a virtual
clock; each cell holds the class of the result, the number of tries, the time, and what the server holds afterwards against what
the crate promises. The promises are in `tests/matrix/expectation.rs`; this page is printed by the suite and fails it when it is not
true.
";

const LEGEND: &str = "\
A fault is met once (and the next request goes through), or always. `×5`: the request was sent five times. A time is the least
and the most that the waits may take, by back-off with full jitter or as `Retry-After` asks; no time: at once. `●` the server has
done it, exactly once; `○` it has not. `?` the error says that it may have been applied. `misfit` an answer that does not decode,
`login` the token is refused and cannot be renewed; a number is the status of the error.

Operations that behave alike share a column.
";

const ABILITIES: &str = "\
Each ability works on six assets, two a request, one request at a time (update and `create_or_save`: on one). The fault is met by
one of its writes (of many, the second) or by all, and by its first read or by all. Every ID comes out as exactly one of *done*,
*unknown* and *not sent*, what is done is so on the server, once, with its children, and nothing else has changed there.
";

/// Columns with the same cells, under one head.
struct Group {
    head: String,
    cells: Vec<String>,
}

/// Compares the page with the one that is checked in, or writes it.
pub(crate) fn holds(operations: &[calls::Column], abilities: &[abilities::Column]) {
    let page = page(operations, abilities);
    let path = Path::new(PAGE);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    let differs = page
        .lines()
        .zip(there.lines())
        .find(|(page, there)| page != there);
    assert!(
        page == there,
        "MATRIX.md is not what the suite prints; look at the difference and, if it is meant, run\n  {UPDATE}=1 cargo test -p \
         funnelflux-suites --test matrix\nthe first line that differs: {differs:?}"
    );
}

fn page(operations: &[calls::Column], abilities: &[abilities::Column]) -> String {
    let mut page = INTRODUCTION.to_owned();
    let cells: usize = operations.iter().map(|column| column.cells.len() * 2).sum();
    let faults = operations[0].cells.len();
    let _ = write!(
        page,
        "\n{faults} faults × {} operations × 2 + {faults} faults × {} abilities × 4 = {} cells. No ID lost, no double \
         create, no call that hangs.\n\n## Calls\n\n{LEGEND}\n",
        operations.len(),
        abilities.len(),
        cells + faults * abilities.len() * 4
    );
    let columns = operations.iter().map(|column| {
        let cells = column.cells.iter().map(|cell| {
            if cell.once == cell.always {
                cell.once.clone()
            } else {
                format!("{}; always: {}", cell.once, cell.always)
            }
        });
        let name = column.documented.then_some(column.name);
        (column.name, name.is_some(), cells.collect())
    });
    let names: Vec<&str> = operations[0].cells.iter().map(|cell| &*cell.fault).collect();
    table(&mut page, &names, &grouped(columns));
    let _ = write!(page, "\n## Abilities\n\n{ABILITIES}");
    let names: Vec<&str> = abilities[0].cells.iter().map(|(fault, _)| &**fault).collect();
    for (index, title) in [
        "One write meets it",
        "All writes meet it",
        "One read meets it",
        "All reads meet it",
    ]
    .into_iter()
    .enumerate()
    {
        let _ = write!(page, "\n### {title}\n\n");
        let columns = abilities.iter().map(|column| {
            let cells = column.cells.iter().map(|(_, said)| said[index].clone());
            (column.name, true, cells.collect())
        });
        table(&mut page, &names, &grouped(columns));
    }
    page
}

/// Joins columns that are the same; names those that are documented and counts the others.
fn grouped<'c>(columns: impl Iterator<Item = (&'c str, bool, Vec<String>)>) -> Vec<Group> {
    let mut groups: Vec<(Vec<&str>, Vec<&str>, Vec<String>)> = Vec::new();
    for (name, named, cells) in columns {
        let place = groups.iter().position(|(.., there)| *there == cells);
        let place = place.unwrap_or_else(|| {
            groups.push((Vec::new(), Vec::new(), cells));
            groups.len() - 1
        });
        let (documented, deduced, _) = &mut groups[place];
        if named { documented } else { deduced }.push(name);
    }
    let head = |documented: &[&str], deduced: &[&str]| {
        let mut names: Vec<String> = documented.iter().map(|name| format!("`{name}`")).collect();
        match deduced {
            [] => {}
            few if few.len() <= 3 => names.extend(few.iter().map(|name| format!("`{name}`"))),
            many if documented.is_empty() => names.push(format!("{} deduced ones", many.len())),
            many => names.push(format!("and {} deduced ones", many.len())),
        }
        names.join("<br>")
    };
    groups
        .into_iter()
        .map(|(documented, deduced, cells)| Group {
            head: head(&documented, &deduced),
            cells,
        })
        .collect()
}

fn table(page: &mut String, names: &[&str], groups: &[Group]) {
    let heads: Vec<&str> = groups.iter().map(|group| &*group.head).collect();
    let _ = writeln!(
        page,
        "| fault | {} |\n|---{}|",
        heads.join(" | "),
        "|---".repeat(heads.len())
    );
    for (row, name) in names.iter().enumerate() {
        let cells: Vec<&str> = groups.iter().map(|group| &*group.cells[row]).collect();
        let _ = writeln!(page, "| {name} | {} |", cells.join(" | "));
    }
}
