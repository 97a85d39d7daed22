//! Checks IDs and jobs before anything is sent.

use std::{collections::HashSet, fmt};

/// Error of an invalid job, returned before anything is sent.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJob {
    /// The list of IDs is empty.
    #[error("the list of IDs is empty; fix: pass at least one ID")]
    Empty,
    /// An ID is invalid.
    #[error("ID number {} ({id:?}) {problem}; nothing was sent", .position.saturating_add(1))]
    Id {
        /// The invalid ID.
        id: String,
        /// Index of the ID in the list, counted from 0.
        position: usize,
        /// The problem.
        problem: IdProblem,
    },
    /// The ID of the target is invalid. The target is either the parent to which children should move, or the
    /// category to which assets should move.
    #[error("the target {id:?} {problem}; nothing was sent")]
    Target {
        /// The invalid ID.
        id: String,
        /// The problem.
        problem: IdProblem,
    },
    /// The parent to which children should move is itself one of the parents to archive or delete.
    #[error(
        "the target {id:?} of the children is also ID number {} of the parents to archive or delete; \
         nothing was sent; fix: remove it from the list or choose another target",
        .position.saturating_add(1)
    )]
    TargetAmongEntries {
        /// ID of the target.
        id: String,
        /// Index of this ID in the list of IDs, counted from 0.
        position: usize,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] super::bulk::JournalError),
}

crate::runtime::error::debug_as_display!(InvalidJob);

/// Problem of an invalid ID.
///
/// All IDs without these problems are accepted, because old accounts may have IDs in an older format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdProblem {
    /// The ID is empty.
    Empty,
    /// The ID contains a comma, which separates IDs in requests.
    Comma,
    /// The ID contains white space.
    WhiteSpace,
    /// The ID contains a control character.
    Control,
}

impl fmt::Display for IdProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "is empty",
            Self::Comma => "contains a comma, which separates IDs in requests",
            Self::WhiteSpace => "contains white space",
            Self::Control => "contains a control character",
        })
    }
}

/// Returns the problem of an ID, if any.
pub(crate) fn problem(id: &str) -> Option<IdProblem> {
    if id.is_empty() {
        return Some(IdProblem::Empty);
    }
    // Most IDs have the documented format, which can be checked byte by byte.
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    id.chars().find_map(|character| match character {
        ',' => Some(IdProblem::Comma),
        character if character.is_whitespace() => Some(IdProblem::WhiteSpace),
        character if character.is_control() => Some(IdProblem::Control),
        _ => None,
    })
}

/// The distinct IDs in the order of their first occurrence, and the IDs that were given more than once.
#[derive(Debug)]
pub(crate) struct Distinct<I> {
    pub(crate) ids: Vec<I>,
    pub(crate) repeated: Vec<Repeated<I>>,
}

/// An ID that was given more than once, but is processed only once.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Repeated<I> {
    /// The ID.
    pub id: I,
    /// Number of occurrences, at least 2.
    pub times: usize,
}

impl<I> Repeated<I> {
    /// Converts the ID.
    pub(crate) fn map<J>(self, id: impl Fn(I) -> J) -> Repeated<J> {
        Repeated {
            id: id(self.id),
            times: self.times,
        }
    }
}

/// Checks every ID and removes duplicates.
pub(crate) fn distinct<I: AsRef<str> + Clone>(ids: Vec<I>) -> Result<Distinct<I>, InvalidJob> {
    if ids.is_empty() {
        return Err(InvalidJob::Empty);
    }
    for (position, id) in ids.iter().enumerate() {
        let id = id.as_ref();
        if let Some(problem) = problem(id) {
            let id = id.to_owned();
            return Err(InvalidJob::Id {
                id,
                position,
                problem,
            });
        }
    }
    let text = |position: &usize| ids.get(*position).map(AsRef::as_ref);
    let mut order: Vec<usize> = (0..ids.len()).collect();
    // Repeated IDs are found by sorting. A hash table would need four times as much memory.
    order.sort_unstable_by_key(|position| (text(position), *position));
    let mut occurrences = Vec::new();
    let mut later: HashSet<usize> = HashSet::new();
    for same in order.chunk_by(|left, right| text(left) == text(right)) {
        if let [first, others @ ..] = same
            && !others.is_empty()
        {
            occurrences.push((*first, same.len()));
            later.extend(others);
        }
    }
    if later.is_empty() {
        let repeated = Vec::new();
        return Ok(Distinct { ids, repeated });
    }
    occurrences.sort_unstable();
    let repeated = occurrences.into_iter().filter_map(|(first, times)| {
        let id = ids.get(first)?.clone();
        Some(Repeated { id, times })
    });
    let repeated = repeated.collect();
    let ids = ids.into_iter().enumerate();
    let ids = ids.filter(|(position, _)| !later.contains(position));
    let ids = ids.map(|(_, id)| id).collect();
    Ok(Distinct { ids, repeated })
}

/// Checks the ID of the parent to which children move. This parent must not be one of the assets to archive
/// or delete.
pub(crate) fn target(target: &str, entries: &[impl AsRef<str>]) -> Result<(), InvalidJob> {
    let id = target.to_owned();
    if let Some(problem) = problem(&id) {
        return Err(InvalidJob::Target { id, problem });
    }
    match entries.iter().position(|entry| entry.as_ref() == target) {
        Some(position) => Err(InvalidJob::TargetAmongEntries { id, position }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(ids: &[&str]) -> String {
        let ids = ids.iter().map(ToString::to_string).collect();
        distinct::<String>(ids).unwrap_err().to_string()
    }

    #[test]
    fn invalid_ids_are_reported_with_their_position() {
        assert_eq!(
            refusal(&[]),
            "the list of IDs is empty; fix: pass at least one ID"
        );
        assert_eq!(
            refusal(&["a", ""]),
            "ID number 2 (\"\") is empty; nothing was sent"
        );
        assert_eq!(
            refusal(&["a,b"]),
            "ID number 1 (\"a,b\") contains a comma, which separates IDs in requests; nothing was sent"
        );
        assert_eq!(
            refusal(&["a", "a", "b\u{a0}"]),
            "ID number 3 (\"b\\u{a0}\") contains white space; nothing was sent"
        );
        assert_eq!(
            refusal(&["a\u{7}"]),
            "ID number 1 (\"a\\u{7}\") contains a control character; nothing was sent"
        );
        let removed = ["a".to_owned(), "b".to_owned()];
        assert_eq!(
            target("b", &removed).unwrap_err().to_string(),
            "the target \"b\" of the children is also ID number 2 of the parents to archive or delete; \
            nothing was sent; fix: remove it from the list or choose another target"
        );
        assert_eq!(
            target(" ", &removed).unwrap_err().to_string(),
            "the target \" \" contains white space; nothing was sent"
        );
    }

    proptest::proptest! {
        #[test]
        fn every_id_counts_once_in_order(ids in proptest::collection::vec("[a-cé/.%]{1,2}", 1..30)) {
            let distinct = distinct(ids.clone()).unwrap();
            let mut expected: Vec<String> = Vec::new();
            for id in &ids {
                if !expected.contains(id) {
                    expected.push(id.clone());
                }
            }
            proptest::prop_assert_eq!(&distinct.ids, &expected);
            for id in &expected {
                let times = ids.iter().filter(|given| *given == id).count();
                let repeated = distinct.repeated.iter().find(|repeated| repeated.id == *id);
                proptest::prop_assert_eq!(repeated.map_or(1, |repeated| repeated.times), times);
            }
        }
    }
}
