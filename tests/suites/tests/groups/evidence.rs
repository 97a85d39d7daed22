//! Checks that inferred parts are marked in the document and in the documentation of each method, and that
//! destructive calls require an acknowledgement.

use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

fn document(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../spec")
        .join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Members of a JSON object.
fn members(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value))
}

#[test]
fn every_inferred_part_has_evidence() {
    let effective = document("effective.json");
    let groups: BTreeSet<&str> = effective["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|tag| tag["x-undocumented"] == true)
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(groups.len(), 14);
    let mut parts: Vec<(String, &Value)> = Vec::new();
    let mut operations = 0;
    for (path, item) in members(&effective["paths"]) {
        for (method, operation) in members(item) {
            let tag = operation["tags"][0].as_str().unwrap();
            if !groups.contains(tag) {
                continue;
            }
            operations += 1;
            let operation_name = format!("{method} {path}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                parts.push((format!("{operation_name} {}", parameter["name"]), parameter));
            }
            parts.push((operation_name, operation));
        }
    }
    assert_eq!(operations, 149);
    let documented = &document("upstream.json")["components"]["schemas"];
    for (name, schema) in members(&effective["components"]["schemas"]) {
        if documented.get(name).is_some() {
            continue;
        }
        parts.push((name.to_owned(), schema));
        for (property, value) in members(&schema["properties"]) {
            parts.push((format!("{name}.{property}"), value));
        }
    }
    for (name, part) in parts {
        let evidence = &part["x-evidence"];
        let kind = evidence["kind"].as_str().unwrap_or_default();
        assert!(
            ["page", "docs", "help", "sibling", "pattern"].contains(&kind),
            "{name}: {evidence}"
        );
        assert!(
            evidence["source"]
                .as_str()
                .is_some_and(|source| !source.is_empty()),
            "{name}: {evidence}"
        );
    }
}

#[test]
fn inferred_methods_are_marked_and_destructive_ones_need_an_acknowledgement() {
    let generated = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../generated/src/api");
    let (mut methods, mut destructive) = (0, 0);
    for group in fs::read_dir(generated).unwrap() {
        let group = group.unwrap().path();
        let documented = group.ends_with("offer_sources");
        let Ok(source) = fs::read_to_string(group.join("methods.rs")) else {
            continue;
        };
        let mut first_line = None;
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let line = line.trim();
            if let Some(text) = line.strip_prefix("///") {
                first_line.get_or_insert(text.trim());
                continue;
            }
            let Some(signature) = line.strip_prefix("pub fn ") else {
                if !line.starts_with("#[") {
                    first_line = None;
                }
                continue;
            };
            let mut signature = signature.to_owned();
            while !signature.contains("-> Call<") {
                signature.push_str(lines.next().unwrap());
            }
            methods += 1;
            let evidence = first_line.take().unwrap();
            let says =
                evidence.starts_with("**Inferred.**") || evidence.starts_with("**Partly documented.**");
            assert_eq!(says, !documented, "{signature}: {evidence}");
            let destroys = ["archive_", "delete_"]
                .iter()
                .any(|verb| signature.starts_with(verb));
            destructive += usize::from(destroys && !documented);
            assert_eq!(
                signature.contains(", Inferred>"),
                destroys && !documented,
                "{signature}"
            );
        }
    }
    assert_eq!((methods, destructive), (161, 27));
}
