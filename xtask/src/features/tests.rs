//! Tests of manifests before and after the features are written, and of manifests that are rejected.

use super::*;
use funnelflux_generator::naming;

#[test]
fn the_features_are_the_groups() {
    let group = |name: &str, inferred| GroupFeature {
        name: name.to_owned(),
        inferred,
    };
    let manifest = format!(
        "# About the crate.\n[features]\n# About TLS.\ntls = [ 'x' ]  # Odd, but valid.\n\n\
         {BEGIN}\nold = []\n{END}\n[lints]\n"
    );
    let groups = [group("pages", true), group("sources", false), group("user", true)];
    let written = with_groups(&manifest, &groups).unwrap();
    insta::assert_snapshot!(written, @r#"
    # About the crate.
    [features]
    # About TLS.
    tls = [ 'x' ]  # Odd, but valid.

    # Groups of operations: written by `cargo xtask generate`. Do not edit.
    # All groups that the vendor documents.
    documented = [
        "sources",
    ]
    # All groups of which the vendor documents titles and methods only: the rest is inferred.
    inferred = [
        "pages",
        "user",
    ]
    pages = []
    sources = []
    user = []
    # End of the groups of operations.
    [lints]
    "#);
    assert_eq!(with_groups(&written, &groups).unwrap(), written);
    assert!(toml::from_str::<toml::Table>(&written).is_ok());
    let empty = format!("[features]\ntls = []\n{BEGIN}\n{END}\n");
    assert!(
        with_groups(&empty, &groups)
            .unwrap()
            .contains(&format!("tls = []\n{BEGIN}\n# All groups"))
    );
    let documented = with_groups(&manifest, &[group("pages", false)]).unwrap();
    assert!(documented.contains("inferred = []\n"), "{documented}");
}

#[test]
fn marks_are_required_once_in_the_features() {
    for manifest in [
        "[features]\n",
        BEGIN,
        &format!("{END}\n{BEGIN}\n"),
        &format!("{BEGIN}\n{BEGIN}\n"),
        &format!("[package]\n{BEGIN}\n{END}\n"),
        &format!("[features]\na = [\n{BEGIN}\n{END}\n"),
    ] {
        assert!(with_groups(manifest, &[]).is_err(), "{manifest}");
    }
    // The text between the marker lines does not matter.
    for between in ["b = []", "a = ["] {
        let manifest = |between: &str| format!("[features]\na = []\n{BEGIN}\n{between}\n{END}\nc = []\n");
        assert_eq!(
            with_groups(&manifest(between), &[]),
            with_groups(&manifest(""), &[])
        );
    }
}

#[test]
fn a_group_cannot_have_the_feature_of_something_else() {
    let manifest = include_str!("../../../generated/Cargo.toml");
    let (before, _) = manifest.split_once(BEGIN).unwrap();
    let parsed: toml::Table = toml::from_str(before).unwrap();
    let others: Vec<String> = parsed["features"].as_table().unwrap().keys().cloned().collect();
    assert!(others.len() > 5);
    for name in others
        .into_iter()
        .chain(["documented".to_owned(), "inferred".to_owned()])
    {
        // The generator renames the feature of a group with such a name. Otherwise, `with_groups` would
        // return an error.
        assert_eq!(naming::feature(&name), format!("{name}-group"));
        let group = GroupFeature {
            name: name.clone(),
            inferred: true,
        };
        let written = with_groups(manifest, &[group]);
        assert!(
            written.is_err() || matches!(&*name, "documented" | "inferred"),
            "{name}"
        );
    }
}
