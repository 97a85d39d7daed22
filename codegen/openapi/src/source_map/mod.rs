//! Source map: positions of the values of a text.

pub(crate) mod json;
mod map;

pub(crate) use map::{Member, Node, NodeId, Position, SourceMap};
