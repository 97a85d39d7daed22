//! Instructions of calls, counted by callgrind.

use crate::{
    Failure,
    processes::{Job, Service, output},
};
use funnelflux_benches::workload::{By, Work};
use std::{fmt::Write as _, process::Command, time::Duration};

/// What a row is called, what is done, to how many, how often it is done more in the longer run, and the target.
const ROWS: [(&str, Work, usize, usize, &str); 6] = [
    ("find one", Work::Find, 1, 300, "1.05"),
    ("archive 100 by one call", Work::Archive, 100, 300, "1.05"),
    ("list, 1 row", Work::List, 1, 300, "1.10"),
    ("list, 1,000 rows", Work::List, 1_000, 20, "1.10"),
    // More than one: the allocator tidies up after one list or after another, which one more would count twice or not at all.
    ("list, 100,000 rows", Work::List, 100_000, 4, "1.10"),
    (
        "list, 1,000 rows with 2 unknown fields each, kept",
        Work::ListUnknown,
        1_000,
        20,
        "1.10",
    ),
];

pub(crate) fn measure() -> Result<String, Failure> {
    let service = Service::start(Duration::ZERO)?;
    let mut table = "Instructions of one call over a socket, user space, release build, the service in another process:\n\n\
        | call | by hand (reqwest, serde) | funnelflux | ratio | target |\n|---|---:|---:|---:|---:|\n"
        .to_owned();
    for (name, work, ids, more, target) in ROWS {
        let count = |by| instructions(&service, by, work, ids, more);
        let (hand, ours) = (count(By::Hand)?, count(By::Crate)?);
        writeln!(
            table,
            "| {name} | {} | {} | {:.2} | {target} |",
            thousands(hand),
            thousands(ours),
            ours / hand
        )?;
    }
    Ok(table)
}

/// Instructions of doing it once: what a run with `more` of them takes above one without.
fn instructions(service: &Service, by: By, work: Work, ids: usize, more: usize) -> Result<f64, Failure> {
    let run = |times| -> Result<f64, Failure> {
        let job = Job { by, work, ids, times };
        let (_, said) = output(
            Command::new("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(std::env::current_exe()?)
                .args(job.arguments(&service.base_url)),
        )?;
        let counted = said
            .lines()
            .find_map(|line| line.split_once("Collected :"))
            .ok_or("callgrind counted nothing")?;
        Ok(counted.1.trim().parse()?)
    };
    // The first one fills buffers and tables that stay.
    let few = 1;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
    let more_times = more as f64;
    Ok((run(few + more)? - run(few)?) / more_times)
}

/// A count with its thousands apart.
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
