//! Kin: which schemas a value has to fit at once, as `allOf` and alternatives put them together.
//!
//! A field that is new in one of them may have been described by another one until now.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use funnelflux_openapi::pointer::{follow, item, join};

/// By the pointer of a schema, the pointers of those that apply together with it.
pub(super) type Kin = HashMap<String, BTreeSet<String>>;

/// Deeper than anybody writes; what is deeper is a circle, or meant to do harm.
const DEEPEST: usize = 12;

/// More than any document needs that does not go in circles.
const MOST_VISITS: usize = 200_000;

/// The kin of every schema of a document.
pub(super) fn kin(document: &Value) -> Kin {
    let mut search = Search {
        document,
        kin: Kin::new(),
        visits: 0,
    };
    search.everywhere(document, "");
    search.kin
}

struct Search<'a> {
    document: &'a Value,
    kin: Kin,
    visits: usize,
}

impl Search<'_> {
    /// Visits every schema that is put together from others, wherever it stands.
    fn everywhere(&mut self, value: &Value, at: &str) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    self.everywhere(member, &join(at, key));
                }
                let is_composed = ["allOf", "anyOf", "oneOf"]
                    .iter()
                    .any(|key| value.get(key).is_some_and(Value::is_array));
                if is_composed {
                    self.visit(at, &BTreeSet::new(), DEEPEST);
                }
            }
            Value::Array(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    self.everywhere(entry, &item(at, index));
                }
            }
            _ => {}
        }
    }

    /// Notes of a schema and its parts what applies with each: `around`, the schema itself, and its other parts.
    fn visit(&mut self, at: &str, around: &BTreeSet<String>, depth: usize) {
        self.visits += 1;
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if self.visits > MOST_VISITS {
            return;
        }
        let parts = Parts::of(self.document, at);
        let below = |parts: &[String], except: usize| {
            let mut all = BTreeSet::new();
            for (index, part) in parts.iter().enumerate() {
                if index != except {
                    together(self.document, part, depth, &mut all);
                }
            }
            all
        };
        let some_below = below(&parts.some, usize::MAX);
        let all_below = below(&parts.all, usize::MAX);
        let beside: Vec<BTreeSet<String>> = (0..parts.all.len())
            .map(|index| below(&parts.all, index))
            .collect();
        let mut with_this = around.clone();
        with_this.insert(at.to_owned());
        for (part, beside) in parts.all.iter().zip(&beside) {
            let around = &(&with_this | beside) | &some_below;
            self.visit(part, &around, depth);
        }
        // Of the alternatives one is enough, so they do not bind each other.
        let around = &with_this | &all_below;
        for part in &parts.some {
            self.visit(part, &around, depth);
        }
        let own = self.kin.entry(at.to_owned()).or_default();
        own.extend(around);
        own.extend(some_below);
        own.remove(at);
    }
}

/// A schema and all that it is put together from.
fn together(document: &Value, at: &str, depth: usize, all: &mut BTreeSet<String>) {
    if let Some(depth) = depth.checked_sub(1)
        && all.insert(at.to_owned())
    {
        let parts = Parts::of(document, at);
        for part in parts.all.iter().chain(&parts.some) {
            together(document, part, depth, all);
        }
    }
}

/// Where the parts of a schema stand, references followed.
struct Parts {
    /// All of them apply.
    all: Vec<String>,
    /// One of them is enough.
    some: Vec<String>,
}

impl Parts {
    fn of(document: &Value, at: &str) -> Self {
        let list = |key: &str| {
            let list = join(at, key);
            let entries = document.pointer(&list).and_then(Value::as_array);
            (0..entries.map_or(0, Vec::len))
                .map(|index| resolve(document, item(&list, index)))
                .collect::<Vec<_>>()
        };
        let mut some = list("anyOf");
        some.extend(list("oneOf"));
        Self {
            all: list("allOf"),
            some,
        }
    }
}

/// Where a reference leads, through any number of references that a document can reasonably hold.
fn resolve(document: &Value, mut at: String) -> String {
    for _ in 0..DEEPEST {
        let next = document
            .pointer(&at)
            .and_then(|schema| follow(document, schema.get("$ref")?.as_str()?));
        match next {
            Some((next, _)) => at = next,
            None => break,
        }
    }
    at
}
