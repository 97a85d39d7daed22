//! Tests that targets of overlay actions are evaluated as JSONPath (RFC 9535). Our own tables cover every
//! part of JSONPath. In addition, the public compliance suite can be run from a copy.
//!
//! The suite (github.com/jsonpath-standard/jsonpath-compliance-test-suite, `cts.json`) is not part of this
//! repository. To run it:
//!
//! ```sh
//! JSONPATH_CTS=path/to/cts.json cargo test -p funnelflux-generator --test jsonpath -- --ignored
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use funnelflux_generator::overlay;
use funnelflux_openapi::{
    Source,
    pointer::{Pointer, PointerBuf},
    read,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Result of applying an action that removes the matches of its target.
enum Removal {
    /// The target is not a JSONPath.
    Invalid,
    /// The target matches nothing.
    Nothing,
    /// The target matches the root, which cannot be removed.
    Root,
    /// Number of matches, and the document without them.
    Removed(usize, Value),
}

fn remove(document: &Value, target: &str) -> Removal {
    let text = document.to_string();
    let document = read::parse(Source {
        name: "a.json",
        text: &text,
    });
    let action = json!({ "target": target, "description": "because", "remove": true });
    let overlay =
        json!({ "overlay": "1.0.0", "info": { "title": "t", "version": "1" }, "actions": [action] });
    let overlay = overlay.to_string();
    let source = Source {
        name: "o.json",
        text: &overlay,
    };
    let overlays = overlay::read(&[source]).unwrap();
    match overlay::apply(document.unwrap(), &overlays) {
        Ok(applied) => Removal::Removed(applied.actions[0].matches, applied.document.value().clone()),
        Err(diagnostics) => {
            let text = diagnostics.to_string();
            if text.contains("is not a JSONPath") {
                Removal::Invalid
            } else if text.contains("matches nothing") {
                Removal::Nothing
            } else if text.contains("root") {
                Removal::Root
            } else {
                panic!("{target}: {text}")
            }
        }
    }
}

/// Removes the values at these pointers. Later items of a list are removed first, so that indexes stay valid.
fn without(document: &Value, places: &BTreeSet<PointerBuf>) -> Value {
    let mut left = document.clone();
    let index = |place: &Pointer| place.back()?.encoded().parse::<usize>().ok();
    let mut places: Vec<&PointerBuf> = places.iter().collect();
    places.sort_by_key(|place| std::cmp::Reverse((place.count(), index(place))));
    for place in places {
        let (parent, last) = place.split_back().unwrap();
        match left.pointer_mut(parent.as_str()) {
            Some(Value::Object(object)) => {
                object.shift_remove(&*last.decoded());
            }
            Some(Value::Array(array)) => {
                array.remove(last.encoded().parse().unwrap());
            }
            _ => panic!("{place} is not there"),
        }
    }
    left
}

/// Describes the difference between the matches of a target and the expected pointers `places`. Returns
/// `None` if they agree.
fn problem(document: &Value, target: &str, places: &BTreeSet<PointerBuf>) -> Option<String> {
    match remove(document, target) {
        Removal::Invalid => Some("it is refused".to_owned()),
        Removal::Nothing => (!places.is_empty()).then(|| "it matches nothing".to_owned()),
        Removal::Root => (!places.contains(Pointer::root())).then(|| "it matches the root".to_owned()),
        Removal::Removed(matches, left) => {
            let expected = without(document, places);
            (matches != places.len() || left != expected)
                .then(|| format!("it matches {matches} values, and {left} is left"))
        }
    }
}

fn document() -> Value {
    json!({
        "a": [3, 5, 1, 2, 4, 6, {"b": "j"}, {"b": "k"}, {"b": {}}, {"b": "kilo"}],
        "o": {"p": 1, "q": 2, "r": 3, "s": 5, "t": {"u": 6}},
        "e": "f",
        "☺": {"'": 1, "\"": 2, "\\": 3, "j j": 4, "/": 5, "~": 6},
        "n": null,
    })
}

/// Targets, and pointers to their matches in [`document`].
const VALID: &[(&str, &[&str])] = &[
    // Names.
    ("$.e", &["/e"]),
    ("$['e']", &["/e"]),
    ("$[\"e\"]", &["/e"]),
    ("$ ['e']", &["/e"]),
    ("$.☺", &["/☺"]),
    ("$['\\u263A']['\\'']", &["/☺/'"]),
    ("$['☺'][\"\\\"\"]", &["/☺/\""]),
    ("$.☺['\\\\']", &["/☺/\\"]),
    ("$.☺['j j']", &["/☺/j j"]),
    ("$.☺['/', '~']", &["/☺/~1", "/☺/~0"]),
    ("$.none", &[]),
    ("$.e.f", &[]),
    ("$.n", &["/n"]),
    ("$.n.x", &[]),
    // Wildcards.
    ("$.o.*", &["/o/p", "/o/q", "/o/r", "/o/s", "/o/t"]),
    ("$.o[*]", &["/o/p", "/o/q", "/o/r", "/o/s", "/o/t"]),
    ("$.e.*", &[]),
    // Indexes.
    ("$.a[0]", &["/a/0"]),
    ("$.a[-1]", &["/a/9"]),
    ("$.a[10]", &[]),
    ("$.a[-11]", &[]),
    ("$.o[0]", &[]),
    ("$.a['0']", &[]),
    // Slices.
    ("$.a[1:3]", &["/a/1", "/a/2"]),
    ("$.a[8:]", &["/a/8", "/a/9"]),
    ("$.a[:2]", &["/a/0", "/a/1"]),
    ("$.a[1:5:2]", &["/a/1", "/a/3"]),
    ("$.a[5:1:-2]", &["/a/5", "/a/3"]),
    ("$.a[::-4]", &["/a/9", "/a/5", "/a/1"]),
    ("$.a[1:5:0]", &[]),
    ("$.a[-2:]", &["/a/8", "/a/9"]),
    ("$.a[7:2]", &[]),
    ("$.a[ 1 : 2 ]", &["/a/1"]),
    // Several selectors. A value that matches twice counts once.
    ("$.a[0, 3]", &["/a/0", "/a/3"]),
    ("$.a[0, 0]", &["/a/0"]),
    ("$.a[0:2, 7]", &["/a/0", "/a/1", "/a/7"]),
    ("$.o['p', 'none']", &["/o/p"]),
    // Descendants.
    ("$..u", &["/o/t/u"]),
    ("$.o..*", &["/o/p", "/o/q", "/o/r", "/o/s", "/o/t", "/o/t/u"]),
    ("$..b", &["/a/6/b", "/a/7/b", "/a/8/b", "/a/9/b"]),
    ("$..[6]", &["/a/6"]),
    ("$..['p', 'u']", &["/o/p", "/o/t/u"]),
    // Filters: existence, comparison, logic.
    ("$.a[?@.b]", &["/a/6", "/a/7", "/a/8", "/a/9"]),
    ("$.a[?!@.b]", &["/a/0", "/a/1", "/a/2", "/a/3", "/a/4", "/a/5"]),
    ("$.a[?@.b == 'kilo']", &["/a/9"]),
    ("$.a[?(@.b == 'kilo')]", &["/a/9"]),
    ("$.a[?@ > 3.5]", &["/a/1", "/a/4", "/a/5"]),
    ("$.a[?@ >= 5]", &["/a/1", "/a/5"]),
    ("$.a[?@ < 2 || @.b == 'k']", &["/a/2", "/a/7"]),
    ("$.a[?@ <= 1]", &["/a/2"]),
    ("$.a[?@ != 3 && @ < 3]", &["/a/2", "/a/3"]),
    ("$.a[?@ == 5e0]", &["/a/1"]),
    ("$.a[?@.b == $.e]", &[]),
    ("$[?@ == null]", &["/n"]),
    ("$[?@ == 'f']", &["/e"]),
    ("$[?@.*]", &["/a", "/o", "/☺"]),
    ("$[?@[?@.b]]", &["/a"]),
    ("$.o[?@ < 3, ?@ < 3]", &["/o/p", "/o/q"]),
    ("$.o[?@ > 1 && @ < 4]", &["/o/q", "/o/r"]),
    ("$.o[?@.u || @ == 1]", &["/o/p", "/o/t"]),
    ("$.o[?@ < $.a[0]]", &["/o/p", "/o/q"]),
    (
        "$.a[?@.none == @.nothing]",
        &[
            "/a/0", "/a/1", "/a/2", "/a/3", "/a/4", "/a/5", "/a/6", "/a/7", "/a/8", "/a/9",
        ],
    ),
    ("$.a[?@ == true]", &[]),
    // Functions.
    ("$[?length(@) == 10]", &["/a"]),
    ("$.a[?length(@.b) >= 4]", &["/a/9"]),
    ("$[?count(@.*) > 5]", &["/a", "/☺"]),
    ("$.a[?match(@.b, '[jk]')]", &["/a/6", "/a/7"]),
    ("$.a[?search(@.b, '[jk]')]", &["/a/6", "/a/7", "/a/9"]),
    ("$.a[?match(@.b, 'k.*')]", &["/a/7", "/a/9"]),
    ("$.o[?value(@..u) == 6]", &["/o/t"]),
    // The root cannot be removed.
    ("$", &[""]),
];

/// Texts that are not JSONPath.
const INVALID: &[&str] = &[
    " $",
    "$ ",
    "a",
    "$.",
    "$..",
    "$...a",
    "$a",
    "$.a b",
    "$.1",
    "$['a",
    "$[a]",
    "$[]",
    "$[01]",
    "$[-0]",
    "$[1.0]",
    "$[9007199254740992]",
    "$[1:2:3:4]",
    "$['a',]",
    "$[\"\\'\"]",
    "$['\\\"']",
    "$['\\x']",
    "$['\\ud800']",
    "$[?]",
    "$[?()]",
    "$[?@.a = 1]",
    "$[?@.a == ]",
    "$[?@.a && ]",
    "$[?1]",
    "$[?true]",
    "$[?@.* == 1]",
    "$[?@..a == 1]",
    "$[?@.a == 'x]",
    "$[?length(@.a)]",
    "$[?length(@.*) == 1]",
    "$[?count(1) == 1]",
    "$[?match(@.a, 'x') == true]",
    "$[?unknown(@.a)]",
    "$[?@ == 01]",
    "$[?@ == .5]",
    "$[?@ == +1]",
    "$[?@ == {}]",
    "$[?@ == []]",
    "$[?!1]",
    "$[?@.a == 1 == 2]",
    "$.a[(@.length-1)]",
    "@.a",
    "$,$",
];

fn places(places: &[&str]) -> BTreeSet<PointerBuf> {
    places
        .iter()
        .map(|place| PointerBuf::parse(*place).unwrap())
        .collect()
}

#[test]
fn every_part_of_the_language_matches() {
    let document = document();
    let wrong: Vec<String> = VALID
        .iter()
        .filter_map(|(target, expected)| {
            let problem = problem(&document, target, &places(expected))?;
            Some(format!("{target}: {problem}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn invalid_paths_are_located_errors() {
    let document = document();
    let taken: Vec<&&str> = INVALID
        .iter()
        .filter(|target| !matches!(remove(&document, target), Removal::Invalid))
        .collect();
    assert!(taken.is_empty(), "{taken:?}");
}

/// Checks a case of the suite: compares the matches of its query with the expected paths, in any order.
/// Returns the problem, if there is one.
fn case(case: &Value) -> Option<String> {
    let selector = case["selector"].as_str().unwrap();
    let document = &case["document"];
    let problem = if case["invalid_selector"] == true {
        match remove(&json!({}), selector) {
            Removal::Invalid => return None,
            _ => Some("it is taken".to_owned()),
        }
    } else {
        let paths = match &case["result_paths"] {
            Value::Null => &case["results_paths"][0],
            paths => paths,
        };
        let expected = paths.as_array().unwrap().iter();
        let expected = expected.map(|path| normalised(path.as_str().unwrap())).collect();
        problem(document, selector, &expected)
    };
    problem.map(|problem| format!("{}: {selector:?}: {problem}", case["name"]))
}

/// Converts a normalised path, such as `$['a'][0]`, to a pointer.
fn normalised(path: &str) -> PointerBuf {
    let mut place = PointerBuf::new();
    let mut rest = path.strip_prefix('$').unwrap();
    while let Some(after) = rest.strip_prefix('[') {
        if let Some(name) = after.strip_prefix('\'') {
            let mut end = 0;
            while !name[end..].starts_with('\'') {
                end += if name[end..].starts_with('\\') {
                    2
                } else {
                    name[end..].chars().next().unwrap().len_utf8()
                };
            }
            // In single quotes, only the quotes are escaped differently from JSON.
            let text = name[..end].replace("\\'", "'").replace('"', "\\\"");
            let name_in_json: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            place.push_back(name_in_json);
            rest = &name[end + 2..];
        } else {
            let (index, after) = after.split_once(']').unwrap();
            place.push_back(index.parse::<usize>().unwrap());
            rest = after;
        }
    }
    place
}

#[test]
#[ignore = "the suite is not part of this repository; JSONPATH_CTS is the path to it"]
fn the_public_compliance_suite_passes() {
    let path = std::env::var_os("JSONPATH_CTS").unwrap();
    let suite: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = suite["tests"].as_array().unwrap();
    let wrong: Vec<String> = cases.iter().filter_map(case).collect();
    println!("{} of {} cases pass", cases.len() - wrong.len(), cases.len());
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
