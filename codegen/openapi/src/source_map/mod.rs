//! Source map: positions of the values of a text.

pub(crate) mod json;
mod map;

pub(crate) use map::{Node, NodeId, Position, SourceMap, duplicate_keys};
