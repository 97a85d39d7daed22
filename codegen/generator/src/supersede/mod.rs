//! Compares the additions of our inferred overlays with the vendor's current document.
//!
//! An inferred overlay (`x-inferred: true`) adds operations, schemas and tags that the vendor's document
//! lacks. Once the vendor's document contains such an item, the vendor's version supersedes the version of
//! the overlay, and the comparison shows whether the inference was right. Two operations are the same if
//! method and URL are equal. They are also the same if method, tag and title are equal. In the second case,
//! the inferred path was wrong.

mod differences;
mod evidence;
mod inferred;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    base_path::relative_to_documented, json::Json as _, overlay, resources::tag_extensions::EXTENSIONS,
};
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Location, Severity, Stage,
    operations::{Operation, operations},
    pointer::{Pointer, PointerBuf},
    text::counted,
};

use differences::differences;
pub use evidence::obsolete_evidence;
pub use inferred::actions;
use inferred::{Inferred, PartId, used_schemas};

/// The vendor's document, and the overlays without the inferred parts that the document now has.
#[derive(Debug)]
pub struct Superseded {
    /// The document, with paths relative to the documented base URL. Tags with inferred operations are marked
    /// `x-undocumented`.
    pub document: Document,
    /// The overlays without superseded parts. Overlays without remaining actions are omitted.
    pub overlays: Vec<Document>,
    /// Comparisons of the inferred operations. An operation that the vendor's document lacks is included only
    /// if the document has other operations with the same tag.
    pub comparisons: Vec<Comparison>,
    /// Notices for the results of the comparisons, and for each action that is completely superseded.
    pub notices: Diagnostics,
    /// For each given overlay, in the same order: pointers to the parts that the overlay no longer needs. The
    /// pointer `""` stands for the whole overlay.
    pub needless: Vec<BTreeSet<PointerBuf>>,
    /// Number of operations that inferred overlays add.
    inferred: usize,
}

/// An inferred operation, compared with the vendor's document.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Location of the operation in the overlay.
    pub location: Option<Location>,
    /// Tag of the operation.
    pub group: String,
    /// Method and path as inferred: `PUT /page/save/`.
    pub operation: String,
    /// Result of the comparison.
    pub inference: Inference,
}

/// Result of the comparison of an inferred operation with the vendor's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inference {
    /// The vendor's document has the same operation.
    Confirmed,
    /// The operation in the vendor's document differs. There is one line for each difference.
    Wrong(Vec<String>),
    /// The vendor's document uses the tag, but lacks this operation, so the overlay still adds it.
    Absent,
}

impl Comparison {
    /// Creates a notice for each difference, or one notice for the result if there are no differences.
    fn notices(&self) -> Vec<Diagnostic> {
        let notice = |code, message: &str| {
            let mut notice = Diagnostic::new(Severity::Notice, Stage::Supersede, code, "", message)
                .at(self.location.clone());
            notice.operation = Some(self.operation.clone());
            notice
        };
        let wrong = |difference: &String| {
            let message = format!("the vendor's document differs from the inference: {difference}");
            notice("wrong", &message)
        };
        match &self.inference {
            Inference::Confirmed => {
                let message = "the vendor's document confirms the inference";
                vec![notice("confirmed", message)]
            }
            Inference::Wrong(differences) => differences.iter().map(wrong).collect(),
            Inference::Absent => {
                let message =
                    "the vendor's document has this group without this operation; it stays inferred";
                let fix =
                    "look for the operation in the vendor's document under another name, otherwise leave it";
                vec![notice("absent", message).fix(fix)]
            }
        }
    }
}

impl Superseded {
    /// Returns the summary of the stage in one line.
    pub fn summary(&self) -> String {
        let count = |is: fn(&Inference) -> bool| {
            let all = self.comparisons.iter();
            all.filter(|comparison| is(&comparison.inference)).count()
        };
        let operations = counted(self.inferred, "inferred operation");
        let confirmed = count(|inference| *inference == Inference::Confirmed);
        let wrong = count(|inference| matches!(inference, Inference::Wrong(_)));
        format!("{operations}: {confirmed} confirmed, {wrong} wrong")
    }
}

/// Compares the inferred overlays with the document, and drops from the overlays the parts that the document
/// now has.
pub fn supersede(document: Document, overlays: Vec<Document>) -> Superseded {
    let document = relative_to_documented(document);
    let inferred = Inferred::read(&overlays);
    // Without inferred overlays, the document stays unchanged.
    let document = if inferred.is_empty() {
        document
    } else {
        with_lists(document)
    };
    let empty = Map::new();
    let schemas = document.get("/components/schemas").and_then(Value::as_object);
    let schemas = schemas.unwrap_or(&empty);
    let theirs: Vec<_> = operations(document.value()).collect();
    let tags: BTreeSet<&str> = theirs.iter().filter_map(Operation::tag).collect();

    let matches = inferred.matches(&theirs);
    let differences = differences(&inferred, &matches, &document);
    let mut comparisons = Vec::new();
    let mut partly_inferred = BTreeSet::new();
    let mut superseded: BTreeSet<PartId> = BTreeSet::new();
    for ((id, our), differences) in inferred.operations.iter().zip(differences) {
        let tag = our.tag().unwrap_or_default();
        let overlay = overlays.get(id.overlay);
        let inference = match differences {
            Some(differences) if differences.is_empty() => Inference::Confirmed,
            Some(differences) => Inference::Wrong(differences),
            None => Inference::Absent,
        };
        if inference == Inference::Absent {
            partly_inferred.insert(tag.to_owned());
            // The document may declare the tag although it has no operation with this tag.
            if !tags.contains(tag) {
                continue;
            }
        } else {
            superseded.insert(id.clone());
        }
        comparisons.push(Comparison {
            location: overlay.map(|overlay| overlay.locate(&id.pointer)),
            group: tag.to_owned(),
            operation: our.to_string(),
            inference,
        });
    }

    let with_match = |wanted: bool| {
        let all = inferred.operations.iter().zip(&matches);
        let some = all.filter(move |(_, their)| their.is_some() == wanted);
        some.map(|((_, our), _)| (our, our.value.clone()))
    };
    // A schema of the document replaces our schema of the same name, so schemas that only our schema uses
    // become unused.
    let mut left = inferred.all_schemas();
    left.retain(|name, _| !schemas.contains_key(name));
    let still_used = used_schemas(with_match(false), &left);
    let no_longer_used = used_schemas(with_match(true), &inferred.all_schemas());
    let is_superseded = |name: &str| {
        schemas.contains_key(name) || no_longer_used.contains(name) && !still_used.contains(name)
    };
    let dropped = inferred.schemas.iter().filter(|(_, name, _)| is_superseded(name));
    superseded.extend(dropped.map(|(id, ..)| id.clone()));
    let dropped = inferred.tags.iter();
    let dropped = dropped.filter(|(_, name, _)| tag_index(document.value(), name).is_some());
    superseded.extend(dropped.map(|(id, ..)| id.clone()));
    let behavior = behavior(&inferred);

    let mut notices: Diagnostics = comparisons.iter().flat_map(Comparison::notices).collect();
    let inferred = inferred.operations.len();
    let mut left_overlays = Vec::new();
    let mut needless = Vec::new();
    for (index, overlay) in overlays.into_iter().enumerate() {
        let parts = superseded.iter().filter(|id| id.overlay == index);
        let parts: BTreeSet<PointerBuf> = parts.map(|id| id.pointer.clone()).collect();
        let needless_parts = needless_parts(&overlay, &parts);
        notices.extend(redundant_actions(&overlay, &needless_parts));
        needless.push(needless_parts);
        left_overlays.extend(prune(overlay, parts));
    }
    Superseded {
        document: mark(document, &partly_inferred, &behavior),
        overlays: left_overlays,
        comparisons,
        notices,
        needless,
        inferred,
    }
}

/// Adds the list of tags and the object of schemas if they are absent, because overlays add members to them.
/// Declares all tags that the document uses.
fn with_lists(document: Document) -> Document {
    let used = operations(document.value()).filter_map(|operation| operation.tag().map(str::to_owned));
    let used: Vec<String> = used.collect();
    let (mut value, provenance) = document.into_parts();
    if let Some(document) = value.as_object_mut() {
        document.entry("tags").or_insert_with(|| json!([]));
        let components = document.entry("components").or_insert_with(|| json!({}));
        if let Some(components) = components.as_object_mut() {
            components.entry("schemas").or_insert_with(|| json!({}));
        }
    }
    for name in used {
        if tag_index(&value, &name).is_none()
            && let Some(Value::Array(tags)) = value.get_mut("tags")
        {
            tags.push(json!({"name": name}));
        }
    }
    Document::new(value, provenance)
}

/// Collects the extensions by which inferred overlays describe the behaviour of groups. The vendor's document
/// cannot express this behaviour, so the extensions remain when the rest of a tag is superseded.
fn behavior(inferred: &Inferred<'_>) -> Vec<(String, &'static str, Value)> {
    let tags = inferred.tags.iter().flat_map(|(_, name, tag)| {
        let keys = EXTENSIONS.iter().copied();
        keys.filter_map(|key| Some(((*name).to_owned(), key, tag.get(key)?.clone())))
    });
    tags.collect()
}

fn tag_index(document: &Value, name: &str) -> Option<usize> {
    let mut tags = document.items("tags");
    tags.position(|tag| tag.text("name") == Some(name))
}

/// Marks `tags` as undocumented: at least one operation of each of these groups is still inferred. Also
/// copies the extensions in `behavior` to the tags that they belong to.
fn mark(document: Document, tags: &BTreeSet<String>, behavior: &[(String, &'static str, Value)]) -> Document {
    let (mut value, provenance) = document.into_parts();
    let undocumented = Value::Bool(true);
    let marks = tags.iter().map(|name| (name, "x-undocumented", &undocumented));
    let behavior = behavior.iter();
    let behavior = behavior.map(|(name, key, extension)| (name, *key, extension));
    for (name, key, extension) in behavior.chain(marks) {
        let tag = tag_index(&value, name).and_then(|index| value.get_mut("tags")?.get_mut(index));
        if let Some(Value::Object(tag)) = tag {
            tag.entry(key).or_insert_with(|| extension.clone());
        }
    }
    Document::new(value, provenance)
}

/// Extends `parts` with the objects and lists that become empty when `parts` are removed. If no action
/// remains, also adds the root, which stands for the whole overlay.
fn add_emptied(overlay: &Document, parts: &mut BTreeSet<PointerBuf>) {
    fn is_emptied(value: &Value, at: &Pointer, parts: &BTreeSet<PointerBuf>) -> bool {
        match value {
            Value::Object(object) => {
                let mut keys = object.keys();
                !object.is_empty() && keys.all(|key| parts.contains(&at.with_trailing_token(key)))
            }
            Value::Array(items) => {
                let mut indexes = 0..items.len();
                !items.is_empty() && indexes.all(|index| parts.contains(&at.with_trailing_token(index)))
            }
            _ => false,
        }
    }
    for (action_at, action) in inferred::actions(overlay) {
        let update_at = action_at.with_trailing_token("update");
        for (path, item) in action.members("update") {
            let at = update_at.with_trailing_token(path);
            if is_emptied(item, &at, parts) {
                parts.insert(at);
            }
        }
        let update = action.get("update");
        if update.is_some_and(|update| is_emptied(update, &update_at, parts)) {
            parts.insert(action_at);
        }
    }
    let actions = Pointer::from_static("/actions");
    let all = overlay.get(actions);
    if all.is_some_and(|all| is_emptied(all, actions, parts)) {
        parts.insert(PointerBuf::new());
    }
}

/// Returns the parts of an overlay that can be removed from its text. Extensions of a tag that describe the
/// behaviour of its group are not among these parts.
fn needless_parts(overlay: &Document, superseded: &BTreeSet<PointerBuf>) -> BTreeSet<PointerBuf> {
    let parts = superseded.iter().flat_map(|at| {
        let part = overlay.get(&**at).and_then(Value::as_object);
        let behaves = |key: &str| EXTENSIONS.contains(&key);
        match part {
            Some(tag) if tag.keys().any(|key| behaves(key)) => {
                let others = tag.keys().filter(|key| *key != "name" && !behaves(key));
                others.map(|key| at.with_trailing_token(key)).collect()
            }
            _ => vec![at.clone()],
        }
    });
    let mut parts = parts.collect();
    add_emptied(overlay, &mut parts);
    parts
}

/// Reports each action that the vendor's document supersedes completely.
fn redundant_actions(overlay: &Document, needless: &BTreeSet<PointerBuf>) -> Diagnostics {
    let redundant = inferred::actions(overlay).filter(|(at, _)| needless.contains(at));
    let notices = redundant.map(|(at, action)| {
        let target = action.text("target").unwrap_or_default();
        let message = format!("the vendor's document now has everything that the action on `{target}` adds");
        let notice = overlay.diagnostic(Severity::Notice, Stage::Supersede, "redundant", &at, message);
        notice.fix("run `cargo xtask fetch spec/upstream.json`, or `.yaml`, which removes the action")
    });
    notices.collect()
}

/// Removes parts of an overlay, and objects that become empty. Returns `None` if no action is left.
fn prune(overlay: Document, mut parts: BTreeSet<PointerBuf>) -> Option<Document> {
    if parts.is_empty() {
        return Some(overlay);
    }
    add_emptied(&overlay, &mut parts);
    if parts.contains(Pointer::root()) {
        return None;
    }
    let (mut value, mut provenance) = overlay.into_parts();
    let parts: Vec<PointerBuf> = parts.into_iter().collect();
    overlay::remove(&mut value, &mut provenance, &parts);
    Some(Document::new(value, provenance))
}
