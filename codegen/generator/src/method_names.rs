//! Names derived from a document: singular and plural of each group, verb and method name of each operation,
//! and names of IDs.
//!
//! Names come from tag, title and HTTP method, which the vendor documents for every operation. Paths are used
//! only if a title names no verb, and to distinguish operations that would otherwise have the same name.
//! Operation IDs are ignored.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase as _, ToTitleCase as _};
use serde_json::Value;

use crate::naming;
use funnelflux_openapi::{
    operations::{Operation, operations},
    pointer::{Pointer, PointerBuf},
    references,
};

/// Effect of an operation on the assets of its group, in the order of the generated methods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Lists the assets.
    List,
    /// Finds one asset.
    FindById,
    /// Finds several assets.
    FindByIds,
    /// Finds the assets with a property, in snake case.
    FindBy(String),
    /// Reads an object without an ID.
    Get,
    /// Saves an existing asset.
    Save,
    /// Creates an asset.
    Create,
    /// Copies an asset.
    Duplicate,
    /// Deletes assets.
    Delete,
    /// Checks an asset without saving it.
    Validate,
    /// Archives assets.
    Archive,
    /// Restores assets from the archive.
    Unarchive,
    /// Moves an asset.
    Move,
    /// Moves assets to a category.
    MoveToCategory,
    /// Has another effect; the value is the whole name of the method.
    Other(String),
}

/// Name and meaning of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationWords {
    /// Name of the Rust method.
    pub id: String,
    /// Effect of the operation.
    pub verb: Verb,
    /// Name of its group.
    pub tag: String,
    /// `true` if this is the main operation for its verb in the group. Another path may have a second
    /// operation with the same verb.
    pub is_main: bool,
}

/// Words for the assets of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupWords {
    /// Singular in snake case, such as `offer_source`.
    pub singular: String,
    /// Plural in snake case, such as `offer_sources`.
    pub plural: String,
    /// Singular as the titles write it, such as `AI node settings`.
    pub singular_text: String,
    /// Plural as the titles write it.
    pub plural_text: String,
}

/// An ID that the document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdName {
    /// Its name in JSON, such as `idOfferSource`.
    pub name: String,
    /// Rust type.
    pub type_name: String,
    /// Asset that the ID identifies, with an article, such as `an offer source`.
    pub owner: String,
}

/// Words of a document.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    groups: BTreeMap<String, GroupWords>,
    operations: BTreeMap<PointerBuf, OperationWords>,
    /// IDs, keyed by the name of a parameter or property.
    ids: BTreeMap<String, IdName>,
    /// IDs, keyed by the name of a parameter that takes several IDs.
    id_lists: BTreeMap<String, IdName>,
}

/// An operation whose name is being determined.
struct Draft<'a> {
    operation: Operation<'a>,
    method: String,
    tag: String,
    words: OperationWords,
}

impl Vocabulary {
    /// Reads the words of a document, before or after its references are resolved.
    #[must_use]
    pub fn of(document: &Value) -> Self {
        let operations: Vec<Operation<'_>> = operations(document).collect();
        let tags = Tags::of(&operations);
        let mut titles: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for operation in &operations {
            if let Some(tag) = tags.tag(operation) {
                let title = (operation.method.to_ascii_uppercase(), title(operation));
                titles.entry(tag).or_default().push(title);
            }
        }
        let groups: BTreeMap<String, GroupWords> = titles
            .iter()
            .map(|(tag, titles)| (tag.clone(), GroupWords::of(tag, titles)))
            .collect();
        let drafts = operations.into_iter().filter_map(|operation| {
            let tag = tags.tag(&operation)?;
            let words = groups.get(&tag)?;
            Some(Draft::new(operation, tag, words))
        });
        let mut drafts: Vec<Draft<'_>> = drafts.collect();
        separate(&mut drafts, &groups);
        let (ids, id_lists) = id_names(document, &drafts, &groups);
        let operations = drafts.into_iter();
        let operations = operations.map(|draft| (draft.operation.pointer, draft.words));
        Self {
            operations: operations.collect(),
            groups,
            ids,
            id_lists,
        }
    }

    /// Returns the words of the operation at this pointer; `None` if it has no group.
    #[must_use]
    pub fn operation(&self, pointer: &Pointer) -> Option<&OperationWords> {
        self.operations.get(pointer)
    }

    /// Returns the words of a group.
    #[must_use]
    pub fn group(&self, tag: &str) -> Option<&GroupWords> {
        self.groups.get(tag)
    }

    /// Returns the pointer to the main operation for a verb in a group.
    #[must_use]
    pub fn main_operation(&self, tag: &str, verb: &Verb) -> Option<&Pointer> {
        let is_it = |words: &&OperationWords| words.is_main && words.tag == tag && words.verb == *verb;
        let mut found = self.operations.iter().filter(|(_, words)| is_it(words));
        found.next().map(|(pointer, _)| &**pointer)
    }

    /// Returns the kind of ID whose name in JSON is `name`.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<&IdName> {
        self.ids.get(name)
    }

    /// Returns the kind of ID of which the parameter `name` takes several.
    #[must_use]
    pub fn id_list(&self, name: &str) -> Option<&IdName> {
        self.id_lists.get(name)
    }
}

/// Tags of all operations, including operations without a tag in the document.
struct Tags {
    by_segment: BTreeMap<String, String>,
}

impl Tags {
    fn of(operations: &[Operation<'_>]) -> Self {
        let stated = operations.iter().filter_map(|operation| {
            let segment = operation.path.split('/').find(|segment| !segment.is_empty())?;
            Some((segment.to_owned(), stated_tag(operation)?.to_owned()))
        });
        Self {
            by_segment: stated.collect(),
        }
    }

    /// Returns the first tag of the operation. If the operation has no tag, returns the tag of other
    /// operations whose paths begin with the same segment. If there is no such tag, returns the segment.
    fn tag(&self, operation: &Operation<'_>) -> Option<String> {
        if let Some(tag) = stated_tag(operation) {
            return Some(tag.to_owned());
        }
        let mut segments = operation.path.split('/');
        let segment =
            segments.find(|segment| segment.contains(char::is_alphanumeric) && !segment.contains('{'))?;
        let stated = self.by_segment.get(segment).cloned();
        Some(stated.unwrap_or_else(|| segment.to_title_case()))
    }
}

fn stated_tag<'a>(operation: &Operation<'a>) -> Option<&'a str> {
    operation.value.pointer("/tags/0")?.as_str()
}

fn title(operation: &Operation<'_>) -> String {
    let title = operation.value.get("summary").and_then(Value::as_str);
    title.unwrap_or_default().trim().trim_end_matches('.').to_owned()
}

/// Words of titles that do not name assets.
const FILLERS: &[&str] = &[
    "a", "an", "the", "one", "all", "new", "existing", "many", "multiple",
];

/// Parts of a title: the verb, its object, and the rest from a preposition such as `by`, `to` or `in`.
struct Title<'a> {
    verb: String,
    noun: Vec<&'a str>,
    preposition: Option<String>,
    rest: Vec<&'a str>,
}

impl<'a> Title<'a> {
    fn of(title: &'a str) -> Option<Self> {
        let mut words = title.split_whitespace();
        let verb = words.next()?.to_lowercase();
        let mut noun = Vec::new();
        let mut preposition = None;
        for word in words.by_ref() {
            let lower = word.to_lowercase();
            if ["by", "to", "in", "into", "for", "of", "from", "with"].contains(&lower.as_str()) {
                preposition = Some(lower);
                break;
            }
            if !FILLERS.contains(&lower.as_str()) {
                noun.push(word);
            }
        }
        Some(Self {
            verb,
            noun,
            preposition,
            rest: words.collect(),
        })
    }
}

impl Verb {
    /// Reads the verb of a title; `None` if the title names anything other than assets of the group.
    fn of_title(method: &str, title: &str, words: &GroupWords) -> Option<Self> {
        let Title {
            verb,
            noun,
            preposition,
            rest,
        } = Title::of(title)?;
        let noun = squashed(&noun.join(" "));
        let is_about = |noun: &str| {
            noun.is_empty()
                || noun.ends_with(&squashed(&words.singular))
                || noun.ends_with(&squashed(&words.plural))
        };
        let rest = snake(&rest.join("_"));
        let by = preposition.as_deref() == Some("by");
        if verb == "validate" && method == "POST" && noun.starts_with(&squashed(&words.singular)) {
            return Some(Self::Validate);
        }
        if !is_about(&noun) {
            return None;
        }
        match (method, verb.as_str()) {
            ("GET", "find" | "get") if by => Self::find_by(&rest),
            _ if by => None,
            ("PUT" | "POST", "move") if preposition.is_some() => {
                rest.ends_with("category").then_some(Self::MoveToCategory)
            }
            _ if preposition.is_some() => None,
            ("GET", "list") => Some(Self::List),
            ("GET", "get") if !noun.is_empty() => Some(Self::Get),
            ("PUT", "save" | "update") => Some(Self::Save),
            ("POST", "create" | "add") => Some(Self::Create),
            ("POST", "duplicate" | "copy" | "clone") => Some(Self::Duplicate),
            ("DELETE", "delete" | "soft-delete" | "remove") => Some(Self::Delete),
            ("PUT" | "POST", "archive") => Some(Self::Archive),
            ("PUT" | "POST", "unarchive" | "restore") => Some(Self::Unarchive),
            ("PUT" | "POST", "move") => Some(Self::Move),
            _ => None,
        }
    }

    /// Reads the verb at the end of a path, and the segments before it.
    fn of_path<'p>(method: &str, path: &'p str) -> Option<(Self, Vec<&'p str>)> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        // The longest suffix of the path that is a verb counts.
        (1..segments.len()).find_map(|start| {
            let (before, end) = segments.split_at(start);
            let words = snake(&end.join("_"));
            let verb = match (method, words.as_str()) {
                ("GET", "list") => Self::List,
                ("GET", "get") => Self::Get,
                ("GET", words) if words.starts_with("find_by_") && end.len() <= 2 => {
                    Self::find_by(words.trim_start_matches("find_by_"))?
                }
                ("PUT", "save" | "update") => Self::Save,
                ("POST", "save" | "create") => Self::Create,
                ("POST", "duplicate") => Self::Duplicate,
                ("DELETE", "delete") => Self::Delete,
                ("POST", "validate") => Self::Validate,
                ("PUT" | "POST", "archive") => Self::Archive,
                ("PUT" | "POST", "unarchive") => Self::Unarchive,
                ("PUT" | "POST", "move") => Self::Move,
                ("PUT" | "POST", "move_category" | "move_to_category") => Self::MoveToCategory,
                _ => return None,
            };
            Some((verb, before.to_vec()))
        })
    }

    /// Returns the verb that finds by a property, which is in snake case; `None` if it is empty.
    fn find_by(property: &str) -> Option<Self> {
        Some(match property {
            "" => return None,
            "id" => Self::FindById,
            "ids" | "id_list" | "list_of_ids" => Self::FindByIds,
            property => Self::FindBy(property.to_owned()),
        })
    }

    /// Returns the position among the methods of a group.
    fn rank(&self) -> usize {
        match self {
            Self::List => 0,
            Self::FindById => 1,
            Self::FindByIds => 2,
            Self::FindBy(property) => match property.as_str() {
                "name" => 3,
                "status" => 4,
                "type" => 5,
                "category" => 6,
                _ => 7,
            },
            Self::Get => 8,
            Self::Save => 9,
            Self::Create => 10,
            Self::Duplicate => 11,
            Self::Delete => 12,
            Self::Validate => 13,
            Self::Archive => 14,
            Self::Unarchive => 15,
            Self::Move => 16,
            Self::MoveToCategory => 17,
            Self::Other(_) => 18,
        }
    }

    /// Returns the name of the method for a verb and these words.
    fn method(&self, singular: &str, plural: &str) -> String {
        match self {
            Self::List => format!("list_{plural}"),
            Self::FindById => format!("find_{singular}_by_id"),
            Self::FindByIds => format!("find_{plural}_by_ids"),
            Self::FindBy(property) => format!("find_{plural}_by_{property}"),
            Self::Get => format!("get_{plural}"),
            Self::Save => format!("save_{singular}"),
            Self::Create => format!("create_{singular}"),
            Self::Duplicate => format!("duplicate_{singular}"),
            Self::Delete => format!("delete_{plural}"),
            Self::Validate => format!("validate_{singular}"),
            Self::Archive => format!("archive_{plural}"),
            Self::Unarchive => format!("unarchive_{plural}"),
            Self::Move => format!("move_{singular}"),
            Self::MoveToCategory => format!("move_{plural}_to_category"),
            Self::Other(name) => name.clone(),
        }
    }
}

impl OperationWords {
    /// Returns the key by which the operations of a group are sorted.
    #[must_use]
    pub fn order(&self) -> (usize, &str) {
        (self.verb.rank(), &self.id)
    }
}

impl<'a> Draft<'a> {
    fn new(operation: Operation<'a>, tag: String, words: &GroupWords) -> Self {
        let method = operation.method.to_ascii_uppercase();
        let title = title(&operation);
        let verb = Verb::of_title(&method, &title, words)
            .or_else(|| Verb::of_path(&method, operation.path).map(|(verb, _)| verb))
            .unwrap_or_else(|| Verb::Other(general(&method, operation.path, words)));
        let words = OperationWords {
            id: verb.method(&words.singular, &words.plural),
            verb,
            tag: tag.clone(),
            is_main: true,
        };
        Self {
            operation,
            method,
            tag,
            words,
        }
    }

    /// Returns the segments of the path before the verb.
    fn segments(&self) -> Vec<&'a str> {
        let segments = self
            .operation
            .path
            .split('/')
            .filter(|segment| !segment.is_empty());
        match Verb::of_path(&self.method, self.operation.path) {
            Some((_, before)) => before,
            None => segments.collect(),
        }
    }

    /// Returns the sort key of operations that share a name. The operation with the smallest key keeps the
    /// name.
    fn claim(&self, groups: &BTreeMap<String, GroupWords>) -> (bool, bool, usize, &'a str) {
        let path = self.operation.path;
        let segments = self.segments();
        let names_group = groups.get(&self.tag).is_some_and(|words| {
            let words = [squashed(&words.singular), squashed(&words.plural)];
            segments.iter().any(|segment| words.contains(&squashed(segment)))
        });
        let is_plain = |character: char| matches!(character, '/' | 'a'..='z' | '0'..='9');
        (!names_group, !path.chars().all(is_plain), segments.len(), path)
    }
}

/// Joins method and path in snake case. If the first segment names the group, the group's singular replaces
/// the segment.
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

/// Joins method and path, with a word for each character that snake case drops. Thus `/a-b`, `/a_b`, `/a/b`
/// and `/a/b/` get different names, and so do `/x/{a}` and `/x/a`.
fn spelled(method: &str, path: &str) -> String {
    let mut words = vec![method.to_ascii_lowercase()];
    for segment in path.split('/').skip(1) {
        let mut starts_word = true;
        if segment.is_empty() {
            words.push("slash".to_owned());
        }
        for character in segment.chars() {
            let sign = match character {
                '{' => "by".to_owned(),
                '}' => "end".to_owned(),
                '-' => "dash".to_owned(),
                '_' => "underscore".to_owned(),
                '.' => "dot".to_owned(),
                'A'..='Z' => "upper".to_owned(),
                _ if character.is_ascii_alphanumeric() => String::new(),
                _ => format!("u{:x}", u32::from(character)),
            };
            starts_word |= !sign.is_empty();
            if !sign.is_empty() {
                words.push(sign);
            }
            if character.is_ascii_alphanumeric() {
                let letter = character.to_ascii_lowercase();
                match words.last_mut().filter(|_| !starts_word) {
                    Some(word) => word.push(letter),
                    None => words.push(letter.into()),
                }
                starts_word = false;
            }
        }
        if words.last().is_some_and(|word| word == "end") {
            words.pop();
        }
    }
    words.join("_")
}

/// Renames operations, so that no two operations have the same name.
///
/// The operation whose path names the group keeps its name. Another operation is named after the first of
/// these that gives a free name: the last segment of its path, the whole path, its title, the path with every
/// character spelled out. The order of the operations in the document does not matter.
fn separate(drafts: &mut [Draft<'_>], groups: &BTreeMap<String, GroupWords>) {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        by_name.entry(draft.words.id.clone()).or_default().push(index);
    }
    let mut taken: BTreeSet<String> = by_name.keys().cloned().collect();
    for mut indices in by_name.into_values().filter(|indices| indices.len() > 1) {
        indices.sort_by_cached_key(|index| drafts.get(*index).map(|draft| draft.claim(groups)));
        for index in indices.into_iter().skip(1) {
            let Some(draft) = drafts.get_mut(index) else {
                continue;
            };
            let Some(words) = groups.get(&draft.tag) else {
                continue;
            };
            draft.words.is_main = false;
            let (singular, plural) = segment_words(&draft.segments(), words);
            let title = snake(&title(&draft.operation));
            let names = [
                draft.words.verb.method(&singular, &plural),
                general(&draft.method, draft.operation.path, words),
                title,
                spelled(&draft.method, draft.operation.path),
            ];
            // A single word could be a handle or a keyword, and a name cannot begin with a digit.
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

/// Returns singular and plural for the last segment that is not a parameter: `global_page_group` for
/// `globalpagegroup` in a group of page groups.
fn segment_words(segments: &[&str], words: &GroupWords) -> (String, String) {
    let literal = segments.iter().rev().find(|segment| !segment.contains('{'));
    let segment = literal.map(|segment| segment.to_snake_case()).unwrap_or_default();
    for word in [&words.plural, &words.singular] {
        if let Some(prefix) = squashed(&segment).strip_suffix(&squashed(word))
            && !prefix.is_empty()
        {
            return (
                format!("{prefix}_{}", words.singular),
                format!("{prefix}_{}", words.plural),
            );
        }
    }
    let singular = singular(&segment);
    let plural = plural(&singular);
    (singular, plural)
}

impl GroupWords {
    /// Derives the words of a group from its tag and the titles of its operations.
    fn of(tag: &str, titles: &[(String, String)]) -> Self {
        let tag_words: Vec<String> = split(tag);
        let tag_plural = tag_words.join("_");
        let tag_singular = singular(&tag_plural);
        // A title may be more specific than the tag, such as *user settings* in the group *User*.
        let extends = |noun: &[&str]| {
            let noun: Vec<String> = split(&noun.join(" "));
            let noun = noun.join("_");
            [&tag_plural, &tag_singular]
                .iter()
                .any(|words| noun == **words || noun.starts_with(&format!("{words}_")))
        };
        let nouns = |verbs: &[(&str, &[&str])]| {
            let nouns = titles.iter().filter_map(|(method, title)| {
                let title = Title::of(title)?;
                let is_verb = verbs
                    .iter()
                    .any(|(expected, words)| method == expected && words.contains(&title.verb.as_str()));
                let is_plain = title.preposition.as_deref().is_none_or(|preposition| {
                    preposition == "by" && title.rest.join(" ").eq_ignore_ascii_case("id")
                });
                (is_verb && is_plain && extends(&title.noun)).then(|| title.noun.join(" "))
            });
            nouns.collect::<Vec<String>>()
        };
        let singulars = nouns(&[
            ("GET", &["find", "get"]),
            ("PUT", &["save", "update"]),
            ("POST", &["create", "add", "duplicate"]),
            ("DELETE", &["delete"]),
        ]);
        let counted = |noun: &String| singulars.iter().filter(|other| *other == noun).count();
        let of_tag = |noun: &&String| snake(noun) == tag_singular;
        let longer = || {
            let repeated = singulars.iter().filter(|noun| counted(noun) > 1);
            repeated.max_by_key(|noun| counted(noun))
        };
        let singular_text = singulars.iter().find(of_tag).or_else(longer).cloned();
        let singular_text = singular_text.unwrap_or_else(|| spaced(&tag_singular));
        let singular_word = snake(&singular_text);
        let plurals = nouns(&[("GET", &["list"])]);
        let is_plural =
            |noun: &&String| singular(&snake(noun)) == singular_word || snake(noun) == plural(&singular_word);
        let plural_text = plurals.iter().find(is_plural).cloned();
        let plural_text = plural_text.unwrap_or_else(|| {
            if singular_word == tag_singular && tag_plural != tag_singular {
                spaced(&tag_plural)
            } else {
                spaced(&plural(&singular_word)).replacen(&spaced(&singular_word), &singular_text, 1)
            }
        });
        let plural_word = snake(&plural_text);
        Self {
            singular: singular_word,
            plural: plural_word,
            singular_text,
            plural_text,
        }
    }

    /// Returns the singular with its article, such as `an offer source`. Words that are already a plural get
    /// no article.
    #[must_use]
    pub fn with_article(&self) -> String {
        if self.singular == self.plural {
            return self.singular_text.clone();
        }
        let starts_with_vowel = self
            .singular_text
            .to_lowercase()
            .starts_with(['a', 'e', 'i', 'o', 'u']);
        let article = if starts_with_vowel { "an" } else { "a" };
        format!("{article} {}", self.singular_text)
    }
}

/// Finds the names of IDs, which are the parameters of operations that find by ID.
fn id_names(
    document: &Value,
    drafts: &[Draft<'_>],
    groups: &BTreeMap<String, GroupWords>,
) -> (BTreeMap<String, IdName>, BTreeMap<String, IdName>) {
    let mut singles: BTreeMap<String, Option<IdName>> = BTreeMap::new();
    let mut lists: BTreeMap<String, Option<IdName>> = BTreeMap::new();
    for draft in drafts {
        let found = match draft.words.verb {
            Verb::FindById => &mut singles,
            Verb::FindByIds => &mut lists,
            _ => continue,
        };
        let Some(words) = groups.get(&draft.tag) else {
            continue;
        };
        let parameters = required_parameters(document, &draft.operation);
        if let [name] = parameters.as_slice() {
            let id = IdName {
                name: name.clone(),
                type_name: naming::component(&format!("{}_id", words.singular)),
                owner: words.with_article(),
            };
            let entry = found.entry(name.clone()).or_insert_with(|| Some(id.clone()));
            // If two groups use a name, the type cannot be inferred from it.
            if entry
                .as_ref()
                .is_some_and(|known| known.type_name != id.type_name)
            {
                *entry = None;
            }
        }
    }
    let known = |found: BTreeMap<String, Option<IdName>>| {
        let found = found.into_iter();
        found
            .filter_map(|(name, id)| Some((name, id?)))
            .collect::<BTreeMap<_, _>>()
    };
    let (singles, lists) = (known(singles), known(lists));
    let mut ids: BTreeMap<String, IdName> = singles.into_iter().filter(|(name, _)| name != "id").collect();
    for (alias, name) in aliases(document) {
        if let Some(id) = ids.get(&name).cloned() {
            ids.entry(alias).or_insert(id);
        }
    }
    (ids, lists.into_iter().filter(|(name, _)| name != "ids").collect())
}

/// Pairs of an older and a newer name of a property, from `x-server-managed` of the tags.
fn aliases(document: &Value) -> Vec<(String, String)> {
    let tags = document
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let entries = tags
        .filter_map(|tag| tag.get("x-server-managed")?.as_array())
        .flatten();
    let name = |entry: &Value, key: &str| {
        let pointer = entry.get(key)?.as_str()?;
        pointer
            .strip_prefix('/')
            .filter(|name| !name.contains('/'))
            .map(str::to_owned)
    };
    entries
        .filter_map(|entry| Some((name(entry, "property")?, name(entry, "of")?)))
        .collect()
}

/// Names of the required query and path parameters of an operation.
fn required_parameters(document: &Value, operation: &Operation<'_>) -> Vec<String> {
    let item = document.get("paths").and_then(|paths| paths.get(operation.path));
    let holders = item.into_iter().chain([operation.value]);
    let parameters = holders.filter_map(|holder| holder.get("parameters")?.as_array());
    let parameters = parameters
        .flatten()
        .map(|parameter| references::resolve(document, Pointer::root(), parameter).1);
    let required = parameters.filter(|parameter| {
        let place = parameter.get("in").and_then(Value::as_str);
        matches!(place, Some("query" | "path")) && parameter.get("required") == Some(&Value::Bool(true))
    });
    let names = required.filter_map(|parameter| parameter.get("name")?.as_str().map(str::to_owned));
    names.collect()
}

fn split(text: &str) -> Vec<String> {
    snake(text).split('_').map(str::to_owned).collect()
}

/// Converts text to snake case. Letters of other scripts become ASCII, and symbols become words.
fn snake(text: &str) -> String {
    deunicode::deunicode(text).to_snake_case()
}

/// Converts snake case to words with spaces.
fn spaced(name: &str) -> String {
    let words = name.split('_').map(|word| match word {
        "ai" | "api" | "id" | "url" => word.to_ascii_uppercase(),
        word => word.to_owned(),
    });
    words.collect::<Vec<String>>().join(" ")
}

/// Converts to lower case without separators, as in the vendor's paths.
fn squashed(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Changes the last word of a snake-case name to the singular.
fn singular(name: &str) -> String {
    let end = |suffix: &str, replacement: &str| Some(format!("{}{replacement}", name.strip_suffix(suffix)?));
    let is_singular = ["ss", "us", "is"].iter().any(|suffix| name.ends_with(suffix));
    if is_singular {
        return name.to_owned();
    }
    end("ies", "y")
        .or_else(|| end("sses", "ss"))
        .or_else(|| end("xes", "x"))
        .or_else(|| end("ches", "ch"))
        .or_else(|| end("shes", "sh"))
        .or_else(|| end("s", ""))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| name.to_owned())
}

/// Changes the last word of a snake-case name to the plural.
fn plural(name: &str) -> String {
    let consonant_y = name
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match consonant_y {
        Some(stem) => format!("{stem}ies"),
        None if name.ends_with("settings") => name.to_owned(),
        None if ["s", "x", "ch", "sh"].iter().any(|suffix| name.ends_with(suffix)) => format!("{name}es"),
        None => format!("{name}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Checks the name of each operation of a table with the columns method, path, tag, title and expected
    /// name.
    fn check(table: &str) {
        let mut paths = json!({});
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split('|').map(str::trim).collect())
            .filter(|row: &Vec<&str>| row.len() == 5)
            .collect();
        for row in &rows {
            paths[row[1]][row[0].to_lowercase()] = json!({"tags": [row[2]], "summary": row[3]});
        }
        let document = json!({"paths": paths});
        let vocabulary = Vocabulary::of(&document);
        for operation in operations(&document) {
            let row = rows
                .iter()
                .find(|row| row[1] == operation.path && row[0].eq_ignore_ascii_case(operation.method))
                .unwrap();
            assert_eq!(
                vocabulary.operation(&operation.pointer).unwrap().id,
                row[4],
                "{operation}"
            );
        }
    }

    #[test]
    fn operations_are_named_by_tag_title_and_method() {
        check(
            "
            GET | /campaign/funnel/find/byId/ | Funnels | Find funnel by ID | find_funnel_by_id
            PUT | /funnel/save/ | Funnels | Update a funnel | save_funnel
            POST | /f/new | Funnels | Create a funnel | create_funnel
            PUT | /funnel/move/ | Funnels | Move a funnel | move_funnel
            DELETE | /logicscript/delete/        | Logic Scripts    | Soft-delete logic scripts     | \
                delete_logic_scripts
            POST | /logicscript/validate/ | Logic Scripts | Validate logic script code | validate_logic_script
            GET | /user/settings/get/ | User | Get user settings | get_user_settings
            PUT | /user/settings/save/ | User | Save user settings | save_user_settings
            GET | /integration/apikey/list/ | Integration | List integration API keys | \
                list_integration_api_keys
            PUT | /integration/apikey/save/ | Integration | Update integration API key | \
                save_integration_api_key
            POST | /integration/apikey/save/ | Integration | Generate integration API key | \
                create_integration_api_key
            DELETE | /integration/apikey/delete/ | Integration      | Delete integration API key    | \
                delete_integration_api_keys
            GET | /ainodesetting/find/byId/ | AI Node Settings | Find AI node settings by ID | \
                find_ai_node_settings_by_id
            PUT | /ainodesetting/save/ | AI Node Settings | Update AI node settings | save_ai_node_settings
            PUT | /page/move-category/ | Pages | Move pages to a category | move_pages_to_category
            GET | /domain/find/byId/ | Domains | Find one by ID | find_domain_by_id
            POST | /domain/save/ | Domains | Create | create_domain
            GET | /domain/checks/ | Domains | Check the certificates | get_domain_checks
            ",
        );
    }

    #[test]
    fn a_second_listing_is_named_after_its_path() {
        check(
            "
            GET | /campaign/list/ | Funnel Groups | List funnel groups | list_campaigns
            GET | /funnelgroup/list/ | Funnel Groups | List funnel groups | list_funnel_groups
            GET | /pagegroup/find/byCategory/ | Page Groups | Find page groups by category | \
                find_page_groups_by_category
            GET | /globalpagegroup/find/byCategory/ | Page Groups | Find page groups by category | \
                find_global_page_groups_by_category
            ",
        );
    }

    #[test]
    fn paths_that_differ_in_signs_only_get_different_names() {
        check(
            "
            GET | /thing/a/b | Things | | get_thing_a_b
            GET | /thing/a-b | Things | | get_thing_a_dash_b
            GET | /thing/a_b | Things | | get_thing_a_underscore_b
            GET | /thing/a.b | Things | | get_thing_a_dot_b
            GET | /thing/aB | Things | | get_thing_a_upper_b
            GET | /thing/a/b/ | Things | | get_thing_a_b_slash
            GET | /thing/a/{b} | Things | | get_thing_a_by_b
            GET | /thing/a/b/c | Things | | get_thing_a_b_c
            GET | /thing/a/{b}c | Things | | get_thing_a_by_b_end_c
            GET | /thing/a/e | Things | | get_thing_a_e
            GET | /thing/a/é | Things | | get_thing_a_ue9
            GET | /thing/é | Things | | get_thing_e
            GET | /thing/c/d | Things | Check the ends | get_thing_c_d
            GET | /thing/c-d | Things | Check the dash | check_the_dash
            GET | /thing/list | Things | List things | list_things
            GET | /thing/list/ | Things | List things | get_thing_list
            ",
        );
    }

    #[test]
    fn names_do_not_depend_on_the_order_of_the_operations() {
        let paths = ["/thing/a/b", "/thing/a-b", "/thing/a_b", "/thing/a/{b}"];
        let names = |paths: &[&str]| {
            let items = paths.iter().map(|path| {
                let operation = json!({"get": {"tags": ["Things"]}});
                ((*path).to_owned(), operation)
            });
            let document = json!({"paths": items.collect::<serde_json::Map<_, _>>()});
            let vocabulary = Vocabulary::of(&document);
            let names = operations(&document).map(|operation| {
                let words = vocabulary.operation(&operation.pointer).unwrap();
                (operation.path.to_owned(), words.id.clone())
            });
            names.collect::<BTreeMap<String, String>>()
        };
        let mut turned = paths;
        turned.reverse();
        assert_eq!(names(&paths), names(&turned));
    }

    #[test]
    fn words_have_a_singular_and_a_plural() {
        for (one, many) in [
            ("category", "categories"),
            ("page", "pages"),
            ("box", "boxes"),
            ("day", "days"),
        ] {
            assert_eq!((singular(many).as_str(), plural(one).as_str()), (one, many));
        }
        assert_eq!(singular("status"), "status");
    }
}
