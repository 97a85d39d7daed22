//! Tests that text in a document never becomes code that runs, and that tags become modules that compile.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};

use funnelflux_generator::{Input, Options, generate};
use funnelflux_openapi::{Diagnostics, Source};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};
use serde_json::{Value, json};

fn generated(document: &Value) -> Result<BTreeMap<String, String>, Diagnostics> {
    let input = Input {
        upstream: Source {
            name: "spec/upstream.json",
            text: &document.to_string(),
        },
        overlays: Vec::new(),
        previous_lock: None,
    };
    let options = Options {
        strict: true,
        ..Options::default()
    };
    let output = generate(&input, options);
    output.map(|output| output.files)
}

/// Returns the documentation comments of a file, each as one text.
fn comments(file: &str) -> Vec<String> {
    let mut comments: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in file.lines() {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        // Rustdoc removes the indentation that all lines share.
        let text = text.map(|text| text.strip_prefix(' ').unwrap_or(text));
        match (text, comments.last_mut()) {
            (Some(text), Some(comment)) if is_open => {
                comment.push('\n');
                comment.push_str(text);
            }
            (Some(text), _) => comments.push(text.to_owned()),
            (None, _) => {}
        }
        is_open = text.is_some();
    }
    comments
}

/// Returns a document in which each text is `words`.
fn document(words: &str) -> Value {
    let schema = json!({"$ref": "#/components/schemas/Thing"});
    let content = json!({"application/json": {"schema": schema}});
    json!({
        "openapi": "3.0.3",
        "info": {"title": words, "version": "1", "description": words},
        "tags": [{"name": "Things", "description": words}],
        "paths": {"/things/save/": {"put": {
            "tags": ["Things"],
            "summary": words,
            "description": words,
            "x-evidence": {"level": "sibling", "source": words},
            "parameters": [
                {"name": "a", "in": "query", "description": words, "schema": {"type": "string"}},
                {
                    "name": "b",
                    "in": "query",
                    "schema": {"type": "string", "enum": ["x", words], "description": words},
                },
            ],
            "requestBody": {"description": words, "content": content},
            "responses": {"200": {"description": words, "content": content}},
        }}},
        "components": {"schemas": {"Thing": {
            "type": "object",
            "title": words,
            "description": words,
            "x-evidence": {"level": "sibling", "source": words},
            "properties": {
                "a": {"type": "string", "description": words, "example": words, "default": words},
                "b": {"type": "string", "pattern": words, "x-evidence": {"level": "help", "source": words}},
                "c": {"type": "object", "description": words, "properties": {words: {"type": "string"}}},
                "d": {"type": "array", "description": words, "items": {"type": "string", "enum": [words]}},
            },
        }}},
    })
}

#[test]
fn no_words_become_code_that_runs() {
    for words in [
        "Name.\n\n```rust\nstd::process::exit(1);\n```\n\nMore.",
        "Name.\n\n```\nstd::process::exit(1);\n```",
        "Name.\n\n```rust,no_run\nlet x = 1;",
        "Name.\n\n    std::process::exit(1);\n\nMore.",
        "Name.\n\n\tstd::process::exit(1);",
        "~~~\nstd::process::exit(1);\n~~~\n",
        "````rust\n```\nx\n```\n````",
        "- a\n\n  ```\n  x\n  ```\n- b\n\n      y",
        "1. a\n\n   ~~~rust\n   x",
        "> ```rust\n> x\n> ```\n> more",
        ">     x\n\n> > ```\n> > x",
        "- > ```\n  > x\n\n\t\tx",
        "a\r\n\r\n```\r\nx\r\n```",
        "a\r\r```\rx\r",
        "a\u{2028}```\u{202e}rust",
        "``` rust",
        "x ``` y\n```",
        "[a]: <b>\n\n```\nx",
        "<div>\n\n```\nx\n```\n</div>",
        "| a |\n|---|\n| ```x``` |\n    x",
        "# a\n    x",
        "a\n***\n    x\n- ```",
        "[^1]: x\n\n    ```\n    y\n    ```\n",
        "- > 1. ~~~\n  >    x\n",
        "* a\n* b\n\n\t  x\n\n  ````\n  y",
        "> a\n\n>     x\n>\n> - ```rust\n>   y\n",
        "a  \n`````rust\nx\n````\n",
        "Term\n: ```\n  x\n  ```",
        "a\u{a0}\n\u{a0}\n    x",
        "a\u{b}```\u{c}x",
        "<!--\n\n```\nx\n-->\n\n    y",
        "<pre>\n\n    x\n\n</pre>\n\n    y",
        "1) a\n\n   - ~~~rust,should_panic\n     x",
        "\\```rust\nx\n\\```",
        "a\n===\n    x\n---\n    y",
    ] {
        let files = generated(&document(words)).unwrap_or_else(|errors| panic!("{words:?}: {errors}"));
        assert!(files.len() > 5);
        for (path, file) in &files {
            syn::parse_file(file).unwrap_or_else(|error| panic!("{words:?}: {path}: {error}"));
            for comment in comments(file) {
                for event in Parser::new(&comment) {
                    if let Event::Start(Tag::CodeBlock(kind)) = event {
                        let is_text =
                            matches!(&kind, CodeBlockKind::Fenced(language) if &**language == "text");
                        assert!(is_text, "{words:?}: {path}: {kind:?} in\n{comment}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_block_at_the_end_stays_closed() {
    let files = generated(&document("For example:\n\n```json\n{\"a\": 1}\n```")).unwrap();
    let types = &files["things/types.rs"];
    assert!(
        types.contains("    /// ```text\n    /// {\"a\": 1}\n    /// ```\n"),
        "{types}"
    );
    assert!(!types.contains("```."), "{types}");
}

/// Returns a document with an operation for each tag.
fn document_of_tags(tags: &[&str]) -> Value {
    let operation = |tag: &str| {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let content = json!({"application/json": {"schema": schema}});
        json!({"get": {"tags": [tag], "responses": {"200": {"description": "x", "content": content}}}})
    };
    let paths = tags.iter().enumerate();
    let paths = paths.map(|(index, tag)| (format!("/thing{index}/list/"), operation(tag)));
    json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": paths.collect::<serde_json::Map<_, _>>(),
    })
}

#[test]
fn any_tag_gives_a_module_or_an_error_at_the_tag() {
    let reserved = [
        "public",
        "ids",
        "shared",
        "mod",
        "crate",
        "self",
        "Self",
        "super",
        "gen",
        "types",
        "operations",
        "methods",
        "http",
        "std",
        "api",
        "client",
        "3d",
        "ids_",
        "asset groups",
        "Asset-Groups",
        "fn",
        "dyn",
        "null",
        "main",
        "con",
        "self::x",
        "r#type",
        "1",
        "../x",
        "a`b",
        "a*/b",
        "//",
        "\"x\"",
    ];
    let scripts = [
        "Товары",
        "商品",
        "🦀",
        "Éclairs",
        "ÄÖ ü",
        "السلع",
        "Ω",
        "½",
        "ß",
        "İstanbul",
        "한국어",
        "ไทย",
        "👩‍💻",
        "\u{202e}abc",
    ];
    let alike = [
        "Offer Sources",
        "Offer sources",
        "offer-sources",
        "offer_sources",
        "OfferSources",
    ];
    for tags in [&reserved[..], &scripts, &alike] {
        let tags: Vec<&str> = tags.iter().copied().filter(|tag| *tag != "//").collect();
        let files = generated(&document_of_tags(&tags)).unwrap_or_else(|errors| panic!("{errors}"));
        let modules = |path: &str| {
            let file = syn::parse_file(&files[path]).unwrap();
            let modules = file.items.into_iter().filter_map(|item| match item {
                syn::Item::Mod(module) => Some(module.ident.to_string()),
                _ => None,
            });
            modules.collect::<Vec<String>>()
        };
        let declared = modules("mod.rs");
        let unique: BTreeSet<&String> = declared.iter().collect();
        assert_eq!(unique.len(), declared.len(), "{declared:?}");
        for module in &declared {
            assert!(module.is_ascii(), "{module}");
            assert!(
                files.contains_key(&format!("{module}.rs"))
                    || files.contains_key(&format!("{module}/mod.rs"))
            );
        }
        // On case-insensitive file systems, paths that differ only in case would be the same file.
        let paths: BTreeSet<String> = files.keys().map(|path| path.to_lowercase()).collect();
        assert_eq!(paths.len(), files.len());
    }
    for tag in ["a\nb", "a\r", "//", "", " ", "--", "__", "\u{202e}", "a\u{0}b"] {
        let errors = generated(&document_of_tags(&["Good", tag])).unwrap_err();
        assert_eq!(errors.len(), 1, "{tag:?}: {errors}");
        let pointer = &errors.iter().next().unwrap().pointer;
        assert_eq!(pointer.as_str(), "/paths/~1thing1~1list~1/get/tags/0", "{tag:?}");
    }
}
