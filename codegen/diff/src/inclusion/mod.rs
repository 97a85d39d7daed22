//! Inclusion of schemas: checks whether a schema allows every value that another schema allows.
//!
//! There are three answers. *Yes* means that a proof by structure was found. *No* means that a value was
//! found that the sender's schema allows and the receiver's schema rejects. Otherwise the question is
//! *undecided*.
//!
//! A schema that does not mention `additionalProperties` allows undeclared properties with any value. So,
//! strictly, a new property narrows the schema. We assume that no client sent the property before the schema
//! declared it. Inclusion therefore ignores properties that only the receiver's schema declares.

mod apply;
mod branch;
mod confirm;
mod counterexample;
mod decide;
mod decimal;
mod disjoint;
mod evaluate;
mod keywords;
mod lower;
mod nullable;
mod pattern;
mod prover;
mod schema;
mod sent_as_text;
mod strings;

pub(crate) use confirm::Validators;
pub(crate) use lower::OneOf;
pub(crate) use prover::{Mode, Prover};
pub(crate) use schema::{Pair, Root, Schema};
