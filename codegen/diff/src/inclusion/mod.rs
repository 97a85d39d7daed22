//! Inclusion of schemas: whether a schema allows every value that another one allows.
//!
//! There are three answers. A proof by structure says yes, and a value that one schema allows and the other
//! one refuses says no. Without either, inclusion is undecided.
//!
//! Undeclared properties need a reading. An object that says nothing about them allows any. Nobody sends one
//! that only the other schema declares, though: a new property breaks nobody who did not know it.

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
type Question = (Vec<usize>, Vec<usize>, Mode);

/// Answers questions about the schemas of two documents in messages of one direction.
pub(crate) struct Prover<'a> {
    lowering: Lowering<'a>,
    /// Proven questions, in the order of their proofs.
    proven: HashSet<Question>,
    order: Vec<Question>,
    unproven: HashSet<Question>,
    /// Questions that are being answered.
    open: HashSet<Question>,
    patterns: HashMap<&'a str, Option<regress::Regex>>,
    /// Remaining steps for the present question.
    fuel: usize,
    /// Formats are evaluated.
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
