//! The result of a comparison: changes, their levels, and facts about them.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use funnelflux_openapi::{Location, pointer::PointerBuf};

use crate::{
    level::{Direction, Level, Side},
    part_names::join_arrays,
    proof::Proof,
    rules::ChangeKind,
};

/// A fact about a change that the kind of the change does not imply. Users of the document can base their own
/// judgement on facts.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The changed part occurs only in the description of failed calls.
    FailureResponse,
    /// The bodies of successful responses are the same before and after. If `default` is the only response,
    /// it counts as successful.
    SameSuccessBodies,
    /// JSON is offered before and after the change, with the same schema or by the same entry of `content`.
    JsonStays,
    /// The evidence for an operation changed from documented to inferred, or from inferred to documented.
    InferenceChanged,
    /// Summary of an operation before and after; empty if it is absent.
    #[expect(missing_docs, reason = "the names of the fields say it")]
    OperationSummary { old: String, new: String },
    /// The changed property may be omitted.
    Optional,
    /// The object had no properties before.
    FirstProperty,
    /// The property is not declared in `properties`.
    UndeclaredProperty,
    /// The change concerns only undeclared properties: the old and the new object declare properties, and
    /// neither object has a schema for undeclared properties.
    UndeclaredPropertiesOnly,
    /// The title may name a type: either the schema has alternatives, or it is inline and its values need a
    /// type that no property names.
    MayNameType,
    /// Formats of a number or an integer without limits, before and after.
    #[expect(missing_docs, reason = "the names of the fields say it")]
    NumberFormats {
        old: Option<String>,
        new: Option<String>,
    },
    /// Formats of a string before and after.
    #[expect(missing_docs, reason = "the names of the fields say it")]
    StringFormats {
        old: Option<String>,
        new: Option<String>,
    },
}

/// Operations such as `PUT /offersource/save/`, sorted. Equal lists of a report share the same memory.
pub type Operations = Arc<[Arc<str>]>;

/// User of a part of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// An operation.
    Operation(Arc<str>),
    /// A component (a part that is the target of references), by its position in [`Report::components`].
    Component(usize),
}

/// A use of a part of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The user.
    pub user: User,
    /// Direction of the message, if the user is an operation.
    pub direction: Direction,
    /// Steps from the user to the part. If the user is an operation, the first step is a status, `body` or a
    /// parameter. If the user is a component schema, the first step is its name. Types, properties, and `[]`
    /// for array items follow.
    pub path: Vec<String>,
}

/// A part of the document that is the target of references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// JSON pointer to the component in its source text.
    pub pointer: PointerBuf,
    /// Uses of the component.
    pub used_by: Vec<Use>,
}

/// A path from an operation to a part of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The operation, such as `GET /offersource/list/`.
    pub operation: Arc<str>,
    /// Direction of the message.
    pub direction: Direction,
    /// Steps: a status, `body` or a parameter first, then types and properties.
    pub path: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Kind of the change.
    pub kind: ChangeKind,
    /// ID of the change: the ID of its rule, completed with the context.
    pub id: String,
    /// Meaning on the wire, as a level.
    pub level: Level,
    /// Proof of the level.
    pub proof: Proof,
    /// Direction of the affected messages.
    pub direction: Direction,
    /// Affected operations, such as `PUT /offersource/save/`. Empty if the change concerns the whole document
    /// or an unused part.
    pub operations: Operations,
    /// Pointer to the old value; `None` if the value was added.
    pub old: Option<PointerBuf>,
    /// Pointer to the new value; `None` if the value was removed.
    pub new: Option<PointerBuf>,
    /// JSON pointer to the changed part in the normalised document (old or new, see `side`).
    pub pointer: PointerBuf,
    /// JSON pointer to the same part in the source text of that document, before normalisation. If the source
    /// text lacks the part, the pointer leads to the nearest ancestor that the source text has.
    pub source_pointer: PointerBuf,
    /// Document that contains the part: the new document or, for a removed part, the old document.
    pub side: Side,
    /// Location of the part in the text of that document.
    pub location: Location,
    /// Location of the part in the new document. For a removed part, the location of the nearest ancestor
    /// that remains.
    pub new_location: Location,
    /// Uses of the part. [`Report::usages`] follows the uses to the operations.
    pub uses: Vec<Use>,
    /// Description of the difference, with the values before and after.
    pub what: String,
    /// Meaning on the wire, as a sentence.
    pub meaning: &'static str,
    /// Facts for each context in which the comparison found the change.
    pub facts: Vec<Vec<Fact>>,
    /// Identifies this change in allow lists. The fingerprint does not depend on line numbers, on the order
    /// of keys and entries, or on time.
    pub fingerprint: String,
}

/// Number of changes of each level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Changes that break on the wire.
    pub breaking: usize,
    /// Changes that a person has to judge.
    pub warning: usize,
    /// Changes that existing clients do not notice.
    pub info: usize,
    /// Changes of documentation.
    pub docs: usize,
}

impl Summary {
    /// Returns each level with its count, worst first.
    pub(crate) fn by_level(self) -> [(Level, usize); 4] {
        [
            (Level::Breaking, self.breaking),
            (Level::Warning, self.warning),
            (Level::Info, self.info),
            (Level::Docs, self.docs),
        ]
    }
}

/// All changes between two documents, worst first.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Name of the old document.
    pub old: String,
    /// Name of the new document.
    pub new: String,
    /// The changes.
    pub changes: Vec<Change>,
    /// Components of both documents that contain or use a changed part.
    pub components: Vec<Component>,
}

impl Report {
    /// Checks whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Finds the parameters, bodies and responses that use the changed part. Each has one path to the part, a
    /// shortest one. Returns the first `most` paths, and the total number of paths.
    #[must_use]
    pub fn usages(&self, change: &Change, most: usize) -> (Vec<Usage>, usize) {
        // Uses from the part outwards, the nearest first. Each has the index of the next use on the way back
        // to the part.
        let mut steps: Vec<(&Use, Option<usize>)> = change.uses.iter().map(|used| (used, None)).collect();
        let mut seen = vec![false; self.components.len()];
        let mut ends = BTreeMap::new();
        let mut position = 0;
        while let Some((used, before)) = steps.get(position).copied() {
            match &used.user {
                User::Operation(operation) => {
                    let is_wanted = before.is_none() || change.direction.wants(used.direction);
                    if is_wanted && change.operations.binary_search(operation).is_ok() {
                        let end = (operation, used.direction, used.path.first());
                        ends.entry(end).or_insert(position);
                    }
                }
                User::Component(number) => {
                    if let (Some(component), Some(seen)) =
                        (self.components.get(*number), seen.get_mut(*number))
                        && !std::mem::replace(seen, true)
                    {
                        steps.extend(component.used_by.iter().map(|used| (used, Some(position))));
                    }
                }
            }
            position += 1;
        }
        let usages = ends.iter().take(most).map(|((operation, direction, _), end)| {
            let path = std::iter::successors(Some(*end), |at| steps.get(*at)?.1);
            let path = path
                .filter_map(|at| steps.get(at))
                .flat_map(|(used, _)| used.path.iter().cloned());
            Usage {
                operation: Arc::clone(operation),
                direction: *direction,
                path: join_arrays(path.collect()),
            }
        });
        (usages.collect(), ends.len())
    }

    /// Counts the changes of each level.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |level| self.changes.iter().filter(|change| change.level == level).count();
        Summary {
            breaking: count(Level::Breaking),
            warning: count(Level::Warning),
            info: count(Level::Info),
            docs: count(Level::Docs),
        }
    }

    /// Returns the worst level of all changes; `None` if there are no changes.
    #[must_use]
    pub fn worst_level(&self) -> Option<Level> {
        self.changes.iter().map(|change| change.level).max()
    }
}
