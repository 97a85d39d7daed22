//! Reads YAML 1.2 (core schema). Builds a tree with positions from parser events, and a value from the tree.
//!
//! The parser is `saphyr-parser`, because it is maintained, passes the YAML test suite, and reports events
//! with positions. These events are necessary to detect duplicate keys, to support merge keys, to limit
//! aliases and to locate diagnostics. Aliases are checked and counted in the tree. Their values are copied
//! only when the tree is converted to a value.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

use super::{
    errors::{at, no_content, syntax, too_deep},
    numbers::has_leading_zero,
    scalar::{core_tag, scalar},
};
use crate::{
    diagnostic::Diagnostics,
    document::Source,
    limits::{COPIES, DEPTH},
    number,
    source_map::{Member, Node, NodeId, Position, SourceMap},
};

/// Reads a YAML text that contains one document.
pub(super) fn read(source: Source<'_>) -> Result<(Value, SourceMap), Diagnostics> {
    let mut builder = Builder {
        source,
        source_map: SourceMap::default(),
        scalars: Vec::new(),
        anchors: HashMap::new(),
        merge_keys: HashSet::new(),
        frames: Vec::new(),
        documents: 0,
    };
    builder.events()?;
    let source_map = &builder.source_map;
    let mut budget = source_map.nodes.len().saturating_add(COPIES);
    let value = builder
        .value(source_map.root, 0, &mut budget)
        .map_err(|message| {
            at(source, source_map.start, "aliases", message).fix(format!(
                "at most {COPIES} values by alias, at most {DEPTH} levels: write some of them out"
            ))
        })?;
    Ok((value, builder.source_map))
}

/// A collection (mapping or sequence) that has not ended yet.
struct Frame {
    anchor: usize,
    position: Position,
    is_mapping: bool,
    /// Items of a sequence, or alternating keys and values of a mapping.
    items: Vec<(Position, NodeId)>,
}

struct Builder<'a> {
    source: Source<'a>,
    source_map: SourceMap,
    /// Values by node: the value of a scalar, the text of a key, and null for other nodes.
    scalars: Vec<Value>,
    anchors: HashMap<usize, NodeId>,
    /// Nodes of merge keys (`<<`).
    merge_keys: HashSet<NodeId>,
    frames: Vec<Frame>,
    documents: usize,
}

impl Builder<'_> {
    fn events(&mut self) -> Result<(), Diagnostics> {
        for event in Parser::new_from_str(self.source.text) {
            let (event, span) = event.map_err(|error| {
                if error.info().contains("recursion limit") {
                    return too_deep(self.source, position(error.marker()));
                }
                let message = format!("this is not valid YAML: {}", error.info());
                syntax(self.source, position(error.marker()), message)
                    .fix("correct the text at this position")
            })?;
            self.event(event, position(&span.start))?;
        }
        if self.documents == 0 {
            return Err(no_content(self.source, "there is no YAML document in this text"));
        }
        Ok(())
    }

    /// Returns the value of a node, with its aliases expanded. If the value exceeds a limit, returns a
    /// message about this limit.
    fn value(&self, node: NodeId, depth: usize, budget: &mut usize) -> Result<Value, &'static str> {
        *budget = budget
            .checked_sub(1)
            .ok_or("its aliases expand to more values than the limit")?;
        if depth > DEPTH {
            return Err("its aliases nest values more deeply than the limit");
        }
        Ok(match self.source_map.nodes.get(node) {
            Some(Node::Mapping(members)) => {
                let mut object = Map::with_capacity(members.len());
                for (key, _, node) in members {
                    object.insert(key.to_string(), self.value(*node, depth + 1, budget)?);
                }
                Value::Object(object)
            }
            Some(Node::Sequence(items)) => {
                let items = items.iter();
                let values = items.map(|(_, node)| self.value(*node, depth + 1, budget));
                Value::Array(values.collect::<Result<_, _>>()?)
            }
            Some(Node::Scalar) | None => self.scalars.get(node).cloned().unwrap_or_default(),
        })
    }

    fn event(&mut self, event: Event<'_>, position: Position) -> Result<(), Diagnostics> {
        let source = self.source;
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(syntax(source, position, "a second YAML document starts here")
                        .fix("one text holds one API document: split it, or remove the line `---`")
                        .into());
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref();
                let is_key = self.awaits_key();
                // Every key is text: `200:` and `true:` are strings, as in JSON.
                let value = if is_key {
                    Value::from(&*text)
                } else {
                    scalar(&text, style, tag).map_err(|message| {
                        at(source, position, "scalar", message)
                            .fix("write a value that JSON has too, or a quoted string")
                    })?
                };
                let is_inexact = (value.is_f64() && !number::is_kept(&text))
                    || (value.is_number() && style == ScalarStyle::Plain && has_leading_zero(&text));
                let node = self.node(Node::Scalar, value);
                let is_plain = tag.is_none() && style == ScalarStyle::Plain;
                if is_key && (is_plain && text == "<<" || tag.and_then(core_tag) == Some("merge")) {
                    self.merge_keys.insert(node);
                }
                if is_inexact {
                    let frame = self.frames.last().filter(|frame| frame.is_mapping);
                    let key = frame.and_then(|frame| frame.items.last());
                    let position = key.map_or(position, |(position, _)| *position);
                    self.source_map.inexact.push((position, text.into_owned()));
                }
                self.complete(node, position, anchor);
            }
            Event::SequenceStart(anchor, tag) => self.open(anchor, tag.as_deref(), "seq", position)?,
            Event::MappingStart(anchor, tag) => self.open(anchor, tag.as_deref(), "map", position)?,
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => {
                let node = *self.anchors.get(&anchor).ok_or_else(|| {
                    at(source, position, "aliases", "this alias is inside its own value")
                        .fix("write the value out: a value cannot contain itself")
                })?;
                self.complete(node, position, 0);
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn node(&mut self, node: Node, scalar: Value) -> NodeId {
        self.source_map.nodes.push(node);
        self.scalars.push(scalar);
        self.scalars.len() - 1
    }

    /// Returns true if the innermost open collection is a mapping that expects a key next.
    fn awaits_key(&self) -> bool {
        let frame = self.frames.last();
        frame.is_some_and(|frame| frame.is_mapping && frame.items.len() % 2 == 0)
    }

    /// Opens a collection. `kind` is the name of its YAML tag, `seq` or `map`.
    fn open(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        kind: &str,
        position: Position,
    ) -> Result<(), Diagnostics> {
        if let Some(tag) = tag.filter(|tag| core_tag(tag) != Some(kind)) {
            let message = format!("the tag `{tag}` is not known here");
            return Err(at(self.source, position, "tag", message)
                .fix("remove the tag, or write its value out")
                .into());
        }
        if self.awaits_key() {
            return Err(complex_key(self.source, position));
        }
        if self.frames.len() >= DEPTH {
            return Err(too_deep(self.source, position).into());
        }
        self.frames.push(Frame {
            anchor,
            position,
            is_mapping: kind == "map",
            items: Vec::new(),
        });
        Ok(())
    }

    /// Closes the innermost open collection.
    fn close(&mut self) -> Result<(), Diagnostics> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let node = if frame.is_mapping {
            Node::Mapping(self.members(&frame.items)?)
        } else {
            Node::Sequence(frame.items)
        };
        let node = self.node(node, Value::Null);
        self.complete(node, frame.position, frame.anchor);
        Ok(())
    }

    /// Adds a complete value to the innermost open collection.
    fn complete(&mut self, node: NodeId, position: Position, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.items.push((position, node));
        } else {
            self.source_map.root = node;
            self.source_map.start = position;
        }
    }

    /// Returns the members of a mapping, followed by the members of the mappings that it merges. Omits a
    /// merged member if an earlier member has the same key.
    fn members(&self, items: &[(Position, NodeId)]) -> Result<Vec<Member>, Diagnostics> {
        let nodes = &self.source_map.nodes;
        let mut members: Vec<Member> = Vec::new();
        let mut merged = Vec::new();
        for [(position, key), (_, node)] in items.as_chunks().0 {
            if !self.merge_keys.contains(key) {
                let text = self.scalars.get(*key).and_then(Value::as_str);
                let text = text.ok_or_else(|| complex_key(self.source, *position))?;
                members.push((text.into(), *position, *node));
            } else if let Some(Node::Sequence(items)) = nodes.get(*node) {
                merged.extend(items.iter().map(|(_, node)| (*position, *node)));
            } else {
                merged.push((*position, *node));
            }
        }
        for (position, node) in merged {
            let Some(Node::Mapping(inherited)) = nodes.get(node) else {
                let message = "`<<` takes a mapping or a list of mappings";
                return Err(at(self.source, position, "merge-key", message)
                    .fix("quote the key if it is meant as text, or merge a mapping")
                    .into());
            };
            if members.len().saturating_add(inherited.len()) > COPIES {
                let message = "merging makes more members than the limit";
                return Err(at(self.source, position, "aliases", message)
                    .fix("write some of it out")
                    .into());
            }
            let known: HashSet<&str> = members.iter().map(|(key, ..)| &**key).collect();
            let new = inherited.iter().filter(|(key, ..)| !known.contains(&**key));
            let new: Vec<Member> = new.cloned().collect();
            members.extend(new);
        }
        Ok(members)
    }
}

fn complex_key(source: Source<'_>, position: Position) -> Diagnostics {
    at(
        source,
        position,
        "key",
        "the key of this member is a mapping or a list",
    )
    .fix("a key is text, as in JSON; a template such as `{{ name }}` has to be filled in or quoted")
    .into()
}

fn position(marker: &Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}
