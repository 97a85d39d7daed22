//! Compares random documents, and checks with a JSON Schema validator that no breaking change is missed.
//!
//! Each document has two of these four parts: a parameter, a request body, a response body and a response
//! header. The report must be breaking in two cases: a request is valid only for the old document, or a
//! response is valid only for the new document.
//!
//! The environment variable `DOCUMENT_SEED` selects other pairs of documents, and `DOCUMENT_PAIRS` sets their
//! number.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod random;
mod support;

use std::{env, thread};

use fastrand::Rng;
use funnelflux_diff::{Level, Proof};
use random::{SCHEMAS, Schemas, change, schema};
use serde_json::{Map, Value, json};
use support::compare_values;

const PAIRS: u64 = 10_000;

/// Number of values that are drawn for a part of a document.
const DRAWS: usize = 10;

/// Parts of a document that have a schema.
const PARTS: [Part; 4] = [Part::Parameter, Part::Request, Part::Response, Part::Header];

/// Number of parts that one document has.
const PARTS_OF_ONE: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Parameter,
    Request,
    Response,
    Header,
}

impl Part {
    /// Checks whether values of this part are sent as text, which may match several types.
    fn is_text(self) -> bool {
        [Self::Parameter, Self::Header].contains(&self)
    }
}

#[derive(Clone)]
struct Random {
    parts: [(Part, Value); PARTS_OF_ONE],
    named: Map<String, Value>,
}

impl Random {
    fn new(random: &mut Rng) -> Self {
        let first = random.usize(..PARTS.len());
        let second = first + random.usize(1..PARTS.len());
        Self {
            parts: [first, second].map(|index| match PARTS[index % PARTS.len()] {
                // A list of lists cannot be sent as text, so the schema has only one level.
                part @ (Part::Parameter | Part::Header) => (part, schema(random, 1)),
                part @ (Part::Request | Part::Response) => (part, schema(random, 3)),
            }),
            named: SCHEMAS
                .iter()
                .map(|name| ((*name).to_owned(), schema(random, 2)))
                .collect(),
        }
    }

    fn changed(&self, random: &mut Rng) -> Self {
        let mut new = self.clone();
        for _ in 0..random.u8(1..3) {
            match random.usize(..SCHEMAS.len() + 2 * PARTS_OF_ONE) {
                index if index < SCHEMAS.len() => {
                    change(random, new.named.get_mut(SCHEMAS[index]).unwrap(), 2);
                }
                index => change(random, &mut new.parts[index % PARTS_OF_ONE].1, 2),
            }
        }
        new
    }

    fn document(&self) -> Value {
        let mut operation = json!({"responses": {"200": {"description": "d"}}});
        for (part, schema) in &self.parts {
            let content = || json!({"application/json": {"schema": schema}});
            match part {
                Part::Parameter => {
                    let parameter = json!({"name": "q", "in": "query", "required": true, "schema": schema});
                    operation["parameters"] = json!([parameter]);
                }
                Part::Request => {
                    operation["requestBody"] = json!({"required": true, "content": content()});
                }
                Part::Response => operation["responses"]["200"]["content"] = content(),
                Part::Header => {
                    operation["responses"]["200"]["headers"] = json!({"X-A": {"schema": schema}});
                }
            }
        }
        json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"put": operation}},
            "components": {"schemas": self.named},
        })
    }

    fn schemas(&self, index: usize) -> Schemas {
        Schemas {
            root: self.parts[index].1.clone(),
            named: self.named.clone(),
        }
    }
}

/// Searches for a value that breaks clients: a request that only the old document allows, or a response that
/// only the new document allows. Tries a few random values. Returns `None` if none of them breaks clients.
///
/// If `is_exact` is true, exactly one alternative of a `oneOf` must match.
fn broken(random: &mut Rng, old: &Random, new: &Random, index: usize, is_exact: bool) -> Option<Value> {
    let (part, _) = old.parts[index];
    let (old, new) = (old.schemas(index), new.schemas(index));
    let is_request = [Part::Parameter, Part::Request].contains(&part);
    let (from, to) = if is_request { (&old, &new) } else { (&new, &old) };
    // Clients never send read-only properties, but the validator does not take this into account.
    let mentions = |schemas: &Schemas| format!("{} {:?}", schemas.root, schemas.named).contains("readOnly");
    if is_request && (mentions(from) || mentions(to)) {
        return None;
    }
    let (good, bad) = (from.validator(is_exact)?, to.validator(is_exact)?);
    let refuses = |value: &Value| {
        let forms = match part {
            Part::Parameter => forms(value),
            Part::Header => forms(value).into_iter().chain(one_text(value)).collect(),
            Part::Request | Part::Response => vec![value.clone()],
        };
        !forms.iter().any(|form| bad.is_valid(form))
    };
    (0..DRAWS)
        .map(|_| from.value(random, &from.root, 5))
        .find(|value| good.is_valid(value) && refuses(value))
}

/// Lists the values that have the same text in a query or a header: scalars are sent without their type, and
/// a list with one item is sent like the item.
fn forms(value: &Value) -> Vec<Value> {
    let written = each(value, &|scalar| match scalar {
        Value::Bool(_) | Value::Number(_) => Value::from(scalar.to_string()),
        other => other.clone(),
    });
    let read = each(value, &|scalar| match scalar {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
            _ => scalar.clone(),
        },
        other => other.clone(),
    });
    let mut forms = vec![value.clone(), written, read];
    for form in forms.clone() {
        match form {
            Value::Array(items) if items.len() == 1 => forms.extend(items),
            Value::Array(_) | Value::Object(_) => {}
            scalar => forms.push(json!([scalar])),
        }
    }
    forms
}

/// Returns the text of a list or an object in a header.
fn one_text(value: &Value) -> Option<Value> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let texts: Vec<String> = match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| [name.clone(), text(member)])
            .collect(),
        _ => return None,
    };
    Some(texts.join(",").into())
}

fn each(value: &Value, change: &dyn Fn(&Value) -> Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| each(item, change)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), each(member, change)))
            .collect::<Map<_, _>>()
            .into(),
        scalar => change(scalar),
    }
}

/// Counts of pairs of documents, by outcome.
#[derive(Default)]
struct Counts {
    /// Pairs for which the search found a value that breaks clients.
    broken: u64,
    /// Pairs whose report is breaking.
    breaking: u64,
    /// Pairs whose report has a proof of inclusion.
    included: u64,
}

/// Compares one random pair of documents.
fn judge(seed: u64, counts: &mut Counts) {
    let random = &mut Rng::with_seed(seed);
    let old = Random::new(random);
    let new = old.changed(random);
    let is_changed = |index: &usize| old.named != new.named || old.parts[*index].1 != new.parts[*index].1;
    let changed: Vec<usize> = (0..PARTS_OF_ONE).filter(is_changed).collect();
    let search = |random: &mut Rng, is_exact| {
        changed
            .iter()
            .find_map(|index| Some((old.parts[*index].0, broken(random, &old, &new, *index, is_exact)?)))
    };
    let found = search(random, false);
    let documents = [&old, &new].map(Random::document);
    let report = compare_values(&documents[0], &documents[1]);
    let is_breaking = report.worst_level() == Some(Level::Breaking);
    counts.breaking += u64::from(is_breaking);
    let mut proofs = report.changes.iter().map(|change| &change.proof);
    counts.included += u64::from(proofs.any(|proof| *proof == Proof::Included));
    let place = || {
        format!(
            "DOCUMENT_SEED={seed}\nold {}\nnew {}\n{}",
            documents[0],
            documents[1],
            report.view().text()
        )
    };
    if report.worst_level() < Some(Level::Warning)
        && let Some((part, value)) = search(random, true)
        // Null is skipped, because authors disagree on the cases in which `nullable` allows it.
        && !part.is_text()
        && !value.to_string().contains("null")
    {
        panic!("{part:?}: {value} matches two alternatives, {}", place());
    }
    if let Some((part, value)) = found {
        counts.broken += 1;
        assert!(
            is_breaking,
            "{part:?}: {value} is valid on one side only, {}",
            place()
        );
    }
}

#[test]
fn no_break_is_missed() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("DOCUMENT_SEED").unwrap_or(1);
    let pairs = number("DOCUMENT_PAIRS").unwrap_or(PAIRS);
    println!("DOCUMENT_SEED={first}");
    let threads = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let judge_some = |thread: u64| {
        let mut counts = Counts::default();
        let seeds = (first..first + pairs).filter(|seed| seed % threads == thread);
        seeds.for_each(|seed| judge(seed, &mut counts));
        counts
    };
    let all: Vec<Counts> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || judge_some(thread)))
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |count: fn(&Counts) -> u64| all.iter().map(count).sum::<u64>();
    let (broken, included) = (sum(|all| all.broken), sum(|all| all.included));
    let breaking = sum(|all| all.breaking);
    println!("{broken} of {pairs} pairs break a value, {breaking} are breaking, {included} have a proof");
    assert!(
        broken * 8 > pairs.min(PAIRS),
        "only {broken} of {pairs} pairs break a value"
    );
    assert!(
        included * 20 > pairs.min(PAIRS),
        "only {included} of {pairs} pairs have a proof"
    );
}
