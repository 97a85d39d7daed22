//! Measures the CPU time of the `cargo xtask` commands on copies of the workspace.

use crate::{
    BoxError, peers,
    processes::{self, cpu_time, output},
    workspace::{copy, root, target, upstream},
};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Number of runs of each command to average.
const TIMES: u32 = 5;

pub(crate) fn measure(document: Option<&Path>, pair: &[PathBuf]) -> Result<String, BoxError> {
    let release = build("release", &["--release"])?;
    let debug = build("debug", &[])?;
    let folder = tempfile::tempdir()?;
    let all = copy(&folder.path().join("all"))?;
    let documented = copy(&folder.path().join("documented"))?;
    fs::remove_dir_all(documented.join("spec/overlays"))?;
    let subjects = [
        ("the 12 documented operations".to_owned(), documented, ""),
        (
            "all 161 operations".to_owned(),
            all,
            "check at most 0.10 s (release) and 0.35 s (debug)",
        ),
    ];
    let mut table = "| document | generate, release | check, release | check, debug | target |\n\
        |---|---:|---:|---:|---|\n"
        .to_owned();
    for (name, workspace, target) in subjects {
        // A first run writes the files that later runs compare and overwrite.
        run(&release, "generate", &workspace, 1)?;
        let generate = run(&release, "generate", &workspace, TIMES)?;
        let check = run(&release, "check", &workspace, TIMES)?;
        let check_debug = run(&debug, "check", &workspace, TIMES)?;
        writeln!(
            table,
            "| {name} | {generate:.2} | {check:.2} | {check_debug:.2} | {target} |"
        )?;
    }
    writeln!(
        table,
        "\n| adopted document | fetch, release | generate, release |\n|---|---:|---:|"
    )?;
    for entry in fs::read_dir(root().join("xtask/tests/documents"))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let workspace = copy(&folder.path().join(&name))?;
        let mut fetch = Command::new(&release);
        fetch.arg("--root").arg(&workspace).arg("fetch").arg(&path);
        let fetch = cpu_time(&mut fetch, processes::AcceptedExit::Success)?.as_secs_f64();
        let generate = run(&release, "generate", &workspace, 1)?;
        writeln!(table, "| {name} | {fetch:.2} | {generate:.2} |")?;
    }
    let adopted = root().join("xtask/tests/documents/as-inferred.json");
    let mut pairs = vec![(upstream()?, adopted)];
    if let [old, new] = pair {
        pairs.push((old.clone(), new.clone()));
    }
    table.push_str(&compare(&release, &pairs)?);
    if let Some(document) = document {
        let name = document.file_name().unwrap_or_default().to_string_lossy();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let megabytes = fs::metadata(document)?.len() as f64 / 1e6;
        let seconds = foreign(document, &folder.path().join("foreign"))?;
        writeln!(
            table,
            "\nRunning all stages on the public document {name} ({megabytes:.1} MB) takes \
             {seconds:.2} CPU seconds."
        )?;
    }
    Ok(table)
}

/// Returns a table of the CPU seconds that comparisons take with `diff` and with other tools.
fn compare(xtask: &Path, pairs: &[(PathBuf, PathBuf)]) -> Result<String, BoxError> {
    let tools = comparers();
    let mut table = "\n| compared documents | diff, release".to_owned();
    for tool in &tools {
        write!(table, " | {}", tool.title())?;
    }
    writeln!(table, " |\n|---|---:{} |", "|---:".repeat(tools.len()))?;
    for (old, new) in pairs {
        let size = |path: &Path| -> Result<f64, BoxError> {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let bytes = fs::metadata(path)?.len() as f64;
            Ok(bytes / 1e6)
        };
        let name = new.file_name().unwrap_or_default().to_string_lossy();
        write!(table, "| {name}, {:.1} and {:.1} MB", size(old)?, size(new)?)?;
        let mut ours = Command::new(xtask);
        ours.args(["diff", "--full"]).arg(old).arg(new);
        // The exit codes 5 and 6 report changes.
        let ours = cpu_time(&mut ours, processes::AcceptedExit::AnyOf(&[5, 6]))?;
        write!(table, " | {:.2}", ours.as_secs_f64())?;
        for tool in &tools {
            match tool.measure(old, new) {
                Ok(seconds) => write!(table, " | {seconds:.2}")?,
                Err(failure) => {
                    eprintln!("{}: {failure}", tool.name);
                    table.push_str(" | fails");
                }
            }
        }
        table.push_str(" |\n");
    }
    for (tool, hint) in [
        ("oasdiff", "`go install github.com/oasdiff/oasdiff@v1.37.0`"),
        ("openapi-changes", "`npm install --global @pb33f/openapi-changes`"),
        ("jsoncompat", "`cargo install jsoncompat@0.5.0`"),
    ] {
        if !tools.iter().any(|found| found.name == tool) {
            writeln!(
                table,
                "\n{tool} was not measured, because it is not installed ({hint})."
            )?;
        }
    }
    Ok(table)
}

/// A tool that compares two documents.
struct Comparer {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// Exit codes of a finished comparison.
    exit: processes::AcceptedExit,
    /// True if the tool supports only OpenAPI 3.1. Such a tool gets converted documents.
    requires_openapi_31: bool,
}

impl Comparer {
    /// Returns the name of the tool, with its version if the tool prints one.
    fn title(&self) -> String {
        let (printed, _) = output(Command::new(self.program).arg("--version")).unwrap_or_default();
        let is_version = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
        match printed.split_whitespace().find(is_version) {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Returns the CPU seconds of a comparison.
    fn measure(&self, old: &Path, new: &Path) -> Result<f64, BoxError> {
        let folder = tempfile::tempdir()?;
        let mut documents = [old.to_owned(), new.to_owned()];
        if self.requires_openapi_31 {
            for (document, name) in documents.iter_mut().zip(["old.json", "new.json"]) {
                let converted = folder.path().join(name);
                fs::write(&converted, peers::as_openapi_31(document)?.to_string())?;
                *document = converted;
            }
        }
        let mut command = Command::new(self.program);
        command.args(self.arguments).args(documents);
        Ok(cpu_time(&mut command, self.exit)?.as_secs_f64())
    }
}

/// Returns the comparison tools that are installed.
fn comparers() -> Vec<Comparer> {
    let all = [
        Comparer {
            name: "oasdiff",
            program: "oasdiff",
            arguments: &["changelog", "--format", "json"],
            exit: processes::AcceptedExit::Success,
            requires_openapi_31: false,
        },
        Comparer {
            name: "openapi-changes",
            program: "openapi-changes",
            arguments: &["report", "--no-logo"],
            exit: processes::AcceptedExit::AnyOf(&[0, 1]),
            requires_openapi_31: false,
        },
        Comparer {
            name: "jsoncompat",
            program: "jsoncompat",
            arguments: &["compat", "--openapi"],
            // The tool uses the exit code of a breaking change for errors as well.
            exit: processes::AcceptedExit::AnyOfWithoutError(&[0, 1], "Error:"),
            requires_openapi_31: true,
        },
    ];
    let is_installed = |tool: &Comparer| Command::new(tool.program).arg("--help").output().is_ok();
    all.into_iter().filter(is_installed).collect()
}

/// Returns the mean CPU seconds for running all stages on a document of another API. Runs the example
/// `corpus` instead of `cargo xtask generate`, because that command is for the FunnelFlux document.
fn foreign(document: &Path, folder: &Path) -> Result<f64, BoxError> {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command.args(["build", "--quiet", "--locked", "--release"]);
    output(command.args(["--package", "funnelflux-generator", "--example", "corpus"]))?;
    fs::create_dir(folder)?;
    fs::copy(document, folder.join(document.file_name().unwrap_or_default()))?;
    let mut total = Duration::ZERO;
    for _ in 0..TIMES {
        let mut run = Command::new(target().join("release/examples/corpus"));
        run.arg(folder);
        total += cpu_time(&mut run, processes::AcceptedExit::Success)?;
    }
    Ok((total / TIMES).as_secs_f64())
}

fn build(profile: &str, flags: &[&str]) -> Result<PathBuf, BoxError> {
    let mut command = Command::new("cargo");
    command
        .current_dir(root())
        .args(["build", "--quiet", "--locked", "--package", "xtask"]);
    output(command.args(flags))?;
    Ok(target().join(profile).join("xtask"))
}

/// Returns the mean CPU seconds of `times` runs of an xtask command.
fn run(program: &Path, command: &str, workspace: &Path, times: u32) -> Result<f64, BoxError> {
    let mut total = Duration::ZERO;
    for _ in 0..times {
        let mut run = Command::new(program);
        run.arg("--root").arg(workspace).arg(command);
        // Without the overlays, the manifest has features without groups, so `check` exits with the code 3.
        total += cpu_time(&mut run, processes::AcceptedExit::AnyOf(&[0, 3]))?;
    }
    Ok((total / times).as_secs_f64())
}
