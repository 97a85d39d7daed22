//! Inclusion of schemas: checks whether a schema allows every value that another schema allows.
//!
//! There are three answers. A structural proof means yes. A value that one schema allows and the other
//! rejects means no. Without either, inclusion is undecided.
//!
//! Undeclared properties need interpretation. An object without a statement about them allows any. However,
//! no client sends a property that only the other schema declares, so a new property does not break clients
//! that do not know it.

mod branch;
mod decide;
mod decimal;
mod evaluate;
mod lower;
mod schema;
mod witness;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::level::Direction;
use lower::Lowering;

pub(crate) use schema::Schema;

/// Mode of an inclusion question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// Inclusion of the values, without undeclared properties that only the larger schema declares.
    #[default]
    Sent,
    /// The same, and the new schema also declares every property that the old schema declares.
    Declared,
    /// Inclusion of all values.
    All,
}

/// The two lists of schemas and the mode of a question.
type Question = (Vec<usize>, Vec<usize>, Mode);

/// Answers questions about the schemas of two documents in messages of one direction.
pub(crate) struct Prover<'a> {
    lowering: Lowering<'a>,
    /// Proven questions, in the order of their proofs.
    proven: HashSet<Question>,
    order: Vec<Question>,
    unproven: HashSet<Question>,
    /// Questions in progress.
    open: HashSet<Question>,
    patterns: HashMap<&'a str, Option<regress::Regex>>,
    /// Remaining steps for the current question.
    fuel: usize,
    /// True if formats are evaluated.
    knows_formats: bool,
    /// Levels of the evaluation in progress.
    level: usize,
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
