//! Derives the effect of an operation from its title or its path.

use funnelflux_openapi::operations::Operation;

use super::{
    group_words::GroupWords,
    inflection::{snake, squashed},
    title::{Title, title},
};

/// Effect of an operation on the assets of its group. The variants are in the order of the generated methods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    List,
    FindById,
    FindByIds,
    /// Finds assets by a property. The value is the name of the property in snake case.
    FindBy(String),
    /// Reads an object that no ID identifies, such as the settings of the user.
    Get,
    Save,
    Create,
    Duplicate,
    Delete,
    /// Checks an asset without saving it.
    Validate,
    Archive,
    Unarchive,
    Move,
    MoveToCategory,
    /// Has another effect. The value is the complete name of the method.
    Other(String),
}

impl Verb {
    /// Reads the verb of an operation from its title, or else from its path.
    pub(super) fn of(operation: &Operation<'_>, words: &GroupWords) -> Option<Self> {
        let method = operation.method.to_ascii_uppercase();
        Self::of_title(&method, &title(operation), words)
            .or_else(|| Self::of_path(&method, operation.path).map(|(verb, _)| verb))
    }

    /// Reads the verb of a title. Returns `None` if the verb is unknown, or if the title is about anything
    /// other than assets of the group.
    pub(super) fn of_title(method: &str, title: &str, words: &GroupWords) -> Option<Self> {
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

    /// Returns the verb at the end of a path, and the segments before the verb.
    pub(super) fn of_path<'p>(method: &str, path: &'p str) -> Option<(Self, Vec<&'p str>)> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        // If several suffixes of the path are verbs, the longest suffix counts.
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

    /// Returns the verb for finding assets by `property`, a name in snake case. Returns `None` if the name is
    /// empty.
    fn find_by(property: &str) -> Option<Self> {
        Some(match property {
            "" => return None,
            "id" => Self::FindById,
            "ids" | "id_list" | "list_of_ids" => Self::FindByIds,
            property => Self::FindBy(property.to_owned()),
        })
    }

    pub(super) fn method(&self, singular: &str, plural: &str) -> String {
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
