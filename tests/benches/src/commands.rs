//! CPU time of `cargo xtask generate` and `check`, on copies of the workspace.

use crate::{
    BoxError,
    page::{root, target},
    processes::{self, cpu_time, output},
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

pub(crate) fn measure(document: Option<&Path>) -> Result<String, BoxError> {
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
            "check below 0.30 s (release)",
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
    if let Some(document) = document {
        let name = document.file_name().unwrap_or_default().to_string_lossy();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let megabytes = fs::metadata(document)?.len() as f64 / 1e6;
        let seconds = foreign(document, &folder.path().join("foreign"))?;
        writeln!(
            table,
            "\nReading, normalising and linting the public document {name} ({megabytes:.1} MB) takes \
             {seconds:.2} CPU seconds."
        )?;
    }
    Ok(table)
}

/// CPU seconds to read, normalise and lint a document of another API. `generate` itself is not run, because
/// it accepts only documents to which its rules apply.
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

/// Mean CPU seconds of a command.
fn run(program: &Path, command: &str, workspace: &Path, times: u32) -> Result<f64, BoxError> {
    let mut total = Duration::ZERO;
    for _ in 0..times {
        let mut run = Command::new(program);
        run.arg("--root").arg(workspace).arg(command);
        // Without the overlays, the manifest has features without groups, so `check` exits with 3.
        total += cpu_time(&mut run, processes::AcceptedExit::AnyOf(&[0, 3]))?;
    }
    Ok((total / times).as_secs_f64())
}

/// Copies the repository to `to`.
pub(crate) fn copy(to: &Path) -> Result<PathBuf, BoxError> {
    fn folder(from: &Path, to: &Path) -> std::io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == "target" || name == ".git" {
                continue;
            }
            let target = to.join(&name);
            if entry.file_type()?.is_dir() {
                folder(&entry.path(), &target)?;
            } else {
                fs::copy(entry.path(), target)?;
            }
        }
        Ok(())
    }
    folder(&root(), to)?;
    Ok(to.to_owned())
}
