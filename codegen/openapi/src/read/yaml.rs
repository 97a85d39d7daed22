//! YAML 1.2 (core schema): turns parser events into a tree with positions, and the tree into a value.
//!
//! The parser is `saphyr-parser`: it is maintained, passes the YAML test suite, and reports events with
//! positions. Duplicate keys, merge keys, bounded aliases and located diagnostics require such events. The
//! intermediate tree allows checking and counting aliases before anything is copied.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

use super::{
    errors::{at, duplicate, syntax},
    numbers,
    scalar::{core_tag, scalar},
};
use crate::{
    diagnostic::Diagnostics,
    document::Source,
    limits::{COPIES, DEPTH},
    number,
    source_map::{Node, NodeId, Position, SourceMap, duplicate_keys},
};

/// Reads a YAML text that holds one document.
pub(super) fn read(source: Source<'_>) -> Result<(Value, SourceMap, Diagnostics), Diagnostics> {
    let tree = Builder::new(source).build()?;
    let mut budget = tree.source_map.nodes.len().saturating_add(COPIES);
    let value = tree
        .value(tree.source_map.root, 0, &mut budget)
        .map_err(|limit| {
            let message = match limit {
                Limit::Copies => "its aliases expand to more values than the limit",
                Limit::Depth => "its aliases nest values more deeply than the limit",
            };
            Diagnostics::from(at(source, tree.source_map.start, "aliases", message).fix(format!(
                "at most {COPIES} values by alias, at most {DEPTH} levels: write some of them out"
            )))
        })?;
    let warnings = numbers::warnings(source, &tree.source_map, tree.numbers);
    Ok((value, tree.source_map, warnings))
}

/// Values and positions of a text, by node.
struct Tree {
    source_map: SourceMap,
    /// Values of scalars; null for other nodes.
    scalars: Vec<Value>,
    /// Numbers that are not kept exactly.
    numbers: Vec<(NodeId, String)>,
}

enum Limit {
    Copies,
    Depth,
}

impl Tree {
    fn value(&self, node: NodeId, depth: usize, budget: &mut usize) -> Result<Value, Limit> {
        *budget = budget.checked_sub(1).ok_or(Limit::Copies)?;
        if depth > DEPTH {
            return Err(Limit::Depth);
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
                let mut array = Vec::with_capacity(items.len());
                for (_, node) in items {
                    array.push(self.value(*node, depth + 1, budget)?);
                }
                Value::Array(array)
            }
            Some(Node::Scalar) | None => self.scalars.get(node).cloned().unwrap_or_default(),
        })
    }
}

/// An open collection.
struct Frame {
    anchor: usize,
    position: Position,
    collection: Collection,
}

enum Collection {
    Sequence(Vec<(Position, NodeId)>),
    Mapping {
        members: Vec<(Box<str>, Position, NodeId)>,
        key: Option<Key>,
        merges: Vec<(Position, NodeId)>,
    },
}

enum Key {
    Plain(Box<str>, Position),
    Merge(Position),
}

struct Builder<'a> {
    source: Source<'a>,
    tree: Tree,
    anchors: HashMap<usize, NodeId>,
    frames: Vec<Frame>,
    documents: usize,
    duplicates: Diagnostics,
}

impl<'a> Builder<'a> {
    fn new(source: Source<'a>) -> Self {
        Self {
            source,
            tree: Tree {
                source_map: SourceMap {
                    nodes: Vec::new(),
                    root: 0,
                    start: Position::START,
                },
                scalars: Vec::new(),
                numbers: Vec::new(),
            },
            anchors: HashMap::new(),
            frames: Vec::new(),
            documents: 0,
            duplicates: Diagnostics::default(),
        }
    }

    fn build(mut self) -> Result<Tree, Diagnostics> {
        for event in Parser::new_from_str(self.source.text) {
            let (event, span) = event.map_err(|error| {
                Diagnostics::from(
                    syntax(
                        self.source,
                        position(error.marker()),
                        format!("this is not valid YAML: {}", error.info()),
                    )
                    .fix("correct the text at this position"),
                )
            })?;
            self.event(event, position(&span.start))?;
        }
        if self.documents == 0 {
            let diagnostic = syntax(
                self.source,
                Position::START,
                "there is no YAML document in this text",
            );
            return Err(diagnostic.fix("put the API document there").into());
        }
        self.duplicates.unless_errors(self.tree).map(|(tree, _)| tree)
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
                if let Some(key) = self.awaited_key() {
                    // Every key is text: `200:` and `true:` are strings, as in JSON.
                    let is_merge = match tag.as_deref() {
                        None => style == ScalarStyle::Plain && text == "<<",
                        Some(tag) => core_tag(tag) == Some("merge"),
                    };
                    *key = Some(if is_merge {
                        Key::Merge(position)
                    } else {
                        Key::Plain(text.as_ref().into(), position)
                    });
                    if anchor > 0 {
                        let node = self.node(Node::Scalar, Value::String(text.into_owned()));
                        self.anchors.insert(anchor, node);
                    }
                    return Ok(());
                }
                let value = scalar(&text, style, tag.as_deref()).map_err(|message| {
                    at(source, position, "scalar", message)
                        .fix("write a value that JSON has too, or a quoted string")
                })?;
                let is_changed = (value.is_f64() && !number::is_kept(&text))
                    || (value.is_number() && style == ScalarStyle::Plain && numbers::has_leading_zero(&text));
                let node = self.node(Node::Scalar, value);
                if is_changed {
                    self.tree.numbers.push((node, text.into_owned()));
                }
                self.complete(node, position, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(
                    anchor,
                    tag.as_deref(),
                    "seq",
                    position,
                    Collection::Sequence(Vec::new()),
                )?;
            }
            Event::MappingStart(anchor, tag) => {
                let collection = Collection::Mapping {
                    members: Vec::new(),
                    key: None,
                    merges: Vec::new(),
                };
                self.open(anchor, tag.as_deref(), "map", position, collection)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => {
                let node = *self.anchors.get(&anchor).ok_or_else(|| {
                    at(source, position, "aliases", "this alias is inside its own value")
                        .fix("write the value out: a value cannot contain itself")
                })?;
                let text = self.tree.scalars.get(node).and_then(Value::as_str).map(Box::from);
                if let Some(key) = self.awaited_key() {
                    let text = text.ok_or_else(|| complex_key(source, position))?;
                    *key = Some(Key::Plain(text, position));
                    return Ok(());
                }
                self.complete(node, position, 0)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Returns the slot for the key that the innermost open mapping expects next.
    fn awaited_key(&mut self) -> Option<&mut Option<Key>> {
        match &mut self.frames.last_mut()?.collection {
            Collection::Mapping { key, .. } if key.is_none() => Some(key),
            _ => None,
        }
    }

    fn node(&mut self, node: Node, scalar: Value) -> NodeId {
        self.tree.source_map.nodes.push(node);
        self.tree.scalars.push(scalar);
        self.tree.scalars.len() - 1
    }

    fn open(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        suffix: &str,
        position: Position,
        collection: Collection,
    ) -> Result<(), Diagnostics> {
        if let Some(tag) = tag.filter(|tag| core_tag(tag) != Some(suffix)) {
            return Err(at(
                self.source,
                position,
                "tag",
                format!("the tag `{tag}` is not known here"),
            )
            .fix("remove the tag, or write its value out")
            .into());
        }
        if self.awaited_key().is_some() {
            return Err(complex_key(self.source, position));
        }
        if self.frames.len() >= DEPTH {
            return Err(syntax(
                self.source,
                position,
                format!("values are nested more than {DEPTH} levels deep"),
            )
            .fix("check how the document was made: nobody writes such nesting by hand")
            .into());
        }
        self.frames.push(Frame {
            anchor,
            position,
            collection,
        });
        Ok(())
    }

    /// Closes the innermost open collection.
    fn close(&mut self) -> Result<(), Diagnostics> {
        let Some(Frame {
            anchor,
            position,
            collection,
        }) = self.frames.pop()
        else {
            return Ok(());
        };
        let node = match collection {
            Collection::Sequence(items) => Node::Sequence(items),
            Collection::Mapping { members, merges, .. } => {
                for (key, position, first) in duplicate_keys(&members) {
                    self.duplicates.push(duplicate(self.source, key, position, first));
                }
                Node::Mapping(self.merge(members, &merges)?)
            }
        };
        let node = self.node(node, Value::Null);
        self.complete(node, position, anchor)
    }

    /// Adds a complete value to the innermost open collection.
    fn complete(&mut self, node: NodeId, position: Position, anchor: usize) -> Result<(), Diagnostics> {
        if anchor > 0 {
            self.anchors.insert(anchor, node);
        }
        match self.frames.last_mut() {
            None => {
                self.tree.source_map.root = node;
                self.tree.source_map.start = position;
            }
            Some(Frame {
                collection: Collection::Sequence(items),
                ..
            }) => items.push((position, node)),
            Some(Frame {
                collection: Collection::Mapping { members, key, merges },
                ..
            }) => match key.take() {
                Some(Key::Plain(key, position)) => members.push((key, position, node)),
                Some(Key::Merge(position)) => match self.tree.source_map.nodes.get(node) {
                    Some(Node::Sequence(items)) => {
                        merges.extend(items.iter().map(|(_, node)| (position, *node)));
                    }
                    _ => merges.push((position, node)),
                },
                None => return Err(complex_key(self.source, position)),
            },
        }
        Ok(())
    }

    /// Appends the members of merged mappings. Earlier members win.
    fn merge(
        &self,
        mut members: Vec<(Box<str>, Position, NodeId)>,
        merges: &[(Position, NodeId)],
    ) -> Result<Vec<(Box<str>, Position, NodeId)>, Diagnostics> {
        for (position, node) in merges {
            let Some(Node::Mapping(inherited)) = self.tree.source_map.nodes.get(*node) else {
                return Err(at(
                    self.source,
                    *position,
                    "merge-key",
                    "`<<` takes a mapping or a list of mappings",
                )
                .fix("quote the key if it is meant as text, or merge a mapping")
                .into());
            };
            if members.len().saturating_add(inherited.len()) > COPIES {
                return Err(at(
                    self.source,
                    *position,
                    "aliases",
                    "merging makes more members than the limit",
                )
                .fix("write some of it out")
                .into());
            }
            let known: std::collections::HashSet<&str> = members.iter().map(|(key, ..)| &**key).collect();
            let new: Vec<_> = inherited
                .iter()
                .filter(|(key, ..)| !known.contains(&**key))
                .cloned()
                .collect();
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
    let saturate = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: saturate(marker.line()),
        column: saturate(marker.col().saturating_add(1)),
    }
}
