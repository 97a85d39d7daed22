//! Tests of generated unions. The FunnelFlux document has no unions, so the types come from a document of the
//! generator's tests: `codegen/generator/tests/documents/supported/tagged-unions.yaml`.

#[allow(
    dead_code,
    unreachable_pub,
    clippy::enum_variant_names,
    reason = "only what the tests need is used, nothing is public, and the names are those of the document"
)]
#[rustfmt::skip]
mod types;

use serde_json::{Value, json};

use types::{Destination, Destinations, DestinationsInline, DestinationsSeveral};

fn round_trip(destination: &Value) -> Destination {
    let decoded: Destination = serde_json::from_value(destination.clone()).unwrap();
    assert_eq!(serde_json::to_value(&decoded).unwrap(), *destination);
    decoded
}

#[test]
fn the_tag_selects_the_alternative() {
    let page = round_trip(&json!({"type": "page", "idPage": "1", "new": 1}));
    assert!(matches!(page, Destination::PageDestination(_)), "{page:?}");
    let none = round_trip(&json!({"type": "none", "new": 1}));
    assert!(matches!(none, Destination::NoDestination(_)), "{none:?}");
    let url = round_trip(&json!({"type": "url", "url": "u", "idPage": "1"}));
    assert!(matches!(url, Destination::UrlDestination(_)), "{url:?}");
}

#[test]
fn a_value_that_all_alternatives_share_stays_open() {
    let url = round_trip(&json!({"type": "url", "url": "u", "version": "v2"}));
    assert!(matches!(url, Destination::UrlDestination(_)), "{url:?}");
}

#[test]
fn a_tag_that_selects_no_alternative_is_an_error_that_names_the_tag() {
    for destination in [
        json!({"type": "other"}),
        json!({"url": "u"}),
        json!({"type": "url"}),
    ] {
        let error = serde_json::from_value::<Destination>(destination).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the value fits no alternative of `Destination`, whose `type` is one of `page`, `none`, `url`"
        );
    }
}

#[test]
fn outside_of_a_union_a_tag_stays_open() {
    let page = json!({"page": {"type": "other"}});
    let decoded: Destinations = serde_json::from_value(page.clone()).unwrap();
    assert_eq!(decoded.page.as_ref().unwrap().type_.as_str(), "other");
    assert_eq!(serde_json::to_value(&decoded).unwrap(), page);
}

#[test]
fn an_optional_tag_selects_the_alternative_if_it_is_present() {
    let decode = |inline: Value| serde_json::from_value::<DestinationsInline>(inline);
    let second = decode(json!({"kind": "b", "y": "1"})).unwrap();
    assert!(
        matches!(second, DestinationsInline::Variant1 { .. }),
        "{second:?}"
    );
    let first = decode(json!({"x": "1"})).unwrap();
    assert!(
        matches!(first, DestinationsInline::Variant0 { kind: None, .. }),
        "{first:?}"
    );
    assert!(decode(json!({"kind": "c"})).is_err());
}

#[test]
fn the_tag_selects_one_alternative_of_an_any_of() {
    let several = json!({"type": "url", "url": "u"});
    let decoded: DestinationsSeveral = serde_json::from_value(several.clone()).unwrap();
    assert!(
        matches!(decoded, DestinationsSeveral::UrlDestination(_)),
        "{decoded:?}"
    );
    assert_eq!(serde_json::to_value(&decoded).unwrap(), several);
}
