//! Usages of reference targets: the operations that use a target, in which message, and by which references.

use std::collections::VecDeque;

use super::graph::{Reference, References};
use crate::{
    operations::{Direction, Operation, operations},
    pointer::{Pointer, Token},
};

/// One step from an operation to a target: a reference, or a discriminator that admits a subtype.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop<'a> {
    /// Pointer to the object with the reference or the discriminator.
    pub from: &'a Pointer,
    /// Pointer to the target or the subtype.
    pub to: &'a Pointer,
}

/// An operation that uses a value.
#[derive(Clone, Debug)]
pub struct Usage<'u> {
    /// The operation.
    pub operation: &'u Operation<'u>,
    /// The message that contains the value; `None` for parts of neither message, such as a callback.
    pub direction: Option<Direction>,
    /// The hops from the operation, or from the parameters of its path, to the value or an enclosing value.
    pub hops: Vec<Hop<'u>>,
}

/// A hop and the number of its target.
type Link<'r> = (usize, Hop<'r>);

/// A part of an operation that distinguishes usages: a parameter, the request body, or the response of a
/// status.
struct Entry<'r> {
    /// Position of the operation.
    operation: usize,
    direction: Option<Direction>,
    links: Vec<Link<'r>>,
}

/// The operations that use each target of a reference.
///
/// Large documents have millions of entry-target pairs, so each question is answered by a separate search,
/// backwards from the target.
pub struct Usages<'r> {
    references: &'r References<'r>,
    operations: Vec<Operation<'r>>,
    entries: Vec<Entry<'r>>,
    /// By target number: the links inside the target.
    links: Vec<Vec<Link<'r>>>,
    /// By target number: everything that links to the target.
    users: Vec<Users>,
}

/// Origins of links to a target.
#[derive(Clone, Default)]
struct Users {
    /// Positions of entries.
    entries: Vec<usize>,
    /// Numbers of targets.
    targets: Vec<usize>,
}

/// Result of a search backwards from a target.
struct Search {
    /// By target number: the fewest hops to the target of the search.
    distances: Vec<Option<usize>>,
    /// Positions of the entries that lead to the target, in the order of the document.
    entries: Vec<usize>,
}

impl<'r> Usages<'r> {
    /// Lists the parts of all operations, and the links between targets.
    #[must_use]
    pub fn new(references: &'r References<'r>) -> Self {
        let targets = references.targets.iter();
        let links: Vec<_> = targets.map(|target| links(references, &target.pointer)).collect();
        let operations: Vec<_> = operations(references.document()).collect();
        let numbered = operations.iter().enumerate();
        let entries = numbered.flat_map(|(number, operation)| entries(references, number, operation));
        let entries: Vec<Entry<'r>> = entries.collect();
        let mut users = vec![Users::default(); links.len()];
        for (user, links) in links.iter().enumerate() {
            add_user(&mut users, links, user, |users| &mut users.targets);
        }
        for (user, entry) in entries.iter().enumerate() {
            add_user(&mut users, &entry.links, user, |users| &mut users.entries);
        }
        Self {
            references,
            operations,
            entries,
            links,
            users,
        }
    }

    /// Lists the operations that use the value at `pointer` or an enclosing value, innermost first, each with
    /// the fewest hops.
    pub fn of<'u>(&'u self, pointer: &'u Pointer) -> impl Iterator<Item = Usage<'u>> {
        self.around(pointer).flat_map(move |number| {
            let Search { distances, entries } = self.search(number);
            entries.into_iter().filter_map(move |entry| {
                let entry = self.entries.get(entry)?;
                Some(Usage {
                    operation: self.operations.get(entry.operation)?,
                    direction: entry.direction,
                    hops: self.hops(entry, &distances)?,
                })
            })
        })
    }

    /// Lists the operations that use the value at `pointer` or an enclosing value, each once, in the order of
    /// the document.
    #[must_use]
    pub fn operations(&self, pointer: &Pointer) -> Vec<&Operation<'r>> {
        let entries = self
            .around(pointer)
            .flat_map(|number| self.search(number).entries);
        let mut numbers: Vec<usize> = entries
            .filter_map(|entry| Some(self.entries.get(entry)?.operation))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
            .into_iter()
            .filter_map(|number| self.operations.get(number))
            .collect()
    }

    /// Lists the numbers of the targets that are or enclose the value at `pointer`, innermost first.
    fn around(&self, pointer: &Pointer) -> impl Iterator<Item = usize> {
        let around = std::iter::successors(Some(pointer), |pointer| pointer.parent());
        around.filter_map(|place| self.references.numbers.get(place).copied())
    }

    /// Searches backwards from a target.
    fn search(&self, target: usize) -> Search {
        let mut search = Search {
            distances: vec![None; self.links.len()],
            entries: Vec::new(),
        };
        let mut open = VecDeque::from([(target, 0)]);
        while let Some((number, hops)) = open.pop_front() {
            let (Some(distance @ None), Some(users)) =
                (search.distances.get_mut(number), self.users.get(number))
            else {
                continue;
            };
            *distance = Some(hops);
            search.entries.extend(&users.entries);
            let is_new = |user: &&usize| search.distances.get(**user) == Some(&None);
            open.extend(users.targets.iter().filter(is_new).map(|user| (*user, hops + 1)));
        }
        search.entries.sort_unstable();
        search.entries.dedup();
        search
    }

    /// Returns the shortest way from an entry to the target of a search.
    fn hops(&self, entry: &Entry<'r>, distances: &[Option<usize>]) -> Option<Vec<Hop<'r>>> {
        let mut hops = Vec::new();
        let mut links = &entry.links;
        loop {
            let reaching = links
                .iter()
                .filter_map(|(number, hop)| Some(((*distances.get(*number)?)?, number, hop)));
            let (distance, number, hop) = reaching.min_by_key(|(distance, ..)| *distance)?;
            hops.push(*hop);
            if distance == 0 {
                return Some(hops);
            }
            links = self.links.get(*number)?;
        }
    }
}

/// Records `user` in one of the lists of each target that `links` lead to.
fn add_user(
    users: &mut [Users],
    links: &[Link<'_>],
    user: usize,
    list: impl Fn(&mut Users) -> &mut Vec<usize>,
) {
    for (number, _) in links {
        if let Some(list) = users.get_mut(*number).map(&list)
            && list.last() != Some(&user)
        {
            list.push(user);
        }
    }
}

/// Lists the parts of an operation and of its path's parameters that contain references.
fn entries<'r>(references: &'r References<'r>, number: usize, operation: &Operation<'_>) -> Vec<Entry<'r>> {
    let item = operation.pointer.parent().unwrap_or_default();
    let shared = item.with_trailing_token("parameters");
    let mut entries = Vec::new();
    for (around, place) in [(&*operation.pointer, &*operation.pointer), (item, &*shared)] {
        let links = references.within(place).iter().filter_map(|reference| {
            let part = reference.pointer.strip_prefix(around)?;
            Some((part, link(references, reference)?))
        });
        let links: Vec<_> = links.collect();
        let parts = links.chunk_by(|(left, _), (right, _)| entry_of(left) == entry_of(right));
        entries.extend(parts.map(|part| Entry {
            operation: number,
            direction: part.first().and_then(|(part, _)| Direction::of(part)),
            links: part.iter().map(|(_, link)| *link).collect(),
        }));
    }
    entries
}

/// Returns the link that a reference creates.
fn link<'r>(references: &'r References<'r>, reference: &'r Reference<'r>) -> Option<Link<'r>> {
    let number = reference.target?;
    let from = &*reference.pointer;
    let to = &*references.targets.get(number)?.pointer;
    Some((number, Hop { from, to }))
}

/// Lists the links inside a target: its references, and the subtypes that its discriminator admits.
fn links<'r>(references: &'r References<'r>, from: &'r Pointer) -> Vec<Link<'r>> {
    let inside = references.within(from).iter();
    let subtypes = references.subtypes(from).into_iter().filter_map(|(_, to)| {
        let number = references.numbers.get(to)?;
        Some((*number, Hop { from, to }))
    });
    inside
        .filter_map(|reference| link(references, reference))
        .chain(subtypes)
        .collect()
}

/// Returns the part of an operation that contains a place: the body, or else the first two tokens.
fn entry_of(part: &Pointer) -> (Option<Token<'_>>, Option<Token<'_>>) {
    let first = part.get(0);
    let is_body = first
        .as_ref()
        .is_some_and(|first| first.encoded() == "requestBody");
    (first, part.get(1).filter(|_| !is_body))
}
