//! Checks that the README shows the output of the three commands that take over the vendor's document.

use std::{fs, path::Path, process::Command};

use crate::support::{XTASK, is_transcription};

/// Folder of the repository.
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Checks whether the actual lines are the expected lines. An expected line `…` stands for any number of
/// lines.
fn shows(expected: &[&str], actual: &[&str]) -> bool {
    match expected {
        [] => actual.is_empty(),
        ["…", rest @ ..] => (0..=actual.len()).any(|start| shows(rest, &actual[start..])),
        [line, rest @ ..] => actual.first() == Some(line) && shows(rest, &actual[1..]),
    }
}

#[test]
fn the_readme_shows_what_the_three_commands_print() {
    let repository = Path::new(REPOSITORY);
    if !is_transcription() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("generated/src")).unwrap();
    for path in [
        "spec",
        "generated/src/api",
        "generated/Cargo.toml",
        "CHANGELOG.md",
    ] {
        copy(&repository.join(path), &root.join(path));
    }
    let document = repository.join("xtask/tests/documents/as-inferred.json");
    fs::copy(document, root.join("schema.json")).unwrap();
    let readme = fs::read_to_string(repository.join("README.md")).unwrap();
    let (_, section) = readme
        .split_once("\n## You have an account? Three commands\n")
        .unwrap();
    let (_, block) = section.split_once("\n```console\n").unwrap();
    let (block, _) = block.split_once("\n```\n").unwrap();
    let commands: Vec<&str> = block.split("$ cargo xtask ").skip(1).collect();
    assert_eq!(commands.len(), 3, "{block}");
    for command in commands {
        let (arguments, expected) = command.split_once('\n').unwrap();
        let output = Command::new(XTASK)
            .arg("--root")
            .arg(root)
            .args(arguments.split(' '))
            .current_dir(root)
            .output()
            .unwrap();
        let actual = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}: {actual}");
        let shown: Vec<&str> = expected.lines().map(str::trim_end).collect();
        let printed: Vec<&str> = actual.lines().map(str::trim_end).collect();
        assert!(
            shows(&shown, &printed),
            "error: README.md does not show what `cargo xtask {arguments}` prints\nfix: correct the section\n\
             shown:\n{expected}\n\nprinted:\n{actual}"
        );
    }
}
