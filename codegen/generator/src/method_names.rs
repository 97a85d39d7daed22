//! Names derived from a document: singular and plural of each group, verb and method name of each operation,
//! and names of IDs.
//!
//! Names come from tag, title and HTTP method, which the vendor documents for every operation. Paths are used
//! only if an operation has no tag, if its title names no verb, or if it would otherwise have the same name
//! as another operation. Operation IDs are ignored.

mod group_words;
mod id_names;
mod inflection;
mod operation_names;
mod path_prefix;
mod title;
mod verb;

use std::collections::{BTreeMap, BTreeSet};

use heck::ToTitleCase as _;
use serde_json::Value;

use funnelflux_openapi::{
    operations::{Operation, operations},
    pointer::{Pointer, PointerBuf},
};

pub(crate) use group_words::GroupWords;
pub(crate) use id_names::{IdName, id_parameter};
use id_names::{id_names, id_properties, own_ids};
pub(crate) use operation_names::OperationWords;
use operation_names::{Draft, separate};
use path_prefix::PathPrefix;
pub(crate) use path_prefix::{group_position, literals};
use title::{Title, title};
pub(crate) use verb::Verb;

/// Names that are derived from a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    /// Singular and plural of each group, keyed by tag.
    pub(crate) groups: BTreeMap<String, GroupWords>,
    operations: BTreeMap<PointerBuf, OperationWords>,
    /// Names of IDs, keyed by the name of the parameter or property that contains the ID.
    pub(crate) ids: BTreeMap<String, IdName>,
    /// Names of IDs, keyed by the name of the parameter that takes a list of these IDs.
    pub(crate) id_lists: BTreeMap<String, IdName>,
    /// Names of the properties that contain the IDs of assets, keyed by the tags of the groups.
    pub(crate) id_properties: BTreeMap<String, String>,
    /// IDs of the groups whose property for the ID is not in `ids`, keyed by tag. Such a property has a
    /// general name, such as `id`, so only the assets of the group determine the type of the ID.
    pub(crate) own_ids: BTreeMap<String, IdName>,
}

impl Vocabulary {
    /// Derives the names from a document. The references in the document may be resolved or unresolved.
    pub(crate) fn of(document: &Value) -> Self {
        let operations: Vec<Operation<'_>> = operations(document).collect();
        let mut tags: BTreeMap<(usize, &str), BTreeSet<&str>> = BTreeMap::new();
        for operation in &operations {
            for segment in operation.path.split('/').enumerate() {
                tags.entry(segment).or_default().extend(operation.tag());
            }
        }
        let mut titles: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for operation in &operations {
            if let Some(tag) = tag(operation, &tags) {
                let title = (operation.method.to_ascii_uppercase(), title(operation));
                titles.entry(tag).or_default().push(title);
            }
        }
        let group = |(tag, titles): (&String, &Vec<_>)| (tag.clone(), GroupWords::of(tag, titles));
        let groups: BTreeMap<String, GroupWords> = titles.iter().map(group).collect();
        let finders = operations.iter().filter_map(|operation| {
            let words = groups.get(&tag(operation, &tags)?)?;
            let verb = Verb::of(operation, words);
            (verb == Some(Verb::FindById)).then_some((operation.path, &*words.plural))
        });
        let prefix = PathPrefix::of(finders);
        let drafts = operations.into_iter().filter_map(|operation| {
            let tag = tag(&operation, &tags)?;
            let words = groups.get(&tag)?;
            Some(Draft::new(operation, tag, words, &prefix))
        });
        let mut drafts: Vec<Draft<'_>> = drafts.collect();
        separate(&mut drafts, &groups);
        let id_properties = id_properties(document, &drafts, &groups);
        let (ids, id_lists) = id_names(document, &drafts, &groups, &id_properties);
        let own_ids = own_ids(document, &drafts, &ids, &id_properties);
        let operations = drafts.into_iter();
        let operations = operations.map(|draft| (draft.operation.pointer, draft.words));
        Self {
            operations: operations.collect(),
            groups,
            ids,
            id_lists,
            id_properties,
            own_ids,
        }
    }

    /// Returns the names of the operation at a pointer. Returns `None` if the operation has no group.
    pub(crate) fn operation(&self, pointer: &Pointer) -> Option<&OperationWords> {
        self.operations.get(pointer)
    }

    /// Returns the pointer to the main operation for a verb in a group (see `OperationWords::is_main`).
    pub(crate) fn main_operation(&self, tag: &str, verb: &Verb) -> Option<&Pointer> {
        let is_it = |words: &&OperationWords| words.is_main && words.tag == tag && words.verb == *verb;
        let mut found = self.operations.iter().filter(|(_, words)| is_it(words));
        found.next().map(|(pointer, _)| &**pointer)
    }
}

/// Returns true if a change of the title may rename the method. The name also depends on the titles of the
/// other operations in the group, which are unknown here.
pub(crate) fn may_rename(method: &str, titles: [&str; 2]) -> bool {
    let method = method.to_ascii_uppercase();
    let [old, new] = titles.map(|title| {
        let title = title::trimmed(title);
        let verb = Verb::of_title(&method, title, &GroupWords::default())?;
        Some((verb, Title::of(title)?.noun.join(" ").to_lowercase()))
    });
    old != new
}

/// Returns the first tag of the operation. If the operation has no tag, uses a segment of its path: the first
/// that belongs to at most one tag, or else the first. Returns the tag of other operations with this segment
/// at the same position. If there is none, returns the segment in title case.
///
/// `by_segment` contains the tags of the operations, keyed by position and segment.
fn tag(operation: &Operation<'_>, by_segment: &BTreeMap<(usize, &str), BTreeSet<&str>>) -> Option<String> {
    if let Some(tag) = operation.tag() {
        return Some(tag.to_owned());
    }
    let is_word =
        |(_, segment): &(usize, &str)| segment.contains(char::is_alphanumeric) && !segment.contains('{');
    let tags = |segment| by_segment.get(&segment).into_iter().flatten();
    let mut segments = operation.path.split('/').enumerate().filter(is_word);
    let first = segments.clone().next()?;
    let segment = segments
        .find(|segment| tags(*segment).count() < 2)
        .unwrap_or(first);
    let stated = tags(segment).next_back().map(|tag| (*tag).to_owned());
    Some(stated.unwrap_or_else(|| segment.1.to_title_case()))
}

#[cfg(test)]
mod tests;
