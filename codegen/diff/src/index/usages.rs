//! Human-readable usages of a location.

use funnelflux_openapi::{
    operations,
    pointer::{METHODS, Pointer},
    references::Usages,
};

use crate::{
    level::Direction,
    node::Node,
    report::Usage,
    steps::{join_arrays, schema_steps, tokens},
};

/// The operations that use the place, and the paths by which they do.
pub(super) fn of(
    root: &Node<'_>,
    usages: &Usages<'_>,
    pointer: &Pointer,
    direction: Direction,
) -> (Vec<String>, Vec<Usage>) {
    let is_wanted = |found: Direction| match direction {
        Direction::Request | Direction::Response => found == direction,
        Direction::Both | Direction::None => true,
    };
    let mut found = direct(root, pointer);
    found.retain(|usage| usage.direction == Direction::None || is_wanted(usage.direction));
    // References lead to the place itself or to an enclosing place.
    for usage in usages.of(pointer) {
        let direction = usage.direction.map_or(Direction::None, Into::into);
        if !is_wanted(direction) {
            continue;
        }
        let mut path = Vec::new();
        let mut at: Option<&Pointer> = None;
        for hop in &usage.hops {
            path.extend(match at {
                None => operation_steps(root, hop.from),
                Some(at) => steps_within(at, hop.from),
            });
            at = Some(hop.to);
        }
        path.extend(at.map(|at| steps_within(at, pointer)).unwrap_or_default());
        found.push(Usage {
            operation: usage.operation.to_string(),
            direction,
            path,
        });
    }
    for usage in &mut found {
        usage.path = join_arrays(std::mem::take(&mut usage.path));
    }
    found.sort();
    found.dedup();
    let mut operations: Vec<String> = found.iter().map(|usage| usage.operation.clone()).collect();
    operations.dedup();
    (operations, found)
}

impl From<operations::Direction> for Direction {
    fn from(direction: operations::Direction) -> Self {
        match direction {
            operations::Direction::Request => Self::Request,
            operations::Direction::Response => Self::Response,
        }
    }
}

/// Usages of a place inside an operation or a path.
fn direct(root: &Node<'_>, pointer: &Pointer) -> Vec<Usage> {
    let tokens = tokens(pointer);
    let [paths, path, rest @ ..] = tokens.as_slice() else {
        return Vec::new();
    };
    if paths != "paths" {
        return Vec::new();
    }
    let usage = |method: &str, direction| Usage {
        operation: format!("{} {path}", method.to_ascii_uppercase()),
        direction,
        path: operation_steps(root, pointer),
    };
    match rest {
        [method, ..] if METHODS.contains(&method.as_str()) => {
            let direction = pointer.get(3..).and_then(operations::Direction::of);
            vec![usage(method, direction.map_or(Direction::None, Into::into))]
        }
        _ => {
            let item = root.value.get("paths").and_then(|paths| paths.get(path));
            let methods = METHODS
                .into_iter()
                .filter(|method| item.is_some_and(|item| item.get(method).is_some()));
            methods.map(|method| usage(method, Direction::None)).collect()
        }
    }
}

/// Steps from an operation or its path.
fn operation_steps(root: &Node<'_>, pointer: &Pointer) -> Vec<String> {
    let all = tokens(pointer);
    let is_operation = all
        .get(2)
        .is_some_and(|method| METHODS.contains(&method.as_str()));
    let part = all.get(if is_operation { 3 } else { 2 }..).unwrap_or_default();
    let (first, rest) = match part {
        [part, index, rest @ ..] if part == "parameters" => {
            let parameter = pointer.get(..if is_operation { 5 } else { 4 });
            let parameter =
                parameter.and_then(|at| Some(Node::at(root.value.pointer(at.as_str())?, at.to_buf())));
            let parameter = parameter.map(|parameter| parameter.resolve(root.value));
            let text = |key: &str| parameter.as_ref().and_then(|parameter| parameter.str(key));
            let name = text("name").unwrap_or(index);
            (format!("{} {name}", text("in").unwrap_or("parameter")), rest)
        }
        [part, rest @ ..] if part == "requestBody" => ("body".to_owned(), rest),
        [part, status, rest @ ..] if part == "responses" => (status.clone(), rest),
        _ => return Vec::new(),
    };
    let mut path = vec![first];
    schema_steps(rest, &mut path);
    path
}

/// Steps into a referenced place: the name of the shared schema, then the steps from `at` to `pointer`.
fn steps_within(at: &Pointer, pointer: &Pointer) -> Vec<String> {
    let mut path = Vec::new();
    let outer = tokens(at);
    if let [root, kind, name, rest @ ..] = outer.as_slice()
        && root == "components"
        && kind == "schemas"
    {
        path.push(name.clone());
        schema_steps(rest, &mut path);
    }
    let inner = tokens(pointer);
    schema_steps(inner.get(outer.len()..).unwrap_or_default(), &mut path);
    path
}
