//! Source map: a tree with the same structure as a parsed text. It converts a JSON pointer to a line and a
//! column.

use std::collections::HashMap;

use crate::{diagnostic::Location, pointer::Pointer};

/// A line and a column, both numbered from 1. Each character is one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    /// Start of a text.
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// Returns the location of this position in the text `name`.
    pub(crate) fn in_text(self, name: &str) -> Location {
        Location {
            file: name.to_owned(),
            line: self.line,
            column: self.column,
        }
    }
}

/// Index of a node in a [`SourceMap`].
pub(crate) type NodeId = usize;

/// Member of an object: its key, the position of the key, and the node of the value.
pub(crate) type Member = (Box<str>, Position, NodeId);

/// Children of a value. Several parents may share a node, because YAML has aliases.
#[derive(Debug)]
pub(crate) enum Node {
    /// A value without children.
    Scalar,
    /// Items, each with the position of its start.
    Sequence(Vec<(Position, NodeId)>),
    Mapping(Vec<Member>),
}

/// Positions of all values of a text.
#[derive(Debug, Default)]
pub(crate) struct SourceMap {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    pub(crate) start: Position,
    /// Numbers that lose digits when they are read: the position of the key or item, and the number as the
    /// text writes it.
    pub(crate) inexact: Vec<(Position, String)>,
}

impl SourceMap {
    /// Returns the position of the value at `pointer`: the key of a member, or the first character of an
    /// item. For a missing value, returns the position of its nearest ancestor. Also returns the number of
    /// tokens of `pointer` that lead to the value that was found.
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

    /// Lists the repeated keys of objects. Each entry has the key, its position, and the position of the
    /// key's first occurrence.
    pub(crate) fn duplicate_keys(&self) -> Vec<(&str, Position, Position)> {
        let mut duplicates = Vec::new();
        for node in &self.nodes {
            let Node::Mapping(members) = node else { continue };
            let mut seen = HashMap::with_capacity(members.len());
            for (key, position, _) in members {
                let first = *seen.entry(&**key).or_insert(*position);
                if first != *position {
                    duplicates.push((&**key, *position, first));
                }
            }
        }
        duplicates
    }
}
