//! Reach: which operations use a place of the document, which way, and by which path.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

use serde::Serialize;
use serde_json::Value;

use super::{Direction, discriminator_subtypes::Heirs};
use funnelflux_openapi::pointer::{METHODS, follow, join, prefixes, tokens};

/// One path from an operation to a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reach {
    /// The operation, such as `GET /offersource/list/`.
    pub operation: String,
    /// Which way the message goes.
    pub direction: Direction,
    /// The steps: a status, `body` or a parameter first, then types and properties.
    pub path: Vec<String>,
}

/// A way from an operation to a component. Large documents have millions of them, and most share their beginning with
/// others, so each knows only its last steps and where it comes from.
struct Way {
    operation: Rc<str>,
    direction: Direction,
    /// The first step, as a number.
    entry: Option<usize>,
    /// The way that it goes on from.
    before: Option<usize>,
    steps: Rc<[String]>,
}

/// A place that another one refers to, by the number of its pointer, and the steps that lead there.
type Link = (usize, Rc<[String]>);

/// The places that references lead to, in the order of their numbers: components, and what is inside of them or of paths.
#[derive(Default)]
struct Places {
    pointers: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Places {
    fn number(&mut self, pointer: &str) -> usize {
        if let Some(number) = self.numbers.get(pointer) {
            return *number;
        }
        let number = self.pointers.len();
        self.pointers.push(pointer.to_owned());
        self.numbers.insert(pointer.to_owned(), number);
        number
    }

    /// Where a place leads to: by its references, and to what may come where a schema with a discriminator is expected.
    fn links(&mut self, document: &Value, heirs: &Heirs<'_>, from: usize) -> Vec<Link> {
        let Some(at) = self.pointers.get(from).cloned() else {
            return Vec::new();
        };
        let value = document.pointer(&at).unwrap_or(&Value::Null);
        let mut targets = references(document, value, &at);
        let heirs = heirs.of(&at, value);
        targets.extend(heirs.map(|(_, heir)| (heir.pointer.clone(), Vec::new())));
        targets
            .into_iter()
            .map(|(target, inner)| (self.number(&target), steps_within(&at, &inner).into()))
            .collect()
    }
}

/// The reach of every place of one document that something refers to.
pub(super) struct Index<'a> {
    document: &'a Value,
    ways: Vec<Way>,
    /// By the pointer of the place: for each operation, direction and entry the shortest way.
    of: HashMap<String, Vec<usize>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        let heirs = Heirs::new(document);
        let mut places = Places::default();
        let mut entries = Places::default();
        // By the number of a place: where it leads to.
        let mut links: HashMap<usize, Vec<Link>> = HashMap::new();
        let mut ways: Vec<Way> = Vec::new();
        let mut of: HashMap<usize, Vec<usize>> = HashMap::new();
        for (operation, at, value) in operations(document) {
            let operation: Rc<str> = operation.into();
            // Each component once for each direction and entry: by the first way, which is a shortest one.
            let mut seen: HashSet<(usize, Direction, Option<usize>)> = HashSet::new();
            let mut queue: VecDeque<(usize, Way)> = VecDeque::new();
            for (target, pointer_path) in references(document, value, &at) {
                let steps = steps(document, &at, &pointer_path);
                let way = Way {
                    operation: operation.clone(),
                    direction: direction(&pointer_path),
                    entry: steps.first().map(|first| entries.number(first)),
                    before: None,
                    steps: steps.into(),
                };
                let target = places.number(&target);
                if seen.insert((target, way.direction, way.entry)) {
                    queue.push_back((target, way));
                }
            }
            while let Some((target, way)) = queue.pop_front() {
                let this = ways.len();
                let linked = links
                    .entry(target)
                    .or_insert_with(|| places.links(document, &heirs, target));
                for (next, steps) in linked {
                    let first = || steps.first().map(|first| entries.number(first));
                    let entry = way.entry.or_else(first);
                    if seen.insert((*next, way.direction, entry)) {
                        let way = Way {
                            operation: operation.clone(),
                            direction: way.direction,
                            entry,
                            before: Some(this),
                            steps: steps.clone(),
                        };
                        queue.push_back((*next, way));
                    }
                }
                of.entry(target).or_default().push(this);
                ways.push(way);
            }
        }
        let of = places
            .numbers
            .into_iter()
            .filter_map(|(pointer, number)| Some((pointer, of.remove(&number)?)))
            .collect();
        Self { document, ways, of }
    }

    /// All steps of a way, from its operation on.
    fn path(&self, way: &Way) -> Vec<String> {
        let parts: Vec<&Way> = std::iter::successors(Some(way), |way| self.ways.get(way.before?)).collect();
        let parts = parts.into_iter().rev();
        parts.flat_map(|way| way.steps.iter().cloned()).collect()
    }

    /// The operations that use the place, and how they reach it.
    pub(super) fn reach(&self, pointer: &str, direction: Direction) -> (Vec<String>, Vec<Reach>) {
        let mut found: Vec<Reach> = Vec::new();
        let is_wanted = |way: Direction| match direction {
            Direction::Request | Direction::Response => way == direction,
            Direction::Both | Direction::None => true,
        };
        let parts: Vec<String> = tokens(pointer).map(std::borrow::Cow::into_owned).collect();
        match parts.as_slice() {
            [root, path] if root == "paths" => self.of_path(path, &[], &mut found),
            [root, path, method, rest @ ..] if root == "paths" => {
                if METHODS.contains(&method.as_str()) {
                    let at = join(&join("/paths", path), method);
                    let way = self::direction(rest);
                    if way == Direction::None || is_wanted(way) {
                        found.push(Reach {
                            operation: format!("{} {path}", method.to_ascii_uppercase()),
                            direction: way,
                            path: steps(self.document, &at, rest),
                        });
                    }
                } else {
                    self.of_path(
                        path,
                        &steps(
                            self.document,
                            &join("/paths", path),
                            parts.get(2..).unwrap_or_default(),
                        ),
                        &mut found,
                    );
                }
            }
            _ => {}
        }
        // What something refers to is a component, or the place itself or one around it.
        for at in prefixes(pointer) {
            let ways = self.of.get(at).into_iter().flatten();
            let rest = pointer.strip_prefix(at).unwrap_or_default();
            let rest: Vec<String> = tokens(rest).map(std::borrow::Cow::into_owned).collect();
            let inner = steps_within(at, &rest);
            for way in ways.filter_map(|way| self.ways.get(*way)) {
                if is_wanted(way.direction) {
                    found.push(Reach {
                        operation: way.operation.to_string(),
                        direction: way.direction,
                        path: extend(&self.path(way), &inner),
                    });
                }
            }
        }
        for reach in &mut found {
            join_lists(&mut reach.path);
        }
        found.sort();
        found.dedup();
        let mut operations: Vec<String> = found.iter().map(|reach| reach.operation.clone()).collect();
        operations.dedup();
        (operations, found)
    }

    fn of_path(&self, path: &str, steps: &[String], found: &mut Vec<Reach>) {
        let item = self.document.get("paths").and_then(|paths| paths.get(path));
        for method in METHODS {
            if item.is_some_and(|item| item.get(method).is_some()) {
                found.push(Reach {
                    operation: format!("{} {path}", method.to_ascii_uppercase()),
                    direction: Direction::None,
                    path: steps.to_vec(),
                });
            }
        }
    }
}

/// Every operation with its name, pointer and value; parameters of the path are added to its own by the caller's walk.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut operations = Vec::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let name = format!("{} {path}", method.to_ascii_uppercase());
                let at = join("/paths", path);
                operations.push((name.clone(), join(&at, method), operation));
                if item.get("parameters").is_some() {
                    operations.push((name, at, item));
                }
            }
        }
    }
    // A path item is listed once for each of its operations, for the parameters that they share; `references` leaves out the rest.
    operations
}

/// All references below a value: the component's pointer, and the tokens that lead to the reference.
fn references(document: &Value, value: &Value, at: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let is_path_item = tokens(at).count() == 2;
    collect(document, value, &mut Vec::new(), &mut found);
    found.retain(|(_, tokens)| !is_path_item || tokens.first().is_some_and(|token| token == "parameters"));
    found
}

fn collect(document: &Value, value: &Value, at: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            if let Some((target, _)) = reference.and_then(|reference| follow(document, reference)) {
                found.push((target, at.clone()));
            }
            for (key, value) in members {
                // Examples and defaults are values, not schemas.
                let is_value = matches!(key.as_str(), "example" | "examples" | "default" | "enum")
                    && at
                        .last()
                        .is_none_or(|last| last != "properties" && last != "responses");
                if !is_value {
                    at.push(key.clone());
                    collect(document, value, at, found);
                    at.pop();
                }
            }
        }
        Value::Array(entries) => {
            for (index, value) in entries.iter().enumerate() {
                at.push(index.to_string());
                collect(document, value, at, found);
                at.pop();
            }
        }
        _ => {}
    }
}

/// Which way the part of an operation goes that the tokens lead to.
fn direction(tokens: &[String]) -> Direction {
    match tokens.first().map(String::as_str) {
        Some("parameters" | "requestBody") => Direction::Request,
        Some("responses") => Direction::Response,
        _ => Direction::None,
    }
}

/// The steps from an operation along the tokens, as a person would say them.
fn steps(document: &Value, at: &str, tokens: &[String]) -> Vec<String> {
    match tokens {
        [part, index, rest @ ..] if part == "parameters" => {
            let parameter = document.pointer(&join(&join(at, part), index));
            let resolved = parameter
                .and_then(|parameter| resolve(document, parameter))
                .or(parameter);
            let text = |key: &str| {
                resolved
                    .and_then(|parameter| parameter.get(key))
                    .and_then(Value::as_str)
            };
            let mut path = vec![format!(
                "{} {}",
                text("in").unwrap_or("parameter"),
                text("name").unwrap_or(index)
            )];
            schema_steps(rest, &mut path);
            path
        }
        [part, rest @ ..] if part == "requestBody" => {
            let mut path = vec!["body".to_owned()];
            schema_steps(rest, &mut path);
            path
        }
        [part, status, rest @ ..] if part == "responses" => {
            let mut path = vec![status.clone()];
            schema_steps(rest, &mut path);
            path
        }
        _ => Vec::new(),
    }
}

/// The steps into a place that something refers to: the name of a shared schema and the steps to the place in it, then
/// the tokens.
fn steps_within(at: &str, tokens: &[String]) -> Vec<String> {
    let mut path = Vec::new();
    let parts: Vec<_> = funnelflux_openapi::pointer::tokens(at)
        .map(std::borrow::Cow::into_owned)
        .collect();
    if let [root, kind, name, rest @ ..] = parts.as_slice()
        && root == "components"
        && kind == "schemas"
    {
        path.push(name.clone());
        schema_steps(rest, &mut path);
    }
    schema_steps(tokens, &mut path);
    path
}

/// Appends the steps of the tokens within a schema. A leading list is kept as `[]`, for the name that follows.
pub(super) fn schema_steps(tokens: &[String], path: &mut Vec<String>) {
    let mut rest = tokens.iter();
    while let Some(token) = rest.next() {
        match token.as_str() {
            "properties" => path.extend(rest.next().cloned()),
            "items" => path.push("[]".to_owned()),
            "additionalProperties" => path.push("*".to_owned()),
            "headers" => path.extend(rest.next().map(|name| format!("header {name}"))),
            "allOf" | "oneOf" | "anyOf" => {
                path.extend(rest.next().map(|index| format!("{token}[{index}]")));
            }
            "content" => {
                rest.next();
            }
            "schema" => {}
            // A keyword: the place is the schema that holds it.
            _ => break,
        }
    }
}

fn extend(path: &[String], more: &[String]) -> Vec<String> {
    path.iter().chain(more).cloned().collect()
}

/// `["entries", "[]"]` is `["entries[]"]`, but `["200", "[]", "OfferSourceInfo"]` is `["200", "OfferSourceInfo[]"]`.
fn join_lists(path: &mut Vec<String>) {
    let mut joined: Vec<String> = Vec::new();
    let mut lists = 0_usize;
    for step in path.drain(..) {
        if step == "[]" {
            let at_entry = joined.len() <= 1;
            match joined.last_mut() {
                Some(last) if !at_entry => last.push_str("[]"),
                _ => lists += 1,
            }
        } else if lists > 0 {
            joined.push(format!("{step}{}", "[]".repeat(lists)));
            lists = 0;
        } else {
            joined.push(step);
        }
    }
    for _ in 0..lists {
        joined.push("[]".to_owned());
    }
    *path = joined;
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> Option<&'a Value> {
    let (_, target) = follow(document, value.get("$ref")?.as_str()?)?;
    Some(target)
}
