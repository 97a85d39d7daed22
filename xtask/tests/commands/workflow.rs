//! Runs the workflow scripts as GitHub does, on a repository with its own remote.
//!
//! `cargo` and `gh` are stand-ins that log their arguments. For `cargo xtask`, the stand-in runs the real
//! program.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::support::{Run, Workspace, XTASK, add_field, require_status, serve};

const DRIFT: &str = include_str!("../../../.github/workflows/drift.yml");
const CI: &str = include_str!("../../../.github/workflows/ci.yml");

/// Returns the script of the step with this name.
fn script(workflow: &str, step: &str) -> String {
    let mut lines = workflow
        .lines()
        .skip_while(|line| line.trim() != format!("- name: {step}"))
        .skip_while(|line| line.trim() != "run: |");
    let head = lines.next().unwrap_or_else(|| panic!("no step {step}"));
    let depth = head.len() - head.trim_start().len();
    let script: Vec<&str> = lines
        .take_while(|line| line.is_empty() || line.len() - line.trim_start().len() > depth)
        .collect();
    script.join("\n")
}

/// A checkout on a runner.
struct Runner {
    workspace: Workspace,
    /// Folder outside the checkout, with the stand-ins, the remote, and the files of the runner.
    outside: tempfile::TempDir,
}

impl Runner {
    fn new() -> Self {
        let runner = Self {
            workspace: Workspace::new(),
            outside: tempfile::tempdir().unwrap(),
        };
        runner.stand_in(
            "cargo",
            &format!("[ \"$1\" = xtask ] && {{ shift; exec '{XTASK}' \"$@\"; }}"),
        );
        runner.stand_in("gh", "");
        runner.git(&["init", "--quiet", "--initial-branch", "main"]);
        runner.commit("before");
        let remote = runner.path("remote");
        let remote = remote.to_str().unwrap();
        runner.git(&["init", "--quiet", "--bare", remote]);
        runner.git(&["remote", "add", "origin", remote]);
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    /// Creates a program that logs its arguments and then runs `rest`.
    fn stand_in(&self, name: &str, rest: &str) {
        let programs = self.path("programs");
        fs::create_dir_all(&programs).unwrap();
        let path = programs.join(name);
        let log = self.path("log");
        let text = format!(
            "#!/usr/bin/env bash\necho \"{name} $*\" >> '{}'\n{rest}\nexit 0\n",
            log.display()
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.workspace.git(arguments)
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Runs the step's script as GitHub does.
    fn step(&self, workflow: &str, step: &str, environment: &[(&str, &str)]) -> Run {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-e", "-c", &script(workflow, step)])
            .current_dir(self.workspace.root())
            .env("PATH", format!("{}:{path}", self.path("programs").display()))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("RUNNER_TEMP", self.outside.path())
            .env("GITHUB_OUTPUT", self.path("outputs"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .envs(environment.iter().copied());
        self.workspace.run(command)
    }

    fn fetch(&self, source: &str, must_reach: bool) -> Run {
        let must_reach = must_reach.to_string();
        self.step(DRIFT, "fetch", &[("SOURCE", source), ("MUST_REACH", &must_reach)])
    }

    /// Runs the steps of the job in order, and stops as soon as the output `changed` is not `true`.
    fn drift(&self, source: &str) {
        for step in ["fetch", "regenerate", "open the pull request"] {
            let run = match step {
                "fetch" => self.fetch(source, false),
                step => self.step(DRIFT, step, &[]),
            };
            assert_eq!(run.code, Some(0), "{step}: {run}");
            if self.outputs().get("changed").map(String::as_str) != Some("true") {
                return;
            }
        }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn outputs(&self) -> BTreeMap<String, String> {
        let text = self.read("outputs");
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

#[test]
fn an_unreachable_address_fails_only_on_request() {
    let runner = Runner::new();
    // No server listens on port 1.
    let nowhere = "http://127.0.0.1:1/schema.json";
    let run = runner.fetch(nowhere, false);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stdout
            .contains("::warning title=drift::the vendor's URL is currently unreachable"),
        "{run}"
    );
    assert!(run.stdout.contains("fix: check the network"), "{run}");
    assert_eq!(runner.outputs()["changed"], "false");
    runner.fetch(nowhere, true).ended_with(9);
    let busy = || serve("503 Service Unavailable", String::new());
    runner.fetch(&busy(), false).ended_with(0);
    runner.fetch(&busy(), true).ended_with(9);
}

/// A permanent error must not look like a week without changes.
#[test]
fn a_permanent_error_fails() {
    let runner = Runner::new();
    let moved = serve("404 Not Found", String::new());
    runner.fetch(&moved, false).ended_with(1);
    let page = serve("200 OK", "<html>".to_owned());
    runner.fetch(&page, false).ended_with(2);
    fs::write(runner.workspace.path("spec/source.toml"), "adress = 1\n").unwrap();
    runner.fetch("", false).ended_with(1);
    assert_eq!(runner.git(&["status", "--porcelain"]), "?? spec/source.toml\n");
}

#[test]
fn without_a_change_nothing_is_opened() {
    let runner = Runner::new();
    runner.drift("spec/upstream.json");
    assert_eq!(runner.outputs()["changed"], "false");
    assert!(!runner.read("log").contains("gh "), "{}", runner.read("log"));
}

#[test]
fn a_change_opens_one_pull_request_with_the_report() {
    let runner = Runner::new();
    let base = runner.git(&["rev-parse", "HEAD"]);
    let change = |name: &str, change: fn(&mut serde_json::Value)| {
        let workspace = &runner.workspace;
        workspace.write_changed("vendor.json", change);
        fs::rename(workspace.path("vendor.json"), runner.path(name)).unwrap();
        runner.path(name).to_str().unwrap().to_owned()
    };
    let first = change("first.json", add_field);
    let second = change("second.json", require_status);
    runner.drift(&first);
    let log = runner.read("log");
    assert!(
        log.contains("gh pr create --head drift --title The vendor's document has changed --body-file"),
        "{log}"
    );
    assert!(
        log.contains("cargo check --quiet --package funnelflux --all-targets --features inferred"),
        "{log}"
    );
    let body = runner.read("body.md");
    for part in [
        "response-optional-property-added",
        "next: run `cargo xtask generate`",
    ] {
        assert!(body.contains(part), "no {part} in {body}");
    }
    // The remote has one commit with the document and the generated files.
    let remote = |arguments: &[&str]| {
        let remote = runner.path("remote");
        let git_dir = ["--git-dir", remote.to_str().unwrap()];
        runner.git(&[&git_dir[..], arguments].concat())
    };
    assert_eq!(remote(&["rev-parse", "drift~1"]), base);
    let files = remote(&["show", "--name-only", "--format=%an", "drift"]);
    assert_eq!(
        files.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
        [
            "github-actions[bot]",
            "CHANGELOG.md",
            "generated/src/api/offer_sources/types.rs",
            "spec/effective.json",
            "spec/spec.lock",
            "spec/upstream.json",
        ]
    );

    // The next change updates the same pull request, based on the current main.
    runner.git(&["switch", "--quiet", "main"]);
    runner.stand_in("gh", "[ \"$2\" = list ] && echo 7");
    runner.drift(&second);
    assert!(runner.read("log").contains("gh pr edit drift --body-file"));
    assert_eq!(remote(&["rev-parse", "drift~1"]), base);
    let body = runner.read("body.md");
    assert!(
        body.contains("request-parameter-became-required") && !body.contains("partnerNote"),
        "{body}"
    );
}

#[test]
fn a_document_that_does_not_generate_opens_a_pull_request() {
    let runner = Runner::new();
    runner.workspace.write_changed("vendor.json", |document| {
        document["security"] = json!(1);
    });
    let vendor = runner.path("vendor.json");
    fs::rename(runner.workspace.path("vendor.json"), &vendor).unwrap();
    runner.drift(vendor.to_str().unwrap());
    let body = runner.read("body.md");
    assert!(
        body.starts_with("```text\n")
            && body.contains("## The document does not generate yet")
            && body.contains("error["),
        "{body}"
    );
    assert!(runner.read("log").contains("gh pr create"));
}

#[test]
fn a_pull_request_is_annotated_on_the_lines_of_the_document() {
    let runner = Runner::new();
    let base = runner.git(&["rev-parse", "HEAD"]);
    runner
        .workspace
        .write_changed("spec/upstream.json", require_status);
    runner.workspace.xtask(&["generate"]).ended_with(0);
    runner.commit("the vendor's change");
    let run = runner.step(DRIFT, "compare", &[("BASE", base.trim())]);
    assert_eq!(run.code, Some(0), "{run}");
    let line = |text: &str, part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
    let document = fs::read_to_string(runner.workspace.path("spec/upstream.json")).unwrap();
    let place = format!(
        "::error file=spec/upstream.json,line={},",
        line(&document, "\"required\": true")
    );
    assert!(run.stdout.contains(&place), "no {place} in {}", run.stdout);
    assert!(
        runner
            .read("summary")
            .contains("request-parameter-became-required"),
        "{}",
        runner.read("summary")
    );
    // A pull request that touches only spec/README.md reports nothing.
    let base = runner.git(&["rev-parse", "HEAD"]);
    fs::write(runner.workspace.path("spec/README.md"), "words").unwrap();
    runner.commit("words");
    let run = runner.step(DRIFT, "compare", &[("BASE", base.trim())]);
    assert_eq!(run.ended_with(0).stdout.trim(), "");
}

/// If the comparison fails without a result, the job always fails.
#[test]
fn breaking_changes_are_reported_before_the_first_release_and_refused_afterwards() {
    let runner = Runner::new();
    let base = runner.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let compare = || runner.step(CI, "compare with the baseline", &[("BASE", &base)]);
    let verdict = |text: &str, code: i32| {
        runner.stand_in("cargo", &format!("echo '{text}'; exit {code}"));
    };
    verdict("Summary no semver update required", 0);
    let run = compare();
    assert_eq!(run.code, Some(0), "{run}");
    let log = runner.read("log");
    for features in ["--default-features", "--all-features"] {
        let line = format!("cargo semver-checks --package funnelflux --baseline-rev {base} {features}\n");
        assert!(log.contains(&line), "no {line} in {log}");
    }
    verdict("Summary semver requires new major version", 100);
    let run = compare();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("::notice title=semver::"), "{run}");
    verdict("error: could not build rustdoc", 1);
    compare().ended_with(1);

    runner.git(&["tag", "v0.1.0"]);
    verdict("Summary semver requires new major version", 100);
    let run = compare();
    assert_eq!(run.code, Some(100), "{run}");
    assert!(run.stdout.contains("baseline: v0.1.0"), "{run}");
}

#[test]
fn a_program_of_more_than_twelve_megabytes_is_refused() {
    let runner = Runner::new();
    let program = runner.path("bin/funnelflux");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    let file = fs::File::create(&program).unwrap();
    let weigh = || runner.step(CI, "compare with the largest size", &[]);
    file.set_len(12_000_000).unwrap();
    weigh().ended_with(0);
    file.set_len(12_000_001).unwrap();
    let run = weigh().ended_with(1);
    assert!(run.stdout.contains("::error title=size::"), "{run}");
    fs::remove_file(program).unwrap();
    weigh().ended_with(1);
}

/// The table in this test contains all steps of the workflows that have a script, and each script is valid
/// Bash.
#[test]
fn every_script_is_among_these() {
    for (workflow, steps) in [
        (
            DRIFT,
            &["compare", "fetch", "regenerate", "open the pull request"][..],
        ),
        (
            CI,
            &[
                "test from the packages alone",
                "document like docs.rs",
                "compare with the largest size",
                "compare with the baseline",
            ],
        ),
    ] {
        assert_eq!(workflow.matches("run: |").count(), steps.len());
        for step in steps {
            let text = script(workflow, step);
            let checked = Command::new("bash").args(["-n", "-c", &text]).status().unwrap();
            assert!(checked.success() && text.lines().count() > 2, "{step}");
        }
    }
}

#[test]
fn a_long_report_is_cut_at_the_end() {
    let runner = Runner::new();
    fs::write(runner.path("first.md"), "the beginning\n").unwrap();
    fs::write(runner.path("report.md"), "a line of the report\n".repeat(10_000)).unwrap();
    fs::write(runner.workspace.path("spec/new"), "").unwrap();
    let run = runner.step(DRIFT, "open the pull request", &[]);
    assert_eq!(run.code, Some(0), "{run}");
    let body = runner.read("body.md");
    assert!(
        body.starts_with("the beginning\n") && body.len() == 60_000,
        "{}",
        body.len()
    );
    assert!(
        Path::new(&runner.path("remote"))
            .join("refs/heads/drift")
            .exists()
    );
}
