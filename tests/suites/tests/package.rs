//! Checks that the crates are ready to publish: their packages are complete, and every feature is documented.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

/// Returns the text of a file of the workspace.
fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(path).unwrap()
}

/// Features in a manifest, except `default`, internal features and groups of operations.
fn features(manifest: &str) -> Vec<&str> {
    let (_, features) = manifest.split_once("[features]").unwrap();
    let (features, _) = features.split_once("\n[").unwrap();
    let names = features
        .lines()
        .filter_map(|line| line.split_once(" = ["))
        .map(|(name, _)| name);
    // The table describes all groups of operations in one row, because the document determines the groups.
    let groups = manifest
        .split_once("# Groups of operations")
        .map_or("", |(_, groups)| groups);
    names
        .filter(|name| !name.starts_with('_') && *name != "default")
        .filter(|name| !groups.contains(&format!("\n{name} = []\n")))
        .collect()
}

#[test]
fn every_feature_is_in_the_table_of_the_documentation() {
    for folder in ["generated", "tests/fake"] {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        let documentation = read(&format!("{folder}/src/lib.rs"));
        let rows: Vec<&str> = documentation
            .lines()
            .filter(|line| line.starts_with("//! | `"))
            .collect();
        let features = features(&manifest);
        assert!(features.len() >= 3, "{folder}");
        for feature in features {
            let name = format!("`{feature}`");
            assert!(rows.iter().any(|row| row.contains(&name)), "{folder}: {feature}");
        }
    }
}

#[test]
fn every_package_has_its_licences_changelog_and_readme() {
    for folder in ["generated", "tests/fake"] {
        for (file, text) in [
            ("LICENSE-MIT", "MIT License"),
            ("LICENSE-APACHE", "Apache License"),
            ("CHANGELOG.md", "## [Unreleased]"),
            ("README.md", "funnelflux"),
        ] {
            assert!(
                read(&format!("{folder}/{file}")).contains(text),
                "{folder}/{file}"
            );
        }
        let manifest = read(&format!("{folder}/Cargo.toml"));
        assert!(
            manifest.contains("publish = true") && manifest.contains("rustdoc-args"),
            "{folder}"
        );
    }
}

/// CI must build the crates with the Rust version in their manifests.
#[test]
fn the_oldest_rust_is_the_one_of_ci() {
    let workflow = read(".github/workflows/ci.yml");
    for folder in ["generated", "tests/fake"] {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        let (_, version) = manifest.split_once("rust-version = \"").unwrap();
        let (version, _) = version.split_once('"').unwrap();
        assert!(
            workflow.contains(&format!("OLDEST_RUST: {version}.0\n")),
            "{folder}: {version}"
        );
    }
}

/// Returns the names of the crates that a Linux build of `funnelflux` compiles. `arguments` are options of
/// `cargo tree`, such as features.
fn crates(arguments: &[&str]) -> BTreeSet<String> {
    let mut tree = Command::new(env!("CARGO"));
    tree.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    tree.args([
        "tree",
        "--locked",
        "--package",
        "funnelflux",
        "--edges",
        "normal,build",
    ]);
    tree.args(["--prefix", "none", "--no-dedupe", "--format", "{p}"]);
    tree.args(["--target", "x86_64-unknown-linux-gnu"]);
    let output = tree.args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn the_types_alone_need_neither_http_nor_a_runtime() {
    let types = crates(&["--no-default-features", "--features", "documented,inferred"]);
    for name in ["http", "reqwest", "rustls", "tokio", "futures-util"] {
        assert!(!types.contains(name), "{name}");
    }
    assert!(types.contains("serde_json") && types.len() <= 16, "{types:?}");
}

/// For comparison, the dependencies of a hand-written client amount to 92 crates.
#[test]
fn a_client_is_at_most_98_crates() {
    let default = crates(&[]);
    assert!(default.contains("reqwest") && default.len() <= 98, "{default:?}");
}
