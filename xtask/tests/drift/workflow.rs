//! The scripts of the workflows as GitHub runs them, on a repository with a remote of its own: what ends up there.
//!
//! `cargo` and `gh` are stand-ins: `cargo xtask` is the real program, everything else that they are asked for is written down.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Run, Workspace, add_field, at, require_status, serve};
use serde_json::json;

const DRIFT: &str = include_str!("../../../.github/workflows/drift.yml");
const CI: &str = include_str!("../../../.github/workflows/ci.yml");

/// The script of a step, by the step's name.
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
    /// What is no part of the checkout: stand-ins, the remote, the files of the runner.
    aside: tempfile::TempDir,
}

impl Runner {
    fn new() -> Self {
        let runner = Self {
            workspace: Workspace::new(),
            aside: tempfile::tempdir().unwrap(),
        };
        let xtask = env!("CARGO_BIN_EXE_xtask");
        runner.stand_in(
            "cargo",
            &format!("[ \"$1\" = xtask ] && {{ shift; exec '{xtask}' \"$@\"; }}"),
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
        self.aside.path().join(name)
    }

    /// A program that writes down what it was asked, and then does `rest`.
    fn stand_in(&self, name: &str, rest: &str) {
        let programs = self.path("programs");
        fs::create_dir_all(&programs).unwrap();
        let path = programs.join(name);
        let log = self.path("asked");
        let text = format!(
            "#!/usr/bin/env bash\necho \"{name} $*\" >> '{}'\n{rest}\nexit 0\n",
            log.display()
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(self.workspace.0.path())
            .env("PATH", format!("{}:{path}", self.path("programs").display()))
            // Nothing of the person whose machine this is.
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let output = self
            .command("git")
            .args(identity)
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "git {arguments:?}: {text}");
        text
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Runs the step's script as GitHub does.
    fn step(&self, workflow: &str, step: &str, environment: &[(&str, &str)]) -> Run {
        let output = self
            .command("bash")
            .args(["--noprofile", "--norc", "-e", "-c", &script(workflow, step)])
            .env("RUNNER_TEMP", self.aside.path())
            .env("GITHUB_OUTPUT", self.path("outputs"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        Run {
            code: output.status.code().unwrap(),
            text: String::from_utf8(output.stdout).unwrap(),
            aside: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn fetch(&self, source: &str, must_reach: bool) -> Run {
        let must_reach = must_reach.to_string();
        self.step(DRIFT, "fetch", &[("SOURCE", source), ("MUST_REACH", &must_reach)])
    }

    /// All of the job, as far as its conditions let it go.
    fn drift(&self, source: &str) {
        for step in ["fetch", "regenerate", "open the pull request"] {
            let run = match step {
                "fetch" => self.fetch(source, false),
                step => self.step(DRIFT, step, &[]),
            };
            assert_eq!(run.code, 0, "{step}: {}{}", run.text, run.aside);
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
fn without_a_network_nothing_is_compared_and_only_who_asked_fails() {
    let runner = Runner::new();
    // Port 1 of this machine: nobody answers there.
    let nowhere = "http://127.0.0.1:1/schema.json";
    let run = runner.fetch(nowhere, false);
    assert_eq!(run.code, 0, "{}", run.aside);
    assert!(
        run.text
            .contains("::warning title=drift::the vendor's address does not answer now"),
        "{}",
        run.text
    );
    assert!(run.text.contains("help: is there a network?"), "{}", run.text);
    assert_eq!(runner.outputs()["changed"], "false");
    assert_eq!(runner.fetch(nowhere, true).code, 9);
    let busy = || serve("503 Service Unavailable", String::new());
    assert_eq!(runner.fetch(&busy(), false).code, 0);
    assert_eq!(runner.fetch(&busy(), true).code, 9);
}

/// What stays so until somebody corrects it must not look like a quiet week.
#[test]
fn what_no_waiting_mends_fails() {
    let runner = Runner::new();
    let moved = serve("404 Not Found", String::new());
    assert_eq!(runner.fetch(&moved, false).code, 1);
    let page = serve("200 OK", "<html>".to_owned());
    assert_eq!(runner.fetch(&page, false).code, 2);
    fs::write(runner.workspace.path("spec/source.toml"), "adress = 1\n").unwrap();
    assert_eq!(runner.fetch("", false).code, 1);
    assert_eq!(runner.git(&["status", "--porcelain"]), "?? spec/source.toml\n");
}

#[test]
fn without_a_change_nothing_is_opened() {
    let runner = Runner::new();
    runner.drift("spec/upstream.json");
    assert_eq!(runner.outputs()["changed"], "false");
    assert!(!runner.read("asked").contains("gh "), "{}", runner.read("asked"));
}

#[test]
fn a_change_opens_one_pull_request_with_the_report() {
    let runner = Runner::new();
    let base = runner.git(&["rev-parse", "HEAD"]);
    let change = |name: &str, change: fn(&mut serde_json::Value)| {
        let workspace = &runner.workspace;
        workspace.changed("vendor.json", change);
        fs::rename(workspace.path("vendor.json"), runner.path(name)).unwrap();
        runner.path(name).to_str().unwrap().to_owned()
    };
    let first = change("first.json", add_field);
    let second = change("second.json", require_status);
    runner.drift(&first);
    let asked = runner.read("asked");
    assert!(
        asked.contains("gh pr create --head drift --title The vendor's document has changed --body-file"),
        "{asked}"
    );
    assert!(
        asked.contains("cargo check --quiet --package funnelflux --all-targets --features undocumented"),
        "{asked}"
    );
    let body = runner.read("body.md");
    assert!(
        body.contains("response-optional-property-added") && body.contains("next: `cargo xtask generate`"),
        "{body}"
    );
    // On the remote there is one commit, with what a regeneration needs and makes.
    let remote = |arguments: &[&str]| {
        let remote = runner.path("remote");
        let of_remote = ["--git-dir", remote.to_str().unwrap()];
        runner.git(&[&of_remote[..], arguments].concat())
    };
    assert_eq!(remote(&["rev-parse", "drift~1"]), base);
    let files = remote(&["show", "--name-only", "--format=%an", "drift"]);
    assert_eq!(
        files.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
        [
            "github-actions[bot]",
            "generated/CHANGELOG.md",
            "generated/src/api/offer_sources/types.rs",
            "spec/effective.json",
            "spec/spec.lock",
            "spec/upstream.json",
        ]
    );

    // A week later the vendor has moved on: the same pull request, from main anew.
    runner.git(&["switch", "--quiet", "main"]);
    runner.stand_in("gh", "[ \"$2\" = list ] && echo 7");
    runner.drift(&second);
    assert!(runner.read("asked").contains("gh pr edit drift --body-file"));
    assert_eq!(remote(&["rev-parse", "drift~1"]), base);
    let body = runner.read("body.md");
    assert!(
        body.contains("request-parameter-became-required") && !body.contains("partnerNote"),
        "{body}"
    );
}

#[test]
fn what_does_not_generate_is_still_opened_and_says_why() {
    let runner = Runner::new();
    runner.workspace.changed("vendor.json", |document| {
        at(document, "/paths/~1offersource~1list~1/get/parameters/0")["in"] = json!("cookie");
    });
    let vendor = runner.path("vendor.json");
    fs::rename(runner.workspace.path("vendor.json"), &vendor).unwrap();
    runner.drift(vendor.to_str().unwrap());
    let body = runner.read("body.md");
    assert!(
        body.starts_with("```text\n")
            && body.contains("## It does not generate yet")
            && body.contains("error["),
        "{body}"
    );
    assert!(runner.read("asked").contains("gh pr create"));
}

#[test]
fn a_pull_request_is_annotated_on_the_lines_of_the_document() {
    let runner = Runner::new();
    let base = runner.git(&["rev-parse", "HEAD"]);
    runner.workspace.changed("spec/upstream.json", require_status);
    assert_eq!(runner.workspace.run(&["generate"]).code, 0);
    runner.commit("the vendor's change");
    let run = runner.step(DRIFT, "compare", &[("BASE", base.trim())]);
    assert_eq!(run.code, 0, "{}", run.aside);
    let line = |text: &str, of: &str| text.lines().position(|line| line.contains(of)).unwrap() + 1;
    let document = fs::read_to_string(runner.workspace.path("spec/upstream.json")).unwrap();
    let place = format!(
        "::error file=spec/upstream.json,line={},",
        line(&document, "\"required\": true")
    );
    assert!(run.text.contains(&place), "no {place} in {}", run.text);
    assert!(
        runner
            .read("summary")
            .contains("request-parameter-became-required"),
        "{}",
        runner.read("summary")
    );
    // One that touches only our words about the document changes nothing.
    let base = runner.git(&["rev-parse", "HEAD"]);
    fs::write(runner.workspace.path("spec/README.md"), "words").unwrap();
    runner.commit("words");
    let run = runner.step(DRIFT, "compare", &[("BASE", base.trim())]);
    assert_eq!((run.code, run.text.trim()), (0, ""), "{}", run.aside);
}

/// The verdict counts from the first release on; what is no verdict counts always.
#[test]
fn what_breaks_users_is_told_before_the_first_release_and_refused_after_it() {
    let runner = Runner::new();
    let base = runner.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let compare = || runner.step(CI, "compare with the baseline", &[("BASE", &base)]);
    let verdict = |text: &str, code: i32| {
        runner.stand_in("cargo", &format!("echo '{text}'; exit {code}"));
    };
    verdict("Summary no semver update required", 0);
    let run = compare();
    assert_eq!(run.code, 0);
    let asked = runner.read("asked");
    for features in ["--default-features", "--all-features"] {
        let line = format!("cargo semver-checks --package funnelflux --baseline-rev {base} {features}\n");
        assert!(asked.contains(&line), "no {line} in {asked}");
    }
    verdict("Summary semver requires new major version", 100);
    let run = compare();
    assert_eq!(run.code, 0, "{}", run.text);
    assert!(run.text.contains("::notice title=semver::"), "{}", run.text);
    verdict("error: could not build rustdoc", 1);
    assert_eq!(compare().code, 1);

    runner.git(&["tag", "v0.1.0"]);
    verdict("Summary semver requires new major version", 100);
    let run = compare();
    assert_eq!(run.code, 100);
    assert!(run.text.contains("baseline: v0.1.0"), "{}", run.text);
    // A release without its tag is no release that could be compared with.
    runner.git(&["tag", "--delete", "v0.1.0"]);
    assert_eq!(runner.workspace.run(&["release"]).code, 0);
    let base = runner.commit("a release");
    let run = runner.step(CI, "compare with the baseline", &[("BASE", &base)]);
    assert_eq!(run.code, 1);
    assert!(run.text.contains("no tag vX.Y.Z says where"), "{}", run.text);
}

/// No step with a script is left out here, and each script is one that bash takes.
#[test]
fn every_script_is_among_these() {
    for (workflow, steps) in [
        (
            DRIFT,
            &["compare", "fetch", "regenerate", "open the pull request"][..],
        ),
        (CI, &["compare with the baseline"]),
    ] {
        assert_eq!(workflow.matches("run: |").count(), steps.len());
        for step in steps {
            let text = script(workflow, step);
            let checked = Command::new("bash").args(["-n", "-c", &text]).status().unwrap();
            assert!(checked.success() && text.lines().count() > 5, "{step}");
        }
    }
}

/// A pull request's body that is too long is cut, the beginning stays.
#[test]
fn a_body_holds_what_a_pull_request_can() {
    let runner = Runner::new();
    fs::write(runner.path("first.md"), "the beginning\n").unwrap();
    fs::write(runner.path("report.md"), "a line of the report\n".repeat(10_000)).unwrap();
    fs::write(runner.workspace.path("spec/new"), "").unwrap();
    let run = runner.step(DRIFT, "open the pull request", &[]);
    assert_eq!(run.code, 0, "{}", run.aside);
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
