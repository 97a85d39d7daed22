//! CPU time of `cargo xtask generate` and `check`, on copies of the workspace.

use crate::{
    Failure,
    child::{self, cpu_time, output},
    readme::root,
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
    let mut subjects = vec![
        ("the 12 documented operations".to_owned(), documented, ""),
        (
            "all 161 operations".to_owned(),
            all,
            "check below 0.30 s (release)",
        ),
    ];
    if let Some(document) = document {
        let place = copy(&folder.path().join("public"))?;
        fs::remove_dir_all(place.join("spec/overlays"))?;
        fs::remove_file(place.join("spec/upstream.json"))?;
        let extension = document.extension().unwrap_or_default();
        let target = place.join("spec/upstream").with_extension(extension);
        fs::copy(document, target)?;
        let name = document.file_name().unwrap_or_default().to_string_lossy();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let megabytes = fs::metadata(document)?.len() as f64 / 1e6;
        let name = format!("a public document, {name} ({megabytes:.1} MB)");
        subjects.push((name, place, ""));
    }
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
    Ok(table)
}

fn build(profile: &str, flags: &[&str]) -> Result<PathBuf, Failure> {
    let mut command = Command::new("cargo");
    command
        .current_dir(root())
        .args(["build", "--quiet", "--locked", "--package", "xtask"]);
    output(command.args(flags))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join(profile).join("xtask"))
}

/// CPU seconds of a run.
fn run(program: &Path, command: &str, place: &Path, times: u32) -> Result<f64, Failure> {
    let mut all = Duration::ZERO;
    for _ in 0..times {
        let mut run = Command::new(program);
        run.arg("--root").arg(place).arg(command);
        // A document of others has other groups than the manifest has features, which `check` says with a code of its own.
        all += cpu_time(&mut run, child::Expect::AnyOf(&[0, 3]))?;
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
