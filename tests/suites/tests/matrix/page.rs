//! Writes the page `MATRIX.md`, or compares it with the committed file.

use crate::{abilities, calls, jobs};
use std::fmt::Write as _;
use std::path::Path;

/// Path of the page.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/MATRIX.md");
/// Environment variable that makes the suite rewrite the page.
const UPDATE: &str = "FUNNELFLUX_UPDATE";

const INTRODUCTION: &str = "\
<!-- Written by tests/matrix. To update it, run
FUNNELFLUX_UPDATE=1 cargo test -p funnelflux-suites --test matrix -->

# Fault matrix

Results of all calls and abilities under every fault between the client and the service. The fake acts out
each fault on a virtual clock. The expected results derive from the guarantees of the crate, which are in
`tests/suites/tests/matrix/expectation.rs`. The suite checks every cell, and fails if this page is stale.
";

const CALLS: &str = "\
A fault is injected into the first request only, or (\"always\") into every request. Each cell has:

- the result: *ok*, the status of an error, or a kind of error;
- the number of attempts, if there is more than one;
- the waiting time, if there is any, as a minimum and a maximum (by back-off with full jitter, or as
  `Retry-After` asks);
- for operations that write, whether the server has applied the request (exactly once) or not;
- *client unsure*, if the error reports that the request may have been applied.

A *decode error* is a response that does not decode. *Login required* means that the token is refused and
cannot be renewed. Operations with equal results share a column.
";

const ABILITIES: &str = "\
Each ability works on six assets, with two IDs per request and one request at a time. `update` and
`create_or_save` work on one asset. The fault is injected into one write (in a job, the second one),
into all writes, into the first read, or into all reads. Each ID has exactly one outcome: *done*,
*unknown* or *not sent*. IDs that are done are changed on the server, once, with their children.
Nothing else has changed there.
";

const JOBS: &str = "\
Each job works on six offer sources, with two IDs per request, one request at a time, and a journal:
bulk jobs, an export, a plan that restores a snapshot, and its undo. Changes are read back. The
cells show the outcomes of the first run. They are recorded, not predicted, and judged by what the
service holds afterwards, compared with the account before the job and with an account on which the
job met no fault: no asset is lost, nothing is created or copied twice, *done* is done, *rejected*
and *not sent* are unchanged, and no token is shown. Then the same job continues from its journal
without the fault. If this does not end with everything *done*, the cell shows the second outcome,
too: a rejection lasts, and a copy whose creation is unknown is not made again. In the last two
tables, the token expires while the job runs, and is renewed in the background.

The same jobs run in random circumstances, each with a seed that is printed if it fails: behind a
gateway that responds itself (404, 502, HTML or JSON with 200), repeats responses and swaps them
(`matrix/gateway.rs`); through a proxy that breaks connections byte by byte (`broken_network.rs`;
1,000 jobs with `cargo run -p funnelflux-suites --bin broken_network`); and as commands of the
program (`program.rs`). One lie cannot be seen through: a gateway that forwards a change and then
answers 404, as if the change had not reached the service.
";

/// Columns with equal cells, which share one column of the page.
struct ColumnGroup<'c> {
    documented: Vec<&'c str>,
    inferred: Vec<&'c str>,
    cells: Vec<String>,
}

impl ColumnGroup<'_> {
    /// The names of documented operations, and the names or the number of inferred operations.
    fn heading(&self) -> String {
        let code = |name: &&str| format!("`{name}`");
        let mut names: Vec<String> = self.documented.iter().map(code).collect();
        match self.inferred.len() {
            0..=3 => names.extend(self.inferred.iter().map(code)),
            count if names.is_empty() => names.push(format!("{count} inferred operations")),
            count => names.push(format!("and {count} inferred operations")),
        }
        names.join("<br>")
    }
}

/// Compares the page with the committed file. If [`UPDATE`] is set, writes the page instead.
pub(crate) fn compare(
    operations: &[calls::OperationColumn],
    abilities: &[abilities::AbilityColumn],
    jobs: &[jobs::JobColumn],
) {
    let page = page(operations, abilities) + &jobs_section(jobs);
    let path = Path::new(PAGE);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    let differs = page
        .lines()
        .zip(checked_in.lines())
        .find(|(page, checked_in)| page != checked_in);
    assert!(
        page == checked_in,
        "error: MATRIX.md is stale\n  first difference (expected, actual): {differs:?}\n\
         fix: look at the difference; if it is intended, run\n  \
         {UPDATE}=1 cargo test -p funnelflux-suites --test matrix"
    );
}

fn page(operations: &[calls::OperationColumn], abilities: &[abilities::AbilityColumn]) -> String {
    let mut page = INTRODUCTION.to_owned();
    let cells: usize = operations.iter().map(|column| column.cells.len() * 2).sum();
    let faults = operations[0].cells.len();
    let _ = write!(
        page,
        "\n{faults} faults × {} operations × 2 + {faults} faults × {} abilities × 4 = {} cells.\n\
         No ID is lost, \
         nothing is created twice, and no call hangs.\n\n## Calls\n\n{CALLS}\n",
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
        (column.name, column.documented, cells.collect())
    });
    let names: Vec<&str> = operations[0].cells.iter().map(|cell| &*cell.fault).collect();
    table(&mut page, &names, &grouped(columns));
    let _ = write!(page, "\n## Abilities\n\n{ABILITIES}");
    let columns: Vec<_> = abilities
        .iter()
        .map(|column| (column.name, column.cells.as_slice()))
        .collect();
    let titles = [
        "Fault in one write",
        "Fault in all writes",
        "Fault in the first read",
        "Fault in all reads",
    ];
    outcome_tables(&mut page, titles, &columns);
    page
}

/// The tables of the jobs: one table for each kind of fault injection.
fn jobs_section(jobs: &[jobs::JobColumn]) -> String {
    let faults = jobs[0].cells.len();
    let cells = faults * jobs.len() * jobs[0].cells[0].1.len();
    let mut section = format!(
        "\n## Jobs\n\n{faults} faults × {} jobs × 6 = {cells} cells.\n\n{JOBS}",
        jobs.len()
    );
    let columns: Vec<_> = jobs
        .iter()
        .map(|column| (column.name, column.cells.as_slice()))
        .collect();
    let titles = [
        "Fault in one write of a job",
        "Fault in all writes of a job",
        "Fault in the first read of a job",
        "Fault in all reads of a job",
        "Fault in the first renewal of the token",
        "Fault in all renewals of the token",
    ];
    outcome_tables(&mut section, titles, &columns);
    section
}

/// Name of a column, and its cells: the fault, and the outcome in each table.
type OutcomeColumn<'c, const N: usize> = (&'c str, &'c [(String, [String; N])]);

/// Writes a table for each title, with a row for each fault.
fn outcome_tables<const N: usize>(page: &mut String, titles: [&str; N], columns: &[OutcomeColumn<'_, N>]) {
    let names: Vec<&str> = columns[0].1.iter().map(|(fault, _)| &**fault).collect();
    for (index, title) in titles.into_iter().enumerate() {
        let _ = write!(page, "\n### {title}\n\n");
        let columns = columns.iter().map(|(name, cells)| {
            let cells = cells.iter().map(|(_, outcomes)| outcomes[index].clone());
            (*name, true, cells.collect())
        });
        table(page, &names, &grouped(columns));
    }
}

/// Joins columns whose cells are equal.
fn grouped<'c>(columns: impl Iterator<Item = (&'c str, bool, Vec<String>)>) -> Vec<ColumnGroup<'c>> {
    let mut groups: Vec<ColumnGroup<'c>> = Vec::new();
    for (name, documented, cells) in columns {
        let index = groups.iter().position(|group| group.cells == cells);
        let index = index.unwrap_or_else(|| {
            groups.push(ColumnGroup {
                documented: Vec::new(),
                inferred: Vec::new(),
                cells,
            });
            groups.len() - 1
        });
        let group = &mut groups[index];
        if documented {
            group.documented.push(name);
        } else {
            group.inferred.push(name);
        }
    }
    groups
}

fn table(page: &mut String, names: &[&str], groups: &[ColumnGroup<'_>]) {
    let headings: Vec<String> = groups.iter().map(ColumnGroup::heading).collect();
    let _ = writeln!(
        page,
        "| fault | {} |\n|---{}|",
        headings.join(" | "),
        "|---".repeat(headings.len())
    );
    for (row, name) in names.iter().enumerate() {
        let cells: Vec<&str> = groups.iter().map(|group| &*group.cells[row]).collect();
        let _ = writeln!(page, "| {name} | {} |", cells.join(" | "));
    }
}
