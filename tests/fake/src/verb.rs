//! The verbs of the vendor's path pattern.

use http::Method;

/// The action of an operation, derived from its method and the end of its path by the vendor's pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Read(Read),
    Write(Write),
}

/// The operations that read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    List,
    FindById,
    FindByIds,
    FindByStatus,
    FindByCategory,
    FindByName,
    FindByType,
}

/// The operations that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Save,
    Create,
    Duplicate,
    Delete,
    Archive,
    Unarchive,
    MoveCategory,
}

pub(crate) const VERBS: &[(Method, &str, Verb)] = &[
    (Method::GET, "list/", Verb::Read(Read::List)),
    (Method::GET, "find/byName/", Verb::Read(Read::FindByName)),
    (Method::GET, "find/byType/", Verb::Read(Read::FindByType)),
    (Method::GET, "find/byId/", Verb::Read(Read::FindById)),
    (Method::GET, "find/byIds/", Verb::Read(Read::FindByIds)),
    (Method::GET, "find/byStatus/", Verb::Read(Read::FindByStatus)),
    (Method::GET, "find/byCategory/", Verb::Read(Read::FindByCategory)),
    (Method::PUT, "save/", Verb::Write(Write::Save)),
    (Method::POST, "save/", Verb::Write(Write::Create)),
    (Method::POST, "duplicate/", Verb::Write(Write::Duplicate)),
    (Method::DELETE, "delete/", Verb::Write(Write::Delete)),
    (Method::PUT, "archive/", Verb::Write(Write::Archive)),
    (Method::PUT, "unarchive/", Verb::Write(Write::Unarchive)),
    (Method::PUT, "move-category/", Verb::Write(Write::MoveCategory)),
];

/// Returns the first segment of a path, and the verb that method and path express.
pub(crate) fn parse<'p>(method: &Method, path: &'p str) -> Option<(&'p str, Verb)> {
    let (segment, rest) = path.strip_prefix('/')?.split_once('/')?;
    let (.., verb) = VERBS
        .iter()
        .find(|(verb_method, suffix, _)| verb_method == method && *suffix == rest)?;
    Some((segment, *verb))
}
