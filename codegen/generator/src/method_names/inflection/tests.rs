//! Tests of singular and plural forms.

use super::*;

#[test]
fn words_have_a_singular_and_a_plural() {
    for (one, many) in [
        ("category", "categories"),
        ("page", "pages"),
        ("box", "boxes"),
        ("day", "days"),
    ] {
        assert_eq!((singular(many).as_str(), plural(one).as_str()), (one, many));
    }
    assert_eq!(singular("status"), "status");
}
