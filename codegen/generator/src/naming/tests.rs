//! Tests that names in the generated code are valid Rust and do not clash with other names.

use super::*;

/// Collects the names of the hand-written functions of `Client`.
fn client_methods(folder: &std::path::Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            client_methods(&path, names);
            continue;
        }
        let file = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for item in file.items {
            if let syn::Item::Impl(item) = item
                && item.trait_.is_none()
                && item.self_ty == syn::parse_quote!(Client)
            {
                names.extend(item.items.into_iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
                    _ => None,
                }));
            }
        }
    }
}

#[test]
fn no_handle_is_named_like_a_method_of_the_client() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../generated/src");
    let mut names = Vec::new();
    for folder in ["runtime", "ext"] {
        client_methods(&source.join(folder), &mut names);
    }
    assert!(names.contains(&"operation".to_owned()));
    for name in names {
        assert_eq!(handle(&name), format!("{name}_handle"));
    }
}

#[test]
fn types_variants_and_arguments_are_valid_rust() {
    for (name, expected) in [
        ("cascadeAction", "CascadeAction"),
        ("OfferSourceInfo", "OfferSourceInfo"),
        ("funnel.node", "FunnelNode"),
        ("3d", "X3d"),
        ("$", "X"),
        ("½", "X"),
        ("don't", "Dont"),
        ("self", "Self_"),
    ] {
        assert_eq!(type_name(name), expected);
        assert_eq!(type_name(expected), expected);
    }
    for (value, expected) in [
        ("not-deleted", "NotDeleted"),
        ("", "Empty"),
        ("301", "_301"),
        ("unknown", "UnknownValue"),
        ("self", "Self_"),
        ("<=", "Sign3C3D"),
        ("½", "SignBD"),
    ] {
        assert_eq!(variant(value), expected);
    }
    assert_eq!(argument("idOfferSources"), "id_offer_sources");
    assert_eq!(argument("type"), "type_");
    assert_eq!(argument("$"), "x");
    assert_eq!(parameter_enum("status"), "StatusFilter");
    for (tag, expected) in [
        ("Offer Sources", "offer_sources"),
        ("mod", "mod_"),
        ("gen", "gen_"),
        ("self", "self_"),
        ("public", "public_"),
        ("Товары", "tovary"),
        ("🦀", "crab"),
        ("商品", "shang_pin"),
        ("", ""),
        ("--", ""),
    ] {
        assert_eq!(module(tag), expected);
    }
    for (tag, expected) in [
        ("AI Node Settings", "ai-node-settings"),
        ("tracing", "tracing-group"),
        ("Товары & Co", "tovary-co"),
        ("日本", "ri-ben"),
        ("API v1.0", "api-v1-0"),
        ("🦀", "crab"),
        ("½", "1-2"),
    ] {
        assert_eq!(feature(tag), expected);
    }
    for (name, expected) in [("a_b_id", "AbId"), ("3dId", "X3dId"), ("PageId", "PageId")] {
        assert_eq!(component(name), expected);
        assert_eq!(type_name(expected), expected);
    }
    assert_eq!(constant("list_offer_sources"), "LIST_OFFER_SOURCES");
}
