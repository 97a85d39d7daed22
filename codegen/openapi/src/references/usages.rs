//! Usages: which operations use a target of a reference, in which message, and by which references.

use std::{collections::VecDeque, rc::Rc};

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
    /// The message that holds the value; `None` for a part of neither, such as a callback.
    pub direction: Option<Direction>,
    /// The hops from the operation to the value or to one around it, the first one from within the operation
    /// or the parameters of its path.
    pub hops: Vec<Hop<'u>>,
}

/// A part of an operation that usages are distinguished by: a parameter, the request body, or the response of
/// a status.
struct Entry {
    /// Position of the operation.
    operation: usize,
    direction: Option<Direction>,
}

/// The last hop of a shortest way from an entry to a target. Large documents have millions of ways, and most
/// share their beginning with others, so each way holds only where it goes on from.
struct Way<'r> {
    /// Position of the entry.
    entry: usize,
    /// Position of the way to the place that the last hop starts in.
    before: Option<usize>,
    hop: Hop<'r>,
}

/// The operations that use each target of a reference.
pub struct Usages<'r> {
    references: &'r References<'r>,
    operations: Vec<Operation<'r>>,
    entries: Vec<Entry>,
    ways: Vec<Way<'r>>,
    /// Positions in `ways`, by the number of the target.
    by_target: Vec<Vec<usize>>,
}

/// A hop and the number of its target.
type Link<'r> = (usize, Hop<'r>);

impl<'r> Usages<'r> {
    /// Searches the operations that use each target.
    #[must_use]
    pub fn new(references: &'r References<'r>) -> Self {
        let mut usages = Self {
            references,
            operations: operations(references.document()).collect(),
            entries: Vec::new(),
            ways: Vec::new(),
            by_target: vec![Vec::new(); references.targets.len()],
        };
        let mut search = Search {
            references,
            links: vec![None; references.targets.len()],
            visits: vec![0; references.targets.len()],
        };
        for (number, operation) in usages.operations.iter().enumerate() {
            let item = operation.pointer.parent().unwrap_or_default();
            let shared = item.with_trailing_token("parameters");
            for (around, place) in [(&*operation.pointer, &*operation.pointer), (item, &*shared)] {
                let links = references.within(place).iter().filter_map(|reference| {
                    let part = reference.pointer.strip_prefix(around)?;
                    Some((part, search.link(reference)?))
                });
                let links: Vec<_> = links.collect();
                for group in links.chunk_by(|(left, _), (right, _)| entry_of(left) == entry_of(right)) {
                    let direction = group.first().and_then(|(part, _)| Direction::of(part));
                    let entry = usages.entries.len();
                    usages.entries.push(Entry {
                        operation: number,
                        direction,
                    });
                    let links = group.iter().map(|(_, link)| *link);
                    search.ways(entry, links, &mut usages.ways, &mut usages.by_target);
                }
            }
        }
        usages
    }

    /// Lists the operations that use the value at `pointer` or one around it, the innermost first.
    pub fn of<'u>(&'u self, pointer: &'u Pointer) -> impl Iterator<Item = Usage<'u>> {
        self.ways_to(pointer).filter_map(|way| {
            let entry = self.entries.get(way.entry)?;
            let hops = std::iter::successors(Some(way), |way| self.ways.get(way.before?));
            let mut hops: Vec<Hop<'u>> = hops.map(|way| way.hop).collect();
            hops.reverse();
            Some(Usage {
                operation: self.operations.get(entry.operation)?,
                direction: entry.direction,
                hops,
            })
        })
    }

    /// Lists the operations that use the value at `pointer` or one around it, each once, in the order of the
    /// document.
    #[must_use]
    pub fn operations(&self, pointer: &Pointer) -> Vec<&Operation<'r>> {
        let entries = self
            .ways_to(pointer)
            .filter_map(|way| self.entries.get(way.entry));
        let mut numbers: Vec<usize> = entries.map(|entry| entry.operation).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
            .into_iter()
            .filter_map(|number| self.operations.get(number))
            .collect()
    }

    fn ways_to<'u>(&'u self, pointer: &'u Pointer) -> impl Iterator<Item = &'u Way<'r>> {
        let around = std::iter::successors(Some(pointer), |pointer| pointer.parent());
        let numbers = around.filter_map(|place| self.references.numbers.get(place));
        let ways = numbers.filter_map(|number| self.by_target.get(*number)).flatten();
        ways.filter_map(|way| self.ways.get(*way))
    }
}

/// Returns the part of an operation that a place in it belongs to: the body, or else the first two tokens.
fn entry_of(part: &Pointer) -> (Option<Token<'_>>, Option<Token<'_>>) {
    let first = part.get(0);
    let is_body = first
        .as_ref()
        .is_some_and(|first| first.encoded() == "requestBody");
    (first, part.get(1).filter(|_| !is_body))
}

/// The state of the search for ways.
struct Search<'r> {
    references: &'r References<'r>,
    /// By the number of a target: the links inside of it, once they have been wanted.
    links: Vec<Option<Rc<[Link<'r>]>>>,
    /// By the number of a target: the last entry from which it was visited, plus one.
    visits: Vec<usize>,
}

impl<'r> Search<'r> {
    /// Returns the link that a reference makes.
    fn link(&self, reference: &'r Reference<'r>) -> Option<Link<'r>> {
        let number = reference.target?;
        let from = &*reference.pointer;
        let to = &*self.references.targets.get(number)?.pointer;
        Some((number, Hop { from, to }))
    }

    /// Returns the links inside of a target: its references, and the subtypes that its discriminator admits.
    fn links(&mut self, number: usize) -> Rc<[Link<'r>]> {
        if let Some(Some(known)) = self.links.get(number) {
            return Rc::clone(known);
        }
        let references = self.references;
        let mut links = Vec::new();
        if let Some(target) = references.targets.get(number) {
            let from = &*target.pointer;
            links.extend(
                references
                    .within(from)
                    .iter()
                    .filter_map(|reference| self.link(reference)),
            );
            links.extend(references.subtypes(from).into_iter().filter_map(|(_, to)| {
                let number = references.numbers.get(to)?;
                Some((*number, Hop { from, to }))
            }));
        }
        let links: Rc<[Link<'r>]> = links.into();
        if let Some(known) = self.links.get_mut(number) {
            *known = Some(Rc::clone(&links));
        }
        links
    }

    /// Adds a shortest way from an entry to each target that it reaches.
    fn ways(
        &mut self,
        entry: usize,
        first: impl Iterator<Item = Link<'r>>,
        ways: &mut Vec<Way<'r>>,
        by_target: &mut [Vec<usize>],
    ) {
        let mut open: VecDeque<(usize, Way<'r>)> = VecDeque::new();
        let visit = |visits: &mut [usize], open: &mut VecDeque<_>, before, (number, hop): Link<'r>| {
            if let Some(visit) = visits.get_mut(number)
                && std::mem::replace(visit, entry + 1) != entry + 1
            {
                open.push_back((number, Way { entry, before, hop }));
            }
        };
        for link in first {
            visit(&mut self.visits, &mut open, None, link);
        }
        while let Some((number, way)) = open.pop_front() {
            let position = ways.len();
            ways.push(way);
            if let Some(ways) = by_target.get_mut(number) {
                ways.push(position);
            }
            for link in &*self.links(number) {
                visit(&mut self.visits, &mut open, Some(position), *link);
            }
        }
    }
}
