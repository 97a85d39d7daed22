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
mod prover;
mod schema;
mod witness;

pub(crate) use prover::{Mode, Prover};
pub(crate) use schema::Schema;
