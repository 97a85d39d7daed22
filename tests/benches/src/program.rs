//! Measures the CPU time of the program `funnelflux`, compared with `curl | jq` and with a hand-written loop.

use crate::{
    BoxError, FAKE_TOKEN, Size,
    processes::{AcceptedExit, Job, ServiceProcess, cpu_time, output},
    workspace::{root, target},
};
use funnelflux_benches::workload::{ClientKind, Workload};
use std::{cell::Cell, fmt::Write as _, fs, path::Path, process::Command, time::Duration};

/// Options of a list command, and the filter command that produces the same lines from the output of curl.
struct ListTask {
    name: &'static str,
    options: &'static [&'static str],
    jq: &'static str,
}

const LISTS: [ListTask; 2] = [
    ListTask {
        name: "rows",
        options: &["-o", "ndjson"],
        jq: "jq -c '.[]'",
    },
    ListTask {
        name: "IDs",
        options: &["--jq", ".[].idOfferSource"],
        jq: "jq -r '.[].idOfferSource'",
    },
];

/// Number of runs of each command. The runs of the two compared commands alternate, and the shortest run of
/// each counts.
const TIMES: u32 = 5;

pub(crate) fn measure(size: Size) -> Result<String, BoxError> {
    let mut build = Command::new("cargo");
    build
        .current_dir(root())
        .args(["build", "--quiet", "--locked", "--release"]);
    output(build.args(["--package", "funnelflux-cli"]))?;
    let folder = tempfile::tempdir()?;
    let mut table =
        "| task | alternative | its CPU seconds | funnelflux | ratio |\n|---|---|---:|---:|---:|\n"
            .to_owned();
    for rows in [1_000, 100_000] {
        let rows = size.of(rows);
        let service = ServiceProcess::start_fake(rows)?;
        for task in LISTS {
            let program = || {
                let mut list = program(&service.base_url, folder.path());
                list.args(["offer-sources", "list"]).args(task.options);
                list
            };
            let curl = || {
                let mut shell = Command::new("sh");
                let url = format!("{}/offersource/list/?status=all", service.base_url);
                let script = format!("curl -sf -H \"Authorization: Bearer $1\" \"$2\" | {}", task.jq);
                shell.args(["-c", &script, "sh", FAKE_TOKEN, &url]);
                shell
            };
            let (program_lines, curl_lines) = (output(&mut program())?.0, output(&mut curl())?.0);
            if program_lines != curl_lines || program_lines.lines().count() != rows {
                return Err("the program and curl print different lines".into());
            }
            let [ours, theirs] = shortest([&program, &curl])?;
            let peer = format!("`curl \\| {}`", task.jq);
            row(
                &mut table,
                &format!("{} of {rows} assets", task.name),
                &peer,
                theirs,
                ours,
            )?;
        }
    }
    let ids = size.of(10_000);
    // The program reads the assets back, so its service is the fake, which remembers the changes.
    let [service, service_by_hand] = [
        ServiceProcess::start_fake(ids)?,
        ServiceProcess::start(Duration::ZERO)?,
    ];
    let file = folder.path().join("ids.txt");
    let mut list = program(&service.base_url, folder.path());
    list.args(["offer-sources", "list", "--jq", ".[].idOfferSource"]);
    fs::write(&file, output(&mut list)?.0)?;
    // Every other run reverts the run before, so that every run changes all assets.
    let is_archived = Cell::new(false);
    let program = || {
        let mut archive = program(&service.base_url, folder.path());
        let verb = if is_archived.replace(!is_archived.get()) {
            "unarchive"
        } else {
            "archive"
        };
        archive
            .args(["offer-sources", verb, "--yes", "--ids-from"])
            .arg(&file);
        // The journal of the previous run is removed. Otherwise, the program would continue the finished job
        // and send nothing.
        let _ = fs::remove_dir_all(folder.path().join("state"));
        archive
    };
    let by_hand = || {
        let job = Job {
            kind: ClientKind::HandWritten,
            workload: Workload::Bulk,
            ids,
            times: 1,
        };
        let mut command = Command::new(std::env::current_exe().unwrap_or_default());
        command.args(job.arguments(&service_by_hand.base_url));
        command
    };
    let [ours, theirs] = shortest([&program, &by_hand])?;
    row(
        &mut table,
        &format!("archive or unarchive {ids} IDs"),
        "hand-written loop, which reads nothing",
        theirs,
        ours,
    )?;
    Ok(table)
}

fn row(table: &mut String, task: &str, peer: &str, theirs: Duration, ours: Duration) -> Result<(), BoxError> {
    let [theirs, ours] = [theirs, ours].map(|time| time.as_secs_f64());
    writeln!(
        table,
        "| {task} | {peer} | {theirs:.2} | {ours:.2} | {:.1} |",
        ours / theirs.max(0.01)
    )?;
    Ok(())
}

/// Returns a command that runs the program against the service at `base_url`. The program keeps its files
/// below `folder`.
fn program(base_url: &str, folder: &Path) -> Command {
    let mut command = Command::new(target().join("release/funnelflux"));
    command
        .env("FUNNELFLUX_BASE_URL", base_url)
        .env("FUNNELFLUX_ACCESS_TOKEN", FAKE_TOKEN)
        .env("FUNNELFLUX_CONFIG_DIR", folder.join("config"))
        .env("FUNNELFLUX_STATE_DIR", folder.join("state"));
    command
}

/// Returns the shortest CPU time of each of two commands in interleaved runs.
fn shortest(commands: [&dyn Fn() -> Command; 2]) -> Result<[Duration; 2], BoxError> {
    let mut shortest = [Duration::MAX; 2];
    for _ in 0..TIMES {
        for (command, shortest) in commands.iter().zip(&mut shortest) {
            *shortest = cpu_time(&mut command(), AcceptedExit::Success)?.min(*shortest);
        }
    }
    Ok(shortest)
}
