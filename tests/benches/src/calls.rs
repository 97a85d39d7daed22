//! Counts the instructions of calls, by means of callgrind.

use crate::{
    BoxError,
    processes::{Job, ServiceProcess, output},
};
use funnelflux_benches::workload::{ClientKind, Workload};
use std::{fmt::Write as _, process::Command, time::Duration};

/// The rows of the table.
const ROWS: [Row; 6] = [
    Row {
        name: "find one",
        workload: Workload::Find,
        ids: 1,
        repetitions: 300,
        target: "1.03",
    },
    Row {
        name: "archive 100 in one call",
        workload: Workload::Archive,
        ids: 100,
        repetitions: 300,
        target: "1.03",
    },
    Row {
        name: "list, 1 row",
        workload: Workload::List,
        ids: 1,
        repetitions: 300,
        target: "1.03",
    },
    Row {
        name: "list, 1,000 rows",
        workload: Workload::List,
        ids: 1_000,
        repetitions: 20,
        target: "1.05",
    },
    Row {
        name: "list, 100,000 rows",
        workload: Workload::List,
        ids: 100_000,
        // The allocator cleans up after some lists, but not after all, so a single repetition would be
        // misleading.
        repetitions: 4,
        target: "1.05",
    },
    Row {
        name: "list, 1,000 rows with 2 unknown fields each, kept",
        workload: Workload::ListUnknown,
        ids: 1_000,
        repetitions: 20,
        target: "1.05",
    },
];

struct Row {
    name: &'static str,
    workload: Workload,
    ids: usize,
    /// Number of additional repetitions in the longer of the two runs (see `instructions`).
    repetitions: usize,
    /// Maximum ratio to the instruction count of the hand-written client.
    target: &'static str,
}

pub(crate) fn measure() -> Result<String, BoxError> {
    let service = ServiceProcess::start(Duration::ZERO)?;
    let mut table = "| call | hand-written (reqwest, serde) | funnelflux | ratio | target |\n\
        |---|---:|---:|---:|---:|\n"
        .to_owned();
    for row in ROWS {
        let count = |kind| instructions(&service, kind, &row);
        let (hand_written, ours) = (count(ClientKind::HandWritten)?, count(ClientKind::Crate)?);
        writeln!(
            table,
            "| {} | {} | {} | {:.2} | {} |",
            row.name,
            thousands(hand_written),
            thousands(ours),
            ours / hand_written,
            row.target
        )?;
    }
    Ok(table)
}

/// Returns the number of instructions per repetition. This is the difference between two runs, one with and
/// one without additional repetitions, divided by the number of additional repetitions.
fn instructions(service: &ServiceProcess, kind: ClientKind, row: &Row) -> Result<f64, BoxError> {
    let run = |times| -> Result<f64, BoxError> {
        let job = Job {
            kind,
            workload: row.workload,
            ids: row.ids,
            times,
        };
        let (_, stderr) = output(
            Command::new("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(std::env::current_exe()?)
                .args(job.arguments(&service.base_url)),
        )?;
        let collected = stderr
            .lines()
            .find_map(|line| line.split_once("Collected :"))
            .ok_or("callgrind counted nothing")?;
        Ok(collected.1.trim().parse()?)
    };
    // The first repetition fills buffers and tables that later repetitions reuse.
    let few = 1;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
    let repetitions = row.repetitions as f64;
    Ok((run(few + row.repetitions)? - run(few)?) / repetitions)
}

/// Formats a count with thousands separators.
fn thousands(count: f64) -> String {
    let digits = format!("{count:.0}");
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
