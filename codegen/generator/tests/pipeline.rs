//! Tests that generation from the FunnelFlux document is reproducible and produces the committed files.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what is not there fails the test"
)]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use funnelflux_generator::{EFFECTIVE, Input, Lock, Options, Output, generate};
use funnelflux_openapi::Source;
use proptest::prelude::*;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Reads the overlays in their order.
fn overlays() -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(root().join("spec/overlays")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| format!("spec/overlays/{name}"))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| (name.clone(), read(&name)))
        .collect()
}

fn run(name: &str, text: &str) -> Output {
    let overlays = overlays();
    let lock = read("spec/spec.lock");
    let lock = Lock::read(Source {
        name: "spec/spec.lock",
        text: &lock,
    });
    let input = Input {
        upstream: Source { name, text },
        overlays: overlays
            .iter()
            .map(|(name, text)| Source { name, text })
            .collect(),
        previous_lock: Some(lock.unwrap()),
    };
    // Only the transcription must be supported completely. A document from the vendor may contain operations
    // that are left out.
    let is_transcription = input.previous_lock.as_ref().is_some_and(Lock::is_transcription);
    let options = Options {
        strict: is_transcription,
        no_idle_steps: is_transcription,
        ..Options::default()
    };
    generate(&input, options).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

/// Reads the vendor's document, which may be JSON or YAML.
fn upstream() -> (String, String) {
    let name = ["spec/upstream.json", "spec/upstream.yaml", "spec/upstream.yml"]
        .into_iter()
        .find(|name| root().join(name).exists())
        .unwrap();
    (name.to_owned(), read(name))
}

fn value() -> Value {
    let (name, text) = upstream();
    let source = Source {
        name: &name,
        text: &text,
    };
    funnelflux_openapi::read::read(source).unwrap().into_value()
}

/// Output for the unchanged document.
static OUTPUT: LazyLock<Output> = LazyLock::new(|| {
    let (name, text) = upstream();
    run(&name, &text)
});

/// Collects the files below a folder, keyed by their relative paths.
fn files(folder: &Path, below: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

#[test]
fn generated_files_are_current() {
    let output = OUTPUT.clone();
    let mut there = BTreeMap::new();
    files(&root().join("generated/src/api"), "", &mut there);
    let mut expected = output.files;
    for (name, text) in [
        (EFFECTIVE, output.effective),
        ("spec/spec.lock", output.lock.text()),
    ] {
        there.insert(name.to_owned(), read(name));
        expected.insert(name.to_owned(), text);
    }
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&there), names(&expected));
    for (name, text) in &expected {
        assert!(
            there.get(name) == Some(text),
            "{name} is stale; run `cargo xtask check` for the cause"
        );
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    let (name, text) = upstream();
    let [mut first, second] = [OUTPUT.clone(), run(&name, &text)];
    for (first, second) in first.stages.iter_mut().zip(&second.stages) {
        first.time = second.time;
    }
    assert_eq!(first.effective, second.effective);
    assert_eq!(first.files, second.files);
    assert_eq!(first.lock, second.lock);
    assert_eq!(first.stages, second.stages);
}

/// Shuffles the keys of all objects. The order depends only on `value` and `seed`.
fn shuffled(value: &Value, seed: &mut u64) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<(u64, &String, &Value)> = object
                .iter()
                .map(|(key, value)| {
                    // These are the constants of the random number generator PCG.
                    *seed = seed
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    (*seed >> 33, key, value)
                })
                .collect();
            members.sort_by_key(|(rank, ..)| *rank);
            members
                .into_iter()
                .map(|(_, key, value)| (key.clone(), shuffled(value, seed)))
                .collect()
        }
        Value::Array(items) => items.iter().map(|item| shuffled(item, seed)).collect(),
        other => other.clone(),
    }
}

proptest! {
    // Each case runs the whole pipeline.
    #![proptest_config(ProptestConfig { cases: 3, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_keys_is_irrelevant(mut seed in any::<u64>()) {
        let (name, text) = upstream();
        let shuffled = format!("{:#}", shuffled(&value(), &mut seed));
        prop_assert_ne!(&shuffled, &text);
        let output = run(&name, &shuffled);
        prop_assert_eq!(&output.files, &OUTPUT.files);
        // The effective document keeps the order of the vendor's document, so the test compares parsed values
        // instead of text.
        let says = |output: &Output| serde_json::from_str::<Value>(&output.effective).unwrap();
        prop_assert_eq!(says(&output), says(&OUTPUT));
    }
}

/// Appends a value to `out`, as YAML in block style.
fn yaml(value: &Value, depth: usize, out: &mut String) {
    let indentation = "  ".repeat(depth);
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                let _ = write!(out, "\n{indentation}{}:", Value::String(key.clone()));
                yaml(value, depth + 1, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(out, "\n{indentation}-");
                yaml(item, depth + 1, out);
            }
        }
        other => {
            let _ = write!(out, " {other}");
        }
    }
}

#[test]
fn yaml_gives_the_same_as_json() {
    let mut rendition = "# the same in YAML".to_owned();
    yaml(&value(), 0, &mut rendition);
    let [json, yaml] = [&*OUTPUT, &run("spec/upstream.yaml", &rendition)];
    assert_eq!(json.files, yaml.files);
    assert_eq!(json.effective, yaml.effective);
}
