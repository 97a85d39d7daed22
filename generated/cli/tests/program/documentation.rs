//! Tests that run the README and a script of a day's work against a process of `funnelflux fake`.
//!
//! The tests run the `sh` blocks of the README. They also run the commands of the `console` blocks, and
//! compare the output with the blocks. If the environment variable `UPDATE_README` is set, the tests write
//! the output into the README and its picture.

use crate::picture;
use crate::support::{PROGRAM, is_transcription, program, stable_times};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A process of `funnelflux fake`, and a shell that uses it.
struct Shell {
    fake: Child,
    /// Output of the fake. It stays open, because the fake could not print to a closed pipe.
    _out: BufReader<ChildStdout>,
    variables: Vec<(String, String)>,
    folder: tempfile::TempDir,
}

impl Shell {
    fn new() -> Self {
        Self::with(&[])
    }

    /// Starts the fake with these options, and returns a shell that uses it.
    fn with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut fake = program(folder.path())
            .args(["fake", "--address", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(fake.stdout.take().unwrap());
        let mut variables = Vec::new();
        loop {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            let Some(line) = line.trim().strip_prefix("export ") else {
                break;
            };
            let (name, value) = line.split_once('=').unwrap();
            variables.push((name.to_owned(), value.to_owned()));
        }
        assert_eq!(variables.len(), 3, "{variables:?}");
        Self {
            fake,
            _out: out,
            variables,
            folder,
        }
    }

    /// Runs a script. Returns the output and the exit code.
    fn run(&self, script: &str) -> (String, i32) {
        let environment = program(self.folder.path());
        let mut command = Command::new("bash");
        command.env_clear();
        for (name, value) in environment.get_envs() {
            command.env(name, value.unwrap());
        }
        let folder = Path::new(PROGRAM).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let output = command
            .env("PATH", format!("{}:{path}", folder.display()))
            .envs(self.variables.iter().cloned())
            .current_dir(self.folder.path())
            .arg("-c")
            .arg(format!("exec 2>&1; set -eo pipefail\n{script}"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (
            String::from_utf8(output.stdout).unwrap(),
            output.status.code().unwrap_or(-1),
        )
    }

    /// Stores the account of another fake in the profile `other`.
    fn log_in_to(&self, other: &Self) {
        let value = |name: &str| {
            let found = other.variables.iter().find(|(variable, _)| variable == name);
            found.unwrap().1.clone()
        };
        let script = format!(
            "printf '%s\\n' '{}' '{}' | funnelflux auth login --file --profile other --base-url {}",
            value("FUNNELFLUX_ACCESS_TOKEN"),
            value("FUNNELFLUX_REFRESH_TOKEN"),
            value("FUNNELFLUX_BASE_URL"),
        );
        let (out, code) = self.run(&script);
        assert_eq!(code, 0, "{out}");
    }

    /// Replaces the parts of the text that differ between runs by constant text.
    fn stable(&self, text: &str) -> String {
        let state = self.folder.path().join("state/environment");
        let text = stable_times(text);
        let text = text.replace(state.to_str().unwrap(), "~/.local/state/funnelflux/environment");
        // Names of journals contain the time.
        let lines = text
            .lines()
            .map(|line| match (line.find("-20"), line.split_once(".jsonl")) {
                (Some(at), Some((_, rest))) => format!("{}-….jsonl{rest}", &line[..at]),
                _ => line.to_owned(),
            });
        lines.map(|line| line + "\n").collect()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.fake.kill();
        let _ = self.fake.wait();
    }
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    if !is_transcription() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let shell = Shell::new();
    let other = Shell::with(&["--empty"]);
    shell.log_in_to(&other);
    let mut written = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        written.push_str(line);
        written.push('\n');
        if line != "```sh" && line != "```console" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if line == "```sh" {
            if !block[0].starts_with("cargo install") {
                let script = block.join("\n");
                let (out, code) = shell.run(&script);
                assert_eq!(code, 0, "{script}\n{out}");
            }
            for line in block {
                written.extend([line, "\n"]);
            }
        } else {
            for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                let (out, code) = shell.run(command);
                assert_eq!(code, 0, "{command}\n{out}");
                written.extend(["$ ", command, "\n", &shell.stable(&out)]);
            }
        }
        written.push_str("```\n");
    }
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, written, "run the test with UPDATE_README=1");
}

#[test]
fn the_picture_shows_what_the_program_prints() {
    if !is_transcription() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("terminal.svg");
    let shell = Shell::new();
    let mut session = String::new();
    for command in [
        "funnelflux offer-sources list --filter status=active --limit 3 -o table",
        "funnelflux offer-sources where-used 'ClickBank US 1' -o table",
        "funnelflux offer-sources archive 'ClickBank US 1' --children cascade --plan",
        "funnelflux offer-sources archive 'ClickBank US 1' --children cascade --yes",
        "funnelflux undo --yes 2>&1 | grep -v note",
        "funnelflux pages list --jq 'map(.status) | unique' 2> /dev/null",
    ] {
        let (out, code) = shell.run(command);
        assert_eq!(code, 0, "{command}\n{out}");
        session.extend(["$ ", command, "\n", &shell.stable(&out)]);
    }
    let picture = picture::svg(&session);
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, &picture).unwrap();
    }
    let shown = fs::read_to_string(&path).unwrap();
    assert_eq!(shown, picture, "run the test with UPDATE_README=1");
}

#[test]
fn a_script_does_a_days_work() {
    let shell = Shell::new();
    let script = include_str!("day.sh");
    assert!(script.lines().count() <= 20);
    let (out, code) = shell.run(script);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("\nKeto test A\n"), "{out}");
    // The account is in the same state as at the beginning of the day, except that it contains a copy.
    let changes = fs::read_to_string(shell.folder.path().join("changes.txt")).unwrap();
    assert!(changes.starts_with("0 changed, 1 added, 0 removed"), "{changes}");
}
