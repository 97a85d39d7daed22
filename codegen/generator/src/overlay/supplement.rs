//! Supplements: overlays that add what the vendor's document lacks (`x-supplement: true`), and step back where it does not.
//!
//! What such an overlay says was deduced. Once the vendor's document says it itself, the vendor's word takes its place,
//! and the deduction is held against it: confirmed, or wrong in so many ways. An operation is the same one if method and
//! path are, or else group, method and title: then the path was wrong.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;
use serde_json::{Map, Value, json};

use funnelflux_diff::{self, Level};
use funnelflux_openapi::{
    Document, Location, Provenance,
    pointer::{self, METHODS},
};

/// What became of an operation that a supplement adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Where the supplement has it.
    pub location: Option<Location>,
    /// What the supplement calls it: `PUT /page/save/`.
    pub operation: String,
    /// How it stands to the vendor's document.
    pub found: Found,
}

/// How a deduction stands to the vendor's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// The vendor's document says the same. The supplement has stepped back.
    Confirmed,
    /// The vendor's document says something else; what, one line each. The supplement has stepped back.
    Wrong(Vec<String>),
    /// The vendor's document has the group, but not this operation. The supplement still adds it.
    Absent,
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirmed => formatter.write_str("the vendor's document confirms what was deduced"),
            Self::Wrong(differences) => {
                formatter.write_str("what was deduced is wrong; in the vendor's document")?;
                for difference in differences {
                    write!(formatter, "\n  - {difference}")?;
                }
                Ok(())
            }
            Self::Absent => formatter
                .write_str("the vendor's document has this group, and not this operation; it stays deduced"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(formatter, "{location}: ")?;
        }
        write!(formatter, "{}: {}", self.operation, self.found)
    }
}

/// What a supplement leaves to the vendor's document.
#[derive(Debug, Default)]
pub(super) struct SteppedBack {
    /// Pointers into the overlay to what it does not add.
    pub(super) places: BTreeSet<String>,
    /// What became of its operations, in its order, if the vendor's document has any of their groups.
    pub(super) verdicts: Vec<Verdict>,
    /// The groups of which it still adds operations, although the vendor's document has the group itself.
    pub(super) partly: BTreeSet<String>,
}

/// An operation, wherever it stands.
#[derive(Clone, Copy)]
struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    value: &'a Value,
}

impl Operation<'_> {
    fn tag(&self) -> &str {
        let tag = self.value.pointer("/tags/0").and_then(Value::as_str);
        tag.unwrap_or_default()
    }

    fn title(&self) -> String {
        let title = self.value.get("summary").and_then(Value::as_str);
        title.unwrap_or_default().trim().to_lowercase()
    }

    fn key(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }
}

/// Holds what a supplement adds against the document to which it is about to be applied.
pub(super) fn step_back(overlay: &Document, document: &Value, provenance: &Provenance) -> SteppedBack {
    let ours = Additions::of(overlay.value());
    let theirs: Vec<Operation<'_>> = document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .flat_map(|(path, item)| operations(path, item))
        .collect();
    let groups: BTreeSet<&str> = theirs.iter().map(Operation::tag).collect();
    let mut taken: BTreeSet<String> = theirs
        .iter()
        .filter(|their| ours.operations.iter().any(|(_, our)| our.key() == their.key()))
        .map(Operation::key)
        .collect();
    let mut back = SteppedBack::default();
    let mut pairs = Vec::new();
    for (place, our) in &ours.operations {
        let same_place = theirs.iter().find(|their| their.key() == our.key());
        let their = same_place.or_else(|| {
            let is_it = |their: &&Operation<'_>| {
                !taken.contains(&their.key())
                    && (their.method, their.tag()) == (our.method, our.tag())
                    && their.title() == our.title()
            };
            theirs.iter().find(is_it)
        });
        let location = overlay.locate(place);
        let operation = our.key();
        if let Some(their) = their {
            taken.insert(their.key());
            back.places.insert(place.clone());
            pairs.push((back.verdicts.len(), *our, *their));
            let found = Found::Confirmed;
            back.verdicts.push(Verdict {
                location,
                operation,
                found,
            });
        } else if groups.contains(our.tag()) {
            let found = Found::Absent;
            back.partly.insert(our.tag().to_owned());
            back.verdicts.push(Verdict {
                location,
                operation,
                found,
            });
        }
    }
    for (index, differences) in compare(&ours, &pairs, document, provenance) {
        if let Some(verdict) = back.verdicts.get_mut(index)
            && !differences.is_empty()
        {
            verdict.found = Found::Wrong(differences);
        }
    }
    ours.leave(&mut back, document);
    back
}

/// What a supplement adds, each with its pointer in the overlay.
#[derive(Default)]
struct Additions<'a> {
    tags: Vec<(String, &'a str)>,
    operations: Vec<(String, Operation<'a>)>,
    schemas: Vec<(String, &'a str, &'a Value)>,
}

impl<'a> Additions<'a> {
    fn of(overlay: &'a Value) -> Self {
        let mut all = Self::default();
        let actions = overlay.get("actions").and_then(Value::as_array);
        for (index, action) in actions.into_iter().flatten().enumerate() {
            let place = format!("{}/update", pointer::item("/actions", index));
            let update = action.get("update");
            let members = || update.and_then(Value::as_object).into_iter().flatten();
            match action.get("target").and_then(Value::as_str) {
                Some("$.tags") => {
                    let tags = update.and_then(Value::as_array).into_iter().flatten();
                    all.tags.extend(tags.enumerate().filter_map(|(index, tag)| {
                        let name = tag.get("name")?.as_str()?;
                        Some((pointer::item(&place, index), name))
                    }));
                }
                Some("$.paths") => {
                    for (path, item) in members() {
                        let place = pointer::join(&place, path);
                        let of_path = operations(path, item);
                        all.operations.extend(
                            of_path
                                .into_iter()
                                .map(|operation| (pointer::join(&place, operation.method), operation)),
                        );
                    }
                }
                Some("$.components.schemas") => {
                    let schemas =
                        members().map(|(name, schema)| (pointer::join(&place, name), name.as_str(), schema));
                    all.schemas.extend(schemas);
                }
                _ => {}
            }
        }
        all
    }

    /// Leaves also the types and groups that the vendor's document has, and the types that nothing needs any more.
    fn leave(&self, back: &mut SteppedBack, document: &Value) {
        for (place, name) in &self.tags {
            if has_tag(document, name) {
                back.places.insert(place.clone());
            }
        }
        let theirs = document.pointer("/components/schemas");
        let is_theirs = |name: &str| theirs.is_some_and(|theirs| theirs.get(name).is_some());
        for (place, name, _) in &self.schemas {
            if is_theirs(name) {
                back.places.insert(place.clone());
            }
        }
        if !self
            .operations
            .iter()
            .any(|(place, _)| back.places.contains(place))
        {
            return;
        }
        let mut needed = BTreeSet::new();
        let mut open: Vec<&Value> = self
            .operations
            .iter()
            .filter(|(place, _)| !back.places.contains(place))
            .map(|(_, operation)| operation.value)
            .collect();
        while let Some(value) = open.pop() {
            for name in references(value) {
                let ours = self.schemas.iter().find(|(_, ours, _)| *ours == name);
                if let Some((_, name, schema)) = ours.filter(|(_, name, _)| !is_theirs(name))
                    && needed.insert(*name)
                {
                    open.push(schema);
                }
            }
        }
        for (place, name, _) in &self.schemas {
            if !needed.contains(name) {
                back.places.insert(place.clone());
            }
        }
    }
}

/// Whether the document itself lists a group.
fn has_tag(document: &Value, name: &str) -> bool {
    tag_place(document, name).is_some()
}

/// Where the document lists a group.
pub(super) fn tag_place(document: &Value, name: &str) -> Option<String> {
    let tags = document.get("tags")?.as_array()?;
    let is_it = |tag: &Value| tag.get("name").and_then(Value::as_str) == Some(name);
    let index = tags.iter().position(is_it)?;
    Some(pointer::item("/tags", index))
}

fn operations<'a>(path: &'a str, item: &'a Value) -> Vec<Operation<'a>> {
    METHODS
        .into_iter()
        .filter_map(|method| {
            let value = item.get(method)?;
            Some(Operation { method, path, value })
        })
        .collect()
}

/// The types of the document that a value refers to.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|target| target.strip_prefix("#/components/schemas/"));
            let inner = object.values().flat_map(references);
            own.into_iter().chain(inner).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// What the vendor's document says otherwise of each pair: by index, the differences in its paths, parameters and types.
fn compare(
    ours: &Additions<'_>,
    pairs: &[(usize, Operation<'_>, Operation<'_>)],
    document: &Value,
    provenance: &Provenance,
) -> Vec<(usize, Vec<String>)> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let theirs = document.pointer("/components/schemas").cloned();
    let theirs = theirs.unwrap_or_else(|| json!({}));
    let mut mine = theirs.clone();
    if let Some(mine) = mine.as_object_mut() {
        for (_, name, schema) in &ours.schemas {
            mine.insert((*name).to_owned(), (*schema).clone());
        }
    }
    let side = |operations: Vec<(&str, &str, Value)>, schemas: &Value| {
        let mut paths = Map::new();
        for (path, method, operation) in operations {
            let item = paths.entry(path).or_insert_with(|| json!({}));
            if let Some(item) = item.as_object_mut() {
                item.insert(method.to_owned(), operation);
            }
        }
        let facts = json!({
            "openapi": "3.0.3", "info": {"title": "", "version": ""},
            "paths": paths, "components": {"schemas": schemas},
        });
        Document::new(without_words(&facts, false), provenance.clone())
    };
    // Both at the vendor's path: that it is another one is said apart.
    let our_side = pairs
        .iter()
        .map(|(_, our, their)| (their.path, their.method, with_success(our.value, their.value)));
    let their_side = pairs
        .iter()
        .map(|(_, _, their)| (their.path, their.method, their.value.clone()));
    let report = funnelflux_diff::compare(
        &side(our_side.collect(), &mine),
        &side(their_side.collect(), &theirs),
    );
    pairs
        .iter()
        .map(|(index, our, their)| {
            let mut differences = Vec::new();
            if our.path != their.path {
                differences.push(format!("the path is `{}`", their.path));
            }
            let key = their.key();
            let changes = report
                .changes
                .iter()
                .filter(|change| change.level != Level::Docs && change.operations.contains(&key));
            differences.extend(changes.map(|change| change.what.clone()));
            (*index, differences)
        })
        .collect()
}

/// Our operation with the vendor's number for success: none was deduced.
fn with_success(our: &Value, their: &Value) -> Value {
    let success = |operation: &Value| {
        let responses = operation.get("responses")?.as_object()?;
        responses.keys().find(|status| status.starts_with('2')).cloned()
    };
    let mut our = our.clone();
    if let (Some(mine), Some(theirs)) = (success(&our), success(their))
        && let Some(Value::Object(responses)) = our.get_mut("responses")
        && let Some(response) = responses.shift_remove(&mine)
    {
        responses.insert(theirs, response);
    }
    our
}

/// The facts of a document: without descriptions, titles, names of operations, groups and extensions, in which nothing
/// was deduced. `named`: the members are names, such as properties.
fn without_words(value: &Value, named: bool) -> Value {
    const WORDS: &[&str] = &[
        "description",
        "summary",
        "title",
        "operationId",
        "tags",
        "example",
        "examples",
    ];
    const NAMED: &[&str] = &["properties", "schemas", "paths", "responses", "content"];
    match value {
        Value::Object(object) => {
            let facts = object
                .iter()
                .filter(|(key, _)| named || !(WORDS.contains(&key.as_str()) || key.starts_with("x-")));
            let facts = facts.map(|(key, value)| {
                let inner = without_words(value, !named && NAMED.contains(&key.as_str()));
                (key.clone(), inner)
            });
            Value::Object(facts.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| without_words(item, false)).collect()),
        other => other.clone(),
    }
}

/// What of an update is left, once `places` have stepped back; `place` is its own pointer.
pub(super) fn left(update: &Value, place: &str, places: &BTreeSet<String>) -> Value {
    match update {
        Value::Object(object) => {
            let members = object.iter().filter_map(|(key, value)| {
                let place = pointer::join(place, key);
                let stays = !places.contains(&place);
                let left = stays.then(|| left(value, &place, places))?;
                // A path all of whose operations have stepped back.
                let emptied = left.as_object().is_some_and(Map::is_empty) && *value != left;
                (!emptied).then(|| (key.clone(), left))
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => {
            let stay = items
                .iter()
                .enumerate()
                .filter(|(index, _)| !places.contains(&pointer::item(place, *index)));
            Value::Array(stay.map(|(_, item)| item.clone()).collect())
        }
        other => other.clone(),
    }
}
