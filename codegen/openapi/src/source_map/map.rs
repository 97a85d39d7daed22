//! Source map: a tree that follows the value of a text and turns a JSON pointer into a line and a column.

use std::collections::HashMap;

use crate::pointer::Pointer;

/// A line and a column, both numbered from 1. Each character is one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Position {
    /// Start of a text.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// Number of a node in a [`SourceMap`].
pub(crate) type NodeId = usize;

/// Children of a value. Several parents may share a node: YAML has aliases.
#[derive(Debug)]
pub(crate) enum Node {
    /// A value without children.
    Scalar,
    /// Items, each with the position of its start.
    Sequence(Vec<(Position, NodeId)>),
    /// Members, each with the position of its key.
    Mapping(Vec<(Box<str>, Position, NodeId)>),
}

/// Positions of all values of a text.
#[derive(Debug)]
pub(crate) struct SourceMap {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    pub(crate) start: Position,
}

impl SourceMap {
    /// Locates the value at `pointer`: a member at its key, an item at its start. A missing value gets the
    /// position of its nearest ancestor. Also returns the number of tokens that lead to that position.
    pub(crate) fn locate(&self, pointer: &Pointer) -> (Position, usize) {
        let mut position = self.start;
        let mut depth = 0;
        let mut node = self.root;
        for token in pointer.tokens() {
            let token = token.decoded();
            let child = match self.nodes.get(node) {
                Some(Node::Mapping(members)) => members
                    .iter()
                    .find(|(key, ..)| **key == *token)
                    .map(|(_, position, node)| (*position, *node)),
                Some(Node::Sequence(items)) => token
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index).copied()),
                Some(Node::Scalar) | None => None,
            };
            let Some(child) = child else { break };
            (position, node) = child;
            depth += 1;
        }
        (position, depth)
    }
}

/// Lists the duplicate keys among `members`: key, position, and position of the first occurrence.
pub(crate) fn duplicate_keys(members: &[(Box<str>, Position, NodeId)]) -> Vec<(&str, Position, Position)> {
    let mut duplicates = Vec::new();
    let mut seen = HashMap::with_capacity(members.len());
    for (key, position, _) in members {
        if let Some(first) = seen.get(&**key) {
            duplicates.push((&**key, *position, *first));
        } else {
            seen.insert(&**key, *position);
        }
    }
    duplicates
}
