//! Cargo features of the generated crate: one for each group of the document, between two marks in the
//! manifest.

use std::fmt::Write as _;

use funnelflux_generator::GroupFeature;

/// Line before the features of groups.
const BEGIN: &str = "# Groups of operations: written by `cargo xtask generate`. Do not edit.";

/// Line after the features of groups.
const END: &str = "# End of the groups of operations.";

/// Fix for each problem with the manifest.
pub(crate) const FIX: &str =
    "restore generated/Cargo.toml from version control, then run `cargo xtask generate`";

/// Returns the manifest with the features of `groups` between the marks.
///
/// # Errors
/// If a mark is missing or repeated, or if the marks are in the wrong order.
pub(crate) fn with_groups(manifest: &str, groups: &[GroupFeature]) -> Result<String, String> {
    let (before, rest) = split_once(manifest, BEGIN)?;
    let (_, after) = split_once(rest, END)?;
    Ok(format!("{before}{BEGIN}\n{}{END}\n{after}", render(groups)))
}

fn split_once<'a>(text: &'a str, mark: &str) -> Result<(&'a str, &'a str), String> {
    let line = format!("{mark}\n");
    let mut parts = text.split(&line);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(before), Some(after), None) => Ok((before, after)),
        _ => Err(format!("the line \"{mark}\" must be there once")),
    }
}

fn render(groups: &[GroupFeature]) -> String {
    let mut text = String::new();
    for (name, about, inferred) in [
        ("documented", "All groups that the vendor documents.", false),
        (
            "inferred",
            "All groups of which the vendor documents titles and methods only: the rest is inferred.",
            true,
        ),
    ] {
        let members = groups.iter().filter(|group| group.inferred == inferred);
        let members: Vec<String> = members.map(|group| format!("    {:?},", group.name)).collect();
        // Writing to a string cannot fail.
        let _ = if members.is_empty() {
            writeln!(text, "# {about}\n{name} = []")
        } else {
            writeln!(text, "# {about}\n{name} = [\n{}\n]", members.join("\n"))
        };
    }
    for group in groups {
        let _ = writeln!(text, "{} = []", group.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_features_are_the_groups() {
        let group = |name: &str, inferred| GroupFeature {
            name: name.to_owned(),
            inferred,
        };
        let manifest = format!("[features]\ntls = []\n{BEGIN}\nold = []\n{END}\n[lints]\n");
        let groups = [group("pages", true), group("sources", false), group("user", true)];
        let written = with_groups(&manifest, &groups).unwrap();
        insta::assert_snapshot!(written, @r#"
        [features]
        tls = []
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
        let documented = with_groups(&manifest, &[group("pages", false)]).unwrap();
        assert!(documented.contains("inferred = []\n"), "{documented}");
    }

    #[test]
    fn marks_are_required_once() {
        for manifest in [
            "[features]\n",
            BEGIN,
            &format!("{END}\n{BEGIN}\n"),
            &format!("{BEGIN}\n{BEGIN}\n{END}\n"),
        ] {
            assert!(with_groups(manifest, &[]).is_err(), "{manifest}");
        }
    }
}
