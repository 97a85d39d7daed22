//! Tests of `read`: values, positions and located errors.

use serde_json::json;

use super::*;
use crate::diagnostic::Severity;

fn value(name: &str, text: &str) -> serde_json::Value {
    parse(Source { name, text }).unwrap().into_value()
}

fn error(name: &str, text: &str) -> String {
    read(Source { name, text }).unwrap_err().to_string()
}

fn place(document: &Document, pointer: &str) -> String {
    document.locate(pointer).to_string()
}

#[test]
fn json_and_yaml_of_the_same_document_are_equal() {
    let text = include_str!("../../../../spec/effective.json");
    let document = read(Source {
        name: "effective.json",
        text,
    })
    .unwrap();
    assert_eq!(
        document.value(),
        &serde_json::from_str::<serde_json::Value>(text).unwrap()
    );
    // Nearly all JSON is YAML.
    assert_eq!(
        value("upstream.yaml", &format!("# a comment\n{text}")),
        *document.value()
    );
}

#[test]
fn positions_of_json() {
    let text = r#"{
  "openapi": "3.0.3",
  "pa\u0074hs": {"ü": {}, "/a/": {"get": [1,
    [true, "]}"], {}]}}
}"#;
    let document = parse(Source { name: "a.json", text }).unwrap();
    for (pointer, expected) in [
        ("", "a.json:1:1"),
        ("/openapi", "a.json:2:3"),
        ("/paths", "a.json:3:3"),
        ("/paths/~1a~1", "a.json:3:27"),
        ("/paths/~1a~1/get/0", "a.json:3:43"),
        ("/paths/~1a~1/get/1", "a.json:4:5"),
        ("/paths/~1a~1/get/1/1", "a.json:4:12"),
        ("/paths/~1a~1/get/2", "a.json:4:19"),
        ("/paths/~1a~1/get/9/x/y", "a.json:3:35"),
        ("/nothing/here", "a.json:1:1"),
        ("nothing/~", "a.json:1:1"),
    ] {
        assert_eq!(place(&document, pointer), expected, "{pointer}");
    }
}

#[test]
fn positions_of_yaml() {
    let text = "openapi: 3.0.3\npaths:\n  /a/: &a\n    get:\n      - 1\n      - x: {y: z}\n  /b/: *a\n";
    let document = parse(Source { name: "a.yaml", text }).unwrap();
    for (pointer, expected) in [
        ("", "a.yaml:1:1"),
        ("/openapi", "a.yaml:1:1"),
        ("/paths/~1a~1", "a.yaml:3:3"),
        ("/paths/~1a~1/get/0", "a.yaml:5:9"),
        ("/paths/~1a~1/get/1/x/y", "a.yaml:6:13"),
        ("/paths/~1b~1", "a.yaml:7:3"),
        // An alias is located at its anchor.
        ("/paths/~1b~1/get/0", "a.yaml:5:9"),
    ] {
        assert_eq!(place(&document, pointer), expected, "{pointer}");
    }
}

#[test]
fn yaml_scalars_follow_the_core_schema() {
    assert_eq!(
        value(
            "a.yaml",
            "a: yes\nb: true\nc: 2026-11-25\nd: 012\ne: 1.50\nf: 1e3\ng: ~\nh:\ni: 0x1F\nj: '1'\n\
             k: !!str 1\nl: 1_000\nm: -7\nn: 18446744073709551615\no: 1.2.3\np: .\nq: v1\nr:\n-\n\
             s: 5e\nt: +3\n200: x\ntrue: y\n~: z\n"
        ),
        json!({
            "a": "yes", "b": true, "c": "2026-11-25", "d": 12, "e": 1.5, "f": 1000.0, "g": null, "h": null,
            "i": 31, "j": "1", "k": "1", "l": "1_000", "m": -7, "n": u64::MAX,
            "o": "1.2.3", "p": ".", "q": "v1", "r": [null], "s": "5e", "t": 3,
            "200": "x", "true": "y", "~": "z",
        })
    );
}

#[test]
fn yaml_merge_keys() {
    assert_eq!(
        value(
            "a.yaml",
            "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: *a, x: 9}\nd:\n  <<: [*b, *a]\ne: {\"<<\": 1}\n"
        ),
        json!({
            "a": {"x": 1, "y": 2}, "b": {"y": 3, "z": 4}, "c": {"x": 9, "y": 2},
            "d": {"y": 3, "z": 4, "x": 1}, "e": {"<<": 1},
        })
    );
    for key in ["!!merge <<", "!!merge \"<<\"", "!<tag:yaml.org,2002:merge> <<"] {
        let text = format!("a: &a {{x: 1}}\nb:\n  {key}: *a\n  y: 2\n");
        assert_eq!(value("a.yaml", &text)["b"], json!({"x": 1, "y": 2}), "{key}");
    }
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_document() {
    assert_eq!(value("a.json", "\u{feff}{\"a\": 1}"), json!({"a": 1}));
    assert_eq!(value("a.yaml", "\u{feff}a: 1"), json!({"a": 1}));
}

#[test]
fn errors_are_located() {
    insta::assert_snapshot!(
        [
            error("empty.json", " \n"),
            error("page.json", "<!DOCTYPE html>\n<p>Please log in"),
            error("cut.json", "{\"openapi\": \"3.0.3\",\n"),
            error("comma.json", "{\"ü\": 1\n \"b\": 2}"),
            error("range.json", "{\n  \"a\": 1e999}"),
            error(
                "twice.json",
                "{\"a\": {\"x\": 1,\n  \"b\": 2, \"x\": 3}, \"a\": 4}"
            ),
            error("text.json", "openapi: 3.0.3"),
            error("text.json", "openapi"),
            error("indent.yaml", "a:\n  b: 1\n c: 2\n"),
            error("twice.yaml", "paths:\n  /a/: {}\n  /a/: {}\n"),
            error("two.yaml", "a: 1\n---\nb: 2\n"),
            error("comment.yaml", "# nothing\n"),
            error("template.yaml", "a: {{ name }}\n"),
            error("tag.yaml", "a: !include other.yaml\n"),
            error("number.yaml", "a: .nan\n"),
            error("range.yaml", "a: -1e400\n"),
            error("hexadecimal.yaml", "a: 0x10000000000000000\n"),
            error("unknown.yaml", "a: *nowhere\n"),
            error("itself.yaml", "a: &a\n  b: *a\n"),
            error("merge.yaml", "a:\n  <<: text\n"),
            error("array.json", "[]"),
            error("neither.json", "{\"info\": {}}"),
            error("both.yaml", "openapi: 3.0.0\nswagger: '2.0'\n"),
            error("new.yaml", "info: {}\nopenapi: 4.0.0\n"),
            error("old.json", "{\"swagger\": \"1.2\"}"),
        ]
        .join("\n\n")
    );
}

#[test]
fn numbers_keep_their_digits_or_are_named() {
    for kept in [
        "0",
        "-0",
        "0.1",
        "-0.10",
        "1e3",
        "1E+3",
        "0e999",
        "100e-2",
        "1.7976931348623157e308",
        "5e-324",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "100000000000000000000",
    ] {
        // The float `0.5` makes the reader check each number. The comment at the start makes the text YAML.
        for start in ["", "# YAML\n"] {
            let text = format!("{start}{{\"minimum\": 0.5, \"maximum\": {kept}}}");
            let document = parse(Source {
                name: "a",
                text: &text,
            })
            .unwrap();
            assert!(document.warnings().is_empty(), "{}", document.warnings());
        }
    }
    assert_eq!(value("a.json", "18446744073709551615"), json!(u64::MAX));
    let members = "\"paths\": {\"/a\": {\"get\": [\n 18446744073709551616,\n -9223372036854775809,\n \
                   0.1234567890123456789]}},\n \"b\": 1e-400,\n \"c\": {\"d\": 100000000000000000001}";
    let long = format!("{members},\n \"e\": {}", "1".repeat(300));
    let json = parse(Source {
        name: "a.json",
        text: &format!("{{{long}}}"),
    })
    .unwrap();
    // A number that is repeated by an alias is reported once.
    let text = format!("{{{long}, \"f\": &f [18446744073709551617], \"g\": *f}}");
    let yaml = parse(Source {
        name: "a.yaml",
        text: &text,
    })
    .unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}", json.warnings(), yaml.warnings()));
    // The document keeps the warnings that were reported when it was read.
    let text = "{\"openapi\": \"3.0.3\", \"x-number\": 18446744073709551616}";
    let (_, found) = crate::normalise::normalise(read(Source { name: "a.json", text }).unwrap()).unwrap();
    assert_eq!(found.count(Severity::Warning), 1, "{found}");
}

#[test]
fn versions() {
    for (text, expected) in [
        ("openapi: 3.0.3", Version::OpenApi30),
        ("openapi: 3.0", Version::OpenApi30),
        ("openapi: 3.1", Version::OpenApi31),
        ("{\"openapi\": \"3.1.0\"}", Version::OpenApi31),
        ("swagger: 2.0", Version::Swagger20),
        ("swagger: '2.0'", Version::Swagger20),
    ] {
        assert_eq!(
            version(&read(Source { name: "a", text }).unwrap()).unwrap(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn deep_nesting_is_rejected() {
    let nested = format!("{}{}", "[".repeat(150), "]".repeat(150));
    for (name, text) in [
        ("a.json", "[".repeat(100_000)),
        ("a.json", nested.clone()),
        ("a.yaml", format!("a: {}", "[".repeat(100_000))),
        ("a.yaml", nested),
        ("a.yaml", "- ".repeat(200)),
    ] {
        let error = error(name, &text);
        assert!(
            error.contains("nested more than 128 levels deep, the limit of this tool"),
            "{error}"
        );
    }
}

#[test]
fn an_alias_bomb_is_rejected() {
    use std::fmt::Write;
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    assert!(error("bomb.yaml", &bomb).contains("its aliases expand to more values than the limit"));
    let mut bomb = "a0: &a0 {k0: x, l0: y}\n".to_owned();
    for level in 1..200 {
        writeln!(bomb, "a{level}: &a{level} {{n: *a{}}}", level - 1).unwrap();
    }
    assert!(error("bomb.yaml", &bomb).contains("its aliases nest values more deeply"));
}

#[test]
fn zeros_before_a_number_are_reported() {
    let text = "a: [01, -007, 10, 0, 0.5, '01', 0x01]\n";
    let document = parse(Source { name: "a.yaml", text }).unwrap();
    let warnings: Vec<String> = document.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    for (warning, number) in warnings.iter().zip(["`01`", "`-007`"]) {
        assert!(
            warning.contains(number) && warning.contains("quote it"),
            "{warning}"
        );
    }
}

#[test]
fn bytes_of_another_encoding_are_named() {
    for (bytes, name) in [
        (b"\x1f\x8b\x08\x00".as_slice(), "gzip"),
        (b"\x28\xb5\x2f\xfd\x00", "Zstandard"),
        (b"PK\x03\x04\x00", "ZIP"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        (b"\xfe\xff\x00{\x00}", "UTF-16"),
        (b"{\x00}\x00", "UTF-16"),
        (b"\x00{\x00}", "UTF-16"),
        (b"a: caf\xe9", "line 1 column 7"),
        (b"a: b\nc: \xe9", "line 2 column 4"),
    ] {
        let message = super::text(bytes.to_vec()).unwrap_err();
        assert!(message.contains(name), "{message}");
    }
    assert_eq!(super::text("caf\u{e9}".into()).as_deref(), Ok("caf\u{e9}"));
}
