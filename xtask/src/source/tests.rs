//! Tests that each form of a source is recognised.

use super::*;

#[test]
fn sources_are_recognised_by_their_form() {
    let revision = |revision: &str, path: &str| Source::Revision {
        revision: revision.to_owned(),
        path: path.to_owned(),
    };
    for (text, expected) in [
        ("-", Source::StandardInput),
        (
            "https://a.example/x.json",
            Source::Address("https://a.example/x.json".to_owned()),
        ),
        (
            "HEAD~2:spec/upstream.json",
            revision("HEAD~2", "spec/upstream.json"),
        ),
        ("spec/upstream.json", Source::File("spec/upstream.json".into())),
        ("C:\\x.json", Source::File("C:\\x.json".into())),
        // Other schemes are refused when the document is fetched.
        (
            "ftp://a.example/x",
            Source::Address("ftp://a.example/x".to_owned()),
        ),
        // This text is never passed to git, because git would read it as an option.
        ("--output=a:b", Source::File("--output=a:b".into())),
    ] {
        assert_eq!(text.parse(), Ok(expected));
    }
}
