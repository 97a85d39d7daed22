//! Reach: which operations use a place of the document, which way, and by which path.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

use serde::Serialize;
use serde_json::Value;

use super::Direction;
use crate::pointer::{METHODS, join, tokens};

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

/// A component that another one refers to, by the number of its pointer, and the steps that lead there.
type Link = (usize, Rc<[String]>);

/// The reach of every component of one document.
pub(super) struct Index<'a> {
    document: &'a Value,
    ways: Vec<Way>,
    /// By the pointer of the component: for each operation, direction and entry the shortest way.
    of: HashMap<String, Vec<usize>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut number = |text: &str| {
            let next = numbers.len();
            *numbers.entry(text.to_owned()).or_insert(next)
        };
        // By the number of a component's pointer: the components that it refers to, and the steps to each.
        let mut links: HashMap<usize, Vec<Link>> = HashMap::new();
        let components = document.get("components").and_then(Value::as_object);
        for (kind, parts) in components.into_iter().flatten() {
            for (name, part) in parts.as_object().into_iter().flatten() {
                let at = join(&join("/components", kind), name);
                let references = references(document, part, &at).into_iter();
                let linked = references
                    .map(|(target, inner)| (number(&target), component_steps(&at, &inner).into()))
                    .collect();
                links.insert(number(&at), linked);
            }
        }
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
                    entry: steps.first().map(|first| number(first)),
                    before: None,
                    steps: steps.into(),
                };
                let target = number(&target);
                if seen.insert((target, way.direction, way.entry)) {
                    queue.push_back((target, way));
                }
            }
            while let Some((target, way)) = queue.pop_front() {
                let this = ways.len();
                for (next, steps) in links.get(&target).into_iter().flatten() {
                    let first = || steps.first().map(|first| number(first));
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
        let of = numbers
            .into_iter()
            .filter_map(|(pointer, number)| Some((pointer, of.remove(&number)?)))
            .collect();
        Self { document, ways, of }
    }

    /// All steps of a way, from its operation on.
    fn path(&self, way: &Way) -> Vec<String> {
        let parts: Vec<&Way> =
            std::iter::successors(Some(way), |way| self.ways.get(way.before?)).collect();
        let parts = parts.into_iter().rev();
        parts.flat_map(|way| way.steps.iter().cloned()).collect()
    }

    /// The operations that use the place, and how they reach it.
    pub(super) fn reach(&self, pointer: &str, direction: Direction) -> (Vec<String>, Vec<Reach>) {
        let mut found: Vec<Reach> = Vec::new();
        let parts: Vec<String> = tokens(pointer).map(std::borrow::Cow::into_owned).collect();
        match parts.as_slice() {
            [root, path] if root == "paths" => self.of_path(path, &[], &mut found),
            [root, path, method, rest @ ..] if root == "paths" => {
                if METHODS.contains(&method.as_str()) {
                    let at = join(&join("/paths", path), method);
                    found.push(Reach {
                        operation: format!("{} {path}", method.to_ascii_uppercase()),
                        direction: self::direction(rest),
                        path: steps(self.document, &at, rest),
                    });
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
            [root, kind, name, rest @ ..] if root == "components" => {
                let at = join(&join("/components", kind), name);
                let inner = component_steps(&at, rest);
                let ways = self.of.get(&at).into_iter().flatten();
                for way in ways.filter_map(|way| self.ways.get(*way)) {
                    let wanted = match direction {
                        Direction::Request | Direction::Response => way.direction == direction,
                        Direction::Both | Direction::None => true,
                    };
                    if wanted {
                        found.push(Reach {
                            operation: way.operation.to_string(),
                            direction: way.direction,
                            path: extend(&self.path(way), &inner),
                        });
                    }
                }
            }
            _ => {}
        }
        for reach in &mut found {
            join_lists(&mut reach.path);
        }
        found.sort();
        found.dedup();
        let mut operations: Vec<String> =
            found.iter().map(|reach| reach.operation.clone()).collect();
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
    // A path item is listed once for its parameters; its operations are told apart by `references`.
    operations
}

/// All references below a value: the component's pointer, and the tokens that lead to the reference.
fn references(document: &Value, value: &Value, at: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let is_path_item = tokens(at).count() == 2;
    collect(value, &mut Vec::new(), &mut found);
    found.retain(|(target, tokens)| {
        let own = !is_path_item || tokens.first().is_some_and(|token| token == "parameters");
        own && document.pointer(target).is_some()
    });
    found
}

fn collect(value: &Value, at: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    match value {
        Value::Object(members) => {
            if let Some(target) = members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|text| text.strip_prefix('#'))
            {
                found.push((target.to_owned(), at.clone()));
            }
            for (key, value) in members {
                // Examples and defaults are values, not schemas.
                let is_value = matches!(key.as_str(), "example" | "examples" | "default" | "enum")
                    && at
                        .last()
                        .is_none_or(|last| last != "properties" && last != "responses");
                if !is_value {
                    at.push(key.clone());
                    collect(value, at, found);
                    at.pop();
                }
            }
        }
        Value::Array(entries) => {
            for (index, value) in entries.iter().enumerate() {
                at.push(index.to_string());
                collect(value, at, found);
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

/// The steps into a component: its name, unless it is only a shared part, then the tokens.
fn component_steps(at: &str, tokens: &[String]) -> Vec<String> {
    let mut path = Vec::new();
    let mut parts = crate::pointer::tokens(at).skip(1);
    if let (Some(kind), Some(name)) = (parts.next(), parts.next())
        && kind == "schemas"
    {
        path.push(name.into_owned());
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
    document.pointer(value.get("$ref")?.as_str()?.strip_prefix('#')?)
}
