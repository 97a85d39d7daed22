//! Supersede: compares what our inferred overlays add with what the vendor's document now says itself.
//!
//! An inferred overlay (`x-inferred: true`) adds operations, schemas and tags that the vendor's document lacks. Once
//! the document has one of them, the document's own version counts: the overlay's version is dropped, and the
//! comparison says how good the inference was. Two operations are the same if method and path are equal, or else
//! method, tag and title: then the inferred path was wrong.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::overlay;
use funnelflux_diff::{self as diff, Level};
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Location, Severity, Stage,
    pointer::{self, METHODS},
    references,
    text::counted,
};

/// The document and the overlays, once the document's own version of inferred parts has taken precedence.
#[derive(Debug)]
pub struct Superseded {
    /// The document. Its tags whose operations are partly inferred are marked `x-undocumented`.
    pub document: Document,
    /// The overlays without superseded parts; those without an action left are gone.
    pub overlays: Vec<Document>,
    /// The inferred operations whose tag the vendor's document uses.
    pub comparisons: Vec<Comparison>,
    /// The same as notices, and one for each action that is superseded completely.
    pub notices: Diagnostics,
    /// Number of operations that inferred overlays add.
    inferred: usize,
}

/// An inferred operation, compared with the vendor's document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Location in the overlay.
    pub location: Option<Location>,
    /// Method and path as inferred: `PUT /page/save/`.
    pub operation: String,
    /// Result.
    pub inference: Inference,
}

/// Quality of an inference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inference {
    /// The vendor's document says the same.
    Confirmed,
    /// The vendor's document differs; one line for each difference.
    Wrong(Vec<String>),
    /// The vendor's document uses the tag, but lacks this operation, so the overlay still adds it.
    Absent,
}

impl Comparison {
    /// One notice for a result, and one for each difference.
    fn notices(&self) -> Vec<Diagnostic> {
        let notice = |code, message: &str, fix: &str| {
            let mut notice = Diagnostic::new(Severity::Notice, Stage::Supersede, code, "", message)
                .at(self.location.clone())
                .fix(fix);
            notice.operation = Some(self.operation.clone());
            notice
        };
        match &self.inference {
            Inference::Confirmed => vec![notice(
                "confirmed",
                "the vendor's document confirms the inference",
                "remove the operation from the overlay",
            )],
            Inference::Wrong(differences) => differences
                .iter()
                .map(|difference| {
                    notice(
                        "wrong",
                        &format!("the vendor's document differs from the inference: {difference}"),
                        "remove the operation from the overlay; the generated code follows the vendor's document",
                    )
                })
                .collect(),
            Inference::Absent => vec![notice(
                "absent",
                "the vendor's document has this group without this operation; it stays inferred",
                "look for the operation in the vendor's document under another name, otherwise leave it",
            )],
        }
    }
}

impl Superseded {
    /// Summary of the stage in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |is: fn(&Inference) -> bool| {
            let all = self.comparisons.iter();
            all.filter(|comparison| is(&comparison.inference)).count()
        };
        format!(
            "{}: {} confirmed, {} wrong",
            counted(self.inferred, "inferred operation"),
            count(|inference| *inference == Inference::Confirmed),
            count(|inference| matches!(inference, Inference::Wrong(_))),
        )
    }
}

/// An operation of the document or of an overlay.
#[derive(Clone, Copy)]
struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    value: &'a Value,
}

impl<'a> Operation<'a> {
    fn all_of(path: &'a str, item: &'a Value) -> impl Iterator<Item = Self> {
        METHODS.into_iter().filter_map(move |method| {
            let value = item.get(method)?;
            Some(Self { method, path, value })
        })
    }

    fn tag(&self) -> &'a str {
        let tag = self.value.pointer("/tags/0").and_then(Value::as_str);
        tag.unwrap_or_default()
    }

    fn title(&self) -> String {
        let title = self.value.get("summary").and_then(Value::as_str);
        title.unwrap_or_default().trim().to_lowercase()
    }

    fn key(&self) -> (&'static str, &'a str) {
        (self.method, self.path)
    }

    fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }
}

/// Part of an inferred overlay.
struct Part<T> {
    id: PartId,
    content: T,
}

/// Index of the overlay, and the pointer in it.
type PartId = (usize, String);

/// Everything that inferred overlays add.
#[derive(Default)]
struct Inferred<'a> {
    tags: Vec<Part<&'a str>>,
    operations: Vec<Part<Operation<'a>>>,
    schemas: Vec<Part<(&'a str, &'a Value)>>,
}

impl<'a> Inferred<'a> {
    fn read(overlays: &'a [Document]) -> Self {
        let mut all = Self::default();
        for (index, overlay) in overlays.iter().enumerate() {
            if overlay.get("/x-inferred") != Some(&Value::Bool(true)) {
                continue;
            }
            let actions = overlay.get("/actions").and_then(Value::as_array);
            for (action_index, action) in actions.into_iter().flatten().enumerate() {
                let at = update_of(&pointer::item("/actions", action_index));
                all.read_action(index, action, &at);
            }
        }
        all
    }

    fn read_action(&mut self, overlay: usize, action: &'a Value, at: &str) {
        let update = action.get("update");
        let members = || update.and_then(Value::as_object).into_iter().flatten();
        match action.get("target").and_then(Value::as_str) {
            Some("$.tags") => {
                let tags = update.and_then(Value::as_array).into_iter().flatten().enumerate();
                self.tags.extend(tags.filter_map(|(index, tag)| {
                    let content = tag.get("name")?.as_str()?;
                    let id = (overlay, pointer::item(at, index));
                    Some(Part { id, content })
                }));
            }
            Some("$.paths") => {
                let operations = members().flat_map(|(path, item)| Operation::all_of(path, item));
                self.operations.extend(operations.map(|content| {
                    let id = pointer::join(&pointer::join(at, content.path), content.method);
                    Part {
                        id: (overlay, id),
                        content,
                    }
                }));
            }
            Some("$.components.schemas") => {
                self.schemas.extend(members().map(|(name, schema)| Part {
                    id: (overlay, pointer::join(at, name)),
                    content: (name.as_str(), schema),
                }));
            }
            _ => {}
        }
    }

    /// The document's operation for each inferred one, if there is one.
    fn matches<'b>(&self, theirs: &[Operation<'b>]) -> Vec<Option<Operation<'b>>> {
        let ours: BTreeSet<_> = self.operations.iter().map(|part| part.content.key()).collect();
        let mut free: Vec<&Operation<'b>> = theirs
            .iter()
            .filter(|their| !ours.contains(&their.key()))
            .collect();
        let mut matched = Vec::new();
        for Part { content: our, .. } in &self.operations {
            let same_path = theirs.iter().find(|their| their.key() == our.key());
            let same_title = |their: &&Operation<'_>| {
                (their.method, their.tag(), their.title()) == (our.method, our.tag(), our.title())
            };
            matched.push(same_path.copied().or_else(|| {
                let index = free.iter().position(same_title)?;
                Some(*free.remove(index))
            }));
        }
        matched
    }

    /// Names of the inferred schemas that operations use. The search ends at a schema that `ends` names.
    fn used<'b>(
        &self,
        operations: impl Iterator<Item = &'b Value>,
        ends: &Map<String, Value>,
    ) -> BTreeSet<&'a str>
    where
        'a: 'b,
    {
        let mut used = BTreeSet::new();
        let mut open: Vec<&Value> = operations.collect();
        while let Some(value) = open.pop() {
            let mut targets = Vec::new();
            references::collect(value, &mut targets);
            for target in targets {
                let name = target.strip_prefix("/components/schemas/").unwrap_or_default();
                let ours = self.schemas.iter().find(|part| part.content.0 == name);
                if let Some(Part {
                    content: (name, schema),
                    ..
                }) = ours
                    && !ends.contains_key(*name)
                    && used.insert(*name)
                {
                    open.push(schema);
                }
            }
        }
        used
    }
}

fn update_of(action: &str) -> String {
    pointer::join(action, "update")
}

/// Compares the inferred overlays with the document, and drops the parts of them that the document has itself.
#[must_use]
pub fn supersede(document: Document, overlays: Vec<Document>) -> Superseded {
    let empty = Map::new();
    let object = |pointer| document.get(pointer).and_then(Value::as_object).unwrap_or(&empty);
    let schemas = object("/components/schemas");
    let theirs: Vec<Operation<'_>> = object("/paths")
        .iter()
        .flat_map(|(path, item)| Operation::all_of(path, item))
        .collect();
    let tags: BTreeSet<&str> = theirs.iter().map(Operation::tag).collect();

    let inferred = Inferred::read(&overlays);
    let matches = inferred.matches(&theirs);
    let differences = differences(&inferred, &matches, schemas, &document);
    let mut comparisons = Vec::new();
    let mut partly_inferred = BTreeSet::new();
    let mut superseded: BTreeSet<PartId> = BTreeSet::new();
    for (part, differences) in inferred.operations.iter().zip(differences) {
        let inference = match differences {
            Some(differences) => {
                superseded.insert(part.id.clone());
                if differences.is_empty() {
                    Inference::Confirmed
                } else {
                    Inference::Wrong(differences)
                }
            }
            None if tags.contains(part.content.tag()) => {
                partly_inferred.insert(part.content.tag().to_owned());
                Inference::Absent
            }
            None => continue,
        };
        let location = overlays.get(part.id.0).map(|overlay| overlay.locate(&part.id.1));
        comparisons.push(Comparison {
            location,
            operation: part.content.name(),
            inference,
        });
    }

    let with_match = |wanted: bool| {
        let all = inferred.operations.iter().zip(&matches);
        all.filter(move |(_, their)| their.is_some() == wanted)
            .map(|(part, _)| part.content.value)
    };
    let still_used = inferred.used(with_match(false), schemas);
    let no_longer_used = inferred.used(with_match(true), &empty);
    let unused = |name: &str| no_longer_used.contains(name) && !still_used.contains(name);
    let dropped = inferred
        .schemas
        .iter()
        .filter(|part| schemas.contains_key(part.content.0) || unused(part.content.0));
    superseded.extend(dropped.map(|part| part.id.clone()));
    let dropped = inferred
        .tags
        .iter()
        .filter(|part| tag_index(document.value(), part.content).is_some());
    superseded.extend(dropped.map(|part| part.id.clone()));

    let mut notices: Diagnostics = comparisons.iter().flat_map(Comparison::notices).collect();
    let inferred = inferred.operations.len();
    let overlays = overlays.into_iter().enumerate();
    let overlays = overlays
        .filter_map(|(index, overlay)| {
            let parts = superseded
                .iter()
                .filter(|id| id.0 == index)
                .map(|id| id.1.clone())
                .collect();
            prune(overlay, parts, &mut notices)
        })
        .collect();
    Superseded {
        document: mark(document, &partly_inferred),
        overlays,
        comparisons,
        notices,
        inferred,
    }
}

fn tag_index(document: &Value, name: &str) -> Option<usize> {
    let tags = document.get("tags")?.as_array()?;
    tags.iter()
        .position(|tag| tag.get("name").and_then(Value::as_str) == Some(name))
}

/// Marks tags as undocumented: a group is documented once all of its operations are.
fn mark(document: Document, tags: &BTreeSet<String>) -> Document {
    let (mut value, provenance) = document.into_parts();
    for name in tags {
        if let Some(index) = tag_index(&value, name)
            && let Some(Value::Object(tag)) = value.pointer_mut(&pointer::item("/tags", index))
        {
            tag.insert("x-undocumented".to_owned(), Value::Bool(true));
        }
    }
    Document::new(value, provenance)
}

/// Removes parts of an overlay, and everything that is empty without them. `None` if no action is left.
fn prune(overlay: Document, mut parts: BTreeSet<String>, notices: &mut Diagnostics) -> Option<Document> {
    if parts.is_empty() {
        return Some(overlay);
    }
    let is_empty = |value: &Value, at: &str, parts: &BTreeSet<String>| {
        let children: Vec<String> = match value {
            Value::Object(object) => object.keys().map(|key| pointer::join(at, key)).collect(),
            Value::Array(items) => (0..items.len()).map(|index| pointer::item(at, index)).collect(),
            _ => Vec::new(),
        };
        !children.is_empty() && children.iter().all(|child| parts.contains(child))
    };
    let actions = overlay.get("/actions").and_then(Value::as_array);
    for (index, action) in actions.into_iter().flatten().enumerate() {
        let action_at = pointer::item("/actions", index);
        let at = update_of(&action_at);
        let Some(update) = action.get("update") else {
            continue;
        };
        for (path, item) in update.as_object().into_iter().flatten() {
            let at = pointer::join(&at, path);
            if is_empty(item, &at, &parts) {
                parts.insert(at);
            }
        }
        if is_empty(update, &at, &parts) {
            let target = action.get("target").and_then(Value::as_str).unwrap_or_default();
            let message =
                format!("the vendor's document now has everything that the action on `{target}` adds");
            let notice = overlay.diagnostic(
                Severity::Notice,
                Stage::Supersede,
                "needless",
                &*action_at,
                message,
            );
            notices.push(notice.fix("remove the action"));
            parts.insert(action_at);
        }
    }
    let (mut value, mut provenance) = overlay.into_parts();
    let parts: Vec<String> = parts.into_iter().collect();
    overlay::remove(&mut value, &mut provenance, &parts);
    let is_left = value
        .get("actions")
        .and_then(Value::as_array)
        .is_none_or(|actions| !actions.is_empty());
    is_left.then(|| Document::new(value, provenance))
}

/// Differences between each inferred operation and its match; `None` for an operation without one.
fn differences(
    inferred: &Inferred<'_>,
    matches: &[Option<Operation<'_>>],
    schemas: &Map<String, Value>,
    document: &Document,
) -> Vec<Option<Vec<String>>> {
    let pairs = || {
        let all = inferred.operations.iter().zip(matches);
        all.filter_map(|(part, their)| Some((part.content, (*their)?)))
    };
    if pairs().next().is_none() {
        return vec![None; matches.len()];
    }
    let side = |operations: Vec<(Operation<'_>, Value)>, schemas: Map<String, Value>| {
        let mut paths: Map<String, Value> = Map::new();
        for (at, value) in operations {
            let item = paths.entry(at.path).or_insert_with(|| json!({}));
            if let Some(item) = item.as_object_mut() {
                item.insert(at.method.to_owned(), value);
            }
        }
        let facts = json!({
            "openapi": "3.0.3", "info": {"title": "", "version": ""},
            "paths": paths, "components": {"schemas": schemas},
        });
        Document::new(without_words(&facts, false), document.provenance().clone())
    };
    let mut our_schemas = schemas.clone();
    our_schemas.extend(
        inferred
            .schemas
            .iter()
            .map(|part| (part.content.0.to_owned(), part.content.1.clone())),
    );
    // Both sides use the vendor's path: another path is a difference of its own.
    let ours = pairs().map(|(our, their)| (their, with_status(our.value, their.value)));
    let ours = side(ours.collect(), our_schemas);
    let theirs = pairs().map(|(_, their)| (their, their.value.clone()));
    let theirs = side(theirs.collect(), schemas.clone());
    let report = diff::compare(&ours, &theirs);
    let of_pair = |our: Operation<'_>, their: Operation<'_>| {
        let path = (our.path != their.path).then(|| format!("the path is `{}`", their.path));
        let name = their.name();
        let changes = report
            .changes
            .iter()
            .filter(|change| change.level != Level::Docs && change.operations.contains(&name));
        path.into_iter()
            .chain(changes.map(|change| change.what.clone()))
            .collect()
    };
    let all = inferred.operations.iter().zip(matches);
    all.map(|(part, their)| Some(of_pair(part.content, (*their)?)))
        .collect()
}

/// Our operation with the vendor's success status, which is never inferred.
fn with_status(our: &Value, their: &Value) -> Value {
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

/// A document without descriptions, titles, operation IDs, tags and extensions: they are never inferred. In an object
/// that is `named`, the keys are names, such as those of properties.
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
