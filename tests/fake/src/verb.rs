//! Verbs of operations. A verb is the action of an operation. It is derived from the title of the operation
//! or, if the title contains no known verb, from its path.

use http::Method;

/// Action of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    Read(Read),
    Write(Write),
}

/// Actions that only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Read {
    List,
    FindById,
    FindByIds,
    FindByStatus,
    FindByCategory,
    FindByName,
    FindByType,
}

/// Actions that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Write {
    Save,
    Create,
    Duplicate,
    Delete,
    Archive,
    Unarchive,
    MoveCategory,
}

/// Path endings, in lower case and without punctuation, each with its HTTP method and verb.
const PATHS: &[(Method, &str, Verb)] = &[
    (Method::GET, "list", Verb::Read(Read::List)),
    (Method::GET, "findbyname", Verb::Read(Read::FindByName)),
    (Method::GET, "findbytype", Verb::Read(Read::FindByType)),
    (Method::GET, "findbyid", Verb::Read(Read::FindById)),
    (Method::GET, "findbyids", Verb::Read(Read::FindByIds)),
    (Method::GET, "findbystatus", Verb::Read(Read::FindByStatus)),
    (Method::GET, "findbycategory", Verb::Read(Read::FindByCategory)),
    (Method::PUT, "save", Verb::Write(Write::Save)),
    (Method::PUT, "update", Verb::Write(Write::Save)),
    (Method::POST, "save", Verb::Write(Write::Create)),
    (Method::POST, "create", Verb::Write(Write::Create)),
    (Method::POST, "duplicate", Verb::Write(Write::Duplicate)),
    (Method::DELETE, "delete", Verb::Write(Write::Delete)),
    (Method::PUT, "archive", Verb::Write(Write::Archive)),
    (Method::POST, "archive", Verb::Write(Write::Archive)),
    (Method::PUT, "unarchive", Verb::Write(Write::Unarchive)),
    (Method::POST, "unarchive", Verb::Write(Write::Unarchive)),
    (Method::PUT, "movecategory", Verb::Write(Write::MoveCategory)),
    (Method::POST, "movecategory", Verb::Write(Write::MoveCategory)),
    (Method::PUT, "movetocategory", Verb::Write(Write::MoveCategory)),
];

/// Words in titles that do not belong to the names of assets.
const FILLERS: &[&str] = &["a", "an", "the", "new", "existing", "all"];

/// Returns the letters and digits of a text, in lower case.
pub(crate) fn squash(text: &str) -> String {
    text.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns the singular of a tag, in lower case and without punctuation. For example, it is `offersource` for
/// `Offer Sources`.
pub(crate) fn singular(tag: &str) -> String {
    let tag = squash(tag);
    match tag.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => tag.strip_suffix('s').unwrap_or(&tag).to_owned(),
    }
}

/// Returns the literal segments of a path. If the path ends with a verb, returns the segments before the
/// verb, and the verb.
pub(crate) fn of_path(method: &Method, path: &str) -> (String, Option<Verb>) {
    let is_literal = |segment: &&str| !segment.is_empty() && !segment.starts_with('{');
    let segments: Vec<&str> = path.split('/').filter(is_literal).collect();
    let verb_at = |start: usize| {
        let (before, end) = segments.split_at_checked(start)?;
        let end = squash(&end.concat());
        let (.., verb) = PATHS
            .iter()
            .find(|(verb_method, words, _)| verb_method == method && *words == end)?;
        Some((before.join("/"), *verb))
    };
    let shortest = segments.len().saturating_sub(3).max(1);
    match (shortest..segments.len()).find_map(verb_at) {
        Some((before, verb)) => (before, Some(verb)),
        None => (segments.join("/"), None),
    }
}

/// Returns the verb of a title, if the title names the assets of the group `tag`.
pub(crate) fn of_title(method: &Method, title: &str, tag: &str) -> Option<Verb> {
    let lower = title.to_lowercase();
    let (action, rest) = lower.split_once(' ')?;
    let (rest, criterion) = match rest.split_once(" by ") {
        Some((rest, criterion)) => (rest, Some(squash(criterion))),
        None => (rest, None),
    };
    let (rest, target) = match rest.split_once(" to ") {
        Some((rest, target)) => (rest, Some(target)),
        None => (rest, None),
    };
    let assets: Vec<&str> = rest.split(' ').filter(|word| !FILLERS.contains(word)).collect();
    let assets = squash(&assets.concat());
    if !assets.ends_with(&squash(tag)) && !assets.ends_with(&singular(tag)) {
        return None;
    }
    let to_category = target.is_some_and(|target| target.ends_with("category"));
    Some(match (method.as_str(), action, criterion.as_deref()) {
        ("GET", "find" | "get", Some("id")) => Verb::Read(Read::FindById),
        ("GET", "find" | "get", Some("ids" | "idlist")) => Verb::Read(Read::FindByIds),
        ("GET", "find" | "get", Some("status")) => Verb::Read(Read::FindByStatus),
        ("GET", "find" | "get", Some("category")) => Verb::Read(Read::FindByCategory),
        ("GET", "find" | "get", Some("name")) => Verb::Read(Read::FindByName),
        ("GET", "find" | "get", Some("type")) => Verb::Read(Read::FindByType),
        ("PUT" | "POST", "move", None) if to_category => Verb::Write(Write::MoveCategory),
        (_, _, Some(_)) => return None,
        _ if target.is_some() => return None,
        ("GET", "list", _) => Verb::Read(Read::List),
        ("PUT", "save" | "update", _) => Verb::Write(Write::Save),
        ("POST", "create" | "add", _) => Verb::Write(Write::Create),
        ("POST", "duplicate" | "copy" | "clone", _) => Verb::Write(Write::Duplicate),
        ("DELETE", "delete" | "soft-delete" | "remove", _) => Verb::Write(Write::Delete),
        ("PUT" | "POST", "archive", _) => Verb::Write(Write::Archive),
        ("PUT" | "POST", "unarchive" | "restore", _) => Verb::Write(Write::Unarchive),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_with_verbs() {
        for (method, path, expected) in [
            (
                Method::GET,
                "/page/find/byId/",
                ("page", Some(Verb::Read(Read::FindById))),
            ),
            (
                Method::GET,
                "/v2/page/find-by-id/{idPage}",
                ("v2/page", Some(Verb::Read(Read::FindById))),
            ),
            (
                Method::PUT,
                "/page/move-category/",
                ("page", Some(Verb::Write(Write::MoveCategory))),
            ),
            (Method::PUT, "/funnel/move/", ("funnel/move", None)),
            (Method::GET, "/list/", ("list", None)),
        ] {
            let (prefix, verb) = of_path(&method, path);
            assert_eq!((prefix.as_str(), verb), expected, "{path}");
        }
    }

    #[test]
    fn titles_name_a_verb_and_the_assets() {
        for (method, title, tag, expected) in [
            (
                Method::GET,
                "Find a page by ID",
                "Pages",
                Some(Verb::Read(Read::FindById)),
            ),
            (
                Method::GET,
                "Find categories by ID list",
                "Categories",
                Some(Verb::Read(Read::FindByIds)),
            ),
            (
                Method::PUT,
                "Update an existing funnel group",
                "Funnel Groups",
                Some(Verb::Write(Write::Save)),
            ),
            (
                Method::PUT,
                "Move pages to a category",
                "Pages",
                Some(Verb::Write(Write::MoveCategory)),
            ),
            (Method::PUT, "Move a funnel", "Funnels", None),
            (Method::DELETE, "Delete user settings", "User", None),
            (Method::POST, "Validate logic script code", "Logic Scripts", None),
        ] {
            assert_eq!(of_title(&method, title, tag), expected, "{title}");
        }
    }
}
