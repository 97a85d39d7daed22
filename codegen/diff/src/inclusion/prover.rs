//! State of proofs: the schemas of two documents, and the answers so far.

use std::collections::{BTreeSet, HashSet};

use super::{
    lower::{Lowering, OneOf, Reading},
    nullable::Width,
    schema::Root,
};
use crate::level::{Direction, Encoding};

/// The values and properties that a question about inclusion considers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// Considers only values that are sent. Properties that only the receiver's schema declares are ignored,
    /// because no sender knows them.
    Sent,
    /// Like `Sent`. In addition, the new schema must describe every property that the old schema declares: in
    /// `properties`, or by `additionalProperties`.
    Declared,
    /// Considers all values, including values with properties that only the receiver's schema declares.
    All,
}

/// A question about inclusion: the sender's schemas and the receiver's schemas (by address), the mode, and
/// the encoding.
pub(super) type Question = (BTreeSet<usize>, BTreeSet<usize>, Mode, Encoding);

/// Answers questions about inclusion between schemas of two documents, for messages of one direction.
pub(crate) struct Prover<'a> {
    pub(super) lowering: Lowering<'a>,
    /// Questions for which inclusion has been proven.
    pub(super) proven: HashSet<Question>,
    /// The questions of `proven`, in the order of their proofs.
    pub(super) order: Vec<Question>,
    pub(super) unproven: HashSet<Question>,
    /// Questions in progress. If one of them occurs inside itself, its answer is assumed to be yes.
    pub(super) open: HashSet<Question>,
    /// Remaining steps for the current question.
    pub(super) fuel: usize,
    /// True if formats of strings are checked. Otherwise each format counts as unknown.
    pub(super) knows_formats: bool,
    /// Depth of the evaluation in progress.
    pub(super) level: usize,
    pub(super) encoding: Encoding,
    pub(super) one_of: OneOf,
}

impl<'a> Prover<'a> {
    pub(crate) fn new(
        documents: [Root<'a>; 2],
        direction: Direction,
        encoding: Encoding,
        one_of: OneOf,
    ) -> Self {
        Self {
            lowering: Lowering::new(documents, direction),
            proven: HashSet::new(),
            order: Vec::new(),
            unproven: HashSet::new(),
            open: HashSet::new(),
            fuel: 0,
            knows_formats: true,
            level: 0,
            encoding,
            one_of,
        }
    }

    /// Checks whether any schema considered so far has a `oneOf` with several alternatives.
    pub(crate) fn has_one_of(&self) -> bool {
        self.lowering.has_one_of
    }

    /// Returns the interpretation of schemas in proofs, given the interpretation of `nullable`.
    pub(super) fn reading(&self, width: Width) -> Reading {
        (width, self.one_of)
    }
}
