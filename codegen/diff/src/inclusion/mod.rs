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
mod keywords;
mod lower;
mod prover;
mod schema;
mod text;
mod witness;

pub(crate) use prover::{Mode, Prover, Root};
pub(crate) use schema::Schema;
