//! State of proofs: the schemas of two documents, and the answers so far.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::lower::Lowering;
use crate::level::Direction;

/// Which inclusion is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// That of the values, without undeclared properties that only the larger schema declares.
    #[default]
    Sent,
    /// The same, and what the schema of the old document declares, that of the new one declares, too.
    Declared,
    /// That of all values.
    All,
}

/// The two lists of schemas and the mode of a question.
pub(super) type Question = (Vec<usize>, Vec<usize>, Mode);

/// Answers questions about the schemas of two documents in messages of one direction.
pub(crate) struct Prover<'a> {
    pub(super) lowering: Lowering<'a>,
    /// Proven questions, in the order of their proofs.
    pub(super) proven: HashSet<Question>,
    pub(super) order: Vec<Question>,
    pub(super) unproven: HashSet<Question>,
    /// Questions that are being answered.
    pub(super) open: HashSet<Question>,
    pub(super) patterns: HashMap<&'a str, Option<regress::Regex>>,
    /// Remaining steps for the present question.
    pub(super) fuel: usize,
    /// Formats are evaluated.
    pub(super) knows_formats: bool,
    /// Levels of the evaluation in progress.
    pub(super) level: usize,
}

impl<'a> Prover<'a> {
    pub(crate) fn new(documents: [&'a Value; 2], direction: Direction) -> Self {
        Self {
            lowering: Lowering::new(documents, direction),
            proven: HashSet::new(),
            order: Vec::new(),
            unproven: HashSet::new(),
            open: HashSet::new(),
            patterns: HashMap::new(),
            fuel: 0,
            knows_formats: true,
            level: 0,
        }
    }
}
