//! Pointers that are read leniently, and the operations that they lead into.

use super::*;

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
