//! Leading segments of paths that name no group, such as `v1` in `/v1/page/list/`.

use std::collections::BTreeSet;

use super::inflection::{singular, squashed};

/// Returns the literal segments of a path, which are those without parameters.
pub(crate) fn literals(path: &str) -> Vec<&str> {
    let is_literal = |segment: &&str| !segment.is_empty() && !segment.contains('{');
    path.split('/').filter(is_literal).collect()
}

/// Returns the position of the segments that identify groups. `paths` contains the literal segments of the
/// operations that find an asset by ID, each with the plural of the group in snake case.
///
/// It is the position with the most different segments. Of several such positions, it is the (first) one
/// with the most segments that equal the singular or plural of their group.
pub(crate) fn group_position<'p, 's: 'p>(paths: impl Iterator<Item = (&'p Vec<&'s str>, &'p str)>) -> usize {
    let paths: Vec<(&Vec<&str>, &str)> = paths.collect();
    let claim = |position: &usize| {
        let segments = paths
            .iter()
            .filter_map(|(path, plural)| Some((*path.get(*position)?, *plural)));
        let distinct: BTreeSet<&str> = segments.clone().map(|(segment, _)| segment).collect();
        let named = segments.filter(|(segment, plural)| {
            [squashed(plural), squashed(&singular(plural))].contains(&squashed(segment))
        });
        (distinct.len(), named.count())
    };
    let longest = paths.iter().map(|(path, _)| path.len()).max();
    // Of several maxima, `max_by_key` returns the last, which is the first position because of `rev`.
    let position = (0..longest.unwrap_or_default()).rev().max_by_key(claim);
    position.unwrap_or_default()
}

/// Segments before the one that identifies a group, by position.
pub(super) struct PathPrefix<'a>(Vec<BTreeSet<&'a str>>);

impl<'a> PathPrefix<'a> {
    /// Reads the prefix from the paths of the operations that find an asset by ID. Each path has the plural
    /// of its group.
    pub(super) fn of<'p>(finders: impl Iterator<Item = (&'a str, &'p str)>) -> Self {
        let finders: Vec<(Vec<&str>, &str)> =
            finders.map(|(path, plural)| (literals(path), plural)).collect();
        let position = group_position(finders.iter().map(|(path, plural)| (path, *plural)));
        let reaches_group = |path: &&Vec<&str>| path.len() > position;
        let paths: Vec<&Vec<&str>> = finders
            .iter()
            .map(|(path, _)| path)
            .filter(reaches_group)
            .collect();
        let at = |position: usize| {
            let segments = paths.iter().filter_map(|path| path.get(position).copied());
            segments.collect()
        };
        Self((0..position).map(at).collect())
    }

    /// Returns a path without the prefix, or the whole path if it does not begin with the prefix.
    pub(super) fn strip<'p>(&self, path: &'p str) -> &'p str {
        self.stripped(path).unwrap_or(path)
    }

    fn stripped<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut rest = path;
        let mut expected = self.0.iter().peekable();
        while expected.peek().is_some() || rest.starts_with("/{") {
            let (segment, _) = rest.strip_prefix('/')?.split_once('/')?;
            let is_known = |known: &&BTreeSet<&str>| known.contains(segment);
            if !segment.contains('{') {
                expected.next_if(is_known)?;
            }
            rest = rest.get(1 + segment.len()..)?;
        }
        (!literals(rest).is_empty()).then_some(rest)
    }
}
