//! Tests of help pages, manual pages, completions, and the time to start.

use crate::support::{PROGRAM, Ran, is_transcription, ran, words};
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

fn run(line: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let mut command = crate::support::program(folder.path());
    command.args(words(line));
    ran(command, "")
}

/// Returns the names of the commands that a help page lists below a heading.
fn commands(help: &str, heading: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_help_page_is_as_expected() {
    if !is_transcription() {
        return;
    }
    let root = run("--help").code(0);
    insta::assert_snapshot!("help", root.out);
    let names = commands(&root.out, "Commands:");
    assert!(names.len() > 15, "{names:?}");
    // The help of subcommands hardly differs between groups, so only that of the first group is compared.
    let groups: Vec<&String> = names.iter().take_while(|name| *name != "call").collect();
    let mut page = String::new();
    for name in &names {
        let help = run(&format!("{name} --help")).code(0).out;
        if *name == "call" {
            continue;
        }
        let _ = writeln!(page, "## {name}\n\n{help}");
        if groups.contains(&name) && Some(&name) != groups.first() {
            continue;
        }
        for sub in commands(&help, "Commands:") {
            let help = run(&format!("{name} {sub} --help")).code(0).out;
            let _ = writeln!(page, "## {name} {sub}\n\n{help}");
        }
    }
    insta::assert_snapshot!("help_pages", page);
}

#[test]
fn every_operation_has_a_help_page() {
    let help = run("call --help").code(0).out;
    let operations = commands(&help, "Operations:");
    let expected: usize = funnelflux::operations::GROUPS
        .iter()
        .map(|group| group.len())
        .sum();
    assert_eq!(operations.len(), expected);
    if !is_transcription() {
        return;
    }
    let mut page = String::new();
    for operation in ["list_offer_sources", "archive_offer_sources", "delete_pages"] {
        assert!(operations.iter().any(|name| name == operation), "{operation}");
        let help = run(&format!("call {operation} --help")).code(0).out;
        let _ = writeln!(page, "## call {operation}\n\n{help}");
    }
    insta::assert_snapshot!("call_pages", page);
}

#[test]
fn completions_and_manual_pages_know_every_group() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&format!("completions {shell}")).code(0).out;
        for word in [
            "offer-sources",
            "archive",
            "list_offer_sources",
            "accept-inferred",
        ] {
            assert!(script.contains(word), "{word} in the script for {shell}");
        }
    }
    let page = run("man").code(0).out;
    assert!(
        page.contains(".TH funnelflux 1") && page.contains("130  cancelled"),
        "{page}"
    );
    let folder = tempfile::tempdir().unwrap();
    run(&format!("man {}", folder.path().join("man1").display())).code(0);
    let page = folder.path().join("man1/funnelflux-offer-sources-archive.1");
    assert!(std::fs::read_to_string(page).unwrap().contains("children"));
    let pages = std::fs::read_dir(folder.path().join("man1")).unwrap().count();
    assert!(
        pages
            > funnelflux::operations::GROUPS
                .iter()
                .map(|group| group.len())
                .sum(),
        "{pages}"
    );
}

#[test]
fn wrong_options_exit_with_2_and_say_what_to_do() {
    if !is_transcription() {
        return;
    }
    let mut page = String::new();
    for line in [
        "",
        "offer-source list",
        "offer-sources archiv",
        "offer-sources list --limit many",
        "offer-sources list --rate 0",
        "offer-sources list --filter name",
        "--fake offer-sources list --jq '.['",
        "--fake offer-sources list --sort a..b",
        "--errors json offer-sources list --limit many",
        "--errors json --fake offer-sources list --filter name",
        "--fake offer-sources archive",
        "--fake offer-sources archive a b --children move",
        "--fake offer-sources move 2nIemS000001",
        "--fake offer-sources archive --ids-from absent.txt",
        "--fake call find_offer_source_by_id",
        "--fake call delete_pages --id-page 2nIemP000001 --yes",
        "--fake api FETCH! /x",
        "--profile ../x offer-sources list",
    ] {
        let ran = run(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}: {}", ran.err);
        let _ = writeln!(page, "$ funnelflux {line}\n{}", ran.err);
    }
    insta::assert_snapshot!("wrong_options", page);
}

#[test]
fn help_is_printed_at_once() {
    let start = |line: &str| {
        let time = || {
            let begin = Instant::now();
            let output = Command::new(PROGRAM).args(words(line)).output().unwrap();
            assert!(output.status.success());
            begin.elapsed()
        };
        (0..10).map(|_| time()).min().unwrap()
    };
    // The program takes ten milliseconds in a release build, and several times as long without optimisation.
    for line in ["--help", "offer-sources archive --help", "call list_pages --help"] {
        let elapsed = start(line);
        assert!(elapsed < Duration::from_millis(150), "{line}: {elapsed:?}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let line = format!("{PROGRAM} --fake offer-sources list -o ndjson | head -n 1; echo ${{PIPESTATUS[0]}}");
    let output = Command::new("bash").arg("-c").arg(line).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        out.starts_with("{\"idOfferSource\"") && out.ends_with("\n0\n"),
        "{out}"
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
