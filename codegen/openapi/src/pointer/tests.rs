use super::*;

#[test]
fn tokens_survive_the_round_trip() {
    for token in ["", "a", "/offersource/save/", "~1", "~0~1/", "ü/~"] {
        let pointer = join("/x", token);
        assert_eq!(tokens(&pointer).collect::<Vec<_>>(), ["x", token], "{pointer}");
    }
    assert_eq!(tokens("").count(), 0);
}

#[test]
fn a_reference_is_followed_decoded_or_as_it_is_written() {
    let document = serde_json::json!({"a b": 1, "c%20d": 2, "e/f": 3});
    for (reference, found) in [
        ("#/a%20b", Some(("/a b", 1))),
        ("#/a b", Some(("/a b", 1))),
        ("#/c%20d", Some(("/c%20d", 2))),
        ("#/c%2520d", Some(("/c%20d", 2))),
        ("#/e~1f", Some(("/e~1f", 3))),
        ("#/nowhere", None),
        ("other.yaml#/a%20b", None),
    ] {
        let found = found.map(|(pointer, value)| (pointer.to_owned(), Value::from(value)));
        let followed = follow(&document, reference);
        let followed = followed.map(|(pointer, value)| (pointer, value.clone()));
        assert_eq!(followed, found, "{reference}");
    }
}

#[test]
fn any_text_is_read_as_a_pointer() {
    for (text, pointer) in [
        ("", ""),
        ("/a~1b/~0/0", "/a~1b/~0/0"),
        ("a/b", "/a/b"),
        ("/a~b/~", "/a~0b/~0"),
        ("/a~1b~", "/a~1b~0"),
        ("//ü", "//ü"),
    ] {
        assert_eq!(text.to_pointer().as_str(), pointer, "{text}");
        assert_eq!(text.to_owned().to_pointer().as_str(), pointer, "{text}");
    }
    assert_eq!(parse("a/b"), None);
}

#[test]
fn an_operation_is_read_out_of_a_pointer() {
    for (pointer, operation_name) in [
        ("", None),
        ("/paths", None),
        ("/paths/~1a~1", None),
        ("/paths/~1a~1/parameters/0", None),
        ("/paths/~1a~1/put", Some("PUT /a/")),
        ("/paths/~1a~1/delete/requestBody/content", Some("DELETE /a/")),
        ("/components/schemas/get/get", None),
    ] {
        assert_eq!(operation(pointer).as_deref(), operation_name, "{pointer}");
    }
}
