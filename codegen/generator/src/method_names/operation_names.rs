//! Derives a distinct method name for each operation.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;

use funnelflux_openapi::operations::Operation;

use super::{
    group_words::GroupWords,
    inflection::{plural, singular, snake, squashed},
    path_prefix::PathPrefix,
    title::title,
    verb::Verb,
};

/// Method name, verb and tag of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OperationWords {
    /// Name of the Rust method.
    pub(crate) id: String,
    pub(crate) verb: Verb,
    pub(crate) tag: String,
    /// `true` if this is the main operation for its verb in the group. It is `false` if another operation of
    /// the group would get the same name and takes precedence (see `separate`).
    pub(crate) is_main: bool,
}

impl OperationWords {
    /// Returns the key by which the operations of a group are sorted.
    pub(crate) fn order(&self) -> (Verb, usize, &str) {
        let (verb, rank) = match &self.verb {
            Verb::FindBy(property) => {
                let first = ["name", "status", "type", "category"];
                let rank = first.iter().position(|first| first == property);
                (Verb::FindBy(String::new()), rank.unwrap_or(first.len()))
            }
            Verb::Other(_) => (Verb::Other(String::new()), 0),
            verb => (verb.clone(), 0),
        };
        (verb, rank, &self.id)
    }
}

/// An operation whose name is being determined.
pub(super) struct Draft<'a> {
    pub(super) operation: Operation<'a>,
    method: String,
    /// Path without the prefix that names no group.
    path: &'a str,
    pub(super) words: OperationWords,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        operation: Operation<'a>,
        tag: String,
        words: &GroupWords,
        prefix: &PathPrefix<'_>,
    ) -> Self {
        let method = operation.method.to_ascii_uppercase();
        let path = prefix.strip(operation.path);
        let verb = Verb::of(&operation, words);
        let verb = verb.unwrap_or_else(|| Verb::Other(general(&method, path, words)));
        let words = OperationWords {
            id: verb.method(&words.singular, &words.plural),
            verb,
            tag,
            is_main: true,
        };
        Self {
            operation,
            method,
            path,
            words,
        }
    }

    /// Returns the segments of the path before the verb, or all segments if the path does not end with a
    /// verb.
    fn segments(&self) -> Vec<&'a str> {
        let path = self.operation.path;
        match Verb::of_path(&self.method, path) {
            Some((_, before)) => before,
            None => path.split('/').filter(|segment| !segment.is_empty()).collect(),
        }
    }

    /// Returns the key by which operations that share a name are sorted. The operation with the smallest key
    /// keeps the name.
    ///
    /// `has_slash` is `true` if most paths of the document end with a slash. Of two paths that differ only by
    /// this slash, the one that ends like most paths keeps the name.
    fn claim(&self, groups: &BTreeMap<String, GroupWords>, has_slash: bool) -> Claim<'a> {
        let path = self.operation.path;
        let segments = self.segments();
        let names_group = groups.get(&self.words.tag).is_some_and(|words| {
            let words = [squashed(&words.singular), squashed(&words.plural)];
            segments.iter().any(|segment| words.contains(&squashed(segment)))
        });
        let is_plain = |character: char| matches!(character, '/' | 'a'..='z' | '0'..='9');
        let is_plain = path.chars().all(is_plain);
        let ends_otherwise = path.ends_with('/') != has_slash;
        (!names_group, !is_plain, segments.len(), ends_otherwise, path)
    }
}

/// Key of an operation among those that share a name.
type Claim<'a> = (bool, bool, usize, bool, &'a str);

/// Joins the HTTP method and the path in snake case. If the first segment is the singular or plural of the
/// group, it is replaced by the singular.
fn general(method: &str, path: &str, words: &GroupWords) -> String {
    let mut segments: Vec<String> = path.split('/').map(snake).collect();
    segments.retain(|segment| !segment.is_empty());
    if let Some(first) = segments.first_mut() {
        let squash = squashed(first);
        if squash == squashed(&words.singular) || squash == squashed(&words.plural) {
            first.clone_from(&words.singular);
        }
    }
    segments.insert(0, method.to_ascii_lowercase());
    segments.join("_")
}

/// Joins the HTTP method and the path, and spells out each character that snake case would drop. Thus `/a-b`,
/// `/a_b`, `/a/b` and `/a/b/` get different names, and so do `/x/{a}` and `/x/a`.
fn spelled(method: &str, path: &str) -> String {
    let mut words = vec![method.to_ascii_lowercase()];
    for segment in path.split('/').skip(1) {
        let spelled = segment.chars().map(|character| match character {
            '{' => "_by_".to_owned(),
            '}' => "_end_".to_owned(),
            '-' => "_dash_".to_owned(),
            '_' => "_underscore_".to_owned(),
            '.' => "_dot_".to_owned(),
            'A'..='Z' => format!("_upper_{}", character.to_ascii_lowercase()),
            _ if character.is_ascii_alphanumeric() => character.to_string(),
            _ => format!("_u{:x}_", u32::from(character)),
        });
        let spelled = if segment.is_empty() {
            "slash".to_owned()
        } else {
            spelled.collect()
        };
        words.extend(
            spelled
                .split('_')
                .filter(|word| !word.is_empty())
                .map(str::to_owned),
        );
        words.pop_if(|word| word == "end");
    }
    words.join("_")
}

/// Renames operations that have the same name as another operation.
///
/// Of the operations that share a name, one keeps it: the one with the smallest key (see `claim`). Its path
/// contains the singular or plural of the group, if possible. Each of the others gets the first free name
/// that is derived from one of these sources, in this order: the last segment of its path, the path without
/// its prefix, its title, and the path with all special characters spelled out. The result does not depend on
/// the order of the operations in the document.
pub(super) fn separate(drafts: &mut [Draft<'_>], groups: &BTreeMap<String, GroupWords>) {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        by_name.entry(draft.words.id.clone()).or_default().push(index);
    }
    let slashes = drafts.iter().filter(|draft| draft.operation.path.ends_with('/'));
    let has_slash = slashes.count() * 2 > drafts.len();
    let mut taken: BTreeSet<String> = by_name.keys().cloned().collect();
    for mut indices in by_name.into_values().filter(|indices| indices.len() > 1) {
        indices.sort_by_cached_key(|index| drafts.get(*index).map(|draft| draft.claim(groups, has_slash)));
        let paths = indices.iter().filter_map(|index| Some(drafts.get(*index)?.path));
        let paths: Vec<&str> = paths.collect();
        let mut tags = BTreeSet::new();
        for (rank, index) in indices.into_iter().enumerate() {
            let Some(draft) = drafts.get_mut(index) else {
                continue;
            };
            let Some(words) = groups.get(&draft.words.tag) else {
                continue;
            };
            draft.words.is_main = tags.insert(draft.words.tag.clone());
            if rank == 0 {
                continue;
            }
            let (singular, plural) = segment_words(&draft.segments(), words);
            let title = snake(&title(&draft.operation));
            // The prefix matters only if the paths do not differ otherwise.
            let is_alone = paths.iter().filter(|path| **path == draft.path).count() < 2;
            let path = if is_alone {
                draft.path
            } else {
                draft.operation.path
            };
            let names = [
                draft.words.verb.method(&singular, &plural),
                general(&draft.method, path, words),
                title,
                spelled(&draft.method, path),
                spelled(&draft.method, draft.operation.path),
            ];
            // A single word could clash with a keyword or with the name of a handle. A name cannot begin with
            // a digit.
            let is_usable =
                |name: &String| name.contains('_') && !name.starts_with(|first: char| first.is_ascii_digit());
            let mut names = names.into_iter().filter(is_usable);
            // If no name is free, the operation keeps its name, and the rule `name-operations` reports the
            // clash.
            if let Some(name) = names.find(|name| taken.insert(name.clone())) {
                draft.words.id = name;
            }
        }
    }
}

/// Returns the singular and plural of the last path segment that is not a parameter. For example, the
/// singular of the segment `globalpagegroup` in a group of page groups is `global_page_group`.
fn segment_words(segments: &[&str], words: &GroupWords) -> (String, String) {
    let literal = segments.iter().rev().find(|segment| !segment.contains('{'));
    let segment = literal.map(|segment| segment.to_snake_case()).unwrap_or_default();
    for word in [&words.plural, &words.singular] {
        if let Some(prefix) = squashed(&segment).strip_suffix(&squashed(word))
            && !prefix.is_empty()
        {
            let GroupWords { singular, plural, .. } = words;
            return (format!("{prefix}_{singular}"), format!("{prefix}_{plural}"));
        }
    }
    let singular = singular(&segment);
    let plural = plural(&singular);
    (singular, plural)
}
