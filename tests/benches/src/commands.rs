//! CPU time of `cargo xtask generate` and `check`, on copies of the workspace.

use crate::{
    Failure,
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

/// How often each command is run; the mean counts.
const TIMES: u32 = 5;

pub(crate) fn measure(document: Option<&Path>) -> Result<String, Failure> {
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
    let mut table = "CPU seconds of a command, the mean of 5 runs:\n\n\
        | document | generate, release | check, release | check, debug as `cargo xtask` runs it | target |\n|---|---:|---:|---:|---|\n"
        .to_owned();
    for (name, place, target) in subjects {
        // Once for all: what is compared and overwritten is there then.
        run(&release, "generate", &place, 1)?;
        let generate = run(&release, "generate", &place, TIMES)?;
        let check = run(&release, "check", &place, TIMES)?;
        let check_debug = run(&debug, "check", &place, TIMES)?;
        writeln!(
            table,
            "| {name} | {generate:.2} | {check:.2} | {check_debug:.2} | {target} |"
        )?;
    }
    if let Some(document) = document {
        let name = document.file_name().unwrap_or_default().to_string_lossy();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let megabytes = fs::metadata(document)?.len() as f64 / 1e6;
        let seconds = foreign(document, &folder.path().join("foreign"))?;
        writeln!(
            table,
            "\nA public document, {name} ({megabytes:.1} MB), read, normalised and linted by the harness for documents of others: \
             {seconds:.2} CPU seconds."
        )?;
    }
    Ok(table)
}

/// CPU seconds of the stages over a document of others, up to the one that refuses parts of it. `generate` takes only documents
/// in which its rules find something to do.
fn foreign(document: &Path, folder: &Path) -> Result<f64, Failure> {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command.args(["build", "--quiet", "--locked", "--release"]);
    output(command.args(["--package", "funnelflux-codegen", "--example", "corpus"]))?;
    fs::create_dir(folder)?;
    fs::copy(document, folder.join(document.file_name().unwrap_or_default()))?;
    let mut all = Duration::ZERO;
    for _ in 0..TIMES {
        let mut run = Command::new(target().join("release/examples/corpus"));
        run.arg(folder);
        all += cpu_time(&mut run, processes::Expect::Success)?;
    }
    Ok((all / TIMES).as_secs_f64())
}

fn build(profile: &str, flags: &[&str]) -> Result<PathBuf, Failure> {
    let mut command = Command::new("cargo");
    command
        .current_dir(root())
        .args(["build", "--quiet", "--locked", "--package", "xtask"]);
    output(command.args(flags))?;
    Ok(target().join(profile).join("xtask"))
}

/// CPU seconds of a run.
fn run(program: &Path, command: &str, place: &Path, times: u32) -> Result<f64, Failure> {
    let mut all = Duration::ZERO;
    for _ in 0..times {
        let mut run = Command::new(program);
        run.arg("--root").arg(place).arg(command);
        // Without the overlays there are fewer groups than the manifest has features, which `check` says with a code of its own.
        all += cpu_time(&mut run, processes::Expect::AnyOf(&[0, 3]))?;
    }
    Ok((all / times).as_secs_f64())
}

/// A copy of what the repository holds, at `to`.
pub(crate) fn copy(to: &Path) -> Result<PathBuf, Failure> {
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
